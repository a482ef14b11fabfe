"""On which days a plan is repeated. Pure: what people typed in, days out, and the plan of each day.

A repeated plan keeps the local time of each of its sites whatever the clocks do meanwhile. A local time that does not
exist or occurs twice on such a night is in doubt: nobody guesses, whoever repeats says which reading is meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from vigil.apps.deconfliction import plan_rows
from vigil.apps.deconfliction.plan import Plan, PlannedSite
from vigil.core.errors import Invalid, Problem
from vigil.engine import windows
from vigil.engine.operation import Window
from vigil.texts import gettext as _
from vigil.texts import gettext_noop, ngettext

MOST = 60
"""Ours: so many operations are made of one."""
FARTHEST_DAYS = 366
"""Ours: what is farther off is a slip of the hand."""
WEEKDAYS = (
    gettext_noop("Monday"),
    gettext_noop("Tuesday"),
    gettext_noop("Wednesday"),
    gettext_noop("Thursday"),
    gettext_noop("Friday"),
    gettext_noop("Saturday"),
    gettext_noop("Sunday"),
)
DAILY, EVERY, EACH = gettext_noop("Each day"), "Every {n} days", "Each {days}"


class How(StrEnum):
    """Which days a series takes."""

    NIGHTLY = "nightly"
    WEEKDAYS = "weekdays"
    EVERY = "every"


class Reading(StrEnum):
    """What a local time in doubt means."""

    EARLIER = "earlier"
    LATER = "later"
    LEAVE_OUT = "leave_out"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Every `every` days, or on `weekdays` (Monday is 0); until the day `until`, or `count` times."""

    how: How
    every: int = 1
    weekdays: tuple[int, ...] = ()
    until: date | None = None
    count: int | None = None

    def words(self) -> str:
        """Such as "Each Monday and Friday": stored with the series, so in English; `said` says it to a reader."""
        if self.how is How.WEEKDAYS:
            return EACH.format(days=_and([WEEKDAYS[one] for one in self.weekdays]))
        return DAILY if self.every == 1 else EVERY.format(n=self.every)


def said(stored: str) -> str:
    """A pattern's stored words in the reader's language."""
    if every := re.fullmatch(EVERY.format(n=r"(\d+)"), stored):
        return ngettext("Every {n} day", "Every {n} days", int(every[1])).format(n=every[1])
    days = [_(one) for one in WEEKDAYS if one in stored]
    if not days:
        return _(stored)
    some = ", ".join(days[:-1])
    return _("Each {days}").format(days=_("{some} and {last}").format(some=some, last=days[-1]) if some else days[0])


def read_pattern(raw: Mapping[str, Any]) -> Pattern:
    """The pattern that was typed: `how`, `every`, `weekdays` (numbers), and `until` (2026-11-25) or `count`.

    Raises `Invalid` with every fault at its field.
    """
    problems: list[Problem] = []

    def fault(name: str, sentence: str, choices: tuple[str, ...] = ()) -> None:
        problems.append(Problem((name,), sentence, choices))

    how = str(raw.get("how") or How.NIGHTLY)
    if how not in list(How):
        fault("how", _("Choose how it is repeated."), tuple(How))
        how = How.NIGHTLY.value
    every = _whole(raw.get("every")) if how == How.EVERY else 1
    if every is None or not 1 <= every <= FARTHEST_DAYS:
        fault("every", _("Give after how many days, from 1 to {most}.").format(most=FARTHEST_DAYS))
        every = 1
    days = [_whole(one) for one in raw.get("weekdays") or ()] if how == How.WEEKDAYS else []
    weekdays = tuple(sorted({one for one in days if one is not None and one <= 6}))
    if how == How.WEEKDAYS and (not weekdays or len(weekdays) < len(set(days))):
        fault("weekdays", _("Choose at least one day of the week."))
    typed_until, typed_count = str(raw.get("until") or "").strip(), str(raw.get("count") or "").strip()
    until, count = _date(typed_until), _whole(typed_count)
    if bool(typed_until) == bool(typed_count):
        fault("until", _("Give the last day, or how many: one of the two."))
    elif typed_until and until is None:
        fault("until", _("Give the last day as 2026-11-25."))
    elif typed_count and (count is None or not 1 <= count <= MOST):
        fault("count", _("Give how many, from 1 to {most}.").format(most=MOST))
    if problems:
        raise Invalid(problems)
    return Pattern(How(how), every, weekdays, until, count)


