"""Operations of invented agencies in mode exercise: registered, moved and cancelled through the ordinary actions.

Nobody has an account in an invented agency, so that of all people only who exercises is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.exercises import rules
from vigil.apps.deconfliction.exercises.scenarios import Invented
from vigil.apps.deconfliction.models import ActiveSite, Exercise, ExerciseState, Operation, Status
from vigil.apps.deconfliction.plan import Plan
from vigil.apps.deconfliction.rules import PlanContext, read_plan, region_boxes
from vigil.core.actor import Actor, system
from vigil.core.errors import Invalid
from vigil.core.identifiers import uuid7
from vigil.engine.operation import Mode
from vigil.platform.agencies.models import Agency, Node, this_node

PLAYER = "Exercise"
"""Who registers what is invented."""
Place = tuple[float, float]
"""Longitude and latitude."""


def free_place(node: Node) -> Place:
    """Where nothing is exercised now, nor will be in an exercise that goes on; the caller holds the node's row, so that
    two who start at once take different places. Raises `Invalid` where the region has no room left.
    """
    taken = ActiveSite.objects.filter(mode=Mode.EXERCISE.value).values_list("longitude", "latitude").distinct()
    going = Exercise.objects.filter(state__in=(ExerciseState.RUNNING, ExerciseState.PAUSED))
    kept = [(one.longitude, one.latitude) for one in going if one.longitude is not None and one.latitude is not None]
    place = rules.free_place(region_boxes(node.region), [*taken, *kept])
    if place is None:
        raise Invalid.at(sentence=_("Others practise at every place of the region. Try again in an hour."))
    return place


def register(side: Invented, place: Place, zone: str, now: datetime) -> Operation:
    """Register one side's operation; its search is due."""
    return actions.register_operation(owner(agency_of(side).pk), _plan(side, place, zone, now), now)


def move(operation: Operation, side: Invented, place: Place, zone: str, now: datetime) -> Operation:
    """Put the operation elsewhere, or to another time: a revision whose search is due."""
    plan = _plan(side, place, zone, now)
    return actions.revise_operation(owner(operation.agency_id), operation.pk, operation.revision, plan, now)


def cancel(operation_ids: Iterable[UUID], now: datetime) -> None:
    """Take back those that still stand."""
    for operation in Operation.objects.filter(pk__in=list(operation_ids), purged_at=None):
        if operation.status in (Status.REGISTERED, Status.UNDER_WAY):
            actions.cancel_operation(owner(operation.agency_id), operation.pk, operation.revision, now)


def search(operation_ids: Iterable[UUID], now: datetime) -> None:
    """Search for each now; what this does not reach, the worker does."""
    known = Operation.objects.filter(pk__in=list(operation_ids), purged_at=None).order_by("pk")
    for key in known.values_list("pk", flat=True):
        actions.run_due_search(system(PLAYER), key, now)


def agency_of(side: Invented) -> Agency:
    """The side's agency; it is in no list of agencies to choose from."""
    defaults: dict[str, Any] = {"name": side.agency, "short_name": side.short, "is_active": False}
    agency, _made = Agency.objects.get_or_create(ori=side.ori, defaults={"id": uuid7(), **defaults})
    return agency


def owner(agency_id: UUID) -> Actor:
    """Nobody: the node itself, for an invented agency."""
    return replace(system(PLAYER), agency_id=agency_id)


def _plan(side: Invented, place: Place, zone: str, now: datetime) -> Plan:
    region = region_boxes(this_node().region)
    context = PlanContext(now=now, zone=zone, lead_time=timedelta(0), region=region, mode=Mode.EXERCISE)
    longitude, latitude = place
    starts = now + side.starts_in
    raw = {
        "operation_type": side.kind,
        "starts_at": starts,
        "ends_at": starts + side.lasts,
        "zone": zone,
        "mode": Mode.EXERCISE.value,
        "lead_contact": {"name": side.lead[0], "phone": side.lead[1]},
        "second_contact": {"name": side.second[0], "phone": side.second[1]},
        "sites": [{"place": f"{latitude + side.aside:.4f}, {longitude:.4f}"}],
    }
    return read_plan(raw, context)
