"""The storage port of the protocol over the database (see `vigil.protocol.store` for every promise).

Alarms become notices in the same transaction: to the owner's people and the watch desk, or for a silent operation's
place match to the node's deconflictor alone. A notice's text has no place, name or case number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from vigil.apps.deconfliction import models, notices, plan_rows, search
from vigil.apps.deconfliction.alarms import incidents, ladder, telling
from vigil.apps.deconfliction.cards import relay_phone
from vigil.apps.deconfliction.federation.rows import FederationRows, due_rows, not_over, word_of
from vigil.apps.deconfliction.lists import operation_words
from vigil.apps.deconfliction.plan import Plan
from vigil.apps.deconfliction.plan_rows import Author, instant, moment, opened
from vigil.engine import geometry
from vigil.engine import operation as engine
from vigil.platform import clock, keys
from vigil.platform.agencies import models as agencies
from vigil.platform.partners import models as partners
from vigil.platform.partners.roster import served_by_partners
from vigil.platform.prepared import Prepared, insert, new
from vigil.protocol import store as port
from vigil.protocol.judgement import told
from vigil.protocol.store import OWN, Pair, Reference

LOCK = 0x56_49_47_49_4C
"""PostgreSQL's advisory lock of the node's transactions: "VIGIL"."""
NEIGHBOUR_M = 25_000.0
"""Specification 5 *(ours)*: agencies this near that no node serves stand on the receipt."""


_ALL = frozenset(engine.Mode)
_UNENDED = Prepared(
    lambda before: models.Operation.objects.filter(
        next_end_at__lte=before, status__in=(models.Status.REGISTERED, models.Status.UNDER_WAY)
    ).order_by()
)
_ROSTERS = Prepared(lambda: partners.Roster.objects.order_by("-number"))
_PARTNERS = Prepared(lambda: partners.Partner.objects.order_by())
_SEEN = Prepared(lambda partner: models.PartnerHighWater.objects.filter(pk=partner))
_FOREIGN = Prepared(lambda node, key: models.ForeignRevision.objects.filter(node=node, operation_id=key))
_ANSWERS = Prepared(lambda key, number: models.PartnerAnswer.objects.filter(operation_id=key, revision=number))
_CONFLICT = Prepared(
    lambda node_a, one, node_b, other: models.Conflict.objects.filter(
        node_a=node_a, operation_a=one, node_b=node_b, operation_b=other
    )
)
_CONFLICTS = Prepared(
    lambda node, key: models.Conflict.objects.filter(
        pk__in=models.ConflictSide.objects.filter(node=node, operation_id=key).order_by().values("conflict_id")
    ).order_by()
)
_SIDES = Prepared(lambda conflict: models.ConflictSide.objects.filter(conflict_id=conflict).order_by())
_REVISION = Prepared(
    lambda key: models.Revision.objects.filter(operation_id=key, number=F("operation__revision")).order_by()
)
_OPERATION = Prepared(lambda key: models.Operation.objects.filter(pk=key).order_by())
_SITES = Prepared(lambda revision: models.Site.objects.filter(revision_id=revision))
_SUBJECTS = Prepared(lambda revision: models.Subject.objects.filter(revision_id=revision))
_VERDICT = Prepared(
    lambda key: models.Verdict.objects.filter(operation_id=key, revision=F("operation__revision")).order_by()
)
_DUES = Prepared(lambda key: models.SearchDue.objects.filter(operation_id=key).order_by())
_ALARMS = Prepared(lambda key: models.Alarm.objects.filter(operation_id=key).order_by("id"))
_ALARMED = Prepared(
    lambda key: models.Conflict.objects.filter(
        pk__in=models.Alarm.objects.filter(operation_id=key).order_by().values("conflict_id")
    ).order_by()
)
_LAST_RECEIPT = Prepared(lambda: models.Receipt.objects.order_by("-number")[:1])


@dataclass(frozen=True, slots=True)
class Written:
    """What an action stores with its revision beyond the port: the plan, who made it, the import it came with, and
    for a new operation that is part of another one's plan, that plan.
    """

    plan: Plan
    author: Author
    batch: models.ImportBatch | None = None
    plan_id: UUID | None = None


class DatabaseStore:
    """The node's store. `written` is what the next revision is stored with; without it contents are carried over."""

    def __init__(self, written: Written | None = None) -> None:
        self._written = written

    @contextmanager
    def transaction(self) -> Iterator[DatabaseTransaction]:
        """One at a time per node. Inside an action it is part of the action's transaction."""
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            tx = DatabaseTransaction(self._written)
            yield tx
            tx.settle()


