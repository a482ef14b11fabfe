"""The predicate p1 once more, slowly and by other means: what the product is measured against.

Nothing is shared with the product's geometry: geodesics come from geographiclib (pure Python), the nearest place on an
edge from sampling and golden-section search along the geodesic, crossings from Karney's ellipsoidal gnomonic projection
centred again and again on the crossing, containment from the turning of the bearing as one walks round the ring.

Where specification 4.2 leaves a thin band in which an implementation's own distance decides, the answer says so:
`Expected` holds what MUST and what MAY be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from geographiclib.geodesic import Geodesic

from vigil.engine.operation import Band, Basis, Line, Match, Operation, Point, Polygon, Site, Window

WGS84 = Geodesic.WGS84
SAMPLES = 24
NEGLIGIBLE_M = 1e-6
"""Two geodesic solvers agree to nanometres."""
Vertex = tuple[float, float]


# --- distance ------------------------------------------------------------------------------------------------------


def separation(a: Vertex, b: Vertex) -> float:
    """Geodesic distance of two (lon, lat), metres."""
    return float(WGS84.Inverse(a[1], a[0], b[1], b[0], Geodesic.DISTANCE)["s12"])


def sphere_separation(a: Vertex, b: Vertex) -> float:
    """The distance on a sphere: within 0.6 % of the ellipsoid's, cheap."""
    phi, psi = math.radians(a[1]), math.radians(b[1])
    half_lat, half_lon = (psi - phi) / 2, math.radians(b[0] - a[0]) / 2
    haversine = math.sin(half_lat) ** 2 + math.cos(phi) * math.cos(psi) * math.sin(half_lon) ** 2
    return 2 * 6_371_000.0 * math.asin(math.sqrt(min(1.0, haversine)))


