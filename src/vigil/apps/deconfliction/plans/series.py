"""Series: an operation repeated on other days, each an operation of its own that is searched and answered (ADR 5).

Its members name one another (`joint_with`): a night never alarms the next one, though a subject is compared for 72
hours around each. A series is planned first, with every day in one transaction, and registered a member at a time:
committed, then searched (ADR 3). What a crash left is registered by the worker, or from the series' page; asked twice,
nothing is done twice. Cancelling and moving go member by member in the same way; each tells what it could not do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from vigil.apps.deconfliction import access, actions, plan_rows, queries
from vigil.apps.deconfliction.models import Operation, Revision, RevisionKind, Series, SeriesMember, Status
from vigil.apps.deconfliction.plan import Plan
from vigil.apps.deconfliction.plan_rows import instant, moment
from vigil.apps.deconfliction.plans import planning
from vigil.apps.deconfliction.plans.repeat import Pattern, Reading, days_after, first_day, moved_by_days, said
from vigil.apps.deconfliction.queries import OperationRow
from vigil.core.actor import Actor
from vigil.core.errors import Conflict as Stale
from vigil.core.errors import Invalid, NotFound
from vigil.platform.accounts.access import actor_of_user
from vigil.platform.actions import action, concerns
from vigil.protocol import store as port

OVER = (Status.ENDED, Status.CANCELLED)
LEFT_ALONE = timedelta(minutes=2)
"""Ours: so long the worker leaves a new series to the page that registers it."""


# --- before anything is registered ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the preview. `problem`: its local time is in doubt; `left_out`: why it is not registered."""

    days: int
    starts_at: datetime
    ends_at: datetime
    zone: str
    flags: tuple[str, ...] = ()
    problem: str = ""
    left_out: str = ""


def preview(
    actor: Actor, operation_id: UUID, pattern: Pattern, reading: Reading | None, now: datetime
) -> tuple[Day, ...]:
    """Every day that the pattern takes, with the flags that its plan deserves today. Nothing is stored.

    Raises `Invalid` where the operation cannot be repeated or the pattern takes no day or too many.
    """
    plan = repeated(planning.plan_of(_repeatable(actor, operation_id)))
    return tuple(_day(actor, plan, days, reading, now) for days in days_after(pattern, first_day(plan)))


def _day(actor: Actor, plan: Plan, days: int, reading: Reading | None, now: datetime) -> Day:
    zone = plan.sites[0].zone if plan.sites else plan.span_zone or "UTC"
    try:
        moved = planning.flagged(actor, moved_by_days(plan, days, reading), now)
    except Invalid as doubt:
        roughly = plan_rows.shifted(plan, timedelta(days=days))
        out = _("Its local time is in doubt; left out.") if reading is Reading.LEAVE_OUT else ""
        return Day(days, *_times(roughly), zone, problem="" if out else doubt.sentence, left_out=out)
    over = _("Over already.") if max(actions._ends(moved)) <= instant(now) else ""
    return Day(days, *_times(moved), zone, moved.flags, left_out=over)


def _times(plan: Plan) -> tuple[datetime, datetime]:
    return moment(min(actions._starts(plan))), moment(max(actions._ends(plan)))


def repeated(plan: Plan) -> Plan:
    """What of a plan is repeated: all but what was said of that one operation alone."""
    return replace(
        plan,
        external_id="",
        joint_with=frozenset(),
        external_references=(),
        exigent_reason="",
        exigent_approver="",
    )


def _repeatable(actor: Actor, operation_id: UUID) -> Operation:
    operation = access.get_operation(actor, operation_id)
    if operation.status == Status.CANCELLED:
        raise Invalid.at(sentence=_("This operation is cancelled. Undo that first, or repeat another one."))
    if SeriesMember.objects.filter(operation=operation).exists():
        raise Invalid.at(sentence=_("This operation belongs to a series already. Copy it and repeat the copy."))
    return operation


# --- planned, then registered -----------------------------------------------------------------------------------------


