"""Whose reports they are, their files' headings, and how their own taxonomy maps onto ours: the one table. Pure.

A value that is not here has no counterpart, and is shown as not mapped: nothing is forced to fit. Sources: the coding
of NASA ASRS (facts of a real export), and the list of causes of the form of Firefighter Near Miss.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from vigil.texts import gettext_noop as _

Taxonomy = list[tuple[str, list[tuple[str, list[str]]]]]
"""The source's own coding in its own words and order: group, then field, then values."""

NOT_A_MEASURE = _(
    "The reports are voluntary and nobody has verified them: their number says nothing about how often it happens."
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where lessons come from. `format` is how its file is read; sentences are for `gettext`."""

    code: str
    name: str
    service: str
    format: str
    note: str


ASRS, FIREFIGHTER = "asrs", "firefighter"
AVIATION, FIRE_SERVICE = _("Aviation"), _("Fire service")
SOURCES = {
    one.code: one
    for one in (
        Source(ASRS, "NASA ASRS", AVIATION, ASRS, NOT_A_MEASURE),
        Source(FIREFIGHTER, "Firefighter Near Miss", FIRE_SERVICE, FIREFIGHTER, NOT_A_MEASURE),
        Source("demo-aviation", "Demo: aviation", AVIATION, ASRS, _("Made up for the demonstration.")),
        Source("demo-fire", "Demo: fire service", FIRE_SERVICE, FIREFIGHTER, _("Made up for the demonstration.")),
    )
}

FIREFIGHTER_COLUMNS = (
    ("Reporter", "Department type"),
    ("Reporter", "Job or rank"),
    ("Reporter", "Department shift"),
    ("Reporter", "Age"),
    ("Reporter", "Years of fire service experience"),
    ("Reporter", "Region"),
    ("Reporter", "Service area"),
    ("Event", "Event type"),
    ("Event", "Hours into the shift"),
    ("Event", "Event participation"),
    ("Event", "Do you think this will happen again?"),
    ("Event", "What do you believe caused the event?"),
    ("Event", "What do you believe is the loss potential?"),
)
"""What is kept of a firefighter's report as it stands. A missing column is an unanswered question."""
NUMBER, WHEN, STORY, LESSONS = "Report number", "Event date and time", "Event description", "Lessons learned"
NEEDED = {ASRS: ("ACN", "Date", "Narrative"), FIREFIGHTER: (NUMBER, WHEN, STORY)}
SYNOPSIS, FIRST_STORY, MONTH_OF, BAND_OF = (
    ("Report 1", "Synopsis"),
    ("Report 1", "Narrative"),
    ("Time", "Date"),
    ("Time", "Local Time Of Day"),
)
ASRS_LEFT_OUT = {"ACN", "Date", "Local Time Of Day", "Narrative", "Callback", "Synopsis"}
"""What stands in columns of its own instead."""
FACTOR_FIELDS = {
    ASRS: ("Human Factors", "Contributing Factors / Situations", "Primary Problem"),
    FIREFIGHTER: ("What do you believe caused the event?",),
}
"""The fields whose values are factors; every other one is kept and mapped onto nothing."""
PRIMARY_FIELD = {ASRS: "Primary Problem"}
FACTORS: dict[str, dict[str, str]] = {
    ASRS: {
        "Fatigue": "fatigue",
        "Situational Awareness": "perception",
        "Training / Qualification": "training",
        "Company Policy": "policy_gap",
        "Manuals": "policy_gap",
        "Procedure": "policy_gap",
        "Staffing": "staffing",
        "Weather": "terrain",
        "Aircraft": "equipment_fault",
        "ATC Equipment / Nav Facility / Buildings": "equipment_fault",
        "Equipment / Tooling": "equipment_fault",
        "Incorrect / Not Installed / Unavailable Part": "equipment_fault",
    },
    FIREFIGHTER: {
        "Command": "supervision",
        "Decision Making": "decision",
        "Equipment": "equipment_fault",
        "Fatigue": "fatigue",
        "Procedure": "policy_gap",
        "Protocol": "policy_gap",
        "Situational Awareness": "perception",
        "SOP / SOG": "policy_gap",
        "Staffing": "staffing",
        "Task Allocation": "supervision",
        "Training Issue": "training",
        "Weather": "terrain",
    },
}
"""Their factor → ours (`vigil.door.fields.FACTORS`)."""
BREAKDOWN = "Communication Breakdown"
WITH_CONTROL, WITHIN_CREW = ("ATC", "talk_dispatch"), ("Flight Crew", "talk_partner")
"""Who did not understand whom: traffic control stands for dispatch, one's own crew for a partner."""
CALL_TYPES = {
    FIREFIGHTER: {
        "Vehicle event: responding to, returning from, etc.": "driving",
        "Training activities: formal training classes, in-station drills, etc.": "training",
    }
}
"""Their kind of event → our kind of call."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """One factor of theirs, in their words, and ours for it: empty where there is none."""

    theirs: str
    ours: str


def values(taxonomy: Taxonomy, field: str) -> Iterator[str]:
    """The values of a field, in whatever group it stands."""
    for _group, fields in taxonomy:
        for name, found in fields:
            if name == field:
                yield from found


def factors(format: str, taxonomy: Taxonomy) -> tuple[Mapped, ...]:
    """Every factor of a report, each once, with ours for it."""
    theirs = [value for field in FACTOR_FIELDS[format] for value in values(taxonomy, field)]
    return tuple(
        Mapped(one, _between(taxonomy) if one == BREAKDOWN else FACTORS[format].get(one, ""))
        for one in dict.fromkeys(theirs)
    )


def primary(format: str, taxonomy: Taxonomy) -> str:
    """Our code of what they hold to be the main factor; empty where they name none, or it is not mapped."""
    if format in PRIMARY_FIELD:
        return next((FACTORS[format].get(one, "") for one in values(taxonomy, PRIMARY_FIELD[format])), "")
    found = factors(format, taxonomy)
    return found[0].ours if len(found) == 1 else ""


def codes(found: Iterable[Mapped]) -> list[str]:
    """Our codes among them, each once."""
    return list(dict.fromkeys(one.ours for one in found if one.ours))


def call_type(format: str, taxonomy: Taxonomy) -> str:
    """Our kind of call, where the event has one."""
    table = CALL_TYPES.get(format, {})
    return next((table[one] for one in values(taxonomy, "Event type") if one in table), "")


def _between(taxonomy: Taxonomy) -> str:
    parties = {value.partition(" ")[2] for value in values(taxonomy, BREAKDOWN)}
    for party, code in (WITH_CONTROL, WITHIN_CREW):
        if party in parties:
            return code
    return ""
