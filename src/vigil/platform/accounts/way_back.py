"""A single-use way back in for somebody who cannot log in, e.g. at 4 a.m. without the passkey.

An administrator of the person gives it alone. The watch desk needs two: one calls the person back at the number on
file, another one gives it. It is a code that stands in for the second factor beside the person's own password; who has
lost the password too begins again with a first password. The person and their administrators are told.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.core.permissions import FIELD, Role
from vigil.platform.accounts import actions, lockout
from vigil.platform.accounts.access import factors_of, may_manage, people_of
from vigil.platform.accounts.administrators import second_persons
from vigil.platform.accounts.models import Membership, User, WayBack
from vigil.platform.actions import action, concerns, detail
from vigil.platform.keys import keyed_token
from vigil.platform.notices.board import notify

LIVES = timedelta(minutes=10)
"""What is told by telephone counts so long (CJIS IA-5(1)(c))."""
SECOND_WITHIN = timedelta(minutes=30)
"""So long the first person's word stands (ours)."""
KEPT = timedelta(days=30)
KIND = "accounts.way_back"
PERMISSION = "accounts.way_back.give"
OWN = gettext_noop(
    "A way back into your account was given to somebody by telephone. If it was not you, call the watch desk."
)
OTHERS = gettext_noop("A way back in was given to one of your people by telephone. Open Accounts.")
WAITS = gettext_noop(
    "A colleague has called somebody back who cannot log in: a second person is needed. Open Way back in."
)


@action("accounts.way_back.give")
def find(actor: Actor, username: str) -> User:
    """Whom the actor may help, by exact user name or full name; recorded, since a telephone number is shown.

    Raises:
        Invalid: nobody, or nobody whom the actor may help: both look alike.
    """
    typed = username.strip()
    found = list(_helped_by(actor).filter(Q(username__iexact=typed) | Q(full_name__iexact=typed))[:2])
    if len(found) != 1:
        raise Invalid.at(
            "username", sentence=_("There is nobody by this name whom you may help. Ask for the user name.")
        )
    concerns(user=found[0].pk)
    return found[0]


def person(actor: Actor, user_id: UUID) -> User:
    """One of them; `NotFound` for anybody else."""
    user = _helped_by(actor).filter(pk=user_id).first()
    if user is None:
        raise NotFound
    return user


def _helped_by(actor: Actor) -> QuerySet[User]:
    """Administrators help those whom they administer; the watch desk helps everybody who neither administers nor
    audits, a supervisor such people of the own agency.
    """
    actor.require(PERMISSION)
    people = User.objects.filter(is_active=True).exclude(pk__in=[actor.user_id])
    if actor.can("accounts.user.edit"):
        return people.filter(pk__in=people_of(actor).values("pk"))
    held = Membership.objects.filter(user=OuterRef("pk"), active=True)
    people = people.filter(Exists(held)).exclude(Exists(held.exclude(role__in=FIELD)))
    if Role.WATCH_DESK in actor.roles:
        return people
    return people.filter(Exists(held.filter(agency_id__in=[actor.agency_id])))


@action("accounts.way_back.give")
def call_back(actor: Actor, user_id: UUID, lost_password: bool, now: datetime) -> WayBack:
    """ "I called them back at the number on file, and it is them." A second person gives the way back.

    Raises:
        Invalid: there is no number on file, so that only an administrator can help.
    """
    user = person(actor, user_id)
    if not user.phone:
        sentence = _("No telephone number is on file: an administrator of their agency must help.")
        raise Invalid.at("username", sentence=sentence)
    assert actor.user_id is not None
    row = WayBack.objects.create(user=user, asked_at=now, asked_by_id=actor.user_id, lost_password=lost_password)
    desk = Membership.objects.filter(active=True, user__is_active=True, role=Role.WATCH_DESK)
    supervisors = Membership.objects.filter(
        active=True, user__is_active=True, role=Role.SUPERVISOR, agency__in=_agencies(user)
    )
    seconds = {*desk.values_list("user_id", flat=True), *supervisors.values_list("user_id", flat=True)}
    notify(
        seconds - {actor.user_id, user.pk},
        KIND,
        WAITS,
        objects={"page": "way_back"},
        key=f"{KIND}:{row.pk}",
        urgent=True,
    )
    concerns(user=user.pk, way_back=row.pk)
    return row


