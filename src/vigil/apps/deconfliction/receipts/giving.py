"""A receipt handed out as a file: recorded with its bytes before anybody has it."""

from __future__ import annotations

from collections.abc import Callable

from vigil.apps.deconfliction import access
from vigil.apps.deconfliction.store import receipt_of
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.platform.actions import action, concerns, detail
from vigil.protocol.store import StoredReceipt


@action("deconfliction.receipt.give")
def give_receipt(actor: Actor, number: int, kind: str, make: Callable[[StoredReceipt], bytes]) -> bytes:
    """The receipt as `make` writes it; `NotFound` where it is none of the actor's or its body was purged."""
    receipt = receipt_of(access.get_receipt(actor, number))
    if not receipt.body:
        raise NotFound
    content = make(receipt)
    concerns(receipt=number)
    detail(kind=kind, size=len(content))
    return content
