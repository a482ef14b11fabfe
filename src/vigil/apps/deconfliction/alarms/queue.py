"""What the watch desk works through: incidents by the time that is left, and what was tried. Only reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Min, Prefetch, Q, QuerySet

from vigil.apps.deconfliction import access
from vigil.apps.deconfliction.alarms import ladder, modes
from vigil.apps.deconfliction.alarms.rules import TALK_BEFORE, is_loud
from vigil.apps.deconfliction.exercises import practices
from vigil.apps.deconfliction.led import planning
from vigil.apps.deconfliction.models import Conflict, ConflictEvent, ConflictSide, ConflictState, Standing
from vigil.apps.deconfliction.plan_rows import NOTE, names_in, opened
from vigil.core.actor import Actor
from vigil.platform.agencies.models import Agency

ACTS = ("called", "acknowledged", "contacted", "taken", "handed_over", "noted", "resolved", "expired", "tell_by_name")
"""Lines of the log that somebody did or must do, as told apart from what Vigil sent."""

CONFLICT_COLUMNS = (
    *("incident_id", "reference", "state", "standing", "band", "tentative", "owner_only", "outcome"),
    *("overlap_start", "overlap_end", "desk_owner__full_name", "desk_owner__username"),
)
SIDE_COLUMNS = (
    *("conflict_id", "operation_id", "told", "agency_id", "foreign_agency", "ladder_id", "own_operation__starts_at"),
    *("acknowledged_at", "alarmed_at", "stepped_at"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """An incident's place in the queue: what the order and the counts need, of however many there are.

    `conflict_id` is its most urgent line, `left` the time left to talk before the earlier start of all that is known,
    `state` that of the line that has come least far.
    """

    incident_id: UUID
    conflict_id: UUID
    reference: str
    left: timedelta
    state: str
    tentative: bool


@dataclass(frozen=True, slots=True)
class Incident:
    """One row of the queue. `conflict_id` is its most urgent line, `starts_at` the earlier start of all that is known.

    `state` is that of the line that has come least far. `loud`: everyone of a side was told and the alarm goes on.
    `waiting` are the operations of the sides that have not acknowledged.
    """

    incident_id: UUID
    conflict_id: UUID
    reference: str
    lines: int
    starts_at: datetime
    call_before: datetime
    left: timedelta
    state: str
    band: str
    tentative: bool
    loud: bool
    agencies: tuple[str, ...]
    waiting: tuple[UUID, ...]
    owner_id: UUID | None
    owner: str


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the desk's log of an incident."""

    at: datetime
    conflict_id: UUID
    operation_id: UUID | None
    kind: str
    author: str
    people: dict[str, str]
    how: str
    identity_check: str
    result: str
    note: str


def places(actor: Actor, now: datetime) -> tuple[Place, ...]:
    """The live incidents that are not settled, those with the least time left first; expired ones until closed."""
    return _places(_live(actor), now)


def queue(actor: Actor, now: datetime, wanted: Sequence[Place] | None = None) -> tuple[Incident, ...]:
    """The rows of these places, else of all, in the order of `places`."""
    return _rows(_live(actor), now, wanted)


def rehearsed(actor: Actor, now: datetime, limit: int = 100) -> tuple[Incident, ...]:
    """The same of exercises and tests: they stand apart, and what only others practise is left out."""
    if not actor.can(access.WATCH):
        return ()
    found = modes.not_live(access.visible_conflicts(actor))
    for others in (practices.operations_of_others(actor), planning.out_of_sight(actor)):
        found = found.exclude(Q(operation_a__in=others) | Q(operation_b__in=others))
    return _rows(found, now)[:limit]


def _live(actor: Actor) -> QuerySet[Conflict]:
    return modes.live(access.visible_conflicts(actor)) if actor.can(access.WATCH) else Conflict.objects.none()


def _going(conflicts: QuerySet[Conflict], now: datetime) -> QuerySet[Conflict]:
    going = Q(standing=Standing.OPEN, outcome="", overlap_end__gt=now) | Q(state=ConflictState.EXPIRED)
    return conflicts.filter(going).order_by("overlap_start", "pk")


def _places(conflicts: QuerySet[Conflict], now: datetime) -> tuple[Place, ...]:
    first_start = Min("sides__own_operation__starts_at")
    columns = ("incident_id", "pk", "reference", "state", "tentative", "band", "overlap_start")
    by_incident: defaultdict[UUID, list[_Line]] = defaultdict(list)
    for incident_id, *values in _going(conflicts, now).values_list(*columns, first_start):
        by_incident[incident_id].append(_Line(*values))
    found = (_place(incident_id, lines, now) for incident_id, lines in by_incident.items())
    return tuple(sorted(found, key=lambda place: (place.left, place.reference)))


class _Line(NamedTuple):
    pk: UUID
    reference: str
    state: str
    tentative: bool
    band: str
    overlap_start: datetime
    first_start: datetime | None

    @property
    def starts_at(self) -> datetime:
        return _earlier(self.band, self.overlap_start, self.first_start)


