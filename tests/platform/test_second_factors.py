"""Second factors: what a password alone opens (nothing), code apps, recovery codes, demo accounts, first enrolment.

Passkeys are tried in a real browser with a virtual authenticator: tests/browser/test_logins.py.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.test import Client
from tests.conftest import NOON, PASSWORD, app_code, give_app, make_demo

from vigil.core.errors import Invalid
from vigil.platform import clock
from vigil.platform.accounts import factors
from vigil.platform.accounts.models import User
from vigil.platform.agencies.demonstration import DEMO_MARK
from vigil.platform.agencies.models import Node
from vigil.platform.audit.models import AuditRecord
from vigil.platform.doors import addresses

pytestmark = [pytest.mark.db, pytest.mark.django_db]

ALICE = {"username": "alice", "password": PASSWORD}


def entered(people: Any, **more: str) -> Client:
    """Alice's browser after her password, which owes the second factor."""
    give_app(people.user("alice"))
    client = Client()
    answer = client.post("/login/", ALICE | more)
    assert "One more step" in answer.content.decode()
    return client


def test_a_password_alone_opens_no_page(people: Any, now: Any) -> None:
    client, tried = entered(people), 0
    for address, view in addresses():
        if (
            "<" in address
            or address.startswith(("api/", "live/"))
            or getattr(view, "vigil_permission", "public") == "public"
        ):
            continue
        answer = client.get(f"/{address}")
        assert answer.status_code in (302, 405), address
        if answer.status_code == 302:
            tried += 1
            assert answer.headers["Location"] == "/login/second/", address
    assert tried > 20


def test_the_password_page_and_enrolment_are_shut_until_the_second_factor_is_shown(people: Any, now: Any) -> None:
    client = entered(people)
    for address in ("/account/password/", "/account/login/", "/account/login/app/", "/account/confirm/"):
        assert client.get(address).headers["Location"] == "/login/second/", address
    for address in ("/account/login/passkey/", "/account/confirm/passkey/"):
        assert "challenge" not in client.get(address).content.decode(), address
    for address in (
        "/account/login/codes/",
        "/account/login/remove/",
        "/account/login/app/",
        "/account/login/passkey/",
    ):
        assert client.post(address).headers["Location"] == "/login/second/", address
    assert not Authenticator.objects.filter(type="recovery_codes").exists()


def test_the_code_of_the_app_opens_and_goes_where_one_wanted(people: Any, now: Any) -> None:
    client = entered(people, next="/operations/?mine=yes")
    done = client.post("/login/second/", {"code": app_code(now), "next": "/operations/?mine=yes"})
    assert done.headers["Location"] == "/operations/?mine=yes"
    assert client.get("/operations/").status_code == 200
    last = AuditRecord.objects.latest("id")
    assert (last.verb, last.outcome, last.actor_name) == ("accounts.session.begin", "done", "Alice Arden")


@pytest.mark.parametrize("seconds", [-30, 0, 29])
def test_a_code_counts_half_a_minute_around_once_and_no_older_one_after_it(people: Any, now: Any, seconds: int) -> None:
    give_app(people.user("alice"))
    code = app_code(now + timedelta(seconds=seconds))
    with transaction.atomic():
        assert factors.takes_app_code(people.user("alice"), code[:3] + " " + code[3:], now)
        assert not factors.takes_app_code(people.user("alice"), code, now)
        assert not factors.takes_app_code(people.user("alice"), app_code(now - timedelta(seconds=30)), now)
        later = now + timedelta(seconds=60)
        assert factors.takes_app_code(people.user("alice"), app_code(later), later)


@pytest.mark.parametrize("minutes", [-2, 2])
def test_a_code_of_another_time_does_not_count(people: Any, now: Any, minutes: int) -> None:
    give_app(people.user("alice"))
    with transaction.atomic():
        assert not factors.takes_app_code(people.user("alice"), app_code(now + timedelta(minutes=minutes)), now)


