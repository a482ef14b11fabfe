"""Times as people type them, in a site's local time: "0430 tomorrow", "11/25/2026 4:30 am", "2026-11-25 04:30".

Pure: the present instant and the zone are passed in. A local time that does not exist or occurs twice on the night
that clocks change is refused with both readings as choices (specification, section 3). RFC 3339 with an offset is
exact everywhere. Instants are microseconds since 1970 UTC, as in the engine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from vigil.engine import windows
from vigil.texts import gettext as _

EARLIEST_YEAR, LATEST_YEAR = 1970, 2199
EXAMPLES = '2026-11-25 04:30, 11/25/2026 4:30 am, "0430 tomorrow" or 2026-11-25T04:30:00-05:00'


class TimeError(ValueError):
    """A time that cannot be taken. `sentence` says why; `choices` are texts that would be, where there are few."""

    def __init__(self, sentence: str, choices: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.choices = choices


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant with its wall time in the zone, e.g. `2026-11-25T04:30`."""

    instant: int
    wall: str


def moment(instant: datetime, zone: str) -> Moment:
    """An aware datetime as a moment of the zone."""
    found = windows.instant_of(instant)
    return Moment(found, _wall(windows.wall_time(found, zone)))


def is_zone(name: str) -> bool:
    """Whether this is the name of an IANA zone."""
    try:
        windows.wall_time(0, name)
    except windows.TimeError:
        return False
    return True


def read_time(text: str, zone: str, now: datetime, after: datetime | None = None) -> Moment:
    """The moment that a person typed.

    `after` is the start when an end is read: an end without a day is the first such time after it, and "+2h" counts
    from it. A start without a day is the next such time from `now` on.

    Raises:
        TimeError: not readable, out of range, or a local time that does not exist or occurs twice.
    """
    text = " ".join(text.split())
    if not text:
        raise TimeError(_("Give a time."))
    if len(text) > 60:
        raise TimeError(_("This is no time. Give one such as {examples}.").format(examples=EXAMPLES))
    try:
        return _read(text, zone, now, after)
    except (OverflowError, ValueError) as error:
        if isinstance(error, TimeError):
            raise
        sentence = _('There is no such day or time as "{text}". Check it against a calendar.')
        raise TimeError(sentence.format(text=text)) from None


def _read(text: str, zone: str, now: datetime, after: datetime | None) -> Moment:
    if exact := _EXACT.fullmatch(text):
        return _in_range(_exact(exact), zone)
    if text.casefold() == "now":
        return _in_range(now, zone)
    if after and (later := _LATER.fullmatch(text)):
        return _in_range(after + timedelta(hours=float(later[1] or 0), minutes=float(later[2] or 0)), zone)
    today = now.astimezone(ZoneInfo(zone)).date()
    day, clock = _day_and_clock(text, today)
    if day is not None:
        return _local(datetime.combine(day, clock), zone)
    earliest = after or now
    first = earliest.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    wall = datetime.combine(first.date(), clock)
    return _local(wall if wall > first else wall + timedelta(days=1), zone)


_EXACT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d)?(\.\d{1,9})? ?([Zz]|[+-]\d\d:?\d\d)")
_LATER = re.compile(r"\+ ?(?:(\d+(?:\.\d+)?) ?h(?:ours?|rs?)?)? ?(?:(\d+) ?m(?:in(?:utes?)?)?)?", re.IGNORECASE)


def _exact(found: re.Match[str]) -> datetime:
    fraction = (found[4] or ".0")[:7]
    offset = "+00:00" if found[5] in "Zz" else found[5]
    return datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3] or ':00'}{fraction.ljust(7, '0')}{offset}")


