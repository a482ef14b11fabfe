"""The ASGI application: three kinds of answer in each process.

The live stream is asynchronous and goes to Django's ASGI application. Everything else is ordinary synchronous
Django and runs in a fixed pool of threads, each with its own lasting database connection. On SQLite, which lets one
write at a time, what changes something through the API has one thread: its connection keeps the pages of the database
at hand, which several would spoil for one another.
"""

from __future__ import annotations

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vigil.config.settings")
_stream = get_asgi_application()

from a2wsgi import WSGIMiddleware  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from vigil.config.wsgi import application as _wsgi  # noqa: E402

_pages: Any = _wsgi
_threads = WSGIMiddleware(_pages, workers=settings.VIGIL_THREADS)
_writer = WSGIMiddleware(_pages, workers=1) if connection.vendor == "sqlite" else _threads

LIVE, API = "/live/", "/api/"
READING = frozenset(("GET", "HEAD", "OPTIONS"))


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Route by path and method."""
    if scope["type"] != "http":
        return
    if scope["path"].startswith(LIVE):
        await _stream(scope, receive, send)
    elif scope["path"].startswith(API) and scope["method"] not in READING:
        await _writer(scope, await _arrived(receive), send)
    else:
        await _threads(scope, receive, send)


async def _arrived(receive: Any) -> Any:
    """`receive` once the whole body is here: who sends slowly holds nobody else up."""
    messages: list[Any] = []
    size = 0
    while True:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if not message.get("more_body") or size > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            break

    async def again() -> Any:
        return messages.pop(0) if messages else await receive()

    return again
