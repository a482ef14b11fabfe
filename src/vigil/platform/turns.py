"""Writers of one process take turns. SQLite lets one write at a time and has the others look again and again, each time
later; threads that queue here lose no time and do not overtake one another for long.

It only saves time: other processes, and whoever waited too long for a turn, are kept apart by the database itself.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

LONGEST_SECONDS = 5.0

_turn = threading.Lock()


@contextmanager
def turn() -> Iterator[None]:
    """One's turn to write; within a transaction one has it already."""
    queued = connection.vendor == "sqlite" and not connection.in_atomic_block
    got = queued and _turn.acquire(timeout=LONGEST_SECONDS)
    try:
        yield
    finally:
        if got:
            _turn.release()
