"""What near misses tell partner nodes: one kind of letter, for lessons and alerts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from vigil.apps.near_miss.partners import partner_lessons, publications
from vigil.platform.partners.letters import letter_kind


@letter_kind(publications.KIND, publications.PATH)
def take(partner_id: UUID, content: Any, now: datetime) -> dict[str, Any]:
    """Take in what a partner published."""
    told = publications.read(content)
    return {"taken": partner_lessons.take(partner_lessons.TAKER, partner_id, told)}
