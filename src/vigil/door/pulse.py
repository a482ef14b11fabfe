"""What the door does by itself each minute, so that neither times nor order of the file tell when a report came in."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

from django.db import OperationalError, connections, router

from vigil.door import troubles
from vigil.door.models import Pulse

SECONDS = 60.0
NOISE = 512


def beat() -> None:
    """Write the row of noise, write the whole file anew in the order of its random ids, and empty the log."""
    Pulse.objects.update_or_create(pk=1, defaults={"noise": secrets.token_bytes(NOISE)})
    with connections[router.db_for_write(Pulse)].cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def keep(stopping: threading.Event, say: Callable[[str], None]) -> None:
    """Beat until told to stop; once an hour say what went wrong."""
    beats = 0
    while not stopping.is_set():
        try:
            beat()
        except OperationalError:
            troubles.count()  # somebody reads or writes for longer: the next minute tries again
        beats += 1
        if beats % 60 == 0:
            for line in troubles.told():
                say(line)
        stopping.wait(SECONDS)
