"""The watch desk enters an operation for somebody on the telephone, also for people without an account or an ORI.

It is written for the caller's agency, or for the desk's own where that is none of those served; whoever cannot be known
is not entered for: a voice that the desk knows, a call back on the listed number, or a PIN (specification, section 6).
The desk that entered it reads its answer for an hour; afterwards it sees of the operation what it sees of any other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from vigil.apps.deconfliction import access, actions, plan_rows, queries
from vigil.apps.deconfliction.alarms.lifecycle import CHECKS
from vigil.apps.deconfliction.batches import BatchStore
from vigil.apps.deconfliction.led import calls
from vigil.apps.deconfliction.models import Operation, Revision, RevisionKind, Standing, TelephoneEntry
from vigil.apps.deconfliction.plan import Plan
from vigil.apps.deconfliction.posted import uuid_of
from vigil.apps.deconfliction.rules import read_phone
from vigil.apps.deconfliction.wall_times import TimeError, read_time
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound, Problem
from vigil.engine.operation import Mode
from vigil.platform import keys
from vigil.platform.accounts.models import User
from vigil.platform.accounts.pins import same_phone
from vigil.platform.actions import action, concerns, detail
from vigil.platform.agencies.models import Agency
from vigil.platform.sealed import purpose_of
from vigil.protocol.store import Verdict

PERMISSION = "deconfliction.operation.register_for"
ANSWER_SHOWN = timedelta(hours=1)
"""So long the desk that entered it reads the answer, whoever's operation it is (ours)."""
OLDEST_PAPER = timedelta(days=14)
"""A sheet older than this is a slip of the pen (ours)."""
NONE_OF_THESE = "none"
LONGEST = 200
SEALED = purpose_of(TelephoneEntry, "caller")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `agency_id` None: of none of the agencies served, but of `unit`, as said. `identity_check`: one of
    `lifecycle.CHECKS`. `taken_at`: when it was written on paper, where it is entered later.
    """

    name: str
    phone: str
    agency_id: UUID | None
    unit: str
    identity_check: str
    taken_at: datetime | None = None


def agencies() -> list[tuple[str, str]]:
    """Id and name of those for whom this node registers."""
    found = Agency.objects.filter(is_served=True, is_active=True).order_by("name")
    return [(str(one.pk), one.name) for one in found]


def read_caller(typed: Mapping[str, Any], zone: str, now: datetime) -> Caller:
    """The first part of the form; `zone` is the desk's, for the time on paper. Raises `Invalid` at `caller-…`."""
    text = {name: str(typed.get(name, "")).strip() for name in ("name", "phone", "agency", "unit", "identity_check")}
    is_none, phone = text["agency"] == NONE_OF_THESE, read_phone(text["phone"])
    short = range(1, LONGEST + 1)
    known = {key for key, _name in agencies()} | {NONE_OF_THESE}
    wrong = {
        "name": (len(text["name"]) not in short, _("Give the caller's name, in at most 200 letters.")),
        "phone": (phone is None, _("Give the caller's telephone: ten digits.")),
        "agency": (text["agency"] not in known, _("Pick the caller's agency, or say that it is none of these.")),
        "unit": (
            is_none and len(text["unit"]) not in short,
            _("Say which agency or unit it is, in at most 200 letters."),
        ),
        "identity_check": (text["identity_check"] not in CHECKS, _("Say how you know who it is.")),
    }
    problems = [Problem(("caller", name), sentence) for name, (is_wrong, sentence) in wrong.items() if is_wrong]
    taken_at = None
    try:
        taken_at = _taken_at(str(typed.get("taken_at", "")).strip(), zone, now)
    except TimeError as error:
        problems.append(Problem(("caller", "taken_at"), error.sentence, error.choices))
    if problems or phone is None:
        raise Invalid(problems)
    agency_id, unit = (None, text["unit"]) if is_none else (uuid_of(text["agency"]), "")
    return Caller(text["name"], phone, agency_id, unit, text["identity_check"], taken_at)


def _taken_at(text: str, zone: str, now: datetime) -> datetime | None:
    """A time without a day is the last such time; raises `TimeError` also for the future."""
    if not text:
        return None
    at = plan_rows.moment(read_time(text, zone, now, now - timedelta(days=1)).instant)
    if text.startswith("+") or at > now:
        raise TimeError(_("This has not been yet: give the time at which the call was taken."))
    if at < now - OLDEST_PAPER:
        raise TimeError(_("This is more than 14 days ago: check the day."))
    return at


