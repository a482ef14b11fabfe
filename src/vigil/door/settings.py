"""Every setting of the door: a Django project of its own, with nothing in it that could know who somebody is.

No sessions, no messages, no accounts, no CSRF cookie (there is no login that a foreign page could misuse), no log.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from vigil.door import BIND as LOOPBACK
from vigil.door import HOSTS, database
from vigil.door import PORT as OUR_PORT
from vigil.web.languages import translated

_SOURCE = Path(__file__).resolve().parents[3]
_HOME = _SOURCE if (_SOURCE / "pyproject.toml").exists() else Path.cwd()

VIGIL_DATA_DIR = Path(os.environ.get("VIGIL_DATA_DIR") or _HOME / "data" / "node").absolute()
PORT = int(os.environ.get("VIGIL_DOOR_PORT") or OUR_PORT)
BIND = os.environ.get("VIGIL_DOOR_BIND") or LOOPBACK
FONTS = _HOME / "node_modules" / "@uswds" / "uswds" / "dist" / "fonts"

SECRET_KEY = secrets.token_hex(32)  # of this process: nothing signed outlives it
DEBUG = False
ALLOWED_HOSTS = [host.strip() for host in (os.environ.get("VIGIL_DOOR_HOSTS") or HOSTS).split(",") if host.strip()]

INSTALLED_APPS = ["vigil.door"]
MIDDLEWARE = ["vigil.door.headers.strict"]
ROOT_URLCONF = "vigil.door.urls"
WSGI_APPLICATION = "vigil.door.wsgi.application"
WEB = Path(__file__).resolve().parents[1] / "web"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [WEB / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": []},
    }
]

DATABASES = {"default": database(VIGIL_DATA_DIR)}
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LOCALE_PATHS = [Path(__file__).resolve().parents[1] / "locale"]
LANGUAGES = [("en", "English"), *translated(LOCALE_PATHS[0])]
USE_I18N = len(LANGUAGES) > 1
if USE_I18N:  # the browser's language decides, by each request anew; nothing remembers it
    MIDDLEWARE.append("django.middleware.locale.LocaleMiddleware")

# 2 MB of text is shown again, with what is wrong; three bytes stand for one where a browser encodes it.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

LOGGING = {
    "version": 1,
    "disable_existing_loggers": True,
    "handlers": {"nowhere": {"class": "logging.NullHandler"}},
    "root": {"handlers": ["nowhere"], "level": "CRITICAL"},
    "loggers": {"django": {"handlers": ["nowhere"], "propagate": False}},
}
