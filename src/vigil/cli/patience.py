"""How long a server waits for somebody's request, and how many it holds, where no proxy in front does it.

uvicorn's own limits begin with the first answer: whoever never ends a request would hold a connection for ever. A live
stream has sent its request whole; nothing here touches it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0
"""From the first byte of a connection or request to the end of its head (ours)."""
MOST_HEAD_BYTES = 65_536
BODY_SECONDS = 300.0
"""From there to the end of its body: a file of the size that a page takes, over a bad line (ours)."""
MOST_CONNECTIONS = 900
"""Of one process, live streams among them; a process may usually open 1,024 files. Who comes beyond gets 503."""


class Patient(HttpToolsProtocol):
    """A connection that is closed when a request takes longer to arrive, or has a longer head."""

    head_seconds = HEAD_SECONDS
    body_seconds: ClassVar[Mapping[str, float]] = {}
    """For paths that begin like this."""
    _limit: asyncio.TimerHandle | None = None
    _head_bytes: int | None = 0
    """How long the head is that is just coming; None while none comes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait(self.head_seconds)

    def data_received(self, data: bytes) -> None:
        if self._limit is None:
            self._wait(self.head_seconds)
        super().data_received(data)
        if self._head_bytes is None:
            return
        self._head_bytes += len(data)
        if self._head_bytes > MOST_HEAD_BYTES:
            self.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        self._wait(self.head_seconds)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._head_bytes = None
        named = (seconds for path, seconds in self.body_seconds.items() if self.scope["path"].startswith(path))
        self._wait(next(named, BODY_SECONDS))

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._stop()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _wait(self, seconds: float) -> None:
        self._stop()
        self._limit = self.loop.call_later(seconds, self.transport.abort)

    def _stop(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None


def limits(body_seconds: Mapping[str, float], head_seconds: float = HEAD_SECONDS) -> dict[str, Any]:
    """What uvicorn's configuration takes; `body_seconds` for paths that begin like this, any other has the usual."""
    http = type("Connection", (Patient,), {"body_seconds": body_seconds, "head_seconds": head_seconds})
    return {"http": http, "limit_concurrency": MOST_CONNECTIONS}
