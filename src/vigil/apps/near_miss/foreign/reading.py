"""An export of NASA ASRS or of Firefighter Near Miss, read into records; every fault with its row. Pure.

ASRS: the CSV of its Database Online, with two rows of headings (group, field), several values in a cell parted by `;`.
Firefighter: a CSV with one row of headings, the questions of the form in `mapping.FIREFIGHTER_COLUMNS`. Of a day and an
hour only the month and the six-hour band are taken in.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from vigil.apps.near_miss.foreign.mapping import (
    ASRS,
    ASRS_LEFT_OUT,
    BAND_OF,
    FIREFIGHTER,
    FIREFIGHTER_COLUMNS,
    FIRST_STORY,
    LESSONS,
    MONTH_OF,
    NEEDED,
    NUMBER,
    STORY,
    SYNOPSIS,
    WHEN,
    Taxonomy,
)
from vigil.core.privacy import forbidden
from vigil.door.fields import TIME_BANDS
from vigil.texts import gettext as _

LARGEST = 64_000_000
"""Bytes of a file: thirty times the sample of 926 reports."""
MOST_TEXT, MOST_TITLE, MOST_NUMBER = 100_000, 160, 40
csv.field_size_limit(1_000_000)

DAY = re.compile(r"(?P<month>\d{1,2})/\d{1,2}/(?P<year>\d{4})(?:\s+(?P<hour>\d{1,2}):?(?P<minute>\d{2}))?")
MONTH = re.compile(r"(?P<year>\d{4})-?(?P<month>\d{2})")


@dataclass(frozen=True, slots=True)
class Record:
    """One report of another service. `month` is `2009-01`; `time_band` a code of `vigil.door.fields`, or empty."""

    line: int
    number: str
    title: str
    text: str
    lessons: str
    month: str
    time_band: str
    taxonomy: Taxonomy


@dataclass(frozen=True, slots=True)
class BadRow:
    """What is wrong in which row, and how to mend it."""

    line: int
    column: str
    reason: str


@dataclass(slots=True)
class Read:
    """What a file holds; where there is a bad row, nothing of it is to be stored."""

    records: list[Record] = field(default_factory=list)
    bad_rows: list[BadRow] = field(default_factory=list)


class _Fault(Exception):
    """One cell that cannot be taken."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


Cells = dict[tuple[str, str], str]
"""A row's cells by group and field, without empty ones."""


def read(content: bytes, format: str) -> Read:
    """Every report of the file, or what is wrong with it, row by row. A fault of the whole file has line 1."""
    found = Read()
    try:
        header, rows = _table(content, format)
    except _Fault as fault:
        found.bad_rows.append(BadRow(1, fault.column, fault.reason))
        return found
    first: dict[str, int] = {}
    for line, row in rows:
        try:
            record = _record(line, _cells(header, row), format)
            if record.number in first:
                said = _("Row {line} has this number too. Keep one of the two.").format(line=first[record.number])
                raise _Fault(NEEDED[format][0], said)
            first[record.number] = line
            found.records.append(record)
        except _Fault as fault:
            found.bad_rows.append(BadRow(line, fault.column, fault.reason))
    if not rows:
        found.bad_rows.append(BadRow(1, "", _("There is no report below the headings.")))
    return found


# --- the table -------------------------------------------------------------------------------------------------------


