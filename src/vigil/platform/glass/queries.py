"""What the page, the banner and the auditor's review show of emergency accesses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from vigil.core.actor import Actor
from vigil.platform.accounts.models import User
from vigil.platform.glass.access import is_any_open, open_accesses, visible_accesses
from vigil.platform.glass.actions import second_people
from vigil.platform.glass.models import EmergencyAccess

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Access:
    """One emergency access for a reader; `until` is when it ended or will end, `pages` how many were opened under it,
    where that is known.
    """

    id: UUID
    person: str
    agency: str
    reason: str
    began_at: datetime
    until: datetime
    is_open: bool
    is_own: bool
    ended_by: str
    told: Sequence[str]
    pages: int | None = None


def accesses(actor: Actor, now: datetime) -> list[Access]:
    """Those that the actor may look at, the newest first."""
    return told_of(actor, visible_accesses(actor)[:MOST_SHOWN], now)


def open_count(actor: Actor, now: datetime) -> int:
    """How many of others are open now, as the actor may know."""
    if not is_any_open(now):
        return 0
    rows = visible_accesses(actor).filter(pk__in=open_accesses(now).values("pk"))
    return rows.exclude(user_id__in=[actor.user_id]).count()


def told_of(
    actor: Actor, rows: QuerySet[EmergencyAccess], now: datetime, pages: Mapping[str, int] | None = None
) -> list[Access]:
    """These rows in words; `pages` counts by id what was opened under each."""
    found = list(rows)
    wanted = {UUID(one) for row in found for one in row.told} | {row.ended_by for row in found if row.ended_by}
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=wanted)}
    return [
        Access(
            id=row.pk,
            person=str(row.user),
            agency=row.agency.label,
            reason=row.reason,
            began_at=row.began_at,
            until=row.ended_at or row.ends_at,
            is_open=row.ended_at is None and row.began_at <= now < row.ends_at,
            is_own=row.user_id == actor.user_id,
            ended_by=names.get(row.ended_by, "") if row.ended_by else "",
            told=[names[UUID(one)] for one in row.told if UUID(one) in names],
            pages=pages.get(str(row.pk), 0) if pages is not None else None,
        )
        for row in found
    ]


def would_be_told(actor: Actor) -> list[str]:
    """The names of those who would be told if the actor began one."""
    if actor.user_id is None or actor.agency_id is None:
        return []
    held = second_people(actor.user_id, actor.agency_id).select_related("user")
    return sorted({str(one.user) for one in held})


def end_of(access_id: UUID) -> datetime:
    """When an open one ends by itself."""
    return EmergencyAccess.objects.get(pk=access_id).ends_at
