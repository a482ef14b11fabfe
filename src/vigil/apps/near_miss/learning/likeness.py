"""Published lessons like one, or like a report: an index in this process's memory, in step with what is published.

It holds what stands in the library alone. A report is a question to it and is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

from django.utils.translation import gettext as _

from vigil.apps.near_miss import access
from vigil.apps.near_miss.learning.rules import FACTOR
from vigil.apps.near_miss.learning.similar import Index, Match
from vigil.apps.near_miss.models import Lesson
from vigil.apps.near_miss.queries import CALL_TYPES, NOTHING, Said, said
from vigil.core.actor import Actor
from vigil.door.fields import FACTORS

CALL = "call_type"

_index = Index()
_one_at_a_time = Lock()


@dataclass(frozen=True, slots=True)
class Alike:
    """A lesson that is like something, and why in words: the shared words, the shared codes."""

    lesson: Lesson
    words: str
    codes: list[str]


def like_lesson(actor: Actor, lesson: Lesson) -> list[Alike]:
    """Lessons like this one."""
    own = said(actor).get(lesson.pk, NOTHING)
    return _like(actor, _text(lesson), _codes(own.call_type, lesson.factors), [lesson.pk])


def like_text(actor: Actor, text: str, call_type: str, factors: Sequence[str]) -> list[Alike]:
    """Lessons like a report."""
    return _like(actor, text, _codes(call_type, factors), [])


def _like(actor: Actor, text: str, codes: Iterable[str], leave_out: Iterable[UUID]) -> list[Alike]:
    lessons = access.lessons(actor)
    with _one_at_a_time:
        _keep_up()
        matches = _index.like(text, codes, leave_out)
    found, published = lessons.in_bulk([one.lesson for one in matches]), said(actor)
    return [
        _in_words(found[one.lesson], one, published.get(one.lesson, NOTHING)) for one in matches if one.lesson in found
    ]


def _keep_up() -> None:
    """Take in what was published since, and out what is no longer."""
    published = set(Lesson.objects.values_list("pk", flat=True))
    for gone in _index.lessons - published:
        _index.remove(gone)
    new = published - _index.lessons
    for lesson in Lesson.objects.in_bulk(list(new)).values():
        _index.add(lesson.pk, _text(lesson), _codes(lesson.call_type, lesson.factors))


def _text(lesson: Lesson) -> str:
    return "\n".join((lesson.title, lesson.text, lesson.lessons))


def _codes(call_type: str, factors: Iterable[str]) -> list[str]:
    return [*([f"{CALL} {call_type}"] if call_type else []), *(f"{FACTOR} {code}" for code in factors)]


def _in_words(lesson: Lesson, match: Match, of: Said) -> Alike:
    """Of its call the lesson says no more here than on its own page."""
    names = {CALL: CALL_TYPES, FACTOR: FACTORS}
    pairs = (code.split(" ", 1) for code in match.codes)
    codes = [_(names[kind].get(code, code)) for kind, code in pairs if kind != CALL or of.call_type]
    return Alike(lesson, ", ".join(match.words), codes)
