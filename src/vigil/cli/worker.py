"""Do the work that happens by itself: due searches, extensions, sealing of the audit trail, tidying; and bring alarms
out of the node and ask partners, in threads beside it.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading

from vigil.cli import serving
from vigil.cli.node import add_node_arguments, need_node, open_node

PARENT_SECONDS = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which node; and whether to end with the process that started this one."""
    add_node_arguments(parser)
    parser.add_argument("--with-parent", type=int, metavar="PID", help="end when this process, our parent, ends")


def run(args: argparse.Namespace) -> int:
    """Work until SIGTERM or SIGINT; the job and the messages in hand are finished first."""
    open_node(args)
    need_node()
    from vigil.apps.deconfliction.federation.lanes import Lanes
    from vigil.apps.deconfliction.field_tools.tak_link import TakLines
    from vigil.platform.delivery.sender import Sender
    from vigil.platform.jobs.worker import Worker

    worker = Worker()
    beside = [
        threading.Thread(target=Sender(stop=worker.stop).run_forever, name="sender"),
        threading.Thread(target=TakLines(worker.stop).run_forever, name="tak"),
        threading.Thread(target=Lanes(worker.stop).run_forever, name="lanes"),
    ]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop.set())
    if args.with_parent:
        # Its number is given: a parent that died while we started would otherwise never be missed.
        threading.Thread(target=_end_with, args=(args.with_parent, worker.stop), daemon=True).start()
    serving.settle()
    for thread in beside:
        thread.start()
    worker.run_forever()
    for thread in beside:
        thread.join()
    return 0


def _end_with(parent: int, stop: threading.Event) -> None:
    while not stop.wait(PARENT_SECONDS):
        if os.getppid() != parent:
            stop.set()
