"""Subscribers are told at fixed hours, in the application and by the ways that they chose for what is not urgent.

Nothing says when a report came (ADR 12): alerts go out at the hours of `alerts.py`, lessons the day after they were
published and the digest on the first of the month, both at noon UTC. Every notice of a kind reads the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from vigil.apps.near_miss import deliveries, digest, subscriptions
from vigil.apps.near_miss.models import Alert, Announcement, Lesson
from vigil.apps.near_miss.subscriptions import Topic
from vigil.core.actor import Actor, system
from vigil.platform.actions import action, concerns
from vigil.platform.delivery.outbox import send
from vigil.platform.delivery.personal import personal_ways
from vigil.platform.notices.board import notify
from vigil.texts import gettext_noop

TELLER = system("near-miss notices")
NOON = time(12, tzinfo=UTC)
LATE = timedelta(days=3)
"""So long what a stopped node has not told is still told (ours)."""


@dataclass(frozen=True, slots=True)
class Due:
    """One thing to tell of, since the fixed hour `at`."""

    topic: Topic
    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Kind:
    """How a topic is told: the message that leaves the node, the sentence on the page, where it leads."""

    message: str
    body: str
    page: str


KINDS = {
    Topic.ALERTS: Kind(
        deliveries.ALERT, gettext_noop("An alert of the near misses is out. Open Near misses."), "near_miss:library"
    ),
    Topic.LESSONS: Kind(
        deliveries.LESSON, gettext_noop("A new lesson is in the library of near misses."), "near_miss:library"
    ),
    Topic.DIGEST: Kind(
        deliveries.DIGEST, gettext_noop("The monthly digest of the near misses is out."), "near_miss:digests"
    ),
}


def tell(now: datetime) -> None:
    """Tell what is due and nobody was told of yet."""
    found = list(_due(now))
    told = set(Announcement.objects.filter(key__in=[one.key for one in found]).values_list("key", flat=True))
    for one in found:
        if one.key not in told:
            announce(TELLER, one, now)


@action("near_miss.notice.send")
def announce(actor: Actor, due: Due, now: datetime) -> None:
    """Tell the subscribers, once."""
    announcement, is_new = Announcement.objects.get_or_create(key=due.key, defaults={"told_at": now})
    concerns(announcement=announcement.pk)
    if not is_new:
        return
    kind, people = KINDS[due.topic], subscriptions.subscribers(due.topic)
    notify(people, kind.message, kind.body, objects={"page": kind.page}, key=due.key, at=now)
    ways = [way for person in people for way in personal_ways(person, urgent=False)]
    send(ways, kind.message, key=due.key, about=announcement.pk, at=now, until=due.at + LATE)


def _due(now: datetime) -> Iterator[Due]:
    since = now - LATE
    for alert in Alert.objects.filter(goes_out_at__gt=since, goes_out_at__lte=now):
        yield Due(Topic.ALERTS, f"near_miss.alert:{alert.pk}", alert.goes_out_at)
    days = Lesson.objects.filter(published_on__gte=(since - timedelta(days=1)).date())
    for day in sorted(set(days.values_list("published_on", flat=True))):
        at = _noon(day + timedelta(days=1))
        if since < at <= now:
            yield Due(Topic.LESSONS, f"near_miss.lessons:{day.isoformat()}", at)
    first, end = digest.month_before(now.date())
    at = _noon(end)
    if since < at <= now and digest.has_something(first, end):
        yield Due(Topic.DIGEST, f"near_miss.digest:{first:%Y-%m}", at)


def _noon(day: date) -> datetime:
    return datetime.combine(day, NOON)
