"""From a session, a token or a user to an `Actor`: the only places where roles are read."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import QuerySet
from django.http import HttpRequest

from vigil.core.actor import Actor, Via
from vigil.core.errors import NotFound
from vigil.core.permissions import OF_THE_NODE, Role
from vigil.platform import clock
from vigil.platform.accounts import life
from vigil.platform.accounts.models import ApiToken, Membership, User
from vigil.platform.accounts.sessions import handle_of
from vigil.platform.agencies.demonstration import is_demonstration
from vigil.platform.glass.access import open_for
from vigil.platform.prepared import Prepared
from vigil.platform.sso.models import Identity

TOKEN_PREFIX = "vgl_"  # noqa: S105 - what a token begins with, so that leak scanners find it
SESSION_AGENCY = "agency_id"
PROVED = "proved"
"""In a session: when (seconds since 1970) and by what (`Proof`) its person last showed who they are, completely."""
FRESH = timedelta(minutes=10)
"""So long a proof counts for sensitive acts (CJIS IA-11)."""


class Proof(StrEnum):
    """By what a login was completed."""

    PASSKEY = "passkey"
    APP = "app"
    RECOVERY = "recovery"
    PROVIDER = "provider"
    WAY_BACK = "way_back"
    PASSWORD = "password"  # noqa: S105 - of a demo account


class Owed(StrEnum):
    """What a session still owes before any protected page opens; the value is the name of the page that takes it."""

    NOTHING = ""
    LOGIN = "login"
    SECOND = "second_factor"
    PASSWORD = "password"  # noqa: S105
    ENROL = "factors"


_TOKEN = Prepared(lambda prefix: ApiToken.objects.filter(prefix=prefix))
_USER = Prepared(lambda user: User.objects.filter(pk=user))
_MEMBERSHIPS = Prepared(
    lambda user: Membership.objects.filter(user_id=user, active=True, agency__is_active=True).order_by(
        "created_at", "id"
    )
)


def user_of(user_id: UUID) -> User | None:
    """The user's row; None where there is none."""
    return _USER.first(user_id)


def serves_several(user_id: UUID) -> bool:
    """Whether the person has roles in more than one agency."""
    return len({one.agency_id for one in _MEMBERSHIPS(user_id)}) > 1


def actor_of_user(user: User, agency_id: UUID | None = None, via: Via = Via.PAGE) -> Actor | None:
    """The user acting for the agency, or, where none is named, for the one they joined first.

    None when the user is switched off or at their end, is of the demonstration on another node, or has no role there
    that counts.
    """
    now = clock.now()
    if not life.is_on(user, now) or (user.is_demo and not is_demo_login(user)):
        return None
    held = [(one.agency_id, one.role) for one in _MEMBERSHIPS(user.pk) if life.counts(one, user, now)]
    chosen = agency_id or (held[0][0] if held else None)
    roles = frozenset(Role(role) for agency, role in held if agency == chosen)
    if not roles:
        return None
    return Actor(user_id=user.id, name=str(user), agency_id=chosen, roles=roles, via=via)


def is_demo_login(user: User) -> bool:
    """Whether the password is enough for this person: a demo account, on the demonstration."""
    return user.is_demo and is_demonstration()


def factors_of(user: User) -> QuerySet[Any]:
    """What can stand beside the password, or in its place; recovery codes alone are no factor."""
    kinds = (Authenticator.Type.WEBAUTHN, Authenticator.Type.TOTP)
    rows: QuerySet[Any] = Authenticator.objects.filter(user_id=user.pk, type__in=kinds).order_by("created_at", "pk")
    return rows


def forget_factors(user: User) -> None:
    """Take every passkey, code app, recovery code and bound login from the person, within the caller's transaction."""
    Authenticator.objects.filter(user_id=user.pk).delete()
    Identity.objects.filter(user_id=user.pk).delete()


def owed(request: HttpRequest) -> Owed:
    """What the session still owes, in this order: login, second factor, a password of one's own, a first factor."""
    user = request.user
    if not isinstance(user, User):
        # request.user is lazy: only the wrapped object knows its class.
        return Owed.LOGIN
    proved = request.session.get(PROVED)
    if proved is None and factors_of(user).exists():
        return Owed.SECOND
    if user.is_demo and not is_demo_login(user):
        return Owed.LOGIN
    if user.must_change_password:
        return Owed.PASSWORD
    return Owed.ENROL if proved is None else Owed.NOTHING


def is_fresh(request: HttpRequest, now: datetime) -> bool:
    """Whether the person has shown who they are a short while ago; a demo account has nothing to show it with."""
    proved = request.session.get(PROVED)
    if proved is None:
        return False
    return bool(proved["by"] == Proof.PASSWORD or now.timestamp() - proved["at"] < FRESH.total_seconds())