def waiting(actor: Actor, now: datetime) -> list[WayBack]:
    """Those that wait for a second person, whom the actor may help and has not called themselves."""
    rows = WayBack.objects.filter(given_at=None, asked_at__gt=now - SECOND_WITHIN, user__in=_helped_by(actor))
    return list(rows.exclude(asked_by_id=actor.user_id).select_related("user", "asked_by").order_by("asked_at"))


@action("accounts.way_back.give")
def second(actor: Actor, way_back_id: UUID, now: datetime) -> tuple[WayBack, str]:
    """The second person gives it: the code or the first password, told this once."""
    row = next((one for one in waiting(actor, now) if one.pk == way_back_id), None)
    # Taken by one: a second click, or a third person, finds it gone.
    if row is None or not WayBack.objects.filter(pk=row.pk, given_at=None).update(given_at=now, given_by=actor.user_id):
        raise NotFound
    return row, _give(row, actor, now)


@action("accounts.way_back.give")
def give(actor: Actor, user_id: UUID, now: datetime) -> tuple[WayBack, str]:
    """An administrator of the person gives a code alone, as they could let them begin again."""
    user = person(actor, user_id)
    if not actor.can("accounts.user.edit") or not may_manage(actor, user):
        raise NotFound
    assert actor.user_id is not None
    row = WayBack.objects.create(
        user=user, asked_at=now, asked_by_id=actor.user_id, given_at=now, given_by_id=actor.user_id
    )
    return row, _give(row, actor, now)


def _give(row: WayBack, actor: Actor, now: datetime) -> str:
    user = row.user
    WayBack.objects.filter(user=user, used_at=None).exclude(pk=row.pk).update(code_hash="")
    code = actions.first_password()
    if row.lost_password:
        code = actions.begin_again(user, LIVES)
    elif not factors_of(user).exists():
        raise Invalid.at(
            "username", sentence=_("They have no second factor to lose: an administrator gives a first password.")
        )
    else:
        row.code_hash = _hash(code, user)
        row.save(update_fields=["code_hash"])
    lockout.reopen(user.pk, actor, now)
    key = f"{KIND}:given:{row.pk}"
    notify([user.pk], KIND, OWN, objects={"page": "factors"}, key=key, urgent=True)
    told: set[UUID] = set().union(*(second_persons(agency, {user.pk, actor.user_id}) for agency in _agencies(user)))  # type: ignore[arg-type]
    notify(told, KIND, OTHERS, objects={"page": "accounts"}, key=key)
    concerns(user=user.pk, way_back=row.pk)
    detail(lost_password=row.lost_password)
    return code


def takes(user: User, code: str, now: datetime) -> bool:
    """Whether it is the person's way back, still good; it is used up then. Within the caller's transaction."""
    typed = "".join(letter for letter in code.lower() if letter.isalnum())
    rows = WayBack.objects.filter(user=user, used_at=None, given_at__gt=now - LIVES).exclude(code_hash="")
    for row in rows:
        if secrets.compare_digest(row.code_hash, _hash(typed, user)):
            return bool(WayBack.objects.filter(pk=row.pk, used_at=None).update(used_at=now))
    return False


def lately(actor: Actor, now: datetime) -> Sequence[WayBack]:
    """Those given to people whom the actor administers, newest first, of the last month."""
    actor.require("accounts.user.read")
    rows = WayBack.objects.filter(given_at__gt=now - KEPT, user__in=people_of(actor))
    return list(rows.select_related("user", "asked_by", "given_by").order_by("-given_at")[:50])


def tidy(now: datetime) -> None:
    """Drop old ones; the audit trail keeps that they were given."""
    WayBack.objects.filter(asked_at__lte=now - KEPT).delete()


def _agencies(user: User) -> list[UUID]:
    return list(Membership.objects.filter(user=user, active=True).values_list("agency_id", flat=True).distinct())


def _hash(code: str, user: User) -> str:
    letters = "".join(letter for letter in code if letter.isalnum())
    return keyed_token(f"{user.pk}:{letters}", "accounts.way_back").hex()
