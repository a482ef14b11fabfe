"""Planning a led exercise: its day, people, objectives and Master Scenario Events List; and the door to its rows.

Only its controllers read the plan, for who plays must not know what comes; evaluators read it too. What came of it is
read by everybody who was in it, and by an administrator of the agency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from vigil.apps.deconfliction.led import rules
from vigil.apps.deconfliction.led.rules import Clock, Kind, Measure, Where
from vigil.apps.deconfliction.led.scenarios import LED_SCENARIOS, ROLES, LedScenario
from vigil.apps.deconfliction.models import (
    Exercise,
    ExercisePart,
    ExercisePerson,
    ExerciseState,
    Inject,
    InjectKind,
    InjectPlace,
    Objective,
)
from vigil.apps.deconfliction.plan_rows import moment
from vigil.apps.deconfliction.wall_times import TimeError, read_time
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound, Problem
from vigil.core.permissions import PERMISSIONS, Role
from vigil.platform.accounts.models import Membership
from vigil.platform.actions import action, concerns
from vigil.platform.agencies.models import agency_of

READ = "deconfliction.exercise.read"
PLAN = "deconfliction.exercise.plan"
GOING = (ExerciseState.RUNNING, ExerciseState.PAUSED)
LONGEST_TITLE, LONGEST_TEXT = 120, 1000
MOST_LINES = 100
"""Objectives, injects or people of one exercise (ours)."""
FIRST_MINUTES = 60


# --- the door ---------------------------------------------------------------------------------------------------------


def visible_exercises(actor: Actor) -> QuerySet[Exercise]:
    """Those that the actor is in, whatever as; for an administrator also what has ended in the agency."""
    if not actor.can(READ):
        return Exercise.objects.none()
    found = Q(people__user_id=actor.user_id)
    if Role.AGENCY_ADMIN in actor.roles:
        found |= Q(agency_id=actor.agency_id, state=ExerciseState.ENDED)
    return Exercise.objects.filter(found).distinct()


def part_of(actor: Actor, exercise: Exercise) -> str:
    """What the actor is in it: one of `ExercisePart`, or empty."""
    mine = exercise.people.filter(user_id=actor.user_id).first() if actor.user_id else None
    return mine.part if mine else ""


def get_exercise(actor: Actor, exercise_id: UUID, *parts: ExercisePart, lock: bool = False) -> Exercise:
    """The exercise for somebody who is one of `parts` in it; `NotFound` for everybody else. The node finds each.

    With `lock` its row is held until the transaction ends.
    """
    found = Exercise.objects.select_for_update() if lock else Exercise.objects
    if Role.SYSTEM not in actor.roles:
        held = ExercisePerson.objects.filter(user_id__in=[actor.user_id], part__in=parts).values("exercise_id")
        found = found.filter(pk__in=held)
    exercise = found.filter(pk=exercise_id).first()
    if exercise is None:
        raise NotFound
    return exercise


def led(actor: Actor, exercise_id: UUID, *, lock: bool = False) -> Exercise:
    """One that the actor controls."""
    return get_exercise(actor, exercise_id, ExercisePart.CONTROLLER, lock=lock)


def evaluated(actor: Actor, exercise_id: UUID) -> Exercise:
    """One that the actor controls or evaluates."""
    return get_exercise(actor, exercise_id, ExercisePart.CONTROLLER, ExercisePart.EVALUATOR)


def reported(actor: Actor, exercise_id: UUID) -> Exercise:
    """One that has ended and of which the actor may read what came of it."""
    found = visible_exercises(actor).filter(pk=exercise_id, state=ExerciseState.ENDED).first()
    if found is None:
        raise NotFound
    return found


def clock_of(exercise: Exercise) -> Clock:
    """The exercise's own clock."""
    pauses = tuple(
        (datetime.fromisoformat(begin), end and datetime.fromisoformat(end)) for begin, end in exercise.pauses
    )
    return Clock(exercise.started_at, pauses, exercise.ended_at)


