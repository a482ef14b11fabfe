"""Submissions over HTTP beside the disk's own floor: `python -m bench.submit [--active N]`.

A real server (`vigil serve` with its worker) on SQLite with `synchronous=FULL` holds the active operations; each
submission registers, searches and is answered with its determination. Peer in the same run: plain SQLite commits with
`synchronous=FULL` on the same disk. A submission needs two of them (commit, then search), so twice one is the floor.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.node import CONTACT, ROOT, Running, points, served

GOAL_MEDIAN_MS, GOAL_P99_MS, GOAL_RATE = 25.0, 100.0, 100.0
WARM_UP = 30


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.submit", description=__doc__)
    parser.add_argument("--active", type=int, default=100_000, help="active operations (100000)")
    parser.add_argument("--requests", type=int, default=500, help="submissions of the one client (500)")
    parser.add_argument("--clients", type=int, default=8, help="clients at once (8)")
    parser.add_argument("--importing", type=int, default=0, help="rows that are imported meanwhile, another run (0)")
    args = parser.parse_args()
    if args.importing:
        with served(args.active) as node:
            _beside_import(node, args.importing)
        return
    with served(args.active) as node:
        bodies = [_body(*point) for point in points(args.requests * 3 + WARM_UP, seed=2)]
        _submit(node, bodies[:WARM_UP])
        floor_ms = 2 * commit_ms(args.requests)
        times, errors = _submit(node, bodies[WARM_UP : WARM_UP + args.requests])
        rate, failed = _together(node, bodies[WARM_UP + args.requests :], args.clients)
    median, p99 = statistics.median(times), sorted(times)[len(times) * 99 // 100]
    print(f"{args.active:,} active operations, record on disk (synchronous=FULL)")
    print(f"floor, two plain SQLite commits     {floor_ms:8.2f} ms   {1e3 / floor_ms:7.0f} /s")
    print(f"one client, median                  {median:8.2f} ms   {median / floor_ms:7.1f} times the floor")
    print(f"one client, 99th percentile         {p99:8.2f} ms   {p99 / floor_ms:7.1f} times the floor")
    share = rate * floor_ms / 1e3
    print(f"{args.clients} clients at once                   {rate:8.1f} /s   {share:7.2f} of the floor's rate")
    print(f"errors                              {errors + failed:8d}")
    if median > GOAL_MEDIAN_MS or p99 > GOAL_P99_MS or rate < GOAL_RATE or errors + failed:
        sys.exit(f"Missed: median {GOAL_MEDIAN_MS} ms, p99 {GOAL_P99_MS} ms, {GOAL_RATE:.0f} a second, no error.")


def _body(longitude: float, latitude: float, start: int, lasts: int) -> bytes:
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=start)
    plan = {
        "operation_type": "search_warrant",
        "sites": [{"latitude": latitude, "longitude": longitude, "source": "pin"}],
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(minutes=lasts)).isoformat(),
        "lead_contact": CONTACT,
    }
    return json.dumps(plan).encode()


def _submit(node: Running, bodies: list[bytes]) -> tuple[list[float], int]:
    """Milliseconds of each answer, and how many were no registration."""
    headers = {"Authorization": f"Bearer {node.token}", "Content-Type": "application/json"}
    connection, times, errors = node.connect(), [], 0
    for body in bodies:
        start = time.perf_counter()
        connection.request("POST", "/api/v1/deconfliction/operations", body, headers)
        answer = connection.getresponse()
        made = json.loads(answer.read())
        times.append((time.perf_counter() - start) * 1e3)
        errors += answer.status != 201 or made["determination"] not in ("no_known_conflict", "conflict")
    connection.close()
    return times, errors


def _beside_import(node: Running, rows: int) -> None:
    """One client while `vigil import` stores another agency's file, and the worker what both bring."""
    file = node.folder / "import.csv"
    file.write_text("".join(_lines(rows)), encoding="utf-8")
    command = [sys.executable, "-m", "vigil.cli.main", "import", str(file), "--data", str(node.folder)]
    times: list[float] = []
    errors = 0
    start = time.perf_counter()
    importing = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for point in points(rows * 10, seed=3):
        if importing.poll() is not None:
            break
        took, failed = _submit(node, [_body(*point)])
        times += took
        errors += failed
    took_s = time.perf_counter() - start
    said = importing.communicate()[0]
    in_order = sorted(times)
    print(f"{rows:,} rows imported in {took_s:.1f} s, exit {importing.returncode}")
    print(f"one client meanwhile, {len(times)} submissions: median {statistics.median(times):.1f} ms, 95th percentile")
    print(f"{in_order[len(times) * 95 // 100]:.0f} ms, longest {in_order[-1]:.0f} ms, errors {errors}")
    if importing.returncode or errors:
        sys.exit(f"Missed: no error.\n{said[-1000:]}")


def _lines(rows: int) -> Iterator[str]:
    yield "operation_id,agency_ori,operation_type,starts_at,ends_at,latitude,longitude,contact_name,contact_phone\n"
    now = datetime.now(UTC).replace(microsecond=0)
    for number, (longitude, latitude, start, lasts) in enumerate(points(rows, seed=4)):
        times = (now + timedelta(minutes=minutes) for minutes in (start, start + lasts))
        said = (*(at.isoformat() for at in times), latitude, longitude, CONTACT["name"], CONTACT["phone"])
        yield f"imported-{number},MD0000001,search_warrant,{','.join(map(str, said))}\n"


def _together(node: Running, bodies: list[bytes], clients: int) -> tuple[float, int]:
    """Submissions a second of all clients, and errors."""
    failed = [0] * clients

    def client(number: int) -> None:
        try:
            failed[number] = _submit(node, bodies[number::clients])[1]
        except (OSError, ValueError):
            failed[number] = len(bodies[number::clients])

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(bodies) / (time.perf_counter() - start), sum(failed)


def commit_ms(count: int) -> float:
    """Median of one plain commit of a kilobyte with WAL and synchronous=FULL, on the disk where nodes live."""
    times = []
    with tempfile.TemporaryDirectory(dir=ROOT / "data") as folder:
        database = sqlite3.connect(Path(folder) / "floor.sqlite3", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, body BLOB)")
        for _ in range(count):
            start = time.perf_counter()
            database.execute("BEGIN IMMEDIATE")
            database.execute("INSERT INTO row (body) VALUES (?)", (b"x" * 1024,))
            database.execute("COMMIT")
            times.append((time.perf_counter() - start) * 1e3)
        database.close()
    return statistics.median(times)


if __name__ == "__main__":
    main()
