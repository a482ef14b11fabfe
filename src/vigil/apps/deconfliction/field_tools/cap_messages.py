"""A conflict as CAP 1.2 messages for one side: one for each time that the side was alarmed, the newest given out.

What the side may read is decided where its pages are (`queries.conflict_detail`): the other side's contact and flags,
never a place, distance, subject or case. In English, as programs of a desk show it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from vigil.apps.deconfliction import queries
from vigil.apps.deconfliction.cards import ConflictPerson
from vigil.apps.deconfliction.models import Alarm
from vigil.apps.deconfliction.plan_rows import instant
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.engine.formats import cap
from vigil.platform.actions import action, concerns, detail
from vigil.platform.agencies.models import Node, this_node
from vigil.protocol.store import AlarmKind

SOON = timedelta(hours=1)
"""A start nearer than this is CAP's *immediate* ("responsive action SHOULD be taken immediately"): ours."""
EVENTS = {"direct": "Direct conflict", "near": "Near conflict", "": "Shared subject"}
SEVERITIES = {"direct": "Severe", "near": "Moderate", "": "Minor"}
HEADLINES = {
    AlarmKind.DETECTED: "An operation of yours has a conflict",
    AlarmKind.WORSENED: "A conflict of yours has become more serious",
    AlarmKind.CHANGED: "A conflict of yours has changed",
    AlarmKind.WITHDRAWN: "A conflict of yours stands no longer",
}


def newest_message(actor: Actor, conflict_id: UUID, now: datetime) -> bytes:
    """The newest message for the actor's side; `NotFound` for whoever has no side in the conflict."""
    detail = queries.conflict_detail(actor, conflict_id, now)
    own = next((side for side in detail.own if side.operation_id == detail.row.own_operation_id), None)
    if own is None or own.operation_id is None:
        raise NotFound
    alarms = list(Alarm.objects.filter(conflict_id=conflict_id, operation_id=own.operation_id).order_by("id"))
    if not alarms:
        raise NotFound
    return cap.write(_message(detail, alarms, this_node()))


@action("deconfliction.conflict.give")
def give_message(actor: Actor, conflict_id: UUID, now: datetime) -> bytes:
    """`newest_message` handed out as a file: recorded with its bytes before anybody has it."""
    content = newest_message(actor, conflict_id, now)
    concerns(conflict=conflict_id)
    detail(kind="cap", size=len(content))
    return content


def _message(detail: queries.ConflictDetail, alarms: list[Alarm], node: Node) -> cap.Alert:
    row, newest = detail.row, alarms[-1]
    kind, sender = AlarmKind(newest.kind), f"vigil.{node.code}"
    earlier = tuple(
        cap.Reference(sender, _identifier(row.reference, one), instant(one.raised_at)) for one in alarms[:-1]
    )
    is_over = kind is AlarmKind.WITHDRAWN
    return cap.Alert(
        identifier=_identifier(row.reference, newest),
        sender=sender,
        sent=instant(newest.raised_at),
        mode=row.mode,
        message_type="Alert" if not earlier else "Cancel" if is_over else "Update",
        restriction=f"For those who may see operation {row.own_reference}, and the watch desk of {node.name}.",
        event=EVENTS[row.band],
        urgency="Immediate" if row.starts_at - newest.raised_at < SOON else "Expected",
        severity="Minor" if row.tentative else SEVERITIES[row.band],
        certainty="Possible" if row.tentative or row.band != "direct" else "Likely",
        onset=instant(row.overlap_start),
        expires=instant(row.overlap_end),
        sender_name=node.watch_desk_name or node.name,
        headline=HEADLINES[kind],
        description=_description(detail),
        instruction="Nothing is to be done." if is_over else _instruction(detail),
        contact=_contact(detail),
        references=earlier,
        parameters=_parameters(detail),
    )


def _identifier(reference: str, alarm: Alarm) -> str:
    return f"{reference}.{alarm.pk}"


def _description(detail: queries.ConflictDetail) -> str:
    row = detail.row
    other = ", ".join(filter(None, (side.agency for side in detail.other))) or "an agency that is not named"
    times = f"from {row.overlap_start:%Y-%m-%d %H:%MZ} to {row.overlap_end:%Y-%m-%d %H:%MZ}"
    fixed = " A time is not fixed yet." if row.tentative else ""
    return f"Your operation {row.own_reference} and one of {other} are both active {times}.{fixed}"


def _instruction(detail: queries.ConflictDetail) -> str:
    person = _first(detail)
    if person is None:
        return "Call the watch desk before the earlier start."
    return f"Call {person.name or 'the watch desk'} at {person.phone} at least 30 minutes before the earlier start."


def _contact(detail: queries.ConflictDetail) -> str:
    person = _first(detail)
    return f"{person.name} {person.phone}".strip() if person else detail.watch_desk_phone


def _first(detail: queries.ConflictDetail) -> ConflictPerson | None:
    return next((person for side in detail.other for person in side.people if person.phone), None)


def _parameters(detail: queries.ConflictDetail) -> tuple[tuple[str, str], ...]:
    flags = {
        "plain_clothes": any(side.plain_clothes for side in detail.other),
        "armed_and_dangerous": any(side.armed_and_dangerous for side in detail.other),
    }
    return (
        ("vigil:conflict", detail.row.reference),
        ("vigil:operation", detail.row.own_reference),
        ("vigil:basis", detail.row.basis),
        *((f"vigil:{name}", "yes") for name, holds in flags.items() if holds),
    )
