"""Pages of recommendations: made on a lesson, listed by the day they are due, ended, and told to the reporter."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from vigil.apps.near_miss import access
from vigil.apps.near_miss.followup import origins, recommendations
from vigil.apps.near_miss.review.review_views import with_key
from vigil.apps.near_miss.review.working import Reader
from vigil.core.errors import Invalid, NotFound
from vigil.platform import clock
from vigil.platform.accounts.people_views import problems_at
from vigil.platform.doors import actor_of, page


@page("near_miss.recommendation.read")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The agency's recommendations: what is open, what ended."""
    is_open, ended = recommendations.open_and_ended(actor_of(request), clock.now().date())
    return render(request, "near_miss/recommendations.html", {"open": is_open, "ended": ended})


@page("near_miss.recommendation.add")
@require_http_methods(["GET", "POST"])
def recommend(request: HttpRequest, lesson: UUID) -> HttpResponse:
    """Recommend something about a lesson."""
    actor, at = actor_of(request), {}
    found = access.lessons(actor).filter(pk=lesson).first()
    if found is None:
        raise NotFound
    if request.method == "POST":
        try:
            recommendations.recommend(actor, lesson, request.POST.dict(), clock.now().date())
        except Invalid as refused:
            at = problems_at(refused)
        else:
            messages.success(request, _("Recommended."))
            return redirect("near_miss:lesson", lesson)
    context = {"lesson": found, "people": recommendations.owners(actor), "typed": request.POST, "at": at}
    return render(request, "near_miss/recommend.html", context, status=422 if at else 200)


@page("near_miss.recommendation.read")
@require_http_methods(["GET", "POST"])
def recommendation(request: HttpRequest, recommendation: UUID) -> HttpResponse:
    """One recommendation; posting says how it ended."""
    actor, today, at = actor_of(request), clock.now().date(), {}
    row = recommendations.own_one(actor, recommendation)
    if request.method == "POST":
        outcome, reason = request.POST.get("outcome", ""), request.POST.get("reason", "")
        try:
            recommendations.end(actor, recommendation, outcome, reason, today)
        except Invalid as refused:
            at = problems_at(refused)
        else:
            messages.success(request, _("Saved. A reviewer tells the reporter."))
            return redirect("near_miss:recommendations")
    context: dict[str, Any] = {
        "one": recommendations.listed(row, today),
        "outcomes": [(code.value, _(words)) for code, words in recommendations.OUTCOMES.items()],
        "may_end": not row.outcome and recommendations.may_end(actor, row),
        "typed": request.POST,
        "at": at,
    }
    return render(request, "near_miss/recommendation.html", context, status=422 if at else 200)


@page("near_miss.report.read")
@require_http_methods(["GET", "POST"])
@with_key
def untold(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Outcomes that no reporter was told yet; posting tells one."""
    actor, at = actor_of(request), {}
    posted = request.POST
    if request.method == "POST":
        try:
            report, recommendation = UUID(posted.get("report", "")), UUID(posted.get("recommendation", ""))
        except ValueError:
            raise NotFound from None
        try:
            origins.tell_outcome(actor, report, recommendation, reader, posted.get("text", ""), clock.now().date())
        except Invalid as refused:
            at = {posted["recommendation"]: problems_at(refused)}
        else:
            messages.success(request, _("Told. Only the receipt opens it."))
            return redirect("near_miss:untold")
    lines = [(one, at.get(str(one.recommendation.pk), {})) for one in origins.untold(actor, reader)]
    return render(request, "near_miss/untold.html", {"lines": lines}, status=422 if at else 200)
