"""Fishing cases: who sees which, what each shows, and the review.

Every watch desk of the node sees the cases, as it sees every conflict; agency auditors see those of their agency, the
node's auditors all. What silent operations asked is before the auditors alone. Nobody sees a case about themselves, and
nobody judges one about their agency in which they asked themselves.

The places stay behind the one door to operations: a desk sees those of operations that it sees anyhow. Of others it
sees the cells of a fixed grid of at least 2 km, never a coordinate, and of silent ones nothing. Auditors see no
operations, and so no map.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from vigil.apps.deconfliction import access, plan_rows
from vigil.apps.deconfliction.models import FishingCase, FishingOutcome, Operation, Probe, Site
from vigil.apps.deconfliction.plan import Disclosure
from vigil.apps.deconfliction.probing import probes, rules
from vigil.apps.deconfliction.probing.rules import Kind
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound, Problem
from vigil.core.permissions import AUDITORS, Role
from vigil.engine import geometry
from vigil.engine.formats.shape_files import zone_geojson
from vigil.engine.types import OPERATION_TYPES
from vigil.platform.actions import action, concerns
from vigil.platform.notices.board import notify
from vigil.platform.prepared import Prepared

READ = "deconfliction.fishing_case.read"
REVIEW = "deconfliction.fishing_case.review"
PER_PAGE = 50
MOST_ROWS = 300
LONGEST_NOTE = 2_000


# --- who sees which --------------------------------------------------------------------------------------------------


def visible_cases(actor: Actor) -> QuerySet[FishingCase]:
    """The cases that the actor may read."""
    if actor.user_id is None or actor.agency_id is None or not actor.can(READ):
        return FishingCase.objects.none()
    seen = Q(pk__in=[])
    if Role.WATCH_DESK in actor.roles:
        seen |= Q(silent=False)
    if Role.AGENCY_AUDITOR in actor.roles:
        seen |= Q(agency__in=[actor.agency_id])
    if Role.NODE_AUDITOR in actor.roles:
        seen |= ~Q(pk__in=[])
    return FishingCase.objects.filter(seen).exclude(user__in=[actor.user_id])


def get_case(actor: Actor, case_id: UUID) -> FishingCase:
    """The case; `NotFound` where there is none that the actor may read."""
    case = visible_cases(actor).select_related("user", "agency").filter(pk=case_id).first()
    if case is None:
        raise NotFound
    return case


def may_review(actor: Actor, case: FishingCase) -> bool:
    """Whether the actor may judge it: the watch desk, of silent operations an auditor; nobody who asked in it."""
    if not actor.can(REVIEW) or case.reviewed_at is not None:
        return False
    fits = not actor.roles.isdisjoint(AUDITORS) if case.silent else Role.WATCH_DESK in actor.roles
    return fits and not _probes(case).filter(user__in=[actor.user_id]).exists()


def waiting(actor: Actor) -> int:
    """Cases that nobody has settled."""
    if _ANY_WAITING.first() is None:
        return 0
    return visible_cases(actor).filter(reviewed_at__isnull=True).count()


# Every page of theirs asks it, and there is seldom one.
_ANY_WAITING = Prepared(lambda: FishingCase.objects.filter(reviewed_at__isnull=True).order_by()[:1])


# --- the list --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filters:
    """`state` is `open`, `settled` or `all`; `kind` one of `Kind` or empty; `agency` an id or None."""

    state: str = "open"
    kind: str = ""
    agency: UUID | None = None


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line: whose, why, since when; `person` empty for an agency's."""

    id: UUID
    person: str
    agency: str
    silent: bool
    opened_at: datetime
    changed_at: datetime
    reasons: tuple[str, ...]
    outcome: str
    reviewer: str
    reviewed_at: datetime | None


def case_list(actor: Actor, filters: Filters) -> tuple[list[CaseRow], bool]:
    """The newest cases asked for, and whether there are more."""
    actor.require(READ)
    found = visible_cases(actor)
    if filters.state != "all":
        found = found.filter(reviewed_at__isnull=filters.state != "settled")
    if filters.kind:
        found = found.filter(flags__kind=filters.kind)
    if filters.agency:
        found = found.filter(agency_id=filters.agency)
    found = found.select_related("user", "agency").prefetch_related("flags")
    cases = list(found.order_by("-changed_at", "-pk")[: PER_PAGE + 1])
    return [_row(one) for one in cases[:PER_PAGE]], len(cases) > PER_PAGE


def agencies_of(actor: Actor) -> list[tuple[UUID, str]]:
    """The agencies that there is a case about, for the filter."""
    found = {one.agency_id: one.agency.label for one in visible_cases(actor).select_related("agency")}
    return sorted(found.items(), key=lambda one: one[1])


