"""Random histories of two nodes keep the invariants of specification 8, with real signatures and real blinding.

Broken nodes are the simulator's (`vigil simulate --mutant`).
"""

from __future__ import annotations

import os

import pytest

from protocol.trace import NORTH, SOUTH, World, play, run_trace
from vigil.protocol.memory import MemoryStore

HISTORIES = int(os.environ.get("VIGIL_TEST_CASES", "1000")) // 200
"""A history is 60 steps of two nodes and takes about 80 ms; there are two kinds."""


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_two_nodes_keep_the_invariants_through_crashes_losses_and_restores(part: int) -> None:
    for seed in range(part, HISTORIES, 4):
        play(World(MemoryStore(NORTH), MemoryStore(SOUTH), seed), steps=60)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_histories_without_old_backups_keep_a_whole_chain_of_receipts(part: int) -> None:
    for seed in range(part, HISTORIES, 4):
        run_trace(MemoryStore(NORTH), seed)


def test_a_late_refusal_after_an_answer_is_asked_about_again() -> None:
    """Found by seed 902: the refusal replaced the answer, the row was closed, and nobody ever asked again."""
    run_trace(MemoryStore(NORTH), 902)


@pytest.mark.slow
def test_the_same_seed_says_and_stores_the_same() -> None:
    one, two = (run_trace(MemoryStore(NORTH), 7) for _ in range(2))
    assert one.outputs == two.outputs
    assert one.states == two.states


@pytest.mark.slow
def test_histories_reach_what_they_are_made_for() -> None:
    """A trace that never meets a conflict, a crash or a refusal proves nothing."""
    seen: set[str] = set()
    for seed in range(10):
        trace = run_trace(MemoryStore(NORTH), seed)
        for name, _, said in (output for output in trace.outputs if isinstance(output, tuple) and len(output) == 3):
            text = str(said)
            words = (
                "no_known_conflict",
                "incomplete",
                "'conflict'",
                "crashed",
                "announced",
                "signed by",
            )
            seen |= {f"{name}: {word}" for word in words if word in text}
        for state in trace.states.values():
            for row in state.values():
                kinds = [alarm.kind.value for alarm in row["alarms"]] if isinstance(row, dict) else []
                seen |= {f"alarm: {kind}" for kind in kinds}
    assert seen >= {
        "alarm: detected",
        "alarm: worsened",
        "alarm: changed",
        "alarm: withdrawn",
        "submit: no_known_conflict",
        "submit: incomplete",
        "submit: 'conflict'",
        "submit: crashed",
        "deliver: announced",
        "forge: signed by",
    }
