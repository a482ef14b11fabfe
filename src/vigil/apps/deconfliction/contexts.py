"""What an entry is read against: the agency's own values and the node's region."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from vigil.apps.deconfliction.rules import PlanContext, agency_types, region_boxes
from vigil.core.errors import NotFound
from vigil.platform.agencies.models import agency_of, this_node
from vigil.platform.gazetteer import finding


def plan_context(agency_id: UUID | None, now: datetime) -> PlanContext:
    """The context of one agency; `NotFound` where there is no such agency."""
    agency = agency_of(agency_id) if agency_id else None
    if agency is None:
        raise NotFound
    region = this_node().region
    return PlanContext(
        now=now,
        zone=agency.time_zone or "UTC",
        lead_time=timedelta(minutes=agency.lead_time_minutes),
        types=agency_types(agency.rules),
        region=region_boxes(region),
        streets=finding.find,
    )
