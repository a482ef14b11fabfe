"""The node's keys at work: encrypted fields, keyed tokens, signatures.

Promise: what `encrypt` returns only a field key of this node opens, and only for the same purpose; it names its key, so
that keys can be rotated (`platform.rotation`). `keyed_token` lets equal values be found without storing them. The keys
live outside the database and reach this module through the settings; without them nothing is written in clear, it
fails with a sentence.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE_BYTES = 12
ID_BYTES = 8
"""Values of before keys had ids begin with a nonce: that one looks like the id of a key has odds of 2^-64."""


class Keys(Protocol):
    """Where the keys come from: the setting `VIGIL_KEYS`. Of `field` the first writes, all are read; of `partner` the
    last signs, the first is the next one.
    """

    @property
    def field(self) -> tuple[bytes, ...]: ...

    @property
    def digest(self) -> bytes | None: ...

    @property
    def signing(self) -> bytes | None: ...

    @property
    def partner(self) -> tuple[bytes, ...]: ...

    @property
    def blinding(self) -> bytes | None: ...

    def files(self, name: str) -> list[Path]:
        """The files of one kind of key, the newest first."""

    def draw(self, name: str) -> Path:
        """Draw a newer one."""


def _of(kind: str) -> bytes:
    keys: Keys = settings.VIGIL_KEYS
    held: bytes | tuple[bytes, ...] | None = getattr(keys, kind)
    value = next(iter(held), None) if isinstance(held, tuple) else held
    if value is None:
        raise ImproperlyConfigured(f"The node's keys are missing from {settings.VIGIL_DATA_DIR}: run `vigil setup`.")
    return value


@lru_cache(maxsize=256)
def _derived(key: bytes, purpose: str) -> bytes:
    return HKDFExpand(algorithm=SHA256(), length=32, info=purpose.encode()).derive(key)


def key_id(key: bytes) -> bytes:
    """Eight bytes that name a field key and tell nothing about it."""
    return _derived(key, "id")[:ID_BYTES]


def newest_id() -> bytes:
    """The id of the key that writes: what a sealed value of today begins with."""
    return key_id(_of("field"))


def encrypt(text: str, purpose: str) -> bytes:
    """AES-256-GCM of the text under a key derived for the purpose (e.g. `operation.objective`): id, nonce, box."""
    key = _of("field")
    nonce = os.urandom(NONCE_BYTES)
    box = AESGCM(_derived(key, "encrypt:" + purpose))
    return key_id(key) + nonce + box.encrypt(nonce, text.encode(), None)


def decrypt(sealed: bytes | memoryview, purpose: str) -> str:
    """The text again; raises `cryptography.exceptions.InvalidTag` when the bytes or the purpose are not the same."""
    for key, data in _openings(bytes(sealed)):
        try:
            box = AESGCM(_derived(key, "encrypt:" + purpose))
            return box.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], None).decode()
        except InvalidTag:
            continue
    raise InvalidTag


def _openings(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The key that the value names with what follows its id; else each key with the whole (of before ids)."""
    _of("field")
    known: tuple[bytes, ...] = settings.VIGIL_KEYS.field
    named = data[:ID_BYTES]
    yield from ((key, data[ID_BYTES:]) for key in known if key_id(key) == named)
    yield from ((key, data) for key in known if len(data) > NONCE_BYTES)


def is_newest(sealed: bytes | memoryview) -> bool:
    """Whether the key that writes today made it."""
    return bytes(sealed[:ID_BYTES]) == newest_id()


def again(sealed: bytes | memoryview, purpose: str) -> bytes:
    """The same text under the key that writes today; what has it already stays as it is."""
    return bytes(sealed) if is_newest(sealed) else encrypt(decrypt(sealed, purpose), purpose)


def keyed_token(value: str, purpose: str) -> bytes:
    """HMAC-SHA-256 of the value, 32 bytes: equal values have equal tokens, on this node and purpose only.

    Its key is never rotated: answers and receipts are bound to digests over tokens, and two operations whose tokens
    were made with different keys would not meet.
    """
    return hmac.digest(_derived(_of("digest"), "token:" + purpose), value.encode(), hashlib.sha256)


def signing_key() -> Ed25519PrivateKey:
    """The node's Ed25519 key, which signs receipts. What is said to partners is signed with `partner_key`."""
    return _private_key(_of("signing"))


@lru_cache(maxsize=8)
def _private_key(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_key() -> bytes:
    """The 32 raw bytes of the node's Ed25519 public key."""
    return signing_key().public_key().public_bytes_raw()


def partner_key() -> Ed25519PrivateKey:
    """The node's Ed25519 key, which signs what is said to partners: the oldest, until all of them know a newer one."""
    _of("partner")
    return _private_key(settings.VIGIL_KEYS.partner[-1])


def next_partner_key() -> Ed25519PrivateKey | None:
    """The key that signs once every partner has taken it; None where no rotation is under way."""
    seeds: tuple[bytes, ...] = settings.VIGIL_KEYS.partner
    return _private_key(seeds[0]) if len(seeds) > 1 else None


def blinding_secret() -> bytes:
    """32 bytes that the exponent for each partner is made of (ADR 11). Another secret means another epoch."""
    return _of("blinding")


def blinding_id() -> str:
    """What tells one blinding secret from another, and nothing of it."""
    return key_id(_of("blinding")).hex()
