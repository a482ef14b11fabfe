"""The sender: brings what waits, lane by lane, until it was handed over. It runs beside the worker, in a thread of its
own, so that a slow provider delays no search.

A lane is a channel or a webhook. Each has a few places; what is urgent goes first, and what is not may hold only half
of them. A delivery is leased by a conditional UPDATE before it is brought and marked afterwards: who dies in between
leaves a lease that ends, and the same message is brought again under the same id. A lane that fails is tried with one
message at a time, each after 5 s, doubled, at most 60 s; the first that is taken calls the others.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import close_old_connections
from django.db.models import Q, QuerySet

from vigil.core.back_off import back_off
from vigil.core.identifiers import uuid7
from vigil.platform import clock
from vigil.platform.delivery import channels, failures, kinds
from vigil.platform.delivery.addresses import opened, reply_code
from vigil.platform.delivery.carrier import Message, NotTaken
from vigil.platform.delivery.models import Channel, Delivery
from vigil.platform.delivery.outbox import JITTER_SECONDS, STATE, STEP, step
from vigil.platform.points import write_point
from vigil.platform.prepared import insert
from vigil.platform.turns import writing

log = logging.getLogger("vigil.delivery")

LEASE = timedelta(seconds=90)
"""Longer than any attempt: three steps of `TIMEOUT_SECONDS`, and the wait for the database."""
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(seconds=60)
FURTHEST = LONGEST_RETRY + timedelta(seconds=JITTER_SECONDS)
"""Nothing is ever put off for longer: what is due later than this was written before the clock was set back."""
PLACES = 4
WEBHOOK_PLACES = 1
"""One server of somebody else's, which gets one message at a time."""
MOST_THREADS = 32
"""More than the channels have places together; the rest is for webhooks, which share them."""
IDLE_SECONDS = 0.2
POINTS = (
    "before_lease_commit",
    "after_lease_commit",
    "after_hand_over",
    "before_outcome_commit",
    "after_outcome_commit",
)
"""The named write points of one attempt, in the order in which they are passed."""

Lane = tuple[str, bool]
"""Its name, and whether what waits there is urgent."""


def _due(now: datetime) -> QuerySet[Delivery]:
    free = Q(lease_until=None) | Q(lease_until__lte=now) | Q(lease_until__gt=now + LEASE)
    ripe = Q(next_attempt_at__lte=now) | Q(next_attempt_at__gt=now + FURTHEST)
    return Delivery.objects.filter(free, ripe, state=STATE.WAITING)


def due_lanes(now: datetime) -> list[Lane]:
    """Where something is due, the urgent first."""
    rows = _due(now).values_list("lane", "urgent").distinct().order_by()
    return sorted(rows, key=lambda row: (not row[1], row[0]))


def lease(lane: Lane, limit: int, now: datetime) -> list[Delivery]:
    """Take up to so many deliveries of the lane, those due longest first: of two senders one gets each."""
    name, urgent = lane
    due = _due(now).filter(lane=name, urgent=urgent)
    leased = []
    with writing():
        for delivery in due.order_by("next_attempt_at", "id")[:limit]:
            mine = uuid7()
            changes = {"lease_token": mine, "lease_until": now + LEASE, "attempts": delivery.attempts + 1}
            if due.filter(pk=delivery.pk, lease_token=delivery.lease_token).update(**changes):
                delivery.lease_token, delivery.attempts = mine, delivery.attempts + 1
                leased.append(delivery)
        insert([step(delivery.pk, STEP.TRIED, now) for delivery in leased])
        write_point("before_lease_commit")
    write_point("after_lease_commit")
    return leased


def bring(delivery: Delivery, now: Callable[[], datetime] = clock.now) -> None:
    """Hand a leased delivery to its channel and write down what came of it."""
    try:
        _carry(delivery)
    except NotTaken as refused:
        _not_taken(delivery, refused.code, refused.for_good, now())
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the message stays and is brought again
        _not_taken(delivery, type(error).__name__, False, now())
    else:
        write_point("after_hand_over")
        _taken(delivery, now())
    write_point("after_outcome_commit")


def _carry(delivery: Delivery) -> None:
    to, _ = opened(delivery)
    kind = kinds.KINDS.get(delivery.kind)
    carrier = channels.CARRIERS.get(Channel(delivery.channel))
    if not to or kind is None or carrier is None or not carrier.is_set_up():
        raise NotTaken("not_set_up" if to and kind else "forgotten")
    code = reply_code(delivery.pk) if delivery.reply_token or kind.always_coded else ""
    carrier.carry(
        Message(
            id=delivery.pk,
            channel=Channel(delivery.channel),
            to=to,
            kind=delivery.kind,
            subject=kinds.subject(exercise=delivery.exercise),
            text=kinds.said(delivery.kind, exercise=delivery.exercise, reply_code=code),
            urgent=delivery.urgent,
            exercise=delivery.exercise,
            at=delivery.created_at,
        )
    )


