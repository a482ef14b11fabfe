"""Serve the pages and the API, and run the worker beside them. On loopback unless told otherwise."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from vigil.cli.node import add_node_arguments, need_node, open_node, say
from vigil.cli.setup import add_answers, set_up
from vigil.core.errors import Unavailable

RESTART_SECONDS = 1.0
LEAVE_SECONDS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which node, where to listen, and what to do where there is no node yet."""
    add_node_arguments(parser)
    add_answers(parser)
    parser.add_argument("--empty", action="store_true", help="found a node without demo data where there is none yet")
    parser.add_argument("--bind", metavar="ADDRESS", help="address to listen on (else VIGIL_BIND, else 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (else VIGIL_PORT, else 8765)")
    parser.add_argument("--no-worker", action="store_true", help="`vigil worker` runs elsewhere")


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    open_node(args)
    from django.conf import settings

    if args.demo or args.empty:
        set_up(args)
    need_node()
    _check()
    _before_answering()
    bind = args.bind or settings.VIGIL_BIND
    port = args.port or settings.VIGIL_PORT
    worker = None if args.no_worker else WorkerProcess()
    if worker:
        worker.start()
    try:
        _serve(bind, port, args.demo)
    finally:
        if worker:
            worker.stop()
    return 0


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


class WorkerProcess:
    """The worker as a process of its own, so that its work never delays an answer; started again if it dies."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="worker-keeper", daemon=True)

    def start(self) -> None:
        """Start the process and watch over it."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to finish the job in hand and leave; after ten seconds it is killed (the job is done again later)."""
        self._stopping.set()
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(LEAVE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._thread.join(LEAVE_SECONDS)

    def _keep(self) -> None:
        # The data folder is in the environment already: `open_node` put it there.
        command = [sys.executable, "-m", "vigil.cli.main", "worker", "--with-parent", str(os.getpid())]
        while not self._stopping.is_set():
            self._process = subprocess.Popen(command)  # noqa: S603 - our own command
            while self._process.poll() is None and not self._stopping.is_set():
                time.sleep(RESTART_SECONDS / 4)
            self._stopping.wait(RESTART_SECONDS)


def _serve(bind: str, port: int, demo: bool) -> None:
    import uvicorn

    from vigil.config.asgi import application

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                say(*_banner(bind, port, demo))

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            # uvicorn's own raises the signal again at the end, which would kill us before the worker was stopped.
            before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    config = uvicorn.Config(
        application,
        host=bind,
        port=port,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
    server = Server(config)
    server.run()
    if not server.started:
        raise Unavailable(f"Cannot listen on {bind}:{port}. Is another program there? Choose another one with --port.")


def _banner(bind: str, port: int, demo: bool) -> list[str]:
    host = f"[{bind}]" if ":" in bind else bind
    lines = ["", f"Vigil is at http://{host}:{port}/", "Stop it with Ctrl+C."]
    if demo:
        from vigil.apps.deconfliction.demo import LOGINS

        lines += ["", "Demo logins (user name, password, who):"]
        lines += ["  " + "  ".join(login) for login in LOGINS]
    return lines
