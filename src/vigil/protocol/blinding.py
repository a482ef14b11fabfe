"""Texts compared by two nodes that do not show them to each other: points of P-256 raised by both nodes' exponents.

A value x becomes the point H(x). Node A sends H(x)^a, node B raises it to H(x)^ab and sends that back; B's own values
travel the other way. Equal values, and only they, end in the same *joint token*, and neither node makes one without the
other: a stolen disk holds points that cannot be tested against guesses. `docs/protocol/blind.md` says what it is worth.

Only x coordinates cross the wire: 64 lower-case hexadecimal digits. Whichever of the two points of an x is taken, the x
of its power is the same. P-256 has no point of small order and no x stands for infinity: a point that loads is safe.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HASH_PREFIX = b"vigil blind p256 1"
KEYED_PREFIX = b"vigil blind keyed 1"
EXPONENT_PREFIX = b"vigil blind exponent 1"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The number of points of P-256, a prime."""
SECRET_BYTES = 32
REMEMBERED = 8192
"""Hashed values kept in memory: the same values are put to every partner."""

_CURVE = ec.SECP256R1()
_ECDH = ec.ECDH()
_POINT = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Blinder(Protocol):
    """What the exchange uses. Points are texts of one length; what they are is the implementation's."""

    def blind(self, partner: str, values: Sequence[str]) -> list[str]:
        """H(value) raised by this node's exponent for the partner: one point a value, in the same order."""

    def raised(self, partner: str, points: Sequence[str]) -> list[str]:
        """The partner's points raised by the same exponent: the joint tokens, in the same order.

        Raises ValueError where one of them is no point; then none is raised.
        """

    def keyed(self, text: str) -> str:
        """A token of the text that only this node can make: 64 hexadecimal digits."""


@dataclass(frozen=True)
class PartnerBlinder:
    """P-256. All exponents follow from the node's `secret` (32 bytes), so that nothing else is to be stored.

    A higher `generation` gives new exponents: joint tokens made before are worth nothing then.
    """

    secret: bytes
    node_id: str
    generation: int = 1

    def __post_init__(self) -> None:
        if len(self.secret) != SECRET_BYTES:
            raise ValueError(f"The secret of blinding has {SECRET_BYTES} bytes.")

    def blind(self, partner: str, values: Sequence[str]) -> list[str]:
        key = self._key(partner)
        return [_power(key, hashed(value)) for value in values]

    def raised(self, partner: str, points: Sequence[str]) -> list[str]:
        key, read = self._key(partner), [_read(point) for point in points]
        return [_power(key, point) for point in read]

    def keyed(self, text: str) -> str:
        return hmac.digest(self.secret, KEYED_PREFIX + b"\0" + text.encode(), "sha256").hex()

    def exponent(self, partner: str) -> int:
        """This node's secret exponent for the partner, from 1 to ORDER - 1."""
        names = "\0".join((self.node_id, partner, str(self.generation)))
        derive = HKDF(hashes.SHA256(), length=48, salt=None, info=EXPONENT_PREFIX + b"\0" + names.encode())
        # 128 bits more than the order has: no remainder is noticeably likelier than another.
        return int.from_bytes(derive.derive(self.secret)) % (ORDER - 1) + 1

    @cached_property
    def _keys(self) -> dict[str, ec.EllipticCurvePrivateKey]:
        return {}

    def _key(self, partner: str) -> ec.EllipticCurvePrivateKey:
        if partner not in self._keys:
            self._keys[partner] = ec.derive_private_key(self.exponent(partner), _CURVE)
        return self._keys[partner]


@lru_cache(maxsize=REMEMBERED)
def hashed(value: str) -> ec.EllipticCurvePublicKey:
    """H(value): the first of SHA-256(prefix, counter, value), counter 0, 1, …, that is the x of a point.

    How long that takes depends on the value: it is done by its owner alone, never on what a partner sent.
    """
    data = value.encode()
    for counter in range(256):
        try:
            return _point(sha256(HASH_PREFIX + bytes([counter]) + data).digest())
        except ValueError:
            continue
    raise AssertionError("256 hashes in a row are no x of P-256: that happens once in 2^256 values.")


def _point(x: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, b"\x02" + x)


def _read(point: str) -> ec.EllipticCurvePublicKey:
    """Raises ValueError for whatever is no x of a point of P-256 in its one way of being written."""
    if _POINT.fullmatch(point) is None:
        raise ValueError("A point is written as 64 lower-case hexadecimal digits.")
    try:
        return _point(bytes.fromhex(point))
    except ValueError:
        raise ValueError("One of the points does not lie on P-256.") from None


def _power(key: ec.EllipticCurvePrivateKey, point: ec.EllipticCurvePublicKey) -> str:
    return key.exchange(_ECDH, point).hex()
