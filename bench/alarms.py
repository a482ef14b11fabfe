"""From the commit of an alarm to who must learn of it: `python -m bench.alarms [--listeners 500] [--alarms 120]`.

A real server with its worker, and beside it a process that commits alarms one after another: a notice and an SMS in one
transaction. Timed from the moment at which the commit returned: until the event has arrived on the live stream of each
listening page, and until the SMS is in the hands of a gateway (`vigil gateway`'s). The clock is the machine's monotonic
one, the same for all processes.

The peer is a bare program without database, session or HTTP: it writes the same bytes to as many sockets. What it takes
is the floor of the machine in that very run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.node import ROOT, Running, served

GOAL_PAGE_MS, GOAL_GATEWAY_MS = 250.0, 1_000.0
BETWEEN_SECONDS = 0.4
SETTLE_SECONDS = 2.0
BURST = 25
"""Listeners that connect at a time."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.alarms", description=__doc__)
    parser.add_argument("--listeners", type=int, default=500, help="open pages (500)")
    parser.add_argument("--alarms", type=int, default=120, help="alarms committed one after another (120)")
    parser.add_argument("--active", type=int, default=1_000, help="active operations of the node (1000)")
    args = parser.parse_args()
    secret = secrets.token_urlsafe(32)
    from vigil.cli.gateway import SEND, TestGateway

    gateway = TestGateway(secret, lambda headers, body: {}).start()
    arrived: dict[str, float] = {}
    gateway.arrived = lambda message_id: arrived.setdefault(message_id, time.monotonic())
    os.environ |= {"VIGIL_GATEWAY_URL": gateway.url + SEND, "VIGIL_GATEWAY_SECRET": secret}
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {args.listeners} listeners")
    with served(args.active) as node:
        committed, heard, cpu = asyncio.run(_listen(node, args.listeners, args.alarms))
    gateway.close()
    pages = [(at - one.at) * 1e3 for one in committed for at in heard.get(one.notice, ())]
    missed = args.listeners * len(committed) - len(pages)
    handed = [(arrived[one.delivery] - one.at) * 1e3 for one in committed if one.delivery in arrived]
    floor = asyncio.run(_floor(args.listeners, len(committed)))
    print(f"{'from the commit to':34}{'count':>8}{'median ms':>11}{'p99 ms':>9}{'worst ms':>10}")
    _line("every listening page", pages)
    _line("the gateway", handed)
    _line("peer: sockets of a bare program", floor)
    print(f"page / peer, median: {statistics.median(pages) / statistics.median(floor):.0f}")
    print(f"processor time of the answering process: {cpu / len(committed) * 1e3:.0f} ms an alarm")
    print(f"load average {os.getloadavg()[0]:.1f} at the end")
    wrong = [
        what
        for what, is_wrong in (
            (f"{missed} events never arrived", missed > 0),
            (f"{len(committed) - len(handed)} messages were not handed over", len(handed) < len(committed)),
            (f"{GOAL_PAGE_MS:.0f} ms to the page", _p99(pages) > GOAL_PAGE_MS),
            (f"{GOAL_GATEWAY_MS:.0f} ms to the gateway", _p99(handed) > GOAL_GATEWAY_MS),
        )
        if is_wrong
    ]
    if wrong:
        sys.exit(f"Missed: {', '.join(wrong)}")


