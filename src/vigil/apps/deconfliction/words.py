"""What pages say, in plain words: the answer first, then what to do and until when. Pure; the clock is passed in.

The strongest good answer is *no known conflict* (specification, section 1). Times are in a named zone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from vigil.apps.deconfliction.cards import Card, ConflictPerson
from vigil.apps.deconfliction.plan import Contact, Plan
from vigil.apps.deconfliction.queries import (
    ConflictDetail,
    ConflictRow,
    ConflictSideView,
    CoverageRow,
    OperationDetail,
    OperationRow,
)

TALK_BEFORE = timedelta(minutes=30)
"""Voice contact is wanted this long before the earlier start (specification, section 6)."""

OUTCOMES = (
    ("proceed", "Both go ahead"),
    ("joint", "Do it together"),
    ("delay", "One side waits"),
    ("cancel", "One side cancels"),
    ("same_operation", "Same operation"),
    ("false_alarm", "Not a real conflict"),
)
STATUSES = (("registered", "Registered"), ("under_way", "Under way"), ("ended", "Ended"), ("cancelled", "Cancelled"))
STATES = {
    "detected": "Found",
    "notified": "Both told",
    "acknowledged": "Acknowledged",
    "contacted": "Talked",
    "resolved": "Settled",
    "expired_unacknowledged": "Nobody acknowledged",
}
FLAGS = {
    "radius": "The radius is over 5 km. Is that meant?",
    "span": "The window is longer than usual for this type.",
    "area": "The area is over 2,500 square km. Is that meant?",
    "outside_region": "A place lies outside the region of this node.",
    "pin_wanted": "A place is only known roughly, so the zone is widened. Set a pin to search less.",
    "subject": "A subject is kept but not compared: it lacks a birth date, a state or another part.",
    "no_subject": "Nothing can be compared: it has no place and no complete subject.",
    "exigent": "Short notice. Give reason and approver when there is time.",
    "volume": "Unusually many operations in a short time.",
}
LIMITS = (
    "Teams that registered with nobody are not found.",
    "A later entry can still meet yours. You are alarmed at once.",
    "Federal and national systems were not asked. Ask by hand and note the number.",
)
EVENTS = {
    "detected": "Found",
    "notified": "Both sides told",
    "alarm_detected": "One side was told",
    "alarm_worsened": "One side was told: closer, earlier or more dangerous",
    "alarm_changed": "One side was told of a change",
    "alarm_withdrawn": "One side was told: no longer meets",
    "acknowledged": "Seen",
    "contacted": "Talked",
    "resolved": "Settled",
    "reopened": "Opened again",
    "withdrawn": "No longer meets",
    "expired": "Nobody acknowledged in time",
    "owned": "The watch desk took it on",
}


def event_words(kind: str, own_only: bool) -> str:
    """One line of a conflict's log; `own_only` for who reads of their own side's alarms alone."""
    said = EVENTS.get(kind, kind.replace("_", " ").capitalize())
    return said.replace("One side", "Your side") if own_only else said


# --- times ------------------------------------------------------------------------------------------------------------


def hm(at: datetime, zone: str) -> str:
    """`05:30`."""
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}"


def zone_name(at: datetime, zone: str) -> str:
    """`EDT`."""
    return f"{at.astimezone(ZoneInfo(zone)):%Z}"


def day(at: datetime, zone: str, now: datetime | None = None) -> str:
    """`today`, `tomorrow`, or `Thu Sep 3`."""
    local = at.astimezone(ZoneInfo(zone))
    if now is not None:
        away = (local.date() - now.astimezone(ZoneInfo(zone)).date()).days
        if away in (-1, 0, 1):
            return ("yesterday", "today", "tomorrow")[away + 1]
    return f"{local:%a %b} {local.day}"


def when(at: datetime, zone: str, now: datetime) -> str:
    """`today 06:00`."""
    return f"{day(at, zone, now)} {hm(at, zone)}"


def span(start: datetime, end: datetime, zone: str) -> str:
    """`Thu Sep 3, 05:00 to 08:30 EDT`; the second day only where it differs."""
    last = hm(end, zone) if day(start, zone) == day(end, zone) else f"{day(end, zone)}, {hm(end, zone)}"
    return f"{day(start, zone)}, {hm(start, zone)} to {last} {zone_name(end, zone)}"


def minutes(left: timedelta) -> str:
    """`38 minutes`, `2 hours`, `3 days`: rounded down, for sentences."""
    whole = max(0, int(left.total_seconds()) // 60)
    if whole < 120:
        return f"{whole} minute{'' if whole == 1 else 's'}"
    return f"{whole // 60} hours" if whole < 2880 else f"{whole // 1440} days"


def count(number: int, noun: str) -> str:
    """`1 conflict`, `2 conflicts`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def length(metres: float) -> str:
    """`300 m (984 ft)`."""
    return f"{metres:,.0f} m ({metres * 3.28084:,.0f} ft)"


