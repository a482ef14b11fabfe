"""Taking the near misses of other services into the library, and reading them there.

They are rows of their own: what counts lessons of law enforcement counts none of them. A file comes in whole or not at
all; a report is known by its source and number, so that the same file twice changes nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from vigil.apps.near_miss import access, queries
from vigil.apps.near_miss.foreign import mapping
from vigil.apps.near_miss.foreign.mapping import SOURCES, Source
from vigil.apps.near_miss.foreign.reading import BadRow, Read, Record, read
from vigil.apps.near_miss.leaves import Leaf, leaf_of
from vigil.apps.near_miss.models import ForeignLesson
from vigil.apps.near_miss.queries import Facets
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound, Problem
from vigil.core.privacy import recognise
from vigil.door.fields import FACTORS, TIME_BANDS
from vigil.platform.actions import action, concerns, detail

OWN, ALL = "", "all"
"""What the facet *source* chooses besides a source: law enforcement alone, or everything, each under its name."""

TAKEN = (
    "number",
    "title",
    "text",
    "lessons",
    "call_type",
    "time_band",
    "month",
    "factors",
    "primary",
    "taxonomy",
    "terms",
)
"""What of a report comes out of the file: where all of it is as before, nothing has changed."""
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Checked:
    """What an import would do. `marked`: by kind how much the masking check marks, and in how many reports; `words` are
    those that it marks, of what is new or changed.
    """

    source: Source
    total: int = 0
    new: list[ForeignLesson] = field(default_factory=list)
    changed: list[ForeignLesson] = field(default_factory=list)
    unchanged: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)
    marked: Counter[str] = field(default_factory=Counter)
    marked_reports: int = 0
    words: dict[str, Counter[str]] = field(default_factory=dict)
    unmapped: Counter[str] = field(default_factory=Counter)


# --- taking in -------------------------------------------------------------------------------------------------------


def check(
    content: bytes,
    source: Source,
    today: date,
    progress: Progress = lambda done, total: None,
    looked: Mapping[str, dict[str, int]] = MappingProxyType({}),
) -> Checked:
    """Read a file of the source and compare it with what is here. Stores nothing.

    Each report new or changed goes through the masking check, unless `looked` has by its number what that marked a
    short while ago. It only reports: the texts are published already, and what it marks stays as the source has it.
    """
    found: Read = read(content, source.format)
    checked = Checked(source, total=len(found.records), bad_rows=found.bad_rows)
    if found.bad_rows:
        return checked
    known = {one.number: one for one in ForeignLesson.objects.filter(source=source.code)}
    for done, record in enumerate(found.records, 1):
        _compare(checked, record, known.get(record.number), today, looked)
        progress(done, len(found.records))
    return checked


def _compare(
    checked: Checked, record: Record, known: ForeignLesson | None, today: date, looked: Mapping[str, dict[str, int]]
) -> None:
    mapped = mapping.factors(checked.source.format, record.taxonomy)
    checked.unmapped.update(one.theirs for one in mapped if not one.ours)
    row = _row(checked.source, record, mapped, today)
    if known is not None and all(getattr(known, name) == getattr(row, name) for name in TAKEN):
        checked.unchanged += 1
        flags = known.flags
    else:
        was = looked.get(record.number)
        row.flags = flags = _marked(record, checked.words) if was is None else was
        if known is None:
            checked.new.append(row)
        else:
            row.pk = known.pk
            checked.changed.append(row)
    checked.marked.update(flags)
    checked.marked_reports += bool(flags)


def _marked(record: Record, words: dict[str, Counter[str]]) -> dict[str, int]:
    """By kind how often the masking check marks something; the words are added to `words`."""
    text = "\n\n".join((record.title, record.text, record.lessons))
    flags: Counter[str] = Counter()
    for span in recognise(text):
        flags[span.kind.value] += 1
        words.setdefault(span.kind.value, Counter())[text[span.start : span.end]] += 1
    return dict(flags)


def _row(source: Source, record: Record, mapped: tuple[mapping.Mapped, ...], today: date) -> ForeignLesson:
    terms = [value for _group, fields in record.taxonomy for _name, found in fields for value in found]
    return ForeignLesson(
        source=source.code,
        number=record.number,
        title=record.title,
        text=record.text,
        lessons=record.lessons,
        call_type=mapping.call_type(source.format, record.taxonomy),
        time_band=record.time_band,
        month=record.month,
        factors=mapping.codes(mapped),
        primary=mapping.primary(source.format, record.taxonomy),
        taxonomy=json.loads(json.dumps(record.taxonomy)),  # as it comes back from the database
        terms="; ".join(dict.fromkeys(terms)),
        imported_on=today,
    )


@action("near_miss.foreign.import")
def take_in(actor: Actor, checked: Checked, size: int) -> None:
    """Store what `check` found, whole or not at all; `Invalid` with every bad row where there is one.

    `size` is that of the file in bytes, for the trail.
    """
    if checked.bad_rows:
        raise Invalid([Problem(("row", one.line, one.column), one.reason) for one in checked.bad_rows])
    ForeignLesson.objects.bulk_create(checked.new, batch_size=100)
    ForeignLesson.objects.bulk_update(checked.changed, [*TAKEN, "flags", "imported_on"], batch_size=50)
    detail(source=checked.source.code, size=size)


@action("near_miss.foreign.remove")
def remove(actor: Actor, source: str) -> int:
    """Take every report of a source out; how many there were. `NotFound` where there is none."""
    gone, _each = ForeignLesson.objects.filter(source=source).delete()
    if not gone:
        raise NotFound(_("Nothing of that source is in the library."))
    detail(source=source)
    return gone


# --- reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShownForeign:
    """A report of another service with its codes as words. `unmapped` is what of its factors has no counterpart."""

    lesson: ForeignLesson
    source: Source
    call_type: str
    time_band: str
    factors: list[tuple[str, str]]
    primary: str
    unmapped: list[str]


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the library shows of other services: each source with its number of reports, and those that were chosen."""

    sources: list[tuple[Source, int]]
    chosen: str
    reports: Leaf[ShownForeign]

    @property
    def has_own(self) -> bool:
        """Whether law enforcement's lessons are asked for."""
        return self.chosen in (OWN, ALL)

    @property
    def has_foreign(self) -> bool:
        """Whether those of others are."""
        return self.chosen != OWN


