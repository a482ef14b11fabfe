"""Write database and keys into one encrypted file, while the node works. The backup key opens it."""

from __future__ import annotations

import argparse
from pathlib import Path

from vigil.cli.node import add_node_arguments, console, need_node, open_node, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which node, and the file to write."""
    add_node_arguments(parser)
    parser.add_argument("file", type=Path, help="file to write; must not exist")


def run(args: argparse.Namespace) -> int:
    """Back up."""
    open_node(args)
    need_node()
    from django.conf import settings

    from vigil.config import backups
    from vigil.platform import clock
    from vigil.platform.agencies.actions import note_backup

    backups.write(args.file.absolute(), clock.now())
    note_backup(console(), args.file.stat().st_size)
    opened_by = backups.recipient_id(Path(settings.VIGIL_DATA_DIR))
    say(f"Wrote {args.file} ({args.file.stat().st_size:,} bytes). Backup key {opened_by} opens it.")
    return 0