# --- conflicts --------------------------------------------------------------------------------------------------------


def shape_of(band: str) -> str:
    """The sign of a conflict: `direct`, `near`, or `subject` where only a subject is shared."""
    return band or "subject"


@dataclass(frozen=True, slots=True)
class ConflictLine:
    """One conflict as lists and cards show it, from the reader's side."""

    row: ConflictRow
    shape: str
    own_when: str
    overlap_words: str
    state_words: str
    acknowledged_words: str
    call_before: datetime
    seconds_left: float
    is_open: bool
    call_name: str = ""
    call_phone: str = ""
    flag_words: str = ""
    with_whom: str = ""

    @property
    def id(self) -> UUID:
        """The conflict's id."""
        return self.row.id

    @property
    def waits(self) -> bool:
        """Whether somebody still has to talk, or the reader's side has not even seen it."""
        return self.is_open and (self.row.state not in ("contacted", "resolved") or _unseen(self.row))


def _unseen(row: ConflictRow) -> bool:
    return row.own_operation_id is not None and not row.acknowledged


def conflict_line(row: ConflictRow, zone: str, now: datetime, detail: ConflictDetail | None = None) -> ConflictLine:
    """One conflict in words; with its detail also whom to call."""
    call_before = row.starts_at - TALK_BEFORE
    person = first_to_call(detail) if detail else None
    flags = flag_words(detail.other) if detail else []
    return ConflictLine(
        row=row,
        shape=shape_of(row.band),
        own_when=when(row.own_starts_at or row.starts_at, zone, now),
        overlap_words=overlap(row, zone),
        state_words=STATES.get(row.state, row.state) if row.standing == "open" else row.standing.capitalize(),
        acknowledged_words=_acknowledged(row),
        call_before=call_before,
        seconds_left=(call_before - now).total_seconds(),
        is_open=row.standing == "open" and (row.state != "resolved" or _unseen(row)) and row.overlap_end > now,
        call_name=person.name if person else "",
        call_phone=person.phone if person else "",
        flag_words=f"{', '.join(flags)} on their side." if flags else "",
        with_whom=row.other_agency or " and ".join(row.agencies),
    )


def overlap(row: ConflictRow, zone: str) -> str:
    """When both are active; a shared subject counts up to 72 hours beyond both plans (specification 4.3)."""
    if not row.band:
        return "The same subject stands in both, within 72 hours of each other."
    return f"Both active {span(row.overlap_start, row.overlap_end, zone)}."


def _acknowledged(row: ConflictRow) -> str:
    if row.state == "contacted":
        return "You have talked"
    if not row.acknowledged:
        return "You have not acknowledged"
    return "Both sides have seen this" if row.other_acknowledged else "You have seen this, they have not"


def first_to_call(detail: ConflictDetail) -> ConflictPerson:
    """The other side's lead contact, or the watch desk where it connects callers."""
    people = [person for side in (detail.other or detail.own[1:]) for person in side.people if person.phone]
    desk = ConflictPerson("watch desk", detail.watch_desk_name or "the watch desk", detail.watch_desk_phone)
    return people[0] if people else desk


