"""Adopting a policy and saying that one has read it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from vigil.apps.policy.access import in_force
from vigil.apps.policy.models import Adoption, Reading
from vigil.apps.policy.queries import from_settings, pdf
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.platform.actions import action, concerns, detail


@action("policy.adoption.sign")
def adopt(actor: Actor, signed_by: str, now: datetime) -> Adoption:
    """Put the policy as the settings are now into force, under this signature."""
    signed_by = signed_by.strip()
    if not 0 < len(signed_by) <= 120:
        raise Invalid.at("signed_by", sentence=_("Give the name of who signs, at most 120 characters."))
    if actor.agency_id is None:
        raise NotFound
    adoption = Adoption.objects.create(
        agency_id=actor.agency_id,
        sections=from_settings(actor),
        adopted_on=now.date(),
        signed_by=signed_by,
        created_at=now,
    )
    concerns(adoption=adoption.pk)
    return adoption


@action("policy.adoption.acknowledge")
def acknowledge(actor: Actor, now: datetime) -> None:
    """The actor has read the policy in force; saying it again changes nothing."""
    adopted = in_force(actor)
    if adopted is None or actor.user_id is None:
        raise NotFound
    Reading.objects.get_or_create(adoption=adopted, user_id=actor.user_id, defaults={"read_at": now})
    concerns(adoption=adopted.pk)


@action("policy.adoption.give")
def give_pdf(actor: Actor) -> bytes:
    """The policy as PDF, handed out."""
    content = pdf(actor)
    detail(kind="pdf", size=len(content))
    return content
