"""Calls that the desk takes during a led exercise: entered for an invented agency and into the MSEL."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from vigil.apps.deconfliction.exercises import invented
from vigil.apps.deconfliction.led import planning
from vigil.apps.deconfliction.led.rules import Kind
from vigil.apps.deconfliction.led.scenarios import CALLER
from vigil.apps.deconfliction.models import Exercise, ExercisePart, Inject
from vigil.core.actor import Actor


def played(actor: Actor) -> Exercise | None:
    """The exercise that goes on and that the actor plays in."""
    if actor.user_id is None:
        return None
    mine = Exercise.objects.filter(people__user_id=actor.user_id, people__part=ExercisePart.PLAYER)
    return mine.filter(state__in=planning.GOING).order_by("-started_at").first()


def agency_id() -> UUID:
    """Whose operation it becomes."""
    return invented.agency_of(CALLER).pk


def note_entered(exercise: Exercise, operation_id: UUID, by: str, now: datetime) -> None:
    """The last call that the controller made and nobody has entered yet is what was entered; else it is a line of its
    own in the MSEL. In the caller's transaction.
    """
    made = exercise.injects.filter(kind=Kind.TELEPHONE, released_at__isnull=False, operation_id=None)
    inject = made.order_by("-released_at").first()
    minute = planning.clock_of(exercise).minute(now)
    if inject is None:
        inject = Inject(exercise=exercise, minute=minute, kind=Kind.TELEPHONE, released_minute=minute, within=1)
        inject.text, inject.released_at, inject.released_by = _("Entered at the desk, not in the plan."), now, by
    inject.operation_id = operation_id
    inject.save()