def flag_words(sides: Iterable[ConflictSideView]) -> list[str]:
    """What to know before meeting them."""
    found = []
    if any(side.plain_clothes for side in sides):
        found.append("Plain clothes")
    if any(side.armed_and_dangerous for side in sides):
        found.append("Armed and dangerous person")
    return found


@dataclass(frozen=True, slots=True)
class Answer:
    """The heading of a page: one sentence that answers its question, and a second line."""

    sentence: str
    detail: str


def today_answer(conflicts: Sequence[ConflictLine], waiting: int, zone: str, now: datetime) -> Answer:
    """What needs the reader now."""
    local = now.astimezone(ZoneInfo(zone))
    date = f"{local:%A, %B} {local.day}. It is {local:%H:%M %Z}."
    calls = sorted(line.call_before for line in conflicts if line.waits and not line.row.tentative)
    if calls:
        return Answer(*_calls_sentence(calls, date, zone, now))
    if waiting:
        return Answer(f"{count(waiting, 'thing')} {'waits' if waiting == 1 else 'wait'} for you", date)
    return Answer("Nothing needs you now", date)


def _calls_sentence(deadlines: Sequence[datetime], date: str, zone: str, now: datetime) -> tuple[str, str]:
    """How many need a call and until when; `deadlines` are sorted."""
    late = [at for at in deadlines if at <= now]
    rest = len(deadlines) - len(late)
    if late:
        more = f" {rest} more can wait until {by(deadlines[len(late)], zone, now)}." if rest else ""
        return f"{needs(len(late))} a call now", f"{date} The start is near, or it has begun.{more}"
    first = deadlines[0]
    if first - now >= SOON:
        return f"{needs(len(deadlines))} a call", f"{date} The first by {by(first, zone, now)}."
    soon = [at for at in deadlines if at - now < SOON]
    which = "before" if soon[-1] == first else ", the first before"
    more = f" {len(deadlines) - len(soon)} more later." if len(deadlines) > len(soon) else ""
    sentence = f"{needs(len(soon))} a call{'' if which.startswith(',') else ' '}{which} {by(first, zone, now)}"
    return sentence, f"{date} You have {minutes(first - now)}.{more}"


SOON = timedelta(hours=20)


def needs(number: int) -> str:
    """`1 conflict needs`, `2 conflicts need`."""
    return f"{count(number, 'conflict')} {'needs' if number == 1 else 'need'}"


def by(deadline: datetime, zone: str, now: datetime) -> str:
    """`05:30` where no day is needed, else `tomorrow 05:30`."""
    return hm(deadline, zone) if deadline - now < SOON else when(deadline, zone, now)


# --- one operation's answer -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Segment:
    """One node on the coverage ring: an SVG path in a box of 100."""

    path: str
    answered: bool


@dataclass(frozen=True, slots=True)
class Ring:
    """The coverage ring: one segment a node."""

    segments: tuple[Segment, ...]
    text: str
    words: str


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """The banner of an operation's page. `sign` is drawn where there is no ring."""

    css: str
    sign: str
    sentence: str
    detail: str
    kicker: str = ""
    ring: Ring | None = None
    call_before: datetime | None = None
    seconds_left: float = 0.0


def ring(answered: Sequence[bool]) -> Ring:
    """Equal arcs with gaps between; a single node is a closed ring."""
    number, radius, gap = len(answered), 42.0, 0.12 if len(answered) > 1 else 0.0
    segments = []
    for index, has_answered in enumerate(answered):
        start = 2 * math.pi * index / number - math.pi / 2 + gap / 2
        end = 2 * math.pi * (index + 1) / number - math.pi / 2 - gap / 2
        middle = (start + end) / 2
        points = [f"{50 + radius * math.cos(a):.2f} {50 + radius * math.sin(a):.2f}" for a in (start, middle, end)]
        arc = f"A{radius:g} {radius:g} 0 0 1"
        segments.append(Segment(f"M{points[0]} {arc} {points[1]} {arc} {points[2]}", has_answered))
    done = sum(answered)
    return Ring(tuple(segments), f"{done}/{number}", f"{done} of {number} answered")


