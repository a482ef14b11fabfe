"""The whole: rules, lists, the optional model; joined, numbered, and with a proposal each."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from vigil.core.privacy.circumstances import circumstances
from vigil.core.privacy.model import Model
from vigil.core.privacy.moments import banded, moments
from vigil.core.privacy.names import (
    again,
    agencies,
    animals,
    in_small_letters,
    listed,
    nicknames,
    places,
    titled,
    tokens_of,
    unknown,
)
from vigil.core.privacy.patterns import patterned
from vigil.core.privacy.proposals import KEPT, proposed
from vigil.core.privacy.spans import Find, Kind, Span

STRENGTH = {kind: place for place, kind in enumerate(Kind)}
BETWEEN_TEXTS = "\n\f\n"
ENDS = re.compile(r"[\"”’)]*(?:\s+[A-Z\"“]|\s*$|\n)")
"""What follows a full stop that ends a sentence."""


def recognise(text: str, model: Model | None = None) -> tuple[Span, ...]:
    """What in a text may point at a person, an agency, or an event, in order and without overlap.

    `model` is `spacy_model()` or anything like it; it only adds. What `surrogates` puts in is not found again. Source:
    NASA ASRS's rules (names and organisations out, dates to the month, hours to a six-hour band, places ZZZ) for police
    language. It proposes, people decide: it will miss what no rule knows.
    """
    plain = in_small_letters(text)
    tokens = tokens_of(plain)
    finds = [*patterned(text), *moments(text), *circumstances(text)]
    named = [*animals(plain), *titled(plain, tokens), *agencies(plain), *places(plain), *nicknames(plain)]
    named += [*listed(plain, tokens), *unknown(plain, tokens)]
    if plain != text:
        finds += patterned(plain)
    if model is not None:
        named += [_named_by_model(text, find) for find in model(plain)]
    named += list(again(plain, tokens, [*finds, *named]))
    return proposed(text, _joined(text, _without_kept(text, finds + named)))


def recognise_together(texts: Sequence[str], model: Model | None = None) -> tuple[tuple[Span, ...], ...]:
    """`recognise` for several texts of one report: a name found in one is found in all, things are numbered through."""
    spans = recognise(BETWEEN_TEXTS.join(texts), model)
    found, start = [], 0
    for text in texts:
        end = start + len(text)
        found.append(tuple(_moved(span, -start, len(text)) for span in spans if span.start < end and span.end > start))
        start = end + len(BETWEEN_TEXTS)
    return tuple(found)


def _moved(span: Span, by: int, length: int) -> Span:
    start, end = max(0, span.start + by), min(length, span.end + by)
    return Span(start, end, span.kind, span.directness, span.reason, span.proposal, span.thing)


def _named_by_model(text: str, find: Find) -> Find:
    """A model's find, with the proposal of its kind where that needs the words."""
    words = text[find.start : find.end]
    return Find(find.start, find.end, find.kind, banded(words) if find.kind == Kind.WHEN else "", sure=False)


def _without_kept(text: str, finds: Iterable[Find]) -> list[Find]:
    """Without ten-codes and without what stands for something that is masked; a sentence keeps its full stop."""
    kept = [(match.start(), match.end()) for match in KEPT.finditer(text)]
    starts = [start for start, _end in kept]
    found = []
    for find in finds:
        last = bisect_right(starts, find.start) - 1
        if find.end > find.start and not (last >= 0 and find.end <= kept[last][1]):
            found.append(_without_stop(text, find))
    return found


def _without_stop(text: str, find: Find) -> Find:
    ends = text[find.end - 1] == "." and ENDS.match(text, find.end)
    return replace(find, end=find.end - 1) if ends else find


def _joined(text: str, finds: Iterable[Find]) -> list[Find]:
    """Overlapping finds as one that covers all of them, named by the strongest; a name with its call sign as one."""
    joined: list[Find] = []
    for find in sorted(finds, key=lambda find: (find.start, -find.end)):
        if joined and find.start < joined[-1].end:
            joined[-1] = _union(joined[-1], find)
        elif joined and _belongs(text, joined[-1], find):
            joined[-1] = replace(joined[-1], end=find.end)
        else:
            joined.append(find)
    return joined


def _union(one: Find, other: Find) -> Find:
    """Both, under the kind that is sure, then covers more of them, then is the stronger."""
    named = min(
        one, other, key=lambda find: (not find.sure, find.start - find.end, STRENGTH[find.kind], not find.proposal)
    )
    return replace(named, start=one.start, end=max(one.end, other.end))


def _belongs(text: str, one: Find, other: Find) -> bool:
    """Whether the second says more about the person of the first: "Officer Brandt, 3C14"."""
    return (
        one.kind == Kind.PERSON
        and other.kind in (Kind.UNIT, Kind.BADGE)
        and re.fullmatch(r",? \(?", text[one.end : other.start]) is not None
    )
