"""The steps that happen inside one transaction, shared by the node's own half and by its exchange with partners."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from vigil.engine.operation import MICROSECONDS_PER_MINUTE, Match, Site
from vigil.protocol.canonical import predicate_digest
from vigil.protocol.coverage import conclude
from vigil.protocol.judgement import judged
from vigil.protocol.signing import Signer
from vigil.protocol.store import (
    OWN,
    Conflict,
    Due,
    Pair,
    Revision,
    Side,
    StaleRevision,
    Status,
    Transaction,
    Verdict,
)

EXTENSION_US = 30 * MICROSECONDS_PER_MINUTE
"""Specification 3, *Ending*: what is not said to be over goes on for another half hour."""


def write_revision(tx: Transaction, revision: Revision, now: int) -> Revision:
    """Store the next revision with its *search due* rows and `checking` (specification, section 5).

    A draft asks nobody; nor does the cancel of an operation about which nobody was ever asked.
    """
    before = tx.current(revision.operation_id)
    _refuse_unless_next(before, revision)
    revision = replace(revision, digest=predicate_digest(revision.operation))
    never_asked = tx.verdict(revision.operation_id) is None
    tx.advance_sequence()
    tx.put_revision(revision)
    if revision.status is Status.DRAFT or (revision.status is Status.CANCELLED and never_asked):
        return revision
    roster = tx.roster()
    partners = tuple(sorted(partner.node_id for partner in roster.asked(revision.operation.mode)))
    for target in (OWN, *partners):
        tx.open_due(Due(revision.operation_id, revision.number, target, now))
    tx.put_verdict(
        Verdict(revision.operation_id, revision.number, "checking", now, roster.number, not_answered=partners)
    )
    return revision


def _refuse_unless_next(before: Revision | None, revision: Revision) -> None:
    expected = 1 if before is None else before.number + 1
    if revision.number != expected:
        raise StaleRevision(
            f"Revision {revision.number} of operation {revision.operation_id} cannot be stored: the next one is "
            f"{expected}. Somebody changed it meanwhile: read it again."
        )
    if before is None:
        return
    if before.operation.mode is not revision.operation.mode:
        raise ValueError("The mode of an operation is fixed when it is created: register another operation.")
    if revision.status is Status.DRAFT and before.status is not Status.DRAFT:
        raise ValueError("A registered operation cannot become a draft again: cancel it.")


def extend_overdue(tx: Transaction, now: int, ahead: int = 0) -> Sequence[Revision]:
    """Extend every operation whose site's planned end comes by `now + ahead` while nobody has said it is over.

    Each extension is a revision that asks again. After a long silence it takes as many half hours as bring the end
    past that instant.
    """
    extended = []
    for operation_id in tx.unended(now + ahead):
        revision = tx.current(operation_id)
        if revision is not None:
            extended.append(write_revision(tx, _extended(revision, now + ahead), now))
    return extended


def _extended(revision: Revision, before: int) -> Revision:
    overdue = revision.overdue_sites(before)
    steps = {n: (before - revision.operation.sites[n].ends_at) // EXTENSION_US + 1 for n in overdue}
    sites = tuple(_longer(site, steps.get(n, 0)) for n, site in enumerate(revision.operation.sites))
    return replace(
        revision,
        operation=replace(revision.operation, sites=sites),
        number=revision.number + 1,
        extensions=revision.extensions + max(steps.values()),
    )


def _longer(site: Site, steps: int) -> Site:
    return replace(site, ends_at=site.ends_at + steps * EXTENSION_US) if steps else site


def record(tx: Transaction, one: Side, two: Side, match: Match | None, now: int) -> None:
    """Store what the evaluation of these two sides says, with its alarms, in this same transaction (I4)."""
    conflict, alarms = judged(tx.conflict(Pair.of(one.reference, two.reference)), one, two, match, now)
    if conflict is not None:
        tx.put_conflict(conflict)
    for alarm in alarms:
        tx.put_alarm(alarm)


def withdraw(tx: Transaction, conflict: Conflict, changed: Side, now: int) -> None:
    """The changed side no longer matches: tell everyone who was alarmed."""
    record(tx, changed, conflict.other(changed.reference), None, now)


def ask_again(tx: Transaction, partner: str, now: int) -> None:
    """Nothing that this partner said counts any more: ask it about everything active (specification 8, 10 and 11).

    The new round makes answers to questions that are still on their way count for nothing either.
    """
    seen = tx.highest_seen(partner)
    if seen is not None:
        tx.note_seen(partner, replace(seen, round=seen.round + 1))
    asked = next((one for one in tx.roster().members if one.node_id == partner), None)
    for revision in asked_about(tx, now):
        if asked is not None and revision.operation.mode not in asked.modes:
            continue
        for answer in tx.answers(revision.operation_id, revision.number):
            if answer.partner == partner and not answer.void:
                tx.put_answer(replace(answer, void=True))
        tx.open_due(Due(revision.operation_id, revision.number, partner, now))


def asked_about(tx: Transaction, now: int) -> Iterable[Revision]:
    """Current revisions of active operations about which the partners are to be asked."""
    for operation_id in tx.active(now):
        revision = tx.current(operation_id)
        if revision is not None and tx.verdict(operation_id) is not None:
            yield revision


def conclude_all(tx: Transaction, signer: Signer, now: int) -> None:
    """Say anew what may be said of every active operation."""
    for revision in list(asked_about(tx, now)):
        conclude(tx, revision.operation_id, signer, now)
