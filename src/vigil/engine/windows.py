"""Instants and windows: reading, writing, and the site's wall clock (specification 3 and 9).

Promise: instants are whole microseconds since 1970-01-01T00:00:00Z, so that windows compare exactly. Nothing here
knows the time of day.
"""

from __future__ import annotations

import re
from calendar import timegm
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vigil.engine.operation import MICROSECONDS_PER_MINUTE, Window
from vigil.texts import gettext as _

MICROSECONDS_PER_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TimeError(ValueError):
    """A time that cannot be taken. `str()` is a sentence for the person who gave it."""


class NonexistentTime(TimeError):
    """A wall time that the clocks skip (specification 3: refused with the choices offered).

    `earlier` and `later` are the instants (microseconds) that the wall time means by the offset before and after the
    change: one as far before the gap's end, one as far behind its start. `choices` gives both as wall times.
    """

    def __init__(self, wall: datetime, zone: str, earlier: int, later: int) -> None:
        self.earlier, self.later = sorted((earlier, later))
        self.choices = tuple(wall_time(instant, zone) for instant in (self.earlier, self.later))
        super().__init__(
            _("{wall} does not exist in {zone}: the clocks go forward then. Choose {one} or {other}.").format(
                wall=_spoken(wall), zone=zone, one=_spoken(self.choices[0]), other=_spoken(self.choices[1])
            )
        )


class AmbiguousTime(TimeError):
    """A wall time that occurs twice (specification 3). `earlier` and `later` are its two instants, in microseconds."""

    def __init__(self, wall: datetime, zone: str, earlier: int, later: int) -> None:
        self.earlier, self.later = earlier, later
        self.choices = tuple(wall_time(instant, zone) for instant in (earlier, later))
        super().__init__(
            _(
                "{wall} occurs twice in {zone}: the clocks go back then. "
                "Choose the earlier ({earlier}) or the later ({later})."
            ).format(wall=_spoken(wall), zone=zone, earlier=format_instant(earlier), later=format_instant(later))
        )


_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))?", re.ASCII
)


@lru_cache(maxsize=4096)
def _midnight(year: str, month: str, day: str) -> int:
    """Seconds from 1970 to the date's first second in UTC. Files name the same few days over and over."""
    return timegm(datetime(int(year), int(month), int(day)).timetuple())  # noqa: DTZ001  UTC by construction


def parse_instant(text: str) -> int:
    """Read an RFC 3339 time with its offset; digits beyond the microsecond must be zero.

    Raises:
        TimeError: not RFC 3339, no offset, or a date or time that does not exist.
    """
    found = _RFC3339.fullmatch(text.strip())
    if found is None:
        raise TimeError(
            _("'{text}' is not a time: write it as 2026-03-08T14:30:00-06:00 or with Z for UTC.").format(text=text)
        )
    year, month, day, hour, minute, second, fraction, zulu, sign, offset_hour, offset_minute = found.groups()
    if zulu is None and sign is None:
        raise TimeError(_("'{text}' has no offset: add Z for UTC, or an offset as in -06:00.").format(text=text))
    try:
        seconds = _midnight(year, month, day)
    except ValueError:
        raise TimeError(_("'{text}' names a day that does not exist.").format(text=text)) from None
    if int(hour) > 23 or int(minute) > 59 or int(second) > 59:
        raise TimeError(
            _("'{text}' names a time of day that does not exist (leap seconds are not taken).").format(text=text)
        )
    seconds += int(hour) * 3600 + int(minute) * 60 + int(second)
    if sign is not None:
        if int(offset_hour) > 23 or int(offset_minute) > 59:
            raise TimeError(_("'{text}' has an offset that does not exist.").format(text=text))
        offset = int(offset_hour) * 3600 + int(offset_minute) * 60
        seconds += offset if sign == "-" else -offset
    return seconds * MICROSECONDS_PER_SECOND + _microseconds(fraction, text)


def _microseconds(fraction: str | None, text: str) -> int:
    if fraction is None:
        return 0
    if fraction[6:].strip("0"):
        raise TimeError(_("'{text}' is finer than a microsecond: leave out the last digits.").format(text=text))
    return int(fraction[:6].ljust(6, "0"))


def format_instant(instant: int) -> str:
    """RFC 3339 in UTC with `Z`; a fraction only where there is one, without trailing zeros."""
    seconds, micros = divmod(instant, MICROSECONDS_PER_SECOND)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    fraction = f".{micros:06d}".rstrip("0") if micros else ""
    return f"{text}{fraction}Z"


def instant_of(moment: datetime) -> int:
    """Microseconds of an aware datetime.

    Raises:
        TimeError: the datetime has no zone.
    """
    if moment.utcoffset() is None:
        raise TimeError(_("This time has no zone."))
    return (moment - _EPOCH) // timedelta(microseconds=1)


def wall_time(instant: int, zone: str) -> datetime:
    """The aware wall time of an instant in an IANA zone."""
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(_zone(zone))


def local_instant(wall: datetime, zone: str, *, doubled: str = "refuse") -> int:
    """The instant that a naive wall time means in an IANA zone.

    `doubled` says what a wall time that occurs twice means: `refuse` (the default), `earlier` or `later`
    (specification 9). A wall time that does not exist is always refused.

    Raises:
        NonexistentTime, AmbiguousTime: with the choices.
        TimeError: the zone is unknown.
    """
    if doubled not in ("refuse", "earlier", "later"):
        raise ValueError(f"doubled is 'refuse', 'earlier' or 'later', not {doubled!r}")
    place = _zone(zone)
    first, second = (instant_of(wall.replace(tzinfo=place, fold=fold)) for fold in (0, 1))
    if first == second:
        return first
    if first > second:  # in a gap the offset before the change gives the later instant
        raise NonexistentTime(wall, zone, second, first)
    if doubled == "refuse":
        raise AmbiguousTime(wall, zone, first, second)
    return first if doubled == "earlier" else second


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise TimeError(
            _("'{name}' is no time zone: use an IANA name, as in America/Chicago.").format(name=name)
        ) from None


def _spoken(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")


def minutes(count: float) -> int:
    """Microseconds of so many minutes."""
    return round(count * MICROSECONDS_PER_MINUTE)


def checked_span(starts_at: int, ends_at: int) -> Window:
    """The span of a site or of a subjects-only operation.

    Raises:
        TimeError: the end is at or before the start (specification 3: refused).
    """
    if ends_at <= starts_at:
        raise TimeError(_("The end is at or before the start."))
    return Window(starts_at, ends_at)
