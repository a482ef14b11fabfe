"""How far a conflict may come, and when whom of a side is told again (specification, section 6). Pure.

Two tables. `after` is the only judge of a conflict's state: what it lacks is refused. `next_step` is the ladder of one
side: the times and the people of its alarms until a known person acknowledges. The present instant is passed in;
nothing is remembered but the instant of the last step, so that a clock that stepped back repeats nothing and one that
stepped forward takes one step for all that it passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from uuid import UUID

from vigil.core.errors import Invalid
from vigil.texts import gettext as _
from vigil.texts import gettext_noop

# --- the state of a conflict ------------------------------------------------------------------------------------------


class State(StrEnum):
    """How far the two sides have come; as stored."""

    DETECTED = "detected"
    NOTIFIED = "notified"
    ACKNOWLEDGED = "acknowledged"
    CONTACTED = "contacted"
    RESOLVED = "resolved"
    EXPIRED = "expired_unacknowledged"


class Event(StrEnum):
    """What happens to a conflict."""

    TOLD = "told"
    """A side is alarmed: it was found, or is worse than what was spoken about."""
    SEEN = "seen"
    """One side acknowledges, another has not yet."""
    SEEN_BY_ALL = "seen_by_all"
    """The last side acknowledges."""
    TALKED = "talked"
    """Somebody logs who spoke with whom."""
    SETTLED = "settled"
    """What they agreed is logged."""
    EXPIRED = "expired"
    """Both teams are there, and a side never acknowledged."""
    CLOSED = "closed"
    """The watch desk closes the incident that an expired one is, with its reason."""


TRANSITIONS: Mapping[tuple[Event, State], State] = {
    **{(Event.TOLD, state): State.NOTIFIED for state in State},
    **{(Event.SEEN, state): state for state in State if state is not State.DETECTED},
    (Event.SEEN_BY_ALL, State.NOTIFIED): State.ACKNOWLEDGED,
    (Event.SEEN_BY_ALL, State.ACKNOWLEDGED): State.ACKNOWLEDGED,
    (Event.SEEN_BY_ALL, State.CONTACTED): State.CONTACTED,
    (Event.SEEN_BY_ALL, State.RESOLVED): State.RESOLVED,
    (Event.SEEN_BY_ALL, State.EXPIRED): State.EXPIRED,
    # Who spoke knows of it; the other side's alarm goes on until somebody of it says so.
    (Event.TALKED, State.NOTIFIED): State.CONTACTED,
    (Event.TALKED, State.ACKNOWLEDGED): State.CONTACTED,
    (Event.TALKED, State.CONTACTED): State.CONTACTED,
    (Event.TALKED, State.RESOLVED): State.RESOLVED,
    (Event.TALKED, State.EXPIRED): State.EXPIRED,
    (Event.SETTLED, State.CONTACTED): State.RESOLVED,
    (Event.EXPIRED, State.NOTIFIED): State.EXPIRED,
    (Event.CLOSED, State.EXPIRED): State.RESOLVED,
}
"""Specification 6: detected, notified, acknowledged (each side), contacted, resolved; or expired unacknowledged."""

_REFUSED: Mapping[Event, str] = {
    Event.SEEN: gettext_noop("Nobody was alarmed of this conflict, so there is nothing to acknowledge."),
    Event.SEEN_BY_ALL: gettext_noop("Nobody was alarmed of this conflict, so there is nothing to acknowledge."),
    Event.TALKED: gettext_noop("Nobody was alarmed of this conflict: its time was over when it was found."),
    Event.SETTLED: gettext_noop("First log who spoke with whom, then what they agreed."),
    Event.EXPIRED: gettext_noop("Only a conflict that a side has not acknowledged can expire."),
    Event.CLOSED: gettext_noop("Only a conflict that nobody acknowledged in time is closed by the watch desk."),
}
_SETTLED_ALREADY = gettext_noop("This conflict is settled already. Look at what was logged; it opens by itself again.")
_DESK_CLOSES = gettext_noop("Nobody acknowledged this in time: the watch desk closes it. Call the watch desk.")


def after(event: Event, state: State) -> State:
    """The state that follows.

    Raises:
        Invalid: where the table has no such transition; the sentence says what to do.
    """
    following = TRANSITIONS.get((event, state))
    if following is None:
        raise Invalid.at(sentence=_(_refusal(event, state)))
    return following


def _refusal(event: Event, state: State) -> str:
    if event is Event.SETTLED and state is State.RESOLVED:
        return _SETTLED_ALREADY
    if event is Event.SETTLED and state is State.EXPIRED:
        return _DESK_CLOSES
    return _REFUSED[event]


# --- the ladder of one side -------------------------------------------------------------------------------------------

TALK_BEFORE = timedelta(minutes=30)
"""Voice contact is wanted this long before the earlier start (specification, section 6)."""
TIMES = (timedelta(0), timedelta(minutes=2), timedelta(minutes=5), timedelta(minutes=10))
"""Section 6 *(ours)*: told, and told again after 2, 5 and 10 minutes."""
LATER = timedelta(hours=1)
"""Ours: after these, while there is time."""
LATER_NEAR = timedelta(minutes=10)
"""Ours: after these, within the last half hour."""


class Rung(IntEnum):
    """How far up a step reaches; each includes those below."""

    LEAD = 0
    SECOND = 1
    SUPERVISOR = 2
    EVERYONE = 3
    """The agency's 24-hour line by voice, and the watch desk loud."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What the times of one side's alarms follow from.

    `start`: the earlier start as far as this side may know it. `until`: when both can meet; after it nobody is told any
    more. `ends`: when their meeting is over. `talked`: voice contact was logged, by whichever side. `stepped_at`: the
    instant of the last step by these times.
    """

    alarmed_at: datetime
    start: datetime
    until: datetime
    ends: datetime
    acknowledged_at: datetime | None = None
    talked: bool = False
    stepped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `at` is its instant by the ladder's times, which is at or before the one it is taken at. `number`
    counts from 0 within its leg; `again`: the second leg, half an hour before the start.
    """

    at: datetime
    number: int
    rung: Rung
    again: bool


