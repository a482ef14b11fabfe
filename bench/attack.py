"""Real processes under attack: `python -m bench.attack --kills 1000 [--postgres]`.

Three nodes, paired, each served with its worker; between any two of them, one way and the other, a proxy that drops,
delays, cuts off or doubles what passes. Officers register, move and cancel operations over the API all the time, while
processes are killed (SIGKILL) and paused (SIGSTOP) at random. At the end the faults stop, the nodes settle, and from
what they hold the engine computes every pair that meets: both sides must hold its conflict with an alarm, no
operation may be left without its last word, and whatever was acknowledged to an officer must be there.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.region import NAMES, ROOT, Member, found, free_port, pair
from vigil.engine.predicate import match
from vigil.protocol.canonical import operation_from_content

PATH = "/api/v1/deconfliction/operations"
CONTACT = {"name": "Bench Desk", "phone": "410-555-0100"}
SETTLE_SECONDS = 600
PLACES = 60
KILLS_A_PLACE = 4
"""A longer run has more places: each operation meets a few others, however many there are."""


@dataclass
class Proxy:
    """Carries one way of a pair of nodes; `fault` says what becomes of the next connections."""

    target: int
    drawn: random.Random
    counts: Counter[str]
    port: int = field(default_factory=free_port)
    fault: str = ""

    def start(self) -> None:
        listening = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            came, _ = listening.accept()
            threading.Thread(target=self._carry, args=(came,), daemon=True).start()

    def _carry(self, came: socket.socket) -> None:
        with came:
            came.settimeout(30)
            try:
                while request := _one_message(came):
                    if not self._pass(came, request):
                        return
            except OSError:
                return

    def _pass(self, came: socket.socket, request: bytes) -> bool:
        """Hand one request over and its answer back; False where the connection ends."""
        fault = self.fault if self.drawn.random() < 0.7 else ""
        if fault:
            self.counts[fault] += 1
        if fault == "dropped":
            return False
        if fault == "delayed":
            time.sleep(self.drawn.uniform(0.2, 4.0))
        for _ in range(2 if fault == "doubled" else 1):
            with socket.create_connection(("127.0.0.1", self.target), timeout=30) as there:
                there.sendall(request.replace(b"Connection: keep-alive", b"Connection: close"))
                answer = _one_message(there)
        if fault == "answer lost":
            return False
        if fault == "answer cut":
            answer = answer[: len(answer) // 2]
        came.sendall(answer)
        return fault != "answer cut"


FAULTS = ("", "", "dropped", "delayed", "doubled", "answer lost", "answer cut")


def _one_message(one: socket.socket) -> bytes:
    """One HTTP message of a known length, as bytes; empty where the other side has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = one.recv(65536)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        part = one.recv(65536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body


@dataclass
class Officer:
    """Registers, moves and cancels operations at one node until told to stop; `kept` is what was acknowledged."""

    member: Member
    drawn: random.Random
    stop: threading.Event
    places: int
    kept: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def work(self) -> None:
        while not self.stop.is_set():
            try:
                self._act()
            except (OSError, http.client.HTTPException, ValueError, KeyError):
                self.counts["no answer"] += 1
            self.stop.wait(self.drawn.uniform(0.3, 1.2))

    def _act(self) -> None:
        if not self.kept or self.drawn.random() < 0.6:
            made = self._ask("POST", PATH, self._plan())
            self.kept[made["id"]] = made["revision"]
            self.counts["registered"] += 1
            return
        operation_id = self.drawn.choice(sorted(self.kept))
        shown = self._ask("GET", f"{PATH}/{operation_id}")
        if shown["status"] == "cancelled":
            return
        if self.drawn.random() < 0.25:
            self._ask("POST", f"{PATH}/{operation_id}/cancel", {}, shown["revision"])
            self.counts["cancelled"] += 1
        else:
            self._ask("PUT", f"{PATH}/{operation_id}", self._plan(), shown["revision"])
            self.counts["moved"] += 1

    def _plan(self) -> dict[str, Any]:
        place = self.drawn.randrange(self.places)
        start = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=self.drawn.randint(3, 40))
        return {
            "operation_type": self.drawn.choice(("search_warrant", "controlled_buy", "knock_and_talk")),
            "sites": [{"latitude": 38.9 + place * 0.004, "longitude": -76.9, "source": "pin"}],
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(hours=self.drawn.randint(1, 8))).isoformat(),
            "lead_contact": CONTACT,
        }

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None, revision: int = 0) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.member.token}", "Content-Type": "application/json"}
        if revision:
            headers["If-Match"] = f'"{revision}"'
        connection = http.client.HTTPConnection("127.0.0.1", self.member.port, timeout=15)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            read = answer.read()
        finally:
            connection.close()
        if answer.status >= 500:
            self.counts["error"] += 1
        if answer.status >= 300:
            self.counts[f"status {answer.status}"] += 1
            raise ValueError
        told: dict[str, Any] = json.loads(read)
        return told


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.attack", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="processes to kill (100)")
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn (1); the machine's own timing is not")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    args = parser.parse_args()
    if args.postgres and not os.environ.get("VIGIL_DATABASE_URL"):
        command = [sys.executable, "tests/postgres.py", sys.executable, "-m", "bench.attack", *sys.argv[1:]]
        sys.exit(subprocess.run(command, cwd=ROOT, check=False).returncode)
    (ROOT / "data").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="vigil-attack-", dir=ROOT / "data") as folder:
        members = [Member(name, Path(folder) / name, _database(name) if args.postgres else "") for name in NAMES]
        try:
            found(members)
            sys.exit(_attack(members, args.kills, random.Random(args.seed)))
        finally:
            for member in members:
                member.kill()


