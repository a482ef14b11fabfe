"""Logging in by the agency's identity provider (OpenID Connect, SAML): the extra `vigil[sso]`, off until configured."""

from importlib.util import find_spec


def is_installed() -> bool:
    """Whether the libraries of the extra are there; without them no page of it exists."""
    return all(find_spec(name) is not None for name in ("authlib", "requests", "onelogin", "xmlsec"))