@action("deconfliction.series.create")
def plan_series(
    actor: Actor,
    operation_id: UUID,
    expected_revision: int,
    pattern: Pattern,
    reading: Reading | None,
    now: datetime,
) -> Series:
    """Write down which days are to be registered, the operation itself being the first; to be followed by `go_on`.

    The operation is revised to name those to come. Raises `Conflict` (stale), and `Invalid` where it cannot be
    repeated, a local time is in doubt and nobody has said what it means, or no day is left.
    """
    operation = _repeatable(actor, operation_id)
    concerns(operation=operation.pk)
    if actor.user_id is None:
        raise NotFound
    if operation.revision != expected_revision:
        raise Stale
    plan = planning.plan_of(operation)
    actions._check_silence(actor, plan)
    days = _taken(preview(actor, operation_id, pattern, reading, now))
    series = Series.objects.create(
        agency_id=operation.agency_id,
        source=operation,
        source_revision=operation.revision,
        pattern=pattern.words(),
        reading=reading or "",
        created_by_id=actor.user_id,
        created_at=now,
    )
    first = SeriesMember(series=series, days=0, operation=operation, planned_id=operation.pk)
    members = [first, *(SeriesMember(series=series, days=one) for one in days)]
    SeriesMember.objects.bulk_create(members)
    named = replace(plan, joint_with=plan.joint_with | _others(members, first))
    actions._revise(actor, operation, named, RevisionKind.JOIN, port.Status(operation.status), now)
    concerns(series=series.pk)
    return series


def _others(members: Iterable[SeriesMember], own: SeriesMember) -> frozenset[str]:
    return frozenset(str(one.planned_id) for one in members if one.planned_id != own.planned_id)


def _taken(days: Iterable[Day]) -> list[int]:
    days = list(days)
    doubt = next((day.problem for day in days if day.problem), "")
    if doubt:
        raise Invalid.at("reading", sentence=f"{doubt} {_('Say what is meant.')}", choices=tuple(Reading))
    taken = [day.days for day in days if not day.left_out]
    if not taken:
        raise Invalid.at("until", sentence=_("No day is left to register."))
    return taken


@action("deconfliction.operation.register")
def register_member(actor: Actor, member_id: int, now: datetime) -> Operation | None:
    """Register one day of a series; the operation that it is already, where it was. None where it cannot be.

    Why it cannot is kept with the member, in English. `run_due_search` follows.
    """
    member = SeriesMember.objects.select_for_update(of=("self",)).select_related("series").get(pk=member_id)
    concerns(series=member.series_id)
    if member.operation_id is not None:
        return access.get_operation(actor, member.operation_id)
    try:
        with translation.override("en"):
            member.operation, member.problem = _register(actor, member, now), ""
    except Invalid as refused:
        member.problem = refused.sentence[:300]
    member.save(update_fields=("operation", "problem"))
    return member.operation


def _register(actor: Actor, member: SeriesMember, now: datetime) -> Operation:
    series = member.series
    reading = Reading(series.reading) if series.reading else None
    moved = moved_by_days(repeated(_source_plan(actor, series)), member.days, reading)
    named = replace(moved, joint_with=_others(series.members.all(), member))
    plan = planning.flagged(actor, named, now)
    if max(actions._ends(plan)) <= instant(now):
        raise Invalid.at(sentence=_("Its time was over before it could be registered."))
    actions._check_silence(actor, plan)
    return actions._create(
        actor,
        plan,
        RevisionKind.REGISTER,
        now,
        agency_id=series.agency_id,
        operation_id=member.planned_id,
        plan_id=series.source.plan_id if series.source else series.pk,
    )


def _source_plan(actor: Actor, series: Series) -> Plan:
    if series.source_id is not None:
        access.get_operation(actor, series.source_id)
        of = Revision.objects.select_related("operation").get(operation=series.source_id, number=series.source_revision)
        plan = plan_rows.plan_of(of)
        if plan.sites or plan.operation_type == "online_only":
            return plan
    raise Invalid.at(sentence=_("What was to be repeated has been purged."))


