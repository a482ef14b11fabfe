"""What somebody sent and nobody took, because the login had ended or the form was too old: kept and sent again.

It is in the pages that the browser gets back and nowhere else: no session, no database, no address. Passwords and files
are never kept.
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

FIELD = "held"
SECRET = ("password", "csrfmiddlewaretoken")


def held_of(request: HttpRequest) -> str:
    """The fields that were sent, as the text of one field; what a page before kept, where there is one."""
    if FIELD in request.POST:
        return request.POST[FIELD]
    fields = [(name, value) for name, values in request.POST.lists() for value in values if not _is_secret(name)]
    return json.dumps(fields)


def send_again(
    request: HttpRequest, held: str, address: str, status: int = 200, *, confirmed: bool = False
) -> HttpResponse:
    """The page with one button that sends it to where it was meant for; `confirmed`: only a factor was missing."""
    context = {"fields": _read(held), "address": address, "confirmed": confirmed}
    return render(request, "web/send_again.html", context, status=status)


def is_from_here(request: HttpRequest) -> bool:
    """Whether a page of this very node sent it: another site's form is never offered to be sent again."""
    origin = request.headers.get("Origin") or request.headers.get("Referer", "")
    return bool(origin) and urlsplit(origin).netloc == request.get_host()


def has_secrets(request: HttpRequest) -> bool:
    """Whether a password was sent: without it there is nothing worth sending again."""
    return any("password" in name for name in request.POST)


def _is_secret(name: str) -> bool:
    return any(secret in name for secret in SECRET)


def _read(held: str) -> list[tuple[str, str]]:
    try:
        found = json.loads(held)
        return [(str(name), str(value)) for name, value in found]
    except (ValueError, TypeError, RecursionError):
        return []
