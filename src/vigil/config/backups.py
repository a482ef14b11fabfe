"""One encrypted file that holds everything of a node: database, keys, map layers of streets, noted heads of the audit.

SQLite is copied by its online backup, while the node works; PostgreSQL by `pg_dump`. The node encrypts it for the
public half of its backup key (`config.envelope`); who has only the file cannot read it.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.backends.sqlite3._functions import register  # type: ignore[import-untyped]

from vigil import door
from vigil.config import envelope, keys
from vigil.core.errors import Unavailable
from vigil.platform.audit.sealer import HEADS_FILE as HEADS
from vigil.platform.gazetteer.tiles import FOLDER as STREETS

MANIFEST = "manifest.json"
FORMAT = 2
BEFORE = 1
"""Of before backups were encrypted: still restored."""
DUMPS = {"sqlite": "vigil.sqlite3", "postgresql": "vigil.pgdump"}
RECIPIENT = "backup_recipient"
PRIVATE = "backup-key.txt"
"""Where set-up writes the private half, to be taken away."""
SCRATCH = ".backup-"
FORGOTTEN_SECONDS = 86_400


def write(target: Path, now: datetime) -> None:
    """Write the backup; it appears under its name only when it is complete and on disk.

    What is copied on the way lies in the data folder, where it is no less safe than the database itself.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if target.exists():
        raise Unavailable(f"{target} exists already. Choose another name; backups are not overwritten.")
    data = Path(settings.VIGIL_DATA_DIR)
    recipient = _recipient(data)
    _drop_forgotten(data)
    half = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=data) as scratch:
            dump = Path(scratch) / DUMPS[connection.vendor]
            _dump(dump)
            handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                with (
                    envelope.sealing(file, recipient) as sealed,
                    gzip.GzipFile(fileobj=sealed, mode="wb", compresslevel=1) as packed,
                    tarfile.open(fileobj=packed, mode="w|", bufsize=envelope.PIECE, dereference=True) as archive,
                ):
                    _add_all(archive, data, dump, now)
                file.flush()
                os.fsync(file.fileno())
        half.rename(target)
    finally:
        half.unlink(missing_ok=True)


def _add_all(archive: tarfile.TarFile, data: Path, dump: Path, now: datetime) -> None:
    _add_text(archive, MANIFEST, json.dumps(_manifest(now), indent=1))
    for key in (*keys.KeyFolder(data).every(), data / "keys" / RECIPIENT):
        archive.add(key, f"keys/{key.name}")
    if (data / HEADS).exists():
        archive.add(data / HEADS, HEADS)
    archive.add(dump, dump.name)
    if (data / door.DATABASE).exists():
        drop = dump.with_name(door.DATABASE)
        _copy(data / door.DATABASE, drop)
        archive.add(drop, drop.name)
    for layer in sorted((data / STREETS).glob("*.pmtiles")):
        with suppress(FileNotFoundError):  # its streets were removed just now
            archive.add(layer, f"{STREETS}/{layer.name}")


def _drop_forgotten(data: Path) -> None:
    """What a killed backup left."""
    for left in data.glob(f"{SCRATCH}*"):
        if time.time() - left.stat().st_mtime > FORGOTTEN_SECONDS:
            shutil.rmtree(left, ignore_errors=True)


def _recipient(data: Path) -> envelope.PublicKey:
    file = data / "keys" / RECIPIENT
    if not file.exists():
        raise Unavailable("The node has no backup key yet. Run `vigil migrate`, which draws one.")
    return envelope.read_public(file.read_text(encoding="ascii"))


def recipient_id(data: Path) -> str:
    """The id of the key that opens the backups of today."""
    return envelope.key_id(_recipient(data))


def draw_key(data: Path, private: Path | None = None) -> Path:
    """Draw a new backup key: its private half is written to the file (else into the data folder), which is returned."""
    file = private or data / PRIVATE
    key = envelope.draw()
    try:
        envelope.write_private(file, key)
    except FileExistsError:
        raise Unavailable(f"{file} exists already. Take it away first, or name another file.") from None
    half = data / f".{RECIPIENT}"
    half.write_text(envelope.write_public(key.public_key()), encoding="ascii")
    half.chmod(0o600)
    half.replace(data / "keys" / RECIPIENT)
    return file


def has_key(data: Path) -> bool:
    """Whether backups can be written."""
    return (data / "keys" / RECIPIENT).exists()


