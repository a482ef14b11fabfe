"""What people do to a conflict: see it, call, talk, agree, close; and who may (specification, section 6).

A conflict's state changes only through `move`, by the table in `rules`. Each act counts for every line of the incident
that its actor sees: people talk about two plans, not about each pair of their sites.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from vigil.apps.deconfliction import access, notices, plan_rows
from vigil.apps.deconfliction.alarms import ladder, rules
from vigil.apps.deconfliction.alarms.rules import Event, State
from vigil.apps.deconfliction.federation import steps
from vigil.apps.deconfliction.models import Conflict, ConflictEvent, ConflictSide, ConflictState, Outcome, Standing
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.platform import keys
from vigil.platform.actions import action, concerns, detail
from vigil.platform.delivery import outbox

HOW = ("telephone", "radio", "in_person")
CHECKS = ("known_voice", "called_back", "pin")
"""How the watch desk makes sure of who is on the line; the words stand in `alarms.words`."""
RESULTS = ("answered", "no_answer", "busy", "message", "wrong_number")
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Talk:
    """Who spoke with whom, one of `HOW`, and where the desk logs it how it knew them (one of `CHECKS`)."""

    who: str
    whom: str
    how: str
    identity_check: str = ""
    note: str = ""


@action("deconfliction.conflict.acknowledge")
def acknowledge_conflict(actor: Actor, conflict_id: UUID, now: datetime) -> Conflict:
    """The actor's side knows of it: that side's alarms stop (specification, section 6). Harmless to repeat."""
    conflict = _found(actor, conflict_id)
    sides = list(access.visible_sides(actor).filter(conflict=conflict))
    if not sides:
        raise Invalid.at(
            sentence=_("No operation of your agency is in this conflict: each side acknowledges for itself.")
        )
    for line, own in _lines(actor, conflict, sides):
        _see(line, own, actor.name, now, actor=actor, how="page")
    return changed(conflict, now)


@action("deconfliction.conflict.acknowledge_for")
def acknowledge_by_telephone(
    actor: Actor, conflict_id: UUID, operation_id: UUID, name: str, identity_check: str, now: datetime
) -> Conflict:
    """The watch desk has a known person of one side on the line who says that they know: that side's alarms stop.

    Raises `Invalid` at `name` or `identity_check` where either is missing; `NotFound` for a side that was not told.
    """
    conflict = _found(actor, conflict_id)
    name = _name("name", name)
    if identity_check not in CHECKS:
        raise Invalid.at("identity_check", sentence=_("Say how you know who it is."), choices=CHECKS)
    sides = list(conflict.sides.filter(told=True, operation_id=operation_id, own_operation__isnull=False))
    if not sides:
        raise NotFound
    for line, own in _lines(actor, conflict, sides):
        _see(line, own, name, now, actor=actor, how="telephone", identity_check=identity_check)
    return changed(conflict, now)


@action("deconfliction.conflict.acknowledge")
def acknowledge_by_reply(actor: Actor, ladder_id: UUID, name: str, now: datetime) -> int:
    """A reply code came back from the number that it was sent to: exactly that side knows; how many lines that were.

    `name` is whom it was sent to.
    """
    lines = ladder.locked_lines(ladder_id)
    concerns(conflicts=[line.conflict_id for line in lines])
    for line in lines:
        _see(line.conflict, [line], name, now, actor=None, how="reply")
        changed(line.conflict, now)
    return len(lines)


@action("deconfliction.conflict.own")
def log_call(
    actor: Actor, conflict_id: UUID, operation_id: UUID, name: str, result: str, now: datetime, note: str = ""
) -> Conflict:
    """The watch desk has tried to call somebody of one side; what came of it is one of `RESULTS`. Changes no state.

    Raises `Invalid` at `name` or `result`; `NotFound` for a side that was not told.
    """
    conflict = _found(actor, conflict_id)
    name = _name("name", name)
    if result not in RESULTS:
        raise Invalid.at("result", sentence=_("Say what came of the call."), choices=RESULTS)
    side = conflict.sides.filter(told=True, operation_id=operation_id).first()
    if side is None:
        raise NotFound
    log(conflict, "called", now, actor=actor, side=side, people={"name": name}, result=result, note=note)
    notices.conflict_changed(conflict, now)
    return conflict


@action("deconfliction.conflict.contact")
def log_contact(actor: Actor, conflict_id: UUID, talk: Talk, now: datetime) -> Conflict:
    """Both sides have spoken. The note is read by this side and the watch desk alone.

    The sides that the actor speaks for know of it with that; another side's alarm goes on until it says so itself.
    Raises `Invalid` at `who`, `whom`, `how` or `identity_check`.
    """
    conflict = _found(actor, conflict_id)
    desk = actor.can(access.WATCH)
    checked = Talk(
        _name("who", talk.who), _name("whom", talk.whom), talk.how, talk.identity_check if desk else "", talk.note
    )
    if talk.how not in HOW:
        raise Invalid.at("how", sentence=_("Say how they spoke."), choices=HOW)
    if talk.identity_check and talk.identity_check not in CHECKS:
        raise Invalid.at("identity_check", sentence=_("Say how you know who it is."), choices=CHECKS)
    for line, sides in _lines(actor, conflict, _sides_for_talk(actor, conflict)):
        _talk(line, sides, checked, actor, now)
    return changed(conflict, now)


@action("deconfliction.conflict.resolve")
def resolve_conflict(actor: Actor, conflict_id: UUID, outcome: str, now: datetime, note: str = "") -> Conflict:
    """Record how both sides resolved it: `proceed`, `joint`, `delay`, `cancel`, `false_alarm` or `same_operation`.

    Who agreed has spoken: where nobody logged the call, it is logged with this, without names. Alarms stop per side
    (specification, section 6): a side that has not seen it keeps its alarm and its line. An expired conflict is closed
    by the watch desk alone, with its reason as `note`.
    """
    if outcome not in Outcome.values:
        raise Invalid.at("outcome", sentence=_("Choose what you agreed."), choices=Outcome.values)
    conflict = _found(actor, conflict_id)
    detail(outcome=outcome)
    event = Event.SETTLED
    if conflict.state == State.EXPIRED and actor.can(access.WATCH):
        event = Event.CLOSED
        if not note.strip():
            raise Invalid.at("reason", sentence=_("Say why nobody acknowledged it in time, and what you found out."))
    as_far = conflict.state
    for line, sides in _lines(actor, conflict, _sides_for_talk(actor, conflict)):
        if line.pk == conflict.pk or line.state == as_far:
            _settle(line, sides, event, outcome, note.strip(), actor, now)
    return changed(conflict, now)


@action("deconfliction.conflict.own")
def own_conflict(actor: Actor, conflict_id: UUID, now: datetime) -> Conflict:
    """The watch desk takes the conflict in hand, with every line of its incident."""
    conflict = _found(actor, conflict_id)
    for line, _sides in _lines(actor, conflict, ()):
        line.desk_owner_id = actor.user_id
        line.save(update_fields=("desk_owner",))
        log(line, "taken", now, actor=actor)
    return changed(conflict, now)


@action("deconfliction.conflict.own")
def hand_over(actor: Actor, conflict_id: UUID, user_id: UUID, now: datetime) -> Conflict:
    """The watch desk hands the conflict, with every line of its incident, to somebody else of the desk.

    Raises `NotFound` for somebody who is none of the node's watch desk.
    """
    if user_id not in notices.watch_desk():
        raise NotFound
    conflict = _found(actor, conflict_id)
    for line, _sides in _lines(actor, conflict, ()):
        line.desk_owner_id = user_id
        line.save(update_fields=("desk_owner",))
        log(line, "handed_over", now, actor=actor, people={"name": str(line.desk_owner)})
    return changed(conflict, now)


@action("deconfliction.conflict.own")
def note(actor: Actor, conflict_id: UUID, text: str, now: datetime) -> Conflict:
    """A line in the log, read by the watch desk alone. Raises `Invalid` at `note` where it is empty."""
    if not text.strip():
        raise Invalid.at("note", sentence=_("Write what is to be kept."))
    conflict = _found(actor, conflict_id)
    log(conflict, "noted", now, actor=actor, note=text.strip())
    return changed(conflict, now)


# --- the steps --------------------------------------------------------------------------------------------------------


def move(conflict: Conflict, event: Event) -> None:
    """The one place where a conflict's state changes. Raises `Invalid` where the table lacks the transition."""
    conflict.state = ConflictState(rules.after(event, State(conflict.state)).value)
    conflict.save(update_fields=("state",))


