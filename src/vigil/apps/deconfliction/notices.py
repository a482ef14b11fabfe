"""Whom notices tell, and in which words (specification, sections 6 and 7): stored in English, translated when read.

Alarms of conflicts are told by `alarms.telling`. The owner's people are the submitter and the supervisor whom the plan
names (where no account is known for that name, every supervisor of the agency). One person is told once a change.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vigil.apps.deconfliction import access, models
from vigil.apps.deconfliction.plan import Contact, Disclosure
from vigil.core.permissions import Role
from vigil.engine.operation import Mode
from vigil.platform.accounts.models import Membership
from vigil.platform.notices.board import changed, notify
from vigil.platform.prepared import Prepared
from vigil.protocol import store as port
from vigil.protocol.store import AlarmKind

DESK = (Role.WATCH_DESK,)

KIND = "deconfliction.conflict"
FIRST_REPEAT = timedelta(minutes=2)
"""Section 6 *(ours)*: an alarm that nobody acknowledges is repeated."""

DESK_ASKS_AFTER = 4
"""Section 3 *(ours)*: after so many extensions the watch desk owns the question."""
STILL_ON_SCENE = gettext_noop(
    "Still on scene? An operation of yours has come to its planned end and was extended. Open Vigil."
)
DESK_ASKS = gettext_noop("An operation was extended again and nobody has ended it: ask its owner. Open Vigil.")
CALL_THE_DESK = gettext_noop("Conflict: call the watch desk.")
CALL_THE_DESK_AT = gettext_noop("Conflict: call the watch desk at {phone}.")

TEXTS = {
    AlarmKind.DETECTED: gettext_noop("An operation of yours has a conflict. Open Vigil."),
    AlarmKind.WORSENED: gettext_noop("A conflict of an operation of yours has become more serious. Open Vigil."),
    AlarmKind.CHANGED: gettext_noop("A conflict of an operation of yours has changed. Open Vigil."),
    AlarmKind.WITHDRAWN: gettext_noop("A conflict of an operation of yours stands no longer. Open Vigil."),
}
DESK_TEXTS = {
    AlarmKind.DETECTED: gettext_noop("A conflict was found. Open Vigil."),
    AlarmKind.WORSENED: gettext_noop("A conflict has become more serious. Open Vigil."),
    AlarmKind.CHANGED: gettext_noop("A conflict has changed. Open Vigil."),
    AlarmKind.WITHDRAWN: gettext_noop("A conflict stands no longer. Open Vigil."),
}


def said(body: str) -> str:
    """A stored notice in the reader's language."""
    before, after = CALL_THE_DESK_AT.split("{phone}")
    if body.startswith(before) and body.endswith(after):
        return _(CALL_THE_DESK_AT).format(phone=body.removeprefix(before).removesuffix(after))
    return _(body)


def ask_whether_over(operation: models.Operation, at: datetime) -> None:
    """The planned end has come and nobody has ended it: ask its owners, after four times the watch desk too (3)."""
    key = f"deconfliction.extension:{operation.id}:{operation.revision}"
    objects = {"operation": operation.id}
    notify(owners(operation), "deconfliction.extension", STILL_ON_SCENE, objects=objects, key=key, urgent=True, at=at)
    if operation.extension_count >= DESK_ASKS_AFTER:
        notify(desk_of(operation), "deconfliction.extension", DESK_ASKS, objects=objects, key=key, urgent=True, at=at)


def owners(operation: models.Operation) -> list[UUID]:
    """The accounts that answer for an operation."""
    named = [one for one in (operation.submitter_id, operation.supervisor_id) if one is not None]
    if operation.supervisor_id is not None or operation.disclosure == port.Disclosure.SILENT:
        return named
    return [*named, *_holders(Role.SUPERVISOR, operation.agency_id)]


@dataclass(frozen=True, slots=True)
class Readers:
    """Whose open pages look again: all of an agency, or single accounts."""

    agencies: frozenset[UUID] = frozenset()
    users: frozenset[UUID] = frozenset()

    def __or__(self, others: Readers) -> Readers:
        return Readers(self.agencies | others.agencies, self.users | others.users)


