"""Practising alone: a conflict between two invented operations, worked through the ordinary actions.

The operations belong to invented agencies in which nobody has an account, so that of all people only the player is
told. What was done is read from the conflict's log; nobody ticks anything off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.exercises import rules
from vigil.apps.deconfliction.exercises.rules import Fact, Step
from vigil.apps.deconfliction.exercises.scenarios import SCENARIOS, TWO_DOORS, Invented, Scenario
from vigil.apps.deconfliction.models import ActiveSite, Conflict, ConflictEvent, Operation, Practice, Status
from vigil.apps.deconfliction.rules import PlanContext, read_plan, region_boxes
from vigil.core.actor import Actor, system
from vigil.core.errors import Invalid, NotFound
from vigil.core.identifiers import uuid7
from vigil.core.permissions import Role
from vigil.engine.operation import Mode
from vigil.platform.actions import action, concerns
from vigil.platform.agencies.models import Agency, Node, agency_of

READ = "deconfliction.practice.read"
PLAYER = "Exercise"
"""Who registers what is invented."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a practice stands: `facts` are the player's, oldest first; `conflict_id` is None until it was found."""

    practice: Practice
    scenario: Scenario
    conflict_id: UUID | None
    facts: Sequence[Fact]
    reached: Mapping[Step, datetime]

    @property
    def is_complete(self) -> bool:
        """Whether every step was reached."""
        return rules.is_complete(self.reached)


def begin(actor: Actor, now: datetime) -> Practice:
    """Start a practice and search: its conflict is there when this returns, or the worker finds it."""
    practice = start_practice(actor, now)
    _search(practice, now)
    return practice


def finish(actor: Actor, practice_id: UUID, now: datetime) -> Practice:
    """End a practice and let everything that was invented for it go."""
    practice = end_practice(actor, practice_id, now)
    _search(practice, now)
    return practice


@action("deconfliction.practice.start")
def start_practice(actor: Actor, now: datetime) -> Practice:
    """Register what is invented, at a place where nobody else practises.

    Raises `Invalid` where the actor practises already, or where the region has no room left.
    """
    agency = agency_of(actor.agency_id) if actor.agency_id else None
    if actor.user_id is None or agency is None:
        raise NotFound
    node = Node.objects.select_for_update().get(slot=1)  # two who start at once take different places
    if running_of(actor) is not None:
        raise Invalid.at(sentence=_("You practise already: finish that one or stop it first."))
    region = region_boxes(node.region)
    place = rules.free_place(region, _taken())
    if place is None:
        raise Invalid.at(sentence=_("Others practise at every place of the region. Try again in an hour."))
    zone = agency.time_zone or "UTC"
    context = PlanContext(now=now, zone=zone, lead_time=timedelta(0), region=region, mode=Mode.EXERCISE)
    ids = [_register(one, place, context, now) for one in TWO_DOORS.sides]
    practice = Practice.objects.create(
        user_id=actor.user_id,
        agency=agency,
        scenario=TWO_DOORS.code,
        operation_a=ids[0],
        operation_b=ids[1],
        started_at=now,
    )
    concerns(practice=practice.pk, operations=ids)
    return practice


@action("deconfliction.practice.end")
def end_practice(actor: Actor, practice_id: UUID, now: datetime) -> Practice:
    """Keep which steps were reached and cancel the invented operations. Harmless to repeat.

    Raises `NotFound` where it is not the actor's own.
    """
    concerns(practice=practice_id)
    found = _visible(actor).select_for_update(of=("self",)).filter(pk=practice_id).first()
    if found is None:
        raise NotFound
    if found.ended_at is not None:
        return found
    course = course_of(found)
    found.ended_at, found.is_complete = now, course.is_complete
    found.steps = {step.value: at.isoformat() for step, at in course.reached.items()}
    found.save(update_fields=("ended_at", "is_complete", "steps"))
    for operation in Operation.objects.filter(pk__in=_operations(found), purged_at=None):
        if operation.status in (Status.REGISTERED, Status.UNDER_WAY):
            actions.cancel_operation(_owner(operation.agency_id), operation.pk, operation.revision, now)
    return found


def end_forgotten(actor: Actor, now: datetime) -> None:
    """End what nobody has ended in time."""
    for practice in Practice.objects.filter(ended_at=None, started_at__lte=now - rules.LONGEST):
        finish(actor, practice.pk, now)


# --- reads ------------------------------------------------------------------------------------------------------------


