"""Answers that wait for somebody else's: meanwhile they hold no thread.

A view leaves a `Later` on its response where the server can wait for it (`config.asgi`); what the response says until
then is true and whole, and is what is sent if waiting fails.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from django.http import HttpRequest, HttpResponse

CAN_WAIT = "vigil.can_wait"
"""In the request's environment: the server looks for a `Later`."""


class Asking(Protocol):
    """What is waited for."""

    @property
    def coming(self) -> Sequence[Future[Any]]:
        """What has not come yet; empty: the waiting is over."""

    @property
    def seconds_left(self) -> float:
        """How long to wait for the next."""

    def take(self, done: Collection[Future[Any]]) -> None:
        """Take in what has come, in the thread of the database; nothing: the time is over."""


class Later:
    """What is waited for, and how the answer is made then, in the thread that made the first."""

    def __init__(self, asking: Asking, say: Callable[[], HttpResponse]) -> None:
        self.asking = asking
        self._say = say
        self._also: list[Callable[[HttpResponse], None]] = []

    def also(self, do: Callable[[HttpResponse], None]) -> None:
        """Do this too with the answer."""
        self._also.append(do)

    def said(self) -> HttpResponse:
        """The answer after all that has come."""
        response = self._say()
        for do in self._also:
            do(response)
        return response


def can_wait(request: HttpRequest) -> bool:
    """Whether the server waits for what a view leaves; else the view waits itself."""
    return bool(request.META.get(CAN_WAIT))


def put(response: HttpResponse, later: Later) -> HttpResponse:
    """The response, to be completed."""
    response.later = later  # type: ignore[attr-defined]
    return response


def of(response: Any) -> Later | None:
    """What was left on it."""
    return getattr(response, "later", None)
