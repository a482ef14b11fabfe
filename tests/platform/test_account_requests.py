"""Requests of accounts: the door answers alike, the contact confirms, a second person decides."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.conftest import make_user

from vigil.core.errors import Conflict, Invalid, NotFound, TooMany
from vigil.core.permissions import Role
from vigil.platform.accounts import asking, reviews
from vigil.platform.accounts.administrators import second_persons
from vigil.platform.accounts.models import AccountRequest, RequestState, User
from vigil.platform.audit.models import AuditRecord
from vigil.platform.jobs.worker import Worker
from vigil.platform.notices.models import Notice

pytestmark = [pytest.mark.db, pytest.mark.django_db]

FORM = {"full_name": "Nina New", "phone": "410-555-0177", "unit": "", "ori": "md0000100", "contact": "alice arden"}


@pytest.fixture
def cast(people: Any) -> Any:
    """Ann administers Port Calvert, Abe Bay County; Erin the node."""
    people.users["ann"] = make_user("ann", "Ann Admin", people.port_calvert, "agency_admin")
    people.users["abe"] = make_user("abe", "Abe Amber", people.bay_county, "agency_admin")
    return people


def asked(now: Any, **fields: str) -> AccountRequest:
    """A request as the worker leaves it."""
    asking.ask(asking.door(), asking.Wanted(**(FORM | fields)), now)
    Worker(lambda: now).run_until_idle()
    return AccountRequest.objects.latest("id")


def test_a_request_becomes_an_account_by_two_others(cast: Any, login: Any, now: Any) -> None:
    """The whole way: without a login, through the contact named, to the first password."""
    sent = Client().post("/account/ask/", FORM)
    assert "Your request was taken" in sent.content.decode()
    Worker(lambda: now).run_until_idle()
    row = AccountRequest.objects.get()
    assert (row.state, row.contact) == (RequestState.ASKED, cast.user("alice"))
    assert list(Notice.objects.values_list("recipient__username", flat=True)) == ["alice"]
    assert login("ann").get(f"/accounts/requests/{row.pk}/").content.decode().count('value="approve"') == 0

    assert "Nina New" in login("alice").get("/account/requests/").content.decode()
    login("alice").post("/account/requests/", {"request": row.pk, "do": "sworn"})
    assert {one.recipient.username for one in Notice.objects.filter(body=asking.APPROVER_IS_ASKED)} == {"ann", "erin"}

    client = login("ann")
    assert "Waits for you" in client.get("/accounts/").content.decode()
    wrong = client.post(f"/accounts/requests/{row.pk}/", {"do": "approve", "username": "alice", "roles": ["officer"]})
    assert (wrong.status_code, "taken" in wrong.content.decode()) == (422, True)
    done = client.post(f"/accounts/requests/{row.pk}/", {"do": "approve", "username": "nina.new", "roles": ["officer"]})
    shown = re.search(r"data-secret>([^<]+)<", done.content.decode())
    assert shown
    nina = User.objects.get(username="nina.new")
    assert nina.check_password(shown[1])
    assert (nina.employment, nina.must_change_password, nina.ends_at) == ("sworn", True, None)
    assert nina.first_password_ends_at == now + timedelta(hours=72)
    records = AuditRecord.objects.filter(verb__startswith="accounts.request").order_by("pk")
    verbs = [(record.verb, record.outcome) for record in records]
    assert verbs == [
        ("accounts.request.create", "done"),
        ("accounts.request.create", "done"),
        ("accounts.request.confirm", "done"),
        ("accounts.request.decide", "done"),
    ]
    assert "Nina" not in repr(list(AuditRecord.objects.values())) + repr(list(Notice.objects.values()))


def test_the_door_answers_alike_whatever_there_is(cast: Any, now: Any) -> None:
    answers = []
    for number, typed in enumerate(({}, {"ori": "XX0000000"}, {"contact": "dave"}, {"contact": "nobody"})):
        with CaptureQueriesContext(connection) as seen:
            answer = Client(REMOTE_ADDR=f"203.0.113.{number}").post("/account/ask/", FORM | typed)
        shapes = [re.sub(r"'[^']*'|\b\d+\b|s\d+_x\d+", "?", query["sql"]) for query in seen.captured_queries]
        answers.append((answer.status_code, answer.content, shapes))
    assert all(answer == answers[0] for answer in answers)
    Worker(lambda: now).run_until_idle()
    states = list(AccountRequest.objects.order_by("id").values_list("state", "full_name"))
    assert states == [("asked", "Nina New")] + [("nobody", "")] * 3, "what was typed to nobody is dropped"
    assert Notice.objects.count() == 1


def test_a_flood_is_stopped_for_one_address_and_for_all(cast: Any, now: Any) -> None:
    one = Client(REMOTE_ADDR="203.0.113.200")
    for count in range(asking.MOST_OF_ONE + 1):
        status = one.post("/account/ask/", FORM).status_code
        assert status == (200 if count < asking.MOST_OF_ONE else 429)
    assert Client(REMOTE_ADDR="203.0.113.201").post("/account/ask/", FORM).status_code == 200
    AccountRequest.objects.bulk_create(
        AccountRequest(state="nobody", source_key=f"other {count}", asked_at=now) for count in range(asking.MOST_OF_ALL)
    )
    with pytest.raises(TooMany):
        asking.ask(asking.door(), asking.Wanted(**FORM), now)
    asking.ask(asking.door(), asking.Wanted(**FORM), now + timedelta(hours=1))
    kept = one.post("/account/ask/", FORM).content.decode()
    assert 'value="Nina New"' in kept, "nothing typed is lost"


def test_only_the_contact_confirms_and_only_somebody_else_decides(cast: Any, now: Any) -> None:
    row = asked(now, contact="ann")
    for stranger in ("alice", "bob", "erin"):
        with pytest.raises(NotFound):
            asking.confirm(cast.actor(stranger), row.pk, "sworn", now)
    with pytest.raises(Conflict):
        asking.approve(cast.actor("erin"), row.pk, "nina.new", frozenset({Role.OFFICER}), False, now)
    with pytest.raises(Invalid):
        asking.confirm(cast.actor("ann"), row.pk, "approve", now)
    asking.confirm(cast.actor("ann"), row.pk, "civilian", now)
    with pytest.raises(NotFound):
        asking.approve(cast.actor("ann"), row.pk, "nina.new", frozenset({Role.OFFICER}), False, now)
    with pytest.raises(NotFound):
        asking.confirm(cast.actor("ann"), row.pk, "sworn", now)
    user, _ = asking.approve(cast.actor("erin"), row.pk, "nina.new", frozenset({Role.OFFICER}), True, now)
    assert (user.employment, user.ends_at) == ("civilian", now + timedelta(hours=72))


def test_a_town_with_one_administrator_has_a_second_person(cast: Any, now: Any) -> None:
    """Abe is Bay County's only one: what concerns him is Ann's, a neighbour's, or the node's; what does not is not."""
    his, theirs = asked(now, ori="MD0000200", contact="abe"), asked(now, ori="MD0000200", contact="dave")
    assert second_persons(cast.bay_county.pk, {cast.user("abe").pk}) == {cast.user("erin").pk}
    assert set(asking.to_decide(cast.actor("ann"))) == {his}
    assert set(asking.to_decide(cast.actor("erin"))) == {his, theirs}
    assert set(asking.to_decide(cast.actor("abe"))) == {theirs}
    asking.confirm(cast.actor("abe"), his.pk, "sworn", now)
    user, _ = asking.approve(cast.actor("ann"), his.pk, "nina.new", frozenset({Role.OFFICER}), False, now)
    assert [one.agency for one in user.memberships.all()] == [cast.bay_county]


def test_where_there_is_only_one_administrator_they_decide_alone_and_never_review_themselves(
    people: Any, now: Any
) -> None:
    row = asked(now, contact="erin")
    asking.confirm(people.actor("erin"), row.pk, "sworn", now)
    assert asking.approve(people.actor("erin"), row.pk, "nina.new", frozenset({Role.OFFICER}), False, now)
    own = reviews.progress(people.actor("erin"), now)
    assert (own.own_reviewers, "erin" in {one.user.username for one in own.rows}) == ([], False)


def test_a_refusal_has_a_reason_and_unanswered_requests_lapse_and_are_forgotten(cast: Any, now: Any) -> None:
    first, second, third = (asked(now + timedelta(hours=count)) for count in range(3))
    with pytest.raises(Invalid, match="Say why"):
        asking.deny(cast.actor("alice"), first.pk, " ", now)
    asking.deny(cast.actor("alice"), first.pk, "Never heard of her.", now)
    asking.refuse(cast.actor("ann"), second.pk, "Left in May.", now)
    assert Notice.objects.filter(body=asking.CONTACT_IS_TOLD, recipient=cast.user("alice")).count() == 1
    asking.tidy(now + asking.ANSWERED_WITHIN + timedelta(hours=3))
    rows = dict(AccountRequest.objects.values_list("pk", "state"))
    assert [rows[one.pk] for one in (first, second, third)] == ["refused", "refused", "lapsed"]
    asking.tidy(now + timedelta(days=60))
    assert not AccountRequest.objects.exists()
