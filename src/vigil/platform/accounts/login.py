"""Login by password; failures lock it per account and source (`accounts.lockout`)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.backends import ModelBackend
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vigil.core.actor import Actor, Via
from vigil.core.errors import Invalid, TooMany
from vigil.platform.accounts import lockout
from vigil.platform.accounts.access import Proof, actor_of_user, is_demo_login, user_of
from vigil.platform.accounts.models import LoginFailure, User
from vigil.platform.audit.trail import record

WINDOW = timedelta(minutes=15)
FREE_FAILURES = 5
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(minutes=15)

VERB = "accounts.session.begin"
HALF = "accounts.session.enter"
"""The password was right; a second factor is owed."""
WRONG = gettext_lazy("The name and the password do not match, or the account is switched off.")
BACKEND = "vigil.platform.accounts.login.Accounts"
NOBODY = Actor(user_id=None, name="", agency_id=None, roles=frozenset(), via=Via.PAGE)


class Accounts(ModelBackend):
    """Whose a session is, by a query that is made once: every page asks it."""

    def get_user(self, user_id: UUID) -> User | None:
        """The user, unless switched off."""
        user = user_of(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None


def log_in(username: str, password: str, source: lockout.Source, now: datetime) -> User:
    """The user whose password it is, with an active role somewhere; call `django.contrib.auth.login` with it next.

    Raises:
        Invalid: one sentence for every cause.
        Locked: after five failures within 15 minutes for this account from this source.
        TooMany: too many at once.
    """
    user = User.objects.filter(username=User.normalize_username(username)).first()
    attempt = lockout.attempt(username, user, source, now)
    if user is None:
        User().set_password(password)  # so that an unknown name takes as long as a wrong password
    actor = actor_of_user(user) if user is not None and user.check_password(password) else None
    if user is None or actor is None or not _may_enter(user, now):
        lockout.failed(attempt, source, now)
        refuse(user)
        raise Invalid.at("username", sentence=str(WRONG))
    # Only this attempt: failures count until the login is complete, so that a known password buys no more tries.
    attempt.delete()
    if not is_demo_login(user):
        record_half(actor)
    return user


def _may_enter(user: User, now: datetime) -> bool:
    """A first password counts for its hours."""
    ends = user.first_password_ends_at
    return ends is None or now < ends


def record_half(actor: Actor) -> None:
    """Put into the audit trail that one factor was right and another is owed."""
    record(actor, HALF, {"user": str(actor.user_id)})


def record_login(user: User, by: Proof) -> None:
    """Put a complete login into the audit trail."""
    record(actor_of_user(user) or NOBODY, VERB, {"user": str(user.pk)}, details={"by": by.value})


def record_confirmed(actor: Actor, by: Proof) -> None:
    """Put into the audit trail that somebody showed once more who they are."""
    record(actor, "accounts.session.confirm", {"user": str(actor.user_id)}, details={"by": by.value})


def refuse(user: User | None) -> None:
    """Put a failed login into the audit trail."""
    record(NOBODY, VERB, {"user": str(user.pk)} if user else {}, outcome="refused")


def count_wrong_guess(what: str, address: str, now: datetime) -> None:
    """Count a wrong secret for something else than a login, e.g. a feed's address; slowed down alike by `TooMany`."""
    _attempt(what, address, now, _("Too many wrong addresses. Try again in {seconds} seconds."))


def record_logout(actor: Actor) -> None:
    """Put the end of a session into the audit trail."""
    record(actor, "accounts.session.end", {"user": str(actor.user_id)})


def forget_old_failures(now: datetime) -> None:
    """Drop what no longer counts."""
    lockout.forget(now)


def _attempt(what: str, address: str, now: datetime, refusal: str) -> LoginFailure:
    attempt = LoginFailure.objects.create(key=_key(what, address), at=now)
    # The attempt is stored before it is counted, so that many at once cannot all see the count of before.
    wait = _wait(attempt, now)
    if wait > timedelta(0):
        attempt.delete()
        seconds = int(wait.total_seconds()) + 1
        raise TooMany(refusal.format(seconds=seconds), seconds)
    return attempt


def _wait(attempt: LoginFailure, now: datetime) -> timedelta:
    others = LoginFailure.objects.filter(key=attempt.key, at__gt=now - WINDOW).exclude(pk=attempt.pk)
    failures = list(others.order_by("at").values_list("at", flat=True))
    if len(failures) < FREE_FAILURES:
        return timedelta(0)
    delay = min(FIRST_DELAY * (1 << min(len(failures) - FREE_FAILURES, 10)), LONGEST_DELAY)
    return failures[-1] + delay - now


def _key(username: str, address: str) -> str:
    return hashlib.sha256(f"{username.strip().casefold()}\n{address}".encode()).hexdigest()
