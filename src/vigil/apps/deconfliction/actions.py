"""One function a verb: the only way in which operations change (conflicts: `alarms.lifecycle`).

Registering is two transactions (ADR 3): `register_operation` (and each other verb that makes a revision) commits the
revision with its *search due* rows; `run_due_search` searches afterwards. The page, the API and the import call the
second right after the first; the worker calls it for what a crash left.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db.transaction import on_commit
from django.utils.translation import gettext as _

from vigil.apps.deconfliction import access, plan_rows
from vigil.apps.deconfliction.batches import BatchStore, Shown
from vigil.apps.deconfliction.models import (
    Determination,
    Draft,
    ImportBatch,
    Operation,
    Revision,
    RevisionKind,
    Status,
)
from vigil.apps.deconfliction.plan import Disclosure, Plan
from vigil.apps.deconfliction.plan_rows import Author, engine_operation, instant
from vigil.apps.deconfliction.probing import found_late
from vigil.apps.deconfliction.store import Written
from vigil.apps.deconfliction.subjects import possible_matches
from vigil.core.actor import Actor
from vigil.core.errors import Conflict as Stale
from vigil.core.errors import Invalid, NotFound
from vigil.core.identifiers import uuid7
from vigil.core.permissions import Role
from vigil.platform import keys
from vigil.platform.actions import action, concerns
from vigil.platform.agencies.models import agency_of
from vigil.platform.points import write_point
from vigil.protocol import store as port
from vigil.protocol.node import Node
from vigil.protocol.signing import Signer
from vigil.protocol.store import SearchFailed, StaleRevision, Store, Verdict


def node(store: Store) -> Node:
    """The node's state machine over the database."""
    return Node(store, _signer(keys.signing_key()))


@functools.lru_cache(maxsize=4)
def _signer(key: Ed25519PrivateKey) -> Signer:
    return Signer(key)


# --- operations: each makes a revision, to be followed by run_due_search ---------------------------------------------


@action("deconfliction.operation.register")
def register_operation(actor: Actor, plan: Plan, now: datetime) -> Operation:
    """Register a new operation of the actor's agency; its determination is `checking` until `run_due_search`.

    Raises `Invalid` where the plan is silent and the actor's role may not make it so.
    """
    _check_silence(actor, plan)
    return _create(actor, plan, RevisionKind.REGISTER, now)


@action("deconfliction.operation.edit")
def revise_operation(actor: Actor, operation_id: UUID, expected_revision: int, plan: Plan, now: datetime) -> Operation:
    """Replace the plan: a revision that asks again over the new extent.

    Raises `Conflict` (stale) when `expected_revision` is not the current one, `Invalid` where the mode changes or the
    operation is cancelled.
    """
    operation = _current(actor, operation_id, expected_revision)
    if operation.status == Status.CANCELLED:
        raise Invalid.at(sentence=_("This operation is cancelled. Undo the cancellation first, then edit it."))
    if operation.mode != plan.mode.value:
        raise Invalid.at("mode", sentence=_("The mode is fixed when an operation is created: register another one."))
    if operation.disclosure != Disclosure.SILENT.value:
        _check_silence(actor, plan)
    return _revise(actor, operation, plan, RevisionKind.EDIT, port.Status.REGISTERED, now)


@action("deconfliction.operation.cancel")
def cancel_operation(actor: Actor, operation_id: UUID, expected_revision: int, now: datetime) -> Operation:
    """Cancel it: it meets nobody any more, and everyone who was alarmed is told."""
    operation = _current(actor, operation_id, expected_revision)
    if operation.status == Status.CANCELLED:
        raise Invalid.at(sentence=_("This operation is cancelled already."))
    return _revise(actor, operation, _plan(operation), RevisionKind.CANCEL, port.Status.CANCELLED, now)


@action("deconfliction.operation.restore")
def undo_cancel(actor: Actor, operation_id: UUID, expected_revision: int, now: datetime) -> Operation:
    """Take the cancellation back: a revision that asks again."""
    operation = _current(actor, operation_id, expected_revision)
    if operation.status != Status.CANCELLED:
        raise Invalid.at(sentence=_("This operation is not cancelled."))
    return _revise(actor, operation, _plan(operation), RevisionKind.UNDO_CANCEL, port.Status.REGISTERED, now)


