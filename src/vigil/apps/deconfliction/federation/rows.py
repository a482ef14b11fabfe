"""What the federation keeps of tokens and messages, as rows (see `vigil.protocol.store` for every promise)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet

from vigil.apps.deconfliction import models, notices
from vigil.apps.deconfliction.plan_rows import SUBJECT, instant, moment, opened
from vigil.core.actor import system
from vigil.engine import operation as engine
from vigil.engine.operation import SUBJECT_MARGIN_US
from vigil.platform import clock
from vigil.platform.audit.trail import record
from vigil.platform.partners import contacts
from vigil.platform.partners.rates import RATES
from vigil.platform.prepared import Prepared, insert, new
from vigil.protocol import store as port
from vigil.protocol.budget import new_points
from vigil.protocol.messages import Acknowledgement
from vigil.protocol.node import END_OF_TIME
from vigil.protocol.store import Reference

PARTNER = system("partner")
DAYS_KEPT = timedelta(days=90)
"""Ours, as for the probes of own people."""
_TAKEN = Prepared(lambda sender, message: models.TakenMessage.objects.filter(sender=sender, message=message))
PART = 500
"""So many tokens are looked up at once: SQLite takes no longer lists."""

_One = TypeVar("_One")
_Row = TypeVar("_Row", bound=Model)


class FederationRows:
    """The part of a transaction that speaks of partners' operations and of messages."""

    def put_masked(self, masked: port.Masked) -> None:
        """Keeps also when its plain question was first wanted, and counts the points that are new."""
        ids = {"node": masked.reference.node_id, "operation_id": UUID(masked.reference.operation_id)}
        row = models.MaskedOperation.objects.filter(**ids).first() or models.MaskedOperation(**ids)
        row.revision, row.mode, row.registered = masked.revision, masked.mode.value, masked.registered
        row.expires_at, row.contents = masked.expires_at, _contents(masked)
        row.wanted_at = masked.wanted_at if row.wanted_at is None else row.wanted_at
        row.followed = row.wanted_at is not None and (row.followed or masked.operation is not None)
        row.save()
        tokens = {**dict.fromkeys(masked.subjects, False), **dict.fromkeys(masked.cells, True)}
        before = {bytes(one.token).hex(): one.is_cell for one in row.tokens.all()}
        if tokens == before:
            return
        row.tokens.all().delete()
        models.MaskedToken.objects.bulk_create(
            models.MaskedToken(masked=row, token=bytes.fromhex(token), is_cell=is_cell)
            for token, is_cell in sorted(tokens.items())
        )
        if masked.mode is engine.Mode.LIVE:
            _count(row.node, new_points(tokens, before))

    def masked(self, reference: Reference) -> port.Masked | None:
        rows = models.MaskedOperation.objects.prefetch_related("tokens")
        row = rows.filter(node=reference.node_id, operation_id=UUID(reference.operation_id)).first()
        return None if row is None else _masked(row)

    def masked_with(self, partner: str, tokens: Collection[str]) -> Sequence[port.Masked]:
        found: set[int] = set()
        for part in _parts(tokens):
            rows = models.MaskedToken.objects.filter(token__in=part, masked__node=partner)
            found.update(rows.values_list("masked_id", flat=True))
        met = (_masked(row) for part in _split(sorted(found)) for row in _masked_rows(part))
        return sorted(met, key=lambda masked: masked.reference)

    def put_joint(self, joint: port.JointTokens) -> None:
        operation = UUID(joint.operation_id)
        models.JointToken.objects.filter(operation_id=operation, partner=joint.partner).delete()
        rows: list[tuple[str, bytes | None]] = [(one, bytes.fromhex(own)) for one, own in joint.subjects.items()]
        rows += [(cell, None) for cell in joint.cells]
        models.JointToken.objects.bulk_create(
            models.JointToken(
                operation_id=operation,
                revision=joint.revision,
                partner=joint.partner,
                token=bytes.fromhex(token),
                own_token=own,
            )
            for token, own in sorted(rows, key=lambda row: row[0])
        )

    def joint(self, operation_id: str, partner: str) -> port.JointTokens | None:
        rows = list(
            models.JointToken.objects.filter(
                operation_id=UUID(operation_id), partner=partner, revision=F("operation__revision")
            )
        )
        if not rows:
            return None
        return port.JointTokens(
            operation_id,
            rows[0].revision,
            partner,
            {bytes(row.token).hex(): bytes(row.own_token).hex() for row in rows if row.own_token is not None},
            frozenset(bytes(row.token).hex() for row in rows if row.own_token is None),
        )

    def joint_with(self, partner: str, tokens: Collection[str]) -> Sequence[str]:
        found: set[UUID] = set()
        for part in _parts(tokens):
            rows = models.JointToken.objects.filter(token__in=part, partner=partner, revision=F("operation__revision"))
            found.update(rows.values_list("operation_id", flat=True))
        return sorted(map(str, found))

    def uncovered(self, partner: str, mode: engine.Mode, now: int) -> bool:
        current = {"operation": OuterRef("pk"), "revision": OuterRef("revision"), "partner": partner}
        rows = models.Operation.objects.filter(
            ~Exists(models.JointToken.objects.filter(own_token=None, **current)),
            ~Exists(models.SearchDue.objects.filter(operation=OuterRef("pk"), target=partner)),
            Exists(models.ActiveSite.objects.filter(operation=OuterRef("pk"))),
            window_end__gt=moment(now),
            mode=mode.value,
        )
        return rows.exclude(status__in=(models.Status.DRAFT, models.Status.CANCELLED)).exists()

    def remember(self, sender: str, message_id: str, until: int) -> bool:
        if _TAKEN.first(sender, message_id) is not None:
            return False
        insert([new(models.TakenMessage, sender=sender, message=message_id, until=moment(until))])
        record(PARTNER, "partners.message.receive", {"partner": sender, "message": message_id})
        contacts.spoke(UUID(sender), clock.now())
        RATES.count(sender, clock.now())
        return True

    def put_outgoing(self, outgoing: port.Outgoing) -> None:
        models.Outgoing.objects.update_or_create(
            key=outgoing.key,
            defaults={
                "partner": outgoing.partner,
                "kind": outgoing.kind,
                "content": outgoing.content.decode(),
                "run_after": moment(outgoing.run_after),
                "until": moment(outgoing.until),
                "attempts": outgoing.attempts,
            },
        )

    def outgoing(self, now: int, partner: str | None = None, most: int | None = None) -> Sequence[port.Outgoing]:
        rows = models.Outgoing.objects.order_by("run_after", "key")
        rows = rows if partner is None else rows.filter(partner=partner)
        return [
            port.Outgoing(
                row.key,
                row.partner,
                row.kind,
                row.content.encode(),
                instant(row.run_after),
                instant(row.until),
                row.attempts,
            )
            for row in due_rows(rows, now, most)
        ]

    def close_outgoing(self, key: str) -> None:
        models.Outgoing.objects.filter(pk=key).delete()

    def put_acknowledgement(self, partner: str, acknowledgement: Acknowledgement) -> None:
        """Keep the first instant of each step of the partner's side of the pair."""
        side = models.ConflictSide.objects.filter(
            node=partner,
            operation_id=UUID(acknowledgement.other),
            conflict__operation_a=UUID(acknowledgement.operation_id),
            conflict__node_a="",
        ).first()
        column = f"{acknowledgement.step}_at"
        if side is None or getattr(side, column) is not None:
            return
        setattr(side, column, moment(acknowledgement.at))
        side.resolved_outcome = acknowledgement.outcome or side.resolved_outcome
        side.save(update_fields=[column, "resolved_outcome"])
        notices.conflict_changed(side.conflict, clock.now())


