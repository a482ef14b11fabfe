"""What happens by itself: accounts and roles come to their end, requests are looked up, and what no longer counts
(sessions, replies, failures, answered requests) is dropped.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from vigil.core.actor import system
from vigil.platform.accounts import asking, ending, way_back
from vigil.platform.accounts.login import forget_old_failures
from vigil.platform.accounts.models import IdempotentReply
from vigil.platform.accounts.sessions import forget_ended
from vigil.platform.jobs.queue import job, periodic

REPLIES_KEPT = timedelta(days=2)


@periodic("accounts.tidy", every=timedelta(minutes=15))
def tidy(now: datetime) -> None:
    """Ended sessions, answers to retries older than two days, failed logins older than their window, old requests."""
    forget_ended(now)
    IdempotentReply.objects.filter(created_at__lt=now - REPLIES_KEPT).delete()
    forget_old_failures(now)
    asking.tidy(now)
    way_back.tidy(now)


@periodic("accounts.end", every=timedelta(minutes=15))
def end(now: datetime) -> None:
    """Temporary, lent, unused and unconfirmed: what has come to its end."""
    ending.run(now)


@job(asking.LOOK_UP)
def look_up_request(payload: dict[str, Any], now: datetime) -> None:
    """Is there such an agency, and such a contact?"""
    asking.look_up(system("accounts"), UUID(payload["request"]))
