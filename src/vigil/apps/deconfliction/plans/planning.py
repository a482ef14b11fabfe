"""Operations moved, split, copied and renewed, and the reason of an exigent one given (specification, section 3).

Each is a revision, or a new operation, that is searched and answered like any other; nothing here is special to p1.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from vigil.apps.deconfliction import access, actions, forms, plan_rows, rules
from vigil.apps.deconfliction.contexts import plan_context
from vigil.apps.deconfliction.models import Draft, Operation, Revision, RevisionKind, Status
from vigil.apps.deconfliction.plan import RENEWED, Plan
from vigil.apps.deconfliction.plan_rows import instant
from vigil.apps.deconfliction.plans.repeat import FARTHEST_DAYS, moved_by_days
from vigil.apps.deconfliction.wall_times import TimeError, read_time
from vigil.core.actor import Actor
from vigil.core.errors import Conflict as Stale
from vigil.core.errors import Invalid, NotFound
from vigil.engine.operation import Window
from vigil.engine.types import OPERATION_TYPES
from vigil.platform.actions import action, concerns
from vigil.protocol import store as port

OVER = (Status.ENDED, Status.CANCELLED)
RENEWED_TYPES = ("fixed_surveillance", "technical_install")
"""Specification 3, the table: "7 d, then renew"."""


@action("deconfliction.operation.edit")
def move_operation(
    actor: Actor, operation_id: UUID, expected_revision: int, now: datetime, *, days: int = 0, minutes: int = 0
) -> Operation:
    """Move the whole operation: by days at the same local time, by minutes of elapsed time. It asks again.

    Raises `Conflict` (stale), `Invalid` where it is over, moves by nothing or too far, or a local time is in doubt.
    """
    return _move(actor, _current(actor, operation_id, expected_revision), now, days=days, minutes=minutes)


@action("deconfliction.operation.edit")
def fix_time(
    actor: Actor, operation_id: UUID, expected_revision: int, starts_at: str, ends_at: str, now: datetime
) -> Operation:
    """Fix the time of a tentative operation, for every site: a revision that is tentative no more and asks again.

    The times are as people type them, local to each site, or RFC 3339. Raises `Conflict` (stale), and `Invalid` at a
    time that cannot be read or is over, and where the operation is over or not tentative.
    """
    operation = _current(actor, operation_id, expected_revision)
    plan = plan_of(operation)
    if operation.status in OVER or not plan.tentative:
        raise Invalid.at(
            sentence=_("Only the time of a tentative operation that is not over is fixed: edit it instead.")
        )

    def fixed(zone: str) -> Window:
        start = _typed_time("starts_at", starts_at, zone, now)
        return Window(start, _typed_time("ends_at", ends_at, zone, now, after=start))

    windows = [(site, fixed(site.zone)) for site in plan.sites]
    sites = tuple(plan_rows.retimed(site, window.start, window.end) for site, window in windows)
    span = fixed(plan.span_zone or "UTC") if plan.span else None
    plan = flagged(actor, replace(plan, sites=sites, span=span, tentative=False), now)
    if max(actions._ends(plan)) <= instant(now):
        raise Invalid.at("ends_at", sentence=_("That is over already."))
    return actions._revise(actor, operation, plan, RevisionKind.EDIT, port.Status.REGISTERED, now)


def _typed_time(field: str, text: str, zone: str, now: datetime, after: int | None = None) -> int:
    try:
        read = read_time(text, zone, now, plan_rows.moment(after) if after is not None else None).instant
    except TimeError as error:
        raise Invalid.at(field, sentence=error.sentence, choices=error.choices) from None
    if after is not None and read <= after:
        raise Invalid.at(field, sentence=_("The end is not after the start."))
    return read


@action("deconfliction.operation.edit")
def split_operation(
    actor: Actor, operation_id: UUID, expected_revision: int, chosen: Collection[int], now: datetime
) -> tuple[Operation, Operation]:
    """Put the chosen sites (counted from 0) into an operation of their own; what is left, and the new one.

    Both ask again; subjects, contacts and everything else stand in both. Raises `Invalid` unless at least one site is
    chosen and at least one is left.
    """
    operation = _current(actor, operation_id, expected_revision)
    if operation.status in OVER:
        raise Invalid.at(sentence=_("This operation is over: there is nothing to split."))
    plan = plan_of(operation)
    taken = tuple(site for index, site in enumerate(plan.sites) if index in chosen)
    left = tuple(site for index, site in enumerate(plan.sites) if index not in chosen)
    if not taken or not left:
        raise Invalid.at("sites", sentence=_("Choose some of the sites: at least one goes, at least one stays."))
    # An imported number names one operation, and a joint group was agreed for the operation as it was.
    own = replace(plan, sites=taken, external_id="", joint_with=frozenset())
    status = port.Status(operation.status)
    rest = actions._revise(
        actor, operation, flagged(actor, replace(plan, sites=left), now), RevisionKind.EDIT, status, now
    )
    new = actions._create(
        actor,
        flagged(actor, own, now),
        RevisionKind.REGISTER,
        now,
        agency_id=operation.agency_id,
        plan_id=operation.plan_id,
    )
    concerns(operations=[operation.pk, new.pk])
    return rest, new


@action("deconfliction.operation.register")
def copy_operation(actor: Actor, operation_id: UUID, now: datetime) -> Draft:
    """A draft, NOT REGISTERED, that says what the operation says, without its times and the reason for its haste."""
    typed = forms.typed_of_plan(plan_of(access.get_operation(actor, operation_id)))
    once = ("starts_at", "ends_at", "exigent_reason", "exigent_approver", "external_references")
    typed = {name: value for name, value in typed.items() if name not in once}
    typed["sites"] = [
        {name: value for name, value in site.items() if name not in ("starts_at", "ends_at")} for site in typed["sites"]
    ]
    return actions.save_draft(actor, typed, now)


@action("deconfliction.operation.edit")
def give_reason(actor: Actor, operation_id: UUID, reason: str, approver: str, now: datetime) -> Operation:
    """Say why an operation was registered at short notice and who approved it: a revision.

    Raises `Invalid` at each of the two that is missing or too long, and where nothing is due.
    """
    operation = access.get_operation(actor, operation_id)
    concerns(operation=operation.pk)
    if not operation.reason_due:
        raise Invalid.at(sentence=_("Reason and approver have been given already."))
    reason, approver = reason.strip(), approver.strip()
    for name, text in (("exigent_reason", reason), ("exigent_approver", approver)):
        if not text or len(text) > rules.LONGEST_TEXT:
            sentence = _("Give the reason and who approved it, each in at most {most} characters.")
            raise Invalid.at(name, sentence=sentence.format(most=rules.LONGEST_TEXT))
    plan = replace(plan_of(operation), exigent_reason=reason, exigent_approver=approver)
    return actions._revise(actor, operation, plan, RevisionKind.EDIT, port.Status(operation.status), now)


@action("deconfliction.operation.edit")
def renew_operation(actor: Actor, operation_id: UUID, expected_revision: int, now: datetime) -> Operation:
    """Let a long surveillance go on for its type's longest span from now: a revision that asks again.

    Raises `Invalid` where its type is not renewed, or it has not begun, or it is over.
    """
    operation = _current(actor, operation_id, expected_revision)
    if not may_renew(operation.operation_type, operation.status, operation.starts_at, now):
        raise Invalid.at(sentence=_("Only a surveillance or installation that has begun and is not over is renewed."))
    plan = plan_of(operation)
    until = instant(now + OPERATION_TYPES[operation.operation_type].longest_span)
    # From the renewal on: what lies before it has been asked about.
    begun = instant(now)
    sites = tuple(
        plan_rows.retimed(site, begun, max(site.ends_at, until)) if site.starts_at < begun else site
        for site in plan.sites
    )
    reason = plan.exigent_reason or RENEWED
    plan = flagged(actor, replace(plan, sites=sites, exigent_reason=reason), now)
    return actions._revise(actor, operation, plan, RevisionKind.EDIT, port.Status.REGISTERED, now)


def may_renew(operation_type: str, status: str, starts_at: datetime, now: datetime) -> bool:
    """Whether an operation is one that is renewed."""
    return operation_type in RENEWED_TYPES and status not in OVER and starts_at <= now


def plan_of(operation: Operation) -> Plan:
    """The plan of its current revision."""
    found = Revision.objects.select_related("operation").get(operation=operation, number=operation.revision)
    return plan_rows.plan_of(found)


def flagged(actor: Actor, plan: Plan, now: datetime) -> Plan:
    """The plan with the flags that it now deserves in the actor's agency."""
    if actor.agency_id is None:
        raise NotFound
    return replace(plan, flags=rules.plan_flags(plan, plan_context(actor.agency_id, now)))


