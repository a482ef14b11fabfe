"""The only door to operations and conflicts (specification, section 7).

An operation is seen by its own agency; a silent one by its submitter, by the supervisor its plan names and by the watch
desk of its agency, who is its deconflictor. A conflict is seen by those who see an own operation on a side that was
told, and by every watch desk of the node; a silent operation's subject match by that owner alone. What is absent and
what is hidden look alike: `NotFound`.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from vigil.apps.deconfliction.models import Conflict, ConflictSide, Draft, ImportBatch, Operation, Receipt, SavedMapping
from vigil.apps.deconfliction.plan import Disclosure
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.core.permissions import Role

READ = "deconfliction.operation.read"
READ_CONFLICT = "deconfliction.conflict.read"
WATCH = "deconfliction.operation.watch"


def visible_operations(actor: Actor) -> QuerySet[Operation]:
    """Operations of the actor's agency that the actor may see in full; the node itself sees all."""
    if Role.SYSTEM in actor.roles:
        return Operation.objects.all()
    if actor.agency_id is None or not actor.can(READ):
        return Operation.objects.none()
    return Operation.objects.filter(_seen_by(actor), agency_id=actor.agency_id)


def _seen_by(actor: Actor, prefix: str = "") -> Q:
    if actor.can(WATCH):
        return Q()
    return ~Q(**{f"{prefix}disclosure": Disclosure.SILENT.value}) | _owned_by(actor, prefix)


def _owned_by(actor: Actor, prefix: str = "") -> Q:
    return Q(**{f"{prefix}submitter_id": actor.user_id}) | Q(**{f"{prefix}supervisor_id": actor.user_id})


def get_operation(actor: Actor, operation_id: UUID) -> Operation:
    """The operation; `NotFound` where there is none that the actor may see."""
    found = visible_operations(actor).filter(pk=operation_id).first()
    if found is None:
        raise NotFound
    return found


def require_operation(actor: Actor, operation_id: UUID) -> None:
    """Raise `NotFound` unless there is such an operation and the actor may see it."""
    if not visible_operations(actor).filter(pk=operation_id).exists():
        raise NotFound


def visible_sides(actor: Actor) -> QuerySet[ConflictSide]:
    """The sides of conflicts on which the actor stands: own operations that the actor sees and that were told."""
    if actor.agency_id is None or not actor.can(READ_CONFLICT):
        return ConflictSide.objects.none()
    return ConflictSide.objects.filter(
        _seen_by(actor, "own_operation__"),
        Q(conflict__owner_only=False) | _owned_by(actor, "own_operation__"),
        agency_id=actor.agency_id,
        own_operation__isnull=False,
        told=True,
    )


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
    return Receipt.objects.filter(operation__in=visible_operations(actor))


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
