"""Demonstrations of more than one node. `federation` starts three on this machine, paired with each other.

Each has a data folder, a port and a host name of its own, so that a browser keeps their logins apart. Type the name of
one and Enter: it falls silent; once more: it comes back. Ctrl+C ends them all; started again, nothing is lost.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vigil.cli import serve
from vigil.cli.node import console, open_node, say
from vigil.core.errors import Unavailable

if TYPE_CHECKING:
    from vigil.apps.deconfliction.demo_regions import Region

NAMES = ("bay", "susquehanna", "potomac")
FOLDER = Path("data") / "demo-federation"
PAIRING = "pairing.json"
FIRST_PORT = 8771
READY_SECONDS = 300
LEAVE_SECONDS = 15


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to show, and where its data are."""
    shows = parser.add_subparsers(dest="show", required=True)
    federation = shows.add_parser("federation", help="three nodes, paired with each other")
    federation.add_argument("--data", type=Path, metavar="FOLDER", help=f"folder of the three (else {FOLDER})")
    federation.add_argument("--port", type=int, default=FIRST_PORT, help=f"the first of three ports ({FIRST_PORT})")
    # What the process of one node does.
    node = shows.add_parser("node")
    node.add_argument("name", choices=NAMES)
    node.add_argument("--data", required=True)
    node.add_argument("--port", type=int, required=True)
    node.add_argument("--others", type=Path, nargs="*", default=(), help="pairing files that are about to be written")


def run(args: argparse.Namespace) -> int:
    """Show it, until interrupted."""
    {"federation": _federation, "node": _node}[args.show](args)
    return 0


# --- one process a node ----------------------------------------------------------------------------------------------


def _node(args: argparse.Namespace) -> None:
    """Found the node or bring it up to date, pair it with the others, and serve it."""
    args.demo = True
    open_node(args)
    from vigil.apps.deconfliction import demo_regions
    from vigil.apps.deconfliction.federation import pairing
    from vigil.config import database
    from vigil.platform import clock

    database.prepare(clock.now())
    demo_regions.ensure(demo_regions.REGIONS[args.name], clock.now())
    pairing.name_address(console(), f"http://127.0.0.1:{args.port}")
    half = Path(args.data) / f".{PAIRING}"
    half.write_bytes(pairing.give_own_file(console(), clock.now()))
    half.rename(half.with_name(PAIRING))
    for file in args.others:
        _pair(_awaited(file))
    served = argparse.ArgumentParser()
    serve.add_arguments(served)
    serve.run(served.parse_args(["--data", args.data, "--port", str(args.port)]))


def _pair(content: bytes) -> None:
    """Nobody reads aloud: one hand made all the files a moment ago."""
    from vigil.apps.deconfliction.federation import pairing
    from vigil.platform import clock
    from vigil.platform.partners.models import Partner
    from vigil.protocol.pairing import read

    row = pairing.take_in(console(), content, "live", clock.now())
    if row.proposed == Partner.Proposed.PAIRING:
        pairing.add(console(), row.pk, read(content).fingerprint, clock.now())


def _awaited(file: Path) -> bytes:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(FileNotFoundError):
            return file.read_bytes()
        time.sleep(0.1)
    raise Unavailable(f"{file} was not written.")


# --- all of them -----------------------------------------------------------------------------------------------------


