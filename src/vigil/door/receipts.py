"""The receipt: 16 characters of Crockford's base 32, all that leads back to a report.

Two slow hashes of it with the door's two salts: one is the name under which the report is found, the other the private
key of the reporter's half. Neither the receipt nor that key is stored.
"""

from __future__ import annotations

from argon2.low_level import Type, hash_secret_raw

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
MEMORY_KIB, PASSES = 8_192, 2
"""Less than a password needs: 80 random bits alone are out of anyone's reach, and a door must not fall to a crowd."""
_READ_AS = str.maketrans("ILO", "110")


def written(number: int) -> str:
    """80 bits as a receipt, without gaps."""
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(5 * (LENGTH - 1), -1, -5))


def grouped(receipt: str) -> str:
    """In groups of four, for people."""
    return " ".join(receipt[at : at + 4] for at in range(0, LENGTH, 4))


def read(typed: str) -> str | None:
    """What somebody typed as a receipt: gaps, hyphens and small letters allowed, I and L for 1, O for 0; None: none."""
    receipt = "".join(typed.split()).replace("-", "").upper().translate(_READ_AS)
    return receipt if len(receipt) == LENGTH and set(receipt) <= set(ALPHABET) else None


def slow(receipt: str, salt: bytes) -> bytes:
    """32 bytes, after the work that guessing costs."""
    return hash_secret_raw(receipt.encode(), salt, PASSES, MEMORY_KIB, 1, 32, Type.ID)
