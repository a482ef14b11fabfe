"""Ed25519 signatures over exact bytes, never over something serialised a second time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from vigil.protocol.canonical import digest


@dataclass(frozen=True)
class Signer:
    """A node's key at work."""

    key: Ed25519PrivateKey

    @classmethod
    def from_seed(cls, seed: bytes) -> Signer:
        """A signer from the 32 bytes of a private key."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @cached_property
    def public_key(self) -> bytes:
        """The raw 32-byte public key."""
        return self.key.public_key().public_bytes_raw()

    @cached_property
    def fingerprint(self) -> str:
        """What two administrators read aloud, and what a receipt names its key by: SHA-256 of the public key."""
        return fingerprint(self.public_key)

    def sign(self, body: bytes) -> bytes:
        return self.key.sign(body)


def fingerprint(public_key: bytes) -> str:
    """SHA-256 of a raw public key, hexadecimal."""
    return digest(public_key)


def verify(public_key: bytes, body: bytes, signature: bytes) -> bool:
    """Whether the signature is that key's over exactly these bytes; False also for a key that is none."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, body)
    except (InvalidSignature, ValueError):
        return False
    return True
