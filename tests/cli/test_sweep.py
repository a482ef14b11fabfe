"""`vigil sweep` as people run it: files, exit codes, summaries."""

from __future__ import annotations

import csv
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from vigil.cli.main import main
from vigil.engine import sweep
from vigil.engine.formats import conflicts_csv, geojson
from vigil.engine.formats.mapping import COLUMNS, Mapping
from vigil.engine.operation import Operation, Point, Site

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data" / "operations_real"
MAPS = ROOT / "docs" / "guide" / "maps"
HEADER = ",".join(COLUMNS[:15])
GOOD = (
    'alpha,MN0271600,raid,2026-11-24T06:00:00-06:00,2026-11-24T08:00:00-06:00,44.978,-93.265,,,,,,"vin:1M8GDM9AXKP042788",,',
    "bravo,MN0271600,raid,2026-11-24T09:30:00-06:00,2026-11-24T10:00:00-06:00,44.978,-93.260,,,,,,,live,",
    "Charlie,MN0271600,online_only,2026-11-25T00:00:00Z,2026-11-26T00:00:00Z,,,,,,,,vin:1M8GDM9AXKP042788|email:a@b.org,,",
)
BAD = "delta,MN0271600,raid,2026-11-24T06:00:00-06:00,2026-11-24T08:00:00-06:00,-93.2,44.9,,,,,,,,"


@pytest.fixture
def operations(tmp_path: Path) -> Path:
    return write(tmp_path, *GOOD)


def write(folder: Path, *rows: str) -> Path:
    path = folder / "operations.csv"
    path.write_text("\n".join((HEADER, *rows)) + "\n", "utf-8")
    return path


def run(*arguments: str | Path) -> int:
    return main(["sweep", *map(str, arguments)])


def test_conflicts_are_written_sorted_with_what_the_specification_names(operations: Path, tmp_path: Path) -> None:
    out = tmp_path / "conflicts.csv"
    assert run(operations, "--out", out) == 0
    assert out.read_text("utf-8").splitlines() == [
        "operation_a,operation_b,basis,band,distance_m,overlap_starts_at,overlap_ends_at,matched_subjects",
        "Charlie,alpha,subject,,,2026-11-22T00:00:00Z,2026-11-27T14:00:00Z,vin:1M8GDM9AXKP042788",
        "alpha,bravo,place,near,394.39,2026-11-24T14:30:00Z,2026-11-24T15:00:00Z,",
    ]
    assert stat.S_IMODE(out.stat().st_mode) == 0o666 & ~current_umask()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["conflicts.csv", "operations.csv"]


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_bad_row_makes_the_result_incomplete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "conflicts.csv"
    assert run(write(tmp_path, BAD, *GOOD), "--out", out, "--json") == 3
    said = capsys.readouterr()
    summary = json.loads(said.out)
    assert (summary["status"], summary["operations"], summary["conflicts"]) == ("INCOMPLETE", 3, 2)
    assert (summary["rows"], summary["bad_row_count"], summary["excluded_operations"]) == (4, 1, ["delta"])
    (bad,) = summary["bad_rows"]
    assert (bad["line"], bad["column"]) == (2, "latitude")
    assert "swapped" in bad["reason"]
    assert "line 2, latitude" in said.err
    assert "INCOMPLETE: 1 bad row, 1 operation not judged" in said.err
    assert "clear" not in said.out.lower() + said.err.lower()
    assert len(out.read_text("utf-8").splitlines()) == 3


def test_the_program_says_all_of_it_before_it_ends(tmp_path: Path) -> None:
    bad = write(tmp_path, *(BAD.replace("delta", f"delta-{n}") for n in range(500)), *GOOD)
    program = [sys.executable, "-m", "vigil.cli.main", "sweep", bad, "--json"]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert json.loads(done.stdout)["bad_row_count"] == 500
    assert done.stderr.endswith("INCOMPLETE: 500 bad rows, 500 operations not judged\n")


