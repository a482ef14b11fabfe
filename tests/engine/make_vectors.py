"""Make the vectors in docs/protocol/vectors/ by the independent slow evaluation of `brute_force`.

Run it from the project root: `.venv/bin/python tests/engine/make_vectors.py`. It asks nothing of the product but its
value types, and writes the same bytes each time. Every case is settled: none lies in the thin band in which
specification 4.2 lets the implementation's own distance decide.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

from brute_force import Edge, distance, expected
from cases import FAMILIES, moved, random_operations

from vigil.engine.operation import Geometry, Line, Mode, Operation, Point, Polygon, Site, Vertex, Window

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "protocol" / "vectors"
MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


NOON = at("2026-06-15T17:00:00+00:00")

Case = tuple[str, Operation, Operation]


def site(geometry: Geometry, radius: float = 300.0, start: int = NOON, end: int = NOON + 2 * HOUR, **more: Any) -> Site:
    return Site(geometry, radius, start, end, **more)


def operation(name: str, *sites: Site, **more: Any) -> Operation:
    return Operation(name, sites, **more)


def pair(a: Site, b: Site) -> tuple[Operation, Operation]:
    return operation("A", a), operation("B", b)


def up(value: float, step: float) -> float:
    return round(math.ceil(value / step) * step, 6)


# --- thresholds ----------------------------------------------------------------------------------------------------

POINT_PAIRS: dict[str, tuple[Vertex, Vertex]] = {
    "in a city": ((-93.265, 44.978), (-93.261, 44.9805)),
    "a few metres apart": ((-93.265, 44.978), (-93.26503, 44.97801)),
    "on the equator": ((9.5, 0.0), (9.506, 0.0)),
    "across the equator": ((-78.5, -0.002), (-78.497, 0.003)),
    "across the antimeridian": ((179.998, 51.8), (-179.997, 51.801)),
    "on the antimeridian, written 180 and -180": ((180.0, -16.5), (-180.0, -16.504)),
    "across the north pole": ((20.0, 89.999), (-160.0, 89.998)),
    "at the north pole itself": ((0.0, 90.0), (137.0, 89.995)),
    "the north pole under two longitudes": ((12.0, 90.0), (-100.0, 90.0)),
    "beside the south pole": ((-70.0, -89.997), (100.0, -89.9985)),
    "far north": ((15.6, 78.22), (15.66, 78.225)),
    "far south": ((166.67, -77.85), (166.6, -77.846)),
    "across the prime meridian": ((-0.001, 51.4778), (0.002, 51.479)),
    "across a continent": ((-122.42, 37.77), (-73.97, 40.78)),
    "nearly antipodal": ((-93.265, 44.978), (86.5, -44.7)),
    "antipodal on the equator": ((0.0, 0.0), (179.9, 0.3)),
    "exactly antipodal": ((10.0, 20.0), (-170.0, -20.0)),
    "pole to pole": ((0.0, 90.0), (0.0, -90.0)),
}


def point_thresholds() -> Iterator[Case]:
    for place, (one, other) in POINT_PAIRS.items():
        a, b = Point(*one), Point(*other)
        yield from _thresholds(place, a, b, 0.001, 0.03)


def _thresholds(place: str, a: Geometry, b: Geometry, step: float, beyond: float) -> Iterator[Case]:
    apart = distance(a, b)
    if apart == 0.0:
        yield f"{place}: no distance, no radius: direct", *pair(site(a, 0.0), site(b, 0.0))
        return
    reach = up(apart, step)
    small = round(min(reach / 4, 250.0), 6)
    yield f"{place}: the radii just reach", *pair(site(a, small), site(b, round(reach - small, 6)))
    yield f"{place}: one radius just reaches: direct", *pair(site(a, reach), site(b, small))
    if apart > 4 * beyond:
        short = round(reach - beyond - step, 6)
        small = round(min(short / 4, 250.0), 6)
        yield f"{place}: the radii fall just short", *pair(site(a, small), site(b, round(short - small, 6)))
        yield (
            f"{place}: one radius falls just short, the other helps: near",
            *pair(site(a, short), site(b, round(beyond * 3, 6))),
        )
        yield (
            f"{place}: uncertainty on one side makes up the rest",
            *pair(site(a, 0.0, uncertainty_m=round(reach / 3, 6)), site(b, up(reach - round(reach / 3, 6), step))),
        )


# --- shapes --------------------------------------------------------------------------------------------------------


def ring(middle: Vertex, size: float, corners: int, turn: float = 0.0, reverse: bool = False) -> tuple[Vertex, ...]:
    places = [moved(middle, turn + 360.0 * k / corners, size) for k in range(corners)]
    rounded = [(round(lon, 7), round(lat, 7)) for lon, lat in places]
    if reverse:
        rounded.reverse()
    return (*rounded, rounded[0])


def place(middle: Vertex, azimuth: float, metres: float) -> Point:
    lon, lat = moved(middle, azimuth, metres)
    return Point(round(lon, 7), round(lat, 7))


CITY = (-93.265, 44.978)
STREET = Line(((-93.275, 44.978), (-93.268, 44.9795), (-93.26, 44.9785)))
PARALLEL = Line(((-93.275, 44.983), (-93.268, 44.9845), (-93.26, 44.9835)))
CROSSING = Line(((-93.27, 44.97), (-93.266, 44.99)))
SELF_CROSSING = Line(((-93.28, 44.97), (-93.26, 44.99), (-93.28, 44.99), (-93.26, 44.97)))
BLOCK = Polygon(ring(CITY, 900.0, 4, 45.0))
DATE_LINE = Polygon(((179.98, 51.79), (-179.98, 51.79), (-179.98, 51.81), (179.98, 51.81), (179.98, 51.79)))
NORTH_CAP = Polygon(((0.0, 89.9), (120.0, 89.9), (-120.0, 89.9), (0.0, 89.9)))
SOUTH_CAP = Polygon(((0.0, -80.0), (-90.0, -80.0), (-180.0, -80.0), (90.0, -80.0), (0.0, -80.0)))
POLE_LINE = Line(((-60.0, 89.98), (120.0, 89.97)))
ARCTIC_LINE = Line(((-150.0, 70.0), (30.0, 70.0)))
LONG_LINE = Line(((-122.42, 37.77), (-73.97, 40.78)))
PACIFIC = Line(((139.7, 35.7), (-122.42, 37.77)))
EQUATOR_LINE = Line(((-0.5, 0.0), (0.5, 0.0)))
STATE = Polygon(((-104.05, 41.0), (-111.05, 41.0), (-111.05, 45.0), (-104.05, 45.0), (-104.05, 41.0)))
OCEAN = Polygon(((150.0, -10.0), (-150.0, -10.0), (-150.0, 10.0), (150.0, 10.0), (150.0, -10.0)))

SHAPE_PAIRS: dict[str, tuple[Geometry, Geometry]] = {
    "point beside a street": (place(CITY, 10.0, 700.0), STREET),
    "point beyond a street's end": (place(CITY, 80.0, 1500.0), STREET),
    "point on a street's vertex": (Point(-93.268, 44.9795), STREET),
    "two parallel streets": (STREET, PARALLEL),
    "two crossing streets": (STREET, CROSSING),
    "a line that crosses itself, and a point between": (SELF_CROSSING, Point(-93.262, 44.98)),
    "point outside a block": (place(CITY, 30.0, 1400.0), BLOCK),
    "point over a block's corner": (place(CITY, 45.0, 1300.0), BLOCK),
    "street through a block": (STREET, BLOCK),
    "street inside a block": (Line(((-93.266, 44.9775), (-93.264, 44.9785))), BLOCK),
    "two blocks apart": (BLOCK, Polygon(ring((-93.24, 44.99), 600.0, 5))),
    "one block inside another": (BLOCK, Polygon(ring(CITY, 100.0, 6))),
    "two blocks that overlap": (BLOCK, Polygon(ring((-93.257, 44.982), 700.0, 3))),
    "two blocks that share a corner": (
        Polygon(((-93.27, 44.97), (-93.26, 44.97), (-93.26, 44.98), (-93.27, 44.98), (-93.27, 44.97))),
        Polygon(((-93.26, 44.98), (-93.25, 44.98), (-93.25, 44.99), (-93.26, 44.99), (-93.26, 44.98))),
    ),
    "point west of a shape on the antimeridian": (Point(179.96, 51.8), DATE_LINE),
    "point east of a shape on the antimeridian": (Point(-179.95, 51.805), DATE_LINE),
    "line across the antimeridian and a point north of it": (
        Line(((179.9, -16.5), (-179.9, -16.52))),
        Point(-179.99, -16.45),
    ),
    "two lines that cross on the antimeridian": (
        Line(((179.9, 0.1), (-179.9, -0.1))),
        Line(((179.9, -0.1), (-179.9, 0.1))),
    ),
    "line over the north pole and a point beside it": (POLE_LINE, Point(30.0, 89.99)),
    "line over the north pole and the pole": (POLE_LINE, Point(0.0, 90.0)),
    "cap of the north pole and a point outside": (NORTH_CAP, Point(60.0, 89.9)),
    "cap of the north pole and a line outside": (NORTH_CAP, Line(((60.0, 89.8), (61.0, 89.5)))),
    "cap of the south pole and a point outside": (SOUTH_CAP, Point(45.0, -79.5)),
    "line of 4,000 km over the pole and a point beside it": (ARCTIC_LINE, Point(-60.0, 88.0)),
    "line across a continent and a point north of it": (LONG_LINE, Point(-98.0, 43.5)),
    "line across a continent and a line south of it": (LONG_LINE, Line(((-110.0, 35.0), (-90.0, 36.0)))),
    "line across an ocean and a point beneath its arc": (PACIFIC, Point(-170.0, 45.0)),
    "line on the equator and a point north of it": (EQUATOR_LINE, Point(0.1, 0.004)),
    "line on the equator and a line north of it": (EQUATOR_LINE, Line(((0.2, 0.01), (0.4, 0.02)))),
    "state and a point north of its bulging edge": (STATE, Point(-107.5, 45.5)),
    "state and a point far away": (STATE, Point(-90.0, 30.0)),
    "ocean and an island group": (OCEAN, Polygon(ring((-140.0, 5.0), 200_000.0, 5))),
    "far shapes on opposite sides": (BLOCK, Polygon(ring((86.0, -44.0), 5_000.0, 4))),
    "far line and point": (STREET, Point(86.7, -44.9)),
    "tiny polygon and a point": (Polygon(ring(CITY, 2.0, 3)), place(CITY, 200.0, 40.0)),
    "sliver and a point": (
        Polygon(((-93.28, 44.978), (-93.25, 44.978), (-93.25, 44.97801), (-93.28, 44.978))),
        Point(-93.265, 44.975),
    ),
}


def shape_thresholds() -> Iterator[Case]:
    for name, (a, b) in SHAPE_PAIRS.items():
        yield from _thresholds(name, a, b, 0.01, 2.1)


def containment() -> Iterator[Case]:
    """Inside, outside, in a hole: zero radii but for what decides."""
    hole = ring(CITY, 300.0, 5)
    holed = Polygon(BLOCK.exterior, (hole,))
    turned = Polygon(BLOCK.exterior[::-1], (hole[::-1],))
    deep, rim, core = place(CITY, 90.0, 10.0), place(CITY, 200.0, 500.0), Polygon(ring(CITY, 60.0, 4))
    checks: list[tuple[str, Geometry, Geometry]] = [
        ("point in a polygon", Polygon(BLOCK.exterior), rim),
        ("point in a clockwise polygon", Polygon(BLOCK.exterior[::-1]), rim),
        ("point between outline and hole", holed, rim),
        ("point between outline and hole, rings turned round", turned, rim),
        ("point in a hole", holed, deep),
        ("point in a hole, rings turned round", turned, deep),
        ("polygon in a hole", holed, core),
        ("polygon in a hole, rings turned round", turned, core),
        ("polygon across a hole's edge", holed, Polygon(ring(place_vertex(CITY, 0.0, 280.0), 60.0, 4))),
        ("polygon that covers the hole and the outline", holed, Polygon(ring(CITY, 2_000.0, 8))),
        ("line in a hole", holed, Line((place_vertex(CITY, 0.0, 50.0), place_vertex(CITY, 180.0, 50.0)))),
        ("line from hole to outside", holed, Line((CITY, place_vertex(CITY, 20.0, 3_000.0)))),
        ("the antimeridian's shape and its middle, written 180", DATE_LINE, Point(180.0, 51.8)),
        ("the antimeridian's shape and its middle, written -180", DATE_LINE, Point(-180.0, 51.8)),
        ("the antimeridian's shape and the prime meridian", DATE_LINE, Point(0.0, 51.8)),
        ("the north cap and the pole", NORTH_CAP, Point(77.0, 90.0)),
        ("the north cap and the other pole", NORTH_CAP, Point(77.0, -90.0)),
        ("the north cap and a place within", NORTH_CAP, Point(33.0, 89.97)),
        ("the south cap and the pole", SOUTH_CAP, Point(0.0, -90.0)),
        ("the south cap and the other pole", SOUTH_CAP, Point(0.0, 90.0)),
        ("the south cap, between chord and parallel: outside", SOUTH_CAP, Point(45.0, -80.5)),
        ("the south cap, inside the chord", SOUTH_CAP, Point(45.0, -83.5)),
        ("a state's northern edge bulges over the parallel: inside", STATE, Point(-107.55, 45.05)),
        ("a state's southern edge bulges over the parallel: outside", STATE, Point(-107.55, 41.03)),
        ("an ocean across the antimeridian, inside", OCEAN, Point(179.0, 3.0)),
        ("an ocean across the antimeridian, outside", OCEAN, Point(0.0, 3.0)),
        ("an ocean across the antimeridian, a line inside", OCEAN, Line(((179.0, 1.0), (-175.0, -4.0)))),
        (
            "a triangle of an eighth of the globe",
            Polygon(((0.0, 0.0), (90.0, 0.0), (0.0, 90.0), (0.0, 0.0))),
            Point(45, 45),
        ),
        (
            "a triangle of an eighth of the globe, outside",
            Polygon(((0.0, 0.0), (90.0, 0.0), (0.0, 90.0), (0.0, 0.0))),
            Point(-45.0, -45.0),
        ),
    ]
    for name, a, b in checks:
        yield name, *pair(site(a, 0.0), site(b, 0.0))
        yield f"{name}: with radii of 50 m", *pair(site(a, 50.0), site(b, 50.0))


def long_edges() -> Iterator[Case]:
    """Places 40 m on either side of edges so long that a geodesic leaves the plane through the Earth's centre."""
    corners: dict[str, tuple[Vertex, Vertex, Vertex]] = {
        "a triangle of a continent": ((-120.0, 35.0), (-60.0, 52.0), (-95.0, 10.0)),
        "a triangle of an ocean": ((140.0, 50.0), (-130.0, 30.0), (170.0, -20.0)),
        "a triangle of the south": ((10.0, -30.0), (80.0, -65.0), (60.0, -10.0)),
    }
    for name, (one, other, third) in corners.items():
        shape = Polygon((one, other, third, one))
        edge = Edge(one, other)
        for share in (0.25, 0.5, 0.7):
            foot, ahead = edge.at(edge.length * share), edge.at(edge.length * share + 1_000.0)
            east = (ahead[0] - foot[0]) * math.cos(math.radians(foot[1]))
            course = math.degrees(math.atan2(east, ahead[1] - foot[1]))
            for side, turn in (("left", -90.0), ("right", 90.0)):
                there = place(foot, course + turn, 40.0)
                yield f"{name}, {side} of an edge at {share:.0%}", *pair(site(shape, 10.0), site(there, 10.0))
                beside = Line((place_vertex(foot, course + turn, 40.0), place_vertex(foot, course + turn, 30_000.0)))
                yield (
                    f"{name}, a line that leaves {side} of an edge at {share:.0%}",
                    *pair(site(shape, 10.0), site(beside, 10.0)),
                )


