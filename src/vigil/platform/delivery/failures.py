"""Lanes that fail, and messages given up: kept as rows, and told to the node's administrators within a minute, on
their pages and by whatever way of their own still works.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_noop

from vigil.core.identifiers import uuid7
from vigil.core.permissions import Role
from vigil.platform.accounts.models import Membership
from vigil.platform.delivery import deliveries
from vigil.platform.delivery.models import Delivery, LaneHealth
from vigil.platform.delivery.outbox import send
from vigil.platform.delivery.personal import personal_ways
from vigil.platform.notices.board import notify
from vigil.platform.turns import writing

TOLD_AFTER = timedelta(seconds=30)
"""A lane that failed so long, over two tries at least, is no hiccup; half of the minute in which somebody must know."""
OUTSIDE_LASTS = timedelta(hours=1)
FAILING = gettext_noop("Messages do not leave this node over one of its channels. Open the page of the channels.")
GIVEN_UP = gettext_noop("Messages could not be brought to whom they were for. Open the page of the channels.")


def failed(lane: str, code: str, now: datetime) -> None:
    """An attempt of the lane was not taken, in the caller's transaction."""
    health, _ = LaneHealth.objects.get_or_create(lane=lane)
    if health.failing_since is None:
        health.failing_since, health.told_at = now, None
    health.code = code[:60]
    health.save(update_fields=["failing_since", "told_at", "code"])


def worked(lane: str) -> bool:
    """An attempt of the lane was taken, in the caller's transaction; whether it had failed before."""
    return bool(LaneHealth.objects.filter(lane=lane, failing_since__isnull=False).update(failing_since=None, code=""))


def failing(lanes: Iterable[str]) -> frozenset[str]:
    """Those of the lanes whose last attempt failed."""
    rows = LaneHealth.objects.filter(lane__in=set(lanes), failing_since__isnull=False)
    return frozenset(rows.values_list("lane", flat=True))


def tell(now: datetime) -> None:
    """Tell the node's administrators of what fails and was not told yet."""
    # A beginning in the future was written before the clock was set back.
    long = Q(failing_since__lte=now - TOLD_AFTER) | Q(failing_since__gt=now)
    for health in LaneHealth.objects.filter(long, told_at=None):
        with writing():
            told = LaneHealth.objects.filter(pk=health.pk, told_at=None, failing_since=health.failing_since)
            if told.update(told_at=now):
                key = f"delivery.failing:{health.lane}:{health.failing_since:%Y%m%dT%H%M%S}"
                people = _tell("delivery.failing", FAILING, key, now)
                _tell_outside(people, health.lane, key, now)


def given_up(now: datetime) -> None:
    """Tell them, once an hour, of messages that were given up."""
    if Delivery.objects.filter(state=Delivery.State.GAVE_UP, ended_at__gt=now - timedelta(hours=1)).exists():
        with writing():
            _tell("delivery.given_up", GIVEN_UP, f"delivery.given_up:{now:%Y%m%dT%H}", now)


def _tell_outside(people: Iterable[UUID], lane: str, key: str, now: datetime) -> None:
    """By the ways of their own that are not the one that fails."""
    ways = [way for person in people for way in personal_ways(person, urgent=True) if way.channel.value != lane]
    send(ways, deliveries.FAILING, key=key, about=uuid7(), at=now, until=now + OUTSIDE_LASTS, urgent=True)


def _tell(kind: str, sentence: str, key: str, now: datetime) -> set[UUID]:
    holders = Membership.objects.filter(role=Role.NODE_ADMIN, active=True, user__is_active=True)
    people = set(holders.values_list("user_id", flat=True))
    notify(people, kind, sentence, objects={}, key=key, urgent=True, at=now)
    return people
