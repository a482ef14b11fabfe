"""Who looked at which operation and conflict (specification 7: every look is audited).

One look is one audit record a person, object and hour: a page that is opened again and again, or that reads itself
anew, costs one small query and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from vigil.apps.deconfliction.models import ConflictSide, Look, LookNoun, Operation
from vigil.apps.deconfliction.plan import Disclosure
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.core.permissions import OF_THE_NODE
from vigil.platform.actions import action, concerns

MOST_SHOWN = 500


def note_operation(actor: Actor, operation_id: UUID, now: datetime) -> None:
    """The actor was shown this operation."""
    if _is_new(actor, operation_id, now):
        look_at_operation(actor, operation_id, now)


def note_conflict(actor: Actor, conflict_id: UUID, now: datetime) -> None:
    """The actor was shown this conflict."""
    if _is_new(actor, conflict_id, now):
        look_at_conflict(actor, conflict_id, now)


@action("deconfliction.operation.read")
def look_at_operation(actor: Actor, operation_id: UUID, now: datetime) -> None:
    """Record the look, with its audit record."""
    concerns(operation=operation_id)
    _record(actor, LookNoun.OPERATION, operation_id, now)


@action("deconfliction.conflict.read")
def look_at_conflict(actor: Actor, conflict_id: UUID, now: datetime) -> None:
    """Record the look, with its audit record."""
    concerns(conflict=conflict_id)
    _record(actor, LookNoun.CONFLICT, conflict_id, now)


@dataclass(frozen=True, slots=True)
class Looks:
    """Who looked at one operation and at its conflicts, newest first."""

    reference: str
    rows: tuple[Look, ...]


def looks_of(actor: Actor, reference: str) -> Looks:
    """Looks at an operation of the reader's own agency, by its number, and its people's looks at its conflicts.

    An administrator or auditor learns who looked and when; the operation itself stays closed to them. A silent
    operation looks like a missing one here too; those of the node read every agency's.
    """
    actor.require("deconfliction.look.read")
    found = Operation.objects.filter(reference=reference.strip().upper())
    if actor.roles.isdisjoint(OF_THE_NODE):
        found = found.filter(agency_id__in=[actor.agency_id]).exclude(disclosure=Disclosure.SILENT.value)
    operation = found.first()
    if operation is None:
        raise NotFound(_("There is no operation with this number that you may ask about. Check the number."))
    own = Look.objects.filter(noun=LookNoun.OPERATION, object_id=operation.pk)
    conflicts = ConflictSide.objects.filter(own_operation=operation, told=True).values("conflict_id")
    met = Look.objects.filter(noun=LookNoun.CONFLICT, object_id__in=conflicts, agency_id=operation.agency_id)
    rows = (own | met).select_related("agency").order_by("-at", "-id")
    return Looks(operation.reference, tuple(rows[:MOST_SHOWN]))


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def _is_new(actor: Actor, object_id: UUID, now: datetime) -> bool:
    if actor.user_id is None or actor.agency_id is None:
        return False
    looked = Look.objects.filter(object_id=object_id, user_id=actor.user_id, agency_id=actor.agency_id)
    return not looked.filter(hour=_hour(now)).exists()


def _record(actor: Actor, noun: LookNoun, object_id: UUID, now: datetime) -> None:
    key = {"object_id": object_id, "user_id": actor.user_id, "agency_id": actor.agency_id, "hour": _hour(now)}
    rest = {"noun": noun, "user_name": actor.name[:200], "at": now, "via": actor.via.value}
    Look.objects.get_or_create(**key, defaults=rest)