class DatabaseTransaction(FederationRows):
    """See `vigil.protocol.store.Transaction`."""

    def __init__(self, written: Written | None = None) -> None:
        self._written = written
        self._ladders: set[UUID] = set()
        """Of alarms that changed: before the commit it is set anew when the worker looks at them again."""

    def settle(self) -> None:
        """What is written once for the whole transaction, before it commits."""
        ladder.keep_times(self._ladders)
        self._ladders = set()

    # --- the node and its partners ------------------------------------------------------------------------------------

    def identity(self) -> port.Identity:
        row = agencies.this_node()
        return port.Identity(str(row.id), row.epoch, row.sequence)

    def advance_sequence(self) -> int:
        return agencies.next_sequence()

    def draw_epoch(self, epoch: int) -> None:
        agencies.Node.objects.filter(slot=1).update(epoch=epoch)

    def roster(self) -> port.Roster:
        return self._roster

    @cached_property
    def _roster(self) -> port.Roster:
        """Read once: nobody else changes it while this transaction holds the node's lock."""
        rows = _ROSTERS()
        if not rows:
            return port.Roster(0)
        ever = {member for row in rows for member in row.members}
        known = {str(row.id): partner_of(row) for row in _PARTNERS()} if ever else {}
        members = tuple(known[member] for member in sorted(rows[0].members))
        left = [known[member] for member in sorted(ever - set(rows[0].members))]
        former = {one.name for one in left if engine.Mode.LIVE in one.modes} - {member.name for member in members}
        return port.Roster(rows[0].number, members, tuple(sorted(former)), tuple(left))

    def set_roster(self, roster: port.Roster) -> None:
        for member in roster.members:
            partners.Partner.objects.update_or_create(
                pk=UUID(member.node_id),
                defaults={
                    "name": member.name,
                    "watch_desk_phone": member.desk_phone,
                    "predicate_versions": sorted(member.predicates),
                    "public_key": member.public_key,
                    "next_key": member.next_key,
                    "purpose": partners.Partner.Purpose.LIVE if member.modes == _ALL else partners.Partner.Purpose.TEST,
                    "is_blind": member.blind,
                    "state": partners.Partner.State.ACTIVE,
                },
            )
        partners.Roster.objects.create(
            number=roster.number,
            created_at=clock.now(),
            reason="the roster was changed",
            members=sorted(member.node_id for member in roster.members),
        )
        self.__dict__.pop("_roster", None)

    def highest_seen(self, partner: str) -> port.Seen | None:
        row = _SEEN.first(partner)
        if row is None:
            return None
        columns = (row.epoch, row.sequence, row.round, row.announced, row.announced_sequence, row.clock, row.speaks)
        return port.Seen(*columns)

    def note_seen(self, partner: str, seen: port.Seen) -> None:
        columns = asdict(seen)
        insert([new(models.PartnerHighWater, partner=partner, **columns)], unique=("partner",), updated=tuple(columns))

    def foreign_revision(self, reference: Reference) -> tuple[int, int] | None:
        row = _FOREIGN.first(reference.node_id, UUID(reference.operation_id))
        return (row.epoch, row.revision) if row else None

    def note_foreign(self, reference: Reference, epoch: int, revision: int) -> None:
        key = {"node": reference.node_id, "operation_id": UUID(reference.operation_id)}
        row = new(models.ForeignRevision, **key, epoch=epoch, revision=revision)
        insert([row], unique=tuple(key), updated=("epoch", "revision"))

    # --- operations ---------------------------------------------------------------------------------------------------

    def current(self, operation_id: str) -> port.Revision | None:
        row = self._current_row(operation_id)
        return revision_of(row) if row else None

    def _current_row(self, operation_id: str) -> models.Revision | None:
        return current_row(UUID(operation_id))

    def put_revision(self, revision: port.Revision) -> None:
        before = self._current_row(revision.operation_id)
        plan, author = self._contents(revision, before)
        # Who saw it before it was made silent sees it go.
        had = notices.readers_of(before.operation) if before else notices.Readers()
        operation = self._put_operation(revision, plan, author)
        row, sites = plan_rows.save_revision(revision, plan, author)
        search.put(revision.operation, revision.number, sites)
        operation_words.file([(operation.pk, revision.number, author.kind, plan)])
        if author.kind is models.RevisionKind.EXTEND and author.user_id is None:
            notices.ask_whether_over(operation, row.created_at)
        notices.operations_changed(notices.readers_of(operation) | had, row.created_at)

    def _contents(self, revision: port.Revision, before: models.Revision | None) -> tuple[Plan, Author]:
        if self._written is not None:
            return self._written.plan, self._written.author
        extended = before is not None and revision.extensions > before.extension_count
        kind = models.RevisionKind.EXTEND if extended else models.RevisionKind.EDIT
        plan = plan_rows.carried_over(revision, plan_rows.plan_of(before) if before else None)
        return plan, Author(kind, None, "this node", clock.now(), before is not None and before.exigent)

    def _put_operation(self, revision: port.Revision, plan: Plan, author: Author) -> models.Operation:
        operation_id = UUID(revision.operation_id)
        values = self._operation_columns(revision, plan, author, self._written)
        if revision.number > 1:
            operation = models.Operation.objects.get(pk=operation_id)
            for column, value in values.items():
                setattr(operation, column, value)
            operation.save(update_fields=[column.removesuffix("_id") for column in values])
            return operation
        reference = revision.reference or agencies.next_reference(author.at)
        operation = new_operation(revision, plan, author, reference, values, self._written)
        operation.save(force_insert=True)
        return operation

    def _operation_columns(
        self, revision: port.Revision, plan: Plan, author: Author, written: Written | None
    ) -> dict[str, Any]:
        """What the operation's row repeats of its current revision."""
        values = {
            "revision": revision.number,
            "status": revision.status.value,
            "operation_type": plan.operation_type,
            "disclosure": revision.disclosure.value,
            "tentative": plan.tentative,
            "supervisor_id": notices.account_of(plan.supervisor, UUID(revision.agency_id)),
            "extension_count": revision.extensions,
            "reason_due": author.exigent and not plan.exigent_reason,
            "determination": "",
            "determination_tentative": False,
            "next_end_at": _next_end(revision),
            **_times(revision.operation),
        }
        if written is not None and written.batch is not None:
            values["import_batch_id"] = written.batch.pk
        return values

    def active(self, now: int) -> Sequence[str]:
        rows = not_over(moment(now)).exclude(status=models.Status.DRAFT)
        return sorted(str(one) for one in rows.values_list("id", flat=True))

    def unended(self, before: int) -> Sequence[str]:
        return sorted(str(one.pk) for one in _UNENDED(moment(before)))

    def matching(self, operation: engine.Operation) -> Sequence[port.Found]:
        return search.matching(operation)

    def card(self, operation_id: str) -> port.Card:
        row = self._current_row(operation_id)
        if row is None:
            return port.Card()
        if row.disclosure == port.Disclosure.SILENT:
            name, phone = agencies.this_node().deconflictor
            return port.Card(name, name, phone)
        lead = plan_rows.contacts_of(row)["lead"]
        agency = row.operation.agency
        disclosed = row.disclosure == port.Disclosure.TYPE_AND_CONTACT
        return port.Card(
            agency=agency.label,
            contact_name=lead.name,
            contact_phone=relay_phone(agency, agencies.this_node()) if lead.relay else lead.phone,
            operation_type=row.operation_type if disclosed else "",
            plain_clothes=row.plain_clothes and row.share_plain_clothes,
            armed_and_dangerous=row.armed_and_dangerous and row.share_armed_and_dangerous,
        )

    def subjects_of(self, operation_id: str) -> Sequence[tuple[str, str]]:
        row = self._current_row(operation_id)
        return sorted({word_of(one) for one in row.subjects.all() if one.token is not None}) if row else []

    # --- searches and answers -----------------------------------------------------------------------------------------

    def open_due(self, due: port.Due) -> None:
        models.SearchDue.objects.update_or_create(
            operation_id=UUID(due.operation_id),
            target=due.target,
            defaults={
                "revision": due.revision,
                "run_after": moment(due.run_after),
                "attempts": due.attempts,
                "exact": due.exact,
            },
        )

    def due(self, now: int, target: str | None = None, most: int | None = None) -> Sequence[port.Due]:
        rows = models.SearchDue.objects.order_by("run_after", "operation_id", "target")
        return list(map(due_of, due_rows(rows if target is None else rows.filter(target=target), now, most)))

    def due_of(self, operation_id: str) -> Sequence[port.Due]:
        return sorted(map(due_of, _DUES(UUID(operation_id))), key=lambda due: due.target)

    def postpone(self, due: port.Due, until: int) -> None:
        self._due_rows(due.operation_id, due.revision, due.target).update(
            run_after=moment(until), attempts=F("attempts") + 1
        )

    def close_due(self, operation_id: str, revision: int, target: str) -> None:
        self._due_rows(operation_id, revision, target).delete()

    def _due_rows(self, operation_id: str, revision: int, target: str) -> Any:
        return models.SearchDue.objects.filter(operation_id=UUID(operation_id), revision=revision, target=target)

    def put_answer(self, answer: port.Answer) -> None:
        asked = self.current(answer.operation_id)
        key = {
            "operation_id": UUID(answer.operation_id),
            "revision": answer.revision,
            "partner": answer.partner,
        }
        said = {
            "digest": asked.digest if asked and asked.number == answer.revision else "",
            "outcome": answer.outcome.value,
            "epoch": answer.epoch,
            "sequence": answer.sequence,
            "evaluated_at": moment(answer.evaluated_at),
            "received_at": moment(answer.received_at),
            "roster_number": self._roster.number,
            "void": answer.void,
            "signed_bytes": answer.body.decode(),
            "signature": answer.signature,
        }
        row = new(models.PartnerAnswer, **key, **said)
        insert([row], unique=("operation", "revision", "partner"), updated=tuple(said))

    def answers(self, operation_id: str, revision: int) -> Sequence[port.Answer]:
        rows = _ANSWERS(UUID(operation_id), revision)
        return sorted(map(_answer, rows), key=lambda answer: answer.partner)

    # --- conflicts and alarms -----------------------------------------------------------------------------------------

    def conflict(self, pair: Pair) -> port.Conflict | None:
        row = row_of_pair(pair)
        return conflict_of(row, sides_of(row)) if row else None

    def conflicts_of(self, reference: Reference) -> Sequence[port.Conflict]:
        rows = _CONFLICTS(reference.node_id, UUID(reference.operation_id))
        return sorted((conflict_of(row, sides_of(row)) for row in rows), key=lambda conflict: conflict.pair)

    def put_conflict(self, conflict: port.Conflict) -> None:
        at = moment(conflict.changed_at)
        row = row_of_pair(conflict.pair)
        plans = self._plans_of(conflict)
        if row is None:
            reference = agencies.next_reference(at).replace("-", "-C-", 1)
            row = conflict_row(conflict, reference, plans)
        for column, value in _conflict_columns(conflict).items():
            setattr(row, column, value)
        row.save()
        for side, other, plan in ((conflict.a, conflict.b, plans[0]), (conflict.b, conflict.a, plans[1])):
            self._put_side(row, side, told(side, other, conflict.match), plan)
        self._ladders |= ladder.running(row)
        if row.standing != models.Standing.WITHDRAWN:
            _keep_finding(row, conflict, at)
        notices.conflict_changed(row, at)

    def _plans_of(self, conflict: port.Conflict) -> tuple[UUID, UUID]:
        """Of which plan each side is; a partner's operation is a plan of its own."""
        keys = UUID(conflict.a.reference.operation_id), UUID(conflict.b.reference.operation_id)
        owns = dict(models.Operation.objects.filter(pk__in=keys).values_list("pk", "plan_id"))
        return incidents.plans_of((owns.get(keys[0], keys[0]), owns.get(keys[1], keys[1])), keys)

    def _put_side(self, row: models.Conflict, side: port.Side, is_told: bool, plan: UUID) -> None:
        own = None
        key = UUID(side.reference.operation_id)
        if side.reference.node_id == OWN:
            own = models.Operation.objects.only("id", "agency_id").get(pk=key)
        columns = side_columns(side, is_told, own.agency_id if own else None)
        models.ConflictSide.objects.update_or_create(
            conflict=row,
            operation_id=key,
            defaults=columns,
            create_defaults={**columns, "ladder_id": incidents.ladder_of(row.incident_id, plan)},
        )

    def put_alarm(self, alarm: port.Alarm) -> None:
        conflict = row_of_pair(alarm.pair)
        assert conflict is not None
        row = new(
            models.Alarm,
            dedupe_key=alarm.key,
            conflict_id=conflict.pk,
            operation_id=UUID(alarm.operation_id),
            kind=alarm.kind.value,
            route=alarm.route.value,
            tentative=alarm.tentative,
            masked=alarm.masked,
            raised_at=moment(alarm.raised_at),
        )
        insert([row])
        self._ladders.add(telling.tell(conflict, alarm))

    def alarms_of(self, operation_id: str) -> Sequence[port.Alarm]:
        key = UUID(operation_id)
        conflicts = {row.pk: row for row in _ALARMED(key)}
        return [_alarm(row, conflicts[row.conflict_id]) for row in _ALARMS(key)]

    # --- determinations and receipts ----------------------------------------------------------------------------------

    def verdict(self, operation_id: str) -> port.Verdict | None:
        row = _VERDICT.first(UUID(operation_id))
        return verdict_of(row) if row else None

    def put_verdict(self, verdict: port.Verdict) -> None:
        operation_id = UUID(verdict.operation_id)
        models.Verdict.objects.update_or_create(
            operation_id=operation_id, revision=verdict.revision, defaults=_verdict_columns(verdict)
        )
        current = models.Operation.objects.filter(pk=operation_id, revision=verdict.revision)
        current.update(determination=verdict.determination, determination_tentative=verdict.tentative)
        operation = models.Operation.objects.get(pk=operation_id)
        notices.operations_changed(notices.readers_of(operation), moment(verdict.determined_at))

    def not_covered(self, operation_id: str) -> Sequence[str] | None:
        if not agencies.knows_unserved():
            return None
        current = self.current(operation_id)
        return neighbours(current.operation.sites if current else ())

    def last_receipt(self) -> port.StoredReceipt | None:
        row = _LAST_RECEIPT.first()
        return receipt_of(row) if row else None

    def put_receipt(self, receipt: port.StoredReceipt) -> None:
        receipt_row(receipt).save(force_insert=True)

    def receipts_of(self, operation_id: str) -> Sequence[port.StoredReceipt]:
        return [
            receipt_of(row) for row in models.Receipt.objects.filter(operation_id=UUID(operation_id)).order_by("number")
        ]


