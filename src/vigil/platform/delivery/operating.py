"""What an operator sees of the channels and does about them: their state, a test message, what was given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, QuerySet
from django.utils.translation import gettext as _

from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.core.identifiers import uuid7
from vigil.platform.actions import action, concerns
from vigil.platform.delivery import addresses as reading
from vigil.platform.delivery.addresses import Address
from vigil.platform.delivery.channels import is_set_up
from vigil.platform.delivery.deliveries import TEST
from vigil.platform.delivery.models import Channel, Delivery, LaneHealth
from vigil.platform.delivery.outbox import STATE, STEP, Way, send, step, ways_of
from vigil.platform.delivery.personal import PERSONAL
from vigil.platform.prepared import Prepared, insert

LATE = timedelta(seconds=30)
"""What waits for so long is late, whoever is to blame."""
TEST_LASTS = timedelta(minutes=10)
RETRY_LASTS = timedelta(hours=1)
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class ChannelState:
    """One channel as it is now. `late`: something waits too long, though nothing is known to fail: no sender runs."""

    channel: Channel
    is_set_up: bool
    failing_since: datetime | None
    code: str
    waiting: int
    oldest: datetime | None
    late: bool


def states(actor: Actor, now: datetime) -> list[ChannelState]:
    """Every channel; that of the webhooks fails where any of them does."""
    actor.require("delivery.channel.read")
    rows = Delivery.objects.filter(state=STATE.WAITING).values("channel").order_by()
    waiting = {row["channel"]: row for row in rows.annotate(count=Count("id"), oldest=Min("created_at"))}
    health: dict[str, LaneHealth] = {}
    for row in LaneHealth.objects.exclude(failing_since=None).order_by("-failing_since"):
        health[row.lane.partition(":")[0]] = row
    found = []
    for channel in Channel:
        here: Any = waiting.get(channel.value, {})
        fails = health.get(channel.value)
        oldest = here.get("oldest")
        found.append(
            ChannelState(
                channel=channel,
                is_set_up=is_set_up(channel),
                failing_since=fails.failing_since if fails else None,
                code=fails.code if fails else "",
                waiting=here.get("count", 0),
                oldest=oldest,
                late=fails is None and oldest is not None and now - oldest > 2 * LATE,
            )
        )
    return found


def failing_count(actor: Actor) -> int:
    """How many channels and webhooks fail now, for who may read it."""
    return len(_FAILING()) if actor.can("delivery.channel.read") else 0


_FAILING = Prepared(lambda: LaneHealth.objects.exclude(failing_since=None).order_by())


def given_up(actor: Actor) -> QuerySet[Delivery]:
    """Messages that were given up and can still be tried again, newest first."""
    actor.require("delivery.channel.read")
    return Delivery.objects.filter(state=STATE.GAVE_UP).exclude(address=b"").order_by("-ended_at", "-pk")


def given_up_ways(actor: Actor) -> list[Way]:
    """The newest of them with their steps. To whom they were is not the operator's to see: it is of an operation."""
    return ways_of(given_up(actor).prefetch_related("events")[:MOST_SHOWN])


@action("delivery.channel.test")
def send_test(actor: Actor, channel: str, to: str, now: datetime) -> Delivery:
    """A message that says TEST to any address.

    Raises:
        Invalid: at `channel` or `to`.
    """
    if channel not in PERSONAL or not is_set_up(Channel(channel)):
        raise Invalid.at("channel", sentence=_("Choose a channel that is set up."))
    chosen = Channel(channel)
    if reading.canonical(chosen, to) is None:
        raise Invalid.at("to", sentence=_("This is no address that the channel can reach."))
    about = uuid7()
    (sent,) = send(
        [Address(chosen, to)], TEST, key=f"test:{about}", about=about, at=now, until=now + TEST_LASTS, urgent=True
    )
    concerns(delivery=sent.pk)
    return sent


def test_ways(actor: Actor) -> list[Way]:
    """The newest test messages, each with its steps."""
    actor.require("delivery.channel.read")
    return ways_of(Delivery.objects.filter(kind=TEST).prefetch_related("events").order_by("-created_at", "-pk")[:5])


@action("delivery.message.retry")
def retry(actor: Actor, delivery_id: UUID, now: datetime) -> Delivery:
    """The same message once more, as a new one: a provider that had taken the old one would take it for a repeat."""
    concerns(delivery=delivery_id)
    old = given_up(actor).filter(pk=delivery_id).select_for_update().first()
    if old is None:
        raise NotFound
    to, name = reading.opened(old)
    (sent,) = send(
        [Address(Channel(old.channel), to, name, old.user_id)],
        old.kind,
        key=f"retry:{old.pk}",
        about=old.about,
        at=now,
        until=max(old.until, now + RETRY_LASTS),
        urgent=old.urgent,
        exercise=old.exercise,
        with_reply_code=old.reply_token is not None,
    )
    Delivery.objects.filter(pk=old.pk).update(state=STATE.STOPPED)
    insert([step(old.pk, STEP.RETRIED, now)])
    concerns(retried_as=sent.pk)
    return sent
