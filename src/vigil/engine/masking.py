"""The masked area that another agency's operation may be drawn as (specification, section 7).

Cells of a fixed grid, each at least 2 km high and wide, chosen without regard to where in it the place is: every place
of a cell has the same area, so the area tells the cell and nothing finer.
"""

from __future__ import annotations

import math

from vigil.engine.geometry import Ring
from vigil.engine.operation import Geometry, Point

CELL_DEGREES = 0.02
"""Height of a cell in degrees of latitude: 2.2 km (ours; the specification asks for 2 km)."""
KILOMETRES_A_DEGREE = 111.19
"""Of a great circle on the sphere of the mean radius; on WGS 84 a degree is within 0.6 % of it."""
LEAST_KM = 2.1
"""Width of a cell at its narrower edge, with the margin that the ellipsoid needs."""


def masked_area(geometry: Geometry) -> Ring:
    """The smallest block of whole cells that holds the shape: a closed ring, longitude first, counter-clockwise.

    Longitudes run on past 180 where the block crosses the antimeridian.
    """
    if isinstance(geometry, Point):
        west, south, east, north = geometry.longitude, geometry.latitude, geometry.longitude, geometry.latitude
    else:
        from vigil.engine.shapes import extent

        west, south, east, north = extent(geometry)
    rows = math.floor(south / CELL_DEGREES), math.floor(north / CELL_DEGREES) + 1
    low, high = max(rows[0] * CELL_DEGREES, -90.0), min(rows[1] * CELL_DEGREES, 90.0)
    width = _cell_width(max(abs(low), abs(high)))
    left = math.floor((west + 180.0) / width) * width - 180.0
    right = (math.floor((east + 180.0) / width) + 1) * width - 180.0
    return ((left, low), (right, low), (right, high), (left, high), (left, low))


def _cell_width(latitude: float) -> float:
    """In degrees of longitude, so that whole cells go round the earth and none is narrower than `LEAST_KM` there."""
    around = 360.0 * KILOMETRES_A_DEGREE * math.cos(math.radians(min(latitude, 90.0)))
    return 360.0 / max(1, math.floor(around / LEAST_KM))
