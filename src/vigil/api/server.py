"""The one API of the node, under /api/v1/. Apps add their routers in `config/urls.py`."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.openapi.urls import get_openapi_urls
from ninja.security import HttpBearer

from vigil.api import errors
from vigil.core.actor import Actor
from vigil.platform import clock
from vigil.platform.accounts.access import actor_of_token
from vigil.platform.audit import wrong_tokens
from vigil.platform.doors import declared, public


class Bearer(HttpBearer):
    """`Authorization: Bearer vgl_...`: sets `request.actor` and `request.token`."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The token's actor; None (401) for anything that is not a valid token."""
        known = actor_of_token(token, clock.now())
        if known is None:
            wrong_tokens.count(token, clock.now())
            return None
        request.actor, request.token = known  # type: ignore[attr-defined]
        return known[0]


class DeclaredApi(NinjaAPI):
    """The API whose addresses carry the permission that their route declared, for the system check."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._documents: dict[str, OpenAPISchema] = {}

    def _get_urls(self) -> list[URLPattern | URLResolver]:
        patterns: list[Any] = super()._get_urls()
        opening, root = get_openapi_urls(self), patterns[-1]
        for pattern in (*patterns[: len(opening)], root):
            public(pattern.callback)
        for pattern, view in zip(patterns[len(opening) : -1], self._views(), strict=True):
            if hasattr(view, "vigil_permission"):
                declared(view.vigil_permission)(pattern.callback)
        return patterns

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The document, made once a process: it takes a tenth of a second, and anybody may ask for it."""
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        if prefix not in self._documents:
            for operation in self._operations():
                operation.openapi_extra = (operation.openapi_extra or {}) | {"parameters": _headers(operation)}
            self._documents[prefix] = _with_problems(super().get_openapi_schema(path_prefix=prefix))
        return self._documents[prefix]

    def _views(self) -> Iterator[Any]:
        return (operation.view_func for operation in self._operations())

    def _operations(self) -> Iterator[Any]:
        for router in self._get_bound_routers():
            for path_view in router.path_operations.values():
                yield from path_view.operations


def _with_problems(document: OpenAPISchema) -> OpenAPISchema:
    """The document with the refusals that no route declares, each of the type that it is sent with."""
    for operations in document["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            if "requestBody" in operation:
                answers[400] = {**answers[401], "description": HTTPStatus.BAD_REQUEST.phrase}
            if any(one["name"] == "Idempotency-Key" for one in operation["parameters"]):
                answers[409] = {**answers[401], "description": HTTPStatus.CONFLICT.phrase}
            for status, answer in answers.items():
                if int(status) >= HTTPStatus.BAD_REQUEST and "content" in answer:
                    (body,) = answer["content"].values()
                    answer["content"] = {errors.PROBLEM_JSON: body}
    return document


READ_HEADERS = {
    "If-Match": ('"3-8f14"', "The `ETag` that was read; its revision must be the present one."),
    "If-None-Match": ('"3-8f14"', "The `ETag` of an answer that you have: 304 while it still holds."),
    "Idempotency-Key": ("7f3a", "With the same key nothing is done twice."),
}
"""Headers that routes read by themselves: an example, and what each is for."""


def _headers(operation: Any) -> list[dict[str, Any]]:
    """The headers that a route reads, which the document would not know of."""
    answers, view = operation.response_models, operation.view_func
    read = {"If-Match": 428 in answers, "If-None-Match": 304 in answers}
    read["Idempotency-Key"] = hasattr(view, "vigil_repeatable")
    return [
        {
            "in": "header",
            "name": name,
            "required": name == "If-Match",
            "description": READ_HEADERS[name][1],
            "schema": {"type": "string"},
            "example": READ_HEADERS[name][0],
        }
        for name, is_read in read.items()
        if is_read
    ]


api = DeclaredApi(
    title="Vigil",
    version="1",
    description="Event deconfliction for officer safety. Errors are RFC 9457 problem details.",
    auth=Bearer(),
    urls_namespace="api",
    docs_url=None,
)
errors.install(api)
