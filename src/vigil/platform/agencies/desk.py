"""The hours of a watch desk: read from texts, and said in words. Times are the desk's own local time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from vigil.core.errors import Invalid, Problem

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""As they are typed at the console."""
HOURS_SENTENCE = gettext_lazy("Give the hours as Mon-Fri 08:00-17:00, Sat 10:00-14:00, or always, or nothing.")
WHOLE_DAY = ["00:00", "24:00"]
AROUND_THE_CLOCK = gettext_noop("around the clock")

Week = Mapping[str, Sequence[str]]
"""From the day's number as text, "0" for Monday, to when it opens and closes, "08:00" and "17:00". A day that is not
in it is closed; one that closes before it opens goes on into the next day.
"""


def read_week(typed: Mapping[str, str]) -> tuple[dict[str, list[str]], list[Problem]]:
    """The week from `always`, or from `open_0` and `close_0` to `open_6` and `close_6`; a day without is closed."""
    if typed.get("always"):
        return {str(number): WHOLE_DAY for number in range(7)}, []
    week: dict[str, list[str]] = {}
    problems: list[Problem] = []
    for number, day in WEEKDAYS.items():
        opens, closes = typed.get(f"open_{number}", "").strip(), typed.get(f"close_{number}", "").strip()
        if not opens and not closes:
            continue
        times = [_time(opens), _time(closes)]
        if not times[0] or not times[1] or times[0] == "24:00":
            sentence = _("{day}: give both times as 08:00 and 17:00, or neither.").format(day=day)
            problems.append(Problem((f"open_{number}",), sentence))
        elif times[0] == times[1]:
            sentence = _("{day}: opens and closes at one time. The whole day is 00:00 to 24:00.").format(day=day)
            problems.append(Problem((f"open_{number}",), sentence))
        else:
            week[str(number)] = [time for time in times if time]
    return week, problems


def read_hours(text: str) -> dict[str, list[str]]:
    """The week from one line: `always`, or as `in_words` says it, `Mon-Fri 08:00-17:00, Sat 10:00-14:00`; empty: none.

    Raises:
        Invalid: at `desk_hours`.
    """
    if text.strip().casefold() in ("always", AROUND_THE_CLOCK, "24/7"):
        return read_week({"always": "yes"})[0]
    typed: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = re.fullmatch(r"([A-Za-z]{3,9})(?:[-–]([A-Za-z]{3,9}))? +([0-9:]+)[-–]([0-9:]+)", part)
        first = _number_of(found[1]) if found else None
        last = _number_of(found[2]) if found and found[2] else first
        if not found or first is None or last is None or last < first:
            raise Invalid.at("desk_hours", sentence=str(HOURS_SENTENCE))
        for number in range(first, last + 1):
            typed |= {f"open_{number}": found[3], f"close_{number}": found[4]}
    week, problems = read_week(typed)
    if problems:
        raise Invalid.at("desk_hours", sentence=problems[0].sentence)
    return week


def _number_of(day: str) -> int | None:
    return next((number for number, name in enumerate(DAYS) if name.casefold().startswith(day.casefold())), None)


def in_words(week: Week) -> str:
    """`Mon–Fri 08:00–17:00, Sat 10:00–14:00`; days not named are closed. Empty for an empty week."""
    if len(week) == 7 and all(list(times) == WHOLE_DAY for times in week.values()):
        return _(AROUND_THE_CLOCK)
    runs: list[tuple[int, int, Sequence[str]]] = []
    for number in range(7):
        times = week.get(str(number))
        if not times:
            continue
        if runs and runs[-1][1] == number - 1 and list(runs[-1][2]) == list(times):
            runs[-1] = (runs[-1][0], number, times)
        else:
            runs.append((number, number, times))
    return ", ".join(f"{_days(first, last)} {times[0]}–{times[1]}" for first, last, times in runs)


def _days(first: int, last: int) -> str:
    return str(WEEKDAYS_ABBR[first]) if first == last else f"{WEEKDAYS_ABBR[first]}–{WEEKDAYS_ABBR[last]}"


def _time(text: str) -> str | None:
    found = re.fullmatch(r"([0-9]{1,2}):?([0-9]{2})", text)
    if not found:
        return None
    hours, minutes = int(found[1]), int(found[2])
    return f"{hours:02d}:{minutes:02d}" if (hours < 24 and minutes < 60) or (hours, minutes) == (24, 0) else None


def is_staffed(week: Week, local: datetime) -> bool:
    """Whether the desk's own local time lies in the week's hours."""
    time = f"{local:%H:%M}"
    today, before = week.get(str(local.weekday())), week.get(str((local.weekday() - 1) % 7))
    if today and today[0] <= time and (time < today[1] or today[1] < today[0]):
        return True
    return bool(before and before[1] < before[0] and time < before[1])