def shelf(actor: Actor, facets: Facets, chosen: str, page: str) -> Shelf:
    """The reports of the chosen source or of all, narrowed like our own lessons; none where nothing was chosen."""
    every, sources = access.foreign_lessons(actor), counts(actor)
    if chosen != ALL and chosen not in {one.code for one, _n in sources}:
        return Shelf(sources, OWN, leaf_of((), page))
    found = _narrowed(every if chosen == ALL else every.filter(source=chosen), facets)
    pks = [pk for pk, factors in found.values_list("pk", "factors") if not facets.factor or facets.factor in factors]
    leaf = leaf_of(pks, page)
    rows = every.filter(pk__in=leaf.shown).defer("text", "lessons")
    return Shelf(sources, chosen, leaf.holding(map(shown, rows)))


def _narrowed(found: QuerySet[ForeignLesson], facets: Facets) -> QuerySet[ForeignLesson]:
    for word in facets.words.split():
        fields = ("title", "text", "lessons", "terms")
        somewhere = Q()
        for name in fields:
            somewhere |= Q(**{f"{name}__icontains": word})
        found = found.filter(somewhere)
    for name in ("call_type", "time_band"):
        if code := getattr(facets, name):
            found = found.filter(**{name: code})
    return found


def shown(lesson: ForeignLesson) -> ShownForeign:
    """With words for codes, and what does not map."""
    source = SOURCES[lesson.source]
    mapped = mapping.factors(source.format, lesson.taxonomy)
    return ShownForeign(
        lesson,
        source,
        _(queries.CALL_TYPES[lesson.call_type]) if lesson.call_type else "",
        _(TIME_BANDS[lesson.time_band]) if lesson.time_band else "",
        [(one.theirs, _(FACTORS[one.ours])) for one in mapped if one.ours],
        _(FACTORS[lesson.primary]) if lesson.primary else "",
        [one.theirs for one in mapped if not one.ours],
    )


@action("near_miss.foreign.export")
def give_json(actor: Actor, source: str) -> bytes:
    """A source's reports as a JSON object: `source` says whose they are, each report says it again."""
    if source not in SOURCES:
        raise NotFound
    rows = [_as_row(one) for one in access.foreign_lessons(actor).filter(source=source)]
    if not rows:
        raise NotFound
    of = SOURCES[source]
    whose = {"code": of.code, "name": of.name, "service": of.service, "note": of.note, "is_law_enforcement": False}
    content = json.dumps({"source": whose, "foreign_lessons": rows}, ensure_ascii=False, indent=1).encode()
    concerns(source=source)
    detail(kind="json", size=len(content))
    return content


def _as_row(lesson: ForeignLesson) -> dict[str, Any]:
    of = SOURCES[lesson.source]
    return (
        {"id": str(lesson.pk), "source": of.code, "service": of.service}
        | {name: getattr(lesson, name) for name in TAKEN if name != "terms"}
        | {"not_mapped": [one.theirs for one in mapping.factors(of.format, lesson.taxonomy) if not one.ours]}
    )


def counts(actor: Actor) -> list[tuple[Source, int]]:
    """Every source with how many of its reports are here."""
    counted = dict(access.foreign_lessons(actor).order_by().values_list("source").annotate(Count("pk")))
    return [(SOURCES[code], counted[code]) for code in SOURCES if code in counted]
