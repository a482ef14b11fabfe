"""One act on several operations of a list: what it would do, said beforehand line by line; then done, each by itself.

There is no bulk write: each operation is changed by the action that its own page uses, in a transaction of its own,
and searched afterwards (ADR 3). What somebody changed after it was ticked is left out, like what the act does not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vigil.apps.deconfliction import access, actions, plan_rows, queries
from vigil.apps.deconfliction.models import Operation, Revision, Status
from vigil.apps.deconfliction.plan import Plan
from vigil.apps.deconfliction.plans import planning
from vigil.core.actor import Actor
from vigil.core.errors import DomainError, Invalid, NotFound

MOST = queries.PAGE
"""As many as stand on one page of the list."""
OVER = (Status.ENDED, Status.CANCELLED)

PERMISSIONS: Mapping[str, str] = {
    "cancel": "deconfliction.operation.cancel",
    "end": "deconfliction.operation.end",
    "move": "deconfliction.operation.edit",
    "restore": "deconfliction.operation.restore",
    "export": "deconfliction.operation.export",
}
"""The acts, each with what its actor needs."""
UNSEEN = gettext_noop("There is no such operation that you may see.")
STALE = gettext_noop("Somebody changed it after you ticked it. Look at it first.")
REFUSED = gettext_noop("Your role does not allow this.")


@dataclass(frozen=True, slots=True)
class Ticked:
    """An operation as the reader saw it."""

    operation_id: UUID
    revision: int


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be done: `name` of `PERMISSIONS`; `days` by which a move goes, negative for earlier."""

    name: str
    days: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of one of them. `left_out` says why nothing does; `row` is None for what may not be seen.

    `times` are start and end after a move.
    """

    ticked: Ticked
    row: queries.OperationRow | None
    left_out: str = ""
    times: tuple[datetime, datetime] | None = None


def foresee(actor: Actor, act: Act, ticked: Sequence[Ticked], now: datetime) -> tuple[Line, ...]:
    """What the act would do to each, by start time. Reads only. Raises `Invalid` for too many, or for no act."""
    if act.name not in PERMISSIONS:
        raise NotFound
    if len(ticked) > MOST:
        sentence = _("Tick at most {most} at once. You ticked {n}.").format(most=MOST, n=len(ticked))
        raise Invalid.at("ticked", sentence=sentence)
    rows = {row.id: row for row in queries.rows_of(actor, [one.operation_id for one in ticked], now)}
    plans = _plans(actor, rows) if act.name == "move" else {}
    lines = [_line(actor, act, one, rows.get(one.operation_id), plans, now) for one in dict.fromkeys(ticked)]
    return tuple(sorted(lines, key=lambda line: (line.row is None, line.row.starts_at if line.row else now)))


def carry_out(actor: Actor, act: Act, ticked: Sequence[Ticked], now: datetime) -> tuple[Line, ...]:
    """Do it to each that can be done, and search for it; then each as it stands, with why the others were left out."""
    lines = [_done(actor, act, line, now) for line in foresee(actor, act, ticked, now)]
    rows = {row.id: row for row in queries.rows_of(actor, [line.ticked.operation_id for line in lines], now)}
    return tuple(replace(line, row=rows.get(line.ticked.operation_id)) for line in lines)


def _line(
    actor: Actor,
    act: Act,
    ticked: Ticked,
    row: queries.OperationRow | None,
    plans: Mapping[UUID, Plan],
    now: datetime,
) -> Line:
    if row is None:
        return Line(ticked, None, _(UNSEEN))
    if not actor.can(PERMISSIONS[act.name]):
        return Line(ticked, row, _(REFUSED))
    if act.name == "export":
        return Line(ticked, row)
    if row.revision != ticked.revision:
        return Line(ticked, row, _(STALE))
    if act.name != "move":
        return Line(ticked, row, _unfit(act.name, row, now))
    try:
        moved = planning.moved(plans[row.id], Status(row.status), now, days=act.days)
    except Invalid as refused:
        return Line(ticked, row, refused.sentence)
    return Line(ticked, row, times=planning.extent(moved))


def _unfit(name: str, row: queries.OperationRow, now: datetime) -> str:
    """Why the act does not fit the operation as it stands; empty where it does."""
    if name == "restore":
        return "" if row.status == Status.CANCELLED else _("It is not cancelled.")
    if row.status in OVER:
        return _("It is ended already.") if row.status == Status.ENDED else _("It is cancelled already.")
    if name == "end" and row.starts_at > now:
        return _("It has not begun: cancel it instead.")
    return ""


def _plans(actor: Actor, rows: Mapping[UUID, queries.OperationRow]) -> dict[UUID, Plan]:
    seen = access.visible_operations(actor).filter(pk__in=list(rows))
    current = Revision.objects.filter(operation__in=seen).select_related("operation")
    current = current.prefetch_related("sites", "subjects")
    return {one.operation_id: plan_rows.plan_of(one) for one in current if one.number == one.operation.revision}


def _done(actor: Actor, act: Act, line: Line, now: datetime) -> Line:
    if line.left_out:
        return line
    ticked = line.ticked
    try:
        changed = _CHANGES[act.name](actor, ticked, act, now)
        actions.run_due_search(actor, changed.pk, now)
    except DomainError as refused:
        return replace(line, left_out=refused.sentence)
    return replace(line, ticked=Ticked(changed.pk, changed.revision))


_CHANGES: Mapping[str, Callable[[Actor, Ticked, Act, datetime], Operation]] = {
    "cancel": lambda actor, one, _, now: actions.cancel_operation(actor, one.operation_id, one.revision, now),
    "end": lambda actor, one, _, now: actions.end_operation(actor, one.operation_id, one.revision, now),
    "restore": lambda actor, one, _, now: actions.undo_cancel(actor, one.operation_id, one.revision, now),
    "move": lambda actor, one, act, now: planning.move_operation(
        actor, one.operation_id, one.revision, now, days=act.days
    ),
}