@dataclass(frozen=True, slots=True)
class _Leg:
    """A run of the ladder: its times from `begins`, until `ends` (which is not in it), then every `later`."""

    begins: datetime
    ends: datetime
    later: timedelta
    again: bool

    def number_at(self, instant: datetime) -> int | None:
        """The number of the last step at or before the instant; None before the first."""
        latest = min(instant, self.ends - timedelta(microseconds=1))
        if latest < self.begins:
            return None
        gone = latest - self.begins
        if gone >= TIMES[-1]:
            return len(TIMES) - 1 + (gone - TIMES[-1]) // self.later
        return max(number for number, time in enumerate(TIMES) if time <= gone)

    def at(self, number: int) -> datetime:
        beyond = max(0, number - len(TIMES) + 1)
        return self.begins + TIMES[min(number, len(TIMES) - 1)] + beyond * self.later

    def after(self, instant: datetime | None) -> datetime | None:
        """The first step after the instant."""
        number = None if instant is None else self.number_at(instant)
        following = self.at(0 if number is None else number + 1)
        return following if following < self.ends and (instant is None or following > instant) else None


def _legs(clock: Clock) -> list[_Leg]:
    before = clock.start - TALK_BEFORE
    # Found late, all steps are still taken.
    end = max(clock.until, clock.alarmed_at + TIMES[-1]) + timedelta(microseconds=1)
    if clock.alarmed_at >= before:
        legs = [_Leg(clock.alarmed_at, end, LATER_NEAR, again=False)]
    else:
        legs = [_Leg(clock.alarmed_at, min(before, end), LATER, again=False), _Leg(before, end, LATER_NEAR, again=True)]
    return [_stopped(leg, clock) for leg in legs]


def _stopped(leg: _Leg, clock: Clock) -> _Leg:
    """An acknowledgement ends the leg in which it is given; with voice contact, whatever follows too."""
    seen = clock.acknowledged_at
    if seen is None or (seen < leg.begins and not clock.talked):
        return leg
    return replace(leg, ends=min(leg.ends, max(seen, leg.begins)))


def next_at(clock: Clock) -> datetime | None:
    """When the next step is due; None where no more follows."""
    following = [leg.after(clock.stepped_at) for leg in _legs(clock)]
    return min((at for at in following if at is not None), default=None)


