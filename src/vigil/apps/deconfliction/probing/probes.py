"""Each new revision is looked at for what it asks; a person whose probes look like fishing is put before somebody.

It happens behind the answer, by the worker: it costs a registration nothing and cannot refuse one. Extensions and what
the node moves by itself ask nothing (specification, section 3); exercises and tests find only their like and are left
out. What is asked through an import counts like what is typed. Silent operations are judged apart and put before the
auditors: the watch desk of another agency may not know of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max, Min, Q, QuerySet
from django.utils.translation import gettext_noop

from vigil.apps.deconfliction import plan_rows
from vigil.apps.deconfliction.models import (
    Conflict,
    ConflictSide,
    FishingCase,
    FishingFlag,
    Probe,
    ProbeMark,
    Revision,
    RevisionKind,
    Site,
    Status,
    Verdict,
)
from vigil.apps.deconfliction.plan import Disclosure
from vigil.apps.deconfliction.probing import rules
from vigil.apps.deconfliction.probing.budgets import budget_of, least_of
from vigil.apps.deconfliction.rules import agency_types
from vigil.core.actor import Actor
from vigil.core.identifiers import uuid7
from vigil.core.permissions import Role
from vigil.engine import operation as engine
from vigil.platform.accounts.models import Membership
from vigil.platform.actions import action, concerns
from vigil.platform.agencies.models import Agency
from vigil.platform.notices.board import notify
from vigil.platform.prepared import insert, new
from vigil.platform.turns import writing

BATCH = 50
"""Revisions looked at in one transaction: nobody registers meanwhile."""
ROUNDS = 10
"""Transactions at a time: the worker's other work, alarms among it, waits meanwhile."""
MOST_PLACES = 1_000
"""The newest so many zones of a person are compared with one another."""
KEPT = timedelta(days=90)
"""Ours: figures of single probes; a case that is settled is kept as long as the audit trail."""
CASES_KEPT = timedelta(days=365)
ASKED = (
    *("operation_id", "user", "agency", "at", "operation_type", "silent", "km2", "hours", "km2h"),
    *("subjects", "step_m", "beyond"),
)
"""What a revision says of a probe, in the place of what was noted before."""
NOT_ASKED = (RevisionKind.EXTEND, RevisionKind.SHIFT)
CLOSED = (RevisionKind.CANCEL, RevisionKind.END)

