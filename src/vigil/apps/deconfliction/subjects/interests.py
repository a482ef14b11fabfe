"""Registered interests: target deconfliction without an operation (specification, section 3, types).

An interest is an ordinary `online_only` operation of up to 180 days: it is searched, answered, alarmed and receipted
like any other. What is beside it is its short form, its renewal, and the reminder before it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vigil.apps.deconfliction import access, actions, notices, plan_rows, rules
from vigil.apps.deconfliction.contexts import plan_context
from vigil.apps.deconfliction.models import Operation, RegisteredInterest, Revision, Status
from vigil.apps.deconfliction.plan import AT_ONCE, Plan
from vigil.apps.deconfliction.plan_rows import instant
from vigil.apps.deconfliction.rules import PlanFlag
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.engine.operation import Window
from vigil.engine.types import Flag
from vigil.platform.actions import action, concerns
from vigil.platform.notices.board import notify

LONGEST_DAYS = 180
"""Specification, section 3, `online_only`: a registered interest."""
REMIND_BEFORE = timedelta(days=14)
"""Ours."""
REMINDER = gettext_noop("A registered interest of yours ends soon. Renew it, or let it end. Open Vigil.")
LIVE = (Status.REGISTERED, Status.UNDER_WAY)


@action("deconfliction.operation.register")
def register_interest(actor: Actor, raw: Mapping[str, Any], now: datetime) -> Operation:
    """Register an interest for `days` (180 where none are given) from now on; search it afterwards.

    `raw` has `days` and, as `rules.read_plan` takes them, `subjects`, `lead_contact`, `case_number`, `objective`,
    `disclosure`. Raises `Invalid` with every fault at its field; a subject that is not compared is no interest.
    """
    given = dict(raw)
    span = {"starts_at": now, "ends_at": now + timedelta(days=_days(given.pop("days", "")))}
    plan = rules.read_plan({**given, **span, "operation_type": "online_only"}, plan_context(actor.agency_id, now))
    if PlanFlag.NO_SUBJECT.value in plan.flags:
        hint = next((_(subject.hint) for subject in plan.subjects if subject.hint), _("Give at least one subject."))
        raise Invalid.at("subjects", 0, "value", sentence=hint)
    # It begins at once because it is no operation: nobody has to give a reason for that.
    plan = replace(_within_span(plan), exigent_reason=AT_ONCE)
    operation = actions.register_operation(actor, plan, now)
    RegisteredInterest.objects.create(operation=operation)
    concerns(operation=operation.pk)
    return operation


@action("deconfliction.operation.edit")
def renew_interest(actor: Actor, operation_id: UUID, expected_revision: int, now: datetime) -> Operation:
    """Let it last 180 days from now: a revision that asks again. `NotFound` where it is no interest."""
    if not visible_interests(actor).filter(operation_id=operation_id).exists():
        raise NotFound
    revision = Revision.objects.select_related("operation").get(
        operation_id=operation_id, number=F("operation__revision")
    )
    plan = plan_rows.plan_of(revision)
    # From the renewal on: what lies before it has been asked about.
    span = Window(instant(now), instant(now + timedelta(days=LONGEST_DAYS)))
    return actions.revise_operation(actor, operation_id, expected_revision, _within_span(replace(plan, span=span)), now)


@action("deconfliction.interest.remind")
def remind_interests(actor: Actor, now: datetime) -> int:
    """Remind the owners of interests that end within two weeks, once an end; how many interests that were."""
    ending = RegisteredInterest.objects.filter(
        operation__status__in=LIVE, operation__ends_at__gt=now, operation__ends_at__lte=now + REMIND_BEFORE
    ).exclude(reminded_for=F("operation__ends_at"))
    reminded = list(ending.select_related("operation"))
    for interest in reminded:
        operation = interest.operation
        key = f"deconfliction.interest:{operation.pk}:{operation.ends_at.isoformat()}"
        objects = {"operation": operation.pk}
        notify(notices.owners(operation), "deconfliction.interest", REMINDER, objects=objects, key=key, at=now)
        interest.reminded_for = operation.ends_at
        interest.save(update_fields=("reminded_for",))
    concerns(operations=[interest.operation_id for interest in reminded])
    return len(reminded)


def anything_ends(now: datetime) -> bool:
    """Whether an owner is to be reminded."""
    ending = RegisteredInterest.objects.filter(operation__ends_at__gt=now, operation__ends_at__lte=now + REMIND_BEFORE)
    live = ending.filter(operation__status__in=LIVE)
    return live.exclude(reminded_for=F("operation__ends_at")).exists()


@dataclass(frozen=True, slots=True)
class InterestRow:
    """One line of the list; `ends_soon` from two weeks before the end on."""

    operation_id: UUID
    reference: str
    revision: int
    subjects: tuple[str, ...]
    determination: str
    status: str
    submitter: str
    ends_at: datetime
    ends_soon: bool
    is_over: bool


def visible_interests(actor: Actor) -> Any:
    """Interests among the operations that the actor sees."""
    return RegisteredInterest.objects.filter(operation__in=access.visible_operations(actor))


def interest_list(actor: Actor, now: datetime) -> tuple[InterestRow, ...]:
    """The agency's interests, those that end first first, ended ones last."""
    found = visible_interests(actor).select_related("operation__submitter").order_by("operation__ends_at")
    interests = [one for one in found if one.operation.status != Status.CANCELLED]
    revisions = Revision.objects.filter(
        operation_id__in=[one.operation_id for one in interests], number=F("operation__revision")
    )
    plans = {
        revision.operation_id: plan_rows.plan_of(revision)
        for revision in revisions.select_related("operation").prefetch_related("sites", "subjects")
    }
    rows = [_row(one.operation, plans[one.operation_id], now) for one in interests]
    return tuple(sorted(rows, key=lambda row: row.is_over))


def _row(operation: Operation, plan: Plan, now: datetime) -> InterestRow:
    is_over = operation.ends_at <= now or operation.status not in LIVE
    return InterestRow(
        operation_id=operation.pk,
        reference=operation.reference,
        revision=operation.revision,
        subjects=tuple(subject.typed for subject in plan.subjects),
        determination=operation.determination,
        status=operation.status,
        submitter=str(operation.submitter) if operation.submitter else "",
        ends_at=operation.ends_at,
        ends_soon=not is_over and operation.ends_at <= now + REMIND_BEFORE,
        is_over=is_over,
    )


def _days(value: Any) -> int:
    text = str(value).strip()
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0 if text else LONGEST_DAYS
    if not 1 <= days <= LONGEST_DAYS:
        sentence = _("Give a number of days from 1 to {most}. It can be renewed.").format(most=LONGEST_DAYS)
        raise Invalid.at("days", sentence=sentence)
    return days


def _within_span(plan: Plan) -> Plan:
    """180 days are not longer than usual for an interest, though they are for another operation of this type."""
    return replace(plan, flags=tuple(flag for flag in plan.flags if flag != Flag.SPAN.value))
