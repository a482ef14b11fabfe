"""Places: reading, refusals, distances against the slow evaluation, zones (specification 3, 4.1, 4.2)."""

from __future__ import annotations

import math
import random
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise

import brute_force
import pytest
from cases import moved, random_line, random_polygon
from hypothesis import given
from hypothesis import strategies as st

from vigil.engine import shapes
from vigil.engine.geometry import (
    Box,
    GeometryError,
    area_km2,
    distance_m,
    distance_within,
    parse_wkt,
    to_wkt,
    validate,
    zone_boxes,
    zone_polygon,
)
from vigil.engine.operation import Geometry, Line, Point, Polygon, Site

CENTRES = ((-93.265, 44.978), (180.0, 51.8), (0.0, 90.0), (0.0, -90.0), (9.5, 0.0), (151.2, -33.87))
longitudes = st.floats(-180, 180, exclude_max=True)
latitudes = st.floats(-90, 90)
points = st.builds(Point, longitudes, latitudes)


def read(text: str) -> Geometry:
    return validate(parse_wkt(text))


# --- reading and refusing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("POINT (-93.2650 44.978)", "POINT(-93.265 44.978)"),
        ("point(180 10)", "POINT(-180 10)"),
        ("POINT(190.5 10)", "POINT(-169.5 10)"),
        ("POINT(-0.0 1e-7)", "POINT(0 0.0000001)"),
        ("POINT(77 90)", "POINT(0 90)"),
        ("LINESTRING (0 0, 0 0, 1 1, 1 1)", "LINESTRING(0 0,1 1)"),
        ("LINESTRING (179 1, 181 1)", "LINESTRING(179 1,-179 1)"),
        ("POLYGON ((0 0, 1 0, 1 0, 1 1, 0 0))", "POLYGON((0 0,1 0,1 1,0 0))"),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    assert to_wkt(read(text)) == canonical
    assert to_wkt(read(canonical)) == canonical


@given(points)
def test_canonical_text_reads_back_to_the_same_numbers(point: Point) -> None:
    place = validate(point)
    assert validate(parse_wkt(to_wkt(place))) == place


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must begin with POINT"),
        ("somewhere", "only POINT, LINESTRING and POLYGON"),
        ("POINT EMPTY", "EMPTY"),
        ("POLYGON EMPTY", "EMPTY"),
        ("MULTIPOINT ((1 1))", "site of its own"),
        ("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))", "site of its own"),
        ("GEOMETRYCOLLECTION (POINT (1 1))", "site of its own"),
        ("POINT Z (1 2 3)", "third coordinate"),
        ("POINT (1 2 3)", "third coordinate"),
        ("LINESTRING (1 2 3, 2 3 4)", "third coordinate"),
        ("POINT M (1 2 3)", "third coordinate"),
        ("POINT (1)", "not readable"),
        ("POINT (1 2", "not readable"),
        ("LINESTRING (1 2)", "not readable"),
        ("POINT (nan 1)", "not finite"),
        ("POINT (1 1e400)", "not finite"),
        ("LINESTRING (1 1, inf 2)", "not finite"),
        ("POINT (44.978 -93.265)", "swapped"),
        ("POINT (-93 91)", "outside -90 to 90"),
        ("POINT (1000 1)", "outside -180 to 180"),
        ("LINESTRING (1 1, 1 1)", "no length"),
        ("LINESTRING (12 90, 50 90)", "no length"),
        ("LINESTRING (0 0, 180 0)", "nearly opposite"),
        ("LINESTRING (10 20, -170 -20.000001)", "nearly opposite"),
        ("LINESTRING (0 90, 0 -90)", "nearly opposite"),
        ("POLYGON ((0 0, 1 0, 0 0))", "no area"),
        ("POLYGON ((0 0, 1 0, 2 0, 0 0))", "no area"),
        ("POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))", "cross"),
        ("POLYGON ((179 0, -179 1, -179 0, 179 1, 179 0))", "cross"),
        ("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (5 5, 6 5, 6 6, 5 5))", "hole lies outside"),
        (
            "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 3 1, 3 3, 1 1), (1.5 1.2, 2.5 1.2, 2.5 2, 1.5 1.2))",
            "inside another",
        ),
        ("POLYGON ((0 0, 4 0, 2 2, 4 4, 0 4, 2 2, 0 0))", "touch"),
    ],
)
def test_refused_with_a_sentence(text: str, words: str) -> None:
    with pytest.raises(GeometryError, match=words) as refused:
        read(text)
    assert str(refused.value).endswith((".", "?"))