def line_of(inject: Inject) -> rules.Inject:
    """An inject as the rules read it."""
    return rules.Inject(
        inject.minute, Kind(inject.kind), inject.within, inject.role, inject.released_minute, inject.seen_minute
    )


def zone_of(exercise: Exercise) -> str:
    """The zone of its times."""
    return exercise.agency.time_zone or "UTC"


def completed(actor: Actor, limit: int = 200) -> Sequence[ExercisePerson]:
    """Who has completed which exercise, the newest first: the actor's own; an administrator's whole agency."""
    if not actor.can(READ):
        return ()
    own = Q(user_id__in=[actor.user_id])
    found = own | Q(agency_id__in=[actor.agency_id]) if Role.AGENCY_ADMIN in actor.roles else own
    rows = ExercisePerson.objects.filter(found, completed_at__isnull=False).select_related("user", "exercise")
    return tuple(rows.order_by("-completed_at", "-pk")[:limit])


def out_of_sight(actor: Actor) -> QuerySet[Inject, UUID | None]:
    """The operations of exercises that have ended, or go on without the actor: no desk shows their conflicts."""
    mine = ExercisePerson.objects.filter(user_id__in=[actor.user_id]).values("exercise_id")
    invented = Inject.objects.filter(operation_id__isnull=False)
    going = Q(exercise__state__in=GOING, exercise__in=mine)
    return invented.exclude(going).values_list("operation_id", flat=True)


# --- whom one may name ------------------------------------------------------------------------------------------------

_MAY = {
    ExercisePart.CONTROLLER: PERMISSIONS["deconfliction.exercise.run"],
    ExercisePart.EVALUATOR: PERMISSIONS["deconfliction.exercise.evaluate"],
    ExercisePart.PLAYER: PERMISSIONS[READ],
}


def candidates(actor: Actor) -> Sequence[Membership]:
    """Whom the actor may name: the watch desk of the whole node, and who works in the field for the actor's agency."""
    held = Membership.objects.filter(active=True, user__is_active=True, agency__is_active=True)
    own = Q(agency_id=actor.agency_id, role__in=[role.value for role in PERMISSIONS["deconfliction.exercise.evaluate"]])
    found = held.filter(own | Q(role=Role.WATCH_DESK.value)).select_related("user", "agency")
    one_each = {membership.user_id: membership for membership in found.order_by("created_at")}
    return sorted(one_each.values(), key=lambda one: (str(one.user), str(one.pk)))


# --- verbs ------------------------------------------------------------------------------------------------------------


@action(PLAN)
def plan_exercise(actor: Actor, scenario: str, now: datetime) -> Exercise:
    """A new exercise with the actor as its controller: a copy of a shipped scenario, or an empty one where the code is
    empty. It is planned for tomorrow at this hour until that is changed.

    Raises `NotFound` for an unknown scenario.
    """
    agency = agency_of(actor.agency_id) if actor.agency_id else None
    shipped = LED_SCENARIOS.get(scenario)
    if actor.user_id is None or agency is None or (scenario and shipped is None):
        raise NotFound
    exercise = Exercise.objects.create(
        agency=agency,
        title=_(shipped.title) if shipped else _("New exercise"),
        scope=_(shipped.scope) if shipped else "",
        minutes=shipped.minutes if shipped else FIRST_MINUTES,
        planned_at=(now + timedelta(days=1)).replace(minute=0, second=0, microsecond=0),
        created_at=now,
    )
    ExercisePerson.objects.create(exercise=exercise, user_id=actor.user_id, agency=agency, part=ExercisePart.CONTROLLER)
    if shipped:
        _copy(shipped, exercise)
    concerns(exercise=exercise.pk)
    return exercise


