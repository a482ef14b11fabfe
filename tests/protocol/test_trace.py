"""Random histories of two nodes keep the invariants of specification 8; broken nodes are caught by them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest

from protocol.trace import NORTH, SOUTH, Crashed, Station, Violation, World, play, run_trace
from vigil.engine.operation import Operation
from vigil.protocol.coverage import conclude
from vigil.protocol.envelope import Message
from vigil.protocol.exchange import Exchange
from vigil.protocol.memory import MemoryStore
from vigil.protocol.messages import Asked, Points, Query, Question, Reply
from vigil.protocol.node import Node
from vigil.protocol.store import Answer, Found, Outcome, Revision, Seen, Transaction, Verdict

HISTORIES = int(os.environ.get("VIGIL_TEST_CASES", "1000")) // 40
"""A history is 60 steps of two nodes and takes about 80 ms; there are two kinds."""


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


# -- mutants: each breaks one safeguard, and a history must notice -----------------------------------------------


class SearchesFirst(Node):
    """Searches before it commits and keeps what it found."""

    remembered: dict[str, Sequence[Found]]

    def look(self, operation: Operation) -> None:
        with self.store.transaction() as tx:
            self.remembered = getattr(self, "remembered", {})
            self.remembered[operation.operation_id] = tx.matching(operation)

    def _judge(self, tx: Transaction, revision: Revision, now: int) -> set[str]:
        found = self.remembered.pop(revision.operation_id, None) if hasattr(self, "remembered") else None
        return super()._judge(tx if found is None else _Told(tx, found), revision, now)


class _Told:
    def __init__(self, tx: Transaction, found: Sequence[Found]) -> None:
        self._tx, self._found = tx, found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def matching(self, operation: Operation) -> Sequence[Found]:
        return [one for one in self._found if getattr(self._tx.current(one.operation_id), "number", 0) == one.revision]


class WorldThatSearchesFirst(World):
    node_class = SearchesFirst

    def submission(self, station: Station, revision: Revision):  # type: ignore[no-untyped-def]
        assert isinstance(station.node, SearchesFirst)
        station.node.look(revision.operation)
        yield None
        station.node.register(revision, self.now)
        yield self.shown(station, revision.operation_id)


class KeepsAbortedVerdict(Node):
    """Returns what a transaction computed although it never committed."""

    def search(self, operation_id: str, now: int) -> Verdict:
        verdict = None
        with suppress(Crashed), self.store.transaction() as tx:
            verdict = self._search(tx, operation_id, now)
        assert verdict is not None
        return verdict


class WorldThatKeepsAbortedVerdicts(World):
    node_class = KeepsAbortedVerdict


class TakesOldAnswers(Exchange):
    """Counts an answer to an older revision for the current one."""

    def _refuse_unbound(self, asked: Asked, reply: Reply, revision: Revision) -> None:
        object.__setattr__(reply, "revision", revision.number)


class WorldThatTakesOldAnswers(World):
    exchange_class = TakesOldAnswers


class TakesSilenceForNo(Exchange):
    """Counts a time-out as *no match*."""

    def unreachable(self, due, now):  # type: ignore[no-untyped-def]
        with self.store.transaction() as tx:
            seen = tx.highest_seen(due.target) or Seen(1, 0)
            tx.note_seen(due.target, seen)
            tx.put_answer(Answer(due.operation_id, due.revision, due.target, Outcome.ANSWERED, seen.epoch, 0, now, now))
            tx.close_due(due.operation_id, due.revision, due.target)
            conclude(tx, due.operation_id, self.node.signer, now)


class WorldThatTakesSilenceForNo(World):
    exchange_class = TakesSilenceForNo


class RepliesBeforeAlarm(Exchange):
    """Lets the reply out although the transaction with its own alarms did not commit."""

    def _evaluate(self, tx: Transaction, message: Message, query: Query, raised: Points, now: int) -> Reply | None:
        self.said = super()._evaluate(tx, message, query, raised, now)
        self.by = tx.identity()
        return self.said

    def _take_query(self, roster, message, now):  # type: ignore[no-untyped-def]
        self.said = None
        with suppress(Crashed):
            return super()._take_query(roster, message, now)
        if self.said is None:
            raise Crashed
        return "reply", self.said.content(), self.by


class WorldThatRepliesBeforeAlarm(World):
    exchange_class = RepliesBeforeAlarm
    crashes = 0.6


class RepliesInSilence(Exchange):
    """Tells the asker and not its own side."""

    def _judge(self, tx, reference, revision, asker, found, now):  # type: ignore[no-untyped-def]
        return super()._judge(_NoAlarms(tx), reference, revision, asker, found, now)


class _NoAlarms:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def put_alarm(self, alarm: object) -> None:
        return None


class WorldThatRepliesInSilence(World):
    exchange_class = RepliesInSilence


class TrustsAnyEpoch(Exchange):
    """Counts an answer of whatever epoch, also one of before a restore."""

    def _take_epoch(self, tx: Transaction, question: Question, message: Message, reply: Reply, now: int) -> None:
        tx.note_seen(question.due.target, Seen(message.epoch, message.sequence))

    def _hear(self, tx: Transaction, partner: str, epoch: int, sequence: int, now: int) -> None:
        return None


class WorldThatTrustsAnyEpoch(World):
    exchange_class = TrustsAnyEpoch


class ForgetsToWithdraw(Node):
    """Leaves the other side of a conflict alone with it after an edit: nothing is ever withdrawn."""

    def _judge(self, tx: Transaction, revision: Revision, now: int) -> set[str]:
        return super()._judge(_NoConflicts(tx), revision, now)  # type: ignore[arg-type]


class _NoConflicts(_NoAlarms):
    def conflicts_of(self, reference: object) -> Sequence[object]:
        return []

    def put_alarm(self, alarm: object) -> None:
        self._tx.put_alarm(alarm)  # type: ignore[arg-type]


class WorldThatForgetsToWithdraw(World):
    node_class = ForgetsToWithdraw


@pytest.mark.parametrize(
    "broken",
    [
        WorldThatSearchesFirst,
        WorldThatKeepsAbortedVerdicts,
        WorldThatTakesOldAnswers,
        WorldThatTakesSilenceForNo,
        WorldThatRepliesBeforeAlarm,
        WorldThatRepliesInSilence,
        WorldThatTrustsAnyEpoch,
        WorldThatForgetsToWithdraw,
    ],
)
@pytest.mark.slow
def test_a_broken_node_is_caught(broken: type[World]) -> None:
    with pytest.raises(Violation):
        play_many(broken)


def play_many(world: type[World]) -> None:
    for seed in range(200):
        play(world(MemoryStore(NORTH), MemoryStore(SOUTH), seed, restores=seed % 2 == 0), steps=60)
