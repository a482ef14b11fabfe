"""Practising alone: a conflict between two invented operations, worked through the ordinary actions.

The operations belong to invented agencies in which nobody has an account, so that of all people only the player is
told. What was done is read from the conflict's log; nobody ticks anything off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from vigil.apps.deconfliction.exercises import invented, rules
from vigil.apps.deconfliction.exercises.rules import Fact, Step
from vigil.apps.deconfliction.exercises.scenarios import SCENARIOS, TWO_DOORS, Scenario
from vigil.apps.deconfliction.models import Conflict, ConflictEvent, Practice
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.core.permissions import Role
from vigil.platform.actions import action, concerns
from vigil.platform.agencies.models import Node, agency_of

READ = "deconfliction.practice.read"


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
    invented.search(_operations(practice), now)
    return practice


def finish(actor: Actor, practice_id: UUID, now: datetime) -> Practice:
    """End a practice and let everything that was invented for it go."""
    practice = end_practice(actor, practice_id, now)
    invented.search(_operations(practice), now)
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
    place = invented.free_place(node)
    zone = agency.time_zone or "UTC"
    ids = [invented.register(one, place, zone, now).pk for one in TWO_DOORS.sides]
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
    invented.cancel(_operations(found), now)
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


def _operations(practice: Practice) -> tuple[UUID, UUID]:
    return practice.operation_a, practice.operation_b
