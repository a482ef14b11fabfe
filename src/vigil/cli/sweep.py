"""Find every conflicting pair of a file of operations, with no server and no database (see docs/guide/sweep.md).

Exit code: 0 complete, 3 INCOMPLETE (rows were refused, everything else was judged), 2 unusable input.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from vigil.engine.formats.mapping import Mapping
    from vigil.engine.join import SweepResult

COMPLETE, UNUSABLE, INCOMPLETE = 0, 2, 3
SHOWN_ROWS = 20
BAR = 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Input, outputs, and how to read the input."""
    parser.add_argument("operations", type=Path, help="operations.csv, or with --map any CSV or Excel file")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write conflicts.csv here")
    parser.add_argument("--geojson", type=Path, metavar="FILE", help="write zones and conflicts as GeoJSON here")
    parser.add_argument("--json", action="store_true", help="print a summary for machines on standard output")
    parser.add_argument("--strict", action="store_true", help="a bad row ends with exit code 2 and nothing written")
    parser.add_argument("--rules", type=Path, metavar="FILE", help="TOML: radius and buffers per type")
    parser.add_argument("--map", type=Path, metavar="FILE", help="TOML: field mapping of the file's own columns")
    parser.add_argument(
        "--doubled", choices=("refuse", "earlier", "later"), help="local times that occur twice (default: refuse)"
    )


def run(args: argparse.Namespace) -> int:
    """Sweep one file."""
    from vigil.engine.formats.conflicts_csv import write_conflicts
    from vigil.engine.formats.geojson import write_geojson
    from vigil.engine.formats.operations_csv import Rules
    from vigil.engine.formats.tabular import UnusableInput
    from vigil.engine.join import sweep

    bar = Bar()
    try:
        rules = Rules.from_toml(_text(args.rules)) if args.rules else None
        result = sweep(args.operations, rules, _mapping(args), progress=bar.show)
        if args.strict and not result.complete:
            bar.clear()
            _say_rows(result)
            print(f"vigil: {_rows(len(result.bad_rows))} refused (--strict): nothing was written.", file=sys.stderr)
            return UNUSABLE
        for path, write in ((args.out, write_conflicts), (args.geojson, write_geojson)):
            if path is not None:
                with _replacing(path) as stream:
                    write(result.conflicts, stream, _share(bar, f"writing {path.name}"))
    except UnusableInput as error:
        bar.clear()
        print(f"vigil: {error}", file=sys.stderr)
        return UNUSABLE
    except OSError as error:
        bar.clear()
        print(f"vigil: {error.filename or 'the output'} cannot be written: {error.strerror or error}.", file=sys.stderr)
        return UNUSABLE
    bar.clear()
    if args.json:
        print(json.dumps(summary(result), ensure_ascii=False, indent=2))
    _say(result)
    return COMPLETE if result.complete else INCOMPLETE


def summary(result: SweepResult) -> dict[str, object]:
    """What `--json` prints."""
    return {
        "status": "complete" if result.complete else "INCOMPLETE",
        "predicate": "p1",
        "rows": result.rows,
        "operations": result.operations,
        **result.counts(),
        "flags": dict(sorted(result.flags.items())),
        "bad_row_count": len(result.bad_rows),
        "bad_rows": [
            {"line": row.line, "column": row.column, "reason": row.reason, "operation_id": row.operation_id}
            for row in result.bad_rows
        ],
        "excluded_operations": list(result.excluded),
    }


def _mapping(args: argparse.Namespace) -> Mapping | None:
    from vigil.engine.formats.mapping import Mapping
    from vigil.engine.formats.tabular import UnusableInput

    if args.map is None:
        if args.doubled:
            raise UnusableInput("--doubled speaks of local times: give their zone in a field mapping with --map.")
        return None
    mapping = Mapping.from_toml(_text(args.map))
    return mapping.with_doubled(args.doubled) if args.doubled else mapping


def _text(path: Path) -> str:
    from vigil.engine.formats.tabular import UnusableInput

    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UnusableInput(f"{path} cannot be read: {reason}.") from None


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` only when it was written to its end; with the usual permissions."""
    if path.exists() and not path.is_file():  # a pipe or /dev/stdout cannot be replaced
        with path.open("wb") as stream:
            yield stream
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _share(bar: Bar, step: str) -> Callable[[float], None]:
    return lambda share: bar.show(step, share)


class Bar:
    """A progress bar on standard error, only where that is a terminal."""

    def __init__(self) -> None:
        self._shown = ""
        self._terminal = sys.stderr.isatty()

    def show(self, step: str, share: float) -> None:
        """Draw the bar of one step, where it has changed."""
        done = int(max(0.0, min(1.0, share)) * BAR)
        text = f"{step:<24} [{'#' * done}{'.' * (BAR - done)}] {share:4.0%}"
        if self._terminal and text != self._shown:
            self._shown = text
            print(f"\r{text}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Wipe the bar."""
        if self._shown:
            print(f"\r{' ' * len(self._shown)}\r", end="", file=sys.stderr, flush=True)
            self._shown = ""


def _rows(count: int) -> str:
    return f"{count:,} bad row{'' if count == 1 else 's'}"


def _say_rows(result: SweepResult) -> None:
    for row in result.bad_rows[:SHOWN_ROWS]:
        where = f"line {row.line}" + (f", {row.column}" if row.column else "")
        print(f"  {where}: {row.reason}", file=sys.stderr)
    if len(result.bad_rows) > SHOWN_ROWS:
        print(f"  and {len(result.bad_rows) - SHOWN_ROWS:,} more: --json lists every one", file=sys.stderr)


def _say(result: SweepResult) -> None:
    counts = result.counts()
    _say_rows(result)
    print(
        f"{result.operations:,} operations: {counts['conflicts']:,} conflicts "
        f"({counts['direct']:,} direct, {counts['near']:,} near, {counts['basis_subject']:,} by subject only)",
        file=sys.stderr,
    )
    for kind, count in sorted(result.flags.items()):
        print(f"flagged for its {kind}: {count:,} operation{'' if count == 1 else 's'}", file=sys.stderr)
    if not result.complete:
        left_out = f"{len(result.excluded):,} operation{'' if len(result.excluded) == 1 else 's'} not judged"
        print(f"INCOMPLETE: {_rows(len(result.bad_rows))}, {left_out}", file=sys.stderr)
