"""The channels: one carrier each. A further channel is one class and one line here."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core import checks

from vigil.platform.delivery.carrier import Carrier
from vigil.platform.delivery.gateway import Gateway
from vigil.platform.delivery.mail import Mail
from vigil.platform.delivery.models import Channel
from vigil.platform.delivery.push import Push
from vigil.platform.delivery.webhooks import Webhooks

CARRIERS: dict[Channel, Carrier] = {
    Channel.EMAIL: Mail(),
    Channel.SMS: Gateway(Channel.SMS),
    Channel.VOICE: Gateway(Channel.VOICE),
    Channel.WEBHOOK: Webhooks(),
    Channel.PUSH: Push(),
}


def is_set_up(channel: Channel) -> bool:
    """Whether the channel can be used on this node."""
    carrier = CARRIERS.get(channel)
    return carrier is not None and carrier.is_set_up()


def check_channels(**_: Any) -> list[checks.CheckMessage]:
    """System check: what is set up is set up whole."""
    wrong = []
    if settings.VIGIL_GATEWAY_URL and not settings.VIGIL_GATEWAY_SECRET:
        wrong.append(("VIGIL_GATEWAY_URL is set without VIGIL_GATEWAY_SECRET.", "Give both, or neither."))
    if settings.VIGIL_SMTP_HOST and not settings.VIGIL_SMTP_FROM:
        wrong.append(("VIGIL_SMTP_HOST is set without VIGIL_SMTP_FROM.", "Give the address that alarms come from."))
    if settings.VIGIL_PUSH_HOSTS and not settings.VIGIL_PUSH_CONTACT:
        wrong.append(("VIGIL_PUSH_HOSTS is set without VIGIL_PUSH_CONTACT.", "Give an e-mail address, or no hosts."))
    if settings.VIGIL_PUSH_HOSTS and not find_spec("webpush"):
        wrong.append(("VIGIL_PUSH_HOSTS is set, and the extra is missing.", "Install requirements/push.txt."))
    return [checks.Error(sentence, hint=hint, id="vigil.E002") for sentence, hint in wrong]
