"""Purge (specification, section 7): what an agency registered is removed when its days are over.

An operation goes in three steps, each on its clock (`platform.agencies.retention`) and each in a transaction of its own
with an audit record: its places and whatever was written about them; its subjects; then, when both clocks have run, the
record itself. Of that remain the chain of receipts as digests and the counts of `PurgedOperations` and
`PurgedConflicts`. While something is open (`holds`) nothing of it is removed.

Days run from the end of the window, or from the last revision where that came later: an operation that was over when
it was imported keeps its grace from the import on (specification, section 9).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.transaction import on_commit
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vigil.apps.deconfliction import plan_rows
from vigil.apps.deconfliction.models import (
    ActiveSite,
    ActiveSubject,
    Alarm,
    Conflict,
    ConflictEvent,
    ConflictFinding,
    ConflictSide,
    ConflictState,
    Draft,
    ImportBatch,
    JointOffer,
    JointToken,
    Look,
    OfferState,
    Operation,
    OperationWord,
    PartnerAnswer,
    PurgedConflicts,
    PurgedOperations,
    PurgedTallies,
    PurgeRun,
    Receipt,
    Revision,
    SearchDue,
    Series,
    Site,
    Standing,
    Status,
    Subject,
    TelephoneEntry,
)
from vigil.apps.deconfliction.plan import Disclosure
from vigil.apps.deconfliction.plans import series
from vigil.apps.deconfliction.store import DatabaseStore
from vigil.apps.deconfliction.study import past_pairs, quality
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.core.identifiers import uuid7
from vigil.core.permissions import Role
from vigil.engine.operation import SUBJECT_MARGIN_US
from vigil.platform import keys
from vigil.platform.accounts.models import IdempotentReply
from vigil.platform.actions import action, concerns
from vigil.platform.agencies.models import Agency
from vigil.platform.agencies.retention import Retention, retention_of
from vigil.platform.delivery import outbox
from vigil.platform.jobs.jobs import learn_statistics
from vigil.platform.notices.models import Notice
from vigil.platform.points import write_point
from vigil.platform.write_ahead import empty_log

BATCH = 100
"""Operations a transaction: other writers wait no longer than for one batch."""
DRAFTS_KEPT = timedelta(days=30)
"""Ours: a draft that nobody has touched for so long may name a place that nobody will register."""
SUBJECT_MARGIN = timedelta(microseconds=SUBJECT_MARGIN_US)
SILENT = ":silent"
"""What is counted of silent operations in `PurgeRun.by_agency` stands apart, under the agency's id and this."""
LIVE = (Status.REGISTERED, Status.UNDER_WAY)
SETTLED = (ConflictState.RESOLVED,)
BLANK_CONTACT = json.dumps({"lead": {"name": "", "phone": ""}})


class Step(StrEnum):
    """What is removed of an operation, in this order."""

    PLACES = "places"
    SUBJECTS = "subjects"
    RECORD = "record"


class Why(StrEnum):
    """Why an operation that is due is kept."""

    LEGAL_HOLD = gettext_noop("A legal hold is set.")
    UNANSWERED = gettext_noop("A search has not been answered.")
    NOT_OVER = gettext_noop("Nobody has said that it is over.")
    OPEN_CONFLICT = gettext_noop("A conflict is open: the two sides must settle it.")
    OTHER_SIDE = gettext_noop("The other side of a conflict is still running.")
    JOINT = gettext_noop("An operation that it is run together with is still running.")
    OFFER = gettext_noop("An offer to run it together has not been answered.")


@dataclass(frozen=True, slots=True)
class Held:
    """One operation that is due and kept; `conflicts` are the references of those that keep it."""

    operation_id: UUID
    agency_id: UUID
    reference: str
    disclosure: str
    due_at: datetime
    reasons: tuple[Why, ...]
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a purge would do now: operations by step and agency, and what is held."""

    due: Mapping[Step, Mapping[UUID, tuple[UUID, ...]]]
    held: tuple[Held, ...]
    drafts: int
    imports: int

    def count(self, step: Step) -> int:
        """Operations of all agencies that are due for the step and not held."""
        return sum(len(ids) for ids in self.due[step].values())

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be removed."""
        return not (self.drafts or self.imports or any(self.count(step) for step in Step))


