"""The identity provider's side of a login: SAML 2.0, a request by redirect, a signed assertion by form.

python3-saml parses without document types and entities, and verifies the signature with the configured certificate
alone. What it leaves open is decided here, from the signed assertion: it must name this request, this address and this
node, be in time, name the person by a persistent id, and be signed by nothing weaker than SHA-256. It counts once.
No attribute is read, nothing is kept but digests; RelayState is neither sent nor read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Names
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from vigil.core.errors import Invalid, Unavailable
from vigil.platform.keys import keyed_token
from vigil.platform.sso.models import Assertion
from vigil.platform.sso.shown import LEEWAY_SECONDS, Shown, begun, begun_elsewhere, digest_of

LEEWAY = timedelta(seconds=LEEWAY_SECONDS)
LONGEST = 200_000
"""Signs of an answer; real ones have some ten thousand."""
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_PSS = "http://www.w3.org/2007/05/xmldsig-more#"
ALGORITHMS = frozenset(
    [
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
        *(f"{_MORE}{kind}-sha{bits}" for kind in ("rsa", "ecdsa") for bits in (256, 384, 512)),
        *(f"{_PSS}sha{bits}-rsa-MGF1" for bits in (256, 384, 512)),
        Names.SHA256,
        Names.SHA384,
        Names.SHA512,
    ]
)
"""All that a signature may consist of: no SHA-1, no shared key, no transform that could change what is signed."""
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def begin(back: str, now: datetime) -> tuple[str, dict[str, Any]]:
    """Where to send the browser, and what its session must keep until it comes back to the address `back`.

    Raises:
        Unavailable: the settings of the provider cannot be used.
    """
    asked = OneLogin_Saml2_Authn_Request(_library(back))
    address = settings.VIGIL_SAML_URL
    address += ("&" if urlsplit(address).query else "?") + urlencode({"SAMLRequest": asked.get_request()})
    return address, {"question": asked.get_id(), "at": now.timestamp()}


def take(encoded: str, back: str, now: datetime) -> None:
    """Note what the provider says in this answer, for the browser that asked.

    Raises:
        Invalid: it is not what the provider may say, or was said before.
    """
    try:
        said = _read(encoded, back, now)
        Assertion.objects.filter(ends_at__lte=now).delete()
        with transaction.atomic():
            said.save(force_insert=True)
    except (OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError, SyntaxError, ValueError, IntegrityError):
        raise _does_not_hold() from None


def finish(kept: Mapping[str, Any] | None, answer: Mapping[str, str], back: str, now: datetime) -> Shown:
    """What the provider said to the question that this session has kept; its answer was taken before, once.

    Raises:
        Invalid: this session asked nothing, or there is no answer that holds.
    """
    kept = begun(kept, now)
    if "question" not in kept:
        raise begun_elsewhere()
    said = Assertion.objects.filter(question=_question(kept["question"]), ends_at__gt=now).first()
    if said is None or not Assertion.objects.filter(pk=said.pk, used=False).update(used=True):
        raise _does_not_hold()
    return Shown(said.subject, said.shown_at, said.two_factors)


def metadata(back: str) -> str:
    """This node as a service provider, for the provider's administrator."""
    found = _library(back).get_sp_metadata()
    return found.decode() if isinstance(found, bytes) else str(found)


def _read(encoded: str, back: str, now: datetime) -> Assertion:
    """The one signed assertion; ValueError, or the library's own errors, where it does not hold."""
    if len(encoded) > LONGEST:
        raise ValueError("too long")
    here = urljoin(back, reverse("sso_answer"))
    response = OneLogin_Saml2_Response(_library(back), encoded)
    if not response.is_valid(_request(here)):
        raise ValueError(response.get_error())
    root = response.get_xml_document()
    (assertion,) = _find(root, "/samlp:Response/saml:Assertion")
    _check_signature(root, assertion)
    (bearer,) = _find(assertion, "saml:Subject/saml:SubjectConfirmation")
    (confirmed,) = _find(bearer, "saml:SubjectConfirmationData")
    (conditions,) = _find(assertion, "saml:Conditions")
    (statement,) = _find(assertion, "saml:AuthnStatement")
    question = confirmed.get("InResponseTo")
    whole = (
        question and question == root.get("InResponseTo"),
        bearer.get("Method") == Names.CM_BEARER,
        confirmed.get("Recipient") == here,
        root.get("Destination", here) == here,
        _is_for(conditions, _entity(back)),
    )
    if not all(whole):
        raise ValueError("other question")
    ends = min(_in_time(conditions, now, default=confirmed.get("NotOnOrAfter")), _in_time(confirmed, now))
    return Assertion(
        digest=keyed_token(assertion.get("ID"), "sso.assertion").hex(),
        question=_question(question),
        subject=digest_of(f"saml {settings.VIGIL_SAML_ISSUER}", _subject(response)),
        shown_at=_time(statement.get("AuthnInstant")),
        two_factors=not set(response.get_authn_contexts()).isdisjoint(settings.VIGIL_SAML_TWO_FACTORS),
        ends_at=ends + LEEWAY,
    )


