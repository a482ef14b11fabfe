"""What is found in a text: spans, their kinds, and the sentences a person reads about them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from vigil.texts import gettext_noop as _

Directness = Literal["direct", "quasi"]


class Kind(StrEnum):
    """What a span holds, the strongest first: where two kinds hold the same words, the earlier one names them."""

    IDENTITY = "identity"
    CONTACT = "contact"
    VEHICLE = "vehicle"
    CASE = "case"
    ORI = "ori"
    BADGE = "badge"
    CIRCUMSTANCE = "circumstance"
    PERSON = "person"
    ANIMAL = "animal"
    UNIT = "unit"
    ADDRESS = "address"
    PLACE = "place"
    AGENCY = "agency"
    BEAT = "beat"
    AGE = "age"
    WHEN = "when"
    QUANTITY = "quantity"
    DEMOGRAPHIC = "demographic"
    OTHER = "other"


DIRECT = frozenset(
    (Kind.IDENTITY, Kind.CONTACT, Kind.VEHICLE, Kind.CASE, Kind.BADGE, Kind.PERSON, Kind.ANIMAL, Kind.UNIT)
)
"""Kinds that point at one person by themselves; the others do together with what a colleague knows."""

TITLES: dict[Kind, str] = {
    Kind.IDENTITY: _("A personal number"),
    Kind.CONTACT: _("A way to reach somebody"),
    Kind.VEHICLE: _("A vehicle's number"),
    Kind.CASE: _("A case number"),
    Kind.ORI: _("An agency's number"),
    Kind.BADGE: _("A badge or serial number"),
    Kind.CIRCUMSTANCE: _("A role only one person has"),
    Kind.PERSON: _("A name"),
    Kind.ANIMAL: _("An animal's name"),
    Kind.UNIT: _("A unit or call sign"),
    Kind.ADDRESS: _("An address"),
    Kind.PLACE: _("A place"),
    Kind.AGENCY: _("An agency"),
    Kind.BEAT: _("A beat or sector"),
    Kind.AGE: _("An age"),
    Kind.WHEN: _("Day and hour"),
    Kind.QUANTITY: _("A number that can be looked up"),
    Kind.DEMOGRAPHIC: _("What somebody is like"),
    Kind.OTHER: _("Something particular"),
}
"""The heading of a kind, for `gettext`."""

REASONS: dict[Kind, str] = {
    Kind.IDENTITY: _("This number belongs to one person."),
    Kind.CONTACT: _("This leads to one person or office."),
    Kind.VEHICLE: _("Plates and vehicle numbers are on file."),
    Kind.CASE: _("With this number anyone at the agency finds the call and who was on it."),
    Kind.ORI: _("This number is one agency."),
    Kind.BADGE: _("This number belongs to one officer."),
    Kind.CIRCUMSTANCE: _("Your coworkers would know who this is."),
    Kind.PERSON: _("A name points at one person."),
    Kind.ANIMAL: _("A dog's or horse's name points at its handler."),
    Kind.UNIT: _("The roster tells who had this call sign."),
    Kind.ADDRESS: _("An address and a date can be looked up in the call log."),
    Kind.PLACE: _("A named site and date can be looked up in the call log."),
    Kind.AGENCY: _("The fewer officers an agency has, the more its name tells."),
    Kind.BEAT: _("Few officers work one beat."),
    Kind.AGE: _("A band of ages is enough to learn from."),
    Kind.WHEN: _("We keep the month and a six-hour band."),
    Kind.QUANTITY: _("An exact figure can be found in a report or in the news."),
    Kind.DEMOGRAPHIC: _("In a small agency this may be one person."),
    Kind.OTHER: _("Together with the rest this may point at one event."),
}
"""Why a kind is shown, for `gettext`."""


@dataclass(frozen=True, slots=True)
class Span:
    """One mention in a text that points at a person, an agency or an event.

    `start` and `end` count characters of the text (`text[start:end]`). `thing` numbers what is mentioned, from 0 in the
    order of first mention: two spans of one thing are the same person, place, or hour, and get the same decision.
    `reason` is an English sentence for `gettext`. `proposal` is the replacement, in English like the narratives; it
    fits the place in the sentence, so mentions of one thing may differ in it.
    """

    start: int
    end: int
    kind: Kind
    directness: Directness
    reason: str
    proposal: str
    thing: int

    @property
    def title(self) -> str:
        """The heading of its kind, for `gettext`."""
        return TITLES[self.kind]


@dataclass(frozen=True, slots=True)
class Find:
    """What one finder says: these characters are of that kind; the proposal if the finder knows one."""

    start: int
    end: int
    kind: Kind
    proposal: str = ""
    sure: bool = True
    """Whether a rule or list says so; a guess from capitals, or a model's, gives way."""