def current_row(operation_id: UUID) -> models.Revision | None:
    """The operation's current revision, with operation, sites and subjects at hand."""
    row = _REVISION.first(operation_id)
    if row is not None:
        (row.operation,) = _OPERATION(operation_id)
        at_hand = {"sites": _SITES(row.pk), "subjects": _SUBJECTS(row.pk)}
        # Where `prefetch_related` puts them.
        row._prefetched_objects_cache = at_hand  # type: ignore[attr-defined]
    return row


def new_operation(
    revision: port.Revision,
    plan: Plan,
    author: Author,
    reference: str,
    columns: dict[str, Any],
    written: Written | None,
) -> models.Operation:
    """A new operation's row, not yet stored; `columns` are those that repeat its revision."""
    operation_id = UUID(revision.operation_id)
    return new(
        models.Operation,
        id=operation_id,
        plan_id=(written.plan_id if written else None) or operation_id,
        reference=reference,
        agency_id=UUID(revision.agency_id),
        mode=revision.operation.mode.value,
        external_id=plan.external_id,
        created_at=author.at,
        created_by_id=author.user_id,
        submitter_id=author.user_id,
        **columns,
    )


def revision_of(row: models.Revision) -> port.Revision:
    """A stored revision as the protocol takes it; reads its operation, sites and subjects."""
    return port.Revision(
        operation=plan_rows.stored_operation(row),
        number=row.number,
        digest=row.digest,
        agency_id=str(row.operation.agency_id),
        status=port.Status(row.status),
        disclosure=port.Disclosure(row.disclosure),
        plain_clothes=row.plain_clothes and row.share_plain_clothes,
        armed_and_dangerous=row.armed_and_dangerous and row.share_armed_and_dangerous,
        reference=row.operation.reference,
        extensions=row.extension_count,
        ended_sites=frozenset(site.ordinal for site in row.sites.all() if site.ended),
    )


