"""The fast reader of large plain `operations.csv` files: pyarrow reads, numpy checks, the exact reader has the rest.

Promise: what it takes, the exact reader takes too and reads the same (a test binds them). A row that is not of the
simplest form (a shape, subjects-only, an unusual spelling of a time), every row that might be bad, and every operation
of several rows go to the exact reader. Columns that a sweep does not judge by (case, contact) are not looked at.
Where the file as a whole is unusual, None sends everything to the exact reader.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from vigil.engine import kernel
from vigil.engine.formats.arrow import booleans
from vigil.engine.formats.arrow import column as numpy_column
from vigil.engine.formats.arrow import numbers as integers
from vigil.engine.formats.arrow import texts as texts_array
from vigil.engine.formats.mapping import COLUMNS
from vigil.engine.formats.mapping import Mapping as FieldMapping
from vigil.engine.formats.operations_csv import (
    RowChecks,
    Rules,
    TableResult,
    combined,
    read_subjects,
    table_result,
)
from vigil.engine.formats.tabular import Sheet, open_sheet
from vigil.engine.geometry import area_km2
from vigil.engine.operation import MICROSECONDS_PER_MINUTE, SUBJECT_MARGIN_US, Mode, Point, Window
from vigil.engine.table import KINDS, MODES, NO_REFERENCE, OperationTable, SubjectEntry
from vigil.engine.types import LARGEST_LENGTH, MAX_RADIUS_M, OPERATION_TYPES, Flag, flags

Bytes = NDArray[np.uint8]
Booleans = NDArray[np.bool_]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BLOCK_BYTES = 2 << 20
"""A block and its columns stay near the processor; four times as much took a third longer."""
LARGE_BYTES = 10 << 20
"""About as many rows as ask for the compiled kernel at once; it is loaded meanwhile."""
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_MODE_TEXTS = texts_array([mode.value for mode in Mode])
_LIVE = MODES.index(Mode.LIVE)
_DIGITS = np.array([0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18])
_MARKS = ((4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"))
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


@dataclass(frozen=True, slots=True)
class _Part:
    """One block of rows as columns; rows whose `taken` is False are the exact reader's."""

    ids: Any
    taken: Booleans
    mode: NDArray[np.int8]
    references: Any
    longitude: Floats
    latitude: Floats
    radius_m: Floats
    uncertainty_m: Floats
    start: Integers
    end: Integers
    kind: NDArray[np.int8]
    before: Integers
    after: Integers
    flagged: dict[Flag, Booleans]
    subjects: list[tuple[int, frozenset[str], bool, Window]]


def read_fast(path: Path, rules: Rules, progress: Callable[[float], None] | None = None) -> TableResult | None:
    """Read a file, or None where only the exact reader can tell what it holds.

    Raises:
        UnusableInput: the input as a whole cannot be read.
    """
    sheet = open_sheet(path)
    sheet.close()
    if set(COLUMNS[:15]) - set(sheet.header):
        return None
    if path.stat().st_size >= LARGE_BYTES:
        kernel.prepare()
    try:
        parts = _parts(path, sheet.header, rules, progress)
    except pa.ArrowInvalid:
        return None
    if not parts:
        return None
    taken = np.concatenate([part.taken for part in parts])
    ids = pa.concat_arrays([part.ids for part in parts])
    taken &= ~_shared_ids(ids, taken)
    fast = _result(parts, ids, taken)
    others = np.flatnonzero(~taken)
    if not len(others):
        return fast[0]
    rows = _rows_again(path, others, ids)
    if rows is None:
        return None
    checks, canonical = RowChecks(FieldMapping(), rules), FieldMapping().reader(sheet.header)
    exact = checks.result(checks.read(row, canonical, len(sheet.header)) for row in rows)
    return combined(fast[0], table_result(exact, fast[1]))


def _holds_nul(path: Path) -> bool:
    content = np.memmap(path, np.uint8, "r")
    return any(content[n : n + BLOCK_BYTES].min() == 0 for n in range(0, len(content), BLOCK_BYTES))


