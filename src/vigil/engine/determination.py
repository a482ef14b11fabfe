"""What an operation's owner is told about one revision: pure rules over answers (specification 5).

Promise: `determine` is the table of section 5, first row that applies wins. Nothing unexpected ever becomes
`no_known_conflict` (invariant I8): only an answer that `outcome_of` finds valid for this very revision counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The value of a determination (specification 2)."""

    CHECKING = "checking"
    CONFLICT = "conflict"
    NO_KNOWN_CONFLICT = "no_known_conflict"
    INCOMPLETE = "incomplete"


class Outcome(StrEnum):
    """How a partner on the roster stands to one revision."""

    ANSWERED = "answered"
    NOT_ANSWERED = "not_answered"
    REFUSED = "refused"
    """The partner refused, or shares no version of the predicate with this node."""


@dataclass(frozen=True, slots=True)
class Query:
    """What this node asked a partner, and what it knew of the partner when it asked.

    `epoch` is the partner's latest known one (None before its first word), `sequence` the highest store sequence seen
    from it in that epoch when the query was sent.
    """

    partner: str
    operation_id: str
    revision: int
    digest: str
    epoch: str | None = None
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a partner answered. `complete` is its own word that nothing was cut short or skipped."""

    partner: str
    operation_id: str
    revision: int
    digest: str
    epoch: str
    sequence: int
    complete: bool = True
    refused: bool = False
    matched: bool = False
    only_tentative: bool = False


@dataclass(frozen=True, slots=True)
class PartnerAnswer:
    """One partner of the roster for one revision: whether it reported a match, and whether all were tentative."""

    partner: str
    outcome: Outcome = Outcome.NOT_ANSWERED
    matched: bool = False
    only_tentative: bool = False


@dataclass(frozen=True, slots=True)
class Determination:
    """The verdict, whether it is a conflict only by tentative matches, and who is missing or refused, sorted."""

    value: Verdict
    tentative: bool = False
    missing: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def outcome_of(query: Query, answer: Answer | None, *, current_epoch: str | None = None) -> Outcome:
    """Whether an answer counts for the query (specification 8, conditions 4, 5 and 10).

    It does not when it is about another operation, revision or content, is not complete, comes from another epoch than
    the partner's current one, or lies below the highest sequence seen when the query was sent (a partner restored from
    an older backup). `current_epoch` is the latest epoch that this node knows of; None takes the query's.
    """
    if answer is None or (answer.partner, answer.operation_id, answer.revision, answer.digest) != (
        query.partner,
        query.operation_id,
        query.revision,
        query.digest,
    ):
        return Outcome.NOT_ANSWERED
    if answer.refused:
        return Outcome.REFUSED
    epoch = current_epoch if current_epoch is not None else query.epoch
    if not answer.complete or (epoch is not None and answer.epoch != epoch):
        return Outcome.NOT_ANSWERED
    if answer.epoch == query.epoch and answer.sequence < query.sequence:
        return Outcome.NOT_ANSWERED
    return Outcome.ANSWERED


def partner_answer(query: Query, answer: Answer | None, *, current_epoch: str | None = None) -> PartnerAnswer:
    """What `determine` needs to know of one partner. A reported match counts even where the answer is not valid."""
    outcome = outcome_of(query, answer, current_epoch=current_epoch)
    about_this = answer is not None and (answer.operation_id, answer.revision) == (query.operation_id, query.revision)
    matched = about_this and answer is not None and answer.partner == query.partner and answer.matched
    return PartnerAnswer(query.partner, outcome, matched, matched and answer is not None and answer.only_tentative)


def determine(
    *,
    own_search_done: bool,
    has_match: bool,
    only_tentative_matches: bool,
    partners: Sequence[PartnerAnswer],
) -> Determination:
    """The determination of one revision (specification 5).

    `has_match` and `only_tentative_matches` speak of the matches this node knows, by its own search or told by anyone;
    `partners` holds one entry for every partner on the roster. Who has not answered and who refused is named whatever
    the verdict, so that a conflict too shows its coverage.
    """
    missing = tuple(sorted(p.partner for p in partners if p.outcome is Outcome.NOT_ANSWERED))
    refused = tuple(sorted(p.partner for p in partners if p.outcome is Outcome.REFUSED))
    if not own_search_done:
        return Determination(Verdict.CHECKING, missing=missing, refused=refused)
    matching = [partner for partner in partners if partner.matched]
    if has_match or matching:
        firm = (has_match and not only_tentative_matches) or any(not partner.only_tentative for partner in matching)
        return Determination(Verdict.CONFLICT, tentative=not firm, missing=missing, refused=refused)
    if missing or refused:
        return Determination(Verdict.INCOMPLETE, missing=missing, refused=refused)
    return Determination(Verdict.NO_KNOWN_CONFLICT)
