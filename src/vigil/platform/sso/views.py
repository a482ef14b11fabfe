"""Off to the identity provider and back: to log in, or to bind one's login there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login as begin_session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from vigil.core.errors import Invalid, NotFound, Unavailable
from vigil.platform import clock
from vigil.platform.accounts import lockout
from vigil.platform.accounts.access import PROVED, Proof, actor_of_session, actor_of_user
from vigil.platform.accounts.login import BACKEND, record_half, refuse
from vigil.platform.accounts.steps import complete, go_on, safe
from vigil.platform.doors import actor_of, page, public
from vigil.platform.sso import actions, provider
from vigil.platform.sso.provider import Shown

PENDING = "sso"
"""In a session: a login that was begun and has not come back."""


@public
@require_GET
def begin(request: HttpRequest) -> HttpResponse:
    """To the provider, to log in."""
    return _off(request, {"next": safe(request, request.GET.get("next", ""))}) or redirect("login")


@page("accounts.factor.add", fresh=True)
@require_POST
def bind(request: HttpRequest) -> HttpResponse:
    """To the provider, to bind the login there: a page with a link, since a form may not lead to another host."""
    off = _off(request, {"user": str(actor_of(request).user_id)})
    return render(request, "sso/bind.html", {"address": off["Location"]}) if off else redirect("factors")


@page("accounts.factor.remove", fresh=True)
@require_POST
def unbind(request: HttpRequest) -> HttpResponse:
    """Take the binding away."""
    _configured()
    actions.unbind(actor_of(request))
    messages.success(request, _("Removed: it opens nothing any more."))
    return redirect("factors")


@public
@require_GET
def back(request: HttpRequest) -> HttpResponse:
    """Back from the provider."""
    _configured()
    now, kept = clock.now(), request.session.pop(PENDING, None)
    binds = kept is not None and "user" in kept
    try:
        shown = provider.finish(kept, request.GET.dict(), _address(request), now)
    except (Invalid, Unavailable) as refused:
        refuse(None)
        messages.error(request, refused.sentence)
        return redirect("factors" if binds else "login")
    assert kept is not None
    return _bound(request, kept, shown, now) if binds else _logged_in(request, kept["next"], shown, now)


def _logged_in(request: HttpRequest, after: str, shown: Shown, now: datetime) -> HttpResponse:
    user = actions.person_of(settings.VIGIL_OIDC_ISSUER, shown.subject)
    actor = actor_of_user(user) if user is not None and not user.is_demo else None
    if user is None or actor is None:
        refuse(user)
        messages.error(request, _("This login is bound to nobody who may enter. Log in as ever, and bind it there."))
        return redirect("login")
    request.session.pop(PROVED, None)
    begin_session(request, user, backend=BACKEND)
    if _is_whole(shown, now):
        complete(request, user, Proof.PROVIDER, now)
        # What was shown there an hour ago is not fresh for a sensitive act here.
        request.session[PROVED] = {"at": shown.at.timestamp(), "by": Proof.PROVIDER.value} if shown.at else None
    else:
        record_half(actor)
    return lockout.remember_browser(request, go_on(request, after))


def _is_whole(shown: Shown, now: datetime) -> bool:
    """Whether the provider's word stands for both factors; where it says nothing, one of the node's is owed."""
    age = (now - shown.at).total_seconds() if shown.at else None
    longest = settings.VIGIL_SESSION_MINUTES * 60
    return shown.two_factors and age is not None and -provider.LEEWAY_SECONDS <= age <= longest


def _bound(request: HttpRequest, kept: dict[str, Any], shown: Shown, now: datetime) -> HttpResponse:
    actor = actor_of_session(request)
    if actor is None or str(actor.user_id) != kept["user"]:
        return redirect("login")
    try:
        actions.bind(actor, settings.VIGIL_OIDC_ISSUER, shown.subject, now)
    except Invalid as refused:
        messages.error(request, refused.sentence)
    else:
        messages.success(request, _("Bound: you can log in that way from now on."))
    return redirect("factors")


def _off(request: HttpRequest, purpose: dict[str, str]) -> HttpResponse | None:
    """The redirect to the provider, noted in the session; None, and a message, where it does not answer."""
    _configured()
    try:
        address, kept = provider.begin(_address(request), clock.now())
    except Unavailable as refused:
        messages.error(request, refused.sentence)
        return None
    request.session[PENDING] = kept | purpose
    return redirect(address)


def _address(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("sso_back"))


def _configured() -> None:
    if not settings.VIGIL_OIDC_ISSUER:
        raise NotFound