def _table(content: bytes, format: str) -> tuple[list[tuple[str, str]], list[tuple[int, list[str]]]]:
    """The headings as (group, field), and the rows that are not blank with their line numbers."""
    if len(content) > LARGEST:
        raise _Fault(
            "", _("The file is larger than {n} MB. Export fewer reports at a time.").format(n=LARGEST // 10**6)
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _Fault("", _("The file is not UTF-8. Save it as “CSV UTF-8” and import that.")) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    end = 0
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((end + 1, row))
            end = reader.line_num
    except csv.Error as error:
        raise _Fault("", _("Row {n} is no CSV: {error}.").format(n=reader.line_num, error=error)) from None
    heads = 2 if format == ASRS else 1
    if len(rows) < heads:
        raise _Fault("", _("The file has no headings."))
    header = _header(rows[:heads], format)
    missing = [name for name in NEEDED[format] if name not in {field for _group, field in header}]
    if missing:
        said = _("These headings are missing: {names}. Is this the right format, and the whole export?")
        raise _Fault("", said.format(names=", ".join(missing)))
    return header, rows[heads:]


def _header(rows: list[tuple[int, list[str]]], format: str) -> list[tuple[str, str]]:
    if format == ASRS:
        (_first, groups), (_second, fields) = rows
        return [(group.strip(), name.strip()) for group, name in zip(groups, fields, strict=False)]
    known = {name.casefold(): (group, name) for group, name in FIREFIGHTER_COLUMNS}
    known |= {name.casefold(): ("", name) for name in (NUMBER, WHEN, STORY, LESSONS)}
    return [known.get(name.strip().casefold(), ("", name.strip())) for name in rows[0][1]]


def _cells(header: list[tuple[str, str]], row: list[str]) -> Cells:
    if len(row) > len(header) and any(cell.strip() for cell in row[len(header) :]):
        raise _Fault("", _("The row has more cells than there are headings. Is a quotation mark missing?"))
    return {name: text for name, cell in zip(header, row, strict=False) if name[1] and (text := _plain(cell))}


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\x00", "").strip()


# --- one report ------------------------------------------------------------------------------------------------------


def _record(line: int, cells: Cells, format: str) -> Record:
    record = RECORDS[format](line, cells)
    number, _when, story = NEEDED[format]
    if not record.number:
        raise _Fault(number, _("The report has no number: without it, it would come in again with each import."))
    if len(record.number) > MOST_NUMBER:
        raise _Fault(number, _("A number has at most {n} characters.").format(n=MOST_NUMBER))
    if not record.text:
        raise _Fault(story, _("The report has no text. Take the row out."))
    if len(record.text) + len(record.lessons) > MOST_TEXT:
        raise _Fault(story, _("At most {n} characters are taken. Shorten the text.").format(n=f"{MOST_TEXT:,}"))
    if said := forbidden("\n\n".join((record.title, record.text, record.lessons))):
        raise _Fault(story, " ".join(map(_, said)))
    return record


def _asrs(line: int, cells: Cells) -> Record:
    synopsis = cells.get(SYNOPSIS, "")
    texts = []
    for (group, name), text in cells.items():
        if name in ("Narrative", "Callback"):
            texts.append(text if (group, name) == FIRST_STORY else f"{group}, {name}:\n{text}")
    text = "\n\n".join(texts)
    number = next((text for (_group, name), text in cells.items() if name == "ACN"), "")
    when = MONTH.fullmatch(cells.get(MONTH_OF, ""))
    if when is None or not 1 <= int(when["month"]) <= 12:
        raise _Fault("Date", _("Write the month as six digits, such as 200901."))
    band = cells.get(BAND_OF, "")
    kept = [name for name in cells if name[1] not in ASRS_LEFT_OUT]
    return Record(
        line,
        number,
        _title(synopsis or text),
        text if _title(synopsis) == synopsis else f"{synopsis}\n\n{text}",
        "",
        f"{when['year']}-{when['month']}",
        band if band in TIME_BANDS else "",
        _taxonomy(cells, kept),
    )


def _firefighter(line: int, cells: Cells) -> Record:
    own = {name: text for (_group, name), text in cells.items()}
    text = own.get(STORY, "")
    when = DAY.fullmatch(own.get(WHEN, "")) or MONTH.fullmatch(own.get(WHEN, ""))
    if when is None or not 1 <= int(when["month"]) <= 12:
        raise _Fault(WHEN, _("Write it as 06/26/2006 1030, or the month alone as 2006-06."))
    return Record(
        line,
        own.get(NUMBER, ""),
        _title(text),
        text,
        own.get(LESSONS, ""),
        f"{when['year']}-{int(when['month']):02}",
        _band(when.groupdict().get("hour"), when.groupdict().get("minute")),
        _taxonomy(cells, [name for name in FIREFIGHTER_COLUMNS if name in cells]),
    )


RECORDS: dict[str, Callable[[int, Cells], Record]] = {ASRS: _asrs, FIREFIGHTER: _firefighter}


def _band(hour: str | None, minute: str | None) -> str:
    if hour is None or minute is None:
        return ""
    if int(hour) > 24 or int(minute) > 59:
        raise _Fault(WHEN, _("Write the hour as four digits from 0001 to 2400, or leave it out."))
    at = (int(hour) * 60 + int(minute)) % (24 * 60) or 24 * 60
    return next(code for code in TIME_BANDS if at <= int(code[-4:-2]) * 60)


def _title(text: str) -> str:
    """The first sentence, or as many of its words as fit."""
    first = re.split(r"(?<=[.!?])\s", " ".join(text.split()), maxsplit=1)[0]
    if len(first) <= MOST_TITLE:
        return first
    return first[: MOST_TITLE - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def _taxonomy(cells: Cells, names: list[tuple[str, str]]) -> Taxonomy:
    groups: dict[str, list[tuple[str, list[str]]]] = {}
    for group, name in names:
        groups.setdefault(group, []).append((name, list(_values(cells[group, name]))))
    return list(groups.items())


def _values(cell: str) -> Iterator[str]:
    return (value for part in cell.split(";") if (value := " ".join(part.split())))
