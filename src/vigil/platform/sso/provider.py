"""The identity provider's side of a login: OpenID Connect, authorization code with PKCE, state and nonce.

What is asked of the operator's provider, and of no other address: its metadata, its keys, and one exchange of a code.
The ID token's signature is verified though it came over TLS; issuer, audience, nonce and times must be exact. No token
is kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from django.conf import settings
from django.utils.translation import gettext as _
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from vigil.core.errors import Invalid, Unavailable
from vigil.platform.sso.shown import LEEWAY_SECONDS, Shown, begun, begun_elsewhere, digest_of

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Of signatures by the provider's own key: neither `none` nor anything that the client's secret could make."""
TIMEOUT_SECONDS = 5
METADATA = "/.well-known/openid-configuration"


def begin(back: str, now: datetime) -> tuple[str, dict[str, Any]]:
    """Where to send the browser, and what its session must keep until it comes back to the address `back`.

    Raises:
        Unavailable: the provider does not answer.
    """
    kept = {name: secrets.token_urlsafe(32) for name in ("state", "nonce")}
    kept["verifier"] = secrets.token_urlsafe(64)
    address, _state = _client(back).create_authorization_url(
        _metadata()["authorization_endpoint"],
        state=kept["state"],
        nonce=kept["nonce"],
        code_verifier=kept["verifier"],
        max_age=_max_age(),
    )
    return address, kept | {"at": now.timestamp()}


def finish(kept: Mapping[str, Any] | None, answer: Mapping[str, str], back: str, now: datetime) -> Shown:
    """What the provider says of the browser that came back with this answer.

    Raises:
        Invalid: it does not belong to a login that this session began, or is not what the provider may say.
        Unavailable: the provider does not answer.
    """
    kept = begun(kept, now)
    is_ours = secrets.compare_digest(answer.get("state", "").encode(), kept["state"].encode())
    if not is_ours or answer.get("iss", settings.VIGIL_OIDC_ISSUER) != settings.VIGIL_OIDC_ISSUER:
        raise begun_elsewhere()
    if not answer.get("code"):
        raise Invalid.at("code", sentence=_("The identity provider did not log you in."))
    metadata = _metadata()
    try:
        tokens = _client(back).fetch_token(
            metadata["token_endpoint"],
            grant_type="authorization_code",
            code=answer["code"],
            code_verifier=kept["verifier"],
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
        keys = KeySet.import_key_set(_read(metadata["jwks_uri"]))
        claims = _claims(tokens, keys, kept["nonce"], now)
    except requests.RequestException:
        raise _unavailable() from None
    except (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError):
        raise Invalid.at("code", sentence=_("What the identity provider said does not hold. Begin again.")) from None
    return _shown(claims)


def _claims(tokens: Mapping[str, Any], keys: KeySet, nonce: str, now: datetime) -> CodeIDToken:
    token = jwt.decode(tokens["id_token"], keys, algorithms=ALGORITHMS)
    options = {
        "iss": {"essential": True, "value": settings.VIGIL_OIDC_ISSUER},
        "aud": {"essential": True, "value": settings.VIGIL_OIDC_CLIENT_ID},
        "sub": {"essential": True},
    }
    known = {
        "nonce": nonce,
        "client_id": settings.VIGIL_OIDC_CLIENT_ID,
        "access_token": tokens.get("access_token"),
    }
    claims = CodeIDToken(token.claims, token.header, options, known)
    claims.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise ValueError("no subject")
    return claims


def _shown(claims: Mapping[str, Any]) -> Shown:
    at = claims.get("auth_time")
    said = {*(claims.get("amr") or ()), claims.get("acr")}
    return Shown(
        digest_of(settings.VIGIL_OIDC_ISSUER, claims["sub"]),
        datetime.fromtimestamp(at, UTC) if at else None,
        not said.isdisjoint(settings.VIGIL_OIDC_TWO_FACTORS),
    )


def _client(back: str) -> OAuth2Session:
    secret = settings.VIGIL_OIDC_CLIENT_SECRET
    return OAuth2Session(
        settings.VIGIL_OIDC_CLIENT_ID,
        secret or None,
        token_endpoint_auth_method="client_secret_basic" if secret else "none",
        scope="openid",
        redirect_uri=back,
        code_challenge_method="S256",
    )


def _metadata() -> dict[str, Any]:
    """What the provider says of itself; its issuer must be the configured one to the letter."""
    found: dict[str, Any] = _read(settings.VIGIL_OIDC_ISSUER.rstrip("/") + METADATA)
    wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if found.get("issuer") != settings.VIGIL_OIDC_ISSUER or not all(is_safe(found.get(name, "")) for name in wanted):
        raise _unavailable()
    return found


def is_safe(address: str) -> bool:
    """Whether nothing on the way can read or change what is sent there: HTTPS, or this machine itself."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1"))


def _read(address: str) -> Any:
    try:
        answer = requests.get(address, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        answer.raise_for_status()
        return answer.json()
    except (requests.RequestException, ValueError):
        raise _unavailable() from None


def _max_age() -> int:
    return int(settings.VIGIL_SESSION_MINUTES) * 60


def _unavailable() -> Unavailable:
    return Unavailable(_("The identity provider does not answer as it should. Log in with a passkey or your password."))
