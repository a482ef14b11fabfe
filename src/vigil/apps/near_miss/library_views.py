"""Pages of the library: what was published, narrowed, one lesson, for paper."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from vigil.apps.near_miss import access, queries
from vigil.apps.near_miss.encounters import consents
from vigil.apps.near_miss.followup import recommendations
from vigil.apps.near_miss.foreign.lessons import shelf
from vigil.apps.near_miss.learning.likeness import like_lesson
from vigil.apps.near_miss.models import Lesson
from vigil.apps.near_miss.out import subscriptions
from vigil.apps.near_miss.partners import partner_lessons
from vigil.apps.near_miss.review import alerts
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.platform import clock
from vigil.platform.doors import actor_of, page


@page("near_miss.lesson.read")
@require_http_methods(["GET", "POST"])
def library(request: HttpRequest) -> HttpResponse:
    """All lessons; posting narrows them, so that the words stand in no address."""
    actor = actor_of(request)
    if subscriptions.unseen(actor):
        subscriptions.see(actor)
    facets = queries.Facets(**{name: request.POST.get(name, "")[:200] for name in queries.Facets.__slots__})
    context = {
        "lessons": queries.lesson_list(actor, facets, request.POST.get("lessons_page", "")),
        "facets": facets,
        "choices": queries.choices(),
        "shelf": shelf(actor, facets, request.POST.get("source", ""), request.POST.get("page", "")),
        "alerts": alerts.out(actor, clock.now()).filter(goes_out_at__gt=clock.now() - alerts.SHOWN),
        "partner_alerts": partner_lessons.current_alerts(actor, clock.now()),
        "partner_lessons": partner_lessons.lessons(actor, facets, request.POST.get("partners_page", "")),
        "may_choose": actor.can("near_miss.partner.choose"),
        "may_import": actor.can("near_miss.foreign.import"),
        "is_reviewer": access.find_seat(actor) is not None,
        "may_read_recommendations": actor.can("near_miss.recommendation.read"),
        "consents": len(consents.waiting_for(actor)),
        "may_name": actor.can("near_miss.reviewer.name"),
    }
    return render(request, "near_miss/library.html", context)


@page("near_miss.lesson.read")
@require_GET
def lesson(request: HttpRequest, lesson: UUID) -> HttpResponse:
    """One lesson, and what the reader's agency means to do about it."""
    found, actor = _found(request, lesson), actor_of(request)
    context = {
        "shown": _shown(actor, found),
        "alike": like_lesson(actor, found),
        "linked": access.lessons(actor).filter(pk__in=found.linked.all()),
        "recommendations": recommendations.of_lesson(actor, found, clock.now().date()),
        "may_recommend": actor.can("near_miss.recommendation.add"),
    }
    return render(request, "near_miss/lesson.html", context)


@page("near_miss.lesson.read")
@require_GET
def sheet(request: HttpRequest, lesson: UUID) -> HttpResponse:
    """The same for paper: no menu, nothing to press."""
    return render(request, "near_miss/sheet.html", {"shown": _shown(actor_of(request), _found(request, lesson))})


def _shown(actor: Actor, lesson: Lesson) -> queries.Shown:
    return queries.shown(lesson, queries.said(actor).get(lesson.pk, queries.NOTHING))


def _found(request: HttpRequest, lesson: UUID) -> Lesson:
    found = access.lessons(actor_of(request)).filter(pk=lesson).first()
    if found is None:
        raise NotFound
    return found
