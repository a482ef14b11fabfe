"""What happens by itself: done jobs are dropped after a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from vigil.platform.jobs.models import Job
from vigil.platform.jobs.queue import periodic

DONE_KEPT = timedelta(days=30)


@periodic("jobs.tidy", every=timedelta(hours=1))
def tidy(now: datetime) -> None:
    """Done jobs older than thirty days; dead ones stay until somebody looks."""
    Job.objects.filter(state=Job.State.DONE, finished_at__lt=now - DONE_KEPT).delete()
