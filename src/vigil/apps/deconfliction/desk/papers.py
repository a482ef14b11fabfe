"""What the desk has on paper: the blank form for when the network is down, and the report of a shift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from vigil.apps.deconfliction import access, words
from vigil.apps.deconfliction.alarms import modes
from vigil.apps.deconfliction.alarms import words as talk_words
from vigil.apps.deconfliction.alarms.queue import ACTS
from vigil.apps.deconfliction.models import ConflictEvent
from vigil.apps.deconfliction.plan_rows import NOTE, names_in, opened
from vigil.core.actor import Actor
from vigil.engine.types import OPERATION_TYPES
from vigil.platform.actions import action, concerns, detail
from vigil.platform.agencies.models import this_node
from vigil.platform.documents import as_pdf
from vigil.web.downloads import csv_of

LONGEST_SHIFT = timedelta(hours=24)

FORM = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title)
#set text(lang: "en", size: 10pt)
#set page(paper: "us-letter", margin: (x: 16mm, y: 13mm))
#show title: set text(size: 16pt)
#show heading: set text(size: 11pt)
#set block(spacing: 2.4mm)
#let field(name, width: 1fr) = (box(width: 100%, height: 8.6mm, stroke: (bottom: 0.6pt), inset: (top: 1mm))[
  #text(size: 8pt, name)])
#title()
#text(data.lead)
#v(1mm)
#for group in data.groups [
  #heading(level: 1, group.at(0))
  #grid(columns: group.at(1).map(part => 1fr * part.at(1)), column-gutter: 5mm, row-gutter: 1mm,
    ..group.at(1).map(part => field(part.at(0))))
  #for row in group.at(2) [
    #grid(columns: row.map(part => 1fr * part.at(1)), column-gutter: 5mm, ..row.map(part => field(part.at(0))))
  ]
]
#v(2mm)
#text(size: 8.5pt)[Type: #data.types]
#v(1mm)
#text(size: 8.5pt, data.after)
"""

GROUPS = (
    (
        "Who calls",
        [("Agency and ORI", 3), ("Name, rank", 3), ("Called back on", 2)],
        [[("Taken at, date and time", 2), ("By, at the desk", 2), ("Identity: voice, called back, PIN", 3)]],
    ),
    (
        "The operation",
        [("Type", 2), ("Case number", 2), ("Tentative? yes / no", 1)],
        [
            [("Starts, date and local time", 3), ("Ends, date and local time", 3), ("Time zone", 1)],
            [("Place: address, coordinates or grid; second place overleaf", 5), ("Radius", 1)],
            [("Plain clothes or undercover? yes / no", 2), ("Armed and dangerous? yes / no", 2), ("How many", 1)],
        ],
    ),
    (
        "Whom others may call",
        [("Lead contact", 3), ("Direct telephone", 2), ("Through the desk only? yes / no", 2)],
        [[("Second contact", 3), ("Telephone", 2), ("Supervisor, telephone", 3)]],
    ),
    (
        "Subjects: name with birth date, telephone, plate with state, account, serial",
        [("1", 1), ("2", 1)],
        [[("3", 1), ("4", 1)]],
    ),
    (
        "Asked while the network was down",
        [("Whom, which telephone", 3), ("At", 1), ("Answer", 3)],
        [
            [("Whom, which telephone", 3), ("At", 1), ("Answer", 3)],
            [("Whom, which telephone", 3), ("At", 1), ("Answer", 3)],
            [("Entered later, at", 2), ("By", 2), ("Reference", 2)],
        ],
    ),
)
LEAD = (
    "NOT REGISTERED until it is entered. Nobody has been searched. Telephone the neighbours' desks and write down whom."
)
AFTER = (
    "Enter it as soon as the network is back, with the real times: an operation that has begun is taken and searched "
    "at once. Then destroy this sheet as your records schedule says."
)


