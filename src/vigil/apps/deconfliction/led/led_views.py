"""Led exercises: those one is in, the plan while it is planned, the MSEL live while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from vigil.apps.deconfliction import words
from vigil.apps.deconfliction.cards import mode_word, type_label
from vigil.apps.deconfliction.led import evaluating, planning, rules, running
from vigil.apps.deconfliction.led.evaluating import MselLine
from vigil.apps.deconfliction.led.rules import Measure, Met, Standing
from vigil.apps.deconfliction.led.scenarios import LED_SCENARIOS, ROLES
from vigil.apps.deconfliction.models import (
    Exercise,
    ExerciseMeasure,
    ExercisePart,
    ExerciseState,
    Inject,
    InjectKind,
    InjectPlace,
    Objective,
)
from vigil.apps.deconfliction.posted import uuid_of
from vigil.core.actor import Actor
from vigil.core.errors import Invalid
from vigil.engine.operation import Mode
from vigil.platform import clock
from vigil.platform.accounts.frame import show_mode
from vigil.platform.doors import actor_of, page

STANDINGS = {
    Standing.WAITING: gettext_lazy("Waits"),
    Standing.DUE: gettext_lazy("Due now"),
    Standing.RELEASED: gettext_lazy("Released"),
    Standing.OVERDUE: gettext_lazy("Expected action overdue"),
    Standing.SEEN: gettext_lazy("Seen in time"),
    Standing.SEEN_LATE: gettext_lazy("Seen late"),
}
ICONS = {
    Standing.WAITING: "schedule",
    Standing.DUE: "notifications_active",
    Standing.RELEASED: "send",
    Standing.OVERDUE: "warning",
    Standing.SEEN: "check_circle",
    Standing.SEEN_LATE: "check_circle",
}
"""None of the shapes that states of conflicts have."""
TYPED_TIME = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of the MSEL in words: `place` is said on the telephone, latitude first; `asks` for a button, which is
    the next thing to do where it `is_open`.
    """

    inject: Inject
    standing: str
    icon: str
    automatic: bool
    about: str
    place: str
    asks: bool
    is_open: bool
    is_due: bool
    is_over: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One objective with what was measured for it; `said` is empty where an evaluator alone can tell."""

    objective: Objective
    said: str


@dataclass(frozen=True, slots=True)
class MetRow:
    """One conflict with its measures in minutes, each with its head, as texts."""

    reference: str
    found: int
    measures: Sequence[tuple[str, str]]
    outcome: str


# --- the list ---------------------------------------------------------------------------------------------------------


@page(planning.READ)
@require_GET
def exercise_list(request: HttpRequest) -> HttpResponse:
    """Those that the reader is in, and how to plan one."""
    as_exercise(request)
    actor = actor_of(request)
    context = {
        "rows": [_list_row(row) for row in planning.exercise_list(actor)],
        "may_plan": actor.can(planning.PLAN),
        "scenarios": [(one.code, _(one.title), _(one.scope), one) for one in LED_SCENARIOS.values()],
        "page_url": reverse("deconfliction:exercises"),
    }
    return render(request, "deconfliction/exercises.html", context)


def _list_row(row: planning.Row) -> dict[str, Any]:
    """Who plays reads no plan, only what came of it."""
    exercise, leads = row.exercise, row.part in (ExercisePart.CONTROLLER, ExercisePart.EVALUATOR)
    address = reverse("deconfliction:exercise", args=[exercise.pk]) if leads else ""
    if exercise.state == ExerciseState.ENDED:
        address = reverse("deconfliction:exercise_report", args=[exercise.pk])
    part = ExercisePart(row.part).label if row.part else _("Administrator")
    return {"exercise": exercise, "at": exercise.started_at or exercise.planned_at, "address": address, "part": part}


@page(planning.PLAN)
@require_POST
def new(request: HttpRequest) -> HttpResponse:
    """A copy of a scenario, a copy of an exercise of one's own, or an empty one."""
    actor, now = actor_of(request), clock.now()
    copied = uuid_of(request.POST.get("copy"))
    if copied is not None:
        made = planning.copy_exercise(actor, copied, now)
    else:
        made = planning.plan_exercise(actor, request.POST.get("scenario", ""), now)
    return redirect("deconfliction:exercise", made.pk)


# --- the plan ---------------------------------------------------------------------------------------------------------


