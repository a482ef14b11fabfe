"""What a node with real data must not be: judged at every start, and by `vigil check`.

On a real node a fault stops the start. On the demonstration the same list says what a real node would need.
"""

from __future__ import annotations

import ipaddress
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509

from vigil.config import keys
from vigil.platform.sso import is_installed

LEAST_KINDS_OF_BYTES = 8
"""A drawn key of 32 bytes has fewer different ones once in 10^34 times; a default or a typed one easily."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong, and how it is mended."""

    wrong: str
    mend: str

    def __str__(self) -> str:
        return f"{self.wrong} {self.mend}"


@dataclass(frozen=True, slots=True)
class Modules:
    """What the cryptographic libraries say of themselves: name and version, and whether their FIPS mode is on.

    `fields` is OpenSSL as built into the package `cryptography`, which encrypts fields and signs; `python` the one
    that Python itself uses, for hashes, passwords and TLS.
    """

    fields: str
    fields_fips: bool
    python: str
    python_fips: bool

    @property
    def said(self) -> str:
        """The truth in a sentence: a mode is not a certificate."""
        modes = [
            f"{name}, FIPS mode {'on' if on else 'off'}"
            for name, on in ((self.fields, self.fields_fips), (self.python, self.python_fips))
        ]
        both = f"Cryptography: {modes[0]} (fields, signatures); {modes[1]} (Python)."
        if self.fields_fips and self.python_fips:
            return f"{both} Whether these builds hold a FIPS 140-3 certificate stands in NIST's list, not here."
        return f"{both} Not a FIPS-validated module."


def modules() -> Modules:
    """Ask the libraries."""
    import _hashlib
    import ssl

    from cryptography.hazmat.backends.openssl import backend

    return Modules(
        backend.openssl_version_text(), bool(backend._fips_enabled), ssl.OPENSSL_VERSION, bool(_hashlib.get_fips_mode())
    )


def faults(settings: Any, bind: str = "", environment: Mapping[str, str] = os.environ) -> list[Fault]:
    """Everything that a real node may not be, with these Django settings, listening at `bind` (else VIGIL_BIND)."""
    data = Path(settings.VIGIL_DATA_DIR)
    own = keys.KeyFolder(data, settings.VIGIL_KEY_COMMAND)
    return [
        *_secrets(own, settings.SECRET_KEY),
        *_files(data, own),
        *_debug(settings, environment),
        *_plain_http(settings, bind or settings.VIGIL_BIND),
        *_cookies(settings),
        *_database(settings.DATABASES["default"]),
        *_mail(settings),
        *_identity_provider(settings),
        *_fips(settings),
    ]


def _secrets(own: keys.KeyFolder, secret_key: str) -> Iterator[Fault]:
    mend = "Restore the keys from a backup; on a new node remove the file and run `vigil migrate`, which draws one."
    for name in own.missing():
        yield Fault(f"There is no {own.path / name}.", mend)
    drawn = {file: own.open(file) for file in own.every()}
    for file, key in drawn.items():
        if len(key) < keys.SECRET_BYTES or len(set(key)) < LEAST_KINDS_OF_BYTES:
            yield Fault(f"{file} is a default or a typed secret, not a drawn one.", mend)
    # A node of before tokens had a key of their own has the first field key for them.
    alone = [key for file, key in drawn.items() if file.name != "digest_key" or not (own.path / "field_key").exists()]
    if len(set(alone)) < len(alone):
        yield Fault(f"Two keys in {own.path} are the same.", mend)
    if own.secret and secret_key != own.secret[0].hex():
        yield Fault("SECRET_KEY is not the node's own, the newest.", "Remove what overrides it.")
    if own.command and not all(map(own.is_wrapped, drawn)):
        yield Fault(f"VIGIL_KEY_COMMAND is set, and keys lie open in {own.path}.", "Run: vigil keys wrap")


def _files(data: Path, own: keys.KeyFolder) -> Iterator[Fault]:
    for file in (*own.every(), *sorted(data.glob("vigil.sqlite3*")), *sorted(data.glob("door.sqlite3*"))):
        if file.exists() and file.stat().st_mode & OTHERS:
            yield Fault(f"{file} can be read by others.", f"Run: chmod go= {file}")


def _debug(settings: Any, environment: Mapping[str, str]) -> Iterator[Fault]:
    if settings.DEBUG:
        yield Fault("DEBUG is on: error pages would show contents.", "Use vigil.config.settings as it is.")
    if environment.get("VIGIL_LOG_LEVEL", "").upper() == "DEBUG":
        yield Fault("The log is at DEBUG, which may hold contents.", "Set VIGIL_LOG_LEVEL=INFO.")


def _plain_http(settings: Any, bind: str) -> Iterator[Fault]:
    if settings.SECURE_PROXY_SSL_HEADER:
        return
    far = [host for host in settings.ALLOWED_HOSTS if not is_loopback(host)]
    if far or not is_loopback(bind):
        reached = far[0] if far else bind
        yield Fault(
            f"People would reach the node by plain HTTP as {reached}.",
            "Put a web server with a certificate in front and set VIGIL_HTTPS=yes (docs/operate/node.md).",
        )


def way_in(settings: Any) -> str:
    """How people reach the node, in a sentence."""
    if settings.SECURE_PROXY_SSL_HEADER:
        return "Way in: HTTPS, through the web server in front."
    return (
        "Way in: plain HTTP. A real node is reached so from this machine alone; for anybody else put a web server with "
        "a certificate in front and set VIGIL_HTTPS=yes (docs/operate/node.md)."
    )