def log(
    conflict: Conflict,
    kind: str,
    at: datetime,
    *,
    actor: Actor | None = None,
    side: ConflictSide | None = None,
    name: str = "",
    people: dict[str, str] | None = None,
    note: str = "",
    how: str = "",
    identity_check: str = "",
    result: str = "",
    notices: Iterable[UUID] = (),
) -> None:
    """One line of the conflict's log; what was said and of whom is sealed. `name` where it was no account's doing."""
    ConflictEvent.objects.create(
        conflict=conflict,
        at=at,
        kind=kind,
        operation_id=side.operation_id if side else None,
        author_id=actor.user_id if actor else None,
        author_name=actor.name if actor else name,
        people=keys.encrypt(json.dumps(people), plan_rows.PEOPLE) if people else None,
        note=keys.encrypt(note, plan_rows.NOTE) if note else None,
        how=how,
        identity_check=identity_check,
        result=result,
        notices=[str(one) for one in notices],
    )


def _found(actor: Actor, conflict_id: UUID) -> Conflict:
    conflict = access.get_conflict(actor, conflict_id)
    concerns(conflict=conflict.pk)
    list(Conflict.objects.select_for_update().filter(incident_id=conflict.incident_id).order_by("pk").values("pk"))
    conflict.refresh_from_db()
    return conflict


