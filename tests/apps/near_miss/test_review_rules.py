"""The table of the review's steps, and what a lesson and a passphrase need. Pure."""

from __future__ import annotations

from itertools import product
from uuid import UUID

import pytest

from vigil.apps.near_miss.rules import (
    ANEW,
    OPEN,
    STEPS,
    State,
    Step,
    after,
    coding_problems,
    given,
    is_unsaid,
    may_be_own,
    passphrase_problem,
)
from vigil.core.errors import Conflict, Invalid

ANN, BEN = UUID(int=1), UUID(int=2)


def test_no_step_is_skipped_and_an_end_is_an_end() -> None:
    way = [State.RECEIVED]
    for step in (Step.TRIAGE, Step.MASK, Step.AGREE, Step.CODE, Step.PUBLISH):
        way.append(after(way[-1], step, ANN, {}))
    assert way == [*OPEN, State.PUBLISHED]
    assert {state for state, _step in STEPS} == set(OPEN)
    for state, step in ANEW.items():  # written over where it stands, and nowhere else
        assert after(state, step, ANN, {step: BEN}) is state
        assert [one for one, other in STEPS if other is step and STEPS[one, other] is one] == [state]
    for state, step in product(State, Step):
        if (state, step) not in STEPS:
            with pytest.raises(Conflict):
                after(state, step, ANN, {})
    # Nothing is published, coded or closed before triage.
    assert [step for state, step in STEPS if state is State.RECEIVED] == [Step.TRIAGE]
    assert [state for state, step in STEPS if step is Step.PUBLISH] == [State.CODED]


def test_two_people_read_every_word() -> None:
    for state, step, before in ((State.MASKED, Step.AGREE, Step.MASK), (State.CODED, Step.PUBLISH, Step.CODE)):
        with pytest.raises(Invalid, match="Another reviewer"):
            after(state, step, ANN, {before: ANN})
        assert after(state, step, BEN, {before: ANN}) is STEPS[state, step]


def test_what_nobody_has_said_of_an_agency_is_no_reason_to_let_its_reviewer_read() -> None:
    assert is_unsaid(()) and is_unsaid({""}) and is_unsaid({"", "1-9"})  # noqa: PT018
    assert not is_unsaid({"1-9"})
    own, other, unsaid = {"1-9"}, {"250+"}, {""}
    for others, away in (
        ([other, other], True),
        ([other, unsaid], True),
        ([other, own], False),
        ([own, unsaid], False),
    ):
        assert may_be_own(own, "1-9", others) is away, others
    assert may_be_own({"1-9", "250+"}, "1-9", [other, other])
    assert not may_be_own(other, "1-9", [other, other])


def test_what_is_lacking_is_said_at_its_field() -> None:
    with pytest.raises(Invalid) as refused:
        coding_problems(" ", "", (), "")
    assert [one.path for one in refused.value.problems] == [("title",), ("lessons",), ("factor",)]
    with pytest.raises(Invalid) as refused:
        coding_problems("A door", "Wait.", ("light",), "traffic")
    assert [one.path for one in refused.value.problems] == [("primary",)]
    coding_problems("A door", "Wait.", ("light",), "light")
    assert given("reason", "  one\r\ntwo ") == "one\ntwo"
    with pytest.raises(Invalid, match="At most 3"):
        given("reason", "four", 3)


def test_a_passphrase_is_long_and_typed_twice_alike() -> None:
    passphrase_problem("five words of nothing", "five words of nothing")
    for typed, again in (("short", "short"), ("five words of nothing", "five words of something")):
        with pytest.raises(Invalid):
            passphrase_problem(typed, again)