def test_a_wrong_code_is_told_and_recorded(people: Any, now: Any) -> None:
    client = entered(people)
    wrong = client.post("/login/second/", {"code": "12345"})
    assert wrong.status_code == 422
    assert "does not count" in wrong.content.decode()
    assert AuditRecord.objects.latest("id").outcome == "refused"
    assert client.get("/operations/").status_code == 302


def test_recovery_codes_count_once_each_and_are_stored_as_hashes(people: Any, now: Any) -> None:
    client = entered(people)
    codes = factors.draw_codes(people.actor("alice"), now)
    assert (len(codes), len(set(codes))) == (10, 10)
    stored = repr(Authenticator.objects.get(type="recovery_codes").data)
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)
    assert client.post("/login/second/", {"code": codes[3].upper()}).status_code == 302
    assert "You have 9 recovery codes left" in client.get("/operations/").content.decode()
    again = Client()
    again.post("/login/", ALICE)
    assert again.post("/login/second/", {"code": codes[3]}).status_code == 422
    assert factors.codes_left(people.user("alice")) == 9


def test_new_recovery_codes_end_the_old_ones(people: Any, now: Any) -> None:
    old = factors.draw_codes(people.actor("alice"), now)
    new = factors.draw_codes(people.actor("alice"), now)
    with transaction.atomic():
        assert not factors.takes_recovery_code(people.user("alice"), old[0], now)
        assert factors.takes_recovery_code(people.user("alice"), new[0], now)
        assert not factors.takes_recovery_code(people.user("bob"), new[1], now)


def test_the_secret_of_an_app_is_not_readable_in_the_database(login: Any, people: Any, now: Any) -> None:
    client = login("alice")
    secret = set_up(client, now)
    rows = repr(list(Authenticator.objects.values())) + repr(client.session._session)
    assert secret not in rows


