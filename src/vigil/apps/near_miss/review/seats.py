"""Who reviews: named by the administrator, confirmed by a reviewer, not sealed to once the account is cut off.

A key stands in the drop, where door and node look to whom they seal, only after another reviewer has confirmed it: whom
an administrator names alone reads nothing (ADR 12). The drop follows the accounts each minute (`follow`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from vigil.apps.near_miss import access, rules
from vigil.apps.near_miss.models import AgencySize, Seat
from vigil.apps.near_miss.queries import AGENCY_SIZES
from vigil.core.actor import Actor, system
from vigil.core.errors import Conflict, Invalid, NotFound
from vigil.core.identifiers import uuid7
from vigil.door import LEAST_REVIEWERS, sealing
from vigil.door.models import Reviewer
from vigil.platform.accounts.administrators import others_of_node
from vigil.platform.accounts.models import Membership
from vigil.platform.actions import action, concerns
from vigil.platform.agencies.models import Agency
from vigil.platform.notices.board import notify
from vigil.texts import gettext_noop

FOLLOWER = system("near-miss reviewers")
KIND = "near_miss.reviewer"
KEY_WAITS = gettext_noop("A key for near misses waits to be confirmed. Open Review and see who reviews.")
CONFIRMED = gettext_noop("Somebody reads near misses from now on. Open Review and see who reviews.")
REJECTED = gettext_noop("A reviewer of near misses was not confirmed. See who reviews.")
ENDED = gettext_noop("A reviewer of near misses has gone: nothing new is sealed to their key. See who reviews.")
RESUMED = gettext_noop("A reviewer of near misses may act again and reads what comes from now on. See who reviews.")
SIZE_SAID = gettext_noop("It was said how large an agency of the reviewers is. See who reviews.")
TOO_FEW = gettext_noop("Too few reviewers of near misses are left: the door takes no reports. See who reviews.")


class Key(StrEnum):
    """How the key of a named person stands."""

    NONE = "none"
    WAITS = "waits"
    SEALED_TO = "sealed_to"
    CUT_OFF = "cut_off"


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who was named, as reviewers and administrators see them. `agencies` are names with the size of each, or
    that nobody has said it; `fingerprint` is empty where there is no key,
    `namer` where it is not known; `others` are the names of who may confirm a key that waits.
    """

    seat: Seat
    agencies: list[str]
    namer: str
    key: Key
    fingerprint: str
    others: list[str]
    is_for_reader: bool
    """Whether the reader may confirm or reject them."""


def who(actor: Actor) -> list[Named]:
    """Everybody who was named, for one another and for who names them."""
    if not actor.can("near_miss.reviewer.name"):
        access.seat_of(actor)
    rows = list(Seat.objects.filter(is_active=True).select_related("user", "named_by"))
    sitting = {one.pk for one in access.sitting()}
    has_door = bool(rows) and access.the_door() is not None
    public = {one.pk: bytes(one.public) for one in Reviewer.objects.all()} if has_door else {}
    return [_named(actor, one, one.pk in sitting, public, has_door=has_door) for one in rows]


def _named(actor: Actor, seat: Seat, sits: bool, public: Mapping[int, bytes], *, has_door: bool) -> Named:
    key = Key.WAITS if seat.waiting else Key.NONE
    if seat.number is not None:
        key = Key.SEALED_TO if sits else Key.CUT_OFF
    others = confirmers(seat) if has_door and seat.number is None else []
    shown = bytes(seat.waiting) or public.get(seat.number or 0, b"")
    return Named(
        seat=seat,
        agencies=_agency_words(access.served(seat.user)),
        namer=seat.named_by.full_name if seat.named_by else "",
        key=key,
        fingerprint=sealing.fingerprint(shown) if shown else "",
        others=sorted(one.user.full_name for one in others),
        is_for_reader=actor.user_id in {one.user_id for one in others},
    )


def _agency_words(agencies: Iterable[UUID]) -> list[str]:
    rows = list(Agency.objects.filter(pk__in=agencies))
    said = dict(AgencySize.objects.filter(agency__in=rows).values_list("agency_id", "band"))
    words = {one.pk: _(AGENCY_SIZES[said[one.pk]]) if one.pk in said else _("size not said") for one in rows}
    return [f"{one.label} ({words[one.pk]})" for one in rows]


