"""Bring the database up to date. Real data is backed up first; a database newer than the code is refused."""

from __future__ import annotations

import argparse

from vigil.cli.node import add_node_arguments, open_node, say
from vigil.cli.setup import tell_backup_key


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which node."""
    add_node_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Migrate."""
    open_node(args)
    from vigil.config import database
    from vigil.platform import clock

    written = database.prepare(clock.now())
    if written:
        say(f"Backup of before the migration: {written}")
    tell_backup_key()
    say("The database is up to date.")
    return 0
