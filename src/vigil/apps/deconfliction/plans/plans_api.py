"""The JSON API of changed plans: move, split, copy, renew, fix the time, and series.

Doors to the same verbs as the pages. Every change is committed first and searched afterwards; edits carry `If-Match`,
and everything may carry an `Idempotency-Key`, with which a retry does nothing again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Router, Schema
from pydantic import Field

from vigil.api.conditions import idempotent, if_match
from vigil.api.routes import actor_of, needs
from vigil.apps.deconfliction import access, actions, api, queries
from vigil.apps.deconfliction.api import EDIT_REFUSALS, REFUSALS, OperationLine, OperationOut, Strict
from vigil.apps.deconfliction.plans import planning, repeat, series
from vigil.platform import clock

router = Router(tags=["deconfliction"])


# --- what comes in -------------------------------------------------------------------------------------------------


class MoveIn(Strict):
    """By how much: whole days keep the local time of each site, minutes are elapsed time. Earlier is negative."""

    days: int = Field(0, ge=-repeat.FARTHEST_DAYS, le=repeat.FARTHEST_DAYS)
    minutes: int = Field(0, ge=-repeat.FARTHEST_DAYS * 1440, le=repeat.FARTHEST_DAYS * 1440)


class SplitIn(Strict):
    """Which sites go, counted from 0 as they stand in the operation."""

    sites: list[int] = Field(default_factory=list, examples=[[1]])


class FixIn(Strict):
    """The time: RFC 3339, or a local time of each site."""

    starts_at: str = Field("", examples=["2026-11-25T04:30:00-05:00"])
    ends_at: str = ""


class RepeatIn(Strict):
    """`every` days (`how`: `every`), on `weekdays` (Monday is 0), or nightly; `until` a day, or `count` times.

    `reading` says what a local time means that does not exist or occurs twice when clocks change.
    """

    how: repeat.How = repeat.How.NIGHTLY
    every: int | None = None
    weekdays: list[int] = Field(default_factory=list)
    until: str | None = Field(None, examples=["2026-12-24"])
    count: int | None = None
    reading: repeat.Reading | None = None


class FollowingIn(Strict):
    """`first`: this operation of the series and the following; all of it where it is null."""

    first: UUID | None = None


class MoveFollowingIn(MoveIn, FollowingIn):
    """Which, and by how much."""


# --- what goes out -------------------------------------------------------------------------------------------------


class SplitOut(Schema):
    """Both parts, each asked for again."""

    left: OperationOut
    taken: OperationOut


class DraftOut(Schema):
    """A draft, NOT REGISTERED; `page` is the address of the form that holds it."""

    draft_id: UUID
    page: str


class DayOut(Schema):
    """One day that a series would take. `problem`: its local time is in doubt; `left_out`: why it is not registered."""

    days: int
    starts_at: datetime
    ends_at: datetime
    zone: str
    flags: list[str]
    problem: str
    left_out: str


class WaitingOut(Schema):
    """A day that is not registered: to come, or refused with its reason."""

    days: int
    problem: str


class SeriesOut(Schema):
    """A series with its operations by time, each with its own determination."""

    id: UUID
    pattern: str
    created_at: datetime
    created_by: str
    operations: list[OperationLine]
    waiting: list[WaitingOut]


class DoneOut(SeriesOut):
    """The series after an act on several; `refused` says of which it could not be done, and why."""

    changed: int
    refused: list[str]


# --- one operation -------------------------------------------------------------------------------------------------


@router.post("/operations/{operation_id}/move", response={200: OperationOut} | EDIT_REFUSALS, summary="Move in time")
@needs("deconfliction.operation.edit")
@idempotent(api._changed)
def move(request: HttpRequest, operation_id: UUID, payload: MoveIn) -> HttpResponse:
    """The whole operation: a revision that asks again. Needs `If-Match`."""
    by = {"days": payload.days, "minutes": payload.minutes}
    planning.move_operation(actor_of(request), operation_id, if_match(request), clock.now(), **by)
    return api._searched(request, operation_id, 200)


@router.post(
    "/operations/{operation_id}/fix-time", response={200: OperationOut} | EDIT_REFUSALS, summary="Fix the time"
)
@needs("deconfliction.operation.edit")
@idempotent(api._changed)
def fix_time(request: HttpRequest, operation_id: UUID, payload: FixIn) -> HttpResponse:
    """A tentative operation is so no more: every site has this time. A revision that asks again. Needs `If-Match`."""
    given, expected = (payload.starts_at, payload.ends_at), if_match(request)
    planning.fix_time(actor_of(request), operation_id, expected, *given, clock.now())
    return api._searched(request, operation_id, 200)


@router.post("/operations/{operation_id}/renew", response={200: OperationOut} | EDIT_REFUSALS, summary="Renew")
@needs("deconfliction.operation.edit")
@idempotent(api._changed)
def renew(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """A long surveillance that has begun goes on for its type's longest span from now. Needs `If-Match`."""
    return api._act(request, operation_id, planning.renew_operation)


def _parted(request: HttpRequest, made: Mapping[str, Any]) -> HttpResponse:
    left, taken = (UUID(str(one)) for one in made["operations"])
    for one in (left, taken):
        actions.run_due_search(actor_of(request), one, clock.now())
    parts = (queries.operation_detail(actor_of(request), one, clock.now()) for one in (left, taken))
    answer = dict(zip(("left", "taken"), map(api._operation_out, parts), strict=True))
    return _json(SplitOut.model_validate(answer), 200)