def days_after(pattern: Pattern, first: date) -> tuple[int, ...]:
    """How many days after `first` each repetition is, `first` itself not counted.

    Raises `Invalid` where that is none, more than `MOST`, or more than `FARTHEST_DAYS` ahead.
    """
    if pattern.until is not None and (pattern.until - first).days > FARTHEST_DAYS:
        sentence = _("The last day is more than {most} days after the first.").format(most=FARTHEST_DAYS)
        raise Invalid.at("until", sentence=sentence)
    found: list[int] = []
    for days in range(1, FARTHEST_DAYS + 1):
        day = first + timedelta(days=days)
        if (pattern.until is not None and day > pattern.until) or len(found) == pattern.count:
            break
        if day.weekday() in pattern.weekdays if pattern.how is How.WEEKDAYS else days % pattern.every == 0:
            found.append(days)
    if not found or (pattern.count is not None and len(found) < pattern.count):
        where = "until" if pattern.until is not None else "count"
        sentence = _("No day is left before the last one.")
        if found:
            sentence = _("That goes beyond {most} days.").format(most=FARTHEST_DAYS)
        raise Invalid.at(where, sentence=sentence)
    if len(found) > MOST:
        sentence = _("That makes {n} operations. A series has at most {most}.").format(n=len(found), most=MOST)
        raise Invalid.at("until", sentence=sentence)
    return tuple(found)


def moved_by_days(plan: Plan, days: int, reading: Reading | None = None) -> Plan:
    """The plan so many days later, at the same local time of each site whatever the clocks do meanwhile.

    Raises `Invalid` at the time with both readings where a local time does not exist or occurs twice and `reading` is
    not one of them.
    """
    sites = tuple(_site_moved(site, days, reading) for site in plan.sites)
    span = plan.span
    if span is not None:
        zone = plan.span_zone or "UTC"
        start = _wall_moved(span.start, zone, days, "starts_at", reading)
        span = Window(start, _wall_moved(span.end, zone, days, "ends_at", reading))
    return replace(plan, sites=sites, span=span)


def first_day(plan: Plan) -> date:
    """The local day on which the plan begins."""
    starts = [(site.starts_at, site.zone) for site in plan.sites]
    starts += [(plan.span.start, plan.span_zone or "UTC")] if plan.span else []
    return windows.wall_time(*min(starts)).date()


def _site_moved(site: PlannedSite, days: int, reading: Reading | None) -> PlannedSite:
    start = _wall_moved(site.starts_at, site.zone, days, "starts_at", reading)
    end = _wall_moved(site.ends_at, site.zone, days, "ends_at", reading)
    if end <= start:
        raise Invalid.at("ends_at", sentence=_("Read so, it would end before it begins: the clocks change that night."))
    return plan_rows.retimed(site, start, end)


def _wall_moved(at: int, zone: str, days: int, field: str, reading: Reading | None) -> int:
    wall: datetime = windows.wall_time(at, zone).replace(tzinfo=None) + timedelta(days=days)
    try:
        return windows.local_instant(wall, zone)
    except (windows.NonexistentTime, windows.AmbiguousTime) as error:
        if reading is Reading.EARLIER:
            return error.earlier
        if reading is Reading.LATER:
            return error.later
        choices = tuple(choice.isoformat() for choice in error.choices)
        raise Invalid.at(field, sentence=str(error), choices=choices) from None


def _whole(value: Any) -> int | None:
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