# --- rows and values -------------------------------------------------------------------------------------------------


def partner_of(row: partners.Partner) -> port.Partner:
    """The partner as the roster names it."""
    tests = row.purpose == partners.Partner.Purpose.TEST
    return port.Partner(
        node_id=str(row.id),
        name=row.name,
        desk_phone=row.watch_desk_phone,
        predicates=frozenset(row.predicate_versions),
        public_key=bytes(row.public_key),
        next_key=bytes(row.next_key),
        modes=frozenset({engine.Mode.TEST}) if tests else _ALL,
        blind=row.is_blind,
    )


def _times(operation: engine.Operation) -> dict[str, datetime]:
    spans = [operation.span] if operation.span else []
    starts = [site.starts_at for site in operation.sites] + [span.start for span in spans]
    ends = [site.ends_at for site in operation.sites] + [span.end for span in spans]
    window_starts = [site.window.start for site in operation.sites] + [span.start for span in spans]
    window_ends = [site.window.end for site in operation.sites] + [span.end for span in spans]
    return {
        "starts_at": moment(min(starts, default=0)),
        "ends_at": moment(max(ends, default=0)),
        "window_start": moment(min(window_starts, default=0)),
        "window_end": moment(max(window_ends, default=0)),
    }


def _next_end(revision: port.Revision) -> datetime | None:
    ends = [site.ends_at for number, site in enumerate(revision.operation.sites) if number not in revision.ended_sites]
    return moment(min(ends)) if ends else None


