"""Random schedules keep I1 to I8, every seed replays exactly, and a node without a safeguard is caught."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vigil.cli.main import main
from vigil.simulator.mutants import MUTANTS
from vigil.simulator.run import play, play_many, play_some, told

SCHEDULES = int(os.environ.get("VIGIL_TEST_CASES", "1000")) // 2
"""5,000 in `./test`; a schedule takes about 10 ms."""
SEEDS = 1_500
"""Within so many seeds every mutant is caught."""
TABLE = Path(__file__).parents[2] / "docs/protocol/simulation.md"


def documented() -> dict[str, int]:
    """Each mutant of the documentation's table, and the seed that catches it there."""
    rows = [line.split("|") for line in TABLE.read_text("utf-8").splitlines() if line.startswith("| `")]
    return {row[1].strip(" `"): int(row[-2]) - 1 for row in rows}


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_schedules_keep_the_invariants(part: int) -> None:
    share = SCHEDULES // 4
    tally = play_some(range(part * share, (part + 1) * share))
    assert tally.first is None, tally.first
    assert tally.schedules == share


@pytest.mark.slow
def test_a_seed_replays_exactly_in_another_process() -> None:
    """Whatever order sets have there."""
    seeds = range(6)
    code = f"from vigil.simulator.run import play\nprint([play(seed).digest for seed in {seeds!r}])"
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": order},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for order in ("1", "2")
    }
    assert said == {f"{[play(seed).digest for seed in seeds]}\n"}


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_node_without_a_safeguard_is_caught(mutant: str) -> None:
    """From the documented seed on: the same code is caught at once, a changed one by a later seed."""
    first = documented().get(mutant, 0)
    tally = play_some(range(first, first + SEEDS), mutant)
    assert tally.first is not None, f"{SEEDS} seeds did not notice that {MUTANTS[mutant].removed!r} no longer holds"


def test_every_mutant_stands_in_the_documentation() -> None:
    assert list(documented()) == list(MUTANTS)


def test_the_seed_of_a_violation_plays_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--schedules", "50", "--mutant", "timeout-no-match", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    seed, sentence = said["violation"]["seed"], said["violation"]["sentence"]
    again = ["simulate", "--seed", str(seed), "--schedules", "1", "--mutant", "timeout-no-match", "--verbose"]
    assert main(again) == 1
    assert capsys.readouterr().out.splitlines()[-1] == f"VIOLATION {sentence}"


def test_what_was_done_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--schedules", "20", "--seed", "7"]) == 0
    said = capsys.readouterr().out
    assert "schedules: 20" in said
    assert "lost" in said
    assert said.endswith("violations: 0\n")


@pytest.mark.slow
def test_processes_count_the_same_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vigil.simulator.run.CHUNK", 10)
    alone, together = (play_many(0, 40, jobs=jobs) for jobs in (1, 2))
    assert (alone.steps, alone.messages, alone.faults) == (together.steps, together.messages, together.faults)


def test_the_history_is_told_in_words() -> None:
    history = told(3)
    assert any("registers" in line for line in history)
    assert any("answers" in line for line in history)


def test_the_real_signatures_and_points_say_the_same() -> None:
    """Who is told what does not depend on the stand-ins."""
    told_of = [[line for line in told(6, real_crypto=real) if "ALARM" in line] for real in (False, True)]
    assert told_of[0] == told_of[1]
    assert told_of[0]


def test_the_mutants_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--mutant", "list"]) == 0
    assert "search-first" in capsys.readouterr().out


def test_unusable_options_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--mutant", "perpetual-motion"]) == 2
    assert "mutant list" in capsys.readouterr().err
    assert main(["simulate", "--schedules", "0"]) == 2
