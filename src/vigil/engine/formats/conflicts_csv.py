"""Writing `conflicts.csv` (specification 9): one row a pair, sorted by (a, b), times in UTC with `Z`."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
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
    blocks = [(begin, min(begin + BLOCK, len(conflicts))) for begin in range(0, len(conflicts), BLOCK)]
    if len(conflicts) >= COLUMNWISE_FROM:
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            _write(stream, pool.map(lambda block: _columns(conflicts, *block), blocks), len(blocks), progress)
    else:
        _write(stream, (_rows(conflicts, *block) for block in blocks), len(blocks), progress)


def _write(stream: IO[bytes], contents: Iterable[Any], count: int, progress: Callable[[float], None] | None) -> None:
    for n, content in enumerate(contents, 1):
        stream.write(content)
        if progress is not None:
            progress(n / count)


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


def _rows(conflicts: Conflicts, begin: int, end: int) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(_fields(conflicts.row(n)) for n in range(begin, end))
    return text.getvalue().encode()


def _columns(conflicts: Conflicts, begin: int, end: int) -> memoryview:
    """The same, a block at a time: the lines are joined by pyarrow and its buffer is the file."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from vigil.engine.formats.arrow import booleans, numbers, text, texts

    rows = slice(begin, end)
    ids = conflicts.table.ids
    ids = ids if not isinstance(ids, list) else texts(ids)
    distance, band = conflicts.distance_m[rows], conflicts.band[rows]
    cents = np.floor(np.where(band == NO_BAND, 0.0, distance) * 100 + 0.5).astype(np.int64)
    hundredths = texts([f".{n:02d}" for n in range(100)]).take(numbers(cents % 100))
    metres = pc.binary_join_element_wise(numbers(cents // 100).cast(pa.string()), hundredths, text(""))
    shared = [n for n in range(begin, end) if n in conflicts.subjects] if conflicts.subjects else []
    subjects = np.zeros(end - begin, np.int32)
    subjects[np.array(shared, np.int64) - begin] = np.arange(1, len(shared) + 1)
    endings = pc.binary_join_element_wise(
        _quoted(texts(["", *(join_subjects(conflicts.subjects[n]) for n in shared)])), text("\n"), text("")
    )
    lines = pc.binary_join_element_wise(
        _quoted(ids.take(numbers(conflicts.a[rows]))),
        _quoted(ids.take(numbers(conflicts.b[rows]))),
        texts([basis.value for basis in BASES]).take(numbers(conflicts.basis[rows])),
        texts([*(name.value for name in BANDS), ""]).take(numbers(band % (len(BANDS) + 1))),
        pc.if_else(booleans(band == NO_BAND), text(""), metres),
        _instants(conflicts.start[rows]),
        _instants(conflicts.end[rows]),
        endings.take(numbers(subjects)),
        text(","),
    )
    _, offsets, data = lines.buffers()
    length = int(np.frombuffer(offsets, np.int32)[lines.offset + len(lines)])
    return memoryview(data)[:length]


def _quoted(fields: Any) -> Any:
    """Fields as the csv module writes them: quoted where they hold a comma, a quote or a line break."""
    import pyarrow.compute as pc

    from vigil.engine.formats.arrow import text

    if not _holds_special(fields):
        return fields
    special = pc.match_substring_regex(fields, '[,"\r\n]')
    doubled = pc.binary_join_element_wise(text('"'), pc.replace_substring(fields, '"', '""'), text('"'), text(""))
    return pc.if_else(special, doubled, fields)


def _holds_special(fields: Any) -> bool:
    """Whether a byte of them asks for quotes: in UTF-8 none of these is part of another character."""
    import numpy as np

    content = np.frombuffer(fields.buffers()[2] or b"", np.uint8)
    return any((content == ord(sign)).any() for sign in ',"\r\n')


def _instants(instants: Any) -> Any:
    """RFC 3339 in UTC, a fraction only where there is one; years 0001 to 9999."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from vigil.engine.formats.arrow import numbers, text, texts

    if (instants % 1_000_000).any():
        return texts([format_instant(int(instant)) for instant in instants])
    spaced = numbers(instants // 1_000_000).cast(pa.timestamp("s")).cast(pa.string())
    return pc.binary_join_element_wise(pc.binary_replace_slice(spaced, 10, 11, "T"), text("Z"), text(""))
