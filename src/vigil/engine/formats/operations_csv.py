"""Reading `operations.csv`, or what a field mapping makes one of (specification 9).

Promise: every row is either taken or listed as bad with line, column and reason; a bad row excludes its whole
operation, which is listed by id; everything else is judged. `read_operations` is the exact reader, row by row.
`read_table` gives the same as columns and reads large plain files through pyarrow, sending whatever is not of the
simplest form (and every operation of several rows) to the exact reader.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from vigil.engine.formats.mapping import Canonical, FieldError
from vigil.engine.formats.mapping import Mapping as FieldMapping
from vigil.engine.formats.tabular import BadRow, Row, UnusableInput, open_sheet
from vigil.engine.geometry import GeometryError, area_km2, parse_wkt, validate
from vigil.engine.operation import Geometry, Mode, Operation, Point, Site, Window
from vigil.engine.subjects import SubjectError, parse, split_subjects
from vigil.engine.table import NO_REFERENCE, OperationTable, joined, table_of
from vigil.engine.types import LARGEST_LENGTH, OPERATION_TYPES, OperationType, flags
from vigil.engine.windows import TimeError, checked_span, minutes, parse_instant
from vigil.texts import gettext as _

MAX_SITES = 50
MAX_SUBJECTS = 200
FAST_FROM_BYTES = 2_000_000
"""Smaller files are read row by row: pyarrow takes longer to start."""
AGREEING = ("agency_ori", "operation_type", "mode", "joint_reference", "case_number", "contact_name", "contact_phone")
_ORI = re.compile(r"[A-Z0-9]{9}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_CANONICAL_PHONE = re.compile(r"phone:\+1[2-9]\d{9}", re.ASCII)
"""Ten digits of the North American plan are possible and canonical as they stand; worth knowing at a million rows."""


@dataclass(frozen=True)
class Rules:
    """Radius and buffers per type, as an agency sets them or a policy study asks for.

    They stand in where a row leaves the value empty; with `replace_stated` also where it gives one.
    """

    types: Mapping[str, OperationType] = field(default_factory=lambda: OPERATION_TYPES)
    replace_stated: bool = False

    @classmethod
    def from_toml(cls, text: str) -> Rules:
        """Read `[search_warrant] radius_m = 500, buffer_before_min = 30, ...` and `replace_stated = true`.

        Raises:
            UnusableInput: no TOML, an unknown type or name, a value that is negative or no number.
        """
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UnusableInput(_("The rules are not TOML: {error}.").format(error=error)) from None
        replace_stated = content.pop("replace_stated", False)
        if not isinstance(replace_stated, bool):
            raise UnusableInput(_("In the rules, replace_stated must be true or false."))
        types = dict(OPERATION_TYPES)
        for name, table in content.items():
            if name not in types or not isinstance(table, dict):
                raise UnusableInput(_("The rules name '{name}', which is no operation type.").format(name=name))
            for key, value in table.items():
                number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
                if key not in ("radius_m", "buffer_before_min", "buffer_after_min") or not number:
                    raise UnusableInput(
                        _(
                            "In the rules, {name}.{key} = {value!r} is not taken: give radius_m, buffer_before_min or "
                            "buffer_after_min with a number that is not negative."
                        ).format(name=name, key=key, value=value)
                    )
            types[name] = replace(types[name], **table)
        return cls(types, replace_stated)


@dataclass(frozen=True, slots=True)
class FileOperation:
    """One operation of a file with everything an import keeps. `texts` holds the agreeing columns as written."""

    operation: Operation
    agency_ori: str
    operation_type: str
    joint_reference: str
    case_number: str
    contact_name: str
    contact_phone: str
    flags: frozenset[str]
    lines: tuple[int, ...]
    subject_hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadResult:
    """Operations in the file's order, bad rows by line, ids that bad rows excluded (sorted), flags by kind."""

    operations: tuple[FileOperation, ...]
    bad_rows: tuple[BadRow, ...]
    excluded: tuple[str, ...]
    flags: Mapping[str, int]
    rows: int

    @property
    def complete(self) -> bool:
        """Whether no row was refused."""
        return not self.bad_rows


