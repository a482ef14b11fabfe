"""The channels: one carrier each. A further channel is one class and one line here."""

from __future__ import annotations

from vigil.platform.delivery.carrier import Carrier
from vigil.platform.delivery.gateway import Gateway
from vigil.platform.delivery.mail import Mail
from vigil.platform.delivery.models import Channel
from vigil.platform.delivery.webhooks import Webhooks

CARRIERS: dict[Channel, Carrier] = {
    Channel.EMAIL: Mail(),
    Channel.SMS: Gateway(Channel.SMS),
    Channel.VOICE: Gateway(Channel.VOICE),
    Channel.WEBHOOK: Webhooks(),
}


def is_set_up(channel: Channel) -> bool:
    """Whether the channel can be used on this node."""
    carrier = CARRIERS.get(channel)
    return carrier is not None and carrier.is_set_up()