TOLD = gettext_noop("Operations that were registered look like fishing. Open Vigil.")
PASSED = gettext_noop("A fishing case was passed to you. Open Vigil.")
KIND = "deconfliction.fishing"


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose probes are judged together: a person's, silent ones apart; an agency's where `user_id` is None."""

    user_id: UUID | None
    agency_id: UUID | None
    silent: bool = False


def anything_new() -> bool:
    """Whether there are revisions that have not been looked at."""
    return _following(_mark()).exists()


def _following(revision_id: int) -> QuerySet[Revision]:
    return Revision.objects.filter(pk__gt=revision_id).order_by("pk")


def note_next(actor: Actor, now: datetime) -> None:
    """Look at the next revisions that have not been looked at, so many that nothing else waits long, and judge those
    whose they are.

    Months of probes are read for it outside of a transaction: who registers meanwhile does not wait. The revisions
    count as looked at once everybody is judged, so that a crash between makes it look at them again.
    """
    whose: set[Whose] = set()
    begun = last = _mark()
    for _ in range(ROUNDS):
        if not _following(last).exists():
            break
        found, last = note_probes(actor, last)
        whose |= found
    if last > begun:
        for one in _told_apart(whose):
            _judge(actor, one, now)
        with writing():
            _move_mark(last)


@action("deconfliction.fishing_case.note")
def note_probes(actor: Actor, after: int) -> tuple[set[Whose], int]:
    """Store the probes of the revisions that follow, or store them again: whose they are, and the last revision.

    Revisions are numbered in the order of their commits, since their writers take turns.
    """
    following = _following(after).select_related("operation").prefetch_related("sites", "subjects")
    revisions = list(following[:BATCH])
    before = _before(revisions)
    agencies = {one.pk: one for one in Agency.objects.filter(pk__in={one.operation.agency_id for one in revisions})}
    whose: set[Whose] = set()
    for revision in revisions:
        if _note(revision, before.get((revision.operation_id, revision.number - 1)), agencies):
            whose |= {
                Whose(revision.author_id, revision.operation.agency_id, _is_silent(revision)),
                Whose(None, revision.operation.agency_id),
            }
    concerns(operations=sorted({one.operation_id for one in revisions}))
    return whose, revisions[-1].pk if revisions else after


def _move_mark(revision_id: int) -> None:
    ProbeMark.objects.get_or_create(slot=1)
    ProbeMark.objects.filter(slot=1, revision_id__lt=revision_id).update(revision_id=revision_id)


def _mark() -> int:
    return ProbeMark.objects.filter(slot=1).values_list("revision_id", flat=True).first() or 0


def _told_apart(whose: Iterable[Whose]) -> list[Whose]:
    """A person once, whatever agencies they acted for; nobody where a command asked."""
    people = {Whose(one.user_id, None, one.silent) for one in whose if one.user_id is not None}
    agencies = {one for one in whose if one.user_id is None and one.agency_id is not None and not one.silent}
    return sorted(people, key=str) + sorted(agencies, key=str)


# --- one revision ----------------------------------------------------------------------------------------------------


def _before(revisions: Sequence[Revision]) -> dict[tuple[UUID, int], Revision]:
    later = [one for one in revisions if one.number > 1]
    found = Revision.objects.filter(
        operation__in={one.operation_id for one in later}, number__in={one.number - 1 for one in later}
    )
    return {(one.operation_id, one.number): one for one in found.prefetch_related("sites", "subjects")}


def _is_silent(revision: Revision) -> bool:
    return revision.disclosure == Disclosure.SILENT.value


def _note(revision: Revision, before: Revision | None, agencies: Mapping[UUID, Agency]) -> bool:
    """Whether it changed what is known of its author."""
    if revision.mode != engine.Mode.LIVE.value or revision.kind in NOT_ASKED:
        return False
    if revision.kind in CLOSED:
        return _close(revision)
    if before is not None and before.status == Status.CANCELLED:
        Probe.objects.filter(operation_id=revision.operation_id).update(
            closed_at=None, unused=False, after_answer_s=None
        )
        before = None
    asked = rules.asked(*_content(revision), *(_content(before) if before else ()))
    if not asked.is_something:
        return False
    kind = agency_types(agencies[revision.operation.agency_id].rules)[revision.operation_type]
    radii = [site.radius_m for site in revision.sites.all()]
    row = new(
        Probe,
        revision_id=revision.pk,
        operation_id=revision.operation_id,
        user_id=revision.author_id,
        agency_id=revision.operation.agency_id,
        at=revision.created_at,
        operation_type=revision.operation_type,
        silent=_is_silent(revision),
        km2=asked.km2,
        hours=asked.hours,
        km2h=asked.km2h,
        subjects=asked.subjects,
        step_m=asked.step_m,
        beyond=rules.is_beyond(kind.radius_m, radii, revision.flags),
    )
    insert([row], unique=("revision",), updated=ASKED)
    return True


def _content(revision: Revision) -> tuple[list[engine.Site], set[bytes]]:
    """Sites as the predicate sees them, and the tokens that find others: the exact ones, else those of advice."""
    tokens = (subject.token or subject.near_token for subject in revision.subjects.all())
    return [plan_rows.stored_site(site) for site in revision.sites.all()], {bytes(token) for token in tokens if token}


def _close(revision: Revision) -> bool:
    probes = Probe.objects.filter(operation_id=revision.operation_id)
    last = probes.order_by("-pk").select_related("revision").first()
    if last is None:
        return False
    answer = Verdict.objects.filter(
        operation=revision.operation_id, revision=last.revision.number if last.revision else 0
    )
    answered_at = answer.values_list("determined_at", flat=True).first()
    starts = [site.starts_at for site in revision.sites.all()] + [at for at in (revision.span_start,) if at]
    probes.update(
        closed_at=revision.created_at,
        unused=revision.kind == RevisionKind.CANCEL and revision.created_at < min(starts, default=revision.created_at),
        after_answer_s=(revision.created_at - answered_at).total_seconds() if answered_at else None,
    )
    return True


# --- judging ---------------------------------------------------------------------------------------------------------


def _judge(actor: Actor, whose: Whose, now: datetime) -> None:
    judged = _judged(whose, now)
    if judged.recounted:
        with writing():
            Probe.objects.bulk_update(judged.recounted, ("found", "told"))
    if judged.flags:
        put_before(actor, whose, judged, now)


@dataclass(frozen=True, slots=True)
class Judged:
    """What was seen in somebody's probes since the last review; which of them have found more than they say."""

    reviewed_at: datetime | None
    rows: Sequence[Probe] = ()
    flags: Sequence[rules.Flag] = ()
    recounted: Sequence[Probe] = ()


