"""Tickets that ripen: abuse is slowed for everybody together, since the door knows nobody apart.

A ticket is a random number, the second it was drawn (of this process's own clock) and a signature. It is ripe some
seconds later, more when many reports came in the last minute. One ticket is good for one report: its receipt follows
from it, so what is sent twice is one report. The key lives in the process: after a restart a page asks for one more
press.

Where scripts run, a browser may work instead of waiting (`static/door/work.js`): a number that, with the ticket, hashes
to so many zero bits makes it ripe in a quarter of the time. It costs whoever floods the door more than who tells one
story, and nobody needs it. Hashes at other programs' speed gain no more than that quarter.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, field

RIPE_SECONDS = 5.0
CROWD = 300
"""Reports a minute from which on tickets ripen slower: a second for each so many."""
MOST_SECONDS = 60.0
TICKS = 10
"""A ticket's clock counts tenths of a second."""
LIFE_SECONDS = 24 * 3600.0
PROVEN = 4
"""By how much a proof of work divides the time to ripe."""
MOST_PROOF = 16
"""Characters."""
LEAST_BITS = 15
"""Zero bits of a proof while nobody crowds: half a second of a phone; one more for each fourfold crowd."""


@dataclass
class Tickets:
    """Draws and judges tickets."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _sent: deque[float] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def draw(self) -> str:
        """A new ticket."""
        body = f"{secrets.token_hex(16)}.{int(time.monotonic() * TICKS)}"
        return f"{body}.{self._signed('ticket', body)[:16].hex()}"

    def wait(self, ticket: str, *, is_proven: bool = False) -> float | None:
        """Seconds until it is ripe, 0 where it is; None where it is none of ours, or a day old."""
        body, _, signature = ticket.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signed("ticket", body)[:16].hex().encode()):
            return None
        age = time.monotonic() - int(body.rpartition(".")[2]) / TICKS
        needed = self.ripens() / (PROVEN if is_proven else 1)
        return None if age > LIFE_SECONDS else max(0.0, needed - age)

    def is_proven(self, ticket: str, proof: str) -> bool:
        """Whether the SHA-256 of `ticket:proof` begins with as many zero bits as are asked for now."""
        if not proof.isascii() or not 0 < len(proof) <= MOST_PROOF:
            return False
        digest = hashlib.sha256(f"{ticket}:{proof}".encode()).digest()
        return int.from_bytes(digest, "big") >> (256 - self.bits()) == 0

    def ripens(self) -> float:
        """Seconds from drawn to ripe, now."""
        return min(RIPE_SECONDS + self._crowds(), MOST_SECONDS)

    def bits(self) -> int:
        """Zero bits that a proof of work needs, now."""
        return LEAST_BITS + self._crowds().bit_length() // 2

    def _crowds(self) -> int:
        with self._lock:
            while self._sent and self._sent[0] < time.monotonic() - 60:
                self._sent.popleft()
            return len(self._sent) // CROWD

    def used(self) -> None:
        """A report came in."""
        with self._lock:
            self._sent.append(time.monotonic())

    def number(self, ticket: str) -> int:
        """The 80 bits of the receipt that a report sent with this ticket gets."""
        return int.from_bytes(self._signed("receipt", ticket)[:10], "big")

    def _signed(self, purpose: str, body: str) -> bytes:
        return hmac.digest(self.key, f"{purpose} {body}".encode("utf-8", "replace"), hashlib.sha256)