def place_vertex(middle: Vertex, azimuth: float, metres: float) -> Vertex:
    there = place(middle, azimuth, metres)
    return (there.longitude, there.latitude)


# --- time ----------------------------------------------------------------------------------------------------------


def windows() -> Iterator[Case]:
    here, there = Point(-93.265, 44.978), Point(-93.2655, 44.978)
    first = site(here, start=NOON, end=NOON + HOUR)
    for name, shift in (("touch exactly", 0), ("overlap by a microsecond", -1), ("miss by a microsecond", 1)):
        late = site(there, start=NOON + HOUR + shift, end=NOON + 3 * HOUR)
        yield f"windows {name}", *pair(first, late)
        yield f"windows {name}, the later named first", *pair(late, first)
        for before, after in ((HOUR, 0), (0, HOUR), (HOUR, HOUR // 2)):
            early = replace(first, buffer_after=after)
            later = site(
                there, start=NOON + HOUR + after + before + shift, end=NOON + 5 * HOUR + after, buffer_before=before
            )
            yield (
                f"buffered windows {name} ({before // MINUTE} min before, {after // MINUTE} after)",
                *pair(early, later),
            )
    yield "the same window", *pair(first, site(there, start=NOON, end=NOON + HOUR))
    yield "one window inside the other", *pair(first, site(there, start=NOON + MINUTE, end=NOON + 2 * MINUTE))
    yield "a window of one microsecond", *pair(first, site(there, start=NOON + MINUTE, end=NOON + MINUTE + 1))
    yield "the same start, another end", *pair(first, site(there, start=NOON, end=NOON + MINUTE))
    yield "the same end, another start", *pair(first, site(there, start=NOON + MINUTE, end=NOON + HOUR))
    yield "a long window over a short one", *pair(first, site(there, start=NOON - 90 * DAY, end=NOON + 90 * DAY))
    yield "a year apart", *pair(first, site(there, start=NOON + 365 * DAY, end=NOON + 365 * DAY + HOUR))
    yield "before 1970", *pair(site(here, start=-10 * DAY, end=-9 * DAY), site(there, start=-9 * DAY - 1, end=-8 * DAY))
    yield from _clock_changes(here, there)


def _clock_changes(here: Point, there: Point) -> Iterator[Case]:
    """Wall times in Chicago, given here by their offsets: the hour that is skipped and the hour that comes twice."""
    spans = {
        "spring, last hour before the change, and the first after it": (
            ("2026-03-08T01:00:00-06:00", "2026-03-08T03:00:00-05:00"),
            ("2026-03-08T03:00:00-05:00", "2026-03-08T04:00:00-05:00"),
        ),
        "spring, two wall hours that are one": (
            ("2026-03-08T01:30:00-06:00", "2026-03-08T03:30:00-05:00"),
            ("2026-03-08T03:15:00-05:00", "2026-03-08T04:00:00-05:00"),
        ),
        "autumn, the first and the second half past one": (
            ("2026-11-01T01:30:00-05:00", "2026-11-01T01:45:00-05:00"),
            ("2026-11-01T01:30:00-06:00", "2026-11-01T01:45:00-06:00"),
        ),
        "autumn, from the first half past one to the second": (
            ("2026-11-01T01:30:00-05:00", "2026-11-01T01:30:00-06:00"),
            ("2026-11-01T01:10:00-06:00", "2026-11-01T01:20:00-06:00"),
        ),
        "autumn, the second one o'clock touches the end of the first": (
            ("2026-11-01T01:00:00-05:00", "2026-11-01T01:00:00-06:00"),
            ("2026-11-01T01:00:00-06:00", "2026-11-01T02:00:00-06:00"),
        ),
        "across midnight UTC, offsets of India and Chicago": (
            ("2026-06-16T04:00:00+05:30", "2026-06-16T06:00:00+05:30"),
            ("2026-06-15T19:00:00-05:00", "2026-06-15T20:00:00-05:00"),
        ),
    }
    for name, ((start_a, end_a), (start_b, end_b)) in spans.items():
        yield name, *pair(site(here, start=at(start_a), end=at(end_a)), site(there, start=at(start_b), end=at(end_b)))


# --- subjects ------------------------------------------------------------------------------------------------------


def subjects() -> Iterator[Case]:
    plate, phone, escaped = "plate:MN/ABC123", "phone:+16125550134", "handle:forum/a\\|b"
    for gap in (143 * HOUR, 144 * HOUR - 1, 144 * HOUR, 144 * HOUR + 1, 145 * HOUR):
        a = operation("A", span=Window(NOON, NOON + HOUR), subjects=frozenset({plate}))
        late = Window(NOON + HOUR + gap, NOON + 2 * HOUR + gap)
        b = operation("B", span=late, subjects=frozenset({plate, phone}))
        name = f"subjects-only, {gap / HOUR:.9f} hours apart"
        yield name, a, b
        yield (
            f"{name}, one with a place",
            a,
            operation("B", site(Point(10.0, 50.0), start=late.start, end=late.end), subjects=frozenset({plate})),
        )
    for before in (0, HOUR):
        yield (
            f"buffers do not widen the subject window ({before // MINUTE} min)",
            operation(
                "A",
                site(Point(1.0, 1.0), start=NOON, end=NOON + HOUR, buffer_after=before),
                subjects=frozenset({phone}),
            ),
            operation(
                "B",
                site(Point(5.0, 5.0), start=NOON + 145 * HOUR, end=NOON + 146 * HOUR, buffer_before=before),
                subjects=frozenset({phone}),
            ),
        )
    spread = operation(
        "A",
        site(Point(1.0, 1.0), start=NOON, end=NOON + HOUR),
        site(Point(2.0, 2.0), start=NOON + 200 * HOUR, end=NOON + 201 * HOUR),
        subjects=frozenset({plate}),
    )
    yield (
        "from the first site's start to the last site's end, the pause between included",
        spread,
        operation("B", span=Window(NOON + 100 * HOUR, NOON + 101 * HOUR), subjects=frozenset({plate})),
    )
    here, there = Point(-93.265, 44.978), Point(-93.2655, 44.978)
    yield (
        "place and subject: the overlap is the place's",
        operation("A", site(here), subjects=frozenset({plate, phone})),
        operation("B", site(there, start=NOON + HOUR, end=NOON + 9 * HOUR), subjects=frozenset({phone, plate})),
    )
    yield (
        "place near, subject shared",
        operation("A", site(here), subjects=frozenset({escaped})),
        operation("B", site(Point(-93.258, 44.978)), subjects=frozenset({escaped, plate})),
    )
    yield (
        "same place, windows apart, subject shared: subject only",
        operation("A", site(here), subjects=frozenset({plate})),
        operation("B", site(here, start=NOON + 5 * HOUR, end=NOON + 6 * HOUR), subjects=frozenset({plate})),
    )
    yield (
        "places match, subject windows too: other subjects differ",
        operation("A", site(here), subjects=frozenset({plate})),
        operation("B", site(there), subjects=frozenset({phone})),
    )
    yield (
        "no shared subject, no place",
        operation("A", span=Window(NOON, NOON + HOUR), subjects=frozenset({plate})),
        operation("B", span=Window(NOON, NOON + HOUR), subjects=frozenset({phone})),
    )
    yield (
        "subjects are compared byte for byte",
        operation("A", span=Window(NOON, NOON + HOUR), subjects=frozenset({"plate:MN/ABC123"})),
        operation("B", span=Window(NOON, NOON + HOUR), subjects=frozenset({"plate:WI/ABC123", "plate:MN/ABC1234"})),
    )
    many = frozenset(f"phone:+1612555{number:04d}" for number in range(100, 112))
    yield (
        "several shared subjects, sorted by code point",
        operation("A", span=Window(NOON, NOON + HOUR), subjects=many | {plate, escaped, "email:z@example.org"}),
        operation("B", span=Window(NOON, NOON + HOUR), subjects=many | {escaped, plate, "email:a@example.org"}),
    )
    yield (
        "an operation with neither site nor span meets nobody",
        operation("A", subjects=frozenset({plate})),
        operation("B", span=Window(NOON, NOON + HOUR), subjects=frozenset({plate})),
    )
    yield (
        "no subjects, no sites",
        operation("A", span=Window(NOON, NOON + HOUR)),
        operation("B", span=Window(NOON, NOON + HOUR)),
    )


# --- who is compared at all ----------------------------------------------------------------------------------------


def states() -> Iterator[Case]:
    here, there = Point(-93.265, 44.978), Point(-93.2655, 44.978)
    a, b = operation("A", site(here)), operation("B", site(there))
    for one in Mode:
        for other in Mode:
            yield f"mode {one} and mode {other}", replace(a, mode=one), replace(b, mode=other)
    yield "a draft or cancelled operation", replace(a, registered=False), b
    yield "two drafts", replace(a, registered=False), replace(b, registered=False)
    yield "the same operation", a, replace(b, operation_id="A")
    yield "ids that differ in case only", a, replace(b, operation_id="a")
    yield "joint, each names the other", replace(a, joint_with=frozenset("B")), replace(b, joint_with=frozenset("A"))
    yield "joint, only one names the other", replace(a, joint_with=frozenset("B")), b
    yield (
        "joint through a third only",
        replace(a, joint_with=frozenset("C")),
        replace(b, joint_with=frozenset("C")),
    )
    yield (
        "joint one way and through a third",
        replace(a, joint_with=frozenset("BC")),
        replace(b, joint_with=frozenset("C")),
    )
    yield (
        "joint each way, among others",
        replace(a, joint_with=frozenset("BCD")),
        replace(b, joint_with=frozenset("AE")),
    )
    yield "names itself", replace(a, joint_with=frozenset("A")), replace(b, joint_with=frozenset("A"))
    yield "tentative operations match", replace(a, tentative=True), replace(b, tentative=True)
    shared = frozenset({"vin:1HGCM82633A004352"})
    alone = operation("A", span=Window(NOON, NOON + HOUR), subjects=shared)
    other = operation("B", span=Window(NOON, NOON + HOUR), subjects=shared)
    yield "shared subject, other modes", replace(alone, mode=Mode.EXERCISE), other
    yield "shared subject, a draft", alone, replace(other, registered=False)
    yield (
        "shared subject, joint",
        replace(alone, joint_with=frozenset("B")),
        replace(other, joint_with=frozenset("A")),
    )


def many_sites() -> Iterator[Case]:
    near, nearer, far = Point(-93.26, 44.978), Point(-93.2645, 44.978), Point(-93.0, 44.978)
    here = Point(-93.265, 44.978)
    early, middle, late = (NOON + k * 3 * HOUR for k in range(3))
    a = operation("A", *(site(here, 300.0, start, start + HOUR) for start in (late, early, middle)))
    plans = {
        "distance from one pair, overlap from an earlier one": [(near, early, HOUR), (nearer, late, HOUR)],
        "band from the later pair": [(near, middle, HOUR), (nearer, late, HOUR)],
        "the earliest overlap is no match in place": [(far, early, HOUR), (nearer, middle, HOUR)],
        "the nearest pair is no match in time": [(nearer, early + 2 * HOUR, HOUR), (near, middle, HOUR)],
        "equal starts: the earlier end": [(near, early, HOUR), (nearer, early, HOUR // 2)],
        "equal starts: the earlier end, listed first": [(nearer, early, HOUR // 2), (near, early, HOUR)],
        "all pairs": [(near, early, 9 * HOUR), (nearer, early, 9 * HOUR), (far, early, 9 * HOUR)],
        "no pair": [(far, early, 9 * HOUR), (near, early + 2 * HOUR, HOUR)],
        "only the last of three": [(far, early, HOUR), (far, middle, HOUR), (near, late, HOUR)],
    }
    for name, sites in plans.items():
        b = operation("B", *(site(place, 300.0, start, start + length) for place, start, length in sites))
        yield name, a, b
        yield f"{name}, with a shared subject", *(replace(x, subjects=frozenset({"ip:192.0.2.7"})) for x in (a, b))
    doors = [Point(round(-93.265 + 0.01 * k, 6), 44.978) for k in range(12)]
    sweep = operation("A", *(site(door, 300.0) for door in doors))
    yield "a twelve-door sweep and one visitor", sweep, operation("B", site(Point(-93.2051, 44.979)))
    yield (
        "a twelve-door sweep and a street along it",
        sweep,
        operation("B", site(Line(((-93.3, 44.985), (-93.1, 44.985))), 100.0)),
    )
    yield "a giant radius over a small one", *pair(site(here, 1_200_000.0), site(Point(-87.63, 41.88), 0.0))
    yield "a giant radius that does not reach", *pair(site(here, 500_000.0), site(Point(-87.63, 41.88), 0.0))
    yield "a giant radius over the whole globe", *pair(site(here, 20_010_000.0), site(Point(86.735, -44.978), 0.0))
    yield "a huge uncertainty", *pair(site(here, 0.0, uncertainty_m=600_000.0), site(Point(-87.63, 41.88), 0.0))


def random_cases() -> Iterator[Case]:
    """Settled pairs of every random family: three that match and three that do not, where it has them."""
    for family in FAMILIES:
        wanted = {True: 3, False: 3}
        for seed in range(400):
            rng = random.Random(f"vector-{family}-{seed}")
            for a, b in combinations(random_operations(rng, family, 3), 2):
                sought = expected(a, b)
                if sought.settled and sought.must == sought.may and wanted[sought.must]:
                    wanted[sought.must] -= 1
                    yield f"{family} {seed}", a, b
            if not any(wanted.values()):
                break


# --- writing -------------------------------------------------------------------------------------------------------

TOPICS = {
    "points": (point_thresholds, "Thresholds between two points, all over the globe."),
    "shapes": (shape_thresholds, "Thresholds where a line or a polygon takes part."),
    "containment": (containment, "Inside, outside, in a hole, at poles and the antimeridian."),
    "long_edges": (long_edges, "Inside and outside, 40 m from geodesic edges of thousands of kilometres."),
    "windows": (windows, "Windows that touch, overlap and miss by a microsecond; changes of the clock."),
    "subjects": (subjects, "Subject windows at their edges, and place and subject together."),
    "states": (states, "Who is compared at all: modes, drafts, joint operations, the same operation."),
    "many_sites": (many_sites, "Distance, band and overlap of pairs with many sites; giants."),
    "random": (random_cases, "Random pairs of every family of the property tests."),
}


def instant(value: int) -> str:
    moment = EPOCH + timedelta(microseconds=value)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def wkt(shape: Geometry) -> str:
    def chain(places: tuple[Vertex, ...]) -> str:
        return "(" + ", ".join(f"{number(lon)} {number(lat)}" for lon, lat in places) + ")"

    def number(value: float) -> str:
        return format(float(value), ".17f").rstrip("0").rstrip(".") if abs(value) < 1e-4 else repr(float(value))

    if isinstance(shape, Point):
        return f"POINT ({number(shape.longitude)} {number(shape.latitude)})"
    if isinstance(shape, Line):
        return f"LINESTRING {chain(shape.vertices)}"
    return f"POLYGON ({', '.join(chain(part) for part in (shape.exterior, *shape.holes))})"


def written(value: Operation) -> dict[str, Any]:
    return {
        "operation_id": value.operation_id,
        "mode": str(value.mode),
        "registered": value.registered,
        "tentative": value.tentative,
        "joint_with": sorted(value.joint_with),
        "subjects": sorted(value.subjects),
        "span": value.span and {"starts_at": instant(value.span.start), "ends_at": instant(value.span.end)},
        "sites": [
            {
                "geometry_wkt": wkt(each.geometry),
                "radius_m": each.radius_m,
                "uncertainty_m": each.uncertainty_m,
                "starts_at": instant(each.starts_at),
                "ends_at": instant(each.ends_at),
                "buffer_before_min": each.buffer_before / MINUTE,
                "buffer_after_min": each.buffer_after / MINUTE,
            }
            for each in value.sites
        ],
    }


def judged(name: str, a: Operation, b: Operation) -> dict[str, Any]:
    sought = expected(a, b)
    if sought.must != sought.may or not sought.settled:
        raise SystemExit(f"the vector '{name}' is not settled: {sought}")
    match = sought.match()
    answer: dict[str, Any] | None = None
    if match is not None:
        answer = {
            "basis": str(match.basis),
            "band": match.band and str(match.band),
            "distance_m": None if match.distance_m is None else round(match.distance_m, 3),
            "tolerance_m": max(place.tolerance_m for place in sought.places) if sought.places else None,
            "overlap_starts_at": instant(match.overlap.start),
            "overlap_ends_at": instant(match.overlap.end),
            "subjects": list(match.subjects),
        }
    return {"name": name, "a": written(a), "b": written(b), "expected": answer}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    total = 0
    for topic, (make, about) in TOPICS.items():
        cases = [judged(*case) for case in make()]
        document = {"predicate": "p1", "topic": topic, "about": about, "cases": cases}
        (FOLDER / f"{topic}.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")
        matching = sum(case["expected"] is not None for case in cases)
        print(f"{topic}: {len(cases)} cases, {matching} match")
        total += len(cases)
    print(f"{total} cases")


if __name__ == "__main__":
    main()
