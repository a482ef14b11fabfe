"""A login step by step: what completes it, and where each step leads."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from vigil.platform.accounts import factors, lockout
from vigil.platform.accounts.access import PROVED, Owed, Proof, note_use, owed
from vigil.platform.accounts.login import record_login
from vigil.platform.accounts.models import User
from vigil.platform.accounts.sessions import BEGAN, CAME_FROM
from vigil.platform.notices.models import Notice
from vigil.platform.requests import source
from vigil.web import held

KINDS = "accounts."
"""Notices of these kinds are told at the next login too."""
MOST_TOLD = 5


def complete(request: HttpRequest, user: User, by: Proof, now: datetime) -> None:
    """The person has shown who they are: the session opens what they may see from now on, under a new key."""
    request.session.cycle_key()
    request.session[PROVED] = {"at": now.timestamp(), "by": by.value}
    request.session[BEGAN] = now.timestamp()
    request.session[CAME_FROM] = {
        "address": source.get(),
        "browser": _browser(request.headers.get("User-Agent", "")),
    }
    lockout.succeeded(user, lockout.source_of(request), now)
    note_use(user, now)
    record_login(user, by)
    setattr(request, lockout.COMPLETED, True)
    _tell_what_waits(request, user, now)


def _tell_what_waits(request: HttpRequest, user: User, now: datetime) -> None:
    """What was told about accounts while nobody was there, once."""
    waiting = Notice.objects.filter(recipient=user, seen_at=None, kind__startswith=KINDS).order_by("-created_at")
    told = list(waiting[:MOST_TOLD])
    for body in dict.fromkeys(notice.body for notice in told):
        messages.warning(request, gettext(body))
    if told:
        waiting.update(seen_at=now)


def go_on(request: HttpRequest, after: str, kept: str = "") -> HttpResponse:
    """To what the session still owes; where that is nothing, to what was kept to be sent again, or `after`."""
    owes = owed(request)
    if owes is Owed.SECOND:
        return second_page(request, after, kept)
    if owes is not Owed.NOTHING:
        return redirect(owes.value)
    if kept:
        return held.send_again(request, kept, after)
    return redirect(after)


def second_page(request: HttpRequest, after: str, kept: str, error: str = "", status: int = 200) -> HttpResponse:
    """The page that asks for the second factor; it hands on where the person wanted to go and what they sent."""
    context = factor_context(request.user, after, kept, error)
    return render(request, "accounts/second.html", context, status=status)


def factor_context(user: User | AnonymousUser, after: str, kept: str, error: str) -> dict[str, Any]:
    """What a page needs that asks for one of the person's own factors."""
    own = factors.own_factors(user) if isinstance(user, User) else []
    return {
        "next": after,
        "held": kept,
        "error": error,
        "has_passkey": any(one.is_passkey for one in own),
        "has_app": not all(one.is_passkey for one in own),
    }


def safe(request: HttpRequest, address: str) -> str:
    """The address if it is one of this node, else the first page."""
    is_safe = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if is_safe else settings.LOGIN_REDIRECT_URL


BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def _browser(agent: str) -> str:
    """A browser as its owner knows it again, e.g. `Chrome, Windows`; nothing finer is kept."""
    found = (next((name for mark, name in marks if mark in agent), "") for marks in (BROWSERS, SYSTEMS))
    return ", ".join(filter(None, found))
