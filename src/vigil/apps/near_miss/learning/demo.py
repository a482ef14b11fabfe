"""Lessons of the demo region, of the year before: so that its library and its patterns have something to show."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, datetime
from importlib.resources import files

from vigil.apps.near_miss.learning import batches
from vigil.apps.near_miss.models import Lesson


def ensure(now: datetime) -> None:
    """Publish them where the demo has not yet. All of them are invented."""
    lessons = list(_lessons(now.date()))
    if not Lesson.objects.filter(title=lessons[0].title).exists():
        Lesson.objects.bulk_create(lessons)
        batches.count_new(now.date())


def _lessons(today: date) -> Iterator[Lesson]:
    text = (files(__package__) / "demo_lessons.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        count = today.year * 12 + today.month - 1 - int(row.pop("months"))
        month = date(count // 12, count % 12 + 1, 1)
        factors, scene = row.pop("factors").split(), _scene(row.pop("scene"))
        said = {"month": f"{month:%Y-%m}", "published_on": month.replace(day=20)}
        yield Lesson(factors=factors, primary=factors[0], scene=scene, **said, **row)


def _scene(text: str) -> dict[str, list[str]]:
    """`hazard=knife kit=belt lights`: a word without a question is one more answer to the question before."""
    found: dict[str, list[str]] = {}
    for word in text.split():
        question, _, code = word.rpartition("=")
        found.setdefault(question or next(reversed(found)), []).append(code)
    return found