def due_of(row: models.SearchDue) -> port.Due:
    return port.Due(str(row.operation_id), row.revision, row.target, instant(row.run_after), row.attempts, row.exact)


def _answer(row: models.PartnerAnswer) -> port.Answer:
    return port.Answer(
        operation_id=str(row.operation_id),
        revision=row.revision,
        partner=row.partner,
        outcome=port.Outcome(row.outcome),
        epoch=row.epoch,
        sequence=row.sequence,
        evaluated_at=instant(row.evaluated_at),
        received_at=instant(row.received_at),
        body=row.signed_bytes.encode(),
        signature=bytes(row.signature),
        void=row.void,
    )


def pair_columns(pair: Pair) -> dict[str, Any]:
    return {
        "node_a": pair.a.node_id,
        "operation_a": UUID(pair.a.operation_id),
        "node_b": pair.b.node_id,
        "operation_b": UUID(pair.b.operation_id),
    }


def row_of_pair(pair: Pair) -> models.Conflict | None:
    """The pair's row."""
    return _CONFLICT.first(*pair_columns(pair).values())


def _pair(row: models.Conflict) -> Pair:
    return Pair(Reference(row.node_a, str(row.operation_a)), Reference(row.node_b, str(row.operation_b)))


def conflict_row(conflict: port.Conflict, reference: str, plans: tuple[UUID, UUID]) -> models.Conflict:
    """A new conflict's row between operations of these plans, not yet stored."""
    return new(
        models.Conflict,
        reference=reference,
        incident_id=incidents.incident_of(*plans),
        detected_at=moment(conflict.found_at),
        **pair_columns(conflict.pair),
        **_conflict_columns(conflict),
    )


