"""SMS and voice by an HTTP gateway: docs/operate/alarms.md holds the protocol in both directions."""

from __future__ import annotations

import json
from contextlib import suppress

from django.conf import settings

from vigil.platform import clock
from vigil.platform.delivery.carrier import Message, NotTaken
from vigil.platform.delivery.models import Channel
from vigil.platform.delivery.posting import post
from vigil.platform.delivery.signing import sign

REFUSED_FOR_GOOD = 422


class Gateway:
    """The carrier of one of the two channels."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def is_set_up(self) -> bool:
        """Address and secret are there, and the gateway can do this channel."""
        return bool(
            settings.VIGIL_GATEWAY_URL
            and settings.VIGIL_GATEWAY_SECRET
            and self.channel.value in settings.VIGIL_GATEWAY_CHANNELS
        )

    def carry(self, message: Message) -> None:
        """One signed POST; taken is what the gateway answers with 2xx and the message's own id."""
        body = json.dumps(
            {
                "id": str(message.id),
                "channel": message.channel.value,
                "to": message.to,
                "text": message.text,
                "urgent": message.urgent,
                "exercise": message.exercise,
                "created_at": message.at.isoformat(timespec="seconds"),
            }
        ).encode()
        headers = sign(settings.VIGIL_GATEWAY_SECRET, str(message.id), body, clock.now())
        # Where the operator's own gateway is, only the operator's settings say: it may well be inside.
        answer = post(settings.VIGIL_GATEWAY_URL, body, headers, private=True)
        if not 200 <= answer.status < 300:
            raise NotTaken(f"http_{answer.status}", for_good=answer.status == REFUSED_FOR_GOOD)
        if _id_in(answer.body) != str(message.id):
            raise NotTaken("no_receipt")


def _id_in(body: bytes) -> str:
    with suppress(ValueError, AttributeError):
        return str(json.loads(body).get("id", ""))
    return ""
