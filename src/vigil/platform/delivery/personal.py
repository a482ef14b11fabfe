"""How a person wants to be reached: own addresses, each confirmed by a code that was sent there."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound, TooMany
from vigil.core.identifiers import uuid7
from vigil.platform import keys
from vigil.platform.actions import action, concerns
from vigil.platform.delivery import addresses as reading
from vigil.platform.delivery.addresses import Address
from vigil.platform.delivery.channels import is_set_up
from vigil.platform.delivery.deliveries import CONFIRM
from vigil.platform.delivery.models import Channel, PersonalWay
from vigil.platform.delivery.outbox import send
from vigil.platform.prepared import Prepared
from vigil.platform.sealed import purpose_of

WAY = purpose_of(PersonalWay, "address")
PERSONAL = (Channel.EMAIL, Channel.SMS, Channel.VOICE)
CODE_LASTS = timedelta(minutes=10)
"""As for a code out of band (CJIS 5.9.5, IA-5(1)(c))."""
BETWEEN_CODES = timedelta(minutes=1)
MOST_TRIES = 5
MOST_WAYS = 6
"""Of one person (ours)."""


def _confirmed(user_id: Any) -> QuerySet[PersonalWay]:
    return PersonalWay.objects.filter(user_id=user_id, user__is_active=True, confirmed_at__isnull=False)


_FOR_URGENT = Prepared(lambda user: _confirmed(user).filter(for_urgent=True))
_FOR_OTHER = Prepared(lambda user: _confirmed(user).filter(for_other=True))


def usable() -> list[Channel]:
    """The channels by which a person can be reached on this node."""
    return [channel for channel in PERSONAL if is_set_up(channel)]


def personal_ways(user_id: UUID, *, urgent: bool) -> list[Address]:
    """The confirmed addresses at which the person wants such messages, for `outbox.send`; none of who is cut off."""
    found = (_FOR_URGENT if urgent else _FOR_OTHER)(user_id)
    name = str(found[0].user) if found else ""
    return [Address(Channel(way.channel), address_of(way), name, user_id) for way in found]


def own(actor: Actor) -> QuerySet[PersonalWay]:
    """The actor's ways, confirmed or not."""
    actor.require("delivery.way.edit")
    return PersonalWay.objects.filter(user_id=actor.user_id) if actor.user_id else PersonalWay.objects.none()


def address_of(way: PersonalWay) -> str:
    """The address, opened."""
    return keys.decrypt(way.address, WAY)


@action("delivery.way.edit")
def add_way(actor: Actor, channel: str, to: str, now: datetime) -> PersonalWay:
    """A further address of the actor's own; a code goes there at once.

    Raises:
        Invalid: at `channel` or `to`.
    """
    if actor.user_id is None:
        raise NotFound
    if channel not in usable():
        raise Invalid.at("channel", sentence=_("Choose one of the ways that this node has."))
    chosen = Channel(channel)
    read = reading.canonical(chosen, to)
    if read is None:
        wrong = (
            _("Give an e-mail address, e.g. name@agency.gov.")
            if chosen is Channel.EMAIL
            else _("Give a telephone number with its area code, ten digits.")
        )
        raise Invalid.at("to", sentence=wrong)
    if own(actor).filter(channel=chosen, same=reading.same(chosen, read)).exists():
        raise Invalid.at("to", sentence=_("You have this one already."))
    if own(actor).count() >= MOST_WAYS:
        raise Invalid.at("to", sentence=_("You have {n} already. Remove one first.").format(n=MOST_WAYS))
    way = PersonalWay.objects.create(
        user_id=actor.user_id,
        channel=chosen,
        address=keys.encrypt(read, WAY),
        same=reading.same(chosen, read),
        created_at=now,
    )
    concerns(way=way.pk)
    _send_code(way, read, now)
    return way


@action("delivery.way.edit")
def add_device(actor: Actor, given: str, now: datetime) -> PersonalWay:
    """The browser that asked, at its push service: no code, since only it could ask.

    Raises:
        Invalid: at `subscription`.
    """
    read = reading.canonical(Channel.PUSH, given) if is_set_up(Channel.PUSH) else None
    if actor.user_id is None or read is None:
        raise Invalid.at("subscription", sentence=_("This browser's push service is not one that this node uses."))
    same = reading.same(Channel.PUSH, read)
    if own(actor).count() >= MOST_WAYS and not own(actor).filter(same=same).exists():
        raise Invalid.at("subscription", sentence=_("You have {n} already. Remove one first.").format(n=MOST_WAYS))
    way, _is_new = PersonalWay.objects.get_or_create(
        user_id=actor.user_id,
        channel=Channel.PUSH,
        same=same,
        defaults={"address": keys.encrypt(read, WAY), "created_at": now, "confirmed_at": now},
    )
    concerns(way=way.pk)
    return way


@action("delivery.way.edit")
def send_code_again(actor: Actor, way_id: UUID, now: datetime) -> None:
    """Another code to an address that is not confirmed, at most one a minute."""
    way = _own(actor, way_id)
    sent = way.code_ends_at - CODE_LASTS if way.code_ends_at else None
    if way.confirmed_at or (sent and sent <= now < sent + BETWEEN_CODES):
        raise TooMany(_("A code was sent a moment ago. Wait a minute."), int(BETWEEN_CODES.total_seconds()))
    _send_code(way, address_of(way), now)


def _send_code(way: PersonalWay, to: str, now: datetime) -> None:
    address = Address(Channel(way.channel), to, user_id=way.user_id)
    ends = now + CODE_LASTS
    (sent,) = send([address], CONFIRM, key=f"confirm:{uuid7()}", about=way.pk, at=now, until=ends, urgent=True)
    way.code_of, way.code_ends_at, way.code_tries = sent.pk, ends, 0
    way.save(update_fields=["code_of", "code_ends_at", "code_tries"])


@action("delivery.way.edit")
def confirm_way(actor: Actor, way_id: UUID, code: str, now: datetime) -> bool:
    """Whether the code that was sent there is the one typed; five tries a code, ten minutes."""
    way = _own(actor, way_id)
    counted = own(actor).filter(pk=way.pk, code_tries__lt=MOST_TRIES, code_ends_at__gt=now, confirmed_at=None)
    if way.code_of is None or not counted.update(code_tries=F("code_tries") + 1):
        return False
    typed = "".join(code.split())
    if not hmac.compare_digest(reading.reply_code(way.code_of).encode(), typed.encode()):
        return False
    own(actor).filter(pk=way.pk).update(confirmed_at=now, code_of=None, code_ends_at=None)
    return True


@action("delivery.way.edit")
def choose_way(actor: Actor, way_id: UUID, *, for_urgent: bool, for_other: bool) -> None:
    """What is sent there: what is urgent, and all else."""
    way = _own(actor, way_id)
    way.for_urgent, way.for_other = for_urgent, for_other
    way.save(update_fields=["for_urgent", "for_other"])


@action("delivery.way.edit")
def remove_way(actor: Actor, way_id: UUID) -> None:
    """Nothing goes there any more."""
    _own(actor, way_id).delete()


def _own(actor: Actor, way_id: UUID) -> PersonalWay:
    concerns(way=way_id)
    way = own(actor).filter(pk=way_id).first()
    if way is None:
        raise NotFound
    return way
