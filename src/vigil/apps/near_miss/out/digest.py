"""The digest of a month that is over: its alerts, its lessons, and how the agency's recommendations ended.

Source: CALLBACK, the monthly newsletter of NASA ASRS.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from vigil.apps.near_miss import access
from vigil.apps.near_miss.followup import recommendations
from vigil.apps.near_miss.models import Alert, Lesson
from vigil.apps.near_miss.queries import NOTHING, Shown, said, shown
from vigil.apps.near_miss.review import alerts
from vigil.core.actor import Actor
from vigil.core.errors import NotFound

MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Digest:
    """One month, as `first` to the day before `end`."""

    first: date
    end: date
    alerts: list[Alert]
    lessons: list[Shown]
    ended: list[recommendations.Listed]


def month_before(day: date) -> tuple[date, date]:
    """The first day of the month before the day's, and the first of the day's own."""
    end = day.replace(day=1)
    return (end - timedelta(days=1)).replace(day=1), end


def has_something(first: date, end: date) -> bool:
    """Whether there is a digest of those days."""
    since, until = _span(first, end)
    return (
        Lesson.objects.filter(published_on__gte=first, published_on__lt=end).exists()
        or Alert.objects.filter(goes_out_at__gte=since, goes_out_at__lt=until).exists()
    )


def months(actor: Actor, now: datetime) -> list[date]:
    """The months that are over and have something to read, by their first days, the latest first."""
    days = set(access.lessons(actor).values_list("published_on", flat=True))
    days |= {at.date() for at in alerts.out(actor, now).values_list("goes_out_at", flat=True)}
    present = now.date().replace(day=1)
    return sorted({day.replace(day=1) for day in days if day < present}, reverse=True)


def read(actor: Actor, month: str, now: datetime) -> Digest:
    """The digest of a month such as `2026-10`; `NotFound` for one that is not over, or has nothing to read."""
    first = date.fromisoformat(f"{month}-01") if MONTH.fullmatch(month) else None
    if first is None or first not in months(actor, now):
        raise NotFound
    end = (first + timedelta(days=31)).replace(day=1)
    since, until = _span(first, end)
    ended, published = [], said(actor)
    if actor.can("near_miss.recommendation.read"):
        rows = recommendations.own(actor).filter(ended_on__gte=first, ended_on__lt=end)
        ended = [recommendations.listed(one, now.date()) for one in rows]
    return Digest(
        first=first,
        end=end,
        alerts=list(alerts.out(actor, now).filter(goes_out_at__gte=since, goes_out_at__lt=until)),
        lessons=[
            shown(one, published.get(one.pk, NOTHING))
            for one in access.lessons(actor).filter(published_on__gte=first, published_on__lt=end)
        ],
        ended=ended,
    )


def _span(first: date, end: date) -> tuple[datetime, datetime]:
    return datetime.combine(first, time(), UTC), datetime.combine(end, time(), UTC)
