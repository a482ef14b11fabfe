"""How the lines to the partners stand. A partner without a row was never spoken with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from vigil.core.back_off import back_off
from vigil.platform.partners.models import Contact
from vigil.platform.turns import writing

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(seconds=60)
LATE_MILLISECONDS = 1_500
"""So long whoever registers waits for the partners, so that the verdict is there within 2 s."""
REFUSED, UNKNOWN, OTHER_KEY = "refused", "status_401", "other_key"
"""Codes of a partner that is there and yet answers nothing: it has removed this node, or has not confirmed it yet, or
who answers does not sign with its key.
"""
WRITTEN_EVERY = timedelta(seconds=4)
"""How fresh the row of a partner that answers is kept; each change of state is written at once."""


def away() -> frozenset[UUID]:
    """The partners for which nobody waits: those from which nothing comes, and those whose last answer came too late.

    Who refuses does so at once: it is asked like everybody, so that the page says who refuses.
    """
    fails = Q(failing_since__isnull=False) & ~Q(code__in=(REFUSED, UNKNOWN, OTHER_KEY))
    rows = Contact.objects.filter(fails | Q(milliseconds__gte=LATE_MILLISECONDS))
    return frozenset(rows.values_list("partner_id", flat=True))


def contact_of(partner_id: UUID) -> Contact:
    """The row, or one that says that nobody has spoken with it."""
    return Contact.objects.filter(pk=partner_id).first() or Contact(partner_id=partner_id)


def answered(partner_id: UUID, milliseconds: int, now: datetime, *, refusing: bool | None = None) -> bool:
    """A whole signed answer came; whether the partner had been failing. `refusing`: of an answer to a question."""
    row = contact_of(partner_id)
    was_failing = row.failing_since is not None
    said = row.refusing if refusing is None else refusing
    same = (row.refusing, row.milliseconds >= LATE_MILLISECONDS) == (said, milliseconds >= LATE_MILLISECONDS)
    fresh = row.answered_at is not None and now - WRITTEN_EVERY < row.answered_at <= now
    if fresh and same and not was_failing:
        return False
    _write(
        partner_id,
        answered_at=now,
        milliseconds=milliseconds,
        refusing=said,
        failing_since=None,
        failures=0,
        retry_at=None,
        code="",
    )
    return was_failing


def late(partner_ids: Iterable[UUID]) -> None:
    """They let somebody wait in vain: nobody waits for them until an answer was quick again."""
    for partner_id in partner_ids:
        _write(partner_id, milliseconds=LATE_MILLISECONDS)


def failed(partner_id: UUID, code: str, now: datetime) -> None:
    """No answer came, or one that is none. Messages that were on their way together fail once together."""
    row = contact_of(partner_id)
    together = row.failing_since is not None and row.retry_at is not None and now < row.retry_at
    failures = row.failures if together else row.failures + 1
    _write(
        partner_id,
        failing_since=row.failing_since or now,
        failures=failures,
        retry_at=row.retry_at if together else now + back_off(failures, FIRST_RETRY, LONGEST_RETRY),
        code=code[:60],
    )


def spoke(partner_id: UUID, now: datetime) -> None:
    """A message of the partner's came: where it fails, it is tried at once, in the caller's transaction."""
    Contact.objects.filter(pk=partner_id, failing_since__isnull=False, retry_at__gt=now).update(retry_at=now)


def told(partner_id: UUID, capabilities: dict[str, Any], now: datetime) -> None:
    """What it says that it can do."""
    _write(partner_id, capabilities=capabilities, told_at=now)


def _write(partner_id: UUID, **columns: Any) -> None:
    with writing():
        Contact.objects.update_or_create(partner_id=partner_id, defaults=columns)
