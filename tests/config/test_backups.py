"""Backups are encrypted whole: nothing of the node can be read in one, and a wrong byte is found before anything is
touched."""

from __future__ import annotations

import gzip
import io
import random
import sqlite3
import tarfile
from pathlib import Path
from typing import Any

import pytest
from django.db.backends.sqlite3._functions import register
from tests.conftest import NOON

from vigil import door
from vigil.config import backups, envelope, keys
from vigil.core.errors import Unavailable


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of 64 bytes."""
    monkeypatch.setattr(envelope, "PIECE", 64)


def sealed(file: Path, private: envelope.PrivateKey, content: bytes) -> Path:
    with file.open("wb") as out, envelope.sealing(out, private.public_key()) as writer:
        for place in range(0, len(content), 50):
            writer.write(content[place : place + 50])
    return file


def opened(file: Path, private: envelope.PrivateKey) -> bytes:
    with envelope.opening(file, private) as reader:
        return reader.read()


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 128, 1000])
def test_what_was_sealed_comes_out_for_its_key_alone(small: None, tmp_path: Path, size: int) -> None:
    private, content = envelope.draw(), random.Random(size).randbytes(size)
    file = sealed(tmp_path / "one", private, content)
    assert opened(file, private) == content
    assert size < 16 or content[:16] not in file.read_bytes()
    with pytest.raises(Unavailable, match="was written for backup key"):
        opened(file, envelope.draw())


def test_every_changed_cut_moved_or_added_byte_is_found(small: None, tmp_path: Path) -> None:
    private = envelope.draw()
    file = sealed(tmp_path / "one", private, random.Random(1).randbytes(100))
    whole = file.read_bytes()
    begins = len(whole) - (100 + 2 * envelope.TAG_BYTES)
    piece = 64 + envelope.TAG_BYTES
    moved = whole[:begins] + whole[begins + piece : begins + 2 * piece] + whole[begins : begins + piece]
    wrong = [
        *(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :] for place in range(len(whole))),
        *(whole[:place] for place in range(0, len(whole), 7)),
        moved + whole[begins + 2 * piece :],
        whole[: begins + piece],
        whole + b"\0",
    ]
    for content in wrong:
        file.write_bytes(content)
        with pytest.raises(Unavailable):
            opened(file, private)


def test_a_backup_key_is_printed_and_typed_again(tmp_path: Path) -> None:
    private = envelope.draw()
    text = envelope.written(private)
    digits = text.splitlines()[-1].removeprefix(envelope.TEXT)
    for typed in (text, digits, digits.replace(" ", ""), digits.upper()):
        assert envelope.key_id(envelope.read_private(typed).public_key()) == envelope.key_id(private.public_key())
    for typed in ("", "correct horse battery staple", digits[:-2], "0" * 64, "f" * 64):
        with pytest.raises(Unavailable, match="no backup key"):
            envelope.read_private(typed)


@pytest.fixture
def data(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with keys, and a database that stands for the node's."""
    data: Path = settings.VIGIL_DATA_DIR
    keys.KeyFolder(data).draw_missing()
    backups.draw_key(data)
    with sqlite3.connect(data / door.DATABASE) as drop:
        drop.execute("CREATE TABLE letter AS SELECT 'kanary in the drop'")
    drop.close()

    def dump(target: Path) -> None:
        database = sqlite3.connect(target)
        register(database)
        # As the constraints of models do that add a duration to an instant.
        database.execute("CREATE TABLE kanary (text TEXT CHECK (django_format_dtdelta('+', 1, 1) IS NOT NULL))")
        database.execute("INSERT INTO kanary VALUES ('kanary in the database')")
        database.commit()
        database.close()

    monkeypatch.setattr(backups, "_dump", dump)
    monkeypatch.setattr(backups.connection, "close", lambda: None)
    return data


def private_of(data: Path) -> envelope.PrivateKey:
    return envelope.read_private((data / backups.PRIVATE).read_text())


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_backup_shows_nothing_and_a_damaged_one_touches_nothing(data: Path, tmp_path: Path) -> None:
    if backups.connection.vendor != "sqlite":
        pytest.skip("the database of the backup is SQLite's")
    file = tmp_path / "node.vigil"
    backups.write(file, NOON)
    whole, before = file.read_bytes(), contents(data)
    for key in keys.KeyFolder(data).every():
        assert bytes.fromhex(key.read_text().strip()) not in whole
    for canary in (b"kanary", b"SQLite format", b"keys/field_key", b"manifest", b"\x1f\x8b\x08"):
        assert canary not in whole
    assert [path.name for path in tmp_path.iterdir()] == ["node.vigil"]

    for wrong in (whole[:-1], whole[:-20], whole[:40] + b"\0" + whole[41:], whole[:-5] + b"xxxxx", b"", b"no backup"):
        file.write_bytes(wrong)
        with pytest.raises(Unavailable):
            backups.unpack(file, NOON, private_of(data))
        assert contents(data) == before
    file.write_bytes(whole)
    with pytest.raises(Unavailable, match="--backup-key"):
        backups.unpack(file, NOON)
    assert contents(data) == before

    aside = backups.unpack(file, NOON, private_of(data))
    assert aside is not None
    restored = contents(data)
    assert b"kanary in the database" in restored.pop("vigil.sqlite3")
    assert b"kanary in the drop" in restored.pop(door.DATABASE)
    assert restored == {
        name: content for name, content in before.items() if name not in (backups.PRIVATE, door.DATABASE)
    }


def test_a_backup_of_before_is_still_restored(data: Path, tmp_path: Path) -> None:
    if backups.connection.vendor != "sqlite":
        pytest.skip("the database of the backup is SQLite's")
    file, dump = tmp_path / "node.vigil", tmp_path / "vigil.sqlite3"
    backups._dump(dump)
    with gzip.open(file, "wb") as packed, tarfile.open(fileobj=packed, mode="w|") as archive:
        backups._add_text(archive, backups.MANIFEST, '{"format": 1, "database": "sqlite"}')
        for name in ("field_key", "signing_key", "secret_key"):
            archive.addfile(_entry(f"keys/{name}", 65), io.BytesIO(b"ab" * 32 + b"\n"))
        archive.add(dump, dump.name)
    assert not backups.is_encrypted(file)
    backups.unpack(file, NOON)
    own = keys.KeyFolder(data)
    own.draw_missing()
    assert own.digest == own.field[0] == b"\xab" * 32


def test_what_is_no_file_of_the_folder_is_not_taken_out_of_a_backup(data: Path, tmp_path: Path) -> None:
    link = _entry("keys/field_key", 0)
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    for number, wrong in enumerate((link, _entry("../outside", 0), _entry(str(tmp_path / "outside"), 0))):
        file = tmp_path / f"{number}.vigil"
        with gzip.open(file, "wb") as packed, tarfile.open(fileobj=packed, mode="w|") as archive:
            database = backups.connection.vendor
            backups._add_text(archive, backups.MANIFEST, f'{{"format": 1, "database": "{database}"}}')
            archive.addfile(wrong)
        with pytest.raises(Unavailable, match="not a backup"):
            backups.unpack(file, NOON)
    assert not list(tmp_path.rglob("outside"))
    assert not list(data.parent.rglob("outside"))


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry
