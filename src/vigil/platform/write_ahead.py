"""SQLite's write-ahead log holds what pages were before: after a purge or a rotation of keys it is emptied."""

from __future__ import annotations

from django.db import connection

PATIENCE_MS = 1_000


def empty_log() -> None:
    """Empty SQLite's log. Where somebody reads for longer, writers are not kept waiting: the next hour tries again."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        (patience,) = cursor.fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute(f"PRAGMA busy_timeout = {patience}")