def side_columns(side: port.Side, is_told: bool, agency_id: UUID | None) -> dict[str, Any]:
    """What the row of a conflict's side repeats; `agency_id` that of an own operation."""
    own = side.reference.node_id == OWN
    card = json.dumps(asdict(side.card)) if side.card else ""
    return {
        "own_operation_id": UUID(side.reference.operation_id) if own else None,
        "node": side.reference.node_id,
        "agency_id": agency_id,
        "foreign_agency": side.card.agency[:200] if side.card else "",
        "foreign_contact": keys.encrypt(card, plan_rows.FOREIGN_CARD) if card else None,
        "revision": side.revision,
        "silent": side.silent,
        "told": is_told,
        "tentative": side.tentative,
        "plain_clothes": side.plain_clothes,
        "armed_and_dangerous": side.armed_and_dangerous,
        "digest": side.digest,
        "places": sorted(side.places),
    }


def due_row(due: port.Due) -> models.SearchDue:
    """A search that is due as a row, not yet stored."""
    return new(
        models.SearchDue,
        operation_id=UUID(due.operation_id),
        target=due.target,
        revision=due.revision,
        run_after=moment(due.run_after),
        attempts=due.attempts,
        exact=due.exact,
    )


def _verdict_columns(verdict: port.Verdict) -> dict[str, Any]:
    return {
        "determination": verdict.determination,
        "determined_at": moment(verdict.determined_at),
        "roster_number": verdict.roster,
        "tentative": verdict.tentative,
        "not_answered": list(verdict.not_answered),
        "refused": list(verdict.refused),
        "receipt_number": verdict.receipt,
    }


