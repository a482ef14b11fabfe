"""What an alarm tells at once: notices to the owners' people and the watch desk, in the conflict's own transaction.

A silent operation's place match goes to the deconflictor alone, its subject match to the owner alone. Lines of one
incident that are found together are told once (specification, section 6); each later step is `climbing`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_noop

from vigil.apps.deconfliction.alarms import climbing, ladder, lifecycle, texts
from vigil.apps.deconfliction.alarms.rules import TALK_BEFORE, TIMES, Event, next_step
from vigil.apps.deconfliction.deliveries import CONFLICT, WITHDRAWN
from vigil.apps.deconfliction.models import Conflict, ConflictEvent, ConflictSide
from vigil.apps.deconfliction.notices import (
    DESK_TEXTS,
    KIND,
    TEXTS,
    deconflictor_of,
    desk_of,
    owners,
)
from vigil.apps.deconfliction.plan_rows import moment, names_in
from vigil.platform.delivery import outbox
from vigil.platform.delivery.addresses import Address
from vigil.platform.delivery.models import Channel, DeliveryEvent
from vigil.platform.notices.board import notify
from vigil.platform.notices.models import Notice
from vigil.platform.prepared import Prepared, insert, new
from vigil.protocol import store as port
from vigil.protocol.store import AlarmKind, Route

ALARMS = (AlarmKind.DETECTED, AlarmKind.WORSENED)
SPOKE = ("contacted", "called")
_SIDE = Prepared(
    lambda conflict, operation: (
        ConflictSide.objects.select_for_update()
        .filter(conflict_id=conflict, operation_id=operation, own_operation__isnull=False)
        .order_by()
    )
)
STAND_DOWN_FOR = timedelta(hours=1)
"""Ours: so long it is tried to tell those whom an alarm reached that it stands no longer."""


def tell(conflict: Conflict, alarm: port.Alarm) -> UUID:
    """Write the notices of an alarm in its own transaction, and note on the side that it was told.

    Returns the side's ladder, whose times its transaction sets before it commits (`ladder.keep_times`).
    """
    (side,) = _SIDE(conflict.pk, UUID(alarm.operation_id))
    side.conflict = conflict
    others = []
    for line in ladder.lines_of([side.ladder_id]):
        if line.pk != side.pk:
            others.append(line)
        else:
            side.conflict, side.own_operation = line.conflict, line.own_operation
    conflict = side.conflict
    at = moment(alarm.raised_at)
    running = _running(side, alarm, others, at)
    written = [] if running else _notify(conflict, side, alarm, _key(conflict, side, alarm, others, at), at)
    _note(conflict, side, alarm, others, running)
    if side.alarmed_at is not None and side.alarmed_at == at and running is None:
        _first_step([*others, side], at)
    event = new(
        ConflictEvent,
        conflict_id=conflict.pk,
        at=at,
        kind=f"alarm_{alarm.kind}",
        operation_id=side.operation_id,
        notices=[str(one.pk) for one in written],
    )
    insert([event])
    return side.ladder_id


def _first_step(lines: Iterable[ConflictSide], at: datetime) -> None:
    """What goes beyond the page goes out at once, in the same transaction."""
    lines = sorted(lines, key=ladder.order)
    clock = ladder.clock_of_all(lines)
    step = next_step(clock, at) if clock else None
    if clock and step:
        climbing.take(lines, clock, step, at, noticed=True)


def _running(
    side: ConflictSide, alarm: port.Alarm, others: Iterable[ConflictSide], at: datetime
) -> ConflictSide | None:
    """A line of the same alarm that its people were just told of and have not answered; they hear of this one there."""
    if alarm.kind is not AlarmKind.DETECTED or alarm.tentative:
        return None
    for line in others:
        if line.alarmed_at is None or line.acknowledged_at is not None or line.route != alarm.route:
            continue
        fresh = at - line.alarmed_at <= TIMES[-1]
        as_near = ladder.start_of(side) - TALK_BEFORE > at or ladder.start_of(line) - TALK_BEFORE <= at
        if fresh and as_near and line.conflict.owner_only == side.conflict.owner_only:
            return line
    return None


def _key(
    conflict: Conflict, side: ConflictSide, alarm: port.Alarm, others: Iterable[ConflictSide], at: datetime
) -> str:
    """What must not be told twice. While other lines stand, what happens to several within a minute is one change."""
    if alarm.kind in ALARMS or not list(others):
        return f"{KIND}:{conflict.id}:{conflict.change}"
    return f"{KIND}:{side.ladder_id}:{alarm.kind}:{at:%Y%m%d%H%M}"


def _notify(conflict: Conflict, side: ConflictSide, alarm: port.Alarm, key: str, at: datetime) -> list[Notice]:
    operation = side.own_operation
    assert operation is not None
    kind, urgent = f"{KIND}.{alarm.kind}", not alarm.tentative and alarm.kind in ALARMS
    objects = {"conflict": conflict.id}
    written: list[Notice] = []
    if alarm.route is Route.OWNER:
        told = owners(operation)
        written += notify(told, kind, texts.in_mode(_text(alarm), side), objects=objects, key=key, urgent=urgent, at=at)
    if not conflict.owner_only:
        told = desk_of(operation)
        if alarm.route is Route.DECONFLICTOR:
            told = [*told, *deconflictor_of(operation.agency_id)]
        written += notify(
            told, kind, texts.in_mode(DESK_TEXTS[alarm.kind], side), objects=objects, key=key, urgent=urgent, at=at
        )
    return written


def _text(alarm: port.Alarm) -> str:
    if alarm.masked and alarm.kind in ALARMS:
        return texts.masked()
    if alarm.tentative and alarm.kind is AlarmKind.DETECTED:
        return gettext_noop("An operation of yours may meet another one; a time is not fixed yet. Open Vigil.")
    return TEXTS[alarm.kind]


def _note(
    conflict: Conflict,
    side: ConflictSide,
    alarm: port.Alarm,
    others: Sequence[ConflictSide],
    running: ConflictSide | None,
) -> None:
    at = moment(alarm.raised_at)
    side.notified_at = side.notified_at or at
    side.alarm_count += 1
    side.route = alarm.route.value
    if alarm.kind in ALARMS:
        # "Already spoke" no longer holds.
        side.acknowledged_at = side.acknowledged_by = side.contacted_at = None
        side.acknowledged_name = ""
        # What was told at once is the ladder's first step.
        side.alarmed_at, side.stepped_at = (None, None) if alarm.tentative else (at, None)
        if running is not None:
            side.alarmed_at, side.stepped_at = running.alarmed_at, running.stepped_at
        if conflict.outcome or conflict.resolved_at:
            conflict.outcome, conflict.resolved_at = "", None
            conflict.save(update_fields=("outcome", "resolved_at"))
        lifecycle.move(conflict, Event.TOLD)
    elif alarm.kind is AlarmKind.WITHDRAWN:
        side.alarmed_at = side.next_alarm_at = None
        tell_by_name(conflict, side, at)
        if not others:
            _stand_down(conflict, side, at)
    side.save()


def _stand_down(conflict: Conflict, side: ConflictSide, at: datetime) -> None:
    """Who was reached beyond the page is told there that no line of the alarm stands any longer."""
    outbox.stop(side.ladder_id, at)
    ways = [way for way in outbox.ways(side.ladder_id) if way.to and way.delivery.kind == CONFLICT]
    reached = {
        (way.delivery.channel, way.to): Address(Channel(way.delivery.channel), way.to, way.name, way.delivery.user_id)
        for way in ways
        if any(event.step == DeliveryEvent.Step.HANDED_OVER for event in way.events)
    }
    key, until = f"{conflict.id}:{conflict.change}:withdrawn", at + STAND_DOWN_FOR
    outbox.send(reached.values(), WITHDRAWN, key=key, about=side.ladder_id, at=at, until=until, urgent=True)


def tell_by_name(conflict: Conflict, side: ConflictSide, at: datetime) -> None:
    """Who already telephoned about what stands no longer is told in person (section 6): their account, or by the names
    that were logged, which the watch desk and this side read.
    """
    spoke = [one for one in conflict.events.filter(kind__in=SPOKE) if one.operation_id == side.operation_id]
    accounts = {one.author_id for one in spoke if one.author_id is not None}
    key = f"{KIND}:{conflict.id}:{conflict.change}:spoke"
    body, objects = texts.in_mode(texts.YOU_SPOKE, side), {"conflict": conflict.id}
    notify(accounts, f"{KIND}.withdrawn", body, objects=objects, key=key, urgent=True, at=at)
    names = {name for one in spoke for name in names_in(one.people).values()}
    if names:
        people = {str(number): name for number, name in enumerate(sorted(names))}
        lifecycle.log(conflict, "tell_by_name", at, side=side, people=people)
