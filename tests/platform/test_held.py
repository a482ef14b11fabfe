"""What was sent after the login had ended, or with a form from before it, is kept and sent again."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django.test import Client
from tests.conftest import PASSWORD, app_code, give_app, make_demo

from vigil.apps.deconfliction.models import Draft, Operation

pytestmark = [pytest.mark.db, pytest.mark.django_db]
TYPED = {
    "operation_type": "search_warrant",
    "sites-0-place": "39.2904, -76.6122",
    "starts_at": "2026-11-25 04:30",
    "ends_at": "+2h",
    "lead_contact-name": "Lou <Lead>",
    "lead_contact-phone": "410-555-0111",
    "do": "register",
}


def fields(answer: Any) -> dict[str, str]:
    """The hidden fields of a page."""
    main = answer.content.decode().split("<main")[1]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', main)
    return {name: html.unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


def test_a_form_sent_after_the_login_ended_is_kept_over_both_steps_and_sent_again(people: Any, now: Any) -> None:
    browser = Client()
    give_app(people.user("alice"))
    asked = browser.post("/operations/register/", TYPED)
    assert (asked.status_code, asked.headers["Location"]) == (307, "/login/?next=%2Foperations%2Fregister%2F")
    login = browser.post(asked.headers["Location"], TYPED)
    assert login.status_code == 401
    assert "Your login has ended" in login.content.decode()
    kept = fields(login)
    wrong = browser.post("/login/", {**kept, "username": "alice", "password": "wrong"})
    assert fields(wrong)["held"] == kept["held"]
    second = browser.post("/login/", {**kept, "username": "alice", "password": PASSWORD})
    assert fields(second) == kept
    mistyped = browser.post("/login/second/", {**kept, "code": "000000"})
    assert (mistyped.status_code, fields(mistyped)) == (422, kept)
    again = browser.post("/login/second/", {**kept, "code": app_code(now)})
    assert 'action="/operations/register/"' in again.content.decode()
    assert fields(again) == TYPED
    done = browser.post("/operations/register/", fields(again), follow=True)
    assert (done.status_code, Operation.objects.count()) == (200, 1)


def test_a_button_without_fields_is_offered_again_too(people: Any) -> None:
    browser, address = Client(), "/operations/00000000-0000-0000-0000-000000000007/copy/"
    make_demo(people.user("alice"))
    login = browser.post(browser.post(address).headers["Location"])
    again = browser.post("/login/", {**fields(login), "username": "alice", "password": PASSWORD})
    assert f'action="{address}"' in again.content.decode()
    assert fields(again) == {}


def test_a_page_that_is_only_opened_leads_to_the_login_as_ever(people: Any) -> None:
    answer = Client().get("/operations/?mine=yes")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login/?next=%2Foperations%2F%3Fmine%3Dyes")


def test_no_password_is_kept_and_odd_text_is_nothing(people: Any) -> None:
    browser = Client()
    make_demo(people.user("alice"))
    sent = {"old_password": PASSWORD, "new_password1": "x" * 12, "note": "kept"}
    page = browser.post("/login/?next=/account/password/", sent)
    assert json.loads(fields(page)["held"]) == [["note", "kept"]]
    for odd in ("[" * 100_000, "{}", '[["one"]]', "7"):
        again = browser.post("/login/", {"username": "alice", "password": PASSWORD, "held": odd, "next": "/"})
        assert (again.status_code, fields(again)) == (200, {})
        browser.logout()


@pytest.mark.parametrize(
    ("origin", "offered"),
    [("http://testserver", True), ("https://evil.example", False), ("null", False), ("", False)],
)
def test_a_form_from_before_a_login_elsewhere_is_offered_again_only_if_it_is_ours(
    people: Any, now: Any, origin: str, offered: bool
) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(people.user("alice"))
    headers = {"Origin": origin} if origin else {}
    answer = browser.post("/operations/register/", {**TYPED, "csrfmiddlewaretoken": "old"}, headers=headers)
    assert answer.status_code == 403
    assert ("Send it now" in answer.content.decode()) is offered
    if offered:
        assert fields(answer) == TYPED
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.content.decode())
        assert token is not None
        sent = fields(answer) | {"csrfmiddlewaretoken": token[1]}
        assert browser.post("/operations/register/", sent, headers=headers).status_code == 302
    assert Operation.objects.count() == offered


def test_two_windows_on_one_draft_lose_neither(people: Any, now: Any) -> None:
    browser = Client()
    browser.force_login(people.user("alice"))

    def saved(case: str, **known: str) -> dict[str, Any]:
        answer: dict[str, Any] = browser.post("/operations/draft/", {"case_number": case, **known}).json()
        return answer

    first = saved("one")
    known = {"draft": first["draft"], "draft_seen": first["seen"]}
    assert fields(browser.get(f"/operations/register/?draft={first['draft']}"))  # the second window opens it
    Draft.objects.update(saved_at=now)
    known["draft_seen"] = now.isoformat()
    later = saved("two", draft=first["draft"], draft_seen="2026-11-24T16:00:00+00:00")
    assert (later["apart"], later["draft"] != first["draft"]) == (True, True)
    assert saved("three", **known)["draft"] == first["draft"]
    gone = saved("four", draft="00000000-0000-0000-0000-000000000007")
    assert Draft.objects.count() == 3
    assert gone["draft"] != first["draft"]
    by_hand = {"case_number": "five", "do": "save", "draft": "00000000-0000-0000-0000-000000000007"}
    assert browser.post("/operations/register/", by_hand).status_code == 302
    assert Draft.objects.count() == 4
