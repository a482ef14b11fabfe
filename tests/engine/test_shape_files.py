"""Shapes of pasted texts and of files: what is read, what is refused and in which words."""

from __future__ import annotations

import json
import random
import time

import pytest
from cases import random_line, random_polygon
from hypothesis import given
from hypothesis import strategies as st

from vigil.engine.formats.kml import ExportedSite, geojson, kml
from vigil.engine.formats.shape_files import MOST_SHAPES, is_shape, read_shape, read_shapes
from vigil.engine.geometry import GeometryError, to_wkt, validate
from vigil.engine.operation import Geometry, Line, Point, Polygon, Site

SQUARE = "POLYGON((-76.6 39.2,-76.5 39.2,-76.5 39.3,-76.6 39.3,-76.6 39.2))"
HEAD = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
TAIL = "</Document></kml>"


def random_shape(seed: int) -> Geometry:
    """A valid point, line or polygon near Baltimore, with all its digits."""
    rng = random.Random(seed)
    centre = (-76.6 + rng.random(), 39.2 + rng.random())
    kind = seed % 3
    if kind == 0:
        return validate(Point(*centre))
    return validate(random_line(rng, centre, 900.0) if kind == 1 else random_polygon(rng, centre, 900.0))


def placemark(inside: str, name: str = "") -> str:
    return f"<Placemark><name>{name}</name>{inside}</Placemark>"


def kml_file(*placemarks: str) -> bytes:
    return (HEAD + "".join(placemarks) + TAIL).encode()


@pytest.mark.slow
@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=4))
def test_what_our_own_writers_wrote_reads_back_to_the_same_shapes(seeds: list[int]) -> None:
    shapes = [random_shape(seed) for seed in seeds]
    sites = [
        ExportedSite(f"BAY-26-{n}", "raid", "registered", "<&>", Site(shape, 300.0, 0, 1))
        for n, shape in enumerate(shapes)
    ]
    assert [one.geometry for one in read_shapes(kml(sites))] == shapes, "the zone drawn beside a shape is no site"
    assert [one.geometry for one in read_shapes(geojson(sites))] == shapes
    assert [one.geometry for one in read_shapes("\n".join(map(to_wkt, shapes)).encode())] == shapes


@given(st.integers(0, 10_000))
def test_a_pasted_text_reads_back_to_the_same_shape(seed: int) -> None:
    shape = random_shape(seed)
    assert validate(read_shape(to_wkt(shape))) == shape
    assert validate(read_shape(f"SRID=4326;{to_wkt(shape)}")) == shape


OTHERS = ("Point Pleasant NJ", "39.29, -76.61", "Polygon", "18S UJ 23483 06479", "Line St (rear)")
MEANT = ("point(1 2)", " POLYGON Z ((", "MULTIPOINT EMPTY", '{"type"', "[[1,2]]", "<kml>", "SRID=4326;POINT(1 2)")


@pytest.mark.parametrize("text", OTHERS)
def test_a_place_that_is_no_shape_is_left_to_the_other_readers(text: str) -> None:
    assert not is_shape(text)


@pytest.mark.parametrize("text", MEANT)
def test_a_text_that_is_meant_as_a_shape_is_told_so(text: str) -> None:
    assert is_shape(text)


def test_a_kml_file_of_another_program() -> None:
    found = read_shapes(
        kml_file(
            "<Folder>"
            + placemark("<Point><coordinates>-76.6,39.2,0</coordinates></Point>", " The  door ")
            + "</Folder>",
            placemark(
                "<MultiGeometry>"
                "<LineString><coordinates>\n -76.6 , 39.2 , 12 \n -76.5,39.3\n</coordinates></LineString>"
                "<Polygon><outerBoundaryIs><LinearRing><coordinates>0,0 4,0 4,4 0,4 0,0</coordinates></LinearRing>"
                "</outerBoundaryIs><innerBoundaryIs><LinearRing><coordinates>1,1 2,1 2,2 1,1</coordinates></LinearRing>"
                "</innerBoundaryIs></Polygon></MultiGeometry>"
            ),
        )
    )
    assert [one.name for one in found] == ["The door", "", ""]
    assert found[0].geometry == Point(-76.6, 39.2)
    assert found[1].geometry == Line(((-76.6, 39.2), (-76.5, 39.3)))
    assert isinstance(found[2].geometry, Polygon)
    assert len(found[2].geometry.holes) == 1


