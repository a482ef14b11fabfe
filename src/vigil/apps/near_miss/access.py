"""The only door to rows: a reviewer's seat, the reports of the drop, the published lessons."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.db import OperationalError, connections
from django.db.models import QuerySet

from vigil.apps.near_miss.models import AgencySize, ForeignLesson, Lesson, PartnerChoice, PartnerPublication, Seat
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.core.permissions import FIELD
from vigil.door import drop
from vigil.door.models import Door, Report, Stage
from vigil.door.router import ALIAS
from vigil.platform.accounts.access import actor_of_user
from vigil.platform.accounts.models import Membership, User
from vigil.platform.partners.roster import partners

LARGEST = 2**63 - 1


def the_door() -> Door | None:
    """The door of this node, if one was set up. A node without one has no drop, and asking must not make the file."""
    name = str(connections[ALIAS].settings_dict["NAME"])
    if not (name.startswith("file:") or Path(name).exists()):
        return None
    try:
        return drop.the_door()
    except OperationalError:  # a file without tables: nobody has set it up
        return None


def find_seat(actor: Actor) -> Seat | None:
    """The actor's seat among the reviewers, if somebody gave them one."""
    if not actor.can("near_miss.report.read") or actor.user_id is None:
        return None
    return Seat.objects.filter(user_id=actor.user_id, is_active=True).first()


def seat_of(actor: Actor) -> Seat:
    """The same; `NotFound` for everybody else, who need not know that there is a review."""
    actor.require("near_miss.report.read")
    seat = find_seat(actor)
    if seat is None:
        raise NotFound
    return seat


def as_actors(user: User) -> list[Actor]:
    """The person as an actor of each agency in which a role of theirs counts; empty where the account is cut off."""
    agencies = sorted(set(Membership.objects.filter(user=user, active=True).values_list("agency_id", flat=True)))
    return [actor for agency in agencies if (actor := actor_of_user(user, agency)) is not None]


def served(user: User) -> frozenset[UUID]:
    """The agencies in which the person serves today."""
    return frozenset(one.agency_id for one in as_actors(user) if one.agency_id is not None)


def bands(user: User) -> frozenset[str]:
    """How large the agencies are in which the person serves, as codes of the form; empty text where nobody has said."""
    agencies = served(user)
    said = dict(AgencySize.objects.filter(agency__in=agencies).values_list("agency_id", "band"))
    return frozenset(said.get(one, "") for one in agencies)


def may_review(user: User) -> bool:
    """Whether the person could open reports today, if they were asked to log in."""
    return any(one.can("near_miss.report.read") for one in as_actors(user))


def sitting() -> list[Seat]:
    """The reviewers whose keys are sealed to: confirmed by another, and of an account that may still review."""
    seats = Seat.objects.filter(is_active=True, number__isnull=False).select_related("user")
    return [one for one in seats if may_review(one.user)]


def report_of(address: UUID) -> Report:
    """The report whose number in the drop is the address; `NotFound` where there is none, or it was withdrawn."""
    if not 0 < address.int <= LARGEST or the_door() is None:
        raise NotFound
    report = Report.objects.exclude(stage=Stage.WITHDRAWN).filter(pk=address.int).first()
    if report is None:
        raise NotFound
    return report


def lessons(actor: Actor) -> QuerySet[Lesson]:
    """Every published lesson."""
    actor.require("near_miss.lesson.read")
    return Lesson.objects.all()


def foreign_lessons(actor: Actor) -> QuerySet[ForeignLesson]:
    """Every imported near miss of another service."""
    actor.require("near_miss.lesson.read")
    return ForeignLesson.objects.all()


def partner_publications(actor: Actor) -> QuerySet[PartnerPublication]:
    """What the partners on the roster published that are shown here; nothing that they took back."""
    actor.require("near_miss.lesson.read")
    shows = PartnerChoice.objects.filter(shows=True, partner__in=partners()).values("partner_id")
    return PartnerPublication.objects.filter(is_withdrawn=False, partner__in=shows).select_related("partner")


def candidates(actor: Actor) -> QuerySet[User]:
    """Who may be named as reviewer: people who hold a role that may read reports, in whatever agency."""
    actor.require("near_miss.reviewer.name")
    roles = [role.value for role in FIELD]
    return User.objects.filter(is_active=True, memberships__active=True, memberships__role__in=roles).distinct()


def has_keys() -> bool:
    """Whether a reviewer has a key in the drop: then there was a door."""
    return Seat.objects.filter(number__isnull=False).exists()
