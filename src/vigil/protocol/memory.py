"""The storage port in memory: for tests and the simulator. Same promises as the database, except for power cuts.

A transaction writes into the rows themselves and keeps what stood there before, to put it back when it fails.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from vigil.engine.index import Index
from vigil.engine.operation import Mode, Operation
from vigil.engine.predicate import match
from vigil.protocol.messages import Acknowledgement
from vigil.protocol.store import (
    Alarm,
    Answer,
    Card,
    Conflict,
    Due,
    Found,
    Identity,
    JointTokens,
    Masked,
    Outgoing,
    Pair,
    Reference,
    Revision,
    Roster,
    Seen,
    Status,
    StoredReceipt,
    Verdict,
    is_due,
)


@dataclass
class Rows:
    """All tables. Values are immutable, so a shallow copy of every table is a snapshot."""

    identity: Identity
    roster: Roster = field(default_factory=lambda: Roster(0))
    seen: dict[str, Seen] = field(default_factory=dict)
    foreign: dict[Reference, tuple[int, int]] = field(default_factory=dict)
    revisions: dict[tuple[str, int], Revision] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    due: dict[tuple[str, str], Due] = field(default_factory=dict)
    answers: dict[tuple[str, int, str], Answer] = field(default_factory=dict)
    conflicts: dict[Pair, Conflict] = field(default_factory=dict)
    alarms: dict[str, Alarm] = field(default_factory=dict)
    verdicts: dict[tuple[str, int], Verdict] = field(default_factory=dict)
    receipts: dict[int, StoredReceipt] = field(default_factory=dict)
    masked: dict[Reference, Masked] = field(default_factory=dict)
    joint: dict[tuple[str, str], JointTokens] = field(default_factory=dict)
    taken: dict[tuple[str, str], int] = field(default_factory=dict)
    outgoing: dict[str, Outgoing] = field(default_factory=dict)
    acknowledged: dict[tuple[str, str, str, str], Acknowledgement] = field(default_factory=dict)
    # The same rows by what they are looked up by.
    pairs_of: dict[Reference, tuple[Pair, ...]] = field(default_factory=dict)
    alarms_of: dict[str, tuple[Alarm, ...]] = field(default_factory=dict)
    receipts_of: dict[str, tuple[StoredReceipt, ...]] = field(default_factory=dict)

    def copy(self) -> Rows:
        tables: dict[str, Any] = {name: dict(rows) for name, rows in vars(self).items() if isinstance(rows, dict)}
        return replace(self, **tables)


_ABSENT: Any = object()


class MemoryStore:
    """A store of one node. `cards` gives what partners may be shown, `not_covered` the agencies nobody serves."""

    def __init__(
        self,
        node_id: str,
        epoch: int = 1,
        cards: Mapping[str, Card] | None = None,
        not_covered: Sequence[str] | None = None,
    ) -> None:
        self.rows = Rows(Identity(node_id, epoch, 0))
        self.cards = cards if cards is not None else {}
        self.not_covered = not_covered
        self.index = Index()
        """Current revisions of committed rows."""
        self.is_open = False

    def backup(self) -> Rows:
        """What would be kept now."""
        return self.rows.copy()

    def restore(self, rows: Rows) -> None:
        """Put a backup back; `Node.restore` with a new epoch comes next."""
        self.rows = rows.copy()
        self.index = Index(self.rows.revisions[key].operation for key in self.rows.newest.items())

    def transaction(self) -> MemoryTransaction:
        return MemoryTransaction(self)


class MemoryTransaction:
    """See `store.Transaction` for every promise."""

    def __init__(self, store: MemoryStore) -> None:
        self.rows = store.rows
        self.written: set[str] = set()
        """Operations whose new revision the committed index does not know yet."""
        self.changes: list[tuple[dict[Any, Any], Any, Any]] = []
        """Table, key and what stood there before, in the order of the writes."""
        self._store = store

    def __enter__(self) -> Self:
        if self._store.is_open:
            raise RuntimeError("Transactions are never nested: leave the first one before opening another.")
        self._store.is_open = True
        return self

    def __exit__(self, failure: type[BaseException] | None, error: object, traceback: object) -> None:
        self._store.is_open = False
        if failure is not None:
            self.undo()
            return
        for operation_id in self.written:
            self._store.index.add(self.rows.revisions[operation_id, self.rows.newest[operation_id]].operation)

    def _put(self, table: dict[Any, Any], key: object, value: object) -> None:
        self.changes.append((table, key, table.get(key, _ABSENT)))
        table[key] = value

    def _drop(self, table: dict[Any, Any], key: object) -> None:
        self.changes.append((table, key, table.pop(key)))

    def undo(self) -> None:
        """Put back whatever this transaction has changed."""
        for table, key, value in reversed(self.changes):
            if value is _ABSENT:
                del table[key]
            else:
                table[key] = value

    def identity(self) -> Identity:
        return self.rows.identity

    def advance_sequence(self) -> int:
        sequence = self.rows.identity.sequence + 1
        self._put(vars(self.rows), "identity", replace(self.rows.identity, sequence=sequence))
        return sequence

    def draw_epoch(self, epoch: int) -> None:
        self._put(vars(self.rows), "identity", replace(self.rows.identity, epoch=epoch))

    def roster(self) -> Roster:
        return self.rows.roster

    def set_roster(self, roster: Roster) -> None:
        self._put(vars(self.rows), "roster", roster)

    def highest_seen(self, partner: str) -> Seen | None:
        return self.rows.seen.get(partner)

    def note_seen(self, partner: str, seen: Seen) -> None:
        self._put(self.rows.seen, partner, seen)

    def foreign_revision(self, reference: Reference) -> tuple[int, int] | None:
        return self.rows.foreign.get(reference)

    def note_foreign(self, reference: Reference, epoch: int, revision: int) -> None:
        self._put(self.rows.foreign, reference, (epoch, revision))

    def put_masked(self, masked: Masked) -> None:
        self._put(self.rows.masked, masked.reference, masked)

    def masked(self, reference: Reference) -> Masked | None:
        return self.rows.masked.get(reference)

    def masked_with(self, partner: str, tokens: Collection[str]) -> Sequence[Masked]:
        sought = frozenset(tokens)
        rows = (row for row in self.rows.masked.values() if row.reference.node_id == partner)
        met = (row for row in rows if not sought.isdisjoint(row.subjects) or not sought.isdisjoint(row.cells))
        return sorted(met, key=lambda row: row.reference)

    def put_joint(self, joint: JointTokens) -> None:
        self._put(self.rows.joint, (joint.operation_id, joint.partner), joint)

    def joint(self, operation_id: str, partner: str) -> JointTokens | None:
        row = self.rows.joint.get((operation_id, partner))
        return row if row is not None and row.revision == self.rows.newest.get(operation_id) else None

    def joint_with(self, partner: str, tokens: Collection[str]) -> Sequence[str]:
        sought = frozenset(tokens)
        rows = [row for (_, node), row in self.rows.joint.items() if node == partner]
        met = (row for row in rows if not sought.isdisjoint(row.subjects) or not sought.isdisjoint(row.cells))
        return sorted(row.operation_id for row in met if row.revision == self.rows.newest.get(row.operation_id))

    def uncovered(self, partner: str, mode: Mode, now: int) -> bool:
        for revision in self._currents():
            operation, operation_id = revision.operation, revision.operation_id
            if not operation.registered or operation.mode is not mode or not operation.sites:
                continue
            joint = self.joint(operation_id, partner)
            is_covered = (joint is not None and joint.cells) or (operation_id, partner) in self.rows.due
            if revision.last_window_end > now and not is_covered:
                return True
        return False

    def subjects_of(self, operation_id: str) -> Sequence[tuple[str, str]]:
        revision = self.current(operation_id)
        return [(subject, subject) for subject in sorted(revision.operation.subjects)] if revision else []

    def remember(self, sender: str, message_id: str, until: int) -> bool:
        if (sender, message_id) in self.rows.taken:
            return False
        self._put(self.rows.taken, (sender, message_id), until)
        return True

    def put_outgoing(self, outgoing: Outgoing) -> None:
        self._put(self.rows.outgoing, outgoing.key, outgoing)

    def outgoing(self, now: int, partner: str | None = None, most: int | None = None) -> Sequence[Outgoing]:
        of_whom = (row for row in self.rows.outgoing.values() if partner in (None, row.partner))
        rows = (row for row in of_whom if is_due(row.run_after, now))
        return sorted(rows, key=lambda row: (row.run_after, row.key))[:most]

    def close_outgoing(self, key: str) -> None:
        if key in self.rows.outgoing:
            self._drop(self.rows.outgoing, key)

    def put_acknowledgement(self, partner: str, acknowledgement: Acknowledgement) -> None:
        one = acknowledgement
        self._put(self.rows.acknowledged, (partner, one.operation_id, one.other, one.step), one)

    def current(self, operation_id: str) -> Revision | None:
        number = self.rows.newest.get(operation_id)
        return None if number is None else self.rows.revisions[operation_id, number]

    def put_revision(self, revision: Revision) -> None:
        self._put(self.rows.revisions, (revision.operation_id, revision.number), revision)
        self._put(self.rows.newest, revision.operation_id, revision.number)
        self.written.add(revision.operation_id)

    def _currents(self) -> Iterator[Revision]:
        for operation_id in sorted(self.rows.newest):
            yield self.rows.revisions[operation_id, self.rows.newest[operation_id]]

    def active(self, now: int) -> Sequence[str]:
        currents = (one for one in self._currents() if one.status is not Status.DRAFT)
        return [one.operation_id for one in currents if one.over_at > now]

    def unended(self, before: int) -> Sequence[str]:
        return [
            one.operation_id
            for one in self._currents()
            if one.status in (Status.REGISTERED, Status.UNDER_WAY) and one.overdue_sites(before)
        ]

    def matching(self, operation: Operation) -> Sequence[Found]:
        met = {one: how for one, how in self._store.index.search(operation) if one not in self.written}
        for one in self.written:
            how = match(operation, self.rows.revisions[one, self.rows.newest[one]].operation)
            if how is not None:
                met[one] = how
        return [Found(one, self.rows.newest[one], met[one]) for one in sorted(met)]

    def card(self, operation_id: str) -> Card:
        return self._store.cards.get(operation_id, Card())

    def open_due(self, due: Due) -> None:
        self._put(self.rows.due, (due.operation_id, due.target), due)

    def due(self, now: int, target: str | None = None, most: int | None = None) -> Sequence[Due]:
        of_whom = (due for due in self.rows.due.values() if target in (None, due.target))
        rows = (due for due in of_whom if is_due(due.run_after, now))
        return sorted(rows, key=lambda due: (due.run_after, due.operation_id, due.target))[:most]

    def due_of(self, operation_id: str) -> Sequence[Due]:
        rows = (due for due in self.rows.due.values() if due.operation_id == operation_id)
        return sorted(rows, key=lambda due: due.target)

    def postpone(self, due: Due, until: int) -> None:
        row = self.rows.due.get((due.operation_id, due.target))
        if row is not None and row.revision == due.revision:
            self.open_due(replace(row, run_after=until, attempts=row.attempts + 1))

    def close_due(self, operation_id: str, revision: int, target: str) -> None:
        row = self.rows.due.get((operation_id, target))
        if row is not None and row.revision == revision:
            self._drop(self.rows.due, (operation_id, target))

    def put_answer(self, answer: Answer) -> None:
        self._put(self.rows.answers, (answer.operation_id, answer.revision, answer.partner), answer)

    def answers(self, operation_id: str, revision: int) -> Sequence[Answer]:
        keys = sorted(key for key in self.rows.answers if key[:2] == (operation_id, revision))
        return [self.rows.answers[key] for key in keys]

    def conflict(self, pair: Pair) -> Conflict | None:
        return self.rows.conflicts.get(pair)

    def conflicts_of(self, reference: Reference) -> Sequence[Conflict]:
        return [self.rows.conflicts[pair] for pair in self.rows.pairs_of.get(reference, ())]

    def put_conflict(self, conflict: Conflict) -> None:
        pair = conflict.pair
        if pair not in self.rows.conflicts:
            for reference in (pair.a, pair.b):
                known = self.rows.pairs_of.get(reference, ())
                self._put(self.rows.pairs_of, reference, tuple(sorted((*known, pair))))
        self._put(self.rows.conflicts, pair, conflict)

    def put_alarm(self, alarm: Alarm) -> None:
        if alarm.key in self.rows.alarms:
            raise ValueError(f"The alarm {alarm.key} was raised before: nobody is told twice.")
        self._put(self.rows.alarms, alarm.key, alarm)
        known = self.rows.alarms_of.get(alarm.operation_id, ())
        self._put(self.rows.alarms_of, alarm.operation_id, (*known, alarm))

    def alarms_of(self, operation_id: str) -> Sequence[Alarm]:
        return self.rows.alarms_of.get(operation_id, ())

    def verdict(self, operation_id: str) -> Verdict | None:
        return self.rows.verdicts.get((operation_id, self.rows.newest.get(operation_id, 0)))

    def put_verdict(self, verdict: Verdict) -> None:
        self._put(self.rows.verdicts, (verdict.operation_id, verdict.revision), verdict)

    def not_covered(self, operation_id: str) -> Sequence[str] | None:
        return self._store.not_covered

    def last_receipt(self) -> StoredReceipt | None:
        return self.rows.receipts[max(self.rows.receipts)] if self.rows.receipts else None

    def put_receipt(self, receipt: StoredReceipt) -> None:
        self._put(self.rows.receipts, receipt.number, receipt)
        known = self.rows.receipts_of.get(receipt.operation_id, ())
        self._put(self.rows.receipts_of, receipt.operation_id, (*known, receipt))

    def receipts_of(self, operation_id: str) -> Sequence[StoredReceipt]:
        return self.rows.receipts_of.get(operation_id, ())
