"""Writing the audit trail: one record an act, in the act's own transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from vigil.core.actor import Actor
from vigil.core.errors import DomainError, NotFound, Refused
from vigil.platform import clock
from vigil.platform.audit.models import AuditRecord
from vigil.platform.prepared import insert, new
from vigil.platform.requests import request_id, source

DONE = "done"


def record(
    actor: Actor,
    verb: str,
    objects: Mapping[str, Any] | None = None,
    outcome: str = DONE,
    details: Mapping[str, Any] | None = None,
    size: int | None = None,
) -> AuditRecord:
    """Write one record within the caller's transaction: if it cannot be written, the act does not happen.

    `objects` maps a noun to an id or a list of ids, as text; an act under an emergency access names that too. Of
    `details` only the SHA-256 is kept, so that a dispute about what was changed can be settled without the trail
    holding contents. `size` is in bytes.
    """
    row = new(
        AuditRecord,
        at=clock.now(),
        actor_id=actor.user_id,
        actor_name=actor.name[:200],
        agency_id=actor.agency_id,
        via=actor.via.value,
        verb=verb,
        outcome=outcome,
        object_ids=dict(objects or {}) | ({"glass": str(actor.glass)} if actor.glass else {}),
        details_digest=digest_of(details) if details else "",
        request_id=request_id.get(),
        source=source.get(),
        size=size,
    )
    insert((row,))
    return row


def record_refusal(actor: Actor, permission: str, error: DomainError, objects: Mapping[str, Any]) -> None:
    """Record that a door refused or found nothing, unless the action behind it has recorded it already."""
    if isinstance(error, Refused | NotFound) and not error.is_recorded:
        error.is_recorded = True
        record(actor, permission, objects, outcome=error.code)


def digest_of(details: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the details as JSON with sorted keys."""
    return hashlib.sha256(json.dumps(details, sort_keys=True, default=str).encode()).hexdigest()