class Edge:
    """One geodesic edge with samples along it."""

    def __init__(self, start: Vertex, end: Vertex) -> None:
        self.line = WGS84.InverseLine(start[1], start[0], end[1], end[0])
        self.length = float(self.line.s13)
        self.step = self.length / SAMPLES
        self.samples = [start, *(self.at(k * self.step) for k in range(1, SAMPLES)), end]

    def at(self, along: float) -> Vertex:
        place = self.line.Position(along, Geodesic.LATITUDE | Geodesic.LONGITUDE)
        return (place["lon2"], place["lat2"])

    def least(self, place: Vertex) -> float:
        """No place of the edge is nearer than this: each is within half a step of a sample."""
        return 0.99 * min(sphere_separation(place, sample) for sample in self.samples) - self.step / 2 - NEGLIGIBLE_M

    def distance(self, place: Vertex) -> float:
        apart = [sphere_separation(place, sample) for sample in self.samples]
        order = sorted(range(len(apart)), key=apart.__getitem__)
        nearest = order[0]
        low, high = max(nearest - 1, 0) * self.step, min(nearest + 1, SAMPLES) * self.step
        best = min(separation(place, self.samples[k]) for k in {0, SAMPLES, nearest})
        golden = (math.sqrt(5) - 1) / 2
        one, two = high - golden * (high - low), low + golden * (high - low)
        at_one, at_two = separation(place, self.at(one)), separation(place, self.at(two))
        while high - low > 0.02:
            if at_one < at_two:
                high, two, at_two = two, one, at_one
                one = high - golden * (high - low)
                at_one = separation(place, self.at(one))
            else:
                low, one, at_one = one, two, at_two
                two = low + golden * (high - low)
                at_two = separation(place, self.at(two))
            best = min(best, at_one, at_two)
        return best

    def crosses(self, other: Edge) -> bool:
        between = sphere_separation(self.samples[SAMPLES // 2], other.samples[SAMPLES // 2])
        if 0.99 * between > (self.length + other.length) / 2 + 1.0:
            return False
        apart, i, j = min(
            (sphere_separation(p, q), i, j) for i, p in enumerate(self.samples) for j, q in enumerate(other.samples)
        )
        if apart > 1.1 * (self.step + other.step) + 1.0:
            return False
        ends = [*self._around(i), *other._around(j)]
        (lon_a, lat_a), (lon_b, lat_b) = self.samples[i], other.samples[j]
        middle = WGS84.InverseLine(lat_a, lon_a, lat_b, lon_b)
        centre = middle.Position(float(middle.s13) / 2, Geodesic.LATITUDE | Geodesic.LONGITUDE)
        lat, lon = centre["lat2"], centre["lon2"]
        for _ in range(12):
            flat = [_gnomonic(lat, lon, end) for end in ends]
            if any(place is None for place in flat):
                return False
            met = _meeting(*[place for place in flat if place is not None])
            if met is None:
                return False
            share_a, share_b, x, y = met
            rho = math.hypot(x, y)
            moved = WGS84.Direct(lat, lon, math.degrees(math.atan2(x, y)), 6_371_000.0 * math.atan(rho / 6_371_000.0))
            lat, lon = moved["lat2"], moved["lon2"]
            if rho < 1e-6:
                break
        return 0.0 <= share_a <= 1.0 and 0.0 <= share_b <= 1.0

    def _around(self, nearest: int) -> tuple[Vertex, Vertex]:
        if self.length < 4_000_000.0:
            return self.samples[0], self.samples[-1]
        return self.samples[max(nearest - 3, 0)], self.samples[min(nearest + 3, SAMPLES)]


def _gnomonic(lat: float, lon: float, place: Vertex) -> tuple[float, float] | None:
    mask = Geodesic.AZIMUTH | Geodesic.REDUCEDLENGTH | Geodesic.GEODESICSCALE
    there = WGS84.Inverse(lat, lon, place[1], place[0], mask)
    if there["M12"] <= 0.01:
        return None
    rho, azimuth = there["m12"] / there["M12"], math.radians(there["azi1"])
    return rho * math.sin(azimuth), rho * math.cos(azimuth)


def _meeting(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], d: tuple[float, float]
) -> tuple[float, float, float, float] | None:
    """Where lines ab and cd meet: share along each, and the place."""
    abx, aby, cdx, cdy = b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]
    turn = abx * cdy - aby * cdx
    if abs(turn) < 1e-12 * (math.hypot(abx, aby) * math.hypot(cdx, cdy) + 1e-30):
        return None
    acx, acy = c[0] - a[0], c[1] - a[1]
    share_a, share_b = (acx * cdy - acy * cdx) / turn, (acx * aby - acy * abx) / turn
    return share_a, share_b, a[0] + share_a * abx, a[1] + share_a * aby


@lru_cache(maxsize=20_000)
def edges(ring: tuple[Vertex, ...]) -> tuple[Edge, ...]:
    return tuple(Edge(start, end) for start, end in pairwise(ring) if start != end)


def encloses(ring: tuple[Vertex, ...], place: Vertex) -> bool:
    """Whether the ring's smaller side holds the place; for rings that fit into a hemisphere.

    The bearing turns once round where the ring parts the place from its antipode; the place is then inside where the
    ring is the nearer of the two. The geodesic from a vertex through a place inside meets the ring again beyond it, and
    both ways round to there are longer: nothing inside is farther from a vertex than half the way round.
    """
    if sphere_separation(ring[0], place) * 0.99 > sum(edge.length for edge in edges(ring)) / 2:
        return False
    turned, total, count, last = 0.0, 0.0, 0, None
    for edge in edges(ring):
        for sample in _finely(edge, place):
            there = WGS84.Inverse(place[1], place[0], sample[1], sample[0], Geodesic.AZIMUTH | Geodesic.DISTANCE)
            if last is not None:
                turned += (there["azi1"] - last + 180.0) % 360.0 - 180.0
            last = there["azi1"]
            total, count = total + there["s12"], count + 1
    return abs(turned) > 180.0 and total / count < 10_001_966.0