@action("near_miss.reviewer.name")
def name_reviewer(actor: Actor, user_id: UUID) -> Seat:
    """Give somebody a seat among the reviewers. They make the key. `NotFound` where they may not have a seat."""
    if not access.candidates(actor).filter(pk=user_id).exists():
        raise NotFound
    seat = Seat.objects.select_for_update().filter(user_id=user_id).first() or Seat(user_id=user_id, is_active=False)
    if not seat.is_active:
        seat.is_active, seat.named_by_id = True, actor.user_id
    seat.save()
    concerns(user=user_id, seat=seat.pk)
    return seat


@action("near_miss.size.say")
def say_size(actor: Actor, agency_id: UUID, band: str) -> None:
    """Say how large an agency of the reviewers is, by a code of the form; they are told. `NotFound` for another agency,
    or code.
    """
    if band not in AGENCY_SIZES or agency_id not in {one.pk for one, _band in sizes(actor)}:
        raise NotFound
    AgencySize.objects.update_or_create(agency_id=agency_id, defaults={"band": band})
    concerns(agency=agency_id)
    _tell(SIZE_SAID, uuid7().hex, (one.user_id for one in access.sitting()))


def sizes(actor: Actor) -> list[tuple[Agency, str]]:
    """The agencies in which those who were named serve, with the code of their size; empty where nobody has said it."""
    actor.require("near_miss.reviewer.name")
    rows = Seat.objects.filter(is_active=True).select_related("user")
    agencies = Agency.objects.filter(pk__in={agency for one in rows for agency in access.served(one.user)})
    said = dict(AgencySize.objects.values_list("agency_id", "band"))
    return [(one, said.get(one.pk, "")) for one in agencies]


@action("near_miss.reviewer.end")
def end_reviewer(actor: Actor, seat_id: UUID) -> None:
    """Take a seat: nothing new is sealed to its key, and the wrapped private half is destroyed."""
    seat = Seat.objects.select_for_update().filter(pk=seat_id, is_active=True).first()
    if seat is None:
        raise NotFound
    concerns(user=seat.user_id, seat=seat.pk)
    _leave(seat, ENDED)


@action("near_miss.key.make")
def make_key(actor: Actor, passphrase: str, again: str) -> Seat:
    """Draw the actor's pair: the private half under the passphrase, the public one waits to be confirmed.

    Until then nothing is sealed to it, and a pair of before reads nothing new from now on. Whoever may confirm is told.
    """
    seat = Seat.objects.select_for_update().get(pk=access.seat_of(actor).pk)
    rules.passphrase_problem(passphrase, again)
    if access.the_door() is None:
        raise Invalid.at("passphrase", sentence=_("This node has no door yet: `vigil door setup` makes one."))
    _forget_key(seat)
    private, seat.waiting = sealing.draw_pair()
    seat.wrapped = sealing.wrap(private, passphrase)
    seat.save()
    concerns(seat=seat.pk)
    _tell(KEY_WAITS, f"waits:{sealing.fingerprint(seat.waiting)}", (one.user_id for one in confirmers(seat)))
    return seat


@action("near_miss.reviewer.confirm")
def confirm(actor: Actor, seat_id: UUID, fingerprint: str, passphrase: str) -> Seat:
    """Say that the key of this fingerprint is the person's own, and that they are to review: from now on it is sealed
    to. The passphrase of the actor's own key shows that a reviewer says so, not who took over their account.

    Raises:
        Conflict: another key, or none, waits there by now.
        Invalid: somebody else must confirm, the passphrase is another, or their account is cut off.
    """
    own, seat = _judged(actor, seat_id, passphrase)
    if not seat.waiting or sealing.fingerprint(bytes(seat.waiting)) != fingerprint:
        raise Conflict
    if not access.may_review(seat.user):
        raise Invalid.at("passphrase", sentence=_("Their account may not review today."))
    seat.number = Reviewer.objects.create(public=bytes(seat.waiting)).pk
    seat.waiting, seat.confirmed_by = b"", own
    seat.save()
    _tell(CONFIRMED, f"confirmed:{seat.number}", (one.user_id for one in access.sitting() if one.pk != own.pk))
    return seat


@action("near_miss.reviewer.reject")
def reject(actor: Actor, seat_id: UUID, passphrase: str) -> None:
    """Say that they are not to review: the seat is gone with its key, and the administrators are told."""
    _own, seat = _judged(actor, seat_id, passphrase)
    _leave(seat, REJECTED)


