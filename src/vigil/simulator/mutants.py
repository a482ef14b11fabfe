"""Safeguards removed on purpose: a simulator that does not catch these is no evidence.

Each mutant is a small subclass of the real `Node`, `Exchange` or store, or a patch of one function, that lacks one
safeguard. docs/protocol/simulation.md says which invariant catches it and after how many seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from vigil.engine import predicate
from vigil.engine.operation import Match, Operation
from vigil.protocol import coverage, envelope, judgement, node, store
from vigil.protocol.coverage import conclude
from vigil.protocol.envelope import Malformed, Message
from vigil.protocol.exchange import Exchange, NotAnAnswer
from vigil.protocol.memory import MemoryTransaction
from vigil.protocol.messages import NO_POINTS, Asked, Query, Reply
from vigil.protocol.node import Node
from vigil.protocol.receipts import Coverage
from vigil.protocol.steps import write_revision
from vigil.protocol.store import (
    OWN,
    Alarm,
    Answer,
    Card,
    Due,
    Found,
    Outcome,
    Partner,
    Reference,
    Revision,
    Roster,
    SearchFailed,
    Seen,
    Side,
    Transaction,
    Verdict,
)
from vigil.simulator.crashing import Around, Crashed, CrashingStore
from vigil.simulator.patched import in_the_nodes, patched
from vigil.simulator.station import Cast, Station

if TYPE_CHECKING:
    from vigil.simulator.world import World


@dataclass(frozen=True)
class Mutant:
    """A node without one safeguard. `at_work` patches what is no method of a class, for as long as it lasts."""

    removed: str
    cast: Cast = field(default_factory=Cast)
    at_work: Callable[[], AbstractContextManager[object]] = nullcontext


# -- commit, then search -------------------------------------------------------------------------------------------


class SearchesFirst(Node):
    """Searches before it commits and keeps what it found."""

    found: dict[str, Sequence[Found]]

    def look(self, operation: Operation) -> None:
        with self.store.transaction() as tx:
            self.found = {**getattr(self, "found", {}), operation.operation_id: tx.matching(operation)}

    def _judge(self, tx: Transaction, revision: Revision, now: int) -> set[str]:
        found = getattr(self, "found", {}).pop(revision.operation_id, None)
        return super()._judge(tx if found is None else cast(Transaction, _Remembering(tx, found)), revision, now)


class _Remembering(Around):
    def __init__(self, tx: Any, found: Sequence[Found]) -> None:
        super().__init__(tx)
        self._found = found

    def matching(self, operation: Operation) -> Sequence[Found]:
        current = ((one, self._tx.current(one.operation_id)) for one in self._found)
        return [one for one, revision in current if revision is not None and revision.number == one.revision]


def _look(world: World, station: Station, revision: Revision) -> None:
    with suppress(SearchFailed):
        cast(SearchesFirst, station.node).look(revision.operation)


class AsksFirst(Exchange):
    """Asks its partners before it commits and counts what they answered."""

    early: list[tuple[Asked, bytes]]

    def questions(
        self, now: int, operation_id: str | None = None, partner: str | None = None, most: int | None = None
    ) -> Sequence[Any]:
        for asked, token in self.__dict__.pop("early", ()):
            with suppress(NotAnAnswer):
                self.accept_answer(asked, token, now)
        return super().questions(now, operation_id, partner, most)


def _ask(world: World, station: Station, revision: Revision) -> None:
    """The partners evaluate an operation that is not stored yet; what is written for the question is taken back."""
    store, exchange_ = station.store, cast(AsksFirst, station.exchange)
    live, on_commit = store.backup(), store.on_commit
    store.on_commit = lambda tx: None
    store.live_on()
    station.node.register(revision, station.clock)
    asked = [exchange_.asked(one, station.clock) for one in exchange_.questions(station.clock, revision.operation_id)]
    store.restore(live)
    store.on_commit = on_commit
    for one in asked:
        partner = world.by_id[one.question.due.target]
        with suppress(Malformed, Crashed):
            if partner.up:
                early = exchange_.__dict__.setdefault("early", [])
                early.append((one, partner.exchange.receive(one.token, partner.clock)))


class KeepsAbortedVerdict(Node):
    """Returns what a transaction computed although it never committed."""

    def search(self, operation_id: str, now: int) -> Verdict:
        verdict = None
        with suppress(Crashed), self.store.transaction() as tx:
            verdict = self._search(tx, operation_id, now)
        assert verdict is not None
        return verdict


class EditsWithoutAsking(Node):
    """Takes what was answered to the revision before for the new one too."""

    def register(self, revision: Revision, now: int, within: Transaction | None = None) -> Revision:
        with self.store.transaction() as tx:
            written = write_revision(tx, revision, now)
            for answer in tx.answers(revision.operation_id, revision.number - 1):
                tx.put_answer(replace(answer, revision=revision.number))
                tx.close_due(revision.operation_id, revision.number, answer.partner)
        return written


class ForgetsToWithdraw(Node):
    """Leaves the other side of a conflict alone with it after an edit."""

    def _judge(self, tx: Transaction, revision: Revision, now: int) -> set[str]:
        return super()._judge(cast(Transaction, _NoConflicts(tx)), revision, now)


class _NoConflicts(Around):
    def conflicts_of(self, reference: Reference) -> Sequence[object]:
        return []


# -- questions and answers -----------------------------------------------------------------------------------------


class TakesSilenceForNo(Exchange):
    """Counts a time-out as *no match*."""

    def unreachable(self, due: Due, now: int) -> None:
        with self.store.transaction() as tx:
            seen = tx.highest_seen(due.target) or Seen(1, 0)
            tx.note_seen(due.target, seen)
            tx.put_answer(Answer(due.operation_id, due.revision, due.target, Outcome.ANSWERED, seen.epoch, 0, now, now))
            tx.close_due(due.operation_id, due.revision, due.target)
            conclude(tx, due.operation_id, self.node.signer, now)


class GivesUp(Exchange):
    """Asks once and never again."""

    def unreachable(self, due: Due, now: int) -> None:
        with self.store.transaction() as tx:
            tx.close_due(due.operation_id, due.revision, due.target)


class RemembersInMemory(Exchange):
    """Keeps what is to be asked in its memory, which a crash empties."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        with self.store.transaction() as tx:
            for due in tx.due(node.END_OF_TIME):
                if due.target != OWN:
                    tx.close_due(due.operation_id, due.revision, due.target)