def next_step(clock: Clock, now: datetime) -> Step | None:
    """The step to be taken now: the last that is due, for all before it that were missed. None: nothing is due."""
    if now >= clock.ends:
        return None
    steps = [step for leg in _legs(clock) if (step := _step_of(leg, clock, now)) is not None]
    return max(steps, key=lambda step: step.at, default=None)


def _step_of(leg: _Leg, clock: Clock, now: datetime) -> Step | None:
    number = leg.number_at(now)
    if number is None:
        return None
    at = leg.at(number)
    if clock.stepped_at is not None and at <= clock.stepped_at:
        return None
    near = at >= clock.start - TALK_BEFORE
    return Step(at, number, Rung.EVERYONE if near else Rung(min(number, Rung.EVERYONE)), leg.again)


def is_loud(clock: Clock) -> bool:
    """Whether everyone was told and the alarm still goes on: the watch desk's row cannot be missed (section 6)."""
    if clock.stepped_at is None or next_at(clock) is None:
        return False
    return clock.stepped_at >= min(clock.start - TALK_BEFORE, clock.alarmed_at + TIMES[-1])


def expires_at(clock: Clock) -> datetime:
    """From when on a side that has not acknowledged never did (section 6): both can meet, and every step was taken."""
    return max(clock.until, clock.alarmed_at + TIMES[-1])


def together(lines: Sequence[Clock]) -> Clock | None:
    """One clock for a side's lines of one incident: one alarm, not sixty-six. None where nothing is left to tell.

    A line that was not acknowledged calls for all; where all were, those without voice contact wait for their time.
    """
    calling = [one for one in lines if one.acknowledged_at is None]
    calling = calling or [one for one in lines if not one.talked]
    if not calling:
        return None
    begun = max(one.alarmed_at for one in calling)
    stepped = [one.stepped_at for one in calling if one.stepped_at is not None and one.stepped_at >= begun]
    seen = [one.acknowledged_at for one in calling if one.acknowledged_at is not None]
    return Clock(
        alarmed_at=begun,
        start=min(one.start for one in calling),
        until=max(one.until for one in calling),
        ends=max(one.ends for one in calling),
        acknowledged_at=max(seen, default=None),
        talked=all(one.talked for one in calling),
        stepped_at=max(stepped, default=None),
    )


# --- who is reached ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom an alarm may reach: `role` is `lead`, `second`, `supervisor`, `on_call` or `line`.

    `relay`: only through the watch desk, never directly. `channels` are the person's own choice, of `sms`, `voice` and
    `email`; empty: a text, and from the last rung on a voice call too.
    """

    role: str
    name: str
    phone: str = ""
    email: str = ""
    relay: bool = False
    channels: tuple[str, ...] = ()
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person over one channel."""

    person: Person
    channel: str
    to: str


def reached(rung: Rung, named: Mapping[str, Person], on_call: Iterable[Person], line: Person | None) -> list[Person]:
    """Whom a step reaches: whom the plan names, up to the rung, and who is on call for a role that it leaves open.

    `on_call` are those on duty, in their order; nobody twice. Without a 24-hour line the next on call stands in.
    """
    waiting = [one for one in on_call if one.phone not in {known.phone for known in named.values()}]
    found: list[Person] = []
    for role in ("lead", "second", "supervisor")[: rung + 1]:
        if role in named:
            found.append(named[role])
        elif waiting:
            found.append(waiting.pop(0))
    if rung is Rung.EVERYONE:
        found += [line] if line is not None else waiting[:1]
    return found


def messages(people: Iterable[Person], rung: Rung) -> list[Message]:
    """What is sent to them; nothing to those who are reached through the watch desk."""
    found = []
    for person in people:
        if person.relay:
            continue
        channels = person.channels or (("sms", "voice") if rung is Rung.EVERYONE else ("sms",))
        addresses = {"sms": person.phone, "voice": person.phone, "email": person.email}
        wanted = channels if "email" in channels or not person.email else (*channels, "email")
        found += [Message(person, channel, addresses[channel]) for channel in wanted if addresses[channel]]
    return found
