"""Signed messages that `envelope.seal` would never write: other members, other headers, other keys, other bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from vigil.protocol.canonical import base64url, canonical_bytes, from_base64url
from vigil.protocol.envelope import Malformed
from vigil.protocol.signing import Signer, verify

Edit = Callable[[dict[str, Any]], object]


def payload_of(token: bytes) -> dict[str, Any]:
    """What a message says, whoever signed it. Raises Malformed where it says nothing that can be read."""
    return _part(token, 1)


def header_of(token: bytes) -> dict[str, Any]:
    """The header of its signature. Raises Malformed."""
    return _part(token, 0)


def _part(token: bytes, number: int) -> dict[str, Any]:
    try:
        read = json.loads(from_base64url(token.split(b".")[number]))
    except (ValueError, IndexError, RecursionError) as error:
        raise Malformed("it is no signed message") from error
    if not isinstance(read, dict):
        raise Malformed("it says no JSON object")
    return read


def holds(token: bytes, key: bytes) -> bool:
    """Whether that key has signed it."""
    signing_input, _, signature = token.rpartition(b".")
    try:
        return verify(key, signing_input, from_base64url(signature))
    except ValueError:
        return False


def signed(payload: dict[str, Any] | bytes, signer: Signer, **header: str) -> bytes:
    """Any payload, signed; `header` replaces members of the header."""
    head = canonical_bytes({"alg": "EdDSA", "kid": signer.fingerprint, "typ": "vigil", **header})
    body = payload if isinstance(payload, bytes) else canonical_bytes(payload)
    signing_input = base64url(head) + b"." + base64url(body)
    return signing_input + b"." + base64url(signer.sign(signing_input))


def edited(token: bytes, signer: Signer, edit: Edit) -> bytes:
    """The same message with its payload changed, and signed anew."""
    payload = payload_of(token)
    edit(payload)
    return signed(payload, signer)


def altered(token: bytes, edit: Edit) -> bytes:
    """The same message with its payload changed under the old signature."""
    head, _, signature = token.split(b".")
    payload = payload_of(token)
    edit(payload)
    return b".".join((head, base64url(canonical_bytes(payload)), signature))
