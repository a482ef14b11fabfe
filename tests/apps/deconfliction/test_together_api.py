"""Joint offers, possible matches and interests as a records system uses them; looks through the API are audited."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from tests.apps.deconfliction.test_api import Caller, caller, entry, faults

from vigil.apps.deconfliction.models import Look

__all__ = ["caller"]
pytestmark = pytest.mark.django_db

DAVE = {"name": "Dave Dunn", "phone": "410-555-0201"}


@pytest.mark.slow
def test_an_offer_through_the_api_is_accepted_left_and_refused(caller: Callable[..., Caller]) -> None:
    alice, dave = caller("alice"), caller("dave")
    first = alice.register()
    second = dave.register(lead_contact=DAVE | {"relay": True})
    (line,) = second["open_conflicts"]
    offered = dave.post(f"/conflicts/{line['id']}/run-together").json()
    assert (offered["id"], offered["revision"], offered["determination"]) == (second["id"], 2, "conflict")
    (row,) = alice.get(f"/operations/{first['id']}/joint").json()
    assert (row["state"], row["card"]["agency"]) == ("offered", "Bay County SO")
    assert not re.search(r"555.?0201", alice.get(f"/operations/{first['id']}/joint").content.decode())
    accepted = alice.post(f"/joint-offers/{row['offer_id']}/accept").json()
    assert (accepted["revision"], accepted["determination"]) == (2, "no_known_conflict")
    left = alice.post(f"/operations/{first['id']}/joint/{second['id']}/leave").json()
    assert (left["revision"], left["determination"]) == (3, "conflict")
    assert dave.post(f"/joint-offers/{row['offer_id']}/refuse").status_code == 404
    dave.post(f"/operations/{second['id']}/joint/{first['id']}/leave")
    alice.post(f"/conflicts/{line['id']}/run-together")
    (again,) = dave.get(f"/operations/{second['id']}/joint").json()
    assert dave.post(f"/joint-offers/{again['offer_id']}/refuse").status_code == 204
    assert dave.get(f"/operations/{second['id']}/joint").json() == []
    assert alice.post(f"/joint-offers/{UUID(int=1)}/accept").status_code == 404


def test_possible_matches_are_read_by_their_owner_only(caller: Callable[..., Caller]) -> None:
    alice, dave = caller("alice"), caller("dave")
    mine = alice.register(subjects=["plate:7AB1234"])
    dave.register(subjects=["plate:MD/7AB1234"], lead_contact=DAVE, sites=[{"latitude": 38.2, "longitude": -77.9}])
    (match,) = alice.get(f"/operations/{mine['id']}/possible-matches").json()
    assert match["reason"].startswith("The plate number 7AB1234 is the same")
    assert match["card"]["agency"] == "Bay County SO"
    assert dave.get(f"/operations/{mine['id']}/possible-matches").status_code == 404


def test_an_interest_is_registered_listed_and_renewed(caller: Callable[..., Caller]) -> None:
    alice = caller("alice")
    raw = {"subjects": ["phone:410-555-0171"], "lead_contact": {"name": "Alice Arden", "phone": "410-555-0101"}}
    made = alice.post("/interests", raw)
    assert (made.status_code, made.json()["determination"]) == (201, "no_known_conflict")
    assert faults(alice.post("/interests", raw | {"days": 200}))["/days"].startswith("Give a number of days")
    (row,) = alice.get("/interests").json()
    renewed = alice.post(f"/interests/{row['operation_id']}/renew", None, If_Match='"1"')
    assert renewed.json()["revision"] == 2
    assert alice.post(f"/interests/{row['operation_id']}/renew", None, If_Match='"1"').status_code == 409
    assert caller("dave").get("/interests").json() == []


def test_a_look_through_the_api_is_recorded(caller: Callable[..., Caller]) -> None:
    made = caller("alice").register(**entry())
    assert Look.objects.count() == 0
    for _ in range(2):
        caller("bob").get(f"/operations/{made['id']}")
        caller("dave").get(f"/operations/{made['id']}")
    look: Any = Look.objects.get()
    assert (look.user_name, look.via) == ("Bob Barrow", "api")
