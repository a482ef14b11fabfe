"""What pages and the API show. Every read takes the actor; lists take a constant number of database queries.

Plain frozen values come back, never rows: nothing that a reader may not see is in them. `now` is passed in, because an
operation is under way by the clock alone.
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, prefetch_related_objects
from django.utils.translation import gettext as _

from vigil.apps.deconfliction import access, cards, plan_rows
from vigil.apps.deconfliction.batches import Shown
from vigil.apps.deconfliction.cards import ConflictPerson
from vigil.apps.deconfliction.models import (
    Conflict,
    ConflictEvent,
    ConflictSide,
    Determination,
    Operation,
    Receipt,
    Revision,
    SearchDue,
    Site,
    Standing,
    Status,
)
from vigil.apps.deconfliction.plan import Contact, Disclosure, Plan
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.core.permissions import Role
from vigil.engine import geometry
from vigil.engine import operation as engine
from vigil.engine.formats.shape_files import zone_geojson
from vigil.engine.operation import Basis
from vigil.platform.agencies.models import Agency, Node, agency_of, this_node
from vigil.platform.prepared import Prepared
from vigil.protocol.store import StoredReceipt

PAGE = 50
LANES = 20

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list. `next_cursor` is handed back for the next one; empty at the end."""

    rows: tuple[T, ...]
    next_cursor: str = ""


# --- operations ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One line of a list of operations.

    `status` is `registered`, `under_way`, `ended` or `cancelled`; `determination` is `checking`, `conflict`,
    `no_known_conflict` or `incomplete`. `place` is the first site's label (empty for a subjects-only operation), `zone`
    its IANA zone. `conflicts` counts the open ones, `band` is the strongest of them (`direct`, `near` or empty).
    """

    id: UUID
    reference: str
    external_id: str
    revision: int
    agency: str
    operation_type: str
    type_label: str
    mode: str
    disclosure: str
    status: str
    determination: str
    tentative: bool
    starts_at: datetime
    ends_at: datetime
    window_start: datetime
    window_end: datetime
    zone: str
    place: str
    site_count: int
    submitter: str
    is_mine: bool
    conflicts: int
    band: str
    extension_count: int
    reason_due: bool


@dataclass(frozen=True, slots=True)
class OperationFilter:
    """What a list of operations is narrowed to; the defaults narrow nothing.

    `period` keeps operations whose time touches `[from, to)`. `text` matches the beginning of a reference or of an
    imported id, without regard to case. `status` may be `under_way`.
    """

    period: tuple[datetime | None, datetime | None] = (None, None)
    operation_type: str = ""
    status: str = ""
    determination: str = ""
    text: str = ""
    mine: bool = False
    mode: str = ""
    series: UUID | None = None
    newest_first: bool = False
    cursor: str = ""
    limit: int = PAGE


def operation_list(
    actor: Actor, wanted: OperationFilter, now: datetime, among: QuerySet[Operation] | None = None
) -> Page[OperationRow]:
    """A page of the operations that the actor sees (`among`: of these of them), by start time."""
    found = _narrowed(access.visible_operations(actor) if among is None else among, actor, wanted, now)
    sign, beyond = ("-", "lt") if wanted.newest_first else ("", "gt")
    if wanted.cursor:
        at, after = _read_cursor(wanted.cursor)
        found = found.filter(Q(**{f"starts_at__{beyond}": at}) | Q(starts_at=at, **{f"id__{beyond}": after}))
    limit = max(1, min(wanted.limit, 500))
    rows = list(found.order_by(f"{sign}starts_at", f"{sign}id")[: limit + 1])
    more = rows[limit - 1] if len(rows) > limit else None
    return Page(_operation_rows(actor, rows[:limit], now), _cursor(more.starts_at, more.id) if more else "")


def rows_of(actor: Actor, ids: Iterable[UUID], now: datetime) -> tuple[OperationRow, ...]:
    """Those of the operations that the actor sees, the latest start first."""
    found = access.visible_operations(actor).filter(pk__in=list(ids)).order_by("-starts_at", "-id")
    return _operation_rows(actor, list(found), now)


@dataclass(frozen=True, slots=True)
class Today:
    """What the first page shows: what runs now or comes within the next 24 hours, and what needs somebody.

    `soon` are the first `LANES` of those, `incomplete` the first `PAGE` that somebody has not answered; `asked` are
    operations whose end has come while nobody said that they are over ("still on scene?"),
    `reasons_due` exigent ones whose reason has not been given. `conflicts` are open ones, the earliest start first.
    """

    soon: tuple[OperationRow, ...]
    incomplete: tuple[OperationRow, ...]
    asked: tuple[OperationRow, ...]
    reasons_due: tuple[OperationRow, ...]
    conflicts: tuple[ConflictRow, ...]


def today(actor: Actor, now: datetime) -> Today:
    """The actor's day."""
    live = access.visible_operations(actor).filter(status__in=(Status.REGISTERED, Status.UNDER_WAY))
    soon = live.filter(ends_at__gt=now - timedelta(hours=1), starts_at__lt=now + timedelta(hours=24))
    soon = soon.order_by("starts_at", "id")
    incomplete = soon.filter(determination=Determination.INCOMPLETE)
    overdue = live.filter(extension_count__gt=0, starts_at__lte=now, ends_at__gt=now).order_by("ends_at", "id")
    due = live.filter(reason_due=True).order_by("starts_at", "id")[:PAGE]
    return Today(
        soon=_operation_rows(actor, list(soon[:LANES]), now),
        incomplete=_operation_rows(actor, list(incomplete[:PAGE]), now),
        asked=_operation_rows(actor, list(overdue), now),
        reasons_due=_operation_rows(actor, list(due), now),
        conflicts=conflict_list(actor, ConflictFilter(open_only=True), now).rows,
    )


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """One who was to be asked. `state`: `answered`, `not_answered`, `refused` or `not_covered`."""

    name: str
    state: str
    answered_at: datetime | None = None
    desk_phone: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A receipt in short; `body` is the decoded content (see `vigil.protocol.receipts`), None after a purge."""

    number: int
    revision: int
    determination: str
    issued_at: datetime | None
    digest: str
    supersedes: int | None
    body: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """One line of an operation's history."""

    number: int
    kind: str
    kind_label: str
    status: str
    author: str
    created_at: datetime
    determination: str


