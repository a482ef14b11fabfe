"""What is written down about a led exercise and what Vigil measured of it: ratings, observations, the timeline, the
improvement plan. While it runs, log and times are those of its conflicts; afterwards what was kept of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Min, Q, QuerySet
from django.utils.translation import gettext as _

from vigil.apps.deconfliction import words
from vigil.apps.deconfliction.alarms import words as talk_words
from vigil.apps.deconfliction.alarms.queue import ACTS
from vigil.apps.deconfliction.led import planning, rules
from vigil.apps.deconfliction.led.planning import LONGEST_TEXT, MOST_LINES
from vigil.apps.deconfliction.led.rules import Clock, Judged, Measure, Met, Standing
from vigil.apps.deconfliction.models import (
    Conflict,
    ConflictEvent,
    ConflictSide,
    CorrectiveAction,
    Exercise,
    ExercisePart,
    ExerciseRating,
    ExerciseState,
    Inject,
    Look,
    LookNoun,
    Objective,
    Observation,
    ObservationKind,
    Operation,
)
from vigil.apps.deconfliction.plan_rows import NOTE, names_in, opened
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound, Problem
from vigil.platform.actions import action, concerns

EVALUATE = "deconfliction.exercise.evaluate"
LONGEST_SUMMARY = 4000
FURTHEST = timedelta(days=3 * 366)
"""A corrective action is due within three years (ours)."""
LAST = datetime.max.replace(tzinfo=UTC)
SHOWN = (*ACTS, "alarm_detected", "alarm_worsened", "alarm_withdrawn")


# --- verbs ------------------------------------------------------------------------------------------------------------


@action(EVALUATE)
def rate(actor: Actor, exercise_id: UUID, objective_id: UUID, rating: str, now: datetime) -> Objective:
    """How an objective was performed, as the evaluators agree; who said so last is kept.

    Raises `Invalid` at `rating`, or before the exercise has started.
    """
    exercise = _begun(actor, exercise_id)
    objective = _objective(exercise, objective_id)
    if rating not in ExerciseRating.values:
        raise Invalid.at("rating", sentence=_("Choose P, S, M or U."))
    objective.rating, objective.rated_by, objective.rated_at = rating, actor.name, now
    objective.save(update_fields=("rating", "rated_by", "rated_at"))
    return objective


@action(EVALUATE)
def observe(
    actor: Actor, exercise_id: UUID, objective_id: UUID | None, kind: str, text: str, now: datetime
) -> Observation:
    """Write an observation, a strength or an area for improvement down, with its time.

    Raises `Invalid` at `kind` or `text`, or before the exercise has started.
    """
    exercise = _begun(actor, exercise_id)
    objective = _objective(exercise, objective_id) if objective_id is not None else None
    if actor.user_id is None:
        raise NotFound
    problems = []
    if kind not in ObservationKind.values:
        problems.append(Problem(("kind",), _("Choose what it is.")))
    text = text.strip()
    if not text or len(text) > LONGEST_TEXT:
        problems.append(
            Problem(("text",), _("Write down what you saw, in at most {n} letters.").format(n=LONGEST_TEXT))
        )
    if problems:
        raise Invalid(problems)
    return Observation.objects.create(
        exercise=exercise, objective=objective, kind=kind, at=now, text=text, author_id=actor.user_id
    )


@action(EVALUATE)
def take_back(actor: Actor, exercise_id: UUID, observation_id: UUID) -> None:
    """Take an observation of one's own back."""
    concerns(exercise=exercise_id, observation=observation_id)
    exercise = planning.evaluated(actor, exercise_id)
    found = exercise.observations.filter(pk=observation_id, author_id=actor.user_id).first()
    if found is None:
        raise NotFound
    found.delete()


@action(EVALUATE)
def summarize(actor: Actor, exercise_id: UUID, text: str) -> Exercise:
    """The summary of the after-action report. Raises `Invalid` at `summary`, or before the exercise has ended."""
    exercise = _ended(actor, exercise_id)
    text = text.strip()
    if len(text) > LONGEST_SUMMARY:
        raise Invalid.at("summary", sentence=_("At most {n} letters.").format(n=LONGEST_SUMMARY))
    exercise.summary = text
    exercise.save(update_fields=("summary",))
    return exercise


