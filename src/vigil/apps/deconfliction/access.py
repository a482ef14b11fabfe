"""The only door to operations and conflicts (specification, section 7).

An operation is seen by its own agency; a silent one by its submitter, by the supervisor its plan names, by the account
that its agency names as deconflictor, and by the agency's watch desk, which stands in for them. A conflict is seen by
those who see an own operation on a side that was told, and by every watch desk of the node; a silent operation's
subject match by that owner alone. A member of a task force reads of other agencies' operations what is registered for
it, in part (`shared_operations`), and nothing else. Under an emergency access an administrator reads the own agency's
operations that are not silent, and their conflicts.
What is absent, what is hidden and what was purged look alike: `NotFound`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from vigil.apps.deconfliction.models import (
    Conflict,
    ConflictSide,
    Deconflictor,
    Draft,
    ImportBatch,
    Operation,
    Receipt,
    SavedMapping,
    Status,
    TaskForce,
    TaskForceMember,
    TelephoneEntry,
)
from vigil.apps.deconfliction.plan import Disclosure
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.core.permissions import PERMISSIONS, Role
from vigil.platform.accounts.models import Membership
from vigil.platform.prepared import Prepared

READ = "deconfliction.operation.read"
READ_CONFLICT = "deconfliction.conflict.read"
WATCH = "deconfliction.operation.watch"


def visible_operations(actor: Actor) -> QuerySet[Operation]:
    """Operations of the actor's agency that the actor may see in full; the node itself sees all."""
    if Role.SYSTEM in actor.roles:
        return Operation.objects.all()
    if actor.agency_id is None or not _may_see_some(actor):
        return Operation.objects.none()
    return Operation.objects.filter(_seen_by(actor), agency_id=actor.agency_id, purged_at__isnull=True)


def _seen_by(actor: Actor, prefix: str = "") -> Q:
    if actor.can(WATCH):
        return Q()
    is_open = ~Q(**{f"{prefix}disclosure": Disclosure.SILENT.value})
    # Not tied to the row: asked once a query.
    own = {"agency_id": actor.agency_id, "user_id": actor.user_id}
    named = Deconflictor.objects.filter(Q(**own))
    return is_open | _owned_by(actor, prefix) | Q(Exists(named))


def _owned_by(actor: Actor, prefix: str = "") -> Q:
    return Q(**{f"{prefix}submitter_id": actor.user_id}) | Q(**{f"{prefix}supervisor_id": actor.user_id})


def get_operation(actor: Actor, operation_id: UUID) -> Operation:
    """The operation; `NotFound` where there is none that the actor may see."""
    found = _one_of(actor)(operation_id, actor.user_id, actor.agency_id) if _may_see_some(actor) else []
    if not found:
        raise NotFound
    return found[0]


def _may_see_some(actor: Actor) -> bool:
    return Role.SYSTEM in actor.roles or (actor.agency_id is not None and actor.can(READ))


_ONE: dict[tuple[frozenset[Role], frozenset[str] | None, bool], Prepared[Operation]] = {}


def _one_of(actor: Actor) -> Prepared[Operation]:
    """One of the visible operations: the query is the same for all who hold the actor's roles and scopes, with or
    without an emergency access."""
    held = actor.roles, actor.scopes, actor.glass is not None
    if held not in _ONE:
        _ONE[held] = Prepared(
            lambda key, user, agency: visible_operations(replace(actor, user_id=user, agency_id=agency)).filter(pk=key)
        )
    return _ONE[held]


def readers_in(agency_id: UUID | None) -> QuerySet[Membership]:
    """Who may read operations of that agency, a row for each role that says so."""
    roles = [role.value for role in PERMISSIONS[READ]]
    return Membership.objects.filter(agency_id__in=[agency_id], role__in=roles, active=True, user__is_active=True)


def memberships_of(actor: Actor) -> QuerySet[TaskForceMember]:
    """The actor's places in task forces, held for the agency acted for, while that agency takes part."""
    # An emergency access is to the own agency: what others share is not opened by it.
    if actor.user_id is None or actor.agency_id is None or not actor.can(READ) or actor.glass is not None:
        return TaskForceMember.objects.none()
    held = TaskForceMember.objects.filter(user_id=actor.user_id, agency_id=actor.agency_id)
    return held.filter(task_force__agencies=actor.agency_id)


