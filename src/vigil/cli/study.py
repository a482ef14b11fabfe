"""Count the conflicts of a file's operations under other radii and buffers (see docs/guide/policy-study.md).

Exit code: 0 complete, 3 INCOMPLETE (rows were refused, everything else was counted), 2 unusable input.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vigil.cli.sweep import COMPLETE, INCOMPLETE, UNUSABLE, Bar

if TYPE_CHECKING:
    from vigil.engine.formats.operations_csv import TableResult
    from vigil.engine.study import Counts

COLUMNS = ("radius_m", "buffer_min", "pairs", "direct", "near", "subject_only", "operations", "times_today")
LARGEST = 100_000.0
"""A wider radius or longer buffer is a slip of the keyboard, and would make everything meet everything."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, the settings to try, and where the figures go."""
    parser.add_argument("operations", type=Path, help="operations.csv, or with --map any CSV or Excel file")
    parser.add_argument("--radii", type=_numbers, default=(), metavar="M,M,...", help="radii in metres to try")
    parser.add_argument("--buffers", type=_numbers, default=(), metavar="MIN,...", help="buffers in minutes to try")
    parser.add_argument("--map", type=Path, metavar="FILE", help="TOML: field mapping of the file's own columns")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures here, as .csv or .json")


def run(args: argparse.Namespace) -> int:
    """Study one file."""
    from vigil.engine.formats.mapping import Mapping
    from vigil.engine.formats.operations_csv import read_table
    from vigil.engine.formats.tabular import UnusableInput
    from vigil.engine.study import settings_of, study

    if args.out is not None and args.out.suffix.lower() not in (".csv", ".json"):
        print("vigil: --out must end in .csv or .json.", file=sys.stderr)
        return UNUSABLE
    bar = Bar()
    try:
        mapping = Mapping.from_toml(args.map.read_text("utf-8")) if args.map else None
        read = read_table(args.operations, mapping=mapping, progress=lambda share: bar.show("reading", share))
        found = study(read.table, settings_of(args.radii, args.buffers), bar.show)
    except (UnusableInput, UnicodeDecodeError) as error:
        bar.clear()
        print(f"vigil: {error}", file=sys.stderr)
        return UNUSABLE
    finally:
        bar.clear()
    if args.out is not None:
        as_text = as_json if args.out.suffix.lower() == ".json" else as_csv
        args.out.write_text(as_text(found, read), "utf-8")
    print(as_table(found))
    if read.bad_rows:
        print(
            f"INCOMPLETE: {len(read.bad_rows):,} bad rows, {len(read.excluded):,} operations not counted "
            "(`vigil sweep` lists them)",
            file=sys.stderr,
        )
    return INCOMPLETE if read.bad_rows else COMPLETE


def _numbers(text: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers such as 150,300,500") from None
    if not all(math.isfinite(number) and 0 <= number <= LARGEST for number in numbers):
        raise argparse.ArgumentTypeError(f"each number must be between 0 and {LARGEST:,.0f}")
    return numbers


def _fields(counts: Counts, today: Counts) -> tuple[object, ...]:
    ratio = counts.ratio(today)
    return (
        counts.setting.radius_m,
        counts.setting.buffer_min,
        counts.pairs,
        counts.direct,
        counts.near,
        counts.subject_only,
        counts.operations,
        round(ratio, 3) if ratio is not None else None,
    )


def as_table(found: Sequence[Counts]) -> str:
    """Lines for people: today first, then each setting with how many times today's pairs it raises."""
    head = ("radius", "buffers", "pairs", "direct", "near", "subject only", "operations", "times today")
    rows: list[tuple[str, ...]] = [head]
    for counts in found:
        radius, buffer, *numbers, ratio = _fields(counts, found[0])
        rows.append(
            (
                f"{radius:g} m" if radius is not None else "as registered",
                f"{buffer:g} min" if buffer is not None else "as registered",
                *(f"{number:,}" for number in numbers),
                f"{ratio:.1f}" if isinstance(ratio, float) else "-",
            )
        )
    widths = [max(len(row[n]) for row in rows) for n in range(len(head))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def as_csv(found: Sequence[Counts], read: TableResult) -> str:
    """One row a setting; radius and buffer are empty where they are as registered."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_fields(counts, found[0]) for counts in found)
    return stream.getvalue()


def as_json(found: Sequence[Counts], read: TableResult) -> str:
    """Everything, with the counts per type and month."""
    return json.dumps(
        {
            "status": "INCOMPLETE" if read.bad_rows else "complete",
            "predicate": "p1",
            "operations": len(read.table),
            "bad_row_count": len(read.bad_rows),
            "settings": [
                dict(zip(COLUMNS, _fields(counts, found[0]), strict=True))
                | {"by_type": dict(counts.by_type), "by_month": dict(counts.by_month)}
                for counts in found
            ],
        },
        indent=2,
    )
