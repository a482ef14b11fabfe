"""The partners as pages and commands show them: how each stands, what is still to be asked of it, what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Min
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vigil.apps.deconfliction.federation.roster_changes import unprepared_count
from vigil.apps.deconfliction.federation.rules import CLOCK_US, Line, Standing, standing
from vigil.apps.deconfliction.models import PartnerHighWater, Revision, SearchDue
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.engine.predicate import PREDICATE
from vigil.platform import clock
from vigil.platform.partners.contacts import LATE_MILLISECONDS, OTHER_KEY, REFUSED, UNKNOWN
from vigil.platform.partners.models import Contact, Partner
from vigil.platform.partners.roster import next_signer, not_yet_taken, partners
from vigil.protocol.envelope import LIFE_US, MOST_BYTES, SPOKEN

READ = "partners.partner.read"
WORDS = {
    Standing.UP: gettext_noop("Up"),
    Standing.LATE: gettext_noop("Late"),
    Standing.REFUSING: gettext_noop("Refuses"),
    Standing.OTHER_KEY: gettext_noop("Answers with another key"),
    Standing.DOWN: gettext_noop("Down"),
    Standing.NEW: gettext_noop("Not spoken with yet"),
}
SIGNS = {
    Standing.UP: "answered",
    Standing.LATE: "incomplete",
    Standing.REFUSING: "refused",
    Standing.OTHER_KEY: "refused",
    Standing.DOWN: "not_answered",
    Standing.NEW: "checking",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that two nodes say differently of themselves; what is compared stands in each operation."""

    name: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class PartnerState:
    """A partner as it stands. `open_questions` have no answer that counts; `clock_us` is its clock less ours.

    `announced`: it has named a new epoch, and everything is being asked again. `speaks` is the newest version of the
    protocol that both understand, None before it was spoken with. `behind`: it has not taken our newest key.
    """

    row: Partner
    contact: Contact
    standing: Standing
    open_questions: int
    clock_us: int = 0
    announced: bool = False
    speaks: int | None = None
    behind: bool = False

    @property
    def word(self) -> str:
        """How it stands."""
        return _(WORDS[self.standing])

    @property
    def sign(self) -> str:
        """The shape of how it stands."""
        return SIGNS[self.standing]

    @property
    def is_member(self) -> bool:
        """Whether it is asked; else it waits for its fingerprint to be heard, or was removed."""
        return self.row.state == Partner.State.ACTIVE

    @property
    def is_joining(self) -> bool:
        """Whether it was heard, and what is active is being asked of it before it is a partner."""
        return self.row.state == Partner.State.JOINING

    @property
    def unasked(self) -> int:
        """While it is let in: how many operations still lack their question to it."""
        return unprepared_count(clock.now()) if self.is_joining else 0

    @property
    def clock_differs(self) -> bool:
        """Whether the clocks differ by more than messages take."""
        return abs(self.clock_us) >= CLOCK_US

    @property
    def clock_seconds(self) -> int:
        """Its clock less ours."""
        return round(self.clock_us / 1_000_000)

    @property
    def shares_version(self) -> bool:
        """Whether the two nodes compare by one predicate at least."""
        return PREDICATE in self.row.predicate_versions

    @property
    def differences(self) -> list[Difference]:
        """Where what it last told of itself differs from what this node says."""
        told = self.contact.capabilities
        ours: Mapping[str, Any] = {
            "versions": list(SPOKEN),
            "predicates": [PREDICATE],
            "most_bytes": MOST_BYTES,
            "life_us": LIFE_US,
            "blind": self.row.is_blind,
        }
        names = {
            "versions": _("Versions of the protocol"),
            "predicates": _("Versions of the comparison"),
            "most_bytes": _("Longest message, bytes"),
            "life_us": _("Age of a message that is still read, microseconds"),
            "blind": _("Asked blind"),
        }
        return [
            Difference(names[key], _said(ours[key]), _said(told[key]))
            for key in names
            if key in told and told[key] != ours[key]
        ]


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def known(actor: Actor, now: datetime) -> list[PartnerState]:
    """Partners and those that wait to become one: trouble first, then what waits for a person, then by name."""
    actor.require(READ)
    return sorted(_states(list(Partner.objects.exclude(state=Partner.State.REMOVED)), now), key=_urgency, reverse=True)


def _urgency(state: PartnerState) -> tuple[bool, int, bool]:
    standing = list(Standing).index(state.standing) if state.is_member else 0
    return state.is_member and not state.shares_version, standing, bool(state.row.proposed)


def one(actor: Actor, partner_id: UUID, now: datetime) -> PartnerState:
    """One of them, or one that was removed; `NotFound` for any other."""
    actor.require(READ)
    row = Partner.objects.filter(pk=partner_id).select_related("proposed_by").first()
    if row is None:
        raise NotFound
    return _states([row], now)[0]


def members(now: datetime) -> list[PartnerState]:
    """Those that live operations are asked of, by name."""
    return _states([row for row in partners() if row.purpose == Partner.Purpose.LIVE], now)


def silent(now: datetime) -> list[PartnerState]:
    """Those of them from which no answer comes now, or none that counts."""
    return [state for state in members(now) if state.standing in (Standing.DOWN, Standing.REFUSING, Standing.OTHER_KEY)]


def oldest_question(partner_id: UUID) -> datetime | None:
    """When the revision was made that waits longest for this partner's answer; None where none waits."""
    waiting = SearchDue.objects.filter(target=str(partner_id))
    asked = Revision.objects.filter(operation__searches__in=waiting, number=F("operation__searches__revision"))
    oldest: datetime | None = asked.aggregate(oldest=Min("created_at"))["oldest"]
    return oldest


def _states(rows: list[Partner], now: datetime) -> list[PartnerState]:
    ids = [str(row.pk) for row in rows]
    due = SearchDue.objects.filter(target__in=ids).order_by().values_list("target")
    counts = dict(due.annotate(count=Count("id")))
    contacts = Contact.objects.in_bulk([row.pk for row in rows])
    seen = PartnerHighWater.objects.in_bulk(ids)
    behind = {partner.pk for partner in not_yet_taken()} if next_signer() else set()
    return [
        _state(row, contacts.get(row.pk), seen.get(str(row.pk)), counts.get(str(row.pk), 0), row.pk in behind, now)
        for row in rows
    ]


def _state(
    row: Partner, contact: Contact | None, seen: PartnerHighWater | None, count: int, behind: bool, now: datetime
) -> PartnerState:
    contact = contact or Contact(partner_id=row.pk)
    is_late = contact.milliseconds >= LATE_MILLISECONDS
    line = Line(
        contact.answered_at,
        is_late,
        contact.refusing,
        contact.failing_since,
        unknown=contact.code in (REFUSED, UNKNOWN),
        strange=contact.code == OTHER_KEY,
    )
    if seen is None:
        return PartnerState(row, contact, standing(line, now), count, behind=behind)
    announced = seen.announced is not None and seen.announced != seen.epoch
    return PartnerState(row, contact, standing(line, now), count, seen.clock, announced, seen.speaks, behind)