def _copy(shipped: LedScenario, exercise: Exercise) -> None:
    for position, one in enumerate(shipped.objectives):
        Objective.objects.create(
            exercise=exercise,
            position=position,
            text=_(one.text),
            watched=_(one.watched),
            target=_(one.target),
            measure=one.measure.value if one.measure else "",
            target_minutes=one.minutes,
        )
    for line in shipped.injects:
        Inject.objects.create(
            exercise=exercise,
            minute=line.minute,
            kind=line.kind.value,
            text=_(line.text),
            expected=_(line.expected),
            within=line.within,
            role=line.role,
            place=line.where.value if line.where else "",
            starts_in=line.starts_in,
        )


@action(PLAN)
def copy_exercise(actor: Actor, exercise_id: UUID, now: datetime) -> Exercise:
    """A new exercise with the plan of one that the actor controls: objectives, injects and people, nothing that came
    of it.
    """
    old = led(actor, exercise_id)
    new = Exercise.objects.create(
        agency=old.agency,
        title=old.title,
        scope=old.scope,
        minutes=old.minutes,
        planned_at=(now + timedelta(days=1)).replace(minute=0, second=0, microsecond=0),
        created_at=now,
    )
    for person in old.people.all():
        ExercisePerson.objects.create(
            exercise=new, user_id=person.user_id, agency_id=person.agency_id, part=person.part
        )
    for objective in old.objectives.all():
        Objective.objects.create(exercise=new, **{name: getattr(objective, name) for name in _OBJECTIVE})
    for inject in old.injects.all():
        Inject.objects.create(exercise=new, **{name: getattr(inject, name) for name in _INJECT})
    concerns(exercise=new.pk)
    return new


_OBJECTIVE = ("position", "text", "watched", "target", "measure", "target_minutes")
_INJECT = ("minute", "kind", "text", "expected", "within", "role", "place", "starts_in")


@action(PLAN)
def change_details(actor: Actor, exercise_id: UUID, typed: Mapping[str, str], now: datetime) -> Exercise:
    """Title, scope, day and hour, and how many minutes. Raises `Invalid` at each field, or where it has started."""
    exercise = _planned(actor, exercise_id)
    form = _Form(typed)
    title, scope = form.text("title", LONGEST_TITLE), form.text("scope", LONGEST_TEXT, required=False)
    minutes, at = form.number("minutes", 5, rules.MOST_MINUTES), form.time("planned_at", zone_of(exercise), now)
    form.check()
    exercise.title, exercise.scope = title, scope
    exercise.minutes = minutes or exercise.minutes
    exercise.planned_at = at or exercise.planned_at
    exercise.save(update_fields=("title", "scope", "minutes", "planned_at"))
    return exercise


@action(PLAN)
def discard_exercise(actor: Actor, exercise_id: UUID, sure: bool = False) -> None:
    """Throw a planned one away, or, where `sure`, one that has ended, with everything written about it.

    Raises `Invalid` while it goes on, and at `sure`.
    """
    concerns(exercise=exercise_id)
    exercise = led(actor, exercise_id, lock=True)
    if exercise.state in GOING:
        raise Invalid.at(sentence=_("The exercise goes on: end it first."))
    if exercise.state == ExerciseState.ENDED and not sure:
        raise Invalid.at("sure", sentence=_("Tick that what must be kept is kept elsewhere."))
    exercise.delete()


