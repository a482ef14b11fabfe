"""kill -9 at each named write point: after the restart the search is complete and everyone was told, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.apps.deconfliction.another_process import Database, run

from vigil.apps.deconfliction.points import ALARM_POINTS, POINTS, PURGE_POINTS

pytestmark = [pytest.mark.db, pytest.mark.slow]

KILLED = -9
EVERYONE = ["alice", "dave", "desk-alice", "desk-dave"]


@pytest.mark.parametrize("point", POINTS)
def test_what_was_committed_is_searched_and_told_after_the_restart(
    waiting: Database, tmp_path: Path, point: str
) -> None:
    with waiting.copy(tmp_path) as node:
        assert run(node, "submit", "dave", VIGIL_CRASH_AT=point) == (KILLED, None)
        _, stored = run(node, "restart")
    committed = point != "before_register_commit"
    assert stored == {
        "determinations": ["conflict", "conflict"] if committed else ["no_known_conflict"],
        "due": 0,
        "conflicts": int(committed),
        "told": EVERYONE if committed else [],
        "receipts in a row": True,
    }


@pytest.mark.parametrize("point", ALARM_POINTS)
def test_a_step_of_an_alarm_is_taken_whole_after_the_restart_and_once(
    met: Database, tmp_path: Path, point: str
) -> None:
    with met.copy(tmp_path) as node:
        assert run(node, "climb", VIGIL_CRASH_AT=point) == (KILLED, None)
        _, left = run(node, "climb")
    # Each side: told at once, and once again after two minutes, by a notice and by a text.
    assert left == {"again": ["alice", "dave"], "texts": 4, "stepped": 2}


@pytest.mark.parametrize("point", PURGE_POINTS)
def test_a_purge_that_was_broken_off_goes_on_where_it_was(ended: Database, tmp_path: Path, point: str) -> None:
    with ended.copy(tmp_path) as node:
        assert run(node, "purge", VIGIL_CRASH_AT=point) == (KILLED, None)
        _, left = run(node, "purge")
    assert left == {
        "operations": 0,
        "sites": 0,
        "counted": [["alice", 1], ["dave", 1]],
        "receipts": "sound",
        "broken off": int(point == "after_purge_commit"),
    }