@dataclass(frozen=True, slots=True)
class OperationNow:
    """One operation as it stands, for a reader of its own agency.

    `plan` is the current revision in full, as the edit form takes it. `determined_at` is None while checking.
    `coverage` lists who was asked beside this node, `notes` what the receipt adds ("asked: this node only").
    """

    row: OperationRow
    plan: Plan
    determined_at: datetime | None
    receipt: ReceiptRow | None
    conflicts: tuple[ConflictRow, ...]
    exigent: bool
    watch_desk_name: str
    watch_desk_phone: str

    @property
    def coverage(self) -> tuple[CoverageRow, ...]:
        return _coverage(self.receipt)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self.receipt.body.get("notes", ())) if self.receipt and self.receipt.body else ()


@dataclass(frozen=True, slots=True)
class OperationDetail(OperationNow):
    """Everything about one operation for a reader of its own agency: as it stands, and how it came to that."""

    created_at: datetime
    receipts: tuple[ReceiptRow, ...]
    revisions: tuple[RevisionRow, ...]


def operation_detail(actor: Actor, operation_id: UUID, now: datetime) -> OperationDetail:
    """One operation; raises `NotFound` where the actor may not see it or there is none."""
    operation = access.get_operation(actor, operation_id)
    revisions = list(operation.revisions.order_by("-number"))
    current = next(one for one in revisions if one.number == operation.revision)
    current.operation = operation
    prefetch_related_objects([current], "sites", "subjects")
    verdicts = {verdict.revision: verdict for verdict in operation.verdicts.all()}
    verdict = verdicts.get(operation.revision)
    receipts = tuple(_receipt_row(receipt) for receipt in operation.receipts.order_by("-number"))
    receipt = next((one for one in receipts if verdict and one.number == verdict.receipt_number), None)
    return OperationDetail(
        **_as_it_stands(
            actor,
            current,
            verdict.determined_at if verdict else None,
            receipt,
            _conflicts_of(actor, operation),
            now,
        ),
        created_at=operation.created_at,
        receipts=receipts,
        revisions=tuple(
            RevisionRow(
                number=one.number,
                kind=one.kind,
                kind_label=one.get_kind_display(),
                status=one.status,
                author=one.author_name,
                created_at=one.created_at,
                determination=verdicts[one.number].determination if one.number in verdicts else "",
            )
            for one in revisions
        ),
    )


def operation_now(actor: Actor, shown: Shown, now: datetime) -> OperationNow:
    """The operation as a search that the actor asked for has left it; little is read beside what the search holds."""
    receipt = _receipt_row(shown.receipt) if shown.receipt else None
    determined_at = plan_rows.moment(shown.verdict.determined_at)
    conflicts = _conflicts_of(actor, shown.revision.operation) if shown.in_conflict else ()
    return OperationNow(**_as_it_stands(actor, shown.revision, determined_at, receipt, conflicts, now))


def _conflicts_of(actor: Actor, operation: Operation) -> tuple[ConflictRow, ...]:
    keys = list(access.visible_sides(actor).filter(own_operation=operation).values_list("conflict_id", flat=True))
    found = _with_sides(Conflict.objects.filter(pk__in=keys)) if keys else ()
    return _conflict_rows(actor, list(found), operation.pk)


