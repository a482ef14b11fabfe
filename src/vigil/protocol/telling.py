"""What is told to a partner unasked: each a row in the transaction of what it tells of (specification 8)."""

from __future__ import annotations

import json

from vigil.engine.operation import Match
from vigil.protocol.canonical import JSON, canonical_bytes
from vigil.protocol.envelope import LIFE_US
from vigil.protocol.judgement import told, visible
from vigil.protocol.messages import Acknowledgement, Sighting, Tidings
from vigil.protocol.store import OWN, Conflict, ConflictState, Outgoing, Pair, Reference, Revision, Side, Transaction


def tell_step(tx: Transaction, conflict: Conflict, own: Reference, step: str, outcome: str, now: int) -> None:
    """Tell the partner on the other side that this side has acknowledged, spoken or settled; nothing between own ones.

    Call it in the transaction that stores the step. A silent operation's subject match is its own owner's alone.
    """
    other = conflict.other(own).reference
    revision = tx.current(own.operation_id)
    if other.node_id == OWN or revision is None or not visible(conflict, other):
        return
    content = Acknowledgement(other.operation_id, own.operation_id, step, now, outcome).content()
    _tell(tx, "acknowledgement", f"acknowledgement-{step}", revision, other, content, now)


def tell_missed(tx: Transaction, partner: str, side: Side, named: set[str], revision: Revision, now: int) -> None:
    """The one that sees tells the one that does not (specification 8): what stands here and was not named."""
    for conflict in tx.conflicts_of(side.reference):
        other = conflict.other(side.reference)
        stands = conflict.state is ConflictState.OPEN and conflict.side(side.reference).revision == side.revision
        if not stands or other.reference.node_id != partner or other.reference.operation_id in named:
            continue
        if told(other, side, conflict.match):
            tidings = Tidings(other.reference.operation_id, other.revision, sighting_of(tx, side, conflict.match))
            _tell(tx, "match", "match", revision, other.reference, tidings.content(), now)


def may_be_told(tx: Transaction, row: Outgoing) -> bool:
    """Whether the other side may still learn of it: who is silent may have changed since the row was written (7)."""
    if row.kind not in ("match", "acknowledgement"):
        return True
    content = json.loads(row.content)
    own = content["sighting"]["operation"] if row.kind == "match" else content["other"]
    other = Reference(row.partner, content["operation"])
    conflict = tx.conflict(Pair.of(Reference(OWN, own), other))
    return conflict is not None and visible(conflict, other)


def _tell(tx: Transaction, kind: str, word: str, revision: Revision, other: Reference, content: JSON, now: int) -> None:
    key = f"{word}:{other.node_id}:{revision.operation_id}:{other.operation_id}"
    until = max(revision.over_at, now + LIFE_US)
    tx.put_outgoing(Outgoing(key, other.node_id, kind, canonical_bytes(content), now, until))


def sighting_of(tx: Transaction, side: Side, met: Match) -> Sighting:
    assert side.reference.node_id == OWN
    return Sighting(
        operation_id=side.reference.operation_id,
        revision=side.revision,
        band=met.band,
        overlap=met.overlap,
        silent=side.silent,
        tentative=side.tentative,
        card=tx.card(side.reference.operation_id),
    )
