"""Exports of other services: what is read out of them, what is mapped onto ours, what is refused and how it is told."""

from __future__ import annotations

import csv
import io
from importlib.resources import files
from pathlib import Path

import pytest

from vigil.apps.near_miss.foreign import mapping
from vigil.apps.near_miss.foreign.mapping import ASRS, CALL_TYPES, FACTORS, FIREFIGHTER
from vigil.apps.near_miss.foreign.reading import Read, read
from vigil.door import fields
from vigil.door.fields import EVENT

DEMO = files("vigil.apps.near_miss.foreign") / "demo"
AVIATION, FIRE = (DEMO / "aviation.csv").read_bytes(), (DEMO / "fire.csv").read_bytes()
SAMPLE = Path(__file__).parents[4] / "shared" / "data" / "asrs_sample" / "ASRS_DBOnline.csv"


def changed(content: bytes, line: int, column: str, value: str) -> bytes:
    """The file with one cell changed; `line` 2 is the first row below one row of headings."""
    rows = list(csv.reader(io.StringIO(content.decode())))
    heading = next(row for row in rows if column in row)
    rows[line - 1][heading.index(column)] = value
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def faults(found: Read) -> list[tuple[int, str]]:
    return [(one.line, one.column) for one in found.bad_rows]


def test_an_aviation_report_keeps_its_own_taxonomy_and_maps_what_has_a_counterpart() -> None:
    found = read(AVIATION, ASRS)
    assert not found.bad_rows
    late = next(one for one in found.records if one.number == "D-1002")
    assert (late.month, late.time_band) == ("2025-01", "1801-2400")
    assert (
        late.title == "Crew descended below the cleared altitude after a read-back error that nobody noticed at once."
    )
    assert late.text.startswith("We were cleared")
    assert ("Person 1", [("Function", ["Pilot Flying", "Captain"])]) not in late.taxonomy, "a group has all its fields"
    assert list(mapping.values(late.taxonomy, "Function")) == ["Pilot Flying", "Captain"]
    assert [(one.theirs, one.ours) for one in mapping.factors(ASRS, late.taxonomy)] == [
        ("Communication Breakdown", "talk_dispatch"),
        ("Workload", ""),
        ("Human Factors", ""),
        ("Procedure", "policy_gap"),
    ]
    assert mapping.primary(ASRS, late.taxonomy) == ""
    crew = next(one for one in found.records if one.number == "D-1006")
    assert "talk_partner" in mapping.codes(mapping.factors(ASRS, crew.taxonomy))
    second = next(one for one in found.records if one.number == "D-1005")
    assert "Report 2, Narrative:\nI took the position over" in second.text


def test_of_a_fire_report_the_day_and_the_minute_stay_outside() -> None:
    found = read(FIRE, FIREFIGHTER)
    assert not found.bad_rows
    first = found.records[0]
    assert (first.month, first.time_band) == ("2025-03", "0001-0600")
    assert "03/14" not in repr(first)
    assert first.title == "On the way to an alarm we came to a junction where our light was green."
    assert first.lessons.startswith("Slow down at every junction")
    assert mapping.call_type(FIREFIGHTER, first.taxonomy) == "driving"
    only = next(one for one in found.records if one.number == "D-24-004")
    assert (only.month, only.time_band) == ("2024-08", "")
    assert mapping.primary(FIREFIGHTER, only.taxonomy) == "decision"


@pytest.mark.parametrize(
    ("at", "band"),
    [
        ("0000", "1801-2400"),
        ("0001", "0001-0600"),
        ("06:00", "0001-0600"),
        ("0601", "0601-1200"),
        ("2400", "1801-2400"),
    ],
)
def test_an_hour_falls_into_its_band(at: str, band: str) -> None:
    found = read(changed(FIRE, 2, "Event date and time", f"3/4/2025 {at}"), FIREFIGHTER)
    assert (found.records[0].month, found.records[0].time_band) == ("2025-03", band)


@pytest.mark.parametrize(
    ("content", "format", "line", "column", "said"),
    [
        (changed(AVIATION, 3, "ACN", " "), ASRS, 3, "ACN", "no number"),
        (changed(AVIATION, 4, "ACN", "D-1001"), ASRS, 4, "ACN", "Row 3 has this number too"),
        (changed(AVIATION, 5, "Date", "2025"), ASRS, 5, "Date", "six digits"),
        (changed(AVIATION, 5, "Date", "202513"), ASRS, 5, "Date", "six digits"),
        (changed(AVIATION, 3, "Narrative", ""), ASRS, 3, "Narrative", "no text"),
        (changed(AVIATION, 3, "Narrative", "His number is 123-45-6789."), ASRS, 3, "Narrative", "Social Security"),
        (changed(AVIATION, 3, "Narrative", "x" * 100_001), ASRS, 3, "Narrative", "At most 100,000"),
        (
            changed(FIRE, 3, "Event date and time", "yesterday"),
            FIREFIGHTER,
            3,
            "Event date and time",
            "06/26/2006 1030",
        ),
        (
            changed(FIRE, 3, "Event date and time", "1/2/2025 2570"),
            FIREFIGHTER,
            3,
            "Event date and time",
            "0001 to 2400",
        ),
        (FIRE, ASRS, 1, "", "ACN, Date, Narrative"),
        (AVIATION, FIREFIGHTER, 1, "", "Is this the right format"),
        (b"", ASRS, 1, "", "no headings"),
        (b"\n".join(AVIATION.splitlines()[:2]), ASRS, 1, "", "no report below"),
        ("Ä".encode("latin-1"), ASRS, 1, "", "CSV UTF-8"),
        (AVIATION + b'"open', ASRS, 1, "", "is no CSV"),
    ],
)
def test_a_bad_row_is_told_with_its_row_what_is_wrong_and_how_to_mend_it(
    content: bytes, format: str, line: int, column: str, said: str
) -> None:
    found = read(content, format)
    assert faults(found) == [(line, column)]
    assert said in found.bad_rows[0].reason


def test_every_mapping_leads_to_a_code_of_ours() -> None:
    ours = {code for table in FACTORS.values() for code in table.values()}
    assert ours | {"talk_dispatch", "talk_partner"} <= fields.FACTORS.keys()
    calls = next(one for one in EVENT if one.name == "call_type").choices
    assert {code for table in CALL_TYPES.values() for code in table.values()} <= calls.keys()


@pytest.mark.slow
@pytest.mark.skipif(not SAMPLE.exists(), reason="the ASRS sample (../shared/data/asrs_sample) is not there")
def test_the_sample_of_926_reports_is_read_whole() -> None:
    found = read(SAMPLE.read_bytes(), ASRS)
    assert (len(found.records), found.bad_rows) == (926, [])
    assert len({one.number for one in found.records}) == 926
    assert {one.month[:4] for one in found.records} == {str(year) for year in range(1988, 2018)}
    assert sum(not one.time_band for one in found.records) == 19
    mapped = [one for record in found.records for one in mapping.factors(ASRS, record.taxonomy)]
    assert sum(one.ours == "perception" for one in mapped) > 80
    assert {one.theirs for one in mapped if not one.ours} >= {"Airspace Structure", "Ambiguous", "Confusion"}