def verdict_row(verdict: port.Verdict) -> models.Verdict:
    """A determination as a row, not yet stored."""
    return new(
        models.Verdict,
        operation_id=UUID(verdict.operation_id),
        revision=verdict.revision,
        **_verdict_columns(verdict),
    )


VERDICT_COLUMNS = (
    "determination",
    "determined_at",
    "roster_number",
    "tentative",
    "not_answered",
    "refused",
    "receipt_number",
)


def receipt_row(receipt: port.StoredReceipt) -> models.Receipt:
    """A receipt as a row, not yet stored."""
    return new(
        models.Receipt,
        number=receipt.number,
        operation_id=UUID(receipt.operation_id),
        revision=receipt.revision,
        body=receipt.body,
        signature=receipt.signature,
        digest=receipt.digest,
        previous_digest=receipt.previous,
        supersedes=receipt.supersedes,
    )


def _conflict_columns(conflict: port.Conflict) -> dict[str, Any]:
    withdrawn = conflict.state is port.ConflictState.WITHDRAWN
    return {
        "standing": conflict.state.value,
        "tentative": conflict.tentative,
        "changed_at": moment(conflict.changed_at),
        "change": conflict.change,
        "withdrawn_at": moment(conflict.changed_at) if withdrawn else None,
        "owner_only": conflict.match.basis is engine.Basis.SUBJECT and (conflict.a.silent or conflict.b.silent),
        **_match_columns(conflict.match),
    }


def _match_columns(match: engine.Match) -> dict[str, Any]:
    return {
        "basis": match.basis.value,
        "band": match.band.value if match.band else "",
        "distance_m": match.distance_m,
        "overlap_start": moment(match.overlap.start),
        "overlap_end": moment(match.overlap.end),
        "matched_tokens": list(match.subjects),
    }


def _keep_finding(row: models.Conflict, conflict: port.Conflict, at: datetime) -> None:
    columns = _finding_columns(conflict, at)
    models.ConflictFinding.objects.update_or_create(conflict=row, **_finding_key(conflict), defaults=columns)


def finding_row(row: models.Conflict, conflict: port.Conflict) -> models.ConflictFinding:
    """The first finding of a new conflict, not yet stored."""
    at = moment(conflict.changed_at)
    return new(models.ConflictFinding, conflict_id=row.pk, **_finding_key(conflict), **_finding_columns(conflict, at))