def _move(actor: Actor, operation: Operation, now: datetime, *, days: int, minutes: int) -> Operation:
    plan = moved(plan_of(operation), Status(operation.status), now, days=days, minutes=minutes)
    return actions._revise(actor, operation, flagged(actor, plan, now), RevisionKind.SHIFT, port.Status.REGISTERED, now)


def moved(plan: Plan, status: Status, now: datetime, *, days: int = 0, minutes: int = 0) -> Plan:
    """The plan moved as `move_operation` moves it, or `Invalid` with why it cannot be."""
    if status in OVER:
        raise Invalid.at(sentence=_("This operation is over: copy it to plan it again."))
    by = timedelta(days=days, minutes=minutes)
    if not by or abs(by) > timedelta(days=FARTHEST_DAYS):
        sentence = _("Give by how much it moves: at most {most} days.").format(most=FARTHEST_DAYS)
        raise Invalid.at("by", sentence=sentence)
    plan = moved_by_days(plan, days) if days else plan
    plan = plan_rows.shifted(plan, timedelta(minutes=minutes)) if minutes else plan
    if max(actions._ends(plan)) <= instant(now):
        raise Invalid.at("by", sentence=_("Moved so, it would be over already. Move it by less."))
    return plan


def extent(plan: Plan) -> tuple[datetime, datetime]:
    """When the plan begins and when it ends, without buffers."""
    return plan_rows.moment(min(actions._starts(plan))), plan_rows.moment(max(actions._ends(plan)))


def _current(actor: Actor, operation_id: UUID, expected_revision: int) -> Operation:
    operation = access.get_operation(actor, operation_id)
    concerns(operation=operation.pk)
    if operation.revision != expected_revision:
        raise Stale
    return operation
