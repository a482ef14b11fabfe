"""What every answer carries: a request id, security headers, and one log line."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import Token
from ipaddress import ip_address
from typing import Any

from asgiref.sync import iscoroutinefunction
from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.db import DataError
from django.http import FileResponse, HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.decorators import sync_and_async_middleware

from vigil.core.errors import DomainError
from vigil.platform.doors import record_refused
from vigil.platform.requests import new_request_id, request_id, source
from vigil.web import errors

log = logging.getLogger("vigil.request")

BLOCK_BYTES = 2**16
"""Each block of a file goes from its thread to the loop by itself; of Django's 4 KB a map library has 270."""

Answer = Callable[[HttpRequest], Any]

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "X-Frame-Options": "DENY",  # for browsers of before the policy's frame-ancestors
    "Permissions-Policy": "geolocation=(), camera=(), microphone=(), payment=(), usb=()",
}


@sync_and_async_middleware
def request_ids(get_response: Answer) -> Answer:
    """Give the request an id, hand it out as `X-Request-Id`, and log method, route and status (never the path)."""
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponseBase:
            tokens, started = _begin(request), time.perf_counter()
            try:
                return _finish(request, await get_response(request), started)
            finally:
                _end(tokens)

        return answer_later

    def answer(request: HttpRequest) -> HttpResponseBase:
        tokens, started = _begin(request), time.perf_counter()
        try:
            return _finish(request, get_response(request), started)
        finally:
            _end(tokens)

    return answer


def _begin(request: HttpRequest) -> tuple[Token[str], Token[str]]:
    tokens = request_id.set(new_request_id()), source.set(source_of(request))
    request.request_id = request_id.get()  # type: ignore[attr-defined]
    return tokens


def _end(tokens: tuple[Token[str], Token[str]]) -> None:
    request_id.reset(tokens[0])
    source.reset(tokens[1])


def source_of(request: HttpRequest) -> str:
    """The address that the request came from: the last one that the proxy in front added, where there is a proxy."""
    peer: str = request.META.get("REMOTE_ADDR", "")
    said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    with suppress(ValueError):
        return str(ip_address(said if settings.SECURE_PROXY_SSL_HEADER and said else peer))[
            :45
        ]  # as long as the columns
    return ""


def _finish(request: HttpRequest, response: HttpResponseBase, started: float) -> HttpResponseBase:
    response["X-Request-Id"] = request_id.get()
    if isinstance(response, FileResponse):
        response.block_size = BLOCK_BYTES
    route = request.resolver_match.route if request.resolver_match else ""
    if route or response.status_code >= 400:
        fields = {
            "method": request.method,
            "route": route,
            "status": response.status_code,
            "milliseconds": round((time.perf_counter() - started) * 1000, 1),
        }
        log.info("answered", extra=fields)
    return response


DOWNLOADED = "default-src 'none'; frame-ancestors 'none'; sandbox"
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
OVER_HTTPS = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}
"""Two years, where people reach the node by HTTPS."""


@sync_and_async_middleware
def security_headers(get_response: Answer) -> Answer:
    """Add the headers of `HEADERS`, and `no-store` to every page: it may show what only its reader may see.

    Methods beyond those of `METHODS` reach no view.
    """
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponseBase:
            return _secure(request, _refused(request) or await get_response(request))

        return answer_later

    def answer(request: HttpRequest) -> HttpResponseBase:
        return _secure(request, _refused(request) or get_response(request))

    return answer


def _refused(request: HttpRequest) -> HttpResponseBase | None:
    return None if request.method in METHODS else HttpResponseNotAllowed(METHODS)


def _secure(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    for name, value in (HEADERS | (OVER_HTTPS if settings.SECURE_PROXY_SSL_HEADER else {})).items():
        response.headers.setdefault(name, value)
    if response.headers.get("Content-Disposition", "").startswith("attachment"):
        # A file to keep: should a browser show it all the same, it can do nothing there.
        response.headers["Content-Security-Policy"] = DOWNLOADED
    # Static files are answered before any route is resolved; they may be cached.
    if request.resolver_match is not None:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


class Policy(CSPMiddleware):
    """The content-security policy, made once: it is the same for every answer, and no page asks for more."""

    def __init__(self, get_response: Answer) -> None:
        super().__init__(get_response)
        self._policy = build_policy()

    def process_request(self, request: HttpRequest) -> None:
        """No script or style stands in a page, so none needs a nonce."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Called by Django after the view."""
        response.headers.setdefault(HEADER, self._policy)
        return response


class PageLanguage(LocaleMiddleware):
    """The reader's language on pages; the API, which programs read, says everything in English."""

    def process_request(self, request: HttpRequest) -> None:
        """Called by Django before the view."""
        if request.path_info.startswith("/api/v1/"):
            translation.activate("en")
            request.LANGUAGE_CODE = "en"
        else:
            super().process_request(request)


class DomainErrorPages:
    """Turns a domain error that no view handled into its error page, and logs an unexpected one before its page."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = self.get_response(request)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Called by Django for what a view raised."""
        if isinstance(error, DomainError):
            record_refused(request, error)
            return errors.domain(request, error)
        if isinstance(error, DataError):
            # Text that the database cannot hold, such as a NUL that nobody types.
            return errors.page(request, 400)
        log.error("unexpected error", exc_info=error)
        return None
