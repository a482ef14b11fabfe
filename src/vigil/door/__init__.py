"""The door without names: where officers tell what nearly happened, a program of its own beside the node (ADR 12).

It has its own settings, addresses, process and database, and can reach no account: it imports `vigil.core` and the
style of `vigil.web`, nothing else of Vigil. The node's review reads and writes the same database through `models.py`,
`drop.py` and `sealing.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

PORT = "8766"
BIND = "127.0.0.1"
HOSTS = "localhost,127.0.0.1,[::1]"
DATABASE = "door.sqlite3"
"""Its database in the data folder; there is one once `vigil door setup` was run."""
LEAST_REVIEWERS = 3
"""Before so many keys stand here nothing is taken: one who forgets a passphrase must not be the loss of a report."""


def database(folder: Path) -> dict[str, Any]:
    """Django's description of the drop. What is deleted is overwritten, and the file gives the room back.

    Whoever looks for a drop where none was set up makes none (`mode=rw`): that is left to `founding.ready`.

    `auto_vacuum` holds for a database that is being made. WAL: the door and the node write beside each other.
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": f"{(folder / DATABASE).absolute().as_uri()}?mode=rw",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA auto_vacuum=FULL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
            "PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;",
        },
    }