@action("deconfliction.operation.end")
def end_operation(actor: Actor, operation_id: UUID, expected_revision: int, now: datetime) -> Operation:
    """ "Ended, everyone has left": the end is now, the after-buffer still runs; sites not yet begun are dropped.

    Raises `Invalid` where nothing has begun (cancel it instead) or it has ended or is cancelled.
    """
    operation = _current(actor, operation_id, expected_revision)
    if operation.status in (Status.ENDED, Status.CANCELLED):
        raise Invalid.at(sentence=_("This operation is over already."))
    plan = _ended(_plan(operation), instant(now))
    return _revise(actor, operation, plan, RevisionKind.END, port.Status.ENDED, now)


@action("deconfliction.operation.extend")
def still_on_scene(actor: Actor, operation_id: UUID, now: datetime) -> Operation:
    """The owner says that the team is still there: whatever ends within the half hour ends half an hour from now."""
    operation = access.get_operation(actor, operation_id)
    if operation.status in (Status.ENDED, Status.CANCELLED):
        raise Invalid.at(sentence=_("This operation is over already: edit it to give it a new end."))
    plan = _plan(operation)
    until = instant(now + EXTENSION)
    sites = tuple(
        plan_rows.retimed(site, site.starts_at, max(site.ends_at, until)) if site.starts_at <= instant(now) else site
        for site in plan.sites
    )
    if sites == plan.sites:
        return operation
    return _revise(
        actor, operation, replace(plan, sites=sites), RevisionKind.EXTEND, port.Status(operation.status), now, more=1
    )


@action("deconfliction.operation.join")
def run_together(actor: Actor, operation_id: UUID, joint_with: frozenset[str], now: datetime) -> Operation:
    """Name the operations that this one is run together with, in place of those named before (specification 3).

    A revision that asks again, also where it only takes one away. Raises `Invalid` where the operation is over.
    """
    operation = access.get_operation(actor, operation_id)
    concerns(operation=operation.id)
    if operation.status in (Status.ENDED, Status.CANCELLED):
        raise Invalid.at(sentence=_("This operation is over: it is run together with nobody any more."))
    plan = replace(_plan(operation), joint_with=joint_with)
    return _revise(actor, operation, plan, RevisionKind.JOIN, port.Status(operation.status), now)


@action("deconfliction.operation.edit")
def shift_operation(actor: Actor, operation_id: UUID, by: timedelta, now: datetime) -> Operation:
    """Move the whole operation in time (the demonstration does so at each start): a revision that asks again."""
    operation = access.get_operation(actor, operation_id)
    plan = plan_rows.shifted(_plan(operation), by)
    return _revise(actor, operation, plan, RevisionKind.SHIFT, port.Status.REGISTERED, now)


@action("deconfliction.operation.import")
def start_import(actor: Actor, agency_id: UUID, file_digest: str, now: datetime) -> ImportBatch:
    """Record that a file is being imported for the agency."""
    if Role.SYSTEM not in actor.roles and actor.agency_id != agency_id:
        raise NotFound
    batch = ImportBatch.objects.create(
        agency_id=agency_id, user_id=actor.user_id, user_name=actor.name, file_digest=file_digest, created_at=now
    )
    concerns(import_batch=batch.id)
    return batch


@action("deconfliction.operation.import")
def finish_import(
    actor: Actor, batch: ImportBatch, counts: Mapping[str, Any], problems: list[Mapping[str, Any]]
) -> ImportBatch:
    """Record what came of it; `problems` carry line, column and reason, sealed by `uploads`, never the row."""
    concerns(import_batch=batch.id)
    batch.counts, batch.problems = dict(counts), [dict(problem) for problem in problems]
    batch.save(update_fields=("counts", "problems"))
    return batch


# --- the search ------------------------------------------------------------------------------------------------------


@action("deconfliction.search.run")
def run_due_search(actor: Actor, operation_id: UUID, now: datetime) -> Verdict | None:
    """Search this node for the operation's current revision; the verdict, which is usable once this has returned.

    Commits conflicts, alarms with their notices, determinations and receipts together. None where the search could not
    finish: the determination stays `checking` and the worker tries again. Safe to repeat.
    """
    access.get_operation(actor, operation_id)
    return _search(BatchStore(), operation_id, now)


