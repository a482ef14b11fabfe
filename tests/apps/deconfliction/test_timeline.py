"""The timeline: where bars lie, which days are shown, and what stands in the table beside it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.apps.deconfliction.plans import site
from tests.apps.deconfliction.test_actions import register

from vigil.apps.deconfliction import actions, queries
from vigil.apps.deconfliction.plan import Disclosure
from vigil.apps.deconfliction.plans import lanes, series
from vigil.apps.deconfliction.plans.repeat import How, Pattern

pytestmark = [pytest.mark.db, pytest.mark.django_db]
FAR = (-77.5, 38.0)


@pytest.fixture
def browser(people: Any, now: datetime) -> Client:
    """Alice's."""
    client = Client()
    client.force_login(people.user("alice"))
    return client


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_place_on_the_axis_is_a_share_of_its_time_and_never_outside() -> None:
    start = datetime(2026, 11, 24, tzinfo=UTC)
    axis = lanes.Axis(start, start + timedelta(days=1), "UTC")
    assert axis.x(start + timedelta(hours=6)) == 25
    assert (axis.x(start - timedelta(days=1)), axis.x(start + timedelta(days=9))) == (0, 100)
    assert axis.span(start + timedelta(hours=12), start + timedelta(hours=18)) == (50, 25)
    assert axis.span(start, start)[1] == lanes.NARROWEST


def test_bars_of_a_series_share_a_lane_and_now_is_drawn_only_where_it_is(people: Any, now: datetime) -> None:
    alice, operation = people.actor("alice"), register(people, "alice", now)
    found = series.plan_series(alice, operation.id, 1, Pattern(How.NIGHTLY, count=2), None, now)
    series.go_on(alice, found.id, now)
    rows = queries.operation_list(alice, queries.OperationFilter(), now).rows
    week = lanes.Axis(now, now + timedelta(days=7), "UTC")
    both_active = [(now + timedelta(hours=84), now + timedelta(hours=126))]
    drawn = lanes.picture([rows], week, [], now, {rows[0].id: both_active})
    [lane] = drawn.rows
    assert (len(lane.bars), drawn.now_x, drawn.height) == (3, 0, lanes.TOP + lanes.LANE + 4)
    assert lane.bars[0].overlaps == ((50, 25),)
    assert [round(later.x - first.x, 1) for first, later in zip(lane.bars, lane.bars[1:], strict=False)] == [14.3, 14.3]
    assert lanes.picture([rows], week, [], now + timedelta(days=8)).now_x is None


def test_the_week_shows_operations_and_whom_they_meet_and_leads_on(browser: Client, people: Any, now: datetime) -> None:
    register(people, "alice", now)
    register(people, "dave", now)
    gone = register(people, "bob", now, site(now, FAR, timedelta(days=1)))
    actions.cancel_operation(people.actor("bob"), gone.id, 1, now)
    page = browser.get("/timeline/")
    said = text_of(page)
    assert "1 operation, 1 conflict" in said
    assert "Bay County SO , Both active" in said
    assert gone.reference[-6:] not in said
    assert 'aria-label="Search warrant 000001' in page.content.decode()
    assert "?day=2026-12-01&amp;span=week" in page.content.decode()
    assert "Nothing in this time" in text_of(browser.get("/timeline/?day=2026-12-01"))
    day = browser.get("/timeline/?day=2026-11-24&span=day&mine=yes").content.decode()
    assert "?day=2026-11-25&amp;span=day&amp;mine=yes" in day
    assert ">24:00<" in day


@pytest.mark.parametrize("asked", ["day=0001-01-01", "day=9999-12-31", "day=x", "span=month"])
def test_what_is_no_day_is_this_week(browser: Client, people: Any, now: datetime, asked: str) -> None:
    register(people, "alice", now)
    assert "1 operation" in text_of(browser.get(f"/timeline/?{asked}"))


def test_the_day_when_the_clocks_change_is_as_long_as_it_is(browser: Client, people: Any, now: datetime) -> None:
    people.port_calvert.time_zone = "America/New_York"
    people.port_calvert.save()
    for day, hours in (("2027-03-14", 23), ("2026-11-01", 25)):
        page = browser.get(f"/timeline/?day={day}&span=day")
        assert page.status_code == 200
        axis = page.context["picture"]
        noon = next(mark for mark in axis.marks if mark.label == "12:00")
        assert noon.x == round((12 + (hours - 24)) / hours * 100, 2)


def test_a_silent_operation_is_on_nobody_elses_timeline(people: Any, now: datetime) -> None:
    register(people, "bob", now, disclosure=Disclosure.SILENT)
    pages = {}
    for name in ("alice", "bob"):
        client = Client()
        client.force_login(people.user(name))
        pages[name] = text_of(client.get("/timeline/"))
    assert "0 operations" in pages["alice"]
    assert "1 operation" in pages["bob"]


def test_an_administrators_bottom_bar_is_filled(people: Any, now: datetime) -> None:
    for name in ("erin", "alice"):
        client = Client()
        client.force_login(people.user(name))
        bar = [link.label for link in client.get("/account/").context["frame"].links if link.on_phone]
        assert len(bar) >= 4, name
        assert bar[-1] == "Account"
