"""Three nodes of a region, founded, paired with each other and served on ports of the loopback, for the benches.

Each has an agency with an officer, whose API token `Member.token` is. What lies between two nodes is the caller's: a
partner's address may be that of a proxy.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
NAMES = ("North", "South", "West")
DATABASE = "VIGIL_DATABASE_URL"


@dataclass
class Member:
    """One node: its data folder, its database (empty: SQLite in the folder), where it listens, and its process."""

    name: str
    folder: Path
    database: str = ""
    port: int = field(default_factory=lambda: free_port())
    token: str = ""
    node_id: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        own = {"VIGIL_DATA_DIR": str(self.folder), "VIGIL_LOG_LEVEL": "ERROR"}
        return os.environ | own | ({DATABASE: self.database} if self.database else {})

    def child(self, act: str, *words: str) -> Any:
        """One of this module's acts in a process of the node's own; what it prints as JSON."""
        command = [sys.executable, "-m", "bench.region", act, *words]
        run = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        if run.returncode:
            raise RuntimeError(f"{self.name}: {act} failed:\n{run.stderr[-2000:]}")
        return json.loads(run.stdout.splitlines()[-1])

    def serve(self) -> None:
        """Start the node with its worker, as a group of processes that can be killed at once."""
        command = [sys.executable, "-m", "vigil.cli.main", "serve", "--port", str(self.port)]
        with (self.folder / "serve.log").open("a") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def signal(self, number: int) -> None:
        """To every process of the node."""
        if self.process is not None:
            os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """SIGKILL to every process of the node, and wait until it is gone."""
        if self.process is not None:
            self.signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def kill_worker(self) -> bool:
        """SIGKILL to the worker alone, which the serving process starts again; False where there is none just now."""
        if self.process is None:
            return False
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                ours = os.getpgid(int(folder.name)) == self.process.pid
                if ours and b"worker" in (folder / "cmdline").read_bytes().split(b"\0"):
                    os.kill(int(folder.name), signal.SIGKILL)
                    return True
            except (OSError, ProcessLookupError):
                continue
        return False

    @property
    def listens(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def found(members: list[Member]) -> None:
    """Found the nodes."""
    for number, member in enumerate(members):
        member.folder.mkdir(parents=True)
        told = member.child("found", member.name, f"MD{number:07d}")
        member.token, member.node_id = told["token"], told["node"]


def pair(members: list[Member], address: dict[tuple[str, str], int]) -> None:
    """Pair each with each; `address` gives the port under which the first one reaches the second."""
    files = {one.name: one.child("file", f"http://127.0.0.1:{one.port}")["file"] for one in members}
    for one in members:
        others = [
            {"file": files[other.name], "address": f"http://127.0.0.1:{address[one.name, other.name]}"}
            for other in members
            if other is not one
        ]
        one.child("pair", json.dumps(others))


# --- inside a process of the node's own ------------------------------------------------------------------------------


def _found(name: str, ori: str) -> dict[str, str]:
    from datetime import timedelta

    from vigil.config import database
    from vigil.core.actor import system
    from vigil.core.permissions import Role
    from vigil.platform import clock
    from vigil.platform.accounts.access import new_token
    from vigil.platform.accounts.actions import NewUser, create_user
    from vigil.platform.agencies.actions import NewAgency, NewNode, create_agency, found_node
    from vigil.platform.agencies.models import this_node

    now, bench = clock.now(), system("bench")
    database.prepare(now)
    found_node(bench, NewNode(name, name[:3].upper(), f"{name} desk", "410-555-0100"))
    agency = create_agency(bench, NewAgency(ori, f"{name} Police"))
    officer = NewUser("bench", "Bench Officer", "bench-harbor-lantern", agency.pk, frozenset({Role.OFFICER}))
    user = create_user(bench, officer)
    _, token = new_token(user, agency.pk, "bench", ["deconfliction"], now + timedelta(days=7))
    return {"token": token, "node": str(this_node().pk)}


def _file(address: str) -> dict[str, str]:
    from vigil.apps.deconfliction.federation import pairing
    from vigil.core.actor import system

    pairing.name_address(system("bench"), address)
    return {"file": pairing.give_own_file(system("bench"), datetime.now(UTC)).decode()}


def _pair(others: str) -> dict[str, int]:
    from vigil.apps.deconfliction.federation import pairing
    from vigil.core.actor import system
    from vigil.protocol.pairing import read

    bench = system("bench")
    for other in json.loads(others):
        data = other["file"].encode()
        row = pairing.take_in(bench, data, "live", datetime.now(UTC))
        pairing.add(bench, row.pk, read(data).fingerprint, datetime.now(UTC))
        pairing.move(bench, row.pk, other["address"])
    return {"partners": len(json.loads(others))}


def _state() -> dict[str, Any]:
    """What the node holds: its operations as p1 compares them, its conflicts with their alarms, what is still due."""
    from vigil.apps.deconfliction import models
    from vigil.apps.deconfliction.store import DatabaseStore
    from vigil.protocol.canonical import operation_content
    from vigil.protocol.store import OWN, Reference

    operations, conflicts = [], []
    with DatabaseStore().transaction() as tx:
        for operation_id in map(str, models.Operation.objects.values_list("pk", flat=True)):
            revision, verdict = tx.current(operation_id), tx.verdict(operation_id)
            assert revision is not None
            operations.append(
                {
                    "content": {**operation_content(revision.operation), "subjects": []},
                    "determination": verdict.determination if verdict else "",
                }
            )
            alarms = tx.alarms_of(operation_id)
            for conflict in tx.conflicts_of(Reference(OWN, operation_id)):
                other = conflict.other(Reference(OWN, operation_id)).reference
                told = [alarm.kind.value for alarm in alarms if alarm.pair == conflict.pair]
                conflicts.append([operation_id, other.operation_id, conflict.state.value, told])
    doubled = models.Alarm.objects.count() - models.Alarm.objects.values("dedupe_key").distinct().count()
    return {
        "operations": operations,
        "conflicts": conflicts,
        "due": models.SearchDue.objects.count(),
        "outgoing": models.Outgoing.objects.count(),
        "doubled": doubled,
    }


def _main(act: str, *words: str) -> None:
    os.umask(0o077)  # as `vigil` does
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vigil.config.settings")
    import django

    django.setup()
    acts: dict[str, Any] = {"found": _found, "file": _file, "pair": _pair, "state": _state}
    print(json.dumps(acts[act](*words)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
