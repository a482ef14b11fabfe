"""Two submissions at the same instant: at least one side sees the conflict (specification 8, the safety argument)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from tests.apps.deconfliction.another_process import Database, run

pytestmark = [pytest.mark.db, pytest.mark.slow, pytest.mark.long]

FEW = 40
MANY = {"sqlite": 720, "postgresql": 240}
"""Few once and many twice: two thousand races a run of `./test`. On PostgreSQL one takes twice as long."""


@pytest.mark.parametrize("seed", range(3))
def test_at_least_one_side_sees_the_conflict(two_agencies: Database, tmp_path: Path, seed: int) -> None:
    races = MANY[connection.vendor] if seed else FEW
    with two_agencies.copy(tmp_path) as node:
        _, seen = run(node, "race", "product", str(seed), str(races))
    assert seen["none"] == 0
    assert seen["one"] + seen["both"] == races


def test_a_node_that_searches_before_it_commits_is_caught(two_agencies: Database, tmp_path: Path) -> None:
    with two_agencies.copy(tmp_path) as node:
        _, seen = run(node, "race", "mutant", "1", str(FEW))
    assert seen["none"] > 0
