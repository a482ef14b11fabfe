"""Notes on devices: encrypted for the browser alone, to services that the operator named, and off until then."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable
from datetime import datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.platform.test_carriers import message

from vigil.platform.delivery import push
from vigil.platform.delivery.carrier import NotTaken
from vigil.platform.delivery.channels import check_channels, is_set_up
from vigil.platform.delivery.models import Channel, PersonalWay
from vigil.platform.delivery.personal import personal_ways
from vigil.platform.delivery.posting import Answer

HOST, AUTH = "push.example", b"sixteen bytes..."
POINT = (Encoding.X962, PublicFormat.UncompressedPoint)


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture
def browser(settings: Any) -> ec.EllipticCurvePrivateKey:
    settings.VIGIL_PUSH_HOSTS, settings.VIGIL_PUSH_CONTACT = [HOST], "desk@bay.example"
    return ec.generate_private_key(ec.SECP256R1())


def subscribed(browser: ec.EllipticCurvePrivateKey, endpoint: str = f"https://eu.{HOST}/send/kanary") -> str:
    made = {"auth": text(AUTH), "p256dh": text(browser.public_key().public_bytes(*POINT))}
    return json.dumps({"endpoint": endpoint, "expirationTime": None, "keys": made})


def opened(browser: ec.EllipticCurvePrivateKey, sealed: bytes) -> Any:
    """As a browser opens it (RFC 8188, RFC 8291)."""
    salt, size = sealed[:16], sealed[20]
    assert struct.unpack("!L", sealed[16:20])[0] >= len(sealed) - 21 - size
    theirs, box = sealed[21 : 21 + size], sealed[21 + size :]
    shared = browser.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
    info = b"WebPush: info\x00" + browser.public_key().public_bytes(*POINT) + theirs
    secret = HKDF(SHA256(), 32, AUTH, info).derive(shared)
    key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(secret)
    nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(secret)
    plain = AESGCM(key).decrypt(nonce, box, None)
    assert plain[-1:] == b"\x02"
    return json.loads(plain[:-1])


Posted = list[tuple[str, bytes, dict[str, str], bool]]


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> tuple[Posted, Callable[[int], None]]:
    kept: Posted = []
    status = [201]

    def post(url: str, body: bytes, headers: dict[str, str], *, private: bool) -> Answer:
        kept.append((url, body, headers, private))
        return Answer(status[0], b"")

    monkeypatch.setattr(push, "post", post)
    return kept, lambda wanted: status.__setitem__(0, wanted)


def test_only_the_browser_can_read_it_and_the_service_knows_whose_node_it_is(
    browser: ec.EllipticCurvePrivateKey, posted: tuple[Posted, Callable[[int], None]], settings: Any
) -> None:
    kept, answer = posted
    to = push.subscription(subscribed(browser))
    assert to
    note = message(Channel.PUSH, to)
    push.Push().carry(note)
    ((url, body, headers, private),) = kept
    assert url == f"https://eu.{HOST}/send/kanary"
    assert not private
    assert opened(browser, body) == {"id": str(note.id), "text": "Open Vigil now."}
    assert b"Vigil" not in body
    signed, known = (part.partition("=")[2] for part in headers["authorization"].removeprefix("vapid ").split(", "))
    assert known == push.application_key()
    point = base64.urlsafe_b64decode(known + "==")
    key: Any = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    claims = jwt.decode(signed, key, algorithms=["ES256"], audience=f"https://eu.{HOST}")
    assert claims["sub"] == "mailto:desk@bay.example"

    for status, for_good in ((410, True), (404, True), (429, False), (500, False)):
        answer(status)
        with pytest.raises(NotTaken) as refused:
            push.Push().carry(note)
        assert refused.value.for_good is for_good
    settings.VIGIL_PUSH_HOSTS = ["other.example"]
    with pytest.raises(NotTaken, match="not_allowed"):
        push.Push().carry(note)


def test_what_a_browser_gives_leads_to_named_services_alone(browser: ec.EllipticCurvePrivateKey) -> None:
    for endpoint in (
        f"http://{HOST}/a",
        "https://evil.example/a",
        f"https://not{HOST}/a",
        f"https://{HOST}.evil.example/a",
        f"https://{HOST}@evil.example/a",
        "https://127.0.0.1/a",
        "https://[::1/a",
    ):
        assert push.subscription(subscribed(browser, endpoint)) is None, endpoint
    for wrong in (
        "",
        "[]",
        "{}",
        '{"endpoint": "https://push.example/", "keys": []}',
        subscribed(browser) + " " * 3000,
    ):
        assert push.subscription(wrong) is None


@pytest.mark.django_db
def test_a_device_is_opted_in_by_its_holder_and_only_where_the_operator_turned_it_on(
    login: Any, people: Any, now: datetime, browser: ec.EllipticCurvePrivateKey, settings: Any
) -> None:
    client, alice = login("alice"), people.user("alice").pk
    given = {"do": "device", "subscription": subscribed(browser)}
    settings.VIGIL_PUSH_HOSTS = []
    assert not is_set_up(Channel.PUSH)
    assert "data-push" not in client.get("/account/ways/").content.decode()
    assert client.post("/account/ways/", given).status_code == 422
    settings.VIGIL_PUSH_HOSTS = [HOST]
    assert push.application_key() in client.get("/account/ways/").content.decode()
    for _ in range(2):
        assert client.post("/account/ways/", given).status_code == 302
    (way,) = PersonalWay.objects.all()
    assert "kanary" not in repr(way.__dict__)
    (address,) = personal_ways(alice, urgent=True)
    assert address.channel is Channel.PUSH
    page = client.get("/account/ways/").content.decode()
    assert f"eu.{HOST}" in page
    assert "kanary" not in page
    assert check_channels() == []
    settings.VIGIL_PUSH_CONTACT = ""
    assert [error.msg for error in check_channels()] == ["VIGIL_PUSH_HOSTS is set without VIGIL_PUSH_CONTACT."]
