"""Importing a file of operations into the node (specification, section 9).

Keyed by agency and `operation_id`: importing again updates what changed, leaves the rest alone and never doubles; what
a file no longer names is listed and kept. Operations already over are stored as ended. A bad row is listed with line,
column and reason and excludes its whole operation. Operations are stored in chunks, each committed and then searched:
an import that is stopped has stored whole chunks and may simply be run again.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from vigil.apps.deconfliction import access, actions, plan_rows
from vigil.apps.deconfliction.batches import BatchStore
from vigil.apps.deconfliction.contexts import plan_context
from vigil.apps.deconfliction.imports import uploads
from vigil.apps.deconfliction.models import ImportBatch, Operation, Revision, RevisionKind, Status
from vigil.apps.deconfliction.plan import Contact, PlaceSource, Plan, PlannedSite, PlannedSubject
from vigil.apps.deconfliction.plan_rows import Author, engine_operation, instant, planned_site
from vigil.apps.deconfliction.probing import found_late
from vigil.apps.deconfliction.rules import PlanContext, PlanFlag, plan_flags, read_phone, zone_at
from vigil.apps.deconfliction.store import Written
from vigil.apps.deconfliction.subjects import possible_matches
from vigil.apps.deconfliction.together import joint
from vigil.core.actor import Actor, Via, system
from vigil.core.errors import Invalid, NotFound, Problem
from vigil.core.identifiers import uuid7
from vigil.core.permissions import Role
from vigil.engine.formats.mapping import Mapping as FieldMapping
from vigil.engine.formats.operations_csv import FileOperation, Rules, read_operations
from vigil.engine.formats.tabular import BadRow, UnusableInput
from vigil.engine.operation import Site
from vigil.platform import keys
from vigil.platform.accounts.access import actor_of_user
from vigil.platform.actions import action, concerns
from vigil.platform.agencies.models import Agency
from vigil.platform.jobs.queue import enqueue, meanwhile
from vigil.protocol import store as port
from vigil.protocol.store import SearchFailed

CHUNK = 200
"""Operations a transaction: other writers wait no longer than for one chunk."""
MOST_LISTED = 1_000
"""Bad rows and vanished ids that are kept with the import; all of them are counted."""

Progress = Callable[[int, int], bool]
"""Called before each chunk and at the end with how many operations are done, of how many; False stops the import."""

SEARCHER = system("import")


@dataclass(frozen=True, slots=True)
class Offer:
    """Two operations of different agencies with one joint reference: an owner may accept; until then they alarm."""

    joint_reference: str
    operation_ids: tuple[str, ...]


Key = tuple[UUID, str]
"""Agency and `operation_id`: what an import is keyed by."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation of the file, checked; `joint` is its joint reference."""

    agency_id: UUID
    plan: Plan
    joint: str = ""

    @property
    def key(self) -> Key:
        return self.agency_id, self.plan.external_id


@dataclass(frozen=True)
class Checked:
    """What a dry run tells. `known` counts operations that the node holds already, `vanished` names those of earlier
    imports of these agencies that the file does not name: they are kept."""

    rows: int
    entries: tuple[Entry, ...]
    bad_rows: tuple[BadRow, ...]
    excluded: tuple[str, ...]
    flags: Mapping[str, int]
    known: int
    over: int
    vanished: tuple[str, ...]
    offers: tuple[Offer, ...]

    @property
    def complete(self) -> bool:
        """Whether no row was refused."""
        return not self.bad_rows


@dataclass(frozen=True)
class Outcome:
    """What an import did. `counts` has `created`, `updated`, `unchanged`, `ended` (already over, among the first two),
    `rows`, `bad_rows`, `excluded`, `vanished` and `offers`; `left` and `revived` are the ids in the file of operations
    that somebody cancelled or ended here: left as they are where their row is the same as ever, registered again
    (among `updated`) where it was changed."""

    batch_id: UUID
    checked: Checked
    counts: Mapping[str, Any]
    cancelled: bool = False


# --- reading ---------------------------------------------------------------------------------------------------------


