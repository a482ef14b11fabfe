"""The one clock of the server. Pure code takes the time as an argument; doors and the worker read it here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_fixed: datetime | None = None


def now() -> datetime:
    """The present instant in UTC, or the one held by `fixed`."""
    return _fixed or datetime.now(UTC)


@contextmanager
def fixed(at: datetime) -> Iterator[None]:
    """Hold the clock of the whole process at one instant (tests, replays)."""
    global _fixed
    if at.tzinfo is None:
        raise ValueError("the clock needs an instant with a time zone")
    before, _fixed = _fixed, at
    try:
        yield
    finally:
        _fixed = before
