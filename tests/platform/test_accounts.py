"""Who may act: logins, sessions, tokens, roles."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.test import Client

from vigil.core.errors import Invalid, NotFound, Refused
from vigil.core.permissions import Role
from vigil.platform.accounts import actions
from vigil.platform.accounts.access import actor_of_token, actor_of_user
from vigil.platform.accounts.lockout import Source
from vigil.platform.accounts.login import log_in
from vigil.platform.accounts.models import Membership
from vigil.platform.audit.models import AuditRecord

pytestmark = [pytest.mark.db, pytest.mark.django_db]

PASSWORD = "harbor-lantern-42"
HOME = Source("192.0.2.7")


def test_the_right_password_opens_and_is_recorded(people: Any, now: Any) -> None:
    assert log_in("alice", PASSWORD, HOME, now) == people.user("alice")
    record = AuditRecord.objects.get()
    assert (record.verb, record.outcome, record.actor_name) == ("accounts.session.enter", "done", "Alice Arden")


@pytest.mark.parametrize("username", ["alice", "nobody"])
def test_a_wrong_login_says_the_same_for_known_and_unknown_names(people: Any, now: Any, username: str) -> None:
    with pytest.raises(Invalid) as raised:
        log_in(username, "wrong", HOME, now)
    assert raised.value.sentence == "The name and the password do not match, or the account is switched off."
    assert AuditRecord.objects.get().outcome == "refused"


@pytest.mark.parametrize("switch", ["user", "membership", "agency"])
def test_a_person_switched_off_cannot_act(people: Any, now: Any, switch: str) -> None:
    user = people.user("alice")
    if switch == "user":
        user.is_active = False
        user.save()
    elif switch == "membership":
        Membership.objects.filter(user=user).update(active=False)
    else:
        people.port_calvert.is_active = False
        people.port_calvert.save()
    assert actor_of_user(user) is None
    with pytest.raises(Invalid):
        log_in("alice", PASSWORD, HOME, now)


def test_roles_count_within_their_agency_only(people: Any) -> None:
    Membership.objects.create(user=people.user("alice"), agency=people.bay_county, role="watch_desk")
    at_home = actor_of_user(people.user("alice"), people.port_calvert.pk)
    away = actor_of_user(people.user("alice"), people.bay_county.pk)
    assert at_home
    assert at_home.roles == {Role.OFFICER}
    assert away
    assert away.roles == {Role.WATCH_DESK}


def test_no_administrator_sees_operations(people: Any) -> None:
    assert not people.actor("erin").can("deconfliction.operation.read")
    assert people.actor("alice").can("deconfliction.operation.read")


def test_a_token_acts_as_its_user_within_its_scopes_until_it_ends(people: Any, token: Any, now: Any) -> None:
    text = token("alice", "deconfliction.operation")
    known = actor_of_token(text, now)
    assert known is not None
    actor = known[0]
    assert actor.user_id == people.user("alice").pk
    assert actor.can("deconfliction.operation.register")
    assert not actor.can("deconfliction.conflict.read"), "outside the scope"
    assert not actor.can("accounts.user.create"), "outside the role"
    assert actor_of_token(text, now + timedelta(days=1)) is None
    assert actor_of_token(text[:-1] + ("a" if text[-1] != "a" else "b"), now) is None
    actions.revoke_token(people.actor("erin"), known[1].prefix)
    assert actor_of_token(text, now) is None


def test_a_scope_covers_whole_words_only(people: Any, token: Any, now: Any) -> None:
    known = actor_of_token(token("alice", "deconfliction.op"), now)
    assert known is not None
    assert not known[0].can("deconfliction.operation.read")


def test_only_the_hash_of_a_token_is_kept(people: Any, token: Any, now: Any) -> None:
    text = token("alice", "deconfliction")
    row = actor_of_token(text, now)[1]  # type: ignore[index]
    assert text not in " ".join(str(value) for value in vars(row).values())


def new_user(people: Any, **changes: Any) -> actions.NewUser:
    values: dict[str, Any] = {
        "username": "frank",
        "full_name": "Frank Field",
        "password": "quiet-otter-meadow",
        "agency_id": people.port_calvert.pk,
        "roles": frozenset({Role.OFFICER}),
    }
    return actions.NewUser(**(values | changes))


def test_a_node_administrator_creates_people_and_an_officer_does_not(people: Any) -> None:
    assert actions.create_user(people.actor("erin"), new_user(people)).username == "frank"
    with pytest.raises(Refused):
        actions.create_user(people.actor("alice"), new_user(people, username="grace"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"password": "short"}, "/password"),
        ({"password": "frank field 1"}, "/password"),
        ({"username": "alice"}, "/username"),
        ({"roles": frozenset()}, "/roles"),
        ({"roles": frozenset({Role.SYSTEM})}, "/roles"),
    ],
)
def test_what_is_wrong_with_a_new_person_is_told_at_the_field(people: Any, changes: Any, field: str) -> None:
    with pytest.raises(Invalid) as raised:
        actions.create_user(people.actor("erin"), new_user(people, **changes))
    assert raised.value.problems[0].pointer == field


def test_an_agency_administrator_stays_within_the_agency_and_appoints_no_node_administrator(people: Any) -> None:
    Membership.objects.create(user=people.user("dave"), agency=people.bay_county, role="agency_admin")
    dave = people.actor("dave")
    with pytest.raises(NotFound):
        actions.create_user(dave, new_user(people))
    with pytest.raises(NotFound):
        actions.set_active(dave, people.user("alice").pk, False)
    appointed = new_user(people, agency_id=people.bay_county.pk, roles=frozenset({Role.NODE_ADMIN}))
    with pytest.raises(Refused):
        actions.create_user(dave, appointed)


def test_a_new_password_ends_open_sessions(people: Any, login: Any) -> None:
    client: Client = login("alice")
    request = HttpRequest()
    request.session = client.session
    assert get_user(request) == people.user("alice")
    actions.set_password(people.actor("erin"), people.user("alice").pk, "quiet-otter-meadow")
    assert get_user(request).is_anonymous


@pytest.mark.parametrize(("asked", "kept"), [("night", "night"), ("", ""), ("pink", "")])
def test_a_theme_is_kept_in_a_cookie_only_where_it_is_one_of_ours(people: Any, asked: str, kept: str) -> None:
    client = Client()
    client.cookies["theme"] = "dark"
    answer = client.post("/theme/", {"theme": asked, "next": "https://elsewhere.example/"})
    assert answer.cookies["theme"].value == kept
    assert answer["Location"] == "/", "no way out to another host"
    assert f'media="{"screen" if kept == "night" else "not all"}"' in client.get("/login/").content.decode()


def test_a_cookie_that_names_no_theme_is_ignored(people: Any) -> None:
    client = Client()
    client.cookies["theme"] = '"><script>'
    assert 'media="screen and (prefers-color-scheme: dark)"' in client.get("/login/").content.decode()
