"""Field mapping: what records systems really export, read as `operations.csv` (specification 9).

A mapping is a TOML file (or is made on a page and saved as one); `docs/guide/sweep.md` shows two for real data:

    [columns]                       # column of operations.csv = column of the file
    operation_id = "stop_id"
    latitude = "lat"
    [constants]                     # the same value in every row
    agency_ori = "NY0303000"
    radius_m = 250
    [times]
    zone = "America/New_York"       # or zone_column = "tz"
    start = "start_local"           # or date = "..." with start_time = "..." and end_time = "..."
    duration = "duration_min"       # or end = "..."; or whole_day = "date" instead of start
    duration_unit = "minutes"       # or "hours"
    format = "%m/%d/%Y %H:%M"       # where times are not ISO 8601
    doubled = "refuse"              # or "earlier", "later": local times that occur twice
    [units]
    radius_m = "feet"               # or "miles", "metres"; also for uncertainty_m
    [file]
    delimiter = ";"
    encoding = "cp1252"
    sheet = "Operations"            # of an Excel workbook
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import Any

from vigil.engine.formats.tabular import UnusableInput
from vigil.engine.windows import TimeError, format_instant, local_instant, minutes
from vigil.texts import gettext as _
from vigil.texts import ngettext

COLUMNS = (
    "operation_id",
    "agency_ori",
    "operation_type",
    "starts_at",
    "ends_at",
    "latitude",
    "longitude",
    "geometry_wkt",
    "radius_m",
    "buffer_before_min",
    "buffer_after_min",
    "uncertainty_m",
    "subjects",
    "mode",
    "joint_reference",
    "case_number",
    "contact_name",
    "contact_phone",
)
"""The columns of `operations.csv`, in order."""
REQUIRED = ("operation_id", "agency_ori", "operation_type", "starts_at", "ends_at")
METRES = {"metres": 1.0, "feet": 0.3048, "miles": 1609.344}
LENGTHS = ("radius_m", "uncertainty_m")
MINUTES = {"minutes": 1.0, "hours": 60.0}
DOUBLED = ("refuse", "earlier", "later")


class FieldError(ValueError):
    """One field of one row that cannot be taken: `column` as the file names it, and the reason as a sentence."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


@dataclass(frozen=True, slots=True)
class LocalTimes:
    """How a file tells times of the site's wall clock. Values name columns of the file; empty ones are not used."""

    zone: str = ""
    zone_column: str = ""
    start: str = ""
    end: str = ""
    date: str = ""
    start_time: str = ""
    end_time: str = ""
    whole_day: str = ""
    duration: str = ""
    duration_unit: str = "minutes"
    format: str = ""
    doubled: str = "refuse"

    def columns(self) -> tuple[str, ...]:
        """Every column of the file that is read."""
        named = (self.zone_column, self.start, self.end, self.date, self.start_time, self.end_time, self.whole_day)
        return tuple(name for name in (*named, self.duration) if name)

    def span(self, row: dict[str, str]) -> tuple[int, int]:
        """Start and end in microseconds of one row.

        Raises:
            FieldError: a time that is missing, unreadable, skipped by the clocks, or doubled and not decided.
        """
        if self.whole_day:
            day = self._wall(row, self.whole_day)
            midnight = datetime.combine(day.date(), time_of_day())
            following = midnight + timedelta(days=1)
            return self._instant(row, midnight, self.whole_day), self._instant(row, following, self.whole_day)
        first = self.start or self.date
        wall = self._wall(row, self.start) if self.start else self._combined(row, self.start_time)
        start = self._instant(row, wall, first)
        if self.duration:
            return start, start + minutes(self._duration(row))
        if self.end:
            return start, self._instant(row, self._wall(row, self.end), self.end)
        until = self._combined(row, self.end_time)
        if until <= wall:  # the end's time of day lies behind midnight
            until += timedelta(days=1)
        return start, self._instant(row, until, self.end_time)

    def _combined(self, row: dict[str, str], time_column: str) -> datetime:
        day, clock = self._wall(row, self.date), row[time_column].strip()
        for pattern in ("%H:%M", "%H:%M:%S", "%I:%M %p", "%H%M"):
            try:
                return datetime.combine(day.date(), datetime.strptime(clock, pattern).time())  # noqa: DTZ007  wall time
            except ValueError:
                continue
        raise FieldError(time_column, _("'{clock}' is not a time of day: write it as 14:30.").format(clock=clock))

    def _wall(self, row: dict[str, str], column: str) -> datetime:
        text = row[column].strip()
        if not text:
            raise FieldError(column, _("The time is missing."))
        try:
            wall = datetime.strptime(text, self.format) if self.format else datetime.fromisoformat(text)  # noqa: DTZ007
        except ValueError:
            expected = self.format or "2026-03-08T14:30"
            raise FieldError(
                column, _("'{text}' is not a local time of the form {expected}.").format(text=text, expected=expected)
            ) from None
        if wall.tzinfo is not None:
            raise FieldError(
                column, _("'{text}' has an offset: map it to starts_at or ends_at instead.").format(text=text)
            )
        return wall

    def _instant(self, row: dict[str, str], wall: datetime, column: str) -> int:
        zone = self.zone or row[self.zone_column].strip()
        if not zone:
            raise FieldError(self.zone_column, _("The time zone is missing."))
        try:
            return local_instant(wall, zone, doubled=self.doubled)
        except TimeError as error:
            raise FieldError(column, str(error)) from None

    def _duration(self, row: dict[str, str]) -> float:
        text = row[self.duration].strip()
        try:
            count = float(text)
        except ValueError:
            reason = _("'{text}' is not a number of {unit}.") if text else _("The duration is missing.")
            raise FieldError(self.duration, reason.format(text=text, unit=self.duration_unit)) from None
        if not 0 < count < 1e7:
            raise FieldError(
                self.duration,
                _("The duration is {text} {unit}: it must be more than 0.").format(text=text, unit=self.duration_unit),
            )
        return count * MINUTES[self.duration_unit]


