"""The queue: jobs are enqueued in the caller's transaction, claimed by one worker, retried, and never lost.

    @job("deconfliction.search_due")
    def search_due(payload: dict[str, Any], now: datetime) -> None: ...

A handler may run more than once (a worker can die after the work and before the mark), so it must be
harmless to repeat.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from vigil.core.back_off import back_off
from vigil.core.errors import DomainError
from vigil.core.identifiers import uuid7
from vigil.platform import clock
from vigil.platform.jobs.models import Job

log = logging.getLogger("vigil.jobs")

Handler = Callable[[dict[str, Any], datetime], None]
PeriodicHandler = Callable[[datetime], None]

LEASE = timedelta(minutes=5)
FIRST_RETRY = timedelta(seconds=2)
LONGEST_RETRY = timedelta(minutes=15)
MAX_ATTEMPTS = 15
"""About two hours of tries, then the job is dead and shown by `vigil jobs`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of job is done; `max_attempts` None: tried until it works."""

    handler: Handler
    max_attempts: int | None = MAX_ATTEMPTS


@dataclass(frozen=True, slots=True)
class Periodic:
    """Something every worker does at an interval; safe when two workers do it at once."""

    handler: PeriodicHandler
    every: timedelta


KINDS: dict[str, Kind] = {}
PERIODIC: dict[str, Periodic] = {}


STARTUP: list[PeriodicHandler] = []


def at_start(handler: PeriodicHandler) -> PeriodicHandler:
    """Register what must be done before the node answers anything, e.g. overdue extensions (specification 3)."""
    STARTUP.append(handler)
    return handler


class RetryLater(Exception):
    """Raised by a handler that wants to be called again at a time of its own; this is no failure."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at.isoformat())
        self.at = at


def job(kind: str, max_attempts: int | None = MAX_ATTEMPTS) -> Callable[[Handler], Handler]:
    """Register the handler of a kind of job; modules named `jobs` of the apps are imported by the worker."""

    def register(handler: Handler) -> Handler:
        KINDS[kind] = Kind(handler, max_attempts)
        return handler

    return register


def periodic(name: str, every: timedelta) -> Callable[[PeriodicHandler], PeriodicHandler]:
    """Register something that each worker does at an interval, from its start on."""

    def register(handler: PeriodicHandler) -> PeriodicHandler:
        PERIODIC[name] = Periodic(handler, every)
        return handler

    return register


def enqueue(
    kind: str,
    payload: Mapping[str, Any] | None = None,
    *,
    key: str | None = None,
    run_after: datetime | None = None,
) -> None:
    """Add a job within the caller's transaction. A second one with an equal `key` is not added.

    The payload is JSON: ids and instants as text, no names, no places.
    """
    Job.objects.bulk_create(
        [
            Job(
                kind=kind,
                payload=dict(payload or {}),
                idempotency_key=key or f"{kind}:{uuid7()}",
                run_after=run_after or clock.now(),
            )
        ],
        ignore_conflicts=True,
    )


def claim(now: datetime, kinds: tuple[str, ...] | None = None) -> Job | None:
    """Take the job that has been due longest, with a lease of our own; None when there is none.

    The claim is a conditional UPDATE: of two workers one changes the row, the other tries the next.
    """
    due = Job.objects.filter(Q(lease_until=None) | Q(lease_until__lte=now), state=Job.State.READY, run_after__lte=now)
    if kinds is not None:
        due = due.filter(kind__in=kinds)
    while True:
        candidate = due.order_by("run_after", "id").first()
        if candidate is None:
            return None
        mine = uuid7()
        taken = due.filter(pk=candidate.pk, lease_token=candidate.lease_token).update(
            lease_token=mine, lease_until=now + LEASE, attempts=candidate.attempts + 1
        )
        if taken:
            candidate.lease_token, candidate.lease_until = mine, now + LEASE
            candidate.attempts += 1
            return candidate


def meanwhile() -> None:
    """For a long job between its parts: the worker does what is due of its periodic work, alarms among it."""
    _meanwhile.get()()


_meanwhile: ContextVar[Callable[[], None]] = ContextVar("meanwhile", default=lambda: None)


def run(claimed: Job, now: datetime, periodic: Callable[[], None] = lambda: None) -> None:
    """Do a claimed job and mark how it ended; `periodic` is what a long one does between its parts."""
    kind = KINDS.get(claimed.kind)
    held = _meanwhile.set(periodic)
    try:
        if kind is None:
            raise LookupError(claimed.kind)
        kind.handler(claimed.payload, now)
    except RetryLater as later:
        _mark(claimed, run_after=later.at, attempts=0, last_error="", lease_until=None, lease_token=None)
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the job stays and is tried again
        _failed(claimed, kind, error, now)
    else:
        _mark(claimed, state=Job.State.DONE, finished_at=now, last_error="", lease_until=None)
    finally:
        _meanwhile.reset(held)


def _failed(claimed: Job, kind: Kind | None, error: Exception, now: datetime) -> None:
    code = error.code if isinstance(error, DomainError) else type(error).__name__
    limit = kind.max_attempts if kind else MAX_ATTEMPTS
    dead = limit is not None and claimed.attempts >= limit
    log.log(
        logging.ERROR if dead else logging.WARNING,
        "job died" if dead else "job failed",
        extra={"job_id": claimed.pk, "kind": claimed.kind, "code": code, "attempts": claimed.attempts},
        exc_info=error,
    )
    if dead:
        _mark(claimed, state=Job.State.DEAD, finished_at=now, last_error=code[:100], lease_until=None)
        return
    wait = back_off(claimed.attempts, FIRST_RETRY, LONGEST_RETRY)
    _mark(claimed, run_after=now + wait, last_error=code[:100], lease_until=None)


def _mark(claimed: Job, **changes: Any) -> None:
    token: UUID | None = claimed.lease_token
    # Only while the lease is still ours: a worker that was paused past its lease must not undo another's mark.
    Job.objects.filter(pk=claimed.pk, lease_token=token).update(**changes)


def revive(job_id: int, now: datetime) -> bool:
    """Give a dead job another round of attempts."""
    changes = {"state": Job.State.READY, "attempts": 0, "run_after": now, "finished_at": None, "lease_token": None}
    return bool(Job.objects.filter(pk=job_id, state=Job.State.DEAD).update(**changes))
