"""Set up the door without names for near misses (`vigil door setup`), or serve it (`vigil door`)."""

from __future__ import annotations

import argparse
import os
import socket
import threading
from pathlib import Path
from typing import Any

from vigil.cli import serving
from vigil.cli.node import say
from vigil.core.errors import Unavailable

WORKERS = 16
"""Threads that answer; each report keeps one for the while of its two slow hashes."""

SENT_WITHIN = 60.0
"""Seconds in which a report's text must arrive: a sender keeps a thread meanwhile, and Tor is slow (ours)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, the data folder, where to listen, and what the door says of itself."""
    parser.add_argument("what", nargs="?", choices=("serve", "setup"), default="serve", help="serve (default) or setup")
    parser.add_argument("--data", metavar="FOLDER", help="data folder (else VIGIL_DATA_DIR, else data/node)")
    parser.add_argument("--bind", metavar="ADDRESS", help="address to listen on (else VIGIL_DOOR_BIND, else 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (else VIGIL_DOOR_PORT, else 8766)")
    parser.add_argument("--name", metavar="TEXT", help="setup: what the door is called")
    parser.add_argument("--region", metavar="TEXT", help="setup: whom it serves, in words")
    parser.add_argument("--agency", metavar="NAME", action="append", help="setup: an agency that shares it; repeat it")
    parser.add_argument("--socket", type=int, help=argparse.SUPPRESS)  # of `vigil serve`, which starts us beside it


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
    from vigil.door import LEAST_REVIEWERS, founding

    if not (args.name or founding.exists()):
        raise Unavailable(founding.NAME_NEEDED)
    founding.ready()
    founding.found(args.name, args.region, args.agency)
    say(
        f"The door is in {founding.file()}.",
        f"It takes reports once {LEAST_REVIEWERS} reviewers have made their keys in the node.",
        "Serve it with `vigil door`; `vigil serve` starts it beside the node.",
    )
    return 0


def _serve(args: argparse.Namespace) -> int:
    from a2wsgi import WSGIMiddleware

    from vigil.door import founding, pulse, settings

    founding.refuse_unready()
    listening = _socket(args, settings.BIND, settings.PORT)
    from vigil.door.wsgi import application

    pages: Any = application
    announced = f"The door without names is at {serving.address(listening)}"
    server = serving.server(WSGIMiddleware(pages, workers=WORKERS), [announced], {"": SENT_WITHIN})
    if args.socket is not None:
        threading.Thread(target=serving.leave_with_parent, args=(server,), daemon=True).start()
    stopping = threading.Event()
    beating = threading.Thread(target=pulse.keep, args=(stopping, say), daemon=True)
    beating.start()
    try:
        server.run(sockets=[listening])
    finally:
        stopping.set()
        beating.join(5)
    return 0


def _socket(args: argparse.Namespace, bind: str, port: int) -> socket.socket:
    if args.socket is not None:
        return socket.socket(fileno=args.socket)
    return serving.listen(args.bind or bind, args.port or port, socket.socket, "Choose another one with --port.")
