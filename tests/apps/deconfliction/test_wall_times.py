"""Typed times: what officers write reads as the one instant; the night that clocks change is asked about."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.apps.deconfliction.wall_times import Moment, TimeError, is_zone, moment, read_time

BALTIMORE = "America/New_York"
NOW = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)  # Tuesday, 08:30 in Baltimore


@pytest.mark.parametrize(
    "text",
    [
        "0430 tomorrow",
        "tomorrow 0430",
        "tomorrow at 4:30 am",
        "4:30 a.m. tomorrow",
        "2026-11-25 04:30",
        "2026-11-25T04:30",
        "2026-11-25 0430",
        "11/25/2026 04:30",
        "11/25/26 4:30 AM",
        "0430 25 Nov",
        "25 Nov 2026 0430",
        "Nov 25, 2026 at 04:30",
        "wednesday 0430",
        "Wed 04:30",
        "0430",
        "04:30",
        "0430 hrs",
        "2026-11-25T04:30:00-05:00",
        "2026-11-25T09:30:00Z",
        "2026-11-25T09:30:00.000Z",
    ],
)
def test_every_way_to_write_one_moment(text: str) -> None:
    assert read_time(text, BALTIMORE, NOW).wall == "2026-11-25T04:30"


def test_a_time_without_a_day_is_the_next_such_time_in_the_sites_zone() -> None:
    assert read_time("2100", BALTIMORE, NOW).wall == "2026-11-24T21:00"
    assert read_time("2100", "Asia/Tokyo", NOW).wall == "2026-11-25T21:00"


def test_an_end_counts_from_the_start() -> None:
    start = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)  # 22:00 on the 25th
    assert read_time("0600", BALTIMORE, NOW, start).wall == "2026-11-26T06:00"
    assert read_time("+2h", BALTIMORE, NOW, start).wall == "2026-11-26T00:00"
    assert read_time("+1h 30m", BALTIMORE, NOW, start).wall == "2026-11-25T23:30"


def test_a_doubled_time_is_refused_with_both_readings_and_each_is_taken() -> None:
    with pytest.raises(TimeError) as caught:
        read_time("2026-11-01 01:30", BALTIMORE, NOW)
    assert caught.value.choices == ("2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00")
    first, second = (read_time(choice, BALTIMORE, NOW).instant for choice in caught.value.choices)
    assert second - first == 3_600_000_000


def test_a_skipped_time_is_refused_with_the_times_beside_it() -> None:
    with pytest.raises(TimeError) as caught:
        read_time("2027-03-14 02:30", BALTIMORE, NOW)
    assert "does not exist" in caught.value.sentence
    assert caught.value.choices == ("2027-03-14T01:30:00-05:00", "2027-03-14T03:30:00-04:00")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Give a time"),
        ("hello", "not recognised"),
        ("20261125", "not recognised"),
        ("2026-11-25", "time of day"),
        ("13/45/2026 04:30", "no such day"),
        ("2026-02-30 04:30", "no such day"),
        ("2530", "no such day or time"),
        ("13:30 pm", "hour goes from 1 to 12"),
        ("9999-01-01 04:30", "year must lie between"),
        ("0001-01-01T00:00:00+14:00", "year must lie between"),
        ("x" * 61, "This is no time"),
    ],
)
def test_what_is_no_time_gets_a_sentence(text: str, words: str) -> None:
    with pytest.raises(TimeError) as caught:
        read_time(text, BALTIMORE, NOW)
    assert words in caught.value.sentence


@given(st.text(max_size=30) | st.from_regex(r"[0-9:/ apm+h]{1,12}", fullmatch=True))
def test_no_text_breaks_it(text: str) -> None:
    with contextlib.suppress(TimeError):
        assert isinstance(read_time(text, BALTIMORE, NOW, NOW), Moment)


@given(st.integers(0, 6_900_000_000_000_000), st.sampled_from([BALTIMORE, "Asia/Kathmandu", "Pacific/Apia"]))
def test_an_instant_survives_being_written_and_read(microseconds: int, zone: str) -> None:
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    found = moment(instant, zone)
    assert read_time(instant.isoformat(), zone, NOW) == found
    assert found.instant == microseconds
    assert datetime.fromisoformat(found.wall) == instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def test_zone_names() -> None:
    assert is_zone(BALTIMORE)
    assert not is_zone("Mars/Olympus")
    assert not is_zone("../etc/passwd")
    assert not is_zone("")
