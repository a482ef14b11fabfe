"""Three small invented regions that are neighbours, each for a node of its own: `vigil demo federation` pairs them.

Everything is invented; 555-01xx is reserved for fiction. Two plans lie where regions touch, so that somebody of Bay
Gateway can meet them: at Havre de Grace Susquehanna Regional's, at Laurel Potomac Crossing's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.contexts import plan_context
from vigil.apps.deconfliction.models import Operation
from vigil.apps.deconfliction.rules import read_plan
from vigil.core.actor import Actor, system
from vigil.core.errors import Unavailable
from vigil.core.permissions import Role
from vigil.platform.accounts.access import actor_of_user
from vigil.platform.accounts.actions import NewUser, create_user
from vigil.platform.accounts.hashing import stored
from vigil.platform.accounts.models import User
from vigil.platform.accounts.queries import DEMO_PASSWORD
from vigil.platform.agencies.actions import NewAgency, NewNode, create_agency, found_node
from vigil.platform.agencies.demonstration import DEMO_MARK
from vigil.platform.agencies.models import Agency, Node
from vigil.platform.agencies.region import Box

ZONE = "America/New_York"
LASTS = timedelta(hours=8)
LEFT = timedelta(hours=4)
"""A plan that ends sooner than this is registered anew at the next start."""
ROLES = {
    "officer": frozenset({Role.OFFICER}),
    "watch desk": frozenset({Role.WATCH_DESK}),
    "node administrator": frozenset({Role.NODE_ADMIN, Role.AGENCY_ADMIN}),
}


@dataclass(frozen=True, slots=True)
class Region:
    """One node: its agency, its people (user name and name by role in words), and a plan of its officer."""

    name: str
    code: str
    desk_phone: str
    box: Box
    agency: NewAgency
    people: Mapping[str, tuple[str, str]]
    officer_phone: str
    kind: str
    place: str
    label: str

    @property
    def logins(self) -> list[tuple[str, str, str]]:
        """User name, password, who."""
        return [(username, DEMO_PASSWORD, f"{name}, {role}") for role, (username, name) in self.people.items()]


REGIONS = {
    "bay": Region(
        "Bay Gateway",
        "BAY",
        "(410) 555-0100",
        (-77.0, 38.5, -75.8, 39.6),
        NewAgency(
            "MD0PCP100", "Port Calvert Police Department", "Port Calvert PD", "MD", "Baltimore city", time_zone=ZONE
        ),
        {
            "officer": ("dana.whitlock", "Dana Whitlock"),
            "watch desk": ("ines.ferro", "Ines Ferro"),
            "node administrator": ("nadia.stone", "Nadia Stone"),
        },
        "(410) 555-0112",
        "fixed_surveillance",
        "39.2858, -76.6131",
        "Harbor",
    ),
    "susquehanna": Region(
        "Susquehanna Regional",
        "SUS",
        "(717) 555-0163",
        (-77.2, 39.4, -75.7, 40.5),
        NewAgency("PA0SUS100", "Lower Susquehanna Police", "Lower Susquehanna PD", "PA", "York", time_zone=ZONE),
        {
            "officer": ("ned.harlan", "Ned Harlan"),
            "watch desk": ("cora.beck", "Cora Beck"),
            "node administrator": ("otis.lane", "Otis Lane"),
        },
        "(717) 555-0164",
        "search_warrant",
        "39.5490, -76.0920",
        "Havre de Grace",
    ),
    "potomac": Region(
        "Potomac Crossing",
        "POT",
        "(703) 555-0171",
        (-78.2, 38.4, -76.8, 39.4),
        NewAgency("VA0POT100", "Potomac Crossing Police", "Potomac Crossing PD", "VA", "Fairfax", time_zone=ZONE),
        {
            "officer": ("maya.reyes", "Maya Reyes"),
            "watch desk": ("hal.winter", "Hal Winter"),
            "node administrator": ("ida.moss", "Ida Moss"),
        },
        "(703) 555-0172",
        "arrest_warrant",
        "39.0990, -76.8490",
        "Laurel",
    ),
}


def ensure(region: Region, now: datetime) -> None:
    """Found the region's node where there is none, with its people; its plan is registered unless it still lasts.

    Raises:
        Unavailable: the database holds another node.
    """
    node = Node.objects.first() or _found(region)
    if not node.is_demo or node.code != region.code:
        raise Unavailable("This data folder holds another node: the demo is not put into it.")
    (Path(settings.VIGIL_DATA_DIR) / DEMO_MARK).touch()
    agency = Agency.objects.filter(ori=region.agency.ori).first() or create_agency(system("demo"), region.agency)
    hashed = "" if User.objects.exists() else stored(DEMO_PASSWORD)
    for role, (username, name) in region.people.items():
        if not User.objects.filter(username=username).exists():
            person = NewUser(username, name, DEMO_PASSWORD, agency.pk, ROLES[role], is_demo=True, hashed=hashed)
            create_user(system("demo"), person)
    lasting = Operation.objects.filter(external_id__startswith="demo-", ends_at__gt=now + LEFT)
    if not lasting.exclude(status="cancelled").exists():
        _register(region, now)


def _found(region: Region) -> Node:
    return found_node(
        system("demo"),
        NewNode(
            name=region.name,
            code=region.code,
            watch_desk_name=f"{region.name} watch desk",
            watch_desk_phone=region.desk_phone,
            region=(region.box,),
            place=",".join(f"{degrees:g}" for degrees in region.box),
            desk_week={str(day): ("00:00", "24:00") for day in range(7)},
            is_demo=True,
        ),
    )


def begins(now: datetime) -> datetime:
    """When the plans begin: at the full hour after the next."""
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)


def _register(region: Region, now: datetime) -> None:
    username, name = region.people["officer"]
    actor: Actor | None = actor_of_user(User.objects.get(username=username))
    if actor is None:  # somebody switched the account off: that is theirs to try out
        return
    start = begins(now)
    raw: dict[str, Any] = {
        "operation_type": region.kind,
        "starts_at": start,
        "ends_at": start + LASTS,
        "zone": ZONE,
        "lead_contact": {"name": name, "phone": region.officer_phone},
        "external_id": f"demo-{start:%Y%m%d%H}",
        "sites": [{"place": region.place, "label": region.label}],
    }
    made = actions.register_operation(actor, read_plan(raw, plan_context(actor.agency_id, now)), now)
    actions.run_due_search(actor, made.pk, now)
