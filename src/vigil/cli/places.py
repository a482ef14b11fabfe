"""The streets of this node: `import` reads TIGER/Line shapefiles, GeoJSON or address points; `list`; `remove`.

Streets let people type an address where they give a place, and are drawn on the map. Files stay on this machine.

Exit code: 0 complete, 3 INCOMPLETE (features were refused, the others are in), 2 unusable input.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from vigil.cli.node import add_node_arguments, console, need_node, open_node, say

COMPLETE, INCOMPLETE = 0, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`import FILE... [--source NAME] [--dry-run]`, `list`, `remove NAME`."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    bring = verbs.add_parser("import", help="read files of streets, in place of an earlier import of the same name")
    bring.add_argument("files", type=Path, nargs="+", metavar="FILE", help=".shp, .geojson, .csv, or a .zip with one")
    bring.add_argument("--source", metavar="NAME", help="what to call this import (else the first file's name)")
    bring.add_argument("--dry-run", action="store_true", help="read and report, write nothing")
    add_node_arguments(bring)
    add_node_arguments(verbs.add_parser("list", help="what is imported"))
    remove = verbs.add_parser("remove", help="take an import out")
    remove.add_argument("source", metavar="NAME", help="its name, as `vigil places list` shows it")
    add_node_arguments(remove)


def run(args: argparse.Namespace) -> int:
    """Do one of the three."""
    open_node(args)
    need_node()
    return {"import": _import, "list": _list, "remove": _remove}[args.verb](args)


def _import(args: argparse.Namespace) -> int:
    from vigil.platform import clock
    from vigil.platform.gazetteer import loading

    progress, began = _Progress(), time.monotonic()
    if args.dry_run:
        outcome = loading.look(args.files, progress)
    else:
        name = args.source or args.files[0].name
        outcome = loading.load(console(), name, args.files, clock.now(), progress)
    progress.end()
    say(
        f"{'Nothing written. ' if args.dry_run else ''}{outcome.segments:,} street segments, "
        f"{outcome.points:,} address points, {outcome.left_out:,} features without a street's name left out, "
        f"in {time.monotonic() - began:.0f} s."
    )
    if not args.dry_run:
        say(f"{outcome.streets:,} street names are found from now on as {name!r}.")
        say(outcome.layer or "The map shows these streets.")
    for file, row in outcome.bad_rows:
        say(f"  {file}, {row.line:,}{', ' + row.column if row.column else ''}: {row.reason}")
    if outcome.refused > len(outcome.bad_rows):
        say(f"  … and {outcome.refused - len(outcome.bad_rows):,} more")
    if outcome.refused:
        say(f"INCOMPLETE: {outcome.refused:,} features refused.")
    return INCOMPLETE if outcome.refused else COMPLETE


class _Progress:
    """A line that grows on a terminal; elsewhere nothing, so that a log stays short."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    def __call__(self, name: str, read: int, total: int | None) -> None:
        if self._shown:
            share = f" of {total:,}" if total else ""
            print(f"\r\033[K{name}: {read:,}{share}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line empty."""
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _list(args: argparse.Namespace) -> int:
    from vigil.platform.gazetteer import queries

    known = queries.sources()
    for source in known:
        say(
            f"{source.name}: {source.segment_count:,} segments and {source.point_count:,} address points of "
            f"{source.street_count:,} streets, {source.refused_count:,} refused, imported "
            f"{source.imported_at:%Y-%m-%d}, {queries.area(source)}, "
            f"{'on the map' if source.has_tiles else 'not on the map'}"
        )
    if not known:
        say("No streets are imported. A typed address asks for a pin.")
    return COMPLETE


def _remove(args: argparse.Namespace) -> int:
    from vigil.platform.gazetteer import loading
    from vigil.platform.gazetteer.actions import remove_source

    remove_source(console(), args.source)
    loading.purge()
    say(f"{args.source} is removed, with its map layer.")
    return COMPLETE