def not_over(now: datetime) -> QuerySet[models.Operation]:
    """Operations that a place or a subject may still meet at `now` or later (see `port.Revision.over_at`)."""
    margin = timedelta(microseconds=SUBJECT_MARGIN_US)
    subjects = models.Subject.objects.filter(
        revision__operation=OuterRef("pk"), revision__number=OuterRef("revision"), token__isnull=False
    )
    recent = models.Operation.objects.filter(window_end__gt=now - margin)
    return recent.filter(Q(window_end__gt=now) | Q(Exists(subjects), ends_at__gt=now - margin))


def due_rows(rows: QuerySet[_Row], now: int, most: int | None) -> Sequence[_Row]:
    """Those of the rows, sorted by `run_after`, that are due as `port.is_due` says; the first `most`."""
    found = list(rows.filter(run_after__lte=moment(now))[:most])
    rest = None if most is None else most - len(found)
    late = moment(min(now + port.FURTHEST_US, END_OF_TIME))
    return [*found, *rows.filter(run_after__gt=late)[:rest]]


def _count(partner: str, points: int) -> None:
    day, _ = models.PartnerDay.objects.get_or_create(node=partner, day=clock.now().date())
    models.PartnerDay.objects.filter(pk=day.pk).update(points=F("points") + points)