def test_parts_of_a_multi_shape_are_sites_of_their_own() -> None:
    multi = {"type": "MultiPoint", "coordinates": [[-76.6, 39.2], [-76.5, 39.3]]}
    feature = {"type": "Feature", "properties": {"name": "Stops"}, "geometry": multi}
    found = read_shapes(json.dumps({"type": "FeatureCollection", "features": [feature]}).encode())
    assert [(one.geometry, one.name) for one in found] == [(Point(-76.6, 39.2), "Stops"), (Point(-76.5, 39.3), "Stops")]
    wkt = "GEOMETRYCOLLECTION(POINT(0.1 0.2),\nLINESTRING(0.1 0.2,0.3 0.4))\n\nPOINT(5 6)"
    assert [to_wkt(one.geometry) for one in read_shapes(wkt.encode("utf-16"))] == [
        "POINT(0.1 0.2)", "LINESTRING(0.1 0.2,0.3 0.4)", "POINT(5 6)",
    ]  # fmt: skip


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<kml><Placemark><name>&b;</name></Placemark></kml>"
)
POINT = "<Point><coordinates>{}</coordinates></Point>"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "KMZ"),
        (b"\x00\x00\x27\x0a....", "shapefile"),
        (b"\x89PNG\r\n", "not text"),
        (b"place,time\nhere,now", "neither KML nor GeoJSON nor WKT"),
        (b" " * 5_000_001, "larger than 5 MB"),
        (BOMB.encode(), "document type or entities"),
        (b'<!DOCTYPE kml SYSTEM "http://198.51.100.9/x.dtd"><kml/>', "document type or entities"),
        (b"<gpx><wpt/></gpx>", "not KML: it begins with <gpx>"),
        (b"<kml><Placemark>", "not readable as XML"),
        (kml_file(), "no point, line or area"),
        (kml_file(placemark("<Track/>")), "Track"),
        (kml_file(placemark(POINT.format(""))), "Shape 1 of the file: The shape has no coordinates"),
        (kml_file(placemark(POINT.format("-76.6;39.2"))), "no longitude,latitude"),
        (kml_file(placemark(POINT.format("1,2 3,4"))), "2 places"),
        (kml_file(placemark(POINT.format("1,2") + POINT.format("39,-176"))), "Shape 2 of the file: The latitude"),
        (kml_file(placemark("<Polygon/>")), "no outline"),
        (kml_file(placemark(POINT.format("1,2 " * 10_001))), "10,001 vertices"),
        (kml_file(placemark(POINT.format("1,2")) * (MOST_SHAPES + 1)), "more than 50 shapes"),
        (kml_file("<Folder>" * 30 + "</Folder>" * 30), "too deeply"),
        (kml_file(placemark("<MultiGeometry>" * 30 + "</MultiGeometry>" * 30)), "too deeply"),
        (b'{"type":"FeatureCollection"}', "no list"),
        (b'{"type":"Topology","objects":{}}', "WKT, or a GeoJSON Point"),
        (b'{"type":"Point"', "brackets"),
        (b"[" * 100_000, "brackets"),
        (b'{"type":"Point","coordinates":[1,2],"crs":{"properties":{"name":"EPSG:3857"}}}', "EPSG:3857"),
        (b'{"type":"GeometryCollection","geometries":[' * 30 + b"]}" * 30, "too deeply"),
        (b"POLYGON((0 0,1 1,1 0,0 1,0 0))", "Shape 1 of the file"),
        (b"POINT(0 0)\nLINESTRING(0 0,0 0)", "Shape 2 of the file: The line has no length"),
        (b"MULTIPOINT((0 0),(1 oops))", "not readable as WKT"),
        (b"POINT(0 0", "not readable as WKT"),
    ],
)  # fmt: skip
def test_files_that_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(GeometryError) as refused:
        read_shapes(data)
    assert words in refused.value.reason


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<kml></kml>", "read the file"),
        ("[[1,2],[3,4]]", "only a part of GeoJSON"),
        ("MULTIPOLYGON(((0 0,1 0,1 1,0 0)))", "site of its own"),
        ('{"type":"MultiPolygon","coordinates":[]}', "site of its own"),
        ("POINT Z (1 2 3)", "third coordinate"),
        ("SRID=3857;POINT(1 2)", "WKT"),
    ],
)
def test_texts_that_are_refused(text: str, words: str) -> None:
    with pytest.raises(GeometryError) as refused:
        validate(read_shape(text))
    assert words in refused.value.reason


@pytest.mark.slow
def test_a_file_made_to_be_slow_is_refused_or_read_within_seconds() -> None:
    began = time.process_time()
    for data in (
        ("<kml>" + "<a>" * 600_000 + "</a>" * 600_000 + "</kml>").encode(),
        ("<kml>" + "<Polygon>" * 200_000 + "</Polygon>" * 200_000 + "</kml>").encode(),
        kml_file(placemark("<Polygon>" * 200_000 + "</Polygon>" * 200_000)),
        ("POINT(0 0)\n" * 400_000).encode(),
        (b"(" * 4_900_000),
    ):
        with pytest.raises(GeometryError):
            read_shapes(data)
    assert time.process_time() - began < 20
