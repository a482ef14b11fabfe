"""Near misses of other services in the library: `import` reads an export, `list`, `remove`; `demo` loads made-up ones.

A report is known by its source and number: the same file twice changes nothing. A file with a bad row is not imported.
What comes in is shown as another service's and never counted among law enforcement's lessons.

Exit code: 0 done, 2 unusable input: nothing was stored.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vigil.cli.node import add_node_arguments, console, need_node, open_node, say
from vigil.core.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from vigil.apps.near_miss.foreign.lessons import Checked
    from vigil.apps.near_miss.foreign.mapping import Source

DONE, UNUSABLE = 0, 2
SHOWN_ROWS, SHOWN_WORDS = 20, 5
DEMO = {"demo-aviation": "aviation.csv", "demo-fire": "fire.csv"}
"""Of a made-up source, its file in the package."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`import FILE --format asrs|firefighter [--dry-run]`, `list`, `remove SOURCE`, `demo`."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    bring = verbs.add_parser("import", help="read an export of another service into the library")
    bring.add_argument("file", type=Path, metavar="FILE", help="a CSV file as the service gives it out")
    bring.add_argument("--format", choices=("asrs", "firefighter"), required=True, help="whose export it is")
    bring.add_argument("--dry-run", action="store_true", help="check every row and every text; store nothing")
    bring.add_argument("--json", action="store_true", help="print a summary for machines on standard output")
    add_node_arguments(bring)
    add_node_arguments(verbs.add_parser("list", help="which sources are in the library"))
    take_out = verbs.add_parser("remove", help="take every report of a source out")
    take_out.add_argument("source", metavar="SOURCE", help="its code, as `vigil near-miss list` shows it")
    add_node_arguments(take_out)
    add_node_arguments(verbs.add_parser("demo", help="load made-up reports of both kinds into a demo node"))


def run(args: argparse.Namespace) -> int:
    """Do one of the four."""
    open_node(args)
    need_node()
    return {"import": _import, "list": _list, "remove": _remove, "demo": _demo}[args.verb](args)


def _import(args: argparse.Namespace) -> int:
    from vigil.apps.near_miss.foreign.mapping import SOURCES

    try:
        content = args.file.read_bytes()
    except OSError as error:
        raise Invalid.at("file", sentence=f"{args.file} cannot be read: {error.strerror or error}.") from None
    return _take(args, content, SOURCES[args.format])


def _take(args: argparse.Namespace, content: bytes, source: Source) -> int:
    from vigil.apps.near_miss.foreign import lessons
    from vigil.platform import clock

    bar, today = _Bar(), clock.now().date()
    checked = lessons.check(content, source, today, bar.show)
    if not checked.bad_rows and not args.dry_run:
        lessons.take_in(console(), checked, len(content))
    bar.clear()
    (_tell_machines if args.json else _tell_people)(args, checked)
    return UNUSABLE if checked.bad_rows else DONE


def _tell_machines(args: argparse.Namespace, checked: Checked) -> None:
    said: dict[str, Any] = {
        "source": checked.source.code,
        "stored": not (args.dry_run or checked.bad_rows),
        "new": len(checked.new),
        "changed": len(checked.changed),
        "unchanged": checked.unchanged,
        "bad_rows": [{"line": one.line, "column": one.column, "reason": one.reason} for one in checked.bad_rows],
        "marked": dict(checked.marked.most_common()),
        "marked_reports": checked.marked_reports,
        "not_mapped": dict(checked.unmapped.most_common()),
    }
    say(json.dumps(said))


def _tell_people(args: argparse.Namespace, checked: Checked) -> None:
    for row in checked.bad_rows[:SHOWN_ROWS]:
        print(f"row {row.line}: {row.column + ': ' if row.column else ''}{row.reason}", file=sys.stderr)
    if len(checked.bad_rows) > SHOWN_ROWS:
        print(f"... and {len(checked.bad_rows) - SHOWN_ROWS} more bad rows (--json lists all)", file=sys.stderr)
    if checked.bad_rows:
        say(f"Nothing stored: {len(checked.bad_rows):,} rows are bad.")
        return
    say(
        f"{'Checked, nothing stored' if args.dry_run else 'Imported'}: {len(checked.new):,} new, "
        f"{len(checked.changed):,} changed, {checked.unchanged:,} unchanged reports of {checked.source.name} "
        f"({checked.source.service.lower()}, not law enforcement)."
    )
    if checked.marked:
        say(
            f"The masking check would mark something in {checked.marked_reports:,} reports; the texts stay as they are."
        )
        for kind, n in checked.marked.most_common():
            often = ", ".join(words for words, _n in checked.words.get(kind, Counter()).most_common(SHOWN_WORDS))
            say(f"  {kind}: {n:,}{', most often ' + often if often else ''}")
    if checked.unmapped:
        named = ", ".join(f"{name} ({n:,})" for name, n in checked.unmapped.most_common())
        say(f"Factors kept and not mapped onto ours: {named}.")


class _Bar:
    """A line of progress on a terminal, nothing elsewhere."""

    def __init__(self) -> None:
        self.is_shown = sys.stderr.isatty()

    def show(self, done: int, total: int) -> None:
        if self.is_shown:
            print(f"\r{done:,} of {total:,} reports", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self.is_shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _list(args: argparse.Namespace) -> int:
    from vigil.apps.near_miss.foreign import lessons

    known = lessons.counts(console())
    for source, n in known:
        say(f"{source.code}: {n:,} reports of {source.name} ({source.service.lower()})")
    if not known:
        say("Nothing of another service is in the library.")
    return DONE


def _remove(args: argparse.Namespace) -> int:
    from vigil.apps.near_miss.foreign import lessons

    say(f"{lessons.remove(console(), args.source):,} reports of {args.source} are removed.")
    return DONE


def _demo(args: argparse.Namespace) -> int:
    from vigil.apps.near_miss.foreign.mapping import SOURCES
    from vigil.platform.agencies.demonstration import is_demonstration

    if not is_demonstration():
        raise Unavailable("This node is no demo: made-up reports do not belong into its library.")
    args.dry_run = args.json = False
    for code, name in DEMO.items():
        _take(args, (files("vigil.apps.near_miss.foreign") / "demo" / name).read_bytes(), SOURCES[code])
    return DONE
