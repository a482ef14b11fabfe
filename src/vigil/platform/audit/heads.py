"""The end of the chain, signed by the node: to be kept where the node's own administrators cannot reach it.

A head is a JSON object of one line: `node`, `position`, `digest`, `at` (UTC), `key` (SHA-256 of the public key) and
`signature` (Ed25519, hexadecimal) over `vigil.audit.head` and the first four, a line each.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from vigil.core.errors import Invalid
from vigil.platform.audit.sealer import Head, head
from vigil.platform.keys import public_key, signing_key

FIELDS = ("node", "position", "digest", "at")


def signed_head(node: str, now: datetime) -> str:
    """Where the chain of the node with this code ends now, signed; without a line's end."""
    end = head()
    told = {
        "node": node,
        "position": end.position,
        "digest": end.digest,
        "at": now.astimezone(UTC).isoformat(timespec="milliseconds"),
    }
    signature = signing_key().sign(_signed(told)).hex()
    return json.dumps(told | {"key": hashlib.sha256(public_key()).hexdigest(), "signature": signature})


def read_signed(text: str) -> list[Head]:
    """The heads of a file, one a line.

    Raises:
        Invalid: a line is no head, or not signed by this node's key; the sentence names the line.
    """
    return [_read(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _read(number: int, line: str) -> Head:
    try:
        told = json.loads(line)
        found = Head(int(told["position"]), str(told["digest"]))
        Ed25519PublicKey.from_public_bytes(public_key()).verify(bytes.fromhex(told["signature"]), _signed(told))
    except (ValueError, KeyError, TypeError):
        raise Invalid.at("heads", sentence=f"Line {number} is no head as `vigil audit head` writes it.") from None
    except InvalidSignature:
        raise Invalid.at("heads", sentence=f"Line {number} is not signed by this node's key.") from None
    return found


def _signed(told: dict[str, object]) -> bytes:
    return "\n".join(("vigil.audit.head", *(str(told[name]) for name in FIELDS))).encode()