def test_the_vertex_at_fault_is_named() -> None:
    with pytest.raises(GeometryError) as refused:
        read("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 95, 1 1))")
    assert refused.value.vertex == 8


def test_an_open_ring_is_refused() -> None:
    with pytest.raises(GeometryError, match="not closed"):
        validate(Polygon(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))))


def test_lines_may_cross_themselves() -> None:
    assert isinstance(read("LINESTRING (0 0, 1 1, 1 0, 0 1)"), Line)


def test_validity_is_tested_on_geodesic_edges() -> None:
    """A hole above the northern edge's parallel lies inside, one above the southern edge's parallel outside."""
    outline = "(-104 41, -111 41, -111 45, -104 45, -104 41)"
    assert read(f"POLYGON ({outline}, (-107.4 45.01, -107.6 45.01, -107.5 45.05, -107.4 45.01))")
    with pytest.raises(GeometryError):
        read(f"POLYGON ({outline}, (-107.4 41.01, -107.6 41.01, -107.5 41.05, -107.4 41.01))")


def test_a_ring_around_the_globe_is_read() -> None:
    band = read("POLYGON ((0 -20, 90 30, 180 -20, -90 30, 0 -20))")
    assert distance_m(band, Point(0.0, 90.0)) == 0 or distance_m(band, Point(0.0, -90.0)) == 0


@pytest.mark.slow
def test_too_many_vertices_are_refused_at_once() -> None:
    number = 1_000_000
    ring = tuple((math.cos(k) * 10, math.sin(k) * 10) for k in range(number))
    text = "POLYGON((" + ",".join(f"{lon} {lat}" for lon, lat in ring) + "))"
    begun = time.process_time()
    with pytest.raises(GeometryError, match="1,000,000 vertices"):
        parse_wkt(text)
    with pytest.raises(GeometryError, match="1,000,000 vertices"):
        validate(Polygon(ring))
    assert time.process_time() - begun < 1.0


def test_ten_thousand_vertices_are_taken() -> None:
    ring = _wavy((-93.0, 45.0), 5_000.0, 9_999)
    assert len(validate(Polygon(ring)).exterior) == 10_000  # type: ignore[union-attr]


def _wavy(middle: tuple[float, float], size: float, number: int) -> tuple[tuple[float, float], ...]:
    ring = [moved(middle, 360.0 * k / number, size * (1 + 0.1 * math.sin(k))) for k in range(number)]
    return (*ring, ring[0])


# --- distance ------------------------------------------------------------------------------------------------------


@given(points, points)
def test_points_are_as_far_apart_as_the_slow_evaluation_says(a: Point, b: Point) -> None:
    a, b = validate(a), validate(b)  # type: ignore[assignment]
    slow = brute_force.separation((a.longitude, a.latitude), (b.longitude, b.latitude))
    assert distance_m(a, b) == pytest.approx(slow, abs=0.001, rel=0)
    assert distance_m(a, b) == distance_m(b, a)


@given(points, points, st.floats(0, 2.1e7))
def test_within_never_loses_a_pair(a: Point, b: Point, limit: float) -> None:
    apart = distance_m(a, b)
    assert distance_within(a, b, limit) == (apart if apart <= limit else None)


def _random_shape(rng: random.Random, centre: tuple[float, float], spread: float) -> Geometry:
    kind = rng.choice((random_line, random_polygon, None))
    if kind is None:
        return Point(*moved(centre, rng.uniform(0, 360), spread * rng.random()))
    return kind(rng, centre, spread)


