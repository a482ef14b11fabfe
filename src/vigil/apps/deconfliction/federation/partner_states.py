"""The partners as pages and commands show them."""

from __future__ import annotations

from uuid import UUID

from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.platform.partners.models import Partner

READ = "partners.partner.read"


def known(actor: Actor) -> list[Partner]:
    """Partners and those that wait to become one, by name."""
    actor.require(READ)
    return list(Partner.objects.exclude(state=Partner.State.REMOVED))


def one(actor: Actor, partner_id: UUID) -> Partner:
    """One of them, or one that was removed; `NotFound` for any other."""
    actor.require(READ)
    row = Partner.objects.filter(pk=partner_id).select_related("proposed_by").first()
    if row is None:
        raise NotFound
    return row
