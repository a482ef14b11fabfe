"""A led exercise on paper, in English: the evaluator's sheet, blank, the after-action report; its timeline as CSV."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from vigil.apps.deconfliction.led import evaluating, planning, rules
from vigil.apps.deconfliction.led.evaluating import Line
from vigil.apps.deconfliction.led.rules import Measure, Rating
from vigil.apps.deconfliction.models import Exercise, ExerciseMeasure, Objective, ObservationKind, Outcome
from vigil.core.actor import Actor
from vigil.platform.actions import action, concerns, detail
from vigil.platform.agencies.models import this_node
from vigil.platform.documents import as_pdf
from vigil.web.downloads import csv_of

FILES = {
    "sheet": "evaluator-sheet.pdf",
    "report": "after-action-report.pdf",
    "timeline": "exercise-timeline.csv",
}


@action("deconfliction.exercise.export")
def give(actor: Actor, exercise_id: UUID, kind: str, zone: str, now: datetime) -> bytes:
    """One of `FILES`; what was given out is recorded. Raises `NotFound` for who may not read what stands in it."""
    concerns(exercise=exercise_id)
    if kind == "sheet":
        content = sheet_pdf(planning.evaluated(actor, exercise_id), zone)
    elif kind == "report":
        content = report_pdf(planning.reported(actor, exercise_id), zone, now)
    else:
        content = timeline_csv(planning.reported(actor, exercise_id), zone)
    detail(kind=kind, size=len(content))
    return content


FRAME = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title)
#set text(lang: "en", size: 10pt)
#set page(paper: "us-letter", margin: (x: 16mm, y: 18mm), numbering: "1 of 1",
  header: align(center, text(size: 9pt, weight: "bold", tracking: 1pt)[EXERCISE EXERCISE EXERCISE]))
#show title: set text(size: 18pt)
#show heading: set text(size: 12pt)
#show heading: set block(above: 6mm, below: 3mm)
#title()
#text(data.lead)
"""

SHEET = (
    FRAME
    + """
#let rule(name) = box(width: 100%, height: 8mm, stroke: (bottom: 0.5pt), text(size: 8pt, name))
#grid(columns: (2fr, 1fr, 1fr), column-gutter: 5mm, rule("Evaluator"), rule("Place"), rule("Date"))
#for objective in data.objectives [
  #heading(level: 1, objective.text)
  #block(breakable: false)[
    #if objective.watched != "" [ #text(weight: "bold")[Look for: ] #text(objective.watched) #linebreak() ]
    #if objective.target != "" [ #text(weight: "bold")[Target: ] #text(objective.target) ]
    #v(1mm)
    #grid(columns: (auto,) * 4, column-gutter: 1fr,
      ..data.ratings.map(one => [#box(width: 3.4mm, height: 3.4mm, stroke: 0.7pt) #h(1mm)
        #strong(one.at(0)) #text(size: 7.5pt, one.at(1))]))
    #v(1mm)
    #table(columns: (18mm, 1fr), inset: 3pt, stroke: 0.4pt,
      table.header(text(size: 8pt)[Time], text(size: 8pt)[Observation: what was done, by whom]),
      ..range(5).map(_ => (box(height: 6mm)[], [])).flatten())
    #grid(columns: (1fr, 1fr), column-gutter: 5mm, rule("Strength"), rule("Area for improvement"))
  ]
]
"""
)

REPORT = (
    FRAME
    + """
#let cells(rows) = rows.map(row => row.map(text)).flatten()
#let listed(rows, nothing) = if rows.len() == 0 { text(nothing) } else { list(..rows.map(text)) }
#heading(level: 1)[Summary]
#text(data.summary)
#table(columns: (auto, 1fr), inset: 4pt, stroke: 0.4pt, ..cells(data.facts))
#heading(level: 1)[Objectives]
#table(columns: (1fr, auto, auto), inset: 4pt, stroke: 0.4pt,
  table.header(..data.objective_head.map(one => strong(one))), ..cells(data.objectives))
#text(size: 8.5pt, data.scale)
#heading(level: 1)[What Vigil measured]
#if data.mets.len() == 0 [ #text("No conflict was found.") ] else [
  #table(columns: (auto,) + (1fr,) * 6, inset: 4pt, stroke: 0.4pt,
    table.header(..data.met_head.map(one => strong(one))), ..cells(data.mets)) ]
#heading(level: 1)[Strengths]
#listed(data.strengths, "None was written down.")
#heading(level: 1)[Areas for improvement]
#listed(data.improvements, "None was written down.")
#heading(level: 1)[Improvement plan]
#if data.actions.len() == 0 [ #text("No corrective action yet.") ] else [
  #table(columns: (1fr, auto, auto, auto), inset: 4pt, stroke: 0.4pt,
    table.header(..data.action_head.map(one => strong(one))), ..cells(data.actions)) ]
#heading(level: 1)[Timeline]
#set text(size: 8.5pt)
#table(columns: (auto, auto, auto, 1fr, auto), inset: 3.5pt, stroke: 0.4pt,
  table.header(..data.line_head.map(one => strong(one))), ..cells(data.lines))
"""
)


