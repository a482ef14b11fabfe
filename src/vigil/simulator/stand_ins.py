"""Cheap stand-ins for signatures and blinding: the same algebra, a fraction of the time, no secrecy.

The signature is a keyed hash whose key is the "public" key, so whoever sees the key could forge; the simulator's
partners never do. The blinder multiplies modulo a small prime: its points commute like those of P-256 and could be
guessed.
`Crypto(real=True)` uses the product's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vigil.protocol import cover, envelope
from vigil.protocol.blinding import Blinder, PartnerBlinder
from vigil.protocol.signing import Signer
from vigil.simulator.patched import patched

PRIME = 2**61 - 1


class StandInSigner(Signer):
    """Signs by a keyed hash under its public key."""

    def __init__(self, seed: bytes) -> None:
        super().__init__(cast(Ed25519PrivateKey, None))
        self.__dict__["public_key"] = sha256(seed).digest()

    def sign(self, body: bytes) -> bytes:
        return _keyed_hash(self.public_key, body)


def stand_in_verify(public_key: bytes, body: bytes, signature: bytes) -> bool:
    return _keyed_hash(public_key, body) == signature


def _keyed_hash(public_key: bytes, body: bytes) -> bytes:
    return blake2b(body, key=public_key, digest_size=64).digest()


class StandInBlinder:
    """Products modulo a small prime; see `blinding.Blinder`."""

    def __init__(self, node_id: str, generation: int = 1) -> None:
        self.node_id = node_id
        self.generation = generation

    def blind(self, partner: str, values: Sequence[str]) -> list[str]:
        return list(_blinded(_exponent(self.node_id, partner, self.generation), tuple(values)))

    def raised(self, partner: str, points: Sequence[str]) -> list[str]:
        exponent = _exponent(self.node_id, partner, self.generation)
        return [_point(int(point, 16) * exponent) for point in points]

    def keyed(self, text: str) -> str:
        return _keyed(self.node_id, text)


@lru_cache(maxsize=1024)
def _exponent(node_id: str, partner: str, generation: int) -> int:
    return _number(f"exponent {node_id} {partner} {generation}")


def _point(number: int) -> str:
    return f"{number % PRIME:064x}"


@lru_cache(maxsize=1024)
def _keyed(node_id: str, text: str) -> str:
    return blake2b(text.encode(), key=node_id.encode(), digest_size=32).hexdigest()


@lru_cache(maxsize=256)
def _blinded(exponent: int, values: tuple[str, ...]) -> tuple[str, ...]:
    """A question that is put again has the same points."""
    return tuple(_point(_number(value) * exponent) for value in values)


_padded = lru_cache(maxsize=256)(cover.padded)
"""A question that is put again is padded as it was."""


def _number(value: str) -> int:
    return int.from_bytes(blake2b(value.encode(), digest_size=8).digest()) % (PRIME - 2) + 2


class Crypto:
    """Makes the signers and blinders of a world."""

    def __init__(self, real: bool = False) -> None:
        self.real = real

    def signer(self, node_id: str) -> Signer:
        seed = sha256(node_id.encode()).digest()
        return Signer.from_seed(seed) if self.real else StandInSigner(seed)

    def blinder(self, node_id: str) -> Blinder:
        if self.real:
            return PartnerBlinder(sha256(b"blind " + node_id.encode()).digest(), node_id)
        return StandInBlinder(node_id)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While this lasts, envelopes are verified by the stand-in and padding is remembered (unless it is real)."""
        if self.real:
            yield
            return
        with patched(stand_in_verify, (envelope, "verify")), patched(_padded, (cover, "padded")):
            yield
