"""Fifty reports a second at the door without names: `python -m bench.door [--rate N] [--seconds N]`.

Measured is `vigil door` itself, a process of its own over HTTP on the loopback: each report is posted with a ripe
ticket, checked for what may not be sent, hashed twice (Argon2id, 8 MiB, two passes), sealed to three reviewers and the
reporter (HPKE), and committed to disk; its receipt is read from the answer. Reports leave at a fixed rate whether
earlier ones are answered or not. Afterwards as many receipts as were shown must be in the drop, each once. The door's
processor time for a report tells what an otherwise idle machine can do.

The peer is what SecureDrop asks of its server for each new source: two scrypts (N = 2^14, r = 8, p = 1), nothing else,
on as many threads as there are cores, in the same run. It is a bound from above, not its whole submission.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sqlite3
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tests.door.served import Served, hidden, receipt_on, served

from vigil.door import receipts, tickets

STORY = (
    "At night my partner and I went to a burglar alarm at an empty industrial building. Two detectives from another "
    "agency were already inside. One stepped out of a dark office with his gun drawn. We had no shared channel."
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CLIENTS = 64


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="bench.door", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rate", type=int, default=50, help="reports a second (50)")
    parser.add_argument("--seconds", type=int, default=10, help="for how long (10)")
    args = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before")
    _hashes()
    with tempfile.TemporaryDirectory(prefix="vigil-bench-") as folder, served(Path(folder)) as door:
        count = args.rate * args.seconds
        bodies = _bodies(door, count)
        # The crowd itself makes tickets ripen slower: wait as long as it will at the end.
        time.sleep(tickets.RIPE_SECONDS + count // tickets.CROWD + 1)
        before = _processor(door.process.pid)
        took, waits, shown, errors = _send(door, bodies, args.rate)
        spent = (_processor(door.process.pid) - before) / count
        with sqlite3.connect(f"file:{folder}/door.sqlite3?mode=ro", uri=True) as drop:
            kept = drop.execute("SELECT count(*) FROM door_report").fetchone()[0]
    waits.sort()
    print(f"vigil door: {count} reports at {args.rate}/s, {count / took:.1f}/s answered, {len(errors)} errors")
    for error in sorted(set(errors)):
        print(f"  {errors.count(error)} times {error}")
    print(f"  median {statistics.median(waits):.2f} s, 99th {waits[int(len(waits) * 0.99) - 1]:.2f} s")
    cores = os.cpu_count() or 1
    print(f"  {spent * 1000:.0f} ms of processor time a report: {cores / spent:.0f}/s on {cores} idle cores")
    print(f"  {len(shown)} different receipts shown, {kept} reports in the drop")


def _processor(pid: int) -> float:
    """Seconds of processor time that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _hashes() -> None:
    """What the slow hashes alone allow, on all cores: ours and the peer's."""

    def ours() -> None:
        receipts.slow("0" * 16, b"n" * 16)
        receipts.slow("0" * 16, b"k" * 16)

    def peer() -> None:
        for salt in (b"n" * 16, b"k" * 16):
            hashlib.scrypt(b"0" * 16, salt=salt, n=2**14, r=8, p=1, maxmem=2**26)

    for name, work in (("our two Argon2id", ours), ("SecureDrop's two scrypt", peer)):
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            began = time.perf_counter()
            for done in [pool.submit(work) for _ in range(60)]:
                done.result()
            print(f"{name} alone: {60 / (time.perf_counter() - began):.0f} reports/s")


def _bodies(door: Served, count: int) -> list[str]:
    """A filled form with a ticket of its own for each report, as it stands on the last page."""
    with ThreadPoolExecutor(8) as pool:
        pages = pool.map(lambda _: door.get("/report/"), range(count))
        carried = [[field for field in hidden(page) if field[0] != "step"] for page in pages]
    return [urlencode([*fields, ("step", "send"), ("happened", STORY), ("go", "send")]) for fields in carried]


def _send(door: Served, bodies: list[str], rate: int) -> tuple[float, list[float], set[str], list[str]]:
    """Seconds until the last answer, seconds each waited, receipts, and what went wrong."""
    where, waits, errors = urlsplit(door.url), list[float](), list[str]()
    shown: set[str] = set()
    local = threading.local()

    def one(body: str, due: float) -> None:
        try:
            connection = getattr(local, "connection", None) or HTTPConnection(
                str(where.hostname), where.port, timeout=60
            )
            local.connection = connection
            connection.request("POST", "/report/", body, FORM)
            answer = connection.getresponse()
            page = answer.read().decode()
            if answer.status != 200:
                errors.append(f"status {answer.status}")
            else:
                shown.add(receipt_on(page))
        except OSError as error:
            local.connection = None
            errors.append(type(error).__name__)
        waits.append(time.perf_counter() - due)

    with ThreadPoolExecutor(CLIENTS) as pool:
        began = time.perf_counter()
        for number, body in enumerate(bodies):
            due = began + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            pool.submit(one, body, due)
    return time.perf_counter() - began, waits, shown, errors


if __name__ == "__main__":
    main()
