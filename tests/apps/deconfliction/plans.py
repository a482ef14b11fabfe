"""Plans for the tests: a place, an hour, a contact; everything can be changed by name."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from vigil.apps.deconfliction.plan import Contact, PlaceSource, Plan, PlannedSite, PlannedSubject
from vigil.apps.deconfliction.plan_rows import instant
from vigil.apps.deconfliction.wall_times import moment
from vigil.engine.operation import Mode, Point

ZONE = "America/New_York"
HARBOR = (-76.6122, 39.2904)


def site(
    now: datetime,
    place: tuple[float, float] = HARBOR,
    starts_in: timedelta = timedelta(hours=3),
    lasts: timedelta = timedelta(hours=2),
    **fields: Any,
) -> PlannedSite:
    """A pin with a radius of 300 m and buffers of an hour."""
    start, end = now + starts_in, now + starts_in + lasts
    values: dict[str, Any] = {
        "geometry": Point(*place),
        "radius_m": 300.0,
        "uncertainty_m": 0.0,
        "buffer_before_min": 60,
        "buffer_after_min": 60,
        "source": PlaceSource.PIN,
        "label": "1200 Harbor Street",
    }
    return PlannedSite(
        starts_at=instant(start),
        ends_at=instant(end),
        zone=ZONE,
        starts_wall=moment(start, ZONE).wall,
        ends_wall=moment(end, ZONE).wall,
        **values | fields,
    )


def plan(now: datetime, *sites: PlannedSite, **fields: Any) -> Plan:
    """A search warrant at the harbor in three hours."""
    values: dict[str, Any] = {
        "operation_type": "search_warrant",
        "mode": Mode.LIVE,
        "lead_contact": Contact("Lou Lead", "+14105550111"),
        "case_number": "C26-000123",
        "objective": "seize the ledger",
    }
    return Plan(sites=sites or (site(now),), **values | fields)


def phone(number: str = "+14105550142") -> PlannedSubject:
    """A telephone as a subject."""
    return PlannedSubject("phone", number, f"phone:{number}")