def verdict(detail: OperationDetail, conflicts: Sequence[ConflictLine], zone: str, now: datetime) -> VerdictWords:
    """The answer for the current revision, and nothing older."""
    row = detail.row
    if row.status == "cancelled":
        return VerdictWords("checking", "not_covered", "Cancelled", "Everyone who was matched has been told.")
    if row.determination == "conflict":
        return _conflict_verdict(row, conflicts, zone, now)
    if row.determination == "no_known_conflict" and detail.determined_at is not None:
        at = f"{detail.determined_at.astimezone(ZoneInfo(zone)):%H:%M:%S %Z}"
        partners = [line for line in detail.coverage if line.state != "not_covered"]
        asked = f"This node and all {len(partners)} partners" if partners else "This node was asked and"
        verb = "answered" if partners else "answered, no other;"
        sentence = f"{asked} {verb} for revision {row.revision} at {at}."
        if not partners:
            sentence = f"Asked: this node only. It answered for revision {row.revision} at {at}."
        return VerdictWords(
            "no-known-conflict", "no_known_conflict", "No known conflict", sentence, ring=_ring_of(detail)
        )
    if row.determination == "incomplete":
        names = [line.name for line in detail.coverage if line.state in ("not_answered", "refused")]
        refused = any(line.state == "refused" for line in detail.coverage)
        who = " and ".join(names) or "someone"
        verb = "refused" if refused and len(names) == 1 else f"{'has' if len(names) == 1 else 'have'} not answered"
        return VerdictWords(
            "incomplete",
            "incomplete",
            f"Incomplete: {who} {verb}",
            "No conflict known so far. One may be there: call them.",
            ring=_ring_of(detail),
        )
    return VerdictWords(
        "checking",
        "checking",
        "Checking",
        f"We are asking now. Nothing is known yet for revision {row.revision}. This page changes by itself.",
    )


def _ring_of(detail: OperationDetail) -> Ring:
    asked = [line for line in detail.coverage if line.state != "not_covered"]
    return ring([detail.determined_at is not None, *(line.state == "answered" for line in asked)])


def _conflict_verdict(row: OperationRow, conflicts: Sequence[ConflictLine], zone: str, now: datetime) -> VerdictWords:
    start = when(row.starts_at, zone, now)
    yours = f"Your {row.type_label.lower()} {row.reference}, revision {row.revision}. Starts {start}."
    standing = [line for line in conflicts if line.is_open]
    if not standing:
        return VerdictWords("checking", "direct", "Conflict, settled or over", yours)
    css = shape_of(row.band)
    css = "near" if css == "subject" else css
    waiting = [line for line in standing if line.waits]
    tentative = "Tentative: " if all(line.row.tentative for line in standing) else ""
    name = {"direct": "Direct conflict", "near": "Near conflict", "subject": "Shared subject"}[shape_of(row.band)]
    kicker = f"{tentative}{name} with {standing[0].with_whom}"
    if len(standing) > 1:
        kicker = f"{tentative}{len(standing)} conflicts"
    if not waiting:
        return VerdictWords(css, css, "Conflict. You have talked.", f"Log what you agreed. {yours}", kicker)
    deadline = min(line.call_before for line in waiting)
    until = "now" if deadline <= now else f"before {by(deadline, zone, now)}"
    left = (deadline - now).total_seconds()
    return VerdictWords(css, css, f"Call them {until}", yours, kicker, call_before=deadline, seconds_left=left)


@dataclass(frozen=True, slots=True)
class CoverageLine:
    """One line of "who was asked, who answered, when"."""

    name: str
    what: str
    sign: str
    at: datetime | None
    instead: str
    silent: bool
    desk_phone: str = ""


