"""How well alarms work, counted a side: how soon somebody saw one, how soon both talked, and what came of it.

A side of a conflict is one count in several figures, each with a few buckets; the purge adds the same counts to
`PurgedTallies`, so that a month reads the same before and after, without a place, a name or a time of day. Months are
those of the side's own start, in UTC. Live operations alone: exercises teach, they do not measure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from vigil.apps.deconfliction.access import WATCH, both_sides
from vigil.apps.deconfliction.models import (
    Conflict,
    ConflictEvent,
    ConflictSide,
    Operation,
    PurgedTallies,
    Revision,
    Standing,
)
from vigil.apps.deconfliction.plan import Disclosure
from vigil.core.actor import Actor
from vigil.engine.operation import Mode
from vigil.platform.actions import action, detail

READ = "deconfliction.quality.read"
IN_TIME = timedelta(minutes=30)
"""Voice contact is wanted this long before the earlier start (specification, section 6)."""
SEEN_WITHIN = (2, 5, 10, 30)
TALKED_WITHIN = (5, 10, 30, 60)
"""Minutes; the bounds of the buckets (ours)."""
LATER, NEVER = "later", "never"
EXPIRED = "expired"
"""How the log of a conflict calls that it began unacknowledged (`alarms`)."""


class Figure(StrEnum):
    """What is counted of a side; every side has at most one bucket of each."""

    BASIS = "basis"
    """`direct`, `near`, `subject`."""
    ORIGIN = "origin"
    """`own_agency`, `other_agency`, `other_node`: whose the other operation is."""
    OUTCOME = "outcome"
    """One of `Outcome`, `withdrawn`, or `none`: nobody recorded one, or not yet."""
    EXPIRED = "expired"
    """`yes`: it began while a side had not acknowledged."""
    ENTRY = "entry"
    """`early`, or `late`: registered inside the agency's lead time, or begun."""
    SEEN = "seen"
    """Minutes from being told to being acknowledged: `2`, `5`, `10`, `30`, `later`, `never`."""
    TALKED = "talked"
    """Minutes from being told to voice contact: `5`, `10`, `30`, `60`, `later`, `never`."""
    MARGIN = "margin"
    """Voice contact before the earlier start: `in_time` (30 minutes), `late`, `never`; `too_short`: told too late."""


class Key(NamedTuple):
    """Of what kind a count is; `month` is its first day."""

    agency_id: UUID
    month: date
    operation_type: str
    silent: bool
    figure: str
    bucket: str


@dataclass(frozen=True, slots=True)
class SideFacts:
    """What is known of one side. `start` is the earlier of both starts as far as this node knows them."""

    basis: str
    origin: str
    outcome: str
    late_entry: bool
    expired: bool
    escalates: bool
    told_at: datetime | None
    seen_at: datetime | None
    talked_at: datetime | None
    start: datetime


def buckets(facts: SideFacts, now: datetime | None) -> Iterator[tuple[Figure, str]]:
    """The side's bucket of each figure. What may yet be seen or talked about has none of the figures in time; without
    `now` all of it is over."""
    yield Figure.BASIS, facts.basis
    yield Figure.ORIGIN, facts.origin
    yield Figure.OUTCOME, facts.outcome
    yield Figure.ENTRY, "late" if facts.late_entry else "early"
    if facts.expired:
        yield Figure.EXPIRED, "yes"
    if not facts.escalates or facts.told_at is None:
        return
    is_over = now is None or now >= facts.start
    seen = _within(facts.told_at, facts.seen_at, SEEN_WITHIN, is_over)
    if seen:
        yield Figure.SEEN, seen
    talked = _within(facts.told_at, facts.talked_at, TALKED_WITHIN, is_over)
    if talked:
        yield Figure.TALKED, talked
    margin = _margin(facts, is_over)
    if margin:
        yield Figure.MARGIN, margin


def _within(told: datetime, done: datetime | None, bounds: Iterable[int], is_over: bool) -> str:
    if done is None:
        return NEVER if is_over else ""
    return next((str(bound) for bound in bounds if done - told <= timedelta(minutes=bound)), LATER)


def _margin(facts: SideFacts, is_over: bool) -> str:
    assert facts.told_at is not None
    if facts.start - facts.told_at < IN_TIME:
        return "too_short"
    if facts.talked_at is None:
        return NEVER if is_over else ""
    return "in_time" if facts.talked_at <= facts.start - IN_TIME else "late"


