"""The line to a TAK server, over a real TLS socket to a peer that others wrote; what goes out and what never does."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from tests.apps.deconfliction.plans import HARBOR, site
from tests.apps.deconfliction.test_actions import register, supervises
from tests.conftest import make_user

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.field_tools import tak_servers
from vigil.apps.deconfliction.field_tools.tak_link import Line, TakLines
from vigil.apps.deconfliction.field_tools.tak_zones import zones
from vigil.apps.deconfliction.models import TakServer
from vigil.apps.deconfliction.plan import Disclosure
from vigil.core.errors import Invalid
from vigil.engine.masking import masked_area
from vigil.engine.operation import Mode, Point

pytestmark = pytest.mark.django_db

PASSWORD = "atakatak"
ENDS = datetime(2040, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Made:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return self.certificate.public_bytes(Encoding.PEM) + key


def made(name: str, by: Made | None = None, ends: datetime = ENDS) -> Made:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if by is not None:
        names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        builder = builder.add_extension(authority, critical=False)
    else:
        usage = dict.fromkeys(
            ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "encipher_only", "decipher_only"), False
        )  # fmt: skip
        builder = builder.add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
    return Made(builder.sign(by.key if by else key, hashes.SHA256()), key)


AUTHORITY = made("authority")
CLIENT, SERVER = made("client", AUTHORITY), made("server", AUTHORITY)


def p12(one: Made, password: str = PASSWORD) -> bytes:
    sealing = BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(b"x", one.key, one.certificate, None, sealing)


def trust_store(password: str = PASSWORD) -> bytes:
    sealing = BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(None, None, None, [AUTHORITY.certificate], sealing)


def given(**changes: Any) -> tak_servers.Given:
    values: dict[str, Any] = {
        "host": "127.0.0.1", "port": "8089", "server_name": "", "hours_ahead": "12", "masked_areas": True,
        "enabled": True, "password": PASSWORD, "client_file": p12(CLIENT), "authority_file": trust_store(),
    }  # fmt: skip
    return tak_servers.Given(**values | changes)


@pytest.fixture
def admin(people: Any) -> Any:
    people.users["paula"] = make_user("paula", "Paula Park", people.port_calvert, "agency_admin")
    return people.actor("paula")


class Peer:
    """The process of `tak_peer` on a port; what pytak read, line by line."""

    def __init__(self, folder: Path, port: int) -> None:
        script = Path(__file__).with_name("tak_peer.py")
        self.process = subprocess.Popen(
            [sys.executable, script, folder, str(port)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.next()["type"] == "ready"

    def next(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        said: dict[str, Any] = json.loads(self.process.stdout.readline())
        return said

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def peer_on(folder: Path) -> Iterator[Callable[[int], Peer]]:
    """`peer_on(port)`: a peer that is stopped at the end, whatever happens."""
    started: list[Peer] = []

    def start(port: int) -> Peer:
        started.append(Peer(folder, port))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def line(people: Any) -> Iterator[Line]:
    """The line of Port Calvert's server, left at the end."""
    found = Line(people.port_calvert.pk)
    yield found
    found.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "authority.pem").write_bytes(AUTHORITY.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "client.pem").write_bytes(CLIENT.pem)
    (tmp_path / "server.pem").write_bytes(SERVER.pem)
    return tmp_path


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        number: int = found.getsockname()[1]
    return number


