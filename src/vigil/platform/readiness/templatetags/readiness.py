"""The card on Today."""

from __future__ import annotations

from typing import Any

from django import template

from vigil.platform import clock
from vigil.platform.readiness import queries
from vigil.platform.readiness.judgement import missing

register = template.Library()


@register.inclusion_tag("readiness/_card.html", takes_context=True)
def readiness_card(context: template.Context) -> dict[str, Any]:
    """What is missing, for who may set the node up; nothing for others, and nothing once all is there."""
    actor = getattr(context.get("request"), "actor", None)
    return {"missing": missing(queries.readiness(actor, clock.now())) if actor else []}
