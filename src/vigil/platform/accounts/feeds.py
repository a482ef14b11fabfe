"""Feeds with an address of their own: a calendar, the lessons of near misses.

Programs that read feeds cannot log in, so the address itself is the key: 256 random bits, shown once, kept as a hash,
over after a year, and of no use once its person may no longer act. What it gives is what that person may see, no more.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from vigil.core.actor import Actor, Via
from vigil.core.errors import NotFound
from vigil.platform.accounts.access import actor_of_user
from vigil.platform.accounts.models import User

LASTS = timedelta(days=365)
_Row = TypeVar("_Row", bound=Model)


class Feed(Protocol):
    """A row that keeps such an address."""

    @property
    def user(self) -> User: ...
    @property
    def agency_id(self) -> UUID: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def revoked_at(self) -> datetime | None: ...


def drawn(prefix: str) -> str:
    """A new secret; it begins with `prefix`, so that leak scanners find it."""
    return prefix + secrets.token_urlsafe(32)


def digest_of(text: str) -> str:
    """What is kept of a secret. Of 256 random bits a plain hash is enough: there is nothing to guess."""
    return hashlib.sha256(text.encode()).hexdigest()


def actor_behind(feed: Feed, permission: str, scopes: frozenset[str], now: datetime) -> Actor | None:
    """The feed's person, narrowed to `scopes`; None where it is over or the person may not read it any more."""
    if feed.revoked_at is not None or feed.expires_at <= now:
        return None
    actor = actor_of_user(feed.user, feed.agency_id, Via.API)
    narrowed = replace(actor, scopes=scopes) if actor is not None else None
    return narrowed if narrowed is not None and narrowed.can(permission) else None


def hour_of(at: datetime) -> datetime:
    """The hour that the instant is in: programs ask every few minutes, and one record an hour tells as much."""
    return at.replace(minute=0, second=0, microsecond=0)


def whose(actor: Actor) -> tuple[UUID, UUID]:
    """The person and the present agency that a feed belongs to; `NotFound` for who is no person of an agency."""
    if actor.user_id is None or actor.agency_id is None:
        raise NotFound
    return actor.user_id, actor.agency_id


def own(rows: QuerySet[_Row], actor: Actor) -> QuerySet[_Row]:
    """Of these rows the actor's at the present agency that were not revoked."""
    person, agency = whose(actor)
    return rows.filter(user_id=person, agency_id=agency, revoked_at=None)


def end(rows: QuerySet[_Row], actor: Actor, now: datetime) -> list[object]:
    """Revoke the actor's own; their ids."""
    ended = list(own(rows, actor).values_list("pk", flat=True))
    rows.filter(pk__in=ended).update(revoked_at=now)
    return list(ended)
