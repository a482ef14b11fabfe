"""Possible matches of an operation's subjects on the own node: advice to the owner, with the reason (spec 4.3).

They stand outside p1, determinations, receipts, federation and `conflicts.csv`. A silent operation has none, on either
side: its subject matches are its owner's alone. The other side learns as much at the same moment, as with a match.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext_noop

from vigil.apps.deconfliction import access, notices, plan_rows
from vigil.apps.deconfliction.cards import Card, others_card
from vigil.apps.deconfliction.models import Determination, Operation, Revision, Status, Subject
from vigil.apps.deconfliction.plan import Disclosure
from vigil.apps.deconfliction.plan_rows import SUBJECT, opened
from vigil.core.actor import Actor
from vigil.engine import operation as engine
from vigil.engine import possible
from vigil.platform.agencies.models import this_node
from vigil.platform.notices.board import notify
from vigil.platform.prepared import Prepared

MARGIN = timedelta(microseconds=engine.SUBJECT_MARGIN_US)
TEXT = gettext_noop("A subject of an operation of yours may be one that another operation has too. Open Vigil.")

_NEAR = Prepared(
    lambda operation: Subject.objects.filter(
        revision__operation_id=operation,
        revision__number=F("revision__operation__revision"),
        near_token__isnull=False,
    )
)


@dataclass(frozen=True, slots=True)
class PossibleMatch:
    """One own subject, as typed, that may be one of another operation; `card` is what that one's owner shows."""

    subject: str
    reason: str
    card: Card


@dataclass(frozen=True, slots=True)
class _Found:
    subject: str
    reason: str
    revision: Revision


def possible_matches(actor: Actor, operation_id: UUID) -> tuple[PossibleMatch, ...]:
    """What the owner is advised of; raises `NotFound` where the actor may not see the operation.

    Nothing before the search: it tells the other side, in the same transaction.
    """
    if access.get_operation(actor, operation_id).determination == Determination.CHECKING:
        return ()
    node = this_node()
    return tuple(
        PossibleMatch(
            found.subject,
            found.reason,
            others_card(plan_rows.plan_of(found.revision), found.revision.operation.agency, node),
        )
        for found in _found(operation_id)
    )


def tell(operation_id: UUID, now: datetime) -> None:
    """Tell the owners of both operations, once a pair, in the caller's transaction."""
    for other in {found.revision.operation for found in _found(operation_id)}:
        pair = ":".join(sorted(map(str, (operation_id, other.pk))))
        for operation in (Operation.objects.get(pk=operation_id), other):
            key = f"deconfliction.possible_match:{pair}:{operation.pk}"
            objects = {"operation": operation.pk}
            notify(notices.owners(operation), "deconfliction.possible_match", TEXT, objects=objects, key=key, at=now)


def tell_of(operation_ids: Collection[UUID], now: datetime) -> None:
    """`tell` for those of many operations that have a subject which may be another's."""
    near = Subject.objects.filter(revision__operation__in=operation_ids, near_token__isnull=False)
    for operation_id in near.values_list("revision__operation_id", flat=True).distinct():
        tell(operation_id, now)


def _found(operation_id: UUID) -> Iterator[_Found]:
    """Pairs of subjects that may be one, sorted; the keyed tokens find them, the opened subjects decide."""
    own = [row for row in _NEAR(operation_id) if row.near_token is not None]
    if not own:
        return
    operation = Operation.objects.get(pk=operation_id)
    if operation.status == Status.CANCELLED or operation.disclosure == Disclosure.SILENT.value:
        return
    others = Subject.objects.filter(
        near_token__in=[row.near_token for row in own],
        revision__number=F("revision__operation__revision"),
        revision__operation__mode=operation.mode,
        revision__operation__starts_at__lt=operation.ends_at + 2 * MARGIN,
        revision__operation__ends_at__gt=operation.starts_at - 2 * MARGIN,
    ).exclude(revision__operation=operation)
    others = others.exclude(revision__operation__status=Status.CANCELLED)
    others = others.exclude(revision__operation__disclosure=Disclosure.SILENT.value)
    for other in others.select_related("revision__operation__agency").order_by("id"):
        for row in own:
            typed = _typed(row)
            reason = possible.reason(row.kind, typed, _typed(other)) if row.kind == other.kind else ""
            if reason:
                yield _Found(typed, reason, other.revision)


def _typed(row: Subject) -> str:
    typed: str = json.loads(opened(row.sealed, SUBJECT))[0]
    return typed