def _judged(whose: Whose, now: datetime) -> Judged:
    reviewed_at = _reviewed_at(whose)
    since = max(now - rules.PERIOD, reviewed_at or now - rules.PERIOD)
    rows = list(probes_of(whose).filter(Q(at__gt=since) | Q(closed_at__gt=since)).order_by("pk"))
    if not rows:
        return Judged(reviewed_at)
    recounted = _count_found(rows)
    if whose.user_id is None:
        flags = rules.of_agency([_probe(row) for row in rows], _budget(rows), now)
    else:
        spots = _spots(rows)
        budget = _budget(rows)
        if whose.silent:
            budget = replace(budget, person_subjects=min(budget.person_subjects, rules.SILENT_SUBJECTS))
        flags = rules.of_person([_probe(row, spots.get(row.pk, ())) for row in rows], budget, now)
    return Judged(reviewed_at, rows, flags, recounted)


def probes_of(whose: Whose) -> QuerySet[Probe]:
    """All their probes."""
    if whose.user_id is None:
        return Probe.objects.filter(agency_id__in=[whose.agency_id], silent=False)
    return Probe.objects.filter(user_id=whose.user_id, silent=whose.silent)


def _cases(whose: Whose) -> QuerySet[FishingCase]:
    if whose.user_id is None:
        return FishingCase.objects.filter(user__isnull=True, agency_id__in=[whose.agency_id])
    return FishingCase.objects.filter(user_id=whose.user_id, silent=whose.silent)


def _reviewed_at(whose: Whose) -> datetime | None:
    """What was looked at once is not flagged again."""
    last: datetime | None = _cases(whose).aggregate(last=Max("reviewed_at"))["last"]
    return last


def _budget(rows: Sequence[Probe]) -> rules.Budget:
    agencies = Agency.objects.filter(pk__in={row.agency_id for row in rows})
    return least_of([budget_of(one.rules) for one in agencies])


def _probe(row: Probe, spots: Sequence[rules.Spot] = ()) -> rules.Probe:
    return rules.Probe(
        operation_id=row.operation_id,
        at=row.at,
        km2h=row.km2h,
        subjects=row.subjects,
        step_m=row.step_m,
        beyond=row.beyond,
        closed_at=row.closed_at,
        unused=row.unused,
        after_answer=None if row.after_answer_s is None else timedelta(seconds=row.after_answer_s),
        spots=tuple(spots),
    )


def _spots(rows: Sequence[Probe]) -> dict[int, list[rules.Spot]]:
    """Zones that have not been purged."""
    of_revision = {row.revision_id: row.pk for row in rows if row.revision_id is not None}
    found: defaultdict[int, list[rules.Spot]] = defaultdict(list)
    for site in Site.objects.filter(revision__in=list(of_revision)).order_by("-pk")[:MOST_PLACES]:
        found[of_revision[site.revision_id]].append(rules.spot(plan_rows.stored_site(site)))
    return found


def _count_found(rows: Sequence[Probe]) -> list[Probe]:
    """What the operations found of others, and where these were told, until the conflicts are purged; the rows in which
    it changes, not yet stored.
    """
    found = conflicts_found({row.operation_id for row in rows if row.revision_id is not None})
    changed = []
    for row in rows:
        met = found.get(row.operation_id, ())
        counted = len(met), sum(one.is_told for one in met)
        if met and counted != (row.found, row.told):
            row.found, row.told = counted
            changed.append(row)
    return changed


