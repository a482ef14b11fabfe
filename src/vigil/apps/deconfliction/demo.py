"""The demo region: three invented neighbouring agencies with their people, about 60 operations around now, and what
lies behind them.

`ensure` may be called at every start: it creates what is missing and moves what lies behind to today, by revisions of
kind `shift` that ask again like any edit. It writes through the ordinary actions, and only into a node that is marked
as a demo.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import itemgetter
from pathlib import Path
from uuid import UUID

from django.conf import settings

from vigil.apps.deconfliction import access, actions, plan_rows
from vigil.apps.deconfliction.alarms import lifecycle
from vigil.apps.deconfliction.alarms.lifecycle import Talk
from vigil.apps.deconfliction.contexts import plan_context
from vigil.apps.deconfliction.demo_past import AHEAD, EARLY, MEETINGS, RETENTION, SETTLED_AFTER, Meeting, past_plans
from vigil.apps.deconfliction.demo_plans import PORT, STATE, TIDE, ZONE, DemoPlan, demo_plans
from vigil.apps.deconfliction.models import Conflict, Operation, Outcome, Revision, Status
from vigil.apps.deconfliction.rules import read_plan
from vigil.core.actor import Actor, system
from vigil.core.errors import Unavailable
from vigil.core.permissions import Role
from vigil.platform import clock
from vigil.platform.accounts.access import actor_of_user
from vigil.platform.accounts.actions import NewUser, create_user
from vigil.platform.accounts.hashing import stored
from vigil.platform.accounts.models import User
from vigil.platform.accounts.queries import DEMO_PASSWORD
from vigil.platform.agencies.actions import NewAgency, NewNode, create_agency, found_node, set_retention
from vigil.platform.agencies.demonstration import DEMO_MARK
from vigil.platform.agencies.models import Agency, Node
from vigil.platform.agencies.retention import is_set

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
    ("vera.lindqvist", "Vera Lindqvist", PORT, frozenset({Role.AGENCY_AUDITOR}), "agency auditor"),
    ("tom.vasquez", "Tom Vasquez", STATE, _OFFICER, "officer"),
    ("aisha.brandt", "Aisha Brandt", STATE, _OFFICER, "officer"),
    ("glen.hartley", "Glen Hartley", STATE, _SUPERVISOR, "supervisor"),
    ("wes.pruitt", "Wes Pruitt", STATE, frozenset({Role.AGENCY_ADMIN}), "agency administrator"),
    ("noel.archer", "Noel Archer", STATE, frozenset({Role.NODE_AUDITOR}), "node auditor"),
    ("jo.hensley", "Jo Hensley", TIDE, _OFFICER, "officer"),
    ("marcus.lund", "Marcus Lund", TIDE, _OFFICER, "officer"),
    ("bea.quill", "Bea Quill", TIDE, _SUPERVISOR, "supervisor"),
    ("ada.finch", "Ada Finch", TIDE, frozenset({Role.AGENCY_ADMIN}), "agency administrator"),
)
"""User name, full name, agency, roles, and the role in words."""

_SHORT = {agency.ori: agency.short_name for agency in AGENCIES}
SHOWN = (
    "dana.whitlock",
    "ruth.calloway",
    "ines.ferro",
    "tom.vasquez",
    "jo.hensley",
    "paul.drummond",
    "nadia.stone",
    "vera.lindqvist",
    "noel.archer",
)
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
    (Path(settings.VIGIL_DATA_DIR) / DEMO_MARK).touch()
    actors = _actors(_agencies())
    plans = demo_plans(now)
    _set_retention(actors)
    known = {one.external_id: one for one in Operation.objects.filter(external_id__startswith="demo-")}
    if not known:
        _do_the_past(actors, now)
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
    # Demo folders of before second factors were asked for do not say whose account is the demo's.
    User.objects.filter(username__in=[person[0] for person in PEOPLE], is_demo=False).update(is_demo=True)
    hashed = "" if known else stored(PASSWORD)
    found = {}
    for username, name, ori, roles, _ in PEOPLE:
        user = known.get(username) or create_user(
            system("demo"), NewUser(username, name, PASSWORD, agencies[ori].pk, roles, is_demo=True, hashed=hashed)
        )
        actor = actor_of_user(user, agencies[ori].pk)
        if actor is not None:
            found[username] = actor
    return found


def _set_retention(actors: Mapping[str, Actor]) -> None:
    """As each agency's administrator has set it, where nobody has since; without, the past would be purged."""
    for username, _, ori, roles, _ in PEOPLE:
        if Role.AGENCY_ADMIN in roles and username in actors and not is_set(Agency.objects.get(ori=ori).rules):
            set_retention(actors[username], RETENTION[ori])