class TakesOldAnswers(Exchange):
    """Counts an answer to an older revision for the current one."""

    def _refuse_unbound(self, asked: Asked, reply: Reply, revision: Revision) -> None:
        object.__setattr__(reply, "revision", revision.number)
        object.__setattr__(asked.query, "revision", revision.number)


class RepliesBeforeAlarm(Exchange):
    """Lets the reply out although the transaction with its own alarms did not commit."""

    def _take_query(self, roster: Roster, message: Message, now: int) -> Any:
        query = Query.read(message.content)
        known = any(one.node_id == message.sender for one in roster.members)
        raised = self._raised(message.sender, query.points) if known else NO_POINTS
        said: Any = None
        with suppress(Crashed), self._fresh(message, now) as tx:
            reply = self._evaluate(tx, message, query, raised, now)
            said = ("reply", reply.content(), tx.identity()) if reply else None
        if said is None:
            raise Malformed("There is nothing to say.")
        return said


class RepliesInSilence(Exchange):
    """Tells the asker and not its own side."""

    def _judge(self, tx: Transaction, *args: Any) -> Any:
        return super()._judge(cast(Transaction, _NoAlarms(tx)), *args)


class _NoAlarms(Around):
    def put_alarm(self, alarm: Alarm) -> None:
        return None


class OnlyReplies(Exchange):
    """Tells the asker and stores nothing of it."""

    def _judge(self, tx: Transaction, *args: Any) -> Any:
        return super()._judge(cast(Transaction, _NoRows(tx)), *args)


class _NoRows(_NoAlarms):
    def put_conflict(self, conflict: object) -> None:
        return None


class TrustsAnyEpoch(Exchange):
    """Counts an answer of whatever epoch, also one of before a restore."""

    def _take_epoch(self, tx: Transaction, question: Any, message: Message, reply: Reply, now: int) -> None:
        tx.note_seen(message.sender, Seen(message.epoch, message.sequence, clock=reply.evaluated_at - now))

    def _hear(self, tx: Transaction, partner: str, epoch: int, sequence: int, now: int) -> None:
        return None


class ForgetsRounds(Exchange):
    """Counts an answer to a question that was sent before the partner announced a new epoch."""

    def _take_epoch(self, tx: Transaction, question: Any, message: Message, reply: Reply, now: int) -> None:
        seen = tx.highest_seen(message.sender)
        if seen is not None and question.seen is not None:
            question = replace(question, seen=replace(question.seen, round=seen.round, epoch=seen.epoch))
        super()._take_epoch(tx, question, message, reply, now)