@dataclass(frozen=True, slots=True)
class TableResult:
    """The same as columns, for the sweep."""

    table: OperationTable
    bad_rows: tuple[BadRow, ...]
    excluded: tuple[str, ...]
    flags: Mapping[str, int]
    rows: int


def read_operations(
    source: Any,
    mapping: FieldMapping | None = None,
    rules: Rules | None = None,
    *,
    contact_required: bool = False,
    progress: Callable[[float], None] | None = None,
) -> ReadResult:
    """Read a path, an open binary file or a DataFrame, row by row.

    `contact_required`: an import needs a contact's name and phone, a sweep does not.

    Raises:
        UnusableInput: the input as a whole cannot be read.
    """
    mapping = mapping or FieldMapping()
    sheet = open_sheet(source, encoding=mapping.encoding, delimiter=mapping.delimiter, sheet=mapping.sheet)
    checks = RowChecks(mapping, rules or Rules(), contact_required)
    canonical = mapping.reader(sheet.header)
    rows = sheet.rows if progress is None else _reporting(sheet.rows, sheet.size, progress)
    return checks.result(checks.read(row, canonical, len(sheet.header)) for row in rows)


def read_table(
    source: Any,
    mapping: FieldMapping | None = None,
    rules: Rules | None = None,
    progress: Callable[[float], None] | None = None,
) -> TableResult:
    """Read the same as columns; large plain CSV files through pyarrow.

    Raises:
        UnusableInput: the input as a whole cannot be read.
    """
    mapping, rules = mapping or FieldMapping(), rules or Rules()
    path = Path(source) if isinstance(source, str | os.PathLike) else None
    if path is not None and mapping.is_plain and path.is_file() and path.stat().st_size >= FAST_FROM_BYTES:
        from vigil.engine.formats.fast_csv import read_fast

        fast = read_fast(path, rules, progress)
        if fast is not None:
            return fast
    return table_result(read_operations(source, mapping, rules, progress=progress))


def table_result(read: ReadResult, references: dict[str, int] | None = None) -> TableResult:
    """Columns of what the exact reader read; `references` numbers joint references and is added to."""
    numbers = {} if references is None else references
    table = table_of(
        (entry.operation for entry in read.operations),
        [
            numbers.setdefault(entry.joint_reference, len(numbers)) if entry.joint_reference else NO_REFERENCE
            for entry in read.operations
        ],
        [entry.operation_type for entry in read.operations],
    )
    return TableResult(table, read.bad_rows, read.excluded, read.flags, read.rows)


def combined(fast: TableResult, exact: TableResult) -> TableResult:
    """What both readers read of one file."""
    return TableResult(
        joined([fast.table, exact.table]),
        exact.bad_rows,
        exact.excluded,
        dict(Counter(fast.flags) + Counter(exact.flags)),
        fast.rows + exact.rows,
    )


def _reporting(rows: Any, size: int, progress: Callable[[float], None]) -> Iterator[Row]:
    """The rows, telling about every thousandth how far the file may be read (by an estimate of 160 bytes a row)."""
    for n, row in enumerate(rows):
        if n % 1000 == 0 and size:
            progress(min(0.99, n * 160 / size))
        yield row


# --- one row ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One row that was taken."""

    line: int
    operation_id: str
    agreeing: tuple[str, ...]
    subjects: frozenset[str]
    subject_hints: tuple[str, ...]
    site: Site | None
    span: Window


