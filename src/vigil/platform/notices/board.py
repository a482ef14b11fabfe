"""Telling people, and telling open pages to look again: both written in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from vigil.core.actor import Actor
from vigil.core.permissions import Role
from vigil.platform import clock
from vigil.platform.notices.models import Change, Notice
from vigil.platform.prepared import Prepared, insert, new

NOTICES = "notices"
_NEWEST = Prepared(lambda: Change.objects.order_by("-id")[:1])


def notify(
    recipients: Iterable[UUID],
    kind: str,
    body: str,
    *,
    objects: Mapping[str, Any],
    key: str,
    urgent: bool = False,
    at: datetime | None = None,
) -> list[Notice]:
    """Write one notice a recipient; those already told under the same `key` are not told again. Returns the new ones.

    `body` is a plain sentence without place, name or case number; `objects` maps nouns to ids.
    """
    at = at or clock.now()
    wanted = {f"{key}:{recipient}": recipient for recipient in recipients}
    known = set(Notice.objects.filter(dedupe_key__in=wanted).values_list("dedupe_key", flat=True))
    ids = {noun: str(value) for noun, value in objects.items()}
    fresh = [
        new(
            Notice,
            recipient_id=recipient,
            kind=kind,
            body=body,
            object_ids=ids,
            urgent=urgent,
            dedupe_key=dedupe_key,
            created_at=at,
        )
        for dedupe_key, recipient in wanted.items()
        if dedupe_key not in known
    ]
    insert(fresh)
    insert(
        new(Change, topic=NOTICES, user_id=notice.recipient_id, notice_id=notice.id, kind=kind, at=at)
        for notice in fresh
    )
    return fresh


def changed(
    topic: str,
    *,
    users: Iterable[UUID] = (),
    agencies: Iterable[UUID] = (),
    roles: Iterable[Role] = (),
    at: datetime | None = None,
) -> None:
    """Say that something under the topic (`operations`, `conflicts`) changed, to those who may see it."""
    at = at or clock.now()
    rows = [new(Change, topic=topic, user_id=user, at=at) for user in set(users)]
    rows += [new(Change, topic=topic, agency_id=agency, at=at) for agency in set(agencies)]
    rows += [new(Change, topic=topic, role=role.value, at=at) for role in set(roles)]
    insert(rows)


def cursor() -> int:
    """Where the live stream stands: a page puts it into its address so that nothing between is missed."""
    newest = _NEWEST.first()
    return newest.id if newest else 0


def notices_of(actor: Actor) -> QuerySet[Notice]:
    """The actor's own notices, newest first."""
    return Notice.objects.filter(recipient_id=actor.user_id) if actor.user_id else Notice.objects.none()


def mark_seen(actor: Actor, notice_ids: Iterable[UUID] | None = None, at: datetime | None = None) -> int:
    """Mark the actor's notices (all, or those given) as seen; how many were not before. Others' are not touched."""
    unseen = notices_of(actor).filter(seen_at=None)
    if notice_ids is not None:
        unseen = unseen.filter(id__in=list(notice_ids))
    return unseen.update(seen_at=at or clock.now())