def _finely(edge: Edge, place: Vertex) -> list[Vertex]:
    """Places along an edge, closer together beside the place, so that the bearing never jumps half round.

    Two that follow one another are at most half as far apart as the place is from the nearest sample.
    """
    apart, nearest = min((sphere_separation(place, sample), k) for k, sample in enumerate(edge.samples))
    stride = max(1, min(SAMPLES, int(apart / 2 / max(edge.step, NEGLIGIBLE_M))))
    along = {k * edge.step for k in range(0, SAMPLES, stride)} - {0.0}
    middle, finer = nearest * edge.step, edge.step / 2
    while finer > max(apart / 4, edge.step / 2**21):
        along |= {middle - finer, middle + finer}
        finer /= 2
    inner = sorted(value for value in along if 0.0 < value < edge.length)
    return [edge.samples[0], *(edge.at(value) for value in inner), edge.samples[-1]]


def distance(a: Point | Line | Polygon, b: Point | Line | Polygon) -> float:
    """Geodesic distance of two geometries, 0 where they intersect, metres."""
    if isinstance(a, Point) and isinstance(b, Point):
        return separation((a.longitude, a.latitude), (b.longitude, b.latitude))
    return shape_distance(*sorted((a, b), key=repr))


@lru_cache(maxsize=100_000)
def shape_distance(a: Point | Line | Polygon, b: Point | Line | Polygon) -> float:
    if _inside(a, _first(b)) or _inside(b, _first(a)):
        return 0.0
    edges_a, edges_b = _all_edges(a), _all_edges(b)
    if any(one.crosses(other) for one in edges_a for other in edges_b):
        return 0.0
    pairs = [(edge.least(place), edge, place) for place in _vertices(a) for edge in edges_b]
    pairs += [(edge.least(place), edge, place) for place in _vertices(b) for edge in edges_a]
    best = math.inf
    for least, edge, place in sorted(pairs, key=lambda pair: pair[0]):
        if least > best:
            break
        best = min(best, edge.distance(place))
    return best


def _rings(shape: Point | Line | Polygon) -> tuple[tuple[Vertex, ...], ...]:
    if isinstance(shape, Point):
        return (((shape.longitude, shape.latitude),),)
    return (shape.vertices,) if isinstance(shape, Line) else (shape.exterior, *shape.holes)


def _all_edges(shape: Point | Line | Polygon) -> list[Edge]:
    return [edge for ring in _rings(shape) for edge in edges(ring)]


def _vertices(shape: Point | Line | Polygon) -> list[Vertex]:
    return sorted({vertex for ring in _rings(shape) for vertex in ring})


def _first(shape: Point | Line | Polygon) -> Vertex:
    return _rings(shape)[0][0]


def _inside(shape: Point | Line | Polygon, place: Vertex) -> bool:
    if not isinstance(shape, Polygon) or not encloses(shape.exterior, place):
        return False
    return not any(encloses(hole, place) for hole in shape.holes)


# --- the predicate -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SitePair:
    """Two sites whose windows overlap and whose zones MAY touch."""

    distance_m: float
    overlap: Window
    tolerance_m: float
    must: bool
    direct_must: bool
    direct_may: bool


