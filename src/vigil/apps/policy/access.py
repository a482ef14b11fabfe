"""The only door to rows: a person's own agency."""

from __future__ import annotations

from vigil.apps.policy.models import Adoption
from vigil.core.actor import Actor


def in_force(actor: Actor) -> Adoption | None:
    """The newest adopted policy of the actor's agency."""
    actor.require("policy.adoption.read")
    return Adoption.objects.filter(agency_id=actor.agency_id).first() if actor.agency_id else None
