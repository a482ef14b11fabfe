"""The policy: filled from the settings, adopted, read, compared, printed."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from vigil.apps.policy import actions, queries
from vigil.apps.policy.models import Adoption, Reading
from vigil.core.errors import Invalid, NotFound, Refused
from vigil.platform.agencies.actions import edit_node, set_retention
from vigil.platform.agencies.models import this_node
from vigil.platform.agencies.retention import Retention

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture
def chief(people: Any) -> Any:
    from vigil.platform.accounts.models import Membership

    Membership.objects.create(user=people.user("bob"), agency=people.port_calvert, role="agency_admin")
    return people.actor("bob")


def test_settings_changed_after_the_adoption_are_told_in_words(people: Any, chief: Any, now: Any) -> None:
    actions.adopt(chief, "Chief Ann Ash", now)
    assert queries.policy(chief).differences == []
    people.port_calvert.lead_time_minutes = 90
    people.port_calvert.rules = {"types": {"raid": {"radius_m": 400}}}
    people.port_calvert.save()
    said = queries.policy(chief).differences
    assert "How early: the settings now say “At least 90 minutes before the start.”." in said
    assert any("Raid: 400 m" in sentence for sentence in said)
    assert any("the policy says “Raid: 300 m" in sentence for sentence in said)


def test_retention_and_desk_stand_in_the_policy_and_their_change_is_told(people: Any, chief: Any, now: Any) -> None:
    people.port_calvert.watch_desk_phone = ""
    people.port_calvert.save()
    edit_node(people.actor("erin"), {"desk_week": {"0": ["08:00", "17:00"]}, "outside_phone": "410-555-0900"})
    actions.adopt(chief, "Chief Ann Ash", now)
    text = dict(queries.policy(chief).sections)
    assert any("removed 1 day after" in line for line in text["How long data are kept"])
    assert any("Mon 08:00–17:00" in line for line in text["By whom"])
    assert "Outside the desk's hours 410-555-0900 answers." in text["By whom"]
    set_retention(chief, Retention(place_days=30, subject_days=5, keeps_history=True))
    said = queries.policy(chief).differences
    assert sum(sentence.startswith("How long data are kept") for sentence in said) == 6
    assert any("settings now say “Subjects are removed 5 days" in sentence for sentence in said)


def test_an_agency_with_a_desk_of_its_own_is_not_given_the_hours_of_the_nodes(people: Any, chief: Any) -> None:
    edit_node(people.actor("erin"), {"desk_week": {"0": ["08:00", "17:00"]}, "outside_phone": "410-555-0900"})
    said = " ".join(dict(queries.policy(chief).sections)["By whom"])
    assert "Port Calvert PD watch desk, +14105550100." in said
    assert "Mon" not in said
    assert "410-555-0900" not in said


def test_the_policy_is_english_in_every_language_since_it_is_compared_with_what_was_adopted(
    people: Any, chief: Any, now: Any, translating: None
) -> None:
    people.port_calvert.watch_desk_phone = ""
    people.port_calvert.save()
    edit_node(people.actor("erin"), {"desk_week": {"0": ["08:00", "17:00"]}})
    actions.adopt(chief, "Chief Ann Ash", now)
    with translation.override("es"):
        assert "Mon" not in this_node().desk_hours
        assert any("Mon 08:00–17:00" in line for line in dict(queries.from_settings(chief))["By whom"])
        assert queries.policy(chief).differences == []


def test_a_policy_adopted_before_it_spoke_of_retention_differs(chief: Any, now: Any) -> None:
    adoption = actions.adopt(chief, "Chief Ann Ash", now)
    adoption.sections = [section for section in adoption.sections if section[0] != "How long data are kept"]
    adoption.save()
    said = queries.policy(chief).differences
    assert said
    assert all(sentence.startswith("How long data are kept: the settings now say") for sentence in said)


def test_reading_is_recorded_once_and_for_the_policy_in_force(people: Any, chief: Any, now: Any) -> None:
    alice = people.actor("alice")
    with pytest.raises(NotFound):
        actions.acknowledge(alice, now)
    actions.adopt(chief, "Chief Ann Ash", now)
    actions.acknowledge(alice, now)
    actions.acknowledge(alice, now)
    assert Reading.objects.count() == 1
    assert queries.policy(alice).read_at == now
    assert queries.policy(alice).readers == []
    assert queries.policy(chief).readers == [("Alice Arden", now)]


def test_another_agency_does_not_see_it_and_an_officer_does_not_adopt(people: Any, chief: Any, now: Any) -> None:
    actions.adopt(chief, "Chief Ann Ash", now)
    assert queries.policy(people.actor("dave")).adopted_on is None
    with pytest.raises(Refused):
        actions.adopt(people.actor("alice"), "Alice", now)
    with pytest.raises(Invalid):
        actions.adopt(chief, "  ", now)
    assert Adoption.objects.count() == 1


def test_the_pdf_is_tagged_and_takes_what_is_typed_as_text(chief: Any, now: Any) -> None:
    actions.adopt(chief, '#panic("x") *Ash*', now)
    made = queries.pdf(chief)
    assert made.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in made


def test_the_pages(login: Any, chief: Any, now: Any) -> None:
    client = login("bob")
    assert "Not adopted" in client.get("/policy/").content.decode()
    assert client.post("/policy/", {"signed_by": ""}).status_code == 422
    assert client.post("/policy/", {"signed_by": "Chief Ash"}).status_code == 302
    assert client.post("/policy/read/").status_code == 302
    assert "Bob Barrow" in client.get("/policy/").content.decode()
    assert client.get("/policy/pdf/")["Content-Type"] == "application/pdf"
