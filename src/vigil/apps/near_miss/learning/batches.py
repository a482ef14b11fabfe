"""Which published lessons the patterns count, in batches that stay (`rules.py` says why)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from vigil.apps.near_miss import access
from vigil.apps.near_miss.learning import rules
from vigil.apps.near_miss.learning.rules import Told
from vigil.apps.near_miss.models import Batch, Lesson
from vigil.core.actor import Actor, system
from vigil.platform.actions import action, concerns, detail

COUNTER = system("near-miss counts")


def count_new(today: date) -> None:
    """Count what there is enough of. Safe to repeat."""
    if rules.new_batches(_waiting(COUNTER), _rows(), today):
        _count(COUNTER, today)


@action("near_miss.batch.count")
def _count(actor: Actor, today: date) -> None:
    made = []
    for found in rules.new_batches(_waiting(actor), _rows(), today):
        batch = Batch.objects.create(row=found.row, size=found.size, until=found.until)
        Lesson.objects.filter(pk__in=[one.number for one in found.lessons], batch=None).update(batch=batch)
        made.append(batch.pk)
    concerns(batches=made)
    detail(count=len(made))


def counted(actor: Actor) -> list[rules.Batch]:
    """Every batch with the lessons that are left of it."""
    lessons: dict[object, list[Told]] = {}
    for one in access.lessons(actor).filter(batch__isnull=False).order_by("pk"):
        lessons.setdefault(one.batch_id, []).append(told(one))
    rows = Batch.objects.order_by("until", "row", "pk")
    return [rules.Batch(one.row, one.until, one.size, tuple(lessons.get(one.pk, ()))) for one in rows]


def waiting(actor: Actor) -> int:
    """How many lessons are not counted yet."""
    return access.lessons(actor).filter(batch=None).count()


def _waiting(actor: Actor) -> Iterable[Told]:
    return [told(one) for one in access.lessons(actor).filter(batch=None).order_by("pk")]


def _rows() -> set[str]:
    return set(Batch.objects.values_list("row", flat=True))


def told(lesson: Lesson) -> Told:
    """What is counted of it."""
    scene = {**lesson.scene, "time_band": [lesson.time_band] if lesson.time_band else []}
    return Told(lesson.published_on, lesson.call_type, tuple(lesson.factors), scene, str(lesson.pk))
