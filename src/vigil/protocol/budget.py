"""When a partner's blind questions look like guessing. Pure; all figures are ours.

Every point that is raised for a partner answers a guess, and a shared one is a hit. Whoever asks about an operation of
its own puts the plain question after a hit, and about half of those meet; whoever guesses leaves hits alone, or follows
them with places that meet nothing. Nothing here refuses an answer: a refused question would be a missed conflict. A
flag is a reason for people to look.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

POINTS_A_DAY = 50_000
"""New points of one partner in a UTC day. 200 operations a day with two revisions each have some 30,000."""
FOLLOWED_WITHIN_US = 3_600_000_000
NOT_FOLLOWED = 4
"""So many hits whose plain question did not come within the hour."""
FOLLOWED = 20
MET_SHARE = 0.1
"""Of at least so many hits that were followed up, fewer than this share met: honest ones meet in about half."""


class Guess(StrEnum):
    """Why a partner's questions look like guessing."""

    MANY_POINTS = "many_points"
    NOT_FOLLOWED = "not_followed"
    MEETS_NOTHING = "meets_nothing"


@dataclass(frozen=True, slots=True)
class Hit:
    """An operation of the partner that was answered with *plain question wanted*: at what instant first, whether that
    came, and whether it met an operation of this node.
    """

    wanted_at: int
    followed: bool
    met: bool


def new_points(tokens: Collection[str], before: Collection[str]) -> int:
    """How many of the joint tokens an operation had not been raised with before: a repeated question costs nothing, an
    extension little.
    """
    return len(set(tokens).difference(before))


def guesses(points_today: int, hits: Sequence[Hit], now: int) -> frozenset[Guess]:
    """What of a partner's questions is to be looked at by people."""
    left = sum(not hit.followed and hit.wanted_at + FOLLOWED_WITHIN_US <= now for hit in hits)
    followed = [hit for hit in hits if hit.followed]
    found = {
        Guess.MANY_POINTS: points_today > POINTS_A_DAY,
        Guess.NOT_FOLLOWED: left >= NOT_FOLLOWED,
        Guess.MEETS_NOTHING: len(followed) >= FOLLOWED and sum(hit.met for hit in followed) < MET_SHARE * len(followed),
    }
    return frozenset(guess for guess, holds in found.items() if holds)
