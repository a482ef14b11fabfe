"""The chain over the audit trail: each committed record is linked, by hash, to the one sealed before it.

What it shows: a record that was changed or removed, a link that was changed or removed, and, by a head kept
elsewhere (the file of heads in the data folder, a print-out), a chain whose end was cut off.
What it does not show: that a record was never written. The tail that is not yet sealed is counted and shown.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from vigil.platform.audit.models import AuditRecord, AuditSeal

START = "0" * 64
BATCH = 2_000
SEAL = ("position", "record_id", "previous", "digest")
COLUMNS = tuple(column.attname for column in AuditRecord._meta.concrete_fields)
_as_json = json.JSONEncoder(sort_keys=True).encode
HEADS_FILE = "audit-heads.txt"
LATE = timedelta(hours=1)
"""On PostgreSQL a record may be committed after one with a higher id; it is looked for this long."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with the trail."""

    position: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain at some time: to be kept elsewhere and compared."""

    position: int
    digest: str


def unsealed() -> QuerySet[AuditRecord]:
    """Records that no link covers yet."""
    return AuditRecord.objects.filter(~Exists(AuditSeal.objects.filter(record_id=OuterRef("pk"))))


def seal_new(now: datetime) -> int:
    """Link what was committed since the last link; how many. Two at once: one of them gets an IntegrityError."""
    newest = AuditSeal.objects.aggregate(newest=Max("record_id"))["newest"] or 0
    return _seal(AuditRecord.objects.filter(pk__gt=newest), now)


def seal_late(now: datetime) -> int:
    """Link what was committed late, after a record with a higher id had been linked."""
    return _seal(unsealed().filter(at__gte=now - LATE), now)


def _seal(records: QuerySet[AuditRecord], now: datetime) -> int:
    # A look outside any transaction first: an idle node takes no write lock.
    if not records.exists():
        return 0
    with transaction.atomic():
        end = head()
        seals = []
        for record in records.order_by("pk")[:BATCH]:
            before, end = end, Head(end.position + 1, link(end.digest, record))
            seals.append(
                AuditSeal(
                    position=end.position,
                    record_id=record.pk,
                    previous=before.digest,
                    digest=end.digest,
                    sealed_at=now,
                )
            )
        AuditSeal.objects.bulk_create(seals)
    return len(seals)


def head() -> Head:
    """Where the chain ends now."""
    last = AuditSeal.objects.order_by("-position").first()
    return Head(last.position, last.digest) if last else Head(0, START)


def link(previous: str, record: Any) -> str:
    """SHA-256 (hex) over the previous link and every column of the record, as model or as row."""
    return hashlib.sha256(linked(previous, record)).hexdigest()


def linked(previous: str, record: Any) -> bytes:
    """What a link is the SHA-256 of."""
    columns: dict[str, Any] = {
        "id": record.id,
        "at": record.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": record.actor_id and str(record.actor_id),
        "actor_name": record.actor_name,
        "agency_id": record.agency_id and str(record.agency_id),
        "via": record.via,
        "verb": record.verb,
        "outcome": record.outcome,
        "object_ids": record.object_ids,
        "details_digest": record.details_digest,
        "request_id": record.request_id,
    }
    # Older records have neither, and their links stand as they were made.
    columns |= {name: value for name, value in (("source", record.source), ("size", record.size)) if value}
    return f"{previous}\n{_as_json(columns)}".encode()


def verify(heads: list[Head], now: datetime) -> Iterator[Finding]:
    """Walk the whole chain and yield what is wrong; nothing yielded means that nothing was changed, cut or left out."""
    known: dict[int, set[str]] = {}
    for kept in heads:
        known.setdefault(kept.position, set()).add(kept.digest)
    end = Head(0, START)
    # Rows without their models: half the time of a long trail.
    seals = AuditSeal.objects.order_by("position").values_list(*SEAL, named=True)
    records = AuditRecord.objects.values_list(*COLUMNS, named=True)
    while batch := list(seals.filter(position__gt=end.position)[:BATCH]):
        found = {record.id: record for record in records.filter(pk__in=[seal.record_id for seal in batch])}
        for seal in batch:
            yield from _check(seal, end, found.get(seal.record_id))
            if known.get(seal.position, {seal.digest}) != {seal.digest}:
                yield Finding(seal.position, "the chain was rewritten: an earlier head had another hash here")
            end = Head(seal.position, seal.digest)
    cut = [position for position in known if position > end.position]
    if cut:
        yield Finding(max(cut), f"the end was cut off: the chain once reached this and ends at {end.position}")
    for record in unsealed().filter(at__lt=now - LATE).order_by("pk")[:BATCH]:
        yield Finding(end.position, f"record {record.pk} is over an hour old and was never sealed")


def _check(seal: Any, end: Head, record: Any | None) -> Iterator[Finding]:
    if seal.position != end.position + 1:
        yield Finding(seal.position, f"links {end.position + 1} to {seal.position - 1} are missing")
    elif seal.previous != end.digest:
        yield Finding(seal.position, "the link does not follow from the one before it")
    if record is None:
        yield Finding(seal.position, f"record {seal.record_id} was removed")
    elif link(seal.previous, record) != seal.digest:
        yield Finding(seal.position, f"record {seal.record_id} was changed")


def note_head(file: Path, now: datetime) -> None:
    """Add the present head to the file of heads, unless it stands there already."""
    end = head()
    kept = noted_heads(file)
    if end.position == 0 or (kept and kept[-1] == end):
        return
    with file.open("a", encoding="ascii") as lines:
        lines.write(f"{end.position} {end.digest} {now.isoformat(timespec='seconds')}\n")


def noted_heads(file: Path) -> list[Head]:
    """The heads noted so far; an empty list where there is no file."""
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return []
    return [Head(int(line.split()[0]), line.split()[1]) for line in lines if line.strip()]