class RowChecks:
    """Checks rows of one file and puts them together as operations."""

    def __init__(self, mapping: FieldMapping, rules: Rules, contact_required: bool = False) -> None:
        self._mapping, self._rules, self._contact_required = mapping, rules, contact_required

    def read(self, row: Row, canonical: Canonical, width: int) -> ReadRow | BadRow:
        """One row, taken or refused."""
        line, fields = row
        if len(fields) != width:
            sentence = _("The row has {n} fields, the header {width}. A text with a comma must be quoted.")
            return BadRow(line, "", sentence.format(n=len(fields), width=width), canonical.operation_id(fields))
        try:
            return self._checked(line, canonical(fields))
        except FieldError as error:
            return BadRow(line, self._mapping.source_column(error.column), error.reason, canonical.operation_id(fields))

    def _checked(self, line: int, row: dict[str, str]) -> ReadRow:
        operation_id = row["operation_id"].strip()
        if not operation_id:
            raise FieldError("operation_id", _("The operation id is missing."))
        if not _ORI.fullmatch(row["agency_ori"].strip()):
            raise FieldError(
                "agency_ori",
                _("'{text}' is no ORI: nine capital letters and digits, as in MN0271600.").format(
                    text=row["agency_ori"].strip()
                ),
            )
        kind = self._kind(row["operation_type"].strip())
        mode = row["mode"].strip() or Mode.LIVE.value
        if mode not in _MODES:
            raise FieldError(
                "mode", _("'{mode}' is no mode: use live, exercise or test, or leave it empty.").format(mode=mode)
            )
        if self._contact_required:
            for column in ("contact_name", "contact_phone"):
                if not row[column].strip():
                    raise FieldError(column, _("The contact is missing."))
        span = _span(row)
        subjects, hints = read_subjects(row["subjects"])
        site = self._site(row, kind, span)
        agreeing = tuple(mode if name == "mode" else row[name].strip() for name in AGREEING)
        return ReadRow(line, operation_id, agreeing, subjects, hints, site, span)

    def _kind(self, code: str) -> OperationType:
        if code not in self._rules.types:
            raise FieldError(
                "operation_type",
                _("'{code}' is no operation type: use one of {types}.").format(
                    code=code, types=", ".join(self._rules.types)
                )
                if code
                else _("The operation type is missing."),
            )
        return self._rules.types[code]

    def _site(self, row: dict[str, str], kind: OperationType, span: Window) -> Site | None:
        texts = [(name, row[name].strip()) for name in ("geometry_wkt", "latitude", "longitude")]
        if not kind.takes_place:
            placed = next((name for name, text in texts if text), None)
            if placed:
                raise FieldError(placed, _("An operation of the type {code} has no place.").format(code=kind.code))
            return None
        stated = not self._rules.replace_stated
        geometry = _geometry(*(text for _, text in texts))
        return Site(
            geometry,
            _length(row, "radius_m", kind.radius_m) if stated else kind.radius_m,
            span.start,
            span.end,
            minutes(_length(row, "buffer_before_min", kind.buffer_before_min) if stated else kind.buffer_before_min),
            minutes(_length(row, "buffer_after_min", kind.buffer_after_min) if stated else kind.buffer_after_min),
            _length(row, "uncertainty_m", 0.0),
        )

    def result(self, rows: Any) -> ReadResult:
        """Group rows by operation; rows of one operation must agree, and a bad one excludes it."""
        groups: dict[str, list[ReadRow]] = {}
        bad: list[BadRow] = []
        excluded: set[str] = set()
        count = 0
        for row in rows:
            count += 1
            refused = row if isinstance(row, BadRow) else self._disagreement(groups.get(row.operation_id), row)
            if refused is None:
                groups.setdefault(row.operation_id, []).append(row)
                continue
            bad.append(refused)
            if refused.operation_id:
                excluded.add(refused.operation_id)
        operations = tuple(
            self._operation(operation_id, group)
            for operation_id, group in groups.items()
            if operation_id not in excluded
        )
        kinds = Counter(flag for entry in operations for flag in entry.flags)
        return ReadResult(operations, tuple(bad), tuple(sorted(excluded)), dict(kinds), count)

    def _disagreement(self, group: list[ReadRow] | None, row: ReadRow) -> BadRow | None:
        if not group:
            return None
        first = group[0]

        def refused(column: str, reason: str) -> BadRow:
            return BadRow(row.line, self._mapping.source_column(column), reason, row.operation_id)

        for name, ours, theirs in zip(AGREEING, row.agreeing, first.agreeing, strict=True):
            if ours != theirs:
                return refused(
                    name,
                    _("'{ours}' differs from '{theirs}' in line {line}: rows of one operation must agree.").format(
                        ours=ours, theirs=theirs, line=first.line
                    ),
                )
        if row.subjects != first.subjects:
            return refused(
                "subjects",
                _("The subjects differ from line {line}: rows of one operation must agree.").format(line=first.line),
            )
        if len(group) >= MAX_SITES and row.site is not None:
            return refused("operation_id", _("The operation has more than {n} sites.").format(n=MAX_SITES))
        return None

    def _operation(self, operation_id: str, group: list[ReadRow]) -> FileOperation:
        first = group[0]
        texts = dict(zip(AGREEING, first.agreeing, strict=True))
        sites = tuple(row.site for row in group if row.site is not None)
        span = Window(min(row.span.start for row in group), max(row.span.end for row in group))
        operation = Operation(operation_id, sites, first.subjects, None if sites else span, Mode(texts["mode"]))
        raised: set[str] = {
            flag.value
            for flag in flags(
                OPERATION_TYPES[texts["operation_type"]],
                span=timedelta(microseconds=span.end - span.start),
                radii_m=[site.radius_m for site in sites],
                areas_km2=[area_km2(site.geometry, site.radius_m) for site in sites],
            )
        }
        hints = tuple(dict.fromkeys(hint for row in group for hint in row.subject_hints))
        if hints:
            raised.add("subject")
        texts.pop("mode")
        return FileOperation(
            operation, **texts, flags=frozenset(raised), lines=tuple(row.line for row in group), subject_hints=hints
        )


