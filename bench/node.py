"""A node with many active operations for the benches, built once through the product's own import and kept in `data/`.

Operations lie around the ZIP points of the United States over the next 30 days, half of them of one agency.
"""

from __future__ import annotations

import http.client
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
AGENCIES = 20
KEPT = timedelta(days=7)
CONTACT = {"name": "Bench Desk", "phone": "410-555-0100"}


@dataclass(frozen=True)
class Running:
    """A served node: its port, an API token and a session cookie of an officer and supervisor of the largest agency,
    the process that answers, and its data folder."""

    port: int
    token: str
    session: str
    process: int
    folder: Path

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def cpu_seconds(self) -> float:
        """Processor time of the answering process so far; unlike elapsed time it tells the same on a busy machine."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def points(count: int, seed: int) -> Iterator[tuple[float, float, int, int]]:
    """Longitude, latitude, start in minutes from now, and minutes it lasts."""
    import zipcodes

    drawn = random.Random(seed)
    places = [(float(row["long"]), float(row["lat"])) for row in zipcodes.list_all() if float(row["lat"])]
    for _ in range(count):
        longitude, latitude = drawn.choice(places)
        yield (
            round(longitude + drawn.gauss(0, 0.3), 5),
            round(latitude + drawn.gauss(0, 0.3), 5),
            drawn.randint(180, 30 * 24 * 60),
            drawn.randint(60, 480),
        )


@contextmanager
def served(active: int, *, over: bool = False, meetings: int | None = None) -> Iterator[Running]:
    """A copy of the node, served by `vigil serve` with its worker on a free port of the loopback.

    With `over` all of its operations lie in the last 31 days and have ended. With `meetings` the officer is of the
    watch desk too, and so many more pairs of operations of two agencies meet, each pair apart from all others.
    """
    kept = _filled(active, meetings or 0)
    role = ["over"] if over else [] if meetings is None else ["desk"]
    with tempfile.TemporaryDirectory(prefix="vigil-bench-", dir=kept.parent) as folder:
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        for file in Path(folder).glob("vigil.sqlite3*"):  # filled without `vigil`, which gives its files this mode
            file.chmod(0o600)
        token, session = subprocess.run(
            [sys.executable, "-m", "bench.node", "keys", folder, *role],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()[-2:]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "vigil.cli.main", "serve", "--data", folder, "--port", str(port)]
        log = Path(folder) / "serve.log"
        with log.open("w") as lines:
            process = subprocess.Popen(command, cwd=ROOT, stdout=lines, stderr=lines)
            try:
                _await(port, process, log)
                yield Running(port, token, session, process.pid, Path(folder))
            finally:
                process.terminate()
                process.wait(30)


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    sys.exit(f"The node did not start:\n{log.read_text()[-2000:]}")


def _filled(active: int, meetings: int) -> Path:
    folder = ROOT / "data" / (f"bench-{active}-meeting-{meetings}" if meetings else f"bench-{active}")
    done = folder / "complete"
    if done.exists() and time.time() - done.stat().st_mtime < KEPT.total_seconds():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    print(f"building a node with {active + 2 * meetings:,} active operations through the import, once ...", flush=True)
    start = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "bench.node", "fill", str(folder), str(active), str(meetings)], cwd=ROOT, check=True
    )
    done.touch()
    print(f"built in {time.monotonic() - start:.0f} s", flush=True)
    return folder


# --- inside a process of its own -------------------------------------------------------------------------------------


def _open(folder: str) -> None:
    os.environ["VIGIL_DATA_DIR"] = folder
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vigil.config.settings")
    import django

    django.setup()


def _fill(folder: str, active: int, meetings: int) -> None:
    _open(folder)
    from vigil.apps.deconfliction import actions
    from vigil.apps.deconfliction.contexts import plan_context
    from vigil.apps.deconfliction.imports import importing
    from vigil.apps.deconfliction.probing import probes
    from vigil.apps.deconfliction.rules import read_plan
    from vigil.config import database
    from vigil.core.actor import system
    from vigil.core.permissions import Role
    from vigil.platform import clock
    from vigil.platform.accounts.actions import NewUser, create_user
    from vigil.platform.agencies.actions import NewAgency, NewNode, create_agency, found_node

    now, bench = clock.now(), system("bench")
    database.prepare(now)
    found_node(bench, NewNode("Bench", "BEN", "Bench desk", "410-555-0100"))
    oris = [f"MD{number:07d}" for number in range(AGENCIES)]
    agencies = [create_agency(bench, NewAgency(ori, f"Agency {ori}")) for ori in oris]
    create_user(
        bench, NewUser("bench", "Bench Officer", "bench-harbor-lantern", agencies[0].pk, frozenset({Role.OFFICER}))
    )
    context = plan_context(agencies[0].pk, now)
    entries = []
    for number, (longitude, latitude, start, lasts) in enumerate(chain(points(active, seed=1), _meeting(meetings))):
        starts_at = now + timedelta(minutes=start)
        raw: dict[str, Any] = {
            "operation_type": "search_warrant" if number % 2 else "controlled_buy",
            "sites": [{"latitude": latitude, "longitude": longitude, "source": "pin"}],
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(minutes=lasts),
            "zone": "America/New_York",
            "lead_contact": CONTACT,
            "external_id": str(number),
        }
        agency = agencies[0] if number % 2 else agencies[number % AGENCIES]
        entries.append(importing.Entry(agency.pk, read_plan(raw, context)))
    checked = importing.Checked(len(entries), tuple(entries), (), (), {}, 0, 0, (), ())
    batch = actions.start_import(bench, agencies[0].pk, "bench", now)
    importing.store_checked(bench, batch, checked, now, lambda done, total: True)
    while probes.anything_new():  # as the worker has, behind the import
        probes.note_next(system("worker"), now)


def _meeting(pairs: int) -> Iterator[tuple[float, float, int, int]]:
    """Two operations a pair at one place over the sea, where no ZIP point is near, the places 0.2 degrees apart."""
    for number in range(2 * pairs):
        row, column = divmod(number // 2, 25)
        yield round(-60 + column * 0.2, 5), round(25 + row * 0.2, 5), 120 + number // 2 * 20, 240


def _put_behind() -> None:
    """Every operation 31 days earlier, ended, and nothing due for the purge."""
    from django.db.models import F

    from vigil.apps.deconfliction.models import Operation
    from vigil.platform.agencies.models import Agency
    from vigil.platform.agencies.retention import Retention, stored

    for agency in Agency.objects.all():
        agency.rules = {**agency.rules, "retention": stored(Retention(place_days=3650, subject_days=1825))}
        agency.save()
    times = ("starts_at", "ends_at", "window_start", "window_end")
    earlier = {name: F(name) - timedelta(days=31) for name in times}
    Operation.objects.update(**earlier, status="ended", next_end_at=None)


def _keys(folder: str, *, over: bool, desk: bool) -> None:
    _open(folder)
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from vigil.config import database
    from vigil.platform import clock
    from vigil.platform.accounts.access import PROVED, new_token
    from vigil.platform.accounts.models import Membership
    from vigil.platform.accounts.sessions import BEGAN, SessionStore

    database.prepare(clock.now())
    membership = Membership.objects.select_related("user").get(user__username="bench", role="officer")
    user = membership.user
    Membership.objects.get_or_create(user=user, agency_id=membership.agency_id, role="supervisor")
    if desk:
        Membership.objects.get_or_create(user=user, agency_id=membership.agency_id, role="watch_desk")
    if over:
        _put_behind()
    _, text = new_token(user, membership.agency_id, "bench", ["deconfliction"], clock.now() + timedelta(days=1))
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[BEGAN] = clock.now().timestamp()
    session[PROVED] = {"at": session[BEGAN], "by": "passkey"}
    session.save()
    print(text, session.session_key)


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        _fill(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        _keys(sys.argv[2], over="over" in sys.argv[3:], desk="desk" in sys.argv[3:])
