"""Who is told of what: each person chooses; nobody is told unasked."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from django.db.models import Q, QuerySet

from vigil.apps.near_miss.models import Subscription
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.core.permissions import PERMISSIONS
from vigil.platform.actions import action
from vigil.platform.notices.board import mark_seen, notices_of
from vigil.platform.notices.models import Notice
from vigil.platform.prepared import Prepared


class Topic(StrEnum):
    """What one can be told of; the names are the columns of `Subscription`."""

    ALERTS = "alerts"
    LESSONS = "lessons"
    DIGEST = "digest"


def chosen(actor: Actor) -> frozenset[Topic]:
    """What the actor is told of."""
    row = Subscription.objects.filter(user_id=_person(actor)).first()
    return frozenset(topic for topic in Topic if row is not None and getattr(row, topic.value))


@action("near_miss.subscription.edit")
def choose(actor: Actor, topics: frozenset[Topic]) -> None:
    """Tell the actor of these from now on, and of nothing else."""
    wanted = {topic.value: topic in topics for topic in Topic}
    Subscription.objects.update_or_create(user_id=_person(actor), defaults=wanted)


def subscribers(topic: Topic) -> list[UUID]:
    """Whom to tell: people who chose it and may still read lessons."""
    roles = [role.value for role in PERMISSIONS["near_miss.lesson.read"]]
    counts = {"user__memberships__active": True, "user__memberships__role__in": roles, topic.value: True}
    found = Subscription.objects.filter(user__is_active=True, **counts)
    return sorted(set(found.values_list("user_id", flat=True)))


def unseen(actor: Actor) -> int:
    """How many notices of near misses the actor has not opened the library for."""
    # Every page asks it, and mostly there is none.
    return _unseen(actor).count() if actor.user_id and _ANY_UNSEEN.first(actor.user_id) else 0


@action("notices.notice.see")
def see(actor: Actor) -> None:
    """The actor has opened the library."""
    mark_seen(actor, list(_unseen(actor).values_list("pk", flat=True)))


def _unseen(actor: Actor) -> QuerySet[Notice]:
    return notices_of(actor).filter(_OURS)


_OURS = Q(seen_at=None, kind__startswith="near_miss.")
_ANY_UNSEEN = Prepared(lambda user: Notice.objects.filter(_OURS, recipient_id=user).order_by()[:1])


def _person(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise NotFound
    return actor.user_id
