"""Bring a backup back. The node draws a new epoch, so that partners ask again; stop the node first."""

from __future__ import annotations

import argparse
from pathlib import Path

from vigil.cli.node import add_node_arguments, console, open_node, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which node, which backup, and whether data may be replaced."""
    add_node_arguments(parser)
    parser.add_argument("file", type=Path, help="backup to restore")
    parser.add_argument("--replace", action="store_true", help="move the present data aside")


def run(args: argparse.Namespace) -> int:
    """Restore."""
    open_node(args)
    from django.conf import settings

    from vigil.apps.deconfliction.past import purge
    from vigil.config import backups, database
    from vigil.core.errors import Unavailable
    from vigil.platform import clock

    data = Path(settings.VIGIL_DATA_DIR)
    backups.read_manifest(args.file)
    if data.exists() and database.holds_data(data) and not args.replace:
        raise Unavailable(f"{data} already holds data. Stop the node and add --replace: it is then moved aside.")
    aside = backups.unpack(args.file.absolute(), clock.now())
    database.prepare(clock.now())
    backups.begin_new_epoch(console())
    # The backup holds what was purged since: it goes again before anybody can read it.
    purge.purge(console(), clock.now())
    if aside:
        say(f"The data of before is in {aside}.")
    say("Restored. The node has a new epoch.")
    return 0
