"""Lessons like a text: which, in which order, and by which words. Pure, and the same for the same lessons and text.

The order is BM25 (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009; k1 = 1.2, b = 0.75) over words
without their plural (the S stemmer of Harman, How effective is suffixing?, 1991), and a lesson's codes as more terms.
Only published lessons are put into an index. What is asked, a report too, goes into none.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

K1, B = 1.2, 0.75
MOST = 5
"""Lessons that are named as alike."""
MOST_WORDS = 6
LEAST_SHARED = 2
"""One word or code in common is chance."""
LEAST_OF_BEST = 0.25
"""Of the score of the most alike: what has less is named for want of better."""
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
LEAST_LETTERS = 3
_COMMON = (
    "about after again all also and another any are around asked back been before being both but came can could did "
    "didn does doing done down during each even every few first for from get getting got had has have having her "
    "him his how into its just knew know like made make many more most much near not now off once one only other "
    "our out over own put said same saw say see she should since some still such than that the their them then "
    "there these they this those through time told took two under until upon very was way went were what when where "
    "which while who whom why will with without would you your officer officers zzz"
)
COMMON = frozenset(_COMMON.split())
"""Words that say nothing of what happened."""


@dataclass(frozen=True, slots=True)
class Match:
    """A lesson that is alike: the words of it that the text has too, the weightiest first, and the codes."""

    lesson: UUID
    score: float
    words: tuple[str, ...]
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A lesson as the index knows it: how often each term stands in it, how each is written, and its length."""

    terms: Counter[str]
    written: Mapping[str, str]
    codes: frozenset[str]
    length: int


class Index:
    """The published lessons by their terms."""

    def __init__(self) -> None:
        self._documents: dict[UUID, Document] = {}
        self._with: dict[str, set[UUID]] = {}
        self._length = 0

    @property
    def lessons(self) -> frozenset[UUID]:
        """What is in it."""
        return frozenset(self._documents)

    def add(self, lesson: UUID, text: str, codes: Iterable[str]) -> None:
        """Put a published lesson in."""
        document = read(text, codes)
        self._documents[lesson] = document
        self._length += document.length
        for term in (*document.terms, *document.codes):
            self._with.setdefault(term, set()).add(lesson)

    def remove(self, lesson: UUID) -> None:
        """Take one out that is no longer published."""
        document = self._documents.pop(lesson)
        self._length -= document.length
        for term in (*document.terms, *document.codes):
            self._with[term].discard(lesson)

    def like(self, text: str, codes: Iterable[str], leave_out: Iterable[UUID] = ()) -> list[Match]:
        """At most `MOST` lessons, the most alike first."""
        asked = read(text, codes)
        terms = sorted({*asked.terms, *asked.codes})
        found = {one for term in terms for one in self._with.get(term, ())} - set(leave_out)
        matches = [self._match(one, terms) for one in found]
        least = LEAST_OF_BEST * max((one.score for one in matches), default=0.0)
        alike = [one for one in matches if one.score >= least and len(one.words) + len(one.codes) >= LEAST_SHARED]
        return sorted(alike, key=lambda one: (-round(one.score, 9), one.lesson))[:MOST]

    def _match(self, lesson: UUID, terms: list[str]) -> Match:
        document = self._documents[lesson]
        weights = {term: self._weight(term, document) for term in terms if term in document.terms}
        shared = [term for term in terms if term in document.codes]
        best = sorted(weights, key=lambda term: (-round(weights[term], 9), term))[:MOST_WORDS]
        score = sum(weights.values()) + sum(self._rareness(code) for code in shared)
        return Match(lesson, score, tuple(document.written[term] for term in best), tuple(shared))

    def _weight(self, term: str, document: Document) -> float:
        often = document.terms[term]
        average = self._length / len(self._documents)
        return self._rareness(term) * often * (K1 + 1) / (often + K1 * (1 - B + B * document.length / average))

    def _rareness(self, term: str) -> float:
        n, every = len(self._with[term]), len(self._documents)
        return math.log(1 + (every - n + 0.5) / (n + 0.5))


def read(text: str, codes: Iterable[str]) -> Document:
    """A text's terms: words of three letters or more that are not common ones, without their plural."""
    terms: Counter[str] = Counter()
    written: dict[str, str] = {}
    for word in WORD.findall(text.lower().replace("’", "'").replace("'s ", " ")):
        if len(word) >= LEAST_LETTERS and word not in COMMON:
            terms[_stem(word)] += 1
            written.setdefault(_stem(word), word)
    return Document(terms, written, frozenset(codes), terms.total())


def _stem(word: str) -> str:
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if word.endswith("es") and not word.endswith(("aes", "ees", "oes")):
        return word[:-1]
    if word.endswith("s") and not word.endswith(("us", "ss")):
        return word[:-1]
    return word