@action("deconfliction.search.run")
def search_and_show(actor: Actor, operation_id: UUID, now: datetime) -> Shown | None:
    """`run_due_search` for somebody who waits: the operation as the search has left it, without reading it anew.

    None where the search could not finish, or where it changed the operation itself: read it then.
    """
    access.get_operation(actor, operation_id)
    store = BatchStore()
    verdict = _search(store, operation_id, now)
    return store.done.shown(str(operation_id)) if verdict is not None and store.done is not None else None


def _search(store: BatchStore, operation_id: UUID, now: datetime) -> Verdict | None:
    concerns(operation=operation_id)
    write_point("before_search")
    try:
        verdict = node(store).search(str(operation_id), instant(now))
    except SearchFailed:
        return None
    possible_matches.tell(operation_id, now)
    if verdict is not None and verdict.determination == Determination.CONFLICT:
        found_late.tell((operation_id,), now)
    write_point("before_search_commit")
    on_commit(lambda: write_point("after_search_commit"))
    return verdict


@action("deconfliction.operation.extend")
def extend_overdue(actor: Actor, now: datetime) -> list[UUID]:
    """Extend by half an hour whatever ends within two minutes and nobody has ended; the operations that were.

    Each extension is a revision whose search is due; its owners are asked "still on scene?" (specification 3).
    """
    extended = [UUID(one.operation_id) for one in node(BatchStore()).extend_overdue(instant(now))]
    concerns(operations=extended)
    return extended


# --- drafts ----------------------------------------------------------------------------------------------------------


@action("deconfliction.operation.register")
def save_draft(
    actor: Actor,
    typed: Mapping[str, Any],
    now: datetime,
    draft_id: UUID | None = None,
    operation_id: UUID | None = None,
    seen: str = "",
) -> Draft:
    """Keep what was typed, NOT REGISTERED: a new draft, or `draft_id` again. `typed` is JSON.

    `seen` is when it was saved last as far as the caller knows (ISO 8601): where another window saved it since, this is
    kept as a draft of its own, so that neither is lost.
    """
    if actor.user_id is None or actor.agency_id is None:
        raise NotFound
    payload = keys.encrypt(json.dumps(dict(typed)), plan_rows.DRAFT)
    draft = access.get_draft(actor, draft_id) if draft_id is not None else None
    if draft is not None and seen and draft.saved_at.isoformat() != seen:
        operation_id, draft = draft.operation_id, None
    if draft is not None:
        draft.payload, draft.saved_at = payload, now
        draft.save(update_fields=("payload", "saved_at"))
    else:
        operation = access.get_operation(actor, operation_id) if operation_id else None
        draft = Draft.objects.create(
            user_id=actor.user_id, agency_id=actor.agency_id, operation=operation, payload=payload, saved_at=now
        )
    concerns(draft=draft.id)
    return draft


@action("deconfliction.operation.register")
def discard_draft(actor: Actor, draft_id: UUID) -> None:
    """Throw a draft away."""
    draft = access.get_draft(actor, draft_id)
    concerns(draft=draft.id)
    draft.delete()


# --- how a revision is made ------------------------------------------------------------------------------------------

EXTENSION = timedelta(minutes=30)
"""Specification 3, *Ending*."""


def _create(
    actor: Actor,
    plan: Plan,
    kind: RevisionKind,
    now: datetime,
    *,
    agency_id: UUID | None = None,
    operation_id: UUID | None = None,
    status: port.Status = port.Status.REGISTERED,
    batch: ImportBatch | None = None,
    plan_id: UUID | None = None,
    identity_check: str = "",
) -> Operation:
    """`plan_id`: of the operation that this one is split from or repeats."""
    agency_id = agency_id or actor.agency_id
    if agency_id is None:
        raise NotFound
    key = operation_id or uuid7()
    return _write(
        actor, key, 1, agency_id, plan, kind, status, now, batch=batch, plan_id=plan_id, identity_check=identity_check
    )


