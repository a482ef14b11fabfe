"""Jobs that wait, and dead ones with the code of their last error; `--revive ID` gives a dead one another round."""

from __future__ import annotations

import argparse

from vigil.cli.node import add_node_arguments, need_node, open_node, say
from vigil.core.errors import NotFound


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which node; what to revive."""
    add_node_arguments(parser)
    parser.add_argument("--revive", type=int, metavar="ID", help="try this dead job again")


def run(args: argparse.Namespace) -> int:
    """0, or 1 while there are dead jobs."""
    open_node(args)
    need_node()
    from vigil.platform import clock
    from vigil.platform.jobs import queue
    from vigil.platform.jobs.models import Job

    if args.revive is not None and not queue.revive(args.revive, clock.now()):
        raise NotFound(f"There is no dead job {args.revive}.")
    for job in Job.objects.exclude(state=Job.State.DONE).order_by("state", "run_after", "pk"):
        due = f"{job.run_after:%Y-%m-%dT%H:%M:%SZ}"
        say("\t".join((str(job.pk), job.state, job.kind, due, f"{job.attempts} attempts", job.last_error or "-")))
    dead = Job.objects.filter(state=Job.State.DEAD).count()
    say(f"{Job.objects.filter(state=Job.State.READY).count()} waiting, {dead} dead.")
    return 1 if dead else 0