def actor_of_session(request: HttpRequest) -> Actor | None:
    """The logged-in user as an actor of the agency chosen in the session; None when nobody is logged in, or when
    the session still owes anything (`owed`).
    """
    user = request.user
    if not isinstance(user, User) or owed(request):
        return None
    chosen = request.session.get(SESSION_AGENCY)
    actor = actor_of_user(user, UUID(chosen) if chosen else None) or actor_of_user(user)
    return _with_glass(actor, request.session.session_key, clock.now()) if actor else None


def _with_glass(actor: Actor, session_key: str | None, now: datetime) -> Actor:
    """The actor under the emergency access that is open in this session, where there is one."""
    if session_key is None or actor.user_id is None or actor.agency_id is None or not actor.can("glass.access.begin"):
        return actor
    return replace(actor, glass=open_for(actor.user_id, actor.agency_id, handle_of(session_key), now))


def people_of(actor: Actor) -> QuerySet[User]:
    """Whom an administrator may see: all of the node, or those of the own agency.

    Who left the agency and serves in another one is no longer of it.
    """
    actor.require("accounts.user.read")
    people = User.objects.all()
    if Role.NODE_ADMIN in actor.roles:
        return people
    if actor.agency_id is None:
        return people.none()
    own = Membership.objects.filter(agency_id=actor.agency_id)
    elsewhere = Membership.objects.filter(active=True).exclude(agency_id=actor.agency_id)
    former = people.filter(pk__in=own.values("user")).exclude(pk__in=elsewhere.values("user"))
    return people.filter(pk__in=own.filter(active=True).values("user")) | former


def person_of(actor: Actor, user_id: UUID) -> User:
    """One of them; `NotFound` for anybody else."""
    user = people_of(actor).filter(pk=user_id).first()
    if user is None:
        raise NotFound
    return user


def may_manage(actor: Actor, user: User) -> bool:
    """Whether the account itself (name, password, on or off) is the actor's to change.

    A person who also serves elsewhere, or administers or audits the node, is not one agency's to switch off. Who is
    lent stays their own agency's.
    """
    if Role.NODE_ADMIN in actor.roles:
        return True
    held = Membership.objects.filter(user=user, active=True, ends_at=None).values_list("agency_id", "role")
    own = all(agency == actor.agency_id and role not in OF_THE_NODE for agency, role in held)
    # Without a role of their own anywhere, who is lent here is nobody's here.
    return own and (bool(held) or not Membership.objects.filter(user=user, active=True).exists())


def new_token(
    user: User, agency_id: UUID, name: str, scopes: Iterable[str], expires_at: datetime
) -> tuple[ApiToken, str]:
    """Create a token within the caller's transaction; the text is returned once and never stored."""
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    text = f"{TOKEN_PREFIX}{prefix}_{secret}"
    token = ApiToken.objects.create(
        prefix=prefix,
        digest=_digest(text),
        name=name,
        user=user,
        agency_id=agency_id,
        scopes=sorted(scopes),
        expires_at=expires_at,
    )
    return token, text


def actor_of_token(text: str, now: datetime) -> tuple[Actor, ApiToken] | None:
    """The actor and the token's row; None when the text is unknown, expired, revoked, or its user may no longer act."""
    if not text.startswith(TOKEN_PREFIX):
        return None
    prefix = text.removeprefix(TOKEN_PREFIX).split("_", 1)[0]
    token = _TOKEN.first(prefix)
    if token is None or not secrets.compare_digest(token.digest, _digest(text)):
        return None
    if token.revoked_at is not None or token.expires_at <= now:
        return None
    (token.user,) = _USER(token.user_id)
    if token.user.must_change_password:
        return None
    actor = actor_of_user(token.user, token.agency_id, Via.API)
    if actor is None:
        return None
    if now - token.user.used_at >= life.USED_EVERY:
        note_use(token.user, now)
    narrowed = Actor(
        user_id=actor.user_id,
        name=actor.name,
        agency_id=actor.agency_id,
        roles=actor.roles,
        scopes=frozenset(token.scopes),
        via=Via.API,
    )
    return narrowed, token


def note_use(user: User, now: datetime) -> None:
    """Somebody uses the account: it is not disabled as unused."""
    User.objects.filter(pk=user.pk).update(used_at=now)


def _digest(text: str) -> str:
    # A token has 256 random bits, so a plain hash is enough: there is nothing to guess.
    return hashlib.sha256(text.encode()).hexdigest()
