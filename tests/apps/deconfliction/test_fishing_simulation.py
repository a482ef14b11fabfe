"""A hostile officer against 20 hidden operations, shortened: seen before more than one place is known, all told.

`python -m bench.fishing` walks every way to its end and prints the figures of docs/security/fishing.md.
"""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import pytest
from bench import fishing
from django.db import transaction
from tests.conftest import make_agency, make_user

pytestmark = pytest.mark.django_db

WAYS = {
    "grid, left standing": 6,
    "grid, cancelled after the answer": 3,
    "large areas, then smaller ones": 1,
    "one area halved by edits": 6,
    "one radius grown by edits": 4,
    "telephones guessed": 6,
}
"""Each way with the probe at which it is seen at the latest."""


@pytest.mark.slow
def test_a_hostile_officer_is_seen_before_more_than_one_place_is_known(people: Any, now: datetime) -> None:
    third = make_agency("MD0000300", "Third Police", "Third PD")
    people.users["fay"] = make_user("fay", "Fay Fox", third, "officer")
    hidden = fishing.hide([people.actor("alice"), people.actor("fay")], now, random.Random(2))
    assert len(hidden) == 20
    told = 0
    for way, latest in WAYS.items():
        with transaction.atomic():
            course = fishing.look(people.actor("dave"), hidden, fishing.STRATEGIES[way], now, 2, latest)
            transaction.set_rollback(True)
        assert course.flagged_at is not None, f"{way}: not seen after {course.probes} probes"
        assert course.known_then <= 1, way
        assert course.untold == 0, way
        told += course.told
    assert told > 0, "some were found, and their owners told"
