"""Import operations from a file into the node (see docs/guide/import.md).

Exit code: 0 complete, 3 INCOMPLETE (rows were refused, everything else was imported), 2 unusable input.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vigil.cli.node import add_node_arguments, console, need_node, open_node, say
from vigil.core.errors import Invalid

if TYPE_CHECKING:
    from vigil.apps.deconfliction.imports.importing import Checked
    from vigil.engine.formats.mapping import Mapping

COMPLETE, UNUSABLE, INCOMPLETE = 0, 2, 3
SHOWN_ROWS = 20
SETTLED = {
    "left": "Cancelled or ended here, the row unchanged, left as they are",
    "revived": "Cancelled or ended here, the row changed, registered again",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, how to read it, and whether to store it."""
    parser.add_argument("operations", type=Path, help="operations.csv, or with --map any CSV or Excel file")
    parser.add_argument("--dry-run", action="store_true", help="check every row; store nothing, search nothing")
    parser.add_argument("--strict", action="store_true", help="a bad row ends with exit code 2 and nothing stored")
    parser.add_argument("--json", action="store_true", help="print a summary for machines on standard output")
    parser.add_argument("--map", type=Path, metavar="FILE", help="TOML: field mapping of the file's own columns")
    parser.add_argument(
        "--doubled", choices=("refuse", "earlier", "later"), help="local times that occur twice (default: refuse)"
    )
    parser.add_argument("--agency", metavar="ORI", help="the agency of every row, where the file does not say")
    parser.add_argument("--contact-name", metavar="TEXT", help="the contact of every row, where the file has none")
    parser.add_argument("--contact-phone", metavar="TEXT", help="and the telephone number")
    add_node_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Check, and unless it is a dry run import."""
    open_node(args)
    need_node()
    from vigil.apps.deconfliction.imports import importing
    from vigil.platform import clock, turns

    turns.give_way()
    mapping = _mapping(args)
    data = _data(args.operations)
    if args.dry_run:
        checked = importing.check_file(console(), data, clock.now(), mapping)
        return _told(args, checked, {"operations": len(checked.entries), "known": checked.known, "over": checked.over})
    bar = _Bar()
    outcome = importing.import_file(console(), data, clock.now(), mapping, strict=args.strict, progress=bar.show)
    bar.clear()
    return _told(args, outcome.checked, dict(outcome.counts))


def _data(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Invalid.at("operations", sentence=f"{path} cannot be read: {error.strerror or error}.") from None


def _mapping(args: argparse.Namespace) -> Mapping:
    from dataclasses import replace

    from vigil.engine.formats.mapping import Mapping
    from vigil.engine.formats.tabular import UnusableInput

    try:
        mapping = Mapping.from_toml(_data(args.map).decode(errors="replace")) if args.map else Mapping()
    except UnusableInput as error:
        raise Invalid.at("map", sentence=str(error)) from None
    if args.doubled:
        mapping = mapping.with_doubled(args.doubled)
    given = {"agency_ori": args.agency, "contact_name": args.contact_name, "contact_phone": args.contact_phone}
    constants = {column: text for column, text in given.items() if text}
    return replace(mapping, constants={**mapping.constants, **constants})


def _told(args: argparse.Namespace, checked: Checked, counts: dict[str, Any]) -> int:
    if args.json:
        rows = [{"line": row.line, "column": row.column, "reason": row.reason} for row in checked.bad_rows]
        summary = {
            **counts,
            "complete": checked.complete,
            "bad_rows": rows,
            "excluded": list(checked.excluded),
            "vanished": list(checked.vanished),
            "flags": dict(checked.flags),
            "offers": [list(offer.operation_ids) for offer in checked.offers],
        }
        say(json.dumps(summary))
    else:
        _tell_people(args, checked, counts)
    return COMPLETE if checked.complete else INCOMPLETE


def _tell_people(args: argparse.Namespace, checked: Checked, counts: dict[str, Any]) -> None:
    for row in checked.bad_rows[:SHOWN_ROWS]:
        print(f"line {row.line}: {row.column + ': ' if row.column else ''}{row.reason}", file=sys.stderr)
    if len(checked.bad_rows) > SHOWN_ROWS:
        print(f"... and {len(checked.bad_rows) - SHOWN_ROWS} more bad rows (--json lists all)", file=sys.stderr)
    words = ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in counts.items() if isinstance(value, int))
    say(f"{'Checked, nothing stored' if args.dry_run else 'Imported'}: {words}")
    if checked.flags:
        say("Flagged: " + ", ".join(f"{count} {flag}" for flag, count in sorted(checked.flags.items())))
    if checked.vanished:
        say(f"No longer in the file, and kept: {', '.join(checked.vanished[:SHOWN_ROWS])}")
    for name, sentence in SETTLED.items():
        if name in counts:
            say(f"{sentence}: {', '.join(counts[name][:SHOWN_ROWS])}")
    for offer in checked.offers[:SHOWN_ROWS]:
        say(f"Joint reference {offer.joint_reference} of several agencies has no effect until each owner accepts.")
    if not checked.complete:
        say(f"INCOMPLETE: {len(checked.bad_rows)} rows were refused; they exclude {len(checked.excluded)} operations.")


class _Bar:
    """A line of progress on a terminal, nothing elsewhere."""

    def __init__(self) -> None:
        self.is_shown = sys.stderr.isatty()

    def show(self, done: int, total: int) -> bool:
        if self.is_shown:
            print(f"\r{done:,} of {total:,} operations", end="", file=sys.stderr, flush=True)
        return True

    def clear(self) -> None:
        if self.is_shown:
            print("\r" + " " * 40 + "\r", end="", file=sys.stderr, flush=True)
