"""Errors of the API as RFC 9457 problem details, each problem with a JSON pointer to the field at fault."""

from __future__ import annotations

import json
import logging
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from vigil.core.errors import DomainError, Invalid, Problem, TooMany, Unavailable
from vigil.platform.doors import record_refused
from vigil.platform.requests import request_id

log = logging.getLogger("vigil.api")

PROBLEM_JSON = "application/problem+json"
TITLES = {
    400: "The request cannot be read",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    409: "Conflict with the present state",
    412: "Changed meanwhile",
    422: "The input is not valid",
    428: "A condition is required",
    429: "Too many requests",
    500: "Something went wrong",
    503: "Not available now",
}


def problem(
    status: int, detail: str, problems: tuple[Problem, ...] = (), code: str = "", headers: dict[str, str] | None = None
) -> HttpResponse:
    """The answer for one failure; `reference` is what to quote when asking for help."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "reference": request_id.get(),
    }
    if code:
        body["code"] = code
    if problems:
        body["errors"] = [_error(one) for one in problems]
    return HttpResponse(json.dumps(body), content_type=PROBLEM_JSON, status=status, headers=headers)


def _error(one: Problem) -> dict[str, Any]:
    entry: dict[str, Any] = {"pointer": one.pointer, "detail": one.sentence}
    if one.choices:
        entry["choices"] = list(one.choices)
    return entry


def problem_of(error: DomainError) -> HttpResponse:
    """A domain error as a problem."""
    problems = error.problems if isinstance(error, Invalid) else ()
    wait = error.retry_after if isinstance(error, Unavailable | TooMany) else None
    headers = {"Retry-After": str(wait)} if wait else None
    return problem(error.status, error.sentence, problems, error.code, headers)


def install(api: NinjaAPI) -> None:
    """Map every failure of the API's routes."""

    def domain(request: HttpRequest, error: Any) -> HttpResponse:
        record_refused(request, error)
        return problem_of(error)

    def validation(request: HttpRequest, error: Any) -> HttpResponse:
        return problem_of(Invalid([_problem(entry) for entry in error.errors]))

    def authentication(request: HttpRequest, error: Any) -> HttpResponse:
        sentence = "Send a valid token as `Authorization: Bearer vgl_...`; `vigil token create` makes one."
        return problem(401, sentence, code="unauthenticated", headers={"WWW-Authenticate": "Bearer"})

    def http(request: HttpRequest, error: Any) -> HttpResponse:
        return problem(error.status_code, str(error))

    def unexpected(request: HttpRequest, error: Any) -> HttpResponse:
        log.error("unexpected error", exc_info=error)
        return problem(500, "The node could not answer. Quote the reference when you ask for help.", code="unexpected")

    api.add_exception_handler(DomainError, domain)
    api.add_exception_handler(ValidationError, validation)
    api.add_exception_handler(AuthenticationError, authentication)
    api.add_exception_handler(HttpError, http)
    api.add_exception_handler(Exception, unexpected)


def _problem(entry: dict[str, Any]) -> Problem:
    # ninja puts where the value came from ("body", "query") and the parameter's name before the path in the body.
    source, *rest = entry.get("loc", ())
    path = tuple(rest[1:]) if source == "body" else tuple(rest)
    return Problem(path, _sentence(entry))


def _sentence(entry: dict[str, Any]) -> str:
    message = str(entry.get("msg", "is not valid")).removeprefix("Value error, ")
    if entry.get("type") == "missing":
        message = "is missing"
    return message if message.endswith(".") else message[:1].upper() + message[1:] + "."
