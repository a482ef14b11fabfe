"""What an owner is reminded of by itself (specification, section 3, and ours): an hour before the start whether it
still goes ahead, every day the reason and approver of an exigent operation, a day before a long one ends its renewal.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext_noop

from vigil.apps.deconfliction import access, notices
from vigil.apps.deconfliction.models import (
    Determination,
    Operation,
    Reminder,
    ReminderKind,
    Revision,
    Status,
)
from vigil.apps.deconfliction.plans.planning import RENEWED_TYPES
from vigil.core.actor import Actor
from vigil.platform.actions import action, concerns
from vigil.platform.notices.board import notify

BEFORE_START = timedelta(hours=1)
BEFORE_END = timedelta(days=1)
"""Ours."""
REASON_AFTER = timedelta(hours=1)
"""Ours: whoever has just registered in haste is not asked at once."""
LIVE = (Status.REGISTERED, Status.UNDER_WAY)

TEXTS = {
    ReminderKind.START: gettext_noop("An operation of yours starts within the hour. Still going? Open Vigil."),
    ReminderKind.REASON: gettext_noop(
        "An operation of yours was registered at short notice: give reason and approver. Open Vigil."
    ),
    ReminderKind.RENEWAL: gettext_noop("A long operation of yours ends within a day. Renew it, or end it. Open Vigil."),
}
SILENT = gettext_noop(
    "An operation of yours starts within the hour, and somebody has still not answered. Still going? Open Vigil."
)


def due(now: datetime) -> list[tuple[Operation, ReminderKind, str]]:
    """Who is to be reminded of what, with the mark under which it is told once."""
    return [*_starts(now), *_reasons(now), *_renewals(now)]


@action("deconfliction.operation.remind")
def remind(actor: Actor, now: datetime) -> int:
    """Write the notices that are due, each once; how many operations that were."""
    found = due(now)
    for operation, kind, mark in found:
        silent = kind is ReminderKind.START and operation.determination == Determination.INCOMPLETE
        body = SILENT if silent else TEXTS[kind]
        key = f"deconfliction.reminder:{operation.pk}:{kind.value}:{mark}"
        notify(
            notices.owners(operation),
            f"deconfliction.reminder.{kind.value}",
            body,
            objects={"operation": operation.pk},
            key=key,
            at=now,
        )
        Reminder.objects.create(operation=operation, kind=kind.value, mark=mark, told_at=now)
    concerns(operations=[operation.pk for operation, _, _ in found])
    return len(found)


@action("deconfliction.operation.edit")
def confirm_start(actor: Actor, operation_id: UUID, now: datetime) -> None:
    """ "Yes, as planned": the question before the start is answered for the current revision. Harmless to repeat."""
    operation = access.get_operation(actor, operation_id)
    concerns(operation=operation.pk)
    asked, _ = Reminder.objects.get_or_create(
        operation=operation, kind=ReminderKind.START, mark=str(operation.revision), defaults={"told_at": now}
    )
    asked.answered_at = now
    asked.save(update_fields=("answered_at",))


def asks_before_start(operation_id: UUID, revision: int, starts_at: datetime, now: datetime) -> bool:
    """Whether the operation's page asks "still going?": it starts within the hour and nobody has said so."""
    if not now < starts_at <= now + BEFORE_START:
        return False
    answered = Reminder.objects.filter(
        operation_id=operation_id, kind=ReminderKind.START, mark=str(revision), answered_at__isnull=False
    )
    return not answered.exists()


def _starts(now: datetime) -> Iterator[tuple[Operation, ReminderKind, str]]:
    """Operations that start within the hour, once a revision; not those whose revision is itself as young."""
    soon = Operation.objects.filter(status__in=LIVE, starts_at__gt=now, starts_at__lte=now + BEFORE_START)
    early = Revision.objects.filter(
        operation=OuterRef("pk"), number=OuterRef("revision"), created_at__lte=OuterRef("starts_at") - BEFORE_START
    )
    for operation in soon.filter(Exists(early)):
        yield from _once(operation, ReminderKind.START, str(operation.revision))


def _reasons(now: datetime) -> Iterator[tuple[Operation, ReminderKind, str]]:
    late = Operation.objects.filter(reason_due=True, created_at__lte=now - REASON_AFTER, purged_at=None)
    for operation in late.exclude(status=Status.CANCELLED):
        yield from _once(operation, ReminderKind.REASON, str((now - operation.created_at).days))


def _renewals(now: datetime) -> Iterator[tuple[Operation, ReminderKind, str]]:
    ending: QuerySet[Operation] = Operation.objects.filter(
        status__in=LIVE,
        operation_type__in=RENEWED_TYPES,
        starts_at__lte=F("ends_at") - 2 * BEFORE_END,
        ends_at__gt=now,
        ends_at__lte=now + BEFORE_END,
        extension_count=0,
    )
    for operation in ending:
        yield from _once(operation, ReminderKind.RENEWAL, operation.ends_at.isoformat())


def _once(operation: Operation, kind: ReminderKind, mark: str) -> Iterator[tuple[Operation, ReminderKind, str]]:
    if not Reminder.objects.filter(operation=operation, kind=kind, mark=mark).exists():
        yield operation, kind, mark
