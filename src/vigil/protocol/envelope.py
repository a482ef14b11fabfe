"""Signed messages between nodes: a JWS in compact form (RFC 7515, RFC 8037) over the exact bytes of one message.

Everything that binds a message is inside it: who says it to whom, when, until when, in which epoch, in answer to what.
A message is evidence by itself: `Signed` verifies without the exchange in which it came.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from vigil.protocol.canonical import JSON, base64url, canonical_bytes, from_base64url
from vigil.protocol.signing import Signer, fingerprint, verify

VERSION = 2
"""What this node speaks."""
SPOKEN = (1, 2)
"""What it understands: its own version and the one before, which knows no blind cells."""
LIFE_US = 10 * 60_000_000
"""How long after it was written a message may be read, and by how much two clocks may differ (ours)."""
MOST_BYTES = 8_000_000
"""A message larger than this is not read (ours): 50 sites of 10,000 corners, written out, have half of it."""
MOST_COUNT = 1 << 63
NAME = re.compile(r"[!-~]{1,64}", re.ASCII)
"""Ids, kinds and versions of the predicate."""

_FRAME = ("kind", "version", "id", "from", "to", "issued_at", "expires_at", "epoch", "sequence", "in_reply_to")
_MEMBERS = frozenset((*_FRAME, "content"))


class Malformed(ValueError):
    """A message that cannot be read whole; never answered, never counted as an answer."""


class Unsigned(Malformed):
    """No key of the node that it names has signed the message."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Exact bytes and the signature over them."""

    body: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `sender` and `to` are node ids; instants are microseconds UTC, `issued_at` by the reader's clock as
    the sender knows it; `epoch` and `sequence` are the sender's; `content` belongs to the kind (see `messages`).
    """

    kind: str
    id: str
    sender: str
    to: str
    issued_at: int
    epoch: int
    sequence: int
    content: JSON
    in_reply_to: str = ""
    version: int = VERSION
    expires_at: int = 0
    signed: Signed = field(default=Signed(b"", b""), compare=False)
    """What was signed, of a message that was read."""

    def __post_init__(self) -> None:
        names = (self.kind, self.id, self.sender, self.to, "-" if self.in_reply_to == "" else self.in_reply_to)
        numbers = (self.version, self.issued_at, self.expires_at, self.epoch, self.sequence)
        if not all(isinstance(name, str) and NAME.fullmatch(name) for name in names):
            raise Malformed("The message's kind, id, sender or reader is no name of 1 to 64 visible characters.")
        if not isinstance(self.content, dict):
            raise Malformed("The message's content is no JSON object.")
        if not all(type(number) is int and 0 <= number < MOST_COUNT for number in numbers):
            raise Malformed("A count or an instant in the message's frame is no whole number that can be.")


def seal(message: Message, signer: Signer) -> bytes:
    """The message as bytes for the wire, signed. Without an `expires_at` it lives for `LIFE_US`."""
    content = {
        "kind": message.kind,
        "version": message.version,
        "id": message.id,
        "from": message.sender,
        "to": message.to,
        "issued_at": message.issued_at,
        "expires_at": message.expires_at or message.issued_at + LIFE_US,
        "epoch": message.epoch,
        "sequence": message.sequence,
        "in_reply_to": message.in_reply_to,
        "content": message.content,
    }
    signing_input = _header(signer.fingerprint) + b"." + base64url(canonical_bytes(content))
    return signing_input + b"." + base64url(signer.sign(signing_input))


@lru_cache(maxsize=16)
def _header(kid: str) -> bytes:
    return base64url(canonical_bytes({"alg": "EdDSA", "kid": kid, "typ": "vigil"}))


def opened(token: bytes, keys_of: Callable[[str], Sequence[bytes]]) -> Message:
    """The message, once it was found whole and signed by one of the keys that `keys_of` gives for its sender.

    Raises Malformed where it is not whole, Unsigned where no such key signed it (an unknown sender has none).
    """
    if len(token) > MOST_BYTES:
        raise Malformed(f"The message has more than {MOST_BYTES} bytes.")
    parts = token.split(b".")
    if len(parts) != 3:
        raise Malformed("The message is no signed message in compact form.")
    head, body, signature = map(_decoded, parts)
    fields = _object(body)
    if set(fields) != _MEMBERS:
        raise Malformed("The message's frame has members that are not known, or lacks some.")
    signed = Signed(parts[0] + b"." + parts[1], signature)
    _check(_object(head), signed, keys_of(fields["from"]) if isinstance(fields["from"], str) else ())
    return Message(sender=fields.pop("from"), signed=signed, **fields)


def _check(header: dict[str, JSON], signed: Signed, keys: Sequence[bytes]) -> None:
    """One algorithm, and a key that this node knows: nothing in the header is believed."""
    if header.get("alg") != "EdDSA" or "crit" in header:
        raise Malformed("The message is not signed by EdDSA.")
    for key in keys:
        if header.get("kid") == fingerprint(key) and verify(key, signed.body, signed.signature):
            return
    raise Unsigned("The message is not signed by a known key of the node that it names.")


def _decoded(data: bytes) -> bytes:
    try:
        decoded = from_base64url(data)
    except (binascii.Error, ValueError) as error:
        raise Malformed("The message is no signed message in compact form.") from error
    if base64url(decoded) != data:
        raise Malformed("The message is not written in the one form of its bytes.")
    return decoded


def _object(data: bytes) -> dict[str, JSON]:
    try:
        value = _DECODER.decode(data.decode())
        if b"\\u" in data:
            canonical_bytes(value)  # half a character, written as its code: no text that could be written again
    except (ValueError, RecursionError) as error:
        raise Malformed("The message is not JSON.") from error
    if not isinstance(value, dict):
        raise Malformed("The message is no JSON object.")
    return value


def _once(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("A member of the message is named twice.")
    return members


_DECODER = json.JSONDecoder(object_pairs_hook=_once)
