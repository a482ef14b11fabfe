"""Bring a backup back. The node draws a new epoch, so that partners ask again; stop the node first."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vigil.cli.node import add_node_arguments, console, open_node, say

if TYPE_CHECKING:
    from vigil.config.envelope import PrivateKey


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which node, which backup, and whether data may be replaced."""
    add_node_arguments(parser)
    parser.add_argument("file", type=Path, help="backup to restore")
    parser.add_argument(
        "--backup-key",
        type=Path,
        metavar="FILE",
        help="file of the backup key (else backup-key.txt of the data folder)",
    )
    parser.add_argument("--replace", action="store_true", help="move the present data aside")


def run(args: argparse.Namespace) -> int:
    """Restore."""
    open_node(args)
    from django.conf import settings

    from vigil.apps.deconfliction.federation import epochs
    from vigil.apps.deconfliction.past import purge
    from vigil.config import backups, database
    from vigil.core.errors import Unavailable
    from vigil.platform import clock

    data = Path(settings.VIGIL_DATA_DIR)
    if data.exists() and database.holds_data(data) and not args.replace:
        raise Unavailable(f"{data} already holds data. Stop the node and add --replace: it is then moved aside.")
    encrypted = backups.is_encrypted(args.file)
    aside = backups.unpack(args.file.absolute(), clock.now(), _backup_key(args, data) if encrypted else None)
    database.prepare(clock.now())
    epochs.begin_new_epoch(console(), clock.now())
    # The backup holds what was purged since: it goes again before anybody can read it.
    purge.purge(console(), clock.now())
    if aside:
        say(f"The data of before is in {aside}.")
    if not encrypted:
        say("This backup was written before backups were encrypted: write a new one and destroy it.")
    say("Restored. The node has a new epoch: it asks its partners about everything active again, and they ask it.")
    return 0


def _backup_key(args: argparse.Namespace, data: Path) -> PrivateKey | None:
    """The private half: from the file that was named, from the data folder, or typed by who is there."""
    from vigil.config import backups, envelope

    file = args.backup_key or data / backups.PRIVATE
    if args.backup_key or file.exists():
        return envelope.read_private(file.read_text(encoding="utf-8"))
    if sys.stdin.isatty():
        return envelope.read_private(getpass.getpass("The backup key, 16 groups of four signs (not shown): "))
    return None
