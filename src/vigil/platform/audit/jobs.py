"""What happens by itself: sealing within a second, late records, the noted heads, the hours of wrong tokens."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from vigil.platform.audit import sealer, wrong_tokens
from vigil.platform.jobs.queue import periodic


@periodic("audit.seal", every=timedelta(seconds=1))
def seal(now: datetime) -> None:
    """Link the newly committed records."""
    while sealer.seal_new(now) == sealer.BATCH:
        pass


@periodic("audit.seal_late", every=timedelta(minutes=1))
def seal_late(now: datetime) -> None:
    """Link what was committed out of order, then note where the chain ends."""
    sealer.seal_late(now)
    sealer.note_head(heads_file(), now)


@periodic("audit.wrong_tokens", every=timedelta(minutes=5))
def record_wrong_tokens(now: datetime) -> None:
    """Put the wrong API tokens of the hours that are over into the trail."""
    wrong_tokens.record_hours(now)


def heads_file() -> Path:
    """Where the heads are noted: beside the database, not in it."""
    return Path(settings.VIGIL_DATA_DIR) / sealer.HEADS_FILE
