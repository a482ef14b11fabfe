"""Way back in: for a colleague at 4 a.m. who cannot log in. Names are posted: no address carries one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.platform import clock
from vigil.platform.accounts import way_back
from vigil.platform.accounts.people_views import problems_at
from vigil.platform.doors import actor_of, page


@page(way_back.PERMISSION, fresh=True)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def help_in(request: HttpRequest) -> HttpResponse:
    """Find the person, call them back, give the way back; or be the second person."""
    actor = actor_of(request)
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            done = _do(request, actor)
        except Invalid as refused:
            context = {"at": problems_at(refused), "username": request.POST.get("username", "")}
        else:
            if isinstance(done, HttpResponse):
                return done
            context = done
    context |= {"waiting": way_back.waiting(actor, clock.now()), "alone": actor.can("accounts.user.edit")}
    return render(request, "accounts/way_back.html", context, status=422 if "at" in context else 200)


def _do(request: HttpRequest, actor: Actor) -> HttpResponse | dict[str, Any]:
    do, now = request.POST.get("do", ""), clock.now()
    if do == "called":
        lost = request.POST.get("lost") == "password"
        if not request.POST.get("called"):
            raise Invalid.at("called", sentence=_("Call them back first, at the number on file, and say so."))
        way_back.call_back(actor, _id(request, "user"), lost, now)
        messages.success(request, _("A second person was asked: watch desk, or a supervisor of their agency."))
        return redirect("way_back")
    if do == "give":
        return _code_page(request, *way_back.give(actor, _id(request, "user"), now))
    if do == "second":
        return _code_page(request, *way_back.second(actor, _id(request, "way_back"), now))
    return {"found": way_back.find(actor, request.POST.get("username", ""))}


def _code_page(request: HttpRequest, row: Any, code: str) -> HttpResponse:
    minutes = int(way_back.LIVES.total_seconds() // 60)
    return render(request, "accounts/way_back_code.html", {"row": row, "code": code, "minutes": minutes})


def _id(request: HttpRequest, name: str) -> UUID:
    try:
        return UUID(request.POST.get(name, ""))
    except ValueError:
        raise NotFound from None
