"""Places on WGS 84: reading, checking, distance and zones (specification 3, 4.1 and 4.2).

Promise: pure functions over `operation.Geometry`. Lengths are metres, angles decimal degrees, longitudes lie in
[-180, 180) after `parse_wkt` and `validate`, and are 0 at a pole. Edges are geodesics of the ellipsoid that go the
short way round; the interior of a ring is its smaller side, whatever its direction.

This module stays light to import. Geodesics of points come from pyproj, loaded at the first distance; everything that
needs arrays stands in `shapes`, loaded at the first line or polygon.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from vigil.engine.operation import Geometry, Line, Point, Polygon, Site, Vertex
from vigil.texts import gettext as _

if TYPE_CHECKING:
    from pyproj import Geod

EPSILON_POINT_M = 0.01
"""Specification 4.2: the slack of the place test between two points."""
EPSILON_SHAPE_M = 1.0
"""Specification 4.2: the slack where a line or a polygon takes part."""

MAX_VERTICES = 10_000
"""Specification 3: a geometry over this many vertices is refused."""
ANTIPODAL_M = 1.0
"""Specification 4.1: an edge whose ends come this close to antipodal has no short way round."""

EQUATORIAL_RADIUS_M = 6378137.0
FLATTENING = 1 / 298.257223563
ECCENTRICITY_SQUARED = FLATTENING * (2 - FLATTENING)
SMALLEST_RADIUS_M = EQUATORIAL_RADIUS_M * (1 - ECCENTRICITY_SQUARED)
"""The smallest radius of curvature on WGS 84 (along the meridian at the equator): 6 335 439 m.

