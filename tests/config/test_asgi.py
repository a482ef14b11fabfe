"""What changes something through the API: one thread gets the whole request and gives the whole answer."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from tests import own_loop

from vigil.config import asgi

SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/api/v1/deconfliction/operations",
    "http_version": "1.1",
    "query_string": b"",
    "headers": [(b"content-type", b"text/plain")],
}


class Echo:
    """A WSGI application that says what it was given, in two parts."""

    def __init__(self) -> None:
        self.threads: list[str] = []
        self.closed = 0

    def __call__(self, environ: Any, start: Any) -> Any:
        self.threads.append(threading.current_thread().name)
        start("201 Created", [("X-Kind", environ["CONTENT_TYPE"])])
        self._parts = [environ["wsgi.input"].read(), b"."]
        return self

    def __iter__(self) -> Any:
        return iter(self._parts)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> Echo:
    app = Echo()
    monkeypatch.setattr(asgi, "_pages", app)
    return app


def answer_to(*messages: dict[str, Any], **scope: Any) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    own_loop.run(asgi.application(SCOPE | scope, receive, send))
    return sent


def part(body: bytes, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_request_in_parts_is_answered_as_one(echo: Echo) -> None:
    start, body = answer_to(part(b"one, ", True), part(b"two", False))
    assert start == {"type": "http.response.start", "status": 201, "headers": [(b"x-kind", b"text/plain")]}
    assert body == {"type": "http.response.body", "body": b"one, two."}
    assert echo.closed == 1


def test_nothing_is_done_for_a_sender_who_went_away_before_the_end(echo: Echo) -> None:
    assert answer_to(part(b"one, ", True), {"type": "http.disconnect"}) == []
    assert echo.threads == []


def test_a_body_beyond_the_limit_is_not_waited_for(echo: Echo, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    _, body = answer_to(part(b"x" * 11, True), part(b"never read", False))
    assert body["body"] == b"x" * 11 + b"."


def test_what_changes_something_has_the_writers_thread(echo: Echo) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer_to(part(b"", False), method=method)
    assert len(echo.threads) == 3
    assert all(name.startswith(asgi._writer._thread_name_prefix) for name in echo.threads)
