"""What the account pages read, all for one's own person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.core.permissions import Role
from vigil.platform.accounts.models import ApiToken, Membership, User
from vigil.platform.agencies.models import Node

DEMO_PASSWORD = "bay-gateway-demo"  # noqa: S105 - printed at every start; the demonstration holds nothing real


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as they see themselves; `agencies` are those they may act for."""

    username: str
    full_name: str
    phone: str
    email: str
    roles: str
    agencies: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Login:
    """One login shown on a demonstration node."""

    username: str
    name: str
    role: str
    agency: str


def role_words(role: str) -> str:
    """`watch_desk` as `Watch desk`."""
    return role.replace("_", " ").capitalize()


def _person(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise NotFound
    return actor.user_id


def profile_of(actor: Actor) -> Profile:
    """The actor's own person."""
    user = User.objects.get(pk=_person(actor))
    memberships = Membership.objects.filter(user=user, active=True, agency__is_active=True).select_related("agency")
    agencies = {str(membership.agency_id): membership.agency.label for membership in memberships}
    roles = ", ".join(role_words(role.value) for role in Role if role in actor.roles)
    return Profile(user.username, user.full_name, user.phone, user.email, roles, sorted(agencies.items()))


def may_act_for(actor: Actor, agency_id: UUID) -> bool:
    """Whether the person has an active role there."""
    return Membership.objects.filter(user_id=_person(actor), agency_id=agency_id, active=True).exists()


def agencies_of(actor: Actor) -> list[tuple[str, str, bool]]:
    """The agencies that the person may act for, where there are several: id, label, whether it is the present one."""
    if actor.user_id is None:
        return []
    held = Membership.objects.filter(user_id=actor.user_id, active=True, agency__is_active=True)
    agencies = {one.agency_id: one.agency for one in held.select_related("agency").order_by("agency__name")}
    if len(agencies) < 2:
        return []
    return [(str(key), agency.label, key == actor.agency_id) for key, agency in agencies.items()]


def own_tokens(actor: Actor) -> list[ApiToken]:
    """The tokens that act as this person, newest first."""
    return list(ApiToken.objects.filter(user_id=_person(actor)).order_by("-created_at"))


def demo_logins() -> list[Login]:
    """Everyone of a demonstration node; nobody of a real one."""
    if not Node.objects.filter(is_demo=True).exists():
        return []
    memberships = (
        Membership.objects.filter(active=True, user__is_active=True)
        .select_related("user", "agency")
        .order_by("agency__name", "role", "user__username")
    )
    return [
        Login(found.user.username, found.user.full_name, role_words(found.role), found.agency.label)
        for found in memberships
    ]