def tally(sides: Iterable[ConflictSide], now: datetime | None = None) -> Counter[Key]:
    """The counts of sides that `with_facts` read."""
    counted: Counter[Key] = Counter()
    for side in sides:
        operation = side.own_operation
        if operation is None or operation.mode != Mode.LIVE or not side.told or side.conflict.standing == Standing.PAST:
            continue
        silent = operation.disclosure == Disclosure.SILENT.value
        kind = (operation.agency_id, operation.starts_at.date().replace(day=1), operation.operation_type, silent)
        counted.update(Key(*kind, *one) for one in buckets(_facts(side, operation), now))
    return counted


def with_facts(sides: QuerySet[ConflictSide]) -> Iterator[ConflictSide]:
    """Those of these sides that are our own, with what `tally` reads."""
    late = Revision.objects.filter(operation_id=OuterRef("own_operation_id"), number=1, exigent=True)
    expired = ConflictEvent.objects.filter(conflict_id=OuterRef("conflict_id"), kind=EXPIRED)
    found = sides.filter(own_operation__isnull=False).annotate(late_entry=Exists(late), expired=Exists(expired))
    found = found.select_related("conflict", "own_operation").prefetch_related(both_sides("conflict__sides"))
    return found.iterator(chunk_size=500)


def _facts(side: ConflictSide, operation: Operation) -> SideFacts:
    conflict = side.conflict
    other = next((one for one in conflict.sides.all() if one.pk != side.pk), None)
    starts = [operation.starts_at]
    if other is not None and other.own_operation is not None:
        starts.append(other.own_operation.starts_at)
    annotated = vars(side)
    return SideFacts(
        basis=conflict.band or "subject",
        origin=_origin(side, other),
        outcome=_outcome(conflict),
        late_entry=annotated["late_entry"],
        expired=annotated["expired"],
        escalates=not conflict.tentative and conflict.standing == Standing.OPEN,
        told_at=side.notified_at,
        seen_at=side.acknowledged_at,
        talked_at=side.contacted_at,
        start=min(starts) if not conflict.band else min([*starts, conflict.overlap_start]),
    )


def _origin(side: ConflictSide, other: ConflictSide | None) -> str:
    if other is None or other.own_operation is None:
        return "other_node"
    return "own_agency" if other.own_operation.agency_id == side.agency_id else "other_agency"


def _outcome(conflict: Conflict) -> str:
    if conflict.standing == Standing.WITHDRAWN:
        return "withdrawn"
    return conflict.outcome or "none"


def counts(actor: Actor, first: date, now: datetime) -> Counter[Key]:
    """What the actor may count from that month on: the own agency's; a watch desk the whole node's.

    Silent operations are counted for the desk alone: others who might not see them may not count them.
    """
    actor.require(READ)
    begins = datetime(first.year, first.month, first.day, tzinfo=now.tzinfo)
    desk = actor.can(WATCH)
    wanted = ConflictSide.objects.filter(own_operation__starts_at__gte=begins, own_operation__mode=Mode.LIVE.value)
    purged = PurgedTallies.objects.filter(month__gte=first)
    if not desk:
        wanted, purged = wanted.filter(agency_id__in=[actor.agency_id]), purged.filter(agency_id__in=[actor.agency_id])
        wanted = wanted.exclude(own_operation__disclosure=Disclosure.SILENT.value)
        purged = purged.filter(silent=False)
    found = tally(with_facts(wanted), now)
    for row in purged:
        found[Key(row.agency_id, row.month, row.operation_type, row.silent, row.figure, row.bucket)] += row.count
    return found


def summed(found: Mapping[Key, int], figure: Figure, **only: object) -> Counter[str]:
    """Counts a bucket of one figure, of the keys whose fields are as given."""
    result: Counter[str] = Counter()
    for key, count in found.items():
        if key.figure == figure and all(getattr(key, name) == value for name, value in only.items()):
            result[key.bucket] += count
    return result


@action(READ)
def record_csv(actor: Actor, size: int) -> None:
    """The months are taken out as CSV of so many bytes."""
    detail(table="alarm_quality", kind="csv", size=size)