def _finding_key(conflict: port.Conflict) -> dict[str, Any]:
    return {"revision_a": conflict.a.revision, "revision_b": conflict.b.revision, "source": ""}


def _finding_columns(conflict: port.Conflict, at: datetime) -> dict[str, Any]:
    return {"standing": conflict.state.value, "found_at": at, **_match_columns(conflict.match)}


def sides_of(row: models.Conflict) -> list[models.ConflictSide]:
    """The rows of its two sides."""
    return _SIDES(row.pk)


def conflict_of(row: models.Conflict, both: Iterable[models.ConflictSide]) -> port.Conflict:
    """The conflict of the row and its sides."""
    sides = {(side.node, side.operation_id): _side(side) for side in both}
    return port.Conflict(
        a=sides[row.node_a, row.operation_a],
        b=sides[row.node_b, row.operation_b],
        match=engine.Match(
            basis=engine.Basis(row.basis),
            overlap=engine.Window(instant(row.overlap_start), instant(row.overlap_end)),
            band=engine.Band(row.band) if row.band else None,
            distance_m=row.distance_m,
            subjects=tuple(row.matched_tokens),
        ),
        state=port.ConflictState(row.standing),
        found_at=instant(row.detected_at),
        changed_at=instant(row.changed_at),
        change=row.change,
    )


def _side(row: models.ConflictSide) -> port.Side:
    card = opened(row.foreign_contact, plan_rows.FOREIGN_CARD)
    return port.Side(
        reference=Reference(row.node, str(row.operation_id)),
        revision=row.revision,
        silent=row.silent,
        tentative=row.tentative,
        plain_clothes=row.plain_clothes,
        armed_and_dangerous=row.armed_and_dangerous,
        digest=row.digest,
        places=frozenset(row.places),
        card=port.Card(**json.loads(card)) if card else None,
    )


def _alarm(row: models.Alarm, conflict: models.Conflict) -> port.Alarm:
    return port.Alarm(
        key=row.dedupe_key,
        pair=_pair(conflict),
        operation_id=str(row.operation_id),
        kind=port.AlarmKind(row.kind),
        route=port.Route(row.route),
        tentative=row.tentative,
        masked=row.masked,
        raised_at=instant(row.raised_at),
    )


def verdict_of(row: models.Verdict) -> port.Verdict:
    return port.Verdict(
        operation_id=str(row.operation_id),
        revision=row.revision,
        determination=row.determination,
        determined_at=instant(row.determined_at),
        roster=row.roster_number,
        tentative=row.tentative,
        not_answered=tuple(row.not_answered),
        refused=tuple(row.refused),
        receipt=row.receipt_number,
    )


def receipt_of(row: models.Receipt) -> port.StoredReceipt:
    return port.StoredReceipt(
        number=row.number,
        operation_id=str(row.operation_id or ""),
        revision=row.revision,
        body=bytes(row.body or b""),
        signature=bytes(row.signature),
        digest=row.digest,
        previous=row.previous_digest,
        supersedes=row.supersedes,
    )


def neighbours(sites: Iterable[engine.Site]) -> list[str]:
    """Names, sorted, of the agencies within reach of a site that neither this node nor a partner serves."""
    sites = tuple(sites)
    near = (replace(site, uncertainty_m=site.uncertainty_m + NEIGHBOUR_M) for site in sites)
    unserved = agencies.unserved_agencies(box for site in near for box in geometry.zone_boxes(site))
    near_ones = [agency for agency in unserved if _is_neighbour(agency, sites)]
    covered = served_by_partners() if near_ones else frozenset()
    return sorted(agency.name for agency in near_ones if agency.ori not in covered)


def _is_neighbour(agency: agencies.Agency, sites: Iterable[engine.Site]) -> bool:
    """One whose place is not known is named rather than left out."""
    if agency.latitude is None or agency.longitude is None:
        return True
    seat = engine.Point(agency.longitude, agency.latitude)
    return any(geometry.distance_within(site.geometry, seat, NEIGHBOUR_M + site.reach_m) is not None for site in sites)