def coverage_lines(detail: OperationDetail, node: str) -> list[CoverageLine]:
    """Silent ones first and tinted, then this node, then the rest; nobody left out."""
    own_at = detail.determined_at
    own = CoverageLine(
        f"This node, {node}", "Own search", "answered" if own_at else "checking", own_at, "Searching", False
    )
    rest = [_coverage_line(line) for line in detail.coverage]
    return [*(line for line in rest if line.silent), own, *(line for line in rest if not line.silent)]


def _coverage_line(line: CoverageRow) -> CoverageLine:
    what, instead = {
        "answered": ("Partner", ""),
        "not_answered": ("Partner", "Not answered"),
        "refused": ("Partner", "Refused"),
        "not_covered": ("On no node", "Not covered"),
    }[line.state]
    silent = line.state in ("not_answered", "refused")
    return CoverageLine(line.name, what, line.state, line.answered_at, instead, silent, line.desk_phone)


def plan_facts(plan: Plan, row: OperationRow) -> list[tuple[str, str]]:
    """The plan for its own people, without places and subjects."""
    contacts = (
        ("Lead contact", plan.lead_contact),
        ("Second contact", plan.second_contact),
        ("Supervisor", plan.supervisor),
    )
    sees = {"contact_only": "Contact only", "type_and_contact": "Contact and type", "silent": "Silent"}
    facts = [
        ("Status", dict(STATUSES).get(row.status, row.status)),
        *((name, _contact(contact)) for name, contact in contacts if contact),
        ("Plain clothes", "Yes" if plan.plain_clothes else "No"),
        ("Armed and dangerous", "Yes" if plan.armed_and_dangerous else "No"),
        ("The other side sees", sees[plan.disclosure.value]),
        ("Officers", plan.personnel_band),
        ("Also taking part", ", ".join(plan.participants)),
        ("Case number", plan.case_number),
        ("Objective", plan.objective),
        *((f"Asked by hand: {system}", number) for system, number in plan.external_references),
        ("Number in your system", plan.external_id),
        ("Short notice", " ".join(filter(None, (plan.exigent_reason, plan.exigent_approver)))),
    ]
    return [(name, value) for name, value in facts if value]


def _contact(contact: Contact) -> str:
    return f"{contact.name}, {contact.phone or 'no phone'}{', through the watch desk' if contact.relay else ''}"


# --- one conflict's page ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One of the five steps of a conflict; `css` is `done`, `next` or empty."""

    name: str
    text: str
    css: str


def steps(detail: ConflictDetail, zone: str) -> list[Step]:
    """Found, told, acknowledged, talked, agreed."""
    row = detail.row
    told = _first(detail, "notified") or row.detected_at
    talked = _first(detail, "contacted")
    agreed = _first(detail, "resolved")
    all_seen = all(side.acknowledged_at for side in (*detail.own, *detail.other))
    reached = [True, True, all_seen or bool(talked or agreed), bool(talked or agreed), bool(agreed)]
    texts = [
        f"{row.detected_at.astimezone(ZoneInfo(zone)):%H:%M:%S}",
        f"{told.astimezone(ZoneInfo(zone)):%H:%M:%S}",
        "; ".join(_seen_text(side, zone) for side in (*detail.own, *detail.other)),
        f"{talked.astimezone(ZoneInfo(zone)):%H:%M:%S}" if talked else "Not yet",
        agreed_words(detail) or "Not logged yet",
    ]
    names = ("Found", "Both told", "Acknowledged", "Talked", "Agreed")
    following = reached.index(False) if False in reached else len(reached)
    return [
        Step(name, text, "done" if done else "next" if index == following else "")
        for index, (name, text, done) in enumerate(zip(names, texts, reached, strict=True))
    ]


def _seen_text(side: ConflictSideView, zone: str) -> str:
    who = "you" if side.is_own else "they"
    return f"{who} {hm(side.acknowledged_at, zone)}" if side.acknowledged_at else f"{who} not yet"


