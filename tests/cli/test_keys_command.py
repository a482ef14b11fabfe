"""`vigil keys`: what it says and does; the rotation itself is in tests/platform/test_rotation.py."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vigil.cli.main import main
from vigil.config import backups, envelope
from vigil.platform import rotation
from vigil.platform.audit.models import AuditRecord


@pytest.mark.django_db
def test_keys_are_listed_rotated_and_retired_and_each_is_recorded(drawn_keys: Any, people: Any, capsys: Any) -> None:
    assert main(["keys", "rotate"]) == 0
    said = capsys.readouterr().out
    assert "accounts_user: 5 of 5" in said
    assert "Everything is sealed with the newest key." in said
    assert "field_key.1: Kept until" in said
    assert main(["keys", "rotate", "sessions"]) == 0
    assert "Restart the node within a day" in capsys.readouterr().out
    assert [file.name for file in drawn_keys.files("secret_key")] == ["secret_key.1", "secret_key"]

    assert main(["keys", "list"]) == 0
    lines = {line.split("\t")[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines.keys() == {file.name for file in drawn_keys.every()}
    assert lines["field_key.2"].endswith("In use.")
    assert not [key for key in drawn_keys.field if key.hex() in "".join(lines.values())]

    ago = (datetime.now(UTC) - 2 * rotation.KEPT).timestamp()
    for file in drawn_keys.every():
        os.utime(file, (ago, ago))
    assert main(["keys", "retire"]) == 0
    left = ["secret_key.1", "field_key.2", "digest_key", "signing_key", "partner_key", "blinding_secret"]
    assert [file.name for file in drawn_keys.every()] == left
    verbs = list(AuditRecord.objects.filter(verb__startswith="agencies.key").values_list("verb", flat=True))
    assert verbs.count("agencies.key.draw") == 2
    assert "agencies.key.retire" in verbs


@pytest.mark.django_db
def test_ctrl_c_stops_a_rotation_in_words(
    drawn_keys: Any, people: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> Iterator[rotation.Progress]:
        yield rotation.Progress(rotation.holders()[0], 0, 5)
        raise KeyboardInterrupt

    monkeypatch.setattr(rotation, "rotate", interrupted)
    assert main(["keys", "rotate"]) == 130
    assert "run it again to go on" in capsys.readouterr().err
    monkeypatch.undo()
    assert main(["keys", "rotate"]) == 0
    assert "it goes on" in capsys.readouterr().out
    assert len(drawn_keys.field) == 2, "no third key"


@pytest.mark.django_db
def test_keys_are_wrapped_and_a_backup_key_is_drawn(
    drawn_keys: Any, people: Any, capsys: Any, tmp_path: Path, settings: Any
) -> None:
    assert main(["keys", "wrap"]) == 2
    assert "Set VIGIL_KEY_COMMAND" in capsys.readouterr().err
    drawn_keys.command = shlex.join(["/bin/sh", "-c", "case $0 in wrap) tr 0-9a-f A-P ;; *) tr A-P 0-9a-f ;; esac"])
    assert main(["keys", "wrap"]) == 0
    assert capsys.readouterr().out.count("wrapped") == 6
    assert main(["keys", "unwrap"]) == 0
    assert not [file for file in drawn_keys.every() if drawn_keys.is_wrapped(file)]

    file = tmp_path / "key.txt"
    assert main(["keys", "backup", str(file)]) == 0
    private = envelope.read_private(file.read_text())
    assert backups.recipient_id(settings.VIGIL_DATA_DIR) == envelope.key_id(private.public_key())
    assert file.stat().st_mode & 0o777 == 0o600
    assert main(["keys", "backup", str(file)]) == 2
    assert "exists already" in capsys.readouterr().err
