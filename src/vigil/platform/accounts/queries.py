"""What the account pages read, all for one's own person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.core.permissions import OF_THE_NODE, Role
from vigil.platform import clock
from vigil.platform.accounts import life
from vigil.platform.accounts.access import may_manage, people_of, person_of, serves_several
from vigil.platform.accounts.models import ApiToken, Membership, OffBecause, User
from vigil.platform.agencies.demonstration import is_demonstration
from vigil.platform.agencies.models import Agency, Node
from vigil.platform.agencies.notice import notice_of
from vigil.platform.sso import is_installed
from vigil.platform.sso.models import Identity

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


PEOPLE_PER_PAGE = 50
MOST_WATCHED = 100
ROLE_WORDS = {
    Role.OFFICER: _("Officer"),
    Role.SUPERVISOR: _("Supervisor"),
    Role.WATCH_DESK: _("Watch desk"),
    Role.AGENCY_ADMIN: _("Agency admin"),
    Role.NODE_ADMIN: _("Node admin"),
    Role.AGENCY_AUDITOR: _("Agency auditor"),
    Role.NODE_AUDITOR: _("Node auditor"),
    Role.SYSTEM: _("System"),
}


@dataclass(frozen=True, slots=True)
class Service:
    """What a person is within one agency that the reader administers."""

    agency_id: UUID
    agency: str
    roles: Sequence[Role]

    @property
    def words(self) -> str:
        """The roles in words; none where the person has left."""
        return ", ".join(role_words(role.value) for role in self.roles) or gettext("No role now")


@dataclass(frozen=True, slots=True)
class Person:
    """A person as an administrator sees them; `services` are those in agencies that the administrator sees into.

    `may_manage`: the account itself may be changed, not only the roles.
    """

    id: UUID
    username: str
    full_name: str
    phone: str
    unit: str
    is_active: bool
    first_password: str
    """`open`: it waits to be used; `over`: nobody used it in time; empty: the person chose their own."""
    services: Sequence[Service]
    may_manage: bool = False
    off_because: str = ""
    employment: str = ""
    ends_at: datetime | None = None
    """When a temporary account ends."""
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class People:
    """One page of people; `page` from 1."""

    people: Sequence[Person]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Login:
    """One login shown on a demonstration node."""

    username: str
    name: str
    role: str
    agency: str


def role_words(role: str) -> str:
    """`watch_desk` as `Watch desk`, in the reader's language."""
    return str(ROLE_WORDS[Role(role)])


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
    if actor.user_id is None or not serves_several(actor.user_id):
        return []
    held = Membership.objects.filter(user_id=actor.user_id, active=True, agency__is_active=True)
    agencies = {one.agency_id: one.agency for one in held.select_related("agency").order_by("agency__name")}
    return [(str(key), agency.label, key == actor.agency_id) for key, agency in agencies.items()]


def own_tokens(actor: Actor) -> list[ApiToken]:
    """The tokens that act as this person, newest first."""
    return list(ApiToken.objects.filter(user_id=_person(actor)).order_by("-created_at"))


