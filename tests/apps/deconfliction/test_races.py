"""Two submissions at the same instant: at least one side sees the conflict (specification 8, the safety argument)."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.apps.deconfliction.another_process import Database, run

pytestmark = [pytest.mark.db, pytest.mark.slow]

FEW, MANY = 40, 480
"""Few once and many twice on each database: two thousand races a run of `./test`."""


@pytest.mark.parametrize(("seed", "races"), [(0, FEW), (1, MANY), (2, MANY)])
def test_at_least_one_side_sees_the_conflict(two_agencies: Database, tmp_path: Path, seed: int, races: int) -> None:
    with two_agencies.copy(tmp_path) as node:
        _, seen = run(node, "race", "product", str(seed), str(races))
    assert seen["none"] == 0
    assert seen["one"] + seen["both"] == races


def test_a_node_that_searches_before_it_commits_is_caught(two_agencies: Database, tmp_path: Path) -> None:
    with two_agencies.copy(tmp_path) as node:
        _, seen = run(node, "race", "mutant", "1", str(FEW))
    assert seen["none"] > 0