def running_of(actor: Actor) -> Practice | None:
    """What the actor practises now."""
    if actor.user_id is None:
        return None
    return Practice.objects.filter(ended_at=None, user_id=actor.user_id).first()


def practised(actor: Actor, limit: int = 200) -> Sequence[Practice]:
    """What has ended, the newest first: the actor's own; an administrator's whole agency."""
    return tuple(_readable(actor).filter(ended_at__isnull=False).select_related("user").order_by("-started_at")[:limit])


def operations_of_others(actor: Actor) -> set[UUID]:
    """The invented operations with which somebody else practises now."""
    others = Practice.objects.filter(~Q(user_id=actor.user_id), ended_at=None)
    return {key for pair in others.values_list("operation_a", "operation_b") for key in pair}


def course_of(practice: Practice) -> Course:
    """How it stands, from the log of its conflict."""
    conflict = Conflict.objects.filter(_between(practice)).first()
    facts = tuple(_fact(event, practice) for event in _acts(practice, conflict)) if conflict else ()
    scenario = SCENARIOS[practice.scenario]
    return Course(practice, scenario, conflict.pk if conflict else None, facts, rules.reached(facts))


def course_in(actor: Actor, conflict_id: UUID) -> Course | None:
    """The actor's running practice where that conflict is its; None elsewhere."""
    practice = running_of(actor) if actor.can(READ) else None
    course = course_of(practice) if practice else None
    return course if course and course.conflict_id == conflict_id else None


def _visible(actor: Actor) -> QuerySet[Practice]:
    if Role.SYSTEM in actor.roles:
        return Practice.objects.all()
    return Practice.objects.filter(user_id=actor.user_id) if actor.user_id else Practice.objects.none()


def _readable(actor: Actor) -> QuerySet[Practice]:
    if not actor.can(READ):
        return Practice.objects.none()
    own = Q(user_id=actor.user_id)
    return Practice.objects.filter(own | Q(agency_id=actor.agency_id) if Role.AGENCY_ADMIN in actor.roles else own)


def _between(practice: Practice) -> Q:
    one, other = sorted(_operations(practice))
    return Q(node_a="", operation_a=one, node_b="", operation_b=other)


def _acts(practice: Practice, conflict: Conflict) -> QuerySet[ConflictEvent]:
    return conflict.events.filter(author_id=practice.user_id, at__gte=practice.started_at).order_by("id")


def _fact(event: ConflictEvent, practice: Practice) -> Fact:
    side = {practice.operation_a: "A", practice.operation_b: "B"}.get(event.operation_id) if event.operation_id else ""
    return Fact(event.at, event.kind, side or "", event.result, bool(event.identity_check))


# --- what is invented -------------------------------------------------------------------------------------------------


def _taken() -> list[tuple[float, float]]:
    """Where anything is exercised now."""
    found = ActiveSite.objects.filter(mode=Mode.EXERCISE.value)
    return list(found.values_list("longitude", "latitude").distinct())


def _register(side: Invented, place: tuple[float, float], context: PlanContext, now: datetime) -> UUID:
    defaults: dict[str, Any] = {"name": side.agency, "short_name": side.short, "is_active": False}
    agency, _made = Agency.objects.get_or_create(ori=side.ori, defaults={"id": uuid7(), **defaults})
    longitude, latitude = place
    starts = now + side.starts_in
    raw = {
        "operation_type": side.kind,
        "starts_at": starts,
        "ends_at": starts + side.lasts,
        "zone": context.zone,
        "mode": Mode.EXERCISE.value,
        "lead_contact": {"name": side.lead[0], "phone": side.lead[1]},
        "second_contact": {"name": side.second[0], "phone": side.second[1]},
        "sites": [{"place": f"{latitude + side.aside:.4f}, {longitude:.4f}"}],
    }
    return actions.register_operation(_owner(agency.pk), read_plan(raw, context), now).pk


def _owner(agency_id: UUID) -> Actor:
    """Nobody: the node itself, for an invented agency."""
    return replace(system(PLAYER), agency_id=agency_id)


def _operations(practice: Practice) -> tuple[UUID, UUID]:
    return practice.operation_a, practice.operation_b


def _search(practice: Practice, now: datetime) -> None:
    for key in Operation.objects.filter(pk__in=_operations(practice), purged_at=None).values_list("pk", flat=True):
        actions.run_due_search(system(PLAYER), key, now)
