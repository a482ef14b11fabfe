"""One message there, one answer back. In memory: without a socket or a second of waiting; `over_http` is the real way.

A `Response` is what the other side sends, and how it sends it: late, drop by drop, cut off. `token_of` takes the signed
message out of it, in memory and over HTTP alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from vigil.protocol.envelope import MOST_BYTES

JOSE = "application/jose"
PREFIX = "/federation/v1/"
PATHS = {
    "query": "queries",
    "match": "matches",
    "withdrawal": "withdrawals",
    "acknowledgement": "acknowledgements",
    "capabilities": "capabilities",
    "health": "health",
    "keys": "keys",
    "pairing": "pairings",
    "test-operations": "test-operations",
}
"""Where each kind of message is sent to."""


class NoAnswer(Exception):
    """No whole signed message came back; the text says what came instead."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer and how it goes out. Seconds: `delay` before the first byte, `drip` between any two. `cut`: the
    connection is closed without a byte.
    """

    body: bytes = b""
    status: int = 200
    content_type: str = JOSE
    delay: float = 0.0
    drip: float = 0.0
    cut: bool = False


Receive = Callable[[str, bytes], Response]
"""Takes the last part of the path and the body of a POST."""


class Wire(Protocol):
    """The way to one node."""

    def post(self, path: str, body: bytes, seconds: float, content_type: str = JOSE) -> Response:
        """What comes back within so many seconds. Raises NoAnswer where nothing does."""


def token_of(response: Response) -> bytes:
    """The signed message in it. Raises NoAnswer where there is none; whose it is, is not looked at here."""
    if response.status != 200:
        raise NoAnswer(f"HTTP status {response.status}")
    kind = response.content_type.partition(";")[0].strip().lower()
    if kind != JOSE:
        raise NoAnswer(f"content type {kind or 'none'}")
    if len(response.body) > MOST_BYTES:
        raise NoAnswer(f"more than {MOST_BYTES} bytes")
    if not response.body:
        raise NoAnswer("an empty body")
    return response.body


@dataclass(frozen=True, slots=True)
class Loop:
    """A node in the same process."""

    receive: Receive

    def post(self, path: str, body: bytes, seconds: float, content_type: str = JOSE) -> Response:
        response = self.receive(path, body)
        if response.cut:
            raise NoAnswer("the connection was closed")
        if response.delay + response.drip * len(response.body) > seconds:
            raise NoAnswer(f"nothing within {seconds:g} s")
        return replace(response, body=response.body[: MOST_BYTES + 1])
