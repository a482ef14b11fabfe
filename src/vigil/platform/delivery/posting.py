"""One HTTP POST to an address that somebody named: checked before it is opened, not followed elsewhere, not for long.

The name is resolved once, every address it has is looked at, and the connection goes to the one that was looked at: a
name that means something else a moment later leads nowhere (threat T19).
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from vigil.platform.delivery.carrier import TIMEOUT_SECONDS, NotTaken

WHOLE_SECONDS = 2 * TIMEOUT_SECONDS
"""After so long the connection is closed, however slowly the other side still speaks."""
MOST_BYTES = 16_384
NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status and the beginning of the body."""

    status: int
    body: bytes


def post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool) -> Answer:
    """POST the JSON body; `private`: the address may lie in a private network.

    Raises `NotTaken` (`private_address`) or what sockets raise. A redirection is an answer like any other.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    stream = _connected(host, port, private=private)
    if parts.scheme == "https":
        stream = ssl.create_default_context().wrap_socket(stream, server_hostname=host, do_handshake_on_connect=False)
    watch = threading.Timer(WHOLE_SECONDS, _cut, (stream,))
    watch.daemon = True
    watch.start()
    try:
        if isinstance(stream, ssl.SSLSocket):
            stream.do_handshake()
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
        connection.sock = stream
        connection.request("POST", _target(parts), body, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        return Answer(response.status, response.read(MOST_BYTES))
    finally:
        watch.cancel()
        stream.close()


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _connected(host: str, port: int, *, private: bool) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not private and not all(is_public(str(address[4][0])) for address in found):
        raise NotTaken("private_address")
    failure: OSError = OSError("no address")
    for family, kind, protocol, _, address in found:
        opened = socket.socket(family, kind, protocol)
        opened.settimeout(TIMEOUT_SECONDS)
        try:
            opened.connect(address)
            return opened
        except OSError as error:
            opened.close()
            failure = error
    raise failure


def _cut(opened: socket.socket) -> None:
    with suppress(OSError):  # it may be over since a moment
        opened.shutdown(socket.SHUT_RDWR)


def is_public(address: str) -> bool:
    """Whether the IP address is one of the open Internet, those that only wrap another address included."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and found in NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
        if found.teredo is not None:
            return False
    return found.is_global and not found.is_multicast
