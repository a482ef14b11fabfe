"""What ends by itself: temporary accounts, roles that were lent, accounts nobody uses, roles nobody confirmed.

An account is off at its moment by `life.is_on` and `life.counts`, whether the worker runs or not; here the rows follow,
people are told, and the audit trail says so. A demonstration's people are invented and never end.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vigil.core.actor import Actor, system
from vigil.core.errors import Invalid, NotFound
from vigil.core.permissions import ADMINISTRATORS, Role
from vigil.platform import clock
from vigil.platform.accounts import life
from vigil.platform.accounts.actions import put_off, put_on
from vigil.platform.accounts.administrators import second_persons
from vigil.platform.accounts.models import Membership, OffBecause, User
from vigil.platform.actions import action, concerns, detail
from vigil.platform.notices.board import notify

KIND = "accounts.life"
UNUSED_SOON_OFF = gettext_noop("An account was not used for 90 days: in a week it is switched off. Open Accounts.")
OWN_UNUSED = gettext_noop("Your account was not used for 90 days: use it within a week, or it is switched off.")
REVIEW_DUE = gettext_noop("Accounts wait for the yearly review. What nobody confirms stops. Open Accounts.")
LENT = gettext_noop("One of your people was given a role in another agency for some time. Open Accounts.")
OWN_LENT = gettext_noop("You were given a role in another agency for some time. Open Your account.")
WEEK = timedelta(days=7)
LENT_ROLES = (Role.OFFICER, Role.SUPERVISOR)


@action("accounts.user.edit")
def lend(actor: Actor, username: str, role: Role, days: int) -> User:
    """Give somebody of another agency a role in the actor's for some days; their own administrators are told.

    The person is named by the exact user name: nobody can be looked up here.
    """
    problems = {
        "role": None if role in LENT_ROLES else _("An officer or a supervisor is lent, nobody else."),
        "days": None
        if 0 < days <= life.LONGEST_LOAN.days
        else _("From 1 to {most} days; lend again after that.").format(most=life.LONGEST_LOAN.days),
    }
    for field, sentence in problems.items():
        if sentence:
            raise Invalid.at(field, sentence=sentence)
    user = User.objects.filter(username__iexact=username.strip(), is_active=True).first()
    homes = _homes(user) if user else []
    if user is None or not homes or actor.agency_id is None or actor.agency_id in homes:
        raise Invalid.at(
            "username",
            sentence=_(
                "There is no such person in another agency here. Ask them for their user name, letter by letter."
            ),
        )
    now = clock.now()
    until = now + timedelta(days=days)
    given = {"active": True, "ends_at": until, "reviewed_at": now, "is_lapsed": False}
    Membership.objects.update_or_create(user=user, agency_id=actor.agency_id, role=role.value, defaults=given)
    key = f"{KIND}:lent:{user.pk}:{actor.agency_id}:{until.isoformat()}"
    notify([user.pk], KIND, OWN_LENT, objects={"page": "account"}, key=key)
    for home in homes:
        notify(second_persons(home, {user.pk}), KIND, LENT, objects={"page": "accounts"}, key=key)
    concerns(user=user.pk, agency=actor.agency_id)
    detail(role=role.value, until=until.isoformat())
    return user


def _homes(user: User) -> list[UUID]:
    """The agencies in which the person serves without being lent."""
    held = Membership.objects.filter(user=user, active=True, ends_at=None, agency__is_active=True)
    return list(held.values_list("agency_id", flat=True).distinct())


@action("accounts.user.edit")
def end_by_itself(actor: Actor, user_id: UUID, because: OffBecause) -> None:
    """An account's time has come."""
    user = User.objects.select_for_update().get(pk=user_id)
    put_off(user, because)
    concerns(user=user.pk)
    detail(because=because.value)