_MODES = frozenset(mode.value for mode in Mode)


def _span(row: dict[str, str]) -> Window:
    instants = []
    for column in ("starts_at", "ends_at"):
        text = row[column].strip()
        if not text:
            raise FieldError(column, _("The time is missing."))
        try:
            instants.append(parse_instant(text))
        except TimeError as error:
            raise FieldError(column, str(error)) from None
    try:
        return checked_span(*instants)
    except TimeError as error:
        raise FieldError("ends_at", str(error)) from None


def _geometry(wkt: str, latitude: str, longitude: str) -> Geometry:
    if wkt:
        try:
            return _shape(wkt)
        except GeometryError as error:
            raise FieldError("geometry_wkt", str(error)) from None
    for column, text in (("latitude", latitude), ("longitude", longitude)):
        if not text:
            raise FieldError(column, _("The {column} is missing: the operation has no place.").format(column=column))
    point = Point(_number("longitude", longitude), _number("latitude", latitude))
    try:
        checked = validate(point)
    except GeometryError as error:
        raise FieldError("latitude" if abs(point.latitude) > 90 else "longitude", str(error)) from None
    return checked


@lru_cache(maxsize=256)
def _shape(wkt: str) -> Geometry:
    """A shape read and checked; files name the same district over and over."""
    return validate(parse_wkt(wkt))


def _number(column: str, text: str) -> float:
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise FieldError(column, _("'{text}' is not a number.").format(text=text[:100]))
    return float(text)


def _length(row: dict[str, str], column: str, default: float) -> float:
    text = row[column].strip()
    if not text:
        return float(default)
    number = _number(column, text)
    if number < 0:
        raise FieldError(column, _("{text} is negative.").format(text=text))
    if number > LARGEST_LENGTH:
        raise FieldError(
            column, _("{text} is more than the whole Earth or a lifetime takes: check the unit.").format(text=text)
        )
    return number + 0.0


def read_subjects(text: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Canonical subjects of a row, and the hints for those that p1 ignores.

    Raises:
        FieldError: no subject, or a kind that p1 does not know.
    """
    if not text:
        return frozenset(), ()
    if _CANONICAL_PHONE.fullmatch(text):
        return frozenset((text,)), ()
    parts = split_subjects(text)
    if len(parts) > MAX_SUBJECTS:
        raise FieldError(
            "subjects", _("{n} subjects: at most {most} are taken.").format(n=len(parts), most=MAX_SUBJECTS)
        )
    canonical, hints = set(), []
    for part in parts:
        try:
            subject = parse(part)
        except SubjectError as error:
            raise FieldError("subjects", str(error)) from None
        if subject.text is not None:
            canonical.add(subject.text)
        else:
            hints.append(f"{part}: {_(subject.hint or '')}")
    return frozenset(canonical), tuple(hints)


__all__ = [
    "BadRow",
    "FileOperation",
    "ReadResult",
    "Rules",
    "TableResult",
    "UnusableInput",
    "read_operations",
    "read_table",
]
