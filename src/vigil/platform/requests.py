"""What is known of the request being served: its id, on every log line, audit record and error page, and its source."""

from __future__ import annotations

from contextvars import ContextVar

from vigil.core.identifiers import uuid7

request_id: ContextVar[str] = ContextVar("request_id", default="")
source: ContextVar[str] = ContextVar("source", default="")
"""The network address that the request came from; empty for what the node does by itself."""


def new_request_id() -> str:
    """A fresh id, short enough to be read out on the telephone: 12 characters of a UUID's random part."""
    return uuid7().hex[-12:]
