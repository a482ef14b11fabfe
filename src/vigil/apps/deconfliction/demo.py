"""The demo region: three invented neighbouring agencies with their people, and about 60 operations around now.

`ensure` may be called at every start: it creates what is missing and moves what lies behind to today, by revisions of
kind `shift` that ask again like any edit. It writes through the ordinary actions, and only into a node that is marked
as a demo.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from vigil.apps.deconfliction import access, actions, plan_rows
from vigil.apps.deconfliction.contexts import plan_context
from vigil.apps.deconfliction.demo_plans import PORT, STATE, TIDE, ZONE, DemoPlan, demo_plans
from vigil.apps.deconfliction.models import Operation, Revision, Status
from vigil.apps.deconfliction.rules import read_plan
from vigil.core.actor import Actor, system
from vigil.core.errors import Unavailable
from vigil.core.permissions import Role
from vigil.platform.accounts.access import actor_of_user
from vigil.platform.accounts.actions import NewUser, create_user
from vigil.platform.accounts.models import User
from vigil.platform.accounts.queries import DEMO_PASSWORD
from vigil.platform.agencies.actions import NewAgency, NewNode, create_agency, found_node
from vigil.platform.agencies.models import Agency, Node

PASSWORD = DEMO_PASSWORD
NODE = NewNode(
    name="Bay Gateway",
    code="BAY",
    watch_desk_name="Bay Gateway watch desk",
    watch_desk_phone="(410) 555-0100",
    region=((-77.6, 37.8, -74.9, 39.8),),
    desk_week={str(day): ("00:00", "24:00") for day in range(7)},
    is_demo=True,
)

_OFFICER, _SUPERVISOR = frozenset({Role.OFFICER}), frozenset({Role.SUPERVISOR})
AGENCIES = tuple(
    NewAgency(ori, name, short, "MD", county, time_zone=ZONE, watch_desk_phone=phone)
    for ori, name, short, county, phone in (
        (PORT, "Port Calvert Police Department", "Port Calvert PD", "Baltimore city", "(410) 555-0110"),
        (STATE, "Old Line State Patrol", "Old Line Patrol", "Anne Arundel", "(410) 555-0130"),
        (TIDE, "Tidewater Gun Task Force", "Tidewater GTF", "Baltimore", "(410) 555-0150"),
    )
)
PEOPLE = (
    ("dana.whitlock", "Dana Whitlock", PORT, _OFFICER, "officer"),
    ("reggie.okafor", "Reggie Okafor", PORT, _OFFICER, "officer"),
    ("lena.marsh", "Lena Marsh", PORT, _OFFICER, "officer"),
    ("ruth.calloway", "Ruth Calloway", PORT, _SUPERVISOR, "supervisor"),
    ("ines.ferro", "Ines Ferro", PORT, frozenset({Role.WATCH_DESK}), "watch desk"),
    ("paul.drummond", "Paul Drummond", PORT, frozenset({Role.AGENCY_ADMIN}), "agency administrator"),
    ("nadia.stone", "Nadia Stone", PORT, frozenset({Role.NODE_ADMIN}), "node administrator"),
    ("tom.vasquez", "Tom Vasquez", STATE, _OFFICER, "officer"),
    ("aisha.brandt", "Aisha Brandt", STATE, _OFFICER, "officer"),
    ("glen.hartley", "Glen Hartley", STATE, _SUPERVISOR, "supervisor"),
    ("wes.pruitt", "Wes Pruitt", STATE, frozenset({Role.AGENCY_ADMIN}), "agency administrator"),
    ("jo.hensley", "Jo Hensley", TIDE, _OFFICER, "officer"),
    ("marcus.lund", "Marcus Lund", TIDE, _OFFICER, "officer"),
    ("bea.quill", "Bea Quill", TIDE, _SUPERVISOR, "supervisor"),
    ("ada.finch", "Ada Finch", TIDE, frozenset({Role.AGENCY_ADMIN}), "agency administrator"),
)
"""User name, full name, agency, roles, and the role in words."""

_SHORT = {agency.ori: agency.short_name for agency in AGENCIES}
SHOWN = ("dana.whitlock", "ruth.calloway", "ines.ferro", "tom.vasquez", "jo.hensley", "paul.drummond", "nadia.stone")
LOGINS = tuple(
    (username, PASSWORD, f"{name}, {words}, {_SHORT[ori]}")
    for username, name, ori, _, words in PEOPLE
    if username in SHOWN
)
"""What the start prints: user name, password, who."""


def ensure(now: datetime) -> int:
    """Make or bring up to date the demo region; how many operations were registered or moved.

    Raises:
        Unavailable: the database holds a real node.
    """
    node = Node.objects.first() or found_node(system("demo"), NODE)
    if not node.is_demo:
        raise Unavailable("This data folder holds a real node: the demo is not put into it.")
    actors = _actors(_agencies())
    plans = demo_plans(now)
    known = {one.external_id: one for one in Operation.objects.filter(external_id__startswith="demo-")}
    touched = [_settle(plan, known.get(plan.raw["external_id"]), actors[plan.officer], now) for plan in plans]
    if not known:
        _join(plans, actors, now)
    for operation_id, actor in filter(None, touched):
        actions.run_due_search(actor, operation_id, now)
    return sum(1 for one in touched if one)


def _agencies() -> dict[str, Agency]:
    known = {agency.ori: agency for agency in Agency.objects.all()}
    return {wanted.ori: known.get(wanted.ori) or create_agency(system("demo"), wanted) for wanted in AGENCIES}


def _actors(agencies: Mapping[str, Agency]) -> dict[str, Actor]:
    known = {user.username: user for user in User.objects.all()}
    found = {}
    for username, name, ori, roles, _ in PEOPLE:
        user = known.get(username) or create_user(
            system("demo"), NewUser(username, name, PASSWORD, agencies[ori].pk, roles)
        )
        actor = actor_of_user(user, agencies[ori].pk)
        if actor is not None:
            found[username] = actor
    return found


def _settle(plan: DemoPlan, operation: Operation | None, actor: Actor, now: datetime) -> tuple[UUID, Actor] | None:
    """Register what is missing, move what lies behind; None where it stands as it should."""
    if operation is None:
        made = actions.register_operation(actor, read_plan(plan.raw, plan_context(actor.agency_id, now)), now)
        return made.id, actor
    if operation.status not in (Status.REGISTERED, Status.UNDER_WAY):
        return None  # somebody ended or cancelled it: that is theirs to try out
    late = timedelta(microseconds=plan.starts_at - plan_rows.instant(operation.starts_at))
    if late <= plan.slack:
        return None
    actions.shift_operation(actor, operation.id, late, now)
    return operation.id, actor


def _join(plans: list[DemoPlan], actors: Mapping[str, Actor], now: datetime) -> None:
    """Pairs that are run together: each names the other, as their owners would."""
    ids = {one.external_id.removeprefix("demo-"): one.id for one in Operation.objects.all()}
    for plan in plans:
        if plan.joint_with:
            actor, operation_id = actors[plan.officer], ids[plan.key]
            operation = access.get_operation(actor, operation_id)
            revision = Revision.objects.get(operation=operation, number=operation.revision)
            joined = replace(plan_rows.plan_of(revision), joint_with=frozenset({str(ids[plan.joint_with])}))
            actions.revise_operation(actor, operation_id, operation.revision, joined, now)
