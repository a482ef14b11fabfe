"""The table of specification 5, and which answers count (specification 8, conditions 4, 5 and 10)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.engine.determination import (
    Answer,
    Determination,
    Outcome,
    PartnerAnswer,
    Query,
    Verdict,
    determine,
    outcome_of,
    partner_answer,
)

QUERY = Query("North", "op-1", 3, "d3", epoch="e1", sequence=70)
ANSWER = Answer("North", "op-1", 3, "d3", epoch="e1", sequence=70)

partner_answers = st.builds(
    PartnerAnswer, st.text("abc", min_size=1), st.sampled_from(Outcome), st.booleans(), st.booleans()
)


def decide(*partners: PartnerAnswer, own: bool = True, match: bool = False, tentative: bool = False) -> Determination:
    return determine(own_search_done=own, has_match=match, only_tentative_matches=tentative, partners=partners)


def partner(name: str, outcome: Outcome = Outcome.ANSWERED, **more: bool) -> PartnerAnswer:
    return PartnerAnswer(name, outcome, **more)


def test_the_own_search_comes_first() -> None:
    assert decide(own=False, match=True).value is Verdict.CHECKING
    assert decide(partner("N", matched=True), own=False).value is Verdict.CHECKING


def test_a_match_anywhere_is_a_conflict_whoever_is_silent() -> None:
    silent = partner("S", Outcome.NOT_ANSWERED)
    assert decide(silent, match=True) == Determination(Verdict.CONFLICT, missing=("S",))
    assert decide(silent, partner("N", matched=True)) == Determination(Verdict.CONFLICT, missing=("S",))


def test_everybody_answered_and_nothing_met() -> None:
    assert decide(partner("N"), partner("S")) == Determination(Verdict.NO_KNOWN_CONFLICT)
    assert decide() == Determination(Verdict.NO_KNOWN_CONFLICT)


def test_who_is_missing_or_refused_is_named() -> None:
    given = decide(
        partner("Z", Outcome.NOT_ANSWERED), partner("B", Outcome.REFUSED), partner("A", Outcome.NOT_ANSWERED)
    )
    assert given == Determination(Verdict.INCOMPLETE, missing=("A", "Z"), refused=("B",))


def test_tentative_only_where_every_match_is() -> None:
    tentative = partner("N", matched=True, only_tentative=True)
    assert decide(match=True, tentative=True).tentative
    assert decide(tentative).tentative
    assert decide(tentative, match=True, tentative=True).tentative
    assert not decide(tentative, match=True).tentative
    assert not decide(partner("N", matched=True), match=True, tentative=True).tentative


@given(st.booleans(), st.booleans(), st.lists(partner_answers))
def test_no_known_conflict_needs_every_answer(own: bool, match: bool, partners: list[PartnerAnswer]) -> None:
    """Invariant I8: anything unexpected is never `no_known_conflict`."""
    sure = own and not match and all(p.outcome is Outcome.ANSWERED and not p.matched for p in partners)
    assert (decide(*partners, own=own, match=match).value is Verdict.NO_KNOWN_CONFLICT) == sure


def test_a_valid_answer_counts() -> None:
    assert outcome_of(QUERY, ANSWER) is Outcome.ANSWERED
    assert outcome_of(QUERY, replace(ANSWER, sequence=71)) is Outcome.ANSWERED
    assert outcome_of(replace(QUERY, epoch=None, sequence=0), ANSWER) is Outcome.ANSWERED
    assert outcome_of(QUERY, replace(ANSWER, refused=True)) is Outcome.REFUSED


@pytest.mark.parametrize(
    "answer",
    [
        None,
        replace(ANSWER, revision=2),
        replace(ANSWER, revision=4),
        replace(ANSWER, digest="d2"),
        replace(ANSWER, operation_id="op-2"),
        replace(ANSWER, partner="South"),
        replace(ANSWER, complete=False),
        replace(ANSWER, epoch="e0"),
        replace(ANSWER, sequence=69),
        replace(ANSWER, revision=2, refused=True),
    ],
)
def test_an_answer_that_does_not_count(answer: Answer | None) -> None:
    assert outcome_of(QUERY, answer) is Outcome.NOT_ANSWERED
    assert decide(partner_answer(QUERY, answer)).value is Verdict.INCOMPLETE


def test_a_partner_in_a_new_epoch() -> None:
    """After a restore the sequence starts anew; answers of the old epoch count no longer."""
    renewed = replace(ANSWER, epoch="e2", sequence=1)
    assert outcome_of(QUERY, renewed, current_epoch="e2") is Outcome.ANSWERED
    assert outcome_of(QUERY, ANSWER, current_epoch="e2") is Outcome.NOT_ANSWERED


def test_a_match_reported_in_an_answer_that_does_not_count_is_still_a_conflict() -> None:
    stale = replace(ANSWER, sequence=1, matched=True)
    assert decide(partner_answer(QUERY, stale)) == Determination(Verdict.CONFLICT, missing=("North",))
    other = replace(ANSWER, revision=2, matched=True)
    assert decide(partner_answer(QUERY, other)).value is Verdict.INCOMPLETE
