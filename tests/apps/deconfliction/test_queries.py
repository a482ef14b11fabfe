"""Lists: their order, filters and pages, and that they ask the database as often for many rows as for few."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.apps.deconfliction.plans import HARBOR, plan, site

from vigil.apps.deconfliction import actions, queries, words
from vigil.core.errors import Invalid
from vigil.engine.operation import Mode
from vigil.platform import clock

pytestmark = [pytest.mark.db, pytest.mark.django_db]

LISTS: dict[str, Callable[[Any, datetime], object]] = {
    "today": queries.today,
    "operations": lambda actor, now: queries.operation_list(actor, queries.OperationFilter(), now),
    "conflicts": lambda actor, now: queries.conflict_list(actor, queries.ConflictFilter(), now),
    "map": lambda actor, now: queries.map_operations(actor, now, now + timedelta(days=2), now),
    "waiting_conflicts": queries.waiting_conflicts,
}
PAGES = ("/history/?when=all", "/timeline/", "/study/", "/interests/")


def register(people: Any, name: str, now: datetime, *sites: Any, **fields: Any) -> Any:
    actor = people.actor(name)
    operation = actions.register_operation(actor, plan(now, *sites, **fields), now)
    actions.run_due_search(actor, operation.id, now)
    return operation


@pytest.mark.slow
def test_more_rows_take_no_more_queries(people: Any, now: datetime, client: Any) -> None:
    """Of the lists as an officer and the watch desk ask for them, and of the pages around them as a supervisor does."""
    counts: list[dict[str, int]] = []
    for more in (2, 6):
        for number in range(more):
            register(people, ("alice", "dave", "bob")[number % 3], now)
        asked = {
            f"{name} of {who}": queries_of(lambda name=name, who=who: LISTS[name](people.actor(who), now))
            for name in LISTS
            for who in ("alice", "carol")
        }
        for path in PAGES:
            with clock.fixed(now + timedelta(days=2) if path.startswith("/history/") else now):
                client.force_login(people.user("bob"))
                client.get(path)  # what is asked once a session
                asked[path] = queries_of(lambda path=path: opened(client, path))
        counts.append(asked)
    assert counts[0] == counts[1]


def queries_of(ask: Callable[[], object]) -> int:
    """How often the database is asked."""
    with CaptureQueriesContext(connection) as asked:
        ask()
    return len(asked)


def opened(client: Any, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.slow
def test_pages_follow_one_another_without_gap_or_repeat(people: Any, now: datetime) -> None:
    made = [
        register(people, "alice", now, site(now, starts_in=timedelta(hours=3 + n // 3))).reference for n in range(8)
    ]
    for newest_first in (False, True):
        seen: list[str] = []
        cursor = ""
        while True:
            wanted = queries.OperationFilter(cursor=cursor, limit=3, newest_first=newest_first)
            page = queries.operation_list(people.actor("alice"), wanted, now)
            seen += [row.reference for row in page.rows]
            cursor = page.next_cursor
            if not cursor:
                break
        assert sorted(seen) == sorted(made)
        assert len(seen) == 8


def test_filters_narrow(people: Any, now: datetime) -> None:
    early = register(people, "alice", now, site(now, starts_in=timedelta(hours=-1), lasts=timedelta(hours=3)))
    late = register(people, "bob", now, site(now, (-77.5, 38.0), timedelta(days=3)), operation_type="raid")
    alice = people.actor("alice")

    def found(**fields: Any) -> list[str]:
        return [row.reference for row in queries.operation_list(alice, queries.OperationFilter(**fields), now).rows]

    assert found() == [early.reference, late.reference]
    assert found(status="under_way") == [early.reference]
    assert found(status="registered") == [late.reference]
    assert found(operation_type="raid") == found(text=late.reference.lower()) == [late.reference]
    assert found(mine=True) == found(period=(None, now + timedelta(days=1))) == [early.reference]
    assert found(determination="no_known_conflict") == [early.reference, late.reference]
    assert found(determination="conflict") == found(text="zzz") == []


def test_a_cursor_that_is_none_is_refused_at_its_field(people: Any, now: datetime) -> None:
    with pytest.raises(Invalid) as refusal:
        queries.operation_list(people.actor("alice"), queries.OperationFilter(cursor="nonsense"), now)
    assert refusal.value.problems[0].pointer == "/cursor"


def test_today_shows_what_runs_what_comes_and_what_is_asked(people: Any, now: datetime) -> None:
    running = register(people, "alice", now, site(now, starts_in=timedelta(hours=-1), lasts=timedelta(hours=3)))
    coming = register(people, "alice", now, site(now, (-77.5, 38.0)))
    register(people, "alice", now, site(now, (-79.5, 38.0), timedelta(days=3)))
    day = queries.today(people.actor("alice"), now)
    assert [(row.reference, row.status) for row in day.soon] == [
        (running.reference, "under_way"),
        (coming.reference, "registered"),
    ]
    assert [row.reference for row in day.reasons_due] == [running.reference]
    assert day.conflicts == ()


def test_the_map_draws_the_zone_true_to_scale(people: Any, now: datetime) -> None:
    register(people, "alice", now)
    [drawn] = queries.map_operations(people.actor("alice"), now, now + timedelta(days=1), now).rows
    latitudes = [latitude for _, latitude in drawn.outline()["coordinates"][0]]
    assert drawn.geometry_wkt == f"POINT({HARBOR[0]} {HARBOR[1]})"
    assert (max(latitudes) - min(latitudes)) * 111_000 == pytest.approx(600, rel=0.01)


def test_a_map_that_cannot_hold_the_day_says_so(people: Any, now: datetime) -> None:
    first = register(people, "alice", now)
    register(people, "alice", now, site(now, starts_in=timedelta(hours=5)))
    actor, end = people.actor("alice"), now + timedelta(days=1)
    whole = queries.map_operations(actor, now, end, now, limit=2)
    part = queries.map_operations(actor, now, end, now, limit=1)
    assert (len(whole.rows), whole.next_cursor) == (2, "")
    assert ([row.operation_id for row in part.rows], part.next_cursor) == ([first.id], "more")
    assert queries.map_operations(actor, now, end, now, "raid").rows == ()


def test_a_conflict_names_the_start_of_ones_own_operation_and_not_of_its_buffer(people: Any, now: datetime) -> None:
    register(people, "alice", now)
    register(people, "dave", now)
    [row] = queries.conflict_list(people.actor("alice"), queries.ConflictFilter(), now).rows
    starts = now + timedelta(hours=3)
    assert (row.own_starts_at, row.overlap_start) == (starts, starts - timedelta(hours=1))
    assert words.conflict_line(row, "UTC", now).own_when == words.when(starts, "UTC", now)


def test_the_log_of_a_conflict_tells_a_side_of_its_own_alarms_only(people: Any, now: datetime) -> None:
    register(people, "alice", now)
    register(people, "dave", now)
    told = {}
    for who in ("alice", "carol"):
        [row] = queries.conflict_list(people.actor(who), queries.ConflictFilter(), now).rows
        log = queries.conflict_detail(people.actor(who), row.id, now).log
        told[who] = sum(event.kind == "alarm_detected" for event in log)
    assert told == {"alice": 1, "carol": 2}


def test_what_is_no_live_operation_says_so_in_lists_and_tints_its_pages(
    people: Any, now: datetime, client: Any
) -> None:
    drill = register(people, "alice", now, mode=Mode.EXERCISE)
    register(people, "dave", now, mode=Mode.EXERCISE)
    actor = people.actor("alice")
    [row] = queries.operation_list(actor, queries.OperationFilter(), now).rows
    [conflict] = queries.conflict_list(actor, queries.ConflictFilter(), now).rows
    assert (row.type_label, conflict.own_type_label) == ("EXERCISE: Search warrant", "EXERCISE: Search warrant")
    client.force_login(people.user("alice"))
    for path in (f"/operations/{drill.id}/", f"/operations/{drill.id}/edit/", f"/conflicts/{conflict.id}/"):
        page = client.get(path).content.decode()
        assert 'class=" mode-exercise' in page, path
        assert '<span class="mode">Exercise</span>' in page, path
    live = register(people, "alice", now)
    assert 'class=" mode-live' in client.get(f"/operations/{live.id}/").content.decode()