@pytest.mark.slow
@pytest.mark.parametrize("spread", [20.0, 2_000.0, 300_000.0, 3_000_000.0])
@pytest.mark.parametrize("far", [False, True])
def test_shapes_are_as_far_apart_as_the_slow_evaluation_says(spread: float, far: bool) -> None:
    rng = random.Random(f"{spread} {far}")
    for _ in range(25):
        centre = rng.choice(CENTRES)
        other = moved(centre, rng.uniform(0, 360), rng.uniform(0, 1.9e7)) if far else centre
        a, b = validate(_random_shape(rng, centre, spread)), validate(_random_shape(rng, other, spread))
        given = distance_m(a, b)
        assert given == distance_m(b, a)
        assert given == pytest.approx(brute_force.distance(a, b), abs=0.05, rel=0), f"{to_wkt(a)} {to_wkt(b)}"


def test_the_direction_of_a_ring_says_nothing() -> None:
    rng = random.Random(7)
    for _ in range(20):
        polygon = random_polygon(rng, (180.0, 89.0), 50_000.0)
        turned = Polygon(polygon.exterior[::-1], polygon.holes)
        place = Point(*moved((180.0, 89.0), rng.uniform(0, 360), rng.uniform(0, 90_000.0)))
        assert distance_m(polygon, place) == pytest.approx(distance_m(turned, place), abs=1e-3)


@pytest.mark.slow
def test_two_shapes_of_ten_thousand_vertices_answer_in_seconds() -> None:
    a, b = Polygon(_wavy((-93.0, 45.0), 5_000.0, 10_000)), Polygon(_wavy((-92.8, 45.0), 5_000.0, 10_000))
    begun = time.process_time()
    assert 4_000 < distance_m(a, b) < 6_000
    assert time.process_time() - begun < 5.0


# --- zones ---------------------------------------------------------------------------------------------------------


def _within(boxes: tuple[Box, ...], lon: float, lat: float) -> bool:
    return any(box.touches(Box(lon, lat, lon, lat)) for box in boxes)


@pytest.mark.slow
@pytest.mark.parametrize("spread", [100.0, 50_000.0, 2_000_000.0])
def test_boxes_contain_the_zone(spread: float) -> None:
    """Every place that the zone's own distance takes in lies in a box."""
    rng = random.Random(spread)
    for _ in range(60):
        centre = rng.choice(CENTRES)
        shape = validate(_random_shape(rng, centre, spread))
        reach = rng.choice((0.0, 10.0, 500.0, 100_000.0))
        boxes = zone_boxes(Site(shape, reach, 0, 1))
        assert 1 <= len(boxes) <= 2
        for box in boxes:
            assert -180 <= box.min_lon <= box.max_lon <= 180
            assert -90 <= box.min_lat <= box.max_lat <= 90
        for _ in range(20):
            place = moved(centre, rng.uniform(0, 360), 1.5 * (spread + reach) * rng.random())
            if distance_within(shape, Point(*place), reach) is not None:
                assert _within(boxes, *place), f"{to_wkt(shape)} {reach} {place} {boxes}"


def test_boxes_contain_every_edge_where_it_bulges() -> None:
    rng = random.Random(3)
    for _ in range(60):
        centre = rng.choice(CENTRES)
        line = validate(random_line(rng, centre, rng.choice((20_000.0, 90_000.0, 4_000_000.0))))
        assert isinstance(line, Line)
        boxes = zone_boxes(Site(line, 0.0, 0, 1))
        for edge in brute_force.edges(line.vertices):
            for lon, lat in edge.samples:
                assert _within(boxes, (lon + 180.0) % 360.0 - 180.0, lat), f"{to_wkt(line)} {lon} {lat} {boxes}"