def check_file(actor: Actor, source: Any, now: datetime, mapping: FieldMapping | None = None) -> Checked:
    """The dry run: read and check every row; nothing is stored and nothing searched.

    `source` is a path, an open binary file or bytes.

    Raises:
        Invalid: the file as a whole cannot be read; the sentence says why.
    """
    actor.require("deconfliction.operation.import")
    agencies = _agencies(actor)
    contexts = {ori: plan_context(agency.pk, now) for ori, agency in agencies.items()}
    mapping = mapping or FieldMapping()
    try:
        read = read_operations(_opened(source), mapping, _rules(contexts), contact_required=True)
    except UnusableInput as error:
        raise Invalid.at("file", sentence=str(error)) from None
    bad = list(read.bad_rows)
    entries = []
    for found in read.operations:
        refused = _refused(found, agencies, mapping)
        if refused:
            bad.append(refused)
        else:
            agency = agencies[found.agency_ori]
            entries.append(Entry(agency.pk, _plan(found, contexts[found.agency_ori]), found.joint_reference))
    return _checked(read.rows, entries, sorted(bad, key=lambda row: row.line), now)


def _checked(rows: int, entries: Sequence[Entry], bad: Sequence[BadRow], now: datetime) -> Checked:
    known = _known({entry.agency_id for entry in entries})
    named = {entry.key for entry in entries}
    # An operation that a bad row excluded has not vanished: the file names it.
    named_badly = {row.operation_id for row in bad if row.operation_id}
    brought = {key for key, (_, by_import) in known.items() if by_import}
    vanished = sorted(key for _, key in brought - named if key not in named_badly)
    return Checked(
        rows=rows,
        entries=tuple(entries),
        bad_rows=tuple(bad),
        excluded=tuple(sorted(named_badly)),
        flags=dict(Counter(flag for entry in entries for flag in entry.plan.flags)),
        known=len(named & known.keys()),
        over=sum(_is_over(entry.plan, now) for entry in entries),
        vanished=tuple(vanished),
        offers=_offers(entries),
    )


def _opened(source: Any) -> Any:
    return io.BytesIO(source) if isinstance(source, bytes) else source


def _agencies(actor: Actor) -> dict[str, Agency]:
    served = Agency.objects.filter(is_served=True, is_active=True)
    if Role.SYSTEM not in actor.roles:
        served = served.filter(pk=actor.agency_id) if actor.agency_id else served.none()
    return {agency.ori: agency for agency in served}


def _rules(contexts: Mapping[str, PlanContext]) -> Rules:
    """The agency's own radii and buffers where the file is of one agency; else those that are shipped."""
    return Rules(next(iter(contexts.values())).types) if len(contexts) == 1 else Rules()


def _refused(found: FileOperation, agencies: Mapping[str, Agency], mapping: FieldMapping) -> BadRow | None:
    def bad(column: str, reason: str) -> BadRow:
        return BadRow(found.lines[0], mapping.source_column(column), reason, found.operation.operation_id)

    if found.agency_ori not in agencies:
        mine = ", ".join(sorted(agencies)[:3])
        sentence = _("'{ori}' is no agency that you may import for: yours is {yours}.")
        return bad("agency_ori", sentence.format(ori=found.agency_ori, yours=mine))
    if read_phone(found.contact_phone) is None:
        return bad("contact_phone", _("This is not a telephone number: give ten digits, such as 410-555-0142."))
    if len(found.operation.operation_id) > 200:
        return bad("operation_id", _("The operation id is longer than 200 characters."))
    return None


def _plan(found: FileOperation, context: PlanContext) -> Plan:
    operation = found.operation
    plan = Plan(
        operation_type=found.operation_type,
        mode=operation.mode,
        sites=tuple(_site(site) for site in operation.sites),
        lead_contact=Contact(found.contact_name[:200], read_phone(found.contact_phone) or ""),
        subjects=tuple(_subject(subject) for subject in sorted(operation.subjects)),
        span=operation.span,
        span_zone=context.zone if operation.span else "",
        case_number=found.case_number[:200],
        external_id=operation.operation_id,
    )
    # Whether it is exigent depends on the day of the import; the same file must make the same plan.
    flags = (set(plan_flags(plan, context)) | found.flags) - {PlanFlag.EXIGENT.value}
    return replace(plan, flags=tuple(sorted(flags)))


def _site(site: Site) -> PlannedSite:
    return planned_site(site, zone_at(site.geometry), PlaceSource.FILE)


def _subject(canonical: str) -> PlannedSubject:
    kind, _, value = canonical.partition(":")
    return PlannedSubject(kind, value, canonical)


