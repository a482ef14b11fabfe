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
from vigil.apps.near_miss.models import Recommendation
from vigil.apps.near_miss.review.review_views import with_key
from vigil.apps.near_miss.review.working import Reader
from vigil.core.errors import Conflict, Invalid, NotFound
from vigil.platform import clock
from vigil.platform.accounts.people_views import problems_at
from vigil.platform.doors import actor_of, page


@page("near_miss.recommendation.read")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The agency's recommendations: what is open, what ended."""
    actor, today = actor_of(request), clock.now().date()
    context = {
        "open": recommendations.open_ones(actor, today, request.GET.get("open", "")),
        "ended": recommendations.ended_ones(actor, today, request.GET.get("ended", "")),
    }
    return render(request, "near_miss/recommendations.html", context)


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


@page(recommendations.EDIT)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, recommendation: UUID) -> HttpResponse:
    """Change one that has not ended; who was overtaken sees both and saves one."""
    actor, at, overtaken = actor_of(request), {}, {}
    today, typed = clock.now().date(), request.POST.dict()
    if request.method == "POST":
        try:
            recommendations.edit(actor, recommendation, _revision(typed), typed, today)
        except Invalid as refused:
            at = problems_at(refused)
        except Conflict:
            overtaken = _overtaken([(_("What is to be done"), typed.get("text", ""))])
        else:
            messages.success(request, _("Saved."))
            return redirect("near_miss:recommendation", recommendation)
    row = recommendations.own_one(actor, recommendation)
    if row.outcome and request.method == "GET":
        return redirect("near_miss:recommendation", recommendation)
    if row.outcome:
        return _one(request, row, overtaken or _overtaken([(_("What is to be done"), typed.get("text", ""))]))
    owner, due_on = str(row.owner_id or ""), row.due_on.isoformat()
    context: dict[str, Any] = {
        "lesson": row.lesson,
        "people": recommendations.owners(actor),
        "typed": typed or {"text": row.text, "owner": owner, "office": row.office, "due_on": due_on},
        "at": at,
        "row": row,
        "one": recommendations.listed(row, today),
        **overtaken,
        # A form that lacks something keeps the revision that it showed, so that it is not late unseen.
        "revision": typed["revision"] if at and "revision" in typed else row.revision,
        "kept": [],
        "is_anew": True,
    }
    return render(request, "near_miss/recommend.html", context, status=409 if overtaken else 422 if at else 200)


def _revision(typed: dict[str, str]) -> int:
    digits = typed.get("revision", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < len("1000000000") else -1


def _overtaken(typed: list[tuple[str, str]]) -> dict[str, Any]:
    """For the part of a page that keeps what was typed while somebody else was quicker."""
    kept = [(label, text) for label, text in typed if text.strip()]
    return {"is_overtaken": True, "kept": kept, "mine": kept}


@page("near_miss.recommendation.read")
@require_http_methods(["GET", "POST"])
def recommendation(request: HttpRequest, recommendation: UUID) -> HttpResponse:
    """One recommendation; posting says how it ended."""
    actor, today, at, overtaken = actor_of(request), clock.now().date(), {}, {}
    if request.method == "POST":
        outcome, reason = request.POST.get("outcome", ""), request.POST.get("reason", "")
        try:
            recommendations.end(actor, recommendation, outcome, reason, today)
        except Invalid as refused:
            at = problems_at(refused)
        except Conflict:
            overtaken = _overtaken([(_("What was done, or why not"), reason)])
        else:
            messages.success(request, _("Saved. A reviewer tells the reporter."))
            return redirect("near_miss:recommendations")
    return _one(request, recommendations.own_one(actor, recommendation), overtaken, at)


def _one(
    request: HttpRequest, row: Recommendation, overtaken: dict[str, Any], at: dict[str, Any] | None = None
) -> HttpResponse:
    actor = actor_of(request)
    context: dict[str, Any] = {
        "one": recommendations.listed(row, clock.now().date()),
        "outcomes": [(code.value, _(words)) for code, words in recommendations.OUTCOMES.items()],
        "may_end": not row.outcome and recommendations.may_end(actor, row),
        "may_edit": recommendations.may_edit(actor, row),
        "typed": request.POST,
        "at": at or {},
        **overtaken,
    }
    return render(request, "near_miss/recommendation.html", context, status=409 if overtaken else 422 if at else 200)


@page("near_miss.report.read")
@require_http_methods(["GET", "POST"])
@with_key
def untold(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Outcomes that no reporter was told yet; posting tells one."""
    actor, at, overtaken = actor_of(request), {}, {}
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
        except Conflict:
            overtaken = _overtaken([(_("What the reporter reads"), posted.get("text", ""))])
        else:
            messages.success(request, _("Told. Only the receipt opens it."))
            return redirect("near_miss:untold")
    lines = [(one, at.get(str(one.recommendation.pk), {})) for one in origins.untold(actor, reader)]
    status = 409 if overtaken else 422 if at else 200
    return render(request, "near_miss/untold.html", {"lines": lines, **overtaken}, status=status)
