"""The files of keys: read anew when one comes or goes, wrapped by the operator's program, drawn for older nodes."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from vigil.config.keys import PARTNERS, KeyFolder
from vigil.core.errors import Unavailable

FAKE_KMS = """#!/bin/sh
echo $1 >> {log}
case $1 in wrap) tr 0-9a-f A-P ;; unwrap) tr A-P 0-9a-f ;; esac
"""


@pytest.fixture
def kms(tmp_path: Path) -> str:
    """A key management service of three lines: it wraps a key by writing it in other letters."""
    (tmp_path / "kms").write_text(FAKE_KMS.format(log=tmp_path / "asked"))
    return shlex.join(["/bin/sh", str(tmp_path / "kms")])


def test_a_running_process_writes_with_a_new_key_at_once_and_reads_with_the_old_one(tmp_path: Path) -> None:
    running = KeyFolder(tmp_path)
    running.draw_missing()
    (first,) = running.field
    KeyFolder(tmp_path).draw("field_key")
    new, old = running.field
    assert (old, len({new, old, running.digest, running.signing, *running.secret})) == (first, 5)
    (tmp_path / "keys" / "field_key.1").unlink()
    assert running.field == (new,)


def test_keys_are_drawn_once_and_never_overwritten(tmp_path: Path) -> None:
    own = KeyFolder(tmp_path)
    own.draw_missing()
    before = {file.name: file.read_text() for file in own.path.iterdir()}
    own.draw_missing()
    assert {file.name: file.read_text() for file in own.path.iterdir()} == before
    assert {file.stat().st_mode & 0o777 for file in own.path.iterdir()} == {0o600}
    assert list(tmp_path.iterdir()) == [own.path]


def test_a_node_of_before_keeps_its_tokens_and_a_lost_digest_key_is_not_made_up(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    for name in ("field_key", "signing_key", "secret_key"):
        (tmp_path / "keys" / name).write_text("0123456789abcdef" * 4 + "\n")
    own = KeyFolder(tmp_path)
    assert own.missing() == list(PARTNERS)
    own.draw_missing()
    assert own.digest == own.field[0]
    assert own.blinding is not None
    assert own.partner[0] != own.blinding
    own.draw("field_key")
    (own.path / "field_key").unlink()
    (own.path / "digest_key").unlink()
    assert own.missing() == ["digest_key"]


def test_with_a_kms_no_file_holds_a_key_and_each_is_asked_for_once(tmp_path: Path, kms: str) -> None:
    plain = KeyFolder(tmp_path)
    plain.draw_missing()
    known = {file.name: plain.open(file) for file in plain.every()}
    own = KeyFolder(tmp_path, kms)
    own.write_again(wrapped=True)
    own.draw("field_key")
    assert all(own.is_wrapped(file) for file in own.every())
    at_rest = b"".join(file.read_bytes() for file in own.path.iterdir())
    assert not [key for key in (*known.values(), *own.field) if key in at_rest or key.hex().encode() in at_rest]
    fresh = KeyFolder(tmp_path, kms)
    assert fresh.field[1] == known["field_key.1"]
    asked = (tmp_path / "asked").read_text()
    assert (fresh.signing, fresh.digest) == (known["signing_key"], known["digest_key"])
    assert (tmp_path / "asked").read_text() == asked
    with pytest.raises(Unavailable, match="set VIGIL_KEY_COMMAND"):
        _ = KeyFolder(tmp_path).field
    own.write_again(wrapped=False)
    assert KeyFolder(tmp_path).signing == known["signing_key"]


@pytest.mark.parametrize(
    ("command", "told"),
    [("/no/such/kms", "No such file"), ("/bin/false", "ended with 1"), ("/bin/true", "ended with 0")],
)
def test_a_kms_that_does_not_answer_is_told_and_nothing_is_written(tmp_path: Path, command: str, told: str) -> None:
    own = KeyFolder(tmp_path, command)
    with pytest.raises(Unavailable, match=told):
        own.draw_missing()
    assert list(own.path.iterdir()) == []