@action(EVALUATE)
def add_corrective_action(actor: Actor, exercise_id: UUID, typed: Mapping[str, str], today: date) -> CorrectiveAction:
    """A line of the improvement plan: what, whose, and until which day (ISO 8601).

    Raises `Invalid` at `action`, `owner` or `due_on`, or before the exercise has ended.
    """
    exercise = _ended(actor, exercise_id)
    problems = []
    text, owner = typed.get("action", "").strip(), typed.get("owner", "").strip()
    due_on = _day(typed.get("due_on", ""))
    if not text or len(text) > LONGEST_TEXT:
        problems.append(Problem(("action",), _("Say what is mended, in at most {n} letters.").format(n=LONGEST_TEXT)))
    if not owner or len(owner) > 200:
        problems.append(Problem(("owner",), _("Name who does it, in at most 200 letters.")))
    if due_on is None or not today - FURTHEST <= due_on <= today + FURTHEST:
        problems.append(Problem(("due_on",), _("Give a day such as 2027-01-31, within three years.")))
    if exercise.corrective_actions.count() >= MOST_LINES:
        problems.append(Problem((), _("No more than {n} lines.").format(n=MOST_LINES)))
    if problems or due_on is None:
        raise Invalid(problems)
    return CorrectiveAction.objects.create(exercise=exercise, text=text, owner=owner, due_on=due_on)


@action(EVALUATE)
def settle_corrective_action(actor: Actor, exercise_id: UUID, line_id: UUID, done: bool, now: datetime) -> None:
    """It is done, or after all not yet."""
    line = _ended(actor, exercise_id).corrective_actions.filter(pk=line_id).first()
    if line is None:
        raise NotFound
    line.done_at, line.done_by = (now, actor.name) if done else (None, "")
    line.save(update_fields=("done_at", "done_by"))


@action(EVALUATE)
def remove_corrective_action(actor: Actor, exercise_id: UUID, line_id: UUID) -> None:
    """Take a line out of the improvement plan."""
    line = _ended(actor, exercise_id).corrective_actions.filter(pk=line_id).first()
    if line is None:
        raise NotFound
    line.delete()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _begun(actor: Actor, exercise_id: UUID) -> Exercise:
    concerns(exercise=exercise_id)
    exercise = planning.evaluated(actor, exercise_id)
    if exercise.started_at is None:
        raise Invalid.at(sentence=_("The exercise has not started."))
    return exercise


def _ended(actor: Actor, exercise_id: UUID) -> Exercise:
    concerns(exercise=exercise_id)
    exercise = planning.evaluated(actor, exercise_id)
    if exercise.state != ExerciseState.ENDED:
        raise Invalid.at(sentence=_("The report is written when the exercise has ended."))
    return exercise


def _objective(exercise: Exercise, objective_id: UUID) -> Objective:
    found = exercise.objectives.filter(pk=objective_id).first()
    if found is None:
        raise NotFound
    return found


# --- what Vigil measured ----------------------------------------------------------------------------------------------


def conflicts_of(exercise: Exercise) -> QuerySet[Conflict]:
    """What was found between its operations, oldest first."""
    ids = list(exercise.injects.exclude(operation_id=None).values_list("operation_id", flat=True))
    return Conflict.objects.filter(Q(operation_a__in=ids) | Q(operation_b__in=ids)).order_by("detected_at", "pk")


def mets_of(exercise: Exercise) -> tuple[Met, ...]:
    """Its conflicts with the times of what was done about them."""
    if exercise.ended_at is not None:
        return tuple(_met_again(row) for row in exercise.kept_conflicts)
    players = _players(exercise)
    return tuple(
        _met(conflict, players) for conflict in conflicts_of(exercise).prefetch_related("sides__own_operation")
    )


def _players(exercise: Exercise) -> list[UUID]:
    return list(exercise.people.filter(part=ExercisePart.PLAYER).values_list("user_id", flat=True))


def _met(conflict: Conflict, players: Sequence[UUID]) -> Met:
    sides = list(conflict.sides.all())
    acts = conflict.events.filter(author_id__in=players, kind__in=ACTS).aggregate(first=Min("at"))["first"]
    looks = Look.objects.filter(noun=LookNoun.CONFLICT, object_id=conflict.pk, user_id__in=players)
    opened_at = looks.aggregate(first=Min("at"))["first"]
    noticed = [at for at in (acts, opened_at) if at is not None]
    starts = [side.own_operation.starts_at for side in sides if side.own_operation is not None]
    return Met(
        reference=conflict.reference,
        found_at=conflict.detected_at,
        starts_at=min([*starts, conflict.overlap_start]),
        noticed_at=min(noticed, default=None),
        acknowledged_at=_last(sides, "acknowledged_at"),
        contacted_at=_last(sides, "contacted_at"),
        outcome=conflict.outcome,
    )


def _last(sides: Sequence[ConflictSide], name: str) -> datetime | None:
    """When the last of both sides had; None where one has not."""
    times = [getattr(side, name) for side in sides]
    return max(times) if times and None not in times else None


_TIMES = ("found_at", "starts_at", "noticed_at", "acknowledged_at", "contacted_at")


def _met_row(met: Met) -> dict[str, Any]:
    times = {name: getattr(met, name) for name in _TIMES}
    return {"reference": met.reference, "outcome": met.outcome} | {
        name: at.isoformat() if at else None for name, at in times.items()
    }