def _check_signature(root: Any, assertion: Any) -> None:
    """The library has verified it; here: that it is one of this very assertion, and of nothing weak."""
    references = [one.get("URI") for one in _find(assertion, "ds:Signature/ds:SignedInfo/ds:Reference")]
    if references != [f"#{assertion.get('ID')}"]:
        raise ValueError("other element")
    if not ALGORITHMS.issuperset(root.xpath("//ds:Signature//@Algorithm", namespaces=Names.NSMAP)):
        raise ValueError("weak signature")


def _is_for(conditions: Any, entity: str) -> bool:
    """Whether it is for this node: each list of audiences, at least one, names it."""
    lists = _find(conditions, "saml:AudienceRestriction")
    return bool(lists) and all(entity in [one.text for one in _find(each, "saml:Audience")] for each in lists)


def _in_time(element: Any, now: datetime, default: str | None = None) -> datetime:
    """When it ends; ValueError where it has, has not begun, or has no end."""
    begins, ends = element.get("NotBefore"), _time(element.get("NotOnOrAfter") or default)
    if now >= ends + LEEWAY or (begins and now < _time(begins) - LEEWAY):
        raise ValueError("wrong time")
    return ends


def _subject(response: Any) -> str:
    name = response.get_nameid_data()
    value, issuer = name["Value"], settings.VIGIL_SAML_ISSUER
    if name.get("Format") != Names.NAMEID_PERSISTENT or name.get("NameQualifier", issuer) != issuer or len(value) > 256:
        raise ValueError("no name")
    return str(value)


def _time(written: str | None) -> datetime:
    found = datetime.fromisoformat(written or "")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _find(element: Any, path: str) -> list[Any]:
    found: list[Any] = element.xpath(path, namespaces=Names.NSMAP)
    return found


def _question(identifier: str) -> str:
    return keyed_token(identifier, "sso.question").hex()


def _entity(back: str) -> str:
    """What this node calls itself: the address of its metadata."""
    return urljoin(back, reverse("sso_metadata"))


def _request(here: str) -> dict[str, str]:
    parts = urlsplit(here)
    return {"https": "on" if parts.scheme == "https" else "off", "http_host": parts.netloc, "script_name": parts.path}


def _library(back: str) -> OneLogin_Saml2_Settings:
    given = {
        "strict": True,
        "sp": {
            "entityId": _entity(back),
            "assertionConsumerService": {"url": urljoin(back, reverse("sso_answer"))},
            "NameIDFormat": Names.NAMEID_PERSISTENT,
        },
        "idp": {
            "entityId": settings.VIGIL_SAML_ISSUER,
            "singleSignOnService": {"url": escape(settings.VIGIL_SAML_URL)},  # it goes into XML as it is
            "x509certMulti": {"signing": list(_certificates())},
        },
        "security": {
            "wantAssertionsSigned": True,
            "wantAttributeStatement": False,
            "rejectDeprecatedAlgorithm": True,
            "requestedAuthnContext": False,
            "allowSingleLabelDomains": True,
            "metadataValidUntil": "",
            "metadataCacheDuration": "",
        },
    }
    try:
        return OneLogin_Saml2_Settings(given)
    except OneLogin_Saml2_Error:
        raise Unavailable(
            _("The identity provider is not set up whole. Log in with a passkey or your password.")
        ) from None


def _certificates() -> Iterator[str]:
    for found in _CERTIFICATE.finditer(settings.VIGIL_SAML_CERTIFICATE):
        yield found.group()


def _does_not_hold() -> Invalid:
    return Invalid.at(
        "answer", sentence=_("The identity provider did not log you in, or what it said does not hold. Begin again.")
    )
