"""What a person planned, read and checked: the one form in which a page, the API and an import hand it over.

Pure values. `rules.read_plan` makes them out of text; `actions` store them. Instants are microseconds UTC
as in the engine; wall times are kept beside them as typed, with the site's IANA zone (specification, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vigil.engine.operation import Geometry, Mode, Window
from vigil.protocol.store import Disclosure as Disclosure
from vigil.texts import gettext_noop

RENEWED = gettext_noop("Renewed while under way.")
AT_ONCE = gettext_noop("A registered interest begins at once.")
OWN_REASONS = frozenset((RENEWED, AT_ONCE))
"""Reasons for short notice that Vigil itself writes into a plan; stored in English."""


class PlaceSource(StrEnum):
    """How a site's place was given; decides its uncertainty."""

    PIN = "pin"
    COORDINATES = "coordinates"
    ZIP = "zip"
    TOWN = "town"
    DEVICE = "device"
    FILE = "file"
    DRAWN = "drawn"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class PlannedSite:
    """One site with its window in the site's local time and in UTC."""

    geometry: Geometry
    radius_m: float
    uncertainty_m: float
    starts_at: int
    ends_at: int
    zone: str
    starts_wall: str
    ends_wall: str
    buffer_before_min: float
    buffer_after_min: float
    source: PlaceSource
    typed: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """Who is telephoned; `relay` hides the phone, the watch desk connects callers."""

    name: str
    phone: str
    relay: bool = False


@dataclass(frozen=True, slots=True)
class PlannedSubject:
    """A subject as typed; `canonical` is None where p1 ignores it and `hint` says why."""

    kind: str
    typed: str
    canonical: str | None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything of specification section 3 that one revision stores, checked and complete."""

    operation_type: str
    mode: Mode
    sites: tuple[PlannedSite, ...]
    lead_contact: Contact
    second_contact: Contact | None = None
    supervisor: Contact | None = None
    subjects: tuple[PlannedSubject, ...] = ()
    span: Window | None = None
    span_zone: str = ""
    disclosure: Disclosure = Disclosure.CONTACT_ONLY
    tentative: bool = False
    plain_clothes: bool = False
    armed_and_dangerous: bool = False
    share_plain_clothes: bool = True
    share_armed_and_dangerous: bool = True
    personnel_band: str = ""
    participants: tuple[str, ...] = ()
    case_number: str = ""
    objective: str = ""
    joint_with: frozenset[str] = frozenset()
    external_references: tuple[tuple[str, str], ...] = ()
    external_id: str = ""
    exigent_reason: str = ""
    exigent_approver: str = ""
    flags: tuple[str, ...] = ()
