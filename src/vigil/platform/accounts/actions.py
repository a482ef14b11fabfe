"""What administrators do with people and tokens."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound, Problem, Refused
from vigil.core.permissions import OF_THE_NODE, PERMISSIONS, Role, clash, scope_covers
from vigil.platform import clock
from vigil.platform.accounts.access import forget_factors, may_manage, new_token, person_of
from vigil.platform.accounts.administrators import keeping_administrators
from vigil.platform.accounts.life import TEMPORARY
from vigil.platform.accounts.models import ApiToken, Membership, OffBecause, User
from vigil.platform.accounts.sessions import end_sessions
from vigil.platform.actions import action, concerns, detail
from vigil.platform.agencies.models import Agency

LONGEST_TOKEN = timedelta(days=366)
FIRST_PASSWORD_LIVES = timedelta(hours=72)
"""A first password that nobody used is nobody's after that (CJIS AC-2(2))."""
FIRST_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are taken for one another: i and l and 1, o and 0."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """What is needed to create a person."""

    username: str
    full_name: str
    password: str
    agency_id: UUID
    roles: frozenset[Role]
    phone: str = ""
    unit: str = ""
    must_change_password: bool = False
    is_demo: bool = False
    employment: str = ""
    """A value of `Employment`, or empty."""
    hashed: str = ""
    """The password as it is stored, where that is known: the demonstration's accounts have one together."""
    is_temporary: bool = False
    """The account ends by itself after `life.TEMPORARY`."""


@action("accounts.user.create")
def create_user(actor: Actor, wanted: NewUser) -> User:
    """A person with roles in one agency. An agency administrator may only do so for their own agency."""
    _within(actor, wanted.agency_id)
    return new_user(wanted, actor)


def new_user(wanted: NewUser, by: Actor) -> User:
    """The person, within the caller's action, which has asked whether the actor may create one there."""
    _check_roles(by, wanted.roles)
    _check_hands(wanted.roles)
    problems = username_problems(wanted.username) + details_problems(wanted.full_name, wanted.phone, wanted.unit)
    if problems:
        raise Invalid(problems)
    if User.objects.filter(username__iexact=wanted.username).exists():
        raise Invalid.at("username", sentence=_("This user name is taken. Choose another."))
    if not wanted.is_demo:  # whose password is printed at every start
        _check_password(wanted.password, User(username=wanted.username, full_name=wanted.full_name))
    agency = Agency.objects.filter(pk=wanted.agency_id).first()
    if agency is None:
        raise NotFound
    user = User.objects.create_user(
        wanted.username,
        wanted.password,
        hashed=wanted.hashed,
        full_name=wanted.full_name.strip(),
        phone=wanted.phone.strip(),
        unit=wanted.unit.strip(),
        must_change_password=wanted.must_change_password,
        first_password_ends_at=clock.now() + FIRST_PASSWORD_LIVES if wanted.must_change_password else None,
        is_demo=wanted.is_demo,
        employment=wanted.employment,
        ends_at=clock.now() + TEMPORARY if wanted.is_temporary else None,
    )
    for role in sorted(wanted.roles):
        Membership.objects.create(user=user, agency=agency, role=role.value)
    concerns(user=user.pk, agency=agency.pk)
    return user


@action("accounts.user.edit")
def set_active(actor: Actor, user_id: UUID, active: bool) -> User:
    """Switch a person off (sessions, tokens and streams stop at once) or on again (`put_on`)."""
    user = _managed(actor, user_id)
    if active:
        put_on(user)
    else:
        with keeping_administrators(actor):
            put_off(user, OffBecause.HAND)
    concerns(user=user.pk)
    detail(active=active)
    return user


def put_off(user: User, because: OffBecause) -> None:
    """Switch the account off, within the caller's action."""
    user.is_active, user.off_because = False, because
    user.save(update_fields=["is_active", "off_because"])
    end_sessions(user.pk)


def put_on(user: User) -> None:
    """Switch it on, within the caller's action. That is a decision about it: it counts as used and as confirmed today,
    roles that lapsed unconfirmed come back, and a temporary account begins its hours again.
    """
    now = clock.now()
    user.is_active, user.off_because, user.used_at = True, "", now
    user.ends_at = now + TEMPORARY if user.ends_at else None
    user.save(update_fields=["is_active", "off_because", "used_at", "ends_at"])
    held = Membership.objects.filter(user=user)
    held.filter(is_lapsed=True).update(active=True, is_lapsed=False)
    held.filter(active=True).update(reviewed_at=now)


