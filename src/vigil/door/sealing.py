"""What is sealed to whom: a content key for each letter, handed to every reader's X25519 key by HPKE (RFC 9180).

Pure: bytes in, bytes out; the door seals, the reviewers and the reporter open. A key that does not fit raises
`Unreadable` and says no more.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
STEP = 2048
"""Texts are filled up to a multiple of so many bytes: the length of what lies in the drop tells little."""
NONCE, SALT = 12, 16
WRAP_MEMORY, WRAP_PASSES = 65_536, 3
"""Argon2id of a reviewer's passphrase: KiB and passes (RFC 9106, second recommendation, one lane)."""


class Unreadable(Exception):
    """The key or the passphrase is another, or what is stored was changed."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A text under its content key, and that key for each reader, by the reader's number."""

    content: bytes
    keys: dict[int, bytes]


def draw_pair() -> tuple[bytes, bytes]:
    """A new private and public key, 32 bytes each."""
    private = secrets.token_bytes(32)
    return private, public_of(private)


def public_of(private: bytes) -> bytes:
    """The public half."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def fingerprint(public: bytes) -> str:
    """What its owner reads aloud: the first half of the SHA-256, hexadecimal, in eight groups of four."""
    digits = hashlib.sha256(public).hexdigest()[:32]
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def seal(text: str, readers: Mapping[int, bytes], about: bytes) -> Sealed:
    """The text for these readers (number → public key). `about` names the letter: elsewhere it does not open."""
    key = secrets.token_bytes(32)
    nonce = secrets.token_bytes(NONCE)
    content = nonce + AESGCM(key).encrypt(nonce, _filled(text.encode()), about)
    return Sealed(content, {number: hand_over(key, public, about) for number, public in readers.items()})


def hand_over(key: bytes, public: bytes, about: bytes) -> bytes:
    """A content key for one reader; by it a reviewer lets another read what was sealed before they came."""
    return SUITE.encrypt(key, X25519PublicKey.from_public_bytes(public), about)


def take_over(handed: bytes, private: bytes, about: bytes) -> bytes:
    """The content key that was handed over."""
    try:
        return SUITE.decrypt(handed, X25519PrivateKey.from_private_bytes(private), about)
    except (InvalidTag, ValueError):
        raise Unreadable from None


def open_content(content: bytes, key: bytes, about: bytes) -> str:
    """The text under its content key."""
    try:
        return _emptied(AESGCM(key).decrypt(content[:NONCE], content[NONCE:], about))
    except (InvalidTag, ValueError):
        raise Unreadable from None


def open_sealed(content: bytes, handed: bytes, private: bytes, about: bytes) -> str:
    """The text, by what a reader was handed and the reader's private key."""
    return open_content(content, take_over(handed, private, about), about)


def wrap(private: bytes, passphrase: str) -> bytes:
    """A reviewer's private key under the passphrase; without it nobody, administrators included, has the key."""
    salt, nonce = secrets.token_bytes(SALT), secrets.token_bytes(NONCE)
    return salt + nonce + AESGCM(_stretched(passphrase, salt)).encrypt(nonce, private, None)


def unwrap(wrapped: bytes, passphrase: str) -> bytes:
    """The private key again; `Unreadable` too where there is none."""
    if not wrapped:
        raise Unreadable
    salt, nonce, sealed = wrapped[:SALT], wrapped[SALT : SALT + NONCE], wrapped[SALT + NONCE :]
    try:
        return AESGCM(_stretched(passphrase, salt)).decrypt(nonce, sealed, None)
    except InvalidTag:
        raise Unreadable from None


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return hash_secret_raw(passphrase.encode(), salt, WRAP_PASSES, WRAP_MEMORY, 1, 32, Type.ID)


def _filled(text: bytes) -> bytes:
    whole = len(text).to_bytes(4, "big") + text
    return whole + bytes(-len(whole) % STEP)


def _emptied(filled: bytes) -> str:
    return filled[4 : 4 + int.from_bytes(filled[:4], "big")].decode()
