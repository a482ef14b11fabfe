"""The evaluator's sheet, the after-action report with its improvement plan, and both as files."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from vigil.apps.deconfliction.led import evaluating, papers, planning
from vigil.apps.deconfliction.led.led_views import MEASURE_HEADS, as_exercise, figures, met_rows
from vigil.apps.deconfliction.models import ExercisePart, ExerciseRating, ObservationKind
from vigil.apps.deconfliction.posted import uuid_of
from vigil.apps.deconfliction.views import reader_zone
from vigil.core.errors import Invalid, NotFound
from vigil.platform import clock
from vigil.platform.doors import actor_of, page
from vigil.web.downloads import CSV, PDF, download

EVALUATE = "deconfliction.exercise.evaluate"
EXPORT = "deconfliction.exercise.export"


@page(EVALUATE)
@require_http_methods(["GET", "POST"])
def sheet(request: HttpRequest, exercise_id: UUID) -> HttpResponse:
    """Rate each objective, and write down what is seen."""
    if request.method == "GET":
        return _sheet_page(request, exercise_id)
    actor, now, do = actor_of(request), clock.now(), request.POST.get("do", "observe")
    key = uuid_of(request.POST.get("objective"))
    try:
        if do == "rate" and key:
            evaluating.rate(actor, exercise_id, key, request.POST.get("rating", ""), now)
        elif do == "take_back":
            evaluating.take_back(actor, exercise_id, uuid_of(request.POST.get("observation")) or exercise_id)
        else:
            kind, text = request.POST.get("kind", ""), request.POST.get("text", "")
            evaluating.observe(actor, exercise_id, key, kind, text, now)
    except Invalid as refused:
        return _sheet_page(request, exercise_id, refused, rated=key if do == "rate" else None)
    return redirect("deconfliction:exercise_sheet", exercise_id)


def _sheet_page(
    request: HttpRequest, exercise_id: UUID, refused: Invalid | None = None, rated: UUID | None = None
) -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    found = planning.evaluated(actor, exercise_id)
    as_exercise(request)
    at, summary = _said(refused)
    context = {
        "exercise": found,
        "begun": found.started_at is not None,
        "figures": figures(found, now),
        "ratings": ExerciseRating.choices,
        "kinds": ObservationKind.choices,
        "observations": list(found.observations.select_related("author", "objective")),
        "mets": met_rows(found, evaluating.mets_of(found)),
        "measure_heads": MEASURE_HEADS.values(),
        "mine": actor.user_id,
        "typed": request.POST if refused else {},
        "at": at,
        "rated": rated,
        "summary": summary,
        "page_url": reverse("deconfliction:exercise_sheet", args=[found.pk]),
    }
    return render(request, "deconfliction/exercise_sheet.html", context, status=422 if refused else 200)


@page(planning.READ)
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, exercise_id: UUID) -> HttpResponse:
    """The after-action report; its summary is written by who controlled or evaluated."""
    if request.method == "GET":
        return _report_page(request, exercise_id)
    try:
        evaluating.summarize(actor_of(request), exercise_id, request.POST.get("summary", ""))
    except Invalid as refused:
        return _report_page(request, exercise_id, refused)
    messages.info(request, _("Saved."))
    return redirect("deconfliction:exercise_report", exercise_id)


@page(EVALUATE)
@require_POST
def improvement(request: HttpRequest, exercise_id: UUID) -> HttpResponse:
    """The improvement plan: add a corrective action, say that it is done, take it out."""
    actor, now, do = actor_of(request), clock.now(), request.POST.get("do", "add")
    key = uuid_of(request.POST.get("line"))
    try:
        if key is not None and do in ("done", "not_done"):
            evaluating.settle_corrective_action(actor, exercise_id, key, do == "done", now)
        elif key is not None and do == "remove":
            evaluating.remove_corrective_action(actor, exercise_id, key)
        else:
            typed = {name: request.POST.get(name, "") for name in ("action", "owner", "due_on")}
            evaluating.add_corrective_action(actor, exercise_id, typed, now.date())
    except Invalid as refused:
        return _report_page(request, exercise_id, refused)
    return redirect(f"{reverse('deconfliction:exercise_report', args=[exercise_id])}#plan-title")


def _report_page(request: HttpRequest, exercise_id: UUID, refused: Invalid | None = None) -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    found = planning.reported(actor, exercise_id)
    as_exercise(request)
    at, summary = _said(refused)
    part = planning.part_of(actor, found)
    observations = list(found.observations.select_related("author", "objective"))
    typed = request.POST if refused else {}
    context = {
        "exercise": found,
        "may_write": part in (ExercisePart.CONTROLLER, ExercisePart.EVALUATOR) and actor.can(EVALUATE),
        "leads": part == ExercisePart.CONTROLLER,
        "people": list(found.people.select_related("user", "agency")),
        "figures": figures(found, now),
        "mets": met_rows(found, evaluating.mets_of(found)),
        "measure_heads": MEASURE_HEADS.values(),
        "strengths": [one for one in observations if one.kind == ObservationKind.STRENGTH],
        "improvements": [one for one in observations if one.kind == ObservationKind.IMPROVEMENT],
        "actions": list(found.corrective_actions.all()),
        "lines": evaluating.timeline(found),
        "minute": planning.clock_of(found).minute(now),
        "today": now.date(),
        "text": typed.get("summary", found.summary),
        "typed": typed,
        "at": at,
        "summary": summary,
        "page_url": reverse("deconfliction:exercise_report", args=[found.pk]),
    }
    return render(request, "deconfliction/exercise_report.html", context, status=422 if refused else 200)


@page(EXPORT, fresh=True)
@require_POST
def file(request: HttpRequest, exercise_id: UUID) -> HttpResponse:
    """The sheet for paper, the report, or the timeline as CSV."""
    actor, zone, kind = actor_of(request), reader_zone(request), request.POST.get("kind", "")
    if kind not in papers.FILES:
        raise NotFound
    content = papers.give(actor, exercise_id, kind, zone, clock.now())
    return download(content, CSV if kind == "timeline" else PDF, papers.FILES[kind])


def _said(refused: Invalid | None) -> tuple[dict[str, Any], list[dict[str, str]]]:
    problems = refused.problems if refused else ()
    at = {str(one.path[0]): {"sentence": one.sentence} for one in problems if one.path}
    return at, [{"field": str(one.path[0]) if one.path else "", "sentence": one.sentence} for one in problems]
