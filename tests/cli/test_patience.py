"""Who sends slowly, endlessly or not at all is cut off, whatever stands before the node; who waits for news is not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from vigil.cli import patience

LINE = b"POST /federation/v1/queries HTTP/1.1\r\nHost: a\r\n"
HEAD = LINE + b"Content-Length: 1000000\r\n\r\n"
STREAM = b"GET /live/ HTTP/1.1\r\nHost: a\r\n\r\n"
OVER, LONG = 0.02, 3600.0


class App:
    """Takes a body; holds a stream open until it is let go."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.go = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            self.told.append(message["type"])
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        if scope["path"] == "/live/":
            await self.go.wait()
        await send({"type": "http.response.body", "body": b"ok"})


async def _talked(
    limits: dict[str, Any], talk: Callable[[App, Any, Any, ServerState], Awaitable[None]], first: bytes = b""
) -> None:
    """Serve one connection, whose first bytes have come before the server looks at it."""
    app, state, loop = App(), ServerState(), asyncio.get_running_loop()
    config = uvicorn.Config(app, lifespan="off", log_config=None, ws="none", **limits)
    server = await loop.create_server(lambda: limits["http"](config, state, {}), "127.0.0.1", 0)
    async with server:
        line = socket.create_connection(server.sockets[0].getsockname())
        line.sendall(first)
        reader, writer = await asyncio.open_connection(sock=line)
        await talk(app, reader, writer, state)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _drop_by_drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, drop: bytes) -> bytes:
    """Send drops until the other side has had enough; what it answered."""

    async def pour() -> None:
        with suppress(OSError):
            while not writer.is_closing():
                writer.write(drop)
                await writer.drain()
                await asyncio.sleep(0)

    pouring = asyncio.create_task(pour())
    try:
        return await asyncio.wait_for(reader.read(), 60)
    except ConnectionError:
        return b""
    finally:
        pouring.cancel()


@pytest.mark.parametrize(
    ("begun", "drop", "head", "body"),
    [
        (b"", b"", OVER, LONG),
        (LINE, b"", OVER, LONG),
        (LINE + b"X: ", b"x", OVER, LONG),
        (LINE + b"X: ", b"x" * 10_000, LONG, LONG),
        (HEAD, b"x", LONG, OVER),
    ],
    ids=["says nothing", "stops in the head", "a head drop by drop", "a head without end", "a body drop by drop"],
)
def test_who_does_not_come_to_an_end_is_cut_off(begun: bytes, drop: bytes, head: float, body: float) -> None:
    async def talk(app: App, reader: Any, writer: Any, state: ServerState) -> None:
        writer.write(begun)
        assert await _drop_by_drop(reader, writer, drop) == b""
        while state.connections or state.tasks:
            await asyncio.sleep(0)
        assert (app.told or ["http.disconnect"])[-1] == "http.disconnect"

    asyncio.run(_talked(patience.limits({"/federation/v1/": body}, head), talk))


def test_who_has_sent_all_may_wait_and_come_again() -> None:
    async def talk(app: App, reader: Any, writer: Any, state: ServerState) -> None:
        loop = asyncio.get_running_loop()
        for more in (b"", STREAM):
            writer.write(more)
            await reader.readuntil(b"\r\n\r\n")
            later = loop.time() + 3 * OVER
            while loop.time() < later:
                await asyncio.sleep(0)
            app.go.set()
            assert await reader.readexactly(2) == b"ok"

    asyncio.run(_talked(patience.limits({"": OVER}, OVER), talk, STREAM))


def test_connections_beyond_the_limit_are_told_so() -> None:
    async def talk(app: App, reader: Any, writer: Any, state: ServerState) -> None:
        writer.write(STREAM)
        assert (await reader.readline()).startswith(b"HTTP/1.1 503")

    asyncio.run(_talked(patience.limits({}) | {"limit_concurrency": 1}, talk))