def test_own_zones_reach_a_peer_of_others_are_renewed_deleted_and_come_back(
    people: Any, now: datetime, admin: Any, line: Line, peer_on: Callable[[int], Peer], port: int
) -> None:
    operation = register(people, "alice", now)
    tak_servers.set_tak_server(admin, given(port=str(port)), now)
    server, peer = TakServer.objects.get(), peer_on(port)
    line.round(server, now)
    drawn = peer.next()
    assert (drawn["type"], drawn["callsign"], drawn["seconds"]) == ("u-d-c-c", operation.reference, 120)
    assert (drawn["lon"], drawn["lat"]) == pytest.approx(HARBOR)
    for secret in ("1200 Harbor", "C26-000123", "ledger", "+14105550111"):
        assert secret not in json.dumps(drawn)

    line.round(server, now + timedelta(seconds=30))  # nothing is due
    line.round(server, now + timedelta(seconds=46))
    assert peer.next()["uid"] == drawn["uid"], "renewed before it grows stale"

    actions.cancel_operation(people.actor("alice"), operation.id, operation.revision, now)
    line.round(server, now + timedelta(seconds=50))
    gone = peer.next()
    assert (gone["type"], drawn["uid"] in gone["xml"]) == ("t-x-d-d", True)

    operation.refresh_from_db()
    actions.undo_cancel(people.actor("alice"), operation.id, operation.revision, now)
    line.round(server, now + timedelta(seconds=55))
    assert peer.next()["uid"] == drawn["uid"]
    peer.stop()
    later = now + timedelta(seconds=60)
    line.round(server, later)
    server.refresh_from_db()
    assert (server.connected_at, server.failed_at) == (None, later)
    line.round(server, later + timedelta(seconds=1))
    assert line.socket is None, "the back-off is kept"
    again = peer_on(port)
    line.round(server, later + timedelta(seconds=6))
    assert again.next()["uid"] == drawn["uid"], "what is still true is drawn again"
    server.refresh_from_db()
    assert (server.connected_at, server.failed_at) == (later + timedelta(seconds=6), None)


def test_a_server_with_a_certificate_of_somebody_else_gets_nothing(
    people: Any, now: datetime, admin: Any, folder: Path, line: Line, peer_on: Callable[[int], Peer], port: int
) -> None:
    other = made("other authority")
    (folder / "server.pem").write_bytes(made("server", other).pem)
    (folder / "authority.pem").write_bytes(
        AUTHORITY.certificate.public_bytes(Encoding.PEM) + other.certificate.public_bytes(Encoding.PEM)
    )
    register(people, "alice", now)
    tak_servers.set_tak_server(admin, given(port=str(port)), now)
    peer_on(port)
    server = TakServer.objects.get()
    line.round(server, now)
    assert (line.socket, server.failure) == (None, "SSLCertVerificationError")


def test_silent_cancelled_far_and_other_agencies_operations_are_not_drawn(
    people: Any, now: datetime, admin: Any
) -> None:
    supervises(people, "alice")
    shown = register(people, "alice", now)
    register(people, "alice", now, site(now, (-75.0, 38.0)), disclosure=Disclosure.SILENT)
    register(people, "alice", now, site(now, (-74.0, 38.0), starts_in=timedelta(hours=40)))
    register(people, "dave", now, site(now, (-73.0, 38.0)))
    exercise = register(people, "alice", now, site(now, (-72.0, 38.0)), mode=Mode.EXERCISE)
    server = tak_servers.set_tak_server(admin, given(), now)
    drawn = zones(server, now)
    assert sorted(zone.callsign for zone in drawn.values()) == sorted(
        [shown.reference, f"EXERCISE {exercise.reference}"]
    )
    assert zones(server, now + timedelta(hours=7)) == {}, "nothing after the windows"


@pytest.mark.parametrize("level", list(Disclosure))
def test_the_other_side_is_a_masked_area_where_its_owner_allows_and_else_nothing(
    level: Disclosure, people: Any, now: datetime, admin: Any
) -> None:
    supervises(people, "dave")
    register(people, "alice", now)
    place = (-76.6131, 39.2911)
    register(people, "dave", now, site(now, place), disclosure=level)
    server = tak_servers.set_tak_server(admin, given(), now)
    others = [zone for zone in zones(server, now).values() if zone.callsign.startswith("Call")]
    if level is not Disclosure.TYPE_AND_CONTACT:
        assert others == []
        return
    assert [(one.circle, one.outline) for one in others] == [(None, masked_area(Point(*place)))]
    assert "+14105550111" in others[0].remarks
    server.masked_areas = False
    assert len(zones(server, now)) == 1


