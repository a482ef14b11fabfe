"""Random operations for property tests, in families that are hard each in its own way.

`random_operations(rng, family, n)` gives n operations whose ids sort in the order made. All times are whole
microseconds, all shapes valid, all subjects canonical.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from vigil.engine.operation import Geometry, Line, Mode, Operation, Point, Polygon, Site, Vertex, Window
from vigil.engine.windows import parse_instant

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOON = parse_instant("2026-03-08T08:00:00Z")
"""Two in the morning in Chicago on the day the clocks go forward."""

POINT_FAMILIES = (
    "city",
    "antimeridian",
    "north_pole",
    "south_pole",
    "equator",
    "daylight_saving",
    "touching_windows",
    "zero_buffers",
    "zero_radius",
    "huge_uncertainty",
    "giant_radius",
    "near_antipodal",
    "many_sites",
    "subjects",
    "joint",
    "modes",
)
SHAPE_FAMILIES = (
    "city_lines",
    "city_polygons",
    "city_mixed",
    "antimeridian_shapes",
    "north_pole_shapes",
    "south_pole_shapes",
    "equator_shapes",
    "long_edges",
)
FAMILIES = POINT_FAMILIES + SHAPE_FAMILIES

CENTRES: dict[str, Vertex] = {
    "antimeridian": (180.0, 51.8),
    "antimeridian_shapes": (180.0, -16.5),
    "north_pole": (0.0, 90.0),
    "north_pole_shapes": (0.0, 90.0),
    "south_pole": (0.0, -90.0),
    "south_pole_shapes": (0.0, -90.0),
    "equator": (-78.5, 0.0),
    "equator_shapes": (9.5, 0.0),
}
CITIES: tuple[Vertex, ...] = ((-93.265, 44.978), (-87.63, 41.88), (-149.9, 61.2), (-157.86, 21.31), (151.2, -33.87))


def random_operations(rng: random.Random, family: str, n: int) -> list[Operation]:
    """n operations of one family, close enough that some match, some touch and some do not."""
    centre = CENTRES.get(family) or rng.choice(CITIES)
    operations = [_operation(rng, family, centre, number, n) for number in range(n)]
    if family == "giant_radius" and n:
        operations[0] = _with_giant(rng, operations[0])
    return operations


def _operation(rng: random.Random, family: str, centre: Vertex, number: int, n: int) -> Operation:
    count = rng.randint(2, 6) if family == "many_sites" else 1
    sites = tuple(_site(rng, family, centre) for _ in range(count))
    subjects: frozenset[str] = frozenset()
    span = None
    if family in ("subjects", "many_sites", "city_mixed"):
        subjects = frozenset(rng.sample([f"plate:MN/ABC{k}" for k in range(6)], rng.randint(0, 3)))
    if family == "subjects":
        start = NOON + rng.choice((0, 143, 144, 145)) * HOUR + rng.choice((-1, 0, 0, 1))
        if rng.random() < 0.5:
            sites, span = (), Window(start, start + rng.choice((1, HOUR)))
        else:
            sites = (Site(_place(rng, centre, 3000.0), 300.0, start, start + HOUR, HOUR, HOUR),)
    joint = frozenset(
        f"op-{other:04d}" for other in range(n) if family == "joint" and other != number and rng.random() < 0.5
    )
    mode = rng.choice(list(Mode)) if family == "modes" else Mode.LIVE
    registered = family != "modes" or rng.random() < 0.8
    return Operation(f"op-{number:04d}", sites, subjects, span, mode, joint, rng.random() < 0.2, registered)


def _site(rng: random.Random, family: str, centre: Vertex) -> Site:
    start, end, before, after = _times(rng, family)
    radius = rng.choice((0.0, 50.0, 300.0, 500.0, 800.0))
    uncertainty = rng.choice((0.0, 0.0, 25.0, 250.0))
    spread = 3000.0
    if family == "zero_radius":
        radius, uncertainty, spread = 0.0, 0.0, 0.02
    elif family == "huge_uncertainty":
        uncertainty, spread = rng.uniform(1e4, 3e5), 8e5
    elif family == "near_antipodal":
        radius, spread = rng.uniform(1.98e7, 2.0004e7), 2e5
        if rng.random() < 0.5:
            centre = (centre[0] - 180.0 if centre[0] > 0 else centre[0] + 180.0, -centre[1])
    elif family == "long_edges":
        radius, spread = rng.uniform(0.0, 2e5), 2e6
    return Site(_geometry(rng, family, centre, spread), radius, start, end, before, after, uncertainty)


def _times(rng: random.Random, family: str) -> tuple[int, int, int, int]:
    if family == "touching_windows":
        start = NOON + rng.randint(0, 3) * HOUR
        start += rng.choice((0, 0, 0, -1, 1))
        return start, start + HOUR, rng.choice((0, HOUR)), rng.choice((0, HOUR))
    if family == "daylight_saving":
        start = NOON + rng.randint(-4, 4) * HOUR // 2
        return start, start + rng.choice((HOUR // 2, HOUR)), 0, 0
    start = NOON + rng.randint(0, 12 * 60) * MINUTE
    end = start + rng.randint(1, 8 * 60) * MINUTE
    if family == "giant_radius" and rng.random() < 0.1:
        end = start + 7 * DAY
    if family == "zero_buffers":
        return start, end, 0, 0
    return start, end, rng.choice((0, 30, 60)) * MINUTE, rng.choice((0, 30, 60)) * MINUTE


def _with_giant(rng: random.Random, operation: Operation) -> Operation:
    site = operation.sites[0]
    giant = Site(site.geometry, rng.choice((5e4, 1e6, 1.2e7)), site.starts_at, site.ends_at + DAY)
    return Operation(operation.operation_id, (giant,))


def _place(rng: random.Random, centre: Vertex, spread: float) -> Point:
    return Point(*moved(centre, rng.uniform(0.0, 360.0), spread * math.sqrt(rng.random())))


def _geometry(rng: random.Random, family: str, centre: Vertex, spread: float) -> Geometry:
    makers: dict[str, Callable[[], Geometry]] = {
        "point": lambda: _place(rng, centre, spread),
        "line": lambda: random_line(rng, centre, spread),
        "polygon": lambda: random_polygon(rng, centre, spread),
    }
    if family in POINT_FAMILIES:
        return makers["point"]()
    if family == "city_lines":
        return makers[rng.choice(("line", "line", "point"))]()
    if family == "city_polygons":
        return makers[rng.choice(("polygon", "polygon", "point"))]()
    return makers[rng.choice(("point", "line", "polygon"))]()


def random_line(rng: random.Random, centre: Vertex, spread: float) -> Line:
    """Two to four vertices; may cross itself."""
    chain = [_place(rng, centre, spread) for _ in range(rng.randint(2, 4))]
    return Line(tuple((place.longitude, place.latitude) for place in chain))


def random_polygon(rng: random.Random, centre: Vertex, spread: float) -> Polygon:
    """A star-shaped ring about a place near the centre, sometimes with a hole, in either direction."""
    place = _place(rng, centre, spread)
    middle, size = (place.longitude, place.latitude), spread * rng.uniform(0.1, 0.8)
    corners = rng.randint(3, 6)
    outline = _star(rng, middle, size, corners)
    if rng.random() < 0.3:
        return Polygon(outline, (_star(rng, middle, size * 0.2, 3),))
    return Polygon(outline)


def _star(rng: random.Random, middle: Vertex, size: float, corners: int) -> tuple[Vertex, ...]:
    turn = rng.uniform(0.0, 360.0)
    ring = [moved(middle, turn + 360.0 * k / corners, size * rng.uniform(0.8, 1.2)) for k in range(corners)]
    if rng.random() < 0.5:
        ring.reverse()
    return (*ring, ring[0])


def moved(start: Vertex, azimuth: float, metres: float) -> Vertex:
    """The place so far from another in that direction, near enough (on a sphere); longitude in [-180, 180)."""
    angle, turn, phi = metres / 6_371_000.0, math.radians(azimuth), math.radians(start[1])
    sine = math.sin(phi) * math.cos(angle) + math.cos(phi) * math.sin(angle) * math.cos(turn)
    latitude = math.degrees(math.asin(max(-1.0, min(1.0, sine))))
    east = math.sin(turn) * math.sin(angle) * math.cos(phi)
    longitude = start[0] + math.degrees(math.atan2(east, math.cos(angle) - math.sin(phi) * sine))
    return ((longitude + 180.0) % 360.0 - 180.0, latitude)
