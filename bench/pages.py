"""Server time of every page with many operations: `python -m bench.pages [--active N]`.

A real server holds the active operations, half of them of the agency whose officer looks. Each page is asked for
again and again over one kept connection; the time is from sending the request to the last byte of the answer.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta

from bench.node import Running, served

GOAL_P95_MS = 100.0
DECONFLICTION = "/api/v1/deconfliction"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.pages", description=__doc__)
    parser.add_argument("--active", type=int, default=100_000, help="active operations (100000)")
    parser.add_argument("--requests", type=int, default=40, help="requests a page (40)")
    args = parser.parse_args()
    missed = []
    with served(args.active) as node:
        print(f"{args.active:,} active operations")
        print(f"{'page':44}{'status':>7}{'median ms':>11}{'p95 ms':>9}{'kB':>8}")
        for path in _paths(node):
            status, times, size = _ask(node, path, args.requests)
            p95 = sorted(times)[len(times) * 95 // 100]
            print(f"{path[:43]:44}{status:7}{statistics.median(times):11.1f}{p95:9.1f}{size / 1e3:8.1f}")
            if status != 200 or p95 > GOAL_P95_MS:
                missed.append(path)
    if missed:
        sys.exit(f"Missed: {GOAL_P95_MS:.0f} ms at the 95th percentile, or not answered: {', '.join(missed)}")


def _paths(node: Running) -> list[str]:
    """The pages, with one operation of the largest agency."""
    import json

    connection = node.connect()
    headers = {"Authorization": f"Bearer {node.token}"}
    connection.request("GET", f"{DECONFLICTION}/operations?limit=1", headers=headers)
    operation = json.loads(connection.getresponse().read())["items"][0]["id"]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT00:00:00Z")
    return [
        "/",
        "/operations/",
        "/operations/?when=all",
        f"/operations/{operation}/",
        "/operations/register/",
        "/conflicts/",
        "/map/",
        f"{DECONFLICTION}/operations",
        f"{DECONFLICTION}/operations?from={tomorrow}&limit=200",
        f"{DECONFLICTION}/operations/{operation}",
        f"{DECONFLICTION}/conflicts",
        f"{DECONFLICTION}/receipts",
    ]


def _ask(node: Running, path: str, count: int) -> tuple[int, list[float], int]:
    headers = {"Cookie": f"vigil_session={node.session}", "Authorization": f"Bearer {node.token}"}
    connection, times, status, size = node.connect(), [], 0, 0
    for number in range(count + 3):
        start = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        size = len(answer.read())
        if number >= 3:
            times.append((time.perf_counter() - start) * 1e3)
        status = answer.status
    connection.close()
    return status, times, size


if __name__ == "__main__":
    main()
