"""The node's keys at work: encrypted fields, keyed tokens, signatures.

Promise: what `encrypt` returns only this node's field key opens, and only for the same purpose;
`keyed_token` lets equal values be found without storing them. The keys live in files of the data folder
(owner-readable only) and reach this module through the settings; without them nothing is written in clear,
it fails with a sentence.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE_BYTES = 12


def _key(name: str) -> bytes:
    value: bytes | None = getattr(settings, name)
    if value is None:
        raise ImproperlyConfigured(f"The node's keys are missing from {settings.VIGIL_DATA_DIR}: run `vigil setup`.")
    return value


@lru_cache(maxsize=64)
def _derived(key: bytes, purpose: str) -> bytes:
    return HKDFExpand(algorithm=SHA256(), length=32, info=purpose.encode()).derive(key)


def encrypt(text: str, purpose: str) -> bytes:
    """AES-256-GCM of the text under a key derived for the purpose (e.g. `operation.objective`): nonce, then box."""
    nonce = os.urandom(NONCE_BYTES)
    box = AESGCM(_derived(_key("VIGIL_FIELD_KEY"), "encrypt:" + purpose))
    return nonce + box.encrypt(nonce, text.encode(), None)


def decrypt(sealed: bytes | memoryview, purpose: str) -> str:
    """The text again; raises `cryptography.exceptions.InvalidTag` when the bytes or the purpose are not the same."""
    data = bytes(sealed)
    box = AESGCM(_derived(_key("VIGIL_FIELD_KEY"), "encrypt:" + purpose))
    return box.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], None).decode()


def keyed_token(value: str, purpose: str) -> bytes:
    """HMAC-SHA-256 of the value, 32 bytes: equal values have equal tokens, on this node and purpose only."""
    return hmac.digest(_derived(_key("VIGIL_FIELD_KEY"), "token:" + purpose), value.encode(), hashlib.sha256)


def signing_key() -> Ed25519PrivateKey:
    """The node's Ed25519 key, which signs receipts and messages."""
    return _signing_key(_key("VIGIL_SIGNING_KEY"))


@lru_cache(maxsize=4)
def _signing_key(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_key() -> bytes:
    """The 32 raw bytes of the node's Ed25519 public key."""
    return signing_key().public_key().public_bytes_raw()
