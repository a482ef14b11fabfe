"""Set-up pages of agency and node. A view parses, calls, renders."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.platform.agencies import actions
from vigil.platform.agencies.models import Agency, agency_of
from vigil.platform.agencies.retention import KINDS, read_retention, retention_of, stored
from vigil.platform.doors import actor_of, page


def _own_agency(actor: Actor) -> Agency:
    agency = agency_of(actor.agency_id) if actor.agency_id else None
    if agency is None:
        raise NotFound
    return agency


def _at(refused: Invalid) -> dict[str, dict[str, Any]]:
    """The problems by field, as the components take them."""
    return {
        str(problem.path[0]): {"sentence": problem.sentence, "choices": problem.choices} for problem in refused.problems
    }


@page("agencies.agency.edit")
@require_http_methods(["GET", "POST"])
def retention(request: HttpRequest) -> HttpResponse:
    """How long the agency keeps what it registered."""
    actor = actor_of(request)
    agency = _own_agency(actor)
    typed: dict[str, Any] = stored(retention_of(agency.rules))
    wrong: dict[str, dict[str, Any]] = {}
    if request.method == "POST":
        typed = {name: request.POST.get(name, "") for name in typed}
        try:
            actions.set_retention(actor, read_retention(typed))
        except Invalid as refused:
            wrong = _at(refused)
        else:
            messages.success(request, "Saved. The next purge goes by it.")
            return redirect("agencies:retention")
    rows = [{"kind": kind, "value": typed[kind.code], "problem": wrong.get(kind.code)} for kind in KINDS]
    context = {"rows": rows, "keeps_history": typed["keeps_history"], "wrong": bool(wrong)}
    return render(request, "agencies/retention.html", context, status=422 if wrong else 200)
