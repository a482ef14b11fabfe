"""What happens by itself: sessions, replies and failures that no longer count are dropped."""

from __future__ import annotations

from datetime import datetime, timedelta

from vigil.platform.accounts.login import forget_old_failures
from vigil.platform.accounts.models import IdempotentReply
from vigil.platform.accounts.sessions import forget_ended
from vigil.platform.jobs.queue import periodic

REPLIES_KEPT = timedelta(days=2)


@periodic("accounts.tidy", every=timedelta(minutes=15))
def tidy(now: datetime) -> None:
    """Ended sessions, answers to retries older than two days, failed logins older than their window."""
    forget_ended(now)
    IdempotentReply.objects.filter(created_at__lt=now - REPLIES_KEPT).delete()
    forget_old_failures(now)
