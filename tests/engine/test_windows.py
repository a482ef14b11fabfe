"""Instants, wall times and spans (specification 3 and 9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.engine.operation import Window
from vigil.engine.windows import (
    AmbiguousTime,
    NonexistentTime,
    TimeError,
    checked_span,
    format_instant,
    instant_of,
    local_instant,
    minutes,
    parse_instant,
    wall_time,
)

CHICAGO = "America/Chicago"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-03-08T14:30:00-06:00", "2026-03-08T20:30:00Z"),
        ("2026-03-08t14:30:00z", "2026-03-08T14:30:00Z"),
        ("2026-03-08 14:30:00.5+05:30", "2026-03-08T09:00:00.5Z"),
        ("2026-03-08T14:30:00.000001Z", "2026-03-08T14:30:00.000001Z"),
        ("2026-03-08T14:30:00.123456000Z", "2026-03-08T14:30:00.123456Z"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_instants_are_read_and_written(text: str, written: str) -> None:
    assert format_instant(parse_instant(text)) == written


@given(st.datetimes(), st.integers(-1439, 1439))
def test_instants_agree_with_the_standard_library(naive: datetime, offset: int) -> None:
    sign, (hours, rest) = "-" if offset < 0 else "+", divmod(abs(offset), 60)
    text = f"{naive.isoformat()}{sign}{hours:02d}:{rest:02d}"
    delta = naive - datetime(1970, 1, 1) - timedelta(minutes=offset)  # noqa: DTZ001
    assert parse_instant(text) == delta // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a time"),
        ("tomorrow", "is not a time"),
        ("2026-03-08", "is not a time"),
        ("2026-03-08T14:30Z", "is not a time"),
        ("2026-03-08T14:30:00", "has no offset"),
        ("2026-02-29T00:00:00Z", "a day that does not exist"),
        ("2026-13-01T00:00:00Z", "a day that does not exist"),
        ("2026-03-08T24:00:00Z", "time of day that does not exist"),
        ("2026-03-08T23:59:60Z", "leap seconds"),
        ("2026-03-08T14:30:00+24:00", "an offset that does not exist"),
        ("2026-03-08T14:30:00.0000001Z", "finer than a microsecond"),
        ("2026-03-08T14:30:00.00000000001Z", "finer than a microsecond"),
        ("٢٠٢٦-03-08T14:30:00Z", "is not a time"),
    ],
)
def test_refused_with_a_sentence(text: str, words: str) -> None:
    with pytest.raises(TimeError, match=words):
        parse_instant(text)


def test_wall_time_to_instant_and_back() -> None:
    wall = datetime(2026, 6, 15, 9, 30)  # noqa: DTZ001
    instant = local_instant(wall, CHICAGO)
    assert format_instant(instant) == "2026-06-15T14:30:00Z"
    assert wall_time(instant, CHICAGO).replace(tzinfo=None) == wall


def test_a_skipped_wall_time_is_refused_with_choices() -> None:
    with pytest.raises(NonexistentTime, match="does not exist in America/Chicago") as refused:
        local_instant(datetime(2026, 3, 8, 2, 30), CHICAGO, doubled="earlier")  # noqa: DTZ001
    assert [choice.strftime("%H:%M") for choice in refused.value.choices] == ["01:30", "03:30"]
    assert format_instant(refused.value.earlier) == "2026-03-08T07:30:00Z"
    assert format_instant(refused.value.later) == "2026-03-08T08:30:00Z"


def test_a_doubled_wall_time_is_refused_with_choices_or_chosen() -> None:
    wall = datetime(2026, 11, 1, 1, 30)  # noqa: DTZ001
    with pytest.raises(AmbiguousTime, match="occurs twice") as refused:
        local_instant(wall, CHICAGO)
    assert format_instant(refused.value.earlier) == "2026-11-01T06:30:00Z"
    assert format_instant(refused.value.later) == "2026-11-01T07:30:00Z"
    assert local_instant(wall, CHICAGO, doubled="earlier") == refused.value.earlier
    assert local_instant(wall, CHICAGO, doubled="later") == refused.value.later


@pytest.mark.parametrize(("hour", "minute"), [(1, 59), (3, 0)])
def test_the_hours_beside_the_gap_exist(hour: int, minute: int) -> None:
    assert local_instant(datetime(2026, 3, 8, hour, minute), CHICAGO)  # noqa: DTZ001


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(TimeError, match="no time zone"):
        local_instant(datetime(2026, 6, 15), zone)  # noqa: DTZ001


def test_spans() -> None:
    assert checked_span(1, 2) == Window(1, 2)
    for end in (1, 0):
        with pytest.raises(TimeError, match="at or before the start"):
            checked_span(1, end)
    assert minutes(1.5) == 90_000_000
    assert instant_of(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)) == 1_000_000
    with pytest.raises(TimeError, match="no zone"):
        instant_of(datetime(1970, 1, 1))  # noqa: DTZ001