# --- the clocks ------------------------------------------------------------------------------------------------------


def due_at(step: Step, operation: Any, kept: Retention) -> datetime:
    """When the step is due; `operation` comes from `_with_revised`."""
    places: datetime = max(operation.window_end, operation.revised_at) + kept.places
    subjects: datetime = max(operation.ends_at + SUBJECT_MARGIN, operation.revised_at) + kept.subjects
    return {Step.PLACES: places, Step.SUBJECTS: subjects, Step.RECORD: max(places, subjects)}[step]


def _with_revised(operations: QuerySet[Operation]) -> QuerySet[Operation, Any]:
    current = Revision.objects.filter(operation=OuterRef("pk"), number=OuterRef("revision"))
    return operations.annotate(revised_at=Subquery(current.values("created_at")[:1]))


def _due(step: Step, agency: Agency, now: datetime) -> list[Any]:
    """Operations of the agency whose clock has run, held or not, the oldest first."""
    kept = retention_of(agency.rules)
    own = Operation.objects.filter(agency=agency)
    candidates = {
        Step.PLACES: own.filter(
            Exists(Site.objects.filter(revision__operation=OuterRef("pk"))), window_end__lte=now - kept.places
        ),
        Step.SUBJECTS: own.filter(
            Exists(Subject.objects.filter(revision__operation=OuterRef("pk"))),
            ends_at__lte=now - SUBJECT_MARGIN - kept.subjects,
        ),
        Step.RECORD: own.filter(window_end__lte=now - kept.places, ends_at__lte=now - SUBJECT_MARGIN - kept.subjects),
    }[step]
    found = _with_revised(candidates).order_by("window_end", "id")
    return [one for one in found if due_at(step, one, kept) <= now]


# --- what is held ----------------------------------------------------------------------------------------------------


def holds(operation_ids: Collection[UUID], now: datetime) -> dict[UUID, tuple[tuple[Why, ...], tuple[str, ...]]]:
    """Of these operations those that must be kept: why, and for which conflicts."""
    why: defaultdict[UUID, set[Why]] = defaultdict(set)
    conflicts: defaultdict[UUID, set[str]] = defaultdict(set)
    for one in Operation.objects.filter(pk__in=operation_ids):
        if one.legal_hold:
            why[one.pk].add(Why.LEGAL_HOLD)
        if _is_running(one, now):
            why[one.pk].add(Why.NOT_OVER)
    for key in SearchDue.objects.filter(operation__in=operation_ids).values_list("operation_id", flat=True):
        why[key].add(Why.UNANSWERED)
    for key, reason, reference in _conflict_holds(operation_ids, now):
        why[key].add(reason)
        conflicts[key].add(reference)
    for key, reason in _joint_holds(operation_ids, now):
        why[key].add(reason)
    return {key: (tuple(sorted(found)), tuple(sorted(conflicts[key]))) for key, found in why.items()}


def _is_running(operation: Operation, now: datetime) -> bool:
    """Its window has not ended, or a site of it goes on until a named person ends it (specification, section 3)."""
    return operation.window_end > now or (operation.status in LIVE and operation.next_end_at is not None)


def _conflict_holds(operation_ids: Collection[UUID], now: datetime) -> Iterator[tuple[UUID, Why, str]]:
    mine = ConflictSide.objects.filter(own_operation__in=operation_ids)
    sides = ConflictSide.objects.filter(conflict__in=mine.values("conflict"))
    sides = sides.exclude(conflict__standing=Standing.WITHDRAWN).select_related("conflict", "own_operation")
    columns = ("conflict__reference", "conflict__standing", "conflict__state", "told")
    times = ("own_operation__window_end", "own_operation__status", "own_operation__next_end_at")
    of_conflict: defaultdict[UUID, list[ConflictSide]] = defaultdict(list)
    for side in sides.only("conflict_id", "own_operation_id", *columns, *times):
        of_conflict[side.conflict_id].append(side)
    for both in of_conflict.values():
        yield from _one_conflict_holds(both, operation_ids, now)


