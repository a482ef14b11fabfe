"""Reading the directory, and turning a ZIP code, a county or a state into a place (a click: `picture`)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import zipcodes
from django.utils.translation import gettext as _

from vigil.apps.whom_to_call.models import Entry
from vigil.apps.whom_to_call.rules import COLUMNS, STATES, Place, is_stale, serves
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.platform.agencies.models import Agency, this_node
from vigil.platform.partners.models import Partner

READ = "whom_to_call.entry.read"


@dataclass(frozen=True, slots=True)
class Line:
    """One row as shown; `phone` empty is a gap."""

    id: UUID | None
    kind: str
    name: str
    system: str
    area: str
    source: str
    phone: str
    hours: str
    checked: str
    stale: bool


@dataclass(frozen=True, slots=True)
class Group:
    """What serves a place, of one kind; no lines is a gap."""

    title: str
    lines: Sequence[Line]


def entries(actor: Actor, today: date) -> list[Line]:
    """Everything in the directory."""
    actor.require(READ)
    return [_line(entry, today) for entry in Entry.objects.all()]


def entry_of(actor: Actor, entry_id: UUID) -> Entry:
    """One entry; `NotFound` where there is none."""
    actor.require(READ)
    entry = Entry.objects.filter(pk=entry_id).first()
    if entry is None:
        raise NotFound
    return entry


def serving(actor: Actor, place: Place, today: date) -> list[Group]:
    """Whom to call for a place: this node's and other desks, partner nodes, national systems."""
    found = [entry for entry in Entry.objects.all() if serves(entry.states, entry.counties, place)]
    actor.require(READ)
    groups = []
    for kind, title in ((kind.value, str(kind.label)) for kind in Entry.Kind):
        own = _own_desks(place) if kind == Entry.Kind.WATCH_DESK else []
        if kind == Entry.Kind.PARTNER_NODE:
            own = _partners()
        groups.append(Group(title, [*own, *(_line(entry, today) for entry in found if entry.kind == kind)]))
    return groups


def as_csv(actor: Actor) -> str:
    """The whole directory as the file that the import reads."""
    actor.require(READ)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for entry in Entry.objects.all():
        values = {name: getattr(entry, name) for name in COLUMNS}
        values["checked_on"] = entry.checked_on.isoformat() if entry.checked_on else ""
        values["phone"] = entry.phone.removeprefix("+1") if entry.phone.startswith("+1") else entry.phone
        writer.writerow([values[name] for name in COLUMNS])
    return out.getvalue()


def _line(entry: Entry, today: date) -> Line:
    checked = _("never checked")
    if entry.checked_on:
        checked = _("{day:%Y-%m-%d} by {who}").format(day=entry.checked_on, who=entry.checked_by)
    area = " · ".join(filter(None, (entry.states, entry.counties))) or _("region not known")
    stale = is_stale(entry.checked_on, today)
    kind = Entry.Kind(entry.kind).label
    return Line(
        entry.pk, str(kind), entry.name, entry.system, area, entry.source, entry.phone, entry.hours, checked, stale
    )


def _own_desks(place: Place) -> list[Line]:
    """This node's desk and those of its agencies, where an agency of the state is served."""
    agencies = list(Agency.objects.filter(is_served=True, is_active=True, state=place.state))
    if not agencies:
        return []
    node = this_node()
    hours = ", ".join(filter(None, (node.desk_hours, node.desk_holidays)))
    desks = [(node.watch_desk_name or node.name, node.watch_desk_phone, hours)]
    if node.outside_phone:
        desks.append((node.outside_name or node.outside_phone, node.outside_phone, _("outside the desk's hours")))
    desks += [(agency.name, agency.watch_desk_phone, "") for agency in agencies if agency.watch_desk_phone]
    said = _("from this node's settings")
    kind = str(Entry.Kind.WATCH_DESK.label)
    return [Line(None, kind, name, "Vigil", place.state, "", phone, hours, said, False) for name, phone, hours in desks]


def _partners() -> list[Line]:
    active = Partner.objects.filter(state=Partner.State.ACTIVE, purpose=Partner.Purpose.LIVE)
    return [
        Line(
            None,
            str(Entry.Kind.PARTNER_NODE.label),
            one.watch_desk_name or one.name,
            "Vigil",
            _("asked at each search"),
            "",
            one.watch_desk_phone,
            one.desk_hours,
            _("as the node says"),
            False,
        )
        for one in active
    ]


# --- places ----------------------------------------------------------------------------------------------------------


def place_of_text(text: str) -> Place | None:
    """A ZIP code, a state, or `County, ST`; None where it is none of them."""
    text = text.strip()
    if re.fullmatch(r"\d{5}", text):
        found: Any = zipcodes.matching(text)  # type: ignore[no-untyped-call]
        return Place(found[0]["state"], found[0]["county"]) if found and found[0]["state"] in STATES else None
    county, _comma, state = text.rpartition(",")
    code = code_of(state.strip())
    return Place(code, county.strip()) if code else None


def code_of(state: str) -> str:
    """The two letters of a state given as such or by name; "" where it is none."""
    if state.upper() in STATES:
        return state.upper()
    return next((code for code, name in STATES.items() if name.casefold() == state.casefold()), "")