def _as_it_stands(
    actor: Actor,
    current: Revision,
    determined_at: datetime | None,
    receipt: ReceiptRow | None,
    conflicts: tuple[ConflictRow, ...],
    now: datetime,
) -> dict[str, Any]:
    """The fields of `OperationNow`. `current` has its operation, sites and subjects at hand."""
    operation, node = current.operation, this_node()
    agency = agency_of(operation.agency_id)
    standing = [one for one in conflicts if one.standing == Standing.OPEN]
    submitter = operation.submitter_id
    return {
        "row": _operation_row(
            actor,
            operation,
            sorted(current.sites.all(), key=lambda site: site.ordinal),
            actor.name if submitter == actor.user_id else _names({submitter}).get(submitter, ""),
            agency.label if agency else "",
            (len(standing), _strongest(one.band for one in standing)),
            now,
        ),
        "plan": plan_rows.plan_of(current),
        "determined_at": determined_at if receipt else None,
        "receipt": receipt,
        "conflicts": conflicts,
        "exigent": current.exigent,
        "watch_desk_name": node.watch_desk_name,
        "watch_desk_phone": node.watch_desk_phone,
    }


def receipt_detail(actor: Actor, number: int) -> ReceiptRow:
    """One receipt; raises `NotFound` where the actor may not see its operation."""
    return _receipt_row(access.get_receipt(actor, number))


# --- conflicts -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """One line of a list of conflicts, from the actor's side.

    `own_*` name the actor's own operation; for a watch desk that has none in it they are empty and `agencies` names
    both sides. `band` is `direct`, `near` or empty (a shared subject). `standing` is `open`, `past` or `withdrawn`,
    `state` how far the talking has come (section 6). `starts_at` is the earlier start of both operations as far as
    this node knows it, else the overlap's.
    """

    id: UUID
    reference: str
    own_operation_id: UUID | None
    own_reference: str
    own_type_label: str
    own_starts_at: datetime | None
    mode: str
    agencies: tuple[str, ...]
    other_agency: str
    basis: str
    band: str
    overlap_start: datetime
    overlap_end: datetime
    starts_at: datetime
    tentative: bool
    standing: str
    state: str
    acknowledged: bool
    other_acknowledged: bool
    silent: bool
    detected_at: datetime


@dataclass(frozen=True, slots=True)
class ConflictFilter:
    """What a list of conflicts is narrowed to. `open_only` keeps what still stands and is not resolved, or resolved
    while the reader's side has not seen it. `other_agency` is in the name of another agency that is disclosed."""

    period: tuple[datetime | None, datetime | None] = (None, None)
    open_only: bool = False
    state: str = ""
    band: str = ""
    text: str = ""
    other_agency: str = ""
    cursor: str = ""
    limit: int = PAGE


def conflict_list(actor: Actor, wanted: ConflictFilter, now: datetime) -> Page[ConflictRow]:
    """A page of the conflicts that the actor may know of, by the start of the overlap."""
    found = access.visible_conflicts(actor)
    if wanted.open_only:
        # Settled by the other side alone is not settled for a side that has not seen it.
        unseen = access.visible_sides(actor).filter(acknowledged_at=None).values("conflict_id")
        found = found.filter(Q(outcome="") | Q(pk__in=unseen), standing=Standing.OPEN, overlap_end__gt=now)
    for column, value in (("state", wanted.state), ("band", wanted.band)):
        if value:
            found = found.filter(**{column: value})
    if wanted.text:
        found = found.filter(reference__istartswith=_searchable(wanted.text))
    if wanted.other_agency:
        found = found.filter(Exists(_sides_named(actor, _searchable(wanted.other_agency))))
    start, end = wanted.period
    if start is not None:
        found = found.filter(overlap_end__gt=start)
    if end is not None:
        found = found.filter(overlap_start__lt=end)
    if wanted.cursor:
        at, after = _read_cursor(wanted.cursor)
        found = found.filter(Q(overlap_start__gt=at) | Q(overlap_start=at, id__gt=after))
    limit = max(1, min(wanted.limit, 500))
    rows = list(_with_sides(found).order_by("overlap_start", "id")[: limit + 1])
    more = rows[limit - 1] if len(rows) > limit else None
    return Page(_conflict_rows(actor, rows[:limit]), _cursor(more.overlap_start, more.id) if more else "")


def _sides_named(actor: Actor, name: str) -> QuerySet[ConflictSide]:
    """Sides of other agencies with such a name; a silent side names nobody."""
    others = ConflictSide.objects.filter(conflict_id=OuterRef("pk"), silent=False).exclude(
        agency_id__in=[actor.agency_id]
    )
    either = Q(foreign_agency__icontains=name)
    for column in ("name", "short_name"):
        either |= Q(**{f"agency__{column}__icontains": name})
    return others.filter(either)


