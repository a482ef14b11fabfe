"""The set-up pages of agency, node and desk."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import make_agency, make_user

from vigil.core.errors import Invalid
from vigil.platform.accounts.frame import frame_of
from vigil.platform.agencies import desk
from vigil.platform.agencies.models import Node
from vigil.platform.agencies.reading import ZONES, read_agency, read_desk, read_node
from vigil.platform.agencies.region import county_of, read_region, state_of

DESK = {"watch_desk_name": "Bay desk", "watch_desk_phone": "410-555-0100"}
WEEKDAYS = {f"{edge}_{day}": time for day in range(5) for edge, time in (("open", "0800"), ("close", "17:00"))}


def test_hours_are_said_in_runs_of_days_and_read_back() -> None:
    week, problems = desk.read_week({**WEEKDAYS, "open_5": "22:00", "close_5": "6:00"})
    assert problems == []
    said = desk.in_words(week)
    assert said == "Mon–Fri 08:00–17:00, Sat 22:00–06:00"
    assert desk.read_hours(said) == week
    assert desk.in_words(desk.read_hours("Mon 08:00-17:00, Wed 08:00-17:00")) == "Mon 08:00–17:00, Wed 08:00–17:00"
    always, _ = desk.read_week({"always": "yes"})
    assert desk.in_words(always) == "around the clock"
    assert desk.read_hours("Always") == always
    assert (desk.in_words({}), desk.read_hours("")) == ("", {})


@pytest.mark.parametrize(
    "times",
    [("08:00", ""), ("", "17:00"), ("8", "17:00"), ("24:00", "17:00"), ("08:00", "25:00"), ("08:00", "08:00")],
)
def test_a_wrong_time_is_told_at_its_day(times: tuple[str, str]) -> None:
    with pytest.raises(Invalid) as raised:
        read_desk({**DESK, "open_2": times[0], "close_2": times[1]})
    (problem,) = raised.value.problems
    assert problem.path == ("open_2",)
    assert problem.sentence.startswith("Wednesday")


@pytest.mark.parametrize("text", ["Mon 8-5", "Fri-Mon 08:00-17:00", "Xyz 08:00-17:00", "08:00", "Mon 25:00-26:00"])
def test_hours_that_cannot_be_read_say_how(text: str) -> None:
    with pytest.raises(Invalid):
        desk.read_hours(text)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"watch_desk_name": ""}, "watch_desk_name"),
        ({"watch_desk_phone": "12"}, "watch_desk_phone"),
        ({"outside_name": "State police"}, "outside_phone"),
        ({"outside_phone": "none"}, "outside_phone"),
        ({"desk_holidays": "x" * 201}, "desk_holidays"),
    ],
)
def test_what_is_wrong_with_a_desk_is_told_at_the_field(changes: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as raised:
        read_desk({**DESK, **changes})
    assert [problem.path for problem in raised.value.problems] == [(field,)]


def test_a_region_is_a_state_a_county_or_four_numbers() -> None:
    (state,), (county,), (box,) = (read_region(text) for text in ("md", "Anne Arundel, MD", "-77, 38, -76, 39"))
    assert box == (-77.0, 38.0, -76.0, 39.0)
    assert state[0] < county[0] < county[2] <= state[2]
    assert county[0] < -76.49 < county[2]
    assert county[1] < 38.98 < county[3]
    assert read_region(" ") == ()
    assert (state_of("Anne Arundel, md"), county_of("Anne Arundel, md")) == ("MD", "Anne Arundel")
    assert (state_of("-77,38,-76,39"), county_of("-77,38,-76,39")) == ("", "")
    assert read_region("St. Mary's, MD") == read_region("St Mary's County, MD")


@pytest.mark.parametrize("text", ["ZZ", "Elm", "Xy, MD", "1,2,3", "-77,39,-76,38", "-77,38,-77,39", "1,2,x,4", "-"])
def test_a_region_that_cannot_be_read_says_how(text: str) -> None:
    with pytest.raises(Invalid) as raised:
        read_node({"name": "Bay", "region": text})
    assert [problem.path for problem in raised.value.problems] == [("region",)]


def test_the_offered_time_zones_exist() -> None:
    for zone in ZONES:
        assert read_agency({"name": "Port Calvert", "time_zone": zone})["time_zone"] == zone


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"state": "Maryland"}, "state"),
        ({"time_zone": "Eastern"}, "time_zone"),
        ({"watch_desk_phone": "x"}, "watch_desk_phone"),
    ],
)
def test_what_is_wrong_with_an_agency_is_told_at_the_field(changes: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as raised:
        read_agency({"name": "Port Calvert", **changes})
    assert [problem.path for problem in raised.value.problems] == [(field,)]


@pytest.mark.db
@pytest.mark.django_db
def test_the_pages_save_and_keep_what_was_typed_wrong(login: Any, people: Any) -> None:
    client = login("erin")
    wrong = client.post("/setup/watch-desk/", {**DESK, **WEEKDAYS, "open_3": "8 am"})
    assert wrong.status_code == 422
    assert 'value="8 am"' in wrong.content.decode()
    outside = {"outside_name": "State police", "outside_phone": "410-555-0900", "desk_holidays": "closed on July 4"}
    assert client.post("/setup/watch-desk/", {**DESK, **WEEKDAYS, **outside}).status_code == 302
    assert client.post("/setup/node/", {"name": "Bay", "region": "Calvert, MD"}).status_code == 302
    node = Node.objects.get()
    assert (node.desk_hours, node.outside) == ("Mon–Fri 08:00–17:00", "State police, 410-555-0900")
    assert (node.name, node.place, len(node.region)) == ("Bay", "Calvert, MD", 1)
    asked = client.post("/whom-to-call/", {"where": "MD"}).content.decode()
    assert "Mon–Fri 08:00–17:00, closed on July 4" in asked
    assert "State police" in asked
    people.port_calvert.watch_desk_phone = ""
    people.port_calvert.save()
    policy = client.get("/policy/").content.decode()
    assert "Outside the desk&#x27;s hours State police, 410-555-0900 answers." in policy


@pytest.mark.db
@pytest.mark.django_db
def test_an_agency_administrator_changes_the_agency_and_not_the_node(login: Any, people: Any) -> None:
    people.users["ann"] = make_user("ann", "Ann Admin", people.port_calvert, "agency_admin")
    client = login("ann")
    agency = {"name": "Port Calvert Police", "short_name": "PCPD", "state": "md", "time_zone": "America/New_York"}
    assert client.post("/setup/agency/", agency).status_code == 302
    people.port_calvert.refresh_from_db()
    assert (people.port_calvert.short_name, people.port_calvert.state) == ("PCPD", "MD")
    assert people.port_calvert.ori == "MD0000100"
    for address in ("/setup/node/", "/setup/watch-desk/"):
        assert client.get(address).status_code == 403


@pytest.mark.db
@pytest.mark.django_db
def test_a_node_administrator_adds_an_agency_and_a_neighbour_becomes_one_of_the_node(login: Any, people: Any) -> None:
    neighbour = make_agency("MD0000900", "Around PD", "", is_served=False, latitude=39.0, longitude=-76.5)
    client = login("erin")
    new = {"ori": "md0000900", "name": "Around Police", "state": "MD"}
    assert client.post("/setup/agencies/", new).status_code == 302
    neighbour.refresh_from_db()
    assert (neighbour.name, neighbour.is_served, neighbour.latitude) == ("Around Police", True, 39.0)
    again = client.post("/setup/agencies/", new)
    assert again.status_code == 422
    assert "already an agency with ORI MD0000900" in again.content.decode()
    assert 'value="Around Police"' in again.content.decode()
    address = f"/setup/agencies/{neighbour.pk}/"
    assert client.post(address, {"name": "Around County Police", "county": "Elm"}).status_code == 302
    assert "Around County Police" in client.get("/setup/agencies/").content.decode()


@pytest.mark.db
@pytest.mark.django_db
def test_only_a_node_administrator_adds_agencies_and_only_served_ones_are_changed(login: Any, people: Any) -> None:
    hidden = make_agency("MD0000900", "Around PD", "", is_served=False)
    assert login("erin").get(f"/setup/agencies/{hidden.pk}/").status_code == 404
    people.users["ann"] = make_user("ann", "Ann Admin", people.port_calvert, "agency_admin")
    for address in ("/setup/agencies/", f"/setup/agencies/{people.bay_county.pk}/"):
        assert login("ann").get(address).status_code == 403


@pytest.mark.db
@pytest.mark.django_db
def test_today_says_when_the_desk_answers_and_who_does_else(login: Any, people: Any) -> None:
    node = people.node
    node.desk_week, node.outside_name, node.outside_phone = {"0": ["08:00", "17:00"]}, "State police", "4105550900"
    node.save()
    people.port_calvert.watch_desk_phone = ""
    people.port_calvert.save()
    shown = login("alice").get("/help/").wsgi_request
    read = frame_of(shown)
    assert (read.desk_phone, read.desk_hours, read.outside) == ("+14105550199", "Mon 08:00–17:00", "State police")
    people.port_calvert.watch_desk_phone = "410-555-0101"
    people.port_calvert.save()
    own = frame_of(login("alice").get("/help/").wsgi_request)
    assert (own.desk_phone, own.desk_hours, own.outside_phone) == ("410-555-0101", "", "")
