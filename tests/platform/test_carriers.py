"""Mail and webhooks over real sockets; and where a webhook may never lead."""

from __future__ import annotations

import email
import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message as Mail
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from vigil.platform import clock, keys
from vigil.platform.delivery import channels, kinds, posting, signing, webhooks
from vigil.platform.delivery.carrier import Message, NotTaken
from vigil.platform.delivery.mail import Mail as MailCarrier
from vigil.platform.delivery.models import Channel

AT = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


def message(channel: Channel, to: str, **changes: Any) -> Message:
    values: dict[str, Any] = {"id": uuid4(), "kind": "test.alarm", "text": "Open Vigil now.", "urgent": True}
    values |= {"exercise": False, "at": AT, "subject": kinds.subject(exercise=False)} | changes
    return Message(channel=channel, to=to, **values)


class Post(socketserver.StreamRequestHandler):
    """As much of a mail server as one message needs; `says` answers the recipient."""

    says = b"250 ok"
    got: list[Mail]

    def handle(self) -> None:
        self.wfile.write(b"220 mail\r\n")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.got.append(email.message_from_bytes(b"".join(lines)))
            answer = self.says if verb == b"RCPT" else b"221 bye" if verb == b"QUIT" else b"250 ok"
            self.wfile.write(answer + b"\r\n")


@pytest.fixture
def post_office(settings: Any) -> Iterator[type[Post]]:
    handler = type("Handler", (Post,), {"got": []})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        settings.VIGIL_SMTP_HOST, settings.VIGIL_SMTP_PORT = "127.0.0.1", server.server_address[1]
        settings.VIGIL_SMTP_SECURITY, settings.VIGIL_SMTP_FROM = "none", "alarm@bay.example"
        yield handler
        server.shutdown()


def test_mails_differ_in_nothing_but_to_whom_and_when(post_office: type[Post]) -> None:
    carrier = MailCarrier()
    ids = [UUID(int=1), UUID(int=2)]
    carrier.carry(message(Channel.EMAIL, "a@bay.example", id=ids[0], kind="test.one"))
    carrier.carry(message(Channel.EMAIL, "b@bay.example", id=ids[1], kind="test.two"))
    carrier.carry(message(Channel.EMAIL, "b@bay.example", id=ids[1], kind="test.two"))
    one, two, again = post_office.got
    assert two["Message-ID"] == again["Message-ID"] != one["Message-ID"], "a repeat is the same mail"
    for mail in (one, two):
        del mail["Message-ID"], mail["To"]
    assert one.as_bytes() == two.as_bytes()
    assert one["Subject"] == "Vigil: please open it"
    assert one.get_payload().strip() == "Open Vigil now."


@pytest.mark.parametrize(("says", "for_good"), [(b"550 nobody", True), (b"451 later", False)])
def test_a_mail_server_that_refuses(post_office: type[Post], says: bytes, for_good: bool) -> None:
    post_office.says = says
    with pytest.raises(NotTaken) as refused:
        MailCarrier().carry(message(Channel.EMAIL, "a@bay.example"))
    assert (refused.value.code, refused.value.for_good) == (f"smtp_{says[:3].decode()}", for_good)


def certificate(folder: Path) -> tuple[Path, Path]:
    """Of `localhost`, signed by itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder / "cert.pem", folder / "key.pem"


class Hook(BaseHTTPRequestHandler):
    got: list[tuple[str, dict[str, str], bytes]]
    status = 204

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def hook(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[type[Hook], str]]:
    handler = type("Handler", (Hook,), {"got": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert, key = certificate(tmp_path)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    settings.VIGIL_WEBHOOKS_PRIVATE = True
    yield handler, f"https://localhost:{server.server_port}/in?key=1"
    server.shutdown()
    server.server_close()


@pytest.mark.django_db
def test_a_webhook_is_told_signed_over_tls_and_followed_nowhere(
    people: Any, now: datetime, hook: tuple[type[Hook], str], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, url = hook
    named, secret = webhooks.add_webhook(people.actor("erin"), "CAD", url, now)
    carrier, sent = webhooks.Webhooks(), message(Channel.WEBHOOK, str(named.pk))
    carrier.carry(sent)
    ((path, headers, body),) = handler.got
    assert path == "/in?key=1"
    assert signing.verified(secret, headers, body, clock.now()) == str(sent.id)
    said = json.loads(body)
    assert said["data"] == {"text": "Open Vigil now.", "urgent": True, "exercise": False}

    for status, for_good in ((302, False), (500, False), (410, True)):
        handler.status = status
        with pytest.raises(NotTaken) as refused:
            carrier.carry(sent)
        assert (refused.value.code, refused.value.for_good) == (f"http_{status}", for_good)
    assert len(handler.got) == 4, "a redirection is not followed"

    settings.VIGIL_WEBHOOKS_PRIVATE = False
    with pytest.raises(NotTaken, match="private_address"):
        carrier.carry(sent)
    monkeypatch.delenv("SSL_CERT_FILE")
    settings.VIGIL_WEBHOOKS_PRIVATE = True
    with pytest.raises(ssl.SSLCertVerificationError):
        carrier.carry(sent)
    assert len(handler.got) == 4
    assert secret not in repr(named.__dict__)
    assert keys.decrypt(named.secret, webhooks.SECRET) == secret


INSIDE = """127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255
::1 :: fe80::1%eth0 fc00::1 ff02::1 ::ffff:10.0.0.1 64:ff9b::a00:1 2002:a00:1:: 2001:0:4136:e378:8000:63bf:3fff:fdd2"""
OUTSIDE = "93.184.216.34 2606:2800:220:1::1 64:ff9b::5db8:d822"


def test_every_private_address_is_known_as_one() -> None:
    assert [one for one in INSIDE.split() if posting.is_public(one)] == []
    assert [one for one in OUTSIDE.split() if not posting.is_public(one)] == []


def test_a_name_with_one_private_address_is_refused_whatever_the_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", (address, 443)) for address in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(posting.socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(NotTaken, match="private_address"):
        posting.post("https://rebound.example/", b"{}", {}, private=False)


def test_who_speaks_slowly_for_ever_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    class Drip(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1000)
            stopped.wait(5)

    stopped = threading.Event()
    monkeypatch.setattr(posting, "WHOLE_SECONDS", 0.2)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Drip) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with pytest.raises(Exception, match=r"closed|without response"):
            posting.post(f"http://127.0.0.1:{server.server_address[1]}/", b"{}", {}, private=True)
        stopped.set()
        server.shutdown()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"VIGIL_GATEWAY_URL": "https://g.example/", "VIGIL_GATEWAY_SECRET": ""}, "VIGIL_GATEWAY_SECRET"),
        ({"VIGIL_SMTP_HOST": "mail.example", "VIGIL_SMTP_FROM": ""}, "VIGIL_SMTP_FROM"),
    ],
)
def test_a_channel_that_is_set_up_by_halves_stops_the_start(settings: Any, changes: dict[str, str], word: str) -> None:
    assert channels.check_channels() == []
    for name, value in changes.items():
        setattr(settings, name, value)
    (error,) = channels.check_channels()
    assert word in error.msg
    assert error.is_serious()