@dataclass(frozen=True, slots=True)
class ConflictSideView:
    """One side as the reader may see it (specification, section 7): never its place, distance, subjects or case.

    `operation_id` and `reference` are filled for operations that the reader sees in full. `type_label` is empty unless
    it is disclosed. A silent side names the watch desk alone.
    """

    agency: str
    is_own: bool
    operation_id: UUID | None
    reference: str
    type_label: str
    people: tuple[ConflictPerson, ...]
    plain_clothes: bool
    armed_and_dangerous: bool
    silent: bool
    side_of: UUID
    """The operation whose side it is, for the watch desk's acts; told to nobody."""
    acknowledged_at: datetime | None
    acknowledged_by: str
    contacted_at: datetime | None
    resolved_at: datetime | None
    """Of a partner's side: when that node has told that it has settled it, and how (`resolved_outcome`)."""
    resolved_outcome: str


@dataclass(frozen=True, slots=True)
class ConflictEventRow:
    """One line of a conflict's log. `note` is what was said, as typed; `people` the names it is about, such as `who`
    spoke with `whom`. `how`, `identity_check` and `result` are codes of `alarms.words`.
    """

    at: datetime
    kind: str
    author: str
    note: str
    people: Mapping[str, str]
    how: str
    identity_check: str
    result: str


@dataclass(frozen=True, slots=True)
class ConflictDetail:
    """One conflict. `own` are the reader's sides (two where both operations are of the reader's agency), `other` the
    rest. `lines` are the standing conflicts of its incident that the reader may know of, itself included.
    """

    row: ConflictRow
    lines: tuple[ConflictRow, ...]
    own: tuple[ConflictSideView, ...]
    other: tuple[ConflictSideView, ...]
    outcome: str
    desk_owner: str
    log: tuple[ConflictEventRow, ...]
    may_acknowledge: bool
    watch_desk_name: str
    watch_desk_phone: str


def conflict_detail(actor: Actor, conflict_id: UUID, now: datetime, of: UUID | None = None) -> ConflictDetail:
    """One conflict; raises `NotFound` where the actor may not know of it or there is none.

    Where both operations are the reader's agency's, the operation `of` is theirs, else the one they registered.
    """
    return conflict_details(actor, [(conflict_id, of)], now)[0]


def conflict_details(
    actor: Actor, wanted: Sequence[tuple[UUID, UUID | None]], now: datetime
) -> tuple[ConflictDetail, ...]:
    """`conflict_detail` of each conflict with its `of`, in their order; the number of queries does not grow."""
    seen = access.visible_conflicts(actor).filter(pk__in=[key for key, _ in wanted])
    events = Prefetch("events", ConflictEvent.objects.order_by("id"))
    found = {one.pk: one for one in _with_sides(seen).select_related("desk_owner").prefetch_related(events)}
    if any(key not in found for key, _ in wanted):
        raise NotFound
    seeing = _Seeing(
        actor,
        frozenset(access.visible_sides(actor).filter(conflict_id__in=found).values_list("id", flat=True)),
        this_node(),
        _revisions_of(side.own_operation for one in found.values() for side in one.sides.all()),
        _lines_of(actor, {one.incident_id for one in found.values()}),
    )
    return tuple(_conflict_detail(seeing, found[key], of) for key, of in wanted)


@dataclass(frozen=True, slots=True)
class _Seeing:
    """Who reads conflicts, what stands on the reader's side, and what the cards are made of."""

    actor: Actor
    own_sides: frozenset[int]
    node: Node
    revisions: Mapping[UUID, Revision]
    lines: Mapping[UUID, tuple[ConflictRow, ...]]


def _lines_of(actor: Actor, incidents: Collection[UUID]) -> dict[UUID, tuple[ConflictRow, ...]]:
    """The standing conflicts of each incident that the actor may know of, the earliest first."""
    standing = access.visible_conflicts(actor).filter(incident_id__in=incidents, standing=Standing.OPEN)
    rows = list(_with_sides(standing).order_by("overlap_start", "id"))
    lines: dict[UUID, tuple[ConflictRow, ...]] = {}
    for conflict, row in zip(rows, _conflict_rows(actor, rows), strict=True):
        lines[conflict.incident_id] = (*lines.get(conflict.incident_id, ()), row)
    return lines


def _revisions_of(operations: Iterable[Operation | None]) -> dict[UUID, Revision]:
    """The current revision of each operation, by the operation's id."""
    current = _current_revisions(one for one in operations if one is not None)
    return {one.operation_id: one for one in Revision.objects.filter(pk__in=current).select_related("operation")}


def _conflict_detail(seeing: _Seeing, conflict: Conflict, of: UUID | None) -> ConflictDetail:
    actor, node = seeing.actor, seeing.node
    sides = [(side.id in seeing.own_sides, side) for side in _own_first(actor, conflict, of)]
    desk = actor.can(access.WATCH)
    views = [(own, _side_view(seeing, side, own, desk)) for own, side in sides]
    return ConflictDetail(
        row=_conflict_row(actor, conflict, seeing.own_sides, of),
        lines=seeing.lines.get(conflict.incident_id, ()),
        own=tuple(view for own, view in views if own),
        other=tuple(view for own, view in views if not own),
        outcome=conflict.outcome,
        desk_owner=str(conflict.desk_owner) if conflict.desk_owner else "",
        log=_log(conflict, {side.operation_id for own, side in sides if own}, desk),
        may_acknowledge=conflict.standing == Standing.OPEN
        and actor.can("deconfliction.conflict.acknowledge")
        and any(own and side.acknowledged_at is None for own, side in sides),
        watch_desk_name=node.watch_desk_name,
        watch_desk_phone=node.watch_desk_phone,
    )


