"""Cursor on Target: what a drawn zone and its deletion say; shapes against the engine's own zones."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.engine.formats.cot import Zone, argb, delete, draw, shape_of
from vigil.engine.geometry import distance_m
from vigil.engine.operation import Line, Point, Site

NOW = 1_795_600_000_000_000
MINUTE = 60_000_000


def event(message: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(message)


def zone(site: Site, **texts: str) -> Zone:
    words = {"uid": "vigil-1", "callsign": "BAY-26-000123", "remarks": ""} | texts
    circle, outline = shape_of(site)
    return Zone(stroke=argb(255, 0x0050D8), fill=argb(40, 0x0050D8), circle=circle, outline=outline, **words)


def test_a_point_is_a_circle_of_its_reach_and_nothing_is_archived() -> None:
    site = Site(Point(-76.6122, 39.2904), 300.0, NOW, NOW + MINUTE, uncertainty_m=50.0)
    drawn = event(draw(zone(site), NOW, NOW + 2 * MINUTE))
    assert (drawn.get("type"), drawn.get("stale")) == ("u-d-c-c", "2026-11-25T09:48:40.000Z")
    ellipse, place = drawn.find(".//ellipse"), drawn.find("point")
    assert ellipse is not None
    assert place is not None
    assert (ellipse.get("major"), ellipse.get("minor")) == ("350.0", "350.0")
    assert (place.get("lat"), place.get("lon")) == ("39.2904000", "-76.6122000")
    assert drawn.find(".//archive") is None


def test_an_outline_keeps_the_reach_around_the_line_also_across_180_degrees() -> None:
    line = Line(((179.99, 10.0), (-179.99, 10.0)))
    drawn = event(draw(zone(Site(line, 800.0, NOW, NOW + MINUTE)), NOW, NOW + MINUTE))
    corners = [tuple(map(float, str(link.get("point")).split(","))) for link in drawn.findall(".//link")]
    assert drawn.get("type") == "u-d-f"
    assert all(-180 <= longitude <= 180 for _, longitude in corners)
    distances = [distance_m(line, Point(longitude, latitude)) for latitude, longitude in corners]
    assert all(780 < one < 801 for one in distances)


@given(st.text(), st.text())
def test_no_text_becomes_markup(callsign: str, remarks: str) -> None:
    site = Site(Point(0.0, 0.0), 300.0, NOW, NOW + MINUTE)
    drawn = event(draw(zone(site, callsign=callsign, remarks=remarks), NOW, NOW + MINUTE))
    assert [child.tag for child in drawn.find("detail") or ()][:2] == ["shape", "contact"]


def test_a_deletion_names_the_event_and_an_event_stale_at_its_start_is_refused() -> None:
    gone = event(delete("vigil-1", NOW, NOW + MINUTE))
    link = gone.find(".//link")
    assert link is not None
    assert (gone.get("type"), link.get("uid"), link.get("relation")) == ("t-x-d-d", "vigil-1", "none")
    assert gone.find(".//__forcedelete") is not None
    with pytest.raises(ValueError, match="stale"):
        delete("vigil-1", NOW, NOW)