def _met_again(row: Mapping[str, Any]) -> Met:
    times = {name: datetime.fromisoformat(row[name]) if row[name] else None for name in _TIMES}
    return Met(reference=row["reference"], outcome=row["outcome"], **times)  # type: ignore[arg-type]


def judged(objective: Objective, mets: Sequence[Met], clock: Clock, now: datetime) -> Judged | None:
    """What was measured against the objective's target; None where an evaluator alone can tell."""
    if not objective.measure or objective.target_minutes is None:
        return None
    return rules.judge(mets, Measure(objective.measure), objective.target_minutes, clock, now)


# --- the timeline -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what happened: `planned` and `minute` are the exercise's minutes, planned None for what was not.

    `kind` is `inject`, `desk` or `observation`. An inject that was never released has neither time nor minute.
    """

    at: datetime | None
    minute: int | None
    planned: int | None
    kind: str
    what: str
    who: str
    more: str


def timeline(exercise: Exercise) -> tuple[Line, ...]:
    """MSEL as it was released, what the desk did, and what evaluators saw, in the order of time; what was never
    released last.
    """
    clock = planning.clock_of(exercise)
    lines = [_inject_line(one) for one in exercise.injects.all()]
    lines += [_act_line(row, clock) for row in log_of(exercise)]
    lines += [_observation_line(one, clock) for one in exercise.observations.select_related("author")]
    return tuple(sorted(lines, key=lambda line: line.at or LAST))


def _observation_line(one: Observation, clock: Clock) -> Line:
    what = f"{one.get_kind_display()}: {one.text}"
    return Line(one.at, clock.minute(one.at), None, "observation", what, str(one.author), "")


def _inject_line(inject: Inject) -> Line:
    more = [inject.note]
    if inject.released_at is None:
        more.append(_("Not released."))
    elif inject.seen_minute is not None:
        more.append(_("Expected action seen in minute {n} by {who}.").format(n=inject.seen_minute, who=inject.seen_by))
    elif inject.expected:
        more.append(_("Expected action not seen."))
    if inject.is_failed:
        more.append(_("It could not be done: its operation was never registered, or is over."))
    return Line(
        at=inject.released_at,
        minute=inject.released_minute,
        planned=inject.minute,
        kind="inject",
        what=f"{inject.get_kind_display()}: {inject.text}",
        who=inject.released_by or (_("By itself") if inject.released_at else ""),
        more=" ".join(filter(None, more)),
    )


def _act_line(row: Mapping[str, str], clock: Clock) -> Line:
    at = datetime.fromisoformat(row["at"])
    how = (talk_words.WAYS.get(row["how"]), dict(talk_words.CHECKS).get(row["check"]))
    result = dict(talk_words.RESULTS).get(row["result"])
    more = [row["side"], row["whom"], *(str(one) for one in (*how, result) if one), row["note"]]
    return Line(
        at=at,
        minute=clock.minute(at),
        planned=None,
        kind="desk",
        what=f"{row['reference']}: {words.event_words(row['kind'], own_only=False)}",
        who=row["who"],
        more=", ".join(filter(None, more)),
    )


def log_of(exercise: Exercise) -> Sequence[Mapping[str, str]]:
    """What the logs of its conflicts say, oldest first."""
    if exercise.ended_at is not None:
        return list(exercise.kept_log)
    events = ConflictEvent.objects.filter(conflict__in=conflicts_of(exercise), kind__in=SHOWN)
    found = list(events.select_related("conflict").order_by("at", "id"))
    sides = Operation.objects.filter(pk__in={one.operation_id for one in found}).select_related("agency")
    names: dict[UUID | None, str] = {one.pk: one.agency.label for one in sides}
    return [_row(event, names.get(event.operation_id, "")) for event in found]


def _row(event: ConflictEvent, side: str) -> dict[str, str]:
    return {
        "at": event.at.isoformat(),
        "reference": event.conflict.reference,
        "kind": event.kind,
        "side": side,
        "who": event.author_name,
        "whom": words.listed([name for name in names_in(event.people).values() if name]),
        "how": event.how,
        "check": event.identity_check,
        "result": event.result,
        "note": opened(event.note, NOTE),
    }


def keep(exercise: Exercise) -> None:
    """Write log and times into an exercise that is about to end, for its conflicts are purged; the caller saves it."""
    exercise.kept_log = list(log_of(exercise))
    exercise.kept_conflicts = [_met_row(met) for met in mets_of(exercise)]


# --- the MSEL as it stands --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MselLine:
    """One line of the MSEL now."""

    inject: Inject
    standing: Standing


def msel(exercise: Exercise, now: datetime) -> tuple[MselLine, ...]:
    """Every inject with how it stands."""
    minute = planning.clock_of(exercise).minute(now)
    begun = exercise.started_at is not None
    return tuple(
        MselLine(one, rules.standing(planning.line_of(one), minute) if begun else Standing.WAITING)
        for one in exercise.injects.all()
    )
