"""Which lesson a report became, so that its reporter is told how a recommendation ended.

The way from a lesson to its report is sealed to the reviewers: neither the node's rows nor its trail has it, and the
worker, which holds no reviewer's key, cannot tell a reporter by itself. A reviewer whose key is open sees which
outcomes nobody has told yet, and tells them as everything is told: sealed to the receipt.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from vigil.apps.near_miss import access
from vigil.apps.near_miss.models import Lesson, Origin, Outcome, Recommendation, Review, Seat
from vigil.apps.near_miss.review import working
from vigil.apps.near_miss.review.independence import require_other_agency
from vigil.apps.near_miss.review.working import Reader
from vigil.apps.near_miss.rules import given
from vigil.core.actor import Actor
from vigil.core.errors import Conflict, Invalid, NotFound
from vigil.door import drop, sealing
from vigil.door.models import Kind, Report, Stage
from vigil.platform.actions import action, concerns


@dataclass(frozen=True, slots=True)
class Untold:
    """An outcome that the reporter behind `address` was not told yet; `text` is what could be told."""

    address: UUID
    recommendation: Recommendation
    text: str


def begin(review: Review, lesson: Lesson) -> None:
    """Seal which lesson the review's report became."""
    _put(Origin(review=review), lesson.pk, frozenset())


def untold(actor: Actor, reader: Reader) -> list[Untold]:
    """Every outcome of whatever agency that no reporter was told, as far as the reader's key leads to one."""
    seat = access.seat_of(actor)
    ended: dict[UUID, list[Recommendation]] = {}
    for one in _ended():
        ended.setdefault(one.lesson_id, []).append(one)
    return list(_untold(ended, seat, reader)) if ended else []


@action("near_miss.report.tell")
def tell_outcome(actor: Actor, report: UUID, recommendation: UUID, reader: Reader, text: str, today: date) -> None:
    """Tell the reporter how a recommendation about their report's lesson ended, once."""
    seat, found = access.seat_of(actor), access.report_of(report)
    # The trail has the report alone: beside the recommendation it would lead to the lesson.
    concerns(report=report)
    require_other_agency(seat, found, reader)
    origin = Origin.objects.select_for_update().filter(review__report=found.pk).first()
    if origin is None:
        raise NotFound
    lesson, told = _open(origin, reader)
    if not _ended().filter(pk=recommendation, lesson_id=lesson).exists():
        raise NotFound
    if recommendation in told:
        raise Conflict
    drop.reviewers_write(found, Kind.DONE, given("text", text), today)
    _put(origin, lesson, told | {recommendation})


def _ended() -> QuerySet[Recommendation]:
    return Recommendation.objects.exclude(outcome="").select_related("lesson", "agency")


def _untold(ended: dict[UUID, list[Recommendation]], seat: Seat, reader: Reader) -> Iterator[Untold]:
    reports = {one.pk: one for one in Report.objects.exclude(stage=Stage.WITHDRAWN)}
    for origin in Origin.objects.select_related("review").order_by("pk"):
        report = reports.get(origin.review.report)
        try:
            lesson, told = _open(origin, reader)
            waiting = [one for one in ended.get(lesson, ()) if one.pk not in told]
            if report is not None and waiting:
                require_other_agency(seat, report, reader)
                yield from (Untold(UUID(int=report.pk), one, _proposed(one)) for one in waiting)
        except (sealing.Unreadable, Invalid):
            continue


def _proposed(one: Recommendation) -> str:
    words = {
        Outcome.DONE: _("It was done."),
        Outcome.IN_PART: _("It was done in part."),
        Outcome.NOT_DONE: _("It was not done."),
    }[Outcome(one.outcome)]
    return "\n".join(filter(None, (_("It was recommended: {text}").format(text=one.text), words, one.reason)))


def _put(origin: Origin, lesson: UUID, told: frozenset[UUID]) -> None:
    working.seal(origin, json.dumps({"lesson": str(lesson), "told": sorted(map(str, told))}))
    origin.save()


def _open(origin: Origin, reader: Reader) -> tuple[UUID, frozenset[UUID]]:
    found = json.loads(working.unseal(origin, reader))
    return UUID(found["lesson"]), frozenset(map(UUID, found["told"]))
