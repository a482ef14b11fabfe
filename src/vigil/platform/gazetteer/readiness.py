"""What readiness asks of the streets."""

from datetime import datetime
from uuid import UUID

from vigil.platform.gazetteer.queries import sources
from vigil.platform.readiness.queries import contribute


def street_count(agency_id: UUID, now: datetime) -> int:
    """Street names that are found on this node."""
    return sum(source.street_count for source in sources())


contribute("streets", street_count)
