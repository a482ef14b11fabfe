"""Gathering the facts. What only an app knows, its `readiness.py` contributes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from vigil.core.actor import Actor
from vigil.core.permissions import Role
from vigil.platform.accounts.models import Membership
from vigil.platform.agencies.models import Agency, this_node
from vigil.platform.agencies.retention import is_set
from vigil.platform.readiness.judgement import Facts, Item, judge

Gather = Callable[[UUID, datetime], Any]
"""From agency and moment to one field of `Facts`."""

_CONTRIBUTED: dict[str, Gather] = {}


def contribute(field: str, gather: Gather) -> None:
    """An app's own fact for the field of `Facts`."""
    _CONTRIBUTED[field] = gather


def readiness(actor: Actor, now: datetime) -> list[Item]:
    """What is done and what is missing for the actor's agency; nothing for who may not set it up."""
    agency = Agency.objects.filter(pk=actor.agency_id, is_served=True).first() if actor.agency_id else None
    if agency is None or not actor.can("agencies.agency.edit"):
        return []
    return judge(facts_of(agency, now), now)


def everyones_readiness(now: datetime) -> list[tuple[str, list[Item]]]:
    """The same for each agency of the node, for the console: its label and its items."""
    served = Agency.objects.filter(is_served=True, is_active=True)
    return [(agency.label, judge(facts_of(agency, now), now)) for agency in served]


def facts_of(agency: Agency, now: datetime) -> Facts:
    """Everything that is judged about an agency and its node."""
    node = this_node()
    people = Membership.objects.filter(active=True, user__is_active=True)
    administrators = people.filter(Q(role=Role.NODE_ADMIN) | Q(role=Role.AGENCY_ADMIN, agency=agency))
    auditing = Q(role=Role.NODE_AUDITOR) | Q(role=Role.AGENCY_AUDITOR, agency=agency)
    return Facts(
        agency=agency.label,
        ori=agency.ori,
        state=agency.state,
        time_zone=agency.time_zone,
        administrators=administrators.values("user").distinct().count(),
        auditors=people.filter(auditing).values("user").distinct().count(),
        supervisors=people.filter(role=Role.SUPERVISOR, agency=agency).values("user").distinct().count(),
        desk_phone=node.watch_desk_phone,
        desk_hours=node.desk_hours,
        rules_reviewed="types" in agency.rules,
        retention_set=is_set(agency.rules),
        backed_up_at=node.backed_up_at,
        neighbours=Agency.objects.filter(is_served=False, is_active=True).count(),
        **{field: gather(agency.pk, now) for field, gather in _CONTRIBUTED.items()},
    )
