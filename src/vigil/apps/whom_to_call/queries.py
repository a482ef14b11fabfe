"""Reading the directory, and turning a ZIP code, a county, a state or a click into a place."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

import zipcodes
from django.contrib.staticfiles import finders

from vigil.apps.whom_to_call.models import Entry
from vigil.apps.whom_to_call.rules import COLUMNS, STATES, Place, is_stale, serves
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.platform.agencies.models import Agency, this_node
from vigil.platform.partners.models import Partner

WEST, NORTH, WIDTH, HEIGHT = -179.5, 72.0, 920, 500
"""The map: degrees at its left upper corner, and its size in pixels at `SCALE` pixels a degree of latitude."""
SCALE, SQUEEZE = 9.0, 0.86
FARTHEST_DEGREES = 1.0
"""A click farther than this from every ZIP code is on no place."""
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
    checked = f"{entry.checked_on:%Y-%m-%d} by {entry.checked_by}" if entry.checked_on else "never checked"
    area = " · ".join(filter(None, (entry.states, entry.counties))) or "region not known"
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
        desks.append((node.outside_name or node.outside_phone, node.outside_phone, "outside the desk's hours"))
    desks += [(agency.name, agency.watch_desk_phone, "") for agency in agencies if agency.watch_desk_phone]
    said = "from this node's settings"
    kind = "Watch desk"
    return [Line(None, kind, name, "Vigil", place.state, "", phone, hours, said, False) for name, phone, hours in desks]


def _partners() -> list[Line]:
    active = Partner.objects.filter(state=Partner.State.ACTIVE)
    return [
        Line(
            None,
            "Partner node",
            one.watch_desk_name or one.name,
            "Vigil",
            "asked at each search",
            "",
            one.watch_desk_phone,
            one.desk_hours,
            "as the node says",
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
    county, _, state = text.rpartition(",")
    code = _code_of(state.strip())
    return Place(code, county.strip()) if code else None


def _code_of(state: str) -> str:
    if state.upper() in STATES:
        return state.upper()
    return next((code for code, name in STATES.items() if name.casefold() == state.casefold()), "")


def place_of_click(x: int, y: int) -> Place | None:
    """The place under a pixel of the map: state and county of the nearest ZIP code."""
    longitude, latitude = WEST + x / SCALE / SQUEEZE, NORTH - y / SCALE
    shrink = math.cos(math.radians(latitude))

    def away(code: tuple[float, float, Place]) -> float:
        return math.hypot((code[0] - longitude) * shrink, code[1] - latitude)

    nearest = min(_codes(), key=away)
    return nearest[2] if away(nearest) <= FARTHEST_DEGREES else None


@cache
def _codes() -> tuple[tuple[float, float, Place], ...]:
    every: Any = zipcodes.list_all()  # type: ignore[no-untyped-call]
    return tuple(
        (float(code["long"]), float(code["lat"]), Place(code["state"], code["county"]))
        for code in every
        if code["state"] in STATES and float(code["lat"] or 0)
    )


def map_svg(actor: Actor) -> str:
    """The states as a picture; a state is hatched where no telephone of a watch desk or system is known."""
    actor.require(READ)
    known = {state for entry in Entry.objects.exclude(phone="") for state in entry.states.split()}
    known |= set(Agency.objects.filter(is_served=True, is_active=True).values_list("state", flat=True))
    shapes = "".join(
        f'<path d="{path}" fill="{"#b8d4ea" if _code_of(name) in known else "url(#gap)"}"/>'
        for name, path in _outlines()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        '<defs><pattern id="gap" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="8" height="8" fill="#f5f5f2"/><rect width="2" height="8" fill="#a7a7a0"/></pattern></defs>'
        f'<rect width="100%" height="100%" fill="#fff"/><g stroke="#3d4551" stroke-width=".8">{shapes}</g></svg>'
    )


@cache
def _outlines() -> tuple[tuple[str, str], ...]:
    """Name and SVG path of each state, from the packaged TopoJSON."""
    file = finders.find("vendor/atlas/states-10m.json")
    if not isinstance(file, str):
        return ()
    with open(file, encoding="utf-8") as opened:
        topology = json.load(opened)
    (kx, ky), (dx, dy) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for step in arc:
            x, y = x + step[0], y + step[1]
            points.append((x * kx + dx, y * ky + dy))
        arcs.append(points)
    states = topology["objects"]["states"]["geometries"]
    return tuple((state["properties"]["name"], _path(state, arcs)) for state in states)


def _path(state: dict[str, Any], arcs: list[list[tuple[float, float]]]) -> str:
    polygons = state["arcs"] if state["type"] == "MultiPolygon" else [state["arcs"]]
    rings = [ring for polygon in polygons for ring in polygon]
    return "".join(_ring(ring, arcs) for ring in rings)


def _ring(ring: list[int], arcs: list[list[tuple[float, float]]]) -> str:
    points = [point for at in ring for point in (arcs[at] if at >= 0 else reversed(arcs[~at]))]
    if any(longitude > 0 for longitude, _ in points):
        return ""  # the islands beyond the antimeridian, and Guam
    texts = dict.fromkeys(f"{(x - WEST) * SCALE * SQUEEZE:.0f},{(NORTH - y) * SCALE:.0f}" for x, y in points)
    return f"M{'L'.join(texts)}Z" if len(texts) > 2 else ""
