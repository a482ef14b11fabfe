"""The API's page: the OpenAPI document as people read it, from this node alone and without a script."""

from __future__ import annotations

from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from vigil.api.errors import TITLES
from vigil.api.reference import Reference, reference
from vigil.api.server import api
from vigil.platform.doors import public

MEANINGS = {
    304: "You have this very answer: the ETag that you sent as If-None-Match still holds.",
    400: "The request is no JSON, or its address cannot be read.",
    401: "No token, or one that ended or was revoked.",
    403: "The token's person, or its scope, may not do this.",
    404: "There is nothing here that the token's person may see. Hidden and missing look alike.",
    409: "Somebody changed it since you read it, or the Idempotency-Key was used for another request.",
    422: "The input breaks a rule; `errors` names every fault with a JSON pointer, and `choices` where there are few.",
    428: "An edit needs If-Match with the ETag that you read.",
    429: "Too many attempts; wait as many seconds as Retry-After says.",
    500: "The node could not answer. Quote `reference` when you ask for help.",
    503: "The node is busy; try again, as late as Retry-After says.",
}


@public
@require_GET
def api_page(request: HttpRequest) -> HttpResponse:
    """How to get a token, every call with its fields, answers and an example, and the errors."""
    base = request.build_absolute_uri("/").rstrip("/")
    calls, shapes = _drawn(base, get_language())
    context = {
        "reference": _read(base),
        "calls": calls,
        "shapes": shapes,
        "base": base,
        "errors": [(status, TITLES.get(status, "Not changed"), text) for status, text in MEANINGS.items()],
    }
    return render(request, "web/api.html", context)


@lru_cache(maxsize=4)  # an address of this node may come with any port
def _drawn(base: str, language: str | None) -> tuple[SafeString, SafeString]:
    """The calls and the schemas as they stand in the page of everybody who reads the language: drawn once."""
    context = {"reference": _read(base)}
    return render_to_string("web/_api_calls.html", context), render_to_string("web/_api_shapes.html", context)


@lru_cache(maxsize=4)  # an address of this node may come with any port
def _read(base: str) -> Reference:
    return reference(api.get_openapi_schema(), base)
