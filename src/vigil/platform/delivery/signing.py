"""Signed messages between node and gateway, and from node to webhooks: the scheme of Standard Webhooks.

    webhook-id          the message's id; a repeat has the same one
    webhook-timestamp   seconds since 1970, when it was sent
    webhook-signature   v1, and Base64 of HMAC-SHA-256(secret, id + "." + timestamp + "." + body)

(https://www.standardwebhooks.com). The secret is the bytes that a text `whsec_…` holds in Base64, else the text's own.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
TOLERANCE = timedelta(minutes=5)
"""How far the sender's clock may be off, and how old a message may be."""
LONGEST_ID = 100


class BadSignature(Exception):
    """The message is not from who knows the secret, or not from now. The text is one word, safe to log."""


def sign(secret: str, message_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """The three headers."""
    timestamp = str(int(at.timestamp()))
    return {ID: message_id, TIMESTAMP: timestamp, SIGNATURE: "v1," + _mac(secret, message_id, timestamp, body)}


def verified(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The id of a message that was signed with the secret, a short while ago. Raises `BadSignature`."""
    message_id, timestamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not secret or not 0 < len(message_id) <= LONGEST_ID or not (timestamp.isdecimal() and len(timestamp) < 12):
        raise BadSignature("unsigned")
    wanted = _mac(secret, message_id, timestamp, body)
    given = [one.removeprefix("v1,") for one in headers.get(SIGNATURE, "").split() if one.startswith("v1,")]
    if not any(hmac.compare_digest(one.encode(), wanted.encode()) for one in given):
        raise BadSignature("signature")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise BadSignature("timestamp")
    return message_id


def _mac(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()
