"""What readiness asks of the directory."""

from datetime import datetime
from uuid import UUID

from vigil.apps.whom_to_call.models import Entry
from vigil.apps.whom_to_call.rules import STALE
from vigil.platform.readiness.queries import contribute


def desks_checked(agency_id: UUID, now: datetime) -> int:
    """Telephones that somebody checked within a year."""
    return Entry.objects.exclude(phone="").filter(checked_on__gte=now.date() - STALE).count()


contribute("desks_checked", desks_checked)