@action("accounts.user.edit")
def make_lasting(actor: Actor, user_id: UUID) -> User:
    """A temporary account ends no more by itself."""
    user = _managed(actor, user_id)
    user.ends_at = None
    user.save(update_fields=["ends_at"])
    concerns(user=user.pk)
    return user


@action("accounts.user.edit")
def edit_person(actor: Actor, user_id: UUID, full_name: str, phone: str, unit: str) -> User:
    """Another name, telephone or unit."""
    user = _managed(actor, user_id)
    problems = details_problems(full_name, phone, unit)
    if problems:
        raise Invalid(problems)
    user.full_name, user.phone, user.unit = full_name.strip(), phone.strip(), unit.strip()
    user.save(update_fields=["full_name", "phone", "unit"])
    concerns(user=user.pk)
    return user


@action("accounts.user.edit")
def set_roles(actor: Actor, user_id: UUID, agency_id: UUID, roles: frozenset[Role]) -> User:
    """What a person is within an agency from now on; no role at all ends their service there, nothing is deleted.

    An agency administrator decides for the own agency, and leaves a role of the node as it is.
    """
    _within(actor, agency_id)
    user = person_of(actor, user_id)
    if not Agency.objects.filter(pk=agency_id, is_served=True).exists():
        raise NotFound
    held = Membership.objects.filter(user=user, active=True)
    here = held.filter(agency_id=agency_id)
    was = frozenset(Role(one.role) for one in here)
    if Role.NODE_ADMIN not in actor.roles:
        roles |= was & OF_THE_NODE
    _check_roles(actor, roles - was, may_be_none=True)
    elsewhere = frozenset(Role(one.role) for one in held.exclude(agency_id=agency_id))
    if roles - was:
        _check_hands(roles | elsewhere)
    given = {"active": True, "is_lapsed": False, "reviewed_at": clock.now(), "ends_at": _lent_until(here)}
    with keeping_administrators(actor):
        Membership.objects.filter(user=user, agency_id=agency_id).exclude(role__in=roles).update(active=False)
        for role in sorted(roles):
            Membership.objects.update_or_create(user=user, agency_id=agency_id, role=role.value, defaults=given)
    concerns(user=user.pk, agency=agency_id)
    detail(roles=sorted(roles))
    return user


def _lent_until(here: Iterable[Membership]) -> datetime | None:
    """Who is only lent to an agency stays so, whatever roles they are given there."""
    ends = [one.ends_at for one in here]
    return max(end for end in ends if end) if ends and all(ends) else None


@action("accounts.user.edit")
def set_password(actor: Actor, user_id: UUID, password: str) -> User:
    """Give a person a new password; their open sessions end."""
    user = _managed(actor, user_id)
    _check_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    concerns(user=user.pk)
    return user


@action("accounts.user.edit")
def reset_password(actor: Actor, user_id: UUID) -> str:
    """A first password, told this once, that must be changed at the next login; open sessions end."""
    return _give_first_password(_managed(actor, user_id))


def _give_first_password(user: User, lives: timedelta = FIRST_PASSWORD_LIVES) -> str:
    password = first_password()
    user.set_password(password)
    user.must_change_password, user.first_password_ends_at = True, clock.now() + lives
    user.save(update_fields=["password", "must_change_password", "first_password_ends_at"])
    concerns(user=user.pk)
    return password


@action("accounts.user.edit")
def reset_login(actor: Actor, user_id: UUID) -> str:
    """For who has lost everything: passkeys, code app and recovery codes are taken away, open sessions end, and a first
    password is told this once, with which the person begins again.
    """
    user = User.objects.filter(pk=user_id).first() if Role.SYSTEM in actor.roles else _managed(actor, user_id)
    if user is None:
        raise NotFound
    return begin_again(user, FIRST_PASSWORD_LIVES)


def begin_again(user: User, lives: timedelta) -> str:
    """The same, within the caller's action; the first password counts for so long."""
    forget_factors(user)
    end_sessions(user.pk)
    return _give_first_password(user, lives)


@action("accounts.profile.edit")
def change_own_password(actor: Actor, current: str, password: str, again: str) -> User:
    """Another password for oneself, by who knows the present one."""
    user = User.objects.filter(pk__in=[actor.user_id]).first()
    if user is None:
        raise NotFound
    if not user.check_password(current):
        raise Invalid.at("current", sentence=_("This is not your present password."))
    if password == current:
        raise Invalid.at("password", sentence=_("Choose another password than the present one."))
    _check_password(password, user)
    if password != again:
        raise Invalid.at("again", sentence=_("The two new passwords differ. Type the second one again."))
    user.set_password(password)
    user.must_change_password, user.first_password_ends_at = False, None
    user.save(update_fields=["password", "must_change_password", "first_password_ends_at"])
    concerns(user=user.pk)
    return user


