"""Failed logins lock per account and source: nobody guesses on, and no outsider locks a night shift out."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from tests.conftest import NOON, PASSWORD, app_code, give_app, make_demo, make_user

from vigil.core.errors import DomainError, Invalid, Locked, NotFound, Refused, TooMany
from vigil.platform import clock
from vigil.platform.accounts import lockout
from vigil.platform.accounts.lockout import Source
from vigil.platform.accounts.login import log_in
from vigil.platform.accounts.models import LoginFailure, LoginLock

pytestmark = [pytest.mark.db, pytest.mark.django_db]

OUTSIDE, HOME, CAR = Source("203.0.113.9"), Source("192.0.2.7"), Source("203.0.113.9", "aa" * 16)
MINUTE = timedelta(minutes=1)


def fail(count: int, now: Any, source: Source = OUTSIDE, name: str = "alice") -> None:
    for _ in range(count):
        with pytest.raises(Invalid):
            log_in(name, "wrong", source, now)


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_the_fifth_failure_locks_until_released_and_unknown_names_look_alike(people: Any, now: Any, name: str) -> None:
    fail(4, now, name=name)
    assert not LoginLock.objects.exists()
    fail(1, now, name=name)
    for later in (now, now + timedelta(days=20)):
        with pytest.raises(Locked, match="until an administrator of your agency or the watch desk releases it"):
            log_in(name, PASSWORD, OUTSIDE, later)


def test_failures_further_apart_than_fifteen_minutes_do_not_lock(people: Any, now: Any) -> None:
    fail(4, now)
    fail(4, now + 15 * MINUTE)
    assert log_in("alice", PASSWORD, OUTSIDE, now + 16 * MINUTE) == people.user("alice")


def test_an_outsider_locks_out_only_himself(people: Any, now: Any) -> None:
    fail(5, now)
    assert log_in("alice", PASSWORD, HOME, now) == people.user("alice")
    assert log_in("alice", PASSWORD, CAR, now) == people.user("alice"), "a known browser behind the same address"
    assert log_in("bob", PASSWORD, OUTSIDE, now) == people.user("bob")
    with pytest.raises(Locked):
        log_in("alice", PASSWORD, OUTSIDE, now)


def test_a_hundred_failures_in_a_row_close_the_password_for_unknown_sources_only(people: Any, now: Any) -> None:
    for number in range(25):
        fail(4, now, Source(f"203.0.113.{number}"))
    with pytest.raises(Locked):
        log_in("alice", PASSWORD, HOME, now)
    assert log_in("alice", PASSWORD, CAR, now)
    lockout.succeeded(people.user("alice"), CAR, now + 16 * MINUTE)
    assert log_in("alice", PASSWORD, HOME, now + 16 * MINUTE), "a complete login breaks the row"


def test_an_address_that_floods_is_not_listened_to_and_known_browsers_are(people: Any, now: Any) -> None:
    for number in range(20):
        fail(3, now, name=f"guess{number}")
    with pytest.raises(TooMany):
        log_in("bob", PASSWORD, OUTSIDE, now)
    assert log_in("bob", PASSWORD, CAR, now)
    assert log_in("bob", PASSWORD, OUTSIDE, now + 16 * MINUTE)


def test_a_right_password_buys_no_more_tries_at_the_code(people: Any, now: Any) -> None:
    give_app(people.user("alice"))
    client, answers = Client(), []
    for _ in range(7):
        first = client.post("/login/", {"username": "alice", "password": PASSWORD}).status_code
        answers.append((first, client.post("/login/second/", {"code": "000000"}).status_code))
    assert answers == [(200, 422)] * 5 + [(403, 403)] * 2
    assert client.post("/login/second/", {"code": app_code(now)}).status_code == 403


def test_guesses_at_the_present_password_count_too(login: Any, people: Any, now: Any) -> None:
    client = login("alice")
    typed = {"current": "wrong", "password": "quiet-otter-meadow", "again": "quiet-otter-meadow"}
    for _ in range(5):
        assert "not your present password" in client.post("/account/password/", typed).content.decode()
    locked = client.post("/account/password/", typed | {"current": PASSWORD})
    assert (locked.status_code, people.user("alice").check_password(PASSWORD)) == (422, True)
    assert "locked from here" in locked.content.decode()
    other = login("bob")
    for _ in range(7):
        other.post("/account/password/", typed | {"current": PASSWORD, "password": "short"})
    assert not LoginLock.objects.filter(user=people.user("bob")).exists(), "another fault is no guess"


def test_a_complete_login_makes_the_browser_known_and_its_cookie_opens_nothing(people: Any, now: Any) -> None:
    make_demo(people.user("alice"))
    client = Client()
    client.post("/login/", {"username": "alice", "password": "wrong"})
    assert lockout.BROWSER_COOKIE not in client.cookies
    client.post("/login/", {"username": "alice", "password": PASSWORD})
    cookie = client.cookies[lockout.BROWSER_COOKIE]
    assert (cookie["httponly"], cookie["max-age"]) == (True, 180 * 86400)
    stranger = Client()
    stranger.cookies[lockout.BROWSER_COOKIE] = cookie.value
    assert stranger.get("/operations/").status_code == 302
    forged = Client()
    forged.cookies[lockout.BROWSER_COOKIE] = "ab" * 16
    for _ in range(5):
        forged.post("/login/", {"username": "alice", "password": "wrong"})
    assert forged.post("/login/", {"username": "alice", "password": PASSWORD}).status_code == 403
    assert stranger.post("/login/", {"username": "alice", "password": PASSWORD}).status_code == 302


def test_locks_are_released_by_administrators_of_the_agency_and_the_watch_desk(people: Any, now: Any) -> None:
    ann = make_user("ann", "Ann Admin", people.port_calvert, "agency_admin")
    people.users["ann"] = ann
    for name in ("alice", "dave", "carol"):
        fail(5, now, name=name)

    def shown(reader: str) -> set[str]:
        return {one.username for one in lockout.locks(people.actor(reader))}

    assert shown("ann") == {"alice", "carol"}
    assert shown("carol") == {"alice", "dave", "carol"}
    with pytest.raises(Refused):
        shown("alice")
    of = {one.username: one for one in lockout.locks(people.actor("erin"))}
    with pytest.raises(NotFound):
        lockout.release(people.actor("ann"), of["dave"].id)
    with pytest.raises(NotFound):
        lockout.release(people.actor("carol"), of["carol"].id)
    lockout.release(people.actor("carol"), of["alice"].id)
    assert log_in("alice", PASSWORD, OUTSIDE, now)
    fail(4, now)


def test_the_page_of_locks_releases(login: Any, people: Any, now: Any) -> None:
    fail(5, now)
    client = login("carol")
    page = client.get("/locks/").content.decode()
    assert "Alice Arden" in page
    assert "203.0.113.9" in page
    lock = LoginLock.objects.get()
    assert client.post("/locks/", {"lock": "odd"}).status_code == 302
    assert client.post("/locks/", {"lock": str(lock.pk)}).status_code == 302
    assert "Nobody is locked out" in client.get("/locks/").content.decode()
    assert login("alice").get("/locks/").status_code == 403


def test_what_no_longer_counts_is_dropped(people: Any, now: Any) -> None:
    fail(3, now)
    fail(5, now, name="nobody")
    lockout.forget(now + 16 * MINUTE)
    assert LoginFailure.objects.count() == 3
    lockout.forget(now + timedelta(days=31))
    assert (LoginFailure.objects.count(), LoginLock.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_are_not_sixteen_tries(people: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from vigil.platform.accounts.models import User

    tried: list[str] = []
    monkeypatch.setattr(User, "check_password", lambda self, raw: tried.append(raw) and False)
    start, answers = threading.Barrier(16), []

    def guess(number: int) -> None:
        start.wait()
        try:
            log_in("alice", f"guess {number}", OUTSIDE, NOON)
        except DomainError as error:
            answers.append(error.code)
        finally:
            connections.close_all()

    with clock.fixed(NOON):
        threads = [threading.Thread(target=guess, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(answers) == 16
    assert len(tried) <= 5
