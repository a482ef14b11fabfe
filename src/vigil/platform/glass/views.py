"""The page of emergency accesses: begin one, end one, see those that one stands beside."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from vigil.core.actor import Actor
from vigil.core.errors import Invalid
from vigil.core.permissions import allowed
from vigil.platform import clock
from vigil.platform.accounts.sessions import handle_of
from vigil.platform.doors import actor_of, page
from vigil.platform.glass import actions, queries
from vigil.platform.glass.access import READ


@page(READ)
@require_GET
def accesses(request: HttpRequest) -> HttpResponse:
    """For who may begin one, and for those who are told."""
    return _page(request)


@page("glass.access.begin", fresh=True)
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Open the agency's operations to oneself."""
    minutes = request.POST.get("minutes", "")
    chosen = int(minutes) if minutes in map(str, actions.MINUTES) else 0
    handle = handle_of(request.session.session_key or "")
    try:
        actions.begin(actor_of(request), handle, request.POST.get("reason", ""), chosen, clock.now())
    except Invalid as refused:
        return _page(request, refused)
    return redirect("deconfliction:today")


@page("glass.access.end")
@require_POST
def end(request: HttpRequest, access_id: UUID) -> HttpResponse:
    """End one now."""
    actions.end(actor_of(request), access_id, clock.now())
    messages.success(request, _("The emergency access is ended."))
    return redirect("glass:accesses")


def _page(request: HttpRequest, refused: Invalid | None = None) -> HttpResponse:
    actor = actor_of(request)
    at = {str(one.path[0]) if one.path else "": one for one in refused.problems} if refused else {}
    context = {
        "rows": queries.accesses(actor, clock.now()),
        "may_begin": _may_begin(actor),
        "told": queries.would_be_told(actor) if _may_begin(actor) else [],
        "minutes": actions.MINUTES,
        "chosen": request.POST.get("minutes", str(actions.MINUTES[1])),
        "reason": request.POST.get("reason", ""),
        "most": actions.MOST_SIGNS,
        "at": at,
        "problem": at.get(""),
    }
    return render(request, "glass/accesses.html", context, status=422 if refused else 200)


def _may_begin(actor: Actor) -> bool:
    """Whether there is anything to begin: not for who reads operations by role, nor under an open one."""
    needs = not allowed(actions.READ_OPERATIONS, actor.roles) and actor.glass is None
    return needs and actor.can("glass.access.begin")
