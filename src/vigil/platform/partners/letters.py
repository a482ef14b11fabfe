"""What apps tell partner nodes beside operations: each adds a kind of letter, which is sent until the partner took it.

An app's kinds stand in its `partner_letters.py`. Whoever carries letters (the app with the wire) says so there too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from vigil.platform.partners.client import ADDRESSES

Take = Callable[[UUID, Any, datetime], dict[str, Any]]
"""Takes in what a partner says (its node id, the content, now), in the transaction that took the message; the content
of the answer. Raises `vigil.protocol.envelope.Malformed` where the content is not whole: the partner is told so.
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """One thing to tell one partner. A later one of the same key takes its place; nobody is told it after `until`.

    `content` is JSON without numbers that are not whole.
    """

    partner: UUID
    kind: str
    key: str
    content: dict[str, Any]
    until: datetime


KINDS: dict[str, Take] = {}
_carriers: list[Callable[[Letter, datetime], None]] = []


def letter_kind(name: str, path: str) -> Callable[[Take], Take]:
    """Add a kind, with the last part of its address; its answer is `name-answer`."""

    def register(take: Take) -> Take:
        KINDS[name], ADDRESSES[name] = take, path
        return take

    return register


def carrier(carry: Callable[[Letter, datetime], None]) -> Callable[[Letter, datetime], None]:
    """Register who keeps letters in the caller's transaction and brings them to the partners."""
    _carriers[:] = [carry]
    return carry


def tell(letter: Letter, now: datetime) -> None:
    """Send the letter, in the caller's transaction: it is not lost, and not sent where that is undone."""
    (carry,) = _carriers
    carry(letter, now)
