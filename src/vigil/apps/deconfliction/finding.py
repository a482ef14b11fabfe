"""What the search finds of deconfliction: own operations, interests, conflicts, and lists of one type.

An operation is found by its number, an imported number, its case number, its lead contact, or the exact subject, where
the reader sees it in full. A search that names a subject is a look at what it finds (specification 7), recorded like
one; the audit record of every search holds what it showed, and of the text a digest of its keyed token alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from vigil.apps.deconfliction import access, plan_rows, queries, words
from vigil.apps.deconfliction.cards import type_label
from vigil.apps.deconfliction.lists import operation_words
from vigil.apps.deconfliction.models import ActiveSubject, Operation, OperationWord, RegisteredInterest
from vigil.apps.deconfliction.subjects import looks
from vigil.core.actor import Actor
from vigil.engine import subjects
from vigil.engine.types import OPERATION_TYPES
from vigil.platform import keys
from vigil.platform.actions import action, concerns, detail
from vigil.platform.agencies.models import this_node
from vigil.web.finding import MOST, Asked, Group, Hit, matches, register

FIND = "deconfliction.operation.find"
LONGEST_NUMBER = 6
FEW = 500
"""A word of no more operations than this is looked up by itself."""
YEARS = 10
"""A bare number is looked for under the references of so many years."""


@dataclass(frozen=True, slots=True)
class Found:
    """Operations that the actor sees, the latest start first, by how they were found."""

    by_number: tuple[UUID, ...]
    by_words: tuple[UUID, ...]
    by_subject: tuple[UUID, ...]
    interests: frozenset[UUID]

    @property
    def every(self) -> tuple[UUID, ...]:
        return tuple(dict.fromkeys((*self.by_number, *self.by_words, *self.by_subject)))


@action(FIND)
def find_operations(actor: Actor, text: str, now: datetime) -> Found:
    """The operations that the text names, at most one more of each kind than are shown."""
    visible = access.visible_operations(actor)
    tokens = _subject_tokens(text)
    by_number = _first(visible.filter(_numbered(text, now)))
    by_words = _worded(visible, text)
    named = ActiveSubject.objects.filter(token__in=tokens).values("operation_id")
    by_subject = _first(visible.filter(pk__in=named)) if tokens else ()
    every = {*by_number, *by_words, *by_subject}
    interests = RegisteredInterest.objects.filter(operation_id__in=every).values_list("operation_id", flat=True)
    concerns(operations=sorted(every, key=str))
    detail(asked=keys.keyed_token(text.casefold(), FIND).hex(), by_subject=len(by_subject))
    return Found(by_number, by_words, by_subject, frozenset(interests))


def groups(actor: Actor, asked: Asked) -> Sequence[Group]:
    """The groups of this app, for readers of operations."""
    if not actor.can(FIND):
        return ()
    found = find_operations(actor, asked.text, asked.now)
    for operation_id in found.by_subject:
        looks.note_operation(actor, operation_id, asked.now)
    rows = queries.rows_of(actor, found.every, asked.now)
    operations = [row for row in rows if row.id not in found.interests]
    exact = len(found.every) == 1 and found.by_number == found.every and asked.text.isdecimal()
    return (
        _operations(_("Operations"), operations, asked, sure=exact),
        _operations(_("Interests"), [row for row in rows if row.id in found.interests], asked),
        _conflicts(actor, asked),
        _types(asked.text),
    )


def _first(found: QuerySet[Operation]) -> tuple[UUID, ...]:
    return tuple(found.order_by("-starts_at", "-id").values_list("pk", flat=True)[: MOST + 1])


def _numbered(text: str, now: datetime) -> Q:
    """By reference or imported number, from their beginning; a bare number by this node's references of ten years."""
    if text.isdecimal() and text.isascii() and len(text) <= LONGEST_NUMBER:
        code, number = this_node().code, int(text)
        years = range(now.year - YEARS, now.year + 2)
        return Q(reference__in=[f"{code}-{year % 100:02d}-{number:06d}" for year in years]) | Q(external_id=text)
    return Q(reference__istartswith=text) | Q(external_id__istartswith=text)


def _worded(visible: QuerySet[Operation], text: str) -> tuple[UUID, ...]:
    """By the whole case number, or by telephone or every given word of the lead contact's name."""
    either = [operation_words.case_tokens(text), operation_words.phone_tokens(text), operation_words.name_tokens(text)]
    found = {one for words_of_one in filter(None, either) for one in _first(visible.filter(_has_all(words_of_one)))}
    return _first(visible.filter(pk__in=found)) if found else ()


def _has_all(tokens: Sequence[bytes]) -> Q:
    """Operations with all of these words. A word of few is looked up; where each stands in many operations these are
    asked in the order of the list, which soon has enough of them, while all of a common word's would be read first."""
    filed = OperationWord.objects
    each = Q()
    for token in tokens:
        few = list(filed.filter(token=token).values_list("operation_id", flat=True)[: FEW + 1])
        is_few = len(few) <= FEW
        each &= Q(pk__in=few) if is_few else Q(Exists(filed.filter(token=token, operation_id=OuterRef("pk"))))
    return each


def _subject_tokens(text: str) -> list[bytes]:
    """The tokens of every subject that the text may be: of the kind that it names, else of each kind."""
    read = []
    for kind in subjects.KINDS:
        try:
            read.append(subjects.canonical(kind, text.removeprefix(f"{kind}:")).text)
        except subjects.SubjectError:
            continue
    return [bytes.fromhex(plan_rows.token_of(canonical)) for canonical in dict.fromkeys(filter(None, read))]


def _operations(title: str, rows: Sequence[queries.OperationRow], asked: Asked, *, sure: bool = False) -> Group:
    hits = [
        Hit(
            f"{row.type_label} {row.reference}",
            reverse("deconfliction:operation", args=[row.id]),
            f"{words.when(row.starts_at, row.zone or asked.zone, asked.now)}, {row.submitter or row.agency}",
            "cancelled" if row.status == "cancelled" else row.band or row.determination,
        )
        for row in rows
    ]
    return Group(title, hits[:MOST], len(hits) > MOST, sure)


def _conflicts(actor: Actor, asked: Asked) -> Group:
    """By their number, or by the agency of the other side where the reader may know it."""
    if not actor.can(access.READ_CONFLICT):
        return Group(_("Conflicts"), ())
    by_number = queries.ConflictFilter(text=asked.text, limit=MOST + 1)
    by_agency = queries.ConflictFilter(other_agency=asked.text, limit=MOST + 1)
    found = {
        row.id: row for wanted in (by_number, by_agency) for row in queries.conflict_list(actor, wanted, asked.now).rows
    }
    lines = [words.conflict_line(row, asked.zone, asked.now) for row in found.values()]
    hits = [
        Hit(
            f"{line.with_whom}, {line.row.reference}",
            reverse("deconfliction:conflict", args=[line.id]),
            f"{line.overlap_words.removesuffix('.')}. {line.state_words}",
            line.shape,
        )
        for line in lines
    ]
    return Group(_("Conflicts"), hits[:MOST], len(hits) > MOST)


def _types(text: str) -> Group:
    """The list of each type whose name has the words."""
    listed = reverse("deconfliction:operations")
    named = [
        (code, label) for code, label in ((code, type_label(code)) for code in OPERATION_TYPES) if matches(text, label)
    ]
    hits = [
        Hit(_("All of type {type}").format(type=label), f"{listed}?{urlencode({'when': 'all', 'type': code})}")
        for code, label in named
    ]
    return Group(_("Lists"), hits)


register(10, groups)