# --- what lies behind: done as people did it, with the clock at each moment, in the order of time ---------------------


def _do_the_past(actors: Mapping[str, Actor], now: datetime) -> None:
    ids: dict[str, UUID] = {}
    plans = {plan.key: plan for plan in past_plans(now)}
    steps: list[tuple[datetime, Callable[[datetime], None]]] = []
    for plan in plans.values():
        steps.append((plan.raw["starts_at"] - AHEAD, partial(_register_past, actors, plan, ids)))
        steps.append((plan.raw["ends_at"] - EARLY, partial(_end, actors, plan, ids)))
    for meeting in MEETINGS:
        known_at = max(plans[key].raw["starts_at"] for key in (meeting.one, meeting.other)) - AHEAD
        steps.append((known_at + SETTLED_AFTER, partial(_agree, actors, plans, ids, meeting)))
    for at, step in sorted(steps, key=itemgetter(0)):
        with clock.fixed(at.astimezone(UTC)):
            step(clock.now())


def _register_past(actors: Mapping[str, Actor], plan: DemoPlan, ids: dict[str, UUID], at: datetime) -> None:
    ids[plan.key], _ = _register(plan, actors[plan.officer], at)
    actions.run_due_search(actors[plan.officer], ids[plan.key], at)


def _agree(
    actors: Mapping[str, Actor], plans: Mapping[str, DemoPlan], ids: Mapping[str, UUID], meeting: Meeting, at: datetime
) -> None:
    """Both sides know, have spoken and say how they resolved it; where one is cancelled, the other side's is."""
    one, other = (actors[plans[key].officer] for key in (meeting.one, meeting.other))
    a, b = sorted((ids[meeting.one], ids[meeting.other]))
    conflict = Conflict.objects.get(operation_a=a, operation_b=b)
    lifecycle.acknowledge_conflict(other, conflict.pk, at)
    lifecycle.log_contact(one, conflict.pk, Talk(one.name, other.name, "telephone", note=meeting.note), at)
    lifecycle.resolve_conflict(one, conflict.pk, meeting.outcome, at)
    if meeting.outcome == Outcome.CANCEL:
        operation = access.get_operation(other, ids[meeting.other])
        actions.cancel_operation(other, operation.pk, operation.revision, at)
        actions.run_due_search(other, operation.pk, at)


def _end(actors: Mapping[str, Actor], plan: DemoPlan, ids: Mapping[str, UUID], at: datetime) -> None:
    actor = actors[plan.officer]
    operation = access.get_operation(actor, ids[plan.key])
    if operation.status != Status.CANCELLED:
        actions.end_operation(actor, operation.pk, operation.revision, at)
        actions.run_due_search(actor, operation.pk, at)


# --- what is around now ----------------------------------------------------------------------------------------------


def _register(plan: DemoPlan, actor: Actor, now: datetime) -> tuple[UUID, Actor]:
    made = actions.register_operation(actor, read_plan(plan.raw, plan_context(actor.agency_id, now)), now)
    return made.id, actor


def _settle(plan: DemoPlan, operation: Operation | None, actor: Actor, now: datetime) -> tuple[UUID, Actor] | None:
    """Register what is missing, move what lies behind; None where it stands as it should."""
    if operation is None:
        return _register(plan, actor, now)
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
