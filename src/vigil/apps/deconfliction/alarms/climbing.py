"""The worker's part: the next step of each ladder that is due, and what expired. One transaction a ladder.

A step is notices, deliveries and the instant it stood for, all or nothing; it is read from rows each time, so that two
workers, a crash at any point and a clock that jumps take no step twice and lose none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F
from django.db.transaction import on_commit
from django.utils.translation import gettext as _

from vigil.apps.deconfliction import access, notices
from vigil.apps.deconfliction.alarms import ladder, lifecycle, texts
from vigil.apps.deconfliction.alarms.people import reach
from vigil.apps.deconfliction.alarms.rules import Clock, Event, Rung, Step, expires_at, next_step
from vigil.apps.deconfliction.deliveries import CONFLICT
from vigil.apps.deconfliction.models import ConflictSide
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.engine.operation import Mode
from vigil.platform.actions import action, concerns
from vigil.platform.delivery import outbox
from vigil.platform.notices.board import notify
from vigil.platform.notices.models import Notice
from vigil.platform.points import write_point

AT_ONCE = 50
"""So many ladders are looked at in one round of the worker; the rest a second later."""
SHORTEST = timedelta(minutes=10)
"""Ours: a message that cannot be handed over is tried at least so long."""


def due(now: datetime) -> list[UUID]:
    """The ladders that have something to do, the longest due first."""
    rows = ConflictSide.objects.filter(next_alarm_at__lte=now).order_by("next_alarm_at")
    return list(dict.fromkeys(rows.values_list("ladder_id", flat=True)[:AT_ONCE]))


@action("deconfliction.conflict.escalate")
def climb(actor: Actor, ladder_id: UUID, now: datetime) -> Step | None:
    """Take the ladder's next step if it is due, and let expire what nobody acknowledged; the step that was taken."""
    lines = ladder.locked_lines(ladder_id)
    concerns(conflicts=[line.conflict_id for line in lines])
    clock = ladder.clock_of_all(lines)
    step = next_step(clock, now) if clock else None
    if clock and step:
        take(lines, clock, step, now)
    for line in lines:
        _expire(line, now)
    ladder.keep_times([ladder_id])
    write_point("before_step_commit")
    on_commit(lambda: write_point("after_step_commit"))
    return step


@action("deconfliction.conflict.escalate")
def call_everyone(actor: Actor, conflict_id: UUID, operation_id: UUID, now: datetime) -> Step:
    """The watch desk does not wait: everyone of one side is told at once; its ladder goes on by its times.

    Raises `Invalid` where that side's alarm is over, `NotFound` for a side that was not told.
    """
    conflict = access.get_conflict(actor, conflict_id)
    side = conflict.sides.filter(told=True, operation_id=operation_id, own_operation__isnull=False).first()
    if side is None:
        raise NotFound
    lines = ladder.locked_lines(side.ladder_id)
    concerns(conflicts=[line.conflict_id for line in lines])
    clock = ladder.clock_of_all(lines)
    if clock is None or now >= clock.ends:
        raise Invalid.at(sentence=_("This side's alarm is over: call them yourself."))
    begun = int((now - clock.alarmed_at).total_seconds())
    step = Step(max(now, clock.stepped_at or now), begun, Rung.EVERYONE, again=False)
    take(lines, clock, step, now, by="desk")
    ladder.keep_times([side.ladder_id])
    return step


def take(
    lines: Sequence[ConflictSide], clock: Clock, step: Step, now: datetime, *, noticed: bool = False, by: str = ""
) -> None:
    """Tell whom the step reaches, in the caller's transaction; `noticed`: notices were written by the caller. `by`: the
    step is none of the ladder's own.

    Exercises and tests tell accounts alone: a real telephone never rings for them.
    """
    side = next((line for line in lines if line.acknowledged_at is None), lines[0])
    operation = side.own_operation
    assert operation is not None
    found = reach(side, step.rung, now)
    leg = by or ("again" if step.again else "first")
    key = f"{side.ladder_id}:{clock.alarmed_at:%Y%m%d%H%M%S}:{leg}:{step.number}"
    written = [] if noticed else _notices(side, step, found.accounts, key, now)
    if found.desk:
        written += _desk(side, texts.CONNECT, f"{key}:relay", now)
    write_point("after_step_notices")
    if operation.mode == Mode.LIVE:
        until = max(clock.until, now + SHORTEST)
        outbox.send(
            found.addresses,
            CONFLICT,
            key=key,
            about=side.ladder_id,
            at=now,
            until=until,
            urgent=True,
            with_reply_code=True,
        )
    write_point("after_step_deliveries")
    if not noticed:
        ids = [one.pk for one in written]
        lifecycle.log(side.conflict, "stepped", now, side=side, notices=ids, result=step.rung.name.lower())
        notices.conflict_changed(side.conflict, now)
    rows = ConflictSide.objects.filter(pk__in=[line.pk for line in lines if line.alarmed_at is not None])
    rows.update(stepped_at=step.at, alarm_count=F("alarm_count") + int(not noticed))


def _notices(side: ConflictSide, step: Step, accounts: Sequence[UUID], key: str, now: datetime) -> list[Notice]:
    body = texts.again(side, acknowledged=side.acknowledged_at is not None)
    objects = {"conflict": side.conflict_id}
    written = notify(accounts, texts.KIND, body, objects=objects, key=key, urgent=True, at=now)
    if step.rung is Rung.EVERYONE and not side.conflict.owner_only:
        written += _desk(side, texts.DESK_AGAIN, f"{key}:desk", now)
    return written


def _desk(side: ConflictSide, body: str, key: str, now: datetime) -> list[Notice]:
    assert side.own_operation is not None
    body = texts.in_mode(body, side)
    objects = {"conflict": side.conflict_id}
    return notify(notices.desk_of(side.own_operation), texts.KIND, body, objects=objects, key=key, urgent=True, at=now)


def _expire(line: ConflictSide, now: datetime) -> None:
    clock = ladder.clock_of(line)
    line.conflict.refresh_from_db(fields=["state"])
    if clock is None or not ladder.may_expire(line) or now < expires_at(clock):
        return
    lifecycle.move(line.conflict, Event.EXPIRED)
    key = f"{line.conflict_id}:{line.conflict.change}:expired"
    written = _desk(line, texts.EXPIRED, key, now)
    lifecycle.log(line.conflict, "expired", now, notices=[one.pk for one in written])
    notices.conflict_changed(line.conflict, now)
