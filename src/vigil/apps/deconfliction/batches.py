"""Many operations in one transaction of the store: what concerns them is read and written in few queries.

`BatchTransaction` keeps every promise of `DatabaseTransaction`: the same state machine runs on it, reads see what it
has put, and all is written when the block is left, or nothing. Where the protocol asks for something that depends on
rows not yet written (a search, the list of what is overdue), they are written first.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Model, QuerySet, prefetch_related_objects

from vigil.apps.deconfliction import models, notices, plan_rows, search, store
from vigil.apps.deconfliction.alarms import incidents
from vigil.apps.deconfliction.lists import operation_words
from vigil.apps.deconfliction.plan import Plan
from vigil.apps.deconfliction.plan_rows import Author, moment
from vigil.apps.deconfliction.store import DatabaseTransaction, Written
from vigil.engine import operation as engine
from vigil.platform.agencies import models as agencies
from vigil.platform.prepared import Prepared, PreparedChange, insert, new
from vigil.protocol import store as port
from vigil.protocol.judgement import told
from vigil.protocol.messages import Acknowledgement
from vigil.protocol.store import OWN, Pair, Reference


class BatchStore:
    """The node's store for a batch. `written` is what revisions are stored with, by operation id."""

    def __init__(self, written: Mapping[str, Written] | None = None) -> None:
        self._written = written or {}
        self._open: BatchTransaction | None = None
        self.done: BatchTransaction | None = None
        """The transaction that was written last: what it holds is what it committed."""

    @contextmanager
    def batch(self) -> Iterator[BatchTransaction]:
        """One transaction around many calls of the state machine."""
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [store.LOCK])
            self._open = BatchTransaction(self._written)
            try:
                yield self._open
                self._open.flush()
                self._open.settle()
                self.done = self._open
            finally:
                self._open = None

    @contextmanager
    def transaction(self) -> Iterator[BatchTransaction]:
        """The batch that is open, or one of its own."""
        if self._open is not None:
            yield self._open
            return
        with self.batch() as one:
            yield one


M = TypeVar("M", bound=Model)

FEW = 4
"""Up to so many operations are read one by one with prepared queries, which is faster than one query for all."""
PART = 500
"""So many operations are read at once: SQLite takes no longer lists where a search meets thousands."""


class _Rows(Generic[M]):
    """The rows that belong to operations: `make(lookup)` asks for them by one operation or many."""

    def __init__(self, make: Callable[[Mapping[str, Any]], QuerySet[M]]) -> None:
        self._make = make
        self._of_one = Prepared(lambda key: make({"operation_id": key}))

    def of(self, wanted: Sequence[UUID]) -> list[M]:
        if len(wanted) > FEW:
            return list(self._make({"operation_id__in": wanted}))
        return list({row.pk: row for key in wanted for row in self._of_one(key)}.values())


_VERDICTS = _Rows(lambda of: models.Verdict.objects.filter(revision=F("operation__revision"), **of))
_DUES = _Rows(lambda of: models.SearchDue.objects.filter(**of))
_RECEIPTS = _Rows(lambda of: models.Receipt.objects.filter(**of).order_by("number"))
_CONFLICTS = _Rows(
    lambda of: models.Conflict.objects.filter(
        pk__in=models.ConflictSide.objects.filter(node=OWN, **of).values("conflict_id")
    )
)
_CLOSE = PreparedChange(lambda key, target: models.SearchDue.objects.filter(operation_id=key, target=target))
_DETERMINE = PreparedChange(
    lambda key, revision: models.Operation.objects.filter(pk=key, revision=revision),
    "determination",
    "determination_tentative",
)
_ADVANCE = PreparedChange(
    lambda: agencies.Node.objects.filter(slot=1), "sequence", "reference_year", "reference_number"
)


def _current_rows(wanted: Sequence[UUID]) -> list[models.Revision]:
    """The current revisions, each with its operation, sites and subjects at hand."""
    if len(wanted) <= FEW:
        return [row for key in wanted if (row := store.current_row(key)) is not None]
    rows = models.Revision.objects.filter(number=F("operation__revision"), operation_id__in=wanted)
    return list(rows.prefetch_related("operation", "sites", "subjects"))