def _place(incident_id: UUID, lines: Sequence[_Line], now: datetime) -> Place:
    first = min(lines, key=lambda line: line.starts_at)
    return Place(
        incident_id=incident_id,
        conflict_id=first.pk,
        reference=first.reference,
        left=first.starts_at - TALK_BEFORE - now,
        state=_least_far(line.state for line in lines),
        tentative=all(line.tentative for line in lines),
    )


def _rows(conflicts: QuerySet[Conflict], now: datetime, wanted: Sequence[Place] | None = None) -> tuple[Incident, ...]:
    if wanted is not None:
        conflicts = conflicts.filter(incident_id__in=[place.incident_id for place in wanted])
    by_incident: defaultdict[UUID, list[Conflict]] = defaultdict(list)
    found = _going(conflicts, now).select_related("desk_owner")
    for conflict in found.only(*CONFLICT_COLUMNS).prefetch_related(Prefetch("sides", _sides())):
        by_incident[conflict.incident_id].append(conflict)
    if not by_incident:
        return ()
    names = {one.pk: one.label for one in Agency.objects.only("name", "short_name")}
    incidents = (_incident(lines, names, now) for lines in by_incident.values())
    return tuple(sorted(incidents, key=lambda row: (row.left, row.reference)))


def acts_of(actor: Actor, conflict_id: UUID) -> tuple[Act, ...]:
    """Who called, saw, talked and agreed, over all lines of the incident, oldest first; `NotFound` as ever."""
    conflict = access.get_conflict(actor, conflict_id)
    if not actor.can(access.WATCH):
        return ()
    lines = access.visible_conflicts(actor).filter(incident_id=conflict.incident_id).values("pk")
    events = ConflictEvent.objects.filter(conflict__in=lines, kind__in=ACTS).order_by("id")
    return tuple(_act(event) for event in events)


def _act(event: ConflictEvent) -> Act:
    return Act(
        event.at,
        event.conflict_id,
        event.operation_id,
        event.kind,
        event.author_name,
        names_in(event.people),
        event.how,
        event.identity_check,
        event.result,
        opened(event.note, NOTE),
    )


_FAR = (ConflictState.EXPIRED, ConflictState.NOTIFIED, ConflictState.ACKNOWLEDGED, ConflictState.CONTACTED)


def _sides() -> QuerySet[ConflictSide]:
    """What the queue reads of them, joined with their operations: a desk may have hundreds before it."""
    return ConflictSide.objects.select_related("own_operation").only(*SIDE_COLUMNS).order_by("pk")


def _incident(lines: list[Conflict], names: Mapping[UUID, str], now: datetime) -> Incident:
    first = min(lines, key=_starts_at)
    starts_at = _starts_at(first)
    sides = [side for line in lines for side in line.sides.all() if side.told]
    call_before = starts_at - TALK_BEFORE
    return Incident(
        incident_id=first.incident_id,
        conflict_id=first.pk,
        reference=first.reference,
        lines=len(lines),
        starts_at=starts_at,
        call_before=call_before,
        left=call_before - now,
        state=_least_far(line.state for line in lines),
        band=max((line.band for line in lines), key=("", "near", "direct").index),
        tentative=all(line.tentative for line in lines),
        loud=any(line.state == ConflictState.EXPIRED for line in lines) or any(map(_is_loud, _ladders(sides))),
        agencies=tuple(dict.fromkeys(_name(side, names) for side in sides)),
        waiting=tuple(
            dict.fromkeys(side.operation_id for side in sides if side.own_operation and not side.acknowledged_at)
        ),
        owner_id=first.desk_owner_id,
        owner=str(first.desk_owner) if first.desk_owner else "",
    )


def _least_far(states: Iterable[str]) -> str:
    return min(states, key=lambda one: _FAR.index(one) if one in _FAR else len(_FAR))


def _starts_at(conflict: Conflict) -> datetime:
    starts = (side.own_operation.starts_at for side in conflict.sides.all() if side.own_operation)
    return _earlier(conflict.band, conflict.overlap_start, min(starts, default=None))


def _earlier(band: str, overlap_start: datetime, first_start: datetime | None) -> datetime:
    """The earlier start, as the page of the conflict counts to it."""
    if first_start is None:
        return overlap_start
    # A shared subject's overlap reaches 72 hours beyond both: no start is in it.
    return min(first_start, overlap_start) if band else first_start


def _ladders(sides: Iterable[ConflictSide]) -> Iterable[list[ConflictSide]]:
    by_ladder: defaultdict[UUID, list[ConflictSide]] = defaultdict(list)
    for side in sides:
        if side.own_operation is not None and side.conflict.standing == Standing.OPEN:
            by_ladder[side.ladder_id].append(side)
    return by_ladder.values()


def _is_loud(lines: list[ConflictSide]) -> bool:
    clock = ladder.clock_of_all(lines)
    return clock is not None and is_loud(clock)


def _name(side: ConflictSide, names: Mapping[UUID, str]) -> str:
    return names.get(side.agency_id, side.foreign_agency) if side.agency_id else side.foreign_agency
