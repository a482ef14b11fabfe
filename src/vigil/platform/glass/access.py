"""The only door to emergency accesses: which one is open, and who may look at which."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from vigil.core.actor import Actor
from vigil.core.permissions import OF_THE_NODE
from vigil.platform.glass.models import EmergencyAccess
from vigil.platform.prepared import Prepared

READ = "glass.access.read"
USED = "glass.access.use"
"""In the trail: one page opened under an emergency access."""


def open_accesses(now: datetime) -> QuerySet[EmergencyAccess]:
    """Those that are open at the moment `now`: what has no end before it and has begun."""
    return EmergencyAccess.objects.filter(began_at__lte=now, ends_at__gt=now, ended_at__isnull=True)


def is_any_open(now: datetime) -> bool:
    """Whether anybody has one open; seldom, and every page of who is told of them asks it."""
    return _ANY_OPEN.first(now) is not None


def open_for(user_id: UUID, agency_id: UUID, session: str, now: datetime) -> UUID | None:
    """The emergency access that this person has open for this agency in the login of this handle."""
    found = _OPEN.first(user_id, agency_id, session, now) if session else None
    return found.pk if found else None


_ANY_OPEN = Prepared(lambda now: open_accesses(now).order_by()[:1])
_OPEN = Prepared(
    lambda user, agency, session, now: open_accesses(now).filter(user_id=user, agency_id=agency, session=session)
)


def visible_accesses(actor: Actor) -> QuerySet[EmergencyAccess]:
    """The actor's own, and those that the actor stands beside as second person: of the agency, or of the whole node."""
    rows = EmergencyAccess.objects.select_related("user", "agency")
    if not actor.can(READ):
        return rows.none()
    if actor.roles & OF_THE_NODE:
        return rows
    of_agency = Q(agency_id=actor.agency_id) if actor.agency_id else Q(pk__in=[])
    return rows.filter(of_agency | Q(user_id=actor.user_id))
