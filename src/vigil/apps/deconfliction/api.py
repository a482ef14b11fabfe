"""The JSON API of deconfliction, under `/api/v1/deconfliction/`: operations, conflicts and receipts.

Every route is a door to the same verbs and reads as the pages. Input that breaks a rule is answered with RFC 9457
problem details, each fault with a JSON pointer. A registration is committed first and searched afterwards (ADR 3);
the answer comes with the determination. Edits carry `If-Match`; submissions may carry an `Idempotency-Key`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import BaseModel, ConfigDict, Field

from vigil.api import later
from vigil.api.conditions import answered, idempotent, if_match
from vigil.api.paging import DEFAULT_LIMIT, LARGEST_LIMIT, PageQuery, page
from vigil.api.routes import actor_of, needs
from vigil.apps.deconfliction import access, actions, queries, rules
from vigil.apps.deconfliction.alarms import lifecycle
from vigil.apps.deconfliction.contexts import plan_context
from vigil.apps.deconfliction.federation.asking import Asking, ask_now
from vigil.apps.deconfliction.field_tools.cap_messages import newest_message
from vigil.apps.deconfliction.models import ConflictState, Determination, Operation, Receipt, Status
from vigil.apps.deconfliction.plan import Contact, Disclosure, PlaceSource, Plan, PlannedSite
from vigil.apps.deconfliction.plans import series
from vigil.apps.deconfliction.subjects import looks
from vigil.apps.deconfliction.wall_times import EARLIEST_YEAR, LATEST_YEAR
from vigil.core.errors import Invalid
from vigil.engine.formats.cap import MEDIA_TYPE
from vigil.engine.geometry import to_wkt
from vigil.engine.operation import Band, Mode
from vigil.engine.types import OPERATION_TYPES
from vigil.engine.windows import wall_time
from vigil.platform import clock, keys

router = Router(tags=["deconfliction"])


EXAMPLE: dict[str, Any] = {
    "operation_type": "search_warrant",
    "sites": [{"latitude": 38.9784, "longitude": -76.4922}],
    "starts_at": "2026-11-25T04:30:00-05:00",
    "ends_at": "2026-11-25T08:00:00-05:00",
    "lead_contact": {"name": "Alice Arden", "phone": "410-555-0101"},
}
"""A whole operation, as small as it may be."""


# --- what comes in -------------------------------------------------------------------------------------------------


class Strict(BaseModel):
    """A field that is not in the schema is a mistake, never ignored."""

    model_config = ConfigDict(extra="forbid")


class ContactIn(Strict):
    """Who is telephoned. `relay`: the watch desk connects callers, the phone is not shown."""

    name: str = ""
    phone: str = Field("", examples=["410-555-0142"])
    relay: bool = False


class SubjectIn(Strict):
    """An identifier of a target."""

    kind: str = Field(examples=["phone", "plate", "person"])
    value: str = Field(examples=["MD/7AB1234"])


class ReferenceIn(Strict):
    """A number that another system gave, typed in by hand."""

    system: str = Field(examples=["RISSafe"])
    number: str


Number = Annotated[float, Field(strict=True)]
"""A JSON number; `true` and `"300"` are none."""


class SiteIn(Strict):
    """One place, given one of three ways: `place` (coordinates in any notation, ZIP code, town), `latitude` and
    `longitude`, or `geometry` (WKT, or GeoJSON Point, LineString, Polygon). Lengths in metres, buffers in minutes.
    """

    place: str | None = None
    latitude: Number | None = None
    longitude: Number | None = None
    geometry: str | dict[str, Any] | None = None
    source: PlaceSource | None = None
    label: str | None = None
    radius_m: Number | None = None
    uncertainty_m: Number | None = None
    buffer_before_min: Number | None = None
    buffer_after_min: Number | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    zone: str | None = None


class OperationIn(Strict):
    """A planned operation. Times are RFC 3339, or local times of the site. What is empty takes the type's default."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    operation_type: str = Field(examples=["search_warrant"])
    mode: Mode = Mode.LIVE
    starts_at: str | None = Field(None, examples=["2026-11-25T04:30:00-05:00"])
    ends_at: str | None = None
    zone: str | None = None
    radius_m: Number | None = None
    buffer_before_min: Number | None = None
    buffer_after_min: Number | None = None
    sites: list[SiteIn] = Field(default_factory=list)
    subjects: list[SubjectIn | str] = Field(default_factory=list, examples=[["phone:410-555-0142"]])
    lead_contact: ContactIn | None = None
    second_contact: ContactIn | None = None
    supervisor: ContactIn | None = None
    disclosure: Disclosure = Disclosure.CONTACT_ONLY
    tentative: bool = False
    plain_clothes: bool = False
    armed_and_dangerous: bool = False
    share_plain_clothes: bool = True
    share_armed_and_dangerous: bool = True
    personnel_band: str = ""
    participants: list[str] = Field(default_factory=list)
    case_number: str = ""
    objective: str = ""
    joint_with: list[str] = Field(default_factory=list)
    external_references: list[ReferenceIn] = Field(default_factory=list)
    exigent_reason: str = ""
    exigent_approver: str = ""