@dataclass(frozen=True, slots=True)
class Shown:
    """An operation as a transaction leaves it: its current revision with operation, sites and subjects at hand, what
    is determined of it, and the receipt that proves that.
    """

    revision: models.Revision
    verdict: port.Verdict
    receipt: port.StoredReceipt | None
    in_conflict: bool
    """Whether it ever met another one; False: there is no conflict to be read."""


@dataclass(slots=True)
class _Put:
    """A revision that waits to be written."""

    revision: port.Revision
    plan: Plan
    author: Author
    operation: models.Operation
    columns: dict[str, Any]


class BatchTransaction(DatabaseTransaction):
    """See the module."""

    def __init__(self, written: Mapping[str, Written]) -> None:
        super().__init__(None)
        self._contents_of = written
        self._node: agencies.Node | None = None
        self._drawn = False
        self._readers = notices.Readers()
        self._changed_at: datetime | None = None
        # What is known of operations that were loaded or put
        self._rows: dict[str, models.Revision | None] = {}
        self._operations: dict[str, models.Operation] = {}
        self._revisions: dict[str, port.Revision | None] = {}
        self._verdicts: dict[str, port.Verdict | None] = {}
        self._dues: dict[str, dict[str, port.Due]] = {}
        self._receipts: dict[str, list[port.StoredReceipt]] = {}
        self._conflicts: dict[Pair, port.Conflict] = {}
        self._conflict_rows: dict[Pair, models.Conflict] = {}
        self._pairs: defaultdict[Reference, set[Pair]] = defaultdict(set)
        self._judged: set[Reference] = set()
        self._found: dict[engine.Operation, Sequence[port.Found]] = {}
        self._overdue: dict[int, Sequence[str]] = {}
        # What waits to be written
        self._puts: list[_Put] = []
        self._opened: dict[tuple[str, str], port.Due] = {}
        self._closed: set[tuple[str, str]] = set()
        self._said: dict[str, port.Verdict] = {}
        self._met: dict[Pair, port.Conflict] = {}
        self._issued: list[port.StoredReceipt] = []

    # --- reading ahead ------------------------------------------------------------------------------------------------

    def expect_new(self, operation_ids: Iterable[str]) -> None:
        """Operations that this batch will create: nothing is stored of them yet."""
        for key in operation_ids:
            self._revisions[key] = self._rows[key] = self._verdicts[key] = None
            self._dues[key], self._receipts[key] = {}, []
            self._judged.add(Reference(OWN, key))

    def store_with(self, operation_id: str, written: Written) -> None:
        """What the operation's next revision is stored with."""
        self._contents_of = {**self._contents_of, operation_id: written}

    def load(self, operation_ids: Iterable[str]) -> None:
        """Read what is stored of these operations, in a few queries for all of them."""
        wanted = [UUID(key) for key in set(operation_ids) - self._revisions.keys()]
        for start in range(0, len(wanted), PART):
            self._load_part(wanted[start : start + PART])

    def _load_part(self, wanted: Sequence[UUID]) -> None:
        keys = [str(key) for key in wanted]
        rows = {str(row.operation_id): row for row in _current_rows(wanted)}
        for key in keys:
            row = rows.get(key)
            self._rows[key] = row
            self._revisions[key] = store.revision_of(row) if row else None
            self._verdicts[key], self._dues[key], self._receipts[key] = None, {}, []
            if row:
                self._operations[key] = row.operation
        for verdict in _VERDICTS.of(wanted):
            self._verdicts[str(verdict.operation_id)] = store.verdict_of(verdict)
        for due in _DUES.of(wanted):
            self._dues[str(due.operation_id)][due.target] = store.due_of(due)
        self._load_receipts([key for key in wanted if self._may_have_receipts(str(key))])
        self._load_conflicts(wanted)

    def _may_have_receipts(self, key: str) -> bool:
        """A first revision whose own search is still due was never answered: nothing was ever proved of it."""
        row = self._rows[key]
        return row is not None and (row.number > 1 or OWN not in self._dues[key])

    def _load_receipts(self, wanted: Sequence[UUID]) -> None:
        for receipt in _RECEIPTS.of(wanted):
            self._receipts[str(receipt.operation_id)].append(store.receipt_of(receipt))

    def _load_conflicts(self, wanted: Sequence[UUID]) -> None:
        found = _CONFLICTS.of(wanted)
        few = len(found) <= FEW
        if not few:
            prefetch_related_objects(found, "sides")
        for row in found:
            conflict = store.conflict_of(row, store.sides_of(row) if few else row.sides.all())
            if conflict.pair not in self._conflicts:
                self._know(conflict, row)
        self._judged.update(Reference(OWN, str(key)) for key in wanted)

    def _know(self, conflict: port.Conflict, row: models.Conflict | None = None) -> None:
        self._conflicts[conflict.pair] = conflict
        if row is not None:
            self._conflict_rows[conflict.pair] = row
        for reference in (conflict.pair.a, conflict.pair.b):
            self._pairs[reference].add(conflict.pair)

    def search_ahead(self, operation_ids: Sequence[str]) -> None:
        """Search for all of these at once, and read what the searches are going to ask for."""
        self.load(operation_ids)
        self._write_revisions()
        met: set[str] = set()
        for key in operation_ids:
            revision = self._revisions[key]
            if revision is not None:
                found = self._found[revision.operation] = search.matching(revision.operation)
                met.update(one.operation_id for one in found)
        self.load(met)

    # --- what it holds ------------------------------------------------------------------------------------------------

    def operation(self, operation_id: str) -> models.Operation:
        """The row of an operation that was put or loaded; `KeyError` for any other."""
        return self._operations[operation_id]

    def shown(self, operation_id: str) -> Shown | None:
        """The operation as it stands; None where its current revision was written here or nothing is said of it."""
        row, verdict = self._rows.get(operation_id), self._verdicts.get(operation_id)
        if row is None or verdict is None or not row.number == row.operation.revision == verdict.revision:
            return None
        proofs = (one for one in self._receipts[operation_id] if one.number == verdict.receipt)
        own = Reference(OWN, operation_id)
        # What was not looked for may be there.
        in_conflict = own not in self._judged or bool(self._pairs[own])
        return Shown(row, verdict, next(proofs, None), in_conflict)

    # --- the node -----------------------------------------------------------------------------------------------------

    def _own(self) -> agencies.Node:
        if self._node is None:
            self._node = agencies.this_node()
        return self._node

    def identity(self) -> port.Identity:
        node = self._own()
        return port.Identity(str(node.id), node.epoch, node.sequence)

    def advance_sequence(self) -> int:
        node = self._own()
        self._drawn = True
        node.sequence += 1
        return node.sequence

    def draw_epoch(self, epoch: int) -> None:
        super().draw_epoch(epoch)
        self._own().epoch = epoch

    def _reference(self, at: datetime) -> str:
        """The next human reference, as `agencies.next_reference` draws it."""
        node = self._own()
        self._drawn = True
        year = at.year % 100
        node.reference_number = node.reference_number + 1 if node.reference_year == year else 1
        node.reference_year = year
        return f"{node.code}-{year:02d}-{node.reference_number:06d}"

    # --- operations ---------------------------------------------------------------------------------------------------

    def current(self, operation_id: str) -> port.Revision | None:
        self.load((operation_id,))
        return self._revisions[operation_id]

    def _current_row(self, operation_id: str) -> models.Revision | None:
        self._write_revisions()
        known = self._rows.get(operation_id)
        if known is not None and known.number == known.operation.revision:
            return known
        return super()._current_row(operation_id)

    def put_revision(self, revision: port.Revision) -> None:
        key = revision.operation_id
        self.load((key,))
        written = self._contents_of.get(key)
        if written is not None:
            plan, author = written.plan, written.author
        else:
            plan, author = self._contents(revision, self._current_row(key))
        columns = self._operation_columns(revision, plan, author, written)
        operation = self._operations.get(key)
        if operation is None:
            reference = revision.reference or self._reference(author.at)
            operation = store.new_operation(revision, plan, author, reference, columns, written)
        else:
            # Who saw it before it was made silent sees it go.
            self._tell(operation, author.at)
        for column, value in columns.items():
            setattr(operation, column, value)
        self._operations[key] = operation
        self._revisions[key] = replace(revision, reference=operation.reference)
        self._verdicts[key] = None
        self._found.clear()
        self._overdue.clear()
        self._puts.append(_Put(revision, plan, author, operation, columns))
        self._tell(operation, author.at)

    def _tell(self, operation: models.Operation, at: datetime) -> None:
        self._readers |= notices.readers_of(operation)
        self._changed_at = at

    def active(self, now: int) -> Sequence[str]:
        self.flush()
        found = super().active(now)
        self.load(found)  # whoever asks for all of them goes through all of them
        return found

    def unended(self, before: int) -> Sequence[str]:
        if before not in self._overdue:
            self._write_revisions()
            self._overdue[before] = super().unended(before)
        return self._overdue[before]

    def matching(self, operation: engine.Operation) -> Sequence[port.Found]:
        if operation in self._found:
            return self._found[operation]
        self._write_revisions()
        return super().matching(operation)

    @cached_property
    def _knows_unserved(self) -> bool:
        return agencies.knows_unserved()

    def not_covered(self, operation_id: str) -> Sequence[str] | None:
        if not self._knows_unserved:
            return None
        current = self.current(operation_id)
        return store.neighbours(current.operation.sites if current else ())

    # --- searches and determinations ----------------------------------------------------------------------------------

    def open_due(self, due: port.Due) -> None:
        self.load((due.operation_id,))
        self._dues[due.operation_id][due.target] = due
        self._opened[due.operation_id, due.target] = due
        self._closed.discard((due.operation_id, due.target))

    def due(self, now: int, target: str | None = None, most: int | None = None) -> Sequence[port.Due]:
        self.flush()
        return super().due(now, target, most)

    def due_of(self, operation_id: str) -> Sequence[port.Due]:
        self.load((operation_id,))
        return sorted(self._dues[operation_id].values(), key=lambda due: due.target)

    def postpone(self, due: port.Due, until: int) -> None:
        open_one = self._dues.get(due.operation_id, {}).get(due.target)
        if open_one is None:
            super().postpone(due, until)
        elif open_one.revision == due.revision:
            self.open_due(replace(open_one, run_after=until, attempts=open_one.attempts + 1))

    def close_due(self, operation_id: str, revision: int, target: str) -> None:
        self.load((operation_id,))
        due = self._dues[operation_id].get(target)
        if due is not None and due.revision == revision:
            del self._dues[operation_id][target]
            self._opened.pop((operation_id, target), None)
            self._closed.add((operation_id, target))

    def answers(self, operation_id: str, revision: int) -> Sequence[port.Answer]:
        # Nobody was ever asked: there is nothing to read.
        if not self._roster.members and not self._roster.former:
            return ()
        return super().answers(operation_id, revision)

    # --- partners: what they raised belongs to a revision, and what they tell to a conflict, that is written ----------

    def joint(self, operation_id: str, partner: str) -> port.JointTokens | None:
        self._write_revisions()
        return super().joint(operation_id, partner)

    def joint_with(self, partner: str, tokens: Collection[str]) -> Sequence[str]:
        self._write_revisions()
        return super().joint_with(partner, tokens)

    def uncovered(self, partner: str, mode: engine.Mode, now: int) -> bool:
        self.flush()
        return super().uncovered(partner, mode, now)

    def put_acknowledgement(self, partner: str, acknowledgement: Acknowledgement) -> None:
        self.flush()
        super().put_acknowledgement(partner, acknowledgement)

    def verdict(self, operation_id: str) -> port.Verdict | None:
        self.load((operation_id,))
        return self._verdicts[operation_id]

    def put_verdict(self, verdict: port.Verdict) -> None:
        self.load((verdict.operation_id,))
        self._verdicts[verdict.operation_id] = self._said[verdict.operation_id] = verdict
        operation = self._operations[verdict.operation_id]
        operation.determination = verdict.determination
        operation.determination_tentative = verdict.tentative
        self._tell(operation, moment(verdict.determined_at))

    @cached_property
    def _last_receipt(self) -> port.StoredReceipt | None:
        return super().last_receipt()

    def last_receipt(self) -> port.StoredReceipt | None:
        return self._issued[-1] if self._issued else self._last_receipt

    def put_receipt(self, receipt: port.StoredReceipt) -> None:
        self.load((receipt.operation_id,))
        self._issued.append(receipt)
        self._receipts[receipt.operation_id].append(receipt)

    def receipts_of(self, operation_id: str) -> Sequence[port.StoredReceipt]:
        self.load((operation_id,))
        return list(self._receipts[operation_id])

    # --- conflicts and alarms -----------------------------------------------------------------------------------------

    def conflict(self, pair: Pair) -> port.Conflict | None:
        if pair in self._conflicts:
            return self._conflicts[pair]
        if pair.a in self._judged or pair.b in self._judged:
            return None
        return super().conflict(pair)

    def conflicts_of(self, reference: Reference) -> Sequence[port.Conflict]:
        if reference not in self._judged:
            self._write_conflicts()
            return super().conflicts_of(reference)
        return [self._conflicts[pair] for pair in sorted(self._pairs[reference])]

    def put_conflict(self, conflict: port.Conflict) -> None:
        if conflict.pair not in self._conflicts and not self._judged & {conflict.pair.a, conflict.pair.b}:
            row = store.row_of_pair(conflict.pair)
            self._know(conflict, row)
        self._know(conflict)
        self._met[conflict.pair] = conflict

    def put_alarm(self, alarm: port.Alarm) -> None:
        self.flush()
        super().put_alarm(alarm)

    def alarms_of(self, operation_id: str) -> Sequence[port.Alarm]:
        self.flush()
        return super().alarms_of(operation_id)

    # --- writing ------------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write everything that waits, in the order in which rows name one another."""
        told = {put.revision.operation_id: put.operation.revision for put in self._puts}
        self._write_revisions()
        self._write_dues()
        self._write_verdicts(told)
        self._write_conflicts()
        insert(store.receipt_row(receipt) for receipt in self._issued)
        if self._issued:
            self.__dict__["_last_receipt"] = self._issued[-1]
            self._issued = []
        if self._node is not None and self._drawn:
            _ADVANCE(self._node.sequence, self._node.reference_year, self._node.reference_number)
            self._drawn = False
        if self._changed_at is not None:
            notices.operations_changed(self._readers, self._changed_at)
            self._readers, self._changed_at = notices.Readers(), None

    def _write_revisions(self) -> None:
        puts, self._puts = self._puts, []
        if not puts:
            return
        self._write_operations(puts)
        rows = [plan_rows.revision_row(put.revision, put.plan, put.author) for put in puts]
        insert(rows)
        pairs = list(zip(rows, puts, strict=True))
        sites = {row.pk: plan_rows.site_rows(row, put.revision, put.plan) for row, put in pairs}
        insert(site for group in sites.values() for site in group)
        insert(subject for row, put in pairs for subject in plan_rows.subject_rows(row, put.revision, put.plan))
        self._write_index([(put.revision, sites[row.pk]) for row, put in pairs])
        operation_words.file((put.operation.pk, put.revision.number, put.author.kind, put.plan) for put in puts)
        for put in puts:
            if put.author.kind is models.RevisionKind.EXTEND and put.author.user_id is None:
                notices.ask_whether_over(put.operation, put.author.at)

    def _write_operations(self, puts: Sequence[_Put]) -> None:
        # The row repeats the determination, which may have been put after the revision.
        insert(put.operation for put in puts if put.revision.number == 1)
        for put in puts:
            if put.revision.number > 1:
                names = [column.removesuffix("_id") for column in put.columns]
                put.operation.save(update_fields=names)

    def _write_index(self, revisions: Sequence[tuple[port.Revision, list[models.Site]]]) -> None:
        changed_ids = [UUID(revision.operation_id) for revision, _ in revisions if revision.number > 1]
        if changed_ids:
            models.ActiveSite.objects.filter(operation_id__in=changed_ids).delete()
            models.ActiveSubject.objects.filter(operation_id__in=changed_ids).delete()
        # Of two revisions of one operation only the last is found.
        last = {revision.operation_id: (revision, sites) for revision, sites in revisions}
        filed = [search.index_rows(revision.operation, revision.number, sites) for revision, sites in last.values()]
        insert(place for places, _ in filed for place in places)
        insert(subject for _, subjects in filed for subject in subjects)

    def _write_dues(self) -> None:
        closed, self._closed = self._closed, set()
        for key, target in closed:
            _CLOSE(UUID(key), target)
        opened, self._opened = self._opened, {}
        insert(
            (store.due_row(due) for due in opened.values()),
            unique=("operation", "target"),
            updated=("revision", "run_after", "attempts", "exact"),
        )

    def _write_verdicts(self, told: Mapping[str, int]) -> None:
        """`told` are operations, with their revision, whose row was just written with its determination."""
        said, self._said = self._said, {}
        rows = [store.verdict_row(verdict) for verdict in said.values()]
        insert(rows, unique=("operation", "revision"), updated=store.VERDICT_COLUMNS)
        for row in rows:
            if told.get(str(row.operation_id)) != row.revision:
                _DETERMINE(row.operation_id, row.revision, row.determination, row.tentative)

    def _write_conflicts(self) -> None:
        met, self._met = self._met, {}
        if not met:
            return
        new = [conflict for pair, conflict in met.items() if pair not in self._conflict_rows]
        for conflict in met.values():
            if conflict.pair in self._conflict_rows:
                super().put_conflict(conflict)
        plans = [self._plans_of(conflict) for conflict in new]
        rows = [
            store.conflict_row(conflict, self._conflict_reference(conflict), between)
            for conflict, between in zip(new, plans, strict=True)
        ]
        insert(rows)
        for conflict, row in zip(new, rows, strict=True):
            self._conflict_rows[conflict.pair] = row
        pairs = list(zip(new, rows, strict=True))
        insert(side for found, between in zip(pairs, plans, strict=True) for side in self._side_rows(*found, between))
        insert(store.finding_row(row, conflict) for conflict, row in pairs)
        for readers, owner_only, at in {(self._told(c, r.owner_only), r.owner_only, r.changed_at) for c, r in pairs}:
            notices.conflicts_changed(readers, owner_only, at)

    def _conflict_reference(self, conflict: port.Conflict) -> str:
        return self._reference(moment(conflict.changed_at)).replace("-", "-C-", 1)

    def _plans_of(self, conflict: port.Conflict) -> tuple[UUID, UUID]:
        keys = UUID(conflict.a.reference.operation_id), UUID(conflict.b.reference.operation_id)
        owns = self._own_of(conflict.a), self._own_of(conflict.b)
        plans = owns[0].plan_id if owns[0] else keys[0], owns[1].plan_id if owns[1] else keys[1]
        return incidents.plans_of(plans, keys)

    def _side_rows(
        self, conflict: port.Conflict, row: models.Conflict, plans: tuple[UUID, UUID]
    ) -> list[models.ConflictSide]:
        return [
            new(
                models.ConflictSide,
                conflict_id=row.pk,
                operation_id=UUID(side.reference.operation_id),
                ladder_id=incidents.ladder_of(row.incident_id, plan),
                **store.side_columns(side, told(side, other, conflict.match), self._agency_of(side)),
            )
            for side, other, plan in ((conflict.a, conflict.b, plans[0]), (conflict.b, conflict.a, plans[1]))
        ]

    def _own_of(self, side: port.Side) -> models.Operation | None:
        if side.reference.node_id != OWN:
            return None
        self.load((side.reference.operation_id,))
        return self._operations[side.reference.operation_id]

    def _agency_of(self, side: port.Side) -> UUID | None:
        own = self._own_of(side)
        return own.agency_id if own else None

    def _told(self, conflict: port.Conflict, owner_only: bool) -> notices.Readers:
        sides = ((conflict.a, conflict.b), (conflict.b, conflict.a))
        owns = [self._own_of(side) for side, other in sides if told(side, other, conflict.match)]
        readers = [notices.readers_of(own, owner_only=owner_only) for own in owns if own is not None]
        return functools.reduce(notices.Readers.__or__, readers, notices.Readers())