@action(PLAN)
def name_person(actor: Actor, exercise_id: UUID, user_id: UUID | None, part: str) -> None:
    """Name somebody as controller, evaluator or player; an empty `part` takes them out.

    Raises `Invalid` at `user` or `part`: nobody to choose from, no such part or none for their role, or the last
    controller.
    """
    exercise = _planned(actor, exercise_id)
    before = exercise.people.filter(user_id__in=[user_id]).first()
    if part != ExercisePart.CONTROLLER and before and before.part == ExercisePart.CONTROLLER:
        others = exercise.people.filter(part=ExercisePart.CONTROLLER).exclude(pk=before.pk)
        if not others.exists():
            raise Invalid.at("user", sentence=_("An exercise needs a controller: name another one first."))
    if not part:
        exercise.people.filter(user_id__in=[user_id]).delete()
        return
    chosen = next((one for one in candidates(actor) if one.user_id == user_id), None)
    if chosen is None:
        raise Invalid.at("user", sentence=_("Choose a person."))
    if part not in ExercisePart.values:
        raise Invalid.at("part", sentence=_("Choose what this person is in the exercise."))
    if not _may_be(chosen, ExercisePart(part)):
        raise Invalid.at("part", sentence=_("A controller is a supervisor or of a watch desk."))
    if before is None and exercise.people.count() >= MOST_LINES:
        raise Invalid.at("user", sentence=_("No more than {n} people.").format(n=MOST_LINES))
    exercise.people.update_or_create(
        user_id=chosen.user_id, defaults={"part": part, "agency_id": before.agency_id if before else chosen.agency_id}
    )


def _may_be(chosen: Membership, part: ExercisePart) -> bool:
    held = Membership.objects.filter(user_id=chosen.user_id, active=True).values_list("role", flat=True)
    return not _MAY[part].isdisjoint(Role(role) for role in held)


@action(PLAN)
def save_objective(actor: Actor, exercise_id: UUID, objective_id: UUID | None, typed: Mapping[str, str]) -> Objective:
    """Add an objective, or change one. Raises `Invalid` at each field, or where the exercise has started."""
    exercise = _planned(actor, exercise_id)
    objective: Objective | None = _line(exercise.objectives.all(), objective_id)
    form = _Form(typed)
    text, watched = form.text("text", LONGEST_TEXT), form.text("watched", LONGEST_TEXT, required=False)
    target = form.text("target", LONGEST_TEXT, required=False)
    measure = form.choice("measure", [*Measure, ""])
    minutes = form.number("target_minutes", 1, 240) if measure else None
    form.check()
    if objective is None:
        last = exercise.objectives.aggregate(last=Max("position"))["last"]
        objective = Objective(exercise=exercise, position=0 if last is None else last + 1)
    objective.text, objective.watched, objective.target = text, watched, target
    objective.measure, objective.target_minutes = measure, minutes
    objective.save()
    return objective


@action(PLAN)
def remove_objective(actor: Actor, exercise_id: UUID, objective_id: UUID) -> None:
    """Take an objective out."""
    _found(_planned(actor, exercise_id).objectives.all(), objective_id).delete()


@action(PLAN)
def save_inject(actor: Actor, exercise_id: UUID, inject_id: UUID | None, typed: Mapping[str, str]) -> Inject:
    """Add a line to the MSEL, or change one. Raises `Invalid` at each field, or where the exercise has started."""
    exercise = _planned(actor, exercise_id)
    inject: Inject = _line(exercise.injects.all(), inject_id) or Inject(exercise=exercise)
    form = _Form(typed)
    minute, within = form.number("minute", 0, rules.MOST_MINUTES), form.number("within", 1, 120)
    kind = form.choice("kind", list(InjectKind.values))
    text, expected = form.text("text", LONGEST_TEXT), form.text("expected", LONGEST_TEXT, required=False)
    role, place, starts_in = "", "", None
    if kind in rules.AUTOMATIC:
        role, place = form.choice("role", list(ROLES)), form.choice("place", list(InjectPlace.values))
        starts_in = form.number("starts_in", 1, 600)
    elif kind == Kind.TELEPHONE:
        place = form.choice("place", ["", *InjectPlace.values])
    form.check()
    inject.minute, inject.within, inject.kind = minute or 0, within or 1, kind
    inject.text, inject.expected = text, expected
    inject.role, inject.place, inject.starts_in = role, place, starts_in
    inject.save()
    return inject


@action(PLAN)
def remove_inject(actor: Actor, exercise_id: UUID, inject_id: UUID) -> None:
    """Take a line out of the MSEL."""
    _found(_planned(actor, exercise_id).injects.all(), inject_id).delete()


