"""Serve the pages and the API, and run the worker beside them. On loopback unless told otherwise.

`VIGIL_WEB_PROCESSES` processes answer on one socket: this one, and others beside it that end with it. They share
nothing but the database.
"""

from __future__ import annotations

import argparse
import gc
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from vigil.cli import serving
from vigil.cli.check import what_is_missing
from vigil.cli.node import add_node_arguments, need_node, open_node
from vigil.cli.setup import add_answers, set_up
from vigil.core.errors import Unavailable

RESTART_SECONDS = 1.0
LEAVE_SECONDS = 10
SWITCH_SECONDS = 0.001
YIELD_SECONDS = 0.0003
MOST_YIELDS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which node, where to listen, and what to do where there is no node yet."""
    add_node_arguments(parser)
    add_answers(parser)
    parser.add_argument("--empty", action="store_true", help="found a node without demo data where there is none yet")
    parser.add_argument("--bind", metavar="ADDRESS", help="address to listen on (else VIGIL_BIND, else 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (else VIGIL_PORT, else 8765)")
    parser.add_argument("--no-worker", action="store_true", help="`vigil worker` runs elsewhere")
    parser.add_argument("--no-door", action="store_true", help="leave out the door without names, where one is set up")
    parser.add_argument("--socket", type=int, help=argparse.SUPPRESS)  # of the process that starts others beside it


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    open_node(args)
    from django.conf import settings

    from vigil.config import database

    if args.socket is not None:
        need_node()
        _share(args.socket)
        return 0
    if args.demo or args.empty:
        set_up(args)
    need_node()
    bind = args.bind or settings.VIGIL_BIND
    database.refuse_unfit(bind)
    _check()
    has_door = not args.no_door and _has_door()
    _before_answering()
    port = args.port or settings.VIGIL_PORT
    listening = serving.listen(bind, port, Listening, "Choose another one with --port.")
    others = [Beside("serve", listening=listening) for _ in range(1, settings.VIGIL_WEB_PROCESSES)]
    if not args.no_worker:
        others.append(Beside("worker", "--with-parent", str(os.getpid())))
    if has_door:
        others.append(Beside("door", listening=_door_socket()))
    for other in others:
        other.start()
    try:
        _answer(_server(_banner(serving.address(listening), args.demo)), listening)
    finally:
        for other in others:
            other.stop()
    return 0


def _has_door() -> bool:
    """Whether a door without names is to be served; a sentence where one was set up and cannot be."""
    from vigil.apps.near_miss import access
    from vigil.door import founding

    if founding.exists():
        founding.refuse_unready()
        return True
    if access.has_keys():
        raise Unavailable(
            f"Reviewers have keys, and {founding.file()} with their reports is not there. Bring it back from a backup "
            "(`vigil restore`), or leave the door out with --no-door."
        )
    return False


def _door_socket() -> socket.socket:
    from django.conf import settings

    mend = "Choose another port with VIGIL_DOOR_PORT, or leave the door out with --no-door."
    return serving.listen(settings.VIGIL_DOOR_BIND, settings.VIGIL_DOOR_PORT, socket.socket, mend)


def _check() -> None:
    from django.core import checks

    wrong = [message for message in checks.run_checks() if message.is_serious()]
    if wrong:
        raise Unavailable(" ".join(f"{message.msg} {message.hint or ''}".strip() for message in wrong))


def _before_answering() -> None:
    from django.utils.module_loading import autodiscover_modules

    from vigil.platform import clock
    from vigil.platform.jobs import queue

    autodiscover_modules("jobs")
    for handler in queue.STARTUP:
        handler(clock.now())


class Beside:
    """A `vigil` command as a process of its own beside this one, started again if it dies.

    Its standard input is held open by us: where we are killed, it ends, and the process sees that.
    """

    def __init__(self, *command: str, listening: socket.socket | None = None) -> None:
        # The data folder is in the environment already: `open_node` put it there.
        self._command = [sys.executable, "-m", "vigil.cli.main", *command]
        self._listening = listening  # held, so that it stays open
        self._files = [listening.fileno()] if listening else []
        self._command += [word for file in self._files for word in ("--socket", str(file))]
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name=f"{command[0]}-keeper", daemon=True)

    def start(self) -> None:
        """Start the process and watch over it."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to finish the work in hand and leave; after ten seconds it is killed (a job is done again later)."""
        self._stopping.set()
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(LEAVE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._thread.join(LEAVE_SECONDS)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self._command, stdin=subprocess.PIPE, pass_fds=self._files
            )
            while self._process.poll() is None and not self._stopping.is_set():
                time.sleep(RESTART_SECONDS / 4)
            self._stopping.wait(RESTART_SECONDS)


class Listening(socket.socket):
    """The socket that all processes share: each takes one connection a turn, and whoever holds fewest is first.

    asyncio would take everybody who waits at once, and one process would answer them all.
    """

    held: Callable[[], int] = staticmethod(lambda: 0)
    """How many connections this process holds."""
    _taken = False

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection; `BlockingIOError` right after one was taken, or where another process was first."""
        if self._taken:
            self._taken = False
            raise BlockingIOError
        time.sleep(min(self.held(), MOST_YIELDS) * YIELD_SECONDS)
        accepted = super().accept()
        self._taken = True
        return accepted


def _share(descriptor: int) -> None:
    """Answer on the socket of the process that started us, until it ends or says so."""
    listening = Listening(fileno=descriptor)
    server = _server(())
    threading.Thread(target=serving.leave_with_parent, args=(server,), daemon=True).start()
    _answer(server, listening)


def _answer(server: Any, listening: Listening) -> None:
    listening.held = lambda: len(server.server_state.connections)
    threading.Thread(target=_warm, daemon=True).start()
    serving.settle()
    # Whoever holds the database's write lock gets the interpreter back soon after each statement.
    sys.setswitchinterval(SWITCH_SECONDS)
    server.run(sockets=[listening])


def _warm() -> None:
    from vigil.apps.deconfliction.places import zone_of

    zone_of(0.0, 0.0)  # the map of the time zones takes seconds to load, which nobody should wait for
    gc.freeze()  # nor for a walk through it


def _server(announced: Sequence[str]) -> Any:
    from vigil.config.asgi import application
    from vigil.platform.partners.client import PATH, WHOLE_SECONDS

    # The sender of a message waits no longer for the answer either.
    return serving.server(application, announced, {PATH: WHOLE_SECONDS})


def _banner(address: str, demo: bool) -> list[str]:
    lines = ["", f"Vigil is at {address}", "Stop it with Ctrl+C."]
    if demo:
        from vigil.apps.deconfliction.demo import LOGINS
        from vigil.apps.near_miss.demo import TOLD

        lines += ["", "Demo logins (user name, password, who):"]
        lines += ["  " + "  ".join(login) for login in LOGINS]
        return [*lines, "", *TOLD]
    lacking = sum(line.startswith("MISSING") for line in what_is_missing())
    if lacking:
        lines.append(f"{lacking} things are missing before the node is ready: see /setup/ or `vigil check`.")
    return lines
