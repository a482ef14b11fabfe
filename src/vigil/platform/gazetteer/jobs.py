"""What happens by itself: rows and map layers of removed streets are taken out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from vigil.platform.gazetteer import loading
from vigil.platform.jobs.queue import job


@job("gazetteer.purge")
def purge(payload: dict[str, Any], now: datetime) -> None:
    """What is marked as removed."""
    loading.purge()
