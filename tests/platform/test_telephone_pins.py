"""The telephone PIN: set by oneself, checked by the watch desk, locked by guesses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from vigil.core.errors import Invalid, Refused
from vigil.platform.accounts import pins
from vigil.platform.accounts.models import TelephonePin, User


@pytest.mark.django_db
def test_five_guesses_lock_it_until_another_is_set(people: Any, login: Any, now: datetime) -> None:
    carol, alice = people.actor("carol"), people.user("alice")
    assert pins.check_pin(carol, "alice", "480217") is None
    page = login("alice").post("/account/pin/", {"pin": "480217", "again": "480217"})
    assert page.status_code == 302
    row = TelephonePin.objects.get()
    assert "480217" not in row.pin
    assert pins.check_pin(carol, "ALICE", "480217") == alice
    assert pins.check_pin(carol, "(410) 555-0101", "480217") == alice
    with pytest.raises(Refused):
        pins.check_pin(people.actor("alice"), "alice", "480217")
    for _ in range(pins.MOST_WRONG - 1):
        assert pins.check_pin(carol, "alice", "480218") is None
    assert pins.check_pin(carol, "alice", "480217") == alice, "a right one begins the count again"
    for _ in range(pins.MOST_WRONG):
        assert pins.check_pin(carol, "alice", "480218") is None
    assert pins.check_pin(carol, "alice", "480217") is None
    assert "locked after five wrong guesses" in login("alice").get("/account/pin/").content.decode()
    pins.set_pin(people.actor("alice"), "907314", "907314", now)
    assert pins.check_pin(carol, "alice", "907314") == alice
    User.objects.filter(pk=people.user("bob").pk).update(phone="+14105550101")
    pins.set_pin(people.actor("bob"), "907314", "907314", now)
    assert pins.check_pin(carol, "410-555-0101", "907314") is None, "a telephone of two people names neither"
    login("alice").post("/account/pin/", {"do": "remove"})
    assert pins.check_pin(carol, "alice", "907314") is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pin", "again", "at"),
    [
        ("48021", "48021", "pin"),
        ("48021x", "48021x", "pin"),
        ("٤٨٠٢١٧", "٤٨٠٢١٧", "pin"),
        ("111111", "111111", "pin"),
        ("123456", "123456", "pin"),
        ("654321", "654321", "pin"),
        ("480217", "480218", "again"),
    ],
)
def test_what_is_no_pin(people: Any, now: datetime, pin: str, again: str, at: str) -> None:
    with pytest.raises(Invalid) as refused:
        pins.set_pin(people.actor("alice"), pin, again, now)
    assert refused.value.problems[0].path == (at,)
    assert not TelephonePin.objects.exists()