def forget_ended(now: int) -> None:
    """Drop what can meet nothing any more (partners' masked operations, ids of messages, what nobody took in time), and
    how much partners asked on days long past.
    """
    models.PartnerDay.objects.filter(day__lt=(moment(now) - DAYS_KEPT).date()).delete()
    models.MaskedOperation.objects.filter(expires_at__lte=now).delete()
    models.TakenMessage.objects.filter(until__lte=moment(now)).delete()
    models.Outgoing.objects.filter(until__lte=moment(now)).delete()


def word_of(row: models.Subject) -> tuple[str, str]:
    """The canonical subject and its token; one whose words are not known (its plan was never here) is its token."""
    _, canonical = json.loads(opened(row.sealed, SUBJECT))
    token = bytes(row.token or b"").hex()
    return (canonical or token) if row.kind else token, token


def _parts(tokens: Collection[str]) -> Iterator[list[bytes]]:
    return _split([bytes.fromhex(token) for token in sorted(tokens)])


def _split(things: Sequence[_One]) -> Iterator[list[_One]]:
    for start in range(0, len(things), PART):
        yield list(things[start : start + PART])


def _masked_rows(keys: Collection[int]) -> Iterable[models.MaskedOperation]:
    return models.MaskedOperation.objects.prefetch_related("tokens").filter(pk__in=keys)


def _contents(masked: port.Masked) -> str:
    if masked.operation is None or masked.side is None:
        return ""
    span = masked.operation.span
    side = {**asdict(masked.side), "places": sorted(masked.side.places)}
    return json.dumps(
        {
            "span": None if span is None else [span.start, span.end],
            "joint_with": sorted(masked.operation.joint_with),
            "tentative": masked.operation.tentative,
            "side": side,
        }
    )


def _masked(row: models.MaskedOperation) -> port.Masked:
    tokens = [(bytes(one.token).hex(), one.is_cell) for one in row.tokens.all()]
    reference = Reference(row.node, str(row.operation_id))
    masked = port.Masked(
        reference=reference,
        revision=row.revision,
        mode=engine.Mode(row.mode),
        registered=row.registered,
        expires_at=row.expires_at,
        subjects=frozenset(token for token, is_cell in tokens if not is_cell),
        cells=frozenset(token for token, is_cell in tokens if is_cell),
    )
    if not row.contents:
        return masked
    contents: dict[str, Any] = json.loads(row.contents)
    side = contents["side"]
    card = None if side["card"] is None else port.Card(**side["card"])
    operation = engine.Operation(
        reference.operation_id,
        span=None if contents["span"] is None else engine.Window(*contents["span"]),
        mode=masked.mode,
        joint_with=frozenset(contents["joint_with"]),
        tentative=contents["tentative"],
        registered=masked.registered,
    )
    places = frozenset(side["places"])
    return replace(
        masked,
        operation=operation,
        side=port.Side(**{**side, "reference": reference, "places": places, "card": card}),
    )
