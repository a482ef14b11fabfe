"""Logging in by an identity provider, against a real implementation of one: who may, and what it proves."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from tests.conftest import give_app, make_demo

from vigil.config import production
from vigil.platform import clock
from vigil.platform.accounts.access import PROVED, forget_factors
from vigil.platform.accounts.models import User
from vigil.platform.audit.models import AuditRecord
from vigil.platform.sso import is_installed
from vigil.platform.sso.models import Identity

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not is_installed(), reason="the extra sso is not installed: requirements/sso.txt"),
]
SUBJECT = "8f2c-alice"
BACK = "/login/sso/back/"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where a provider answers (oidc-provider-mock, in a process of its own)."""
    from tests.browser.conftest import free_port

    chosen = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--host", "127.0.0.1", "--port", str(chosen)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ends = time.monotonic() + 120
    while True:
        try:
            asked(chosen, "GET", "/.well-known/openid-configuration")
            break
        except OSError:
            assert time.monotonic() < ends
            assert process.poll() is None
    yield chosen
    process.kill()
    process.wait()


def asked(port: int, verb: str, path: str, body: str = "", kind: str = "application/x-www-form-urlencoded") -> Any:
    connection = http.client.HTTPConnection("localhost", port, timeout=60)
    connection.request(verb, path, body, {"Content-Type": kind})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


@pytest.fixture
def configured(port: int, settings: Any) -> int:
    settings.VIGIL_OIDC_ISSUER = f"http://localhost:{port}"
    settings.VIGIL_OIDC_CLIENT_ID = "vigil"
    settings.VIGIL_OIDC_CLIENT_SECRET = "told-once"
    return port


def there(port: int, address: str, subject: str = SUBJECT, **claims: Any) -> str:
    """What the provider sends the browser back to once its person has logged in there, with these claims about it."""
    asked(port, "PUT", f"/users/{subject}", json.dumps(claims), "application/json")
    parts = urlsplit(address)
    answer = asked(port, "POST", f"{parts.path}?{parts.query}", urlencode({"sub": subject}))
    assert answer.status == 302
    back = urlsplit(answer.getheader("Location"))
    return f"{back.path}?{back.query}"


def two_factors() -> dict[str, Any]:
    return {"amr": ["pwd", "mfa"], "auth_time": int(clock.now().timestamp()) - 30}


def log_in(client: Client, port: int, **claims: Any) -> Any:
    off = client.get("/login/sso/?next=/account/")
    assert off.status_code == 302
    return client.get(there(port, off["Location"], **claims))


def bind(port: int, user: Any) -> None:
    client = Client()
    client.force_login(user)
    page = client.post("/account/login/sso/")
    address = page.content.decode().split('href="http://localhost')[1].split('"')[0].replace("&amp;", "&")
    assert client.get(there(port, f"http://localhost{address}"))["Location"] == "/account/login/"


@pytest.mark.slow
def test_who_bound_it_logs_in_by_it_and_nobody_else(people: Any, configured: int) -> None:
    alice = people.user("alice")
    alice.email = "alice@example.org"
    alice.save()
    stranger = Client()
    told = log_in(stranger, configured, email="alice@example.org", preferred_username="alice", **two_factors())
    assert told["Location"] == "/login/", "neither e-mail nor name finds anybody"
    assert "bound to nobody" in stranger.get("/login/").content.decode()
    assert stranger.get("/account/").status_code == 302
    assert User.objects.count() == len(people.users)

    bind(configured, alice)
    assert SUBJECT not in str(Identity.objects.values()), "the subject itself is kept nowhere"
    client = Client()
    assert log_in(client, configured, **two_factors())["Location"] == "/account/"
    assert client.get("/account/").status_code == 200
    assert client.session[PROVED]["by"] == "provider"
    kept = str(dict(client.session.items()))
    assert "token" not in kept
    assert "sso" not in client.session
    assert AuditRecord.objects.filter(verb="accounts.session.begin", outcome="done", actor_id=alice.pk).exists()
    assert AuditRecord.objects.filter(verb="accounts.session.begin", outcome="refused").count() == 1

    second = Client()
    second.force_login(people.user("bob"))
    page = second.post("/account/login/sso/").content.decode()
    address = page.split('href="http://localhost')[1].split('"')[0].replace("&amp;", "&")
    second.get(there(configured, f"http://localhost{address}"))
    assert Identity.objects.get().user == alice, "a login is one person's"

    forget_factors(alice)
    assert log_in(Client(), configured, **two_factors())["Location"] == "/login/"


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"amr": ["pwd"]},
        {"amr": ["mfa"], "auth_time": 1_000_000_000},
        {"amr": "mfa", "auth_time": 4_000_000_000},
        {"acr": "1", "amr": [], "auth_time": 1_000_000_000},
    ],
    ids=str,
)
def test_where_the_provider_does_not_say_two_factors_one_of_ours_is_owed(
    people: Any, configured: int, claims: dict[str, Any]
) -> None:
    bind(configured, people.user("alice"))
    give_app(people.user("alice"))
    client = Client()
    log_in(client, configured, **claims)
    assert client.get("/account/").headers["Location"] in ("/login/second/", "/login/?next=%2Faccount%2F")
    assert PROVED not in client.session


