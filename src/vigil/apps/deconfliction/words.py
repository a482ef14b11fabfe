"""What pages say, in plain words and the reader's language: the answer first, then what to do and until when.

Nothing is read here; the clock is passed in.

The strongest good answer is *no known conflict* (specification, section 1). Times are in a named zone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache, reduce
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import dateformat
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from vigil.apps.deconfliction.cards import DESK, Card, ConflictPerson
from vigil.apps.deconfliction.federation.coverage_view import Near
from vigil.apps.deconfliction.federation.coverage_words import silence_of
from vigil.apps.deconfliction.plan import OWN_REASONS, Contact, Plan
from vigil.apps.deconfliction.queries import (
    ConflictDetail,
    ConflictRow,
    ConflictSideView,
    OperationDetail,
    OperationRow,
)
from vigil.engine.operation import Mode
from vigil.protocol.receipts import ASKED_ALONE, NEIGHBOURS_UNKNOWN

TALK_BEFORE = timedelta(minutes=30)
"""Voice contact is wanted this long before the earlier start (specification, section 6)."""

OUTCOMES = (
    ("proceed", gettext_lazy("Both go ahead")),
    ("joint", gettext_lazy("Do it together")),
    ("delay", gettext_lazy("One side waits")),
    ("cancel", gettext_lazy("One side cancels")),
    ("same_operation", gettext_lazy("Same operation")),
    ("false_alarm", gettext_lazy("Not a real conflict")),
)
STATUSES = (
    ("registered", gettext_lazy("Registered")),
    ("under_way", gettext_lazy("Under way")),
    ("ended", gettext_lazy("Ended")),
    ("cancelled", gettext_lazy("Cancelled")),
)
_STATUS_WORDS = dict(STATUSES)
STATES = {
    "detected": gettext_lazy("Found"),
    "notified": gettext_lazy("Both told"),
    "acknowledged": gettext_lazy("Acknowledged"),
    "contacted": gettext_lazy("Talked"),
    "resolved": gettext_lazy("Settled"),
    "expired_unacknowledged": gettext_lazy("Nobody acknowledged"),
}
STANDINGS = {"past": gettext_lazy("Past"), "withdrawn": gettext_lazy("Withdrawn")}
FLAGS = {
    "radius": gettext_lazy("The radius is over 5 km. Is that meant?"),
    "span": gettext_lazy("The window is longer than usual for this type."),
    "area": gettext_lazy("The area is over 2,500 square km. Is that meant?"),
    "outside_region": gettext_lazy("A place lies outside the region of this node."),
    "pin_wanted": gettext_lazy("A place is only known roughly, so the zone is widened. Set a pin to search less."),
    "subject": gettext_lazy("A subject is kept but not compared: it lacks a birth date, a state or another part."),
    "no_subject": gettext_lazy("Nothing can be compared: it has no place and no complete subject."),
    "exigent": gettext_lazy("Short notice. Give reason and approver when there is time."),
    "volume": gettext_lazy("Unusually many operations in a short time."),
}
LIMITS = (
    gettext_lazy("Teams that registered with nobody are not found."),
    gettext_lazy("A later entry can still meet yours. You are alarmed at once."),
    gettext_lazy("Federal and national systems were not asked. Ask by hand and note the number."),
)
EVENTS = {
    "detected": gettext_lazy("Found"),
    "notified": gettext_lazy("Both sides told"),
    "alarm_detected": gettext_lazy("One side was told"),
    "alarm_worsened": gettext_lazy("One side was told: closer, earlier or more dangerous"),
    "alarm_changed": gettext_lazy("One side was told of a change"),
    "alarm_withdrawn": gettext_lazy("One side was told: no longer meets"),
    "acknowledged": gettext_lazy("Seen"),
    "contacted": gettext_lazy("Talked"),
    "resolved": gettext_lazy("Settled"),
    "reopened": gettext_lazy("Opened again"),
    "withdrawn": gettext_lazy("No longer meets"),
    "expired": gettext_lazy("Nobody acknowledged in time"),
    "taken": gettext_lazy("The watch desk took it on"),
    "handed_over": gettext_lazy("Handed over to"),
    "noted": gettext_lazy("Note of the watch desk"),
    "called": gettext_lazy("Called"),
    "stepped": gettext_lazy("Told again"),
    "tell_by_name": gettext_lazy("To be told in person that it stands no longer"),
}
OWN_EVENTS = {
    "alarm_detected": gettext_lazy("Your side was told"),
    "alarm_worsened": gettext_lazy("Your side was told: closer, earlier or more dangerous"),
    "alarm_changed": gettext_lazy("Your side was told of a change"),
    "alarm_withdrawn": gettext_lazy("Your side was told: no longer meets"),
}
"""As `EVENTS`, for who reads of their own side's alarms alone."""


