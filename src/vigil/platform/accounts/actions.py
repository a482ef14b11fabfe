"""What administrators do with people and tokens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound, Refused
from vigil.core.permissions import PERMISSIONS, Role, scope_covers
from vigil.platform import clock
from vigil.platform.accounts.access import new_token
from vigil.platform.accounts.models import ApiToken, Membership, User
from vigil.platform.actions import action, concerns
from vigil.platform.agencies.models import Agency

LONGEST_TOKEN = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class NewUser:
    """What is needed to create a person."""

    username: str
    full_name: str
    password: str
    agency_id: UUID
    roles: frozenset[Role]
    phone: str = ""


@action("accounts.user.create")
def create_user(actor: Actor, wanted: NewUser) -> User:
    """A person with roles in one agency. An agency administrator may only do so for their own agency."""
    _within(actor, wanted.agency_id)
    _check_roles(actor, wanted.roles)
    if not wanted.username.strip():
        raise Invalid.at("username", sentence="A user name is needed.")
    if User.objects.filter(username=User.normalize_username(wanted.username)).exists():
        raise Invalid.at("username", sentence="This user name is taken. Choose another.")
    _check_password(wanted.password, User(username=wanted.username, full_name=wanted.full_name))
    agency = Agency.objects.filter(pk=wanted.agency_id).first()
    if agency is None:
        raise NotFound
    user = User.objects.create_user(wanted.username, wanted.password, full_name=wanted.full_name, phone=wanted.phone)
    for role in sorted(wanted.roles):
        Membership.objects.create(user=user, agency=agency, role=role.value)
    concerns(user=user.pk, agency=agency.pk)
    return user


@action("accounts.user.edit")
def set_active(actor: Actor, user_id: UUID, active: bool) -> User:
    """Switch a person off (sessions, tokens and streams stop at once) or on again."""
    user = _user_of(actor, user_id)
    user.is_active = active
    user.save(update_fields=["is_active"])
    concerns(user=user.pk)
    return user


@action("accounts.user.edit")
def set_password(actor: Actor, user_id: UUID, password: str) -> User:
    """Give a person a new password; their open sessions end."""
    user = _user_of(actor, user_id)
    _check_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    concerns(user=user.pk)
    return user


@action("accounts.token.create")
def create_token(
    actor: Actor, user_id: UUID, agency_id: UUID, name: str, scopes: Iterable[str], expires_at: datetime
) -> tuple[ApiToken, str]:
    """A token by which a program acts as the user; its text is returned this once."""
    _within(actor, agency_id)
    scopes = frozenset(scopes)
    if not scopes:
        raise Invalid.at("scopes", sentence="Name at least one scope, e.g. deconfliction.operation.read.")
    for scope in sorted(scopes):
        if not any(scope_covers(scope, permission) for permission in PERMISSIONS):
            raise Invalid.at("scopes", sentence=f"There is no permission {scope}.", choices=sorted(PERMISSIONS))
    if not clock.now() < expires_at <= clock.now() + LONGEST_TOKEN:
        raise Invalid.at("expires_at", sentence="A token must end in the future, at most a year from now.")
    membership = Membership.objects.filter(user_id=user_id, agency_id=agency_id, active=True).select_related("user")
    first = membership.first()
    if first is None:
        raise Invalid.at("user", sentence="This person has no active role in the agency.")
    token, text = new_token(first.user, agency_id, name, scopes, expires_at)
    concerns(token=token.pk, user=user_id, agency=agency_id)
    return token, text


@action("accounts.token.revoke")
def revoke_token(actor: Actor, prefix: str) -> ApiToken:
    """Stop a token for good; the row stays as evidence."""
    token = ApiToken.objects.filter(prefix=prefix).first()
    if token is None:
        raise NotFound(f"There is no token {prefix}. `vigil token list` shows all.")
    _within(actor, token.agency_id)
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at"])
    concerns(token=token.pk)
    return token


def _within(actor: Actor, agency_id: UUID) -> None:
    if not actor.roles & {Role.NODE_ADMIN, Role.SYSTEM} and actor.agency_id != agency_id:
        raise NotFound


def _check_roles(actor: Actor, roles: frozenset[Role]) -> None:
    if not roles or Role.SYSTEM in roles:
        raise Invalid.at("roles", sentence="Choose at least one role.")
    if Role.NODE_ADMIN in roles and not actor.roles & {Role.NODE_ADMIN, Role.SYSTEM}:
        raise Refused("accounts.user.create", "Only a node administrator may appoint another one.")


def _user_of(actor: Actor, user_id: UUID) -> User:
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound
    if not actor.roles & {Role.NODE_ADMIN, Role.SYSTEM}:
        memberships = Membership.objects.filter(user=user)
        # A person who also serves elsewhere, or administers the node, is not one agency's to switch off.
        held = list(memberships.values_list("agency_id", "role"))
        if not held or any(agency != actor.agency_id or role == Role.NODE_ADMIN for agency, role in held):
            raise NotFound
    return user


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid.at("password", sentence=" ".join(error.messages)) from None
