"""The one API of the node, under /api/v1/. Apps add their routers in `config/urls.py`."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.security import HttpBearer

from vigil.api import errors
from vigil.core.actor import Actor
from vigil.platform import clock
from vigil.platform.accounts.access import actor_of_token


class Bearer(HttpBearer):
    """`Authorization: Bearer vgl_...`: sets `request.actor` and `request.token`."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The token's actor; None (401) for anything that is not a valid token."""
        known = actor_of_token(token, clock.now())
        if known is None:
            return None
        request.actor, request.token = known  # type: ignore[attr-defined]
        return known[0]


api = NinjaAPI(
    title="Vigil",
    version="1",
    description="Event deconfliction for officer safety. Errors are RFC 9457 problem details.",
    auth=Bearer(),
    urls_namespace="api",
    docs_url=None,
)
errors.install(api)
