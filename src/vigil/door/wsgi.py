"""The WSGI application of the door. It forgets the address a request came from before anything else sees it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vigil.door.settings")
_pages = get_wsgi_application()
FORGOTTEN = (
    *("REMOTE_ADDR", "REMOTE_PORT", "REMOTE_HOST", "HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP"),
    *("HTTP_USER_AGENT", "HTTP_REFERER", "HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_VIA"),
)


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Django, without what could say who asks."""
    for name in FORGOTTEN:
        environ.pop(name, None)
    return _pages(environ, start_response)
