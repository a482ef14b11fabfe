"""Whom to call: what an entry must say, who serves a place, and its pages."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from vigil.apps.whom_to_call import actions, picture, queries
from vigil.apps.whom_to_call.models import Entry
from vigil.apps.whom_to_call.rules import Place, is_stale, read_entry, serves
from vigil.cli.node import console
from vigil.core.errors import Invalid, Refused

TODAY = date(2026, 1, 31)
DESK = {
    "kind": "watch_desk",
    "name": "Elm Desk",
    "states": "md",
    "counties": "Elm",
    "phone": "(410) 555-0142",
    "checked_on": "2026-01-30",
    "checked_by": "Ann Ash",
}
MARYLAND = Place("MD", "Elm County")


def test_an_entry_is_read_into_its_columns() -> None:
    read = read_entry(DESK, TODAY)
    assert (read["states"], read["phone"], read["checked_on"]) == ("MD", "+14105550142", date(2026, 1, 30))


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("kind", "desk"),
        ("name", ""),
        ("name", "=1+1"),
        ("name", "x" * 201),
        ("states", "MD XX"),
        ("phone", "12"),
        ("checked_on", "2026-02-01"),
        ("checked_on", "yesterday"),
        ("checked_on", ""),
    ],
)
def test_a_fault_stands_at_its_field(field: str, text: str) -> None:
    with pytest.raises(Invalid) as raised:
        read_entry(DESK | {field: text}, TODAY)
    assert field in [problem.path[0] for problem in raised.value.problems]


def test_who_serves_a_place() -> None:
    assert serves("VA MD", "", MARYLAND)
    assert not serves("VA", "", MARYLAND)
    assert serves("MD", "Oak; elm", MARYLAND)
    assert not serves("MD", "Oak", MARYLAND)
    assert serves("MD", "Oak", Place("MD"))
    assert serves("", "", MARYLAND)


def test_a_check_is_stale_after_a_year() -> None:
    assert is_stale(date(2025, 1, 30), TODAY)
    assert not is_stale(date(2025, 1, 31), TODAY)
    assert not is_stale(None, TODAY)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("21201", Place("MD", "Baltimore city")),
        ("Elm, md", Place("MD", "Elm")),
        ("new york", Place("NY")),
        ("00000", None),
        ("Elm", None),
        ("", None),
    ],
)
def test_a_typed_place(text: str, place: Place | None) -> None:
    assert queries.place_of_text(text) == place


@pytest.mark.parametrize("width", [picture.WIDTH, 288])
def test_a_click_is_the_county_under_it_and_the_sea_is_no_place(width: int) -> None:
    x, y = picture.MAINLAND.pixel(-76.62, 39.3)
    found = picture.place_of_click(x * width / picture.WIDTH, y * width / picture.WIDTH, width)
    assert found is not None
    assert found.state == "MD"
    assert picture.place_of_click(*picture.MAINLAND.pixel(-70.0, 35.0)) is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("state", "longitude", "latitude"), [("AK", -149.9, 61.2), ("HI", -157.8, 21.3), ("PR", -66.1, 18.4)]
)
def test_the_states_far_away_are_clicked_in_their_boxes(state: str, longitude: float, latitude: float) -> None:
    panel = picture.APART[state]
    x, y = panel.pixel(longitude, latitude)
    assert panel.holds(x, y)
    found = picture.place_of_click(x, y)
    assert found is not None
    assert found.state == state


def test_a_box_covers_no_part_of_the_mainland() -> None:
    for panel in picture.APART.values():
        for _, longitude, latitude in (
            (c[2].state, c[0], c[1]) for c in picture._codes() if c[2].state not in picture.APART
        ):
            assert not panel.holds(*picture.MAINLAND.pixel(longitude, latitude)), (longitude, latitude)


@pytest.mark.db
@pytest.mark.django_db
def test_the_shipped_list_has_no_telephone_and_changes_nothing_known(people: Any) -> None:
    assert actions.take_shipped(console(), TODAY) == 8
    assert not Entry.objects.exclude(phone="").exists()
    actions.save_entry(console(), DESK | {"name": "WSIN (RISS)"}, TODAY, Entry.objects.get(name="WSIN (RISS)").pk)
    assert actions.take_shipped(console(), TODAY) == 0
    assert Entry.objects.get(name="WSIN (RISS)").phone == "+14105550142"


@pytest.mark.db
@pytest.mark.django_db
def test_no_shipped_region_stands_without_its_source_and_the_day_it_was_seen(people: Any) -> None:
    actions.take_shipped(console(), TODAY)
    lines = queries.entries(people.actor("alice"), TODAY)
    for line in lines:
        assert (line.area == "region not known") == (not line.source), line.name
        assert not line.source or re.search(r"seen 20\d\d-\d\d-\d\d$", line.source), line.name
    regions = [state for line in lines if line.source for state in line.area.split()]
    assert len(regions) == len(set(regions)) == 53
    assert "GU" not in regions


def test_what_is_exported_can_be_imported_and_a_bad_row_stores_nothing(people: Any) -> None:
    actions.save_entry(console(), DESK, TODAY)
    text = queries.as_csv(people.actor("erin"))
    Entry.objects.all().delete()
    assert actions.import_entries(console(), text, TODAY) == 1
    assert Entry.objects.get().phone == "+14105550142"
    with pytest.raises(Invalid, match="Line 3"):
        actions.import_entries(console(), text.replace("Elm Desk", "Oak Desk") + "desk,,X,,,,,,\n", TODAY)
    assert not Entry.objects.filter(name="Oak Desk").exists()


@pytest.mark.django_db
def test_an_officer_reads_and_does_not_edit(people: Any) -> None:
    assert queries.entries(people.actor("alice"), TODAY) == []
    with pytest.raises(Refused):
        actions.save_entry(people.actor("alice"), DESK, TODAY)


@pytest.mark.django_db
def test_the_pages_answer_with_desks_and_gaps(login: Any) -> None:
    client = login("erin")
    assert "The list is empty" in client.get("/whom-to-call/").content.decode()
    client.post("/whom-to-call/shipped/")
    answer = client.post("/whom-to-call/", {"where": "21201"}).content.decode()
    assert "Bay Watch Desk" in answer
    assert "MAGLOCLEN" in answer
    assert "Gap: no telephone" in answer
    assert "no telephone has been checked" in answer
    gap = client.post("/whom-to-call/", {"where": "OR"}).content.decode()
    assert "This list knows none" in gap
    assert client.post("/whom-to-call/", {"where": "Atlantis"}).status_code == 422
    assert client.post("/whom-to-call/new/", DESK | {"phone": "1"}).status_code == 422
    assert client.post("/whom-to-call/new/", DESK).status_code == 302
    entry = Entry.objects.get(name="Elm Desk")
    assert "Elm Desk" in client.get(f"/whom-to-call/{entry.pk}/").content.decode()
    assert client.post(f"/whom-to-call/{entry.pk}/remove/").status_code == 302
    bad = SimpleUploadedFile("a.csv", b"nothing\n1\n")
    assert client.post("/whom-to-call/import/", {"file": bad}).status_code == 422
    assert client.get("/whom-to-call/csv/").content.decode().startswith("kind,system,name")
    assert b"<path" in client.get("/whom-to-call/map/").content
