"""Identifiers: time-ordered UUIDs and secrets that people and programs carry."""

from __future__ import annotations

import secrets
import time
import uuid

ORI_PATTERN = r"^[A-Z0-9]{9}$"
"""An ORI is any nine of A-Z and 0-9 (specification, section 9)."""


def uuid7() -> uuid.UUID:
    """A UUID version 7 (RFC 9562): milliseconds since 1970 first, then 74 random bits, so that ids sort by age."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    return uuid.UUID(int=value | 0b10 << 62 | secrets.randbits(62))


def new_epoch() -> int:
    """The random 63-bit number a node draws at creation and after every restore (specification, section 2)."""
    return secrets.randbits(63)
