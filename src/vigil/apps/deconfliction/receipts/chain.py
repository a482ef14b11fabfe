"""The node's own chain of receipts, walked from its first one: also after bodies were purged (`protocol.receipts`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vigil.apps.deconfliction.models import Receipt
from vigil.apps.deconfliction.store import receipt_of
from vigil.platform import keys
from vigil.protocol.receipts import Finding, verify_chain
from vigil.protocol.store import StoredReceipt

BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Report:
    """What was found; `number` is the receipt at fault. `purged` of the `count` receipts have their digest alone."""

    finding: Finding
    count: int
    purged: int
    number: int | None = None


def verify() -> Report:
    """Check number, digest and link of every receipt, and the signature of each whose body is still there."""
    key, count, purged = keys.public_key(), 0, 0
    last: StoredReceipt | None = None
    for batch in _stored():
        found = verify_chain(batch, key, last)
        if found.finding is not Finding.SOUND:
            return Report(found.finding, count + found.checked, purged, found.number)
        last, count = batch[-1], count + len(batch)
        purged += sum(not receipt.body for receipt in batch)
    return Report(Finding.SOUND, count, purged)


def between(first: int, last: int | None = None) -> list[StoredReceipt]:
    """The receipts from one number to another, both included; `last` None: to the end."""
    wanted = Receipt.objects.filter(number__gte=first)
    if last is not None:
        wanted = wanted.filter(number__lte=last)
    return [receipt_of(row) for row in wanted.order_by("number")]


def _stored() -> Iterator[list[StoredReceipt]]:
    after = 0
    while batch := [receipt_of(row) for row in Receipt.objects.filter(number__gt=after).order_by("number")[:BATCH]]:
        yield batch
        after = batch[-1].number
