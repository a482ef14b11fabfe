"""Login, logout, and one's own account. A view parses, calls, renders."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login as begin_session
from django.contrib.auth import logout as end_session
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from vigil.core.actor import Actor
from vigil.core.errors import Invalid, Locked, TooMany
from vigil.platform import clock
from vigil.platform.accounts import actions, asking, lockout, queries, way_back
from vigil.platform.accounts.access import (
    PROVED,
    SESSION_AGENCY,
    Owed,
    Proof,
    actor_of_session,
    actor_of_user,
    is_demo_login,
    owed,
)
from vigil.platform.accounts.frame import theme_of
from vigil.platform.accounts.login import BACKEND, log_in, record_logout
from vigil.platform.accounts.models import User
from vigil.platform.accounts.steps import complete, go_on, safe
from vigil.platform.doors import actor_of, asked_again, page, public
from vigil.web import held

YEAR_SECONDS = 31_536_000
TOKEN_DAYS = ("30", "90", "365")


@public
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """The login page; somebody already logged in goes on to their first page."""
    after = safe(request, request.POST.get("next", "") or request.GET.get("next", ""))
    if request.method == "GET" and actor_of_session(request):
        return redirect(after)
    error, status = "", 200
    username, kept = request.POST.get("username", ""), held.held_of(request) if request.method == "POST" else ""
    if request.method == "POST" and "username" not in request.POST:
        # Sent to another page by somebody whose login had ended.
        status = 401
    elif request.method == "POST":
        kept = request.POST.get(held.FIELD, "")
        source = lockout.source_of(request)
        try:
            user = log_in(username, request.POST.get("password", ""), source, clock.now())
        except (Invalid, Locked, TooMany) as refused:
            error, status = refused.sentence, refused.status
        else:
            request.session.pop(PROVED, None)
            begin_session(request, user, backend=BACKEND)
            if is_demo_login(user):
                complete(request, user, Proof.PASSWORD, clock.now())
            return lockout.remember_browser(request, go_on(request, after, kept))
    logins = queries.demo_logins()
    context: dict[str, Any] = {"error": error, "next": after, "username": username, "held": kept, "demo_logins": logins}
    context["notice"] = queries.login_notice()
    context["provider"] = queries.identity_provider()
    if logins:
        context["demo_password"] = queries.DEMO_PASSWORD
    return render(request, "accounts/login.html", context, status=status)


@public
@sensitive_post_parameters("current", "password", "again")
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; who was given one by somebody else comes here before anything else opens."""
    user, owes = request.user, owed(request)
    actor = actor_of_user(user) if isinstance(user, User) else None
    if not isinstance(user, User) or actor is None or owes is Owed.LOGIN:
        return redirect(settings.LOGIN_URL)
    if owes in (Owed.SECOND, Owed.ENROL):
        return redirect(owes.value)
    context: dict[str, Any] = {"must": user.must_change_password}
    if request.method == "POST":
        try:
            changed = _change_password(request, actor, user)
        except (Locked, TooMany) as refused:
            context["at"] = {"current": refused}
        except Invalid as refused:
            context["at"] = {str(problem.path[0]): problem for problem in refused.problems}
        else:
            request.user = changed
            update_session_auth_hash(request, changed)
            messages.success(request, _("Your new password counts from now on."))
            return go_on(request, settings.LOGIN_REDIRECT_URL)
    return render(request, "accounts/password.html", context, status=422 if "at" in context else 200)


def _change_password(request: HttpRequest, actor: Actor, user: User) -> User:
    """A wrong guess at the present password counts like a failed login."""
    source, now = lockout.source_of(request), clock.now()
    attempt = lockout.attempt(user.username, user, source, now)
    try:
        typed = (request.POST.get(name, "") for name in ("current", "password", "again"))
        changed = actions.change_own_password(actor, *typed)
    except Invalid as refused:
        if refused.problems[0].path == ("current",):
            lockout.failed(attempt, source, now)
        else:
            attempt.delete()
        raise
    attempt.delete()
    return changed


@public
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session, and have the browser forget what it keeps of its pages."""
    actor = actor_of_session(request)
    if actor:
        record_logout(actor)
    end_session(request)
    answer = redirect(settings.LOGOUT_REDIRECT_URL)
    answer["Clear-Site-Data"] = '"cache"'  # not "storage", which would end the alarms of this device
    return answer


@public
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the look that was picked, in a cookie of this browser; back to the page it was picked on."""
    answer = redirect(safe(request, request.POST.get("next", "")))
    chosen, cookie = theme_of(request.POST.get("theme")), f"{settings.VIGIL_COOKIE_PREFIX}theme"
    if chosen:
        secure = bool(settings.SESSION_COOKIE_SECURE)
        answer.set_cookie(cookie, chosen, max_age=YEAR_SECONDS, samesite="Lax", secure=secure)
    else:
        answer.delete_cookie(cookie, samesite="Lax")
    return answer


@page("accounts.profile.edit")
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """One's own person, agency and API tokens."""
    actor = actor_of(request)
    context: dict[str, Any] = {}
    again = asked_again(request) if request.POST.get("do") == "create" else None
    if again is not None:
        return again
    if request.method == "POST":
        act = {"create": _create_token, "revoke": _revoke_token, "agency": _change_agency}.get(
            request.POST.get("do", "")
        )
        done = act(request, actor) if act else redirect("account")
        if isinstance(done, HttpResponse):
            return done
        context = done
    return _account_page(request, actor, context)


def _account_page(request: HttpRequest, actor: Actor, context: dict[str, Any]) -> HttpResponse:
    shown = {
        "profile": queries.profile_of(actor),
        "agency_id": str(actor.agency_id),
        "may_create_tokens": actor.can("accounts.token.create"),
        "tokens": queries.own_tokens(actor),
        "requests": asking.own(actor).count(),
        "may_help": actor.can(way_back.PERMISSION),
        "session_ends": request.session.get_expiry_date(),
    }
    return render(request, "accounts/account.html", shown | context, status=422 if "problem" in context else 200)


def _create_token(request: HttpRequest, actor: Actor) -> HttpResponse | dict[str, Any]:
    name = request.POST.get("token_name", "").strip()
    if not name:
        return {
            "problem": {"field": "token_name", "sentence": _("Say what the token is for, so that you know it later.")}
        }
    days = request.POST.get("days", "")
    ends = clock.now() + timedelta(days=int(days) if days in TOKEN_DAYS else 90)
    if actor.user_id is None or actor.agency_id is None:
        return redirect("account")
    try:
        _token, text = actions.create_token(
            actor, actor.user_id, actor.agency_id, name, [request.POST.get("scope", "")], ends
        )
    except Invalid as refused:
        return {"problem": {"field": "scope", "sentence": refused.sentence}, "token_name": name}
    return {"new_token": text}


def _revoke_token(request: HttpRequest, actor: Actor) -> HttpResponse:
    actions.revoke_token(actor, request.POST.get("token", ""))
    messages.success(request, _("The token no longer works."))
    return redirect("account")


def _change_agency(request: HttpRequest, actor: Actor) -> HttpResponse:
    try:
        chosen = UUID(request.POST.get("agency", ""))
    except ValueError:
        return redirect("account")
    if queries.may_act_for(actor, chosen):
        request.session[SESSION_AGENCY] = str(chosen)
    # The page it was chosen on may be another agency's alone: the first page is always one's own.
    return redirect(settings.LOGIN_REDIRECT_URL if request.POST.get("next") == "home" else "account")
