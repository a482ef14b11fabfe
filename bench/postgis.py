"""A temporary PostgreSQL cluster with PostGIS, tuned, for the benches that name it as their peer."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SETTINGS = {
    "shared_buffers": "2GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "1GB",
    "max_parallel_workers": "2",
    "max_parallel_workers_per_gather": "2",
    "fsync": "off",
    "synchronous_commit": "off",
    "jit": "off",
    "listen_addresses": "''",
}


class MissingPostgis(RuntimeError):
    """The peer is not installed; `str()` names the Debian packages."""


class Database:
    """One database, reached through psql."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries, self.folder = binaries, folder

    def run(self, sql: str) -> str:
        """Run statements; the rows as text."""
        psql = [
            str(self._binaries / "psql"),
            "-h",
            str(self.folder),
            "-d",
            "postgres",
            "-qAtX",
            "-v",
            "ON_ERROR_STOP=1",
        ]
        done = subprocess.run(_unprivileged(psql), input=sql, capture_output=True, text=True, cwd="/")
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return done.stdout.strip()


def _unprivileged(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.getuid() == 0 else command


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise MissingPostgis("PostgreSQL is not installed: apt-get install postgresql-15-postgis-3 (Debian 12)")
    return Path(on_path).parent


@contextmanager
def postgis() -> Iterator[Database]:
    """A fresh database with the extension; gone afterwards.

    Raises:
        MissingPostgis: no server, or no extension.
    """
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="bench-postgis-"))
    if os.getuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data = str(folder / "data")
    server = [str(binaries / "pg_ctl"), "-D", data, "-w", "-s"]
    try:
        subprocess.run(
            _unprivileged([str(binaries / "initdb"), "-D", data, "-A", "trust", "-E", "UTF8", "--no-locale"]),
            check=True,
            capture_output=True,
            cwd="/",
        )
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items()) + f" -k {folder}"
        start = [*server, "-l", str(folder / "log"), "-o", options, "start"]
        subprocess.run(_unprivileged(start), check=True, stdout=subprocess.DEVNULL, cwd="/")
        try:
            database = Database(binaries, folder)
            try:
                database.run("create extension btree_gist; create extension postgis;")
            except RuntimeError as error:
                raise MissingPostgis(
                    f"PostGIS is not installed ({error}): apt-get install postgresql-{binaries.parts[4]}-postgis-3"
                ) from None
            yield database
        finally:
            subprocess.run(_unprivileged([*server, "-m", "immediate", "stop"]), check=False, cwd="/")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
