"""Who was asked about one revision, who answered, and what may be said now (specification, section 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from vigil.engine import determination
from vigil.engine.predicate import PREDICATE
from vigil.protocol.judgement import visible
from vigil.protocol.receipts import ASKED_ALONE, NEIGHBOURS_UNKNOWN, Coverage, CoverageLine, Proof, issue
from vigil.protocol.signing import Signer
from vigil.protocol.store import (
    OWN,
    Answer,
    Outcome,
    Partner,
    Reference,
    Revision,
    Roster,
    Status,
    Transaction,
    Verdict,
)

_OUTCOME = {
    Coverage.ANSWERED: determination.Outcome.ANSWERED,
    Coverage.NOT_ANSWERED: determination.Outcome.NOT_ANSWERED,
    Coverage.REFUSED: determination.Outcome.REFUSED,
    Coverage.NO_SHARED_PREDICATE: determination.Outcome.REFUSED,
}

PIN_WANTED_M = 250.0
"""Above this uncertainty a pin is asked for and the receipt says that the zone is widened (section 3)."""


def conclude(tx: Transaction, operation_id: str, signer: Signer, now: int) -> Verdict | None:
    """Store what may be said of the current revision, with a receipt when it is news. None for a draft.

    The result may leave this transaction only after it has committed.
    """
    revision = tx.current(operation_id)
    if revision is None or revision.status is Status.DRAFT:
        return None
    roster = tx.roster()
    coverage = partner_coverage(tx, revision, roster)
    fresh = _verdict(tx, revision, roster, coverage, now)
    stored = tx.verdict(operation_id)
    if stored is not None and _same(fresh, stored):
        return stored
    if fresh.determination != "checking":
        fresh = _proved(tx, revision, fresh, roster, coverage, signer)
    tx.put_verdict(fresh)
    return fresh


def partner_coverage(tx: Transaction, revision: Revision, roster: Roster) -> Mapping[str, CoverageLine]:
    """One line a partner that is asked about operations of this mode, by node id."""
    given = {answer.partner: answer for answer in tx.answers(revision.operation_id, revision.number)}
    return {
        partner.node_id: _line(tx, partner, given.get(partner.node_id))
        for partner in sorted(roster.asked(revision.operation.mode), key=lambda partner: partner.node_id)
    }


def _line(tx: Transaction, partner: Partner, answer: Answer | None) -> CoverageLine:
    """An answer counts when it is not void and was given in the epoch that the partner was last seen in (I2)."""
    line = CoverageLine(partner.name, Coverage.NOT_ANSWERED, desk_phone=partner.desk_phone)
    if PREDICATE not in partner.predicates:
        return replace(line, coverage=Coverage.NO_SHARED_PREDICATE)
    seen = tx.highest_seen(partner.node_id)
    if answer is None or answer.void or seen is None or answer.epoch != seen.epoch:
        return line
    if answer.outcome is Outcome.EXACT_WANTED:
        return line
    if answer.outcome is Outcome.REFUSED:
        return replace(line, coverage=Coverage.REFUSED)
    if answer.outcome is Outcome.NO_SHARED_PREDICATE:
        return replace(line, coverage=Coverage.NO_SHARED_PREDICATE)
    return CoverageLine(partner.name, Coverage.ANSWERED, answered_at=answer.evaluated_at)


def _verdict(
    tx: Transaction, revision: Revision, roster: Roster, coverage: Mapping[str, CoverageLine], now: int
) -> Verdict:
    own = Reference(OWN, revision.operation_id)
    conflicts = [conflict for conflict in tx.conflicts_of(own) if visible(conflict, own)]
    searched = all(due.target != OWN for due in tx.due_of(revision.operation_id))
    determined = determination.determine(
        own_search_done=searched,
        has_match=bool(conflicts),
        only_tentative_matches=all(conflict.tentative for conflict in conflicts),
        partners=[determination.PartnerAnswer(node, _OUTCOME[line.coverage]) for node, line in coverage.items()],
    )
    return Verdict(
        operation_id=revision.operation_id,
        revision=revision.number,
        determination=determined.value.value,
        determined_at=now,
        roster=roster.number,
        tentative=determined.tentative,
        not_answered=determined.missing,
        refused=determined.refused,
    )


def _same(fresh: Verdict, stored: Verdict) -> bool:
    return replace(fresh, determined_at=stored.determined_at, receipt=stored.receipt) == stored


def _proved(
    tx: Transaction,
    revision: Revision,
    verdict: Verdict,
    roster: Roster,
    coverage: Mapping[str, CoverageLine],
    signer: Signer,
) -> Verdict:
    agencies = tx.not_covered(revision.operation_id)
    lines = [
        *coverage.values(),
        *(CoverageLine(name, Coverage.NOT_COVERED) for name in (*roster.former, *(agencies or ()))),
    ]
    before = tx.receipts_of(revision.operation_id)
    receipt = issue(
        Proof(revision, verdict, tuple(lines), _notes(revision, roster, agencies)),
        tx.identity(),
        tx.last_receipt(),
        before[-1].number if before else None,
        signer,
    )
    tx.put_receipt(receipt)
    return replace(verdict, receipt=receipt.number)


def _notes(revision: Revision, roster: Roster, agencies: Sequence[str] | None) -> tuple[str, ...]:
    notes = [] if roster.asked(revision.operation.mode) else [ASKED_ALONE]
    if agencies is None:
        notes.append(NEIGHBOURS_UNKNOWN)
    widest = max((site.uncertainty_m for site in revision.operation.sites), default=0.0)
    if widest > PIN_WANTED_M:
        notes.append(f"zone widened by {widest:.0f} m: the place is not exact until a pin is set")
    return tuple(notes)
