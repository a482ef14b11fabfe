"""The proposal to mask a text, by rules and lists, and by the language model where it is installed.

The model is loaded by the node, with the first text that a reviewer reads; the door's process never does (ADR 12).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from vigil.core.privacy import REPLACE, Choice, ModelFailed, Span, recognise, spacy_model, surrogates
from vigil.texts import gettext_noop


class Part(StrEnum):
    """What the language model had to do with a proposal."""

    TOOK = "took"
    ABSENT = "absent"
    FAILED = "failed"


SAID = {
    Part.TOOK: gettext_noop(
        "Looked through by rules, word lists and the language model. They miss what none of them knows."
    ),
    Part.ABSENT: gettext_noop(
        "Looked through by rules and word lists; no language model is installed. They miss what no rule knows."
    ),
    Part.FAILED: gettext_noop(
        "Looked through by rules and word lists alone: the language model is installed, and failed. The node's log "
        "says why. They miss what no rule knows."
    ),
}


@dataclass(frozen=True, slots=True)
class Thing:
    """What in the text points at somebody: its words, why, what would stand instead."""

    words: str
    reason: str
    proposal: str


@dataclass(frozen=True, slots=True)
class Look:
    """A text, what in it points at somebody, and the model's part in that."""

    text: str
    spans: tuple[Span, ...]
    part: Part

    @property
    def said(self) -> str:
        """By what it was looked through, in words."""
        return _(SAID[self.part])

    @property
    def things(self) -> list[Thing]:
        """Each once."""
        found: dict[int, Thing] = {}
        for span in self.spans:
            found.setdefault(span.thing, Thing(self._words(span), _(span.reason), span.proposal))
        return list(found.values())

    def masked(self, choices: Mapping[str, Choice]) -> str:
        """The text as the decisions say; a thing is known by the words of its first mention."""
        first: dict[int, str] = {}
        for span in self.spans:
            first.setdefault(span.thing, self._words(span))
        chosen = {thing: choices.get(words, REPLACE) for thing, words in first.items()}
        return surrogates(self.text, self.spans, chosen)

    def _words(self, span: Span) -> str:
        return self.text[span.start : span.end]


def look(text: str) -> Look:
    """Look a text through; where the model fails, by rules and lists alone."""
    model = spacy_model()
    if model is None:
        return Look(text, recognise(text), Part.ABSENT)
    try:
        return Look(text, recognise(text, model), Part.TOOK)
    except ModelFailed:
        return Look(text, recognise(text), Part.FAILED)
