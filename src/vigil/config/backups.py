"""One file that holds everything of a node: database, keys, the map layers of streets, the noted heads of the audit.

SQLite is copied by its online backup, while the node works; PostgreSQL by `pg_dump`. The file holds the keys too,
so whoever has it can read everything: it is written for its owner only, and belongs on encrypted media.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from contextlib import suppress
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from vigil.config import keys
from vigil.core.actor import Actor
from vigil.core.errors import Unavailable
from vigil.core.identifiers import new_epoch
from vigil.platform.audit.sealer import HEADS_FILE as HEADS
from vigil.platform.gazetteer.tiles import FOLDER as STREETS

MANIFEST = "manifest.json"
DUMPS = {"sqlite": "vigil.sqlite3", "postgresql": "vigil.pgdump"}


def write(target: Path, now: datetime) -> None:
    """Write the backup; it appears under its name only when it is complete and on disk."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if target.exists():
        raise Unavailable(f"{target} exists already. Choose another name; backups are not overwritten.")
    data = Path(settings.VIGIL_DATA_DIR)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        dump = Path(scratch) / DUMPS[connection.vendor]
        _dump(dump)
        packed = Path(scratch) / "packed"
        handle = os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
                _add_text(archive, MANIFEST, json.dumps(_manifest(now), indent=1))
                archive.add(dump, dump.name)
                for key in keys.KeyFolder(data).every():
                    archive.add(key, f"keys/{key.name}")
                if (data / HEADS).exists():
                    archive.add(data / HEADS, HEADS)
                for layer in sorted((data / STREETS).glob("*.pmtiles")):
                    with suppress(FileNotFoundError):  # its streets were removed just now
                        archive.add(layer, f"{STREETS}/{layer.name}")
            file.flush()
            os.fsync(file.fileno())
        packed.rename(target)


def _manifest(now: datetime) -> dict[str, Any]:
    return {
        "format": 1,
        "version": metadata.version("vigil"),
        "written_at": now.isoformat(),
        "database": connection.vendor,
    }


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    content = text.encode()
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, io.BytesIO(content))


def _dump(target: Path) -> None:
    if connection.vendor == "sqlite":
        with (
            sqlite3.connect(settings.DATABASES["default"]["NAME"]) as source,
            sqlite3.connect(target) as copy,
        ):
            source.backup(copy)
        source.close()
        copy.close()
        return
    _postgres("pg_dump", "--format=custom", f"--file={target}")


def _postgres(program: str, *arguments: str) -> None:
    if shutil.which(program) is None:
        raise Unavailable(f"{program} is missing. Install it: apt-get install postgresql-client")
    database = settings.DATABASES["default"]
    environment = os.environ | {
        "PGHOST": database["HOST"],
        "PGPORT": database["PORT"],
        "PGUSER": database["USER"],
        "PGPASSWORD": database["PASSWORD"],
    }
    environment = {name: value for name, value in environment.items() if value}
    done = subprocess.run(  # noqa: S603 - the program's name is ours, the arguments are the operator's settings
        [program, *arguments, f"--dbname={database['NAME']}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Unavailable(
            f"{program} failed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'no reason given'}"
        )


def read_manifest(source: Path) -> dict[str, Any]:
    """What the backup says of itself; a sentence when the file is none."""
    try:
        with tarfile.open(source) as archive:
            entry = archive.extractfile(MANIFEST)
            manifest: dict[str, Any] = json.loads(entry.read()) if entry else {}
    except FileNotFoundError:
        raise Unavailable(f"There is no file {source}.") from None
    except (tarfile.TarError, KeyError, ValueError, OSError):
        manifest = {}
    if manifest.get("format") != 1:
        raise Unavailable(f"{source} is not a backup that this version of Vigil can read.")
    return manifest


def unpack(source: Path, now: datetime) -> Path | None:
    """Put database and keys of the backup into the data folder; what was there is moved aside and its place returned.

    The caller draws the new epoch afterwards (`begin_new_epoch`), before anything is served.
    """
    manifest = read_manifest(source)
    if manifest["database"] != connection.vendor:
        raise Unavailable(
            f"The backup is of {manifest['database']}, the settings name {connection.vendor}. "
            "Set VIGIL_DATABASE_URL to fit the backup."
        )
    data = Path(settings.VIGIL_DATA_DIR)
    connection.close()
    with tempfile.TemporaryDirectory(dir=_made(data.parent)) as scratch:
        with tarfile.open(source) as archive:
            archive.extractall(scratch, filter="data")
        if connection.vendor == "sqlite":
            _check_sqlite(Path(scratch) / DUMPS["sqlite"])
        aside = _move_aside(data, now)
        _made(data / "keys")
        _made(data / STREETS)
        layers = sorted(f"{STREETS}/{layer.name}" for layer in (Path(scratch) / STREETS).glob("*.pmtiles"))
        own = (f"keys/{key.name}" for key in keys.KeyFolder(Path(scratch)).every())
        for name in (*own, HEADS, DUMPS["sqlite"], *layers):
            if (Path(scratch) / name).exists():
                shutil.move(Path(scratch) / name, data / name)
                (data / name).chmod(0o600)
        if connection.vendor == "postgresql":
            dump = str(Path(scratch) / DUMPS["postgresql"])
            _postgres("pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", dump)
    return aside


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _check_sqlite(file: Path) -> None:
    copy = sqlite3.connect(file)
    try:
        sound = copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    except sqlite3.DatabaseError:
        sound = False
    finally:
        copy.close()
    if not sound:
        raise Unavailable("The database inside the backup is damaged. Take an earlier backup.")


def _move_aside(data: Path, now: datetime) -> Path | None:
    if not data.exists() or not any(data.iterdir()):
        return None
    aside = data.with_name(f"{data.name}-replaced-{now:%Y%m%dT%H%M%SZ}")
    data.rename(aside)
    if (aside / "backups").is_dir():
        _made(data)
        (aside / "backups").rename(data / "backups")
    return aside


def begin_new_epoch(actor: Actor) -> int:
    """Draw the new epoch of a restored node (specification, section 2), recorded in the audit trail."""
    from vigil.platform.agencies.models import Node
    from vigil.platform.audit.trail import record

    with transaction.atomic():
        epoch = new_epoch()
        Node.objects.update(epoch=epoch)
        record(actor, "agencies.node.restore", {"node": str(Node.objects.get().pk)}, details={"epoch": epoch})
    return epoch
