"""Requests of accounts: asked by anybody, confirmed by the contact, decided by an administrator."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vigil.core.actor import Actor
from vigil.core.errors import Conflict, Invalid, NotFound, TooMany
from vigil.core.permissions import Role
from vigil.platform import clock
from vigil.platform.accounts import asking, queries
from vigil.platform.accounts.people_views import chosen_roles, first_password_page, problems_at, role_choices
from vigil.platform.doors import actor_of, page, public

FIELDS = ("full_name", "phone", "unit", "ori", "contact")


@public
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for an account. The answer is the same whatever agency or contact there is."""
    context: dict[str, Any] = {"values": {name: request.POST.get(name, "") for name in FIELDS}}
    status = 200
    if request.method == "POST":
        try:
            asking.ask(asking.door(), asking.Wanted(**context["values"]), clock.now())
        except Invalid as refused:
            context["at"], status = problems_at(refused), 422
        except TooMany as refused:
            context["too_many"], status = refused.sentence, 429
        else:
            context = {"sent": True}
    return render(request, "accounts/ask.html", context, status=status)


@page("accounts.request.confirm", fresh=True)
@require_http_methods(["GET", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """The requests that name the reader: known, as sworn or civilian, or not known."""
    actor, context = actor_of(request), {}
    if request.method == "POST":
        request_id = _id(request)
        try:
            said = _answer(request, actor, request_id)
        except Invalid as refused:
            context = {"at": problems_at(refused), "wrong": request_id, "reason": request.POST.get("reason", "")}
        else:
            messages.success(request, said)
            return redirect("account_requests")
    context |= {"open": asking.own(actor), "answered": asking.answered(actor)}
    return render(request, "accounts/own_requests.html", context, status=422 if "at" in context else 200)


def _answer(request: HttpRequest, actor: Actor, request_id: UUID) -> str:
    do = request.POST.get("do", "")
    if do == "deny":
        asking.deny(actor, request_id, request.POST.get("reason", ""), clock.now())
        return _("Refused. Nobody gets this account.")
    asking.confirm(actor, request_id, do, clock.now())
    return _("Confirmed. An administrator decides, and calls them with the first password.")


@page("accounts.request.decide", fresh=True)
@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """One request: approve it with user name and roles, or refuse it with a reason."""
    actor = actor_of(request)
    shown = asking.one_to_decide(actor, request_id)
    context: dict[str, Any] = {
        "values": {"username": asking.suggested_username(shown.full_name)},
        "chosen": [Role.OFFICER],
    }
    if request.method == "POST":
        names = ("username", "reason", "temporary")
        context = {"values": {name: request.POST.get(name, "") for name in names}, "chosen": chosen_roles(request)}
        try:
            if request.POST.get("do") == "refuse":
                asking.refuse(actor, request_id, context["values"]["reason"], clock.now())
                messages.success(request, _("Refused, and the contact is told."))
                return redirect("accounts")
            return _approve(request, actor, request_id, context)
        except Invalid as refused:
            context["at"] = problems_at(refused)
        except Conflict as refused:
            messages.error(request, refused.sentence)
    context |= {"asked": shown, "roles": role_choices(actor, context["chosen"])}
    return render(request, "accounts/decide_request.html", context, status=422 if "at" in context else 200)


def _approve(request: HttpRequest, actor: Actor, request_id: UUID, context: dict[str, Any]) -> HttpResponse:
    values = context["values"]
    roles, is_temporary = frozenset(context["chosen"]), bool(values["temporary"])
    user, password = asking.approve(actor, request_id, values["username"], roles, is_temporary, clock.now())
    sees = queries.sees(actor, user.pk)
    return first_password_page(request, user.pk if sees else None, user.full_name, user.username, password)


def _id(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("request", ""))
    except ValueError:
        raise NotFound from None
