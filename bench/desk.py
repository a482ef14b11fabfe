"""Server time of the watch desk with many open conflicts: `python -m bench.desk [--conflicts 500] [--requests 100]`.

A real server, and what one screen of the desk asks it for: the queue with the first conflict in hand (also each time
that anything changes), one in the middle of the queue, the wall view and the heartbeat. The peer is the same desk with
nothing open: what remains is the page around it.
"""

from __future__ import annotations

import argparse
import re
import sys
from uuid import uuid4

from bench.node import Running, served
from bench.pages import Request, report

ACTIVE = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.desk", description=__doc__)
    parser.add_argument("--conflicts", type=int, default=500, help="open conflicts (500)")
    parser.add_argument("--requests", type=int, default=100, help="requests a page (100)")
    args = parser.parse_args()
    with served(ACTIVE, meetings=0) as node:
        print("peer: no meeting")
        report(node, _asked(node), args.requests)
    with served(ACTIVE, meetings=args.conflicts) as node:
        print(f"{args.conflicts} meetings")
        missed = report(node, _asked(node), args.requests)
    if missed:
        sys.exit(f"Missed: 100 ms at the 95th percentile, or not answered: {', '.join(missed)}")


def _asked(node: Running) -> list[Request]:
    connection = node.connect()
    connection.request("GET", "/desk/", headers={"Cookie": f"vigil_session={node.session}"})
    page = connection.getresponse().read().decode()
    listed = re.findall(r'href="(/desk/[0-9a-f-]{36}/)"', page)
    said = re.search(r"(\d+) open, ", page)
    print(f"the desk says {said.group(1) if said else 'nothing'} open, and lists {len(listed)}")
    in_hand = [Request(listed[len(listed) // 2])] if listed else []
    beat = Request("/desk/heartbeat/", str(uuid4()), "screen")
    return [Request("/desk/"), *in_hand, Request("/desk/wall/"), beat]


if __name__ == "__main__":
    main()
