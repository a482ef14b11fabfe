"""What this side of a conflict has done, told to the partner whose operation is on the other side (section 7)."""

from __future__ import annotations

from datetime import datetime

from vigil.apps.deconfliction.models import Conflict, ConflictSide
from vigil.apps.deconfliction.plan_rows import instant
from vigil.protocol.store import OWN, Reference
from vigil.protocol.telling import tell_step


def tell(conflict: Conflict, side: ConflictSide, step: str, now: datetime, outcome: str = "") -> None:
    """Note in the caller's transaction that the partner is to be told; nothing where both sides are of this node."""
    # The store itself tells people of conflicts, by what calls this.
    from vigil.apps.deconfliction.store import DatabaseTransaction, conflict_of

    # Of a pair with a partner's operation the own one is the first.
    if side.node == OWN and conflict.node_b != OWN:
        own = Reference(OWN, str(side.operation_id))
        tell_step(DatabaseTransaction(), conflict_of(conflict, conflict.sides.all()), own, step, outcome, instant(now))