def test_a_box_is_no_larger_than_it_must_be() -> None:
    (box,) = zone_boxes(Site(Point(-93.0, 45.0), 500.0, 0, 1))
    assert (box.max_lat - box.min_lat) * 111_132 == pytest.approx(1_002, rel=0.01)
    assert (box.max_lon - box.min_lon) * 78_847 == pytest.approx(1_002, rel=0.01)


def test_a_zone_across_the_antimeridian_has_two_boxes() -> None:
    west, east = zone_boxes(Site(Point(179.999, 0.0), 500.0, 0, 1))
    assert west.max_lon == 180
    assert east.min_lon == -180


def test_a_zone_that_touches_a_pole_takes_all_longitudes() -> None:
    (box,) = zone_boxes(Site(Point(20.0, 89.999), 500.0, 0, 1))
    assert (box.min_lon, box.max_lon, box.max_lat) == (-180, 180, 90)


@pytest.mark.parametrize(
    "text",
    [
        "POINT (-93.265 44.978)",
        "POINT (179.999 51.8)",
        "LINESTRING (-93.27 44.97, -93.25 44.98, -93.24 44.97)",
        "LINESTRING (179.99 -16, -179.99 -16.01)",
        "POLYGON ((-93.27 44.97, -93.25 44.97, -93.25 44.98, -93.27 44.97))",
    ],
)
def test_the_outline_is_drawn_true_to_scale(text: str) -> None:
    shape = read(text)
    outline, *_ = zone_polygon(Site(shape, 400.0, 0, 1, uncertainty_m=100.0))
    assert outline[0] == outline[-1]
    for lon, lat in outline:
        place = Point((lon + 180) % 360 - 180, lat)
        assert distance_m(shape, place) == pytest.approx(500.0, abs=2.0)
    turns = [abs(b[0] - a[0]) for a, b in pairwise(outline)]
    assert max(turns) < 1.0


def test_an_outline_round_a_pole_is_led_along_the_maps_edge() -> None:
    outline, *_ = zone_polygon(Site(Point(0.0, 90.0), 5_000.0, 0, 1))
    assert {lat for _, lat in outline[-3:-1]} == {90.0}
    assert max(lon for lon, _ in outline) - min(lon for lon, _ in outline) == pytest.approx(360.0)


def test_a_zone_can_have_a_hole() -> None:
    holed = read("POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0), (0.2 0.2, 0.8 0.2, 0.8 0.8, 0.2 0.8, 0.2 0.2))")
    assert len(zone_polygon(Site(holed, 500.0, 0, 1))) == 2


@pytest.mark.parametrize(
    ("text", "radius", "area"),
    [
        ("POINT (0 0)", 1_000.0, math.pi),
        ("LINESTRING (0 0, 0.1 0)", 500.0, 11.13195 + math.pi / 4),
        ("POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))", 0.0, 12_308.8),
        ("POLYGON ((0 0, 0 1, 1 1, 1 0, 0 0))", 0.0, 12_308.8),
    ],
)
def test_area(text: str, radius: float, area: float) -> None:
    assert area_km2(read(text), radius) == pytest.approx(area, rel=1e-3)


@pytest.mark.parametrize("switch", ["_any_crossing", "_contains"])
def test_each_safeguard_of_the_distance_is_needed(switch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, shapes that intersect would lie apart: the tests above would see it."""
    cross = (read("LINESTRING (0 0, 0.4 0.4)"), read("LINESTRING (0 0.4, 0.4 0)"))
    inside = (read("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"), Point(2.0, 2.0))
    pair = cross if switch == "_any_crossing" else inside
    assert distance_m(*pair) == 0
    off: Callable[..., bool] = lambda *_: False  # noqa: E731
    monkeypatch.setattr(shapes, switch, off)
    assert distance_m(*pair) > 10_000


def test_the_predicate_loads_nothing_heavy() -> None:
    heavy = ("numpy", "pyproj", "shapely", "phonenumbers", "django", "pyarrow")
    check = f"import sys, vigil.engine.predicate; sys.exit(any(name in sys.modules for name in {heavy!r}))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
