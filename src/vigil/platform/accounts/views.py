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
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from vigil.core.actor import Actor
from vigil.core.errors import DomainError, Invalid, TooMany
from vigil.platform import clock
from vigil.platform.accounts import access, actions
from vigil.platform.accounts.access import SESSION_AGENCY, actor_of_session
from vigil.platform.accounts.login import log_in, record_logout
from vigil.platform.doors import actor_of, page, public
"""What a token may be given here."""


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """The login page; somebody already logged in goes on to Today."""
    typed = request.POST if request.method == "POST" else request.GET
    after = _safe(request, typed.get("next", ""))
    if request.method == "GET" and actor_of_session(request):
        return redirect(after)
    error, status = "", 200
    username = request.POST.get("username", "")
    if request.method == "POST":
        address = request.META.get("REMOTE_ADDR", "")
        try:
            user = log_in(username, request.POST.get("password", ""), address, clock.now())
        except (Invalid, TooMany) as refused:
            error, status = refused.sentence, refused.status
        else:
            begin_session(request, user, backend="django.contrib.auth.backends.ModelBackend")
            return redirect(after)
    context = {"error": error, "next": after, "username": username, **_demo_logins()}
    return render(request, "accounts/login.html", context, status=status)


@public
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session."""
    actor = actor_of_session(request)
    if actor:
        record_logout(actor)
    end_session(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)
