"""Pages of near misses of other services: one, for paper, a source's as JSON. The list is the library's."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from vigil.apps.near_miss import access
from vigil.apps.near_miss.foreign import lessons
from vigil.core.errors import NotFound
from vigil.platform.doors import actor_of, page
from vigil.web.downloads import download


@page("near_miss.lesson.read")
@require_GET
def lesson(request: HttpRequest, lesson: UUID) -> HttpResponse:
    """One report."""
    return _lesson(request, lesson, "near_miss/foreign_lesson.html")


@page("near_miss.lesson.read")
@require_GET
def sheet(request: HttpRequest, lesson: UUID) -> HttpResponse:
    """The same for paper."""
    return _lesson(request, lesson, "near_miss/foreign_sheet.html")


def _lesson(request: HttpRequest, lesson: UUID, template: str) -> HttpResponse:
    found = access.foreign_lessons(actor_of(request)).filter(pk=lesson).first()
    if found is None:
        raise NotFound
    return render(request, template, {"shown": lessons.shown(found)})


@page("near_miss.foreign.export")
@require_GET
def as_json(request: HttpRequest, source: str) -> HttpResponse:
    """A source's reports."""
    content = lessons.give_json(actor_of(request), source)
    return download(content, "application/json", f"near-miss-{source}.json")