def _revise(
    actor: Actor,
    operation: Operation,
    plan: Plan,
    kind: RevisionKind,
    status: port.Status,
    now: datetime,
    *,
    more: int = 0,
    batch: ImportBatch | None = None,
) -> Operation:
    kept = kind in (RevisionKind.EXTEND, RevisionKind.CANCEL, RevisionKind.JOIN)
    extensions = operation.extension_count + more if kept else 0
    return _write(
        actor,
        operation.id,
        operation.revision + 1,
        operation.agency_id,
        plan,
        kind,
        status,
        now,
        extensions=extensions,
        batch=batch,
        reason_due=operation.reason_due and status is port.Status.ENDED,
    )


def _write(
    actor: Actor,
    operation_id: UUID,
    number: int,
    agency_id: UUID,
    plan: Plan,
    kind: RevisionKind,
    status: port.Status,
    now: datetime,
    *,
    extensions: int = 0,
    batch: ImportBatch | None = None,
    plan_id: UUID | None = None,
    reason_due: bool = False,
    identity_check: str = "",
) -> Operation:
    """Store one revision with its *search due* rows, within the action's transaction.

    `reason_due`: the reason of an exigent operation is still owed, though it is over.
    """
    exigent = reason_due or (_is_exigent(plan, agency_id, now) and status is port.Status.REGISTERED)
    author = Author(kind, actor.user_id, actor.name, now, exigent, identity_check)
    revision = port.Revision(
        operation=engine_operation(str(operation_id), plan, registered=status is not port.Status.CANCELLED),
        number=number,
        digest="",
        agency_id=str(agency_id),
        status=status,
        disclosure=port.Disclosure(plan.disclosure.value),
        plain_clothes=plan.plain_clothes and plan.share_plain_clothes,
        armed_and_dangerous=plan.armed_and_dangerous and plan.share_armed_and_dangerous,
        extensions=extensions,
    )
    store = BatchStore({revision.operation_id: Written(plan, author, batch, plan_id)})
    try:
        with store.batch() as tx:
            if number == 1:
                tx.expect_new((revision.operation_id,))
            node(store).register(revision, instant(now))
    except StaleRevision:
        raise Stale from None
    concerns(operation=operation_id, revision=number)
    operation = tx.operation(revision.operation_id)
    write_point("before_register_commit")
    on_commit(lambda: write_point("after_register_commit"))
    return operation


def _check_silence(actor: Actor, plan: Plan) -> None:
    """`silent` hides from other agencies what they would be told: not everybody may choose it (specification 7)."""
    if plan.disclosure is Disclosure.SILENT and not actor.can("deconfliction.operation.silence"):
        raise Invalid.at(
            "disclosure",
            sentence=_("Only a supervisor or the watch desk may make an operation silent: ask one of them."),
        )


def _current(actor: Actor, operation_id: UUID, expected_revision: int) -> Operation:
    operation = access.get_operation(actor, operation_id)
    concerns(operation=operation.id)
    if operation.revision != expected_revision:
        raise Stale
    return operation


def _plan(operation: Operation) -> Plan:
    revision = Revision.objects.select_related("operation").get(operation=operation, number=operation.revision)
    return plan_rows.plan_of(revision)


def _ends(plan: Plan) -> list[int]:
    return [site.ends_at for site in plan.sites] + ([plan.span.end] if plan.span else [])


def _starts(plan: Plan) -> list[int]:
    return [site.starts_at for site in plan.sites] + ([plan.span.start] if plan.span else [])


def _is_exigent(plan: Plan, agency_id: UUID, now: datetime) -> bool:
    """Whether it starts inside the agency's lead time, or has begun (specification, section 3)."""
    agency = agency_of(agency_id)
    if agency is None:
        raise NotFound
    return min(_starts(plan), default=0) < instant(now + timedelta(minutes=agency.lead_time_minutes))


def _ended(plan: Plan, now: int) -> Plan:
    begun = tuple(site for site in plan.sites if site.starts_at < now)
    span_begun = plan.span is not None and plan.span.start < now
    if not begun and not span_begun:
        raise Invalid.at(sentence=_("This operation has not begun: cancel it instead."))
    span = plan.span
    if span is not None and span_begun:
        span = replace(span, end=min(span.end, now))
    sites = tuple(plan_rows.retimed(site, site.starts_at, min(site.ends_at, now)) for site in begun)
    return replace(plan, sites=sites, span=span)
