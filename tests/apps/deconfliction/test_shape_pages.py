"""Lines and areas on the register form: typed, pasted and from a file, without a browser or a script."""

from __future__ import annotations

import html
import json
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from tests.apps.deconfliction.test_page_input import TYPED

from vigil.apps.deconfliction.models import Site
from vigil.apps.deconfliction.places import Choices, Place, Unreadable, read_place
from vigil.engine.geometry import parse_wkt, validate
from vigil.engine.operation import Line, Polygon

HARBOR = "POLYGON((-76.6 39.28,-76.59 39.28,-76.59 39.29,-76.6 39.29,-76.6 39.28))"
ROAD = "LINESTRING(-76.6 39.28,-76.59 39.29)"
GEOJSON = json.dumps({"type": "LineString", "coordinates": [[-76.6, 39.28], [-76.59, 39.29]]}, indent=2)
KML = (
    '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
    "<Placemark><name>Pier &amp; gate</name><Point><coordinates>-76.6,39.28,0</coordinates></Point></Placemark>"
    "<Placemark><LineString><coordinates>-76.6,39.28 -76.59,39.29</coordinates></LineString></Placemark>"
    "</Document></kml>"
)


@pytest.fixture
def browser(people: Any, now: datetime) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(people.user("alice"))
    return client


# --- how a text is read ---


SLOPPY = "  polygon ((-76.6 39.28, -76.59 39.28, -76.59 39.29, -76.6 39.28))"


@pytest.mark.parametrize("text", [HARBOR, ROAD, GEOJSON, SLOPPY])
def test_a_shape_is_a_place_whose_text_reads_back_to_it(text: str) -> None:
    read = read_place(text)
    assert isinstance(read, Place)
    assert isinstance(read.drawn, Line | Polygon)
    assert read.uncertainty_m == 0
    assert read_place(read.text) == read


def test_a_shape_is_called_by_its_kind_and_size() -> None:
    line, area = read_place(ROAD), read_place(HARBOR)
    assert isinstance(line, Place)
    assert isinstance(area, Place)
    assert line.label == "Line of 2 points, 1,406 m long"
    assert area.label == "Area with 4 corners, 0.96 km²"


def test_a_typed_point_is_coordinates() -> None:
    assert read_place("POINT(-76.6 39.28)") == read_place("39.28, -76.6")


@pytest.mark.parametrize(
    ("text", "words", "meant"),
    [
        ("LINESTRING(39.28 -76.6,39.29 -76.59)", "swapped", ROAD),
        ("LINESTRING(76.6 39.28,76.59 39.29)", "minus sign", ROAD),
        ("LINESTRING(39.28 76.6,39.29 76.59)", "swapped, and a minus", ROAD),
        ("POLYGON((39 -110,39 -111,40 -111,39 -110))", "swapped", "POLYGON((-110 39,-111 39,-111 40,-110 39))"),
    ],
)
def test_a_slip_in_the_axes_is_offered_for_correction(text: str, words: str, meant: str) -> None:
    read = read_place(text)
    assert isinstance(read, Choices)
    assert words in read.sentence
    assert read.places[0].geometry == validate(parse_wkt(meant))
    for choice in read.places:
        again = read_place(choice.text)
        assert isinstance(again, Place), "a choice reads as that place and nothing else"
        assert again.geometry == choice.geometry


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("POLYGON((-76.6 39.2,-76.5 39.3,-76.5 39.2,-76.6 39.35,-76.6 39.2))", "cross"),
        ("POLYGON((-76.6 39.2,-76.5 39.3,-76.5 39.2))", "closed"),
        (f"LINESTRING({','.join(['-76.6 39.2'] * 10_001)})", "10,001 vertices"),
        ("LINESTRING(-76.6 39.2,-76.6 39.2)", "no length"),
        ("MULTIPOINT((-76.6 39.2),(-76.5 39.2))", "site of its own"),
        ("POINT Z (-76.6 39.2 5)", "third coordinate"),
        ("CIRCLE(-76.6 39.2)", "CIRCLE"),
        ('{"type": "Point", "coordinates": [1', "brackets"),
        ("<kml/>", "read the file"),
    ],
)
def test_a_broken_shape_is_told_what_is_wrong(text: str, words: str) -> None:
    read = read_place(text)
    assert isinstance(read, Unreadable)
    assert words in read.sentence


@pytest.mark.slow
def test_a_town_that_begins_like_a_shape_is_a_town() -> None:
    read = read_place("Point Pleasant Beach NJ")
    assert isinstance(read, Place)
    assert read.drawn is None


# --- the form ---


@pytest.mark.parametrize(("text", "kind"), [(HARBOR, Polygon), (GEOJSON, Line)])
@pytest.mark.django_db
def test_a_typed_shape_is_registered_and_edited_as_the_same_text(browser: Client, text: str, kind: Any) -> None:
    done = browser.post("/operations/register/", {**TYPED, "sites-0-place": text, "do": "register", "shapes_file": ""})
    assert done.status_code == 302
    stored = Site.objects.get()
    assert isinstance(parse_wkt(stored.geometry_wkt), kind)
    shown = browser.get(done["Location"] + "edit/").content.decode()
    assert f'value="{stored.geometry_wkt}"' in shown
    again = browser.post(
        done["Location"] + "edit/", {**TYPED, "sites-0-place": stored.geometry_wkt, "revision": "1", "do": "register"}
    )
    assert again.status_code == 302
    assert {site.geometry_wkt for site in Site.objects.all()} == {stored.geometry_wkt}


