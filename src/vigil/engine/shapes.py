"""Lines and polygons on the ellipsoid, with arrays: distance, containment, validity, area, extent and outline.

How: every edge is cut along its geodesic into pieces of at most 100 km. A piece then differs from the ellipse that a
plane through the Earth's centre cuts by less than a centimetre, so crossing and containment are decided by such planes
in earth-centred coordinates (nothing special happens at a pole or at the antimeridian), while distances come from
the geodesic solver. A wrongly judged crossing or containment is one of shapes a centimetre apart: within the metre that
specification 4.2 allows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from vigil.engine.geometry import (
    ECCENTRICITY_SQUARED,
    EQUATORIAL_RADIUS_M,
    FLATTENING,
    LONGEST_DISTANCE_M,
    SMALLEST_RADIUS_M,
    Ring,
    geod,
)
from vigil.engine.operation import Geometry, Line, Point, Polygon
from vigil.texts import gettext, gettext_noop

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

PIECE_M = 100_000.0
BLOCK = 64
"""Pieces that lie behind one another are bounded together in blocks of this many."""
BATCH = 200_000
"""Pairs of pieces looked at in one step: bounds the memory."""
FAR_M = 500_000.0
"""Beyond this, chords through the Earth bound distances too loosely."""
MEAN_RADIUS_M = 6_371_008.8
SLACK_M = 0.05
"""Bounds give way by this much, so that rounding never loses the nearest pair."""
SMALLEST_AREA_M2 = 0.01


@dataclass(frozen=True, eq=False)
class Pieces:
    """The edges of a shape, cut into pieces; arrays of one row a piece. A point is one piece of no length."""

    lon: Floats
    lat: Floats
    end_lon: Floats
    end_lat: Floats
    azimuth: Floats
    length: Floats

    @cached_property
    def start(self) -> Floats:
        """Earth-centred coordinates of the starts, metres, shape (n, 3)."""
        return earth_centred(self.lon, self.lat)

    @cached_property
    def end(self) -> Floats:
        """Earth-centred coordinates of the ends, metres, shape (n, 3)."""
        return earth_centred(self.end_lon, self.end_lat)

    @cached_property
    def plane(self) -> Floats:
        """Normals of the pieces' planes through the Earth's centre (not of unit length); they point left."""
        return np.cross(self.start, self.end)

    @cached_property
    def ball(self) -> tuple[Floats, Floats]:
        """Centre, shape (n, 3), and radius in metres of a ball around each piece."""
        return (self.start + self.end) / 2, self.length / 2 + 1e-3

    @cached_property
    def blocks(self) -> tuple[Integers, Integers, Floats]:
        """First piece of each block, its middle one, and how far (m) the block reaches from that one's start."""
        first = np.arange(0, len(self.lon), BLOCK)
        middle = np.minimum(first + BLOCK // 2, len(self.lon) - 1)
        centre = np.repeat(middle, np.diff(np.append(first, len(self.lon))))
        reach = _inverse(self.lon[centre], self.lat[centre], self.lon, self.lat) + self.length
        return first, middle, np.maximum.reduceat(reach, first)

    @property
    def is_point(self) -> bool:
        return len(self.lon) == 1 and self.length[0] == 0.0

    def take(self, chosen: Integers) -> Pieces:
        """The chosen pieces, in that order."""
        columns = (self.lon, self.lat, self.end_lon, self.end_lat, self.azimuth, self.length)
        taken = Pieces(*(column[chosen] for column in columns))
        # What was worked out once for the shape is handed on.
        taken.__dict__.update(start=self.start[chosen], end=self.end[chosen], plane=self.plane[chosen])
        return taken


@dataclass(frozen=True, eq=False)
class Skeleton:
    """A shape ready to be measured: all its pieces, and for a polygon where each ring's pieces lie.

    `rings` holds (first piece, piece behind the last, whether the interior lies left, whether it has an interior).
    """

    pieces: Pieces
    rings: tuple[tuple[int, int, bool, bool], ...] = ()


def earth_centred(longitude: Floats, latitude: Floats) -> Floats:
    """Earth-centred, earth-fixed coordinates in metres of places on the ellipsoid, shape (n, 3)."""
    lam, phi = np.radians(longitude), np.radians(latitude)
    normal = EQUATORIAL_RADIUS_M / np.sqrt(1 - ECCENTRICITY_SQUARED * np.sin(phi) ** 2)
    across = normal * np.cos(phi)
    return np.column_stack(
        (across * np.cos(lam), across * np.sin(lam), normal * (1 - ECCENTRICITY_SQUARED) * np.sin(phi))
    )


@lru_cache(maxsize=512)
def skeleton(geometry: Geometry) -> Skeleton:
    """Cut the shape into pieces; kept for shapes that are asked about again."""
    if isinstance(geometry, Point):
        lon, lat = np.array([geometry.longitude]), np.array([geometry.latitude])
        return Skeleton(Pieces(lon, lat, lon, lat, np.zeros(1), np.zeros(1)))
    if isinstance(geometry, Line):
        return Skeleton(_pieces(geometry.vertices))
    parts, rings, first = [], [], 0
    for ring in (geometry.exterior, *geometry.holes):
        part = _pieces(ring)
        area = _signed_area(ring)
        rings.append((first, first + len(part.lon), area > 0, abs(area) > SMALLEST_AREA_M2))
        parts.append(part)
        first += len(part.lon)
    names = ("lon", "lat", "end_lon", "end_lat", "azimuth", "length")
    return Skeleton(Pieces(*(np.concatenate([getattr(part, name) for part in parts]) for name in names)), tuple(rings))


def _pieces(vertices: Ring) -> Pieces:
    lon, lat = np.array(vertices, dtype=np.float64).T.copy()
    azimuth, _, length = geod().inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
    count = np.maximum(np.ceil(length / PIECE_M).astype(np.int64), 1)
    edge = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    piece_length = (length / count)[edge]
    start_lon, start_lat, start_azimuth = lon[:-1][edge], lat[:-1][edge], azimuth[edge]
    inner = np.flatnonzero(place)
    if len(inner):
        moved = geod().fwd(start_lon[inner], start_lat[inner], start_azimuth[inner], (place * piece_length)[inner])
        start_lon[inner], start_lat[inner], start_azimuth[inner] = moved[0], moved[1], moved[2] + 180.0
    last = place == count[edge] - 1
    end_lon = np.where(last, lon[1:][edge], np.roll(start_lon, -1))
    end_lat = np.where(last, lat[1:][edge], np.roll(start_lat, -1))
    return Pieces(start_lon, start_lat, end_lon, end_lat, start_azimuth, piece_length)


def _signed_area(ring: Ring) -> float:
    """Area in m² of the ring's smaller side; positive where that side lies left of the edges."""
    lon, lat = np.array(ring[:-1], dtype=np.float64).T
    area, _ = geod().polygon_area_perimeter(lon, lat)
    return float(area)


def _inverse(lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> Floats:
    _, _, distance = geod().inv(lon_a, lat_a, lon_b, lat_b)
    return np.asarray(distance, dtype=np.float64)


# --- distance ------------------------------------------------------------------------------------------------------


def distance(a: Geometry, b: Geometry, limit_m: float = math.inf) -> float:
    """Geodesic distance in metres, 0 where the two intersect; infinite when it is over `limit_m`."""
    one, other = skeleton(a), skeleton(b)
    if _contains(one, other.pieces.start[0]) or _contains(other, one.pieces.start[0]):
        return 0.0
    nearest = _boundary_distance(one.pieces, other.pieces, min(limit_m, LONGEST_DISTANCE_M))
    return nearest if nearest <= limit_m else math.inf


@dataclass
class _Bound:
    """The best upper bound of the distance so far, metres."""

    upper: float

    def lower_to(self, value: float) -> None:
        self.upper = min(self.upper, value)

    def keeps(self, low: Floats) -> npt.NDArray[np.bool_]:
        """Which lower bounds leave room for the nearest pair."""
        return low <= self.upper + SLACK_M


def _boundary_distance(a: Pieces, b: Pieces, limit_m: float) -> float:
    """Smallest distance between the two sets of pieces; infinite where it is surely over `limit_m`."""
    bound, kept = _Bound(limit_m), []
    for i, j in _near_pairs(a, b, bound):
        if bound.upper < FAR_M:
            balls = np.flatnonzero(bound.keeps(_ball_bounds(a, i, b, j)))
            i, j = i[balls], j[balls]
        if not len(i):
            continue
        first, second = a.take(i), b.take(j)
        low, high = (_chord_bounds if bound.upper < FAR_M else _geodesic_bounds)(first, second)
        bound.lower_to(float(high.min()))
        close = np.flatnonzero(bound.keeps(low))
        if _any_crossing(first.take(close), second.take(close)):
            return 0.0
        kept.append((i[close], j[close], low[close]))
    if not kept:
        return math.inf
    i, j, low = (np.concatenate([part[column] for part in kept]) for column in range(3))
    near = bound.keeps(low)
    if not near.any():
        return math.inf
    return _exact_distance(a.take(i[near]), b.take(j[near]))


def _near_pairs(a: Pieces, b: Pieces, bound: _Bound) -> Iterator[tuple[Integers, Integers]]:
    """Pairs of pieces by index, in batches, among them the nearest pair; `bound` may be lowered between batches.

    Blocks are compared first, by the triangle inequality on geodesic distances, and the nearest come first.
    """
    count_a, count_b = len(a.lon), len(b.lon)
    if count_a * count_b <= BLOCK * BLOCK:
        yield np.repeat(np.arange(count_a), count_b), np.tile(np.arange(count_b), count_a)
        return
    first_a, middle_a, reach_a = a.blocks
    first_b, middle_b, reach_b = b.blocks
    i, j = np.repeat(np.arange(len(first_a)), len(first_b)), np.tile(np.arange(len(first_b)), len(first_a))
    apart = _inverse(a.lon[middle_a][i], a.lat[middle_a][i], b.lon[middle_b][j], b.lat[middle_b][j])
    bound.lower_to(float(apart.min()))
    low = apart - reach_a[i] - reach_b[j]
    order = np.argsort(low, kind="stable")
    step = max(BATCH // (BLOCK * BLOCK), 1)
    for begin in range(0, len(order), step):
        batch = order[begin : begin + step]
        batch = batch[bound.keeps(low[batch])]
        if not len(batch):
            return
        pairs = [_block_pairs(first_a[i[k]], count_a, first_b[j[k]], count_b) for k in batch.tolist()]
        yield np.concatenate([pair[0] for pair in pairs]), np.concatenate([pair[1] for pair in pairs])


def _block_pairs(first_a: int, count_a: int, first_b: int, count_b: int) -> tuple[Integers, Integers]:
    i = np.arange(first_a, min(first_a + BLOCK, count_a))
    j = np.arange(first_b, min(first_b + BLOCK, count_b))
    return np.repeat(i, len(j)), np.tile(j, len(i))


def _ball_bounds(a: Pieces, i: Integers, b: Pieces, j: Integers) -> Floats:
    """Cheap lower bounds of the distance of pairs of pieces, from the balls around them."""
    centre_a, radius_a = a.ball
    centre_b, radius_b = b.ball
    offset = centre_a[i] - centre_b[j]
    return np.sqrt(_dot(offset, offset)) - radius_a[i] - radius_b[j]


def _chord_bounds(a: Pieces, b: Pieces) -> tuple[Floats, Floats]:
    """Lower and upper bounds of each pair's distance, from straight chords through the Earth.

    No path on the ground is shorter than the straight one, and a chord c is at most the arc 2R asin(c/2R) on the
    ground, R the smallest radius of curvature (Schur's theorem). A piece leaves its chord by at most length²/8R.
    """
    to_b = (_to_segment(a.start, b.start, b.end), _to_segment(a.end, b.start, b.end))
    to_a = (_to_segment(b.start, a.start, a.end), _to_segment(b.end, a.start, a.end))
    straight = np.minimum(np.minimum(*to_b), np.minimum(*to_a))
    sag = (a.length**2 + b.length**2) / (8 * SMALLEST_RADIUS_M)
    half = (straight + sag) / (2 * SMALLEST_RADIUS_M)
    arc = np.where(half < 0.999, 2 * SMALLEST_RADIUS_M * np.arcsin(np.minimum(half, 1.0)), LONGEST_DISTANCE_M)
    # Pieces that cross are nearest between their ends; all others at an end of one of them.
    passing = np.linalg.norm((a.start + a.end - b.start - b.end) / 2, axis=1) - (a.length + b.length) / 2
    return np.where(_may_cross(a, b), np.minimum(straight, passing), straight) - sag, arc


def _geodesic_bounds(a: Pieces, b: Pieces) -> tuple[Floats, Floats]:
    """The same bounds by the triangle inequality, for far places, where chords bound badly."""
    apart = _inverse(a.lon, a.lat, b.lon, b.lat)
    return apart - a.length - b.length, apart


def _may_cross(a: Pieces, b: Pieces) -> npt.NDArray[np.bool_]:
    """Whether each plane leaves the other piece's ends on different sides."""
    return (_dot(a.plane, b.start) * _dot(a.plane, b.end) <= 0) & (_dot(b.plane, a.start) * _dot(b.plane, a.end) <= 0)


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", a, b), dtype=np.float64)


def _to_segment(place: Floats, start: Floats, end: Floats) -> Floats:
    along, offset = end - start, place - start
    square = _dot(along, along)
    share = np.clip(np.divide(_dot(offset, along), square, out=np.zeros_like(square), where=square > 0), 0.0, 1.0)
    return np.asarray(np.linalg.norm(offset - share[:, None] * along, axis=1), dtype=np.float64)


def _any_crossing(a: Pieces, b: Pieces) -> bool:
    """Whether any piece of `a` crosses the piece of `b` beside it, on this side of the globe."""
    near = _dot(a.start, b.start) > 0
    strict = (_dot(a.plane, b.start) * _dot(a.plane, b.end) < 0) & (_dot(b.plane, a.start) * _dot(b.plane, a.end) < 0)
    return bool((near & strict).any())


def _exact_distance(a: Pieces, b: Pieces) -> float:
    """Smallest distance over pairs of pieces that do not cross: always at an end of one of them."""
    best = math.inf
    if not b.is_point:
        best = min(best, _to_piece(a.lon, a.lat, a.start, b))
        if not a.is_point:
            best = min(best, _to_piece(a.end_lon, a.end_lat, a.end, b))
    if not a.is_point or b.is_point:
        best = min(best, _to_piece(b.lon, b.lat, b.start, a))
        if not b.is_point:
            best = min(best, _to_piece(b.end_lon, b.end_lat, b.end, a))
    return best


def _to_piece(lon: Floats, lat: Floats, place: Floats, piece: Pieces) -> float:
    """Smallest geodesic distance from places to the pieces beside them, metres.

    The foot of the perpendicular is sought from the straight-line guess by the intercept of a right-angled spherical
    triangle, exact but for the flattening: a handful of steps leave far less than a millimetre, and an error in the
    foot counts only by its square. Beyond a quarter of the globe the distance is concave along a geodesic, so that
    the nearest place is an end.
    """
    best = min(
        float(_inverse(lon, lat, piece.lon, piece.lat).min()),
        float(_inverse(lon, lat, piece.end_lon, piece.end_lat).min()),
    )
    along = piece.end - piece.start
    square = _dot(along, along)
    share = np.divide(_dot(place - piece.start, along), square, out=np.zeros_like(square), where=square > 0)
    foot = np.clip(share, 0.0, 1.0) * piece.length
    for _ in range(6):
        foot_lon, foot_lat, back = geod().fwd(piece.lon, piece.lat, piece.azimuth, foot)
        toward, _, apart = geod().inv(foot_lon, foot_lat, lon, lat)
        best = min(best, float(apart.min()))
        angle = np.minimum(apart / MEAN_RADIUS_M, math.pi / 2 - 1e-3)
        step = MEAN_RADIUS_M * np.arctan(np.tan(angle) * np.cos(np.radians(toward - back - 180.0)))
        moved = np.clip(foot + step, 0.0, piece.length)
        if float(np.abs(moved - foot).max()) < 1e-3:
            break
        foot = moved
    return best


# --- containment ---------------------------------------------------------------------------------------------------


def contains(polygon: Polygon, longitude: float, latitude: float) -> bool:
    """Whether the place lies inside the polygon (its boundary is told apart to a centimetre only)."""
    return _contains(skeleton(polygon), earth_centred(np.array([longitude]), np.array([latitude]))[0])


def _contains(shape: Skeleton, place: Floats) -> bool:
    if not shape.rings or not _inside_ring(shape.pieces, shape.rings[0], place):
        return False
    return not any(_inside_ring(shape.pieces, hole, place) for hole in shape.rings[1:])


def _inside_ring(pieces: Pieces, ring: tuple[int, int, bool, bool], place: Floats) -> bool:
    """Walk from the place to the middle of some edge, count the edges crossed, and see from which side one arrives."""
    first, behind, interior_left, has_interior = ring
    if not has_interior:
        return False
    starts, ends, planes = (array[first:behind] for array in (pieces.start, pieces.end, pieces.plane))
    place = place / np.linalg.norm(place)
    middles = _unit(starts + ends)
    # The best goals are edges that the walk meets steeply, and not on the far side of the globe.
    side = planes @ place / np.linalg.norm(planes, axis=1)
    steep = np.where(middles @ place > -0.9, np.abs(side), 0.0)
    best_margin, inside = -1.0, False
    for goal in np.argsort(-steep, kind="stable")[:16].tolist():
        margin, crossings = _crossings(place, middles[goal], starts, ends, goal)
        if margin > best_margin:
            best_margin = margin
            arrives_inside = bool(side[goal] > 0) == interior_left
            inside = arrives_inside == (crossings % 2 == 0)
        if margin > 1e-9:  # a vertex over 6 mm off the walk: the count is sure
            break
    return inside


def _crossings(place: Floats, goal: Floats, starts: Floats, ends: Floats, goal_edge: int) -> tuple[float, int]:
    """How many edges the great circle from place to goal crosses, and by what margin (radians) it misses vertices."""
    normal = np.cross(place, goal)
    size = float(np.linalg.norm(normal))
    if size == 0.0:
        return 0.0, 0
    normal = normal / size
    off_start, off_end = starts @ normal, ends @ normal
    crossing = (off_start > 0) != (off_end > 0)
    crossing[goal_edge] = False
    total = np.abs(off_start) + np.abs(off_end)
    at = starts * np.abs(off_end)[:, None] + ends * np.abs(off_start)[:, None]
    after_place = np.cross(np.broadcast_to(place, at.shape), at) @ normal > 0
    before_goal = np.cross(at, np.broadcast_to(goal, at.shape)) @ normal > 0
    met = crossing & (total > 0) & after_place & before_goal
    along = (np.cross(np.broadcast_to(place, starts.shape), starts) @ normal > -1e3) & (
        np.cross(starts, np.broadcast_to(goal, starts.shape)) @ normal > -1e3
    )
    margin = float(np.abs(off_start[along]).min() / EQUATORIAL_RADIUS_M) if along.any() else 1.0
    return margin, int(met.sum())


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), dtype=np.float64)


# --- validity ------------------------------------------------------------------------------------------------------


def invalidity(polygon: Polygon) -> str | None:
    """Why the polygon is refused (specification 3: zero area, not valid in the OGC sense on its geodesic edges).

    Edges are tested in the plane of a central projection, in which they are straight; a polygon that does not fit
    into one (more than a hemisphere across) is tested for crossing edges only. None for a valid polygon.
    """
    shape = skeleton(polygon)
    directions = _unit(shape.pieces.start)
    centre = _unit(directions.sum(axis=0))
    fits = float((directions @ centre).min()) > 0.05
    reason = _planar_invalidity(shape, directions, centre) if fits else _crossing_invalidity(shape)
    if reason:
        return reason
    for number, (*_, has_interior) in enumerate(shape.rings):
        if not has_interior:
            return (
                gettext("Hole {n} encloses no area.").format(n=number)
                if number
                else gettext("The polygon encloses no area.")
            )
    return None


def _planar_invalidity(shape: Skeleton, directions: Floats, centre: Floats) -> str | None:
    import shapely

    east = _unit(np.cross(centre, np.eye(3)[int(np.argmin(np.abs(centre)))]))
    north = np.cross(centre, east)
    plane = np.column_stack((directions @ east, directions @ north)) / (directions @ centre)[:, None]
    outline, *holes = [plane[first:behind] for first, behind, *_ in shape.rings]
    flat = shapely.Polygon(outline, holes)
    if shapely.is_valid(flat):
        return None
    if flat.convex_hull.area * MEAN_RADIUS_M**2 < SMALLEST_AREA_M2:
        return gettext("The polygon encloses no area.")
    reason, _bracket, place = shapely.is_valid_reason(flat).partition("[")
    known = _REASONS.get(reason.partition(" ")[0])
    fault = gettext(known) if known else gettext("The polygon is not valid: {reason}").format(reason=reason.strip())
    near = _place(place.rstrip("]"), centre, east, north)
    if near is None:
        return f"{fault}."
    sentence = gettext("{fault} near longitude {longitude:.6f}, latitude {latitude:.6f}.")
    return sentence.format(fault=fault, longitude=near[0], latitude=near[1])


_REASONS = {
    "Self-intersection": gettext_noop("The polygon's edges cross or overlap"),
    "Ring": gettext_noop("The polygon's outline touches itself"),
    "Hole": gettext_noop("A hole lies outside the polygon's outline"),
    "Holes": gettext_noop("A hole lies inside another hole"),
    "Interior": gettext_noop("Holes cut the polygon in two"),
    "Duplicate": gettext_noop("Two rings of the polygon are the same"),
}
"""By the first word of what GEOS says."""


def _place(planar: str, centre: Floats, east: Floats, north: Floats) -> tuple[float, float] | None:
    """Where the fault is, as longitude and latitude; None where the text names no place."""
    try:
        x, y = (float(number) for number in planar.split())
    except ValueError:
        return None
    towards = _unit(centre + x * east + y * north)
    latitude = math.degrees(math.atan2(towards[2], math.hypot(towards[0], towards[1]) * (1 - ECCENTRICITY_SQUARED)))
    return math.degrees(math.atan2(towards[1], towards[0])), latitude


def _crossing_invalidity(shape: Skeleton) -> str | None:
    pieces = shape.pieces
    for i, j in _near_pairs(pieces, pieces, _Bound(0.0)):
        # Neighbours share an end, where rounding decides on which side it lies.
        apart = (
            (i < j) & (pieces.end[i] != pieces.start[j]).any(axis=1) & (pieces.start[i] != pieces.end[j]).any(axis=1)
        )
        first, second = pieces.take(i[apart]), pieces.take(j[apart])
        if _any_crossing(first, second):
            return gettext("The polygon's edges cross.")
    outline = Skeleton(pieces, shape.rings[:1])
    for first_piece, *_ in shape.rings[1:]:
        if not _contains(outline, pieces.start[first_piece]):
            return gettext("A hole lies outside the polygon's outline.")
    return None


# --- area, extent, outline -----------------------------------------------------------------------------------------


def area_and_outline(geometry: Line | Polygon) -> tuple[float, float]:
    """Area in m² and length of the outline in m; a line has no area and is walked on both sides."""
    shape = skeleton(geometry)
    if isinstance(geometry, Line):
        return 0.0, 2 * float(shape.pieces.length.sum())
    areas = [abs(_signed_area(ring)) for ring in (geometry.exterior, *geometry.holes)]
    first, behind, *_ = shape.rings[0]
    return areas[0] - sum(areas[1:]), float(shape.pieces.length[first:behind].sum())


def extent(geometry: Line | Polygon) -> tuple[float, float, float, float]:
    """West, south, east, north in degrees of the shape itself; `east` may pass 180, all round gives 360 degrees."""
    shape = skeleton(geometry)
    pieces = shape.pieces
    behind = shape.rings[0][1] if shape.rings else len(pieces.lon)
    south, north = _latitudes(pieces)
    turns = _turns(pieces.lon[:behind], pieces.end_lon[:behind])
    unrolled = np.concatenate(([0.0], np.cumsum(turns))) + pieces.lon[0]
    west, east = float(unrolled.min()), float(unrolled.max())
    for pole in (-90.0, 90.0):
        if isinstance(geometry, Polygon) and contains(geometry, 0.0, pole):
            south, north = min(south, pole), max(north, pole)
            west, east = -180.0, 180.0
    beside_pole = pieces.lat[:behind][np.abs(turns) > 90.0]  # pieces of at most 100 km turn so far only there
    if len(beside_pole):
        south, north = (-90.0 if beside_pole.min() < 0 else south), (90.0 if beside_pole.max() > 0 else north)
        west, east = -180.0, 180.0
    return (west, south, east, north) if east - west < 360.0 else (-180.0, south, 180.0, north)


def _turns(lon: Floats, end_lon: Floats) -> Floats:
    """Change of longitude along each piece, the short way round, in degrees."""
    return (end_lon - lon + 180.0) % 360.0 - 180.0


def _latitudes(pieces: Pieces) -> tuple[float, float]:
    """Smallest and largest latitude; between its ends a piece may pass its summit (Clairaut's rule)."""
    leaving, back, _ = geod().inv(pieces.lon, pieces.lat, pieces.end_lon, pieces.end_lat)
    northward, northward_at_end = np.cos(np.radians(leaving)), -np.cos(np.radians(back))
    reduced = np.arctan((1 - FLATTENING) * np.tan(np.radians(pieces.lat)))
    sine = np.minimum(np.abs(np.sin(np.radians(leaving))) * np.cos(reduced), 1.0)
    summit = np.degrees(np.arctan(np.tan(np.arccos(sine)) / (1 - FLATTENING)))
    ends = np.concatenate((pieces.lat, pieces.end_lat))
    highest = np.concatenate((ends, summit[(northward > -1e-9) & (northward_at_end < 1e-9)]))
    lowest = np.concatenate((ends, -summit[(northward < 1e-9) & (northward_at_end > -1e-9)]))
    return max(float(lowest.min()), -90.0), min(float(highest.max()), 90.0)


def zone_outline(geometry: Geometry, reach_m: float, segments: int) -> tuple[Ring, ...]:
    """See `geometry.zone_polygon`."""
    if isinstance(geometry, Point) and reach_m > 0:
        turn = np.linspace(0.0, -360.0, segments + 1)
        centre_lon, centre_lat = np.full(segments + 1, geometry.longitude), np.full(segments + 1, geometry.latitude)
        lon, lat, _ = geod().fwd(centre_lon, centre_lat, turn, np.full(segments + 1, reach_m))
        return (_unbroken(lon, lat, geometry.longitude),)
    if isinstance(geometry, Point):
        return (((geometry.longitude, geometry.latitude),) * 4,)
    return _buffered(skeleton(geometry), reach_m, segments)


def _buffered(shape: Skeleton, reach_m: float, segments: int) -> tuple[Ring, ...]:
    """Grow the shape in an azimuthal equidistant projection about its middle, where distances from there are true."""
    import shapely
    from pyproj import Transformer

    middle = _unit(shape.pieces.start.sum(axis=0))
    centre_lon = math.degrees(math.atan2(middle[1], middle[0]))
    centre_lat = math.degrees(math.asin(max(-1.0, min(1.0, middle[2]))))
    local = f"+proj=aeqd +lat_0={centre_lat!r} +lon_0={centre_lon!r} +datum=WGS84 +units=m"
    project = Transformer.from_crs("+proj=longlat +datum=WGS84", local, always_xy=True)
    ends = [(first, behind) for first, behind, *_ in shape.rings] or [(0, len(shape.pieces.lon))]
    chains = []
    for first, behind in ends:
        lon = np.append(shape.pieces.lon[first:behind], shape.pieces.end_lon[behind - 1])
        lat = np.append(shape.pieces.lat[first:behind], shape.pieces.end_lat[behind - 1])
        chains.append(np.column_stack(project.transform(lon, lat)))
    flat = shapely.Polygon(chains[0], chains[1:]) if shape.rings else shapely.LineString(chains[0])
    grown = flat.buffer(reach_m, quad_segs=max(segments // 4, 1)) if reach_m > 0 else flat
    outlines = (grown.exterior, *grown.interiors) if grown.geom_type == "Polygon" else (grown,)
    rings = []
    for outline in outlines:
        x, y = np.array(outline.coords).T
        lon, lat = project.transform(x, y, direction="INVERSE")
        rings.append(_unbroken(np.asarray(lon), np.asarray(lat), centre_lon))
    return tuple(rings)


def _unbroken(lon: Floats, lat: Floats, near_lon: float) -> Ring:
    """The ring with longitudes that run on past ±180; one that goes round a pole is led along the map's edge."""
    turns = _turns(lon[:-1], lon[1:])
    unrolled = lon[0] + np.concatenate(([0.0], np.cumsum(turns)))
    unrolled += 360.0 * round((near_lon - float(unrolled.mean())) / 360.0)
    ring = tuple(zip(unrolled.tolist(), lat.tolist(), strict=True))
    if abs(unrolled[-1] - unrolled[0]) > 180.0:
        pole = 90.0 if float(lat.mean()) > 0 else -90.0
        return (*ring, (ring[-1][0], pole), (ring[0][0], pole), ring[0])
    return (*ring[:-1], ring[0])
