"""Writing `conflicts.csv` (specification 9): one row a pair, sorted by (a, b), times in UTC with `Z`."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from typing import IO, Any

from vigil.engine.join import BANDS, BASES, NO_BAND, Conflict, Conflicts
from vigil.engine.subjects import join_subjects
from vigil.engine.windows import format_instant

COLUMNS = (
    "operation_a",
    "operation_b",
    "basis",
    "band",
    "distance_m",
    "overlap_starts_at",
    "overlap_ends_at",
    "matched_subjects",
)
COLUMNWISE_FROM = 20_000
"""Fewer rows are written one by one: pyarrow takes longer to start."""
BLOCK = 100_000


def write_conflicts(conflicts: Conflicts, stream: IO[bytes], progress: Callable[[float], None] | None = None) -> None:
    """Write the file in UTF-8; both ways of writing give the same bytes."""
    stream.write((",".join(COLUMNS) + "\n").encode())
    columnwise = len(conflicts) >= COLUMNWISE_FROM
    for begin in range(0, len(conflicts), BLOCK):
        end = min(begin + BLOCK, len(conflicts))
        write_block = _write_columns if columnwise else _write_rows
        write_block(conflicts, begin, end, stream)
        if progress is not None:
            progress(end / len(conflicts))


def _cents(metres: float) -> str:
    """Two decimals, halves away from zero as in columns."""
    whole, hundredths = divmod(math.floor(metres * 100 + 0.5), 100)
    return f"{whole}.{hundredths:02d}"


def _fields(row: Conflict) -> tuple[str, ...]:
    return (
        row.operation_a,
        row.operation_b,
        row.basis.value,
        row.band.value if row.band is not None else "",
        _cents(row.distance_m) if row.distance_m is not None else "",
        format_instant(row.overlap.start),
        format_instant(row.overlap.end),
        join_subjects(row.subjects),
    )


def _write_rows(conflicts: Conflicts, begin: int, end: int, stream: IO[bytes]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(_fields(conflicts.row(n)) for n in range(begin, end))
    stream.write(text.getvalue().encode())


def _write_columns(conflicts: Conflicts, begin: int, end: int, stream: IO[bytes]) -> None:
    """The same, a block at a time: the lines are joined by pyarrow and its buffer is the file."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = slice(begin, end)
    ids = conflicts.table.ids
    ids = ids if not isinstance(ids, list) else pa.array(ids, pa.string())
    distance, band = conflicts.distance_m[rows], conflicts.band[rows]
    cents = np.floor(np.where(band == NO_BAND, 0.0, distance) * 100 + 0.5).astype(np.int64)
    hundredths = pa.array([f".{n:02d}" for n in range(100)]).take(pa.array(cents % 100))
    metres = pc.binary_join_element_wise(pa.array(cents // 100).cast(pa.string()), hundredths, "")
    subjects = pa.array(
        [join_subjects(conflicts.subjects.get(n, ())) for n in range(begin, end)]
        if conflicts.subjects
        else pa.repeat("", end - begin)
    )
    lines = pc.binary_join_element_wise(
        _quoted(ids.take(pa.array(conflicts.a[rows]))),
        _quoted(ids.take(pa.array(conflicts.b[rows]))),
        pa.array([basis.value for basis in BASES]).take(pa.array(conflicts.basis[rows])),
        pa.array([*(name.value for name in BANDS), ""]).take(pa.array(band % (len(BANDS) + 1))),
        pc.if_else(pa.array(band == NO_BAND), "", metres),
        _instants(conflicts.start[rows]),
        _instants(conflicts.end[rows]),
        pc.binary_join_element_wise(_quoted(subjects), "\n", ""),
        ",",
    )
    _, offsets, data = lines.buffers()
    length = int(np.frombuffer(offsets, np.int32)[lines.offset + len(lines)])
    stream.write(memoryview(data)[:length])


def _quoted(texts: Any) -> Any:
    """Fields as the csv module writes them: quoted where they hold a comma, a quote or a line break."""
    import pyarrow.compute as pc

    special = pc.match_substring_regex(texts, '[,"\r\n]')
    if not pc.any(special).as_py():
        return texts
    doubled = pc.binary_join_element_wise('"', pc.replace_substring(texts, '"', '""'), '"', "")
    return pc.if_else(special, doubled, texts)


def _instants(instants: Any) -> Any:
    """RFC 3339 in UTC, a fraction only where there is one; years 0001 to 9999."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if (instants % 1_000_000).any():
        return pa.array([format_instant(int(instant)) for instant in instants])
    texts = pa.array(instants // 1_000_000).cast(pa.timestamp("s")).cast(pa.string())
    return pc.binary_join_element_wise(pc.binary_replace_slice(texts, 10, 11, "T"), "Z", "")
