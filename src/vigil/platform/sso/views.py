"""Off to the identity provider and back: to log in, or to bind one's login there."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from types import ModuleType
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login as begin_session
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from vigil.core.errors import Invalid, NotFound, Unavailable
from vigil.platform import clock
from vigil.platform.accounts import lockout
from vigil.platform.accounts.access import PROVED, Proof, actor_of_session, actor_of_user
from vigil.platform.accounts.login import BACKEND, record_half, refuse
from vigil.platform.accounts.steps import complete, go_on, safe
from vigil.platform.doors import actor_of, page, public
from vigil.platform.sso import actions, provider, saml
from vigil.platform.sso.shown import LEEWAY_SECONDS, Shown

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
    _protocol()
    actions.unbind(actor_of(request))
    messages.success(request, _("Removed: it opens nothing any more."))
    return redirect("factors")


@public
@csrf_exempt  # another host sends it; it must answer a question that this browser's session has kept
@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """What a SAML provider has the browser send: read, and on to `back`.

    The browser sends no cookie with a form of another host (SameSite), so that no session is known here, and none may
    be begun: it would take the place of the person's own. The redirect brings the cookie.
    """
    _saml_alone()
    with suppress(Invalid, Unavailable):
        saml.take(request.POST.get("SAMLResponse", ""), _address(request), clock.now())
    return HttpResponseRedirect(reverse("sso_back"))


@public
@require_GET
def metadata(request: HttpRequest) -> HttpResponse:
    """What a SAML provider's administrator registers."""
    _saml_alone()
    return HttpResponse(saml.metadata(_address(request)), content_type="application/samlmetadata+xml")


@public
@require_GET
def back(request: HttpRequest) -> HttpResponse:
    """Back from the provider."""
    protocol = _protocol()
    now, kept = clock.now(), request.session.pop(PENDING, None)
    binds = kept is not None and "user" in kept
    try:
        shown = protocol.finish(kept, request.GET.dict(), _address(request), now)
    except (Invalid, Unavailable) as refused:
        refuse(None)
        messages.error(request, refused.sentence)
        return redirect("factors" if binds else "login")
    assert kept is not None
    return _bound(request, kept, shown, now) if binds else _logged_in(request, kept["next"], shown, now)


def _logged_in(request: HttpRequest, after: str, shown: Shown, now: datetime) -> HttpResponse:
    user = actions.person_of(shown.digest)
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
    return shown.two_factors and age is not None and -LEEWAY_SECONDS <= age <= longest


def _bound(request: HttpRequest, kept: dict[str, Any], shown: Shown, now: datetime) -> HttpResponse:
    actor = actor_of_session(request)
    if actor is None or str(actor.user_id) != kept["user"]:
        return redirect("login")
    try:
        actions.bind(actor, shown.digest, now)
    except Invalid as refused:
        messages.error(request, refused.sentence)
    else:
        messages.success(request, _("Bound: you can log in that way from now on."))
    return redirect("factors")


def _off(request: HttpRequest, purpose: dict[str, str]) -> HttpResponse | None:
    """The redirect to the provider, noted in the session; None, and a message, where it does not answer."""
    try:
        address, kept = _protocol().begin(_address(request), clock.now())
    except Unavailable as refused:
        messages.error(request, refused.sentence)
        return None
    request.session[PENDING] = kept | purpose
    return redirect(address)


def _address(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("sso_back"))


def _protocol() -> ModuleType:
    """What the operator's provider speaks: `begin` and `finish` by the same names."""
    if settings.VIGIL_OIDC_ISSUER:
        return provider
    return _saml_alone()


def _saml_alone() -> ModuleType:
    if settings.VIGIL_OIDC_ISSUER or not settings.VIGIL_SAML_ISSUER:
        raise NotFound
    return saml
