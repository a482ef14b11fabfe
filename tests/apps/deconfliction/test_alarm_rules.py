"""The two pure tables of alarms: a conflict's states, and the ladder against a slow simulation minute by minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOON

from vigil.apps.deconfliction.alarms import incidents
from vigil.apps.deconfliction.alarms.rules import (
    TIMES,
    TRANSITIONS,
    Clock,
    Event,
    Person,
    Rung,
    State,
    after,
    expires_at,
    messages,
    next_at,
    next_step,
    reached,
    together,
)
from vigil.apps.deconfliction.models import ConflictState
from vigil.core.errors import Invalid

MINUTE = timedelta(minutes=1)


# --- states ---


def test_the_states_are_those_that_are_stored() -> None:
    assert {one.value for one in State} == set(ConflictState.values)


@given(st.lists(st.sampled_from(Event)))
def test_nothing_is_resolved_that_nobody_spoke_about_or_the_desk_closed(events: list[Event]) -> None:
    state, past = State.DETECTED, []
    for event in events:
        if (event, state) not in TRANSITIONS:
            with pytest.raises(Invalid, match=r"\w+.*\."):
                after(event, state)
            continue
        state = after(event, state)
        past = [event] if event is Event.TOLD else [*past, event]
        if state is State.RESOLVED:
            assert Event.TALKED in past or (Event.EXPIRED in past and Event.CLOSED in past)
        if state in (State.ACKNOWLEDGED, State.CONTACTED, State.EXPIRED):
            assert past


@pytest.mark.parametrize(
    ("event", "state", "sentence"),
    [
        (Event.SETTLED, State.NOTIFIED, "First log who spoke"),
        (Event.SETTLED, State.RESOLVED, "settled already"),
        (Event.SETTLED, State.EXPIRED, "the watch desk closes it"),
        (Event.SEEN, State.DETECTED, "nothing to acknowledge"),
        (Event.CLOSED, State.NOTIFIED, "nobody acknowledged in time"),
        (Event.EXPIRED, State.CONTACTED, "Only a conflict"),
    ],
)
def test_what_the_table_lacks_is_refused_with_what_to_do(event: Event, state: State, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        after(event, state)


# --- the ladder ---


def clock(start_in: int, until_in: int | None = None, lasts: int = 240, told: int = 0) -> Clock:
    """Told at noon plus `told`; everything in minutes from noon."""
    until = start_in if until_in is None else until_in
    at = lambda minutes: NOON + timedelta(minutes=minutes)  # noqa: E731
    return Clock(at(told), at(start_in), at(until), at(max(start_in, until) + lasts))


def played(one: Clock, minutes: int, acknowledged: int | None = None, talked: bool = False) -> list[tuple[int, int]]:
    """What a worker does that looks every minute: minute and rung of each step."""
    steps = []
    for minute in range(minutes):
        now = NOON + timedelta(minutes=minute)
        if minute == acknowledged:
            one = replace(one, acknowledged_at=now, talked=talked)
        step = next_step(one, now)
        if step is not None:
            one = replace(one, stepped_at=step.at)
            steps.append((minute, int(step.rung)))
    return steps


def slow(one: Clock, minutes: int, acknowledged: int | None = None, talked: bool = False) -> list[tuple[int, int]]:
    """The same told minute by minute, as section 6 and ADR 10 say it, without any arithmetic of the ladder."""
    told, start = _minute(one.alarmed_at), _minute(one.start)
    last = max(_minute(one.until), told + 10)
    steps: list[tuple[int, int]] = []
    began, count, again = told, 0, told >= start - 30
    for minute in range(minutes):
        if minute < told or minute > last or minute >= _minute(one.ends):
            continue
        if minute == start - 30 and told < minute:
            began, count, again = minute, 0, True
        seen = acknowledged is not None and minute >= acknowledged
        if seen and (talked or acknowledged >= began or not again):
            continue
        gone = minute - began
        pause = 10 if again else 60
        if gone in (0, 2, 5, 10) or (gone > 10 and (gone - 10) % pause == 0):
            steps.append((minute, 3 if again else min(count, 3)))
            count += 1
    return steps


def _minute(at: datetime) -> int:
    return (at - NOON) // MINUTE


@given(
    start_in=st.integers(-200, 400),
    until_after=st.integers(0, 90),
    told=st.integers(0, 60),
    acknowledged=st.none() | st.integers(0, 400),
    talked=st.booleans(),
)
def test_the_ladder_is_what_a_slow_simulation_says(
    start_in: int, until_after: int, told: int, acknowledged: int | None, talked: bool
) -> None:
    one = clock(start_in, start_in + until_after, told=told)
    if acknowledged is not None and acknowledged < told:
        acknowledged = None
    assert played(one, 500, acknowledged, talked) == slow(one, 500, acknowledged, talked)


def test_the_times_of_the_specification() -> None:
    assert played(clock(180), 200)[:5] == [(0, 0), (2, 1), (5, 2), (10, 3), (70, 3)]
    near = played(clock(20), 60)
    assert near == [(0, 3), (2, 3), (5, 3), (10, 3), (20, 3)]


def test_an_acknowledgement_without_a_talk_half_an_hour_before_the_start_starts_it_again() -> None:
    assert played(clock(180), 200, acknowledged=3) == [
        (0, 0), (2, 1), (150, 3), (152, 3), (155, 3), (160, 3), (170, 3), (180, 3),
    ]  # fmt: skip
    assert played(clock(180), 200, acknowledged=3, talked=True) == [(0, 0), (2, 1)]


@given(st.integers(-100, 300), st.lists(st.integers(0, 400), min_size=1, max_size=30))
def test_whatever_a_clock_does_no_step_is_taken_twice_and_a_leap_takes_one(start_in: int, looks: list[int]) -> None:
    one, taken = clock(start_in), []
    for look in looks:
        step = next_step(one, NOON + timedelta(minutes=look))
        if step is not None:
            assert step.at <= NOON + timedelta(minutes=look)
            taken.append(step.at)
            one = replace(one, stepped_at=step.at)
            assert next_step(one, NOON + timedelta(minutes=look)) is None
    assert taken == sorted(set(taken))


@given(st.integers(-100, 300), st.none() | st.integers(0, 300), st.integers(0, 400))
def test_the_worker_is_woken_at_the_very_instant_of_the_next_step(
    start_in: int, acknowledged: int | None, stepped: int
) -> None:
    one = replace(clock(start_in), stepped_at=NOON + timedelta(minutes=stepped))
    if acknowledged is not None:
        one = replace(one, acknowledged_at=NOON + timedelta(minutes=acknowledged))
    due = next_at(one)
    if due is not None:
        assert due > NOON + timedelta(minutes=stepped)
        assert next_step(replace(one, ends=due + MINUTE), due) is not None
        assert next_step(one, due - timedelta(microseconds=1)) is None
    else:
        assert next_step(one, one.ends - timedelta(microseconds=1)) is None


def test_what_is_found_late_takes_all_its_steps_before_it_expires() -> None:
    late = clock(-60, -60)
    assert [minute for minute, _ in played(late, 60)] == [0, 2, 5, 10]
    assert expires_at(late) == NOON + TIMES[-1]
    assert expires_at(clock(180, 200)) == NOON + timedelta(minutes=200)


def test_lines_of_one_incident_are_one_alarm_and_the_earliest_start_leads() -> None:
    seen = replace(clock(600), acknowledged_at=NOON)
    assert together([]) is None
    assert together([replace(seen, talked=True)]) is None
    assert together([clock(600), clock(90), clock(300)]) == replace(
        clock(90), until=clock(600).until, ends=clock(600).ends
    )
    # A new line calls for itself, whatever was said of the old ones.
    assert together([seen, clock(300, told=40)]) == clock(300, told=40)


# --- who is reached ---

LEAD, SECOND = Person("lead", "Lou", "+14105550111"), Person("second", "Sam", "+14105550112")
ON_CALL = [Person("on_call", "Cy", "+14105550113", channels=("voice",)), Person("on_call", "Di", "+14105550114")]
LINE = Person("line", "Port Calvert PD", "+14105550100", channels=("voice",))


def names(rung: Rung, **named: Person) -> list[str]:
    return [one.name for one in reached(rung, named, ON_CALL, LINE)]


def test_each_rung_reaches_further_and_who_is_on_call_stands_in_in_order() -> None:
    assert names(Rung.LEAD, lead=LEAD, second=SECOND) == ["Lou"]
    assert names(Rung.SUPERVISOR, lead=LEAD, second=SECOND) == ["Lou", "Sam", "Cy"]
    assert names(Rung.EVERYONE, lead=LEAD) == ["Lou", "Cy", "Di", "Port Calvert PD"]
    assert [one.name for one in reached(Rung.EVERYONE, {"lead": LEAD, "second": SECOND}, ON_CALL, None)][-1] == "Di"


def test_who_is_reached_through_the_desk_never_gets_a_message() -> None:
    hidden = replace(LEAD, relay=True)
    assert messages([hidden], Rung.EVERYONE) == []
    sent = messages([LEAD, ON_CALL[0]], Rung.LEAD)
    assert [(one.person.name, one.channel) for one in sent] == [("Lou", "sms"), ("Cy", "voice")]
    assert [one.channel for one in messages([LEAD], Rung.EVERYONE)] == ["sms", "voice"]


# --- incidents ---


@given(st.uuids(), st.uuids(), st.uuids(), st.uuids())
def test_two_plans_are_one_incident_in_either_order(a: object, b: object, one: object, two: object) -> None:
    first, second = incidents.plans_of((a, b), (one, two))  # type: ignore[arg-type]
    found = incidents.incident_of(first, second)
    assert found == incidents.incident_of(second, first)
    if first != second:
        assert incidents.ladder_of(found, first) != incidents.ladder_of(found, second)