def _one_conflict_holds(
    sides: Sequence[ConflictSide], operation_ids: Collection[UUID], now: datetime
) -> Iterator[tuple[UUID, Why, str]]:
    conflict = sides[0].conflict
    is_open = conflict.standing == Standing.OPEN and conflict.state not in SETTLED
    for side in sides:
        # A side that was not told of it is not held by it: that it is held would tell it.
        key = side.own_operation_id
        if key is None or key not in operation_ids or not side.told:
            continue
        if is_open:
            yield key, Why.OPEN_CONFLICT, conflict.reference
        others = (other.own_operation for other in sides if other.own_operation_id != key)
        if any(other is not None and _is_running(other, now) for other in others):
            yield key, Why.OTHER_SIDE, conflict.reference


def _joint_holds(operation_ids: Collection[UUID], now: datetime) -> Iterator[tuple[UUID, Why]]:
    current = Revision.objects.filter(operation__in=operation_ids, number=F("operation__revision"))
    # A night of a series goes on its own clock: it does not wait for the last one.
    siblings = series.siblings_of(operation_ids)
    named = {
        one.operation_id: {UUID(other) for other in one.joint_with} - siblings.get(one.operation_id, frozenset())
        for one in current
        if one.joint_with
    }
    others = {other for ids in named.values() for other in ids}
    joint = Revision.objects.filter(operation__in=others, number=F("operation__revision")).select_related("operation")
    for other in joint:
        for key, ids in named.items():
            if other.operation_id in ids and str(key) in other.joint_with and _is_running(other.operation, now):
                yield key, Why.JOINT
    asked = Q(asked__in=operation_ids) | Q(other__in=operation_ids)
    for offer in JointOffer.objects.filter(asked, state=OfferState.OPEN).select_related("asked", "other"):
        for one, other_one in ((offer.asked, offer.other), (offer.other, offer.asked)):
            if one.pk in operation_ids and _is_running(other_one, now):
                yield one.pk, Why.OFFER


# --- what would be done ----------------------------------------------------------------------------------------------


def plan(now: datetime) -> Plan:
    """What is due now and what of it is held. Reads only."""
    due: dict[Step, dict[UUID, tuple[UUID, ...]]] = {step: {} for step in Step}
    held: dict[UUID, Held] = {}
    for agency in Agency.objects.filter(is_served=True).order_by("ori"):
        found = {step: _due(step, agency, now) for step in Step}
        held_here = _held_of(found, retention_of(agency.rules), now)
        held |= held_here
        for step, operations in found.items():
            free = tuple(one.pk for one in operations if one.pk not in held_here)
            due[step][agency.pk] = _removable(free) if step is Step.RECORD else free
    return Plan(due, tuple(held.values()), _old_drafts(now).count(), len(_old_imports(now)))


def _held_of(found: Mapping[Step, Sequence[Any]], kept: Retention, now: datetime) -> dict[UUID, Held]:
    first = {one.pk: (step, one) for step in reversed(Step) for one in found[step]}
    held = {}
    for batch in _batches(list(first)):
        for key, why in holds(set(batch), now).items():
            step, one = first[key]
            held[key] = Held(key, one.agency_id, one.reference, one.disclosure, due_at(step, one, kept), *why)
    return held


def _removable(operation_ids: Sequence[UUID]) -> tuple[UUID, ...]:
    """Those of which there is something left to remove: a record without content waits for the other side's clock."""
    rows = Operation.objects.filter(pk__in=operation_ids, purged_at__isnull=False)
    emptied = set(rows.values_list("pk", flat=True))
    alone = _alone(emptied)
    return tuple(one for one in operation_ids if one not in emptied or one in alone)


