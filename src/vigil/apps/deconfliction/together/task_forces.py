"""Task forces: people of several agencies of this node who read what is registered for it, and nothing else.

An agency's administrator founds one and names the agencies that take part; each of them names its own people. The
owner of an operation registers it for a task force of their own; who may read it then stands in `access`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from vigil.apps.deconfliction import access, notices, plan_rows
from vigil.apps.deconfliction.cards import ConflictPerson, people, type_label
from vigil.apps.deconfliction.models import Operation, Revision, Status, TaskForce, TaskForceMember
from vigil.apps.deconfliction.plan import Disclosure, PlannedSite
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.core.permissions import Role
from vigil.platform.accounts.models import Membership
from vigil.platform.actions import action, concerns
from vigil.platform.agencies.models import Agency, agency_of, this_node

LONGEST_NAME = 100
MOST_LISTED = 200


# --- verbs -----------------------------------------------------------------------------------------------------------


@action("deconfliction.task_force.edit")
def found_task_force(actor: Actor, name: str, agency_ids: Iterable[UUID], now: datetime) -> TaskForce:
    """A task force of the administrator's agency and of those named, all served by this node. It has no members yet."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        sentence = _("Give a name of at most {most} characters.").format(most=LONGEST_NAME)
        raise Invalid.at("name", sentence=sentence)
    others = Agency.objects.filter(pk__in=list(agency_ids), is_served=True, is_active=True)
    others = others.exclude(pk__in=[actor.agency_id])
    if not others:
        raise Invalid.at("agencies", sentence=_("Name at least one other agency that takes part."))
    task_force = TaskForce.objects.create(name=name, created_at=now)
    task_force.agencies.set([*others, _own(actor)])
    concerns(task_force=task_force.pk)
    return task_force


@action("deconfliction.task_force.edit")
def name_members(actor: Actor, task_force_id: UUID, user_ids: Iterable[UUID], now: datetime) -> TaskForce:
    """Who of the administrator's own agency takes part, in place of those named before; others are not touched."""
    task_force = _of_agency(actor, task_force_id)
    wanted = set(user_ids)
    own = Membership.objects.filter(agency_id__in=[actor.agency_id], active=True, user__is_active=True)
    known = set(own.filter(user_id__in=wanted).values_list("user_id", flat=True))
    if known != wanted:
        raise NotFound
    before = TaskForceMember.objects.filter(task_force=task_force, agency_id__in=[actor.agency_id])
    before.exclude(user_id__in=wanted).delete()
    for user_id in wanted - set(before.values_list("user_id", flat=True)):
        TaskForceMember.objects.create(task_force=task_force, user_id=user_id, agency=_own(actor), added_at=now)
    concerns(task_force=task_force.pk, users=sorted(wanted))
    return task_force


@action("deconfliction.task_force.edit")
def leave_task_force(actor: Actor, task_force_id: UUID) -> None:
    """The administrator's agency takes part no more: its people read nothing of it, its operations are its own again.

    The last agency to leave ends the task force.
    """
    task_force = _of_agency(actor, task_force_id)
    concerns(task_force=task_force.pk)
    TaskForceMember.objects.filter(task_force=task_force, agency_id__in=[actor.agency_id]).delete()
    Operation.objects.filter(task_force=task_force, agency_id__in=[actor.agency_id]).update(task_force=None)
    task_force.agencies.remove(_own(actor))
    if not task_force.agencies.exists():
        task_force.delete()


@action("deconfliction.operation.share")
def register_for(actor: Actor, operation_id: UUID, task_force_id: UUID | None, now: datetime) -> Operation:
    """Register an operation for a task force that the actor is a member of, or for none. A silent one for none."""
    operation = access.get_operation(actor, operation_id)
    concerns(operation=operation.pk, **({"task_force": task_force_id} if task_force_id else {}))
    if task_force_id is not None and not member_task_forces(actor).filter(pk=task_force_id).exists():
        raise NotFound
    if task_force_id is not None and operation.disclosure == Disclosure.SILENT.value:
        raise Invalid.at(sentence=_("A silent operation is registered for no task force: nobody else reads it."))
    Operation.objects.filter(pk=operation.pk).update(task_force=task_force_id)
    operation.task_force_id = task_force_id
    notices.operations_changed(notices.readers_of(operation), now)
    return operation


# --- reads -----------------------------------------------------------------------------------------------------------


def member_task_forces(actor: Actor) -> QuerySet[TaskForce]:
    """Task forces that the actor is a member of, acting for the agency that named them."""
    return TaskForce.objects.filter(pk__in=access.memberships_of(actor).values("task_force_id"))


