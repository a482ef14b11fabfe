"""Sessions on the server: who, since when, last used when. Django's store in a table of our own.

A session ends after `VIGIL_IDLE_MINUTES` without use and `VIGIL_SESSION_MINUTES` after the login, whatever its cookie
says (CJIS AC-11, IA-11; NIST SP 800-63B at AAL2). What a page fetches by itself is no use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import Q
from django.http import HttpRequest

from vigil.platform import clock
from vigil.platform.accounts.models import Session
from vigil.platform.prepared import Prepared

BEGAN = "began"
"""When the login was complete or, before that, begun: seconds since 1970."""
CAME_FROM = "from"
"""Address and browser in words, for the list of one's own sessions."""
UNCLAIMED = timedelta(minutes=20)
"""What a session lives in which no login is complete: it holds a passkey's challenge, or waits for a first factor."""
SEEN_EVERY = timedelta(minutes=1)
BY_ITSELF = "live"
"""`X-Requested-With` of what a page fetches without anybody touching it."""

_SESSION = Prepared(lambda key: Session.objects.filter(session_key=key))


def idle() -> timedelta:
    """How long a session lives without use."""
    return timedelta(minutes=settings.VIGIL_IDLE_MINUTES)


class SessionStore(DatabaseStore):
    """Django's database store over `Session`, ended by the server's own clock."""

    seen_at: datetime | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """The table."""
        return Session

    def get_expiry_date(self, **_: Any) -> datetime:
        """The end that no use moves."""
        began = self.get(BEGAN)
        if self.get(SESSION_KEY) is None or began is None:
            return clock.now() + UNCLAIMED
        return datetime.fromtimestamp(began, UTC) + timedelta(minutes=settings.VIGIL_SESSION_MINUTES)

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row to be saved."""
        return Session(
            session_key=self._get_or_create_session_key(),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            user_id=data.get(SESSION_KEY),
            seen_at=self.seen_at or clock.now(),
        )

    async def acreate_model_instance(self, data: dict[str, Any]) -> Session:
        """The same."""
        return self.create_model_instance(data)

    def _get_session_from_db(self) -> Session | None:
        row = _SESSION.first(self.session_key)
        now = clock.now()
        if row is None or row.expire_date <= now or row.seen_at + idle() <= now:
            self._session_key = None
            return None
        self.seen_at = row.seen_at
        return row

    async def _aget_session_from_db(self) -> Session | None:
        return await sync_to_async(self._get_session_from_db)()


def seen(request: HttpRequest, now: datetime) -> None:
    """Somebody is there: note it, at most once a minute."""
    session = request.session
    if not isinstance(session, SessionStore) or request.headers.get("X-Requested-With") == BY_ITSELF:
        return
    if session.session_key and session.seen_at and now - session.seen_at >= SEEN_EVERY:
        Session.objects.filter(session_key=session.session_key).update(seen_at=now)
        session.seen_at = now


def left(request: HttpRequest, now: datetime) -> int:
    """Seconds until the session ends if nobody uses it; 0 where there is none."""
    session = request.session
    if not isinstance(session, SessionStore) or session.get(SESSION_KEY) is None:
        return 0
    ends = min((session.seen_at or now) + idle(), session.get_expiry_date())
    return max(0, int((ends - now).total_seconds()))


def forget_ended(now: datetime) -> None:
    """Drop what no longer opens anything."""
    Session.objects.filter(Q(expire_date__lte=now) | Q(seen_at__lte=now - idle())).delete()


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One of a person's sessions as they see it. `handle` names it without being its key."""

    handle: str
    began_at: datetime
    seen_at: datetime
    ends_at: datetime
    came_from: Mapping[str, str]
    is_this: bool


def sessions_of(user_id: UUID, this_key: str | None, now: datetime) -> list[OpenSession]:
    """The person's sessions, this one first, then the latest."""
    rows = Session.objects.filter(user_id=user_id, expire_date__gt=now, seen_at__gt=now - idle()).order_by("-seen_at")
    found = [_opened(row, row.session_key == this_key) for row in rows]
    return sorted(found, key=lambda one: not one.is_this)


def _opened(row: Session, is_this: bool) -> OpenSession:
    data = row.get_decoded()
    began = datetime.fromtimestamp(data.get(BEGAN, row.seen_at.timestamp()), UTC)
    return OpenSession(
        handle_of(row.session_key), began, row.seen_at, row.expire_date, data.get(CAME_FROM, {}), is_this
    )


def handle_of(key: str) -> str:
    """What names a session in a page."""
    return hashlib.sha256(f"session handle\n{key}".encode()).hexdigest()[:24]


def end_sessions(user_id: UUID, *, handle: str = "", but: str | None = None) -> int:
    """End the person's sessions (one by its handle, or all but the one with the key `but`); how many."""
    rows = Session.objects.filter(user_id=user_id).exclude(session_key=but or "")
    keys = [key for key in rows.values_list("session_key", flat=True) if not handle or handle_of(key) == handle]
    return Session.objects.filter(session_key__in=keys).delete()[0]
