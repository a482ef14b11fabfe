"""Pages of who reviews: named by the administrator, confirmed or rejected by the reviewers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigil.apps.near_miss import access, queries
from vigil.apps.near_miss.review import seats
from vigil.core.errors import Invalid, NotFound
from vigil.door import LEAST_REVIEWERS
from vigil.platform.doors import actor_of, page


@page("near_miss.report.read")
@require_GET
def who(request: HttpRequest) -> HttpResponse:
    """Who reviews, to whose keys reports are sealed, and who waits to be confirmed."""
    return _who(request)


@page("near_miss.reviewer.confirm")
@require_POST
def judge(request: HttpRequest, seat: UUID) -> HttpResponse:
    """Confirm somebody's key, or reject them (`go`)."""
    actor, posted = actor_of(request), request.POST
    passphrase = posted.get("passphrase", "")
    try:
        if posted.get("go") == "reject":
            seats.reject(actor, seat, passphrase)
            messages.success(request, _("Rejected: they read nothing. The administrators are told."))
        else:
            seats.confirm(actor, seat, posted.get("fingerprint", ""), passphrase)
            messages.success(request, _("Confirmed: what comes from now on is sealed to them too."))
    except Invalid as refused:
        return _who(request, {seat: refused.problems[0]})
    return redirect("near_miss:who")


def _who(request: HttpRequest, at: dict[UUID, Any] | None = None) -> HttpResponse:
    actor = actor_of(request)
    own = access.seat_of(actor)
    named = [(one, one.seat.pk == own.pk, (at or {}).get(one.seat.pk)) for one in seats.who(actor)]
    context = {"named": named, "is_founding": access.the_door() is not None and seats.is_founding()}
    context["least"] = LEAST_REVIEWERS
    return render(request, "near_miss/who.html", context, status=422 if at else 200)


@page("near_miss.reviewer.name", fresh=True)
@require_http_methods(["GET", "POST"])
def reviewers(request: HttpRequest) -> HttpResponse:
    """Who was named; posting names one more, or says how large an agency is."""
    actor = actor_of(request)
    if request.method == "POST":
        try:
            if "agency" in request.POST:
                seats.say_size(actor, UUID(request.POST["agency"]), request.POST.get("band", ""))
                messages.success(request, _("Saved."))
            else:
                seats.name_reviewer(actor, UUID(request.POST.get("user", "")))
                messages.success(request, _("Named. They make a key on the page Review."))
        except ValueError:
            raise NotFound from None
        return redirect("near_miss:reviewers")
    named = seats.who(actor)
    people = access.candidates(actor).order_by("full_name", "pk")
    taken = {one.seat.user_id for one in named}
    context = {"named": named, "people": [one for one in people if one.pk not in taken], "least": LEAST_REVIEWERS}
    context["agencies"] = seats.sizes(actor)
    context["sizes"] = [(code, _(words)) for code, words in queries.AGENCY_SIZES.items()]
    return render(request, "near_miss/reviewers.html", context)


@page("near_miss.reviewer.end", fresh=True)
@require_POST
def end(request: HttpRequest, seat: UUID) -> HttpResponse:
    """Take a seat."""
    seats.end_reviewer(actor_of(request), seat)
    messages.success(request, _("Ended. Nothing new is sealed to that key."))
    return redirect("near_miss:reviewers")
