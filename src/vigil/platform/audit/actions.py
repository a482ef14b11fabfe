"""What auditors do. Reading the trail is an act too, and is in it (CJIS 5.9.5, AU-2)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from vigil.core.actor import Actor
from vigil.core.errors import Invalid
from vigil.platform.actions import action, concerns, detail
from vigil.platform.agencies.models import Node
from vigil.platform.audit import heads, queries
from vigil.platform.audit.models import AuditRecord, AuditReview
from vigil.web.downloads import csv_of

MOST_EXPORTED = 100_000
COLUMNS = (
    "id",
    "at",
    "actor_id",
    "actor_name",
    "agency_id",
    "via",
    "verb",
    "outcome",
    "object_ids",
    "details_digest",
    "request_id",
    "source",
    "size",
)


@action("audit.record.read")
def read_review(actor: Actor, now: datetime) -> queries.Review:
    """The weekly review."""
    return queries.review(actor, now)


@action("audit.record.read")
def read_records(actor: Actor, filters: queries.Filters, page: int) -> queries.Records:
    """A page of the trail; what was looked for stays in the trail as a digest."""
    detail(filters=str(filters), page=page)
    return queries.records(actor, filters, page)


@action("audit.record.export")
def export_records(actor: Actor, filters: queries.Filters) -> bytes:
    """The records asked for as CSV, oldest first.

    Raises:
        Invalid: there are more than `MOST_EXPORTED`.
    """
    found = queries.filtered(queries.visible_records(actor), filters)
    if found.count() > MOST_EXPORTED:
        sentence = _("More than {most} records. Ask for fewer days at a time.").format(most=f"{MOST_EXPORTED:,}")
        raise Invalid.at("first", sentence=sentence)
    content = csv_of(COLUMNS, map(_cells, found.order_by("pk").iterator()))
    detail(filters=str(filters), size=len(content))
    return content


def _cells(record: AuditRecord) -> list[Any]:
    values = [getattr(record, name) for name in COLUMNS]
    values[1] = record.at.astimezone(UTC).isoformat(timespec="milliseconds")
    values[8] = json.dumps(record.object_ids)
    return values


@action("audit.review.sign")
def sign_review(actor: Actor, now: datetime) -> AuditReview:
    """The auditor has looked through the last seven days."""
    seen = queries.review(actor, now)
    week = (now - timedelta(days=now.weekday())).date()
    assert actor.user_id is not None
    signed = AuditReview.objects.create(
        week=week,
        agency_id=queries.scope_of(actor),
        at=now,
        reviewer_id=actor.user_id,
        reviewer_name=actor.name[:200],
        pattern_count=len(seen.unusual),
    )
    concerns(review=signed.pk)
    return signed


@action("audit.head.export")
def export_head(actor: Actor, now: datetime) -> str:
    """The end of the chain, signed: a line, handed out with its end."""
    line = heads.signed_head(Node.objects.get(slot=1).code, now)
    detail(size=len(f"{line}\n"))
    return line
