"""Field mapping: other names, constants, local times, days, durations, feet and miles, Excel."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from vigil.engine.formats.mapping import Mapping
from vigil.engine.formats.operations_csv import ReadResult, read_operations
from vigil.engine.formats.tabular import UnusableInput
from vigil.engine.operation import Site
from vigil.engine.windows import format_instant

MAP = """
[columns]
operation_id = "no"
latitude = "lat"
longitude = "lon"
[constants]
agency_ori = "MN0271600"
operation_type = "raid"
buffer_before_min = 0
buffer_after_min = 0
"""
AT = "44.9,-93.2"


def read(times: str, *lines: str, extra: str = "", doubled: str = "") -> ReadResult:
    mapping = Mapping.from_toml(f"{MAP}{extra}[times]\n{times}")
    if doubled:
        mapping = mapping.with_doubled(doubled)
    return read_operations(io.BytesIO("\n".join(lines).encode()), mapping)


def span(result: ReadResult) -> tuple[str, str]:
    assert result.complete, result.bad_rows
    (site,) = result.operations[0].operation.sites
    return format_instant(site.starts_at), format_instant(site.ends_at)


CHICAGO = 'zone = "America/Chicago"\n'


@pytest.mark.parametrize(
    ("times", "header", "row", "start", "end"),
    [
        ('start = "s"\nend = "e"', "s,e", "2026-07-01T06:00,2026-07-01 08:30:15", "T11:00:00Z", "T13:30:15Z"),
        ('start = "s"\nduration = "d"', "s,d", "2026-07-01T06:00,90", "T11:00:00Z", "T12:30:00Z"),
        (
            'start = "s"\nduration = "d"\nduration_unit = "hours"',
            "s,d",
            "2026-07-01T06:00,1.5",
            "T11:00:00Z",
            "T12:30:00Z",
        ),
        (
            'date = "d"\nstart_time = "s"\nend_time = "e"',
            "d,s,e",
            "2026-07-01,06:00,6:45 PM",
            "T11:00:00Z",
            "T23:45:00Z",
        ),
        (
            'start = "s"\nduration = "d"\nformat = "%m/%d/%Y %H:%M"',
            "s,d",
            "07/01/2026 06:00,30",
            "T11:00:00Z",
            "T11:30:00Z",
        ),
    ],
)
def test_local_times_are_read_in_their_zone(times: str, header: str, row: str, start: str, end: str) -> None:
    result = read(CHICAGO + times, f"no,lat,lon,{header}", f"1,{AT},{row}")
    assert span(result) == (f"2026-07-01{start}", f"2026-07-01{end}")


def test_an_end_time_before_the_start_time_is_the_next_day() -> None:
    times = CHICAGO + 'date = "d"\nstart_time = "s"\nend_time = "e"'
    assert span(read(times, "no,lat,lon,d,s,e", f"1,{AT},2026-07-01,22:00,0130")) == (
        "2026-07-02T03:00:00Z",
        "2026-07-02T06:30:00Z",
    )


@pytest.mark.parametrize(("day", "hours"), [("2026-07-01", 24), ("2026-03-08", 23), ("2026-11-01", 25)])
def test_a_whole_local_day_is_as_long_as_it_is(day: str, hours: int) -> None:
    result = read(CHICAGO + 'whole_day = "day"', "no,lat,lon,day", f"1,{AT},{day}")
    (site,) = result.operations[0].operation.sites
    assert site.ends_at - site.starts_at == hours * 3_600_000_000


def test_the_zone_may_be_a_column() -> None:
    times = 'zone_column = "tz"\nstart = "s"\nduration = "d"'
    result = read(
        times, "no,lat,lon,s,d,tz", f"1,{AT},2026-07-01T06:00,60,America/New_York", f"2,{AT},2026-07-01T06:00,60,Mars"
    )
    assert format_instant(result.operations[0].operation.sites[0].starts_at) == "2026-07-01T10:00:00Z"
    assert [(row.line, row.column) for row in result.bad_rows] == [(3, "s")]
    assert "no time zone" in result.bad_rows[0].reason


DOUBLED = (CHICAGO + 'start = "s"\nduration = "d"', "no,lat,lon,s,d", f"1,{AT},2026-11-01T01:30,10")


def test_doubled_times_are_refused_with_the_choices_unless_decided() -> None:
    (bad,) = read(*DOUBLED).bad_rows
    assert bad.column == "s"
    assert "2026-11-01T06:30:00Z" in bad.reason
    assert "2026-11-01T07:30:00Z" in bad.reason
    assert span(read(*DOUBLED, doubled="earlier"))[0] == "2026-11-01T06:30:00Z"
    assert span(read(*DOUBLED, doubled="later"))[0] == "2026-11-01T07:30:00Z"


def test_a_time_that_the_clocks_skip_is_refused_whatever_is_chosen() -> None:
    times, header, _ = DOUBLED
    (bad,) = read(times, header, f"1,{AT},2026-03-08T02:30,10", doubled="earlier").bad_rows
    assert "does not exist" in bad.reason


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("2026-07-01T06:00,", "d", "missing"),
        ("2026-07-01T06:00,0", "d", "more than 0"),
        ("2026-07-01T06:00,soon", "d", "not a number"),
        (",10", "s", "missing"),
        ("1 July,10", "s", "not a local time"),
        ("2026-07-01T06:00Z,10", "s", "has an offset"),
    ],
)
def test_bad_times_are_named_by_the_column_of_the_file(row: str, column: str, reason: str) -> None:
    (bad,) = read(CHICAGO + 'start = "s"\nduration = "d"', "no,lat,lon,s,d", f"1,{AT},{row}").bad_rows
    assert (bad.line, bad.column) == (2, column)
    assert reason in bad.reason


@pytest.mark.parametrize(("unit", "metres"), [("feet", 304.8), ("miles", 1_609_344.0), ("metres", 1000.0)])
def test_lengths_in_feet_and_miles(unit: str, metres: float) -> None:
    times = CHICAGO + 'whole_day = "day"'
    extra = f'[units]\nradius_m = "{unit}"\n'
    result = read(times, "no,lat,lon,day,radius_m", f"1,{AT},2026-07-01,1000", f"2,{AT},2026-07-01,", extra=extra)
    radii = [entry.operation.sites[0].radius_m for entry in result.operations]
    assert radii == [pytest.approx(metres), 300.0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[columns", "not TOML"),
        ("[colums]\n", "does not know colums"),
        ('[columns]\nradius = "r"', r"does not know radius in \[columns\]"),
        ('[columns]\nmode = "m"\n[constants]\nmode = "live"', "both a column and a constant"),
        ("[constants]\nradius_m = true", "must be a text or a number"),
        ('[units]\nradius_m = "yards"', "does not know yards"),
        ('[units]\nlatitude = "feet"', "does not know latitude"),
        ('[times]\nstart = "s"\nend = "e"', "either zone or zone_column"),
        ('[times]\nzone = "UTC"\nstart = "s"', "one start"),
        ('[times]\nzone = "UTC"\nwhole_day = "d"\nend = "e"', "one start"),
        ('[times]\nzone = "UTC"\nstart = "s"\nend = "e"\ndoubled = "both"', "does not know both"),
        ('[columns]\nstarts_at = "s"\n[times]\nzone = "UTC"\nwhole_day = "d"', "both in"),
        ('[file]\ndelimiter = ";;"', "no delimiter"),
        ('[file]\nencoding = "klingon"', "no text encoding"),
    ],
)
def test_a_wrong_mapping_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UnusableInput, match=sentence):
        Mapping.from_toml(text)


def test_a_mapped_column_that_is_missing_makes_the_file_unusable() -> None:
    with pytest.raises(UnusableInput, match="column d is missing"):
        read(CHICAGO + 'start = "s"\nduration = "d"', "no,lat,lon,s", f"1,{AT},2026-07-01T06:00")


def test_other_delimiters_and_encodings() -> None:
    mapping = Mapping.from_toml(MAP + '[file]\ndelimiter = "tab"\nencoding = "cp1252"\n')
    content = (
        "no\tlat\tlon\tstarts_at\tends_at\tcontact_name\n1\t1\t2\t2026-07-01T06:00:00Z\t2026-07-01T07:00:00Z\tMüller\n"
    )
    (entry,) = read_operations(io.BytesIO(content.encode("cp1252")), mapping).operations
    assert entry.contact_name == "Müller"


def test_excel_workbooks_with_typed_cells(tmp_path: Path) -> None:
    import datetime

    import openpyxl

    book = openpyxl.Workbook()
    rows: list[list[Any]] = [
        ["no", "lat", "lon", "s", "d"],
        [17, 44.9, -93.2, datetime.datetime(2026, 7, 1, 6, 0), 90],  # noqa: DTZ001  a wall time
        [None] * 5,
        [18, None, -93.2, datetime.datetime(2026, 7, 1, 6, 0), 90],  # noqa: DTZ001
    ]
    sheet = book.create_sheet("Plans")
    for row in rows:
        sheet.append(row)
    path = tmp_path / "plans.xlsx"
    book.save(path)
    text = MAP + "[times]\n" + CHICAGO + 'start = "s"\nduration = "d"\n[file]\nsheet = "Plans"\n'
    result = read_operations(path, Mapping.from_toml(text))
    assert [entry.operation.operation_id for entry in result.operations] == ["17"]
    assert format_instant(result.operations[0].operation.sites[0].starts_at) == "2026-07-01T11:00:00Z"
    assert [(row.line, row.column, row.operation_id) for row in result.bad_rows] == [(4, "lat", "18")]
    with pytest.raises(UnusableInput, match="no sheet 'Other': it has Sheet, Plans"):
        read_operations(path, Mapping.from_toml(text.replace("Plans", "Other")))
    assert isinstance(result.operations[0].operation.sites[0], Site)
