"""The times of a side's alarms over the rows: which lines an incident has, and when the worker must look again.

All sides with one `ladder_id` are lines of one alarm. Their `next_alarm_at` is what the worker finds; whatever changes
a conflict sets it anew in its own transaction (`keep_times`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from vigil.apps.deconfliction import access
from vigil.apps.deconfliction.alarms.rules import Clock, State, expires_at, next_at, together
from vigil.apps.deconfliction.models import Conflict, ConflictSide, ConflictState, Standing

TALKED = (ConflictState.CONTACTED, ConflictState.RESOLVED)


def lines_of(ladder_ids: Collection[UUID]) -> list[ConflictSide]:
    """The told sides of these ladders whose conflicts stand, each with its conflict and all sides of that."""
    found = ConflictSide.objects.filter(
        ladder_id__in=ladder_ids, told=True, own_operation__isnull=False, conflict__standing=Standing.OPEN
    )
    rows = found.select_related("conflict", "own_operation").prefetch_related(access.both_sides("conflict__sides"))
    return sorted(rows, key=order)


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
    open_ones = [line.pk for line in lines if line.alarmed_at is not None]
    rows = ConflictSide.objects.filter(ladder_id=ladder_id, told=True)
    rows.filter(pk__in=open_ones).exclude(next_alarm_at=following).update(next_alarm_at=following)
    rows.exclude(pk__in=open_ones).exclude(next_alarm_at=None).update(next_alarm_at=None)
