"""An agency's TAK server: set up, changed, removed by its administrator, from the files that TAK servers give out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)
from django.utils.translation import gettext as _

from vigil.apps.deconfliction.models import TakServer
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound, Problem
from vigil.platform.actions import action, concerns

EDIT = "deconfliction.tak_server.edit"
MOST_BYTES = 100_000
"""Of a file with a certificate: they have a few thousand."""
MOST_HOURS = 72
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:]{2,39}")


@dataclass(frozen=True, slots=True)
class Given:
    """What was typed and sent; a file is None where none was chosen, and the stored one stays."""

    host: str
    port: str
    server_name: str
    hours_ahead: str
    masked_areas: bool
    enabled: bool
    password: str = ""
    client_file: bytes | None = None
    authority_file: bytes | None = None


def tak_server_of(actor: Actor) -> TakServer | None:
    """The agency's, for its administrator."""
    actor.require(EDIT)
    return TakServer.objects.filter(agency_id__in=[actor.agency_id]).first()


@action(EDIT)
def set_tak_server(actor: Actor, given: Given, now: datetime) -> TakServer:
    """Store it; the line connects anew within seconds.

    Raises:
        Invalid: with every problem at its field.
    """
    if actor.agency_id is None:
        raise NotFound
    concerns(agency=actor.agency_id)
    before = tak_server_of(actor)
    problems: list[Problem] = []
    fields = _typed(given, problems) | _files(given, before, now, problems)
    if problems:
        raise Invalid(problems)
    fields |= {"connected_at": None, "failed_at": None, "failure": ""}
    return TakServer.objects.update_or_create(agency_id=actor.agency_id, defaults=fields)[0]


@action(EDIT)
def remove_tak_server(actor: Actor) -> None:
    """Leave it for good and forget its key."""
    server = tak_server_of(actor)
    if server is None:
        raise NotFound
    concerns(agency=actor.agency_id)
    server.delete()


def _typed(given: Given, problems: list[Problem]) -> dict[str, Any]:
    for name, value in (("host", given.host), ("server_name", given.server_name or "x")):
        if not _HOST.fullmatch(value):
            problems.append(Problem((name,), _("Give a host name or an IP address, e.g. tak.example.gov.")))
    port = _number(given.port, 1, 65_535)
    if port is None:
        problems.append(Problem(("port",), _("A port is a number from 1 to 65535; TAK servers use 8089.")))
    hours = _number(given.hours_ahead, 0, MOST_HOURS)
    if hours is None:
        problems.append(Problem(("hours_ahead",), _("Give hours from 0 to {n}.").format(n=MOST_HOURS)))
    return {
        "host": given.host,
        "port": port,
        "server_name": given.server_name,
        "hours_ahead": hours,
        "masked_areas": given.masked_areas,
        "enabled": given.enabled,
    }


def _files(given: Given, before: TakServer | None, now: datetime, problems: list[Problem]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if given.client_file is not None:
        try:
            certificate, key = read_client(given.client_file, given.password, now)
            found |= {"certificate": certificate, "private_key": key}
        except ValueError as error:
            problems.append(Problem(("client_file",), str(error)))
    elif before is None:
        problems.append(
            Problem(("client_file",), _("Choose the file of the certificate that the TAK server gave you."))
        )
    if given.authority_file is not None:
        try:
            found["authority"] = read_authority(given.authority_file, given.password)
        except ValueError as error:
            problems.append(Problem(("authority_file",), str(error)))
    elif before is None:
        problems.append(Problem(("authority_file",), _("Choose the file of the TAK server's authority (trust store).")))
    return found


def read_client(data: bytes, password: str, now: datetime) -> tuple[str, str]:
    """Certificate (with those between it and the authority) and key as PEM, from a .p12 or PEM file.

    Raises ValueError with a sentence.
    """
    if b"-----BEGIN" in data:
        try:
            chain = x509.load_pem_x509_certificates(data)
            key: Any = load_pem_private_key(data, password.encode() or None)
        except (ValueError, TypeError):
            raise ValueError(_("The PEM file must hold a certificate and its key; check the password.")) from None
    else:
        key, first, more = _open_p12(data, password)
        chain = [one for one in (first, *more) if one is not None]
    if not chain or key is None:
        raise ValueError(_("This file holds no certificate with its key. Give the client's .p12 file."))
    if _public(key) != _public(chain[0]):
        raise ValueError(_("Key and certificate of this file do not belong together."))
    if chain[0].not_valid_after_utc <= now:
        raise ValueError(_("This certificate has ended: ask the TAK server's administrator for a new one."))
    return _pem(chain), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def read_authority(data: bytes, password: str) -> str:
    """The trusted certificates as PEM, from a .p12 trust store or a PEM file. Raises ValueError with a sentence."""
    if b"-----BEGIN" in data:
        try:
            return _pem(x509.load_pem_x509_certificates(data))
        except ValueError:
            raise ValueError(_("No certificate can be read in this PEM file.")) from None
    _key, first, more = _open_p12(data, password)
    trusted = [one for one in (first, *more) if one is not None]
    if not trusted:
        raise ValueError(_("This file holds no certificate. Give the TAK server's trust store."))
    return _pem(trusted)


def _open_p12(data: bytes, password: str) -> tuple[Any, x509.Certificate | None, Sequence[x509.Certificate]]:
    try:
        return pkcs12.load_key_and_certificates(data, password.encode() or None)
    except ValueError:
        raise ValueError(_("This is no .p12 or PEM file, or the password is wrong.")) from None


def _public(holder: Any) -> bytes:
    public: bytes = holder.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return public


def _pem(certificates: Sequence[x509.Certificate]) -> str:
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in certificates)


def _number(text: str, least: int, most: int) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 and least <= int(text) <= most else None
