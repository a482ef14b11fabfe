"""Requests of accounts: asked without a login, confirmed by the contact whom they name, approved by a second person.

The door stores what was typed and looks nothing up, so that it answers alike whatever agency or contact there is; the
worker looks. Nothing is sent to who asks: the administrator who approves calls them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vigil.core.actor import Actor, Via, system
from vigil.core.errors import Conflict, Invalid, NotFound, Problem, TooMany
from vigil.core.permissions import Role
from vigil.platform.accounts import actions
from vigil.platform.accounts.administrators import reach, second_persons
from vigil.platform.accounts.models import AccountRequest, Employment, RequestState, User
from vigil.platform.actions import action, concerns, detail
from vigil.platform.agencies.models import Agency
from vigil.platform.jobs.queue import enqueue
from vigil.platform.notices.board import notify
from vigil.platform.prepared import Prepared
from vigil.platform.requests import source

HOUR = timedelta(hours=1)
MOST_OF_ONE = 3
MOST_OF_ALL = 30
"""Requests an hour from one address, and from all together (ours): counted whether there is such an agency or not."""
ANSWERED_WITHIN = timedelta(days=14)
KEPT = timedelta(days=30)
"""What was typed is dropped so long after the answer; the audit trail keeps who decided (ours)."""
LOOK_UP = "accounts.request.look_up"
KIND = "accounts.request"
CONTACT_IS_ASKED = gettext_noop(
    "Somebody asks for an account and names you. Open Your account, Requests that name you."
)
APPROVER_IS_ASKED = gettext_noop("A request of an account is confirmed and waits for you. Open Accounts.")
CONTACT_IS_TOLD = gettext_noop("The request of an account that named you was answered.")
OPEN = (RequestState.ASKED, RequestState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is typed at the door."""

    full_name: str
    phone: str
    unit: str
    ori: str
    contact: str


@action("accounts.request.create")
def ask(actor: Actor, wanted: Wanted, now: datetime) -> None:
    """Keep a request; the worker looks whether there is such an agency and contact.

    Raises:
        Invalid: a field is missing or no telephone number.
        TooMany: too many an hour, from there or from everywhere.
    """
    problems = _problems(wanted)
    if problems:
        raise Invalid(problems)
    key = hashlib.sha256(f"account request\n{source.get()}".encode()).hexdigest()
    lately = AccountRequest.objects.filter(asked_at__gt=now - HOUR)
    if lately.filter(source_key=key).count() >= MOST_OF_ONE or lately.count() >= MOST_OF_ALL:
        sentence = _(
            "Too many requests in the last hour. Try again later, or ask your agency's administrator to add you."
        )
        raise TooMany(sentence, int(HOUR.total_seconds()))
    row = AccountRequest.objects.create(
        state=RequestState.NEW,
        source_key=key,
        full_name=wanted.full_name.strip(),
        phone=wanted.phone.strip(),
        unit=wanted.unit.strip(),
        ori=wanted.ori.strip().upper(),
        contact_name=wanted.contact.strip(),
        asked_at=now,
    )
    enqueue(LOOK_UP, {"request": str(row.pk)}, key=f"{LOOK_UP}:{row.pk}")
    concerns(request=row.pk)


def door() -> Actor:
    """Who keeps a request: the node itself, for somebody it does not know."""
    return system("account request", Via.PAGE)


def _problems(wanted: Wanted) -> list[Problem]:
    problems = actions.details_problems(wanted.full_name, wanted.phone, wanted.unit)
    if not wanted.phone.strip():
        problems.append(Problem(("phone",), _("Give the number at which the administrator reaches you.")))
    if len(wanted.ori.strip()) != 9 or not wanted.ori.strip().isalnum():
        problems.append(
            Problem(("ori",), _("An ORI is nine letters and digits, e.g. MD0000100. A colleague knows it."))
        )
    if not 0 < len(wanted.contact.strip()) <= 200:
        problems.append(Problem(("contact",), _("Name a colleague there who has an account and knows you.")))
    return problems


@action("accounts.request.create")
def look_up(actor: Actor, request_id: UUID) -> None:
    """Ask the contact, where there is exactly one such person in such an agency; otherwise drop what was typed."""
    row = AccountRequest.objects.select_for_update().filter(pk=request_id, state=RequestState.NEW).first()
    if row is None:
        return
    agency = Agency.objects.filter(ori=row.ori, is_served=True, is_active=True).first()
    named = Q(username__iexact=row.contact_name) | Q(full_name__iexact=row.contact_name)
    held = Q(memberships__agency=agency, memberships__active=True)
    contacts = list(User.objects.filter(named, held, is_active=True).distinct()[:2]) if agency else []
    if len(contacts) == 1:
        row.state, row.agency, row.contact = RequestState.ASKED, agency, contacts[0]
        row.save()
        _tell([contacts[0].pk], row, CONTACT_IS_ASKED, "account_requests")
    else:
        _forget(row, RequestState.NOBODY)
    concerns(request=row.pk)


def own(actor: Actor) -> QuerySet[AccountRequest]:
    """The open requests that name the actor as the contact, and are theirs to answer."""
    actor.require("accounts.request.confirm")
    return AccountRequest.objects.filter(state=RequestState.ASKED, contact_id=actor.user_id).order_by("asked_at")