def _database(name: str) -> str:
    import psycopg

    address = os.environ["VIGIL_DATABASE_URL"]
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "attack_{name.lower()}"')
    whole, slash, _ = address.partition("?")[0].rpartition("/")
    return f"{whole}{slash}attack_{name.lower()}" + ("?" + address.partition("?")[2] if "?" in address else "")


def _attack(members: list[Member], kills: int, drawn: random.Random) -> int:
    counts: Counter[str] = Counter()
    proxies = {
        (one.name, other.name): Proxy(other.port, random.Random(drawn.random()), counts)
        for one in members
        for other in members
        if one is not other
    }
    for proxy in proxies.values():
        proxy.start()
    pair(members, {names: proxy.port for names, proxy in proxies.items()})
    for member in members:
        member.serve()
    _await(members)
    stop = threading.Event()
    places = max(PLACES, kills // KILLS_A_PLACE)
    officers = [Officer(member, random.Random(drawn.random()), stop, places) for member in members]
    threads = [threading.Thread(target=officer.work) for officer in officers]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    _break(members, list(proxies.values()), kills, drawn, counts)
    stop.set()
    for thread in threads:
        thread.join()
    for proxy in proxies.values():
        proxy.fault = ""
    _await(members)
    lasted = time.monotonic() - began
    states = _settled(members)
    for officer in officers:
        counts.update(officer.counts)
    print(f"{kills} kills in {lasted:.0f} s; " + ", ".join(f"{what} {counts[what]}" for what in sorted(counts)))
    return _judge(members, officers, states)


def _break(members: list[Member], proxies: list[Proxy], kills: int, drawn: random.Random, counts: Counter[str]) -> None:
    """Kill, pause and disturb until so many processes were killed; each node is up again before it is killed again."""
    killed = 0
    while killed < kills:
        for proxy in proxies:
            if drawn.random() < 0.3:
                proxy.fault = drawn.choice(FAULTS)
        member = drawn.choice(members)
        if drawn.random() < 0.15 and member.listens:
            member.signal(signal.SIGSTOP)
            time.sleep(drawn.uniform(0.1, 2.0))
            member.signal(signal.SIGCONT)
            counts["paused"] += 1
            continue
        time.sleep(drawn.uniform(0.0, 1.5))
        killed += 1
        if drawn.random() < 0.5 and member.kill_worker():
            counts["workers killed"] += 1
            continue
        member.kill()
        counts["nodes killed"] += 1
        if drawn.random() < 0.3:
            time.sleep(drawn.uniform(0.0, 1.0))
        member.serve()
        if killed % 25 == 0:
            print(f"{killed} kills", flush=True)
        while not member.listens:
            if member.process is None or member.process.poll() is not None:
                sys.exit(f"{member.name} did not start again:\n{(member.folder / 'serve.log').read_text()[-2000:]}")
            time.sleep(0.05)


def _await(members: list[Member]) -> None:
    until = time.monotonic() + 60
    while not all(member.listens for member in members):
        if time.monotonic() > until:
            logs = (f"{one.name}:\n{(one.folder / 'serve.log').read_text()[-2000:]}" for one in members)
            sys.exit("A node does not listen after a minute.\n" + "\n".join(logs))
        time.sleep(0.1)


def _settled(members: list[Member]) -> list[dict[str, Any]]:
    """What the nodes hold once nothing is due any more."""
    until = time.monotonic() + SETTLE_SECONDS
    while True:
        states = [member.child("state") for member in members]
        if not any(state["due"] or state["outgoing"] for state in states):
            return states
        if time.monotonic() > until:
            left = {
                member.name: (state["due"], state["outgoing"]) for member, state in zip(members, states, strict=True)
            }
            sys.exit(f"Not settled after {SETTLE_SECONDS} s: {left} due and to be told.")
        time.sleep(2)


def _judge(members: list[Member], officers: list[Officer], states: list[dict[str, Any]]) -> int:
    """Every pair that meets must be held and alarmed on both sides."""
    operations = [
        (number, operation_from_content(row["content"]), row["determination"])
        for number, state in enumerate(states)
        for row in state["operations"]
    ]
    held = [{(a, b): (standing, told) for a, b, standing, told in state["conflicts"]} for state in states]
    wrong: Counter[str] = Counter()
    pairs = across = 0
    for position, (at, one, _) in enumerate(operations):
        for there, two, _ in operations[position + 1 :]:
            met = match(one, two)
            sides = ((at, one.operation_id, two.operation_id), (there, two.operation_id, one.operation_id))
            for node, own, other in sides:
                standing, told = held[node].get((own, other), ("", []))
                if met is None:
                    wrong["conflict that is none"] += standing == "open"
                elif standing != "open":
                    wrong["missed"] += 1
                elif not told or told[-1] == "withdrawn":
                    wrong["not alarmed"] += 1
            pairs += met is not None
            across += met is not None and at != there
    for officer, state in zip(officers, states, strict=True):
        there_are = {row["content"]["operation"] for row in state["operations"]}
        wrong["acknowledged and lost"] += len(officer.kept.keys() - there_are)
    wrong["without a last word"] += sum(last in ("", "checking", "incomplete") for _, _, last in operations)
    wrong["alarmed twice"] += sum(state["doubled"] for state in states)
    print(f"{len(operations)} operations, {pairs} pairs that meet, {across} of them across nodes")
    found_wrong = {what: count for what, count in wrong.items() if count}
    print("violations: " + (json.dumps(found_wrong) if found_wrong else "0"))
    return 1 if found_wrong else 0


if __name__ == "__main__":
    main()
