"""SQLite under several processes that each read, then write: nothing is lost to "database is locked"."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from vigil.config.knobs import database

PROCESSES, TRANSACTIONS = 8, 25

WRITERS = """
import django
from multiprocessing import get_context
from django.conf import settings
settings.configure(DATABASES={"default": %(database)r}, USE_TZ=True)
django.setup()
from django.db import OperationalError, connection, transaction

def lost(_):
    gate.wait(60)
    lost = 0
    for _ in range(%(transactions)d):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM act")
                seen = cursor.fetchone()[0]
                cursor.execute("INSERT INTO act (seen) VALUES (%%s)", [seen])
        except OperationalError:
            lost += 1
    return lost

fork = get_context("fork")
gate = fork.Barrier(%(processes)d)
with fork.Pool(%(processes)d) as pool:
    print(sum(pool.map(lost, range(%(processes)d), chunksize=1)))
"""
"""They are born with Django loaded; each opens the database for itself."""


def lost(folder: Path, **options: str | float) -> int:
    """How many of the transactions of all processes, let go at the same moment, were lost."""
    described = database("", folder)
    described["OPTIONS"] |= options
    found = sqlite3.connect(described["NAME"])
    found.execute("PRAGMA journal_mode=WAL")
    found.execute("CREATE TABLE act (seen integer)")
    found.close()
    program = WRITERS % {"database": described, "transactions": TRANSACTIONS, "processes": PROCESSES}
    told = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, timeout=120, check=True)
    return int(told.stdout)


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