def _ours(delivery: Delivery) -> QuerySet[Delivery]:
    # A reply, or whoever stopped it, may have been quicker than we; a sender that was paused past its lease changes
    # nothing that another one did meanwhile.
    return Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token, state=STATE.WAITING)


def _taken(delivery: Delivery, now: datetime) -> None:
    with writing():
        _ours(delivery).update(state=STATE.HANDED_OVER, ended_at=now, lease_until=None)
        insert([step(delivery.pk, STEP.HANDED_OVER, now)])
        _answered(delivery.lane, now)
        write_point("before_outcome_commit")


def _answered(lane: str, now: datetime) -> None:
    """The provider is there: what waits for its next try need not wait."""
    if failures.worked(lane):
        again = Delivery.objects.filter(lane=lane, state=STATE.WAITING, attempts__gt=0, lease_until=None)
        again.update(next_attempt_at=now)


def _not_taken(delivery: Delivery, code: str, for_good: bool, now: datetime) -> None:
    fields = {"kind": delivery.kind, "code": code, "attempts": delivery.attempts}
    log.warning("delivery was not taken", extra=fields)
    with writing():
        steps = [step(delivery.pk, STEP.FAILED, now, code)]
        if for_good or now >= delivery.until:
            if _ours(delivery).update(state=STATE.GAVE_UP, ended_at=now, lease_until=None):
                steps.append(step(delivery.pk, STEP.GAVE_UP, now, code))
        else:
            wait = back_off(delivery.attempts, FIRST_RETRY, LONGEST_RETRY)
            _ours(delivery).update(next_attempt_at=now + wait, lease_until=None)
        insert(steps)
        if for_good:
            _answered(delivery.lane, now)
        else:
            failures.failed(delivery.lane, code, now)
        write_point("before_outcome_commit")


class AtOnce(Executor):
    """Brings each in the thread that leased it: for tests, which look at what came of it next."""

    def submit(self, work: Callable[..., None], /, *args: object, **kwargs: object) -> Future[None]:  # type: ignore[override]
        """Done when it returns."""
        done: Future[None] = Future()
        work(*args, **kwargs)
        done.set_result(None)
        return done


class Sender:
    """`now`, `stop` and `executor` are handed in, so that a test drives time and needs no threads."""

    def __init__(
        self,
        now: Callable[[], datetime] = clock.now,
        stop: threading.Event | None = None,
        executor: Executor | None = None,
    ) -> None:
        self.now = now
        self.stop = stop or threading.Event()
        self._executor = executor or ThreadPoolExecutor(MOST_THREADS, "sender")
        self._held: Counter[Lane] = Counter()
        self._lock = threading.Lock()

    def run_forever(self) -> None:
        """Bring what is due until `stop` is set; what is in hand is finished first."""
        while not self.stop.is_set():
            try:
                busy = self.run_once()
            except Exception:  # the database may be away or its disk full; what waits there waits on
                log.exception("sender round failed")
                busy = False
            if not busy:
                close_old_connections()
                self.stop.wait(IDLE_SECONDS)
        self._executor.shutdown(wait=True, cancel_futures=True)

    def run_once(self) -> bool:
        """One round: lease what there are places for, and tell of lanes that fail; whether anything was leased."""
        now = self.now()
        failures.tell(now)
        lanes = due_lanes(now)
        failing = failures.failing(lane for lane, _ in lanes) if lanes else frozenset()
        leased: list[Delivery] = []
        for lane in lanes:
            places = self._places(lane, lane[0] in failing)
            if places > 0:
                leased += self._start(lease(lane, places, now))
        return bool(leased)

    def run_until_idle(self) -> int:
        """For tests: everything that is due now; how many rounds."""
        rounds = 0
        while self.run_once():
            rounds += 1
        return rounds

    def _places(self, lane: Lane, failing: bool) -> int:
        name, urgent = lane
        whole = WEBHOOK_PLACES if name.startswith(Channel.WEBHOOK) else PLACES
        whole = 1 if failing else whole
        with self._lock:
            free = whole - self._held[name, True] - self._held[name, False]
            return free if urgent else min(free, max(whole // 2, 1) - self._held[lane])

    def _start(self, leased: Sequence[Delivery]) -> Sequence[Delivery]:
        for delivery in leased:
            lane = delivery.lane, delivery.urgent
            with self._lock:
                self._held[lane] += 1
            self._executor.submit(self._bring, delivery)
        return leased

    def _bring(self, delivery: Delivery) -> None:
        try:
            bring(delivery, self.now)
        except Exception:  # what came of it could not be written: the lease ends, and it is brought again
            log.exception("delivery outcome not stored")
            close_old_connections()
        finally:
            with self._lock:
                self._held[delivery.lane, delivery.urgent] -= 1
