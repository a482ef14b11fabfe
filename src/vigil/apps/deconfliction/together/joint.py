"""Joint groups: offered, accepted, refused, left (specification, section 3).

Two operations are joint only when the current revision of each names the other; until then they match and alarm. So
offering (from a conflict), accepting and leaving are revisions of one's own operation, by `actions.run_together`. A
`JointOffer` only remembers who was asked; it decides nothing.

Who is asked reads the other side's card (`cards`), as on the page of their conflict, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vigil.apps.deconfliction import access, actions, notices, plan_rows
from vigil.apps.deconfliction.cards import Card, others_card
from vigil.apps.deconfliction.models import (
    ConflictSide,
    JointOffer,
    OfferSource,
    OfferState,
    Operation,
    Revision,
    Standing,
    Status,
)
from vigil.apps.deconfliction.plans import series
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.platform.actions import action, concerns
from vigil.platform.agencies.models import this_node
from vigil.platform.notices.board import notify

OVER = (Status.ENDED, Status.CANCELLED)
KIND = "deconfliction.joint"
TEXTS = {
    "offered": gettext_noop("Another team asks to run an operation of yours together with theirs. Open Vigil."),
    "accepted": gettext_noop("The other team accepted: two operations are run together now. Open Vigil."),
    "refused": gettext_noop("The other team does not want to run it together. Call them. Open Vigil."),
    "left": gettext_noop("The other team no longer runs an operation together with yours. Open Vigil."),
}


# --- verbs -----------------------------------------------------------------------------------------------------------


@action("deconfliction.joint_offer.create")
def offer_joint(actor: Actor, conflict_id: UUID, now: datetime) -> Operation:
    """Name the other operation of a conflict; its owner is asked to name this one. The actor's operation, revised.

    Where the other side has named it already this is the acceptance. Raises `Invalid` where the conflict stands no
    more, the other operation is of another node, or either is silent.
    """
    own, other = _sides(actor, conflict_id)
    concerns(conflict=conflict_id, operation=own.operation_id, other=other.operation_id)
    named = _named_by(own.operation_id)
    revised = actions.run_together(actor, own.operation_id, named | {str(other.operation_id)}, now)
    if str(own.operation_id) in _named_by(other.operation_id):
        _settle(own.operation_id, other.operation_id, OfferState.ACCEPTED, actor, now)
        _tell(other.operation_id, "accepted", revised, now)
    else:
        _ask(other.operation_id, own.operation_id, OfferSource.CONFLICT, now)
        _tell(other.operation_id, "offered", revised, now)
    return revised


@action("deconfliction.joint_offer.answer")
def accept_joint(actor: Actor, offer_id: UUID, now: datetime) -> Operation:
    """Name the operation that was offered: a revision. Joint from then on where the other names this one."""
    offer = _open_offer(actor, offer_id)
    named = _named_by(offer.asked_id)
    revised = actions.run_together(actor, offer.asked_id, named | {str(offer.other_id)}, now)
    _settle(offer.asked_id, offer.other_id, OfferState.ACCEPTED, actor, now)
    if str(offer.asked_id) in _named_by(offer.other_id):
        _tell(offer.other_id, "accepted", revised, now)
    elif not JointOffer.objects.filter(asked=offer.other_id, other=offer.asked_id, state=OfferState.OPEN).exists():
        _ask(offer.other_id, offer.asked_id, OfferSource(offer.source), now)
        _tell(offer.other_id, "offered", revised, now)
    return revised


@action("deconfliction.joint_offer.answer")
def refuse_joint(actor: Actor, offer_id: UUID, now: datetime) -> JointOffer:
    """Say no. No revision: nothing was named, both go on to match and alarm."""
    offer = _open_offer(actor, offer_id)
    _settle(offer.asked_id, offer.other_id, OfferState.REFUSED, actor, now)
    if str(offer.asked_id) in _named_by(offer.other_id):
        _tell(offer.other_id, "refused", offer.asked, now)
    return offer


@action("deconfliction.joint_offer.answer")
def leave_joint(actor: Actor, operation_id: UUID, other_id: UUID, now: datetime) -> Operation:
    """Name the other no more: a revision that asks again, so that both match and alarm as before.

    An offer that waits is taken back by it. Raises `Invalid` where the operation does not name the other.
    """
    access.get_operation(actor, operation_id)
    concerns(operation=operation_id, other=other_id)
    named = _named_by(operation_id)
    if str(other_id) not in named:
        raise Invalid.at(sentence=_("This operation does not name that one."))
    revised = actions.run_together(actor, operation_id, named - {str(other_id)}, now)
    open_one = JointOffer.objects.filter(asked=other_id, other=operation_id, state=OfferState.OPEN)
    open_one.update(state=OfferState.WITHDRAWN, answered_at=now)
    if str(operation_id) in _named_by(other_id):
        _tell(other_id, "left", revised, now)
    return revised


@action("deconfliction.joint_offer.create")
def offer_imported(actor: Actor, groups: Sequence[Sequence[UUID]], now: datetime) -> int:
    """Operations of several agencies that a file says are run together: each owner is asked about each of the others.

    Nothing is named by it (specification, section 9). Returns how many were asked anew; asked once, never again.
    """
    asked = 0
    for group in groups:
        rows = {row.pk: row for row in Operation.objects.filter(pk__in=group).exclude(status__in=OVER)}
        pairs = [(one, other) for one in rows.values() for other in rows.values() if one.agency_id != other.agency_id]
        for one, other in pairs:
            if JointOffer.objects.filter(asked=one, other=other).exists() or str(other.pk) in _named_by(one.pk):
                continue
            _ask(one.pk, other.pk, OfferSource.IMPORT, now)
            _tell(one.pk, "offered", other, now)
            asked += 1
    concerns(operations=[pk for group in groups for pk in group])
    return asked


# --- reads -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JointRow:
    """How an operation stands to another one.

    `state`: `joint` (each names the other), `asked` (this one names it, it does not), `offered` (its owner, or a file,
    asks this one's). `card` is what the other side shows; None where the reader was told of no such operation.
    """

    other_id: UUID
    state: str
    card: Card | None
    offer_id: UUID | None = None
    source: str = ""
    offered_at: datetime | None = None


def joint_rows(actor: Actor, operation_id: UUID) -> tuple[JointRow, ...]:
    """Whom this operation is run with, has asked, and is asked by. `NotFound` where the actor may not see it."""
    access.get_operation(actor, operation_id)
    offers = JointOffer.objects.filter(Q(asked=operation_id) | Q(other=operation_id))
    between = {(offer.asked_id, offer.other_id): offer for offer in offers}
    # The others of its own series name it by themselves: nobody asked, nobody is to answer.
    siblings = series.siblings_of([operation_id]).get(operation_id, frozenset())
    named = {UUID(text) for text in _named_by(operation_id)} - siblings
    others = named | {offer.other_id for offer in between.values() if offer.asked_id == operation_id}
    found = {one.operation_id: one for one in _current(others)}
    rows = (_row(operation_id, other, found.get(other), other in named, between) for other in sorted(others))
    return tuple(row for row in rows if row is not None)


def open_offers(actor: Actor) -> tuple[tuple[Operation, JointRow], ...]:
    """What the actor's agency is asked and has not answered, of operations that the actor sees and are not over."""
    live = access.visible_operations(actor).exclude(status__in=OVER)
    is_asked = Exists(live.filter(pk=OuterRef("asked_id")))
    # Operations in a query of their own: joined, SQLite walks all of them to find the few that are asked.
    asked = JointOffer.objects.filter(is_asked, state=OfferState.OPEN).prefetch_related("asked")
    operations = {offer.asked_id: offer.asked for offer in asked}
    return tuple(
        (operation, row)
        for operation in operations.values()
        for row in joint_rows(actor, operation.pk)
        if row.state == "offered"
    )


def agreed_with(operation_ids: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
    """Of those that named another one by an offer, or as one of their series: which they name still."""
    offers = JointOffer.objects.filter(Q(asked__in=operation_ids) | Q(other__in=operation_ids))
    pairs = {(offer.asked_id, offer.other_id) for offer in offers}
    siblings = series.siblings_of(operation_ids)
    if not pairs and not siblings:
        return {}
    asked = {one: {b if one == a else a for a, b in pairs if one in (a, b)} for one in operation_ids}
    others = {one: found | siblings.get(one, frozenset()) for one, found in asked.items()}
    kept = {one: _named_by(one) & frozenset(map(str, found)) for one, found in others.items() if found}
    return {one: named for one, named in kept.items() if named}


def may_offer(actor: Actor, conflict_id: UUID) -> bool:
    """Whether the actor's side of this conflict can ask the other one to run both together."""
    if not actor.can("deconfliction.joint_offer.create"):
        return False
    try:
        own, other = _sides(actor, conflict_id)
    except (Invalid, NotFound):
        return False
    return str(other.operation_id) not in _named_by(own.operation_id)


def _row(
    own: UUID, other: UUID, revision: Revision | None, is_named: bool, between: dict[tuple[UUID, UUID], JointOffer]
) -> JointRow | None:
    names_us = revision is not None and str(own) in revision.joint_with
    made, received = between.get((other, own)), between.get((own, other))
    if is_named and not names_us:
        # An id may be typed through the API: whether there is such an operation shows only to who was told of it.
        told = made is not None or received is not None
        return JointRow(other, "asked", _card(revision) if told else None, offered_at=made.offered_at if made else None)
    if is_named:
        return JointRow(other, "joint", _card(revision))
    if received is None or received.state != OfferState.OPEN or revision is None:
        return None
    if revision.operation.status in OVER or (received.source == OfferSource.CONFLICT and not names_us):
        return None
    return JointRow(other, "offered", _card(revision), received.id, received.source, received.offered_at)


def _card(revision: Revision | None) -> Card | None:
    if revision is None:
        return None
    return others_card(plan_rows.plan_of(revision), revision.operation.agency, this_node())


def _current(ids: Iterable[UUID]) -> list[Revision]:
    rows = Revision.objects.filter(operation_id__in=list(ids), number=F("operation__revision"))
    return list(rows.select_related("operation__agency").prefetch_related("sites", "subjects"))


def _named_by(operation_id: UUID) -> frozenset[str]:
    rows = Revision.objects.filter(operation_id=operation_id, number=F("operation__revision"))
    return frozenset(rows.values_list("joint_with", flat=True).first() or ())


# --- how it is done --------------------------------------------------------------------------------------------------


def _sides(actor: Actor, conflict_id: UUID) -> tuple[ConflictSide, ConflictSide]:
    """The actor's side and the other one of a conflict that can become joint."""
    conflict = access.get_conflict(actor, conflict_id)
    mine = list(access.visible_sides(actor).filter(conflict=conflict).select_related("own_operation"))
    if not mine:
        raise Invalid.at(sentence=_("No operation of yours is in this conflict: each owner offers for their own."))
    # Where both are of one agency, the one that the actor answers for is theirs.
    mine.sort(key=lambda side: side.own_operation is None or side.own_operation.submitter_id != actor.user_id)
    own = mine[0]
    other = conflict.sides.exclude(pk=own.pk).select_related("own_operation").get()
    if conflict.standing != Standing.OPEN:
        raise Invalid.at(sentence=_("These two meet no longer: there is nothing to run together."))
    if own.silent or other.silent:
        raise Invalid.at(sentence=_("This goes through the watch desk: call it."))
    if other.own_operation is None:
        raise Invalid.at(sentence=_("The other operation is of another node: agree by voice, both keep their alarm."))
    return own, other


def _open_offer(actor: Actor, offer_id: UUID) -> JointOffer:
    seen = access.visible_operations(actor)
    offer = JointOffer.objects.filter(pk=offer_id, asked__in=seen).select_related("asked").first()
    if offer is None:
        raise NotFound
    concerns(offer=offer.id, operation=offer.asked_id, other=offer.other_id)
    if not any(row.offer_id == offer.id for row in joint_rows(actor, offer.asked_id)):
        raise Invalid.at(sentence=_("This offer no longer stands."))
    return offer


def _ask(asked: UUID, other: UUID, source: OfferSource, now: datetime) -> None:
    again = {"source": source, "state": OfferState.OPEN, "offered_at": now, "answered_at": None, "answered_by": None}
    JointOffer.objects.update_or_create(asked_id=asked, other_id=other, defaults=again)


def _settle(asked: UUID, other: UUID, state: OfferState, actor: Actor, now: datetime) -> None:
    rows = JointOffer.objects.filter(asked=asked, other=other)
    rows.update(state=state, answered_at=now, answered_by_id=actor.user_id)


def _tell(operation_id: UUID, what: str, because: Operation, now: datetime) -> None:
    """Tell the owners of an operation; each revision of the other one tells anew."""
    operation = Operation.objects.get(pk=operation_id)
    key = f"{KIND}:{what}:{operation_id}:{because.pk}:{because.revision}:{now.isoformat()}"
    objects = {"operation": operation_id}
    notify(notices.owners(operation), f"{KIND}.{what}", TEXTS[what], objects=objects, key=key, at=now)
    notices.operations_changed(notices.readers_of(operation), now)