def _first(detail: ConflictDetail, kind: str) -> datetime | None:
    return next((event.at for event in detail.log if event.kind == kind), None)


def agreed_words(detail: ConflictDetail) -> str:
    """What was agreed, in the words it was chosen by; empty before."""
    return dict(OUTCOMES).get(detail.outcome, "")


def conflict_banner(detail: ConflictDetail, line: ConflictLine, zone: str, now: datetime) -> VerdictWords:
    """The sentence of a conflict's page."""
    css = "near" if line.shape == "subject" else line.shape
    row = detail.row
    if row.standing == "withdrawn":
        return VerdictWords(
            "checking", line.shape, "These two no longer meet", "One side changed or cancelled its plan."
        )
    if row.state == "resolved":
        return VerdictWords("checking", line.shape, f"Settled: {agreed_words(detail)}", "")
    if row.standing == "past" or row.overlap_end <= now:
        return VerdictWords("checking", line.shape, "Over: both were active, and it is past", "")
    if row.state == "contacted":
        talked = _first(detail, "contacted")
        at = f" at {hm(talked, zone)}" if talked else ""
        return VerdictWords("checking", line.shape, f"Both sides talked{at}. Log what you agreed.", "")
    if line.call_before <= now:
        sentence = "Call them now"
    else:
        sentence = f"Call them before {by(line.call_before, zone, now)}"
    return VerdictWords(css, line.shape, sentence, "", call_before=line.call_before, seconds_left=line.seconds_left)


def known_facts(detail: ConflictDetail, zone: str) -> list[tuple[str, str]]:
    """What both sides may know of the conflict: never place or distance."""
    row = detail.row
    close = {
        "direct": "Direct. One site lies inside the other's zone.",
        "near": "Near. The zones touch.",
        "subject": "You share a subject.",
    }[shape_of(row.band)]
    extent = "buffers included" if row.band else "72 hours before and after included"
    if row.basis == "both":
        close += " You also share a subject."
    return [
        ("How close", close),
        ("Both active", f"{span(row.overlap_start, row.overlap_end, zone)}, {extent}"),
        ("Found", f"{day(row.detected_at, zone)}, {row.detected_at.astimezone(ZoneInfo(zone)):%H:%M:%S %Z}"),
        ("Their alarm", "They have seen it" if row.other_acknowledged else "Not acknowledged yet"),
        *([("Watch desk", detail.desk_owner)] if detail.desk_owner else []),
    ]


@dataclass(frozen=True, slots=True)
class SideWords:
    """One side of a conflict as two columns."""

    name: str
    facts: tuple[tuple[str, str], ...]


def _reached(person: ConflictPerson) -> str:
    through = "through the watch desk" if person.relay else ""
    return ", ".join(filter(None, (person.name, through, person.phone))) or "through the watch desk"


def card_facts(card: Card) -> list[tuple[str, str]]:
    """A card as names and values; what is not disclosed is said to be so."""
    if card.silent:
        return [("Silent", ", ".join(("Conflict: call the watch desk", *(_reached(one) for one in card.people))))]
    flags = [
        *(["plain clothes"] if card.plain_clothes else []),
        *(["armed and dangerous"] if card.armed_and_dangerous else []),
    ]
    return [
        ("Agency", card.agency),
        ("Operation", card.type_label or "Not disclosed"),
        *((person.role.capitalize(), _reached(person)) for person in card.people),
        ("On scene", ", ".join(flags).capitalize() or "Nothing said"),
    ]


def side_words(side: ConflictSideView) -> SideWords:
    """Who they are and how to reach them; what is not disclosed is said to be so."""
    people = tuple((person.role.capitalize(), _reached(person)) for person in side.people)
    flags = ", ".join(flag_words([side]))
    operation = " ".join(filter(None, (side.type_label, side.reference))) or "Not disclosed, contact only"
    facts = (("Operation", operation), *people, *((("On scene", flags),) if flags else ()))
    return SideWords(f"{side.agency}{' (you)' if side.is_own else ''}", facts)
