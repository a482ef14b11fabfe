"""Administrators and people: who is seen, who is changed, first passwords, and the last administrator."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client
from tests.conftest import PASSWORD, make_user

from vigil.core.actor import Via
from vigil.core.errors import Invalid, NotFound, Refused
from vigil.core.permissions import Role
from vigil.platform.accounts import actions, queries
from vigil.platform.accounts.access import actor_of_session, actor_of_token, actor_of_user
from vigil.platform.accounts.models import Membership, User
from vigil.platform.accounts.sessions import SessionStore
from vigil.platform.audit.models import AuditRecord

pytestmark = [pytest.mark.db, pytest.mark.django_db]

NEW = {"full_name": "Frank Field", "username": "frank", "phone": "410-555-0107", "unit": "Harbor", "roles": ["officer"]}


@pytest.fixture
def cast(people: Any) -> Any:
    """Ann administers Port Calvert; Uma serves at both agencies; Old once served at Port Calvert, now at Bay County."""
    people.users["ann"] = make_user("ann", "Ann Admin", people.port_calvert, "agency_admin")
    people.users["uma"] = make_user("uma", "Uma Upton", people.port_calvert, "officer")
    people.users["old"] = make_user("old", "Otto Old", people.bay_county, "officer")
    Membership.objects.create(user=people.user("uma"), agency=people.bay_county, role="officer")
    Membership.objects.create(user=people.user("old"), agency=people.port_calvert, role="officer", active=False)
    return people


def first_password(answer: Any) -> str:
    found = re.search(r"data-secret>([^<]+)<", answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def request_of(user: User) -> HttpRequest:
    """A request as the live stream sees it."""
    request = HttpRequest()
    request.session = SessionStore()
    request.user = user
    return request


def test_an_agency_administrator_sees_the_own_agency_and_nobody_else(cast: Any) -> None:
    names = {one.username for one in queries.people(cast.actor("ann"), "", 1).people}
    assert names == {"alice", "bob", "carol", "erin", "ann", "uma"}
    for hidden in ("dave", "old"):
        with pytest.raises(NotFound):
            queries.person(cast.actor("ann"), cast.user(hidden).pk)
    (uma,) = queries.people(cast.actor("ann"), "upton", 1).people
    assert [service.agency for service in uma.services] == ["Port Calvert PD"]


def test_a_node_administrator_sees_everybody(cast: Any) -> None:
    found = queries.people(cast.actor("erin"), "", 1)
    assert found.total == User.objects.count()
    (uma,) = queries.people(cast.actor("erin"), "UMA", 1).people
    assert [service.agency for service in uma.services] == ["Bay County SO", "Port Calvert PD"]


def test_an_officer_sees_nobody(cast: Any) -> None:
    with pytest.raises(Refused):
        queries.people(cast.actor("alice"), "", 1)


def test_people_are_paged_and_a_page_beyond_the_last_is_the_last(cast: Any) -> None:
    for number in range(60):
        make_user(f"more{number:02d}", f"More {number:02d}", cast.port_calvert, "officer")
    first, beyond = (queries.people(cast.actor("ann"), "more", page) for page in (1, 99))
    assert (len(first.people), first.pages, first.total) == (50, 2, 60)
    assert [one.username for one in beyond.people] == [f"more{number}" for number in range(50, 60)]


def test_the_name_searched_for_is_posted_and_stands_in_no_address(login: Any, cast: Any) -> None:
    client: Client = login("ann")
    found = client.post("/setup/people/", {"q": "arden"}).content.decode()
    assert "Alice Arden" in found
    assert "Bob Barrow" not in found
    assert "arden" not in re.sub(r'value="[^"]*"', "", found)


def test_an_added_person_must_change_the_first_password_before_anything_opens(login: Any, cast: Any) -> None:
    answer = login("ann").post("/setup/people/new/", {**NEW, "agency": str(cast.port_calvert.pk)})
    assert answer.status_code == 200
    given = first_password(answer)
    frank = User.objects.get(username="frank")
    assert (frank.unit, frank.must_change_password) == ("Harbor", True)
    client = Client()
    entered = client.post("/login/", {"username": "frank", "password": given})
    assert entered.headers["Location"] == "/account/password/"
    for address in ("/", "/operations/", "/account/", "/setup/people/"):
        assert client.get(address).headers["Location"] == "/account/password/", address
    assert actor_of_session(request_of(frank)) is None
    new = {"current": given, "password": "quiet-otter-meadow", "again": "quiet-otter-meadow"}
    done = client.post("/account/password/", new)
    assert done.headers["Location"] == "/account/login/", "a first second factor comes next"
    assert client.get("/operations/").headers["Location"] == "/account/login/"
    assert not User.objects.get(username="frank").must_change_password


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"current": "wrong"}, "current", "not your present password"),
        ({"password": "short", "again": "short"}, "password", "at least 12"),
        ({"password": PASSWORD, "again": PASSWORD}, "password", "another password"),
        ({"again": "quiet-otter-meadov"}, "again", "differ"),
    ],
)
def test_a_bad_new_password_is_refused_at_its_field(
    login: Any, cast: Any, typed: dict[str, str], field: str, words: str
) -> None:
    good = {"current": PASSWORD, "password": "quiet-otter-meadow", "again": "quiet-otter-meadow"}
    answer = login("alice").post("/account/password/", good | typed)
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-error">[^<]*{words}', answer.content.decode())
    assert User.objects.get(username="alice").check_password(PASSWORD)


def test_ones_own_session_outlives_a_change_of_password(login: Any, cast: Any) -> None:
    client = login("alice")
    new = {"current": PASSWORD, "password": "quiet-otter-meadow", "again": "quiet-otter-meadow"}
    client.post("/account/password/", new)
    assert client.get("/operations/").status_code == 200


def test_a_new_first_password_stops_tokens_until_it_is_changed(cast: Any, token: Any, now: Any) -> None:
    text = token("alice", "deconfliction")
    assert actor_of_token(text, now)
    actions.reset_password(cast.actor("ann"), cast.user("alice").pk)
    assert actor_of_token(text, now) is None


def test_first_passwords_differ_and_are_in_no_audit_record(cast: Any) -> None:
    given = {actions.reset_password(cast.actor("ann"), cast.user("alice").pk) for _ in range(3)}
    assert len(given) == 3
    assert all(re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", one) for one in given)
    written = repr(list(AuditRecord.objects.values()))
    assert not any(one in written for one in given)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "dana whitlock"}, "username"),
        ({"username": "ALICE"}, "username"),
        ({"full_name": " "}, "full_name"),
        ({"phone": "call me"}, "phone"),
        ({"unit": "x" * 101}, "unit"),
        ({"roles": []}, "roles"),
    ],
)
def test_a_fault_of_a_new_person_is_told_and_nothing_typed_is_lost(
    login: Any, cast: Any, changes: dict[str, Any], field: str
) -> None:
    answer = login("ann").post("/setup/people/new/", {**NEW, "agency": str(cast.port_calvert.pk), **changes})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Nobody was added" in page
    assert page.count('class="error"') == 1
    assert ("410-555-0107" in page) or field == "phone"
    assert not User.objects.filter(full_name="Frank Field").exclude(username="alice").exists()


def test_an_agency_administrator_adds_nobody_to_another_agency_and_no_node_administrator(login: Any, cast: Any) -> None:
    client = login("ann")
    assert client.post("/setup/people/new/", {**NEW, "agency": str(cast.bay_county.pk)}).status_code == 404
    grabbed = {**NEW, "agency": str(cast.port_calvert.pk), "roles": ["node_admin"]}
    assert client.post("/setup/people/new/", grabbed).status_code == 403
    assert "Node admin" not in client.get("/setup/people/new/").content.decode()


def test_roles_are_given_and_taken_and_nothing_is_deleted(cast: Any) -> None:
    alice, ann = cast.user("alice"), cast.actor("ann")
    actions.set_roles(ann, alice.pk, cast.port_calvert.pk, frozenset({Role.SUPERVISOR}))
    actor = actor_of_user(alice)
    assert actor is not None
    assert actor.roles == {Role.SUPERVISOR}
    assert Membership.objects.filter(user=alice).count() == 2
    actions.set_roles(ann, alice.pk, cast.port_calvert.pk, frozenset())
    assert actor_of_user(alice) is None
    assert queries.person(ann, alice.pk).services[0].words == "No role now"


def test_who_serves_elsewhere_too_keeps_account_and_other_roles(cast: Any) -> None:
    uma, ann = cast.user("uma"), cast.actor("ann")
    for act in (lambda: actions.set_active(ann, uma.pk, False), lambda: actions.reset_password(ann, uma.pk)):
        with pytest.raises(Refused):
            act()
    with pytest.raises(NotFound):
        actions.set_roles(ann, uma.pk, cast.bay_county.pk, frozenset())
    actions.set_roles(ann, uma.pk, cast.port_calvert.pk, frozenset())
    actor = actor_of_user(uma)
    assert actor is not None
    assert actor.agency_id == cast.bay_county.pk


def test_an_agency_administrator_leaves_a_node_administrators_role_as_it_is(cast: Any) -> None:
    erin = cast.user("erin")
    actions.set_roles(cast.actor("ann"), erin.pk, cast.port_calvert.pk, frozenset({Role.OFFICER}))
    assert cast.actor("erin").roles == {Role.OFFICER, Role.NODE_ADMIN}


@pytest.mark.parametrize("how", ["off", "roles"])
def test_the_last_administrator_of_the_node_stays(cast: Any, how: str) -> None:
    erin = cast.actor("erin")

    def leave() -> None:
        if how == "off":
            actions.set_active(erin, cast.user("erin").pk, False)
        else:
            actions.set_roles(erin, cast.user("erin").pk, cast.port_calvert.pk, frozenset({Role.OFFICER}))

    with pytest.raises(Invalid, match="last administrator of the node"):
        leave()
    assert actor_of_user(User.objects.get(username="erin"), via=Via.PAGE) == erin
    actions.set_roles(erin, cast.user("bob").pk, cast.port_calvert.pk, frozenset({Role.NODE_ADMIN}))
    leave()


def test_the_last_administrator_of_an_agency_leaves_only_by_the_node(cast: Any) -> None:
    ann = cast.user("ann")
    with pytest.raises(Invalid, match="last administrator of the agency"):
        actions.set_roles(cast.actor("ann"), ann.pk, cast.port_calvert.pk, frozenset({Role.OFFICER}))
    actions.set_active(cast.actor("erin"), ann.pk, False)
    assert actor_of_user(User.objects.get(username="ann")) is None


def test_a_page_of_somebody_elses_person_looks_like_none(login: Any, cast: Any) -> None:
    client = login("ann")
    hidden = client.get(f"/setup/people/{cast.user('dave').pk}/")
    assert hidden.status_code == 404
    assert client.post(f"/setup/people/{cast.user('dave').pk}/", {"do": "reset"}).status_code == 404


def test_switched_off_and_on_through_the_page(login: Any, cast: Any) -> None:
    client, address = login("ann"), f"/setup/people/{cast.user('alice').pk}/"
    assert client.post(address, {"do": "off"}).status_code == 302
    assert "The account is off." in client.get(address).content.decode()
    assert actor_of_user(User.objects.get(username="alice")) is None
    client.post(address, {"do": "on"})
    assert actor_of_user(User.objects.get(username="alice")) is not None