@pytest.mark.django_db
def test_only_what_is_seen_in_the_field_counts(browser: Client) -> None:
    browser.post(
        "/operations/register/", {**TYPED, "sites-0-place": ROAD, "sites-0-geometry": HARBOR, "do": "register"}
    )
    assert isinstance(parse_wkt(Site.objects.get().geometry_wkt), Line)


@pytest.mark.django_db
def test_a_broken_shape_stays_in_its_field_with_what_is_wrong(browser: Client) -> None:
    broken = "POLYGON((-76.6 39.2,-76.5 39.3,-76.5 39.2,-76.6 39.35,-76.6 39.2))"
    answer = browser.post("/operations/register/", {**TYPED, "sites-0-place": broken, "do": "register"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'value="{broken}"' in page
    assert 'id="sites-0-place-error"' in page


def upload(browser: Client, data: bytes, **more: str) -> str:
    file = BytesIO(data)
    file.name = "sites.kml"
    typed = {**TYPED, "do": "read_file", **more, "shapes_file": file}
    return browser.post("/operations/register/", typed).content.decode()


@pytest.mark.django_db
def test_each_shape_of_a_file_becomes_a_site_behind_those_that_have_a_place(browser: Client) -> None:
    page = upload(browser, KML.encode(), **{"sites-1-place": ""})
    assert 'value="39.2904, -76.6122"' in page, "what was typed stands"
    assert 'name="sites-1-place" value="POINT(-76.6 39.28)"' in page
    assert 'name="sites-1-label" value="Pier &amp; gate"' in page
    assert f'name="sites-2-place" value="{ROAD}"' in page
    assert "2 shapes of the file: site 2 to 3. Look at them, then register." in page
    assert page.count("data-focus") == 1
    assert not Site.objects.exists(), "nothing is stored by reading a file"


@pytest.mark.django_db
def test_a_file_that_was_chosen_is_read_before_anything_is_registered(browser: Client) -> None:
    page = upload(browser, KML.encode(), do="register", **{"sites-0-place": ""})
    assert 'name="sites-0-place" value="POINT(-76.6 39.28)"' in page
    assert not Site.objects.exists()


BOMB = b'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "aaaaaaaa">]><kml><Placemark><name>&a;</name></Placemark></kml>'
MANY = f"<kml>{'<Placemark><Point><coordinates>-76.6,39.28</coordinates></Point></Placemark>' * 50}</kml>".encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04", "KMZ"),
        (BOMB, "document type or entities"),
        (b"a,b\n1,2", "neither KML nor GeoJSON nor WKT"),
        (b"POLYGON((0 0,1 1,1 0,0 1,0 0))", "Shape 1 of the file"),
        (MANY, "The file has 50 shapes and the form 1 sites already"),
    ],
)
@pytest.mark.django_db
def test_a_file_that_cannot_be_used_is_refused_at_its_field(browser: Client, data: bytes, words: str) -> None:
    page = html.unescape(upload(browser, data))
    assert f'id="shapes_file-error">{words}' in page or words in page.split('id="shapes_file-error">')[1][:300]
    assert 'value="39.2904, -76.6122"' in page
    assert 'value="C26-OVERTAKEN"' in page


@pytest.mark.django_db
def test_reading_no_file_asks_for_one(browser: Client) -> None:
    assert "Choose a file first" in browser.post("/operations/register/", {**TYPED, "do": "read_file"}).content.decode()


@pytest.mark.django_db
def test_the_page_is_told_the_shape_and_its_zone(browser: Client) -> None:
    asked = {"text": ROAD, "radius_m": "300"}
    answer = browser.post("/operations/read-place/", json.dumps(asked), content_type="application/json")
    read = json.loads(answer.content)
    assert read["sentence"].startswith("Line of 2 points, 1,406 m long. Exact, as drawn.")
    assert read["shape"]["type"] == "LineString"
    (zone,) = read["outlines"]
    longitudes = [longitude for longitude, _ in zone["coordinates"][0]]
    assert min(longitudes) == pytest.approx(-76.6 - 300 / 86_300, abs=1e-4), "300 m west of the line's end"


@pytest.mark.django_db
def test_what_widens_a_place_is_seen_beside_it(browser: Client) -> None:
    beside = {"sites-0-source": "device", "sites-0-uncertainty_m": "43"}
    done = browser.post("/operations/register/", {**TYPED, **beside, "do": "register"})
    assert Site.objects.get().uncertainty_m == 43
    shown = browser.get(done["Location"] + "edit/").content.decode()
    assert '<input type="text" inputmode="decimal" id="sites-0-uncertainty_m"' in shown
    assert 'name="sites-0-uncertainty_m" value="43"' in shown


@pytest.mark.django_db
def test_a_place_changed_to_a_zip_code_without_a_script_is_no_pin_any_more(browser: Client) -> None:
    browser.post(
        "/operations/register/", {**TYPED, "sites-0-place": "21224", "sites-0-source": "pin", "do": "register"}
    )
    stored = Site.objects.get()
    assert stored.source == "zip"
    assert stored.uncertainty_m >= 2000