@page(planning.READ)
@require_GET
def exercise(request: HttpRequest, exercise_id: UUID) -> HttpResponse:
    """The plan while it is planned, then the MSEL live."""
    return _exercise_page(request, exercise_id)


@page(planning.PLAN)
@require_POST
def details(request: HttpRequest, exercise_id: UUID) -> HttpResponse:
    """Title, day, hour, length; or the whole of it thrown away."""
    actor = actor_of(request)
    if request.POST.get("do") == "discard":
        try:
            planning.discard_exercise(actor, exercise_id, request.POST.get("sure") == "yes")
        except Invalid as refused:
            return _refused(request, exercise_id, "", refused)
        messages.info(request, _("EXERCISE thrown away."))
        return redirect("deconfliction:exercises")
    typed = _typed(request, "")
    try:
        planning.change_details(actor, exercise_id, typed, clock.now())
    except Invalid as refused:
        return _refused(request, exercise_id, "", refused)
    messages.info(request, _("Saved."))
    return redirect("deconfliction:exercise", exercise_id)


@page(planning.PLAN)
@require_POST
def people(request: HttpRequest, exercise_id: UUID) -> HttpResponse:
    """Name somebody, or take them out."""
    part = "" if request.POST.get("do") == "remove" else request.POST.get("part", "") or "?"
    try:
        planning.name_person(actor_of(request), exercise_id, uuid_of(request.POST.get("user")), part)
    except Invalid as refused:
        return _refused(request, exercise_id, "", refused)
    return redirect(_back(exercise_id, "people-title"))


@page(planning.PLAN)
@require_POST
def objectives(request: HttpRequest, exercise_id: UUID) -> HttpResponse:
    """Add, change or remove an objective."""
    actor, key = actor_of(request), uuid_of(request.POST.get("objective"))
    try:
        if request.POST.get("do") == "remove" and key:
            planning.remove_objective(actor, exercise_id, key)
        else:
            planning.save_objective(actor, exercise_id, key, _typed(request, "objective_"))
    except Invalid as refused:
        return _refused(request, exercise_id, "objective_", refused, objective=key)
    return redirect(_back(exercise_id, "objectives-title"))


@page(planning.PLAN)
@require_POST
def injects(request: HttpRequest, exercise_id: UUID) -> HttpResponse:
    """Add, change or remove a line of the MSEL."""
    actor, key = actor_of(request), uuid_of(request.POST.get("inject"))
    try:
        if request.POST.get("do") == "remove" and key:
            planning.remove_inject(actor, exercise_id, key)
        else:
            planning.save_inject(actor, exercise_id, key, _typed(request, "inject_"))
    except Invalid as refused:
        return _refused(request, exercise_id, "inject_", refused, inject=key)
    return redirect(_back(exercise_id, "msel-title"))


# --- running ----------------------------------------------------------------------------------------------------------


@page(running.RUN)
@require_POST
def run(request: HttpRequest, exercise_id: UUID) -> HttpResponse:
    """Start, pause, resume, end."""
    actor, now, do = actor_of(request), clock.now(), request.POST.get("do", "")
    verbs = {
        "start": running.start_exercise,
        "pause": running.pause_exercise,
        "resume": running.resume_exercise,
    }
    try:
        if do == "end":
            there = [key for key in map(uuid_of, request.POST.getlist("there")) if key is not None]
            running.end(actor, exercise_id, there, now)
            messages.info(request, _("EXERCISE ended. What was invented for it is taken back."))
            return redirect("deconfliction:exercise_report", exercise_id)
        verbs.get(do, _no_verb)(actor, exercise_id, now)
    except Invalid as refused:
        return _refused(request, exercise_id, "", refused)
    return redirect("deconfliction:exercise", exercise_id)


def _no_verb(actor: Actor, exercise_id: UUID, now: datetime) -> Exercise:
    planning.led(actor, exercise_id)
    raise Invalid.at(sentence=_("Choose start, pause, resume or end."))