def _parts(path: Path, header: tuple[str, ...], rules: Rules, progress: Callable[[float], None] | None) -> list[_Part]:
    """The file block by block, checked in threads while the next ones are read; none where it holds a NUL."""
    wanted = [name for name in COLUMNS[:15] if name in header]
    reader = pyarrow.csv.open_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(
            block_size=BLOCK_BYTES, column_names=list(header), skip_rows=1, use_threads=True
        ),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), include_columns=wanted, strings_can_be_null=False
        ),
    )
    size, parts, done = path.stat().st_size, [], 0
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        nul = pool.submit(_holds_nul, path)
        batches: Iterator[Any] = iter(reader)
        waiting = [pool.submit(_part, batch, rules) for batch in islice(batches, 4)]
        while waiting:
            parts.append(waiting.pop(0).result())
            waiting.extend(pool.submit(_part, batch, rules) for batch in islice(batches, 1))
            done += BLOCK_BYTES
            if progress is not None:
                progress(min(1.0, done / size))
        return [] if nul.result() else parts


# --- one block --------------------------------------------------------------------------------------------------


def _part(batch: Any, rules: Rules) -> _Part:
    column = {name: batch.column(name) for name in batch.schema.names}
    kind, known = _positions(column["operation_type"], texts_array(list(rules.types)))
    types = [rules.types[code] for code in rules.types]
    kinds = np.array([KINDS.index(entry.code) for entry in types], np.int8)
    takes_place = np.array([entry.takes_place for entry in types])[kind]
    start, start_ok = _instants(column["starts_at"])
    end, end_ok = _instants(column["ends_at"])
    latitude, latitude_ok = _numbers(column["latitude"], None)
    longitude, longitude_ok = _numbers(column["longitude"], None)
    mode, mode_ok = _positions(column["mode"], _MODE_TEXTS)
    mode_empty = _lengths(column["mode"]) == 0
    lengths = {}
    taken = known & takes_place & start_ok & end_ok & latitude_ok & longitude_ok & (mode_ok | mode_empty)
    for name in ("radius_m", "buffer_before_min", "buffer_after_min", "uncertainty_m"):
        default = np.array([getattr(entry, name, 0.0) for entry in types], np.float64)[kind]
        value, ok = _numbers(column[name], default)
        lengths[name] = default if rules.replace_stated and name != "uncertainty_m" else value
        taken &= ok & (value >= 0) & (value <= LARGEST_LENGTH)
    taken &= _plain_ids(column["operation_id"]) & _oris(column["agency_ori"]) & (end > start)
    taken &= (_lengths(column["geometry_wkt"]) == 0) & _trimmed(column["joint_reference"])
    # The exact reader normalises what lies on the antimeridian or at a pole.
    taken &= (np.abs(latitude) < 90) & (longitude >= -180) & (longitude < 180)
    subjects = _part_subjects(column["subjects"], taken, start, end)
    before, after = (
        np.round(np.where(taken, lengths[name], 0.0) * MICROSECONDS_PER_MINUTE).astype(np.int64)
        for name in ("buffer_before_min", "buffer_after_min")
    )
    radius = lengths["radius_m"] + 0.0
    longest = np.array([OPERATION_TYPES[entry.code].longest_span // timedelta(microseconds=1) for entry in types])
    flagged = {
        Flag.RADIUS: radius > MAX_RADIUS_M,
        Flag.SPAN: end - start > longest[kind],
        Flag.AREA: radius > _LARGEST_UNFLAGGED_M,
    }
    return _Part(
        ids=column["operation_id"],
        taken=taken,
        mode=np.where(mode_empty, _LIVE, mode).astype(np.int8),
        references=column["joint_reference"],
        longitude=longitude + 0.0,
        latitude=latitude + 0.0,
        radius_m=radius,
        uncertainty_m=lengths["uncertainty_m"] + 0.0,
        start=start - before,
        end=end + after,
        kind=kinds[kind],
        before=before,
        after=after,
        flagged=flagged,
        subjects=subjects,
    )


def _largest_unflagged() -> float:
    """The radius at which a point's zone begins to be flagged for its area, by bisection of the one rule."""
    low, high = 0.0, 1e6
    place, kind = Point(0.0, 0.0), OPERATION_TYPES["raid"]
    while (middle := (low + high) / 2) not in (low, high):
        raised = Flag.AREA in flags(kind, span=timedelta(0), areas_km2=[area_km2(place, middle)])
        low, high = (low, middle) if raised else (middle, high)
    return low


_LARGEST_UNFLAGGED_M = _largest_unflagged()


def _bytes(texts: Any) -> tuple[Bytes, Integers]:
    """The text's bytes (with room behind them) and the offset of each entry and of the end."""
    _, offsets, data = texts.buffers()
    places = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    content = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return np.append(content[: places[-1]], np.zeros(32, np.uint8)), places


def _lengths(texts: Any) -> Integers:
    return np.diff(_bytes(texts)[1])


def _plain_ids(texts: Any) -> Booleans:
    """Ids that begin and end with a printing character of ASCII, so that trimming changes nothing."""
    content, places = _bytes(texts)
    first, last = content[places[:-1]], content[np.maximum(places[1:] - 1, 0)]
    return np.asarray((np.diff(places) > 0) & (first > 32) & (first < 127) & (last > 32) & (last < 127))


def _trimmed(texts: Any) -> Booleans:
    return np.asarray(_plain_ids(texts) | (_lengths(texts) == 0))


def _oris(texts: Any) -> Booleans:
    content, places = _bytes(texts)
    signs = content[places[:-1, None] + np.arange(9)]
    letter = (signs >= ord("A")) & (signs <= ord("Z"))
    digit = (signs >= ord("0")) & (signs <= ord("9"))
    return np.asarray((np.diff(places) == 9) & (letter | digit).all(axis=1))


def _positions(texts: Any, known: Any) -> tuple[Integers, Booleans]:
    """Each text's position in `known` (0 where it is not there), and whether it is there."""
    found = pc.index_in(texts, value_set=known)
    valid = numpy_column(found.is_valid())
    return np.where(valid, numpy_column(found), 0).astype(np.int64), valid


def _numbers(texts: Any, default: Floats | None) -> tuple[Floats, Booleans]:
    """Finite numbers, empty ones from `default`; what is not plainly a number is not ok and 0."""
    empty = _lengths(texts) == 0
    wanted = texts
    try:
        values = pc.cast(pc.if_else(booleans(empty), None, wanted) if empty.any() else wanted, pa.float64())
    except pa.ArrowInvalid:
        wanted = pc.if_else(pc.match_substring_regex(texts, _NUMBER), texts, None)
        values = pc.cast(wanted, pa.float64())
    number = np.where(numpy_column(values.is_valid()), numpy_column(values), np.nan)
    ok = np.isfinite(number)
    if default is not None:
        number = np.where(empty, default, number)
        ok |= empty
    return np.where(ok, number, 0.0), ok


def _instants(texts: Any) -> tuple[Integers, Booleans]:
    """Microseconds of times written `2026-03-08T14:30:00Z` or `...-06:00`; other spellings are not ok."""
    content, places = _bytes(texts)
    length = np.diff(places)
    sign = content[places[:-1] + np.arange(25)[:, None]]  # one row a position in the text
    digit = sign - np.uint8(ord("0"))
    ok = (digit[_DIGITS] <= 9).all(axis=0)
    for at, mark in _MARKS:
        ok &= sign[at] == ord(mark)

    def number(*positions: int) -> NDArray[np.int32]:
        value = np.zeros(len(length), np.int32)
        for at in positions:
            value = value * np.int32(10) + digit[at]
        return value

    year, month, day = number(0, 1, 2, 3), number(5, 6), number(8, 9)
    hour, minute, second = number(11, 12), number(14, 15), number(17, 18)
    zulu = (length == 20) & (sign[19] == ord("Z"))
    minus = sign[19] == ord("-")
    shifted = (length == 25) & (minus | (sign[19] == ord("+"))) & (sign[22] == ord(":"))
    shifted &= (digit[[20, 21, 23, 24]] <= 9).all(axis=0)
    off_hour, off_minute = number(20, 21), number(23, 24)
    shifted &= (off_hour <= 23) & (off_minute <= 59)
    ok &= (zulu | shifted) & (year > 0) & (month >= 1) & (month <= 12) & (hour <= 23) & (minute <= 59) & (second <= 59)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days = _MONTH_DAYS[np.where(ok, month, 0)] + (leap & (month == 2))
    ok &= (day >= 1) & (day <= days)
    months = np.where(ok, (year - 1970) * 12 + month - 1, 0)
    date = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + day - 1
    offset = np.where(shifted, off_hour * 3600 + off_minute * 60, 0)
    seconds = date * 86400 + (hour * 3600 + minute * 60 + second + np.where(minus, offset, -offset))
    return np.where(ok, seconds * 1_000_000, 0), ok


def _part_subjects(
    texts: Any, taken: Booleans, start: Integers, end: Integers
) -> list[tuple[int, frozenset[str], bool, Window]]:
    """Subjects of the rows that have some: (row, canonical subjects, whether one is ignored, subject window).

    A row whose subjects cannot be read is given to the exact reader.
    """
    found = []
    rows = np.flatnonzero((_lengths(texts) > 0) & taken)
    for n, text in zip(rows.tolist(), texts.take(integers(rows)).to_pylist(), strict=True):
        try:
            canonical, hints = read_subjects(text)
        except ValueError:
            taken[n] = False
            continue
        window = Window(int(start[n]) - SUBJECT_MARGIN_US, int(end[n]) + SUBJECT_MARGIN_US)
        found.append((n, canonical, bool(hints), window))
    return found


# --- together ---------------------------------------------------------------------------------------------------


def _shared_ids(ids: Any, taken: Booleans) -> Booleans:
    """Rows whose id stands in another row too: several sites of one operation."""
    if pc.all(pc.less(ids[:-1], ids[1:])).as_py() is not False:
        return np.zeros(len(ids), np.bool_)
    if not taken.all():
        # Ids that differ only in white space around them are the same to the exact reader.
        ids = pc.utf8_trim_whitespace(ids)
    counts = pc.value_counts(ids)
    several = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    return numpy_column(pc.is_in(ids, value_set=several)) if len(several) else np.zeros(len(ids), np.bool_)


def _result(parts: list[_Part], ids: Any, taken: Booleans) -> tuple[TableResult, dict[str, int]]:
    """The rows taken as a table, and the numbers of the joint references."""

    def column(name: str) -> Any:
        whole = np.concatenate([getattr(part, name) for part in parts])
        return whole if every else whole[taken]

    every = bool(taken.all())
    position = np.cumsum(taken) - 1
    subjects, ignored, first = [], 0, 0
    for part in parts:
        for n, canonical, hint, window in part.subjects:
            if taken[first + n]:
                ignored += hint
                if canonical:
                    subjects.append(SubjectEntry(int(position[first + n]), tuple(sorted(canonical)), window))
        first += len(part.taken)
    counted = {
        flag.value: int((np.concatenate([part.flagged[flag] for part in parts]) & taken).sum()) for flag in Flag
    } | {"subject": ignored}
    reference, numbers = _references(parts, taken)
    count = int(taken.sum())
    table = OperationTable(
        ids=ids if every else ids.filter(booleans(taken)),
        mode=column("mode"),
        reference=reference,
        operation=np.arange(count, dtype=np.int32),
        longitude=column("longitude"),
        latitude=column("latitude"),
        radius_m=column("radius_m"),
        uncertainty_m=column("uncertainty_m"),
        start=column("start"),
        end=column("end"),
        subjects=subjects,
        kind=column("kind"),
        before=column("before"),
        after=column("after"),
    )
    return TableResult(table, (), (), {kind: n for kind, n in counted.items() if n}, count), numbers


def _references(parts: list[_Part], taken: Booleans) -> tuple[NDArray[np.int32], dict[str, int]]:
    texts = pa.concat_arrays([part.references for part in parts]).filter(booleans(taken))
    if not _lengths(texts).any():
        return np.full(len(texts), NO_REFERENCE, np.int32), {}
    coded = texts.dictionary_encode()
    values = coded.dictionary.to_pylist()
    numbers = {text: n for n, text in enumerate(value for value in values if value)}
    return np.array([numbers.get(value, NO_REFERENCE) for value in values], np.int32)[
        numpy_column(coded.indices)
    ], numbers


def _rows_again(path: Path, wanted: Integers, ids: Any) -> list[tuple[int, list[str]]] | None:
    """The rows at these positions with their line numbers, by the csv module; None where both disagree on the rows."""
    sheet: Sheet = open_sheet(path)
    at = sheet.header.index("operation_id")
    found, positions = [], set(wanted.tolist())
    count = 0
    for row in sheet.rows:
        if count in positions:
            if count >= len(ids) or len(row[1]) <= at or row[1][at] != ids[count].as_py():
                return None
            found.append(row)
        count += 1
    return found if count == len(ids) else None
