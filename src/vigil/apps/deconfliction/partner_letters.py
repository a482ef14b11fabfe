"""Letters of other apps to partner nodes go with what is told of operations: the same rows, lanes and retries."""

from __future__ import annotations

from datetime import datetime

from vigil.apps.deconfliction.plan_rows import instant
from vigil.apps.deconfliction.store import DatabaseStore
from vigil.platform.partners.letters import Letter, carrier
from vigil.protocol import store as port
from vigil.protocol.canonical import canonical_bytes


@carrier
def carry(letter: Letter, now: datetime) -> None:
    """Keep the letter; the lane of its partner takes it from there."""
    row = port.Outgoing(
        letter.key,
        str(letter.partner),
        letter.kind,
        canonical_bytes(letter.content),
        instant(now),
        instant(letter.until),
    )
    with DatabaseStore().transaction() as tx:
        tx.put_outgoing(row)
