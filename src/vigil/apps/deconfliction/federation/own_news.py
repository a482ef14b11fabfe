"""News of the nodes themselves: when this node's name, address, desk, agencies or region change, each partner is sent
its newest pairing file as a `pairing` message, so that nobody calls a number of before; and theirs are taken here.

The file counts only where it is signed by a key of the partner that is known. Another key is heard by telephone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from vigil.apps.deconfliction.federation import pairing as partners
from vigil.apps.deconfliction.plan_rows import instant, moment
from vigil.apps.deconfliction.store import DatabaseStore
from vigil.core.actor import system
from vigil.core.errors import Invalid
from vigil.platform.partners import roster
from vigil.platform.partners.models import Partner
from vigil.protocol import store as port
from vigil.protocol.canonical import JSON, canonical_bytes
from vigil.protocol.envelope import Message
from vigil.protocol.pairing import news, read_news, write_file
from vigil.protocol.store import Transaction

KIND = "pairing"
MATTERS = timedelta(days=30)
"""So long the news is brought to a partner that does not take it (ours)."""


def tell_news(now: datetime) -> None:
    """Send the pairing file to each partner that was told something else, or nothing. Safe to repeat."""
    members = roster.partners()
    if not members:
        return
    own = roster.own_pairing(now)
    mark = sha256(write_file(replace(own, made_at=0), roster.signer())).hexdigest()
    behind = [one for one in members if one.told != mark]
    if not behind:
        return
    content = canonical_bytes(news(own, roster.signer()))
    with DatabaseStore().transaction() as tx:
        for one in behind:
            key = f"{KIND}:{one.pk}"
            tx.put_outgoing(port.Outgoing(key, str(one.pk), KIND, content, instant(now), instant(now + MATTERS)))
            Partner.objects.filter(pk=one.pk).update(told=mark)


def take(tx: Transaction, message: Message, now: int) -> JSON:
    """Take over what a partner says of itself. What cannot be used changes nothing: its administrator is shown it."""
    row = Partner.objects.get(pk=UUID(message.sender))
    file = read_news(message.content, message.sender, (bytes(row.public_key), bytes(row.next_key)))
    try:
        partners.take_news(system("partners"), row, file, moment(now))
    except Invalid:
        return {"taken": False}
    return {"taken": True}