# --- what goes out -------------------------------------------------------------------------------------------------


class ContactOut(Schema):
    name: str
    phone: str
    relay: bool


class SubjectOut(Schema):
    """`canonical` is null where the subject is not compared; `hint` says why."""

    kind: str
    value: str
    canonical: str | None
    hint: str


class SiteOut(Schema):
    """`starts_at` and `ends_at` carry the offset of the site's zone."""

    geometry_wkt: str
    radius_m: float
    uncertainty_m: float
    starts_at: datetime
    ends_at: datetime
    zone: str
    buffer_before_min: float
    buffer_after_min: float
    source: PlaceSource
    label: str


class OperationLine(Schema):
    """One operation of a list."""

    id: UUID
    reference: str
    external_id: str
    revision: int
    agency: str
    operation_type: str
    mode: Mode
    disclosure: Disclosure
    status: str
    determination: str
    tentative: bool
    starts_at: datetime
    ends_at: datetime
    zone: str
    place: str
    site_count: int
    submitter: str
    conflicts: int
    band: str


class CoverageOut(Schema):
    """Whether one partner answered for this revision."""

    name: str
    state: str
    answered_at: datetime | None
    desk_phone: str


class ConflictLine(Schema):
    """One conflict as the reader's side may see it: never the other side's place, distance, subjects or case."""

    id: UUID
    reference: str
    own_operation_id: UUID | None
    own_reference: str
    other_agency: str
    agencies: list[str]
    basis: str
    band: str
    overlap_start: datetime
    overlap_end: datetime
    tentative: bool
    standing: str
    state: str
    acknowledged: bool
    other_acknowledged: bool
    silent: bool
    detected_at: datetime


class OperationOut(OperationLine):
    """One operation in full, with the determination of its current revision and the receipt that proves it."""

    determined_at: datetime | None
    coverage: list[CoverageOut]
    notes: list[str]
    receipt_number: int | None
    open_conflicts: list[ConflictLine]
    sites: list[SiteOut]
    subjects: list[SubjectOut]
    lead_contact: ContactOut
    second_contact: ContactOut | None
    supervisor: ContactOut | None
    plain_clothes: bool
    armed_and_dangerous: bool
    share_plain_clothes: bool
    share_armed_and_dangerous: bool
    personnel_band: str
    participants: list[str]
    case_number: str
    objective: str
    joint_with: list[str]
    external_references: list[ReferenceIn]
    exigent: bool
    exigent_reason: str
    exigent_approver: str
    reason_due: bool
    extension_count: int
    flags: list[str]
    watch_desk_name: str
    watch_desk_phone: str


class PersonOut(Schema):
    role: str
    name: str
    phone: str
    relay: bool


class SideOut(Schema):
    """One side of a conflict."""

    agency: str
    is_own: bool
    operation_id: UUID | None
    reference: str
    type_label: str
    people: list[PersonOut]
    plain_clothes: bool
    armed_and_dangerous: bool
    silent: bool
    acknowledged_at: datetime | None
    acknowledged_by: str
    contacted_at: datetime | None


class ConflictOut(ConflictLine):
    """One conflict with both sides' contacts."""

    sides: list[SideOut]
    outcome: str
    watch_desk_name: str
    watch_desk_phone: str


class ReceiptLine(Schema):
    """One receipt; `body` is null after a purge, when the digest keeps the chain."""

    number: int
    operation_id: UUID
    revision: int
    digest: str
    previous_digest: str
    supersedes: int | None


