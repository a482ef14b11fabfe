"""Running a led exercise: its clock, what the worker and the controller release, and how everything invented goes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ParamSpec
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vigil.apps.deconfliction.alarms import texts
from vigil.apps.deconfliction.exercises import invented
from vigil.apps.deconfliction.led import evaluating, planning, rules
from vigil.apps.deconfliction.led.rules import Kind, State, Verb
from vigil.apps.deconfliction.led.scenarios import ROLES
from vigil.apps.deconfliction.models import Exercise, ExercisePart, ExerciseState, Inject, Operation, Status
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.engine.operation import Mode
from vigil.platform.actions import action, concerns, detail
from vigil.platform.agencies.models import Node
from vigil.platform.notices.board import changed, notify

RUN = "deconfliction.exercise.run"
LONGEST_NOTE = 500
EVERY = timedelta(seconds=5)
"""How often the worker looks for what is due."""
BEGINS = gettext_noop("An exercise that you are in has begun. Open Vigil.")
ENDS = gettext_noop("An exercise that you were in has ended. Open Vigil.")

log = logging.getLogger("vigil.jobs")

P = ParamSpec("P")


@action(RUN)
def start_exercise(actor: Actor, exercise_id: UUID, now: datetime) -> Exercise:
    """Begin: a place of its own is taken, and everybody in it is told.

    Raises `Invalid` with everything that its plan lacks, where it has begun already, or where the region has no room.
    """
    concerns(exercise=exercise_id)
    exercise = planning.led(actor, exercise_id, lock=True)
    exercise.state = rules.after(Verb.START, State(exercise.state)).value
    lacks = planning.missing(exercise)
    if lacks:
        raise Invalid.at(sentence=" ".join(lacks))
    node = Node.objects.select_for_update().get(slot=1)
    exercise.longitude, exercise.latitude = invented.free_place(node)
    exercise.started_at = now
    exercise.save()
    _tell(exercise, BEGINS, now)
    return exercise


@action(RUN)
def pause_exercise(actor: Actor, exercise_id: UUID, now: datetime) -> Exercise:
    """Stop its clock: nothing is released until it is resumed. What stands at the desk stays there."""
    exercise = _moved(actor, exercise_id, Verb.PAUSE)
    exercise.pauses = [*exercise.pauses, [now.isoformat(), None]]
    exercise.save()
    _look_again(exercise, now)
    return exercise


@action(RUN)
def resume_exercise(actor: Actor, exercise_id: UUID, now: datetime) -> Exercise:
    """Let its clock go on."""
    exercise = _moved(actor, exercise_id, Verb.RESUME)
    _close_pause(exercise, now)
    exercise.save()
    _look_again(exercise, now)
    return exercise


def end(actor: Actor, exercise_id: UUID, were_there: Iterable[UUID] | None, now: datetime) -> Exercise:
    """End it and let everything that was invented for it go."""
    exercise = end_exercise(actor, exercise_id, were_there, now)
    invented.search(operations_of(exercise), now)
    return exercise


@action(RUN)
def end_exercise(actor: Actor, exercise_id: UUID, were_there: Iterable[UUID] | None, now: datetime) -> Exercise:
    """Keep what the logs say, cancel its operations, and note for each who was there that they completed it.

    `were_there` are accounts; None: everybody who was named.
    """
    exercise = _moved(actor, exercise_id, Verb.END)
    _close_pause(exercise, now)
    evaluating.keep(exercise)
    exercise.ended_at = now
    exercise.save()
    there = exercise.people.all() if were_there is None else exercise.people.filter(user_id__in=list(were_there))
    there.update(completed_at=now)
    invented.cancel(operations_of(exercise), now)
    _tell(exercise, ENDS, now)
    return exercise


def release(actor: Actor, exercise_id: UUID, inject_id: UUID, note: str, now: datetime) -> Inject:
    """Release one line of the MSEL, and search for what it registered or moved."""
    inject = release_inject(actor, exercise_id, inject_id, note, now)
    if inject.operation_id is not None:
        invented.search([inject.operation_id], now)
    return inject


@action(RUN)
def release_inject(actor: Actor, exercise_id: UUID, inject_id: UUID, note: str, now: datetime) -> Inject:
    """It happens now: an operation is registered or moved, or the controller has read it out or telephoned.

    Harmless to repeat. Raises `Invalid` where the exercise does not run, or at `note`.
    """
    concerns(exercise=exercise_id, inject=inject_id)
    exercise = planning.led(actor, exercise_id, lock=True)
    inject = _line(exercise, inject_id)
    if inject.released_at is not None:
        return inject
    if exercise.state != ExerciseState.RUNNING:
        raise Invalid.at(sentence=_("Nothing is released while the exercise does not run."))
    inject.released_at, inject.released_minute = now, planning.clock_of(exercise).minute(now)
    inject.released_by = actor.name if actor.user_id else ""
    inject.note = _note(note)
    if inject.kind in rules.AUTOMATIC:
        _act(exercise, inject, now)
    inject.save()
    _look_again(exercise, now)
    return inject


@action("deconfliction.exercise.evaluate")
def note_seen(actor: Actor, exercise_id: UUID, inject_id: UUID, note: str, now: datetime) -> Inject:
    """The expected action was seen now. Raises `Invalid` where the line was not released, or the exercise is over."""
    concerns(exercise=exercise_id, inject=inject_id)
    exercise = planning.evaluated(actor, exercise_id)
    inject = _line(exercise, inject_id)
    if inject.released_at is None or exercise.state == ExerciseState.ENDED:
        raise Invalid.at(sentence=_("What is expected is seen once the inject was released, while the exercise runs."))
    if inject.seen_minute is None:
        inject.seen_minute, inject.seen_by = planning.clock_of(exercise).minute(now), actor.name
    inject.note = " ".join(filter(None, (inject.note, _note(note))))
    inject.save(update_fields=("seen_minute", "seen_by", "note"))
    _look_again(exercise, now)
    return inject


# --- by itself --------------------------------------------------------------------------------------------------------


def release_due(actor: Actor, now: datetime) -> None:
    """Release what is due by itself in every exercise that runs, and end what nobody has ended.

    One inject after another, in the order of their minutes; one's trouble holds up no other.
    """
    for exercise in Exercise.objects.filter(state__in=planning.GOING):
        if exercise.started_at is not None and exercise.started_at <= now - rules.LONGEST:
            _try(exercise.pk, end, actor, exercise.pk, None, now)
        elif exercise.state == ExerciseState.RUNNING:
            _release_due(actor, exercise, now)


def _release_due(actor: Actor, exercise: Exercise, now: datetime) -> None:
    clock = planning.clock_of(exercise)
    minute = clock.minute(now)
    waiting = exercise.injects.filter(released_at=None, kind__in=rules.AUTOMATIC, minute__lte=minute)
    for key in waiting.order_by("minute", "pk").values_list("pk", flat=True):
        _try(key, release, actor, exercise.pk, key, "", now)
    if clock.elapsed(now) - timedelta(minutes=minute) < EVERY:  # a new minute: what is due has changed
        _look_again(exercise, now)


def _try(about: UUID, verb: Callable[P, object], *args: P.args, **more: P.kwargs) -> None:
    """Whatever goes wrong, it is tried again the next time, and the others now."""
    try:
        verb(*args, **more)
    except Exception as error:
        log.error("exercise step failed", extra={"about": about, "code": type(error).__name__}, exc_info=error)


def operations_of(exercise: Exercise) -> list[UUID]:
    """Everything that was invented for it or entered in it."""
    return [inject.operation_id for inject in exercise.injects.all() if inject.operation_id is not None]


# --- how it happens ---------------------------------------------------------------------------------------------------


def _act(exercise: Exercise, inject: Inject, now: datetime) -> None:
    """Register or move, through the ordinary actions; an operation that is gone is noted, not raised."""
    place = planning.place_of(exercise, inject.place)
    side = replace(ROLES[inject.role], aside=0.0, starts_in=timedelta(minutes=inject.starts_in or 0))
    assert place is not None
    zone = planning.zone_of(exercise)
    if inject.kind == Kind.OPERATION:
        inject.operation_id = invented.register(side, place, zone, now).pk
        return
    earlier = exercise.injects.filter(role=inject.role, kind=Kind.OPERATION, operation_id__isnull=False).first()
    operation = Operation.objects.filter(pk__in=[earlier.operation_id], purged_at=None).first() if earlier else None
    if operation is None or operation.status not in (Status.REGISTERED, Status.UNDER_WAY):
        inject.is_failed = True
        return
    inject.operation_id = operation.pk
    invented.move(operation, side, place, zone, now)


def _moved(actor: Actor, exercise_id: UUID, verb: Verb) -> Exercise:
    concerns(exercise=exercise_id)
    detail(verb=verb.value)
    exercise = planning.led(actor, exercise_id, lock=True)
    exercise.state = rules.after(verb, State(exercise.state)).value
    return exercise


def _close_pause(exercise: Exercise, now: datetime) -> None:
    exercise.pauses = [[begin, end or now.isoformat()] for begin, end in exercise.pauses]


def _line(exercise: Exercise, inject_id: UUID) -> Inject:
    found = exercise.injects.filter(pk=inject_id).first()
    if found is None:
        raise NotFound
    return found


def _note(text: str) -> str:
    text = text.strip()
    if len(text) > LONGEST_NOTE:
        raise Invalid.at("note", sentence=_("At most {n} letters.").format(n=LONGEST_NOTE))
    return text


def _tell(exercise: Exercise, body: str, now: datetime) -> None:
    users = list(exercise.people.values_list("user_id", flat=True))
    objects = {"exercise": exercise.pk, "page": "deconfliction:exercises"}
    key = f"deconfliction.exercise:{exercise.pk}:{exercise.state}"
    notify(users, "deconfliction.exercise", f"{texts.MODES[Mode.EXERCISE]}: {body}", objects=objects, key=key, at=now)


def _look_again(exercise: Exercise, now: datetime) -> None:
    watching = exercise.people.filter(part__in=(ExercisePart.CONTROLLER, ExercisePart.EVALUATOR))
    changed("exercises", users=watching.values_list("user_id", flat=True), at=now)
