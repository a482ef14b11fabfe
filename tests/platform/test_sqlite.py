"""SQLite under several processes that each read, then write: nothing is lost to "database is locked"."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from vigil.config.knobs import database

PROCESSES, TRANSACTIONS = 8, 25

WRITER = """
import sys, django
from django.conf import settings
settings.configure(DATABASES={"default": %(database)r}, USE_TZ=True)
django.setup()
from django.db import OperationalError, connection, transaction
sys.stdin.readline()
lost = 0
for _ in range(%(transactions)d):
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM act")
            seen = cursor.fetchone()[0]
            cursor.execute("INSERT INTO act (seen) VALUES (%%s)", [seen])
    except OperationalError:
        lost += 1
print(lost)
"""


def lost(folder: Path, **options: str | float) -> int:
    """How many of the transactions of all processes, let go at the same moment, were lost."""
    described = database("", folder)
    described["OPTIONS"] |= options
    found = sqlite3.connect(described["NAME"])
    found.execute("PRAGMA journal_mode=WAL")
    found.execute("CREATE TABLE act (seen integer)")
    found.close()
    program = WRITER % {"database": described, "transactions": TRANSACTIONS}
    writers = [
        subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    return sum(int(writer.communicate(timeout=120)[0]) for writer in writers)


@pytest.mark.slow
def test_our_settings_lose_nothing(tmp_path: Path) -> None:
    assert lost(tmp_path) == 0
    kept = sqlite3.connect(tmp_path / "vigil.sqlite3")
    try:
        # IMMEDIATE also means that no two transactions saw the same state.
        assert kept.execute("SELECT count(DISTINCT seen) FROM act").fetchone() == (PROCESSES * TRANSACTIONS,)
    finally:
        kept.close()


@pytest.mark.slow
def test_djangos_own_transaction_mode_would_lose_some(tmp_path: Path) -> None:
    assert lost(tmp_path, transaction_mode="DEFERRED") > 0
