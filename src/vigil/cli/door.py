"""Set up the door without names for near misses (`vigil door setup`), or serve it (`vigil door`)."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vigil.cli.node import say
from vigil.core.errors import Unavailable

WORKERS = 16
"""Threads that answer; each report keeps one for the while of its two slow hashes."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, the data folder, where to listen, and what the door says of itself."""
    parser.add_argument("what", nargs="?", choices=("serve", "setup"), default="serve", help="serve (default) or setup")
    parser.add_argument("--data", metavar="FOLDER", help="data folder (else VIGIL_DATA_DIR, else data/node)")
    parser.add_argument("--bind", metavar="ADDRESS", help="address to listen on (else VIGIL_DOOR_BIND, else 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (else VIGIL_DOOR_PORT, else 8766)")
    parser.add_argument("--name", metavar="TEXT", help="setup: what the door is called")
    parser.add_argument("--region", metavar="TEXT", help="setup: whom it serves, in words")
    parser.add_argument("--agency", metavar="NAME", action="append", help="setup: an agency that shares it; repeat it")
    parser.add_argument("--with-parent", action="store_true", help=argparse.SUPPRESS)  # beside `vigil serve`


def run(args: argparse.Namespace) -> int:
    """Set up, or serve until SIGINT or SIGTERM."""
    open_door(args)
    if args.what == "setup":
        return _set_up(args)
    return _serve(args)


def open_door(args: argparse.Namespace) -> None:
    """Start the door's own Django project: it has nothing of the node's."""
    os.umask(0o077)
    if args.data:
        os.environ["VIGIL_DATA_DIR"] = str(Path(args.data).absolute())
    os.environ["DJANGO_SETTINGS_MODULE"] = "vigil.door.settings"
    try:
        import django

        django.setup()
    except ModuleNotFoundError as error:
        raise Unavailable(
            f"This command needs the server's packages ({error.name} is missing): ./run installs them."
        ) from None


def _set_up(args: argparse.Namespace) -> int:
    from vigil.door import LEAST_REVIEWERS, founding, settings

    if not (args.name or founding.exists()):
        raise Unavailable("--name is needed: what the door is called, e.g. 'Bay region near miss'.")
    founding.ready()
    founding.found(args.name, args.region, args.agency)
    say(
        f"The door is in {settings.DATABASES['default']['NAME']}.",
        f"It takes reports once {LEAST_REVIEWERS} reviewers have made their keys in the node.",
        "Serve it with `vigil door`; `vigil serve` starts it beside the node.",
    )
    return 0


def _serve(args: argparse.Namespace) -> int:
    from vigil.door import founding, pulse, settings

    if not founding.exists():
        raise Unavailable(f"There is no door in {settings.VIGIL_DATA_DIR} yet. Run `vigil door setup --name …`.")
    founding.ready()
    bind, port = args.bind or settings.BIND, args.port or settings.PORT
    stopping = threading.Event()
    beating = threading.Thread(target=pulse.keep, args=(stopping, say), daemon=True)
    server = _server(bind, port)
    if args.with_parent:
        threading.Thread(target=_leave_with_parent, args=(server,), daemon=True).start()
    beating.start()
    try:
        server.run()
    finally:
        stopping.set()
        beating.join(5)
    if not server.started:
        raise Unavailable(f"Cannot listen on {bind}:{port}. Is another program there? Choose another one with --port.")
    return 0


def _leave_with_parent(server: Any) -> None:
    while os.read(sys.__stdin__.fileno() if sys.__stdin__ else 0, 1):
        pass
    server.should_exit = True


def _server(bind: str, port: int) -> Any:
    import signal

    import uvicorn
    from a2wsgi import WSGIMiddleware

    from vigil.door.wsgi import application

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                say(f"The door without names is at http://{f'[{bind}]' if ':' in bind else bind}:{port}/")

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            # uvicorn's own raises the signal again at the end, which would kill us before the pulse has ended.
            before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    pages: Any = application
    config = uvicorn.Config(
        WSGIMiddleware(pages, workers=WORKERS),
        host=bind,
        port=port,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
    return Server(config)
