"""The times of a side's alarms over the rows: which lines an incident has, and when the worker must look again.

All sides with one `ladder_id` are lines of one alarm. Their `next_alarm_at` is what the worker finds; whatever changes
a conflict sets it anew in its own transaction (`keep_times`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from vigil.apps.deconfliction.alarms.rules import Clock, State, expires_at, next_at, together
from vigil.apps.deconfliction.models import Conflict, ConflictSide, ConflictState, Operation, Standing
from vigil.platform.prepared import Prepared, PreparedChange

TALKED = (ConflictState.CONTACTED, ConflictState.RESOLVED)


def _conflicts(ladder_id: Any) -> QuerySet[Any, Any]:
    """Keys of the conflicts that stand in which the ladder has a told side of ours."""
    told = ConflictSide.objects.filter(ladder_id=ladder_id, told=True, own_operation__isnull=False)
    return told.filter(conflict__standing=Standing.OPEN).order_by().values("conflict_id")


def _sides(ladder_id: Any) -> QuerySet[ConflictSide]:
    return ConflictSide.objects.filter(conflict_id__in=_conflicts(ladder_id)).order_by("operation_id")


_CONFLICTS = Prepared(lambda ladder: Conflict.objects.filter(pk__in=_conflicts(ladder)).order_by())
_SIDES = Prepared(_sides)
_DUE = Prepared(
    lambda ladder: ConflictSide.objects.filter(ladder_id=ladder, told=True, next_alarm_at__isnull=False).order_by()
)
_LOOK = PreparedChange(lambda side: ConflictSide.objects.filter(pk=side), "next_alarm_at")
_OPERATIONS = Prepared(
    lambda ladder: Operation.objects.filter(pk__in=_sides(ladder).order_by().values("own_operation_id")).order_by()
)


def lines_of(ladder_ids: Collection[UUID]) -> list[ConflictSide]:
    """The told sides of these ladders whose conflicts stand, each with its conflict and all sides of that.

    A line is the same object as among the sides of its conflict.
    """
    return sorted((line for ladder_id in ladder_ids for line in _lines(ladder_id)), key=order)


def _lines(ladder_id: UUID) -> Iterable[ConflictSide]:
    conflicts = {row.pk: row for row in _CONFLICTS(ladder_id)}
    if not conflicts:
        return
    operations = {row.pk: row for row in _OPERATIONS(ladder_id)}
    sides: defaultdict[UUID, list[ConflictSide]] = defaultdict(list)
    for side in _SIDES(ladder_id):
        # A conflict may have come up between the statements, which is no line yet.
        if side.conflict_id in conflicts:
            side.conflict = conflicts[side.conflict_id]
            side.own_operation = operations[side.own_operation_id] if side.own_operation_id else None
            sides[side.conflict_id].append(side)
    for key, conflict in conflicts.items():
        both = conflict.sides.all()
        both._result_cache = sides[key]
        # Where `prefetch_related` puts them.
        conflict._prefetched_objects_cache = {"sides": both}  # type: ignore[attr-defined]
        yield from (side for side in sides[key] if side.ladder_id == ladder_id and side.told and side.own_operation)


def order(line: ConflictSide) -> tuple[datetime, UUID]:
    """The earliest overlap first."""
    return line.conflict.overlap_start, line.conflict_id


def locked_lines(ladder_id: UUID) -> list[ConflictSide]:
    """`lines_of` one ladder, with their conflicts locked: nobody acknowledges while a step is taken, or otherwise."""
    conflicts = ConflictSide.objects.filter(ladder_id=ladder_id).values("conflict_id")
    list(Conflict.objects.select_for_update().filter(pk__in=conflicts).order_by("pk"))
    return lines_of([ladder_id])


def start_of(side: ConflictSide) -> datetime:
    """The earlier start as far as this side may know it: its own, and where both are active (section 7)."""
    assert side.own_operation is not None
    own: datetime = side.own_operation.starts_at
    # A shared subject's overlap reaches 72 hours beyond both: no start is in it.
    return min(own, side.conflict.overlap_start) if side.conflict.band else own


def clock_of(side: ConflictSide) -> Clock | None:
    """The clock of one line; None where it has no ladder."""
    conflict = side.conflict
    if side.alarmed_at is None or conflict.state == ConflictState.EXPIRED:
        return None
    starts = [one.own_operation.starts_at for one in conflict.sides.all() if one.own_operation is not None]
    return Clock(
        alarmed_at=side.alarmed_at,
        start=start_of(side),
        until=max(conflict.overlap_start, min(starts)),
        ends=conflict.overlap_end,
        acknowledged_at=side.acknowledged_at,
        talked=conflict.state in TALKED,
        stepped_at=side.stepped_at,
    )


def clock_of_all(lines: Iterable[ConflictSide]) -> Clock | None:
    """The one clock of a ladder's lines."""
    return together([clock for line in lines if (clock := clock_of(line)) is not None])


def may_expire(side: ConflictSide) -> bool:
    """Whether this line expires when nobody acknowledges it. What only an owner may know comes before no desk."""
    conflict = side.conflict
    return conflict.state == State.NOTIFIED and side.acknowledged_at is None and not conflict.owner_only


def running(conflict: Conflict) -> set[UUID]:
    """The ladders of its alarmed sides."""
    sides = ConflictSide.objects.filter(conflict=conflict, alarmed_at__isnull=False)
    return set(sides.values_list("ladder_id", flat=True))


def keep_times(ladder_ids: Iterable[UUID]) -> None:
    """After a change of conflicts: set anew when the worker looks at these ladders of theirs again."""
    wanted = set(ladder_ids)
    lines: defaultdict[UUID, list[ConflictSide]] = defaultdict(list)
    for line in lines_of(wanted) if wanted else ():
        lines[line.ladder_id].append(line)
    for ladder_id in wanted:
        _set_next(ladder_id, lines[ladder_id])


def _set_next(ladder_id: UUID, lines: Sequence[ConflictSide]) -> None:
    clock = clock_of_all(lines)
    clocks = [clock_of(line) for line in lines if may_expire(line)]
    due = [next_at(clock)] if clock else []
    due += [expires_at(one) for one in clocks if one is not None]
    following = min((at for at in due if at is not None), default=None)
    wanted = {line.pk: following for line in lines if line.alarmed_at is not None}
    known = {row.pk: row.next_alarm_at for row in _DUE(ladder_id)}
    for key in wanted.keys() | known.keys():
        if wanted.get(key) != known.get(key):
            _LOOK(key, wanted.get(key))
