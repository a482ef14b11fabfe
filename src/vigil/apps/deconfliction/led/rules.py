"""The led exercise's own clock, what stands where, and what a target says of what was measured. Pure.

The words are those of the Homeland Security Exercise and Evaluation Program (HSEEP, 2020): Master Scenario Events List
(MSEL), inject, expected action, objective, target, the ratings P, S, M and U, after-action report, corrective action.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vigil.core.errors import Invalid
from vigil.texts import gettext as _
from vigil.texts import gettext_noop

MOST_MINUTES = 480
"""An exercise is at most a shift long (ours)."""
LONGEST = timedelta(hours=12)
"""So long after its start an exercise that nobody has ended is ended for them (ours)."""


class State(StrEnum):
    """How far an exercise has come."""

    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


class Verb(StrEnum):
    """What its controller does to it."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


_AFTER = {
    (Verb.START, State.PLANNED): State.RUNNING,
    (Verb.PAUSE, State.RUNNING): State.PAUSED,
    (Verb.RESUME, State.PAUSED): State.RUNNING,
    (Verb.END, State.RUNNING): State.ENDED,
    (Verb.END, State.PAUSED): State.ENDED,
}
_REFUSED = {
    State.PLANNED: gettext_noop("The exercise has not started."),
    State.RUNNING: gettext_noop("The exercise runs already."),
    State.PAUSED: gettext_noop("The exercise is paused."),
    State.ENDED: gettext_noop("The exercise has ended: plan another one."),
}


def after(verb: Verb, state: State) -> State:
    """The state that the verb leads to; raises `Invalid` where it leads nowhere."""
    found = _AFTER.get((verb, state))
    if found is None:
        raise Invalid.at(sentence=_(_REFUSED[state]))
    return found


