"""What happens by itself: addresses are forgotten, and messages given up are told of."""

from __future__ import annotations

from datetime import datetime, timedelta

from vigil.platform.delivery import failures
from vigil.platform.delivery.models import Callback, Delivery, Reply
from vigil.platform.delivery.outbox import forget_rows
from vigil.platform.jobs.queue import periodic
from vigil.platform.turns import writing

ADDRESSES_KEPT = timedelta(days=30)
"""After the end of the message's time (ours); what it tells of may be purged, and forget it, earlier."""
CALLBACKS_KEPT = timedelta(days=30)
"""Much longer than a signature is good for, whichever way the clock was set meanwhile."""
REPLIES_KEPT = timedelta(days=365)
"""As the audit trail at least (CJIS AU-11)."""


@periodic("delivery.forget", every=timedelta(hours=1))
def forget(now: datetime) -> None:
    """Old addresses and names; channel, kind and steps stay, for what is counted."""
    with writing():
        forget_rows(Delivery.objects.filter(until__lt=now - ADDRESSES_KEPT, created_at__lt=now - ADDRESSES_KEPT))
        Callback.objects.filter(at__lt=now - CALLBACKS_KEPT).delete()
        Reply.objects.filter(at__lt=now - REPLIES_KEPT).delete()


@periodic("delivery.given_up", every=timedelta(minutes=1))
def tell_given_up(now: datetime) -> None:
    """Administrators learn of what could not be brought."""
    failures.given_up(now)
