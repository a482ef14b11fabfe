"""Web Push: a note on a device whose browser was opted in by its holder. An extra of the install, off by default.

The payload is encrypted for the browser (RFC 8291) and holds the constant text and the delivery's id, under which a
repeat takes the place of what is shown. The push service learns when, and which device. Only services that an operator
named are spoken to: the address comes from a browser.
"""

from __future__ import annotations

import base64
import json
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings

from vigil.platform import keys
from vigil.platform.delivery.carrier import Message, NotTaken
from vigil.platform.delivery.posting import post

LARGEST = 2_000
"""Characters of a subscription."""
LASTS_SECONDS = 3_600
"""So long a push service keeps the note for a device that is off."""
GONE = (404, 410)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256."""


class Push:
    """The carrier: the address of a delivery is the browser's subscription."""

    def is_set_up(self) -> bool:
        """Services and a contact are named, and the extra is installed."""
        return bool(settings.VIGIL_PUSH_HOSTS and settings.VIGIL_PUSH_CONTACT and find_spec("webpush"))

    def carry(self, message: Message) -> None:
        """One POST to the service; a subscription that ended is given up for good."""
        from webpush import WebPush, WebPushSubscription

        # What was named when the browser was opted in may have been taken off the list since.
        if subscription(message.to) is None:
            raise NotTaken("not_allowed", for_good=True)
        private, public = _pair()
        read = WebPushSubscription.model_validate_json(message.to)
        body = json.dumps({"id": str(message.id), "text": message.text})
        made = WebPush(private, public, settings.VIGIL_PUSH_CONTACT, ttl=LASTS_SECONDS).get(body, read)
        headers = {**made.headers, "content-type": "application/octet-stream"}
        headers["urgency"] = "high" if message.urgent else "normal"
        answer = post(str(read.endpoint), made.encrypted, headers, private=False)
        if not 200 <= answer.status < 300:
            raise NotTaken(f"http_{answer.status}", for_good=answer.status in GONE)


def subscription(text: str) -> str | None:
    """What a browser gave, as it is kept: one address of a service that the operator named, and its two keys."""
    try:
        given: Any = json.loads(text) if len(text) <= LARGEST else None
        endpoint, wanted = str(given["endpoint"]), {name: str(given["keys"][name]) for name in ("auth", "p256dh")}
        parts = urlsplit(endpoint)
        named = parts.hostname and any(_is_of(parts.hostname, host) for host in settings.VIGIL_PUSH_HOSTS)
    except (ValueError, TypeError, KeyError):
        return None
    if parts.scheme != "https" or not named or "@" in parts.netloc:
        return None
    return json.dumps({"endpoint": endpoint, "keys": wanted})


def _is_of(host: str, named: str) -> bool:
    return host == named or host.endswith("." + named)


def application_key() -> str:
    """The node's public key as a browser takes it: to whom it subscribes."""
    point = _key().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def _key() -> ec.EllipticCurvePrivateKey:
    # Made from the node's key of tokens, so that it is in every backup and no further file has to be kept.
    drawn = keys.keyed_token("vapid", "delivery.push")
    return ec.derive_private_key(int.from_bytes(drawn) % (ORDER - 1) + 1, ec.SECP256R1())


def _pair() -> tuple[bytes, bytes]:
    key = _key()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
