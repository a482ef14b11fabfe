"""The ASGI application: two kinds of answer in each process.

The live stream is asynchronous and goes to Django's ASGI application. Everything else is ordinary synchronous
Django and runs in a fixed pool of threads, each with its own lasting database connection.
"""

from __future__ import annotations

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vigil.config.settings")
_stream = get_asgi_application()

from a2wsgi import WSGIMiddleware  # noqa: E402
from django.conf import settings  # noqa: E402

from vigil.config.wsgi import application as _wsgi  # noqa: E402

_pages: Any = _wsgi
_threads = WSGIMiddleware(_pages, workers=settings.VIGIL_THREADS)

LIVE = "/live/"


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Route by path."""
    if scope["type"] == "http" and not scope["path"].startswith(LIVE):
        await _threads(scope, receive, send)
    elif scope["type"] == "http":
        await _stream(scope, receive, send)
