"""One signed message to a partner's node by HTTPS, and the bytes that come back.

Connections are kept and used again. Nothing is followed elsewhere, no proxy is taken from the environment, and nothing
holds a thread for longer than it was given: whoever answers drop by drop is cut off. No database: it runs in threads.
"""

from __future__ import annotations

import functools
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from socket import SHUT_RDWR
from typing import Any
from urllib.parse import urlsplit

import urllib3
from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from vigil.protocol.envelope import MOST_BYTES

JOSE = "application/jose"
PATH = "/federation/v1/"
ADDRESSES = {
    "query": "queries",
    "match": "matches",
    "withdrawal": "withdrawals",
    "acknowledgement": "acknowledgements",
    "capabilities": "capabilities",
    "health": "health",
    "pairing": "pairings",
    "keys": "keys",
    "test-operations": "test-operations",
}
"""The last part of the address for each kind of message."""
CONNECT_SECONDS = 3.0
WHOLE_SECONDS = 8.0
"""What a message in nobody's presence may take, from the first byte to the last."""
KEPT = 8
"""Connections to one partner that are kept open."""
MOST_AT_ONCE = 64
"""Messages on their way at the same time, to all partners."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
PART_BYTES = 65_536

Send = Callable[[str, bytes, float], bytes]
"""Takes an address, a message and how many seconds it may take; gives what came back. Raises `Unreached`."""


class Unreached(Exception):
    """No whole answer came back. `code` is one word, safe to store and to log."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def address_of(base_url: str, kind: str) -> str:
    """Where a partner takes messages of a kind, e.g. `https://vigil.elm.gov/federation/v1/queries`."""
    return base_url.rstrip("/") + PATH + ADDRESSES[kind]


def may_be_reached(url: str) -> bool:
    """Whether the address begins with https://, or leads to this very machine, or the operator allows http://."""
    parts = urlsplit(url)
    plain = parts.scheme == "http" and (parts.hostname in LOOPBACK or settings.VIGIL_FEDERATION_HTTP)
    return bool(parts.hostname) and (parts.scheme == "https" or plain)


def send(url: str, body: bytes, seconds: float) -> bytes:
    """POST the message; the signed answer. Raises `Unreached` for everything that is no answer of the protocol."""
    if not may_be_reached(url):
        raise Unreached("no_https")
    with _cut_after(seconds) as limit:
        try:
            return _posted(url, body, seconds)
        except urllib3.exceptions.HTTPError as error:
            raise Unreached("timeout" if limit.is_over else _code(error)) from None
        except (OSError, ValueError) as error:
            raise Unreached("timeout" if limit.is_over else type(error).__name__) from None


def _posted(url: str, body: bytes, seconds: float) -> bytes:
    response = _pools().urlopen(
        "POST",
        url,
        body=body,
        headers={"Content-Type": JOSE, "Accept": JOSE},
        redirect=False,
        retries=False,
        preload_content=False,
        timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, seconds), read=seconds),
    )
    try:
        if response.status != 200:
            raise Unreached(f"status_{response.status}")
        if response.headers.get("Content-Type", "").partition(";")[0].strip().lower() != JOSE:
            raise Unreached("not_signed")
        return _whole(response)
    except BaseException:
        response.close()  # what is left of the answer is nobody's: the connection is not used again
        raise
    finally:
        response.release_conn()


def _whole(response: Any) -> bytes:
    read = bytearray()
    while part := response.read1(PART_BYTES):
        read += part
        if len(read) > MOST_BYTES:
            raise Unreached("too_large")
    return bytes(read)


def _code(error: urllib3.exceptions.HTTPError) -> str:
    # A refused connection is a kind of time-out to urllib3: it comes first.
    if isinstance(error, urllib3.exceptions.NewConnectionError | urllib3.exceptions.NameResolutionError):
        return "no_connection"
    if isinstance(error, urllib3.exceptions.ConnectTimeoutError | urllib3.exceptions.ReadTimeoutError):
        return "timeout"
    if isinstance(error, urllib3.exceptions.SSLError):
        return "certificate"
    return type(error).__name__


# --- connections ----------------------------------------------------------------------------------------------------


class _Limit:
    """Time-outs of a socket begin anew with every byte; this one does not."""

    def __init__(self) -> None:
        self.connection: HTTPConnection | None = None
        self.is_over = False

    def cut(self) -> None:
        self.is_over = True
        stream = getattr(self.connection, "sock", None)
        with suppress(OSError):  # it may be over since a moment
            if stream is not None:
                stream.shutdown(SHUT_RDWR)


_here = threading.local()
"""`limit`: that of the message which this thread sends."""


class _Plain(HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        _here.limit.connection = self
        super().request(*args, **kwargs)


class _Encrypted(HTTPSConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        _here.limit.connection = self
        super().request(*args, **kwargs)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


@contextmanager
def _cut_after(seconds: float) -> Iterator[_Limit]:
    limit = _here.limit = _Limit()
    watch = threading.Timer(seconds, limit.cut)
    watch.daemon = True
    watch.start()
    try:
        yield limit
    finally:
        watch.cancel()


@functools.lru_cache(maxsize=1)
def _pools() -> urllib3.PoolManager:
    """One for the process; its settings are read once."""
    context = ssl.create_default_context(cafile=settings.VIGIL_FEDERATION_CA or None)
    if settings.VIGIL_FEDERATION_CERTIFICATE:
        context.load_cert_chain(settings.VIGIL_FEDERATION_CERTIFICATE, settings.VIGIL_FEDERATION_KEY or None)
    options: dict[str, Any] = {"num_pools": 64, "maxsize": KEPT, "ssl_context": context}
    proxy = settings.VIGIL_FEDERATION_PROXY
    pools = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
    pools.pool_classes_by_scheme = {"http": _PlainPool, "https": _EncryptedPool}
    return pools


@functools.lru_cache(maxsize=1)
def threads() -> Executor:
    """Where messages wait for their answers."""
    return ThreadPoolExecutor(MOST_AT_ONCE, "partners")
