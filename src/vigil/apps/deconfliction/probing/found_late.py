"""The other side is told who asked also where the overlap was over when it was found (specification, section 7).

Such a pair is recorded and alarms nobody (section 4): for an operation that is over too it is history. But whoever
enters an operation of an hour ago learns of one that still runs. Its owner gets a notice, in the search's transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_noop

from vigil.apps.deconfliction import notices
from vigil.apps.deconfliction.models import ConflictSide, Operation, Standing
from vigil.apps.deconfliction.plan import Disclosure
from vigil.engine.operation import Basis
from vigil.platform.notices.board import notify
from vigil.platform.prepared import Prepared

_PAST = Prepared(
    lambda key: ConflictSide.objects.filter(operation_id=key, conflict__standing=Standing.PAST).order_by()[:1]
)
TEXT = gettext_noop("An operation entered afterwards had met one of yours. Open Vigil.")
KIND = "deconfliction.conflict.found_late"


def tell(operation_ids: Collection[UUID], now: datetime) -> None:
    """Tell the owners of what these operations met, where it still runs and nobody was told."""
    late = [key for key in operation_ids if _PAST(key)]
    if not late:
        return
    mine = ConflictSide.objects.filter(operation_id__in=late, conflict__standing=Standing.PAST)
    others = ConflictSide.objects.filter(
        conflict__in=mine.values("conflict_id"),
        told=True,
        notified_at=None,
        own_operation__window_end__gt=now,
        conflict__overlap_end__lte=now,
    ).exclude(operation_id__in=operation_ids)
    for side in others.select_related("own_operation", "conflict"):
        operation = side.own_operation
        assert operation is not None
        objects = {"conflict": side.conflict_id}
        key = f"{KIND}:{side.conflict_id}:{operation.pk}"
        notify(_recipients(side, operation), KIND, TEXT, objects=objects, key=key, at=now)
        ConflictSide.objects.filter(pk=side.pk).update(notified_at=now)


def _recipients(side: ConflictSide, operation: Operation) -> list[UUID]:
    """As an alarm would go: a silent operation's place match through the deconflictor."""
    if operation.disclosure == Disclosure.SILENT.value and side.conflict.basis != Basis.SUBJECT.value:
        return [*notices.watch_desk(), *notices.deconflictor_of(operation.agency_id)]
    return notices.owners(operation)
