"""What the programs that answer browsers have in common: the socket, the server over it, the end with the parent."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from vigil.cli.node import say
from vigil.core.errors import Unavailable

BIND_SECONDS = 0.1
BIND_TRIES = 30
GC_THRESHOLD = 20_000
"""New objects before the collector looks at them: a submission makes thousands, and none of them in circles."""
Socket = TypeVar("Socket", bound=socket.socket)


def listen(bind: str, port: int, kind: type[Socket], mend: str) -> Socket:
    """A socket bound to the address; a sentence that ends in `mend` where another program has it."""
    try:
        found = sorted(socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE))
    except OSError:
        raise Unavailable(f"{bind} is no address of this machine.") from None
    family, sort, protocol, _, address = found[0]
    listening = kind(family, sort, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for left in reversed(range(BIND_TRIES)):
        try:
            listening.bind(address)
            return listening
        except OSError:
            # A program that was killed a moment ago may still have processes that are about to notice.
            if left:
                time.sleep(BIND_SECONDS)
    listening.close()
    raise Unavailable(f"Cannot listen on {bind}:{port}. Is another program there? {mend}")


def address(listening: socket.socket) -> str:
    """As a browser writes it."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def settle() -> None:
    """What is loaded by now stays: the collector need not walk it, now or while somebody waits."""
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)


def server(application: Any, announced: Sequence[str], body_seconds: Mapping[str, float]) -> Any:
    """A uvicorn server without a log; once it answers it says the lines. Run it with `run(sockets=[...])`.

    `body_seconds`: how long a body may take to arrive, by how its path begins.
    """
    import uvicorn

    from vigil.cli.patience import limits

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                say(*announced)

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            # uvicorn's own raises the signal again at the end, which would kill us before what runs beside was stopped.
            before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    return Server(
        uvicorn.Config(
            application,
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=2,
            **limits(body_seconds),
        )
    )


def leave_with_parent(server: Any) -> None:
    """Wait until the process that started us ends or closes our standard input; then the server leaves."""
    # Not through sys.stdin: its lock, held by a waiting thread, would spoil the end of the process.
    while os.read(0, 1):
        pass
    server.should_exit = True