def is_loopback(host: str) -> bool:
    """Whether the name or address is this machine's own."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _cookies(settings: Any) -> Iterator[Fault]:
    weak = [
        name
        for name, is_weak in (
            ("SESSION_COOKIE_HTTPONLY", not settings.SESSION_COOKIE_HTTPONLY),
            ("CSRF_COOKIE_HTTPONLY", not settings.CSRF_COOKIE_HTTPONLY),
            ("SESSION_COOKIE_SAMESITE", settings.SESSION_COOKIE_SAMESITE not in ("Lax", "Strict")),
            ("SESSION_EXPIRE_AT_BROWSER_CLOSE", not settings.SESSION_EXPIRE_AT_BROWSER_CLOSE),
            ("SESSION_COOKIE_SECURE", bool(settings.SECURE_PROXY_SSL_HEADER) and not settings.SESSION_COOKIE_SECURE),
            ("CSRF_COOKIE_SECURE", bool(settings.SECURE_PROXY_SSL_HEADER) and not settings.CSRF_COOKIE_SECURE),
        )
        if is_weak
    ]
    if weak:
        yield Fault(f"Weak cookies: {', '.join(weak)}.", "Use vigil.config.settings as it is.")


def _database(database: Mapping[str, Any]) -> Iterator[Fault]:
    host = str(database.get("HOST") or database.get("OPTIONS", {}).get("host", ""))
    if not database["ENGINE"].endswith("postgresql") or not host or host.startswith("/") or is_loopback(host):
        return
    if database.get("OPTIONS", {}).get("sslmode") != "verify-full":
        yield Fault(
            "The way to the PostgreSQL database is not surely encrypted.",
            "Add ?sslmode=verify-full to VIGIL_DATABASE_URL.",
        )


def _mail(settings: Any) -> Iterator[Fault]:
    host = settings.VIGIL_SMTP_HOST
    if host and settings.VIGIL_SMTP_SECURITY == "none" and not is_loopback(host):
        yield Fault(f"E-mail would go to {host} in the open.", "Set VIGIL_SMTP_SECURITY=starttls or tls.")


def _identity_provider(settings: Any) -> Iterator[Fault]:
    oidc, saml = settings.VIGIL_OIDC_ISSUER, settings.VIGIL_SAML_ISSUER
    if not (oidc or saml):
        return
    if not is_installed():
        yield Fault(
            f"VIGIL_{'OIDC' if oidc else 'SAML'}_ISSUER is set, but the libraries for it are not installed.",
            "Run: .venv/bin/python -m pip install --require-hashes -r requirements/sso.txt",
        )
    if oidc and saml:
        yield Fault("VIGIL_OIDC_ISSUER and VIGIL_SAML_ISSUER are both set.", "Leave one: a node has one provider.")
    yield from _oidc(settings) if oidc else _saml(settings)


def _oidc(settings: Any) -> Iterator[Fault]:
    issuer = settings.VIGIL_OIDC_ISSUER
    if not issuer.startswith("https://"):
        yield Fault(f"VIGIL_OIDC_ISSUER is {issuer}: logins would go there in the open.", "Give its https:// address.")
    if not settings.VIGIL_OIDC_CLIENT_ID:
        yield Fault("VIGIL_OIDC_CLIENT_ID is empty.", "Give the id under which the provider knows this node.")


def _saml(settings: Any) -> Iterator[Fault]:
    address = settings.VIGIL_SAML_URL
    if not address.startswith("https://"):
        yield Fault(f"VIGIL_SAML_URL is {address!r}: logins would go there in the open.", "Give its https:// address.")
    try:
        x509.load_pem_x509_certificates(settings.VIGIL_SAML_CERTIFICATE.encode())
    except ValueError:
        yield Fault(
            "VIGIL_SAML_CERTIFICATE is no PEM certificate.",
            "Put the file of the provider's signing certificate into VIGIL_SAML_CERTIFICATE_FILE.",
        )


def _fips(settings: Any) -> Iterator[Fault]:
    if not settings.VIGIL_FIPS_REQUIRED:
        return
    known = modules()
    if not (known.fields_fips and known.python_fips):
        yield Fault(
            f"VIGIL_FIPS_REQUIRED=yes, but: {known.said}",
            "Build `cryptography` against an OpenSSL with a validated provider and switch its FIPS mode on for both, "
            "or set VIGIL_FIPS_REQUIRED=no and let TLS and disk encryption come from validated modules.",
        )


def disk(data: Path, devices: Path = Path("/sys/dev/block")) -> str:
    """What can be seen of the encryption of the disk that the data folder is on."""
    device = os.stat(data).st_dev
    here = devices / f"{os.major(device)}:{os.minor(device)}"
    if any(_is_crypt(one) for one in (here, *here.glob("slaves/*"), *here.glob("slaves/*/slaves/*"))):
        return "Disk: the data folder is on an encrypted volume (dm-crypt)."
    return (
        "Disk: no encryption is seen under the data folder. Places and times are searched and stand in the database "
        "as they are: put the folder on an encrypted disk (LUKS, or the provider's with keys of yours)."
    )


def _is_crypt(device: Path) -> bool:
    try:
        return (device / "dm" / "uuid").read_text(encoding="ascii").startswith("CRYPT-")
    except (OSError, ValueError):
        return False
