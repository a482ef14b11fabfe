"""A node's own half of the protocol: commit, then search, then say (specification, section 5).

Sans-I/O: no socket, no clock, no randomness. The caller gives `now` (microseconds UTC), ids and epochs; the store
keeps everything. A server needs `register`, `search`, `due` and `extend_overdue`; what is said to and heard from
partners is in `exchange`.
"""

from __future__ import annotations

from collections.abc import Sequence

from vigil.engine.operation import MICROSECONDS_PER_MINUTE, Mode
from vigil.protocol.coverage import conclude
from vigil.protocol.judgement import own_side
from vigil.protocol.signing import Signer
from vigil.protocol.steps import ask_again, conclude_all, extend_overdue, record, withdraw, write_revision
from vigil.protocol.store import (
    OWN,
    Due,
    Partner,
    Revision,
    Roster,
    SearchFailed,
    Store,
    Transaction,
    Verdict,
)

SEARCH_RETRY_US = 5_000_000
"""How soon an own search that failed is tried again."""
END_OF_TIME = 253_402_300_799_000_000
"""9999-12-31T23:59:59Z: later than any row."""
AHEAD_US = 2 * MICROSECONDS_PER_MINUTE
"""How long before a planned end the worker writes the extension, so that it is stored before `ends_at`."""


class Node:
    """One node over its store. Every method is one transaction; what it returns, it returns after the commit."""

    def __init__(self, store: Store, signer: Signer) -> None:
        self.store = store
        self.signer = signer

    def register(self, revision: Revision, now: int, within: Transaction | None = None) -> Revision:
        """Commit a revision: a new operation, an edit, an end, a cancel, its undoing. Nothing is searched here.

        Stored in one transaction: the revision with its digest, the sequence, a *search due* row for this node and
        one for every partner on the roster, and the determination `checking`. `within` is a transaction that the
        caller has opened to commit rows of its own (audit) with it.

        Raises StaleRevision unless the number is the next one; ValueError where the mode changes or a registered
        operation would become a draft.
        """
        if within is not None:
            return write_revision(within, revision, now)
        with self.store.transaction() as tx:
            return write_revision(tx, revision, now)

    def search(self, operation_id: str, now: int) -> Verdict:
        """Search this node for the operation's current revision, in a transaction after the one that committed it.

        Conflicts are stored with the alarms of both own sides; everyone matched by the old or the new extent is told;
        every determination that this changes is stored with its receipt. The verdict is returned only after the
        commit and names the revision it speaks for. Safe to repeat.

        Raises LookupError for an operation that is not there or that asks nobody (a draft), and SearchFailed where
        the search cannot finish: then the determination stays `checking` and the due row is tried again.
        """
        try:
            with self.store.transaction() as tx:
                verdict = self._search(tx, operation_id, now)
        except SearchFailed:
            self._try_again(operation_id, now)
            raise
        return verdict

    def _search(self, tx: Transaction, operation_id: str, now: int) -> Verdict:
        extend_overdue(tx, now)
        revision = tx.current(operation_id)
        if revision is None or tx.verdict(operation_id) is None:
            raise LookupError(f"Operation {operation_id} is not registered here: nothing is searched for it.")
        touched = self._judge(tx, revision, now)
        tx.close_due(operation_id, revision.number, OWN)
        for other in sorted(touched):
            conclude(tx, other, self.signer, now)
        verdict = conclude(tx, operation_id, self.signer, now)
        assert verdict is not None
        return verdict

    def _judge(self, tx: Transaction, revision: Revision, now: int) -> set[str]:
        """Store the conflicts of the new extent, withdraw those of the old one; ids of the other own operations."""
        side = own_side(revision)
        found = {one.operation_id: one for one in tx.matching(revision.operation)}
        for one in found.values():
            other = tx.current(one.operation_id)
            if other is None or other.number != one.revision:
                raise SearchFailed(f"The search named revision {one.revision} of {one.operation_id}, not the current.")
            record(tx, side, own_side(other), one.match, now)
        touched = set(found)
        for conflict in tx.conflicts_of(side.reference):
            reference = conflict.other(side.reference).reference
            gone = (
                reference.operation_id not in found if reference.node_id == OWN else not revision.operation.registered
            )
            if gone:
                withdraw(tx, conflict, side, now)
                touched |= {reference.operation_id} if reference.node_id == OWN else set()
        return touched

    def _try_again(self, operation_id: str, now: int) -> None:
        with self.store.transaction() as tx:
            for due in tx.due_of(operation_id):
                if due.target == OWN:
                    tx.postpone(due, now + SEARCH_RETRY_US)

    def due(self, now: int) -> Sequence[Due]:
        """Own searches to be run now: what a crash left, or what was written without a person waiting."""
        with self.store.transaction() as tx:
            return [due for due in tx.due(now) if due.target == OWN]

    def extend_overdue(self, now: int, ahead: int = AHEAD_US) -> Sequence[Revision]:
        """Extend by 30 minutes what nobody has ended (specification, section 3). Returns the new revisions.

        The worker calls it every minute, and a node that starts calls it before it answers anything; each new
        revision has its *search due* rows.
        """
        with self.store.transaction() as tx:
            return extend_overdue(tx, now, ahead)

    def verdict(self, operation_id: str) -> Verdict | None:
        """The stored determination of the current revision; None for a draft or an unknown operation."""
        with self.store.transaction() as tx:
            return tx.verdict(operation_id)

    def change_roster(self, members: Sequence[Partner], now: int) -> Roster:
        """A recorded act: the next roster. Who joins is asked about everything active, and so is who is asked blind
        from now on, or no longer; who left stands on receipts.
        """
        with self.store.transaction() as tx:
            old = tx.roster()
            stay = {(partner.node_id, partner.blind) for partner in old.members}
            names = {partner.name for partner in members}
            left = [partner for partner in old.members if partner.node_id not in {one.node_id for one in members}]
            leaving = {partner.name for partner in left if Mode.LIVE in partner.modes}
            former = sorted({*old.former, *leaving} - names)
            members = tuple(sorted(members, key=lambda one: one.node_id))
            refused = tuple(one for one in (*old.refused, *left) if one.node_id not in {two.node_id for two in members})
            roster = Roster(old.number + 1, members, tuple(former), refused)
            tx.set_roster(roster)
            for partner in roster.members:
                if (partner.node_id, partner.blind) not in stay:
                    ask_again(tx, partner.node_id, now)
            for due in (one for partner in left for one in tx.due(END_OF_TIME, partner.node_id)):
                tx.close_due(due.operation_id, due.revision, due.target)
            conclude_all(tx, self.signer, now)
        return roster

    def restore(self, epoch: int, now: int) -> None:
        """After a restore from a backup: take the new epoch and ask every partner about everything active again."""
        with self.store.transaction() as tx:
            if epoch == tx.identity().epoch:
                raise ValueError("A restored node needs an epoch that it never had: draw a new one.")
            tx.draw_epoch(epoch)
            for partner in tx.roster().members:
                ask_again(tx, partner.node_id, now)
            conclude_all(tx, self.signer, now)
