"""Founding the node and its agencies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from django.utils.translation import gettext as _

from vigil.core.actor import Actor
from vigil.core.errors import Conflict, Invalid, NotFound, Problem
from vigil.core.identifiers import ORI_PATTERN
from vigil.core.permissions import Role
from vigil.platform import clock
from vigil.platform.actions import action, concerns, detail
from vigil.platform.agencies.desk import Week
from vigil.platform.agencies.listing import Listed
from vigil.platform.agencies.models import Agency, Node
from vigil.platform.agencies.region import Box
from vigil.platform.agencies.retention import Retention, stored
from vigil.platform.partners.models import FOUNDED, change_roster


@dataclass(frozen=True, slots=True)
class NewNode:
    """What is needed to found a node."""

    name: str
    code: str
    watch_desk_name: str = ""
    watch_desk_phone: str = ""
    region: tuple[Box, ...] = ()
    place: str = ""
    desk_week: Week = field(default_factory=dict)
    is_demo: bool = False


@dataclass(frozen=True, slots=True)
class NewAgency:
    """What is needed to create an agency; coordinates in degrees, of its headquarters."""

    ori: str
    name: str
    short_name: str = ""
    state: str = ""
    county: str = ""
    latitude: float | None = None
    longitude: float | None = None
    time_zone: str = ""
    watch_desk_phone: str = ""
    is_served: bool = True


@action("agencies.node.create")
def found_node(actor: Actor, wanted: NewNode) -> Node:
    """Write the node's one row and the first roster, which has no partner."""
    if Node.objects.exists():
        raise Conflict(_("This data folder already holds a node."))
    problems = []
    if not wanted.name.strip():
        problems.append(Problem(("name",), _("The node needs a name, e.g. Bay Region.")))
    if not re.fullmatch(r"[A-Z][A-Z0-9]{1,7}", wanted.code):
        problems.append(Problem(("code",), _("The code must be 2 to 8 capital letters and digits, e.g. BAY.")))
    problems += [
        Problem(("region", index), _("A box is west, south, east, north in degrees, with south below north."))
        for index, (west, south, east, north) in enumerate(wanted.region)
        if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90)
    ]
    if problems:
        raise Invalid(problems)
    node = Node.objects.create(
        name=wanted.name.strip(),
        code=wanted.code,
        watch_desk_name=wanted.watch_desk_name,
        watch_desk_phone=wanted.watch_desk_phone,
        region=[list(box) for box in wanted.region] or None,
        place=wanted.place,
        desk_week=dict(wanted.desk_week),
        is_demo=wanted.is_demo,
    )
    change_roster([], FOUNDED, clock.now())
    concerns(node=node.pk)
    return node


@action("agencies.node.edit")
def name_deconflictor(actor: Actor, name: str, phone: str) -> Node:
    """Who speaks with both sides where a silent operation meets another one; both empty: the watch desk."""
    node = Node.objects.get(slot=1)
    node.deconflictor_name, node.deconflictor_phone = name[:200], phone[:32]
    node.save(update_fields=["deconflictor_name", "deconflictor_phone"])
    concerns(node=node.pk)
    return node


@action("agencies.node.edit")
def edit_node(actor: Actor, changes: Mapping[str, Any]) -> Node:
    """Change the node's name, region or desk; the values are those of `reading.read_node` or `reading.read_desk`."""
    node = Node.objects.select_for_update().get(slot=1)
    for name, value in changes.items():
        setattr(node, name, value)
    node.save(update_fields=list(changes))
    concerns(node=node.pk)
    detail(**{name: str(value) for name, value in changes.items()})
    return node


@action("agencies.node.backup")
def note_backup(actor: Actor, size: int) -> None:
    """A backup of so many bytes was written just now; when the last one was is shown to administrators."""
    detail(size=size)
    Node.objects.filter(slot=1).update(backed_up_at=clock.now())


@action("agencies.agency.create")
def create_agency(actor: Actor, wanted: NewAgency) -> Agency:
    """An agency of this node, or (`is_served=False`) a neighbour known by name; a neighbour becomes one of the node."""
    _check(wanted.ori, wanted.name)
    agency = Agency.objects.filter(ori=wanted.ori).first()
    if agency is not None and (agency.is_served or not wanted.is_served):
        raise Invalid.at("ori", sentence=_("There is already an agency with ORI {ori}.").format(ori=wanted.ori))
    agency = agency or Agency()
    for name, value in asdict(wanted).items():
        # What a list told of a neighbour, such as its place, stays where nothing better is given.
        if value not in ("", None):
            setattr(agency, name, value)
    agency.save()
    concerns(agency=agency.pk)
    detail(ori=wanted.ori)
    return agency


@action("agencies.agency.edit")
def edit_agency(actor: Actor, agency: Agency, changes: Mapping[str, Any]) -> Agency:
    """Change an agency's own values; an agency administrator only their own agency's."""
    if not actor.roles & {Role.NODE_ADMIN, Role.SYSTEM} and actor.agency_id != agency.pk:
        raise NotFound
    for name, value in changes.items():
        setattr(agency, name, value)
    _check(agency.ori, agency.name)
    agency.save(update_fields=list(changes))
    concerns(agency=agency.pk)
    detail(**{name: str(value) for name, value in changes.items()})
    return agency


@action("agencies.agency.edit")
def set_retention(actor: Actor, retention: Retention) -> Agency:
    """How long the actor's own agency keeps what it registered; everything else in its rules stays."""
    own = Agency.objects.select_for_update().filter(pk=actor.agency_id) if actor.agency_id else Agency.objects.none()
    agency = own.first()
    if agency is None:
        raise NotFound
    agency.rules = {**agency.rules, "retention": stored(retention)}
    agency.save(update_fields=["rules"])
    concerns(agency=agency.pk)
    detail(**stored(retention))
    return agency


@dataclass(frozen=True, slots=True)
class Imported:
    """How many rows of a list did what."""

    created: int
    updated: int
    same: int
    served: int


@action("agencies.agency.create")
def import_agencies(actor: Actor, listed: Iterable[Listed]) -> Imported:
    """Take neighbours from a list: new ones are added, known ones updated; those served here stay untouched."""
    known = {agency.ori: agency for agency in Agency.objects.all()}
    new: list[Agency] = []
    changed: list[Agency] = []
    same = served = 0
    for row in listed:
        agency = known.get(row.ori)
        values = asdict(row)
        if agency is None:
            new.append(Agency(**values, is_served=False))
        elif agency.is_served:
            served += 1
        elif all(getattr(agency, name) == value for name, value in values.items()):
            same += 1
        else:
            for name, value in values.items():
                setattr(agency, name, value)
            changed.append(agency)
    Agency.objects.bulk_create(new, batch_size=1000)
    Agency.objects.bulk_update(changed, [field.name for field in fields(Listed)], batch_size=100)
    counts = Imported(len(new), len(changed), same, served)
    detail(**asdict(counts))
    return counts


def _check(ori: str, name: str) -> None:
    problems = []
    if not re.fullmatch(ORI_PATTERN, ori):
        problems.append(Problem(("ori",), _("An ORI is nine capital letters and digits, e.g. MD0000100.")))
    if not name.strip():
        problems.append(Problem(("name",), _("The agency needs a name.")))
    if problems:
        raise Invalid(problems)
