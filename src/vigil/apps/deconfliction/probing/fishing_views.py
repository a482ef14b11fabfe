"""Pages of fishing: the cases, one case with its map, the review, and an agency's budgets."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigil.apps.deconfliction import forms
from vigil.apps.deconfliction.models import FishingOutcome
from vigil.apps.deconfliction.probing import budgets, cases, rules
from vigil.core.errors import Invalid, NotFound
from vigil.platform import clock
from vigil.platform.agencies.actions import edit_agency
from vigil.platform.agencies.models import agency_of
from vigil.platform.doors import actor_of, page

STATES = (
    ("open", gettext_lazy("Waiting")),
    ("settled", gettext_lazy("Settled")),
    ("all", gettext_lazy("All")),
)


@page(cases.READ)
@require_GET
def fishing(request: HttpRequest) -> HttpResponse:
    """Whose registrations look like fishing: who, why, since when."""
    actor = actor_of(request)
    typed = {name: request.GET.get(name, "") for name in ("state", "kind", "agency")}
    typed["state"] = typed["state"] if typed["state"] in dict(STATES) else "open"
    typed["kind"] = typed["kind"] if typed["kind"] in set(rules.Kind) else ""
    rows, is_cut = cases.case_list(actor, cases.Filters(typed["state"], typed["kind"], _uuid(typed["agency"])))
    context = {
        "rows": rows,
        "is_cut": is_cut,
        "waiting": cases.waiting(actor),
        "filters": typed,
        "states": STATES,
        "kinds": [(kind.value, _(name)) for kind, name in rules.NAMES.items()],
        "agencies": [(str(key), label) for key, label in cases.agencies_of(actor)],
        "has_filters": bool(typed["kind"] or typed["agency"] or typed["state"] != "open"),
    }
    return render(request, "deconfliction/fishing.html", context)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@page(cases.READ)
@require_GET
def fishing_case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One case: the reasons, what the probes asked and found, their map, the review."""
    return _case_page(request, case_id)


@page(cases.REVIEW)
@require_POST
def review(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Settle the case with an outcome and a note."""
    typed = {name: request.POST.get(name, "") for name in ("outcome", "note")}
    try:
        cases.review_case(actor_of(request), case_id, typed["outcome"], typed["note"], clock.now())
    except Invalid as refused:
        return _case_page(request, case_id, typed, refused)
    messages.success(request, _("Settled. What was asked until now is not flagged again."))
    return redirect("deconfliction:fishing")


def _case_page(
    request: HttpRequest, case_id: UUID, typed: dict[str, str] | None = None, refused: Invalid | None = None
) -> HttpResponse:
    actor = actor_of(request)
    detail = cases.look_at_case(actor, case_id)
    problems = refused.problems if refused else ()
    context: dict[str, Any] = {
        "detail": detail,
        "row": detail.row,
        "bounds": json.dumps(forms.first_view(actor)),
        "outcomes": [(value, label) for value, label in FishingOutcome.choices],
        "typed": typed or {"outcome": "", "note": ""},
        "at": {str(one.path[0]): {"sentence": one.sentence} for one in problems if one.path},
        "whole": next((one.sentence for one in problems if not one.path), ""),
        "some_masked": any(one.shown == "masked" for one in detail.probes),
        "undrawn": sum(one.shown in ("silent", "gone") for one in detail.probes),
    }
    return render(request, "deconfliction/fishing_case.html", context, status=422 if refused else 200)


@page(cases.READ)
@require_POST
def fishing_zones(request: HttpRequest, case_id: UUID) -> JsonResponse:
    """What the probes covered, as GeoJSON, as far as the reader may have it drawn. POST: it answers with places."""
    return JsonResponse({"type": "FeatureCollection", "features": cases.case_zones(actor_of(request), case_id)})


@page("agencies.agency.edit")
@require_http_methods(["GET", "POST"])
def agency_budgets(request: HttpRequest) -> HttpResponse:
    """How much one's agency may ask in seven days before somebody looks."""
    actor = actor_of(request)
    agency = agency_of(actor.agency_id) if actor.agency_id else None
    if agency is None:
        raise NotFound
    own = budgets.budget_of(agency.rules)
    typed = {name: f"{getattr(own, name):.0f}" for name in budgets.LABELS}
    wrong: dict[str, Any] = {}
    if request.method == "POST":
        typed = {name: request.POST.get(name, "") for name in typed}
        try:
            read = budgets.read_budget(typed)
        except Invalid as refused:
            wrong = {str(one.path[0]): {"sentence": one.sentence} for one in refused.problems}
        else:
            edit_agency(actor, agency, {"rules": {**agency.rules, budgets.KEY: read}})
            messages.success(request, _("Saved. What is registered from now on is judged by it."))
            return redirect("deconfliction:agency_budgets")
    rows = [
        {
            "name": name,
            "label": label,
            "value": typed[name],
            "problem": wrong.get(name),
            "shipped": f"{budgets.SHIPPED[name]:,}",
        }
        for name, label in budgets.LABELS.items()
    ]
    context = {"rows": rows, "wrong": bool(wrong)}
    return render(request, "deconfliction/agency_budgets.html", context, status=422 if wrong else 200)