def _p99(times: Sequence[float]) -> float:
    return sorted(times)[len(times) * 99 // 100] if times else float("inf")


def _line(name: str, times: Sequence[float]) -> None:
    median = statistics.median(times) if times else float("inf")
    print(f"{name:34}{len(times):8}{median:11.1f}{_p99(times):9.1f}{max(times, default=0):10.1f}")


class Committed:
    """One alarm: the ids of its notice and its delivery, and when its commit returned."""

    def __init__(self, line: str) -> None:
        self.notice, self.delivery, at = line.split()
        self.at = float(at)


async def _listen(node: Running, listeners: int, alarms: int) -> tuple[list[Committed], dict[str, list[float]], float]:
    """What was committed, when each page heard of it, and what processor time the server took for that."""
    heard: dict[str, list[float]] = {}
    tasks: list[asyncio.Task[None]] = []
    while len(tasks) < listeners:
        ready = [asyncio.Event() for _ in range(min(BURST, listeners - len(tasks)))]
        tasks += [asyncio.create_task(_one(node, heard, event)) for event in ready]
        await asyncio.gather(*(event.wait() for event in ready))
    print(f"{listeners} listen", flush=True)
    before = node.cpu_seconds()
    command = [sys.executable, "-m", "bench.alarms", "commit", str(node.folder), str(alarms)]
    child = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE)
    said, _ = await child.communicate()
    await asyncio.sleep(SETTLE_SECONDS)
    cpu = node.cpu_seconds() - before
    for task in tasks:
        task.cancel()
    return [Committed(line) for line in said.decode().splitlines()], heard, cpu


async def _one(node: Running, heard: dict[str, list[float]], ready: asyncio.Event) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    cookie = f"Cookie: vigil_session={node.session}"
    writer.write(f"GET /live/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}\r\n\r\n".encode())
    event = b""
    try:
        async for line in reader:
            if line.startswith(b"event: "):
                event = line[7:].strip()
            elif line.startswith(b"data: ") and event == b"heartbeat":
                ready.set()
            elif line.startswith(b"data: ") and event == b"notice":
                heard.setdefault(line.split(b'"')[3].decode(), []).append(time.monotonic())
    finally:
        writer.close()


async def _floor(listeners: int, alarms: int) -> list[float]:
    """Milliseconds from a write to its arrival, for as many sockets, in one process."""
    writers: list[asyncio.StreamWriter] = []
    times: list[float] = []
    began = 0.0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)

    async def listen(port: int) -> None:
        reader, _ = await asyncio.open_connection("127.0.0.1", port)
        while line := await reader.readline():
            if line.startswith(b"data: "):
                times.append((time.monotonic() - began) * 1e3)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=listeners)
    port = server.sockets[0].getsockname()[1]
    tasks = [asyncio.create_task(listen(port)) for _ in range(listeners)]
    while len(writers) < listeners:
        await asyncio.sleep(0.05)
    text = f'id: 1\nevent: notice\ndata: {{"notice": "{"0" * 36}", "kind": "bench.alarm"}}\n\n'.encode()
    for _ in range(min(alarms, 20)):
        began = time.monotonic()
        for writer in writers:
            writer.write(text)
        await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    server.close()
    return times


def _commit(folder: str, alarms: int) -> None:
    """In a process of its own: commit alarms, and say of each when its commit had returned."""
    from bench.node import _open

    _open(folder)
    from datetime import timedelta
    from uuid import uuid4

    from vigil.platform import clock
    from vigil.platform.accounts.models import User
    from vigil.platform.delivery import outbox
    from vigil.platform.delivery.addresses import Address
    from vigil.platform.delivery.deliveries import TEST
    from vigil.platform.delivery.models import Channel
    from vigil.platform.notices.board import notify
    from vigil.platform.turns import writing

    user, address = User.objects.get(username="bench").pk, Address(Channel.SMS, "+14105550100")
    for _ in range(alarms):
        about, now = uuid4(), clock.now()
        until = now + timedelta(hours=1)
        with writing():
            (notice,) = notify([user], "bench.alarm", "Bench.", objects={}, key=str(about), urgent=True, at=now)
            (sent,) = outbox.send([address], TEST, key=str(about), about=about, at=now, until=until, urgent=True)
        print(notice.pk, sent.pk, time.monotonic(), flush=True)
        time.sleep(BETWEEN_SECONDS)


if __name__ == "__main__":
    if sys.argv[1:2] == ["commit"]:
        _commit(str(Path(sys.argv[2])), int(sys.argv[3]))
    else:
        main()
