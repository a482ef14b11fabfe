"""The node's tables, made once a run: each worker's test database, and each node on disk, is a copy of them."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4


@dataclass(frozen=True)
class Migrated:
    """Where they are: a file of SQLite, or on PostgreSQL a database of that name."""

    file: Path
    name: str = ""

    def copy(self, to: str) -> None:
        """To another file, or to a database of that name, in the place of what is there."""
        if not self.name:
            shutil.copyfile(self.file, to)
            return
        with server() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{to}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{to}" TEMPLATE "{self.name}"')


def server() -> Any:
    """A connection to the server of VIGIL_DATABASE_URL, outside of transactions."""
    import psycopg

    return psycopg.connect(os.environ["VIGIL_DATABASE_URL"], autocommit=True)


def make(folder: Path) -> None:
    """Migrate a new database; what `found` then finds in the folder."""
    from django.core.management import call_command
    from django.db import connection

    folder.mkdir()
    name = str(folder / "tables.sqlite3")
    if connection.vendor == "postgresql":
        name = f"vigil_migrated_{uuid4().hex[:12]}"
        with server() as connected:
            connected.execute(f'CREATE DATABASE "{name}"')
        (folder / "name").write_text(name)
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    call_command("migrate", verbosity=0)
    connection.close()
    connection.settings_dict["NAME"] = usual


def found(folder: Path) -> Migrated:
    """What `make` made there."""
    name = folder / "name"
    return Migrated(folder / "tables.sqlite3", name.read_text() if name.exists() else "")
