"""Logging in by SAML, against an identity provider of others (pysaml2): who may, and what is no answer."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from tests.conftest import give_app, make_demo

from vigil.config import production
from vigil.core.errors import Invalid
from vigil.platform import clock
from vigil.platform.accounts.access import PROVED
from vigil.platform.accounts.models import User
from vigil.platform.audit.models import AuditRecord
from vigil.platform.sso import is_installed
from vigil.platform.sso.models import Assertion, Identity

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not is_installed(), reason="the extra sso is not installed: requirements/sso.txt"),
    pytest.mark.skipif(not shutil.which("xmlsec1"), reason="pysaml2 signs by the program xmlsec1, which is not there"),
    # Of the two libraries.
    pytest.mark.filterwarnings(
        "ignore::DeprecationWarning", "ignore:.* has been moved to cryptography.hazmat.decrepit"
    ),
]
ISSUER = "https://idp.example/entity"
THERE = "https://idp.example/sso?tenant=bay&kind=1"
HERE = "http://testserver/login/sso/answer/"
BACK = "http://testserver/login/sso/back/"
MFA = "https://refeds.org/profile/mfa"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"


def drawn(folder: Path) -> tuple[Path, Path]:
    """A key and its certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key, now = rsa.generate_private_key(public_exponent=65537, key_size=2048), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp.example")])
    built = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=9))
    files = folder / "key.pem", folder / "certificate.pem"
    form = serialization.PrivateFormat.TraditionalOpenSSL
    files[0].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    files[1].write_bytes(built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return files


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return drawn(tmp_path_factory.mktemp("idp"))


class Provider:
    """The provider, and its person before it."""

    def __init__(self, keys: tuple[Path, Path], node: str) -> None:
        from saml2 import BINDING_HTTP_REDIRECT
        from saml2.config import IdPConfig
        from saml2.server import Server

        self.keys = keys
        service = {
            "endpoints": {"single_sign_on_service": [(THERE, BINDING_HTTP_REDIRECT)]},
            "subject_data": ("dict", {}),
            "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None}},
        }
        config = IdPConfig().load(
            {
                "entityid": ISSUER,
                "service": {"idp": service},
                "key_file": str(keys[0]),
                "cert_file": str(keys[1]),
                "xmlsec_binary": shutil.which("xmlsec1"),
                "metadata": {"inline": [node]},
            }
        )
        self.server = Server(config=config)

    def answer(self, address: str, person: str = "alice", said: str = MFA, age: int = 30, **how: Any) -> str:
        """What it has the browser send after that person logged in there; it has read the request that it answers."""
        from saml2 import BINDING_HTTP_REDIRECT, xmldsig

        assert address.startswith(f"{THERE}&SAMLRequest=")
        sent = parse_qs(urlsplit(address).query)["SAMLRequest"][0]
        asked = self.server.parse_authn_request(sent, BINDING_HTTP_REDIRECT)
        at = int(clock.now().timestamp()) - age
        return str(
            self.server.create_authn_response(
                {"mail": "alice@example.org", "uid": "bob"},
                userid=person,
                authn={"class_ref": said, "authn_instant": at, "authn_auth": ISSUER},
                **{
                    "sign_assertion": True,
                    "sign_response": False,
                    "sign_alg": xmldsig.SIG_RSA_SHA256,
                    "digest_alg": xmldsig.DIGEST_SHA256,
                    **how,
                },
                **self.server.response_args(asked.message),
            )
        )


@pytest.fixture
def provider(keys: tuple[Path, Path], settings: Any) -> Provider:
    settings.VIGIL_SAML_ISSUER, settings.VIGIL_SAML_URL = ISSUER, THERE
    settings.VIGIL_SAML_CERTIFICATE = keys[1].read_text()
    node = Client().get("/login/sso/metadata/")
    assert node["Content-Type"] == "application/samlmetadata+xml"
    return Provider(keys, node.content.decode())


def encoded(xml: str) -> str:
    return base64.b64encode(xml.encode()).decode()


def sent(client: Client, xml: str) -> Any:
    """The browser sends it without its cookies (SameSite), and then follows with them."""
    answer = Client(enforce_csrf_checks=True).post("/login/sso/answer/", {"SAMLResponse": encoded(xml)})
    assert (answer.status_code, answer["Location"], len(answer.cookies)) == (302, "/login/sso/back/", 0)
    return client.get("/login/sso/back/")


def log_in(client: Client, provider: Provider, after: str = "/account/", **said: Any) -> Any:
    off = client.get(f"/login/sso/?next={after}")
    assert off.status_code == 302
    return sent(client, provider.answer(off["Location"], **said))


def bind(provider: Provider, user: Any) -> Any:
    client = Client()
    client.force_login(user)
    page = client.post("/account/login/sso/").content.decode()
    address = page.split(f'href="{THERE.replace("&", "&amp;")}')[1].split('"')[0].replace("&amp;", "&")
    return sent(client, provider.answer(f"{THERE}{address}"))


@pytest.mark.slow
def test_who_bound_it_logs_in_by_it_and_nobody_else(people: Any, provider: Provider) -> None:
    alice = people.user("alice")
    alice.email = "alice@example.org"
    alice.save()
    stranger = Client()
    assert "Agree and log in by your agency&#x27;s login" in stranger.get("/login/").content.decode()
    assert log_in(stranger, provider)["Location"] == "/login/", "neither e-mail nor name finds anybody"
    assert "bound to nobody" in stranger.get("/login/").content.decode()
    assert User.objects.count() == len(people.users)

    assert bind(provider, alice)["Location"] == "/account/login/"
    client = Client()
    assert log_in(client, provider, sign_response=True)["Location"] == "/account/"
    assert client.get("/account/").status_code == 200
    assert client.session[PROVED]["by"] == "provider"
    assert "sso" not in client.session
    assert AuditRecord.objects.filter(verb="accounts.session.begin", outcome="done", actor_id=alice.pk).exists()

    bind(provider, people.user("bob"))
    assert Identity.objects.get().user == alice, "a login is one person's"
    assert log_in(Client(), provider, person="somebody-else")["Location"] == "/login/"
    assert log_in(Client(), provider, after="https://evil.example/")["Location"] == "/"
    make_demo(alice)
    assert log_in(Client(), provider)["Location"] == "/login/"
    User.objects.filter(username="alice").update(is_demo=False, is_active=False)
    assert log_in(Client(), provider)["Location"] == "/login/"
    assert "alice" not in str([*Identity.objects.values(), *Assertion.objects.values()]), "no name is kept"


@pytest.mark.parametrize("said", [{"said": PASSWORD}, {"age": 50_000}, {"age": -3_000}], ids=str)
def test_where_the_provider_does_not_say_two_factors_one_of_ours_is_owed(
    people: Any, provider: Provider, said: dict[str, Any]
) -> None:
    bind(provider, people.user("alice"))
    give_app(people.user("alice"))
    client = Client()
    log_in(client, provider, **said)
    assert client.get("/account/").headers["Location"] in ("/login/second/", "/login/?next=%2Faccount%2F")
    assert PROVED not in client.session


def test_an_answer_counts_once_and_for_the_browser_that_asked(people: Any, provider: Provider) -> None:
    bind(provider, people.user("alice"))
    client, other = Client(), Client()
    xml = provider.answer(client.get("/login/sso/")["Location"])
    other.get("/login/sso/")
    assert sent(other, xml)["Location"] == "/login/", "another's question"
    assert client.get("/login/sso/back/")["Location"] == "/"
    for by in (client, Client(), other):
        before = Assertion.objects.count()
        assert sent(by, xml)["Location"] == "/login/"
        assert Assertion.objects.count() == before, "said once"
    late = Client()
    xml = provider.answer(late.get("/login/sso/")["Location"])
    session = late.session
    session["sso"] = session["sso"] | {"at": session["sso"]["at"] - 601}
    session.save()
    assert sent(late, xml)["Location"] == "/login/"
    assert late.get("/account/").status_code == 302


def again(xml: str, keys: tuple[Path, Path], change: Callable[[str], str], **how: Any) -> str:
    """The answer changed, and its assertion signed afterwards."""
    from lxml import etree
    from onelogin.saml2.utils import OneLogin_Saml2_Utils

    root = etree.fromstring(change(xml).encode())
    (old,) = root.findall("{*}Assertion")
    signed = OneLogin_Saml2_Utils.add_sign(etree.tostring(old), keys[0].read_text(), keys[1].read_text(), **how)
    root.replace(old, etree.fromstring(signed))
    return etree.tostring(root).decode()


def replaced(*pairs: str) -> Callable[[str], str]:
    def change(xml: str) -> str:
        for old, new in zip(pairs[::2], pairs[1::2], strict=True):
            assert old in xml, old
            xml = xml.replace(old, new)
        return xml

    return change


def without(name: str) -> Callable[[str], str]:
    import re

    def change(xml: str) -> str:
        changed, count = re.subn(rf'<ns\d:{name}>.*?</ns\d:{name}>|\s{name}="[^"]*"', "", xml)
        assert count, name
        return changed

    return change


def forgeries(provider: Provider, address: str, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Answers by whoever can have anything signed; each is good but for one thing."""
    from onelogin.saml2.constants import OneLogin_Saml2_Constants as Names

    bare, keys = provider.answer(address, sign_assertion=False), provider.keys
    question = bare.split('InResponseTo="')[1].split('"')[0]
    subject = bare.split("NameID")[1].split(">")[1].split("<")[0]
    ends = bare.split('NotOnOrAfter="')[1].split('"')[0]
    begins = bare.split('NotBefore="')[1].split('"')[0]
    entity = "http://testserver/login/sso/metadata/"
    for what, change in {
        "another audience": replaced(f"Audience>{entity}", "Audience>https://other.example"),
        "no audience": without("AudienceRestriction"),
        "another question, signed": replaced(f'InResponseTo="{question}" />', 'InResponseTo="id-o" />'),
        "another question, unsigned": replaced(f'InResponseTo="{question}" Version', 'InResponseTo="id-o" Version'),
        "no question": without("InResponseTo"),
        "another recipient": replaced(f'Recipient="{HERE}', f'Recipient="{HERE}x/'),
        "another destination": replaced(f'Destination="{HERE}', f'Destination="{HERE}x/'),
        "no end": without("NotOnOrAfter"),
        "ended": replaced(ends, moved(-70), f'NotBefore="{begins}"', f'NotBefore="{moved(-90)}"'),
        "ended for us": replaced(f'{begins}" NotOnOrAfter="{ends}', f'{moved(-90)}" NotOnOrAfter="{moved(-70)}'),
        "not begun": replaced(f'NotBefore="{begins}"', f'NotBefore="{moved(70)}"'),
        "another issuer": replaced(f"{ISSUER}<", "https://evil.example<"),
        "a passing name": replaced("format:persistent", "format:transient"),
        "a name of elsewhere": replaced(f'NameQualifier="{ISSUER}', 'NameQualifier="https://evil.example'),
        "another's confirmation": replaced("cm:bearer", "cm:sender-vouches"),
        "no success": replaced("status:Success", "status:Responder"),
    }.items():
        yield what, again(bare, keys, change)
    good = again(bare, keys, str)
    yield "unsigned", bare
    yield "signed around it alone", provider.answer(address, sign_assertion=False, sign_response=True)
    yield "changed", replaced(subject, "mallory")(good)
    yield "another's two factors", replaced(MFA, "https://refeds.org/profile/sfa")(good)
    yield "signed by another", again(bare, drawn(tmp_path), str)
    yield "SHA-1", provider.answer(address, sign_alg=Names.RSA_SHA1, digest_alg=Names.SHA1)
    yield "SHA-1 within", again(bare, keys, str, sign_algorithm=Names.RSA_SHA256, digest_algorithm=Names.SHA1)
    alone = bare[bare.index("<ns1:Assertion") : bare.index("</ns0:Response>")]
    evil = replaced(subject, "mallory", 'ID="', 'ID="x')(alone)
    yield "wrapped before", good.replace("</ns0:Status>", f"</ns0:Status>{evil}")
    yield "wrapped after", good.replace("</ns0:Response>", f"{evil}</ns0:Response>")
    yield "with a type", f'<!DOCTYPE x [<!ENTITY e "{subject}">]>{good}'
    yield "long", good + " " * 200_000
    yield "nothing", ""


def moved(seconds: int) -> str:
    return (clock.now() + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.slow
def test_what_is_not_wholly_the_providers_word_to_this_question_is_no_answer(
    people: Any, provider: Provider, tmp_path: Path
) -> None:
    from vigil.platform.sso import saml

    address, kept = saml.begin(BACK, clock.now())
    for what, xml in forgeries(provider, address, tmp_path):
        with pytest.raises(Invalid):
            saml.take(encoded(xml), BACK, clock.now())
        assert not Assertion.objects.exists(), what
    with pytest.raises(Invalid):
        saml.take("&", BACK, clock.now())
    # The same, and only unchanged, is one: each refusal above has its own reason.
    bare = provider.answer(address, sign_assertion=False)
    subject = bare.split("NameID")[1].split(">")[1].split("<")[0]
    good = again(bare, provider.keys, str).replace(subject, f"{subject[:9]}<!-- -->{subject[9:]}")
    saml.take(encoded(good), BACK, clock.now())
    shown = saml.finish(kept, {}, BACK, clock.now())
    assert shown.digest == saml.digest_of(f"saml {ISSUER}", subject), "a comment cuts no name short"
    with pytest.raises(Invalid):
        saml.finish(kept, {}, BACK, clock.now())
    assert Assertion.objects.get().ends_at < clock.now() + timedelta(minutes=7)


def test_a_signature_is_of_this_assertion_and_of_nothing_weak(provider: Provider) -> None:
    from lxml import etree

    from vigil.platform.sso import saml

    good = provider.answer(saml.begin(BACK, clock.now())[0])

    def check(xml: str) -> None:
        root = etree.fromstring(xml.encode())
        saml._check_signature(root, root.find("{*}Assertion"))

    check(good)
    exclusive, identifier = "http://www.w3.org/2001/10/xml-exc-c14n#", good.split('Reference URI="#')[1].split('"')[0]
    for change in (
        replaced(exclusive, "http://www.w3.org/TR/1999/REC-xslt-19991116"),
        replaced("xmldsig-more#rsa-sha256", "xmldsig-more#hmac-sha256"),
        replaced(f'URI="#{identifier}"', 'URI=""'),
    ):
        with pytest.raises(ValueError, match=r"weak signature|other element"):
            check(change(good))


def test_without_settings_there_is_nothing_and_half_set_it_says_so(settings: Any, provider: Provider) -> None:
    settings.VIGIL_SAML_CERTIFICATE = ""
    client = Client()
    assert client.get("/login/sso/")["Location"] == "/login/"
    assert "not set up whole" in client.get("/login/").content.decode()
    for oidc, saml in (("https://oidc.example", ISSUER), ("", "")):
        settings.VIGIL_OIDC_ISSUER, settings.VIGIL_SAML_ISSUER = oidc, saml
        assert client.post("/login/sso/answer/", {"SAMLResponse": "x"}).status_code == 404
        assert client.get("/login/sso/metadata/").status_code == 404


def test_a_real_node_asks_for_https_a_certificate_and_one_provider(settings: Any, keys: tuple[Path, Path]) -> None:
    settings.VIGIL_SAML_ISSUER, settings.VIGIL_SAML_URL = ISSUER, "http://idp.example/sso"
    said = " ".join(str(one) for one in production._identity_provider(settings))
    assert "in the open" in said
    assert "VIGIL_SAML_CERTIFICATE is no PEM certificate" in said
    settings.VIGIL_SAML_URL, settings.VIGIL_SAML_CERTIFICATE = THERE, keys[1].read_text()
    assert list(production._identity_provider(settings)) == []
    settings.VIGIL_OIDC_ISSUER, settings.VIGIL_OIDC_CLIENT_ID = "https://oidc.example", "vigil"
    assert "both set" in str(next(production._identity_provider(settings)))