def sheet_pdf(exercise: Exercise, zone: str) -> bytes:
    """The evaluator's sheet for paper (PDF/UA-1): nothing is rated on it yet."""
    return as_pdf(
        SHEET,
        {
            "title": f"Evaluator's sheet: {exercise.title}",
            "lead": f"{_lead(exercise, zone)}. P, S, M or U for each objective; the time of each observation.",
            "objectives": [
                {"text": one.text, "watched": one.watched, "target": _target(one)} for one in exercise.objectives.all()
            ],
            "ratings": [[rating.value, said] for rating, said in rules.RATINGS.items()],
        },
    )


def report_pdf(exercise: Exercise, zone: str, now: datetime) -> bytes:
    """The after-action report with its improvement plan (PDF/UA-1)."""
    observations = list(exercise.observations.select_related("author", "objective"))
    data: dict[str, Any] = {
        "title": f"After-action report: {exercise.title}",
        "lead": _lead(exercise, zone),
        "summary": exercise.summary or "No summary was written.",
        "facts": _facts(exercise, zone),
        "objective_head": ("Objective", "Rating", "Measured"),
        "objectives": [_objective(one, exercise, now) for one in exercise.objectives.all()],
        "scale": ". ".join(f"{rating.value}: {said}" for rating, said in rules.RATINGS.items()),
        "met_head": ("Conflict", "Found", "Taken up", "Acknowledged", "Talked", "Before the start", "Agreed"),
        "mets": _mets(exercise),
        "strengths": [one.text for one in observations if one.kind == ObservationKind.STRENGTH],
        "improvements": [one.text for one in observations if one.kind == ObservationKind.IMPROVEMENT],
        "action_head": ("Corrective action", "Owner", "Due", "Done"),
        "actions": [
            (one.text, one.owner, one.due_on.isoformat(), _at(one.done_at, zone) if one.done_at else "no")
            for one in exercise.corrective_actions.all()
        ],
        "line_head": ("Time", "Minute", "Planned", "What", "Who"),
        "lines": [_cells(line, zone) for line in evaluating.timeline(exercise)],
    }
    return as_pdf(REPORT, data)


def timeline_csv(exercise: Exercise, zone: str) -> bytes:
    """The timeline; times on the wall of the zone, with their offset."""
    head = ("time", "minute", "planned_minute", "kind", "what", "who", "more")
    return csv_of(head, (_csv_line(line, zone) for line in evaluating.timeline(exercise)))


def _csv_line(line: Line, zone: str) -> tuple[Any, ...]:
    at = line.at.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds") if line.at else ""
    return at, _number(line.minute), _number(line.planned), line.kind, line.what, line.who, line.more


def _cells(line: Line, zone: str) -> tuple[str, ...]:
    at = f"{line.at.astimezone(ZoneInfo(zone)):%H:%M:%S}" if line.at else "-"
    what = ". ".join(filter(None, (line.what.rstrip("."), line.more)))
    return at, _number(line.minute), _number(line.planned), what, line.who


def _number(minute: int | None) -> str:
    return "" if minute is None else str(minute)


def _lead(exercise: Exercise, zone: str) -> str:
    return f"{this_node().name}, {_at(exercise.started_at or exercise.planned_at, zone)}, {exercise.minutes} minutes"


def _facts(exercise: Exercise, zone: str) -> list[tuple[str, str]]:
    by_part: dict[str, list[str]] = {}
    for person in exercise.people.select_related("user"):
        absent = "" if person.completed_at else " (was not there)"
        by_part.setdefault(person.get_part_display(), []).append(f"{person.user}{absent}")
    rows = [
        ("Scope", exercise.scope or "-"),
        ("Began", _at(exercise.started_at, zone) if exercise.started_at else "-"),
        ("Ended", _at(exercise.ended_at, zone) if exercise.ended_at else "-"),
    ]
    return [*rows, *((part, ", ".join(names)) for part, names in by_part.items())]


def _objective(one: Objective, exercise: Exercise, now: datetime) -> tuple[str, str, str]:
    judged = evaluating.judged(one, evaluating.mets_of(exercise), planning.clock_of(exercise), now)
    measured = "by evaluators alone" if judged is None else f"{judged.met} of {judged.of} in time"
    text = f"{one.text}. {_target(one)}".strip()
    return text, Rating(one.rating).value if one.rating else "not rated", measured


def _target(one: Objective) -> str:
    measured = f" ({ExerciseMeasure(one.measure).label}: {one.target_minutes})" if one.measure else ""
    return f"{one.target}{measured}".strip()


def _mets(exercise: Exercise) -> list[list[str]]:
    clock = planning.clock_of(exercise)
    return [
        [
            one.reference,
            f"minute {clock.minute(one.found_at)}",
            *(_minutes(one.minutes(name, clock)) for name in Measure),
            Outcome(one.outcome).label if one.outcome else "-",
        ]
        for one in evaluating.mets_of(exercise)
    ]


def _minutes(minutes: float | None) -> str:
    return "never" if minutes is None else f"{round(minutes)} min"


def _at(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"