def test_strict_writes_nothing_when_a_row_is_bad(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "conflicts.csv"
    out.write_text("old")
    assert run(write(tmp_path, BAD, *GOOD), "--out", out, "--strict") == 2
    assert out.read_text() == "old"
    assert "nothing was written" in capsys.readouterr().err
    assert run(write(tmp_path, *GOOD), "--out", out, "--strict") == 0


def test_complete_says_so(operations: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(operations, "--json") == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["status"], summary["near"], summary["basis_subject"]) == ("complete", 1, 1)


@pytest.mark.parametrize("arguments", [["--rules", "none.toml"], ["--map", "none.toml"], ["--doubled", "earlier"]])
def test_unusable_options_end_with_two(
    operations: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(operations, *arguments) == 2
    assert capsys.readouterr().err.startswith("vigil: ")


def test_unusable_input_ends_with_two_and_keeps_the_old_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "operations.csv", tmp_path / "conflicts.csv"
    out.write_text("old")
    path.write_bytes((HEADER + "\n" + GOOD[0]).encode("utf-16"))
    assert run(path, "--out", out) == 2
    assert "UTF-16" in capsys.readouterr().err
    assert out.read_text() == "old"


def test_an_output_folder_that_is_not_there(
    operations: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(operations, "--out", tmp_path / "none" / "conflicts.csv") == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_write_that_fails_leaves_the_old_file(
    operations: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "conflicts.csv"
    out.write_text("old")

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(conflicts_csv, "_rows", fail)
    assert run(operations, "--out", out) == 2
    assert out.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2


def test_rules_change_the_answer(operations: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("[raid]\nradius_m = 100\n")
    assert run(operations, "--rules", rules, "--json") == 0
    assert json.loads(capsys.readouterr().out)["near"] == 0


def test_geojson_holds_zones_true_to_scale_and_conflicts(operations: Path, tmp_path: Path) -> None:
    path = tmp_path / "map.geojson"
    assert run(operations, "--geojson", path) == 0
    features = json.loads(path.read_text("utf-8"))["features"]
    assert [feature["properties"]["kind"] for feature in features] == ["zone"] * 2 + ["conflict"] * 2
    zone, by_subject, by_place = features[0], features[2], features[3]
    ring = zone["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert max(lat for _, lat in ring) - 44.978 == pytest.approx(300 / 111_130, rel=0.01)
    assert by_subject["geometry"] is None
    assert by_place["geometry"] == {"type": "LineString", "coordinates": [[-93.265, 44.978], [-93.26, 44.978]]}
    assert by_place["properties"]["distance_m"] == 394.39


def test_geojson_crosses_the_antimeridian_the_short_way(tmp_path: Path) -> None:
    sites = [Site(Point(longitude, 0.0), radius, 0, 10) for longitude, radius in ((179.999, 0.0), (-179.999, 500.0))]
    found = sweep([Operation(f"op-{n}", (site,)) for n, site in enumerate(sites)]).conflicts
    with (tmp_path / "map.geojson").open("wb") as stream:
        geojson.write_geojson(found, stream)
    features = json.loads((tmp_path / "map.geojson").read_text("utf-8"))["features"]
    assert features[0]["geometry"]["type"] == "Point"
    assert features[2]["geometry"]["coordinates"][1][0] == pytest.approx(180.001)


def test_both_ways_of_writing_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["plain", "with, comma", 'with "quotes"', "with\nbreak", "Größe", "", " blank ", "zulu"]
    sites = [Site(Point(10 + n / 400, 50.0), 300.0, n * 1_000_000, 60_000_000 + n) for n in range(len(names))]
    found = sweep(
        Operation(name, (site,), frozenset({"vin:A|B"} if n % 3 else {"vin:A", "email:a@b"}))
        for n, (name, site) in enumerate(zip(names, sites, strict=True))
    ).conflicts
    assert {row.basis for row in found} == {"place", "both", "subject"}
    written = []
    for threshold in (0, 10**9):
        monkeypatch.setattr(conflicts_csv, "COLUMNWISE_FROM", threshold)
        path = tmp_path / f"{threshold}.csv"
        with path.open("wb") as stream:
            conflicts_csv.write_conflicts(found, stream)
        written.append(path.read_bytes())
    assert written[0] == written[1]
    with path.open(newline="", encoding="utf-8") as text:
        rows = list(csv.reader(text))
    assert [row[:2] for row in rows[1:]] == [[row.operation_a, row.operation_b] for row in found]


def test_ten_rows_start_fast_and_without_django(tmp_path: Path) -> None:
    """Django, numba and pyarrow stay unloaded; the time itself is measured by bench.sweep."""
    code = (
        "import sys; from vigil.cli.main import main\n"
        "code = main(['sweep', *sys.argv[1:]])\n"
        "print(code, sorted({'django', 'numba', 'pyarrow', 'pandas', 'openpyxl'} & set(sys.modules)))"
    )
    path = write(tmp_path, *GOOD)
    out = str(tmp_path / "conflicts.csv")
    began = os.times().children_user
    done = subprocess.run([sys.executable, "-c", code, path, "--out", out], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0 []"
    assert os.times().children_user - began < 10
    assert "\r" not in done.stderr  # no progress bar where standard error is no terminal


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "radius", "buffer", "operations", "pairs", "direct"),
    [
        ("nypd_stops", 250, 0, 56_130, 22_367, 21_948),
        ("nypd_stops", 250, 60, 56_130, 32_552, 27_359),
        ("nypd_stops", 500, 30, 56_130, 34_757, 29_219),
        ("chicago_search_warrants", 250, 0, 11_246, 1_916, 1_574),
        ("chicago_search_warrants", 300, 60, 11_246, 3_145, 2_286),
    ],
)
def test_real_police_operations(
    name: str,
    radius: int,
    buffer: int,
    operations: int,
    pairs: int,
    direct: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = REAL / f"{name}.csv"
    if not source.exists():
        pytest.skip(f"the public data set {source.name} is not beside the project")
    text = (MAPS / f"{name}.toml").read_text("utf-8")
    text = text.replace("radius_m = 250", f"radius_m = {radius}")
    text = text.replace("buffer_before_min = 0", f"buffer_before_min = {buffer}")
    mapping = tmp_path / "map.toml"
    mapping.write_text(text.replace("buffer_after_min = 0", f"buffer_after_min = {buffer}"), "utf-8")
    assert run(source, "--map", mapping, "--doubled", "earlier", "--json") == 3
    summary = json.loads(capsys.readouterr().out)
    assert (summary["operations"], summary["conflicts"], summary["direct"]) == (operations, pairs, direct)
    assert summary["near"] == pairs - direct


@pytest.mark.parametrize("path", sorted(MAPS.glob("*.toml")), ids=lambda path: path.stem)
def test_the_maps_of_the_guide_are_mappings(path: Path) -> None:
    assert not Mapping.from_toml(path.read_text("utf-8")).is_plain