# --- map and counts --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MapSite:
    """One site of an operation that the reader sees in full. `band` is the strongest open conflict of its operation
    (`direct`, `near` or empty)."""

    operation_id: UUID
    reference: str
    operation_type: str
    type_label: str
    status: str
    determination: str
    tentative: bool
    band: str
    in_conflict: bool
    geometry_wkt: str
    radius_m: float
    uncertainty_m: float
    starts_at: datetime
    ends_at: datetime
    window_start: datetime
    window_end: datetime
    zone: str
    place: str

    def outline(self) -> dict[str, Any]:
        """The zone true to scale as a GeoJSON geometry; only who draws it pays for it."""
        shape = geometry.parse_wkt(self.geometry_wkt)
        return zone_geojson(engine.Site(shape, self.radius_m, 0, 1, uncertainty_m=self.uncertainty_m), segments=48)


MOST_ON_MAP = 200
"""Operations on one map and in its table; a day that holds more says so and asks for a type or another day."""


def map_operations(
    actor: Actor, start: datetime, end: datetime, now: datetime, operation_type: str = "", limit: int = MOST_ON_MAP
) -> Page[MapSite]:
    """The sites of operations whose windows touch `[start, end)`; `next_cursor` is `more` when there were more."""
    found = access.visible_operations(actor).filter(window_start__lt=end, window_end__gt=start)
    found = found.exclude(status=Status.CANCELLED)
    if operation_type:
        found = found.filter(operation_type=operation_type)
    operations = {operation.id: operation for operation in found.order_by("starts_at", "id")[: limit + 1]}
    more = len(operations) > limit
    if more:
        operations.popitem()
    bands = _bands(actor, operations)
    sites = Site.objects.filter(revision_id__in=_current_revisions(operations.values())).select_related("revision")
    rows = []
    for site in sites.order_by("revision__operation_id", "ordinal"):
        operation = operations[site.revision.operation_id]
        count, band = bands.get(operation.id, (0, ""))
        rows.append(_map_site(operation, site, count, band, now))
    return Page(tuple(rows), "more" if more else "")


def waiting_conflicts(actor: Actor, now: datetime) -> int:
    """Open live conflicts that nobody of the actor's side has acknowledged (for a watch desk: of any side)."""
    if not (actor.can(access.READ_CONFLICT) or actor.can(access.WATCH)):
        return 0
    held = actor.roles, actor.scopes, actor.glass is not None
    if held not in _WAITING:  # every page asks it: made once for all who hold the same
        _WAITING[held] = Prepared(
            lambda user, agency, now: _waiting_sides(replace(actor, user_id=user, agency_id=agency), now)
        )
    return len({side.conflict_id for side in _WAITING[held](actor.user_id, actor.agency_id, now)})


_WAITING: dict[tuple[frozenset[Role], frozenset[str] | None, bool], Prepared[ConflictSide]] = {}


def _waiting_sides(actor: Actor, now: Any) -> QuerySet[ConflictSide]:
    sides = access.visible_sides(actor)
    if actor.can(access.WATCH):
        watched = Q(conflict__owner_only=False, own_operation__isnull=False) | Q(pk__in=sides.values("pk"))
        sides = ConflictSide.objects.filter(watched)
    return sides.filter(
        conflict__standing=Standing.OPEN,
        conflict__overlap_end__gt=now,
        own_operation__mode=engine.Mode.LIVE.value,
        acknowledged_at=None,
    ).only("conflict_id")


@dataclass(frozen=True, slots=True)
class DraftRow:
    """What a person typed and did not register: shown as NOT REGISTERED. `typed` is what the form takes back."""

    id: UUID
    operation_id: UUID | None
    saved_at: datetime
    typed: Mapping[str, Any] = field(repr=False)


def drafts(actor: Actor) -> tuple[DraftRow, ...]:
    """The actor's own drafts, newest first."""
    return tuple(_draft_row(draft) for draft in access.visible_drafts(actor))


def draft_detail(actor: Actor, draft_id: UUID) -> DraftRow:
    """One draft; raises `NotFound` where it is not the actor's."""
    return _draft_row(access.get_draft(actor, draft_id))


def _draft_row(draft: Any) -> DraftRow:
    typed = json.loads(plan_rows.opened(draft.payload, plan_rows.DRAFT))
    return DraftRow(draft.id, draft.operation_id, draft.saved_at, typed)


def remembered_contacts(actor: Actor) -> dict[str, Contact]:
    """Contacts of the operation that the actor registered last, to fill the form: `lead`, `second`, `supervisor`."""
    if actor.user_id is None:
        return {}
    own = access.visible_operations(actor).filter(submitter_id=actor.user_id)
    last = own.order_by("-created_at").first()
    if last is None or last.purged_at is not None:
        return {}
    return dict(plan_rows.contacts_of(last.revisions.get(number=last.revision)))


