"""People are told at fixed hours, in the application and by the ways that they chose for what is not urgent.

Nothing says when a report came (ADR 12): alerts go out at the hours of `alerts.py`, all else at noon UTC of the day
after; the digest on the first of the month. Every notice of a kind reads the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from uuid import UUID

from vigil.apps.near_miss import access, deliveries
from vigil.apps.near_miss.followup import recommendations
from vigil.apps.near_miss.models import Alert, Announcement, Lesson, Recommendation
from vigil.apps.near_miss.out import digest, subscriptions
from vigil.apps.near_miss.out.subscriptions import Topic
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
class Kind:
    """How something is told: the message that leaves the node, the sentence on the page, where it leads."""

    message: str
    body: str
    page: str


ALERT = Kind(
    deliveries.ALERT, gettext_noop("An alert of the near misses is out. Open Near misses."), "near_miss:library"
)
LESSON = Kind(deliveries.LESSON, gettext_noop("A new lesson is in the library of near misses."), "near_miss:library")
DIGEST = Kind(deliveries.DIGEST, gettext_noop("The monthly digest of the near misses is out."), "near_miss:digests")
OVERDUE = Kind(
    deliveries.OVERDUE,
    gettext_noop("A recommendation about a near miss is overdue. Open Recommendations."),
    "near_miss:recommendations",
)
OUTCOME = Kind(
    deliveries.OUTCOME, gettext_noop("An outcome waits to be told to a reporter. Open Review."), "near_miss:queue"
)


@dataclass(frozen=True, slots=True)
class Due:
    """One thing to tell, since the fixed hour `at`, and whom."""

    kind: Kind
    key: str
    at: datetime
    people: Callable[[], list[UUID]]


def tell(now: datetime) -> None:
    """Tell what is due and nobody was told of yet."""
    found = [one for one in _due(now) if now - LATE < one.at <= now]
    told = set(Announcement.objects.filter(key__in=[one.key for one in found]).values_list("key", flat=True))
    for one in found:
        if one.key not in told:
            announce(TELLER, one, now)


@action("near_miss.notice.send")
def announce(actor: Actor, due: Due, now: datetime) -> None:
    """Tell them, once."""
    announcement, is_new = Announcement.objects.get_or_create(key=due.key, defaults={"told_at": now})
    concerns(announcement=announcement.pk)
    if not is_new:
        return
    kind, people = due.kind, due.people()
    notify(people, kind.message, kind.body, objects={"page": kind.page}, key=due.key, at=now)
    ways = [way for person in people for way in personal_ways(person, urgent=False)]
    send(ways, kind.message, key=due.key, about=announcement.pk, at=now, until=due.at + LATE)


def _due(now: datetime) -> Iterator[Due]:
    first, last = (now - LATE).date() - timedelta(days=1), now.date()
    for alert in Alert.objects.filter(goes_out_at__gt=now - LATE, goes_out_at__lte=now):
        yield Due(ALERT, f"near_miss.alert:{alert.pk}", alert.goes_out_at, _subscribed(Topic.ALERTS))
    for day in _days(Lesson.objects.filter(published_on__range=(first, last)).values_list("published_on", flat=True)):
        yield Due(LESSON, f"near_miss.lessons:{day}", noon_after(day), _subscribed(Topic.LESSONS))
    ended = Recommendation.objects.filter(ended_on__range=(first, last)).values_list("ended_on", flat=True)
    for day in _days(ended):
        yield Due(OUTCOME, f"near_miss.outcomes:{day}", noon_after(day), _reviewers)
    for row in Recommendation.objects.filter(due_on__range=(first, last), outcome=""):
        people = partial(recommendations.responsible, row)
        yield Due(OVERDUE, f"near_miss.overdue:{row.pk}:{row.due_on}", noon_after(row.due_on), people)
    month, end = digest.month_before(last)
    if digest.has_something(month, end):
        at = datetime.combine(end, NOON)
        yield Due(DIGEST, f"near_miss.digest:{month:%Y-%m}", at, _subscribed(Topic.DIGEST))


def _subscribed(topic: Topic) -> Callable[[], list[UUID]]:
    return partial(subscriptions.subscribers, topic)


def _reviewers() -> list[UUID]:
    return [one.user_id for one in access.sitting()]


def _days(found: Iterable[date | None]) -> list[date]:
    return sorted({day for day in found if day is not None})


def noon_after(day: date) -> datetime:
    """When what happened that day is told of."""
    return datetime.combine(day + timedelta(days=1), NOON)