@dataclass(frozen=True)
class Expected:
    """What the specification asks of one pair of operations."""

    places: tuple[SitePair, ...]
    subjects: tuple[str, ...]
    subject_overlap: Window | None

    @property
    def must(self) -> bool:
        return any(place.must for place in self.places) or self.subject_overlap is not None

    @property
    def may(self) -> bool:
        return bool(self.places) or self.subject_overlap is not None

    @property
    def settled(self) -> bool:
        """Whether nothing lies in the thin band in which the implementation's own distance decides."""
        return all(place.must and place.direct_must == place.direct_may for place in self.places)

    def match(self) -> Match | None:
        """The expected answer of a settled pair."""
        if self.places:
            direct = any(place.direct_must for place in self.places)
            return Match(
                Basis.BOTH if self.subjects else Basis.PLACE,
                min((place.overlap for place in self.places), key=lambda window: (window.start, window.end)),
                Band.DIRECT if direct else Band.NEAR,
                min(place.distance_m for place in self.places),
                self.subjects,
            )
        if self.subject_overlap is not None:
            return Match(Basis.SUBJECT, self.subject_overlap, subjects=self.subjects)
        return None

    def fault(self, given: Match | None) -> str | None:
        """What is wrong with an implementation's answer, or None."""
        if given is None:
            return "lost: must match" if self.must else None
        if not self.may:
            return "invented: must not match"
        if given.subjects != self.subjects:
            return f"subjects {given.subjects}, expected {self.subjects}"
        if not self.settled:
            return self._loose_fault(given)
        wanted = self.match()
        assert wanted is not None
        if (given.basis, given.band, given.overlap) != (wanted.basis, wanted.band, wanted.overlap):
            return f"{given} expected {wanted}"
        if wanted.distance_m is None or given.distance_m is None:
            return None if wanted.distance_m is given.distance_m else f"{given} expected {wanted}"
        tolerance = max(place.tolerance_m for place in self.places)
        off = abs(given.distance_m - wanted.distance_m)
        return f"distance off by {off} m: {given} expected {wanted}" if off > tolerance else None

    def _loose_fault(self, given: Match) -> str | None:
        if given.distance_m is None:
            return "place match lost" if any(place.must for place in self.places) else None
        if given.overlap not in {place.overlap for place in self.places}:
            return f"overlap {given.overlap} is of no site pair"
        low = min(place.distance_m - place.tolerance_m for place in self.places)
        high = min((p.distance_m + p.tolerance_m for p in self.places if p.must), default=math.inf)
        if not low <= given.distance_m <= high:
            return f"distance {given.distance_m} not within {low} and {high}"
        if given.band is Band.NEAR and any(place.must and place.direct_must for place in self.places):
            return "band near, must be direct"
        if given.band is Band.DIRECT and not any(place.direct_may for place in self.places):
            return "band direct, must be near"
        return None


def expected(a: Operation, b: Operation) -> Expected:
    """What the specification asks of the pair."""
    joint = b.operation_id in a.joint_with and a.operation_id in b.joint_with
    if a.operation_id == b.operation_id or a.mode != b.mode or not (a.registered and b.registered) or joint:
        return Expected((), (), None)
    places = [_site_pair(one, other) for one in a.sites for other in b.sites]
    shared = tuple(sorted(set(a.subjects) & set(b.subjects)))
    overlap = _subject_overlap(a, b) if shared else None
    return Expected(tuple(place for place in places if place), shared if overlap else (), overlap)


def _site_pair(a: Site, b: Site) -> SitePair | None:
    start = max(a.starts_at - a.buffer_before, b.starts_at - b.buffer_before)
    end = min(a.ends_at + a.buffer_after, b.ends_at + b.buffer_after)
    if start >= end:
        return None
    points = isinstance(a.geometry, Point) and isinstance(b.geometry, Point)
    epsilon = 0.01 if points else 1.0
    reach = a.radius_m + b.radius_m + a.uncertainty_m + b.uncertainty_m
    inner = max(a.radius_m, b.radius_m) + a.uncertainty_m + b.uncertainty_m
    far = sphere_separation(_first(a.geometry), _first(b.geometry))
    if far * 0.99 - _size(a) - _size(b) > reach + 10.0:
        return None
    apart = distance(a.geometry, b.geometry)
    if apart > reach + 2 * epsilon + NEGLIGIBLE_M:
        return None
    return SitePair(
        apart,
        Window(start, end),
        epsilon,
        must=apart <= max(reach - NEGLIGIBLE_M, 0.0),
        direct_must=apart <= max(inner - NEGLIGIBLE_M, 0.0),
        direct_may=apart <= inner + 2 * epsilon + NEGLIGIBLE_M,
    )


def _size(site: Site) -> float:
    """No place of the shape, interior included, lies farther from its first vertex than this (metres)."""
    length = sum(edge.length for edge in _all_edges(site.geometry))
    return 1.01 * length


def _subject_overlap(a: Operation, b: Operation) -> Window | None:
    spans = []
    for operation in (a, b):
        starts = [site.starts_at for site in operation.sites] + ([operation.span.start] if operation.span else [])
        ends = [site.ends_at for site in operation.sites] + ([operation.span.end] if operation.span else [])
        if not starts:
            return None
        margin = 72 * 3600 * 1_000_000
        spans.append((min(starts) - margin, max(ends) + margin))
    start, end = max(span[0] for span in spans), min(span[1] for span in spans)
    return Window(start, end) if start < end else None