def go_on(actor: Actor, series_id: UUID, now: datetime) -> int:
    """Register and search what is not registered yet, a member at a time; how many operations that made."""
    series, made = get_series(actor, series_id), 0
    if series.source_id is not None:
        actions.run_due_search(actor, series.source_id, now)
    for member in series.members.filter(operation=None):
        operation = register_member(actor, member.pk, now)
        if operation is not None:
            actions.run_due_search(actor, operation.pk, now)
            made += 1
    return made


def left_behind(now: datetime) -> list[Series]:
    """Series of which a crash left days unregistered."""
    waiting = SeriesMember.objects.filter(series=OuterRef("pk"), operation=None, problem="")
    found = Series.objects.filter(Exists(waiting), created_at__lte=now - LEFT_ALONE)
    return list(found.select_related("created_by"))


def finish(series: Series, now: datetime) -> int:
    """Go on for whoever planned the series, as far as that person still may."""
    actor = actor_of_user(series.created_by, series.agency_id)
    if actor is None or not actor.can("deconfliction.operation.register"):
        return 0
    return go_on(actor, series.pk, now)


# --- one, this and the following, all ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an act on several members: how many were changed, and why others were not."""

    changed: int
    refused: tuple[str, ...] = ()


def cancel(actor: Actor, series_id: UUID, first: UUID | None, now: datetime) -> Done:
    """Cancel what is not over: from the operation `first` on, or all. What was not registered yet is taken out."""
    actor.require("deconfliction.series.edit")
    series = get_series(actor, series_id)
    from_days = _days_of(actor, series, first)
    drop_unregistered(actor, series_id, from_days, now)
    return _each(
        actor,
        _from(actor, series, from_days),
        lambda operation: actions.cancel_operation(actor, operation.pk, operation.revision, now),
        now,
    )


def move(
    actor: Actor, series_id: UUID, first: UUID | None, mark: UUID, now: datetime, *, days: int = 0, minutes: int = 0
) -> Done:
    """Move what has not begun: from the operation `first` on, or all. `mark` names the request: asked again, nothing
    moves twice.

    Raises `Invalid` while some are not registered yet: those would stay behind.
    """
    actor.require("deconfliction.series.edit")
    series = get_series(actor, series_id)
    if series.members.filter(operation=None).exists():
        raise Invalid.at(sentence=_("Some of this series are not registered yet: register them first, then move."))
    ahead = [one for one in _from(actor, series, _days_of(actor, series, first)) if one.starts_at > now]
    return _each(
        actor,
        ahead,
        lambda operation: move_member(actor, operation.pk, mark, now, days=days, minutes=minutes),
        now,
    )


@action("deconfliction.operation.edit")
def move_member(
    actor: Actor, operation_id: UUID, mark: UUID, now: datetime, *, days: int = 0, minutes: int = 0
) -> Operation:
    """Move one member as `planning.move_operation` does, once for each `mark`."""
    operation = access.get_operation(actor, operation_id)
    concerns(operation=operation.pk)
    member = SeriesMember.objects.select_for_update(of=("self",)).get(operation=operation)
    if member.moved_by == mark:
        return operation
    moved = planning._move(actor, operation, now, days=days, minutes=minutes)
    member.moved_by = mark
    member.save(update_fields=("moved_by",))
    return moved


@action("deconfliction.series.edit")
def drop_unregistered(actor: Actor, series_id: UUID, from_days: int, now: datetime) -> int:
    """Take out what was not registered yet, from so many days after the first on."""
    series = get_series(actor, series_id)
    concerns(series=series.pk)
    return series.members.filter(operation=None, days__gte=from_days).delete()[0]


def _each(
    actor: Actor, operations: Iterable[Operation], change: Callable[[Operation], Operation], now: datetime
) -> Done:
    changed, refused = 0, []
    for operation in operations:
        try:
            change(operation)
        except (Invalid, Stale) as error:
            refused.append(f"{operation.reference}: {error.sentence}")
            continue
        actions.run_due_search(actor, operation.pk, now)
        changed += 1
    return Done(changed, tuple(refused))