_CLOCK = re.compile(
    r"(?:(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?|(?P<military>\d{4})|(?P<plain>\d{1,2})(?=\s?[ap]))"
    r"(?:\s?(?P<half>[ap]\.?m?\.?)(?![a-z]))?(?:\s?(?:h|hrs?|hours)\b)?|(?P<word>noon|midnight)",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]*\.?"
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d\d)")
_NAMED = re.compile(rf"(?:(\d{{1,2}}) ?({_MONTH})|({_MONTH}) ?(\d{{1,2}}))(?:,? (\d{{4}}))?", re.IGNORECASE)
_JOIN = r"(?:[\s,]+(?:at|on)?\s*|[Tt])"


def _day_and_clock(text: str, today: date) -> tuple[date | None, time]:
    """Split into day and time of day, in either order; the day may be missing."""
    for found in _CLOCK.finditer(text):
        before, behind = text[: found.start()], text[found.end() :]
        lead = re.fullmatch(rf"(.*?){_JOIN}", before) if before else None
        tail = re.fullmatch(rf"{_JOIN}(.*)", behind) if behind else None
        if (before and not lead) or (behind and not tail) or (before and behind):
            continue
        words = lead[1] if lead else tail[1] if tail else ""
        if not words:
            return None, _clock(found)
        if (day := _day(words, today)) is not None:
            return day, _clock(found)
    if _day(text, today) is not None:
        raise TimeError(_("Give the time of day as well, such as 04:30."))
    raise TimeError(_("This time was not recognised. Give one such as {examples}.").format(examples=EXAMPLES))


def _clock(found: re.Match[str]) -> time:
    if word := found["word"]:
        return time(12) if word.casefold() == "noon" else time(0)
    if military := found["military"]:
        hour, minute = int(military[:2]), int(military[2:])
    else:
        hour, minute = int(found["hour"] or found["plain"]), int(found["minute"] or 0)
    if half := found["half"]:
        if not 1 <= hour <= 12:
            raise TimeError(_("With am or pm the hour goes from 1 to 12."))
        hour = hour % 12 + (12 if half.casefold().startswith("p") else 0)
    return time(hour, minute, int(found["second"] or 0))


def _day(words: str, today: date) -> date | None:
    words = words.strip().casefold()
    if words in ("today", "tonight"):
        return today
    if words in ("tomorrow", "tomorrow night", "tmrw"):
        return today + timedelta(days=1)
    if found := _ISO.fullmatch(words):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := _US.fullmatch(words):
        year = int(found[3])
        return date(year + 2000 if year < 100 else year, int(found[1]), int(found[2]))
    if words[:3] in _DAYS and (words.rstrip(".")[3:] in ("", "day", "sday", "nesday", "rsday", "urday")):
        # The coming one, today included.
        return today + timedelta(days=(_DAYS.index(words[:3]) - today.weekday()) % 7)
    if found := _NAMED.fullmatch(words):
        month = _MONTHS.index((found[2] or found[3])[:3]) + 1
        number = int(found[1] or found[4])
        if found[5]:
            return date(int(found[5]), month, number)
        this_year = date(today.year, month, number)
        return this_year if this_year >= today else date(today.year + 1, month, number)
    return None


def _local(wall: datetime, zone: str) -> Moment:
    """The one instant at which the zone's clocks show this; else refused with both readings (specification 3)."""
    if not EARLIEST_YEAR <= wall.year <= LATEST_YEAR:
        raise _out_of_range()
    try:
        instant = windows.local_instant(wall, zone)
    except (windows.NonexistentTime, windows.AmbiguousTime) as error:
        raise TimeError(str(error), tuple(choice.isoformat() for choice in error.choices)) from None
    return Moment(instant, _wall(wall))


def _out_of_range() -> TimeError:
    sentence = _("The year must lie between {first} and {last}.")
    return TimeError(sentence.format(first=EARLIEST_YEAR, last=LATEST_YEAR))


def _in_range(instant: datetime, zone: str) -> Moment:
    if not EARLIEST_YEAR <= instant.year <= LATEST_YEAR:
        raise _out_of_range()
    return moment(instant, zone)


def _wall(local: datetime) -> str:
    return local.replace(tzinfo=None).isoformat(timespec="auto" if local.second or local.microsecond else "minutes")