def test_two_factors_at_no_known_time_are_none() -> None:
    from vigil.platform.sso.views import Shown, _is_whole

    now = clock.now()
    assert _is_whole(Shown("x", now, True), now)
    assert not _is_whole(Shown("x", None, True), now)
    assert not _is_whole(Shown("x", now, False), now)
    assert not _is_whole(Shown("x", now + timedelta(hours=1), True), now)


@pytest.mark.slow
def test_what_was_shown_long_ago_is_not_fresh(people: Any, configured: int) -> None:
    people.users["ann"] = User.objects.get(username="erin")
    bind(configured, people.user("erin"))
    client = Client()
    log_in(client, configured, amr=["mfa"], auth_time=int(clock.now().timestamp()) - 700)
    asked_for = client.post("/account/", {"do": "create", "token_name": "CAD", "scope": "deconfliction", "days": "30"})
    assert (asked_for.status_code, asked_for["Location"].split("?")[0]) == (307, "/account/confirm/")


@pytest.mark.slow
def test_an_answer_that_is_not_to_this_question_opens_nothing(people: Any, configured: int, settings: Any) -> None:
    bind(configured, people.user("alice"))
    client = Client()
    off = client.get("/login/sso/")["Location"]
    sent = parse_qs(urlsplit(off).query)
    assert sent["code_challenge_method"] == ["S256"]
    assert sent["scope"] == ["openid"]
    assert len(sent["nonce"][0]) > 30 < len(sent["state"][0])
    good = there(configured, off, **two_factors())
    parts = parse_qs(urlsplit(good).query)

    def refused(path: str, by: Client) -> bool:
        answer = by.get(path)
        return answer.status_code == 302 and answer["Location"] == "/login/" and by.get("/account/").status_code == 302

    assert refused(good, Client()), "another browser's answer"
    for changed in (
        {"state": "x" * 43, "code": parts["code"][0]},
        {"code": parts["code"][0]},
        {"state": parts["state"][0]},
        {"state": parts["state"][0], "error": "access_denied"},
        {"state": parts["state"][0], "code": "no-such-code"},
        {"state": parts["state"][0], "code": parts["code"][0], "iss": "https://evil.example"},
    ):
        again = Client()
        address = again.get("/login/sso/")["Location"]
        mine = parse_qs(urlsplit(address).query)["state"][0]
        query = {name: mine if value == parts["state"][0] else value for name, value in changed.items()}
        assert refused(f"{BACK}?{urlencode(query)}", again), changed
    assert refused(good, client) is False
    assert refused(good, Client()), "a code counts once"
    kept = Client()
    nonce = there(configured, kept.get("/login/sso/")["Location"], **two_factors())
    session = kept.session
    session["sso"] = session["sso"] | {"nonce": "another"}
    session.save()
    assert refused(nonce, kept)
    for name, value in (
        ("VIGIL_OIDC_CLIENT_ID", "somebody-else"),
        ("VIGIL_OIDC_ISSUER", f"http://127.0.0.1:{configured}"),
    ):
        by = Client()
        answer = there(configured, by.get("/login/sso/")["Location"], **two_factors())
        before = getattr(settings, name)
        setattr(settings, name, value)
        assert refused(answer, by), name
        setattr(settings, name, before)


def test_after_the_login_it_leads_nowhere_else(people: Any, configured: int) -> None:
    bind(configured, people.user("alice"))
    client = Client()
    off = client.get("/login/sso/?next=https://evil.example/")
    assert client.get(there(configured, off["Location"], **two_factors()))["Location"] == "/"


def test_switched_off_and_demo_people_do_not_enter_by_it(people: Any, configured: int) -> None:
    bind(configured, people.user("alice"))
    make_demo(people.user("alice"))
    assert log_in(Client(), configured, **two_factors())["Location"] == "/login/"
    User.objects.filter(username="alice").update(is_demo=False, is_active=False)
    assert log_in(Client(), configured, **two_factors())["Location"] == "/login/"


def test_a_provider_that_does_not_answer_leaves_the_other_ways(people: Any, settings: Any) -> None:
    settings.VIGIL_OIDC_ISSUER, settings.VIGIL_OIDC_CLIENT_ID = "http://localhost:9", "vigil"
    client = Client()
    assert client.get("/login/sso/")["Location"] == "/login/"
    page = client.get("/login/").content.decode()
    assert "does not answer" in page
    assert "Agree and log in by" in page


def test_a_real_node_asks_for_https_and_the_libraries(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.VIGIL_OIDC_ISSUER, settings.VIGIL_OIDC_CLIENT_ID = "http://idp.example", ""
    monkeypatch.setattr(production, "is_installed", lambda: False)
    said = " ".join(str(one) for one in production._identity_provider(settings))
    assert "not installed" in said
    assert "in the open" in said
    assert "VIGIL_OIDC_CLIENT_ID" in said


WITHOUT = """
import importlib.util, sys
sys.modules["authlib"] = None
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "authlib" else real(name, *rest)
import django
django.setup()
from vigil.platform.doors import addresses
assert not [one for one, _ in addresses() if "sso" in one.split("/")]
try:
    import vigil.platform.sso.views
except ImportError:
    print("nothing")
"""


@pytest.mark.slow
def test_without_the_extra_nothing_of_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "vigil.config.settings")
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "nothing"), done.stderr