@action("accounts.request.confirm")
def confirm(actor: Actor, request_id: UUID, employment: str, now: datetime) -> AccountRequest:
    """ "I know this person, who serves here as sworn or civilian": the administrators are asked."""
    row = _taken(own(actor), request_id)
    if employment not in list(Employment):
        raise Invalid.at("employment", sentence=_("Say whether they are sworn or civilian."))
    row.state, row.employment, row.confirmed_at = RequestState.CONFIRMED, employment, now
    row.save()
    assert row.agency_id is not None
    askers = second_persons(row.agency_id, {actor.user_id} if actor.user_id else set())
    _tell(askers or {row.contact_id}, row, APPROVER_IS_ASKED, "accounts")
    concerns(request=row.pk)
    detail(employment=employment)
    return row


@action("accounts.request.confirm")
def deny(actor: Actor, request_id: UUID, reason: str, now: datetime) -> None:
    """The contact does not know the person, or they do not serve there."""
    _refuse(_taken(own(actor), request_id), actor, reason, now)


def to_decide(actor: Actor) -> QuerySet[AccountRequest]:
    """The open requests that the actor may decide about as the second person."""
    actor.require("accounts.request.decide")
    rows = AccountRequest.objects.filter(reach(actor, "contact", alone=True), state__in=OPEN)
    return rows.select_related("agency", "contact").order_by("asked_at")


def waiting_count(actor: Actor) -> int:
    """How many of them are confirmed, so that nobody but the actor is waited for."""
    if _ANY_CONFIRMED.first() is None:  # mostly, and every page of an administrator asks it
        return 0
    return to_decide(actor).filter(state=RequestState.CONFIRMED).count()


_ANY_CONFIRMED = Prepared(lambda: AccountRequest.objects.filter(state=RequestState.CONFIRMED).order_by()[:1])


def one_to_decide(actor: Actor, request_id: UUID) -> AccountRequest:
    """One of them; `NotFound` for any other."""
    row = to_decide(actor).filter(pk=request_id).first()
    if row is None:
        raise NotFound
    return row


@action("accounts.request.decide")
def approve(
    actor: Actor, request_id: UUID, username: str, roles: frozenset[Role], is_temporary: bool, now: datetime
) -> tuple[User, str]:
    """The account, and its first password, told this once.

    Raises:
        Invalid: the user name or the roles.
        Conflict: the contact has not confirmed it.
    """
    row = _taken(to_decide(actor), request_id)
    if row.state != RequestState.CONFIRMED or row.agency_id is None:
        raise Conflict(_("The contact has not confirmed it yet."))
    password = actions.first_password()
    wanted = actions.NewUser(
        username=username.strip(),
        full_name=row.full_name,
        password=password,
        agency_id=row.agency_id,
        roles=roles,
        phone=row.phone,
        unit=row.unit,
        must_change_password=True,
        employment=row.employment,
        is_temporary=is_temporary,
    )
    user = actions.new_user(wanted, actor)
    row.state, row.user = RequestState.APPROVED, user
    _decided(row, actor, now)
    concerns(request=row.pk, user=user.pk)
    return user, password


@action("accounts.request.decide")
def refuse(actor: Actor, request_id: UUID, reason: str, now: datetime) -> None:
    """No account, and why."""
    _refuse(_taken(to_decide(actor), request_id), actor, reason, now)


def _refuse(row: AccountRequest, actor: Actor, reason: str, now: datetime) -> None:
    if not 0 < len(reason.strip()) <= 300:
        raise Invalid.at("reason", sentence=_("Say why, in a line: the next one who asks about it reads it."))
    row.state, row.reason = RequestState.REFUSED, reason.strip()
    _decided(row, actor, now)
    concerns(request=row.pk)


def _decided(row: AccountRequest, actor: Actor, now: datetime) -> None:
    row.decided_at, row.decided_by_id = now, actor.user_id
    row.save()
    told = {row.contact_id} - {actor.user_id, None}
    _tell(told, row, CONTACT_IS_TOLD, "account_requests")


def _taken(rows: QuerySet[AccountRequest], request_id: UUID) -> AccountRequest:
    row = rows.select_related(None).select_for_update().filter(pk=request_id).first()
    if row is None:
        raise NotFound
    return row


def answered(actor: Actor) -> QuerySet[AccountRequest]:
    """What became of requests that named the actor."""
    states = (RequestState.CONFIRMED, RequestState.APPROVED, RequestState.REFUSED, RequestState.LAPSED)
    return AccountRequest.objects.filter(state__in=states, contact_id=actor.user_id).order_by("-asked_at")[:20]


def suggested_username(full_name: str) -> str:
    """`Frank van Field` as `frank.field`; empty where nothing is left."""
    plain = [
        "".join(letter for letter in word.lower() if letter.isascii() and letter.isalnum())
        for word in full_name.split()
    ]
    words = [word for word in plain if word]
    return ".".join(dict.fromkeys((words[0], words[-1]))) if words else ""


def tidy(now: datetime) -> None:
    """Requests that nobody answered lapse; what was typed is dropped some time after the answer."""
    late = AccountRequest.objects.filter(state__in=OPEN, asked_at__lte=now - ANSWERED_WITHIN)
    late.update(state=RequestState.LAPSED, decided_at=now)
    AccountRequest.objects.filter(decided_at__lte=now - KEPT).delete()
    AccountRequest.objects.filter(
        state__in=(RequestState.NOBODY, RequestState.NEW), asked_at__lte=now - 24 * HOUR
    ).delete()


def _forget(row: AccountRequest, state: RequestState) -> None:
    row.state = state
    row.full_name = row.phone = row.unit = row.ori = row.contact_name = ""
    row.save()


def _tell(recipients: Sequence[Any] | set[Any], row: AccountRequest, body: str, page: str) -> None:
    notify(recipients, KIND, body, objects={"page": page}, key=f"{KIND}:{row.pk}:{row.state}")
