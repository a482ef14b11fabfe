"""The agencies around: reading a list of them, importing it again, and finding those near a site."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from vigil.apps.deconfliction import store
from vigil.cli.node import console
from vigil.engine.formats.tabular import UnusableInput
from vigil.engine.geometry import Point
from vigil.engine.operation import Site
from vigil.platform.agencies.actions import Imported, import_agencies
from vigil.platform.agencies.listing import Listed, read_listing
from vigil.platform.agencies.models import Agency, knows_unserved, unserved_agencies

GOOD = "MD0990000,Elm County Sheriff,County,MD,Elm,39.0,-76.5"
HEADER = "ORI,Agency Name,Agency Type,State,County,Latitude,Longitude"


def written(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "list.csv"
    path.write_text("\n".join((header, *lines)) + "\n")
    return path


def listed(ori: str = "MD0990000", name: str = "Elm County Sheriff", at: tuple[float, float] = (39.0, -76.5)) -> Listed:
    return Listed(ori, name, "County", "MD", "Elm", *at)


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        "ori,agency_name,agency_type_name,state_abbr,counties,lat,lon",
        "ORI9,NAME,type,state,county_name,LAT,Long",
    ],
)
def test_the_spellings_of_the_editions_mean_the_same(tmp_path: Path, header: str) -> None:
    assert read_listing(written(tmp_path, GOOD, header=header)) == ([listed()], [])


def test_json_by_state_and_as_a_list_are_read(tmp_path: Path) -> None:
    row = {"ori": "md0990000", "agency_name": "Elm County Sheriff", "agency_type_name": "County", "counties": "Elm"}
    row |= {"latitude": 39.0, "longitude": -76.5, "state_abbr": "MD"}
    path = tmp_path / "list.json"
    for given in ([row], {"MARYLAND": [row]}):
        path.write_text(json.dumps(given))
        assert read_listing(path) == ([listed()], [])


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("MD099,Elm,County,MD,Elm,39,-76", "ori"),
        ("MD0990001,,County,MD,Elm,39,-76", "name"),
        ("MD0990001,Elm,County,Maryland,Elm,39,-76", "state"),
        ("MD0990001,Elm,County,MD,Elm,,", "latitude"),
        ("MD0990001,Elm,County,MD,Elm,nan,-76", "latitude"),
        ("MD0990001,Elm,County,MD,Elm,39,-181", "longitude"),
        ("MD0990000,Elm,County,MD,Elm,39,-76", "ori"),
        ("MD0990001," + "x" * 201 + ",County,MD,Elm,39,-76", "name"),
    ],
)
def test_a_bad_row_is_told_with_line_and_column_and_the_others_stay(tmp_path: Path, line: str, column: str) -> None:
    good, bad = read_listing(written(tmp_path, GOOD, line))
    assert good == [listed()]
    assert [(row.line, row.column) for row in bad] == [(3, column)]
    assert bad[0].reason


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": 1}', "[]", "7"])
def test_json_that_is_no_list_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(text)
    with pytest.raises(UnusableInput):
        read_listing(path)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="latitude, longitude"):
        read_listing(written(tmp_path, "MD0990000,Elm", header="ORI,Name"))


@pytest.mark.db
@pytest.mark.django_db
def test_a_second_import_updates_and_leaves_served_agencies_alone(people: Any) -> None:
    ours = listed("MD0000100", "Another name")
    assert import_agencies(console(), [listed(), ours]) == Imported(1, 0, 0, 1)
    assert import_agencies(console(), [listed(), ours]) == Imported(0, 0, 1, 1)
    assert import_agencies(console(), [listed(name="Elm Sheriff")]) == Imported(0, 1, 0, 0)
    assert Agency.objects.get(ori="MD0990000").name == "Elm Sheriff"
    served = Agency.objects.get(ori="MD0000100")
    assert (served.name, served.is_served, served.latitude) == ("Port Calvert Police Department", True, None)


@pytest.mark.db
@pytest.mark.django_db
def test_only_those_around_a_site_are_read_and_those_without_a_place_always(people: Any) -> None:
    assert not knows_unserved()
    import_agencies(
        console(), [listed(), listed("MD0990001", "Far", (38.0, -76.5)), listed("AK0990002", "East", (52, 179.9))]
    )
    Agency.objects.create(ori="MD0990003", name="Unknown seat", is_served=False)
    assert knows_unserved()
    assert store.neighbours([Site(Point(-76.5, 39.1), 300, 0, 1)]) == ["Elm County Sheriff", "Unknown seat"]
    assert store.neighbours([Site(Point(-179.95, 52.0), 300, 0, 1)]) == ["East", "Unknown seat"]
    assert store.neighbours([]) == ["Unknown seat"]


@pytest.mark.django_db
def test_the_read_uses_the_index(people: Any) -> None:
    with CaptureQueriesContext(connection) as asked:
        unserved_agencies([(-77, 38, -76, 39)])
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + asked[-1]["sql"])
            assert "agencies_neighbours" in str(cursor.fetchall())
