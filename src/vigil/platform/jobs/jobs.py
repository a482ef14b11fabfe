"""What happens by itself: done jobs are dropped after a while; the database learns how its rows are spread."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from vigil.core.actor import system
from vigil.platform import rotation
from vigil.platform.jobs.models import Job
from vigil.platform.jobs.queue import at_start, periodic

WORKER = system("worker")
ROTATED = ("field_key", "secret_key")
DONE_KEPT = timedelta(days=30)
SAMPLE = 1_000
"""Rows of an index that are looked at: milliseconds for a million rows."""


@periodic("jobs.tidy", every=timedelta(hours=1))
def tidy(now: datetime) -> None:
    """Done jobs older than thirty days; dead ones stay until somebody looks."""
    Job.objects.filter(state=Job.State.DONE, finished_at__lt=now - DONE_KEPT).delete()


@periodic("jobs.old_keys", every=timedelta(hours=1))
def remove_old_keys(now: datetime) -> None:
    """Keys that were rotated away go when nothing is sealed with them any more."""
    for name in ROTATED:
        if rotation.old(name) and not rotation.why_kept(name, now):
            rotation.retire(WORKER, name, now)


@at_start
@periodic("jobs.statistics", every=timedelta(hours=1))
def learn_statistics(now: datetime) -> None:
    """Let SQLite choose the indexes of its queries by what is in them; PostgreSQL does so by itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA analysis_limit = {SAMPLE}")
            cursor.execute("ANALYZE")
