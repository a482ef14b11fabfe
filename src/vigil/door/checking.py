"""What in a story could point at its teller, piece by piece as the page shows it, and the story as it will be sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vigil.core.privacy import Choice, Span, recognise_together, surrogates
from vigil.door.story import Story
from vigil.texts import gettext as _

AROUND = 60
"""Characters shown on either side of a finding."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found: `words` as first mentioned, by which a decision is remembered."""

    number: int
    title: str
    reason: str
    words: str
    proposal: str
    choice: Choice | None
    before: str
    after: str

    @property
    def becomes(self) -> str:
        """What stands there instead."""
        return self.choice.words if self.choice and self.choice.way == "own" else self.proposal


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text; `number` of the finding it belongs to, 0 for none; `is_open`: nothing was decided yet."""

    text: str
    number: int = 0
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings in the order of first mention, and each non-empty prompt's text in pieces."""

    findings: tuple[Finding, ...]
    pieces: dict[str, tuple[Piece, ...]]
    final: dict[str, str]

    @property
    def undecided(self) -> tuple[Finding, ...]:
        """What still stands as it was typed, without a decision."""
        return tuple(one for one in self.findings if one.choice is None)

    @property
    def decided(self) -> tuple[Finding, ...]:
        """What the reporter decided on."""
        return tuple(one for one in self.findings if one.choice is not None)

    @property
    def fixed(self) -> tuple[Finding, ...]:
        """What was replaced."""
        return tuple(one for one in self.decided if one.choice and one.choice.way != "keep")


def check(story: Story) -> Checked:
    """Look through all texts of the story together. What nobody decided on stays as it was typed: people decide."""
    names = [name for name, text in story.texts.items() if text.strip()]
    texts = [story.texts[name] for name in names]
    spans = recognise_together(texts)
    findings = _findings(texts, spans, story)
    chosen = {one.number - 1: one.choice or Choice("keep") for one in findings}
    return Checked(
        tuple(findings),
        {name: _pieces(text, found, chosen, findings) for name, text, found in zip(names, texts, spans, strict=True)},
        {name: surrogates(text, found, chosen) for name, text, found in zip(names, texts, spans, strict=True)},
    )


def _findings(texts: Sequence[str], spans: Sequence[Sequence[Span]], story: Story) -> list[Finding]:
    found: dict[int, Finding] = {}
    for text, ours in zip(texts, spans, strict=True):
        for span in ours:
            if span.thing in found:
                continue
            words = text[span.start : span.end]
            found[span.thing] = Finding(
                number=span.thing + 1,
                title=_(span.title),
                reason=_(span.reason),
                words=words,
                proposal=span.proposal,
                choice=story.choices.get(words),
                before=text[max(0, span.start - AROUND) : span.start],
                after=text[span.end : span.end + AROUND],
            )
    return [found[thing] for thing in sorted(found)]


def _pieces(
    text: str, spans: Sequence[Span], chosen: dict[int, Choice], findings: Sequence[Finding]
) -> tuple[Piece, ...]:
    pieces, done = [], 0
    still_open = {one.number for one in findings if one.choice is None}
    for span in sorted(spans, key=lambda span: span.start):
        shown = surrogates(text[span.start : span.end], [_alone(span)], {span.thing: chosen[span.thing]})
        pieces += [Piece(text[done : span.start]), Piece(shown, span.thing + 1, span.thing + 1 in still_open)]
        done = span.end
    return tuple(piece for piece in (*pieces, Piece(text[done:])) if piece.text)


def _alone(span: Span) -> Span:
    return Span(0, span.end - span.start, span.kind, span.directness, span.reason, span.proposal, span.thing)
