"""Remove what the agencies' retention no longer allows to be kept. The running node does so by itself every hour."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from vigil.cli.node import add_node_arguments, console, need_node, open_node, say

if TYPE_CHECKING:
    from vigil.apps.deconfliction.past.purge import Plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which node, and whether only to say what would be done."""
    parser.add_argument("--dry-run", action="store_true", help="say what is due and what is held; remove nothing")
    add_node_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Say what is due and what is held, then (without `--dry-run`) remove it."""
    open_node(args)
    need_node()
    from vigil.apps.deconfliction.past import purge
    from vigil.platform import clock

    now = clock.now()
    wanted = purge.plan(now)
    _tell(wanted, "would be removed" if args.dry_run else "to be removed")
    if not args.dry_run and purge.purge(console(), now, wanted):
        say("Removed. Backups made before still hold it until you delete them.")
    return 0


def _tell(wanted: Plan, verb: str) -> None:
    from vigil.apps.deconfliction.past.purge import Step

    for step, noun in ((Step.PLACES, "places"), (Step.SUBJECTS, "subjects"), (Step.RECORD, "the record")):
        say(f"{noun} of {wanted.count(step):,} operation(s) {verb}")
    say(f"{wanted.drafts:,} old draft(s), details of {wanted.imports:,} import(s) {verb}")
    for held in wanted.held:
        because = " ".join(reason.value for reason in held.reasons)
        say(f"held: {held.reference}, due since {held.due_at:%Y-%m-%d}. {because} {', '.join(held.conflicts)}".rstrip())