class TrustsOldSnapshots(Exchange):
    """Counts an answer from an older state than the partner had shown before."""

    def _take_epoch(self, tx: Transaction, question: Any, message: Message, reply: Reply, now: int) -> None:
        if question.seen is not None:
            question = replace(question, seen=replace(question.seen, sequence=0))
        super()._take_epoch(tx, question, message, reply, now)


class TrustsNewSnapshots(Exchange):
    """Counts the first answer of a new epoch also from an older state than the partner had shown in that epoch."""

    def _take_epoch(self, tx: Transaction, question: Any, message: Message, reply: Reply, now: int) -> None:
        if question.seen is not None:
            question = replace(question, seen=replace(question.seen, announced_sequence=0))
        super()._take_epoch(tx, question, message, reply, now)


class TakesCellsForAnswers(Exchange):
    """Counts a blind answer that met something without asking exactly."""

    def _take_matches(self, *args: Any) -> Outcome:
        outcome = super()._take_matches(*args)
        return Outcome.ANSWERED if outcome is Outcome.EXACT_WANTED else outcome


# -- stores --------------------------------------------------------------------------------------------------------


def _store(around: type[Around]) -> type[CrashingStore]:
    """A store whose transactions are those."""

    class Store(CrashingStore):
        def given(self, tx: MemoryTransaction) -> MemoryTransaction:
            return cast(MemoryTransaction, around(super().given(tx)))

    return Store


class _Skipping(Around):
    """Leaves out a record that it cannot read."""

    def matching(self, operation: Operation) -> Sequence[Found]:
        found: Sequence[Found] = self._tx.matching(operation)
        return [one for one in found if len(self._tx.current(one.operation_id).operation.sites) < 2]


class _Truncating(Around):
    """Gives the first rows only."""

    def matching(self, operation: Operation) -> Sequence[Found]:
        found: Sequence[Found] = self._tx.matching(operation)
        return found[:1]


class _KeepingNoTokens(Around):
    """Keeps nothing of a partner's query: a subject shared with a later operation is not seen."""

    def put_masked(self, masked: object) -> None:
        return None


class _AlarmingTwice(Around):
    """A retry raises the alarm again."""

    def put_alarm(self, alarm: Alarm) -> None:
        self._tx.put_alarm(alarm)
        self._tx.put_alarm(replace(alarm, key=alarm.key + " again"))


class _LosingAlarms(Around):
    """Stores a conflict and leaves its alarm to a later transaction."""

    def put_alarm(self, alarm: Alarm) -> None:
        return None


class _ShowingSilent(Around):
    """Shows the contact of a silent operation."""

    def card(self, operation_id: str) -> Card:
        return Card("agency", f"contact of {operation_id}", f"phone of {operation_id}")


# -- roster, purge -------------------------------------------------------------------------------------------------


class JoinsInSilence(Node):
    """Does not ask a partner that joins about what is active."""

    def change_roster(self, members: Sequence[Partner], now: int) -> Roster:
        with patched(lambda tx, partner, now: None, (node, "ask_again")):
            return super().change_roster(members, now)


class RestoresInSilence(Node):
    """Comes back from an older backup as if nothing had happened."""

    def restore(self, epoch: int, now: int) -> None:
        return None


class PurgesEarly(Node):
    """Removes what has begun, whoever has not answered yet."""

    def extend_overdue(self, now: int, ahead: int = node.AHEAD_US) -> Sequence[Revision]:
        with self.store.transaction() as tx:
            for operation_id in tx.active(now):
                revision = tx.current(operation_id)
                if revision is not None and any(site.starts_at <= now for site in revision.operation.sites):
                    for due in tx.due_of(operation_id):
                        tx.close_due(operation_id, due.revision, due.target)
        return super().extend_overdue(now, ahead)


# -- patches -------------------------------------------------------------------------------------------------------


def _match_joint_by_one(a: Operation, b: Operation) -> Match | None:
    named = b.operation_id in a.joint_with or a.operation_id in b.joint_with
    return None if named else predicate.match(a, b)


def _told_never_of_the_silent(side: Side, other: Side, match: Match) -> bool:
    return side.silent or not other.silent


def _refused_counts() -> AbstractContextManager[None]:
    counted = dict.fromkeys(coverage._OUTCOME, coverage._OUTCOME[Coverage.ANSWERED])
    counted[Coverage.NOT_ANSWERED] = coverage._OUTCOME[Coverage.NOT_ANSWERED]
    return patched(counted, (coverage, "_OUTCOME"))


