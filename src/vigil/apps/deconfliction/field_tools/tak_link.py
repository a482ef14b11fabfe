"""The line to a TAK server: keeps what stands there equal to what should stand there, over TLS with both certificates.

Nothing is queued: each round compares what should be drawn (`tak_zones`) with what this line drew, sends the difference
and renews the rest before it grows stale. So a lost line loses nothing: what ended meanwhile has vanished by itself,
and what is still true is drawn again. What the server sends is read and thrown away: Vigil takes nothing from TAK.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives import serialization
from django.conf import settings
from django.db import close_old_connections

from vigil.apps.deconfliction.field_tools.tak_zones import zones
from vigil.apps.deconfliction.models import TakServer
from vigil.apps.deconfliction.plan_rows import instant
from vigil.core.back_off import back_off
from vigil.engine.formats.cot import Zone, delete, draw
from vigil.platform import clock

log = logging.getLogger("vigil.tak")

STALE = timedelta(seconds=120)
"""A zone that is not renewed for so long vanishes from every device."""
RENEW = timedelta(seconds=45)
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(seconds=120)
TIMEOUT_SECONDS = 10.0
ROUND_SECONDS = 2.0

Connect = Callable[[TakServer], ssl.SSLSocket]


def connect(server: TakServer) -> ssl.SSLSocket:
    """A TLS connection that has shown our certificate and checked the server's. Raises OSError or ValueError."""
    context = tls_context(server.authority, server.certificate, server.private_key)
    plain = socket.create_connection((server.host, server.port), TIMEOUT_SECONDS)
    try:
        line = context.wrap_socket(plain, server_hostname=server.server_name or server.host)
    except BaseException:
        plain.close()
        raise
    line.settimeout(TIMEOUT_SECONDS)
    return line


def tls_context(authority: str, certificate: str, private_key: str) -> ssl.SSLContext:
    """TLS 1.2 or later, this authority alone, our certificate. Raises ValueError where one of the three is no PEM."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=authority)
    # Python's ssl reads a key from a file only: it lies there for a moment, under a password that nobody else has.
    password = secrets.token_hex(16)
    key = serialization.load_pem_private_key(private_key.encode(), None)
    sealed = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password.encode()),
    )
    handle, name = tempfile.mkstemp(dir=settings.VIGIL_DATA_DIR)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(certificate.encode() + b"\n" + sealed)
        context.load_cert_chain(name, password=password)
    finally:
        Path(name).unlink()
    return context


@dataclass
class _Drawn:
    zone: Zone
    at: datetime


@dataclass
class Line:
    """One server's line. `round` is called again and again; it raises nothing that a network does."""

    agency_id: UUID
    connect: Connect = connect
    socket: ssl.SSLSocket | None = None
    failures: int = 0
    retry_at: datetime | None = None
    _drawn: dict[str, _Drawn] = field(default_factory=dict)

    def round(self, server: TakServer, now: datetime) -> None:
        """Connect where needed, then send what has changed, is to be renewed, or has ended."""
        if self.socket is None and self.retry_at is not None and now < self.retry_at <= now + LONGEST_RETRY:
            return
        try:
            if self.socket is None:
                self._connected(server, now)
            self._heard()
            self._send(server, now)
        except (OSError, ValueError) as error:
            self._lost(server, error, now)

    def close(self) -> None:
        """Leave. What stands there vanishes when it grows stale."""
        if self.socket is not None:
            with contextlib.suppress(OSError):
                self.socket.close()
        self.socket, self._drawn = None, {}

    def _connected(self, server: TakServer, now: datetime) -> None:
        self.socket = self.connect(server)
        self.failures, self.retry_at = 0, None
        _note(server, connected_at=now, failed_at=None, failure="")

    def _heard(self) -> None:
        """Read away what the server sends, so that it can go on sending; an end is an error."""
        assert self.socket is not None
        self.socket.settimeout(0.0)
        try:
            while self.socket.recv(65_536):
                pass
        except (ssl.SSLWantReadError, BlockingIOError):
            return
        finally:
            self.socket.settimeout(TIMEOUT_SECONDS)
        raise ConnectionResetError

    def _send(self, server: TakServer, now: datetime) -> None:
        assert self.socket is not None
        wanted, stale = zones(server, now), instant(now + STALE)
        for uid in [uid for uid in self._drawn if uid not in wanted]:
            self.socket.sendall(delete(uid, instant(now), stale))
            del self._drawn[uid]
        for uid, zone in wanted.items():
            drawn = self._drawn.get(uid)
            if drawn is None or drawn.zone != zone or not now - RENEW < drawn.at <= now:
                self.socket.sendall(draw(zone, instant(now), stale))
                self._drawn[uid] = _Drawn(zone, now)

    def _lost(self, server: TakServer, error: Exception, now: datetime) -> None:
        self.close()
        self.failures += 1
        self.retry_at = now + back_off(self.failures, FIRST_RETRY, LONGEST_RETRY)
        if server.failed_at is None:
            word = type(error).__name__
            log.warning("TAK server lost", extra={"agency_id": str(server.agency_id), "code": word})
            _note(server, connected_at=None, failed_at=now, failure=word[:40])


def _note(server: TakServer, **changes: object) -> None:
    for name, value in changes.items():
        setattr(server, name, value)
    TakServer.objects.filter(pk=server.pk).update(**changes)


class TakLines:
    """All lines, in one thread beside the worker. A server that does not answer holds the others for ten seconds."""

    def __init__(
        self, stop: threading.Event, now: Callable[[], datetime] = clock.now, connect: Connect = connect
    ) -> None:
        self.stop, self.now, self.connect = stop, now, connect
        self._lines: dict[UUID, Line] = {}

    def run_forever(self) -> None:
        """Until `stop` is set."""
        while not self.stop.wait(ROUND_SECONDS):
            try:
                self.run_once()
            except Exception:  # the database may be away for a while; the thread stays
                log.exception("round of the TAK lines failed")
            close_old_connections()
        for line in self._lines.values():
            line.close()

    def run_once(self) -> None:
        """One round of every line; a server that was switched off or changed is left first."""
        servers = {server.pk: server for server in TakServer.objects.filter(enabled=True, agency__is_active=True)}
        for agency_id in [one for one in self._lines if one not in servers]:
            self._lines.pop(agency_id).close()
        for agency_id, server in servers.items():
            line = self._lines.setdefault(agency_id, Line(agency_id, self.connect))
            if server.connected_at is None and server.failed_at is None:
                line.close()  # it was saved anew
                line.retry_at = None
            line.round(server, self.now())