@dataclass(frozen=True, slots=True)
class Clock:
    """When the exercise began and ended, and the spans in which it was paused; while it is, the last has no end."""

    started_at: datetime | None
    pauses: tuple[tuple[datetime, datetime | None], ...] = ()
    ended_at: datetime | None = None

    def elapsed(self, at: datetime) -> timedelta:
        """How long it had run at an instant, pauses left out; nothing before its start."""
        if self.started_at is None or at < self.started_at:
            return timedelta(0)
        until = min(at, self.ended_at or at)
        stood = (max(min(end or until, until) - begin, timedelta(0)) for begin, end in self.pauses)
        return until - self.started_at - sum(stood, timedelta(0))

    def minute(self, at: datetime) -> int:
        """The exercise's minute at an instant; 0 is its first."""
        return int(self.elapsed(at).total_seconds() // 60)


class Kind(StrEnum):
    """What an inject is."""

    OPERATION = "operation"
    MOVE = "move"
    READ_OUT = "read_out"
    TELEPHONE = "telephone"
    PARTNER = "partner"


AUTOMATIC = (Kind.OPERATION, Kind.MOVE)
"""Released by the worker at their minute; the others are the controller's to do and to tick off."""


class Where(StrEnum):
    """Where an operation of the exercise lies, from the exercise's place."""

    HERE = "here"
    NEXT_STREET = "next_street"
    ACROSS_TOWN = "across_town"
    OTHER_END = "other_end"


ASIDE = {Where.HERE: 0.0, Where.NEXT_STREET: 0.002, Where.ACROSS_TOWN: 0.06, Where.OTHER_END: -0.06}
"""In degrees of latitude: 220 m, which meets what is here, and 6.7 km one way or the other, which does not."""


class Standing(StrEnum):
    """How an inject stands."""

    WAITING = "waiting"
    DUE = "due"
    RELEASED = "released"
    OVERDUE = "overdue"
    """Its expected action was not seen in time, and is not yet."""
    SEEN = "seen"
    SEEN_LATE = "seen_late"


@dataclass(frozen=True, slots=True)
class Inject:
    """One line of the MSEL: `minute` from the start, `within` minutes the expected action is wanted; actual minutes are
    None until then. `role` is whose operation it is about, empty for none."""

    minute: int
    kind: Kind
    within: int
    role: str = ""
    released: int | None = None
    seen: int | None = None


def standing(inject: Inject, minute: int) -> Standing:
    """How it stands at a minute of the exercise."""
    if inject.released is None:
        return Standing.DUE if minute >= inject.minute else Standing.WAITING
    if inject.seen is not None:
        return Standing.SEEN if inject.seen - inject.released <= inject.within else Standing.SEEN_LATE
    return Standing.OVERDUE if minute - inject.released > inject.within else Standing.RELEASED


def faults(injects: Iterable[Inject]) -> list[str]:
    """What is wrong with a MSEL, by what its automatic injects do in their order."""
    registered: set[str] = set()
    found = []
    for inject in sorted(injects, key=lambda one: one.minute):
        if inject.kind is Kind.MOVE and inject.role not in registered:
            found.append(_("Minute {n}: moves an operation that no earlier inject registers.").format(n=inject.minute))
        if inject.kind is Kind.OPERATION and inject.role in registered:
            found.append(_("Minute {n}: registers an operation that stands already.").format(n=inject.minute))
        if inject.kind is Kind.OPERATION:
            registered.add(inject.role)
    return found


# --- targets and measures ---------------------------------------------------------------------------------------------


class Rating(StrEnum):
    """HSEEP's four."""

    P = "P"
    S = "S"
    M = "M"
    U = "U"


RATINGS = {
    Rating.P: gettext_noop("Performed without challenges"),
    Rating.S: gettext_noop("Performed with some challenges"),
    Rating.M: gettext_noop("Performed with major challenges"),
    Rating.U: gettext_noop("Unable to be performed"),
}


class Measure(StrEnum):
    """What Vigil itself measures of each conflict of the exercise."""

    NOTICED = "noticed"
    """Minutes from being found to the first thing that a player did about it."""
    ACKNOWLEDGED = "acknowledged"
    """Minutes from being found until both sides had acknowledged."""
    CONTACTED = "contacted"
    """Minutes from being found until both sides had talked."""
    MARGIN = "margin"
    """Minutes from both sides having talked to the earlier start: the more the better."""


@dataclass(frozen=True, slots=True)
class Met:
    """One conflict of the exercise; `starts_at` is the earlier start. What has not happened is None, or empty."""

    reference: str
    found_at: datetime
    starts_at: datetime
    noticed_at: datetime | None = None
    acknowledged_at: datetime | None = None
    contacted_at: datetime | None = None
    outcome: str = ""

    def at(self, measure: Measure) -> datetime | None:
        """When what is measured happened."""
        if measure is Measure.NOTICED:
            return self.noticed_at
        return self.acknowledged_at if measure is Measure.ACKNOWLEDGED else self.contacted_at

    def minutes(self, measure: Measure, clock: Clock) -> float | None:
        """The measure in minutes, without pauses where it counts from being found; None where it has not happened."""
        at = self.at(measure)
        return None if at is None else self._until(at, measure, clock)

    def _until(self, at: datetime, measure: Measure, clock: Clock) -> float:
        span = self.starts_at - at if measure is Measure.MARGIN else clock.elapsed(at) - clock.elapsed(self.found_at)
        return span.total_seconds() / 60

    def reaches(self, measure: Measure, target: int, clock: Clock, now: datetime) -> bool | None:
        """Whether the target in minutes was reached; None while it still may be, which nothing may after the end."""
        at = self.at(measure)
        found = self._until(at or now, measure, clock)
        is_within = found >= target if measure is Measure.MARGIN else found <= target
        if at is None and (not is_within or clock.ended_at is not None):
            return False
        return None if at is None else is_within


@dataclass(frozen=True, slots=True)
class Judged:
    """Of `of` conflicts so many reached the target and so many missed it; the rest may yet."""

    met: int
    missed: int
    of: int


def judge(mets: Sequence[Met], measure: Measure, target: int, clock: Clock, now: datetime) -> Judged:
    """The target against every conflict."""
    answers = [one.reaches(measure, target, clock, now) for one in mets]
    return Judged(answers.count(True), answers.count(False), len(answers))