def _judged(actor: Actor, seat_id: UUID, passphrase: str) -> tuple[Seat, Seat]:
    """The actor's seat, and the one that waits to be confirmed."""
    own = access.seat_of(actor)
    seat = Seat.objects.select_for_update().filter(pk=seat_id, is_active=True, number=None).first()
    if seat is None or seat.pk == own.pk or access.the_door() is None:
        raise NotFound
    concerns(seat=seat.pk, user=seat.user_id)
    may = confirmers(seat)
    if own.pk not in {one.pk for one in may}:
        names = ", ".join(sorted(one.user.full_name for one in may)) or _("nobody yet")
        raise Invalid.at("passphrase", sentence=_("This is for others to say: {names}.").format(names=names))
    try:
        sealing.unwrap(bytes(own.wrapped), passphrase)
    except sealing.Unreadable:
        raise Invalid.at("passphrase", sentence=_("This is not the passphrase of your key.")) from None
    return own, seat


def confirmers(seat: Seat) -> list[Seat]:
    """Who may confirm the seat's key: the reviewers, without whoever named them; those of another agency than that
    administrator's, where there are any. At a founding every other founder with a key.
    """
    known = Q(number__isnull=False) | ~Q(waiting=b"") if is_founding() else Q(number__isnull=False)
    others = Seat.objects.filter(known, is_active=True).exclude(pk=seat.pk).select_related("user")
    if seat.named_by_id is not None:
        others = others.exclude(user_id=seat.named_by_id)
    serving = {one: access.served(one.user) for one in others if access.may_review(one.user)}
    # Of all agencies in which the administrator ever had a role: whoever gives roles can take their own.
    namers = Membership.objects.filter(user=seat.named_by_id).values_list("agency_id", flat=True)
    return rules.apart_from(frozenset(namers), serving)


def is_founding() -> bool:
    """Whether the door never had as many confirmed keys as it needs. Keys that were retired count: who ends the seats
    of all reviewers founds no new door.
    """
    return Reviewer.objects.count() < LEAST_REVIEWERS


def follow() -> None:
    """Bring the drop in line with the accounts: seal to no key whose person may not review any more, or whose seat is
    gone; seal again to who may again. Safe to repeat.
    """
    if access.the_door() is None:
        return
    sitting = {one.number for one in access.sitting() if one.number is not None}
    active = set(Reviewer.objects.filter(is_active=True).values_list("pk", flat=True))
    resumed = set(Reviewer.objects.filter(pk__in=sitting - active).values_list("pk", flat=True))
    if active - sitting or resumed:
        _follow(FOLLOWER, sorted(active - sitting), sorted(resumed))


@action("near_miss.reviewer.follow")
def _follow(actor: Actor, stopped: list[int], resumed: list[int]) -> None:
    concerned: list[UUID] = []
    for numbers, sealed_to, said in ((stopped, False, ENDED), (resumed, True, RESUMED)):
        Reviewer.objects.filter(pk__in=numbers).update(is_active=sealed_to)
        found = Seat.objects.filter(number__in=numbers).order_by("pk").values_list("pk", flat=True)
        if found:
            _tell_others(said)
        concerned += found
    concerns(seats=concerned)


def _leave(seat: Seat, said: str) -> None:
    _forget_key(seat)
    seat.is_active = False
    seat.save()
    _tell_others(said)


def _forget_key(seat: Seat) -> None:
    """Destroy the private half; nothing new is sealed to the public one."""
    if seat.number is not None and access.the_door() is not None:
        Reviewer.objects.filter(pk=seat.number).update(is_active=False)
    seat.number, seat.waiting, seat.wrapped, seat.confirmed_by = None, b"", b"", None


def _tell_others(said: str) -> None:
    """The reviewers that are left, and the administrators, who name others."""
    left = access.sitting()
    people = {one.user_id for one in left}
    said = TOO_FEW if len(left) < LEAST_REVIEWERS else said
    once = uuid7().hex
    _tell(said, once, people)
    page = {"page": "near_miss:reviewers"}
    notify(others_of_node(None) - people, KIND, said, objects=page, key=f"{KIND}:{once}")


def _tell(said: str, key: str, people: Iterable[UUID]) -> None:
    notify(people, KIND, said, objects={"page": "near_miss:who"}, key=f"{KIND}:{key}")
