"""Server time of every page with many operations: `python -m bench.pages [--active N]`.

A real server holds the active operations, half of them of the agency whose officer looks. Each page is asked for
again and again over one kept connection; the time is from sending the request to the last byte of the answer, beside it
the processor time that one answer takes, which a busy machine does not change. Then the same for what is over.
"""

from __future__ import annotations

import argparse
import secrets
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from bench.node import Running, served

GOAL_P95_MS = 100.0
WARM = 3
DECONFLICTION = "/api/v1/deconfliction"
CSRF_COOKIE = "vigil_csrf"


@dataclass(frozen=True)
class Request:
    """A page that is asked for; with `text` that is sent as a form sends it, a search unless `field` says otherwise."""

    path: str
    text: str = ""
    field: str = "text"

    @property
    def name(self) -> str:
        return f"{self.path} {self.text}".strip()


PAST = tuple(
    map(
        Request,
        (
            "/history/",
            "/history/?when=all",
            "/history/?outcome=not_recorded",
            "/history/?outcome=no_conflict",
            "/timeline/",
            "/operations/?when=past",
        ),
    )
)


SEARCHED = ("000123", "BEN-26-0001", "Bench Desk", "410-555-0100", "search warrant")
"""A number, the beginning of numbers, the lead contact and the telephone of every operation, a type."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.pages", description=__doc__)
    parser.add_argument("--active", type=int, default=100_000, help="active operations (100000)")
    parser.add_argument("--requests", type=int, default=40, help="requests a page (40)")
    args = parser.parse_args()
    missed = []
    with served(args.active) as node:
        print(f"{args.active:,} active operations")
        missed += report(node, _paths(node), args.requests)
    with served(args.active, over=True) as node:
        print("the same operations, all over")
        missed += report(node, PAST, args.requests)
    if missed:
        sys.exit(f"Missed: {GOAL_P95_MS:.0f} ms at the 95th percentile, or not answered: {', '.join(missed)}")


def report(node: Running, asked: Sequence[Request], count: int) -> list[str]:
    """Print a line a request; those that missed the goal."""
    print(f"{'page':44}{'status':>7}{'median ms':>11}{'p95 ms':>9}{'CPU ms':>8}{'kB':>8}")
    missed = []
    for one in asked:
        status, times, cpu, size = _ask(node, one, count)
        p95 = sorted(times)[len(times) * 95 // 100]
        print(f"{one.name[:43]:44}{status:7}{statistics.median(times):11.1f}{p95:9.1f}{cpu:8.1f}{size / 1e3:8.1f}")
        if status not in (200, 204) or p95 > GOAL_P95_MS:
            missed.append(one.name)
    return missed


def _paths(node: Running) -> list[Request]:
    """The pages, with one operation of the largest agency."""
    import json

    connection = node.connect()
    headers = {"Authorization": f"Bearer {node.token}"}
    connection.request("GET", f"{DECONFLICTION}/operations?limit=1", headers=headers)
    operation = json.loads(connection.getresponse().read())["items"][0]["id"]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT00:00:00Z")
    pages = (
        "/",
        "/operations/",
        "/operations/?when=all",
        f"/operations/{operation}/",
        "/operations/register/",
        "/conflicts/",
        "/map/",
        "/timeline/",
        "/timeline/?span=day",
        "/history/",
        "/study/",
        "/find/",
        f"{DECONFLICTION}/operations",
        f"{DECONFLICTION}/operations?from={tomorrow}&limit=200",
        f"{DECONFLICTION}/operations/{operation}",
        f"{DECONFLICTION}/conflicts",
        f"{DECONFLICTION}/receipts",
    )
    return [*map(Request, pages), *(Request("/find/", text) for text in SEARCHED)]


def _ask(node: Running, asked: Request, count: int) -> tuple[int, list[float], float, int]:
    """Status, elapsed milliseconds of each, processor milliseconds of one on average, bytes."""
    token = secrets.token_hex(16)
    cookies = f"vigil_session={node.session}; {CSRF_COOKIE}={token}"
    headers = {"Cookie": cookies, "Authorization": f"Bearer {node.token}", "X-CSRFToken": token}
    body = None
    if asked.text:
        body, headers["Content-Type"] = urlencode({asked.field: asked.text}), "application/x-www-form-urlencoded"
    connection, times, status, size = node.connect(), [], 0, 0
    before = 0.0
    for number in range(count + WARM):
        if number == WARM:
            before = node.cpu_seconds()
        start = time.perf_counter()
        connection.request("POST" if asked.text else "GET", asked.path, body, headers)
        answer = connection.getresponse()
        size = len(answer.read())
        if number >= WARM:
            times.append((time.perf_counter() - start) * 1e3)
        status = answer.status
    connection.close()
    return status, times, (node.cpu_seconds() - before) / count * 1e3, size


if __name__ == "__main__":
    main()