def missing(exercise: Exercise) -> list[str]:
    """What is wrong with the plan, or lacks before it may start."""
    found = rules.faults(line_of(inject) for inject in exercise.injects.all())
    if not exercise.injects.exists():
        found.append(_("There is no inject yet."))
    if not exercise.objectives.exists():
        found.append(_("There is no objective yet."))
    desk = Membership.objects.filter(role=Role.WATCH_DESK.value, active=True).values("user_id")
    if not exercise.people.filter(part=ExercisePart.PLAYER, user_id__in=desk).exists():
        found.append(_("Nobody plays yet: name at least one player of a watch desk."))
    late = exercise.injects.filter(minute__gt=exercise.minutes).order_by("minute").first()
    if late is not None:
        found.append(_("Minute {n}: comes after the exercise has ended.").format(n=late.minute))
    return found


def place_of(exercise: Exercise, place: str) -> tuple[float, float] | None:
    """Longitude and latitude of one of `InjectPlace`; None before the exercise has one."""
    if exercise.longitude is None or exercise.latitude is None or not place:
        return None
    return exercise.longitude, exercise.latitude + rules.ASIDE[Where(place)]


def _planned(actor: Actor, exercise_id: UUID) -> Exercise:
    concerns(exercise=exercise_id)
    exercise = led(actor, exercise_id, lock=True)
    if exercise.state != ExerciseState.PLANNED:
        raise Invalid.at(sentence=_("The exercise has started: its plan stands."))
    return exercise


def _line(rows: QuerySet[Any], key: UUID | None) -> Any:
    """The row to change; None where one is to be added and there is room."""
    if key is not None:
        return _found(rows, key)
    if rows.count() >= MOST_LINES:
        raise Invalid.at(sentence=_("No more than {n} lines.").format(n=MOST_LINES))
    return None


def _found(rows: QuerySet[Any], key: UUID) -> Any:
    row = rows.filter(pk=key).first()
    if row is None:
        raise NotFound
    return row


class _Form:
    """Reads what was typed, field by field, and keeps every fault."""

    def __init__(self, typed: Mapping[str, str]) -> None:
        self.typed = typed
        self.problems: list[Problem] = []

    def text(self, name: str, longest: int, *, required: bool = True) -> str:
        """One text, trimmed."""
        text = self.typed.get(name, "").strip()
        if required and not text:
            self._wrong(name, _("Fill this in."))
        if len(text) > longest:
            self._wrong(name, _("At most {n} letters.").format(n=longest))
        return text

    def number(self, name: str, least: int, most: int) -> int | None:
        """One whole number."""
        text = self.typed.get(name, "").strip()
        if text.isdecimal() and len(text) < 6 and least <= int(text) <= most:
            return int(text)
        self._wrong(name, _("Give a whole number from {least} to {most}.").format(least=least, most=most))
        return None

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """One of a list."""
        text = self.typed.get(name, "")
        if text not in choices:
            self._wrong(name, _("Choose one."))
            return ""
        return text

    def time(self, name: str, zone: str, now: datetime) -> datetime | None:
        """A moment as people type it."""
        try:
            return moment(read_time(self.typed.get(name, ""), zone, now).instant)
        except TimeError as error:
            self.problems.append(Problem((name,), error.sentence, error.choices))
            return None

    def check(self) -> None:
        """Raise all faults at once."""
        if self.problems:
            raise Invalid(self.problems)

    def _wrong(self, name: str, sentence: str) -> None:
        self.problems.append(Problem((name,), sentence))


@dataclass(frozen=True, slots=True)
class Row:
    """One exercise in a list; `part` is what the reader is in it."""

    exercise: Exercise
    part: str


def exercise_list(actor: Actor, limit: int = 100) -> tuple[Row, ...]:
    """Those that the actor may know of, the next or newest first."""
    found = visible_exercises(actor).select_related("agency").order_by("-planned_at", "-pk")[:limit]
    return tuple(Row(one, part_of(actor, one)) for one in found)
