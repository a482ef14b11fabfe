"""Sessions on the server: when they end, what counts as use, which are one's own. The clock is held; nobody waits."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.conftest import NOON

from vigil.platform import clock
from vigil.platform.accounts import actions
from vigil.platform.accounts.models import Session
from vigil.platform.accounts.sessions import SessionStore, forget_ended, sessions_of
from vigil.platform.audit.models import AuditRecord
from vigil.platform.notices import live

pytestmark = [pytest.mark.db, pytest.mark.django_db]
MINUTE = timedelta(minutes=1)


def opened(people: Any, name: str = "alice") -> Client:
    """A browser of that person, logged in at noon."""
    client = Client()
    with clock.fixed(NOON):
        client.force_login(people.user(name))
    return client


def status(client: Client, after: timedelta, path: str = "/operations/", **headers: str) -> int:
    """What the path answers so long after noon."""
    with clock.fixed(NOON + after):
        answer: int = client.get(path, headers=headers).status_code
    return answer


def test_thirty_minutes_without_use_end_it(people: Any) -> None:
    assert status(opened(people), 29.9 * MINUTE) == 200
    assert status(opened(people), 30 * MINUTE) == 302


@pytest.mark.slow
def test_use_prolongs_it_and_twelve_hours_end_it_all_the_same(people: Any) -> None:
    client = opened(people)
    answers = [status(client, 25 * MINUTE * count) for count in range(1, 30)]
    assert answers == [200] * 28 + [302], "25 minutes times 28 are 11 h 40 min"


def test_what_a_page_fetches_by_itself_is_no_use(people: Any) -> None:
    client = opened(people)
    assert status(client, 20 * MINUTE, **{"X-Requested-With": "live"}) == 200
    assert status(client, 31 * MINUTE) == 302


def test_the_live_stream_ends_with_it(people: Any) -> None:
    client = opened(people)
    request = HttpRequest()
    request.session = SessionStore(client.cookies["vigil_session"].value)
    for minutes, is_in in ((29, True), (30, False)):
        with clock.fixed(NOON + minutes * MINUTE):
            assert bool(live._still(request)) is is_in, minutes


def test_a_read_asks_once_and_writes_at_most_once_a_minute(people: Any) -> None:
    client = opened(people)

    def statements(after: timedelta) -> list[str]:
        with (
            clock.fixed(NOON + after),
            CaptureQueriesContext(
                connection,
            ) as seen,
        ):
            assert client.get("/account/login/").status_code == 200
        return [query["sql"] for query in seen.captured_queries if '"accounts_session"' in query["sql"]]

    assert [sql.split()[0] for sql in statements(30 * timedelta(seconds=1))] == ["SELECT", "SELECT"]
    assert [sql.split()[0] for sql in statements(MINUTE)] == ["SELECT", "UPDATE", "SELECT"], "the last is the list"
    assert [sql.split()[0] for sql in statements(1.5 * MINUTE)] == ["SELECT", "SELECT"]


def test_the_screen_lock_is_told_what_is_left_and_asking_by_itself_prolongs_nothing(people: Any) -> None:
    client = opened(people)

    def left(after: timedelta, **headers: str) -> int:
        with clock.fixed(NOON + after):
            seconds: int = client.get("/session/", headers=headers).json()["seconds"]
        return seconds

    assert left(10 * MINUTE, **{"X-Requested-With": "live"}) == 20 * 60
    assert left(10 * MINUTE) == 30 * 60
    assert left(11 * MINUTE, **{"X-Requested-With": "live"}) == 29 * 60
    assert status(client, 41 * MINUTE, "/session/") == 302


def test_ones_own_open_logins_are_listed_and_ended_and_nobody_elses(people: Any, now: Any) -> None:
    here, there, dave = opened(people), opened(people), opened(people, "dave")
    page = here.get("/account/login/").content.decode()
    assert page.count('name="session"') == 2, "the other one, and all others"
    assert there.cookies["vigil_session"].value not in page
    handle = re.search(r'name="session" value="([0-9a-f]{24})"', page)
    assert handle
    dave.post("/account/login/end/", {"session": handle[1]})
    assert there.get("/operations/").status_code == 200
    here.post("/account/login/end/", {"session": ""})
    assert there.get("/operations/").status_code == 200, "no handle ends nothing"
    here.post("/account/login/end/", {"session": handle[1]})
    assert there.get("/operations/").status_code == 302
    assert here.get("/operations/").status_code == 200
    assert AuditRecord.objects.latest("id").verb == "accounts.session.end"
    third = opened(people)
    here.post("/account/login/end/", {"session": "all"})
    assert third.get("/operations/").status_code == 302


def test_ended_ones_are_dropped(people: Any) -> None:
    opened(people)
    forget_ended(NOON + 29 * MINUTE)
    assert Session.objects.count() == 1
    assert len(sessions_of(people.user("alice").pk, None, NOON + 29 * MINUTE)) == 1
    assert sessions_of(people.user("alice").pk, None, NOON + 30 * MINUTE) == []
    forget_ended(NOON + 30 * MINUTE)
    assert not Session.objects.exists()


def test_switching_a_person_off_ends_every_session_at_once(people: Any, now: Any) -> None:
    client = opened(people)
    actions.set_active(people.actor("erin"), people.user("alice").pk, False)
    actions.set_active(people.actor("erin"), people.user("alice").pk, True)
    assert client.get("/operations/").status_code == 302, "and on again opens none of them"


def test_the_cookie_ends_with_the_browser_and_no_script_reads_it(people: Any, now: Any) -> None:
    client = Client()
    client.get("/login/passkey/")
    cookie = client.cookies["vigil_session"]
    assert (cookie["max-age"], cookie["expires"], cookie["httponly"], cookie["samesite"]) == ("", "", True, "Lax")
