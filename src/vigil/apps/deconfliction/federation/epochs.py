"""A new epoch: after a restore, and with a new blinding secret. Everything active is asked again, by this node and by
its partners as soon as they hear of it (specification 8, condition 10; ADR 11).

The node remembers by which secret its tokens were made. Where that is another one than the secret there is, a command
was killed between the two or somebody changed the file: the epoch changes before anything is answered.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from vigil.apps.deconfliction.actions import node
from vigil.apps.deconfliction.batches import BatchStore
from vigil.apps.deconfliction.plan_rows import instant
from vigil.core.actor import Actor
from vigil.core.identifiers import new_epoch
from vigil.platform import keys
from vigil.platform.actions import action, concerns, detail
from vigil.platform.agencies.models import Node, this_node


@action("agencies.node.restore")
def begin_new_epoch(actor: Actor, now: datetime) -> int:
    """Draw a new epoch and ask every partner about everything active again."""
    own = this_node()
    epoch = new_epoch()
    node(BatchStore()).restore(epoch, instant(now))
    Node.objects.filter(pk=own.pk).update(blinding_id=keys.blinding_id())
    concerns(node=own.pk)
    detail(epoch=epoch)
    return epoch


def fit_secret(actor: Actor, now: datetime) -> None:
    """Begin a new epoch where the tokens were made by another secret. The first secret of a node begins none."""
    known, present = this_node().blinding_id, keys.blinding_id()
    if known == present:
        return
    if known:
        begin_new_epoch(actor, now)
    else:
        Node.objects.filter(slot=1).update(blinding_id=present)


@action("agencies.key.draw")
def draw_secret(actor: Actor, now: datetime) -> None:
    """Draw another blinding secret, forget the one before, and begin a new epoch."""
    own = settings.VIGIL_KEYS
    file = own.draw("blinding_secret")
    for old in own.files("blinding_secret")[1:]:
        old.unlink()
    concerns(key=file.name)
    fit_secret(actor, now)
