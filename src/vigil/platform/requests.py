"""The id of the request being served: on every log line, every audit record and every error page."""

from __future__ import annotations

from contextvars import ContextVar

from vigil.core.identifiers import uuid7

request_id: ContextVar[str] = ContextVar("request_id", default="")


def new_request_id() -> str:
    """A fresh id, short enough to be read out on the telephone: 12 characters of a UUID's random part."""
    return uuid7().hex[-12:]
