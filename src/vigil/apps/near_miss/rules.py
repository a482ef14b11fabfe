"""The way of a report through the review as one table, and what a lesson needs. Pure.

Source: NASA ASRS (triage before anything, two analysts, coding, then the library) as ADR 12 has it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from vigil.core.errors import Conflict, Invalid, Problem
from vigil.texts import gettext as _

S = TypeVar("S")
LEAST_PASSPHRASE = 16
MOST_TITLE, MOST_TEXT, MOST_REASON = 120, 40_000, 2_000
REVIEWERS_NEEDED = 2
"""Two people read every word that is published."""
KEPT_DAYS = 30
"""Days after the end of a review until the raw text is destroyed."""


class State(StrEnum):
    """How far a report is with the reviewers."""

    RECEIVED = "received"
    TRIAGED = "triaged"
    MASKED = "masked"
    AGREED = "agreed"
    CODED = "coded"
    PUBLISHED = "published"
    CLOSED = "closed"


class Step(StrEnum):
    """What a reviewer does to a report."""

    TRIAGE = "triage"
    MASK = "mask"
    AGREE = "agree"
    SEND_BACK = "send_back"
    CODE = "code"
    PUBLISH = "publish"
    CLOSE = "close"


OPEN = (State.RECEIVED, State.TRIAGED, State.MASKED, State.AGREED, State.CODED)
ANEW = {State.TRIAGED: Step.TRIAGE, State.MASKED: Step.MASK, State.CODED: Step.CODE}
"""What may be written over while nobody has gone on from it; who wrote last is who wrote it."""
STEPS: Mapping[tuple[State, Step], State] = {
    (State.RECEIVED, Step.TRIAGE): State.TRIAGED,
    (State.TRIAGED, Step.MASK): State.MASKED,
    (State.MASKED, Step.AGREE): State.AGREED,
    (State.MASKED, Step.SEND_BACK): State.TRIAGED,
    (State.AGREED, Step.CODE): State.CODED,
    (State.AGREED, Step.SEND_BACK): State.TRIAGED,
    (State.CODED, Step.PUBLISH): State.PUBLISHED,
    (State.CODED, Step.SEND_BACK): State.TRIAGED,
    **{(state, step): state for state, step in ANEW.items()},
    **{(state, Step.CLOSE): State.CLOSED for state in OPEN if state is not State.RECEIVED},
}
"""What is not here is not done: triage is first, nothing is skipped, and an end is an end."""
NOT_BY = {Step.AGREE: Step.MASK, Step.PUBLISH: Step.CODE}
"""Who did the one may not do the other: two people read every word that is published."""


def after(state: State, step: Step, person: UUID, done_by: Mapping[Step, UUID | None]) -> State:
    """The state after the step; `Conflict` where the table has none, `Invalid` where another person must do it."""
    to = STEPS.get((state, step))
    if to is None:
        raise Conflict
    if step in NOT_BY and done_by.get(NOT_BY[step]) == person:
        raise Invalid.at("go", sentence=_("Another reviewer must do this step: the one before it was yours."))
    return to


def is_unsaid(bands: Collection[str]) -> bool:
    """Whether it is not known how large the agencies of a reviewer are: one band an agency, empty where nobody said."""
    return not bands or "" in bands


def may_be_own(own: Collection[str], of_report: str, others: Iterable[Collection[str]]) -> bool:
    """Whether a reviewer keeps away from a report that says the band of its agency: one of their own agencies is of it,
    and two of the other reviewers are not known to be of such an agency. What nobody has said is no reason to let the
    reviewer read: it can be said.
    """
    return of_report in own and sum(of_report not in one for one in others) >= REVIEWERS_NEEDED


def apart_from(namers: frozenset[UUID], reviewers: Mapping[S, frozenset[UUID]]) -> list[S]:
    """Of the reviewers, with the agencies in which each serves, those who serve in none of the agencies of whoever
    named somebody; all, where each does.
    """
    return [one for one, agencies in reviewers.items() if agencies.isdisjoint(namers)] or list(reviewers)


def passphrase_problem(passphrase: str, again: str) -> None:
    """`Invalid` unless it is long enough and typed twice alike."""
    if len(passphrase) < LEAST_PASSPHRASE:
        sentence = _("Give at least {n} characters: five words that do not belong together are good.")
        raise Invalid.at("passphrase", sentence=sentence.format(n=LEAST_PASSPHRASE))
    if passphrase != again:
        raise Invalid.at("again", sentence=_("The two passphrases differ. Type both again."))


def given(field: str, text: str, most: int = MOST_REASON) -> str:
    """The text without space around it; `Invalid` where it is empty or longer than `most` characters."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Invalid.at(field, sentence=_("Write something here."))
    if len(text) > most:
        raise Invalid.at(field, sentence=_("At most {n} characters are taken here.").format(n=f"{most:,}"))
    return text


def coding_problems(title: str, lessons: str, factors: tuple[str, ...], primary: str) -> None:
    """`Invalid` with everything that the coding lacks: a title, lessons, factors, and one of them as the primary."""
    problems: list[Problem] = []
    for field, text, most in (("title", title, MOST_TITLE), ("lessons", lessons, MOST_TEXT)):
        try:
            given(field, text, most)
        except Invalid as refused:
            problems += refused.problems
    if not factors:
        problems.append(Problem(("factor",), _("Tick at least one contributing factor.")))
    elif primary not in factors:
        problems.append(Problem(("primary",), _("Choose one of the ticked factors as the primary.")))
    if problems:
        raise Invalid(problems)
