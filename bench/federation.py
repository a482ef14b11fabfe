"""Verdicts over HTTP with partners: `python -m bench.federation [--active N]`.

Three real nodes on this machine (`vigil serve` with workers, SQLite with `synchronous=FULL`), each with the active
operations and paired with the two others: the time from the submission to a determination that every partner has
answered for; submissions at all three at once; how fast a partner that was away is asked what it missed; and one node
with twenty partners. Peer in the same run: a bare HTTP round trip of a message of the same size.

The elapsed times are those of the machine as it was; the processor time of all nodes tells the same on a busy one.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench.node import ROOT, Running, _await, _filled, points
from bench.submit import _body, _submit

GOAL_MEDIAN_MS, GOAL_P99_MS, GOAL_TWENTY_MS, GOAL_RATE, GOAL_CATCH_UP = 60.0, 250.0, 2_000.0, 15.0, 1_000.0
WARM_UP = 20
NAMES = ("North", "South", "East")
TWENTY = 20


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.federation", description=__doc__)
    parser.add_argument("--active", type=int, default=100_000, help="active operations of each node (100000)")
    parser.add_argument("--requests", type=int, default=300, help="submissions of the one client (300)")
    parser.add_argument("--seconds", type=int, default=30, help="of submissions at all nodes (30)")
    parser.add_argument("--missed", type=int, default=300, help="operations that a partner misses (300)")
    args = parser.parse_args()
    kept = _filled(args.active, 0)
    bodies = iter(
        [_body(*point) for point in points(args.requests * 4 + args.seconds * 20 + args.missed + 500, seed=2)]
    )
    missed = []
    with tempfile.TemporaryDirectory(prefix="vigil-bench-", dir=kept.parent) as folder:
        with three(kept, Path(folder)) as nodes:
            missed += one_client(nodes, [next(bodies) for _ in range(args.requests + WARM_UP)])
            missed += at_once(nodes, bodies, args.seconds)
            missed += catch_up(nodes, [next(bodies) for _ in range(args.missed)])
        with twenty(kept, Path(folder)) as node:
            missed += with_twenty(node, [next(bodies) for _ in range(60)])
    if missed:
        sys.exit(f"Missed: {'; '.join(missed)}.")


# --- what is measured ------------------------------------------------------------------------------------------------


def one_client(nodes: Sequence[Node], bodies: list[bytes]) -> list[str]:
    """One client at one node: until both partners have answered."""
    _submit(nodes[0].running, bodies[:WARM_UP])
    before = sum(node.running.cpu_seconds() for node in nodes)
    times, errors = _submit(nodes[0].running, bodies[WARM_UP:])
    cpu = (sum(node.running.cpu_seconds() for node in nodes) - before) / len(times) * 1e3
    median, p99 = statistics.median(times), sorted(times)[len(times) * 99 // 100]
    bare = round_trip_ms(1_500, len(times))
    print(f"bare HTTP round trip of 1.5 KB      {bare:8.2f} ms")
    print(f"verdict with two partners, median   {median:8.2f} ms   {median / bare:6.1f} round trips")
    print(f"verdict, 99th percentile            {p99:8.2f} ms")
    print(f"processor time of all three nodes   {cpu:8.2f} ms a submission")
    print(f"errors or unanswered                {errors:8d}")
    late = median > GOAL_MEDIAN_MS or p99 > GOAL_P99_MS or errors
    return [f"median {GOAL_MEDIAN_MS:.0f} ms, 99th percentile {GOAL_P99_MS:.0f} ms, all answered"] if late else []


def at_once(nodes: Sequence[Node], bodies: Iterator[bytes], seconds: int) -> list[str]:
    """Fifteen submissions a second, a third at each node, for so long."""
    each = [[next(bodies) for _ in range(int(seconds * GOAL_RATE / len(nodes)))] for _ in nodes]
    errors, times = [0] * len(nodes), list[float]()

    def client(number: int) -> None:
        began = time.monotonic()
        for place, body in enumerate(each[number]):
            time.sleep(max(began + place * len(nodes) / GOAL_RATE - time.monotonic(), 0))
            took, wrong = _submit(nodes[number].running, [body])
            errors[number] += wrong
            times.extend(took)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(len(nodes))]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = len(times) / (time.monotonic() - began)
    print(f"at all three nodes at once          {rate:8.1f} /s   median {statistics.median(times):.0f} ms")
    print(f"errors or unanswered                {sum(errors):8d}")
    return [f"{GOAL_RATE:.0f} submissions a second without error"] if rate < GOAL_RATE * 0.95 or sum(errors) else []


def catch_up(nodes: Sequence[Node], bodies: list[bytes]) -> list[str]:
    """One partner is away, the others go on; then it is back, and is asked what it missed."""
    first, _, away = nodes
    away.stop()
    _submit(first.running, bodies)
    waiting = first.due(away)
    away.start()
    began = time.monotonic()
    while first.due(away) == waiting:
        time.sleep(0.05)
    asked_since = time.monotonic()
    while left := first.due(away):
        if time.monotonic() - began > 600:
            break
        time.sleep(0.05)
    rate = (waiting - left) / (time.monotonic() - asked_since) * 60
    print(f"missed by a partner that was away   {waiting:8d}   asked again {asked_since - began:.1f} s after its start")
    print(f"caught up                           {rate:8.0f} operations a minute")
    return [f"catching up at {GOAL_CATCH_UP:.0f} a minute"] if rate < GOAL_CATCH_UP or left else []


def with_twenty(node: Running, bodies: list[bytes]) -> list[str]:
    """One client at a node with twenty partners, small ones in a process of their own."""
    _submit(node, bodies[:10])
    times, errors = _submit(node, bodies[10:])
    median, worst = statistics.median(times), max(times)
    print(f"verdict with {TWENTY} partners, median    {median:8.2f} ms")
    print(f"the slowest of {len(times)}                   {worst:8.2f} ms, {errors} unanswered")
    return [f"{TWENTY} partners within {GOAL_TWENTY_MS:.0f} ms"] if worst > GOAL_TWENTY_MS or errors else []


def round_trip_ms(size: int, count: int) -> float:
    """Median of a POST of so many bytes on a kept connection to a server that only sends them back."""

    class Echo(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one piece

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    times = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        connection = HTTPConnection("127.0.0.1", server.server_address[1])
        for _ in range(count):
            start = time.perf_counter()
            connection.request("POST", "/", b"x" * size)
            connection.getresponse().read()
            times.append((time.perf_counter() - start) * 1e3)
        connection.close()
        server.shutdown()
    return statistics.median(times)


# --- the nodes -------------------------------------------------------------------------------------------------------


class Node:
    """A copy of the filled node with an id and keys of its own, served on a port of its own."""

    def __init__(self, kept: Path, folder: Path, name: str, port: int) -> None:
        self.folder, self.name, self.port = folder, name, port
        shutil.copytree(kept, folder)
        for file in folder.glob("vigil.sqlite3*"):
            file.chmod(0o600)
        self.token = _inside("keys", folder, module="bench.node").split()[-2]
        self.id, self.key = _inside("become", folder, name, self.url).split()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> Running:
        assert self._process is not None
        return Running(self.port, self.token, "", self._process.pid, self.folder)

    def pair(self, others: Sequence[dict[str, Any]]) -> None:
        """Named on the roster as they stand: nothing of before is asked of them, or the bench would wait for that."""
        _inside("pair", self.folder, json.dumps(others))

    def told(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "key": self.key, "url": self.url}

    def start(self) -> None:
        log = self.folder / "serve.log"
        command = [
            sys.executable,
            "-m",
            "vigil.cli.main",
            "serve",
            "--data",
            str(self.folder),
            "--port",
            str(self.port),
        ]
        with log.open("w") as lines:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=lines, stderr=lines)
        for _ in range(4):  # several start at once
            with suppress(SystemExit):
                return _await(self.port, self._process, log)
        sys.exit("The node did not start.")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def due(self, partner: Node) -> int:
        """How many questions to the partner wait."""
        return self._count("deconfliction_searchdue WHERE target = ?", partner.id)

    def wait_for_partners(self, count: int) -> None:
        """Until so many have answered and none fails."""
        for _ in range(3_000):
            if self._count("partners_contact WHERE failing_since IS NULL AND milliseconds BETWEEN 1 AND 1499") == count:
                return
            time.sleep(0.1)
        sys.exit(f"{self.name} has not reached its partners.")

    def _count(self, rows: str, *values: str) -> int:
        database = sqlite3.connect(f"file:{self.folder / 'vigil.sqlite3'}?mode=ro", uri=True)
        count: int = database.execute(f"SELECT COUNT(*) FROM {rows}", values).fetchone()[0]
        database.close()
        return count


@contextmanager
def three(kept: Path, folder: Path) -> Iterator[list[Node]]:
    nodes = [Node(kept, folder / name, name, port) for name, port in zip(NAMES, _free_ports(3), strict=True)]
    with ExitStack() as stack:
        for node in nodes:
            node.pair([other.told() for other in nodes if other is not node])
        for node in nodes:
            stack.callback(node.stop)
            node.start()
        for node in nodes:
            node.wait_for_partners(len(nodes) - 1)
        yield nodes


@contextmanager
def twenty(kept: Path, folder: Path) -> Iterator[Running]:
    (port,) = _free_ports(1)
    node = Node(kept, folder / "hub", "Hub", port)
    partners = subprocess.Popen(
        [sys.executable, "-m", "bench.federation", "partners", node.id, node.key], stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        assert partners.stdout is not None
        node.pair(json.loads(partners.stdout.readline()))
        node.start()
        node.wait_for_partners(TWENTY)
        yield node.running
    finally:
        node.stop()
        partners.terminate()
        partners.wait(30)


def _free_ports(count: int) -> list[int]:
    import socket

    with ExitStack() as stack:
        found = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in found:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in found]


def _inside(act: str, folder: Path, *more: str, module: str = "bench.federation") -> str:
    command = [sys.executable, "-m", module, act, str(folder), *more]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


# --- inside a process of its own -------------------------------------------------------------------------------------


def _open(folder: str) -> None:
    os.environ["VIGIL_DATA_DIR"] = folder
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vigil.config.settings")
    import django

    django.setup()


def _become(folder: str, name: str, url: str) -> None:
    """Another node than the one it is a copy of."""
    from vigil.config.keys import KeyFolder

    for file in (Path(folder) / "keys").glob("partner_key*"):
        file.unlink()
    for file in (Path(folder) / "keys").glob("blinding*"):
        file.unlink()
    KeyFolder(Path(folder)).draw_missing()
    _open(folder)
    from vigil.apps.deconfliction.models import ProbeMark, Revision
    from vigil.core.identifiers import new_epoch
    from vigil.platform.agencies.models import Node as Row
    from vigil.platform.partners import roster

    Row.objects.update(id=uuid4(), name=name, epoch=new_epoch(), address=url)
    # What was imported would now be looked at for fishing, for minutes.
    ProbeMark.objects.update_or_create(slot=1, defaults={"revision_id": Revision.objects.latest("pk").pk})
    print(Row.objects.get().pk, roster.signer().public_key.hex())


def _pair(folder: str, others: str) -> None:
    _open(folder)
    from vigil.platform import clock
    from vigil.platform.partners.models import Partner, change_roster
    from vigil.platform.partners.roster import signer

    rows = [
        Partner.objects.create(
            pk=one["id"],
            name=one["name"],
            public_key=bytes.fromhex(one["key"]),
            known_key=signer().fingerprint,
            base_url=one["url"],
            watch_desk_phone="410-555-0100",
            predicate_versions=["p1"],
            state=Partner.State.ACTIVE,
        )
        for one in json.loads(others)
    ]
    change_roster([row.pk for row in rows], "bench", clock.now())


def _partners(node_id: str, key: str) -> None:
    """Twenty nodes in memory behind one address, each under a path of its own."""
    from vigil.protocol.blinding import PartnerBlinder
    from vigil.protocol.exchange import Exchange
    from vigil.protocol.memory import MemoryStore
    from vigil.protocol.node import Node as Protocol
    from vigil.protocol.signing import Signer
    from vigil.protocol.store import Partner

    hub = Partner(node_id, "Hub", public_key=bytes.fromhex(key))
    exchanges, told, lock = {}, [], threading.Lock()
    for number in range(TWENTY):
        own, signer = str(uuid4()), Signer.from_seed(os.urandom(32))
        node = Protocol(MemoryStore(own, epoch=number + 1), signer)
        node.change_roster([hub], _now())
        exchanges[f"p{number}"] = Exchange(node, signer, PartnerBlinder(os.urandom(32), own), lambda: str(uuid4()))
        told.append({"id": own, "name": f"Partner {number}", "key": signer.public_key.hex()})

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_POST(self) -> None:
            token = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                said = exchanges[self.path.split("/")[1]].receive(token, _now())
            self.send_response(200)
            self.send_header("Content-Type", "application/jose")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        at = f"http://127.0.0.1:{server.server_address[1]}"
        print(json.dumps([one | {"url": f"{at}/p{number}"} for number, one in enumerate(told)]), flush=True)
        server.serve_forever()


def _now() -> int:
    return time.time_ns() // 1_000


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["become", folder, name, url]:
            _become(folder, name, url)
        case ["pair", folder, others]:
            _pair(folder, others)
        case ["partners", node_id, key]:
            _partners(node_id, key)
        case _:
            main()
