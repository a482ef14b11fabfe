"""Routes: each declares the permission it needs, like a page; decorators keep the signature that ninja reads."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from vigil.core.actor import Actor
from vigil.core.permissions import PERMISSIONS
from vigil.platform.accounts.models import ApiToken
from vigil.platform.doors import declared

View = Callable[..., Any]


def wrap(view: View, around: View) -> View:
    """`around` in place of `view`, with its name and its signature (types resolved where the view was written)."""
    wrapped = functools.wraps(view)(around)
    wrapped.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined]
    return wrapped


def needs(permission: str) -> Callable[[View], View]:
    """The route is for tokens that hold the permission, by role and by scope; put it directly below `@router.get`."""
    if permission not in PERMISSIONS:
        raise LookupError(f"{permission} is not in the table of core/permissions.py")

    def decorate(view: View) -> View:
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            actor_of(request).require(permission)
            return view(request, *args, **kwargs)

        return declared(permission)(wrap(view, guarded))

    return decorate


def actor_of(request: HttpRequest) -> Actor:
    """The actor of the request's token."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def token_of(request: HttpRequest) -> ApiToken:
    """The request's token."""
    token: ApiToken = request.token  # type: ignore[attr-defined]
    return token
