"""Receipts: the signed, numbered, chained proof of one determination (specification, section 5).

A body carries no place, subject or case number. The chain runs over digests, so that it stays verifiable when bodies
are purged: each body names the digest of the body before it. What is signed is the exact bytes that are stored.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from vigil.protocol.canonical import JSON, canonical_bytes, digest
from vigil.protocol.signing import Signer, fingerprint, verify
from vigil.protocol.store import Identity, Revision, StoredReceipt, Verdict
from vigil.texts import gettext_noop

FIRST = "0" * 64
"""What the first receipt of a node names as the digest before it."""

NEIGHBOURS_UNKNOWN = "neighbouring agencies unknown"
ASKED_ALONE = "asked: this node only"
DOES_NOT_PROVE = (
    "It does not prove that no other operation is planned: agencies that do not use this node or a partner listed "
    "here were not asked, an operation that nobody entered cannot be found, and a later arrival revokes it."
)


class Coverage(StrEnum):
    """What became of one who was to be asked."""

    ANSWERED = "answered"
    NOT_ANSWERED = "not answered"
    REFUSED = "refused"
    NO_SHARED_PREDICATE = "no shared predicate"
    NOT_COVERED = "not covered"


@dataclass(frozen=True, slots=True)
class CoverageLine:
    """One line of the coverage list. `answered_at` is microseconds UTC, None where no answer counts.

    `desk_phone` is shown where somebody has to be telephoned instead.
    """

    name: str
    coverage: Coverage
    answered_at: int | None = None
    desk_phone: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """Everything that a receipt says of one determination."""

    revision: Revision
    verdict: Verdict
    coverage: tuple[CoverageLine, ...]
    notes: tuple[str, ...] = ()


def issue(
    proof: Proof, identity: Identity, last: StoredReceipt | None, supersedes: int | None, signer: Signer
) -> StoredReceipt:
    """The next receipt of the chain, signed."""
    number, previous = (1, FIRST) if last is None else (last.number + 1, last.digest)
    verdict = proof.verdict
    body = canonical_bytes(
        {
            "kind": "receipt",
            "number": number,
            "node": identity.node_id,
            "epoch": identity.epoch,
            "key": signer.fingerprint,
            "operation": proof.revision.operation_id,
            "reference": proof.revision.reference,
            "mode": proof.revision.operation.mode.value,
            "revision": verdict.revision,
            "status": proof.revision.status.value,
            "digest": proof.revision.digest,
            "determination": verdict.determination,
            "tentative": verdict.tentative,
            "roster": verdict.roster,
            "coverage": [_line(line) for line in proof.coverage],
            "notes": list(proof.notes),
            "issued_at": verdict.determined_at,
            "previous": previous,
            "supersedes": supersedes,
            "does_not_prove": DOES_NOT_PROVE,
        }
    )
    return StoredReceipt(
        number=number,
        operation_id=verdict.operation_id,
        revision=verdict.revision,
        body=body,
        signature=signer.sign(body),
        digest=digest(body),
        previous=previous,
        supersedes=supersedes,
    )


def _line(line: CoverageLine) -> JSON:
    return {
        "name": line.name,
        "coverage": line.coverage.value,
        "answered_at": line.answered_at,
        "desk_phone": line.desk_phone,
    }


class Finding(StrEnum):
    """What verification found; `SOUND` or the first thing wrong."""

    SOUND = "sound"
    CHANGED = "a byte was changed"
    FOREIGN_KEY = "signed by another key"
    MISSING_LINK = "a receipt is missing or out of order"


MEANING = {
    Finding.CHANGED: gettext_noop("A byte was changed after it was signed. It proves nothing."),
    Finding.FOREIGN_KEY: gettext_noop("It was signed with another key than the one given. Ask its node for that key."),
    Finding.MISSING_LINK: gettext_noop("The receipt before it is missing, or the order was changed."),
}
"""What a finding that is not sound means for whoever holds the receipt."""


@dataclass(frozen=True, slots=True)
class ChainReport:
    """`number` is the receipt at fault; None where all is sound."""

    finding: Finding
    number: int | None = None
    checked: int = 0


def verify_receipt(body: bytes, signature: bytes, public_key: bytes) -> Finding:
    """Check one receipt offline. A body that names another key and is otherwise whole is a foreign one."""
    if verify(public_key, body, signature):
        return Finding.SOUND
    return Finding.FOREIGN_KEY if _names_another_key(body, public_key) else Finding.CHANGED


def verify_chain(
    receipts: Sequence[StoredReceipt], public_key: bytes, after: StoredReceipt | None = None
) -> ChainReport:
    """Check consecutive receipts, by number; `after` is the trusted one before them, None at the chain's beginning.

    A purged body (empty) keeps its link: number, digest and previous are still checked, its signature cannot be.
    """
    previous, number = (FIRST, 0) if after is None else (after.digest, after.number)
    for receipt in receipts:
        number += 1
        finding = _check_link(receipt, number, previous, public_key)
        if finding is not Finding.SOUND:
            return ChainReport(finding, receipt.number, number - 1)
        previous = receipt.digest
    return ChainReport(Finding.SOUND, None, len(receipts))


def _check_link(receipt: StoredReceipt, number: int, previous: str, public_key: bytes) -> Finding:
    if receipt.body:
        finding = verify_receipt(receipt.body, receipt.signature, public_key)
        if finding is not Finding.SOUND:
            return finding
        said = json.loads(receipt.body)
        stored = (receipt.number, receipt.previous, receipt.digest, receipt.operation_id, receipt.revision)
        if stored != (said["number"], said["previous"], digest(receipt.body), said["operation"], said["revision"]):
            return Finding.CHANGED
    if (receipt.number, receipt.previous) != (number, previous):
        return Finding.MISSING_LINK
    return Finding.SOUND


def _names_another_key(body: bytes, public_key: bytes) -> bool:
    try:
        said = json.loads(body)
    except ValueError:
        return False
    named = said.get("key") if isinstance(said, dict) else None
    return isinstance(named, str) and named != fingerprint(public_key)