def event_words(kind: str, own_only: bool) -> str:
    """One line of a conflict's log; `own_only` for who reads of their own side's alarms alone."""
    said = OWN_EVENTS.get(kind) if own_only else None
    return str(said or EVENTS.get(kind) or kind.replace("_", " ").capitalize())


def flag_notes(flags: Iterable[str]) -> list[str]:
    """What the flags of a plan say to whoever registers it."""
    return [str(FLAGS.get(flag, flag)) for flag in flags]


def listed(names: Sequence[str]) -> str:
    """`one`, `one and another`; empty for none."""
    return reduce(lambda some, last: _("{some} and {last}").format(some=some, last=last), names) if names else ""


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
            return (_("yesterday"), _("today"), _("tomorrow"))[away + 1]
    return day_name(local.date())


def day_name(local: date) -> str:
    """`Thu Sep 3`."""
    return _day_name(local, get_language())


# Lists say the same few days again and again.
@lru_cache(maxsize=2048)
def _day_name(local: date, language: str | None) -> str:
    return dateformat.format(local, _("D M j"))


def when(at: datetime, zone: str, now: datetime) -> str:
    """`today 06:00`."""
    return f"{day(at, zone, now)} {hm(at, zone)}"


def span(start: datetime, end: datetime, zone: str) -> str:
    """`Thu Sep 3, 05:00 to 08:30 EDT`; the second day only where it differs."""
    begun, over = day(start, zone), day(end, zone)
    times = {"start": hm(start, zone), "end": hm(end, zone), "zone": zone_name(end, zone)}
    if begun == over:
        return _("{day}, {start} to {end} {zone}").format(day=begun, **times)
    return _("{day}, {start} to {last_day}, {end} {zone}").format(day=begun, last_day=over, **times)


