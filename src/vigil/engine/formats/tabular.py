"""Tables as people have them: a header and rows of text with their true line numbers (specification 9).

Promise: a `Sheet` gives every row of a CSV file, an Excel file or a DataFrame as text, or the input is refused as a
whole with a sentence that says what is wrong and how to mend it. Nothing is guessed and nothing skipped but blank rows.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any

from vigil.texts import gettext as _

LARGEST_UNPACKED_BYTES = 300_000_000
"""Of an Excel file, which is packed: a small one may unpack to more than a machine has."""
MAX_FIELD = 1_000_000
"""A field longer than this many characters is no field: a shape of 10,000 vertices needs half of it."""
csv.field_size_limit(MAX_FIELD)

Row = tuple[int, list[str]]
"""Line number of the row's first line (1 is the header), and its fields."""


class UnusableInput(ValueError):
    """Input that cannot be read at all; `str()` is a sentence for the person who gave it."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """One refused row: where, what is wrong, and the operation it belongs to (empty where it names none)."""

    line: int
    column: str
    reason: str
    operation_id: str = ""


@dataclass(frozen=True)
class Sheet:
    """A header and its rows. The rows can be read once."""

    header: tuple[str, ...]
    rows: Iterable[Row]
    size: int = 0
    """Bytes of the file, 0 where unknown: for a progress bar."""

    def close(self) -> None:
        """Close the file without reading on."""
        if isinstance(self.rows, Generator):
            self.rows.close()


def open_sheet(source: Any, *, encoding: str = "utf-8", delimiter: str = ",", sheet: str | None = None) -> Sheet:
    """Open the path of a CSV or Excel file, an open binary file, or a DataFrame.

    Raises:
        UnusableInput: not there, empty, not text in this encoding, no table. Reading on can raise it too.
    """
    if hasattr(source, "columns") and not hasattr(source, "read"):
        return _frame(source)
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        try:
            stream: IO[bytes] = path.open("rb")
        except OSError as error:
            raise UnusableInput(
                _("{path} cannot be read: {reason}.").format(path=path, reason=error.strerror or error)
            ) from None
        size = path.stat().st_size
    else:
        stream, size = source, 0
    try:
        return _opened(stream, size, encoding, delimiter, sheet)
    except UnusableInput:
        stream.close()
        raise


def _opened(stream: IO[bytes], size: int, encoding: str, delimiter: str, sheet: str | None) -> Sheet:
    """What a binary stream holds, told by its first bytes."""
    start = stream.read(4)
    if start.startswith(b"PK\x03\x04"):
        with stream:
            return _excel(io.BytesIO(start + stream.read()), sheet)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UnusableInput(_("The file is in UTF-16: save it as CSV in UTF-8."))
    if not start:
        raise UnusableInput(_("The file is empty."))
    text = io.TextIOWrapper(
        _Rejoined(start, stream), encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline=""
    )
    rows = _csv_rows(text, delimiter)
    _line, header = next(rows, (0, []))
    if not header:
        raise UnusableInput(_("The file holds no header row."))
    return Sheet(_checked_header(header, delimiter), rows, size)


class _Rejoined(io.BufferedReader):
    """A binary stream with the bytes that were looked at put back before it."""

    def __init__(self, start: bytes, rest: IO[bytes]) -> None:
        super().__init__(_Chained(start, rest), 1 << 20)


class _Chained(io.RawIOBase):
    def __init__(self, start: bytes, rest: IO[bytes]) -> None:
        self._start, self._rest = start, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._start or self._rest.read(len(buffer))
        self._start = b""
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._rest.close()
        super().close()


def _csv_rows(text: IO[str], delimiter: str) -> Iterator[Row]:
    """Rows of a CSV text; the line number counts physical lines, so quoted line breaks shift it."""
    with closing(text):
        reader = csv.reader(_without_nul(text), delimiter=delimiter, strict=True)
        line = 1
        try:
            for fields in reader:
                if fields:
                    yield line, fields
                line = reader.line_num + 1
        except csv.Error as error:
            raise UnusableInput(
                _("Line {n}: {reason}").format(n=max(line, reader.line_num), reason=_spoken(error))
            ) from None
        except UnicodeDecodeError as error:
            raise UnusableInput(
                _("The text near line {line} is not {encoding}: save the file as CSV in UTF-8.").format(
                    line=line, encoding=error.encoding.upper()
                )
            ) from None


def _without_nul(text: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(text, 1):
        if "\0" in line:
            raise UnusableInput(
                _("Line {number} holds a NUL byte: this is no text file, or a damaged one.").format(number=number)
            )
        yield line


def _spoken(error: csv.Error) -> str:
    message = str(error)
    if "field larger" in message:
        return _("a field is longer than {n:,} characters: this is no table, or a quote is never closed.").format(
            n=MAX_FIELD
        )
    if "unexpected end" in message:
        return _("a quoted field is never closed before the end of the file.")
    if "expected after" in message:
        return _('a quoted field is followed by other text: write a quote inside a field as "".')
    return _("this is not CSV ({message}).").format(message=message)


def _checked_header(header: list[str], delimiter: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in header)
    other = next((sign for sign in ";\t|," if sign != delimiter and names[0].count(sign) > 1), None)
    if len(names) == 1 and other:
        sentence = _(
            "The columns are separated by {sign}, not by '{delimiter}': save it with '{delimiter}', "
            "or name the delimiter in a field mapping."
        )
        sign = _("a tab") if other == "\t" else f"'{other}'"
        raise UnusableInput(sentence.format(sign=sign, delimiter=delimiter))
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise UnusableInput(_("The header names a column twice: {names}.").format(names=", ".join(twice)))
    return names


def _excel(stream: IO[bytes], sheet: str | None) -> Sheet:
    import zipfile

    import openpyxl

    try:
        with zipfile.ZipFile(stream) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
        small = unpacked <= LARGEST_UNPACKED_BYTES
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True) if small else None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, openpyxl.utils.exceptions.InvalidFileException):
        raise UnusableInput(_("The file is a ZIP archive but no Excel workbook (.xlsx).")) from None
    if book is None:
        limit = LARGEST_UNPACKED_BYTES // 1_000_000
        raise UnusableInput(_("The workbook unpacks to more than {n} MB: save the sheet as CSV.").format(n=limit))
    if sheet is not None and sheet not in book.sheetnames:
        raise UnusableInput(
            _("The workbook has no sheet '{sheet}': it has {names}.").format(
                sheet=sheet, names=", ".join(book.sheetnames)
            )
        )
    rows = (book[sheet] if sheet is not None else book.worksheets[0]).iter_rows(values_only=True)
    texts = (
        (number, [cell_text(cell) for cell in row])
        for number, row in enumerate(rows, 1)
        if any(cell is not None for cell in row)
    )
    _line, header = next(texts, (0, []))
    if not header:
        raise UnusableInput(_("The sheet is empty."))
    while header and not header[-1]:
        header.pop()
    width = len(header)
    return Sheet(_checked_header(header, ","), ((number, fields[:width]) for number, fields in texts))


def _frame(frame: Any) -> Sheet:
    """A pandas, polars or pyarrow table; a row's number is its position plus 2, as in the CSV file of it."""
    if hasattr(frame, "to_pylist"):  # pyarrow
        header, rows = tuple(frame.column_names), (tuple(row.values()) for row in frame.to_pylist())
    elif hasattr(frame, "iter_rows"):  # polars
        header, rows = tuple(frame.columns), frame.iter_rows()
    else:  # pandas
        header, rows = tuple(str(name) for name in frame.columns), frame.itertuples(index=False, name=None)
    return Sheet(header, ((number, [cell_text(cell) for cell in row]) for number, row in enumerate(rows, 2)))


def cell_text(cell: Any) -> str:
    """A typed cell as the text a CSV file would hold: ISO times, whole numbers without `.0`, nothing for missing."""
    if cell is None or cell != cell:  # a NaN, and pandas' missing times, differ from themselves
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
