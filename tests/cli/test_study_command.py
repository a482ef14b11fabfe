"""`vigil study`: the figures on the screen, in a file, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.engine.test_study import written

from vigil.cli.main import main


@pytest.fixture
def operations(tmp_path: Path) -> Path:
    path = tmp_path / "operations.csv"
    path.write_bytes(written(3))
    return path


def test_four_radii_are_shown_beside_todays(operations: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", str(operations), "--radii", "150,300,500,800"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert lines[1].split()[0] == "as"
    assert lines[1].endswith("1.0")
    assert [line.split()[0] for line in lines[2:]] == ["150", "300", "500", "800"]


@pytest.mark.slow
def test_json_holds_types_and_months(operations: Path, tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    assert main(["study", str(operations), "--radii", "800", "--buffers", "30,60", "--out", str(out)]) == 0
    told = json.loads(out.read_text())
    assert [(one["radius_m"], one["buffer_min"]) for one in told["settings"]] == [(None, None), (800, 30), (800, 60)]
    for one in told["settings"]:
        assert one["pairs"] == one["direct"] + one["near"] + one["subject_only"] == sum(one["by_month"].values())
    assert told["settings"][1]["pairs"] <= told["settings"][2]["pairs"]


def test_csv_has_a_row_a_setting(operations: Path, tmp_path: Path) -> None:
    out = tmp_path / "figures.csv"
    assert main(["study", str(operations), "--radii", "150", "--out", str(out)]) == 0
    head, today, other = out.read_text().splitlines()
    assert head.startswith("radius_m,buffer_min,pairs")
    assert today.startswith(",,")
    assert other.startswith("150.0,,")


@pytest.mark.parametrize("radii", ["", "-5", "nan", "1e9", "wide", "100,,200"])
def test_radii_that_are_none_are_refused(operations: Path, radii: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["study", str(operations), f"--radii={radii}"])
    assert stopped.value.code == 2
    assert "--radii" in capsys.readouterr().err


def test_bad_rows_make_it_incomplete(operations: Path, capsys: pytest.CaptureFixture[str]) -> None:
    operations.write_bytes(operations.read_bytes() + b"\nop-x,MD0000000,none,,,,,,,,,,,,,,,")
    assert main(["study", str(operations)]) == 3
    assert "INCOMPLETE: 1 bad row" in capsys.readouterr().err


def test_a_missing_file_and_another_ending_are_unusable(operations: Path, tmp_path: Path) -> None:
    assert main(["study", str(tmp_path / "none.csv")]) == 2
    assert main(["study", str(operations), "--out", str(tmp_path / "figures.pdf")]) == 2