A path of length s changes latitude by at most s / SMALLEST_RADIUS_M."""
LONGEST_DISTANCE_M = 20_003_932.0
"""No two places are farther apart (pole to pole, rounded up)."""

Ring = tuple[Vertex, ...]


class GeometryError(ValueError):
    """A geometry that the specification refuses. `str()` is a sentence for the person who gave it.

    `vertex` is the number of the vertex at fault, counted from 1 through all rings, or None.
    """

    def __init__(self, reason: str, vertex: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.vertex = vertex


class Box(NamedTuple):
    """A span of longitudes and latitudes, in degrees, -180 ≤ min_lon ≤ max_lon ≤ 180."""

    min_lon: float
    min_lat: float
    max_lon: float
    max_lat: float

    def touches(self, other: Box) -> bool:
        """Whether the two boxes share a place of the plane (edges count)."""
        return (
            self.min_lon <= other.max_lon
            and other.min_lon <= self.max_lon
            and self.min_lat <= other.max_lat
            and other.min_lat <= self.max_lat
        )


@cache
def geod() -> Geod:
    """The one geodesic solver of the product (Karney's, exact to nanometres)."""
    from pyproj import Geod

    return Geod(ellps="WGS84")


# --- reading and writing -------------------------------------------------------------------------------------------

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_POINT = re.compile(rf"\s*POINT\s*\(\s*({_NUMBER})\s+({_NUMBER})\s*\)\s*", re.IGNORECASE)
_KIND = re.compile(r"\s*(?:SRID\s*=\s*\d+\s*;)?\s*([A-Za-z]+)\s*(ZM|Z|M)?\b\s*(EMPTY)?", re.IGNORECASE)
_READABLE = frozenset({"POINT", "LINESTRING", "POLYGON"})


def parse_wkt(text: str) -> Geometry:
    """Read `POINT`, `LINESTRING` or `POLYGON` in longitude-latitude order.

    The result is normalised but not yet checked: pass it to `validate`.

    Raises:
        GeometryError: not WKT, EMPTY, a MULTI or other type, a third coordinate, or too many vertices
            (counted before anything is read, so that a giant text costs nothing).
    """
    if simple := _POINT.fullmatch(text):
        return Point(*_normalised(float(simple[1]), float(simple[2])))
    _refuse_unreadable_kind(text)
    import shapely

    try:
        read = shapely.from_wkt(text)
    except shapely.errors.GEOSException as error:
        detail = str(error).removeprefix("ParseException: ")
        raise GeometryError(_("The shape is not readable as WKT: {detail}.").format(detail=detail)) from None
    if read.is_empty:
        raise GeometryError(_("The shape is EMPTY: give at least one place."))
    if read.has_z or getattr(read, "has_m", False):
        raise GeometryError(_("The shape has a third coordinate: give longitude and latitude only."))
    if read.geom_type == "Point":
        return Point(*_normalised(read.x, read.y))
    if read.geom_type == "LineString":
        return Line(_read_chain(read.coords))
    return Polygon(_read_chain(read.exterior.coords), tuple(_read_chain(hole.coords) for hole in read.interiors))


def _refuse_unreadable_kind(text: str) -> None:
    kind = _KIND.match(text)
    if kind is None:
        raise GeometryError(_("The shape is not WKT: it must begin with POINT, LINESTRING or POLYGON."))
    name = kind[1].upper()
    if name not in _READABLE:
        sentence = _("The shape is a {kind}: only POINT, LINESTRING and POLYGON are taken.").format(kind=name)
        if name.startswith(("MULTI", "GEOMETRYCOLL")):
            sentence += " " + _("Give each part as a site of its own.")
        raise GeometryError(sentence)
    if kind[2]:
        raise GeometryError(_("The shape has a third coordinate: give longitude and latitude only."))
    if kind[3]:
        raise GeometryError(_("The shape is EMPTY: give at least one place."))
    refuse_count(text.count(",") + 1)


def refuse_count(count: int) -> None:
    """Raises `GeometryError` where a shape of so many vertices is over `MAX_VERTICES`."""
    if count > MAX_VERTICES:
        raise GeometryError(
            _("The shape has {count:,} vertices; at most {n:,} are taken: simplify it.").format(
                count=count, n=MAX_VERTICES
            )
        )


def _read_chain(coordinates: Iterable[tuple[float, float]]) -> Ring:
    return tuple(_normalised(longitude, latitude) for longitude, latitude in coordinates)


def _normalised(longitude: float, latitude: float) -> Vertex:
    """Longitude in [-180, 180), 0 at a pole; no negative zero. Values out of range are left for `validate`."""
    if abs(latitude) == 90.0:
        return (0.0, latitude)
    if not -180.0 <= longitude < 180.0 and abs(longitude) <= 360.0:
        longitude = longitude - 360.0 if longitude > 0.0 else longitude + 360.0
    return (longitude + 0.0, latitude + 0.0)


def to_wkt(geometry: Geometry) -> str:
    """The canonical encoding: shortest decimals that read back to the same number, no exponent, no `.0`.

    Two geometries are put in order by comparing these texts by code point (specification 4.2).
    """
    if isinstance(geometry, Point):
        return f"POINT({decimals(geometry.longitude)} {decimals(geometry.latitude)})"
    if isinstance(geometry, Line):
        return f"LINESTRING{_chain_text(geometry.vertices)}"
    return f"POLYGON({','.join(_chain_text(ring) for ring in (geometry.exterior, *geometry.holes))})"


def _chain_text(vertices: Ring) -> str:
    return "(" + ",".join(f"{decimals(longitude)} {decimals(latitude)}" for longitude, latitude in vertices) + ")"


def decimals(number: float) -> str:
    """The shortest decimals that read back to the same number: no exponent, no `.0`, no negative zero."""
    text = repr(number + 0.0)
    if "e" in text:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


# --- checking ------------------------------------------------------------------------------------------------------


def validate(geometry: Geometry) -> Geometry:
    """Return the geometry normalised, with consecutive equal vertices dropped.

    Raises:
        GeometryError: everything specification 3 and 4.1 refuse: numbers that are not finite or out of range,
            over 10,000 vertices, a line of no length, a polygon of no area or not valid in the OGC sense on its
            geodesic edges, an edge within 1 m of antipodal. Lines may cross themselves.
    """
    if isinstance(geometry, Point):
        return Point(*_checked_vertex(geometry.longitude, geometry.latitude, None))
    if isinstance(geometry, Line):
        refuse_count(len(geometry.vertices))
        return Line(_checked_line(geometry.vertices))
    refuse_count(sum(len(ring) for ring in (geometry.exterior, *geometry.holes)))
    rings: list[Ring] = []
    first = 1
    for number, ring in enumerate((geometry.exterior, *geometry.holes)):
        rings.append(_checked_ring(ring, first, number))
        first += len(ring)
    polygon = Polygon(rings[0], tuple(rings[1:]))
    from vigil.engine import shapes

    if reason := shapes.invalidity(polygon):
        raise GeometryError(reason)
    return polygon


def _checked_vertex(longitude: float, latitude: float, number: int | None) -> Vertex:
    if not (math.isfinite(longitude) and math.isfinite(latitude)):
        sentence = _("The coordinates are not finite numbers.")
        if number is not None:
            sentence = _("The coordinates at vertex {n} are not finite numbers.").format(n=number)
        raise GeometryError(sentence, number)
    if abs(latitude) > 90.0:
        sentence = _("The latitude {degrees:g} lies outside -90 to 90 degrees.")
        if number is not None:
            sentence = _("The latitude {degrees:g} at vertex {n} lies outside -90 to 90 degrees.")
        sentence = sentence.format(degrees=latitude, n=number)
        if abs(longitude) <= 90.0 and abs(latitude) <= 180.0:
            sentence += " " + _("Are longitude and latitude swapped?")
        raise GeometryError(sentence, number)
    if abs(longitude) > 360.0:
        sentence = _("The longitude {degrees:g} lies outside -180 to 180 degrees.")
        if number is not None:
            sentence = _("The longitude {degrees:g} at vertex {n} lies outside -180 to 180 degrees.")
        raise GeometryError(sentence.format(degrees=longitude, n=number), number)
    return _normalised(longitude, latitude)


def _checked_chain(vertices: Ring, first: int) -> Ring:
    chain: list[Vertex] = []
    for number, (longitude, latitude) in enumerate(vertices, first):
        vertex = _checked_vertex(longitude, latitude, number)
        if chain and vertex == chain[-1]:
            continue
        if chain and _nearly_antipodal(chain[-1], vertex):
            raise GeometryError(
                _(
                    "The edge to vertex {number} joins two nearly opposite places of the globe, so it has no "
                    "short way round: put a vertex between."
                ).format(number=number),
                number,
            )
        chain.append(vertex)
    return tuple(chain)


def _nearly_antipodal(start: Vertex, end: Vertex) -> bool:
    if abs(start[1] + end[1]) > 1e-4:  # degrees: over 10 m, so the opposite place is over 1 m away
        return False
    opposite = start[0] + 180.0 if start[0] < 0.0 else start[0] - 180.0
    return _inverse_m((opposite, -start[1]), end) <= ANTIPODAL_M


def _checked_line(vertices: Ring) -> Ring:
    chain = _checked_chain(vertices, 1)
    if len(chain) < 2:
        raise GeometryError(_("The line has no length: give at least two different places."))
    return chain


def _checked_ring(vertices: Ring, first: int, hole: int) -> Ring:
    """`hole` counts the holes from 1; 0 is the outline."""
    chain = _checked_chain(vertices, first)
    if len(chain) > 1 and chain[0] != chain[-1]:
        sentence = _("The outline is not closed: its last vertex must repeat its first.")
        if hole:
            sentence = _("Hole {n} is not closed: its last vertex must repeat its first.").format(n=hole)
        raise GeometryError(sentence, first + len(vertices) - 1)
    if len(chain) < 4:
        sentence = _("The outline encloses no area: give at least three different places.")
        if hole:
            sentence = _("Hole {n} encloses no area: give at least three different places.").format(n=hole)
        raise GeometryError(sentence, first)
    return chain


# --- distance ------------------------------------------------------------------------------------------------------


def distance_m(a: Geometry, b: Geometry) -> float:
    """Geodesic distance in metres, 0 where the two intersect; exact to 1 cm between points, 1 m for shapes.

    Symmetric to the last bit: evaluated in the order of the canonical encodings (specification 4.2).
    """
    found = distance_within(a, b, math.inf)
    return LONGEST_DISTANCE_M if found is None else found


def distance_within(a: Geometry, b: Geometry, limit_m: float) -> float | None:
    """`distance_m` where it is at most `limit_m`, else None. Most pairs are told apart without measuring."""
    if isinstance(a, Point) and isinstance(b, Point):
        # A path changes latitude by at most its length over the smallest radius of curvature.
        if math.radians(abs(a.latitude - b.latitude)) * SMALLEST_RADIUS_M > limit_m + 1e-6:
            return None
        distance = _point_distance(a, b)
    else:
        if to_wkt(b) < to_wkt(a):
            a, b = b, a
        from vigil.engine import shapes

        distance = shapes.distance(a, b, limit_m)
    return distance if distance <= limit_m else None


def _point_distance(a: Point, b: Point) -> float:
    start, end = (a.longitude, a.latitude), (b.longitude, b.latitude)
    if start == end:
        return 0.0
    return _inverse_m(start, end) if to_wkt(a) < to_wkt(b) else _inverse_m(end, start)


def _inverse_m(start: Vertex, end: Vertex) -> float:
    _, _, distance = geod().inv(start[0], start[1], end[0], end[1])
    return float(distance)


# --- zones ---------------------------------------------------------------------------------------------------------


def area_km2(geometry: Geometry, radius_m: float) -> float:
    """Area of the shape grown by the radius, in square kilometres.

    Exact for convex shapes small against the Earth, a little too much for others: made for the flag of specification 3.
    """
    if isinstance(geometry, Point):
        area, outline = 0.0, 0.0
    else:
        from vigil.engine import shapes

        area, outline = shapes.area_and_outline(geometry)
    # Steiner's formula; a line's outline is walked on both sides.
    grown = area + outline * radius_m + math.pi * radius_m**2
    return grown / 1e6


def zone_boxes(site: Site) -> tuple[Box, ...]:
    """One or two boxes that surely contain the site's zone, slack included; two where it crosses the antimeridian.

    A zone that touches a pole gets the whole range of longitudes.
    """
    geometry = site.geometry
    reach = site.reach_m + EPSILON_SHAPE_M
    if isinstance(geometry, Point):
        west = east = geometry.longitude
        south = north = geometry.latitude
    else:
        from vigil.engine import shapes

        west, south, east, north = shapes.extent(geometry)
    return grown_boxes(west, south, east, north, reach)


def grown_boxes(west: float, south: float, east: float, north: float, reach_m: float) -> tuple[Box, ...]:
    """Boxes that surely contain everything within `reach_m` of the given box (degrees; `east` may pass 180)."""
    more = math.degrees(reach_m / SMALLEST_RADIUS_M) * (1 + 1e-9) + 1e-9
    south, north = south - more, north + more
    if south <= -90.0 or north >= 90.0:
        return (Box(-180.0, max(south, -90.0), 180.0, min(north, 90.0)),)
    # A path's change of longitude is at most its length over the smallest parallel circle it can meet.
    parallel = EQUATORIAL_RADIUS_M * math.cos(math.radians(max(abs(south), abs(north))))
    wider = math.degrees(reach_m / parallel) * (1 + 1e-9) + 1e-9
    west, east = west - wider, east + wider
    if east - west >= 360.0:
        return (Box(-180.0, south, 180.0, north),)
    if west < -180.0:
        west, east = west + 360.0, east + 360.0
    if west >= 180.0:
        west, east = west - 360.0, east - 360.0
    if east <= 180.0:
        return (Box(west, south, east, north),)
    return (Box(west, south, 180.0, north), Box(-180.0, south, east - 360.0, north))


def zone_polygon(site: Site, segments: int = 72) -> tuple[Ring, ...]:
    """The zone's outline for drawing true to scale: closed rings of (longitude, latitude), outline first, then holes.

    Longitudes run on past ±180 where the zone crosses the antimeridian, so that each ring is unbroken; a ring around
    a pole is led along the edge of the map. A zone without reach gives its own shape; a point without reach, its place.
    """
    from vigil.engine import shapes

    return shapes.zone_outline(site.geometry, site.reach_m, segments)
