"""The ASGI application: four kinds of answer in each process.

The live stream is asynchronous and goes to Django's ASGI application. Everything else is ordinary synchronous
Django and runs in a fixed pool of threads, each with its own lasting database connection. On SQLite, which lets one
write at a time, what changes something through the API has one thread: its connection keeps the pages of the database
at hand, which several would spoil for one another. Such a request comes whole and is answered whole: one way to the
thread and one back; where it waits for partners' answers, it holds no thread meanwhile (`api.later`). The messages of
partner nodes have a thread of their own, so that no node waits for one that waits for it.
"""

from __future__ import annotations

import asyncio
import functools
import io
import logging
import os
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vigil.config.settings")
_stream = get_asgi_application()

from a2wsgi import WSGIMiddleware  # noqa: E402
from a2wsgi.wsgi import build_environ  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from vigil.api import later  # noqa: E402
from vigil.api.later import Later  # noqa: E402
from vigil.config.wsgi import application as _wsgi  # noqa: E402
from vigil.platform.partners.client import PATH  # noqa: E402
from vigil.protocol.envelope import MOST_BYTES  # noqa: E402

log = logging.getLogger("vigil.request")

_pages: Any = _wsgi
_threads = WSGIMiddleware(_pages, workers=settings.VIGIL_THREADS)
_writer = ThreadPoolExecutor(1, "writer") if connection.vendor == "sqlite" else _threads.executor
_answering = ThreadPoolExecutor(1 if connection.vendor == "sqlite" else settings.VIGIL_THREADS, "answering")

LIVE, API = "/live/", "/api/"
AHEAD_BYTES = 1_000_000
"""So much of a page's body is here before a thread takes it: who sends slowly holds none."""
READING = frozenset(("GET", "HEAD", "OPTIONS"))


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Route by path and method."""
    if scope["type"] != "http":
        return
    if scope["path"].startswith(LIVE):
        await _stream(scope, receive, send)
    elif scope["path"].startswith(API) and scope["method"] not in READING:
        await _write(scope, receive, send, _writer, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    elif scope["path"].startswith(PATH):
        await _write(scope, receive, send, _answering, MOST_BYTES)
    else:
        body = await _begun(receive)
        if body is not None:
            await _threads(scope, body, send)


async def _begun(receive: Any) -> Any:
    """What receives a body whose beginning is here; None where the sender went away before. Cut short, it is an error
    and never taken for the whole.
    """
    begun, more = bytearray(), True
    while more and len(begun) < AHEAD_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        begun += message.get("body", b"")
        more = message.get("more_body", False)
    waiting = [{"type": "http.request", "body": bytes(begun), "more_body": more}]

    async def body() -> Any:
        message = waiting.pop() if waiting else await receive()
        if message["type"] == "http.disconnect":
            raise OSError("The sender went away before the end of the body.")
        return message

    return body


async def _write(scope: Any, receive: Any, send: Any, thread: Executor, most_bytes: int) -> None:
    # The thread gets what has arrived: who sends slowly holds nobody else up.
    body = await _arrived(receive, most_bytes)
    if body is None:
        return
    environ: Any = build_environ(scope, body)  # type: ignore[arg-type]
    environ[later.CAN_WAIT] = True
    run = functools.partial(asyncio.get_running_loop().run_in_executor, thread)
    start, content, waits = await run(_answer, environ)
    if waits is not None:
        start, content = await _completed(run, waits, start, content)
    await send(start)
    await send({"type": "http.response.body", "body": content})


async def _completed(run: Any, waits: Later, start: Any, content: bytes) -> tuple[dict[str, Any], bytes]:
    """The answer after what it waits for; as it was where that fails."""
    try:
        while waits.asking.coming:
            coming = waits.asking.coming
            await asyncio.wait(
                [asyncio.ensure_future(asyncio.wrap_future(one)) for one in coming],
                timeout=waits.asking.seconds_left,
                return_when=asyncio.FIRST_COMPLETED,
            )
            await run(waits.asking.take, [one for one in coming if one.done()])
        said = await run(waits.said)
    except Exception:
        log.exception("an answer was not completed")
        return start, content
    fresh = {b"etag": said.headers.get("ETag", "").encode(), b"content-length": str(len(said.content)).encode()}
    headers = [(name, fresh.get(name, value)) for name, value in start["headers"]]
    return {**start, "headers": headers}, said.content


async def _arrived(receive: Any, most_bytes: int) -> io.BytesIO | None:
    """The body, of a too large one as much as shows that it is; None where the sender went away before its end."""
    body = io.BytesIO()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body.write(message.get("body", b""))
        if not message.get("more_body") or body.tell() > most_bytes:
            body.seek(0)
            return body


def _answer(environ: Any) -> tuple[dict[str, Any], bytes, Later | None]:
    """The whole answer of the application: the message that begins it, the body, and what it waits for."""
    started: list[dict[str, Any]] = []

    def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
        pairs = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in headers]
        started.append({"type": "http.response.start", "status": int(status.split(" ", 1)[0]), "headers": pairs})

    answer = _pages(environ, start)
    try:
        content = b"".join(answer)
    finally:
        answer.close()
    return started[-1], content, later.of(answer)