@router.post("/operations/{operation_id}/split", response={200: SplitOut} | EDIT_REFUSALS, summary="Split off sites")
@needs("deconfliction.operation.edit")
@idempotent(_parted)
def split(request: HttpRequest, operation_id: UUID, payload: SplitIn) -> HttpResponse:
    """The chosen sites go into an operation of their own; both ask again. Needs `If-Match`."""
    actor, chosen = actor_of(request), frozenset(payload.sites)
    parts = planning.split_operation(actor, operation_id, if_match(request), chosen, clock.now())
    return _parted(request, {"operations": [part.pk for part in parts]})


def _copied(request: HttpRequest, made: Mapping[str, Any]) -> HttpResponse:
    page = f"{reverse('deconfliction:register')}?draft={made['draft']}"
    return _json(DraftOut(draft_id=UUID(str(made["draft"])), page=page), 201)


@router.post("/operations/{operation_id}/copy", response={201: DraftOut} | REFUSALS, summary="Copy to a draft")
@needs("deconfliction.operation.register")
@idempotent(_copied)
def copy(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """A draft of yours that says the same, without times. NOT REGISTERED until it is registered on its page."""
    draft = planning.copy_operation(actor_of(request), operation_id, clock.now())
    return _copied(request, {"draft": draft.pk})


# --- series --------------------------------------------------------------------------------------------------------


@router.post(
    "/operations/{operation_id}/repeat/preview",
    response={200: list[DayOut]} | REFUSALS,
    summary="The days that a series would take",
)
@needs("deconfliction.series.create")
def preview(request: HttpRequest, operation_id: UUID, payload: RepeatIn) -> list[DayOut]:
    """With what is worth a look, such as short notice. Nothing is stored."""
    actor = actor_of(request)
    access.get_operation(actor, operation_id)
    days = series.preview(actor, operation_id, _pattern(payload), payload.reading, clock.now())
    return [DayOut.model_validate(day) for day in days]


def _planned(request: HttpRequest, made: Mapping[str, Any]) -> HttpResponse:
    series_id = UUID(str(made["series"]))
    series.go_on(actor_of(request), series_id, clock.now())
    return _json(_series(request, series_id), 201)


@router.post("/operations/{operation_id}/repeat", response={201: SeriesOut} | EDIT_REFUSALS, summary="Make a series")
@needs("deconfliction.series.create")
@idempotent(_planned)
def repeat_operation(request: HttpRequest, operation_id: UUID, payload: RepeatIn) -> HttpResponse:
    """Each day becomes an operation of its own, searched and answered by itself. Needs `If-Match`.

    A crash in between loses nothing: what is `waiting` is registered by the node itself, or by `register`.
    """
    actor, expected = actor_of(request), if_match(request)
    access.get_operation(actor, operation_id)
    made = series.plan_series(actor, operation_id, expected, _pattern(payload), payload.reading, clock.now())
    return _planned(request, {"series": made.pk})


@router.get("/series/{series_id}", response={200: SeriesOut} | REFUSALS, summary="Read one series")
@needs("deconfliction.operation.read")
def read_series(request: HttpRequest, series_id: UUID) -> SeriesOut:
    """The operations of it that you see, each with its determination."""
    return _series(request, series_id)


@router.post("/series/{series_id}/register", response={200: SeriesOut} | REFUSALS, summary="Register what waits")
@needs("deconfliction.series.create")
def go_on(request: HttpRequest, series_id: UUID) -> SeriesOut:
    """Harmless to repeat."""
    series.go_on(actor_of(request), series_id, clock.now())
    return _series(request, series_id)


@router.post("/series/{series_id}/cancel", response={200: DoneOut} | REFUSALS, summary="Cancel several of a series")
@needs("deconfliction.series.edit")
def cancel(request: HttpRequest, series_id: UUID, payload: FollowingIn) -> DoneOut:
    """What is not over; what was not registered yet is taken out. Harmless to repeat."""
    return _done(request, series_id, series.cancel(actor_of(request), series_id, payload.first, clock.now()))


@router.post("/series/{series_id}/move", response={200: DoneOut} | REFUSALS, summary="Move several of a series")
@needs("deconfliction.series.edit")
def move_series(request: HttpRequest, series_id: UUID, payload: MoveFollowingIn) -> DoneOut:
    """What has not begun. With the same `Idempotency-Key` nothing moves twice."""
    key = request.headers.get("Idempotency-Key", "").strip()
    mark = uuid5(series_id, key) if key else uuid4()
    by = {"days": payload.days, "minutes": payload.minutes}
    return _done(request, series_id, series.move(actor_of(request), series_id, payload.first, mark, clock.now(), **by))


def _pattern(payload: RepeatIn) -> repeat.Pattern:
    return repeat.read_pattern(payload.model_dump(mode="json", exclude_none=True))


def _series(request: HttpRequest, series_id: UUID) -> SeriesOut:
    return SeriesOut(**_fields(request, series_id))


def _done(request: HttpRequest, series_id: UUID, done: series.Done) -> DoneOut:
    return DoneOut(changed=done.changed, refused=list(done.refused), **_fields(request, series_id))


def _fields(request: HttpRequest, series_id: UUID) -> dict[str, Any]:
    found = series.series_detail(actor_of(request), series_id, clock.now())
    return {
        "id": found.id,
        "pattern": found.pattern,
        "created_at": found.created_at,
        "created_by": found.created_by,
        "operations": [OperationLine.model_validate(row) for row in found.rows],
        "waiting": [WaitingOut.model_validate(day) for day in found.waiting],
    }


def _json(body: Schema, status: int) -> HttpResponse:
    return HttpResponse(body.model_dump_json(), status=status, content_type="application/json")
