"""What a node compares with a partner's operations: places by the exact shape, subjects and cells by joint tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vigil.engine.operation import SUBJECT_MARGIN_US, Basis, Match, Operation, Window
from vigil.engine.predicate import match
from vigil.protocol.messages import Points, Query
from vigil.protocol.store import (
    Conflict,
    ConflictState,
    Found,
    JointTokens,
    Masked,
    Pair,
    Reference,
    Revision,
    Side,
    Transaction,
)


@dataclass(frozen=True, slots=True)
class Shared:
    """A partner's operation that shares a subject with an own one, by the joint tokens."""

    side: Side
    met: Match


def compared(tx: Transaction, joint: JointTokens, revision: Revision) -> tuple[dict[Reference, Shared], bool]:
    """Which of the partner's operations share a subject, and whether one that was asked blind may meet this one.

    The partner answered a query of its own earlier, when this revision's joint tokens were not there yet.
    """
    shared, blind = {}, False
    for masked in tx.masked_with(joint.partner, {*joint.subjects, *joint.cells}):
        if masked.mode is not revision.operation.mode or not masked.registered:
            continue
        if masked.operation is None or masked.side is None:
            blind = True
            continue
        subjects = frozenset(joint.subjects[token] for token in masked.subjects if token in joint.subjects)
        met = match(replace(masked.operation, subjects=subjects), revision.operation)
        if met is not None:
            shared[masked.reference] = Shared(masked.side, met)
    return shared, blind


def found_by(tx: Transaction, partner: str, operation: Operation, raised: Points) -> Sequence[Found]:
    """Own operations that the partner's meets: in place by its exact shape, in subject by the joint tokens."""
    found = {one.operation_id: one for one in tx.matching(operation)}
    for operation_id in tx.joint_with(partner, raised.subjects):
        revision, joint = tx.current(operation_id), tx.joint(operation_id, partner)
        assert revision is not None
        assert joint is not None
        shared = frozenset(joint.subjects[token] for token in raised.subjects if token in joint.subjects)
        met = match(replace(operation, subjects=shared), revision.operation)
        if met is not None:
            found[operation_id] = Found(operation_id, revision.number, met)
    return [found[operation_id] for operation_id in sorted(found)]


def meets_blind(tx: Transaction, reference: Reference, query: Query, raised: Points, now: int) -> bool:
    """Whether an own operation shares a cell or a subject with a blind query, or cannot be compared with it.

    What the own question to that partner will settle needs no comparison, unless a conflict stands between the two:
    only what was compared may end it.
    """
    partner = reference.node_id
    for operation_id in tx.joint_with(partner, {*raised.subjects, *raised.cells}):
        revision = tx.current(operation_id)
        assert revision is not None
        if revision.operation.registered and revision.operation.mode is query.mode:
            return True
    standing = (one for one in tx.conflicts_of(reference) if one.state is not ConflictState.WITHDRAWN)
    others = [one.other(reference).reference.operation_id for one in standing]
    return tx.uncovered(partner, query.mode, now) or not all(_has_tokens(tx, one, partner) for one in others)


def _has_tokens(tx: Transaction, operation_id: str, partner: str) -> bool:
    """Whether its current revision, if it can meet anything, has the tokens by which this partner's are compared."""
    revision, joint = tx.current(operation_id), tx.joint(operation_id, partner)
    if revision is None or not revision.operation.registered:
        return True
    return joint is not None and bool(joint.cells or not revision.operation.sites)


def are_apart(tx: Transaction, joint: JointTokens, reference: Reference) -> bool:
    """Whether the cells of the partner's last query for that operation tell that it is nowhere near the own one."""
    masked = tx.masked(reference)
    return masked is not None and bool(masked.cells) and masked.cells.isdisjoint(joint.cells)


def may_withdraw(tx: Transaction, reference: Reference, asker: Side | None, conflict: Conflict) -> bool:
    """Whether all is known that tells that the pair no longer meets: a shared subject shows only in joint tokens."""
    if asker is None or conflict.match.basis is Basis.PLACE:
        return True  # cancelled, or asked blind without a hit; or nothing but the place
    own = conflict.other(reference).reference.operation_id
    revision = tx.current(own)
    hidden = revision is not None and revision.operation.registered and revision.operation.subjects
    return not hidden or tx.joint(own, reference.node_id) is not None


def is_overtaken(tx: Transaction, conflict: Conflict, reference: Reference) -> bool:
    """Whether a shared subject was told of an older revision of the partner's operation than the one that asked last.

    That query could not be judged: the joint tokens of the own operation come only with the partner's answer.
    """
    known = tx.foreign_revision(reference)
    by_subject = conflict.match.basis is Basis.SUBJECT
    return by_subject and known is not None and conflict.side(reference).revision < known[1]


def together(place: Match | None, subject: Match | None) -> Match:
    """One match of a pair that meets in place, by a subject, or both."""
    if place is None or subject is None:
        met = place or subject
        assert met is not None
        return met
    if place.basis is Basis.SUBJECT:
        return subject
    return replace(place, basis=Basis.BOTH, subjects=subject.subjects)


def place_of(tx: Transaction, own: Side, other: Side) -> Match | None:
    """How the two meet in place, as it was found before between these very revisions."""
    known = tx.conflict(Pair.of(own.reference, other.reference))
    if known is None or known.state is ConflictState.WITHDRAWN or known.match.basis is Basis.SUBJECT:
        return None
    same = known.side(own.reference).revision == own.revision
    return known.match if same and known.side(other.reference).revision == other.revision else None


def masked_of(
    reference: Reference, query: Query, raised: Points, side: Side | None, wanted_at: int | None = None
) -> Masked:
    """What of a query is kept: no place, only the joint tokens and, of a plain one, the span."""
    operation = None
    if query.plain is not None:
        whole = query.plain.operation
        window = whole.subject_window
        span = None if window is None else Window(window.start + SUBJECT_MARGIN_US, window.end - SUBJECT_MARGIN_US)
        operation = replace(whole, sites=(), span=span)
    return Masked(
        reference=reference,
        revision=query.revision,
        mode=query.mode,
        registered=query.registered,
        expires_at=query.expires_at,
        subjects=frozenset(raised.subjects),
        cells=frozenset(raised.cells),
        operation=operation,
        side=side,
        wanted_at=wanted_at,
    )
