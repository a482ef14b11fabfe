"""4 a.m., the passkey is lost: two at the desk, or an administrator, give a way back that counts once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from tests.conftest import PASSWORD, give_app, make_user

from vigil.core.errors import Invalid, NotFound, Refused
from vigil.platform import clock
from vigil.platform.accounts import way_back
from vigil.platform.accounts.access import PROVED
from vigil.platform.accounts.models import LoginLock, WayBack
from vigil.platform.audit.models import AuditRecord
from vigil.platform.notices.models import Notice

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture
def cast(people: Any, now: Any) -> Any:
    """Carol is alone at the desk; Bob is Alice's supervisor, Sue Dave's; Ann administers Port Calvert."""
    people.users["ann"] = make_user("ann", "Ann Admin", people.port_calvert, "agency_admin")
    people.users["sue"] = make_user("sue", "Sue Strand", people.bay_county, "supervisor")
    give_app(people.user("alice"))
    return people


def shown(answer: Any) -> str:
    found = re.search(r"data-secret>([^<]+)<", answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def logged_in(code: str, name: str = "alice") -> Client:
    """A browser after the password and the code."""
    browser = Client()
    browser.post("/login/", {"username": name, "password": PASSWORD})
    browser.post("/login/second/", {"code": code})
    return browser


def opens(browser: Client) -> bool:
    return browser.get("/operations/").status_code == 200


def test_two_at_the_desk_give_a_code_that_counts_once(cast: Any, login: Any, now: Any) -> None:
    """Carol finds Alice, calls her back, and asks; Bob, her supervisor, gives it; Alice is in and everybody is told."""
    LoginLock.objects.create(key="k", user=cast.user("alice"), source="203.0.113.9", locked_at=now)
    desk = login("carol")
    found = desk.post("/way-back/", {"do": "find", "username": "alice arden"}).content.decode()
    assert "555-0101" in found, "the number on file"
    asked = {"do": "called", "user": cast.user("alice").pk}
    assert desk.post("/way-back/", asked).status_code == 422, "without having called"
    assert desk.post("/way-back/", asked | {"called": "1"}).status_code == 302
    row = WayBack.objects.get()
    assert 'value="second"' not in desk.get("/way-back/").content.decode(), "nobody is their own second person"
    assert desk.post("/way-back/", {"do": "second", "way_back": row.pk}).status_code == 404
    assert login("bob").post("/way-back/", {"do": "give", "user": cast.user("alice").pk}).status_code == 404
    second = login("bob")
    assert "Alice Arden" in second.get("/way-back/").content.decode()
    code = shown(second.post("/way-back/", {"do": "second", "way_back": row.pk}))
    assert second.post("/way-back/", {"do": "second", "way_back": row.pk}).status_code == 404, "given once"

    browser = logged_in(code)
    page = browser.get("/account/").content.decode()
    assert opens(browser)
    assert browser.session[PROVED]["by"] == "way_back"
    assert "That way back counted once" in page
    assert "was given to somebody by telephone" in page, "told at the login"
    assert not opens(logged_in(code)), "once"
    assert LoginLock.objects.get().released_at == now
    told = dict(Notice.objects.filter(kind=way_back.KIND).values_list("recipient__username", "body"))
    assert told == {
        "bob": way_back.WAITS,
        "alice": way_back.OWN,
        "ann": way_back.OTHERS,
        "erin": way_back.OTHERS,
    }
    verbs = AuditRecord.objects.filter(verb="accounts.way_back.give", outcome="done")
    assert [record.actor_name for record in verbs.order_by("pk")] == ["Carol Cole", "Carol Cole", "Bob Barrow"], (
        "found, called, given"
    )
    assert code not in repr(list(WayBack.objects.values())) + repr(list(AuditRecord.objects.values()))
    assert "Carol Cole called back, Bob Barrow gave it" in login("ann").get("/accounts/").content.decode()


def test_it_counts_ten_minutes_and_only_beside_the_password(cast: Any, now: Any) -> None:
    _, code = way_back.give(cast.actor("ann"), cast.user("alice").pk, now)
    assert Client().post("/login/", {"username": "alice", "password": code}).status_code == 422
    with clock.fixed(now + way_back.LIVES):
        assert not opens(logged_in(code))
    _, newer = way_back.give(cast.actor("ann"), cast.user("alice").pk, now)
    assert not opens(logged_in(code)), "a newer one takes its place"
    with clock.fixed(now + way_back.LIVES - timedelta(seconds=1)):
        assert opens(logged_in(newer.upper().replace("-", " ")))


def test_who_lost_the_password_too_begins_again_within_ten_minutes(cast: Any, now: Any) -> None:
    asked = way_back.call_back(cast.actor("carol"), cast.user("alice").pk, True, now)
    _, password = way_back.second(cast.actor("bob"), asked.pk, now)
    assert not Authenticator.objects.filter(user=cast.user("alice")).exists()
    entry = {"username": "alice", "password": password}
    assert Client().post("/login/", entry)["Location"] == "/account/password/"
    with clock.fixed(now + way_back.LIVES):
        assert Client().post("/login/", entry).status_code == 422


def test_who_may_help_whom(cast: Any, now: Any) -> None:
    def helped(helper: str) -> set[str]:
        return {name for name, user in cast.users.items() if way_back._helped_by(cast.actor(helper)).filter(pk=user.pk)}

    assert helped("carol") == {"alice", "bob", "dave", "sue"}, "the desk: nobody who administers or audits, nor itself"
    assert helped("bob") == {"alice", "carol"}
    assert helped("ann") == {"alice", "bob", "carol", "erin"}
    with pytest.raises(Refused):
        helped("alice")
    for name in ("ann", "nobody"):
        with pytest.raises(Invalid, match="nobody by this name"):
            way_back.find(cast.actor("carol"), name)
    with pytest.raises(NotFound):
        way_back.give(cast.actor("ann"), cast.user("erin").pk, now)


def test_the_first_word_stands_half_an_hour_and_needs_a_number_on_file(cast: Any, now: Any) -> None:
    with pytest.raises(Invalid, match="No telephone number is on file"):
        way_back.call_back(cast.actor("carol"), cast.user("sue").pk, False, now)
    asked = way_back.call_back(cast.actor("carol"), cast.user("alice").pk, False, now)
    with pytest.raises(NotFound):
        way_back.second(cast.actor("sue"), asked.pk, now)
    with pytest.raises(NotFound):
        way_back.second(cast.actor("bob"), asked.pk, now + way_back.SECOND_WITHIN)
    with pytest.raises(Invalid, match="no second factor"):
        way_back.second(
            cast.actor("ann"), way_back.call_back(cast.actor("carol"), cast.user("bob").pk, False, now).pk, now
        )