def _row(case: FishingCase) -> CaseRow:
    return CaseRow(
        id=case.pk,
        person=str(case.user) if case.user else "",
        agency=case.agency.label,
        silent=case.silent,
        opened_at=case.opened_at,
        changed_at=case.changed_at,
        reasons=tuple(rules.reason(flag) for flag in _flags(case)),
        outcome=case.get_outcome_display(),
        reviewer=case.reviewer_name,
        reviewed_at=case.reviewed_at,
    )


def _flags(case: FishingCase) -> list[rules.Flag]:
    order = list(Kind)
    flags = [rules.Flag(Kind(one.kind), one.figures) for one in case.flags.all()]
    return sorted(flags, key=lambda flag: order.index(flag.kind))


# --- one case --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A conflict that an operation found: whose the other side is, and when it was told."""

    id: UUID
    reference: str
    agency: str
    band: str
    told_at: datetime | None
    is_told: bool


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """One operation of the case: what its probes asked, what it found, how it ended.

    `shown` is how its places are drawn for the reader: `true`, `masked`, `silent` (not at all) or `gone`.
    """

    operation_id: UUID
    reference: str
    type_label: str
    at: datetime
    questions: int
    km2h: float
    subjects: int
    steps: int
    closed_at: datetime | None
    unused: bool
    found: int
    told: int
    conflicts: tuple[FoundRow, ...]
    shown: str
    may_open: bool


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """A case as its reader sees it."""

    row: CaseRow
    since: datetime
    probes: tuple[ProbeRow, ...]
    more: int
    km2h: float
    subjects: int
    found: int
    told: int
    note: str
    may_review: bool
    has_map: bool


def case_detail(actor: Actor, case_id: UUID) -> CaseDetail:
    """What the probes asked and found; `NotFound` where the actor may not read it."""
    case = get_case(actor, case_id)
    asked = _probes(case)
    sums = asked.aggregate(km2h=Sum("km2h"), subjects=Sum("subjects"))
    by_operation: defaultdict[UUID, list[Probe]] = defaultdict(list)
    for probe in asked.order_by("-at", "-pk"):
        by_operation[probe.operation_id].append(probe)
    rows = list(by_operation.values())
    # Found conflicts belong to the operation: every one of its probes carries them.
    found, told = (sum(max(getattr(one, name) for one in group) for group in rows) for name in ("found", "told"))
    shown = rows[:MOST_ROWS]
    context = _Context(actor, [group[0].operation_id for group in shown])
    lines = tuple(context.line(group) for group in shown)
    return CaseDetail(
        row=_row(case),
        since=case.since,
        probes=lines,
        more=len(rows) - len(shown),
        km2h=sums["km2h"] or 0.0,
        subjects=sums["subjects"] or 0,
        found=found,
        told=told,
        note=case.note,
        may_review=may_review(actor, case),
        has_map=any(line.shown in ("true", "masked") for line in lines),
    )


def _probes(case: FishingCase) -> QuerySet[Probe]:
    """The case's probes: from its first on, until somebody settled it."""
    found = probes.probes_of(probes.Whose(case.user_id, case.agency_id, case.silent)).filter(at__gte=case.since)
    return found.filter(at__lte=case.reviewed_at) if case.reviewed_at else found


class _Context:
    """What is read once for all lines of one reader."""

    def __init__(self, actor: Actor, operation_ids: Sequence[UUID]) -> None:
        self.operations = {one.pk: one for one in Operation.objects.filter(pk__in=operation_ids)}
        seen = access.visible_operations(actor).filter(pk__in=operation_ids)
        self.open = set(seen.values_list("pk", flat=True))
        placed = Site.objects.filter(revision__probe__operation_id__in=operation_ids)
        self.placed = set(placed.values_list("revision__probe__operation_id", flat=True))
        self.met = probes.conflicts_found(set(operation_ids))
        conflicts = {one.conflict.pk for met in self.met.values() for one in met}
        may = access.visible_conflicts(actor).filter(pk__in=conflicts)
        self.conflicts = set(may.values_list("pk", flat=True))
        self.is_desk = actor.can(access.WATCH)

    def line(self, group: Sequence[Probe]) -> ProbeRow:
        """One operation's line; its newest probe stands first."""
        key, last = group[0].operation_id, group[0]
        operation = self.operations.get(key)
        return ProbeRow(
            operation_id=key,
            reference=operation.reference if operation else "",
            type_label=_(OPERATION_TYPES[last.operation_type].label),
            at=group[-1].at,
            questions=len(group),
            km2h=sum(one.km2h for one in group),
            subjects=sum(one.subjects for one in group),
            steps=sum(one.step_m is not None for one in group),
            closed_at=last.closed_at,
            unused=last.unused,
            found=max(one.found for one in group),
            told=max(one.told for one in group),
            conflicts=tuple(self._found(one) for one in self.met.get(key, ()) if one.conflict.pk in self.conflicts),
            shown=self.shown(operation),
            may_open=key in self.open,
        )

    def _found(self, met: probes.Met) -> FoundRow:
        agency = met.other.agency.label if met.other.agency else met.other.foreign_agency
        return FoundRow(
            id=met.conflict.pk,
            reference=met.conflict.reference,
            agency=agency,
            band=met.conflict.band or "subject",
            told_at=met.other.notified_at,
            is_told=met.is_told,
        )

    def shown(self, operation: Operation | None) -> str:
        """How its places are drawn for the reader."""
        if operation is None or operation.pk not in self.placed:
            return "gone"
        if operation.pk in self.open:
            return "true"
        return "masked" if self.is_desk and operation.disclosure != Disclosure.SILENT.value else "silent"