def set_up(client: Client, now: Any) -> str:
    """Go through the page of a code app; its secret."""
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    page = client.get("/account/login/app/").content.decode()
    found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)
    assert found, page
    secret = found[1].replace(" ", "")
    assert client.post("/account/login/app/", {"code": "000000"}).status_code == 422
    code = format_hotp_value(hotp_value(secret, int(now.timestamp()) // 30))
    shown = client.post("/account/login/app/", {"code": code})
    assert len(re.findall(r'<li><code class="secret">[a-z2-9]{5}-[a-z2-9]{5}</code>', shown.content.decode())) == 10
    return secret


def test_the_first_factor_completes_the_login_and_shows_codes_once(people: Any, now: Any) -> None:
    client = Client()
    assert client.post("/login/", ALICE).headers["Location"] == "/account/login/"
    assert client.get("/operations/").headers["Location"] == "/account/login/"
    set_up(client, now)
    assert client.get("/operations/").status_code == 200
    assert "10 codes are left" in client.get("/account/login/").content.decode()
    assert not re.search(r"[a-z2-9]{5}-[a-z2-9]{5}</code>", client.get("/account/login/").content.decode())


def test_the_session_has_another_key_after_each_step(people: Any, now: Any) -> None:
    client = entered(people)
    half = client.cookies["vigil_session"].value
    client.post("/login/second/", {"code": app_code(now)})
    assert client.cookies["vigil_session"].value != half
    stale = Client()
    stale.cookies["vigil_session"] = half
    assert stale.get("/operations/").headers["Location"].startswith("/login/?")


def test_a_new_password_login_in_an_open_session_owes_the_second_factor_again(people: Any, now: Any) -> None:
    client = entered(people)
    client.post("/login/second/", {"code": app_code(now)})
    client.post("/login/", ALICE)
    assert client.get("/operations/").headers["Location"] == "/login/second/"


def test_the_last_factor_stays_and_another_persons_is_not_found(people: Any, now: Any) -> None:
    give_app(people.user("alice"))
    row = Authenticator.objects.get()
    with pytest.raises(Invalid, match="last second factor"):
        factors.remove_factor(people.actor("alice"), row.pk)
    from vigil.core.errors import NotFound

    with pytest.raises(NotFound):
        factors.remove_factor(people.actor("bob"), row.pk)
    key = Authenticator.objects.create(user=people.user("alice"), type="webauthn", data={"name": "ring"})
    factors.remove_factor(people.actor("alice"), key.pk)
    assert Authenticator.objects.get() == row


def test_a_demo_account_opens_with_its_password_on_a_demo_node_only(people: Any, now: Any) -> None:
    make_demo(people.user("alice"))
    client = Client()
    assert client.post("/login/", ALICE).headers["Location"] == "/"
    assert client.get("/operations/").status_code == 200
    (settings.VIGIL_DATA_DIR / DEMO_MARK).unlink()
    assert client.get("/operations/").status_code == 302, "the open session is shut too"
    assert Client().post("/login/", ALICE).status_code == 422
    (settings.VIGIL_DATA_DIR / DEMO_MARK).touch()
    assert Client().post("/login/", ALICE | {"username": "bob"}).headers["Location"] == "/account/login/"


def test_on_a_real_node_a_demo_account_opens_nothing_by_passkey_or_token_either(
    people: Any, now: Any, login: Any, token: Any
) -> None:
    client, text = login("alice"), token("alice", "deconfliction")
    headers = {"Authorization": f"Bearer {text}"}
    assert client.get("/operations/").status_code == 200
    assert client.get("/api/v1/deconfliction/operations", headers=headers).status_code == 200
    User.objects.filter(username="alice").update(is_demo=True)
    assert client.get("/operations/").headers["Location"].startswith("/login/?")
    assert client.get("/api/v1/deconfliction/operations", headers=headers).status_code == 401


def test_neither_the_database_nor_the_folder_alone_makes_a_demonstration(people: Any, now: Any, settings: Any) -> None:
    User.objects.update(is_demo=True)
    for in_database, in_folder in ((True, False), (False, True), (True, True)):
        Node.objects.update(is_demo=in_database)
        (settings.VIGIL_DATA_DIR / DEMO_MARK).unlink(missing_ok=True)
        if in_folder:
            (settings.VIGIL_DATA_DIR / DEMO_MARK).touch()
        is_one = in_database and in_folder
        page = Client().get("/login/").content.decode()
        assert ("dana.whitlock" in page or "<strong>alice</strong>" in page) == is_one
        assert ('class="demo-bar"' in page) == is_one
        assert Client().post("/login/", ALICE).status_code == (302 if is_one else 422)


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "null", '{"id": 1}', '{"response": {"userHandle": "AAAA"}}', "[" * 9999]
)
def test_odd_answers_of_a_passkey_are_refused_in_words(people: Any, now: Any, answer: str) -> None:
    client = Client()
    assert client.get("/login/passkey/").json()["publicKey"]["userVerification"] == "required"
    refused = client.post("/login/passkey/", {"passkey": answer}, follow=True)
    assert "That passkey could not be checked" in refused.content.decode()
    assert client.get("/operations/").status_code == 302
    give_app(people.user("alice"))
    client.post("/login/", ALICE)
    client.get("/login/passkey/")
    assert client.post("/login/passkey/", {"passkey": answer}).status_code == 422
    for half in (client, Client()):
        half.force_login(people.user("alice"))
        half.get("/account/login/passkey/")
        assert half.post("/account/login/passkey/", {"passkey": answer, "name": "x"}).status_code == 422


def test_a_first_password_nobody_used_ends_after_72_hours(people: Any) -> None:
    from vigil.platform.accounts import actions

    with clock.fixed(NOON):
        given = actions.reset_password(people.actor("erin"), people.user("alice").pk)
    for hours, status in ((71.99, 302), (72, 422)):
        with clock.fixed(NOON + timedelta(hours=hours)):
            assert Client().post("/login/", {"username": "alice", "password": given}).status_code == status, hours
