"""How many messages each partner sends a minute, as this process sees it: what is much is logged, once a minute."""

from __future__ import annotations

import logging
from datetime import datetime

log = logging.getLogger("vigil.partners")

MUCH = 1_200
"""A node that catches up after an outage is asked 1,000 questions a minute (ours)."""


class Rates:
    """Counts by partner and minute."""

    def __init__(self) -> None:
        self._counted: dict[str, tuple[int, int]] = {}

    def count(self, partner: str, now: datetime) -> None:
        """One message more of the partner's."""
        minute = int(now.timestamp()) // 60
        since, count = self._counted.get(partner, (minute, 0))
        count = count + 1 if since == minute else 1
        self._counted[partner] = minute, count
        if count == MUCH:
            log.warning("partner sends much", extra={"partner": partner, "code": str(MUCH)})


RATES = Rates()