@dataclass(frozen=True)
class Mapping:
    """How the columns of a file become those of `operations.csv`."""

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    times: LocalTimes | None = None
    units: dict[str, str] = field(default_factory=dict)
    delimiter: str = ","
    encoding: str = "utf-8"
    sheet: str | None = None

    @classmethod
    def from_toml(cls, text: str) -> Mapping:
        """Read the text of a mapping file.

        Raises:
            UnusableInput: no TOML, or a name or value that a mapping does not know.
        """
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UnusableInput(_("The field mapping is not TOML: {error}.").format(error=error)) from None
        return cls.from_dict(content)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Mapping:
        """The same from the tables of a mapping file, as a page or a notebook makes them."""
        known = {"columns", "constants", "times", "units", "file"}
        _refuse_unknown("", set(content) - known, known)
        tables = {name: _texts(name, content.get(name, {})) for name in known}
        for name in ("columns", "constants"):
            _refuse_unknown(name, set(tables[name]) - set(COLUMNS), COLUMNS)
        for name, unit in tables["units"].items():
            _refuse_unknown("units", {name} - set(LENGTHS), LENGTHS)
            _refuse_unknown(f"units.{name}", {unit} - set(METRES), METRES)
        _refuse_unknown(
            "file", set(tables["file"]) - {"delimiter", "encoding", "sheet"}, ("delimiter", "encoding", "sheet")
        )
        twice = sorted(set(tables["columns"]) & set(tables["constants"]))
        if twice:
            raise UnusableInput(
                _("The field mapping gives {columns} both a column and a constant.").format(columns=", ".join(twice))
            )
        return cls(
            columns=tables["columns"],
            constants=tables["constants"],
            times=_local_times(tables["times"], tables["columns"]) if tables["times"] else None,
            units=tables["units"],
            delimiter=_delimiter(tables["file"].get("delimiter", ",")),
            encoding=_encoding(tables["file"].get("encoding", "utf-8")),
            sheet=tables["file"].get("sheet"),
        )

    def with_doubled(self, doubled: str) -> Mapping:
        """The same mapping with another choice for local times that occur twice."""
        return self if self.times is None else replace(self, times=replace(self.times, doubled=doubled))

    @property
    def is_plain(self) -> bool:
        """Whether nothing is mapped: the file is an `operations.csv` as it stands."""
        return self == Mapping()

    def source_column(self, column: str) -> str:
        """The file's name of a column of `operations.csv`, for messages."""
        times = self.times
        if times is not None and column == "starts_at":
            return times.start or times.whole_day or times.date
        if times is not None and column == "ends_at":
            return times.end or times.duration or times.whole_day or times.end_time
        return self.columns.get(column, column)

    def reader(self, header: Sequence[str]) -> Canonical:
        """Check the header and give what reads one row.

        Raises:
            UnusableInput: a column that is needed is not there.
        """
        index = {name: n for n, name in enumerate(header)}
        wanted = {column: self.columns.get(column, column) for column in COLUMNS if column not in self.constants}
        if self.times is not None:
            wanted = {column: name for column, name in wanted.items() if column not in ("starts_at", "ends_at")}
        self._check(header, index, wanted)
        places = [(column, index[name]) for column, name in wanted.items() if name in index]
        scaled = [(column, METRES[unit]) for column, unit in self.units.items() if unit != "metres"]
        return Canonical(tuple(header), places, scaled, self.times, dict.fromkeys(COLUMNS, "") | self.constants)

    def _check(self, header: Sequence[str], index: dict[str, int], wanted: dict[str, str]) -> None:
        named = {*self.columns.values(), *(self.times.columns() if self.times else ())}
        needed = {wanted[column] for column in REQUIRED if column in wanted} | named
        if "geometry_wkt" not in self.constants and wanted.get("geometry_wkt") not in index:
            needed |= {wanted[column] for column in ("latitude", "longitude") if column in wanted}
        missing = sorted(needed - set(index))
        if missing:
            sentence = ngettext(
                "The column {missing} is missing. The file has: {header}.",
                "The columns {missing} are missing. The file has: {header}.",
                len(missing),
            )
            raise UnusableInput(sentence.format(missing=", ".join(missing), header=", ".join(header)[:500]))
        # A misspelt column would silently fall back to a default, and a wrong radius loses conflicts.
        absent = [column for column in COLUMNS[:15] if column in wanted and wanted[column] not in index]
        unknown = [name for name in header if name and name not in COLUMNS and name not in named]
        if self.is_plain and absent and unknown and set(absent) - {"latitude", "longitude", "geometry_wkt"}:
            raise UnusableInput(
                _(
                    "The file has no column {absent}, but it has {unknown}, which operations.csv does not know: "
                    "correct the header, or give a field mapping."
                ).format(absent=", ".join(absent), unknown=", ".join(unknown))
            )


