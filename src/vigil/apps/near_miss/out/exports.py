"""The lessons as files: CSV and JSON of the same columns, and the dictionary that says what stands in each.

The columns are defined once, here, so that files and dictionary cannot diverge. Only what was published is in them;
what says when and at what kind of call stands where it does on the pages (`queries.said`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from vigil.apps.near_miss import access
from vigil.apps.near_miss.learning.rules import QUASI
from vigil.apps.near_miss.models import Lesson
from vigil.apps.near_miss.queries import CALL_TYPES, NOTHING, Said, said
from vigil.core.actor import Actor
from vigil.core.privacy.suppression import K
from vigil.door.fields import FACTORS, TIME_BANDS
from vigil.platform.actions import action, detail
from vigil.texts import gettext_noop
from vigil.web.downloads import csv_of

EXPORT = "near_miss.lesson.export"
BETWEEN = "; "
"""Stands between several codes of one cell, as in the files of NASA ASRS."""


@dataclass(frozen=True, slots=True)
class Row:
    """A lesson as it may leave the node: what it says of its call is empty where few lessons say the same."""

    lesson: Lesson
    of: Said


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what it means, how it is written, its codes where it has some, and its value in a row."""

    name: str
    meaning: str
    form: str
    of: Callable[[Row], str | list[str]]
    codes: Mapping[str, str] = field(default_factory=dict)


TEXT, CODE = gettext_noop("text"), gettext_noop("one code, or empty")
FEW = gettext_noop("Empty too where fewer than {k} lessons say the same.")
COLUMNS = (
    Column("id", gettext_noop("Number of the lesson; random."), "UUID", lambda row: str(row.lesson.pk)),
    Column("title", gettext_noop("Title that the reviewers gave it."), TEXT, lambda row: row.lesson.title),
    Column("text", gettext_noop("What happened, masked by two reviewers."), TEXT, lambda row: row.lesson.text),
    Column("lessons", gettext_noop("What others learn from it."), TEXT, lambda row: row.lesson.lessons),
    Column("call_type", gettext_noop("Kind of call."), CODE, lambda row: row.of.call_type, CALL_TYPES),
    Column(
        "time_band", gettext_noop("Time of day in bands of six hours."), CODE, lambda row: row.of.time_band, TIME_BANDS
    ),
    Column("month", gettext_noop("Month of the event."), "YYYY-MM", lambda row: row.of.month),
    Column(
        "factors",
        gettext_noop("Contributing factors."),
        gettext_noop("codes; in CSV with a semicolon between"),
        lambda row: list(row.lesson.factors),
        FACTORS,
    ),
    Column("primary", gettext_noop("The factor that mattered most."), CODE, lambda row: row.lesson.primary, FACTORS),
    Column(
        "published_on",
        gettext_noop("Day of publication."),
        "YYYY-MM-DD",
        lambda row: row.lesson.published_on.isoformat(),
    ),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A column in words, for the page of the dictionary."""

    name: str
    meaning: str
    form: str
    codes: list[tuple[str, str]]


def rows(actor: Actor) -> list[Row]:
    """Every lesson as it may leave the node, the newest first."""
    published = said(actor)
    return [Row(lesson, published.get(lesson.pk, NOTHING)) for lesson in access.lessons(actor)]


def dictionary() -> list[Entry]:
    """What stands in each column."""
    return [
        Entry(
            column.name,
            " ".join(filter(None, (_(column.meaning), _(FEW).format(k=K) if column.name in QUASI else ""))),
            _(column.form),
            [(code, _(words)) for code, words in column.codes.items()],
        )
        for column in COLUMNS
    ]


@action(EXPORT)
def give_json(actor: Actor) -> bytes:
    """The library as JSON, `{"lessons": [...]}`, codes as stored."""
    lessons = [{column.name: column.of(row) for column in COLUMNS} for row in rows(actor)]
    return _given("json", json.dumps({"lessons": lessons}, ensure_ascii=False, indent=1).encode())


@action(EXPORT)
def give_csv(actor: Actor) -> bytes:
    """The library as CSV: the columns' names, one line a lesson, codes as stored."""
    lines = ([_cell(column.of(row)) for column in COLUMNS] for row in rows(actor))
    return _given("csv", csv_of([column.name for column in COLUMNS], lines))


@action(EXPORT)
def give_dictionary(actor: Actor) -> bytes:
    """The dictionary as CSV: one line a column, then one for each of its codes."""
    lines: list[tuple[str, ...]] = []
    for one in dictionary():
        lines.append((one.name, "", one.form, one.meaning))
        lines += [(one.name, code, "", words) for code, words in one.codes]
    return _given("dictionary", csv_of(("column", "code", "form", "meaning"), lines))


def _cell(value: str | list[str]) -> str:
    return value if isinstance(value, str) else BETWEEN.join(value)


def _given(kind: str, content: bytes) -> bytes:
    detail(kind=kind, size=len(content))
    return content
