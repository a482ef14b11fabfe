"""The yearly review (CJIS AC-2(j)): each account is confirmed, role and need, by an administrator who is not its owner.

What nobody confirms stops by itself (`life.counts`): nobody can skip it, and nothing is kept silently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.core.permissions import Role
from vigil.platform.accounts import life
from vigil.platform.accounts.actions import put_off
from vigil.platform.accounts.administrators import keeping_administrators, reach, second_persons
from vigil.platform.accounts.life import Review
from vigil.platform.accounts.models import Membership, OffBecause, User
from vigil.platform.actions import action, concerns, detail
from vigil.platform.prepared import Prepared
from vigil.web.downloads import csv_of

KEEP, END = "keep", "end"
MOST_SHOWN = 300
"""Rows of the page; further ones follow once these are decided."""
COLUMNS = (
    "name",
    "user name",
    "agency",
    "ori",
    "roles",
    "employment",
    "last used",
    "confirmed",
    "due",
    "stops",
    "state",
)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One person's roles at one agency, and how they stand in the review. `key` names the row in the page's form."""

    user: User
    agency: Any
    roles: Sequence[Role]
    reviewed_at: datetime
    """Of the role that was confirmed longest ago."""
    state: Review
    is_seen: bool = True
    """Whether the reader may open the person's page: not of a neighbour's administrator."""

    @property
    def key(self) -> str:
        """User and agency."""
        return f"{self.user.pk}.{self.agency.pk}"

    @property
    def due_at(self) -> datetime:
        """When it must be confirmed."""
        return life.due_at(self.reviewed_at)

    @property
    def lapses_at(self) -> datetime:
        """When it stops if it is not."""
        return life.lapses_at(self.reviewed_at)


@dataclass(frozen=True, slots=True)
class Progress:
    """Of how many roles at an agency how many are confirmed."""

    rows: Sequence[Reviewed]
    """The first `MOST_SHOWN` of them, the most urgent first."""
    total: int
    done: int
    own: Reviewed | None
    """The reader's own account, which somebody else confirms; None where there is nothing to say of it."""
    own_reviewers: Sequence[str]
    """Their names; empty where there is nobody else."""


def progress(actor: Actor, now: datetime) -> Progress:
    """What the actor has to confirm, the most urgent first, and their own account."""
    actor.require("accounts.review.sign")
    rows = _reached(actor, now)
    own = _rows(_held().filter(user_id__in=[actor.user_id], agency_id__in=[actor.agency_id]), now)
    askers: set[UUID] = second_persons(own[0].agency.pk, {own[0].user.pk}) if own else set()
    names = list(User.objects.filter(pk__in=askers).order_by("full_name").values_list("full_name", flat=True)[:5])
    done = sum(row.state is Review.DONE for row in rows)
    return Progress(rows[:MOST_SHOWN], len(rows), done, own[0] if own else None, names)


def open_count(actor: Actor, now: datetime) -> int:
    """How many wait for the actor."""
    opens = now - life.REVIEW_EVERY + life.REVIEW_AHEAD
    if _ANY_OPEN.first(opens) is None:  # most of the year, and every page of an administrator asks it
        return 0
    held = _held().filter(reach(actor, "user"), reviewed_at__lte=opens)
    return held.values("user", "agency").distinct().count()


_ANY_OPEN = Prepared(lambda opens: _held().filter(reviewed_at__lte=opens).select_related(None).order_by()[:1])


@action("accounts.review.sign")
def sign(actor: Actor, decisions: Mapping[str, str], now: datetime) -> tuple[int, int]:
    """Confirm roles (`KEEP`) or end them (`END`), by `Reviewed.key`; how many of each. Who is left without any role is
    switched off.

    Raises:
        NotFound: one of them is not the actor's to decide about. Nothing is done then.
        Invalid: the last administrator.
    """
    by_key = {row.key: row for row in _reached(actor, now)}
    if not decisions.keys() <= by_key.keys():
        raise NotFound
    kept = [by_key[key] for key, decided in decisions.items() if decided == KEEP]
    ended = [by_key[key] for key, decided in decisions.items() if decided == END]
    for row in kept:
        _of(row).update(reviewed_at=now)
    with keeping_administrators(actor):
        for row in ended:
            _of(row).update(active=False)
            if not Membership.objects.filter(user=row.user, active=True).exists():
                put_off(row.user, OffBecause.HAND)
    concerns(user=[row.user.pk for row in kept + ended])
    detail(kept=[row.key for row in kept], ended=[row.key for row in ended])
    return len(kept), len(ended)


@action("accounts.review.export")
def export(actor: Actor, now: datetime) -> bytes:
    """The review as CSV, times in UTC."""
    content = csv_of(COLUMNS, map(_cells, _reached(actor, now, whole=True)))
    detail(size=len(content))
    return content


def _cells(row: Reviewed) -> list[str]:
    said = (row.user.full_name, row.user.username, row.agency.name, row.agency.ori)
    roles, employment = " ".join(role.value for role in row.roles), row.user.employment
    days = (row.user.used_at, row.reviewed_at, row.due_at, row.lapses_at)
    dates = (day.astimezone(UTC).date().isoformat() for day in days)
    return [*said, roles, employment, *dates, row.state.value]


def _held() -> QuerySet[Membership]:
    """What is reviewed: roles that open something; not those that were lent, which end by themselves."""
    held = Membership.objects.filter(active=True, ends_at=None, user__is_active=True, agency__is_active=True)
    return held.filter(Q(user__ends_at=None)).select_related("user", "agency").order_by("user__full_name", "user_id")


def _reached(actor: Actor, now: datetime, *, whole: bool = False) -> list[Reviewed]:
    """What the actor confirms: their own agency, and of others whom they stand in for those that are not confirmed;
    with `whole` a node administrator's confirmed ones too.
    """
    is_of_node = Role.NODE_ADMIN in actor.roles
    rows = []
    for row in _rows(_held().filter(reach(actor, "user")), now):
        is_own = row.agency.pk == actor.agency_id
        if is_own or row.state is not Review.DONE or (whole and is_of_node):
            rows.append(replace(row, is_seen=is_own or is_of_node))
    return rows


def _of(row: Reviewed) -> QuerySet[Membership]:
    return Membership.objects.filter(user=row.user, agency=row.agency, active=True, ends_at=None)


def _rows(held: QuerySet[Membership], now: datetime) -> list[Reviewed]:
    grouped: dict[tuple[UUID, UUID], list[Membership]] = {}
    for one in held:
        grouped.setdefault((one.user_id, one.agency_id), []).append(one)
    rows = []
    for group in grouped.values():
        first = min(one.reviewed_at for one in group)
        roles = [role for role in Role if role in {one.role for one in group}]
        rows.append(Reviewed(group[0].user, group[0].agency, roles, first, life.review_of(first, now)))
    order = (Review.LATE, Review.OPEN, Review.DONE)
    return sorted(rows, key=lambda row: (order.index(row.state), row.reviewed_at.date(), row.user.full_name))
