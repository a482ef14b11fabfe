"""The agencies around the node: `import` reads the FBI's agency list, so that receipts name those that no node serves.

Exit code: 0 complete, 3 INCOMPLETE (rows were refused, the others are in), 2 unusable input.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from vigil.cli.node import add_node_arguments, console, need_node, open_node, say
from vigil.core.errors import Unavailable

COMPLETE, INCOMPLETE = 0, 3
SHOWN_ROWS = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`import FILE`."""
    verb = parser.add_subparsers(dest="verb", required=True).add_parser("import", help="read a list of agencies")
    verb.add_argument("file", type=Path, help="CSV, Excel or JSON with ORI, name, type, county, latitude, longitude")
    add_node_arguments(verb)


def run(args: argparse.Namespace) -> int:
    """Import, and tell what came in and what did not."""
    open_node(args)
    need_node()
    from vigil.engine.formats.tabular import UnusableInput
    from vigil.platform.agencies.actions import import_agencies
    from vigil.platform.agencies.listing import read_listing

    try:
        listed, bad = read_listing(args.file)
    except UnusableInput as error:
        raise Unavailable(str(error)) from None
    counts = import_agencies(console(), listed)
    say(
        f"{counts.created:,} agencies new, {counts.updated:,} updated, {counts.same:,} the same, "
        f"{counts.served:,} served here and left as they are."
    )
    for row in bad[:SHOWN_ROWS]:
        say(f"  line {row.line}, {row.column}: {row.reason}")
    if len(bad) > SHOWN_ROWS:
        say(f"  … and {len(bad) - SHOWN_ROWS:,} more")
    if bad:
        say(f"INCOMPLETE: {len(bad):,} rows refused.")
    return INCOMPLETE if bad else COMPLETE