class ReceiptOut(ReceiptLine):
    """With what an offline check needs: the exact signed bytes, the signature and the node's Ed25519 key, in base64."""

    body: str | None
    signature: str
    public_key: str


class OperationPage(Schema):
    items: list[OperationLine]
    next: str | None


class ConflictPage(Schema):
    items: list[ConflictLine]
    next: str | None


class ReceiptPage(Schema):
    items: list[ReceiptLine]
    next: str | None


class ProblemItem(Schema):
    """One fault: where (RFC 6901), what, and the values that would be taken where there are few."""

    pointer: str
    detail: str
    choices: list[str] = Field(default_factory=list)


class ProblemOut(Schema):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    reference: str
    code: str = ""
    errors: list[ProblemItem] = Field(default_factory=list)


REFUSALS: dict[int, Any] = {401: ProblemOut, 403: ProblemOut, 404: ProblemOut, 422: ProblemOut}
EDIT_REFUSALS: dict[int, Any] = REFUSALS | {409: ProblemOut, 428: ProblemOut}
READ_ANSWERS: dict[int, Any] = REFUSALS | {304: None}


# --- operations ----------------------------------------------------------------------------------------------------


class OperationQuery(Schema):
    """`from` and `to` keep operations whose time touches that span; `text` begins a reference or an imported id."""

    since: datetime | None = Field(None, alias="from")
    until: datetime | None = Field(None, alias="to")
    operation_type: str = ""
    status: str = ""
    determination: str = ""
    mode: str = ""
    text: str = ""
    mine: bool = False
    newest_first: bool = False
    limit: int = DEFAULT_LIMIT
    after: str = ""


@router.get("/operations", response={200: OperationPage} | READ_ANSWERS, summary="List operations of your agency")
@needs("deconfliction.operation.read")
def list_operations(request: HttpRequest, asked: Query[OperationQuery]) -> HttpResponse:
    """By start time. Follow `next` as `after` until it is null. 304 with the `ETag` of an earlier answer."""
    _check_list(request, OperationQuery, asked.limit)
    wanted = queries.OperationFilter(
        period=(_aware(asked.since, "from"), _aware(asked.until, "to")),
        operation_type=asked.operation_type,
        status=asked.status,
        determination=asked.determination,
        text=asked.text,
        mine=asked.mine,
        mode=asked.mode,
        newest_first=asked.newest_first,
        cursor=asked.after,
        limit=asked.limit,
    )
    found = queries.operation_list(actor_of(request), wanted, clock.now())
    items = [OperationLine.model_validate(row) for row in found.rows]
    return answered(request, OperationPage(items=items, next=found.next_cursor or None))


def _registered(request: HttpRequest, made: Mapping[str, Any]) -> HttpResponse:
    """The answer to a registration whose first answer was lost on the way."""
    return _searched(request, UUID(str(made["operation"])), 201)


@router.post("/operations", response={201: OperationOut} | REFUSALS, summary="Register an operation")
@needs("deconfliction.operation.register")
@idempotent(_registered)
def register(request: HttpRequest, payload: OperationIn) -> HttpResponse:
    """Commits the operation, then searches; the answer holds determination, coverage and the receipt's number."""
    operation = actions.register_operation(actor_of(request), _plan(request, payload), clock.now())
    return _searched(request, operation.id, 201)