def agency_names(actor: Actor) -> list[str]:
    """Names of agencies that this node knows, to be offered as participating ones."""
    actor.require("agencies.agency.read")
    return list(Agency.objects.filter(is_active=True).order_by("name").values_list("name", flat=True)[:500])


# --- what waits for the worker ----------------------------------------------------------------------------------------


def due_searches(now: datetime) -> list[UUID]:
    """Operations whose own search is due, the longest waiting first."""
    rows = SearchDue.objects.filter(target="", run_after__lte=now).order_by("run_after", "id")
    return list(rows.values_list("operation_id", flat=True))


def anything_overdue(by: datetime) -> bool:
    """Whether a site ends by then that nobody has ended."""
    live = Operation.objects.filter(status__in=(Status.REGISTERED, Status.UNDER_WAY))
    return live.filter(next_end_at__lte=by).exists()


# --- the reading itself ----------------------------------------------------------------------------------------------


def _narrowed(found: QuerySet[Operation], actor: Actor, wanted: OperationFilter, now: datetime) -> QuerySet[Operation]:
    start, end = wanted.period
    if start is not None:
        found = found.filter(ends_at__gt=start)
    if end is not None:
        found = found.filter(starts_at__lt=end)
    for column, value in (
        ("operation_type", wanted.operation_type),
        ("determination", wanted.determination),
        ("mode", wanted.mode),
    ):
        if value:
            found = found.filter(**{column: value})
    if wanted.status == Status.UNDER_WAY:
        found = found.filter(status__in=(Status.REGISTERED, Status.UNDER_WAY), starts_at__lte=now)
    elif wanted.status == Status.REGISTERED:
        found = found.filter(status=Status.REGISTERED, starts_at__gt=now)
    elif wanted.status:
        found = found.filter(status=wanted.status)
    if wanted.text:
        text = _searchable(wanted.text)
        found = found.filter(Q(reference__istartswith=text) | Q(external_id__istartswith=text))
    if wanted.mine:
        found = found.filter(submitter_id=actor.user_id)
    if wanted.series is not None:
        found = found.filter(series_member__series=wanted.series)
    return found


def _searchable(text: str) -> str:
    """What a person looks for, without what no stored text can hold (PostgreSQL refuses even to compare with it)."""
    return text.replace("\x00", "").strip()


def _operation_rows(actor: Actor, operations: Sequence[Operation], now: datetime) -> tuple[OperationRow, ...]:
    if not operations:
        return ()
    sites: defaultdict[UUID, list[Site]] = defaultdict(list)
    current = Site.objects.filter(revision_id__in=_current_revisions(operations))
    for site in current.select_related("revision").order_by("ordinal"):
        sites[site.revision.operation_id].append(site)
    people = _names({operation.submitter_id for operation in operations})
    agencies = _agency_labels({operation.agency_id for operation in operations})
    bands = _bands(actor, [operation.id for operation in operations])
    return tuple(
        _operation_row(
            actor,
            one,
            sites[one.id],
            people.get(one.submitter_id, ""),
            agencies[one.agency_id],
            bands.get(one.id, (0, "")),
            now,
        )
        for one in operations
    )


def _operation_row(
    actor: Actor,
    one: Operation,
    sites: Sequence[Site],
    submitter: str,
    agency: str,
    open_conflicts: tuple[int, str],
    now: datetime,
) -> OperationRow:
    """`sites` in their order; `open_conflicts` how many the actor may know of, and the strongest band."""
    return OperationRow(
        id=one.id,
        reference=one.reference,
        external_id=one.external_id,
        revision=one.revision,
        agency=agency,
        operation_type=one.operation_type,
        type_label=cards.type_label(one.operation_type, one.mode),
        mode=one.mode,
        disclosure=one.disclosure,
        status=_status(one, now),
        determination=one.determination,
        tentative=one.tentative or one.determination_tentative,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        window_start=one.window_start,
        window_end=one.window_end,
        zone=sites[0].zone if sites else "",
        place=plan_rows.place_of(sites[0]) if sites else "",
        site_count=len(sites),
        submitter=submitter,
        is_mine=actor.user_id is not None and one.submitter_id == actor.user_id,
        conflicts=open_conflicts[0],
        band=open_conflicts[1],
        extension_count=one.extension_count,
        reason_due=one.reason_due,
    )


def _status(operation: Operation, now: datetime) -> str:
    if operation.status == Status.REGISTERED and operation.starts_at <= now:
        return Status.UNDER_WAY.value
    return operation.status


def _current_revisions(operations: Iterable[Operation]) -> QuerySet[Revision, int]:
    keys = [operation.id for operation in operations]
    current = Operation.objects.filter(pk=OuterRef("operation_id")).values("revision")
    return Revision.objects.filter(operation_id__in=keys, number=Subquery(current)).values_list("id", flat=True)