def choices_for(actor: Actor, operation_id: UUID) -> tuple[tuple[UUID, str, bool], ...]:
    """The task forces that the actor may register the operation for, and whether it is; the present one included."""
    now_for = access.get_operation(actor, operation_id).task_force_id
    found = member_task_forces(actor) | TaskForce.objects.filter(pk__in=[now_for] if now_for else [])
    return tuple((one.pk, one.name, one.pk == now_for) for one in found.distinct())


@dataclass(frozen=True, slots=True)
class SharedRow:
    """An operation of another agency in a task force's list."""

    id: UUID
    reference: str
    agency: str
    type_label: str
    status: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class TaskForceView:
    """A task force for one of its members, or for the administrator of an agency that takes part.

    `rows` are other agencies' operations, for members alone; `choices` whom an administrator may name, and whether
    they are members.
    """

    id: UUID
    name: str
    agencies: tuple[str, ...]
    members: tuple[tuple[str, str], ...]
    is_member: bool
    rows: tuple[SharedRow, ...]
    choices: tuple[tuple[UUID, str, bool], ...]


def task_force_list(actor: Actor, now: datetime) -> tuple[TaskForceView, ...]:
    """Those that concern the actor."""
    actor.require("deconfliction.task_force.read")
    member_of = set(member_task_forces(actor).values_list("pk", flat=True))
    found = TaskForce.objects.filter(pk__in=member_of)
    if Role.AGENCY_ADMIN in actor.roles:
        found = (found | TaskForce.objects.filter(agencies__in=[actor.agency_id])).distinct()
    return tuple(_view(actor, one, one.pk in member_of, now) for one in found.prefetch_related("agencies"))


def other_agencies(actor: Actor) -> list[tuple[UUID, str]]:
    """Agencies of this node that may be named when one is founded."""
    served = Agency.objects.filter(is_served=True, is_active=True).exclude(pk__in=[actor.agency_id])
    return [(agency.pk, agency.label) for agency in served]


@dataclass(frozen=True, slots=True)
class SharedOperation:
    """What a member of another agency reads: where, when, what kind, whom to call; no subject, case or conflict."""

    row: SharedRow
    task_force: str
    people: tuple[ConflictPerson, ...]
    plain_clothes: bool
    armed_and_dangerous: bool
    sites: tuple[PlannedSite, ...]


def shared_operation(actor: Actor, operation_id: UUID, now: datetime) -> SharedOperation:
    """One operation of another agency; `NotFound` where it is not shared with the actor."""
    operation = access.shared_operations(actor).filter(pk=operation_id).select_related("agency", "task_force").first()
    if operation is None:
        raise NotFound
    revision = Revision.objects.select_related("operation").get(operation=operation, number=F("operation__revision"))
    plan = plan_rows.plan_of(revision)
    return SharedOperation(
        _shared_row(operation, now),
        str(operation.task_force),
        people(plan_rows.contacts_of(revision), operation.agency, this_node()),
        plan.plain_clothes and plan.share_plain_clothes,
        plan.armed_and_dangerous and plan.share_armed_and_dangerous,
        plan.sites,
    )


def _own(actor: Actor) -> Agency:
    agency = agency_of(actor.agency_id) if actor.agency_id else None
    if agency is None:
        raise NotFound
    return agency


def _of_agency(actor: Actor, task_force_id: UUID) -> TaskForce:
    found = TaskForce.objects.filter(pk=task_force_id, agencies__in=[actor.agency_id]).first()
    if found is None:
        raise NotFound
    return found


def _view(actor: Actor, one: TaskForce, is_member: bool, now: datetime) -> TaskForceView:
    members = list(one.members.select_related("user", "agency"))
    shared = access.shared_operations(actor).filter(task_force=one, ends_at__gt=now).select_related("agency")
    choices: tuple[tuple[UUID, str, bool], ...] = ()
    if Role.AGENCY_ADMIN in actor.roles:
        own = Membership.objects.filter(agency_id__in=[actor.agency_id], active=True, user__is_active=True)
        named = {member.user_id for member in members if member.agency_id == actor.agency_id}
        people_of = {membership.user_id: str(membership.user) for membership in own.select_related("user")}
        choices = tuple((key, name, key in named) for key, name in sorted(people_of.items(), key=lambda one: one[1]))
    return TaskForceView(
        id=one.pk,
        name=one.name,
        agencies=tuple(agency.label for agency in one.agencies.all()),
        members=tuple((str(member.user), member.agency.label) for member in members),
        is_member=is_member,
        rows=tuple(_shared_row(row, now) for row in shared.order_by("starts_at", "id")[:MOST_LISTED]),
        choices=choices,
    )


def _shared_row(operation: Operation, now: datetime) -> SharedRow:
    begun = operation.status == Status.REGISTERED and operation.starts_at <= now
    return SharedRow(
        operation.pk,
        operation.reference,
        operation.agency.label,
        type_label(operation.operation_type),
        Status.UNDER_WAY.value if begun else operation.status,
        operation.starts_at,
        operation.ends_at,
    )
