"""How long an account lives: the figures, and what they decide. The clock is passed in; what they do is in `ending.py`.

Figures: CJIS Security Policy 5.9.5, AC-2(j) yearly review, AC-2(2) temporary accounts, AC-2(3) unused ones.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigil.platform.accounts.models import Membership, User

TEMPORARY = timedelta(hours=72)
"""What a temporary account lives (AC-2(2))."""
UNUSED = timedelta(days=90)
"""After so long without use people are told (AC-2(3))."""
THEN_OFF = timedelta(days=7)
"""So long after that the account is off (AC-2(3): within one week)."""
USED_EVERY = timedelta(days=1)
"""How finely the use of a token is noted."""
REVIEW_EVERY = timedelta(days=365)
"""AC-2(j)."""
REVIEW_AHEAD = timedelta(days=30)
"""So long before it is due an account stands in the review as open (ours)."""
REVIEW_GRACE = timedelta(days=30)
"""So long after it was due a role still counts (ours)."""
LONGEST_LOAN = timedelta(days=90)
"""The longest for which a role is lent at a time (ours)."""


class Review(StrEnum):
    """How a role stands in the yearly review."""

    DONE = "done"
    OPEN = "open"
    LATE = "late"


def is_on(user: User, now: datetime) -> bool:
    """Whether the account opens anything: switched on, and not a temporary one at its end."""
    return user.is_active and (user.ends_at is None or now < user.ends_at)


def counts(membership: Membership, user: User, now: datetime) -> bool:
    """Whether a role still counts: not at the end for which it was lent, and confirmed in time.

    A demonstration's people are invented: nobody reviews them.
    """
    if membership.ends_at is not None:
        return now < membership.ends_at
    return user.is_demo or now < lapses_at(membership.reviewed_at)


def due_at(reviewed_at: datetime) -> datetime:
    """When a role must be confirmed again."""
    return reviewed_at + REVIEW_EVERY


def lapses_at(reviewed_at: datetime) -> datetime:
    """From when on it does not count if nobody did."""
    return due_at(reviewed_at) + REVIEW_GRACE


def review_of(reviewed_at: datetime, now: datetime) -> Review:
    """How it stands in the review."""
    if now >= due_at(reviewed_at):
        return Review.LATE
    return Review.OPEN if now >= due_at(reviewed_at) - REVIEW_AHEAD else Review.DONE
