"""Lists of ten thousand operations: fifty a page, every one reached once, no more questions than for a few."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from vigil.apps.deconfliction import queries
from vigil.apps.deconfliction.lists import calendar_feed
from vigil.apps.deconfliction.models import Operation, Revision

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
MANY = 10_000
PAGES = ("/operations/?when=all", "/operations/?when=past", "/conflicts/", "/find/")


def add(people: Any, now: datetime, first: int, count: int) -> None:
    """Operations of Alice's, an hour each, some at the same moment; as bare as lists read them."""
    rows = [
        Operation(
            reference=f"BAY-26-{number:06d}",
            agency=people.port_calvert,
            revision=1,
            status="registered",
            operation_type="raid",
            determination="no_known_conflict",
            submitter=people.user("alice"),
            created_at=now,
            starts_at=at,
            ends_at=at + timedelta(hours=1),
            window_start=at,
            window_end=at + timedelta(hours=1),
        )
        for number in range(first, first + count)
        for at in (now + timedelta(minutes=number // 3 - 1000),)
    ]
    Operation.objects.bulk_create(rows)
    Revision.objects.bulk_create(
        Revision(
            operation=row,
            number=1,
            kind="register",
            status="registered",
            created_at=now,
            contacts=b"",
            operation_type="raid",
            mode="live",
            disclosure="contact_only",
        )
        for row in rows
    )


def test_pages_of_a_long_list_cost_what_pages_of_a_short_one_cost(people: Any, now: datetime, login: Any) -> None:
    alice = login("alice")
    token = calendar_feed.create_feed(people.actor("alice"), False, now)[1]
    calendar_feed.read_calendar(token, "127.0.0.1", now)  # recorded once an hour

    def asked() -> dict[str, int]:
        counts = {}
        for address in PAGES:
            with CaptureQueriesContext(connection) as captured:
                answer = alice.get(address) if address != "/find/" else alice.post(address, {"text": "BAY-26-"})
            assert answer.status_code == 200
            counts[address] = len(captured)
        with CaptureQueriesContext(connection) as captured:
            calendar_feed.read_calendar(token, "127.0.0.1", now)
        return counts | {"calendar": len(captured)}

    # More than a page from the start, in each of the lists: the link to the next page costs nothing either.
    add(people, now, 0, 60)
    few = asked()
    add(people, now, 60, 500)
    assert asked() == few


def test_every_operation_of_ten_thousand_is_on_one_page_and_only_one(people: Any, now: datetime, login: Any) -> None:
    add(people, now, 0, MANY)
    alice = people.actor("alice")
    seen: list[str] = []
    cursor, pages = "", 0
    while pages == 0 or cursor:
        found = queries.operation_list(alice, queries.OperationFilter(cursor=cursor, limit=500), now)
        seen += [row.reference for row in found.rows]
        cursor, pages = found.next_cursor, pages + 1
    assert pages == MANY // 500
    assert len(seen) == len(set(seen)) == MANY
    browser, address, shown = login("alice"), "/operations/?when=all", list[str]()
    for _ in range(3):
        page = browser.get(address).content.decode()
        shown += re.findall(r'<span class="sub">(BAY-26-\d{6})</span>', page)
        (following,) = re.findall(r'href="(\?[^"]*)" rel="next"', page)
        address = "/operations/" + following.replace("&amp;", "&")
    assert shown == seen[:150]
