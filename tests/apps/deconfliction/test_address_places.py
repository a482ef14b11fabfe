"""A typed address as a place: on the page, through the API, and beside the towns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from tests.apps.deconfliction.test_api import caller, faults  # noqa: F401 - a fixture

from vigil.apps.deconfliction import forms
from vigil.apps.deconfliction.contexts import plan_context
from vigil.apps.deconfliction.places import Choices, Place, Unreadable, read_place
from vigil.apps.deconfliction.plan import PlaceSource
from vigil.apps.deconfliction.rules import read_plan
from vigil.platform import clock
from vigil.platform.gazetteer.finding import Found, Spot, find
from vigil.platform.gazetteer.lines import pack
from vigil.platform.gazetteer.models import Segment, Source, Street

pytestmark = pytest.mark.django_db


@pytest.fixture
def elm(people: Any) -> None:
    """One block of Elm St, 200 to 298 and 201 to 299, and a road of six miles without crossings."""
    source = Source.objects.create(name="Made", state="ready", imported_at=clock.now())
    numbers = {"left_from": 201, "left_to": 299, "right_from": 200, "right_to": 298}
    zips = {"left_zip": "21401", "right_zip": "21401"}
    for name, key, line in (
        ("Elm St", "ELM ST", [(-76.49, 38.97), (-76.489, 38.97)]),
        ("Long Rd", "LONG RD", [(-76.6, 38.9), (-76.5, 38.9)]),
    ):
        street = Street.objects.create(source=source, key=key, name=name)
        Segment.objects.create(street=street, line=pack(line), **numbers, **zips)


@pytest.mark.db
def test_the_page_reads_an_address_back_and_offers_what_is_nearly_right(elm: None, login: Callable[[str], Any]) -> None:
    def read(text: str) -> Any:
        return client.post("/operations/read-place/", {"text": text}, content_type="application/json").json()

    client = login("alice")
    answer = read("249 Elm Street, Annapolis MD")
    assert answer["kind"] == "place"
    assert answer["sentence"].startswith("249 Elm St, Annapolis MD 21401. Good to about 8")
    assert not answer["ask_for_pin"]
    far = read("249 Long Rd")
    assert far["ask_for_pin"]
    assert "Set a pin on the map" in far["sentence"]
    offered = read("249 Elm Ave")
    assert offered["kind"] == "choices"
    assert offered["places"] == [{"text": "249 Elm St, 21401", "label": "249 Elm St, Annapolis MD 21401"}]
    assert read("249 Oak St")["kind"] == "unreadable"


@pytest.mark.db
def test_the_api_takes_an_address_with_its_uncertainty(elm: None, caller: Callable[..., Any]) -> None:  # noqa: F811
    alice = caller("alice")
    (site,) = alice.register(sites=[{"place": "249 Elm St, 21401"}])["sites"]
    assert (site["source"], site["label"]) == ("address", "249 Elm St, Annapolis MD 21401")
    assert 80 < site["uncertainty_m"] < 100
    made = alice.register(sites=[{"place": "249 Long Rd"}])
    assert made["sites"][0]["uncertainty_m"] > 250
    assert "pin_wanted" in made["flags"]
    refused = alice.post("/operations", {**ENTRY, "sites": [{"place": "249 Elm Ave"}]})
    assert "No street is called exactly 249 Elm Ave" not in refused.content.decode()
    assert "No street is called exactly Elm Ave" in faults(refused)["/sites/0/place"]
    assert refused.json()["errors"][0]["choices"] == ["249 Elm St, 21401"]


@pytest.mark.db
def test_without_a_script_a_button_picks_the_address(elm: None, login: Callable[[str], Any]) -> None:
    client = login("alice")
    given = {"operation_type": "search_warrant", "sites-0-place": "249 Elm Ave", "sites-0-source": "device"}
    given |= {"sites-0-uncertainty_m": "7", "starts_at": "2026-11-25 04:30", "ends_at": "2026-11-25 08:00"}
    asked = client.post("/operations/register/", given)
    assert asked.status_code == 422
    assert 'value="sites-0-place=249 Elm St, 21401"' in asked.content.decode()
    picked = client.post(
        "/operations/register/", given | {"choose": "sites-0-place=249 Elm St, 21401"}
    ).content.decode()
    assert 'name="sites-0-place" value="249 Elm St, 21401"' in picked
    assert 'name="sites-0-source" value=""' in picked
    assert 'name="sites-0-uncertainty_m" value=""' in picked


@pytest.mark.db
def test_an_edit_moves_nothing_when_the_streets_have_changed(elm: None, people: Any, now: datetime) -> None:
    alice = people.actor("alice")
    context = plan_context(alice.agency_id, now)
    plan = read_plan({**ENTRY, "sites": [{"place": "249 Elm St, 21401"}]}, context)
    (before,) = plan.sites
    typed = forms.typed_of_plan(plan)
    (site,) = typed["sites"]
    assert (site["place"], site["source"], site["label"], "uncertainty_m" in site) == (
        "249 Elm St, 21401",
        "",
        "",
        False,
    )
    changed = {**typed, "sites": [{**site, "place": "249 Long Rd"}]}
    assert read_plan(forms.plan_input(changed), context).sites[0].uncertainty_m > 250, "the text alone counts"
    Source.objects.update(state="removed")
    typed = forms.typed_of_plan(plan)
    (after,) = read_plan(forms.plan_input(typed), context).sites
    assert typed["sites"][0]["place"].startswith("38.97, -76.48")
    assert (after.geometry, after.uncertainty_m, after.source, after.label) == (
        before.geometry, pytest.approx(before.uncertainty_m, abs=0.1), before.source, before.label
    )  # fmt: skip


ENTRY = {
    "operation_type": "search_warrant",
    "starts_at": "2026-11-25T04:30:00-05:00",
    "ends_at": "2026-11-25T08:00:00-05:00",
    "lead_contact": {"name": "Alice Arden", "phone": "410-555-0101"},
}


@pytest.mark.db
def test_without_streets_an_address_asks_for_a_pin(people: Any) -> None:
    for streets in (None, find):
        answer = read_place("249 Elm St, 21401", (), streets)
        assert isinstance(answer, Unreadable)
        assert "no street directory" in answer.sentence
        assert "pin" in answer.sentence


def known(*texts: str, sentence: str = "", is_named: bool = True) -> Callable[[str], Found | None]:
    """Streets that answer with these spots whatever is asked."""
    spots = tuple(Spot(-76.6, 39.28, 40.0, text, text) for text in texts)
    return lambda text: Found(spots, sentence, is_named)


def test_a_name_of_a_town_and_of_a_street_is_a_choice() -> None:
    both = read_place("Broadway", (), known("Broadway near 39.28000, -76.60000"))
    assert isinstance(both, Choices)
    assert both.places[0].source == PlaceSource.ADDRESS
    assert {place.source for place in both.places[1:]} == {PlaceSource.TOWN}


def test_a_town_with_its_state_stays_a_town_and_an_address_an_address() -> None:
    streets = known("Broadway near 39.28000, -76.60000")
    for text in ("Broadway VA", "Baltimore MD"):
        town = read_place(text, (), streets)
        assert isinstance(town, Place)
        assert town.source == PlaceSource.TOWN
    for text in ("1200 Broadway", "Broadway & Main", "Broadway near 39.28000, -76.60000"):
        address = read_place(text, (), streets)
        assert isinstance(address, Place)
        assert address.source == PlaceSource.ADDRESS


def test_coordinates_grid_and_zip_are_never_asked_of_the_streets() -> None:
    def streets(text: str) -> Found | None:
        raise AssertionError(text)

    for text in ("39.2904, -76.6122", "21202", "18S UJ 23483 06479"):
        assert isinstance(read_place(text, (), streets), Place)


def test_a_misspelled_town_is_not_made_a_street() -> None:
    answer = read_place("Baltimroe", (), known("Baltimore St, 21202", sentence="Similar.", is_named=False))
    assert isinstance(answer, Unreadable)
    assert "not recognised" in answer.sentence
