"""Failures and locks of a login, per account and source (CJIS AC-7; IA-5 l): an outsider locks out only himself.

A source is the browser where anybody has logged in completely before, else the address. Five failures within fifteen
minutes lock the account's password and codes from that source until somebody releases them; a passkey is not guessed
and not locked. A hundred failures in a row from unknown sources close the password for all of those.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from vigil.core.actor import Actor
from vigil.core.errors import Locked, NotFound, TooMany
from vigil.core.permissions import Role
from vigil.platform import clock
from vigil.platform.accounts.models import LoginFailure, LoginLock, Membership, User
from vigil.platform.actions import action, concerns
from vigil.platform.requests import source as address

WINDOW = timedelta(minutes=15)
FAILURES = 5
MOST_IN_A_ROW = 100
FLOOD = 60
"""Failures of one address for whatever accounts within the window, before it is no longer listened to (ours)."""
KEPT = timedelta(days=30)
MOST_SHOWN = 200
BROWSER_COOKIE = "vigil_browser"
BROWSER_LIVES = timedelta(days=180)
SALT = "vigil.known-browser"
COMPLETED = "_vigil_login_completed"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a login comes from; `browser` is the id of a known one, else empty."""

    address: str
    browser: str = ""

    @property
    def is_known(self) -> bool:
        """Whether somebody has logged in completely there before."""
        return bool(self.browser)


def source_of(request: HttpRequest) -> Source:
    """The source of a request. The cookie opens nothing: it only separates counters."""
    try:
        cookie = request.COOKIES.get(f"{settings.VIGIL_COOKIE_PREFIX}{BROWSER_COOKIE}", "")
        browser = signing.TimestampSigner(salt=SALT).unsign(cookie, max_age=BROWSER_LIVES)
    except signing.BadSignature:
        browser = ""
    return Source(address.get(), browser)


def remember_browser(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Make the browser a known one where this request completed a login."""
    if getattr(request, COMPLETED, False) and not source_of(request).is_known:
        response.set_cookie(
            f"{settings.VIGIL_COOKIE_PREFIX}{BROWSER_COOKIE}",
            signing.TimestampSigner(salt=SALT).sign(secrets.token_hex(16)),
            max_age=BROWSER_LIVES,
            httponly=True,
            samesite="Lax",
            secure=bool(settings.SESSION_COOKIE_SECURE),
        )
    return response


def attempt(username: str, user: User | None, source: Source, now: datetime) -> LoginFailure:
    """Note an attempt as failed before anything is looked at; delete the row if it turns out right.

    Raises:
        Locked: this account is locked from this source, or from all unknown ones.
        TooMany: five are being looked at already, or the address floods.
    """
    key = _key(username, source)
    if LoginLock.objects.filter(key=key, released_at=None).exists() or _is_closed(user, source):
        raise Locked(_locked())
    if (
        not source.is_known
        and LoginFailure.objects.filter(source_key=_source_key(source), at__gt=now - WINDOW).count() >= FLOOD
    ):
        raise TooMany(_("Too many failed logins come from here. Try again in a minute, or use a passkey."), 60)
    row = LoginFailure.objects.create(
        key=key, source_key=_source_key(source), user=user, is_known=source.is_known, at=now
    )
    # The attempt is stored before it is counted, so that many at once cannot all see the count of before.
    if LoginFailure.objects.filter(key=key, at__gt=now - WINDOW).count() > FAILURES:
        row.delete()
        raise TooMany(_("Too many logins at once. Try again in ten seconds."), 10)
    return row


def failed(row: LoginFailure, source: Source, now: datetime) -> None:
    """The attempt was wrong: the fifth one locks."""
    if LoginFailure.objects.filter(key=row.key, at__gt=now - WINDOW).count() >= FAILURES:
        LoginLock.objects.get_or_create(
            key=row.key,
            released_at=None,
            defaults={"user": row.user, "is_known": source.is_known, "source": source.address, "locked_at": now},
        )


def succeeded(user: User, source: Source, now: datetime) -> None:
    """A login is complete: failures of this source count no more, and the row of failures is broken."""
    LoginFailure.objects.filter(Q(key=_key(user.username, source)) | Q(at__lt=now - WINDOW), user=user).delete()


def forget(now: datetime) -> None:
    """Drop failures that no longer count: of accounts that exist after a month, of others after the window."""
    LoginFailure.objects.filter(Q(at__lt=now - WINDOW, user=None) | Q(at__lt=now - KEPT)).delete()
    LoginLock.objects.filter(locked_at__lt=now - KEPT, user=None).delete()


@dataclass(frozen=True, slots=True)
class Lock:
    """One locked login, as who may release it sees it."""

    id: UUID
    name: str
    username: str
    source: str
    locked_at: datetime
    is_own: bool
    """Somebody else must release it."""


def locks(actor: Actor) -> list[Lock]:
    """Those that the actor may release: of the own agency, or, for watch desk and node administrators, of the node."""
    actor.require("accounts.lock.release")
    return [
        Lock(row.pk, str(row.user), row.user.username, _words(row), row.locked_at, row.user_id == actor.user_id)
        for row in _locks(actor).order_by("-locked_at")[:MOST_SHOWN]
        if row.user is not None
    ]


@action("accounts.lock.release")
def release(actor: Actor, lock_id: UUID) -> User:
    """Let the account try again from there, by somebody else than its owner."""
    row = _locks(actor).filter(pk=lock_id).exclude(user_id__in=[actor.user_id]).first()
    if row is None or row.user is None:
        raise NotFound
    LoginLock.objects.filter(pk=row.pk).update(released_at=clock.now(), released_by=actor.user_id)
    LoginFailure.objects.filter(key=row.key).delete()
    concerns(user=row.user.pk, lock=row.pk)
    return row.user


@action("accounts.lock.release")
def release_all(actor: Actor, user_id: UUID) -> int:
    """Release every lock of an account, and open it for unknown sources again; how many locks there were."""
    if not _locks(actor).filter(user_id=user_id).exists() and Role.SYSTEM not in actor.roles:
        raise NotFound
    concerns(user=user_id)
    return reopen(user_id, actor, clock.now())


def reopen(user_id: UUID, actor: Actor, now: datetime) -> int:
    """The same, within the caller's action."""
    locked = LoginLock.objects.filter(user_id=user_id, released_at=None)
    LoginFailure.objects.filter(user_id=user_id).delete()
    return locked.update(released_at=now, released_by=actor.user_id)


def _locks(actor: Actor) -> QuerySet[LoginLock]:
    rows = LoginLock.objects.filter(released_at=None, user__isnull=False).select_related("user")
    if actor.roles & {Role.WATCH_DESK, Role.NODE_ADMIN, Role.SYSTEM}:
        return rows
    of_agency = Membership.objects.filter(agency_id=actor.agency_id, active=True) if actor.agency_id else None
    return rows.filter(user__in=of_agency.values("user")) if of_agency is not None else rows.none()


def _words(row: LoginLock) -> str:
    return _("a browser that was used here before") if row.is_known else row.source


def _locked() -> str:
    return _(
        "Too many failed logins: this account's password is locked from here until an administrator of your agency or "
        "the watch desk releases it. A passkey still works."
    )


def _is_closed(user: User | None, source: Source) -> bool:
    if user is None or source.is_known:
        return False
    return LoginFailure.objects.filter(user=user, is_known=False).count() >= MOST_IN_A_ROW


def _key(username: str, source: Source) -> str:
    return _digest(username.strip().casefold(), source.browser or source.address)


def _source_key(source: Source) -> str:
    return _digest("any account", source.address)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
