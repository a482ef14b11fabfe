"""Pages without a browser: what nobody should send, and what happens when two people change one record."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

pytestmark = [pytest.mark.db, pytest.mark.django_db]
MANY = "9" * 400


@pytest.fixture
def browser(people: Any, now: datetime) -> Client:
    """Alice's; an exception becomes the error page, as on a node."""
    client = Client(raise_request_exception=False)
    client.force_login(people.user("alice"))
    return client


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-02-30", "²"])
def test_a_day_that_there_is_not_is_today(browser: Client, day: str) -> None:
    assert 'data-day="2026-11-24"' in browser.get("/map/", {"day": day}).content.decode()
    zones = browser.post("/map/zones/", json.dumps({"day": day}), content_type="application/json")
    assert json.loads(zones.content)["features"] == []


@pytest.mark.parametrize("body", ["[" * 100_000, '{"west": ' + MANY + "}", '{"west": NaN}', "[]", "{"])
def test_odd_json_is_answered(browser: Client, body: str) -> None:
    assert browser.post("/map/towns/", body, content_type="application/json").status_code in (200, 422)


def test_an_endless_uncertainty_is_read_as_a_wide_one(browser: Client) -> None:
    body = '{"text": "39.28, -76.6", "source": "device", "uncertainty_m": ' + MANY + "}"
    read = browser.post("/operations/read-place/", body, content_type="application/json")
    assert json.loads(read.content)["uncertainty_m"] == 1e6


@pytest.mark.parametrize("number", ["²", MANY, "x", "-1"])
def test_a_number_that_is_none_in_a_forms_names_is_answered_by_the_form(browser: Client, number: str) -> None:
    typed = {f"sites-{number}-place": "39, -76", "revision": number}
    for do in ("register", "add_site", f"remove_site_{number}"):
        assert browser.post("/operations/register/", {**typed, "do": do}).status_code in (200, 422)
    assert browser.post("/operations/draft/", typed).status_code == 200
    assert browser.get("/").status_code == 200
