"""The node's exchange with its partners over the database, with its keys as they are now."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from uuid import UUID

from vigil.apps.deconfliction.actions import node
from vigil.apps.deconfliction.batches import BatchStore
from vigil.apps.deconfliction.federation import key_changes, orders_api, own_news
from vigil.apps.deconfliction.plan_rows import moment
from vigil.core.identifiers import uuid7
from vigil.engine.predicate import PREDICATE
from vigil.platform import keys
from vigil.platform.agencies.models import this_node
from vigil.platform.partners import letters
from vigil.platform.partners.roster import signer
from vigil.protocol.blinding import PartnerBlinder
from vigil.protocol.canonical import JSON
from vigil.protocol.envelope import LIFE_US, MOST_BYTES, SPOKEN, Message
from vigil.protocol.exchange import Exchange, Handler
from vigil.protocol.nodes import Capabilities
from vigil.protocol.store import Transaction


def exchange() -> Exchange:
    """The partner half of this node: one for each use."""
    blinder = _blinder(keys.blinding_secret(), str(this_node().pk))
    others = {name: _of_app(take) for name, take in letters.KINDS.items()}
    return Exchange(node(BatchStore()), signer(), blinder, lambda: str(uuid7()), {**HANDLERS, **others})


@functools.lru_cache(maxsize=4)
def _blinder(secret: bytes, node_id: str) -> PartnerBlinder:
    return PartnerBlinder(secret, node_id)


def tell_capabilities(tx: Transaction, message: Message, now: int) -> JSON:
    """What this node can, and its limits of a message."""
    partner = next(one for one in tx.roster().members if one.node_id == message.sender)
    modes = tuple(sorted(partner.modes))
    return Capabilities(SPOKEN, (PREDICATE,), modes, partner.blind, MOST_BYTES, LIFE_US, now).content()


def _of_app(take: letters.Take) -> Handler:
    return lambda tx, message, now: take(UUID(message.sender), message.content, moment(now))


HANDLERS: Mapping[str, Handler] = {
    "capabilities": tell_capabilities,
    key_changes.KIND: key_changes.take,
    own_news.KIND: own_news.take,
    orders_api.KIND: orders_api.take,
}
"""Kinds of messages that concern the nodes themselves; each is answered in the transaction that took it."""
