"""Pages of published case studies: the list, one, for paper."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from vigil.apps.near_miss.encounters import encounters
from vigil.core.errors import NotFound
from vigil.platform.doors import actor_of, page


@page("near_miss.lesson.read")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The published ones."""
    actor = actor_of(request)
    context = {
        "studies": encounters.study_list(actor, request.GET.get("page", "")),
        "may_submit": actor.can("near_miss.encounter.read"),
    }
    return render(request, "near_miss/studies.html", context)


@page("near_miss.lesson.read")
@require_GET
def study(request: HttpRequest, study: UUID) -> HttpResponse:
    """One, its three panels beside one another."""
    return _study(request, study, "near_miss/study.html")


@page("near_miss.lesson.read")
@require_GET
def sheet(request: HttpRequest, study: UUID) -> HttpResponse:
    """The same for paper."""
    return _study(request, study, "near_miss/study_sheet.html")


def _study(request: HttpRequest, study: UUID, template: str) -> HttpResponse:
    found = encounters.studies(actor_of(request)).filter(pk=study).first()
    if found is None:
        raise NotFound
    return render(request, template, {"shown": encounters.shown(found)})