def _batches(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


# --- doing it --------------------------------------------------------------------------------------------------------


def purge(actor: Actor, now: datetime, wanted: Plan | None = None) -> PurgeRun | None:
    """Remove what is due and not held; None where there was nothing. Safe to break off and to repeat at any point.

    `wanted` is a plan already made; what is held by the time its turn comes is left.
    """
    wanted = plan(now) if wanted is None else wanted
    if wanted.is_empty:
        return None
    run = PurgeRun(id=uuid7(), started_at=now, actor_name=actor.name, via=actor.via.value)
    for step in Step:
        for agency_id, ids in wanted.due[step].items():
            for batch in _batches(ids):
                purge_batch(actor, run, step, agency_id, batch, now)
    forget_leftovers(actor, run, now)
    empty_storage(now)
    return finish(actor, run, len(wanted.held), now)


@action("deconfliction.purge.run")
def purge_batch(
    actor: Actor, run: PurgeRun, step: Step, agency_id: UUID, operation_ids: Sequence[UUID], now: datetime
) -> int:
    """One step of some operations of one agency in one transaction; how many. What is held by now is left."""
    with DatabaseStore().transaction():
        kept = holds(set(operation_ids), now)
        ids = [one for one in operation_ids if one not in kept]
        concerns(purge_run=run.pk, operations=ids)
        hidden = Operation.objects.filter(pk__in=ids, disclosure=Disclosure.SILENT.value).count()
        if step is Step.PLACES:
            past_pairs.keep(ids)
            _remove_places(ids)
        elif step is Step.SUBJECTS:
            _remove_subjects(ids)
        else:
            _remove_records(ids, now)
        _count(run, agency_id, {step.value: len(ids) - hidden})
        _count(run, agency_id, {step.value: hidden}, SILENT)
        write_point("before_purge_commit")
        on_commit(lambda: write_point("after_purge_commit"))
    return len(ids)


@action("deconfliction.purge.run")
def forget_leftovers(actor: Actor, run: PurgeRun, now: datetime) -> None:
    """Drafts that nobody touches any more, and what old imports say of their rows."""
    concerns(purge_run=run.pk)
    drafts = Counter(_old_drafts(now).values_list("agency_id", flat=True))
    _old_drafts(now).delete()
    for agency_id, count in drafts.items():
        _count(run, agency_id, {"drafts": count})
    for batch in _old_imports(now):
        told = {name: value for name, value in batch.counts.items() if not isinstance(value, list)}
        ImportBatch.objects.filter(pk=batch.pk).update(problems=[], counts=told)
        _count(run, batch.agency_id, {"imports": 1})


@action("deconfliction.purge.run")
def finish(actor: Actor, run: PurgeRun, held: int, now: datetime) -> PurgeRun:
    """Note that the purge came to its end; one without this was broken off, and the next goes on."""
    concerns(purge_run=run.pk)
    run.finished_at, run.held = now, held
    run.save()
    return run


def _count(run: PurgeRun, agency_id: UUID, more: Mapping[str, int], kind: str = "") -> None:
    key = f"{agency_id}{kind}"
    if any(more.values()):
        run.by_agency = {**run.by_agency, key: dict(Counter(run.by_agency.get(key, {})) + Counter(more))}
    run.save()


def _old_drafts(now: datetime) -> QuerySet[Draft]:
    return Draft.objects.filter(saved_at__lte=now - DRAFTS_KEPT)


def _old_imports(now: datetime) -> list[ImportBatch]:
    """Imports whose rows' grace is over and that still say something of single rows."""
    found = ImportBatch.objects.select_related("agency").filter(
        ~Q(problems=[]) | Q(counts__has_any_keys=["left", "revived"])
    )
    return [one for one in found if one.created_at + retention_of(one.agency.rules).places <= now]


# --- the steps -------------------------------------------------------------------------------------------------------


def _remove_places(ids: Sequence[UUID]) -> None:
    revisions = Revision.objects.filter(operation__in=ids)
    # Subjects match until 72 h after the last end, which only the sites tell: it moves into the span first.
    for revision in revisions.filter(number=F("operation__revision")).select_related("operation"):
        revision.span_start, revision.span_end = revision.operation.starts_at, revision.operation.ends_at
        revision.span_zone = revision.span_zone or _zone_of(revision)
        revision.save(update_fields=["span_start", "span_end", "span_zone"])
    revisions.update(objective=None, case_number=None, external_references=None, exigent_reason=None)
    ActiveSite.objects.filter(operation__in=ids).delete()
    JointToken.objects.filter(operation__in=ids, own_token=None).delete()
    Site.objects.filter(revision__operation__in=ids).delete()
    Operation.objects.filter(pk__in=ids).update(next_end_at=None)
    ConflictSide.objects.filter(operation_id__in=ids).update(places=[], masked_cell=None)
    ConflictEvent.objects.filter(operation_id__in=ids).update(note=None, people=None)
    Draft.objects.filter(operation__in=ids).delete()
    OperationWord.objects.filter(operation__in=ids).delete()
    IdempotentReply.objects.filter(object_ids__operation__in=_texts(ids)).delete()


def _zone_of(revision: Revision) -> str:
    first = revision.sites.order_by("ordinal").first()
    return first.zone if first else ""


def _remove_subjects(ids: Sequence[UUID]) -> None:
    ActiveSubject.objects.filter(operation__in=ids).delete()
    JointToken.objects.filter(operation__in=ids).delete()
    Subject.objects.filter(revision__operation__in=ids).delete()
    Draft.objects.filter(operation__in=ids).delete()
    IdempotentReply.objects.filter(object_ids__operation__in=_texts(ids)).delete()
    mine = Conflict.objects.filter(sides__operation_id__in=ids).values_list("pk", flat=True)
    still = Subject.objects.filter(revision__operation=OuterRef("own_operation"))
    kept = ConflictSide.objects.filter(Exists(still), conflict__in=list(mine)).values_list("conflict_id", flat=True)
    forgotten = set(mine) - set(kept)
    Conflict.objects.filter(pk__in=forgotten).update(matched_tokens=[])
    ConflictFinding.objects.filter(conflict__in=forgotten).update(matched_tokens=[])


def _remove_records(ids: Sequence[UUID], now: datetime) -> None:
    """Empty the records; those whose conflicts the other side's clock has let go too are counted and deleted."""
    Revision.objects.filter(operation__in=ids).update(
        contacts=keys.encrypt(BLANK_CONTACT, plan_rows.CONTACTS),
        objective=None,
        case_number=None,
        external_references=None,
        exigent_reason=None,
        participants=[],
        personnel_band="",
        author=None,
        author_name="",
        digest="",
    )
    Operation.objects.filter(pk__in=ids).update(
        purged_at=now, external_id="", submitter=None, supervisor=None, created_by=None, reason_due=False
    )
    ConflictSide.objects.filter(operation_id__in=ids).update(digest="", acknowledged_by=None, acknowledged_name="")
    ConflictEvent.objects.filter(operation_id__in=ids).update(note=None, people=None, author=None, author_name="")
    alarms = ConflictSide.objects.filter(operation_id__in=ids).values_list("ladder_id", flat=True)
    outbox.forget(list(alarms.distinct()))
    PartnerAnswer.objects.filter(operation__in=ids).delete()
    TelephoneEntry.objects.filter(operation__in=ids).delete()
    Look.objects.filter(object_id__in=ids).delete()
    Notice.objects.filter(object_ids__operation__in=_texts(ids)).delete()
    Receipt.objects.filter(operation__in=ids).update(body=None)
    emptied = Operation.objects.filter(purged_at__isnull=False, legal_hold=False)
    waiting = emptied.filter(conflict_sides__conflict__sides__own_operation__in=ids).values_list("pk", flat=True)
    gone = _alone({*ids, *waiting})
    _count_operations(gone)
    _delete_conflicts(Conflict.objects.filter(sides__operation_id__in=gone))
    Receipt.objects.filter(operation__in=gone).update(operation=None)
    Revision.objects.filter(operation__in=gone).delete()
    Operation.objects.filter(pk__in=gone).delete()
    Series.objects.filter(members=None).delete()


def _alone(ids: Collection[UUID]) -> set[UUID]:
    """Those in whose conflicts no other operation of this node still has a record with content."""
    others = ConflictSide.objects.filter(own_operation__isnull=False, own_operation__purged_at__isnull=True)
    waiting = ConflictSide.objects.filter(own_operation__in=ids, conflict__in=others.values("conflict"))
    return set(ids) - set(waiting.values_list("own_operation_id", flat=True))


def _count_operations(ids: Collection[UUID]) -> None:
    counted = Counter((*_kind(one), one.status, one.determination) for one in Operation.objects.filter(pk__in=ids))
    for key, count in counted.items():
        names = (*KIND, "status", "determination")
        _add(PurgedOperations, dict(zip(names, key, strict=True)), count)


def _delete_conflicts(conflicts: QuerySet[Conflict]) -> None:
    found = list(conflicts.distinct().values_list("pk", flat=True))
    sides = ConflictSide.objects.filter(conflict__in=found, own_operation__isnull=False)
    counted = Counter(
        (
            *_kind(side.own_operation),
            side.conflict.band,
            side.conflict.standing if side.conflict.standing == Standing.WITHDRAWN else side.conflict.outcome,
        )
        for side in sides.select_related("conflict", "own_operation")
        if side.own_operation is not None and side.told
    )
    for key, count in counted.items():
        names = (*KIND, "band", "outcome")
        _add(PurgedConflicts, dict(zip(names, key, strict=True)), count)
    for tally, count in quality.tally(quality.with_facts(sides)).items():
        _add(PurgedTallies, tally._asdict(), count)
    for model in (Alarm, ConflictEvent, ConflictFinding, ConflictSide):
        model._default_manager.filter(conflict__in=found).delete()
    Look.objects.filter(object_id__in=found).delete()
    Notice.objects.filter(object_ids__conflict__in=_texts(found)).delete()
    Conflict.objects.filter(pk__in=found).delete()


def _add(model: Any, key: Mapping[str, Any], count: int) -> None:
    row, _ = model.objects.get_or_create(**key, defaults={"count": 0})
    model.objects.filter(pk=row.pk).update(count=F("count") + count)


KIND = ("agency_id", "month", "mode", "operation_type", "silent")


def _kind(operation: Operation) -> tuple[UUID, date, str, str, bool]:
    month = operation.starts_at.date().replace(day=1)
    silent = operation.disclosure == Disclosure.SILENT.value
    return operation.agency_id, month, operation.mode, operation.operation_type, silent


def _texts(ids: Iterable[UUID]) -> list[str]:
    return [str(one) for one in ids]


# --- the bytes -------------------------------------------------------------------------------------------------------

_VACUUMED = ("site", "activesite", "subject", "activesubject", "revision", "conflict", "conflictside", "operation")


def empty_storage(now: datetime) -> None:
    """Let the database forget the bytes too: free pages, its log, and the samples that its planner keeps.

    SQLite overwrites what is deleted (`secure_delete`, see `config.knobs`); its log is emptied here. PostgreSQL lets a
    deleted row go by VACUUM and overwrites it when the space is used again.
    """
    if connection.in_atomic_block:
        return
    learn_statistics(now)
    empty_log()
    if connection.vendor == "postgresql":
        tables = ", ".join(f"deconfliction_{name}" for name in _VACUUMED)
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM (ANALYZE) {tables}")


# --- legal holds and what the page shows -----------------------------------------------------------------------------


@action("deconfliction.purge.hold")
def set_legal_hold(actor: Actor, reference: str, is_held: bool) -> Operation:
    """Set or lift the legal hold of an operation by its number: nothing of it is removed while it is set.

    An agency's administrator for their own agency, a silent operation by the node's alone. Raises `NotFound` where
    there is none that the actor may hold.
    """
    operation = holdable(actor).filter(reference=reference.replace("\x00", "").strip().upper()).first()
    if operation is None:
        raise NotFound(_("There is no operation with this number that you may hold. Check the number."))
    concerns(operation=operation.pk, is_held=is_held)
    operation.legal_hold = is_held
    operation.save(update_fields=["legal_hold"])
    return operation


def holdable(actor: Actor) -> QuerySet[Operation]:
    """Operations whose legal hold the actor may set."""
    actor.require("deconfliction.purge.hold")
    if Role.NODE_ADMIN in actor.roles:
        return Operation.objects.all()
    return Operation.objects.filter(agency_id__in=[actor.agency_id]).exclude(disclosure=Disclosure.SILENT.value)