def _from(actor: Actor, series: Series, from_days: int) -> list[Operation]:
    members = access.visible_operations(actor).filter(series_member__series=series, series_member__days__gte=from_days)
    return list(members.exclude(status__in=OVER).order_by("starts_at", "id"))


def _days_of(actor: Actor, series: Series, operation_id: UUID | None) -> int:
    """Where "this and the following" begins: by the day planned, which no move changes."""
    if operation_id is None:
        return 0
    access.get_operation(actor, operation_id)
    days = series.members.filter(operation=operation_id).values_list("days", flat=True).first()
    if days is None:
        raise NotFound
    return days


# --- reads ------------------------------------------------------------------------------------------------------------


def visible_series(actor: Actor) -> QuerySet[Series]:
    """Series of which the actor sees an operation."""
    seen = access.visible_operations(actor).filter(series_member__series=OuterRef("pk"))
    return Series.objects.filter(Exists(seen))


def get_series(actor: Actor, series_id: UUID) -> Series:
    """The series; `NotFound` where there is none of which the actor sees an operation."""
    found = visible_series(actor).filter(pk=series_id).first()
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class Waiting:
    """A day that is not registered: to come, or refused with its reason."""

    days: int
    problem: str


@dataclass(frozen=True, slots=True)
class SeriesDetail:
    """A series with the members that the reader sees, by time; `waiting` only for who sees what is repeated."""

    id: UUID
    pattern: str
    created_at: datetime
    created_by: str
    rows: tuple[OperationRow, ...]
    waiting: tuple[Waiting, ...]


def series_detail(actor: Actor, series_id: UUID, now: datetime) -> SeriesDetail:
    """One series; `NotFound` as `get_series`."""
    series = get_series(actor, series_id)
    rows = queries.operation_list(actor, queries.OperationFilter(series=series.pk, limit=500), now).rows
    source_seen = any(row.id == series.source_id for row in rows)
    open_ones = series.members.filter(operation=None) if source_seen else SeriesMember.objects.none()
    return SeriesDetail(
        id=series.pk,
        pattern=said(series.pattern),
        created_at=series.created_at,
        created_by=str(series.created_by),
        rows=rows,
        waiting=tuple(Waiting(one.days, _(one.problem)) for one in open_ones),
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operation stands in its series, among those that the reader sees."""

    series_id: UUID
    pattern: str
    number: int
    count: int
    before: UUID | None
    after: UUID | None


def place_in_series(actor: Actor, operation_id: UUID) -> Place | None:
    """The operation's place in its series; None where it is in none."""
    member = SeriesMember.objects.filter(operation_id=operation_id).select_related("series").first()
    if member is None:
        return None
    seen = access.visible_operations(actor).filter(series_member__series=member.series_id)
    ids: list[UUID | None] = list(seen.order_by("starts_at", "id").values_list("id", flat=True))
    at = ids.index(operation_id)
    around = [None, *ids, None]
    return Place(member.series_id, said(member.series.pattern), at + 1, len(ids), around[at], around[at + 2])


def series_of(operation_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """To which series operations belong that the reader sees anyway."""
    members = SeriesMember.objects.filter(operation_id__in=list(operation_ids))
    return {one.operation_id: one.series_id for one in members if one.operation_id is not None}


def siblings_of(operation_ids: Iterable[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Of operations in a series: the ids of the others in it, which they name by themselves."""
    members = SeriesMember.objects.filter(operation_id__in=list(operation_ids)).select_related("series")
    planned = SeriesMember.objects.filter(series__in={one.series_id for one in members})
    in_series: dict[UUID, set[UUID]] = defaultdict(set)
    for one in planned:
        in_series[one.series_id].add(one.planned_id)
    return {one.planned_id: frozenset(in_series[one.series_id] - {one.planned_id}) for one in members}


def still_named(operation_id: UUID, plan: Plan) -> Plan:
    """The plan that replaces a member's, which goes on naming the others: nobody types those."""
    siblings = siblings_of([operation_id]).get(operation_id, frozenset())
    return replace(plan, joint_with=plan.joint_with | frozenset(map(str, siblings)))
