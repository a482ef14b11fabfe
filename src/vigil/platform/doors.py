"""What every view declares: the permission it needs, or that it is public. An undeclared address stops the start."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core import checks
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from vigil.core.actor import Actor
from vigil.core.errors import DomainError, Refused
from vigil.core.permissions import PERMISSIONS
from vigil.platform import clock
from vigil.platform.accounts.access import Owed, actor_of_session, is_fresh, owed
from vigil.platform.accounts.sessions import seen
from vigil.platform.audit.trail import record, record_refusal
from vigil.platform.glass.access import USED

PUBLIC = "public"

View = Callable[..., Any]
V = TypeVar("V", bound=View)


def page(permission: str, *, fresh: bool = False) -> Callable[[View], View]:
    """The view is for those who hold the permission; it is called as `view(request, ...)` with `request.actor` set.

    Somebody not logged in is sent to the login page and back, whose login is not complete to the page of what is owed;
    a lacking permission raises `Refused`. With `fresh`, what is sent is taken only from somebody who has shown who they
    are a short while ago; others do so first, and what they sent is kept.
    """
    if permission not in PERMISSIONS:
        raise LookupError(f"{permission} is not in the table of core/permissions.py")

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            owes = owed(request)
            if owes not in (Owed.NOTHING, Owed.LOGIN):
                return redirect(owes.value)
            actor = actor_of_session(request)
            if actor is None:
                return first(request, settings.LOGIN_URL)
            request.actor = actor  # type: ignore[attr-defined]
            if not actor.can(permission):
                raise Refused(permission)
            again = asked_again(request) if fresh and request.method == "POST" else None
            if again is not None:
                return again
            seen(request, clock.now())
            _record_under_glass(request, actor)
            response: HttpResponse = view(request, *args, **kwargs)
            return response

        return _declare(guarded, permission)

    return decorate


def _record_under_glass(request: HttpRequest, actor: Actor) -> None:
    """Whatever somebody opens under an emergency access is in the trail before it is shown, lists and maps too."""
    match = request.resolver_match
    if actor.glass is not None and match is not None:
        record(actor, USED, {"page": match.view_name, **dict(_ids(match.kwargs))})


def asked_again(request: HttpRequest) -> HttpResponse | None:
    """To the page that asks who one is, where that was shown too long ago; what was sent is done afterwards."""
    return None if is_fresh(request, clock.now()) else first(request, reverse("confirm"))


def first(request: HttpRequest, address: str) -> HttpResponse:
    """To another page first, and back."""
    # 307 for what was sent: the other page keeps it and hands it back (`web.held`).
    to = f"{address}?{urlencode({'next': request.get_full_path()})}"
    return HttpResponseRedirect(to, preserve_request=request.method == "POST")


def public(view: V) -> V:
    """The view needs no login: login page, health check, the manifest."""
    return _declare(view, PUBLIC)


def declared(permission: str) -> Callable[[V], V]:
    """The view checks the permission itself (an API route behind a bearer token, the async stream)."""
    return lambda view: _declare(view, permission)


def _declare(view: V, permission: str) -> V:
    view.vigil_permission = permission  # type: ignore[attr-defined]
    return view


def actor_of(request: HttpRequest) -> Actor:
    """The actor that `page` put on the request."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def record_refused(request: HttpRequest, error: DomainError) -> None:
    """Put into the audit trail that somebody known was refused at a door or found nothing behind it, with the ids asked
    for. What an action refused has its record already.
    """
    actor, match = getattr(request, "actor", None), request.resolver_match
    if actor is None or match is None:
        return
    permission = getattr(error, "permission", "") or getattr(match.func, "vigil_permission", PUBLIC)
    record_refusal(actor, permission, error, dict(_ids(match.kwargs)))


def _ids(asked: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Ids and numbers of an address; no other text, which may be a secret."""
    for name, value in asked.items():
        with suppress(ValueError):
            yield name, str(value) if isinstance(value, UUID | int) else str(UUID(value))


def addresses() -> Iterator[tuple[str, View]]:
    """Every address of the site with its view."""
    yield from _walk(get_resolver().url_patterns, "")


def _walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, View]]:
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, address)
        else:
            yield address, pattern.callback


def check_declared(**_: Any) -> list[checks.CheckMessage]:
    """System check: each view says who may open it."""
    return [
        checks.Error(
            f"The view at /{address} declares no permission.",
            hint="Put @page(permission), @public or @declared(permission) of vigil.platform.doors on it.",
            id="vigil.E001",
        )
        for address, view in addresses()
        if not hasattr(view, "vigil_permission")
    ]
