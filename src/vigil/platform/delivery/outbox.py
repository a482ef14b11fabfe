"""The outbox: deliveries are written, ended and read here, in the caller's transaction.

send(addresses, CONFLICT, key=f"{side}:2", about=side, at=now, until=starts, urgent=True, exercise=False,
     with_reply_code=True)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast

from vigil.core.identifiers import uuid7
from vigil.platform.delivery import addresses as reading
from vigil.platform.delivery.addresses import Address
from vigil.platform.delivery.channels import is_set_up
from vigil.platform.delivery.kinds import KINDS
from vigil.platform.delivery.models import Channel, Delivery, DeliveryEvent
from vigil.platform.prepared import insert, new

JITTER_SECONDS = 30
"""A message that is not urgent leaves so much later at most: its moment tells a provider nothing (threat T11)."""
STEP, STATE = DeliveryEvent.Step, Delivery.State


@dataclass(frozen=True, slots=True)
class Way:
    """A delivery with every step that it took, oldest first, and to whom; those are empty once they were forgotten."""

    delivery: Delivery
    to: str
    name: str
    events: list[DeliveryEvent]


def send(
    addresses: Iterable[Address],
    kind: str,
    *,
    key: str,
    about: UUID,
    at: datetime,
    until: datetime,
    urgent: bool = False,
    exercise: bool = False,
    with_reply_code: bool = False,
) -> list[Delivery]:
    """Write one delivery an address in the caller's transaction; an address that has one under an equal `key` gets no
    second one. Returns the new ones, those without a way too (`NO_WAY`: channel not set up, or no such address).

    `key` has at most 150 characters and no data of a person. Raises `LookupError` for a kind that nobody registered.
    """
    if kind not in KINDS:
        raise LookupError(f"{kind} is no registered kind: see platform/delivery/kinds.py")
    wanted: dict[str, tuple[Address, str | None]] = {}
    for address in addresses:
        to = reading.canonical(address.channel, address.to)
        wanted[f"{key}:{reading.same(address.channel, to or address.to)}"] = address, to
    known = set(Delivery.objects.filter(dedupe_key__in=wanted).values_list("dedupe_key", flat=True))
    fresh = []
    for dedupe_key, (address, to) in wanted.items():
        if dedupe_key in known:
            continue
        reachable = to is not None and is_set_up(address.channel)
        answers = with_reply_code and address.channel in (Channel.SMS, Channel.VOICE) and reachable
        drawn, token = _drawn(to) if answers and to else (uuid7(), None)
        fresh.append(
            new(
                Delivery,
                id=drawn,
                dedupe_key=dedupe_key,
                about=about,
                kind=kind,
                channel=address.channel.value,
                lane=reading.lane(address.channel, to),
                address=reading.sealed(to or address.to, address.name),
                user_id=address.user_id,
                urgent=urgent,
                exercise=exercise,
                reply_token=token,
                reply_until=until if token else None,
                state=(STATE.WAITING if reachable else STATE.NO_WAY).value,
                next_attempt_at=at if urgent else at + timedelta(seconds=drawn.int % (JITTER_SECONDS + 1)),
                until=until,
                created_at=at,
                ended_at=None if reachable else at,
            )
        )
    insert(fresh)
    insert([_first_step(delivery, at) for delivery in fresh])
    return fresh


def _drawn(to: str) -> tuple[UUID, bytes]:
    """An id whose reply code the number never had before: a code that was once used ends nothing a second time."""
    while True:
        drawn = uuid7()
        token = reading.reply_token(to, reading.reply_code(drawn))
        if not Delivery.objects.filter(reply_token=token).exists():
            return drawn, token


def _first_step(delivery: Delivery, at: datetime) -> DeliveryEvent:
    if delivery.state != STATE.NO_WAY:
        return step(delivery.pk, STEP.QUEUED, at)
    return step(delivery.pk, STEP.NO_WAY, at, "no_address" if is_set_up(Channel(delivery.channel)) else "not_set_up")


def step(delivery_id: UUID, what: DeliveryEvent.Step, at: datetime, code: str = "") -> DeliveryEvent:
    """The row of one step, not stored yet."""
    return new(DeliveryEvent, delivery_id=delivery_id, step=what.value, code=code[:60], at=at)


def stop(about: UUID, at: datetime) -> int:
    """End what still waits about this, in the caller's transaction; how many waited. No reply to any of it counts from
    now on. One that is being handed over at this very moment still arrives.
    """
    waiting = Delivery.objects.filter(about=about, state=STATE.WAITING)
    ids = list(waiting.select_for_update().values_list("pk", flat=True))
    stopped = waiting.filter(pk__in=ids).update(state=STATE.STOPPED, ended_at=at)
    insert([step(one, STEP.STOPPED, at) for one in ids])
    Delivery.objects.filter(about=about, reply_until__gt=at).update(reply_until=at)
    return stopped


def ways(about: UUID) -> list[Way]:
    """Everything that was sent about this, oldest first, each with its steps."""
    return ways_of(Delivery.objects.filter(about=about).prefetch_related("events").order_by("created_at", "pk"))


def ways_of(deliveries: Iterable[Delivery]) -> list[Way]:
    """The same for deliveries that were read already."""
    return [Way(one, *reading.opened(one), list(one.events.all())) for one in deliveries]


def forget(abouts: Sequence[UUID]) -> int:
    """Forget the addresses of everything about these, in the caller's transaction (a purge); how many had one.

    Channel, kind and steps stay: they count, and lead to nobody.
    """
    return forget_rows(Delivery.objects.filter(about__in=abouts))


def forget_rows(deliveries: QuerySet[Delivery]) -> int:
    """The same for these rows; what still waits among them ends."""
    known = deliveries.exclude(address=b"")
    known.filter(state=STATE.WAITING).update(state=STATE.STOPPED)
    # The key holds a token of the address: the id, as text, takes its place.
    key = Cast("id", CharField())
    return known.update(address=b"", user_id=None, reply_token=None, dedupe_key=key)