def shared_operations(actor: Actor) -> QuerySet[Operation]:
    """Other agencies' operations registered for a task force of the actor's: to be read in part, never changed.

    They are no `visible_operations`: no edit, conflict, receipt, export or API route reaches them. A silent or
    cancelled one is shared with nobody.
    """
    taking_part = TaskForce.objects.filter(pk=OuterRef("task_force_id"), agencies=OuterRef("agency_id"))
    shared = Operation.objects.filter(Exists(taking_part), task_force__in=memberships_of(actor).values("task_force_id"))
    shared = shared.exclude(agency_id__in=[actor.agency_id]).exclude(status=Status.CANCELLED)
    return shared.exclude(disclosure=Disclosure.SILENT.value)


def own_entries(actor: Actor) -> QuerySet[TelephoneEntry]:
    """What the actor entered at the watch desk for callers. The operation itself is seen as anybody else sees it."""
    if actor.user_id is None or not actor.can("deconfliction.operation.register_for"):
        return TelephoneEntry.objects.none()
    return TelephoneEntry.objects.filter(entered_by_id=actor.user_id, operation__purged_at__isnull=True)


def visible_entries(actor: Actor) -> QuerySet[TelephoneEntry]:
    """How operations that the actor sees were telephoned in."""
    return TelephoneEntry.objects.filter(operation__in=visible_operations(actor))


def visible_sides(actor: Actor) -> QuerySet[ConflictSide]:
    """The sides of conflicts on which the actor stands: own operations that the actor sees and that were told."""
    if actor.agency_id is None or not actor.can(READ_CONFLICT):
        return ConflictSide.objects.none()
    return ConflictSide.objects.filter(
        _seen_by(actor, "own_operation__"),
        Q(conflict__owner_only=False) | _owned_by(actor, "own_operation__"),
        agency_id=actor.agency_id,
        own_operation__isnull=False,
        own_operation__purged_at__isnull=True,
        told=True,
    )


def both_sides(path: str = "sides") -> Prefetch[Any]:
    """For `prefetch_related`: the sides with their operations and agencies.

    Joined, not fetched by a list of ids: Django writes such a list as ORs, of which SQLite takes no thousand.
    """
    return Prefetch(path, ConflictSide.objects.select_related("own_operation", "agency"))


def visible_conflicts(actor: Actor) -> QuerySet[Conflict]:
    """Conflicts that the actor may know of, withdrawn ones included."""
    if Role.SYSTEM in actor.roles:
        return Conflict.objects.all()
    own = Exists(visible_sides(actor).filter(conflict_id=OuterRef("pk")))
    if actor.can(READ_CONFLICT) and actor.can(WATCH):
        return Conflict.objects.filter(Q(owner_only=False) | own)
    return Conflict.objects.filter(own)


def get_conflict(actor: Actor, conflict_id: UUID) -> Conflict:
    """The conflict; `NotFound` where there is none that the actor may know of."""
    found = visible_conflicts(actor).filter(pk=conflict_id).first()
    if found is None:
        raise NotFound
    return found


def visible_receipts(actor: Actor) -> QuerySet[Receipt]:
    """Receipts of operations that the actor sees."""
    if not actor.can("deconfliction.receipt.read"):
        return Receipt.objects.none()
    # A purged one belongs to no operation any more, so nobody sees it.
    # Newest first, receipts are walked until a page is full; all operations of an agency would be read otherwise.
    return Receipt.objects.filter(Exists(visible_operations(actor).filter(pk=OuterRef("operation_id"))))


def get_receipt(actor: Actor, number: int) -> Receipt:
    """The receipt; `NotFound` where there is none of an operation that the actor sees."""
    found = visible_receipts(actor).filter(number=number).first()
    if found is None:
        raise NotFound
    return found


def visible_drafts(actor: Actor) -> QuerySet[Draft]:
    """The actor's own drafts."""
    if actor.user_id is None or actor.agency_id is None:
        return Draft.objects.none()
    return Draft.objects.filter(user_id=actor.user_id, agency_id=actor.agency_id)


def get_draft(actor: Actor, draft_id: UUID) -> Draft:
    """The draft; `NotFound` where it is not the actor's."""
    found = visible_drafts(actor).filter(pk=draft_id).first()
    if found is None:
        raise NotFound
    return found


def visible_mappings(actor: Actor) -> QuerySet[SavedMapping]:
    """The saved field mappings of the actor's agency."""
    if actor.agency_id is None:
        return SavedMapping.objects.none()
    return SavedMapping.objects.filter(agency_id=actor.agency_id)


def visible_imports(actor: Actor) -> QuerySet[ImportBatch]:
    """The imports of the actor's agency."""
    if actor.agency_id is None or not actor.can("deconfliction.operation.import"):
        return ImportBatch.objects.none()
    return ImportBatch.objects.filter(agency_id=actor.agency_id)
