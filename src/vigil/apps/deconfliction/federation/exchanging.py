"""The node's exchange with its partners over the database, with its keys as they are now."""

from __future__ import annotations

import functools

from vigil.apps.deconfliction.actions import node
from vigil.apps.deconfliction.batches import BatchStore
from vigil.apps.deconfliction.federation import key_changes, own_news
from vigil.core.identifiers import uuid7
from vigil.engine.operation import Mode
from vigil.engine.predicate import PREDICATE
from vigil.platform import keys
from vigil.platform.agencies.models import this_node
from vigil.platform.partners.roster import signer
from vigil.protocol.blinding import PartnerBlinder
from vigil.protocol.canonical import JSON
from vigil.protocol.envelope import LIFE_US, MOST_BYTES, SPOKEN, Message
from vigil.protocol.exchange import Exchange
from vigil.protocol.store import Transaction


def exchange() -> Exchange:
    """The partner half of this node: one for each use."""
    blinder = _blinder(keys.blinding_secret(), str(this_node().pk))
    return Exchange(node(BatchStore()), signer(), blinder, lambda: str(uuid7()), HANDLERS)


@functools.lru_cache(maxsize=4)
def _blinder(secret: bytes, node_id: str) -> PartnerBlinder:
    return PartnerBlinder(secret, node_id)


def _capabilities(tx: Transaction, message: Message, now: int) -> JSON:
    """What this node can do, and by which limits it reads (specification 8)."""
    partner = next((one for one in tx.roster().members if one.node_id == message.sender), None)
    modes = partner.modes if partner else frozenset[Mode]()
    return {
        "versions": list(SPOKEN),
        "predicates": [PREDICATE],
        "modes": sorted(mode.value for mode in modes),
        "blind": partner is not None and partner.blind,
        "most_bytes": MOST_BYTES,
        "life_us": LIFE_US,
        "now": now,
    }


HANDLERS = {"capabilities": _capabilities, key_changes.KIND: key_changes.take, own_news.KIND: own_news.take}
"""What answers messages that concern the node and not its operations."""
