"""The page of the purge: what was removed, what is next, what is held; legal holds, by an operation's number."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from vigil.apps.deconfliction.past import purge, purge_overview
from vigil.apps.deconfliction.views import reader_zone
from vigil.core.errors import NotFound
from vigil.platform import clock
from vigil.platform.doors import actor_of, page


@page("deconfliction.purge.read")
@require_GET
def purges(request: HttpRequest) -> HttpResponse:
    """For administrators."""
    return _page(request)


@page("deconfliction.purge.hold", fresh=True)
@require_POST
def legal_hold(request: HttpRequest) -> HttpResponse:
    """Set a legal hold, or (`lift`) lift it."""
    typed = request.POST.get("reference", "").strip()[:24]
    is_held = request.POST.get("do") != "lift"
    try:
        operation = purge.set_legal_hold(actor_of(request), typed, is_held)
    except NotFound as missing:
        return _page(request, typed, missing.sentence)
    said = _("{reference} is held: nothing of it is removed.") if is_held else _("{reference} is no longer held.")
    messages.success(request, said.format(reference=operation.reference))
    return redirect("deconfliction:purges")


def _page(request: HttpRequest, typed: str = "", problem: str = "") -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    found = purge_overview.overview(actor, reader_zone(request), now)
    context = {
        "found": found,
        "held": found.held[: purge_overview.MOST_SHOWN],
        "reference": typed,
        "problem": {"sentence": problem} if problem else None,
        "days_ahead": purge_overview.DAYS_AHEAD,
    }
    return render(request, "deconfliction/purges.html", context, status=404 if problem else 200)