def test_what_tak_servers_give_out_is_read_and_refused_with_words(now: datetime) -> None:
    certificate, key = tak_servers.read_client(p12(CLIENT), PASSWORD, now)
    assert ("BEGIN CERTIFICATE" in certificate, "BEGIN PRIVATE KEY" in key) == (True, True)
    assert tak_servers.read_client(CLIENT.pem, "", now)[0] == certificate
    assert "BEGIN CERTIFICATE" in tak_servers.read_authority(trust_store(), PASSWORD)
    mixed = CLIENT.certificate.public_bytes(Encoding.PEM) + SERVER.pem[SERVER.pem.index(b"-----BEGIN PRIVATE") :]
    for data, password, words in (
        (p12(CLIENT), "wrong", "password is wrong"),
        (b"hello", "", "no .p12 or PEM"),
        (AUTHORITY.certificate.public_bytes(Encoding.PEM), "", "its key"),
        (mixed, "", "do not belong together"),
        (made("old", AUTHORITY, datetime(2026, 1, 1, tzinfo=UTC)).pem, "", "has ended"),
    ):
        with pytest.raises(ValueError, match=words):
            tak_servers.read_client(data, password, now)


def test_the_page_keeps_what_was_typed_stores_no_key_in_clear_and_forgets_on_removal(
    people: Any, now: datetime, admin: Any, client: Any
) -> None:
    client.force_login(people.user("paula"))
    typed = {"host": "tak.example.gov", "port": "x", "hours_ahead": "12", "password": PASSWORD, "enabled": "on"}
    refused = client.post("/agency/tak/", typed)
    assert refused.status_code == 422
    page = refused.content.decode()
    assert ('value="tak.example.gov"' in page, "from 1 to 65535" in page, PASSWORD in page) == (True, True, False)
    files = {
        "client_file": SimpleUploadedFile("client.p12", p12(CLIENT)),
        "authority_file": SimpleUploadedFile("truststore.p12", trust_store()),
    }
    assert client.post("/agency/tak/", typed | {"port": "8089"} | files).status_code == 302
    with connection.cursor() as statement:
        statement.execute("SELECT private_key FROM deconfliction_takserver")
        assert b"PRIVATE" not in bytes(statement.fetchone()[0])
    assert "PRIVATE" not in client.get("/agency/tak/").content.decode()
    assert client.post("/agency/tak/remove/").status_code == 302
    assert not TakServer.objects.exists()


def test_a_line_is_left_when_its_server_is_switched_off_and_tried_anew_when_saved(
    people: Any, now: datetime, admin: Any
) -> None:
    tried: list[UUID] = []

    def away(server: TakServer) -> ssl.SSLSocket:
        tried.append(server.pk)
        raise ConnectionRefusedError

    lines = TakLines(threading.Event(), lambda: now, away)
    lines.run_once()
    assert tried == []
    tak_servers.set_tak_server(admin, given(), now)
    lines.run_once()
    lines.run_once()
    assert len(tried) == 1, "the second round waits"
    tak_servers.set_tak_server(admin, given(host="other.example.gov"), now)
    lines.run_once()
    assert len(tried) == 2
    tak_servers.set_tak_server(admin, given(enabled=False), now)
    lines.run_once()
    assert len(tried) == 2


def test_wrong_fields_are_told_each_at_its_place(people: Any, now: datetime, admin: Any) -> None:
    with pytest.raises(Invalid) as refused:
        tak_servers.set_tak_server(
            admin, given(host="a b", port="0", hours_ahead="73", client_file=None, authority_file=b"x"), now
        )
    fields = [problem.path[0] for problem in refused.value.problems]
    assert fields == ["host", "port", "hours_ahead", "client_file", "authority_file"]
    assert not TakServer.objects.exists()