def _offers(entries: Iterable[Entry]) -> tuple[Offer, ...]:
    """On import a joint reference counts between the operations of one agency only (specification 9)."""
    groups: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.joint:
            groups[entry.joint].append(entry)
    return tuple(
        Offer(reference, tuple(entry.plan.external_id for entry in group))
        for reference, group in sorted(groups.items())
        if len({entry.agency_id for entry in group}) > 1
    )


def _ends(plan: Plan) -> list[int]:
    return [site.ends_at for site in plan.sites] + ([plan.span.end] if plan.span else [])


def _is_over(plan: Plan, now: datetime) -> bool:
    return max(_ends(plan)) <= instant(now)


def _known(agency_ids: Iterable[UUID]) -> dict[Key, tuple[UUID, bool]]:
    """What the node holds of these agencies under an id of their own: its id, and whether an import brought it."""
    rows = Operation.objects.filter(agency_id__in=list(agency_ids)).exclude(external_id="")
    columns = rows.values_list("agency_id", "external_id", "id", "import_batch_id")
    return {(agency, key): (pk, batch is not None) for agency, key, pk, batch in columns}


# --- storing ---------------------------------------------------------------------------------------------------------


def import_file(
    actor: Actor,
    source: Any,
    now: datetime,
    mapping: FieldMapping | None = None,
    *,
    strict: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Read, check and store a file, then search for what was new or changed.

    With `strict` a bad row refuses the whole file and nothing is stored.

    Raises:
        Invalid: the file as a whole cannot be read, or (`strict`) has bad rows.
    """
    data = source if isinstance(source, bytes) else _read(source)
    checked = check_file(actor, data, now, mapping)
    if strict and not checked.complete:
        raise Invalid([Problem((f"line {row.line}", row.column), row.reason) for row in checked.bad_rows])
    agency_id = actor.agency_id or next((entry.agency_id for entry in checked.entries), None)
    if agency_id is None:
        raise Invalid.at("file", sentence=_("No row of the file can be imported: mend the rows that are listed."))
    batch = actions.start_import(actor, agency_id, hashlib.sha256(data).hexdigest(), now)
    return store_checked(actor, batch, checked, now, progress or _nobody_watches)


def _read(source: Any) -> bytes:
    try:
        return Path(source).read_bytes() if isinstance(source, str | Path) else bytes(source.read())
    except OSError as error:
        sentence = _("{file} cannot be read: {why}.").format(file=source, why=error.strerror or error)
        raise Invalid.at("file", sentence=sentence) from None


def _nobody_watches(done: int, total: int) -> bool:
    return True


def store_checked(actor: Actor, batch: ImportBatch, checked: Checked, now: datetime, progress: Progress) -> Outcome:
    """Store what a dry run has checked, chunk by chunk, each searched after it has committed."""
    planned = _planned(checked.entries)
    counts: Counter[str] = Counter(dict.fromkeys(("created", "updated", "unchanged", "ended"), 0))
    counts.update(
        rows=checked.rows,
        bad_rows=len(checked.bad_rows),
        excluded=len(checked.excluded),
        vanished=len(checked.vanished),
        offers=len(checked.offers),
    )
    cancelled = False
    settled: dict[str, list[str]] = {"left": [], "revived": []}
    for start in range(0, len(planned), CHUNK):
        if not progress(start, len(planned)):
            cancelled = True
            break
        chunk = planned[start : start + CHUNK]
        written = store_chunk(actor, chunk, batch, now)
        counts.update(SETTLED_HERE.get(outcome, outcome) for outcome in written.values())
        for one in chunk:
            settled.get(written[one.operation_id], []).append(one.plan.external_id)
        fresh = [one for one in chunk if written[one.operation_id] not in KEPT_AS_IT_IS]
        counts["ended"] += sum(_is_over(one.plan, now) for one in fresh)
        if fresh:
            search_chunk(SEARCHER, [one.operation_id for one in fresh], now)
    if not cancelled:
        joint.offer_imported(SEARCHER, _offered(checked, planned), now)
    progress(len(planned), len(planned))
    problems = uploads.sealed_rows(checked.bad_rows[:MOST_LISTED])
    told = {**counts, **{name: ids for name, ids in settled.items() if ids}}
    actions.finish_import(actor, batch, told, problems)
    return Outcome(batch.id, checked, told, cancelled)


def _offered(checked: Checked, planned: Sequence[Planned]) -> list[list[UUID]]:
    """The stored operations of each joint reference that several agencies share."""
    shared = {offer.joint_reference for offer in checked.offers}
    groups: defaultdict[str, list[UUID]] = defaultdict(list)
    for entry, one in zip(checked.entries, planned, strict=True):
        if entry.joint in shared:
            groups[entry.joint].append(UUID(one.operation_id))
    return list(groups.values())


KEPT_AS_IT_IS = ("unchanged", "left")
SETTLED_HERE = {"left": "unchanged", "revived": "updated"}
"""Outcomes of operations that were cancelled or ended here, and what they are counted as."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One operation on its way into the store, under the id that it has or will have."""

    operation_id: str
    agency_id: UUID
    plan: Plan


def _planned(entries: Sequence[Entry]) -> list[Planned]:
    """Ids are drawn first, so that operations of one agency with one joint reference can name each other."""
    known = _known({entry.agency_id for entry in entries})
    ids = [known[entry.key][0] if entry.key in known else uuid7() for entry in entries]
    groups: defaultdict[tuple[UUID, str], set[str]] = defaultdict(set)
    for entry, pk in zip(entries, ids, strict=True):
        if entry.joint:
            groups[entry.agency_id, entry.joint].add(str(pk))
    return [
        Planned(
            str(pk),
            entry.agency_id,
            replace(entry.plan, joint_with=frozenset(groups.get((entry.agency_id, entry.joint), set()) - {str(pk)})),
        )
        for entry, pk in zip(entries, ids, strict=True)
    ]


@action("deconfliction.operation.import")
def store_chunk(actor: Actor, chunk: Sequence[Planned], batch: ImportBatch, now: datetime) -> dict[str, str]:
    """Store some operations in one transaction: by id `created`, `updated` or `unchanged`, and for those that somebody
    cancelled or ended early here `revived` (updated) or `left` (unchanged).

    Unchanged is what the last import brought, whatever people have done to it since: their edits stay.
    """
    if Role.SYSTEM not in actor.roles and any(one.agency_id != actor.agency_id for one in chunk):
        raise NotFound
    ids = [UUID(one.operation_id) for one in chunk]
    imported = _last_imported(ids)
    held = dict(Operation.objects.filter(pk__in=ids).values_list("id", "status"))
    outcomes = {one.operation_id: _outcome(one, held.get(UUID(one.operation_id)), imported, now) for one in chunk}
    fresh = _still_joint([one for one in chunk if outcomes[one.operation_id] not in KEPT_AS_IT_IS])
    author = Author(RevisionKind.IMPORT, actor.user_id, actor.name, now)
    store = BatchStore({one.operation_id: Written(one.plan, author, batch) for one in fresh})
    with store.batch() as tx:
        tx.expect_new(one.operation_id for one in fresh if outcomes[one.operation_id] == "created")
        tx.load(one.operation_id for one in fresh)
        node = actions.node(store)
        for one in fresh:
            before = tx.current(one.operation_id)
            node.register(_revision(one, before.number + 1 if before else 1, now), instant(now), within=tx)
    unchanged = [UUID(key) for key, outcome in outcomes.items() if outcome in KEPT_AS_IT_IS]
    Operation.objects.filter(pk__in=unchanged).update(import_batch=batch)
    concerns(import_batch=batch.id, operations=[one.operation_id for one in fresh])
    return outcomes


def _still_joint(fresh: Sequence[Planned]) -> list[Planned]:
    """A file does not end what two owners agreed on: operations named since, by an offer, stay named."""
    agreed = joint.agreed_with([UUID(one.operation_id) for one in fresh])
    return [
        replace(one, plan=replace(one.plan, joint_with=one.plan.joint_with | agreed[UUID(one.operation_id)]))
        if UUID(one.operation_id) in agreed
        else one
        for one in fresh
    ]


def _last_imported(ids: Sequence[UUID]) -> dict[str, Plan]:
    """What the last import brought of each of these operations."""
    rows = Revision.objects.filter(operation_id__in=ids, kind=RevisionKind.IMPORT).select_related("operation")
    newest = {row.operation_id: row for row in rows.prefetch_related("sites", "subjects").order_by("number")}
    return {str(key): plan_rows.plan_of(row) for key, row in newest.items()}


def _outcome(one: Planned, status: str | None, imported: Mapping[str, Plan], now: datetime) -> str:
    if status is None:
        return "created"
    same, over = imported.get(one.operation_id) == one.plan, _is_over(one.plan, now)
    if status == Status.CANCELLED or (status == Status.ENDED and not over):
        return "left" if same else "revived"
    return "unchanged" if same and (status == Status.ENDED or not over) else "updated"


def _revision(one: Planned, number: int, now: datetime) -> port.Revision:
    return port.Revision(
        operation=engine_operation(one.operation_id, one.plan, registered=True),
        number=number,
        agency_id=str(one.agency_id),
        status=port.Status.ENDED if _is_over(one.plan, now) else port.Status.REGISTERED,
    )


@action("deconfliction.search.run")
def search_chunk(actor: Actor, operation_ids: Sequence[str], now: datetime) -> None:
    """Search for some committed operations in one transaction.

    Where that cannot finish, their searches stay due and the worker runs them one by one.
    """
    concerns(operations=list(operation_ids))
    searched, store = [UUID(one) for one in operation_ids], BatchStore()
    try:
        with store.batch() as tx:
            tx.search_ahead(operation_ids)
            node = actions.node(store)
            for operation_id in operation_ids:
                node.search(operation_id, instant(now))
    except SearchFailed:
        return
    possible_matches.tell_of(searched, now)
    found_late.tell(searched, now)


# --- in the background, for the page ---------------------------------------------------------------------------------

UPLOAD = "deconfliction.import.upload"
JOB = "deconfliction.import"


@action("deconfliction.operation.import")
def begin_import(actor: Actor, data: bytes, mapping_toml: str, now: datetime) -> ImportBatch:
    """Leave a file to the worker; `ImportBatch.counts` tells `state` (`waiting`, `running`, `done`, `cancelled`,
    `failed`), and while it runs `done` of `total`.

    The file waits encrypted in the data folder until it is stored or cancelled. Check it first (`check_file`): what
    cannot be read ends as `failed`.
    """
    if actor.agency_id is None:
        raise NotFound
    batch = actions.start_import(actor, actor.agency_id, hashlib.sha256(data).hexdigest(), now)
    concerns(import_batch=batch.id)
    path = _waiting(batch.id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(keys.encrypt(json.dumps([mapping_toml, data.decode("latin-1")]), UPLOAD))
    _note(batch, {"state": "waiting"})
    enqueue(JOB, {"batch": str(batch.id)}, key=f"{JOB}:{batch.id}")
    return batch


@action("deconfliction.operation.import")
def cancel_import(actor: Actor, batch_id: UUID) -> ImportBatch:
    """Stop a waiting or running import; the chunks that are stored stay."""
    batch = access.visible_imports(actor).filter(pk=batch_id).first()
    if batch is None:
        raise NotFound
    concerns(import_batch=batch.id)
    _waiting(batch.id).unlink(missing_ok=True)
    if batch.counts.get("state") == "waiting":
        _note(batch, {"state": "cancelled"})
    return batch


def run_waiting(batch_id: UUID, now: datetime) -> None:
    """Store a file that waits; harmless to repeat. The worker calls it."""
    batch = ImportBatch.objects.select_related("user").get(pk=batch_id)
    path = _waiting(batch_id)
    actor = actor_of_user(batch.user, batch.agency_id, Via.JOB) if batch.user else None
    if actor is None or not path.exists():
        return
    mapping_toml, text = json.loads(keys.decrypt(path.read_bytes(), UPLOAD))

    def progress(done: int, total: int) -> bool:
        _note(batch, {"state": "running", "done": done, "total": total})
        meanwhile()
        return path.exists()

    try:
        mapping = FieldMapping.from_toml(mapping_toml) if mapping_toml.strip() else None
        checked = check_file(actor, text.encode("latin-1"), now, mapping)
    except (Invalid, UnusableInput) as error:
        _note(batch, {"state": "failed", "reason": str(error)})
    else:
        outcome = store_checked(actor, batch, checked, now, progress)
        _note(batch, {**outcome.counts, "state": "cancelled" if outcome.cancelled else "done"})
    path.unlink(missing_ok=True)


def _waiting(batch_id: UUID) -> Path:
    return Path(settings.VIGIL_DATA_DIR) / "imports" / f"{batch_id}.upload"


def _note(batch: ImportBatch, counts: Mapping[str, Any]) -> None:
    batch.counts = dict(counts)
    batch.save(update_fields=("counts",))