def blank_form() -> bytes:
    """The form for one operation, one sheet (PDF/UA-1)."""
    node = this_node()
    desk = ", ".join(filter(None, (node.watch_desk_name, node.watch_desk_phone)))
    return as_pdf(
        FORM,
        {
            "title": f"Operation by hand, {node.name}",
            "lead": f"{LEAD} {desk}".strip(),
            "groups": GROUPS,
            "types": ", ".join(kind.label.lower() for kind in OPERATION_TYPES.values()),
            "after": AFTER,
        },
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One act of a shift."""

    at: datetime
    conflict_id: UUID
    conflict: str
    what: str
    who: str
    whom: str
    how: str
    note: str


@dataclass(frozen=True, slots=True)
class Report:
    """A shift: its acts in order, and how many of each kind."""

    since: datetime
    until: datetime
    lines: tuple[Line, ...]
    counts: Sequence[tuple[str, int]]


@action("deconfliction.desk.report")
def give_report(actor: Actor, kind: str, since: datetime, until: datetime, zone: str) -> bytes:
    """The report of the shift as `pdf` or `csv`; what was given out is recorded."""
    report = shift_report(actor, since, until)
    content = report_csv(report, zone) if kind == "csv" else report_pdf(report, actor.name, zone)
    concerns(conflicts=sorted({str(line.conflict_id) for line in report.lines}))
    detail(kind=kind, since=since.isoformat(), until=until.isoformat(), size=len(content))
    return content


def shift_report(actor: Actor, since: datetime, until: datetime) -> Report:
    """What the desk and both sides did about conflicts from one instant to the other, at most a day; no exercise."""
    until = min(until, since + LONGEST_SHIFT)
    seen = modes.live(access.visible_conflicts(actor)).values("pk")
    events = ConflictEvent.objects.filter(conflict__in=seen, kind__in=ACTS, at__gte=since, at__lte=until)
    lines = tuple(_line(event) for event in events.select_related("conflict").order_by("at", "id"))
    return Report(since, until, lines, Counter(line.what for line in lines).most_common())


def _line(event: ConflictEvent) -> Line:
    people = [name for name in names_in(event.people).values() if name]
    ways = [talk_words.WAYS.get(event.how), dict(talk_words.CHECKS).get(event.identity_check)]
    ways.append(dict(talk_words.RESULTS).get(event.result))
    return Line(
        at=event.at,
        conflict_id=event.conflict_id,
        conflict=event.conflict.reference,
        what=words.event_words(event.kind, own_only=False),
        who=event.author_name,
        whom=words.listed(people),
        how=", ".join(str(way) for way in ways if way),
        note=opened(event.note, NOTE),
    )


REPORT = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title)
#set text(lang: "en", size: 9pt)
#set page(paper: "us-letter", margin: 15mm, numbering: "1 of 1")
#show title: set text(size: 18pt)
#title()
#text(data.lead)
#v(1mm)
#if data.rows.len() == 0 [ #text(data.nothing) ] else [
  #text(data.counts)
  #table(columns: (auto, auto, auto, auto, 1fr), inset: 3.5pt, stroke: 0.4pt,
    table.header(..data.head.map(name => text(weight: "bold", name))),
    ..data.rows.map(row => row.map(text)).flatten())
]
"""
HEAD = ("Time", "Conflict", "What", "By", "With whom, how, note")


def report_pdf(report: Report, by: str, zone: str) -> bytes:
    """The report on paper, without place, subject or case; in English."""
    return as_pdf(
        REPORT,
        {
            "title": f"Shift report, {this_node().name}",
            "lead": f"{_at(report.since, zone)} to {_at(report.until, zone)}. Taken out by {by}.",
            "nothing": "Nothing was done about a conflict in this time.",
            "counts": ", ".join(f"{what}: {count}" for what, count in report.counts),
            "head": HEAD,
            "rows": [list(_cells(line, zone)) for line in report.lines],
        },
    )


def report_csv(report: Report, zone: str) -> bytes:
    """The same lines; times on the wall of the zone, with their offset."""
    head = ("time", "conflict", "what", "by", "with", "how", "note")
    return csv_of(head, (_csv_line(line, zone) for line in report.lines))


def _csv_line(line: Line, zone: str) -> tuple[str, ...]:
    at = line.at.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")
    return at, line.conflict, line.what, line.who, line.whom, line.how, line.note


def _cells(line: Line, zone: str) -> Iterable[str]:
    more = ". ".join(filter(None, (line.whom, line.how, line.note)))
    return _at(line.at, zone), line.conflict, line.what, line.who, more


def _at(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"
