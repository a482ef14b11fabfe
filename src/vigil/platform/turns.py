"""Writers of one process take turns. SQLite lets one write at a time and has the others look again and again, each time
later; threads that queue here lose no time and do not overtake one another for long.

It only saves time: other processes, and whoever waited too long for a turn, are kept apart by the database itself.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

LONGEST_SECONDS = 5.0

_turn = threading.Lock()


@contextmanager
def writing() -> Iterator[None]:
    """A transaction that begins when it is one's turn; the turn ends with the commit, before whatever follows it."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    ours = [_turn.acquire(timeout=LONGEST_SECONDS)]

    def pass_on() -> None:
        if ours[0]:
            ours[0] = False
            _turn.release()

    try:
        with transaction.atomic():
            transaction.on_commit(pass_on)
            yield
    finally:
        pass_on()