def _manifest(now: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
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
        _copy(settings.DATABASES["default"]["NAME"], target)
        return
    _postgres("pg_dump", "--format=custom", f"--file={target}")


def _copy(file: Path | str, target: Path) -> None:
    with sqlite3.connect(file) as source, sqlite3.connect(target) as copy:
        source.backup(copy)
    source.close()
    copy.close()


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


@contextmanager
def _opened(source: Path, private: envelope.PrivateKey | None) -> Iterator[tarfile.TarFile]:
    """The archive, to be read from its beginning to its end; a sentence when the file is none, or not whole."""
    if not source.exists():
        raise Unavailable(f"There is no file {source}.")
    unreadable = Unavailable(f"{source} is not a backup that this version of Vigil can read.")
    with ExitStack() as stack:
        content: Any
        if is_encrypted(source):
            if private is None:
                raise Unavailable(
                    f"{source} is encrypted. Give the file of its backup key: --backup-key FILE "
                    f"(set-up wrote it as {PRIVATE}, to be kept elsewhere)."
                )
            content = stack.enter_context(envelope.opening(source, private))
        else:
            content = stack.enter_context(source.open("rb"))
        try:
            with (
                gzip.GzipFile(fileobj=content) as packed,
                tarfile.open(fileobj=packed, mode="r|", bufsize=envelope.PIECE) as archive,
            ):
                yield archive
                while packed.read(envelope.PIECE):  # the end is checked too
                    pass
        except (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError):
            raise unreadable from None


def is_encrypted(source: Path) -> bool:
    """Whether it needs a backup key; those of before there was one do not."""
    return source.exists() and envelope.is_sealed(source)


def _manifest_of(archive: tarfile.TarFile, source: Path) -> dict[str, Any]:
    first = archive.next()
    entry = archive.extractfile(first) if first and first.name == MANIFEST else None
    try:
        manifest: dict[str, Any] = json.loads(entry.read()) if entry else {}
    except ValueError:
        manifest = {}
    if manifest.get("format") not in (BEFORE, FORMAT):
        raise Unavailable(f"{source} is not a backup that this version of Vigil can read.")
    return manifest


def unpack(source: Path, now: datetime, private: envelope.PrivateKey | None = None) -> Path | None:
    """Put database and keys of the backup into the data folder; what was there is moved aside and its place returned.

    Everything is read and checked beside the folder first: where a byte is wrong, nothing of the present is touched.
    The caller begins the new epoch afterwards, before anything is served.
    """
    data = Path(settings.VIGIL_DATA_DIR)
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=_made(data.parent)) as scratch:
        with _opened(source, private) as archive:
            manifest = _manifest_of(archive, source)
            if manifest["database"] != connection.vendor:
                raise Unavailable(
                    f"The backup is of {manifest['database']}, the settings name {connection.vendor}. "
                    "Set VIGIL_DATABASE_URL to fit the backup."
                )
            while (member := archive.next()) is not None:
                _take_out(archive, member, Path(scratch))
        if connection.vendor == "sqlite":
            _check_sqlite(Path(scratch) / DUMPS["sqlite"])
        connection.close()
        aside = _move_aside(data, now)
        _made(data / "keys")
        _made(data / STREETS)
        layers = sorted(f"{STREETS}/{layer.name}" for layer in (Path(scratch) / STREETS).glob("*.pmtiles"))
        own = (f"keys/{key.name}" for key in keys.KeyFolder(Path(scratch)).every())
        for name in (*own, f"keys/{RECIPIENT}", HEADS, DUMPS["sqlite"], door.DATABASE, *layers):
            if (Path(scratch) / name).exists():
                shutil.move(Path(scratch) / name, data / name)
                (data / name).chmod(0o600)
        if connection.vendor == "postgresql":
            dump = str(Path(scratch) / DUMPS["postgresql"])
            _postgres("pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", dump)
    return aside


def _take_out(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write one file of the archive into the folder. `TarFile.extract` knows a filter for it from Python 3.11.4 on;
    Debian 12 has 3.11.2. Raises TarError where it is no file, or would lie outside.
    """
    if member.isdir():
        return
    target = (folder / member.name).resolve()
    content = archive.extractfile(member) if member.isreg() else None
    if content is None or not target.is_relative_to(folder.resolve()):
        raise tarfile.TarError(f"{member.name} is no file of a backup.")
    with (_made(target.parent) / target.name).open("wb") as file:
        shutil.copyfileobj(content, file)


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _check_sqlite(file: Path) -> None:
    copy = sqlite3.connect(file)
    register(copy)  # what constraints call is looked at too
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