def case_zones(actor: Actor, case_id: UUID) -> list[dict[str, Any]]:
    """The case's zones as GeoJSON features, as far as the reader may have them drawn (see above)."""
    case = get_case(actor, case_id)
    newest = _probes(case).filter(revision__isnull=False).order_by("-at").select_related("revision")
    operation_ids = list(dict.fromkeys(newest.values_list("operation_id", flat=True)))[:MOST_ROWS]
    context = _Context(actor, operation_ids)
    features = []
    sites = Site.objects.filter(revision__probe__in=newest.filter(operation_id__in=operation_ids))
    for site in sites.select_related("revision").order_by("revision_id", "ordinal"):
        operation = context.operations[site.revision.operation_id]
        how = context.shown(operation)
        if how not in ("true", "masked"):
            continue
        features.append(_feature(site, operation, how, bool(context.met.get(operation.pk))))
    return _different(features)


def _feature(site: Site, operation: Operation, how: str, has_found: bool) -> dict[str, Any]:
    zone = plan_rows.stored_site(site)
    if how == "true":
        number = operation.reference.rsplit("-", 1)[-1]
        known = {"id": str(operation.pk), "name": number, "shape": "near" if has_found else "own"}
        return _drawn(zone_geojson(zone, segments=48), {**known, "widened": False})
    # Cells that were named would say near which of them the other side of a conflict lies.
    return _drawn(_cells(zone), {"id": "", "name": "", "shape": "own", "widened": True})


def _drawn(geometry: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": {**properties, "kind": "zone"}, "geometry": geometry}


def _cells(zone: Any) -> Mapping[str, Any]:
    boxes = geometry.zone_boxes(zone)
    west, south, east, north = rules.masked(max(boxes, key=lambda box: box.max_lon - box.min_lon))
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _different(features: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each shape of an operation once, and each cell once."""
    return list({(one["properties"]["id"], str(one["geometry"])): one for one in features}.values())


# --- acts ------------------------------------------------------------------------------------------------------------


@action(READ)
def look_at_case(actor: Actor, case_id: UUID) -> CaseDetail:
    """The case, with the look in the audit trail."""
    concerns(fishing_case=case_id)
    return case_detail(actor, case_id)


@action(REVIEW)
def review_case(actor: Actor, case_id: UUID, outcome: str, note: str, now: datetime) -> FishingCase:
    """Settle the case: `explained`, `agency` or `auditor`, with a note. What was asked until now is not flagged again.

    Passed to the auditor, the agency's and the node's auditors get a notice. Raises `Invalid` with every fault at its
    field, and where the actor may read the case and not judge it.
    """
    case = get_case(actor, case_id)
    concerns(fishing_case=case.pk)
    if case.reviewed_at is not None:
        raise Invalid.at(sentence=_("{name} has settled this case already.").format(name=case.reviewer_name))
    if not may_review(actor, case):
        raise Invalid.at(sentence=_("You registered operations of this case yourself, or it is not yours to settle."))
    problems = _problems(outcome, note)
    if problems:
        raise Invalid(problems)
    case.outcome, case.note, case.reviewed_at = outcome, note.strip(), now
    case.reviewer_id, case.reviewer_name = actor.user_id, actor.name[:200]
    case.save()
    if outcome == FishingOutcome.AUDITOR:
        told = [one for one in probes.auditors(case.agency_id) if one not in (case.user_id, actor.user_id)]
        key = f"{probes.KIND}.passed:{case.pk}"
        notify(told, f"{probes.KIND}.passed", probes.PASSED, objects={"fishing_case": case.pk}, key=key, at=now)
    return case


def _problems(outcome: str, note: str) -> list[Problem]:
    problems = []
    if outcome not in FishingOutcome.values:
        problems.append(Problem(("outcome",), _("Choose what came of it."), tuple(FishingOutcome.values)))
    if not note.strip():
        problems.append(Problem(("note",), _("Say how you know: whom you asked, what they said.")))
    if len(note) > LONGEST_NOTE:
        sentence = _("This is too long: at most {most} characters are kept.").format(most=f"{LONGEST_NOTE:,}")
        problems.append(Problem(("note",), sentence))
    return problems
