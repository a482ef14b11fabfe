"""Shares with their uncertainty: what a few cases can say, and what they cannot."""

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
