"""Shares and counts with their uncertainty: what a few cases can say, and what they cannot."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z = 1.959963984540054
"""The normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`, with the 95 % interval by Wilson (1927); 0 of 0 says nothing: 0 to 1."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """Between 0 and 1; 0 where there is nothing."""
        return self.part / self.whole if self.whole else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Low and high end, between 0 and 1."""
        if not self.whole:
            return 0.0, 1.0
        n, share = self.whole, self.value
        middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
        reach = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
        return max(0.0, middle - reach), min(1.0, middle + reach)


TAIL = 0.025
"""Of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Count:
    """So many events, with the exact 95 % interval of a Poisson mean: Garwood, Fiducial limits for the Poisson
    distribution, Biometrika 28 (1936) 437. 0 has the interval 0 to 3.69.
    """

    value: int

    @property
    def interval(self) -> tuple[float, float]:
        """The means with which so many or more, and so many or fewer, would come once in forty times."""
        low = _mean_with(self.value - 1, 1 - TAIL) if self.value else 0.0
        return low, _mean_with(self.value, TAIL)


def _mean_with(at_most: int, chance: float) -> float:
    """The Poisson mean with which `at_most` events or fewer come with this chance: bisection, as it only falls."""
    low, high = 0.0, 2.0 * at_most + 20
    while high - low > high * 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if _cumulated(at_most, middle) > chance else (low, middle)
    return (low + high) / 2


def _cumulated(at_most: int, mean: float) -> float:
    return sum(math.exp(n * math.log(mean) - mean - math.lgamma(n + 1)) for n in range(at_most + 1))
