"""Keeping the directory."""

from __future__ import annotations

import csv
import io
from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _

from vigil.apps.whom_to_call import queries
from vigil.apps.whom_to_call.models import Entry
from vigil.apps.whom_to_call.rules import COLUMNS, read_entry
from vigil.apps.whom_to_call.shipped import SHIPPED
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound, Problem
from vigil.platform.actions import action, concerns, detail

MOST_ROWS = 5_000


@action("whom_to_call.entry.edit")
def save_entry(actor: Actor, raw: dict[str, str], today: date, entry_id: UUID | None = None) -> Entry:
    """Add an entry, or change the one with this id."""
    values = read_entry(raw, today)
    entry = Entry.objects.filter(pk=entry_id).first() if entry_id else Entry()
    if entry is None:
        raise NotFound
    if Entry.objects.filter(name=values["name"]).exclude(pk=entry.pk).exists():
        raise Invalid.at("name", sentence=_("There is already an entry of this name."))
    for name, value in values.items():
        setattr(entry, name, value)
    entry.save()
    concerns(entry=entry.pk)
    return entry


@action("whom_to_call.entry.give")
def give_directory(actor: Actor) -> bytes:
    """The whole directory as CSV, handed out."""
    content = queries.as_csv(actor).encode()
    detail(kind="csv", size=len(content))
    return content


@action("whom_to_call.entry.edit")
def remove_entry(actor: Actor, entry_id: UUID) -> None:
    """Take an entry out."""
    if not Entry.objects.filter(pk=entry_id).delete()[0]:
        raise NotFound
    concerns(entry=entry_id)


@action("whom_to_call.entry.edit")
def import_entries(actor: Actor, text: str, today: date) -> int:
    """Take the rows of a CSV file, by name: new ones are added, known ones changed. Any bad row: nothing is stored."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restval="")
    if "name" not in (reader.fieldnames or ()) or "kind" not in (reader.fieldnames or ()):
        sentence = _("The first line must name the columns {columns}.").format(columns=", ".join(COLUMNS))
        raise Invalid.at("file", sentence=sentence)
    problems: list[Problem] = []
    rows = []
    try:
        for row in reader:
            try:
                rows.append(read_entry(row, today))
            except Invalid as error:
                problems += [_at_line(reader.line_num, one) for one in error.problems]
            if len(rows) > MOST_ROWS:
                raise Invalid.at("file", sentence=_("More than {n:,} rows.").format(n=MOST_ROWS))
    except csv.Error:
        raise Invalid.at("file", sentence=_("Line {n} is no CSV text.").format(n=reader.line_num)) from None
    if problems:
        raise Invalid(problems)
    for values in rows:
        Entry.objects.update_or_create(name=values["name"], defaults=values)
    detail(rows=len(rows))
    return len(rows)


def _at_line(number: int, one: Problem) -> Problem:
    sentence = _("Line {n}, {column}: {sentence}").format(n=number, column=one.path[0], sentence=one.sentence)
    return Problem(("file",), sentence)


@action("whom_to_call.entry.edit")
def take_shipped(actor: Actor, today: date) -> int:
    """Add the shipped names and regions where no entry has the name; no telephone is shipped, none is changed."""
    added = 0
    for row in csv.DictReader(io.StringIO(SHIPPED)):
        added += Entry.objects.get_or_create(name=row["name"], defaults=read_entry(row, today))[1]
    return added
