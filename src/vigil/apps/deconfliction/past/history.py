"""Past operations and what came of them, as far as retention allows; of what was purged, counts alone.

Each reader sees the operations that `access` gives them. The counts name agency, month, type, answer, band and outcome
of the reader's own agency and nothing else (specification, section 7).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from vigil.apps.deconfliction import access, queries
from vigil.apps.deconfliction.models import (
    ConflictSide,
    Operation,
    Outcome,
    PurgedConflicts,
    PurgedOperations,
    Standing,
    Status,
)
from vigil.core.actor import Actor
from vigil.engine.operation import Mode
from vigil.platform.agencies.models import Agency

NO_CONFLICT, NOT_RECORDED, WITHDRAWN = "no_conflict", "not_recorded", "withdrawn"
OUTCOMES = (*Outcome.values, NOT_RECORDED, WITHDRAWN, NO_CONFLICT)


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """What the history is narrowed to: `operations` as in the list of operations, `outcome` one of `OUTCOMES`, `met`
    the agency on the other side of a conflict."""

    operations: queries.OperationFilter
    outcome: str = ""
    met: UUID | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """One conflict of a past operation: with whom (empty where that is hidden), how near, and what came of it."""

    conflict_id: UUID
    reference: str
    other_agency: str
    band: str
    outcome: str


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One past operation with its conflicts that the reader may know of."""

    operation: queries.OperationRow
    conflicts: tuple[Happened, ...]


def history(actor: Actor, wanted: HistoryFilter, now: datetime) -> queries.Page[HistoryRow]:
    """A page of the past, the newest first unless the filter says otherwise."""
    found = queries.operation_list(actor, wanted.operations, now, _narrowed(actor, wanted, now))
    happened = _happened(actor, [row.id for row in found.rows])
    return queries.Page(tuple(HistoryRow(row, tuple(happened[row.id])) for row in found.rows), found.next_cursor)


def _narrowed(actor: Actor, wanted: HistoryFilter, now: datetime) -> QuerySet[Operation]:
    over = Q(status__in=(Status.ENDED, Status.CANCELLED)) | Q(ends_at__lte=now)
    found = access.visible_operations(actor).filter(over)
    if wanted.operations.determination:
        # What was cancelled stands as cancelled, whatever was answered last.
        found = found.exclude(status=Status.CANCELLED)
    # Few of the past met anybody: their conflicts are read first, not every operation's.
    sides = access.visible_sides(actor)
    if wanted.outcome == NO_CONFLICT:
        found = found.filter(~Exists(sides.filter(own_operation=OuterRef("pk"))))
    elif wanted.outcome:
        found = found.filter(pk__in=sides.filter(_came_to(wanted.outcome)).values("own_operation"))
    if wanted.met is not None:
        theirs = ConflictSide.objects.filter(conflict=OuterRef("conflict"), agency=wanted.met, silent=False)
        theirs = theirs.exclude(operation_id=OuterRef("operation_id"))
        found = found.filter(pk__in=sides.filter(Exists(theirs)).values("own_operation"))
    return found


def _came_to(outcome: str) -> Q:
    if outcome == WITHDRAWN:
        return Q(conflict__standing=Standing.WITHDRAWN)
    recorded = "" if outcome == NOT_RECORDED else outcome
    return Q(conflict__outcome=recorded) & ~Q(conflict__standing=Standing.WITHDRAWN)


def _happened(actor: Actor, operation_ids: Iterable[UUID]) -> defaultdict[UUID, list[Happened]]:
    found: defaultdict[UUID, list[Happened]] = defaultdict(list)
    mine = access.visible_sides(actor).filter(own_operation__in=list(operation_ids)).select_related("conflict")
    for side in mine.prefetch_related(access.both_sides("conflict__sides")).order_by("conflict__detected_at", "id"):
        conflict = side.conflict
        other = next((one for one in conflict.sides.all() if one.pk != side.pk), None)
        outcome = WITHDRAWN if conflict.standing == Standing.WITHDRAWN else conflict.outcome or NOT_RECORDED
        with_whom = queries.agency_of_side(other) if other else ""
        found[side.operation_id].append(Happened(conflict.pk, conflict.reference, with_whom, conflict.band, outcome))
    return found


def agencies_met(actor: Actor) -> list[tuple[str, str]]:
    """Id and name of the agencies that stand on the other side of the reader's conflicts, by name; no silent side."""
    mine = access.visible_sides(actor)
    theirs = ConflictSide.objects.filter(conflict__in=mine.values("conflict"), silent=False, agency__isnull=False)
    keys = theirs.exclude(pk__in=mine.values("pk")).values("agency")
    return [(str(agency.pk), agency.label) for agency in Agency.objects.filter(pk__in=keys)]


# --- what was purged -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PurgedMonth:
    """Live operations of one month that are gone: how many, by last answer (or cancelled); their conflicts by band."""

    month: date
    operations: int
    answers: tuple[int, ...]
    conflicts: tuple[int, ...]
    settled: int


ANSWERS = ("conflict", "no_known_conflict", "incomplete", "cancelled")
BANDS = ("direct", "near", "")


def purged_months(actor: Actor) -> tuple[PurgedMonth, ...]:
    """The counts of the reader's agency, the newest month first; silent operations for its watch desk alone."""
    actor.require(access.READ)
    counted: dict[str, Any] = {"agency_id": actor.agency_id, "mode": Mode.LIVE.value}
    if not actor.can(access.WATCH):
        counted["silent"] = False
    return tuple(sorted(_months(counted), key=lambda one: one.month, reverse=True))


def _months(counted: dict[str, Any]) -> Iterator[PurgedMonth]:
    operations: defaultdict[date, Counter[str]] = defaultdict(Counter)
    conflicts: defaultdict[date, Counter[str]] = defaultdict(Counter)
    settled: Counter[date] = Counter()
    for one in PurgedOperations.objects.filter(**counted):
        answer = one.status if one.status == Status.CANCELLED else one.determination
        operations[one.month][answer] += one.count
    for row in PurgedConflicts.objects.filter(**counted):
        conflicts[row.month][row.band] += row.count
        settled[row.month] += row.count if row.outcome in Outcome.values else 0
    for month in {*operations, *conflicts}:
        yield PurgedMonth(
            month,
            operations[month].total(),
            tuple(operations[month][answer] for answer in ANSWERS),
            tuple(conflicts[month][band] for band in BANDS),
            settled[month],
        )
