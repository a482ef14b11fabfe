"""Jobs: enqueued with their cause, done once, retried, never lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from vigil.core.back_off import back_off
from vigil.platform.jobs import queue
from vigil.platform.jobs.models import Job
from vigil.platform.jobs.worker import Worker

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A kind `test.note` that notes its calls, and raises what the payload asks for."""
    noted: list[dict[str, Any]] = []

    def note(payload: dict[str, Any], now: datetime) -> None:
        noted.append(payload)
        if payload.get("fail"):
            raise ValueError("secret place in the message")
        if payload.get("again"):
            raise queue.RetryLater(now + timedelta(hours=1))

    monkeypatch.setitem(queue.KINDS, "test.note", queue.Kind(note, max_attempts=3))
    monkeypatch.setattr(queue, "PERIODIC", {})
    return noted


class Hands:
    """A worker whose clock the test turns."""

    def __init__(self, now: datetime) -> None:
        self.at = now
        self.worker = Worker(now=lambda: self.at)

    def work(self, later: timedelta = timedelta(0)) -> int:
        self.at += later
        return self.worker.run_until_idle()


def test_a_job_is_done_once(calls: list[Any], now: datetime) -> None:
    queue.enqueue("test.note", {"operation": "a"})
    assert Hands(now).work() == 1
    assert Hands(now).work() == 0
    assert calls == [{"operation": "a"}]
    assert Job.objects.get().state == "done"


def test_an_equal_key_adds_no_second_job(calls: list[Any], now: datetime) -> None:
    for _ in range(2):
        queue.enqueue("test.note", key="same")
    assert Job.objects.count() == 1


def test_a_job_of_a_rolled_back_transaction_never_was(calls: list[Any], now: datetime) -> None:
    with transaction.atomic():
        queue.enqueue("test.note")
        transaction.set_rollback(True)
    assert Hands(now).work() == 0


def test_a_job_waits_for_its_time(calls: list[Any], now: datetime) -> None:
    queue.enqueue("test.note", run_after=now + timedelta(minutes=5))
    hands = Hands(now)
    assert hands.work() == 0
    assert hands.work(timedelta(minutes=5)) == 1


def test_a_failing_job_is_retried_later_and_later_then_dead_and_revivable(
    calls: list[Any], now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    queue.enqueue("test.note", {"fail": True})
    hands = Hands(now)
    assert hands.work() == 1
    assert hands.work(timedelta(seconds=1)) == 0, "two seconds of patience first"
    assert hands.work(timedelta(seconds=1)) == 1
    assert hands.work(timedelta(seconds=4)) == 1
    dead = Job.objects.get()
    assert (dead.state, dead.last_error, dead.attempts) == ("dead", "ValueError", 3)
    assert hands.work(timedelta(days=1)) == 0
    assert "secret place" not in dead.last_error
    assert queue.revive(dead.pk, hands.at)
    assert hands.work() == 1


def test_a_job_may_ask_for_another_time_without_failing(calls: list[Any], now: datetime) -> None:
    queue.enqueue("test.note", {"again": True})
    hands = Hands(now)
    for _ in range(5):
        assert hands.work(timedelta(hours=1)) == 1
    assert Job.objects.get().state == "ready"


def test_a_job_of_no_known_kind_is_kept(calls: list[Any], now: datetime) -> None:
    queue.enqueue("test.unheard")
    assert Hands(now).work() == 1
    assert (Job.objects.get().state, Job.objects.get().last_error) == ("ready", "LookupError")


def test_the_job_of_a_worker_that_died_is_done_by_another_when_its_lease_ends(calls: list[Any], now: datetime) -> None:
    queue.enqueue("test.note")
    dying = queue.claim(now)
    assert dying is not None
    assert queue.claim(now) is None
    assert Hands(now + queue.LEASE).work() == 1
    assert Job.objects.get().state == "done"


def test_a_worker_that_comes_back_after_its_lease_does_not_undo_anothers_mark(calls: list[Any], now: datetime) -> None:
    queue.enqueue("test.note", {"fail": True})
    slow = queue.claim(now)
    other = queue.claim(now + queue.LEASE)
    assert slow is not None
    assert other is not None
    Job.objects.filter(pk=other.pk).update(state="done")
    queue.run(slow, now)
    assert (Job.objects.get().state, Job.objects.get().last_error) == ("done", "")


def test_of_two_claims_at_once_one_wins(calls: list[Any], now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.enqueue("test.note")
    first = Job.objects.get()
    stolen = queue.claim(now)
    assert stolen is not None
    # What the slower of two workers saw before the quicker one's claim was committed.
    taken = Job.objects.filter(pk=first.pk, lease_token=first.lease_token).update(attempts=99)
    assert taken == 0


def test_periodic_work_runs_at_its_interval_and_its_trouble_stops_nothing(
    calls: list[Any], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks: list[datetime] = []

    def tick(at: datetime) -> None:
        ticks.append(at)
        raise ValueError

    monkeypatch.setattr(queue, "PERIODIC", {"test.tick": queue.Periodic(tick, timedelta(seconds=10))})
    queue.enqueue("test.note")
    hands = Hands(now)
    hands.work()
    hands.work(timedelta(seconds=9))
    hands.work(timedelta(seconds=1))
    assert ticks == [now, now + timedelta(seconds=10)]
    assert len(calls) == 1


def test_back_off_doubles_up_to_a_quarter_of_an_hour() -> None:
    waits = [back_off(n, queue.FIRST_RETRY, queue.LONGEST_RETRY).total_seconds() for n in (1, 2, 3, 9, 10, 60)]
    assert waits == [2, 4, 8, 512, 900, 900]


def test_the_database_learns_how_its_rows_are_spread(now: datetime, people: Any) -> None:
    from django.db import connection

    from vigil.platform.jobs.jobs import learn_statistics

    learn_statistics(now)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'agencies_agency'")
            assert cursor.fetchone()[0] > 0
