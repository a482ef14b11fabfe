"""Files of the library: JSON, CSV, its dictionary, and the sheet for roll call."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from vigil.apps.near_miss.out import exports
from vigil.apps.near_miss.out.roll_call import give_roll_call
from vigil.core.privacy.suppression import K
from vigil.platform.doors import actor_of, page
from vigil.web.downloads import CSV, PDF, download

JSON = "application/json"


@page("near_miss.lesson.read")
@require_GET
def files(request: HttpRequest) -> HttpResponse:
    """Which files there are, and the dictionary of their columns."""
    return render(request, "near_miss/files.html", {"dictionary": exports.dictionary(), "k": K})


@page(exports.EXPORT)
@require_GET
def as_json(request: HttpRequest) -> HttpResponse:
    """The library as JSON."""
    return download(exports.give_json(actor_of(request)), JSON, "near-miss-lessons.json")


@page(exports.EXPORT)
@require_GET
def as_csv(request: HttpRequest) -> HttpResponse:
    """The library as CSV."""
    return download(exports.give_csv(actor_of(request)), CSV, "near-miss-lessons.csv")


@page(exports.EXPORT)
@require_GET
def dictionary(request: HttpRequest) -> HttpResponse:
    """The dictionary as CSV."""
    return download(exports.give_dictionary(actor_of(request)), CSV, "near-miss-dictionary.csv")


@page(exports.EXPORT)
@require_GET
def roll_call(request: HttpRequest, lesson: UUID) -> HttpResponse:
    """A lesson on one sheet."""
    return download(give_roll_call(actor_of(request), lesson), PDF, "near-miss-roll-call.pdf")
