"""Pages without a browser: what nobody should send, and what happens when two people change one record."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from tests.apps.deconfliction.plans import phone, site
from tests.apps.deconfliction.test_actions import register

from vigil.apps.deconfliction import actions, queries, words
from vigil.apps.deconfliction.models import Conflict, Operation
from vigil.apps.deconfliction.plan import Contact
from vigil.apps.deconfliction.plans import planning
from vigil.apps.deconfliction.subjects import interests

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


def test_the_map_counts_a_conflict_that_a_subject_alone_makes(browser: Client, people: Any, now: datetime) -> None:
    register(people, "alice", now, site(now, label=""), subjects=(phone(),))
    page = browser.get("/map/").content.decode()
    assert "None has a known conflict." in page
    assert "39.290400, -76.612200" in page
    register(people, "dave", now, site(now, (-79.5, 38.0)), subjects=(phone(),))
    page = browser.get("/map/").content.decode()
    assert "1 has a conflict." in page
    assert "data-conflict" in page


@pytest.mark.slow
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


def test_whoever_comes_back_to_a_draft_that_is_gone_is_told_so_at_an_empty_form(browser: Client) -> None:
    page = browser.get("/operations/register/", {"draft": str(uuid4())})
    assert (page.status_code, "This draft is gone" in page.content.decode()) == (200, True)


# --- two people, one record ---

TYPED = {
    "operation_type": "raid",
    "sites-0-place": "39.2904, -76.6122",
    "starts_at": "0600 tomorrow",
    "ends_at": "+2h",
    "lead_contact-name": "Lou Lead",
    "lead_contact-phone": "410-555-0111",
    "case_number": "C26-OVERTAKEN",
}


def test_an_edit_that_was_overtaken_keeps_what_was_typed_and_can_be_sent_again(
    browser: Client, people: Any, now: datetime
) -> None:
    operation = register(people, "alice", now)
    actions.cancel_operation(people.actor("bob"), operation.id, 1, now)
    actions.undo_cancel(people.actor("bob"), operation.id, 2, now)
    address = f"/operations/{operation.id}/edit/"
    shown = browser.post(address, {**TYPED, "revision": "1"})
    page = shown.content.decode()
    assert (shown.status_code, Operation.objects.get().revision) == (409, 3)
    assert "it is revision 3 now" in page
    assert 'value="C26-OVERTAKEN"' in page
    assert 'name="revision" value="3"' in page
    assert browser.post(address, {**TYPED, "revision": "3"}).status_code == 302
    assert Operation.objects.get().operation_type == "raid"


@pytest.mark.parametrize(
    ("revision", "status", "said"), [("1", 409, "somebody changed this"), ("2", 422, "cancelled already")]
)
def test_a_refused_act_is_said_on_the_operation_itself(
    browser: Client, people: Any, now: datetime, revision: str, status: int, said: str
) -> None:
    operation = register(people, "alice", now)
    actions.cancel_operation(people.actor("bob"), operation.id, 1, now)
    answer = browser.post(f"/operations/{operation.id}/cancel/", {"revision": revision})
    page = answer.content.decode()
    assert answer.status_code == status
    assert said in page
    assert f'data-page="/operations/{operation.id}/"' in page


def test_what_was_typed_to_move_split_or_explain_is_kept_when_it_is_overtaken_or_refused(
    browser: Client, people: Any, now: datetime
) -> None:
    soon = timedelta(minutes=20)
    operation = register(people, "alice", now, site(now, starts_in=soon), site(now, (-77.5, 38.0), starts_in=soon))
    address = f"/operations/{operation.id}"
    planning.move_operation(people.actor("bob"), operation.id, 1, now, days=1)
    moved = browser.post(f"{address}/move/", {"revision": "1", "by": "17", "unit": "hours", "way": "earlier"})
    assert (moved.status_code, Operation.objects.get().revision) == (409, 2)
    for kept in ('value="17"', 'value="hours" selected', 'value="earlier" selected', 'name="revision" value="2"'):
        assert kept in moved.content.decode()
    split = browser.post(f"{address}/split/", {"revision": "2", "site": ["0", "1"]})
    assert (split.status_code, split.content.decode().count(" checked>")) == (422, 2)
    Operation.objects.update(reason_due=True)
    explained = browser.post(f"{address}/reason/", {"exigent_reason": "Tip at noon", "exigent_approver": ""})
    assert explained.status_code == 422
    assert 'value="Tip at noon"' in explained.content.decode()


def test_the_time_of_a_tentative_operation_is_fixed_or_said_what_is_wrong(
    browser: Client, people: Any, now: datetime
) -> None:
    operation = register(people, "alice", now, tentative=True)
    address = f"/operations/{operation.id}"
    assert "Fix the time" in browser.get(f"{address}/").content.decode()
    typed = {"revision": "1", "fix_starts": "0430 tomorow", "fix_ends": "+3h"}
    refused = browser.post(f"{address}/fix-time/", typed)
    page = refused.content.decode()
    assert (refused.status_code, Operation.objects.get().tentative) == (422, True)
    assert 'value="0430 tomorow"' in page
    assert 'value="+3h"' in page
    fixed = browser.post(f"{address}/fix-time/", typed | {"fix_starts": "0430 tomorrow"}, follow=True)
    assert "The time is fixed" in fixed.content.decode()
    done = Operation.objects.get()
    assert (done.tentative, done.ends_at - done.starts_at) == (False, timedelta(hours=3))
    assert "Fix the time" not in fixed.content.decode()


def test_an_interest_that_was_changed_meanwhile_is_said_on_the_list(
    browser: Client, people: Any, now: datetime
) -> None:
    raw = {"subjects": ["phone:410-555-0142"], "lead_contact": {"name": "Lou", "phone": "410-555-0111"}}
    interest = interests.register_interest(people.actor("alice"), raw, now)
    answer = browser.post(f"/interests/{interest.id}/renew/", {"revision": "7"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "somebody changed this" in page
    assert interest.reference in page


def test_what_is_answered_on_today_leads_back_to_today(browser: Client, people: Any, now: datetime) -> None:
    register(people, "alice", now, site(now, starts_in=-timedelta(hours=2)))
    actions.extend_overdue(people.actor("alice"), now)
    page = browser.get("/").content.decode()
    asked = Operation.objects.get()
    assert page.count('name="next" value="today"') == 2
    answer = browser.post(f"/operations/{asked.id}/end/", {"revision": asked.revision, "next": "today"})
    assert (answer.headers["Location"], Operation.objects.get().status) == ("/", "ended")


# --- one conflict ---


def test_in_a_conflict_of_one_agency_each_is_told_to_call_the_other(people: Any, now: datetime) -> None:
    hers = register(people, "alice", now, lead_contact=Contact("Alice Arden", "+14105550101"))
    his = register(people, "bob", now, lead_contact=Contact("Bob Barrow", "+14105550102"))
    conflict = Conflict.objects.get()
    for name, own, mine, callee in (
        ("alice", hers, "Alice Arden", "Bob Barrow"),
        ("bob", his, "Bob Barrow", "Alice Arden"),
    ):
        detail = queries.conflict_detail(people.actor(name), conflict.id, now)
        assert (detail.row.own_reference, words.first_to_call(detail).name) == (own.reference, callee)
        client = Client()
        client.force_login(people.user(name))
        other = his if own is hers else hers
        for operation, person in ((own, callee), (other, mine)):
            page = client.get(f"/operations/{operation.id}/").content.decode()
            assert f"<span>Call {person}" in page


def test_settling_without_a_choice_is_said_on_top_and_at_the_choice(
    browser: Client, people: Any, now: datetime
) -> None:
    register(people, "alice", now)
    register(people, "dave", now)
    conflict = Conflict.objects.get()
    answer = browser.post(f"/conflicts/{conflict.id}/resolve/")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert '<a href="#outcome-proceed">Choose what you agreed.</a>' in page
    assert 'id="outcome-proceed"' in page
    settled = browser.post(f"/conflicts/{conflict.id}/resolve/", {"outcome": "delay"}, follow=True).content.decode()
    assert "Settled: One side waits" in settled
    assert "Your side was told" in settled


@pytest.mark.parametrize("number", ["²", "٣", "0", "000000"])
def test_a_search_for_a_number_that_is_none_finds_nothing(browser: Client, number: str) -> None:
    answer = browser.post("/find/", {"text": number})
    assert answer.status_code == 200
    assert "Nothing found that you may see" in answer.content.decode()


NUL = [
    ("get", "/operations/?type=%00"),
    ("get", "/conflicts/?band=%00"),
    ("get", "/map/?type=%00"),
    ("post", "/login/?username=x"),
    ("post", "/find/"),
    ("get", "/api/v1/deconfliction/operations?operation_type=%00"),
]


@pytest.mark.parametrize(("verb", "address"), NUL)
def test_a_nul_is_no_error_of_ours(browser: Client, token: Any, verb: str, address: str) -> None:
    headers = {"Authorization": f"Bearer {token('alice', 'deconfliction')}"}
    send = getattr(browser, verb)
    answer = (
        send(address, {"username": "\0", "password": "x", "text": "a\0"}, headers=headers)
        if verb == "post"
        else send(address, headers=headers)
    )
    assert answer.status_code < 500