@dataclass
class Member:
    """One of the nodes: where it is, and its process while it is not silent."""

    name: str
    data: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def page(self) -> str:
        """For browsers, by a host name of its own: they keep logins apart by host, not by port."""
        return f"http://{self.name}.localhost:{self.port}/"

    @property
    def file(self) -> Path:
        """Its pairing file."""
        return self.data / PAIRING

    def start(self, others: Iterable[Member] = ()) -> None:
        """Start it; Ctrl+C reaches this process alone. With others, it waits for their files and pairs with them."""
        hosts = f"{self.name}.localhost,localhost,127.0.0.1,[::1]"
        command = [sys.executable, "-m", "vigil.cli.main", "demo", "node", self.name, "--port", str(self.port)]
        command += ["--data", str(self.data), "--others", *(str(one.file) for one in others)]
        with (self.data / "demo.log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                command,
                env=os.environ | {"VIGIL_DATA_DIR": str(self.data), "VIGIL_HOSTS": hosts},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Until it answers."""
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until and self.process is not None and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.2)
        raise Unavailable(f"{self.name} did not start: see {self.data / 'demo.log'}.")

    def leave(self) -> None:
        """Ask it to end."""
        if self.process is not None:
            self.process.terminate()

    def stop(self) -> None:
        """End it, whatever it is doing."""
        self.leave()
        process, self.process = self.process, None
        if process is None:
            return
        try:
            process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _federation(args: argparse.Namespace) -> None:
    from vigil.config.folders import BASE_DIR

    folder: Path = args.data or BASE_DIR / FOLDER
    members = [Member(name, folder.absolute() / name, args.port + at) for at, name in enumerate(NAMES)]
    for one in members:
        one.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        say("Making three nodes; the first time takes a minute.")
        for one in members:
            one.file.unlink(missing_ok=True)
        for one in members:
            one.start(other for other in members if other is not one)
        for one in members:
            one.wait()
        _tell(members)
        _listen({one.name: one for one in members})
    finally:
        for one in members:
            one.leave()
        for one in members:
            one.stop()
        signal.signal(signal.SIGTERM, before)


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _listen(members: dict[str, Member]) -> None:
    """Until interrupted. Where nobody can type, only wait."""
    for line in sys.stdin:
        one = members.get(line.strip().casefold())
        if one is None:
            say(f"Type one of {', '.join(members)} and Enter, or end with Ctrl+C.")
        elif one.process is not None:
            one.stop()
            say(f"{one.name} is silent. Type {one.name} once more and it comes back.")
        else:
            one.start()
            one.wait()
            say(f"{one.name} is back.")
    signal.pause()


def _tell(members: list[Member]) -> None:
    open_node(argparse.Namespace(demo=True, data=str(members[0].data)))
    from vigil.apps.deconfliction.demo_regions import REGIONS
    from vigil.platform import clock

    for one in members:
        region = REGIONS[one.name]
        say("", f"{region.name}: {one.page}")
        say(*("  " + "  ".join(login) for login in region.logins))
    say("", *_walk(members, REGIONS, clock.now()))


def _walk(members: list[Member], regions: dict[str, Region], now: Any) -> list[str]:
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    from vigil.apps.deconfliction.demo_regions import ZONE, begins

    _, susquehanna, potomac = members
    zone = ZoneInfo(ZONE)
    start = (begins(now) + timedelta(hours=1)).astimezone(zone)
    end = start + timedelta(hours=2)

    def said(at: Any) -> str:
        return f"{at:%H:%M} {'today' if at.date() == now.astimezone(zone).date() else 'tomorrow'}"

    return [
        "Two minutes:",
        f"1. At Bay Gateway as {regions['bay'].people['officer'][0]}: Register an operation, any type,",
        f"   place {regions['susquehanna'].place}, from {said(start)} to {said(end)}. It meets a warrant of",
        "   Susquehanna Regional: whom to call stands there. At no node does the other side's place.",
        f"2. At {susquehanna.page} as {regions['susquehanna'].people['officer'][0]}: the same conflict, alarmed.",
        f"3. Here, type {potomac.name} and Enter: that node falls silent. At Bay Gateway register another one, place",
        f"   {regions['potomac'].place}, at the same hours: incomplete, with the telephone of Potomac Crossing's desk.",
        f"4. Type {potomac.name} once more. Within half a minute the page says conflict by itself, and so does",
        f"   {potomac.page} as {regions['potomac'].people['officer'][0]}.",
        "",
        "Ctrl+C ends all three. Nothing is lost: start again and it goes on.",
    ]