def _names(users: Iterable[UUID | None]) -> dict[UUID | None, str]:
    from vigil.platform.accounts.models import User

    return {user.id: str(user) for user in User.objects.filter(pk__in=[one for one in users if one])}


def _agency_labels(ids: Iterable[UUID]) -> dict[UUID, str]:
    return {agency.id: agency.label for agency in Agency.objects.filter(pk__in=ids)}


def _bands(actor: Actor, operations: Iterable[UUID]) -> dict[UUID, tuple[int, str]]:
    """Open conflicts of each operation that the actor may know of, and the strongest band."""
    sides = access.visible_sides(actor).filter(own_operation_id__in=list(operations), conflict__standing=Standing.OPEN)
    found: dict[UUID, tuple[int, str]] = {}
    for operation_id, band in sides.values_list("own_operation_id", "conflict__band"):
        count, strongest = found.get(operation_id, (0, ""))
        found[operation_id] = (count + 1, _strongest((strongest, band)))
    return found


def _strongest(bands: Iterable[str]) -> str:
    # "direct" sorts before "near".
    return min(filter(None, bands), default="")


def _receipt_row(receipt: Receipt | StoredReceipt) -> ReceiptRow:
    body: dict[str, Any] | None = json.loads(bytes(receipt.body)) if receipt.body else None
    return ReceiptRow(
        number=receipt.number,
        revision=receipt.revision,
        determination=body["determination"] if body else "",
        issued_at=plan_rows.moment(body["issued_at"]) if body else None,
        digest=receipt.digest,
        supersedes=receipt.supersedes,
        body=body,
    )


def _coverage(receipt: ReceiptRow | None) -> tuple[CoverageRow, ...]:
    if receipt is None or receipt.body is None:
        return ()
    return tuple(
        CoverageRow(
            name=line["name"],
            state=line["coverage"].replace(" ", "_"),
            answered_at=None if line["answered_at"] is None else plan_rows.moment(line["answered_at"]),
            desk_phone=line["desk_phone"],
        )
        for line in receipt.body["coverage"]
    )


def _with_sides(found: QuerySet[Conflict]) -> QuerySet[Conflict]:
    return found.prefetch_related(access.both_sides())


def _conflict_rows(actor: Actor, conflicts: Sequence[Conflict], of: UUID | None = None) -> tuple[ConflictRow, ...]:
    if not conflicts:
        return ()
    keys = [conflict.pk for conflict in conflicts]
    mine = frozenset(access.visible_sides(actor).filter(conflict_id__in=keys).values_list("id", flat=True))
    return tuple(_conflict_row(actor, conflict, mine, of) for conflict in conflicts)


def _own_first(actor: Actor, conflict: Conflict, of: UUID | None) -> list[ConflictSide]:
    """The sides, the reader's own first: nobody is told to telephone themselves."""

    def rank(side: ConflictSide) -> tuple[bool, bool]:
        operation = side.own_operation
        return operation is None or operation.pk != of, operation is None or operation.submitter_id != actor.user_id

    return sorted(conflict.sides.all(), key=rank)


def _conflict_row(actor: Actor, conflict: Conflict, mine: Set[int], of: UUID | None) -> ConflictRow:
    sides = _own_first(actor, conflict, of)
    modes = [side.own_operation.mode for side in sides if side.own_operation is not None]
    own = next((side for side in sides if side.id in mine), None)
    other = next((side for side in sides if side is not own), None)
    operation = own.own_operation if own else None
    starts = [side.own_operation.starts_at for side in sides if side.own_operation is not None]
    hidden = other is not None and other.silent
    # The other side's start is told only as the overlap tells it.
    earliest = min(starts) if actor.can(access.WATCH) else min([operation.starts_at] if operation else [], default=None)
    return ConflictRow(
        id=conflict.id,
        reference=conflict.reference,
        own_operation_id=operation.id if operation else None,
        own_reference=operation.reference if operation else "",
        own_type_label=cards.type_label(operation.operation_type, operation.mode) if operation else "",
        mode=modes[0] if modes else "live",
        own_starts_at=operation.starts_at if operation else None,
        agencies=tuple(agency_of_side(side) for side in sides),
        other_agency=agency_of_side(other) if other else "",
        basis=_basis_shown(conflict, own, other),
        band=conflict.band,
        overlap_start=conflict.overlap_start,
        overlap_end=conflict.overlap_end,
        # A shared subject's overlap reaches 72 hours beyond both: no start is in it.
        starts_at=earliest if earliest and not conflict.band else min(filter(None, (earliest, conflict.overlap_start))),
        tentative=conflict.tentative,
        standing=conflict.standing,
        state=conflict.state,
        acknowledged=own is not None and own.acknowledged_at is not None,
        other_acknowledged=other is not None and other.acknowledged_at is not None,
        silent=hidden,
        detected_at=conflict.detected_at,
    )


