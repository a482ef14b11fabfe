"""The account that an agency names as deconflictor of its silent operations (specification, section 7).

Whom the other side telephones stands on the node (`agencies.actions.name_deconflictor`) and may be somebody without an
account. The account named here sees the agency's silent operations and their place matches, and is told of these;
a subject match stays its owner's alone. The watch desk keeps what it sees: it answers when nobody else does.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from vigil.apps.deconfliction import access, notices
from vigil.apps.deconfliction.models import Deconflictor
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.platform.actions import action, concerns


@action("deconfliction.deconflictor.name")
def name_account(actor: Actor, user_id: UUID | None, now: datetime) -> None:
    """Name an account of the administrator's own agency in place of the one named before; None: nobody.

    Raises `NotFound` where it is none that may read operations of that agency.
    """
    if user_id is not None and user_id not in dict(candidates(actor)):
        raise NotFound
    before = named(actor)
    concerns(agency=actor.agency_id, users=[one for one in (before and before[0], user_id) if one])
    if actor.agency_id is None:
        raise NotFound
    if user_id is None:
        Deconflictor.objects.filter(agency_id=actor.agency_id).delete()
    else:
        chosen = {"user_id": user_id, "named_at": now}
        Deconflictor.objects.update_or_create(agency_id=actor.agency_id, defaults=chosen)
    # What they see changes with it, on pages that stand open too.
    both = frozenset(one for one in (before and before[0], user_id) if one)
    notices.operations_changed(notices.Readers(users=both), now)
    notices.conflicts_changed(notices.Readers(users=both), owner_only=True, at=now)


def candidates(actor: Actor) -> list[tuple[UUID, str]]:
    """Id and name of the agency's people who may read operations, by name."""
    found = (
        access.readers_in(actor.agency_id)
        .order_by("user__full_name", "user_id")
        .values_list("user_id", "user__full_name")
        .distinct()
    )
    return list(found)


def named(actor: Actor) -> tuple[UUID, str] | None:
    """Id and name of the account that the agency has named, if any."""
    found = Deconflictor.objects.filter(agency_id__in=[actor.agency_id])
    return found.values_list("user_id", "user__full_name").first()