@action("accounts.user.edit")
def end_roles(actor: Actor, user_id: UUID, agency_id: UUID, *, lapsed: bool) -> None:
    """Roles at an agency have come to the end for which they were lent, or (`lapsed`) nobody confirmed them."""
    held = Membership.objects.filter(user_id=user_id, agency_id=agency_id, active=True)
    now = clock.now()
    if lapsed:
        held.filter(ends_at=None, reviewed_at__lte=now - life.REVIEW_EVERY - life.REVIEW_GRACE).update(
            active=False, is_lapsed=True
        )
    else:
        held.filter(ends_at__lte=now).update(active=False)
    concerns(user=user_id, agency=agency_id)
    detail(lapsed=lapsed)


@action("accounts.review.sign")
def keep(actor: Actor, user_id: UUID) -> User:
    """On the node's own shell: the account is still needed; confirmed, and switched on where it is off. For the only
    administrator, whom nobody else can review.
    """
    user = User.objects.filter(pk=user_id).first()
    if user is None or Role.SYSTEM not in actor.roles:
        raise NotFound
    put_on(user)
    concerns(user=user.pk)
    return user


def run(now: datetime) -> None:
    """Everything that has come to its end; run by the worker, harmless to repeat."""
    itself, people = system("accounts"), User.objects.filter(is_active=True, is_demo=False)
    for user in _ids(people.filter(ends_at__lte=now)):
        end_by_itself(itself, user, OffBecause.ENDED)
    _end_roles(itself, Q(ends_at__lte=now), lapsed=False)
    _end_roles(itself, _unconfirmed(now), lapsed=True)
    without_role = people.exclude(memberships__active=True).filter(memberships__is_lapsed=True).distinct()
    for user in _ids(without_role):
        end_by_itself(itself, user, OffBecause.UNREVIEWED)
    for user in _ids(people.filter(used_at__lte=now - life.UNUSED - life.THEN_OFF)):
        end_by_itself(itself, user, OffBecause.UNUSED)
    _tell_of_unused(people.filter(used_at__lte=now - life.UNUSED), now)
    _tell_of_review(now)


def _ids(people: QuerySet[User]) -> list[UUID]:
    return list(people.values_list("pk", flat=True))


def _unconfirmed(now: datetime) -> Q:
    return Q(ends_at=None, user__is_demo=False, reviewed_at__lte=now - life.REVIEW_EVERY - life.REVIEW_GRACE)


def _end_roles(itself: Actor, which: Q, *, lapsed: bool) -> None:
    held = Membership.objects.filter(which, active=True).values_list("user_id", "agency_id").distinct()
    for user, agency in list(held):
        end_roles(itself, user, agency, lapsed=lapsed)


def _tell_of_unused(unused: QuerySet[User], now: datetime) -> None:
    for user in unused:
        key = f"{KIND}:unused:{user.pk}:{user.used_at.isoformat()}"
        notify([user.pk], KIND, OWN_UNUSED, objects={"page": "account"}, key=key, at=now)
        for agency in _homes(user):
            askers = second_persons(agency, {user.pk})
            notify(askers, KIND, UNUSED_SOON_OFF, objects={"page": "accounts"}, key=key, at=now)


def _tell_of_review(now: datetime) -> None:
    """Who must confirm is told when a review opens, when it is due, and a week before what is open stops."""
    opens = now - life.REVIEW_EVERY + life.REVIEW_AHEAD
    due = Membership.objects.filter(
        active=True, ends_at=None, user__is_active=True, user__is_demo=False, reviewed_at__lte=opens
    )
    groups: set[tuple[UUID, UUID | None, str]] = set()
    for user, agency, role, reviewed_at in due.values_list("user_id", "agency_id", "role", "reviewed_at"):
        step = 3 if life.lapses_at(reviewed_at) - now <= WEEK else 2 if now >= life.due_at(reviewed_at) else 1
        # One notice for all that fall due in one week; an administrator's own account is somebody else's to confirm.
        week = "{}-{}".format(*reviewed_at.date().isocalendar()[:2])
        groups.add((agency, user if role in ADMINISTRATORS else None, f"{week}:{step}"))
    for agency, administrator, when in groups:
        askers = second_persons(agency, {administrator} if administrator else ())
        key = f"{KIND}:review:{agency}:{administrator or ''}:{when}"
        notify(askers, KIND, REVIEW_DUE, objects={"page": "accounts"}, key=key, at=now)
