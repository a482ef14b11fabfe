"""What happens by itself: changes that no open page can still be waiting for are dropped."""

from __future__ import annotations

from datetime import datetime, timedelta

from vigil.platform.jobs.queue import periodic
from vigil.platform.notices.board import cursor
from vigil.platform.notices.models import Change

CHANGES_KEPT = timedelta(days=1)


@periodic("notices.tidy", every=timedelta(hours=1))
def tidy(now: datetime) -> None:
    """Changes older than a day."""
    # The newest stays, so that the cursor never falls back.
    Change.objects.filter(at__lt=now - CHANGES_KEPT, pk__lt=cursor()).delete()
