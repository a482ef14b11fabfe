"""Headers of every kind of answer, cookies and methods. The walk of the matrix holds each address to the same."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest
from django.test import AsyncClient, Client
from tests.conftest import PASSWORD, make_demo
from tests.security.headers import faults

KINDS = {
    "/login/": 200,
    "/operations/": 302,
    "/nowhere": 404,
    "/api/": 200,
    "/api/v1/openapi.json": 200,
    "/api/v1/deconfliction/operations": 401,
    "/texts.js": 200,
    "/static/web/vigil.css": 200,
    "/static/web/icon.svg": 200,
    "/static/": 404,
    "/static/nowhere.css": 404,
    "/.git/config": 404,
}
"""Addresses that the matrix does not ask, or not as nobody. Pages, downloads, tiles and calendars are its."""


@pytest.mark.django_db
def test_each_kind_of_answer_has_every_header(client: Client, people: Any) -> None:
    answers: list[Any] = [client.get(address) for address in KINDS]
    assert [answer.status_code for answer in answers] == list(KINDS.values())
    assert {address: faults(answer) for address, answer in zip(KINDS, answers, strict=True) if faults(answer)} == {}
    for answer in answers:
        answer.close()


@pytest.mark.django_db(transaction=True)
def test_the_live_stream_has_every_header(people: Any) -> None:
    async def opened() -> Any:
        client = AsyncClient()
        await client.aforce_login(people.user("alice"))
        return await client.get("/live/stream")

    answer = asyncio.run(opened())
    assert answer["Content-Type"] == "text/event-stream"
    assert [fault for fault in faults(answer) if "charset" not in fault] == []


@pytest.mark.django_db
def test_a_host_that_is_not_the_nodes_is_refused_on_a_page_with_every_header(client: Client, people: Any) -> None:
    for host in ("elsewhere.example", "not a host", "testserver:port"):
        answer: Any = client.get("/login/", headers={"Host": host})
        assert (answer.status_code, faults(answer)) == (400, []), host
        assert host not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND"])
def test_other_methods_do_nothing(client: Client, people: Any, method: str) -> None:
    for address in ("/login/", "/texts.js", "/api/v1/openapi.json", "/static/web/vigil.css"):
        answer: Any = client.generic(method, address)
        assert (answer.status_code, answer.content) == (405, b""), address


@pytest.mark.django_db
def test_over_https_everything_asks_for_https(client: Client, people: Any, settings: Any) -> None:
    assert not client.get("/login/").has_header("Strict-Transport-Security")
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for address in ("/login/", "/nowhere", "/api/v1/deconfliction/operations"):
        assert client.get(address)["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


def test_over_https_no_other_host_can_set_a_cookie() -> None:
    code = "from vigil.config.settings import *; print(SESSION_COOKIE_NAME, CSRF_COOKIE_NAME, SESSION_COOKIE_SECURE)"
    environment = os.environ | {"VIGIL_HTTPS": "yes"}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["__Host-vigil_session", "__Host-vigil_csrf", "True"]


@pytest.mark.django_db
def test_each_cookie_is_of_this_host_alone_and_kept_from_scripts_where_it_opens_something(
    client: Client, people: Any, settings: Any
) -> None:
    settings.VIGIL_COOKIE_PREFIX = "__Host-"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-vigil_session", "__Host-vigil_csrf"
    make_demo(people.user("alice"))
    client.get("/login/")
    client.post("/login/", {"username": "alice", "password": PASSWORD})
    client.post("/theme/", {"theme": "dark"})
    assert len(client.cookies) == 4
    for name, cookie in client.cookies.items():
        assert name.startswith("__Host-")
        assert (cookie["secure"], cookie["path"], cookie["domain"], cookie["samesite"]) == (True, "/", "", "Lax"), name
        assert bool(cookie["httponly"]) is not name.endswith("theme"), name


@pytest.mark.django_db
def test_at_the_end_of_a_login_the_browser_is_told_to_forget(login: Any) -> None:
    client = login("alice")
    answer = client.post("/logout/")
    assert answer["Clear-Site-Data"] == '"cache"'