def _sides_for_talk(actor: Actor, conflict: Conflict) -> list[ConflictSide]:
    """The sides that the actor may speak for: its own, or every side for a watch desk."""
    if actor.can(access.WATCH):
        return list(conflict.sides.filter(told=True))
    return list(access.visible_sides(actor).filter(conflict=conflict))


def _lines(
    actor: Actor, conflict: Conflict, sides: Sequence[ConflictSide]
) -> list[tuple[Conflict, list[ConflictSide]]]:
    """The conflict and the other lines of its incident that the actor sees and that stand, each with those of its sides
    that are lines of the same alarms as `sides`.
    """
    ladders = [side.ladder_id for side in sides]
    others = access.visible_conflicts(actor).filter(incident_id=conflict.incident_id, standing=Standing.OPEN)
    found = [conflict, *others.exclude(pk=conflict.pk).order_by("overlap_start", "pk")]
    mine: dict[UUID, list[ConflictSide]] = {one.pk: [] for one in found}
    rows = ConflictSide.objects.filter(conflict__in=found, ladder_id__in=ladders, told=True)
    if not actor.can(access.WATCH):
        rows = rows.filter(pk__in=access.visible_sides(actor).values("pk"))
    for side in rows.order_by("pk"):
        mine[side.conflict_id].append(side)
    return [(one, mine[one.pk]) for one in found]


def _see(
    conflict: Conflict,
    sides: Iterable[ConflictSide],
    name: str,
    now: datetime,
    *,
    actor: Actor | None,
    how: str,
    identity_check: str = "",
) -> None:
    """These sides know of it; nothing where they knew."""
    fresh = [side for side in sides if side.acknowledged_at is None]
    if not fresh:
        return
    for side in fresh:
        side.acknowledged_at, side.acknowledged_name = now, name
        side.acknowledged_by_id = actor.user_id if actor else None
        side.save(update_fields=("acknowledged_at", "acknowledged_name", "acknowledged_by"))
        people = {"name": name} if actor is not None and name != actor.name else None
        log(
            conflict,
            "acknowledged",
            now,
            actor=actor,
            side=side,
            name=name,
            people=people,
            how=how,
            identity_check=identity_check,
        )
        steps.tell(conflict, side, "acknowledged", now)
        if not any(line.acknowledged_at is None for line in ladder.lines_of([side.ladder_id])):
            outbox.stop(side.ladder_id, now)
    waiting = conflict.sides.filter(told=True, acknowledged_at=None, own_operation__isnull=False).exists()
    move(conflict, Event.SEEN if waiting else Event.SEEN_BY_ALL)


def _talk(conflict: Conflict, sides: Sequence[ConflictSide], talk: Talk, actor: Actor, now: datetime) -> None:
    _see(conflict, sides, actor.name, now, actor=actor, how="page")
    people = {"who": talk.who, "whom": talk.whom} if talk.who else None
    for side in sides:
        ConflictSide.objects.filter(pk=side.pk).update(contacted_at=now)
        steps.tell(conflict, side, "contacted", now)
        log(
            conflict,
            "contacted",
            now,
            actor=actor,
            side=side,
            people=people,
            note=talk.note,
            how=talk.how,
            identity_check=talk.identity_check,
        )
    move(conflict, Event.TALKED)


def _settle(
    conflict: Conflict,
    sides: Sequence[ConflictSide],
    event: Event,
    outcome: str,
    note: str,
    actor: Actor,
    now: datetime,
) -> None:
    if conflict.state in (State.NOTIFIED, State.ACKNOWLEDGED):
        _talk(conflict, sides, Talk("", "", ""), actor, now)
    move(conflict, event)
    conflict.outcome, conflict.resolved_at = outcome, now
    conflict.save(update_fields=("outcome", "resolved_at"))
    for side in sides:
        steps.tell(conflict, side, "resolved", now, outcome)
    log(conflict, "resolved", now, actor=actor, side=sides[0] if sides else None, note=note)


def changed(conflict: Conflict, now: datetime) -> Conflict:
    """What follows from every act: the alarms' times, and the open pages."""
    ladder.keep_times(ladder.running(conflict))
    notices.conflict_changed(conflict, now)
    conflict.refresh_from_db()
    return conflict


def _name(field: str, text: str) -> str:
    """A person's name as typed."""
    name = " ".join(text.split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid.at(field, sentence=_("Give a name of at most {most} characters.").format(most=LONGEST_NAME))
    return name
