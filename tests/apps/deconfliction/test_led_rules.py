"""The led exercise's rules: its states, its clock over pauses, how an inject stands, what a target says."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.apps.deconfliction.led import rules
from vigil.apps.deconfliction.led.rules import Clock, Inject, Kind, Measure, Met, Standing, State, Verb, Where
from vigil.apps.deconfliction.led.scenarios import LED_SCENARIOS, ROLES
from vigil.core.errors import Invalid
from vigil.engine.types import OPERATION_TYPES

START = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(minute: float) -> datetime:
    return START + minute * MINUTE


def test_only_four_ways_lead_from_planned_to_ended() -> None:
    found = {}
    for state in State:
        for verb in Verb:
            with suppress(Invalid):
                found[state, verb] = rules.after(verb, state)
    assert found == {
        (State.PLANNED, Verb.START): State.RUNNING,
        (State.RUNNING, Verb.PAUSE): State.PAUSED,
        (State.PAUSED, Verb.RESUME): State.RUNNING,
        (State.RUNNING, Verb.END): State.ENDED,
        (State.PAUSED, Verb.END): State.ENDED,
    }


@given(st.lists(st.integers(0, 600), min_size=1, max_size=9, unique=True), st.integers(0, 700))
def test_the_clock_stands_in_every_pause_and_nowhere_else(marks: list[int], minute: int) -> None:
    marks.sort()
    spans = [(at(one), at(other)) for one, other in zip(marks[::2], marks[1::2], strict=False)]
    pauses = (*spans, (at(marks[-1]), None)) if len(marks) % 2 else tuple(spans)
    paused = {one for begin, end in pauses for one in range(701) if begin <= at(one) < (end or at(701))}
    assert Clock(START, pauses).minute(at(minute)) == sum(one not in paused for one in range(minute))
    assert Clock(START, pauses).elapsed(at(-1)) == Clock(None).elapsed(at(minute)) == timedelta(0)


def test_the_clock_ends_with_the_exercise_and_a_past_instant_keeps_its_minute() -> None:
    clock = Clock(START, ((at(20), at(30)),), ended_at=at(50))
    assert [clock.minute(at(one)) for one in (5, 20, 25, 30, 50, 90)] == [5, 20, 20, 20, 40, 40]


@pytest.mark.parametrize(
    ("released", "seen", "minute", "stands"),
    [
        (None, None, 9, Standing.WAITING),
        (None, None, 10, Standing.DUE),
        (11, None, 16, Standing.RELEASED),
        (11, None, 17, Standing.OVERDUE),
        (11, 16, 40, Standing.SEEN),
        (11, 17, 40, Standing.SEEN_LATE),
    ],
)
def test_how_an_inject_stands(released: int | None, seen: int | None, minute: int, stands: Standing) -> None:
    inject = Inject(10, Kind.READ_OUT, 5, released=released, seen=seen)
    assert rules.standing(inject, minute) is stands


def test_a_list_says_what_it_cannot_do() -> None:
    injects = [
        Inject(5, Kind.MOVE, 5, "a"),
        Inject(6, Kind.OPERATION, 5, "a"),
        Inject(7, Kind.MOVE, 5, "a"),
        Inject(9, Kind.OPERATION, 5, "a"),
        Inject(9, Kind.OPERATION, 5, "b"),
    ]
    assert [one[:9] for one in rules.faults(reversed(injects))] == ["Minute 5:", "Minute 9:"]


def met(**times: float) -> Met:
    names = ("noticed_at", "acknowledged_at", "contacted_at")
    done = {name: at(times[name[:-3]]) for name in names if name[:-3] in times}
    return Met("C1", at(10), at(100), **done)


@pytest.mark.parametrize(
    ("one", "measure", "target", "minute", "reached"),
    [
        (met(noticed=15), Measure.NOTICED, 5, 20, True),
        (met(noticed=16), Measure.NOTICED, 5, 20, False),
        (met(), Measure.NOTICED, 5, 15, None),
        (met(), Measure.NOTICED, 5, 16, False),
        (met(noticed=11, acknowledged=40), Measure.ACKNOWLEDGED, 10, 50, False),
        (met(contacted=25), Measure.CONTACTED, 15, 50, True),
        (met(contacted=70), Measure.MARGIN, 30, 80, True),
        (met(contacted=71), Measure.MARGIN, 30, 80, False),
        (met(), Measure.MARGIN, 30, 70, None),
        (met(), Measure.MARGIN, 30, 71, False),
    ],
)
def test_a_target_is_reached_missed_or_open(
    one: Met, measure: Measure, target: int, minute: int, reached: bool | None
) -> None:
    clock = Clock(START)
    assert one.reaches(measure, target, clock, at(minute)) is reached
    if reached is None:
        over = Clock(START, ended_at=at(minute))
        assert one.reaches(measure, target, over, at(minute)) is False, "nothing is open once the exercise has ended"


def test_a_pause_is_not_held_against_the_desk_but_the_start_waits_for_nobody() -> None:
    clock = Clock(START, ((at(12), at(42)),))
    assert met(noticed=44).minutes(Measure.NOTICED, clock) == 4
    assert met(contacted=70).minutes(Measure.MARGIN, clock) == 30
    judged = rules.judge([met(noticed=44), met(noticed=50), met()], Measure.NOTICED, 5, clock, at(43))
    assert (judged.met, judged.missed, judged.of) == (1, 1, 3)


def test_a_shipped_scenario_is_whole() -> None:
    for scenario in LED_SCENARIOS.values():
        lines = [Inject(one.minute, one.kind, one.within, one.role) for one in scenario.injects]
        assert rules.faults(lines) == []
        assert len(lines) >= 8
        assert {line.kind for line in lines} == set(Kind)
        assert all(one.minute <= other.minute <= scenario.minutes for one, other in pairwise(lines))
        assert {line.role for line in lines if line.role} <= set(ROLES)
        for inject in scenario.injects:
            assert (inject.starts_in is not None) == (inject.kind in rules.AUTOMATIC)
        assert {one.measure for one in scenario.objectives} >= {Measure.NOTICED, Measure.MARGIN, None}


def test_the_shipped_hour_leaves_time_to_talk_about_every_conflict() -> None:
    """Each conflict's countdown, buffers counted, still has 20 minutes when it is found."""
    starts: dict[str, tuple[int, int]] = {}
    street: dict[str, int] = {}
    left = []
    for inject in LED_SCENARIOS["friday"].injects:
        if inject.kind not in rules.AUTOMATIC or inject.starts_in is None or inject.where is None:
            continue
        kind = OPERATION_TYPES[ROLES[inject.role].kind]
        starts[inject.role] = (inject.minute + inject.starts_in, kind.buffer_before_min)
        if inject.where not in (Where.HERE, Where.NEXT_STREET):
            continue
        street[inject.role] = starts[inject.role][0] - starts[inject.role][1]
        left += [
            max(street[inject.role], other) - 30 - inject.minute
            for role, other in street.items()
            if role != inject.role
        ]
    assert len(left) == 3
    assert min(left) >= 20
