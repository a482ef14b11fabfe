"""What readiness asks of the partners."""

from datetime import datetime
from uuid import UUID

from vigil.platform.partners.models import Partner
from vigil.platform.partners.roster import partners
from vigil.platform.readiness.queries import contribute


def partners_paired(agency_id: UUID, now: datetime) -> int:
    """How many nodes live operations are asked of."""
    return sum(one.purpose == Partner.Purpose.LIVE for one in partners())


contribute("partners", partners_paired)
