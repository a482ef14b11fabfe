"""`vigil import` as a records system's nightly job calls it: what it prints, and the code it ends with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.apps.deconfliction.test_importing import file, row

from vigil.apps.deconfliction.models import Conflict, ImportBatch, Operation
from vigil.cli.main import main
from vigil.platform import clock, turns

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def manners(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command's thread gives way to the end; that of the tests goes on as it was."""
    monkeypatch.setattr(turns, "_mine", turns._Manners())


@pytest.fixture
def path(people: Any, tmp_path: Path) -> Path:
    written = tmp_path / "operations.csv"
    written.write_bytes(file(row("A-1"), row("A-2")))
    return written


def vigil_import(now: Any, *arguments: str) -> int:
    with clock.fixed(now):
        return main(["import", *arguments])


def test_a_file_is_imported_searched_and_counted(now: Any, path: Path, capsys: Any) -> None:
    assert vigil_import(now, str(path)) == 0
    assert "2 created" in capsys.readouterr().out
    assert (Operation.objects.count(), Conflict.objects.count()) == (2, 1)
    assert turns._mine.gives_way


def test_a_dry_run_stores_nothing(now: Any, path: Path, capsys: Any) -> None:
    assert vigil_import(now, str(path), "--dry-run") == 0
    assert "nothing stored" in capsys.readouterr().out
    assert (Operation.objects.count(), ImportBatch.objects.count()) == (0, 0)


def test_bad_rows_are_named_and_the_rest_is_imported(now: Any, path: Path, capsys: Any) -> None:
    path.write_bytes(file(row("A-1"), row("A-2", latitude="north")))
    assert vigil_import(now, str(path), "--json") == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["complete"], told["created"], told["excluded"]) == (False, 1, ["A-2"])
    assert [(one["line"], one["column"]) for one in told["bad_rows"]] == [(3, "latitude")]


def test_strict_imports_all_or_nothing(now: Any, path: Path, capsys: Any) -> None:
    path.write_bytes(file(row("A-1"), row("A-2", latitude="north")))
    assert vigil_import(now, str(path), "--strict") == 2
    assert "line 3.latitude" in capsys.readouterr().err
    assert Operation.objects.count() == 0


def test_what_was_cancelled_here_is_told_when_its_file_comes_again(
    people: Any, now: Any, path: Path, capsys: Any
) -> None:
    from vigil.apps.deconfliction import actions

    assert vigil_import(now, str(path)) == 0
    actions.cancel_operation(people.actor("bob"), Operation.objects.get(external_id="A-2").pk, 1, now)
    capsys.readouterr()
    assert vigil_import(now, str(path)) == 0
    assert "left as they are: A-2" in capsys.readouterr().out
    path.write_bytes(file(row("A-1"), row("A-2", latitude="39.1")))
    assert vigil_import(now, str(path)) == 0
    assert "registered again: A-2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        ("operation_id,latitude\nA-1,38.9\n".encode("utf-16"), "UTF-16"),
        (b"operation_id,latitude\nA-1,38.9\n", "agency_ori"),
        (b"x" * 10_000_000, "Line 1"),
    ],
)
def test_an_unusable_file_is_refused_in_a_sentence(
    now: Any, path: Path, capsys: Any, content: bytes, sentence: str
) -> None:
    path.write_bytes(content)
    assert vigil_import(now, str(path)) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert len(said.err) < 2_000
    assert Operation.objects.count() == 0


def test_a_missing_file_is_named(now: Any, people: Any, tmp_path: Path, capsys: Any) -> None:
    assert vigil_import(now, str(tmp_path / "none.csv")) == 2
    assert "none.csv cannot be read" in capsys.readouterr().err
