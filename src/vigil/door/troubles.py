"""Faults of the program: kept in memory by class and place, said once an hour, without anything of a request."""

from __future__ import annotations

import sys
import threading
import traceback
from collections import Counter

_seen: Counter[str] = Counter()
_lock = threading.Lock()


def count() -> None:
    """Remember the exception in hand."""
    kind, _value, trace = sys.exc_info()
    frames = traceback.extract_tb(trace)
    place = f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else "unknown"
    with _lock:
        _seen[f"{kind.__name__ if kind else 'fault'} at {place}"] += 1


def told() -> list[str]:
    """A line for each fault since the last time."""
    with _lock:
        lines = [f"The door could not answer {n} requests: {what}." for what, n in sorted(_seen.items())]
        _seen.clear()
    return lines
