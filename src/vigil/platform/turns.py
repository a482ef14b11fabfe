"""Writers of one process take turns. SQLite lets one write at a time and has the others look again and again, each time
later; threads that queue here lose no time and do not overtake one another for long.

Other processes, and whoever waited too long for a turn, are kept apart by the database itself. A thread for which
nobody waits (the worker, a command that imports) leaves them pauses: else, while it writes one thing after the other,
they find the database busy each time they look, and give up after twenty seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

LONGEST_SECONDS = 5.0
LONG_SECONDS = 0.05
"""After so much writing there is a pause."""
PAUSE_SECONDS = 0.12
"""SQLite has who waits look again after a tenth of a second at most."""

_turn = threading.Lock()


class _Manners(threading.local):
    """Of one thread."""

    gives_way = False
    written = 0.0
    """Seconds of writing since it last left time for others."""
    ended = 0.0
    """When it last wrote (`time.monotonic`)."""


_mine = _Manners()


def give_way() -> None:
    """From now on this thread leaves pauses between its writes."""
    _mine.gives_way = True


def _pause() -> None:
    left = time.monotonic() - _mine.ended
    if _mine.written >= LONG_SECONDS and left < PAUSE_SECONDS:
        time.sleep(PAUSE_SECONDS - left)
        _mine.written = 0.0
    _mine.written = max(0.0, _mine.written - left)


@contextmanager
def writing() -> Iterator[None]:
    """A transaction that begins when it is one's turn; the turn ends with the commit, before whatever follows it."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    if _mine.gives_way:
        _pause()
    ours = [_turn.acquire(timeout=LONGEST_SECONDS)]

    def pass_on() -> None:
        if ours[0]:
            ours[0] = False
            _turn.release()

    try:
        with transaction.atomic():
            began = time.monotonic()
            transaction.on_commit(pass_on)
            yield
        _mine.ended = time.monotonic()
        _mine.written += _mine.ended - began
    finally:
        pass_on()