@page(planning.READ)
@require_POST
def release(request: HttpRequest, exercise_id: UUID) -> HttpResponse:
    """It was read out or telephoned, or its expected action was seen."""
    actor, now = actor_of(request), clock.now()
    key, note = uuid_of(request.POST.get("inject")), request.POST.get("note", "")
    if key is None:
        planning.evaluated(actor, exercise_id)
        return _refused(request, exercise_id, "", Invalid.at(sentence=_("Choose an inject.")))
    try:
        if request.POST.get("do") == "seen":
            running.note_seen(actor, exercise_id, key, note, now)
        else:
            running.release(actor, exercise_id, key, note, now)
    except Invalid as refused:
        return _refused(request, exercise_id, "", refused, noted=(key, note))
    return redirect(_back(exercise_id, f"inject-{key}"))


# --- the pages --------------------------------------------------------------------------------------------------------


def as_exercise(request: HttpRequest) -> None:
    """The frame is that of an exercise: nobody takes the page for a live one."""
    show_mode(request, Mode.EXERCISE.value, mode_word(Mode.EXERCISE))


def _exercise_page(request: HttpRequest, exercise_id: UUID, status: int = 200, **more: Any) -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    found = planning.evaluated(actor, exercise_id)
    as_exercise(request)
    context = {
        "exercise": found,
        "leads": planning.part_of(actor, found) == ExercisePart.CONTROLLER,
        "people": list(found.people.select_related("user", "agency")),
        "page_url": reverse("deconfliction:exercise", args=[found.pk]),
        "at": {},
        "summary": (),
    }
    if found.state == ExerciseState.PLANNED:
        context |= _plan_context(request, actor, found)
        return render(request, "deconfliction/exercise_plan.html", context | more, status=status)
    context |= _run_context(found, now)
    return render(request, "deconfliction/exercise_run.html", context | more, status=status)


def _plan_context(request: HttpRequest, actor: Actor, found: Exercise) -> dict[str, Any]:
    zone = planning.zone_of(found)
    objective, inject = uuid_of(request.GET.get("objective")), uuid_of(request.GET.get("inject"))
    chosen = found.objectives.filter(pk=objective).first() if objective else None
    line = found.injects.filter(pk=inject).first() if inject else None
    return {
        "typed": _details_of(found, zone) | _objective_of(chosen) | _inject_of(line),
        "objective_id": chosen.pk if chosen else "",
        "inject_id": line.pk if line else "",
        "zone": zone,
        "missing": planning.missing(found),
        "cells": [_cell(row, found) for row in evaluating.msel(found, clock.now())],
        "objectives": [(one, _target(one)) for one in found.objectives.all()],
        "candidates": planning.candidates(actor),
        "parts": ExercisePart.choices,
        "measures": ExerciseMeasure.choices,
        "kinds": InjectKind.choices,
        "roles": [(code, _role(code)) for code in ROLES],
        "places": InjectPlace.choices,
    }


def _run_context(found: Exercise, now: datetime) -> dict[str, Any]:
    exercise_clock = planning.clock_of(found)
    mets = evaluating.mets_of(found)
    return {
        "minute": exercise_clock.minute(now),
        "is_paused": found.state == ExerciseState.PAUSED,
        "cells": [_cell(row, found) for row in evaluating.msel(found, now)],
        "figures": figures(found, now),
        "mets": met_rows(found, mets),
        "measure_heads": MEASURE_HEADS.values(),
        "cast": [(side.short, type_label(side.kind), side.lead, side.second) for side in ROLES.values()],
        "noted": None,
    }


def _cell(row: MselLine, found: Exercise) -> Cell:
    inject = row.inject
    place = planning.place_of(found, inject.place)
    planned = found.started_at + timedelta(minutes=inject.minute) if found.started_at else None
    is_over = row.standing in (Standing.SEEN, Standing.SEEN_LATE)
    about = ""
    if inject.role:
        where = InjectPlace(inject.place).label
        about = _("{who}. {where}. It starts {n} minutes after the release.").format(
            who=_role(inject.role), where=where, n=inject.starts_in
        )
    return Cell(
        inject=inject,
        standing=str(STANDINGS[row.standing]),
        icon=ICONS[row.standing],
        automatic=inject.kind in rules.AUTOMATIC,
        about=about,
        place=f"{place[1]:.4f}, {place[0]:.4f}" if place else "",
        asks=found.state != ExerciseState.ENDED and not is_over and bool(inject.released_at is None or inject.expected),
        is_open=row.standing != Standing.WAITING,
        is_due=row.standing in (Standing.DUE, Standing.OVERDUE),
        is_over=is_over,
        at=inject.released_at or planned,
    )