def people(actor: Actor, text: str, page: int) -> People:
    """Those whom an administrator sees, by name, with the text in name, user name or unit."""
    found = people_of(actor)
    for word in text.split()[:5]:
        found = found.filter(Q(full_name__icontains=word) | Q(username__icontains=word) | Q(unit__icontains=word))
    total = found.count()
    pages = max(1, -(-total // PEOPLE_PER_PAGE))
    page = min(max(page, 1), pages)
    start = (page - 1) * PEOPLE_PER_PAGE
    users = list(found.order_by("full_name", "pk")[start : start + PEOPLE_PER_PAGE])
    services = _services(actor, users)
    return People([_as_person(user, services.get(user.pk, [])) for user in users], total, page, pages)


def person(actor: Actor, user_id: UUID) -> Person:
    """One of them; `NotFound` for anybody else."""
    user = person_of(actor, user_id)
    return _as_person(user, _services(actor, [user]).get(user.pk, []), may_manage(actor, user))


def agencies_to_choose(actor: Actor) -> list[tuple[str, str]]:
    """The agencies that an administrator may give roles in: id and label with the ORI."""
    actor.require("accounts.user.read")
    served = Agency.objects.filter(is_served=True, is_active=True)
    if Role.NODE_ADMIN not in actor.roles:
        served = served.filter(pk__in=[actor.agency_id])
    return [(str(agency.pk), f"{agency.label}, {agency.ori}") for agency in served]


def roles_to_choose(actor: Actor) -> list[Role]:
    """The roles that the actor may give."""
    kept_back = {Role.SYSTEM} if Role.NODE_ADMIN in actor.roles else {Role.SYSTEM, *OF_THE_NODE}
    return [role for role in Role if role not in kept_back]


def _services(actor: Actor, users: Sequence[User]) -> dict[UUID, list[Service]]:
    held = Membership.objects.filter(user__in=users).select_related("agency").order_by("agency__name")
    if Role.NODE_ADMIN not in actor.roles:
        held = held.filter(agency_id__in=[actor.agency_id])
    roles: dict[tuple[UUID, UUID, str], set[Role]] = {}
    for one in held:
        active = roles.setdefault((one.user_id, one.agency_id, one.agency.label), set())
        active |= {Role(one.role)} if one.active else set()
    found: dict[UUID, list[Service]] = {}
    for (user, agency, label), active in roles.items():
        found.setdefault(user, []).append(Service(agency, label, [role for role in Role if role in active]))
    return found


def _as_person(user: User, services: Sequence[Service], manages: bool = False) -> Person:
    return Person(
        user.pk,
        user.username,
        user.full_name,
        user.phone,
        user.unit,
        user.is_active,
        first_password_state(user, clock.now()),
        services,
        manages,
        user.off_because,
        user.employment,
        user.ends_at,
        user.used_at,
    )


def first_password_state(user: User, now: datetime) -> str:
    """See `Person.first_password`."""
    if not user.must_change_password:
        return ""
    return "over" if user.first_password_ends_at and user.first_password_ends_at <= now else "open"


@dataclass(frozen=True, slots=True)
class Watched:
    """Accounts that end by themselves, have done so, or were never used."""

    temporary: Sequence[User]
    unused: Sequence[User]
    """Off in a week at most."""
    never_used: Sequence[User]
    """The first password is over."""
    ended: Sequence[User]
    """Off by themselves."""


def watched(actor: Actor, now: datetime) -> Watched:
    """Of the people whom the actor administers."""
    people = people_of(actor).order_by("full_name")
    on = people.filter(is_active=True)
    by_themselves = (OffBecause.ENDED, OffBecause.UNUSED, OffBecause.UNREVIEWED)
    return Watched(
        list(on.filter(ends_at__gt=now)[:MOST_WATCHED]),
        list(on.filter(used_at__lte=now - life.UNUSED, is_demo=False)[:MOST_WATCHED]),
        list(on.filter(must_change_password=True, first_password_ends_at__lte=now)[:MOST_WATCHED]),
        list(people.filter(is_active=False, off_because__in=by_themselves)[:MOST_WATCHED]),
    )


def lent(actor: Actor, now: datetime) -> list[Membership]:
    """The roles that are lent to the actor's agency, and those that its own people have elsewhere."""
    actor.require("accounts.user.read")
    own = Membership.objects.filter(agency_id__in=[actor.agency_id], active=True, ends_at=None).values("user")
    held = Membership.objects.filter(active=True, ends_at__gt=now)
    rows = held.filter(agency_id__in=[actor.agency_id]) | held.filter(user__in=own)
    return list(rows.select_related("user", "agency").order_by("ends_at"))


def sees(actor: Actor, user_id: UUID) -> bool:
    """Whether the person is one of those whom the actor administers."""
    return people_of(actor).filter(pk=user_id).exists()


def login_notice() -> str:
    """What everybody agrees to by logging in."""
    return notice_of(Node.objects.filter(slot=1).first())


def identity_provider() -> str:
    """What the login page calls the agency's identity provider; empty where there is none."""
    if not is_installed():
        return ""
    if settings.VIGIL_OIDC_ISSUER:
        return settings.VIGIL_OIDC_NAME
    return settings.VIGIL_SAML_NAME if settings.VIGIL_SAML_ISSUER else ""


def is_bound(user: User) -> bool:
    """Whether the person logs in by it."""
    return Identity.objects.filter(user=user).exists()


def demo_logins() -> list[Login]:
    """Everyone of a demonstration node; nobody of a real one."""
    if not is_demonstration():
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
