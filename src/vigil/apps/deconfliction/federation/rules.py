"""How far a partner's area is from an operation, and how a partner stands. Pure: the clock is passed in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vigil.engine.geometry import zone_boxes
from vigil.engine.operation import Site

AreaBox = Sequence[float]
"""West, south, east, north in degrees; west of more than east crosses the antimeridian."""
METRES_A_DEGREE = 111_195.0
SILENT_AFTER = timedelta(seconds=30)
"""So long a partner may fail before it is said to be down (ours)."""
CLOCK_US = 5_000_000
"""A difference of clocks that is shown as one (ours): nothing that matches follows from it."""


def metres_to(sites: Iterable[Site], area: Sequence[AreaBox]) -> float | None:
    """About how far the area is from the nearest zone of the sites; 0: it touches one. None where either is not known,
    which is to be taken as touching.
    """
    zones = [tuple(box) for site in sites for box in zone_boxes(site)]
    if not zones or not area:
        return None
    return min(_between(zone, box) for zone in zones for box in area)


def _between(one: AreaBox, other: AreaBox) -> float:
    west, south, east, north = one
    west_2, south_2, east_2, north_2 = other
    up = max(0.0, south_2 - north, south - north_2)
    width, width_2 = (east - west) % 360 if west != east else 0.0, (east_2 - west_2) % 360 if west_2 != east_2 else 0.0
    to_the_east, to_the_west = (west_2 - west) % 360, (west - west_2) % 360
    across = max(0.0, min(to_the_east - width, to_the_west - width_2))
    # Along the shortest parallel of the two: within some hundred kilometres never further than it is.
    latitude = min(90.0, max(abs(south), abs(north), abs(south_2), abs(north_2)))
    return math.hypot(up, across * math.cos(math.radians(latitude))) * METRES_A_DEGREE


class Standing(StrEnum):
    """How a partner stands, the best first."""

    UP = "up"
    NEW = "new"
    """Never spoken with."""
    LATE = "late"
    REFUSING = "refusing"
    OTHER_KEY = "other_key"
    """Who answers at its address does not sign with its key."""
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of the line to a partner; see `platform.partners.models.Contact`. `late`: its last answer came too
    late for whoever had registered. `unknown`: it says that
    this node is no partner of it. `strange`: what answers is signed by another key than its own.
    """

    answered_at: datetime | None = None
    late: bool = False
    refusing: bool = False
    failing_since: datetime | None = None
    unknown: bool = False
    strange: bool = False


def standing(line: Line, now: datetime) -> Standing:
    """The worst that holds: a partner that refuses is there and yet no answer comes."""
    if line.failing_since is not None and line.unknown:
        return Standing.REFUSING
    if line.failing_since is not None and line.strange:
        return Standing.OTHER_KEY
    if line.failing_since is not None:
        return Standing.DOWN if now - line.failing_since >= SILENT_AFTER else Standing.LATE
    if line.answered_at is None:
        return Standing.NEW
    if line.refusing:
        return Standing.REFUSING
    return Standing.LATE if line.late else Standing.UP
