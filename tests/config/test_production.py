"""What stops a real node, one fault at a time, each with how it is mended; and what the demonstration is told."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from vigil.config import database, keys, production
from vigil.core.errors import Unavailable
from vigil.platform.agencies.demonstration import DEMO_MARK
from vigil.platform.agencies.models import Node


@pytest.fixture
def sound(tmp_path: Path) -> SimpleNamespace:
    """Settings of a node behind HTTPS with drawn keys."""
    keys.KeyFolder(tmp_path).draw_missing()
    (tmp_path / "vigil.sqlite3").touch(mode=0o600)
    return SimpleNamespace(
        VIGIL_DATA_DIR=tmp_path,
        SECRET_KEY=keys.KeyFolder(tmp_path).secret[0].hex(),
        VIGIL_KEY_COMMAND="",
        DEBUG=False,
        ALLOWED_HOSTS=["vigil.example.gov", "localhost"],
        VIGIL_BIND="127.0.0.1",
        VIGIL_FIPS_REQUIRED=False,
        VIGIL_OIDC_ISSUER="",
        VIGIL_SAML_ISSUER="",
        SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
        SESSION_COOKIE_SECURE=True,
        CSRF_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        CSRF_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_EXPIRE_AT_BROWSER_CLOSE=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3"}},
        VIGIL_SMTP_HOST="mail.example.gov",
        VIGIL_SMTP_SECURITY="starttls",
    )


def told(settings: Any, bind: str = "", **environment: str) -> str:
    return " ".join(str(fault) for fault in production.faults(settings, bind, environment))


def test_a_sound_node_has_no_fault(sound: Any) -> None:
    assert production.faults(sound, environment={}) == []


PLAIN = {"SECURE_PROXY_SSL_HEADER": None, "SESSION_COOKIE_SECURE": False, "CSRF_COOKIE_SECURE": False}
POSTGRES = {"ENGINE": "django.db.backends.postgresql", "HOST": "db.example.gov"}


@pytest.mark.parametrize(
    ("changed", "wrong", "mend"),
    [
        ({"SECRET_KEY": "x" * 64}, "SECRET_KEY is not the node's own", "Remove what overrides"),
        ({"DEBUG": True}, "DEBUG is on", "as it is"),
        (PLAIN, "plain HTTP as vigil.example.gov", "VIGIL_HTTPS=yes"),
        (PLAIN | {"ALLOWED_HOSTS": ["localhost"], "VIGIL_BIND": "0.0.0.0"}, "plain HTTP as 0.0.0.0", "VIGIL_HTTPS=yes"),
        ({"SESSION_COOKIE_SECURE": False}, "Weak cookies: SESSION_COOKIE_SECURE.", "as it is"),
        ({"CSRF_COOKIE_SECURE": False}, "Weak cookies: CSRF_COOKIE_SECURE.", "as it is"),
        ({"SESSION_COOKIE_HTTPONLY": False}, "Weak cookies: SESSION_COOKIE_HTTPONLY.", "as it is"),
        ({"CSRF_COOKIE_HTTPONLY": False}, "Weak cookies: CSRF_COOKIE_HTTPONLY.", "as it is"),
        ({"SESSION_COOKIE_SAMESITE": "None"}, "Weak cookies: SESSION_COOKIE_SAMESITE.", "as it is"),
        ({"SESSION_EXPIRE_AT_BROWSER_CLOSE": False}, "Weak cookies: SESSION_EXPIRE_AT_BROWSER_CLOSE.", "as it is"),
        ({"VIGIL_SMTP_SECURITY": "none"}, "to mail.example.gov in the open", "VIGIL_SMTP_SECURITY=starttls"),
        ({"DATABASES": {"default": POSTGRES}}, "not surely encrypted", "sslmode=verify-full"),
        ({"DATABASES": {"default": POSTGRES | {"OPTIONS": {"sslmode": "require"}}}}, "not surely", "verify-full"),
    ],
)
def test_one_fault_is_told_with_how_to_mend_it(sound: Any, changed: dict[str, Any], wrong: str, mend: str) -> None:
    vars(sound).update(changed)
    (fault,) = production.faults(sound, environment={})
    assert wrong in fault.wrong
    assert mend in fault.mend


@pytest.mark.parametrize(
    "changed",
    [
        PLAIN | {"ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"]},
        {"DATABASES": {"default": POSTGRES | {"HOST": "127.0.0.1"}}},
        {"DATABASES": {"default": POSTGRES | {"HOST": "", "OPTIONS": {"host": "/run/postgresql"}}}},
        {"DATABASES": {"default": POSTGRES | {"OPTIONS": {"sslmode": "verify-full"}}}},
        {"VIGIL_SMTP_SECURITY": "none", "VIGIL_SMTP_HOST": "localhost"},
        {"VIGIL_SMTP_SECURITY": "none", "VIGIL_SMTP_HOST": ""},
    ],
)
def test_what_stays_on_the_machine_or_is_encrypted_is_no_fault(sound: Any, changed: dict[str, Any]) -> None:
    vars(sound).update(changed)
    assert production.faults(sound, environment={}) == []


def test_the_way_in_is_said(sound: Any) -> None:
    assert "HTTPS, through" in production.way_in(sound)
    vars(sound).update(PLAIN)
    assert "set VIGIL_HTTPS=yes" in production.way_in(sound)


def test_the_address_to_listen_at_counts_when_it_is_given_by_hand(sound: Any) -> None:
    vars(sound).update(PLAIN | {"ALLOWED_HOSTS": ["localhost"]})
    assert told(sound) == ""
    assert "plain HTTP as 192.0.2.1" in told(sound, "192.0.2.1")


def test_a_log_that_may_hold_contents_is_a_fault(sound: Any) -> None:
    assert "VIGIL_LOG_LEVEL=INFO" in told(sound, VIGIL_LOG_LEVEL="debug")


@pytest.mark.parametrize("name", keys.NAMES)
@pytest.mark.parametrize("secret", [bytes(32), b"changeme" * 4, b"ab" * 16, b"short"])
def test_a_default_secret_is_found(sound: Any, name: str, secret: bytes) -> None:
    (file,) = keys.KeyFolder(sound.VIGIL_DATA_DIR).files(name)
    file.write_text(secret.hex())
    if name == "secret_key":
        sound.SECRET_KEY = secret.hex()
    assert told(sound).startswith(f"{file} is a default or a typed secret")


def test_a_missing_key_and_one_used_twice_are_found(sound: Any) -> None:
    folder = keys.KeyFolder(sound.VIGIL_DATA_DIR).path
    (folder / "signing_key").write_text((folder / "field_key.1").read_text())
    assert f"Two keys in {folder} are the same" in told(sound)
    (folder / "signing_key").unlink()
    assert f"There is no {folder / 'signing_key'}" in told(sound)


@pytest.mark.parametrize("name", ["keys/secret_key", "keys/field_key.1", "keys/signing_key", "vigil.sqlite3"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_can_read_or_write_is_found(sound: Any, name: str, mode: int) -> None:
    file = sound.VIGIL_DATA_DIR / name
    file.chmod(mode)
    (fault,) = production.faults(sound, environment={})
    assert str(fault) == f"{file} can be read by others. Run: chmod go= {file}"


@pytest.mark.parametrize("on", [(True, False), (False, True), (False, False)])
def test_fips_is_required_of_both_libraries(sound: Any, on: tuple[bool, bool], monkeypatch: pytest.MonkeyPatch) -> None:
    known = production.Modules("OpenSSL A", on[0], "OpenSSL B", on[1])
    monkeypatch.setattr(production, "modules", lambda: known)
    assert told(sound) == ""
    sound.VIGIL_FIPS_REQUIRED = True
    assert "Not a FIPS-validated module" in told(sound)


def test_a_fips_mode_is_not_called_a_certificate(sound: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    known = production.Modules("OpenSSL A", True, "OpenSSL B", True)
    monkeypatch.setattr(production, "modules", lambda: known)
    sound.VIGIL_FIPS_REQUIRED = True
    assert told(sound) == ""
    assert "stands in NIST's list, not here" in known.said
    assert "OpenSSL A, FIPS mode on" in known.said


def test_the_libraries_here_say_what_they_are() -> None:
    assert production.modules().fields.startswith("OpenSSL")
    assert production.modules().python.startswith("OpenSSL")


def test_an_encrypted_disk_is_seen_under_the_data_folder(tmp_path: Path) -> None:
    import os

    device = os.stat(tmp_path).st_dev
    here = tmp_path / "block" / f"{os.major(device)}:{os.minor(device)}"
    assert "no encryption is seen" in production.disk(tmp_path, tmp_path / "block")
    below = here / "slaves" / "dm-0" / "dm"
    below.mkdir(parents=True)
    (below / "uuid").write_text("LVM-abc")
    assert "no encryption is seen" in production.disk(tmp_path, tmp_path / "block")
    (below / "uuid").write_text("CRYPT-LUKS2-abc")
    assert "encrypted volume" in production.disk(tmp_path, tmp_path / "block")


@pytest.mark.django_db
def test_a_real_node_is_stopped_and_the_demonstration_is_not(sound: Any, settings: Any, people: Any) -> None:
    for name in ("VIGIL_DATA_DIR", "SECRET_KEY", "ALLOWED_HOSTS"):
        setattr(settings, name, getattr(sound, name))
    with pytest.raises(Unavailable, match=r"plain HTTP as vigil.example.gov.*VIGIL_HTTPS=yes"):
        database.refuse_unfit("127.0.0.1")
    Node.objects.update(is_demo=True)
    (sound.VIGIL_DATA_DIR / DEMO_MARK).touch()
    database.refuse_unfit("127.0.0.1")
