"""What changes something through the API: one thread gets the whole request and gives the whole answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection
from concurrent.futures import Future
from typing import Any

import pytest
from django.http import HttpResponse

from vigil.api import later
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

    asyncio.run(asgi.application(SCOPE | scope, receive, send))
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


class Asked:
    """An asking of one answer, which comes after so many looks."""

    def __init__(self, answer: str = "", seconds: float = 5.0) -> None:
        self.seconds_left = seconds
        self.coming: list[Future[str]] = [Future()]
        if answer:
            self.coming[0].set_result(answer)
        self.taken: list[str] = []
        self.threads: set[str] = set()

    def take(self, done: Collection[Future[str]]) -> None:
        self.threads.add(threading.current_thread().name)
        self.taken += [one.result() for one in done]
        self.coming = []


class Waiting(Echo):
    """Says at first what it knows, and then what was taken in."""

    def __init__(self, asked: Asked, fails: bool = False) -> None:
        super().__init__()
        self.kept: list[bytes] = []

        def say() -> HttpResponse:
            if fails:
                raise RuntimeError
            return HttpResponse(" ".join(["now", *asked.taken]), headers={"ETag": '"2"'})

        self.later = later.Later(asked, say)
        self.later.also(lambda said: self.kept.append(said.content))

    def __call__(self, environ: Any, start: Any) -> Any:
        assert environ[later.CAN_WAIT]
        super().__call__(environ, lambda status, headers: start(status, [*headers, ("ETag", '"1"')]))
        return self


@pytest.mark.parametrize(("answer", "seconds", "said"), [("more", 5.0, b"now more"), ("", 0.0, b"now")])
def test_an_answer_that_waits_is_completed_in_the_thread_that_made_it(
    monkeypatch: pytest.MonkeyPatch, answer: str, seconds: float, said: bytes
) -> None:
    asked = Asked(answer, seconds)
    app = Waiting(asked)
    monkeypatch.setattr(asgi, "_pages", app)
    start, body = answer_to(part(b"first", False))
    assert body["body"] == said
    assert (b"etag", b'"2"') in start["headers"]
    assert app.kept == [said]
    assert asked.threads == set(app.threads)


def test_an_answer_that_cannot_be_completed_is_sent_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "_pages", Waiting(Asked("more"), fails=True))
    start, body = answer_to(part(b"first", False))
    assert (body["body"], (b"etag", b'"1"') in start["headers"]) == (b"first.", True)


def begun(*messages: dict[str, Any]) -> list[dict[str, Any]] | None:
    """What a page's thread is given of these messages."""
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def read() -> list[dict[str, Any]] | None:
        body = await asgi._begun(receive)
        if body is None:
            return None
        got = [await body()]
        while got[-1]["more_body"]:
            got.append(await body())
        return got

    return asyncio.run(read())


def test_a_page_gets_its_body_whole_a_long_one_as_it_comes_and_never_one_cut_short() -> None:
    gone = {"type": "http.disconnect"}
    assert begun(part(b"one, ", True), part(b"two", False)) == [part(b"one, two", False)]
    assert begun(part(b"one, ", True), gone) is None
    long = part(b"x" * asgi.AHEAD_BYTES, True)
    assert begun(long, part(b"end", False)) == [long, part(b"end", False)]
    with pytest.raises(OSError, match="before the end"):
        begun(long, gone)
