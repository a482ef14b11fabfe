"""What every answer of the node must carry."""

from __future__ import annotations

import functools
from typing import Any

POLICY = {
    "default-src": {"'none'"},
    "script-src": {"'self'"},
    "style-src": {"'self'"},
    "img-src": {"'self'", "data:", "blob:"},
    "connect-src": {"'self'"},
    "font-src": {"'self'"},
    "worker-src": {"'self'"},
    "manifest-src": {"'self'"},
    "object-src": {"'none'"},
    "form-action": {"'self'"},
    "base-uri": {"'none'"},
    "frame-ancestors": {"'none'"},
}
DOWNLOADED: dict[str, set[str]] = {"default-src": {"'none'"}, "frame-ancestors": {"'none'"}, "sandbox": set()}
"""Of what is given to be kept: shown all the same, it can do nothing."""
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "X-Frame-Options": "DENY",
}
NEVER = ("Server", "X-Powered-By", "Access-Control-Allow-Origin")
NAMES_ITS_SIGNS = ("text/", "application/xml")
"""Types whose text a browser would otherwise guess the signs of."""


def faults(answer: Any) -> list[str]:
    """What an answer lacks or should not have."""
    found = [f"{name}: {answer.get(name)}" for name, value in ALWAYS.items() if answer.get(name) != value]
    found += [f"{name} is there" for name in NEVER if answer.has_header(name)]
    is_kept = answer.get("Content-Disposition", "").startswith("attachment")
    if policy(answer.get("Content-Security-Policy", "")) != (DOWNLOADED if is_kept else POLICY):
        found.append(f"Content-Security-Policy: {answer.get('Content-Security-Policy')}")
    if "geolocation=(" not in answer.get("Permissions-Policy", ""):
        found.append("Permissions-Policy is missing")
    kind = answer.get("Content-Type", "")
    if kind.startswith(NAMES_ITS_SIGNS) and "charset=utf-8" not in kind.replace('"', ""):
        found.append(f"Content-Type: {kind} names no charset")
    return found


@functools.cache
def policy(text: str) -> dict[str, set[str]]:
    """The content-security policy, by directive."""
    said = [one.split() for one in text.split(";") if one.strip()]
    return {name: set(values) for name, *values in said}