@dataclass(frozen=True, slots=True)
class Canonical:
    """Turns the fields of one row, as many as the header has, into the columns of `operations.csv`."""

    header: tuple[str, ...]
    places: list[tuple[str, int]]
    scaled: list[tuple[str, float]]
    times: LocalTimes | None
    empty: dict[str, str]

    def __call__(self, fields: Sequence[str]) -> dict[str, str]:
        """One row.

        Raises:
            FieldError: a time or a length that cannot be taken.
        """
        row = self.empty.copy()
        for column, n in self.places:
            row[column] = fields[n]
        for column, factor in self.scaled:
            row[column] = _scaled(row[column], factor, column)
        if self.times is not None:
            start, end = self.times.span(dict(zip(self.header, fields, strict=True)))
            row["starts_at"], row["ends_at"] = format_instant(start), format_instant(end)
        return row

    def operation_id(self, fields: Sequence[str]) -> str:
        """The operation id of a row, whatever else is wrong with it; empty where it has none."""
        for column, n in self.places:
            if column == "operation_id":
                return fields[n].strip() if n < len(fields) else ""
        return self.empty["operation_id"].strip()


def _scaled(text: str, factor: float, column: str) -> str:
    if not text.strip():
        return ""
    try:
        return repr(float(text) * factor)
    except ValueError:
        raise FieldError(column, _("'{text}' is not a number.").format(text=text.strip())) from None


def _texts(name: str, table: Any) -> dict[str, str]:
    if not isinstance(table, dict):
        raise UnusableInput(_("In the field mapping, [{name}] must be a table.").format(name=name))
    for key, value in table.items():
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise UnusableInput(
                _("In the field mapping, {name}.{key} must be a text or a number.").format(name=name, key=key)
            )
    return {key: str(value) for key, value in table.items()}


def _refuse_unknown(table: str, unknown: set[str], known: Any) -> None:
    if unknown:
        sentence = _("The field mapping does not know {unknown}: use {known}.")
        if table:
            sentence = _("The field mapping does not know {unknown} in [{table}]: use {known}.")
        raise UnusableInput(
            sentence.format(unknown=", ".join(sorted(unknown)), table=table, known=", ".join(sorted(known)))
        )


def _local_times(table: dict[str, str], columns: dict[str, str]) -> LocalTimes:
    _refuse_unknown("times", set(table) - set(LocalTimes.__slots__), LocalTimes.__slots__)
    times = LocalTimes(**table)
    _refuse_unknown("times.doubled", {times.doubled} - set(DOUBLED), DOUBLED)
    _refuse_unknown("times.duration_unit", {times.duration_unit} - set(MINUTES), MINUTES)
    if bool(times.zone) == bool(times.zone_column):
        raise UnusableInput(_("The field mapping must give [times] either zone or zone_column."))
    begins = [bool(times.start), bool(times.whole_day), bool(times.date and times.start_time)]
    ends = [bool(times.end), bool(times.duration), bool(times.date and times.end_time), bool(times.whole_day)]
    if sum(begins) != 1 or sum(ends) != 1:
        raise UnusableInput(
            _(
                "The field mapping must give [times] one start (start, or date with start_time, or "
                "whole_day) and one end (end, duration, or date with end_time; none with whole_day)."
            )
        )
    if {"starts_at", "ends_at"} & set(columns):
        raise UnusableInput(_("The field mapping gives times both in [columns] and in [times]."))
    return times


def _delimiter(text: str) -> str:
    sign = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(sign) != 1 or sign in '"\r\n':
        raise UnusableInput(_("'{text}' is no delimiter: give one character, or tab.").format(text=text))
    return sign


def _encoding(name: str) -> str:
    import codecs

    try:
        return "utf-8" if codecs.lookup(name).name == "utf-8" else name
    except LookupError:
        raise UnusableInput(_("'{name}' is no text encoding that is known here.").format(name=name)) from None
