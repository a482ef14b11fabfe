"""What readiness asks of the channels."""

from datetime import datetime
from uuid import UUID

from vigil.platform.delivery.personal import usable
from vigil.platform.readiness.queries import contribute


def channels_set_up(agency_id: UUID, now: datetime) -> int:
    """How many ways reach a person away from the pages."""
    return len(usable())


contribute("channels", channels_set_up)