@action("accounts.session.end")
def end_own_sessions(actor: Actor, this_key: str | None, handle: str = "") -> int:
    """End one of one's other sessions, or all of them; how many ended."""
    if actor.user_id is None:
        raise NotFound
    ended = end_sessions(actor.user_id, handle=handle, but=this_key)
    concerns(user=actor.user_id)
    detail(ended=ended)
    return ended


def first_password() -> str:
    """Sixteen letters and digits that are read out without mistakes, in groups of four: 79 random bits."""
    return "-".join("".join(secrets.choice(FIRST_LETTERS) for letter in range(4)) for group in range(4))


@action("accounts.token.create")
def create_token(
    actor: Actor, user_id: UUID, agency_id: UUID, name: str, scopes: Iterable[str], expires_at: datetime
) -> tuple[ApiToken, str]:
    """A token by which a program acts as the user; its text is returned this once."""
    _within(actor, agency_id)
    scopes = frozenset(scopes)
    if not scopes:
        raise Invalid.at("scopes", sentence=_("Name at least one scope, e.g. deconfliction.operation.read."))
    for scope in sorted(scopes):
        if not any(scope_covers(scope, permission) for permission in PERMISSIONS):
            raise Invalid.at(
                "scopes", sentence=_("There is no permission {scope}.").format(scope=scope), choices=sorted(PERMISSIONS)
            )
    if not clock.now() < expires_at <= clock.now() + LONGEST_TOKEN:
        raise Invalid.at("expires_at", sentence=_("A token must end in the future, at most a year from now."))
    membership = Membership.objects.filter(user_id=user_id, agency_id=agency_id, active=True).select_related("user")
    first = membership.first()
    if first is None:
        raise Invalid.at("user", sentence=_("This person has no active role in the agency."))
    token, text = new_token(first.user, agency_id, name, scopes, expires_at)
    concerns(token=token.pk, user=user_id, agency=agency_id)
    return token, text


@action("accounts.token.revoke")
def revoke_token(actor: Actor, prefix: str) -> ApiToken:
    """Stop a token for good; the row stays as evidence."""
    token = ApiToken.objects.filter(prefix=prefix).first()
    if token is None:
        raise NotFound(_("There is no token {prefix}. `vigil token list` shows all.").format(prefix=prefix))
    _within(actor, token.agency_id)
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at"])
    concerns(token=token.pk)
    return token


def _within(actor: Actor, agency_id: UUID) -> None:
    if not actor.roles & {Role.NODE_ADMIN, Role.SYSTEM} and actor.agency_id != agency_id:
        raise NotFound


def _check_roles(actor: Actor, roles: frozenset[Role], may_be_none: bool = False) -> None:
    if not (roles or may_be_none) or Role.SYSTEM in roles:
        raise Invalid.at("roles", sentence=_("Choose at least one role."))
    if roles & OF_THE_NODE and not actor.roles & {Role.NODE_ADMIN, Role.SYSTEM}:
        raise Refused("accounts.user.create", _("Only a node administrator may give a role of the node."))


def _check_hands(roles: frozenset[Role]) -> None:
    if clash(roles):
        sentence = _(
            "Nobody both gives access and audits, in this agency or another. Choose one of the two, or another person."
        )
        raise Invalid.at("roles", sentence=sentence)


def _managed(actor: Actor, user_id: UUID) -> User:
    user = person_of(actor, user_id)
    if not may_manage(actor, user):
        raise Refused(
            "accounts.user.edit",
            _("This person also serves elsewhere or administers the node: only a node administrator may do this."),
        )
    return user


def username_problems(username: str) -> list[Problem]:
    """What is wrong with a user name; it is not asked whether it is taken."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{2,60}", username):
        return [
            Problem(("username",), _("A user name is 2 to 60 letters, digits, dots and dashes, e.g. dana.whitlock."))
        ]
    return []


def details_problems(full_name: str, phone: str, unit: str) -> list[Problem]:
    """What is wrong with what is known of a person."""
    problems = []
    if not 0 < len(full_name.strip()) <= 200:
        problems.append(Problem(("full_name",), _("Give the full name, at most 200 characters.")))
    if len(phone) > 32 or (phone.strip() and sum(letter.isdigit() for letter in phone) < 7):
        problems.append(Problem(("phone",), _("This is not a telephone number: give ten digits, or nothing.")))
    if len(unit) > 100:
        problems.append(Problem(("unit",), _("Longer than 100 characters.")))
    return problems


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid.at("password", sentence=" ".join(error.messages)) from None
