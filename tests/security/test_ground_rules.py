"""Rules that hold for all of the code at once: forms, scripts, lengths of requests, uses of cryptography."""

from __future__ import annotations

import re
from typing import Any

import httptools
import pytest
from django.test import Client
from tests.security import documents

from vigil.config.folders import BASE_DIR

SCRIPTS = sorted((BASE_DIR / "src" / "vigil").rglob("*.js"))
FORBIDDEN = {
    "markup made of text": r"\.(?:inner|outer)HTML\s*\+?=[^=]|insertAdjacentHTML|document\.write|ContextualFragment",
    "text run as a script": r"\beval\(|new Function\(|setTimeout\(\s*[\"'`]",
    "storage that outlives the login": r"localStorage|sessionStorage|indexedDB|\bcaches\.|serviceWorker",
    "messages of other windows": r"postMessage|[\"']message[\"']",
}
ALLOWED = {
    "desk.js: sessionStorage": "a random number of the screen, which notices are silenced, whether there is sound",
    "push.js: serviceWorker": "it shows that there is something to look at, and keeps nothing",
}
"""What a script may do all the same, and why it holds nothing of an operation or person."""
INVENTORY = "docs/security/cryptography.md"
FRAMEWORKS = ("django.core.signing", "django.contrib.auth.hashers", "allauth.mfa", "onelogin.saml2")
CRYPTOGRAPHY = ("cryptography", "fido2", "hashlib", "hmac", "secrets", "ssl", "argon2", "random", *FRAMEWORKS)
HEAD = b"POST /login/ HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.django_db
def test_a_form_without_its_token_changes_nothing(people: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.user("alice"))
    for address in ("/logout/", "/operations/register/", "/account/", "/login/"):
        assert client.post(address).status_code == 403, address
    assert client.get("/operations/").status_code == 200, "still logged in"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_script_does(what: str) -> None:
    assert len(SCRIPTS) > 8
    found = {f"{file.name}: {one[0]}" for file in SCRIPTS for one in re.finditer(FORBIDDEN[what], file.read_text())}
    assert found - set(ALLOWED) == set()


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX",
        b"Content-Length: 6\r\nContent-Length: 5\r\n\r\nabcdef",
        b"Transfer-Encoding: xchunked\r\n\r\nabcdef",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"X: a\nContent-Length: 1\r\n\r\na",
    ],
)
def test_a_request_of_two_lengths_is_none(rest: bytes) -> None:
    with pytest.raises(httptools.HttpParserError):
        httptools.HttpRequestParser(object()).feed_data(HEAD + rest)


def is_of_it(name: str) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in CRYPTOGRAPHY)


def test_every_use_of_cryptography_is_in_the_inventory() -> None:
    text = documents.text_of(INVENTORY)
    used = {f"src/{file}" for file, names in documents.imports(BASE_DIR / "src").items() if any(map(is_of_it, names))}
    listed = {path for path, _ in documents.named(text)}
    assert used - listed == set(), "add them to the inventory"
    assert {path for path in listed - used if path.startswith("src/")} == set(), "they use none any more"
    assert documents.missing(INVENTORY) == []