def minutes(left: timedelta) -> str:
    """`38 minutes`, `2 hours`, `3 days`: rounded down, for sentences."""
    whole = max(0, int(left.total_seconds()) // 60)
    if whole < 120:
        return ngettext("{n} minute", "{n} minutes", whole).format(n=whole)
    if whole < 2880:
        return ngettext("{n} hour", "{n} hours", whole // 60).format(n=whole // 60)
    return ngettext("{n} day", "{n} days", whole // 1440).format(n=whole // 1440)


def operations_counted(number: int) -> str:
    """`1 operation`, `2 operations`."""
    return ngettext("{n} operation", "{n} operations", number).format(n=number)


def conflicts_counted(number: int) -> str:
    """`1 conflict`, `2 conflicts`."""
    return ngettext("{n} conflict", "{n} conflicts", number).format(n=number)


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

    @property
    def needs_call(self) -> bool:
        """Whether it is counted among what waits: an exercise or test is not."""
        return self.waits and self.row.mode == Mode.LIVE


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
        state_words=str(STATES.get(row.state, row.state) if row.standing == "open" else STANDINGS[row.standing]),
        acknowledged_words=_acknowledged(row),
        call_before=call_before,
        seconds_left=(call_before - now).total_seconds(),
        is_open=row.standing == "open" and (row.state != "resolved" or _unseen(row)) and row.overlap_end > now,
        call_name=person.name if person else "",
        call_phone=person.phone if person else "",
        flag_words=_("{what} on their side.").format(what=", ".join(flags)) if flags else "",
        with_whom=row.other_agency or listed(row.agencies),
    )


def overlap(row: ConflictRow, zone: str) -> str:
    """When both are active; a shared subject counts up to 72 hours beyond both plans (specification 4.3)."""
    if not row.band:
        return _("The same subject stands in both, within 72 hours of each other.")
    return _("Both active {span}.").format(span=span(row.overlap_start, row.overlap_end, zone))


def _acknowledged(row: ConflictRow) -> str:
    if row.state == "contacted":
        return _("You have talked")
    if not row.acknowledged:
        return _("You have not acknowledged")
    return _("Both sides have seen this") if row.other_acknowledged else _("You have seen this, they have not")


def first_to_call(detail: ConflictDetail) -> ConflictPerson:
    """The other side's lead contact, or the watch desk where it connects callers."""
    people = [person for side in (detail.other or detail.own[1:]) for person in side.people if person.phone]
    desk = ConflictPerson(DESK, detail.watch_desk_name or _("the watch desk"), detail.watch_desk_phone)
    return people[0] if people else desk


def flag_words(sides: Iterable[ConflictSideView]) -> list[str]:
    """What to know before meeting them."""
    found = []
    if any(side.plain_clothes for side in sides):
        found.append(_("Plain clothes"))
    if any(side.armed_and_dangerous for side in sides):
        found.append(_("Armed and dangerous person"))
    return found


@dataclass(frozen=True, slots=True)
class Answer:
    """The heading of a page: one sentence that answers its question, and a second line."""

    sentence: str
    detail: str


def today_answer(conflicts: Sequence[ConflictLine], waiting: int, zone: str, now: datetime) -> Answer:
    """What needs the reader now."""
    local = now.astimezone(ZoneInfo(zone))
    date = _("{weekday}, {month} {day}. It is {time}.").format(
        weekday=dateformat.format(local, "l"),
        month=dateformat.format(local, "F"),
        day=local.day,
        time=f"{local:%H:%M %Z}",
    )
    calls = sorted(line.call_before for line in conflicts if line.needs_call and not line.row.tentative)
    if calls:
        return Answer(*_calls_sentence(calls, date, zone, now))
    if waiting:
        sentence = ngettext("{n} thing waits for you", "{n} things wait for you", waiting).format(n=waiting)
        return Answer(sentence, date)
    return Answer(_("Nothing needs you now"), date)


def _calls_sentence(deadlines: Sequence[datetime], date: str, zone: str, now: datetime) -> tuple[str, str]:
    """How many need a call and until when; `deadlines` are sorted."""
    late = [at for at in deadlines if at <= now]
    rest = len(deadlines) - len(late)
    if late:
        more = ngettext("{n} more can wait until {time}.", "{n} more can wait until {time}.", rest)
        waits = [more.format(n=rest, time=by(deadlines[len(late)], zone, now))] if rest else []
        sentence = ngettext("{n} conflict needs a call now", "{n} conflicts need a call now", len(late))
        return sentence.format(n=len(late)), " ".join((date, _("The start is near, or it has begun."), *waits))
    first = deadlines[0]
    time = by(first, zone, now)
    if first - now >= SOON:
        return need_a_call(len(deadlines)), f"{date} {_('The first by {time}.').format(time=time)}"
    soon = [at for at in deadlines if at - now < SOON]
    number, later = len(soon), len(deadlines) - len(soon)
    sentence = ngettext("{n} conflict needs a call before {time}", "{n} conflicts need a call before {time}", number)
    if soon[-1] != first:
        sentence = ngettext(
            "{n} conflict needs a call, the first before {time}",
            "{n} conflicts need a call, the first before {time}",
            number,
        )
    left = _("You have {time}.").format(time=minutes(first - now))
    rests = [ngettext("{n} more later.", "{n} more later.", later).format(n=later)] if later else []
    return sentence.format(n=number, time=time), " ".join((date, left, *rests))


SOON = timedelta(hours=20)


def need_a_call(number: int) -> str:
    """`1 conflict needs a call`, `2 conflicts need a call`."""
    return ngettext("{n} conflict needs a call", "{n} conflicts need a call", number).format(n=number)


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
    return Ring(tuple(segments), f"{done}/{number}", _("{done} of {n} answered").format(done=done, n=number))


def verdict(
    detail: OperationDetail,
    conflicts: Sequence[ConflictLine],
    zone: str,
    now: datetime,
    near: Mapping[str, Near] = MappingProxyType({}),
) -> VerdictWords:
    """The answer for the current revision, and nothing older; `near` says which partners it concerns most."""
    row = detail.row
    if row.status == "cancelled":
        return VerdictWords("checking", "not_covered", _("Cancelled"), _("Everyone who was matched has been told."))
    if row.determination == "conflict":
        return _conflict_verdict(row, conflicts, zone, now)
    if row.determination == "no_known_conflict" and detail.determined_at is not None:
        at = f"{detail.determined_at.astimezone(ZoneInfo(zone)):%H:%M:%S %Z}"
        partners = sum(line.state != "not_covered" for line in detail.coverage)
        sentence = _("Asked: this node only. It answered for revision {number} at {time}.")
        if partners:
            sentence = ngettext(
                "This node and all {n} partners answered for revision {number} at {time}.",
                "This node and all {n} partners answered for revision {number} at {time}.",
                partners,
            )
        sentence = sentence.format(n=partners, number=row.revision, time=at)
        return VerdictWords(
            "no-known-conflict", "no_known_conflict", _("No known conflict"), sentence, ring=_ring_of(detail)
        )
    if row.determination == "incomplete":
        silence = silence_of(detail, near)
        sentence = silence.sentence.format(who=listed(silence.names) or _("someone"))
        return VerdictWords("incomplete", "incomplete", sentence, silence.detail, ring=_ring_of(detail))
    checking = _("We are asking now. Nothing is known yet for revision {number}. This page changes by itself.")
    return VerdictWords("checking", "checking", _("Checking"), checking.format(number=row.revision))


def _ring_of(detail: OperationDetail) -> Ring:
    asked = [line for line in detail.coverage if line.state != "not_covered"]
    return ring([detail.determined_at is not None, *(line.state == "answered" for line in asked)])


def _conflict_verdict(row: OperationRow, conflicts: Sequence[ConflictLine], zone: str, now: datetime) -> VerdictWords:
    yours = _("Your {type} {reference}, revision {number}. Starts {when}.").format(
        type=row.type_label.lower(),
        reference=row.reference,
        number=row.revision,
        when=when(row.starts_at, zone, now),
    )
    standing = [line for line in conflicts if line.is_open]
    if not standing:
        return VerdictWords("checking", "direct", _("Conflict, settled or over"), yours)
    css = shape_of(row.band)
    css = "near" if css == "subject" else css
    waiting = [line for line in standing if line.waits]
    kicker = {
        "direct": _("Direct conflict with {whom}"),
        "near": _("Near conflict with {whom}"),
        "subject": _("Shared subject with {whom}"),
    }[shape_of(row.band)].format(whom=standing[0].with_whom)
    if len(standing) > 1:
        kicker = conflicts_counted(len(standing))
    if all(line.row.tentative for line in standing):
        kicker = _("Tentative: {what}").format(what=kicker)
    if not waiting:
        return VerdictWords(css, css, _("Conflict. You have talked."), f"{_('Log what you agreed.')} {yours}", kicker)
    deadline = min(line.call_before for line in waiting)
    left = (deadline - now).total_seconds()
    call = _call_them(deadline, zone, now)
    return VerdictWords(css, css, call, yours, kicker, call_before=deadline, seconds_left=left)


def _call_them(deadline: datetime, zone: str, now: datetime) -> str:
    if deadline <= now:
        return _("Call them now")
    return _("Call them before {time}").format(time=by(deadline, zone, now))


def plan_facts(plan: Plan, row: OperationRow) -> list[tuple[str, str]]:
    """The plan for its own people, without places and subjects."""
    contacts = (
        (_("Lead contact"), plan.lead_contact),
        (_("Second contact"), plan.second_contact),
        (_("Supervisor"), plan.supervisor),
    )
    sees = {"contact_only": _("Contact only"), "type_and_contact": _("Contact and type"), "silent": _("Silent")}
    facts = [
        (_("Status"), status_words(row.status)),
        *((name, _contact(contact)) for name, contact in contacts if contact),
        (_("Plain clothes"), _("Yes") if plan.plain_clothes else _("No")),
        (_("Armed and dangerous"), _("Yes") if plan.armed_and_dangerous else _("No")),
        (_("The other side sees"), sees[plan.disclosure.value]),
        (_("Officers"), plan.personnel_band),
        (_("Also taking part"), ", ".join(plan.participants)),
        (_("Case number"), plan.case_number),
        (_("Objective"), plan.objective),
        *((_("Asked by hand: {system}").format(system=system), number) for system, number in plan.external_references),
        (_("Number in your system"), plan.external_id),
        (_("Short notice"), " ".join(filter(None, (said_reason(plan.exigent_reason), plan.exigent_approver)))),
    ]
    return [(name, value) for name, value in facts if value]


def status_words(status: str) -> str:
    """How an operation's status is called on its page and in lists."""
    return str(_STATUS_WORDS.get(status, status))


def said_reason(reason: str) -> str:
    """Why an operation came at short notice: as typed, or what Vigil itself has written there."""
    return _(reason) if reason in OWN_REASONS else reason


def _contact(contact: Contact) -> str:
    said = f"{contact.name}, {contact.phone or _('no phone')}"
    return f"{said}, {_('through the watch desk')}" if contact.relay else said


_WIDENED = re.compile("zone widened by {n} m: the place is not exact until a pin is set".format(n=r"(\d+)"))


def note_words(note: str) -> str:
    """What a receipt notes, in the reader's language; the receipt itself is signed in English."""
    if widened := _WIDENED.fullmatch(note):
        return _("zone widened by {n} m: the place is not exact until a pin is set").format(n=widened[1])
    known = {ASKED_ALONE: _("asked: this node only"), NEIGHBOURS_UNKNOWN: _("neighbouring agencies unknown")}
    return known.get(note, note)


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
        f"{talked.astimezone(ZoneInfo(zone)):%H:%M:%S}" if talked else _("Not yet"),
        agreed_words(detail) or _("Not logged yet"),
    ]
    names = (_("Found"), _("Both told"), _("Acknowledged"), _("Talked"), _("Agreed"))
    following = reached.index(False) if False in reached else len(reached)
    return [
        Step(name, text, "done" if done else "next" if index == following else "")
        for index, (name, text, done) in enumerate(zip(names, texts, reached, strict=True))
    ]


def _seen_text(side: ConflictSideView, zone: str) -> str:
    if side.acknowledged_at is None:
        return _("you not yet") if side.is_own else _("they not yet")
    said = _("you {time}") if side.is_own else _("they {time}")
    return said.format(time=hm(side.acknowledged_at, zone))


def _first(detail: ConflictDetail, kind: str) -> datetime | None:
    return next((event.at for event in detail.log if event.kind == kind), None)


def agreed_words(detail: ConflictDetail) -> str:
    """What was agreed, in the words it was chosen by; empty before."""
    return str(dict(OUTCOMES).get(detail.outcome, ""))


def conflict_banner(detail: ConflictDetail, line: ConflictLine, zone: str, now: datetime) -> VerdictWords:
    """The sentence of a conflict's page."""
    css = "near" if line.shape == "subject" else line.shape
    row = detail.row
    if row.standing == "withdrawn":
        return VerdictWords(
            "checking", line.shape, _("These two no longer meet"), _("One side changed or cancelled its plan.")
        )
    if row.state == "resolved":
        return VerdictWords("checking", line.shape, _("Settled: {how}").format(how=agreed_words(detail)), "")
    if row.state == "expired_unacknowledged":
        sentence = _("Nobody acknowledged this in time")
        return VerdictWords(css, line.shape, sentence, _("An incident: the watch desk calls both sides and closes it."))
    if row.standing == "past" or row.overlap_end <= now:
        return VerdictWords("checking", line.shape, _("Over: both were active, and it is past"), "")
    if row.state == "contacted":
        talked = _first(detail, "contacted")
        sentence = _("Both sides talked. Log what you agreed.")
        if talked:
            sentence = _("Both sides talked at {time}. Log what you agreed.").format(time=hm(talked, zone))
        return VerdictWords("checking", line.shape, sentence, "")
    sentence = _call_them(line.call_before, zone, now)
    return VerdictWords(css, line.shape, sentence, "", call_before=line.call_before, seconds_left=line.seconds_left)


def _their_step(detail: ConflictDetail, zone: str) -> str:
    """How far the other side has come, as far as it was told here."""
    for side in detail.other:
        if side.resolved_at is not None:
            how = str(dict(OUTCOMES).get(side.resolved_outcome, ""))
            said = _("They settled it at {time}: {how}") if how else _("They settled it at {time}")
            return said.format(time=hm(side.resolved_at, zone), how=how)
    if any(side.contacted_at for side in detail.other):
        return _("They have talked")
    return _("They have seen it") if detail.row.other_acknowledged else _("Not acknowledged yet")


def known_facts(detail: ConflictDetail, zone: str) -> list[tuple[str, str]]:
    """What both sides may know of the conflict: never place or distance."""
    row = detail.row
    close = {
        "direct": _("Direct. One site lies inside the other's zone."),
        "near": _("Near. The zones touch."),
        "subject": _("You share a subject."),
    }[shape_of(row.band)]
    extent = _("{span}, buffers included") if row.band else _("{span}, 72 hours before and after included")
    if row.basis == "both":
        close += f" {_('You also share a subject.')}"
    return [
        (_("How close"), close),
        (_("Both active"), extent.format(span=span(row.overlap_start, row.overlap_end, zone))),
        (_("Found"), f"{day(row.detected_at, zone)}, {row.detected_at.astimezone(ZoneInfo(zone)):%H:%M:%S %Z}"),
        (_("Their alarm"), _their_step(detail, zone)),
        *([(_("Watch desk"), detail.desk_owner)] if detail.desk_owner else []),
    ]


@dataclass(frozen=True, slots=True)
class SideWords:
    """One side of a conflict as two columns."""

    name: str
    facts: tuple[tuple[str, str], ...]


def _reached(person: ConflictPerson) -> str:
    through = _("through the watch desk")
    return ", ".join(filter(None, (person.name, through if person.relay else "", person.phone))) or through


def card_facts(card: Card) -> list[tuple[str, str]]:
    """A card as names and values; what is not disclosed is said to be so."""
    if card.silent:
        people = (_reached(one) for one in card.people)
        return [(_("Silent"), ", ".join((_("Conflict: call the watch desk"), *people)))]
    on_scene = {
        (True, True): _("Plain clothes, armed and dangerous"),
        (True, False): _("Plain clothes"),
        (False, True): _("Armed and dangerous"),
        (False, False): _("Nothing said"),
    }[bool(card.plain_clothes), bool(card.armed_and_dangerous)]
    return [
        (_("Agency"), card.agency),
        (_("Operation"), card.type_label or _("Not disclosed")),
        *((person.role_words.capitalize(), _reached(person)) for person in card.people),
        (_("On scene"), on_scene),
    ]


def side_words(side: ConflictSideView) -> SideWords:
    """Who they are and how to reach them; what is not disclosed is said to be so."""
    people = tuple((person.role_words.capitalize(), _reached(person)) for person in side.people)
    flags = ", ".join(flag_words([side]))
    operation = " ".join(filter(None, (side.type_label, side.reference))) or _("Not disclosed, contact only")
    facts = ((_("Operation"), operation), *people, *(((_("On scene"), flags),) if flags else ()))
    return SideWords(_("{agency} (you)").format(agency=side.agency) if side.is_own else side.agency, facts)
