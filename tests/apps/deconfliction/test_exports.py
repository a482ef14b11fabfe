"""Own operations as KML and GeoJSON: what the list shows, nobody else's, and recorded."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from django.test import Client
from tests.apps.deconfliction.plans import site
from tests.apps.deconfliction.test_actions import register

from vigil.apps.deconfliction.plan import Disclosure
from vigil.platform.audit.models import AuditRecord

pytestmark = [pytest.mark.db, pytest.mark.django_db]
KML = "{http://www.opengis.net/kml/2.2}"
AWAY = (-77.5, 38.0)


def client(people: Any, name: str) -> Client:
    browser = Client()
    browser.force_login(people.user(name))
    return browser


def references(answer: Any) -> list[str]:
    assert answer.status_code == 200
    return [one["properties"]["reference"] for one in json.loads(answer.content)["features"]]


def test_the_file_holds_the_lists_own_operations_and_is_recorded(people: Any, now: datetime) -> None:
    mine = register(people, "alice", now)
    theirs = register(people, "dave", now, site(now, AWAY))
    answer = client(people, "alice").post("/operations/export/geojson/?when=all")
    assert references(answer) == [mine.reference]
    (feature,) = json.loads(answer.content)["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [-76.6122, 39.2904]}
    assert feature["properties"]["label"] == "1200 Harbor Street"
    assert theirs.reference not in answer.content.decode()
    record = AuditRecord.objects.filter(verb="deconfliction.operation.export").get()
    assert str(mine.id) in json.dumps(record.object_ids)


def test_the_filter_of_the_address_holds_for_the_file(people: Any, now: datetime) -> None:
    soon = register(people, "alice", now)
    later = register(people, "alice", now, site(now, AWAY, timedelta(days=20)), operation_type="raid")
    alice = client(people, "alice")
    assert references(alice.post("/operations/export/geojson/?when=week")) == [soon.reference]
    assert references(alice.post("/operations/export/geojson/?type=raid")) == [later.reference]


def test_kml_is_whole_and_a_typed_text_is_no_markup(people: Any, now: datetime) -> None:
    register(people, "alice", now, site(now, label="<b>&\x0b]]> rear"))
    root = fromstring(client(people, "alice").post("/operations/export/kml/").content)
    (mark,) = root.iter(f"{KML}Placemark")
    labels = [data.findtext(f"{KML}value") for data in mark.iter(f"{KML}Data") if data.get("name") == "label"]
    assert labels == ["<b>&]]> rear"]
    assert mark.findtext(f"{KML}MultiGeometry/{KML}Point/{KML}coordinates") == "-76.6122,39.2904"
    ring = mark.findtext(f".//{KML}LinearRing/{KML}coordinates")
    assert ring is not None
    assert len(ring.split()) > 30
    assert ring.split()[0] == ring.split()[-1]


def test_a_silent_operation_is_in_nobody_elses_file(people: Any, now: datetime) -> None:
    quiet = register(people, "carol", now, disclosure=Disclosure.SILENT)
    assert references(client(people, "carol").post("/operations/export/geojson/")) == [quiet.reference]
    assert references(client(people, "alice").post("/operations/export/geojson/")) == []


def test_a_node_administrator_takes_nothing_out(people: Any, now: datetime) -> None:
    register(people, "alice", now)
    assert client(people, "erin").post("/operations/export/kml/").status_code == 403


def test_other_formats_and_a_get_do_not_exist(people: Any, now: datetime) -> None:
    alice = client(people, "alice")
    assert alice.post("/operations/export/shapefile/").status_code == 404
    assert alice.get("/operations/export/kml/").status_code == 405
    assert Client().post("/operations/export/kml/").status_code == 307


def test_a_table_taken_as_csv_is_recorded_and_holds_the_tables_rows(people: Any, now: datetime) -> None:
    mine = register(people, "alice", now)
    register(people, "dave", now)
    alice = client(people, "alice")
    lines = alice.post("/operations/csv/?when=all").content.decode().splitlines()
    assert len(lines) == 2
    assert mine.reference in lines[1]
    assert alice.post("/operations/csv/?when=past").content.decode().splitlines() == lines[:1]
    assert len(alice.post("/conflicts/csv/").content.decode().splitlines()) == 2
    assert AuditRecord.objects.filter(verb="deconfliction.operation.export", outcome="done").count() == 3
