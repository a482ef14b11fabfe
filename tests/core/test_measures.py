"""Wilson's and Garwood's intervals: published values, and that a share's holds it in the long run."""

from __future__ import annotations

import random

import pytest

from vigil.core.measures import Count, Share


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I: method 3 (score, without continuity correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_intervals(part: int, whole: int, low: float, high: float) -> None:
    assert Share(part, whole).interval == pytest.approx((low, high), abs=5e-5)


def test_nothing_says_nothing_and_all_is_not_certain() -> None:
    assert Share(0, 0).interval == (0.0, 1.0)
    low, high = Share(3, 3).interval
    assert (0.4 < low < 0.5, high) == (True, 1.0)


def test_the_interval_holds_the_truth_about_nineteen_times_in_twenty() -> None:
    chance = random.Random(7)
    held = 0
    for _ in range(2_000):
        truth, whole = chance.uniform(0.05, 0.95), chance.randint(20, 200)
        low, high = Share(sum(chance.random() < truth for _ in range(whole)), whole).interval
        held += low <= truth <= high
    assert 0.93 < held / 2_000 < 0.97


@pytest.mark.parametrize(
    ("value", "low", "high"),
    # The table of exact Poisson limits that is reprinted everywhere, Garwood (1936) to two places.
    [(0, 0.0, 3.69), (1, 0.03, 5.57), (5, 1.62, 11.67), (10, 4.80, 18.39), (100, 81.36, 121.63)],
)
def test_published_intervals_of_counts(value: int, low: float, high: float) -> None:
    assert Count(value).interval == pytest.approx((low, high), abs=5e-3)
