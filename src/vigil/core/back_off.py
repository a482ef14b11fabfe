"""How long to wait before what failed is tried again."""

from __future__ import annotations

from datetime import timedelta

MOST_DOUBLINGS = 20


def back_off(failures: int, first: timedelta, longest: timedelta) -> timedelta:
    """`first` after one failure, doubled with each further one, never more than `longest`."""
    return min(first * (1 << min(max(failures - 1, 0), MOST_DOUBLINGS)), longest)
