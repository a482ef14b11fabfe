"""The page of an agency's own rules: lead time, radii and buffers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vigil.apps.deconfliction.agency_rules import COLUMNS, read_agency_rules
from vigil.apps.deconfliction.rules import agency_types
from vigil.core.errors import Invalid, NotFound
from vigil.engine.types import OPERATION_TYPES
from vigil.platform.agencies.actions import edit_agency
from vigil.platform.agencies.models import Agency, agency_of
from vigil.platform.doors import actor_of, page


@page("agencies.agency.edit")
@require_http_methods(["GET", "POST"])
def agency_rules(request: HttpRequest) -> HttpResponse:
    """How early this agency registers, and its radii and buffers per type."""
    actor = actor_of(request)
    agency = agency_of(actor.agency_id) if actor.agency_id else None
    if agency is None:
        raise NotFound
    typed, wrong = _stored(agency), {}
    if request.method == "POST":
        typed = {name: request.POST.get(name, "") for name in typed}
        try:
            lead, rules = read_agency_rules(typed, agency.rules)
        except Invalid as refused:
            wrong = {str(problem.path[0]): problem.sentence for problem in refused.problems}
        else:
            edit_agency(actor, agency, {"lead_time_minutes": lead, "rules": rules})
            messages.success(request, _("Saved. It counts for operations registered or changed from now on."))
            return redirect("deconfliction:agency_rules")
    context = {
        "lead": typed["lead_time_minutes"],
        "lead_problem": {"sentence": wrong["lead_time_minutes"]} if "lead_time_minutes" in wrong else None,
        "rows": _rows(typed, wrong),
        "wrong": bool(wrong),
    }
    return render(request, "deconfliction/agency_rules.html", context, status=422 if wrong else 200)


def _stored(agency: Agency) -> dict[str, str]:
    types = agency_types(agency.rules)
    own = {
        f"{code}.{name}": f"{getattr(kind, name):g}"
        for code, kind in types.items()
        if kind.takes_place
        for name in COLUMNS
    }
    return {"lead_time_minutes": str(agency.lead_time_minutes), **own}


def _rows(typed: dict[str, str], wrong: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "label": _(kind.label),
            "cells": [
                {
                    "name": f"{code}.{name}",
                    "label": limits[0].format(type=_(kind.label)),
                    "value": typed[f"{code}.{name}"],
                    "problem": wrong.get(f"{code}.{name}", ""),
                    "shipped": f"{getattr(kind, name):g}",
                }
                for name, limits in COLUMNS.items()
            ],
        }
        for code, kind in OPERATION_TYPES.items()
        if kind.takes_place
    ]
