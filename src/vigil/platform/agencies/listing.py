"""A list of agencies as a file: the FBI's agency list, as CSV, Excel or JSON, under the spellings its editions use.

Promise: every row becomes a `Listed` or a `BadRow` with line, column and reason; a file that is no such list is
refused as a whole. A row without a place is refused: a neighbour without one would stand on every receipt.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigil.core.identifiers import ORI_PATTERN
from vigil.engine.formats.tabular import BadRow, UnusableInput, open_sheet

COLUMNS: dict[str, tuple[str, ...]] = {
    "ori": ("ori", "ori9", "oriid"),
    "name": ("agencyname", "name", "ucragencyname", "ncicagencyname", "pubagencyname"),
    "kind": ("agencytypename", "agencytype", "type"),
    "state": ("stateabbr", "state", "statepostalabbr", "statecode"),
    "county": ("countyname", "county", "counties"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "long", "lng"),
}
"""Our field, and the headers that mean it, letters and digits only; the first one present counts."""
NEEDED = ("ori", "name", "latitude", "longitude")
LONGEST = {"name": 200, "kind": 60, "county": 100}


@dataclass(frozen=True, slots=True)
class Listed:
    """One agency of the list; coordinates in degrees."""

    ori: str
    name: str
    kind: str
    state: str
    county: str
    latitude: float
    longitude: float


class _Bad(ValueError):
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def read_listing(path: Path) -> tuple[list[Listed], list[BadRow]]:
    """The file's agencies and its refused rows; in JSON the first agency is line 1.

    Raises:
        UnusableInput: not readable, or a needed column is missing.
    """
    read: dict[str, Listed] = {}
    bad: list[BadRow] = []
    for line, row in _json_rows(path) if path.suffix.lower() == ".json" else _sheet_rows(path):
        try:
            listed = _listed(row)
            if listed.ori in read:
                raise _Bad("ori", f"{listed.ori} stands in the file twice; the first row counts.")
            read[listed.ori] = listed
        except _Bad as error:
            bad.append(BadRow(line, error.column, error.reason))
    return list(read.values()), bad


def _listed(row: Mapping[str, str]) -> Listed:
    ori = row["ori"].upper()
    if not re.fullmatch(ORI_PATTERN, ori):
        raise _Bad("ori", "An ORI is nine letters and digits, e.g. MD0000100.")
    if not row["name"]:
        raise _Bad("name", "The agency has no name.")
    for field, longest in LONGEST.items():
        if len(row.get(field, "")) > longest:
            raise _Bad(field, f"Longer than {longest} characters.")
    state = row.get("state", "").upper() or ori[:2]
    if not re.fullmatch(r"[A-Z]{2}", state):
        raise _Bad("state", "A state is two letters, e.g. MD.")
    latitude, longitude = _degrees(row, "latitude", 90), _degrees(row, "longitude", 180)
    return Listed(ori, row["name"], row.get("kind", ""), state, row.get("county", ""), latitude, longitude)


def _degrees(row: Mapping[str, str], field: str, limit: float) -> float:
    try:
        value = float(row[field])
    except ValueError:
        value = math.nan
    if not abs(value) <= limit:
        raise _Bad(field, f"The place is missing or no number of degrees from -{limit} to {limit}.")
    return value


def _sheet_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    sheet = open_sheet(path)
    places = _known(sheet.header)
    for line, cells in sheet.rows:
        yield line, {field: cells[at].strip() if at < len(cells) else "" for field, at in places.items()}


def _json_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """A list of objects, or the FBI's form: lists by state."""
    try:
        given: Any = json.loads(path.read_text("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise UnusableInput("The file is not JSON text.") from None
    groups = given.values() if isinstance(given, dict) else [given]
    if not all(isinstance(group, list) for group in groups):
        raise UnusableInput("The file holds no list of agencies.")
    rows = [row for group in groups for row in group]
    if not all(isinstance(row, dict) for row in rows):
        raise UnusableInput("The file holds no list of agencies.")
    names = list(dict.fromkeys(name for row in rows for name in row))
    places = _known(names)
    for number, row in enumerate(rows, 1):
        yield number, {field: _text(row.get(names[at])) for field, at in places.items()}


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _known(header: Iterable[str]) -> dict[str, int]:
    plain = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in header]
    places = {
        field: next((plain.index(name) for name in names if name in plain), -1) for field, names in COLUMNS.items()
    }
    missing = [field for field in NEEDED if places[field] < 0]
    if missing:
        raise UnusableInput(f"No column for {', '.join(missing)}. The list needs ORI, name, latitude and longitude.")
    return {field: at for field, at in places.items() if at >= 0}
