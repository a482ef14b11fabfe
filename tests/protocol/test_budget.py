"""A partner that guesses is seen by how much it asks and by what becomes of its hits."""

from __future__ import annotations

import pytest

from vigil.protocol.budget import (
    FOLLOWED,
    FOLLOWED_WITHIN_US,
    NOT_FOLLOWED,
    POINTS_A_DAY,
    Guess,
    Hit,
    guesses,
    new_points,
)

NOW = 1_800_000_000_000_000
LONG_AGO = NOW - FOLLOWED_WITHIN_US
JUST_NOW = LONG_AGO + 1
LEFT, WAITING = Hit(LONG_AGO, False, False), Hit(JUST_NOW, False, False)
MET, UNMET = Hit(LONG_AGO, True, True), Hit(LONG_AGO, True, False)


@pytest.mark.parametrize(
    ("points", "hits", "found"),
    [
        (POINTS_A_DAY, [], set()),
        (POINTS_A_DAY + 1, [], {Guess.MANY_POINTS}),
        (0, [LEFT] * (NOT_FOLLOWED - 1) + [WAITING] * 9, set()),
        (0, [LEFT] * NOT_FOLLOWED, {Guess.NOT_FOLLOWED}),
        (0, [UNMET] * (FOLLOWED - 1), set()),
        (0, [UNMET] * FOLLOWED, {Guess.MEETS_NOTHING}),
        (0, [UNMET] * 18 + [MET] * 2, set()),
        (0, [UNMET] * 19 + [MET], {Guess.MEETS_NOTHING}),
        (POINTS_A_DAY + 1, [LEFT] * 4 + [UNMET] * 20, set(Guess)),
    ],
)
def test_what_looks_like_guessing(points: int, hits: list[Hit], found: set[Guess]) -> None:
    assert guesses(points, hits, NOW) == found


def test_only_new_points_count() -> None:
    assert new_points(["a", "b"], ["b", "c"]) == 1
    assert new_points(["a", "b"], ["a", "b"]) == 0