@router.get("/operations/{operation_id}", response={200: OperationOut} | READ_ANSWERS, summary="Read one operation")
@needs("deconfliction.operation.read")
def read_operation(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """Its `ETag` begins with the revision, to be sent back as `If-Match` with an edit, or as `If-None-Match` here."""
    answer = _operation(request, operation_id, 200)
    looks.note_operation(actor_of(request), operation_id, clock.now())
    return answer


def _changed(request: HttpRequest, made: Mapping[str, Any]) -> HttpResponse:
    return _searched(request, UUID(str(made["operation"])), 200)


@router.put("/operations/{operation_id}", response={200: OperationOut} | EDIT_REFUSALS, summary="Revise an operation")
@needs("deconfliction.operation.edit")
@idempotent(_changed)
def revise(request: HttpRequest, operation_id: UUID, payload: OperationIn) -> HttpResponse:
    """Replaces the whole plan: a revision that asks again over the new extent. Needs `If-Match`."""
    actor, expected = actor_of(request), if_match(request)
    access.get_operation(actor, operation_id)
    plan = series.still_named(operation_id, _plan(request, payload))
    actions.revise_operation(actor, operation_id, expected, plan, clock.now())
    return _searched(request, operation_id, 200)


@router.post("/operations/{operation_id}/cancel", response={200: OperationOut} | EDIT_REFUSALS, summary="Cancel")
@needs("deconfliction.operation.cancel")
@idempotent(_changed)
def cancel(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """It meets nobody any more; everyone who was alarmed is told. Needs `If-Match`."""
    return _act(request, operation_id, actions.cancel_operation)


@router.post(
    "/operations/{operation_id}/undo-cancel", response={200: OperationOut} | EDIT_REFUSALS, summary="Undo cancel"
)
@needs("deconfliction.operation.restore")
@idempotent(_changed)
def undo_cancel(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """Takes the cancellation back and asks again. Needs `If-Match`."""
    return _act(request, operation_id, actions.undo_cancel)


@router.post("/operations/{operation_id}/end", response={200: OperationOut} | EDIT_REFUSALS, summary="End")
@needs("deconfliction.operation.end")
@idempotent(_changed)
def end(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """ "Ended, everyone has left": the end is now, the after-buffer still runs. Needs `If-Match`."""
    return _act(request, operation_id, actions.end_operation)


@router.post(
    "/operations/{operation_id}/still-on-scene", response={200: OperationOut} | REFUSALS, summary="Still on scene"
)
@needs("deconfliction.operation.extend")
@idempotent(_changed)
def still_on_scene(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """The team is still there: whatever ends within half an hour ends half an hour from now."""
    actions.still_on_scene(actor_of(request), operation_id, clock.now())
    return _searched(request, operation_id, 200)


# --- conflicts -----------------------------------------------------------------------------------------------------


class ConflictQuery(Schema):
    """`from` and `to` keep conflicts whose overlap touches that span."""

    since: datetime | None = Field(None, alias="from")
    until: datetime | None = Field(None, alias="to")
    open_only: bool = False
    state: str = ""
    band: str = ""
    text: str = ""
    limit: int = DEFAULT_LIMIT
    after: str = ""


@router.get("/conflicts", response={200: ConflictPage} | READ_ANSWERS, summary="List conflicts you may know of")
@needs("deconfliction.conflict.read")
def list_conflicts(request: HttpRequest, asked: Query[ConflictQuery]) -> HttpResponse:
    """By the start of the overlap. Follow `next` as `after` until it is null. 304 as for operations."""
    _check_list(request, ConflictQuery, asked.limit)
    wanted = queries.ConflictFilter(
        period=(_aware(asked.since, "from"), _aware(asked.until, "to")),
        open_only=asked.open_only,
        state=asked.state,
        band=asked.band,
        text=asked.text,
        cursor=asked.after,
        limit=asked.limit,
    )
    found = queries.conflict_list(actor_of(request), wanted, clock.now())
    items = [ConflictLine.model_validate(row) for row in found.rows]
    return answered(request, ConflictPage(items=items, next=found.next_cursor or None))


@router.get("/conflicts/{conflict_id}", response={200: ConflictOut} | READ_ANSWERS, summary="Read one conflict")
@needs("deconfliction.conflict.read")
def read_conflict(request: HttpRequest, conflict_id: UUID) -> HttpResponse:
    """Both sides with their contacts."""
    answer = _conflict(request, conflict_id)
    looks.note_conflict(actor_of(request), conflict_id, clock.now())
    return answered(request, answer)


@router.get(
    "/conflicts/{conflict_id}/cap",
    response=REFUSALS,
    summary="Read a conflict as CAP 1.2",
    openapi_extra={"responses": {200: {"description": "OK", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}}},
)
@needs("deconfliction.conflict.read")
def read_conflict_as_cap(request: HttpRequest, conflict_id: UUID) -> HttpResponse:
    """The newest message for your side, restricted; exercise and test are its status. Others have none."""
    actor, now = actor_of(request), clock.now()
    message = newest_message(actor, conflict_id, now)
    looks.note_conflict(actor, conflict_id, now)
    return HttpResponse(message, content_type=MEDIA_TYPE)


@router.post("/conflicts/{conflict_id}/acknowledge", response={200: ConflictOut} | REFUSALS, summary="Acknowledge")
@needs("deconfliction.conflict.acknowledge")
def acknowledge(request: HttpRequest, conflict_id: UUID) -> ConflictOut:
    """Your side knows of it: its alarms stop. Harmless to repeat."""
    lifecycle.acknowledge_conflict(actor_of(request), conflict_id, clock.now())
    return _conflict(request, conflict_id)


# --- receipts ------------------------------------------------------------------------------------------------------


class ReceiptQuery(PageQuery):
    """`operation_id` keeps those of one operation."""

    operation_id: UUID | None = None


@router.get("/receipts", response={200: ReceiptPage} | READ_ANSWERS, summary="List receipts of operations you may see")
@needs("deconfliction.receipt.read")
def list_receipts(request: HttpRequest, asked: Query[ReceiptQuery]) -> HttpResponse:
    """Newest first."""
    _check_list(request, ReceiptQuery, asked.limit)
    found = access.visible_receipts(actor_of(request))
    if asked.operation_id is not None:
        found = found.filter(operation_id=asked.operation_id)
    rows, following = page(found, ("-number",), asked)
    return answered(request, ReceiptPage(items=[ReceiptLine.model_validate(row) for row in rows], next=following))


@router.get("/receipts/{number}", response={200: ReceiptOut} | READ_ANSWERS, summary="Read one receipt")
@needs("deconfliction.receipt.read")
def read_receipt(request: HttpRequest, number: int) -> HttpResponse:
    """With the exact signed bytes."""
    receipt: Receipt = access.get_receipt(actor_of(request), number)
    shown = ReceiptOut(
        number=receipt.number,
        operation_id=cast(UUID, receipt.operation_id),
        revision=receipt.revision,
        digest=receipt.digest,
        previous_digest=receipt.previous_digest,
        supersedes=receipt.supersedes,
        body=_base64(receipt.body) if receipt.body is not None else None,
        signature=_base64(receipt.signature),
        public_key=_base64(keys.public_key()),
    )
    return answered(request, shown)


def _base64(value: bytes | memoryview) -> str:
    return base64.b64encode(bytes(value)).decode()


# --- the doors themselves ------------------------------------------------------------------------------------------


def _plan(request: HttpRequest, payload: OperationIn) -> Plan:
    try:
        raw = payload.model_dump(mode="json", exclude_unset=True)
    except ValueError:  # pydantic's for what is nested deeper than it follows
        raise Invalid.at(
            "sites", sentence="A shape is nested too deeply. Give a Point, LineString or Polygon."
        ) from None
    return rules.read_plan(raw, plan_context(actor_of(request).agency_id, clock.now()))


def _act(request: HttpRequest, operation_id: UUID, verb: Callable[..., Operation]) -> HttpResponse:
    verb(actor_of(request), operation_id, if_match(request), clock.now())
    return _searched(request, operation_id, 200)


def _searched(request: HttpRequest, operation_id: UUID, status: int) -> HttpResponse:
    """The second act, after the first has committed; then the operation with its determination."""
    actor, now = actor_of(request), clock.now()
    shown = actions.search_and_show(actor, operation_id, now)
    if shown is not None and shown.verdict.not_answered and not later.can_wait(request):
        shown = None if ask_now(operation_id) is not None else shown
    if shown is None or not actor.can(access.READ):
        return _operation(request, operation_id, status)
    response = _answer(request, queries.operation_now(actor, shown, now), status)
    if shown.verdict.not_answered and later.can_wait(request):
        asked = later.Later(Asking(operation_id), lambda: _operation(request, operation_id, status))
        return later.put(response, asked)
    return response


def _operation(request: HttpRequest, operation_id: UUID, status: int) -> HttpResponse:
    return _answer(request, queries.operation_detail(actor_of(request), operation_id, clock.now()), status)


def _answer(request: HttpRequest, detail: queries.OperationNow, status: int) -> HttpResponse:
    headers = {"Location": f"{request.path}/{detail.row.id}"} if status == 201 else {}
    return answered(request, _operation_out(detail), revision=detail.row.revision, status=status, headers=headers)


def _operation_out(detail: queries.OperationNow) -> OperationOut:
    plan = detail.plan
    line = OperationLine.model_validate(detail.row).model_dump()
    return OperationOut(
        **line,
        determined_at=detail.determined_at,
        coverage=[CoverageOut.model_validate(row) for row in detail.coverage],
        notes=list(detail.notes),
        receipt_number=detail.receipt.number if detail.receipt else None,
        open_conflicts=[ConflictLine.model_validate(row) for row in detail.conflicts if row.standing == "open"],
        sites=[_site_out(site) for site in plan.sites],
        subjects=[
            SubjectOut(kind=one.kind, value=one.typed, canonical=one.canonical, hint=one.hint) for one in plan.subjects
        ],
        lead_contact=_contact_out(plan.lead_contact),
        second_contact=_contact_out(plan.second_contact) if plan.second_contact else None,
        supervisor=_contact_out(plan.supervisor) if plan.supervisor else None,
        plain_clothes=plan.plain_clothes,
        armed_and_dangerous=plan.armed_and_dangerous,
        share_plain_clothes=plan.share_plain_clothes,
        share_armed_and_dangerous=plan.share_armed_and_dangerous,
        personnel_band=plan.personnel_band,
        participants=list(plan.participants),
        case_number=plan.case_number,
        objective=plan.objective,
        joint_with=sorted(plan.joint_with),
        external_references=[ReferenceIn(system=system, number=number) for system, number in plan.external_references],
        exigent=detail.exigent,
        exigent_reason=plan.exigent_reason,
        exigent_approver=plan.exigent_approver,
        reason_due=detail.row.reason_due,
        extension_count=detail.row.extension_count,
        flags=list(plan.flags),
        watch_desk_name=detail.watch_desk_name,
        watch_desk_phone=detail.watch_desk_phone,
    )


def _site_out(site: PlannedSite) -> SiteOut:
    return SiteOut(
        geometry_wkt=to_wkt(site.geometry),
        radius_m=site.radius_m,
        uncertainty_m=site.uncertainty_m,
        starts_at=wall_time(site.starts_at, site.zone),
        ends_at=wall_time(site.ends_at, site.zone),
        zone=site.zone,
        buffer_before_min=site.buffer_before_min,
        buffer_after_min=site.buffer_after_min,
        source=site.source,
        label=site.label,
    )


def _contact_out(contact: Contact) -> ContactOut:
    return ContactOut(name=contact.name, phone=contact.phone, relay=contact.relay)


def _conflict(request: HttpRequest, conflict_id: UUID) -> ConflictOut:
    detail = queries.conflict_detail(actor_of(request), conflict_id, clock.now())
    return ConflictOut(
        **ConflictLine.model_validate(detail.row).model_dump(),
        sides=[SideOut.model_validate(side) for side in (*detail.own, *detail.other)],
        outcome=detail.outcome,
        watch_desk_name=detail.watch_desk_name,
        watch_desk_phone=detail.watch_desk_phone,
    )


FILTER_CHOICES: Mapping[str, Sequence[str]] = {
    "status": Status.values,
    "determination": Determination.values,
    "mode": [mode.value for mode in Mode],
    "operation_type": list(OPERATION_TYPES),
    "state": ConflictState.values,
    "band": [band.value for band in Band],
}
"""A value that there is not would be answered with an empty list, as if there were nothing."""


def _check_list(request: HttpRequest, schema: type[Schema], limit: int) -> None:
    known = {field.alias or name for name, field in schema.model_fields.items()}
    for name in request.GET:
        if name not in known:
            # A misspelt filter that is ignored would show everything.
            raise Invalid.at(name, sentence="There is no such filter.", choices=sorted(known))
    for name, choices in FILTER_CHOICES.items():
        if request.GET.get(name) and request.GET[name] not in choices:
            raise Invalid.at(name, sentence="There is no such value.", choices=choices)
    if not 1 <= limit <= LARGEST_LIMIT:
        raise Invalid.at("limit", sentence=f"limit must be between 1 and {LARGEST_LIMIT}.")


def _aware(moment: datetime | None, name: str) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise Invalid.at(name, sentence="This time needs its offset, e.g. 2026-11-25T04:30:00-05:00, or Z for UTC.")
    if moment is not None and not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise Invalid.at(name, sentence=f"The year must lie between {EARLIEST_YEAR} and {LATEST_YEAR}.")
    return moment