def _role(code: str) -> str:
    side = ROLES[code]
    return f"{side.short}, {type_label(side.kind)}"


MEASURE_HEADS = {
    Measure.NOTICED: gettext_lazy("Taken up after"),
    Measure.ACKNOWLEDGED: gettext_lazy("Both acknowledged after"),
    Measure.CONTACTED: gettext_lazy("Both talked after"),
    Measure.MARGIN: gettext_lazy("Talked before the start"),
}


def met_rows(found: Exercise, mets: Sequence[Met]) -> list[MetRow]:
    """The conflicts with their measures in words."""
    exercise_clock = planning.clock_of(found)
    return [
        MetRow(
            one.reference,
            exercise_clock.minute(one.found_at),
            [
                (str(head), minutes_said(one.minutes(measure, exercise_clock)))
                for measure, head in MEASURE_HEADS.items()
            ],
            str(dict(words.OUTCOMES).get(one.outcome, _("not yet"))),
        )
        for one in mets
    ]


def minutes_said(minutes: float | None) -> str:
    """`4 min`, or that it has not been."""
    return _("not yet") if minutes is None else _("{n} min").format(n=round(minutes))


def figures(found: Exercise, now: datetime) -> list[Figure]:
    """Each objective with what was measured."""
    mets, exercise_clock = evaluating.mets_of(found), planning.clock_of(found)
    shown = []
    for one in found.objectives.all():
        judged = evaluating.judged(one, mets, exercise_clock, now)
        said = ""
        if judged is not None and judged.of == 0:
            said = _("No conflict to measure.")
        elif judged is not None:
            said = _("Reached in {met} of {of} conflicts, missed in {missed}.").format(
                met=judged.met, of=judged.of, missed=judged.missed
            )
        shown.append(Figure(one, said))
    return shown


def _target(one: Objective) -> str:
    if not one.measure:
        return ""
    return f"{ExerciseMeasure(one.measure).label}: {one.target_minutes}"


# --- what was typed ---------------------------------------------------------------------------------------------------


def _refused(
    request: HttpRequest,
    exercise_id: UUID,
    prefix: str,
    refused: Invalid,
    objective: UUID | None = None,
    inject: UUID | None = None,
    noted: tuple[UUID, str] | None = None,
) -> HttpResponse:
    """The page again with everything that was typed, and what is wrong at each field."""
    at = {
        f"{prefix}{one.path[0]}": {"sentence": one.sentence, "choices": one.choices}
        for one in refused.problems
        if one.path
    }
    summary = [
        {"field": f"{prefix}{one.path[0]}" if one.path else "", "sentence": one.sentence} for one in refused.problems
    ]
    more: dict[str, Any] = {"at": at, "summary": summary, "form": prefix}
    found = planning.evaluated(actor_of(request), exercise_id)
    if found.state == ExerciseState.PLANNED:
        kept = _details_of(found, planning.zone_of(found)) | _objective_of(None) | _inject_of(None)
        more |= {
            "typed": kept | {name: str(value) for name, value in request.POST.items()},
            "objective_id": objective or "",
            "inject_id": inject or "",
        }
    elif noted is not None:
        more["noted"] = {"inject": noted[0], "text": noted[1]}
    return _exercise_page(request, exercise_id, 422, **more)


def _typed(request: HttpRequest, prefix: str) -> Mapping[str, str]:
    return {name.removeprefix(prefix): str(value) for name, value in request.POST.items() if name.startswith(prefix)}


def _details_of(found: Exercise, zone: str) -> dict[str, Any]:
    return {
        "title": found.title,
        "scope": found.scope,
        "planned_at": f"{found.planned_at.astimezone(ZoneInfo(zone)):{TYPED_TIME}}",
        "minutes": found.minutes,
    }


def _objective_of(one: Objective | None) -> dict[str, Any]:
    names = ("text", "watched", "target", "measure", "target_minutes")
    return {f"objective_{name}": getattr(one, name) if one else "" for name in names}


def _inject_of(one: Inject | None) -> dict[str, Any]:
    names = ("minute", "kind", "text", "expected", "within", "role", "place", "starts_in")
    return {f"inject_{name}": getattr(one, name) if one else "" for name in names}


def _back(exercise_id: UUID, anchor: str) -> str:
    return f"{reverse('deconfliction:exercise', args=[exercise_id])}#{anchor}"