def _asked_about_places_alone() -> AbstractContextManager[None]:
    return patched(vars(Revision)["last_window_end"], (cast(ModuleType, Revision), "over_at"))


UNCHANGED = Mutant("nothing")
MUTANTS: dict[str, Mutant] = {
    "search-first": Mutant("commit before the own search", Cast(node=SearchesFirst, before_commit=_look)),
    "ask-first": Mutant("commit before the partners are asked", Cast(exchange=AsksFirst, before_commit=_ask)),
    "aborted-verdict": Mutant("a verdict leaves after its commit only", Cast(node=KeepsAbortedVerdict)),
    "timeout-no-match": Mutant("silence is no answer", Cast(exchange=TakesSilenceForNo)),
    "no-retry": Mutant("a question is put until it is answered", Cast(exchange=GivesUp)),
    "due-in-memory": Mutant("what is to be asked is stored with the revision", Cast(exchange=RemembersInMemory)),
    "answer-before-alarm": Mutant("a reply leaves after its own alarm", Cast(exchange=RepliesBeforeAlarm)),
    "silent-receiver": Mutant("the replier alarms its own side", Cast(exchange=RepliesInSilence)),
    "forgetful-receiver": Mutant("the replier stores the conflict", Cast(exchange=OnlyReplies)),
    "stale-verdict": Mutant("an answer is bound to its revision", Cast(exchange=TakesOldAnswers)),
    "edit-without-asking": Mutant("an edit is a new query", Cast(node=EditsWithoutAsking)),
    "no-withdrawal": Mutant("whoever met the old extent is told", Cast(node=ForgetsToWithdraw)),
    "trust-restored": Mutant("an answer counts in the current epoch only", Cast(exchange=TrustsAnyEpoch)),
    "no-round": Mutant("a question of before a new epoch is void", Cast(exchange=ForgetsRounds)),
    "trust-snapshot": Mutant("an answer from an older state is none", Cast(exchange=TrustsOldSnapshots)),
    "trust-new-snapshot": Mutant("nor the first one of a new epoch", Cast(exchange=TrustsNewSnapshots)),
    "skip-record": Mutant("no record is skipped", Cast(store=_store(_Skipping))),
    "truncated": Mutant("no search is cut short", Cast(store=_store(_Truncating))),
    "no-tokens-kept": Mutant("a query's joint tokens are kept", Cast(store=_store(_KeepingNoTokens))),
    "cells-for-answers": Mutant(
        "cells that meet are followed by the exact question", Cast(exchange=TakesCellsForAnswers)
    ),
    "double-alarm": Mutant("nobody is told twice", Cast(store=_store(_AlarmingTwice))),
    "late-alarm": Mutant("a conflict and its alarms are one transaction", Cast(store=_store(_LosingAlarms))),
    "silent-card": Mutant("a silent operation shows the watch desk", Cast(store=_store(_ShowingSilent))),
    "silent-leak": Mutant(
        "a silent operation's subject match is its owner's alone",
        at_work=lambda: in_the_nodes(judgement.told, lambda side, other, match: True),
    ),
    "silent-place-hidden": Mutant(
        "a place match is never silent",
        at_work=lambda: in_the_nodes(judgement.told, _told_never_of_the_silent),
    ),
    "joint-by-one": Mutant(
        "two are joint when each names the other",
        at_work=lambda: in_the_nodes(predicate.match, _match_joint_by_one),
    ),
    "refused-counts": Mutant("a refusal is no answer", at_work=_refused_counts),
    "join-not-asked": Mutant("who joins the roster is asked about everything", Cast(node=JoinsInSilence)),
    "restore-same-epoch": Mutant("a restore draws a new epoch", Cast(node=RestoresInSilence)),
    "purge-early": Mutant("purge waits for unanswered questions", Cast(node=PurgesEarly)),
    "asked-for-places": Mutant("partners are asked as long as a subject may meet", at_work=_asked_about_places_alone),
    "put-off-for-ever": Mutant(
        "what a fast clock has put off is due at once",
        at_work=lambda: in_the_nodes(store.is_due, lambda run_after, now: run_after <= now),
    ),
    "unsigned": Mutant(
        "a message counts when its node has signed it",
        at_work=lambda: patched(lambda key, body, signature: True, (envelope, "verify")),
    ),
}
"""By name, in the order of the documentation."""