@dataclass(frozen=True, slots=True)
class Met:
    """A conflict of an operation, with the other side of it."""

    conflict: Conflict
    other: ConflictSide

    @property
    def is_told(self) -> bool:
        """Whether the other side was told; a partner tells its own side before it answers (specification 8)."""
        return self.other.own_operation_id is None or self.other.notified_at is not None


def conflicts_found(operation_ids: Collection[UUID]) -> dict[UUID, list[Met]]:
    """What each of these operations met, withdrawn ones too; never what a silent operation's owner alone may know, nor
    an operation of the same person.
    """
    own = ConflictSide.objects.filter(operation_id__in=operation_ids, conflict__owner_only=False)
    sides = ConflictSide.objects.filter(conflict__in=own.values("conflict_id"))
    of_conflict: defaultdict[UUID, list[ConflictSide]] = defaultdict(list)
    for side in sides.select_related("conflict", "own_operation", "agency").order_by("pk"):
        of_conflict[side.conflict_id].append(side)
    met: defaultdict[UUID, list[Met]] = defaultdict(list)
    for both in of_conflict.values():
        for side, other in zip(both, reversed(both), strict=True):
            if side.operation_id in operation_ids and _submitter(side) != _submitter(other):
                met[side.operation_id].append(Met(side.conflict, other))
    return met


def _submitter(side: ConflictSide) -> object:
    submitter = side.own_operation.submitter_id if side.own_operation else None
    return submitter or side.operation_id


@action("deconfliction.fishing_case.note")
def put_before(actor: Actor, whose: Whose, judged: Judged, now: datetime) -> None:
    """Open the case of them, or go on with the open one; what was reviewed since it was judged is judged anew."""
    if _reviewed_at(whose) != judged.reviewed_at:
        judged = _judged(whose, now)
    if not judged.flags:
        return
    case = _cases(whose).filter(reviewed_at__isnull=True).first()
    is_new = case is None
    if case is None:
        case = FishingCase(id=uuid7(), user_id=whose.user_id, silent=whose.silent, opened_at=now)
        case.agency_id = judged.rows[-1].agency_id
        case.since = min(row.at for row in judged.rows)
    case.changed_at = now
    case.save()
    for flag in judged.flags:
        figures = {"figures": dict(flag.figures), "last_at": now}
        FishingFlag.objects.update_or_create(
            case=case, kind=flag.kind.value, defaults=figures, create_defaults={**figures, "first_at": now}
        )
    if is_new:
        concerns(fishing_case=case.pk)
        told = [one for one in judges(case) if one != case.user_id]
        notify(told, KIND, TOLD, objects={"fishing_case": case.pk}, key=f"{KIND}:{case.pk}", at=now)


def judges(case: FishingCase) -> list[UUID]:
    """Who is told of the case: the node's watch desks; of silent operations the auditors."""
    return auditors(case.agency_id) if case.silent else _holders(Role.WATCH_DESK)


def auditors(agency_id: UUID) -> list[UUID]:
    """The node's auditors and the agency's."""
    return sorted({*_holders(Role.NODE_AUDITOR), *_holders(Role.AGENCY_AUDITOR, agency_id)})


def _holders(role: Role, agency_id: UUID | None = None) -> list[UUID]:
    held = Membership.objects.filter(role=role.value, active=True, user__is_active=True)
    if agency_id is not None:
        held = held.filter(agency_id__in=[agency_id])
    return sorted(set(held.values_list("user_id", flat=True)))


# --- what is forgotten -----------------------------------------------------------------------------------------------


def forget_old(now: datetime) -> None:
    """Drop figures of probes and settled cases that are over their days."""
    Probe.objects.filter(at__lte=now - KEPT).exclude(_in_open_case()).delete()
    FishingCase.objects.filter(reviewed_at__lte=now - CASES_KEPT).delete()


def _in_open_case() -> Q:
    oldest = FishingCase.objects.filter(reviewed_at__isnull=True).aggregate(first=Min("since"))["first"]
    return Q(at__gte=oldest) if oldest else Q(pk__in=[])
