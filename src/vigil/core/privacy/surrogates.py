"""The masked text, as the decisions say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from vigil.core.privacy.spans import Span


@dataclass(frozen=True, slots=True)
class Choice:
    """What is done with a thing: `replace` by the proposal, by one's `own` words, or `keep`."""

    way: Literal["replace", "own", "keep"]
    words: str = ""


REPLACE = Choice("replace")
KEEP = Choice("keep")


def surrogates(text: str, spans: Iterable[Span], choices: Mapping[int, Choice] | None = None) -> str:
    """The text with each span's thing (`Span.thing`) as chosen; what nobody chose is replaced.

    Own words go in as they are; empty ones take the mention out. `spans` are those of `recognise` for this very text.
    """
    chosen = choices or {}
    pieces, done = [], 0
    for span in sorted(spans, key=lambda span: span.start):
        choice = chosen.get(span.thing, REPLACE)
        if choice.way == "keep":
            continue
        pieces += [text[done : span.start], span.proposal if choice.way == "replace" else choice.words]
        done = span.end
    return "".join((*pieces, text[done:]))