@action("deconfliction.operation.register_for")
def register_for(actor: Actor, plan: Plan, caller: Caller, now: datetime, known: UUID | None = None) -> Operation:
    """Register for a caller; its determination is `checking` until `search_entered`.

    `known` is the account whose PIN was given. Its submitter is the caller's account, where the telephone is its listed
    one or the PIN is its own and it may read that agency's operations, else nobody: then the agency's supervisors
    answer for it. What is telephoned in during an exercise is entered for an invented agency, and for nobody's account.
    Raises `Invalid` at `caller-pin` where a PIN is said to be the way and none was right; `NotFound` for mode exercise
    outside an exercise that the actor plays in.
    """
    exercise = calls.played(actor) if plan.mode is Mode.EXERCISE else None
    agency_id = calls.agency_id() if exercise else caller.agency_id or actor.agency_id
    is_known = exercise is not None or str(agency_id) in dict(agencies())
    if actor.user_id is None or agency_id is None or not is_known or (plan.mode is Mode.EXERCISE and exercise is None):
        raise NotFound
    if caller.identity_check == "pin" and known is None:
        raise Invalid.at("caller", "pin", sentence=_("No right PIN was given."))
    actions._check_silence(actor, plan)
    account = None if exercise else _account_of(caller, known)
    author = replace(actor, user_id=account.pk, name=account.full_name) if account else replace(actor, user_id=None)
    operation = actions._create(
        author, plan, RevisionKind.REGISTER, now, agency_id=agency_id, identity_check=caller.identity_check
    )
    told = json.dumps({"name": caller.name, "phone": caller.phone, "unit": caller.unit})
    TelephoneEntry.objects.create(
        operation=operation,
        entered_by_id=actor.user_id,
        entered_at=now,
        caller=keys.encrypt(told, SEALED),
        taken_at=caller.taken_at,
    )
    if exercise is not None:
        calls.note_entered(exercise, operation.pk, actor.name, now)
    concerns(operation=operation.pk, agency=agency_id)
    detail(identity_check=caller.identity_check, taken_at=caller.taken_at.isoformat() if caller.taken_at else "")
    return operation


def _account_of(caller: Caller, known: UUID | None) -> User | None:
    """None for whoever is of none of the agencies, and where a telephone is listed for several accounts."""
    if caller.agency_id is None:
        return None
    readers = access.readers_in(caller.agency_id).values("user_id")
    people = User.objects.filter(pk__in=readers)
    if known is not None:
        return people.filter(pk=known).first()
    same = [one for one in people if same_phone(one.phone, caller.phone)]
    return same[0] if len(same) == 1 else None


@action("deconfliction.search.run")
def search_entered(actor: Actor, operation_id: UUID, now: datetime) -> Verdict | None:
    """`actions.run_due_search` of what the actor has entered for a caller, whoever's operation it is."""
    _own(actor, operation_id, now)
    return actions._search(BatchStore(), operation_id, now)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the desk tells the caller, of `agency`: one that is served, else the unit as said. `may_open`: the operation
    is one that the desk sees anyway.
    """

    operation: Operation
    caller: str
    agency: str
    conflicts: tuple[queries.ConflictDetail, ...]
    may_open: bool


def answer(actor: Actor, operation_id: UUID, now: datetime) -> Answer:
    """The answer for what the actor entered within the hour; `NotFound` for everything else."""
    row = _own(actor, operation_id, now)
    found = access.visible_conflicts(actor).filter(sides__operation_id=operation_id, standing=Standing.OPEN)
    wanted = [(key, operation_id) for key in found.order_by("overlap_start").values_list("pk", flat=True).distinct()]
    caller = _caller(row)
    return Answer(
        row.operation,
        caller["name"],
        caller["unit"] or row.operation.agency.name,
        queries.conflict_details(actor, wanted, now) if wanted else (),
        access.visible_operations(actor).filter(pk=operation_id).exists(),
    )


def _own(actor: Actor, operation_id: UUID, now: datetime) -> TelephoneEntry:
    rows = access.own_entries(actor).filter(entered_at__gt=now - ANSWER_SHOWN)
    row = rows.select_related("operation__agency").filter(pk=operation_id).first()
    if row is None:
        raise NotFound
    return row


def _caller(row: TelephoneEntry) -> dict[str, str]:
    told: dict[str, str] = json.loads(keys.decrypt(row.caller, SEALED))
    return told


@dataclass(frozen=True, slots=True)
class Entry:
    """How an operation was telephoned in, for those who see it. `identity_check` is a code of `alarms.words`."""

    entered_by: str
    entered_at: datetime
    caller: str
    phone: str
    unit: str
    identity_check: str
    taken_at: datetime | None


def entry_of(actor: Actor, operation_id: UUID) -> Entry | None:
    """None where nobody telephoned it in, or the actor does not see the operation."""
    row = access.visible_entries(actor).select_related("entered_by").filter(pk=operation_id).first()
    if row is None:
        return None
    told = _caller(row)
    check = Revision.objects.values_list("identity_check", flat=True).get(operation_id=operation_id, number=1)
    return Entry(
        row.entered_by.full_name, row.entered_at, told["name"], told["phone"], told["unit"], check, row.taken_at
    )