def _basis_shown(conflict: Conflict, own: ConflictSide | None, other: ConflictSide | None) -> str:
    """A silent operation's subject match is hidden from the other side, also where the places meet (section 7)."""
    if conflict.basis == Basis.BOTH and other is not None and other.silent and not (own and own.silent):
        return Basis.PLACE.value
    return conflict.basis


def agency_of_side(side: ConflictSide) -> str:
    if side.silent:
        return ""
    return side.agency.label if side.agency else side.foreign_agency


def _side_view(seeing: _Seeing, side: ConflictSide, own: bool, desk: bool) -> ConflictSideView:
    masked = side.silent and not own and not desk
    card = cards.silent_card(seeing.node) if masked else _card_of(seeing, side, own)
    operation = side.own_operation if own else None
    return ConflictSideView(
        agency=card.agency,
        is_own=own,
        operation_id=operation.id if operation else None,
        reference=operation.reference if operation else "",
        type_label=card.type_label,
        people=card.people,
        plain_clothes=card.plain_clothes,
        armed_and_dangerous=card.armed_and_dangerous,
        silent=side.silent,
        side_of=side.operation_id,
        acknowledged_at=side.acknowledged_at,
        acknowledged_by="" if masked else side.acknowledged_name,
        contacted_at=side.contacted_at,
        resolved_at=side.resolved_at,
        resolved_outcome=side.resolved_outcome,
    )


def _card_of(seeing: _Seeing, side: ConflictSide, own: bool) -> cards.Card:
    """The side's card; its own agency and, of a silent side, the watch desk read whom the plan names."""
    agency = side.agency.label if side.agency else side.foreign_agency
    operation = side.own_operation
    if operation is not None:
        revision = seeing.revisions[operation.pk]
        contacts = plan_rows.contacts_of(revision)
        shown_type = own or operation.disclosure == Disclosure.TYPE_AND_CONTACT
        return cards.Card(
            agency,
            cards.type_label(operation.operation_type) if shown_type else "",
            cards.people(contacts, side.agency, seeing.node, in_full=own),
            revision.plain_clothes and (own or revision.share_plain_clothes),
            revision.armed_and_dangerous and (own or revision.share_armed_and_dangerous),
        )
    if side.foreign_contact is None:
        return cards.Card(agency, "", (), False, False)
    told = json.loads(plan_rows.opened(side.foreign_contact, plan_rows.FOREIGN_CARD))
    return cards.Card(
        agency,
        cards.type_label(told["operation_type"]) if told["operation_type"] else "",
        (ConflictPerson("lead contact", told["contact_name"], told["contact_phone"]),),
        told["plain_clothes"],
        told["armed_and_dangerous"],
    )


SHARED_EVENTS = ("acknowledged", "contacted", "resolved")
"""Of the other side's doing a side reads that it was done, not who did it or what was said; nothing else."""


def _log(conflict: Conflict, own: set[UUID], desk: bool) -> tuple[ConflictEventRow, ...]:
    """Who did what, when. What was noted is read by the side that noted it and by the watch desk."""
    return tuple(
        ConflictEventRow(
            at=event.at,
            kind=event.kind,
            author=event.author_name if desk or event.operation_id in own else "",
            note=plan_rows.opened(event.note, plan_rows.NOTE) if desk or event.operation_id in own else "",
            people=plan_rows.names_in(event.people) if desk or event.operation_id in own else {},
            how=event.how,
            identity_check=event.identity_check if desk or event.operation_id in own else "",
            result=event.result,
        )
        for event in conflict.events.all()
        if desk or event.operation_id is None or event.operation_id in own or event.kind in SHARED_EVENTS
    )


def _map_site(operation: Operation, site: Site, conflicts: int, band: str, now: datetime) -> MapSite:
    return MapSite(
        operation_id=operation.id,
        reference=operation.reference,
        operation_type=operation.operation_type,
        type_label=cards.type_label(operation.operation_type, operation.mode),
        status=_status(operation, now),
        determination=operation.determination,
        tentative=operation.tentative,
        band=band,
        in_conflict=conflicts > 0,
        geometry_wkt=site.geometry_wkt,
        radius_m=site.radius_m,
        uncertainty_m=site.uncertainty_m,
        starts_at=site.starts_at,
        ends_at=site.ends_at,
        window_start=site.starts_at - timedelta(minutes=site.buffer_before_min),
        window_end=site.ends_at + timedelta(minutes=site.buffer_after_min),
        zone=site.zone,
        place=plan_rows.place_of(site),
    )


def _cursor(at: datetime, key: UUID) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{key}".encode()).decode()


def _read_cursor(text: str) -> tuple[datetime, UUID]:
    try:
        at, key = base64.urlsafe_b64decode(text.encode()).decode().split("|")
        return datetime.fromisoformat(at), UUID(key)
    except ValueError:
        raise Invalid.at("cursor", sentence=_("This page of the list is not known: start at the first page.")) from None