def readers_of(operation: models.Operation, *, owner_only: bool = False) -> Readers:
    """Those who see the operation (`access.visible_operations`) and nobody else: that there is something would show.

    `owner_only`: those who see a conflict that only owners see (`access.visible_sides`).
    """
    owned_by = frozenset(one for one in (operation.submitter_id, operation.supervisor_id) if one is not None)
    if owner_only:
        return Readers(users=owned_by)
    if operation.disclosure == Disclosure.SILENT:
        desk = _holders(Role.WATCH_DESK, operation.agency_id)
        return Readers(users=owned_by.union(desk, deconflictor_of(operation.agency_id)))
    return Readers(agencies=frozenset((operation.agency_id,)))


def operations_changed(readers: Readers, at: datetime) -> None:
    """Their open pages read the operations again."""
    changed("operations", agencies=readers.agencies, users=readers.users, at=at)


def conflicts_changed(readers: Readers, owner_only: bool, at: datetime) -> None:
    """Their open pages read the conflicts again, and the watch desk's unless only owners see it."""
    desk = () if owner_only else DESK
    changed("conflicts", agencies=readers.agencies, users=readers.users, roles=desk, at=at)


def conflict_changed(conflict: models.Conflict, at: datetime) -> None:
    """Open pages of everybody who may know of the conflict read it again."""
    sides = conflict.sides.filter(told=True, own_operation__isnull=False).select_related("own_operation")
    operations = [side.own_operation for side in sides if side.own_operation is not None]
    readers = [readers_of(operation, owner_only=conflict.owner_only) for operation in operations]
    conflicts_changed(functools.reduce(Readers.__or__, readers, Readers()), conflict.owner_only, at)


def watch_desk() -> list[UUID]:
    """The accounts of the node's watch desk."""
    return _holders(Role.WATCH_DESK)


def desk_of(operation: models.Operation) -> list[UUID]:
    """The accounts of the watch desk that answer for an operation: of an exercise, those who practise it."""
    if operation.mode == Mode.LIVE:
        return watch_desk()
    practised = models.Practice.objects.filter(Q(operation_a=operation.id) | Q(operation_b=operation.id))
    alone = list(practised.values_list("user_id", flat=True))
    in_exercise = models.ExercisePerson.objects.filter(exercise__injects__operation_id=operation.id)
    if alone or not in_exercise.exists():
        return alone or watch_desk()
    playing = set(in_exercise.filter(part=models.ExercisePart.PLAYER).values_list("user_id", flat=True))
    return [one for one in watch_desk() if one in playing]


def deconflictor_of(agency_id: UUID) -> list[UUID]:
    """The account that the agency names as its deconflictor, while it may read operations there."""
    readers = access.readers_in(agency_id).values("user_id")
    named = models.Deconflictor.objects.filter(agency_id=agency_id, user_id__in=readers)
    return list(named.values_list("user_id", flat=True))


def account_of(contact: Contact | None, agency_id: UUID) -> UUID | None:
    """The account of the supervisor that a plan names: a supervisor of the agency with that name or phone."""
    if contact is None:
        return None
    members = Membership.objects.filter(
        agency_id=agency_id, role=Role.SUPERVISOR.value, active=True, user__is_active=True
    ).values_list("user_id", "user__full_name", "user__phone")
    for user_id, name, phone in members.order_by("created_at"):
        if name.casefold() == contact.name.strip().casefold() or (phone and phone == contact.phone):
            return user_id
    return None


def _held(role: Any) -> QuerySet[Membership]:
    return Membership.objects.filter(role=role, active=True, user__is_active=True).order_by()


_HOLDERS = Prepared(_held)
_HOLDERS_OF = Prepared(lambda role, agency: _held(role).filter(agency_id=agency))


def _holders(role: Role, agency_id: UUID | None = None) -> list[UUID]:
    held = _HOLDERS_OF(role.value, agency_id) if agency_id else _HOLDERS(role.value)
    return sorted({one.user_id for one in held})
