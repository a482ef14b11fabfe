"""Writers take turns, and whoever has committed holds nobody up."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from vigil.platform import turns
from vigil.platform.jobs.worker import Worker

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def free() -> bool:
    if not turns._turn.acquire(blocking=False):
        return False
    turns._turn.release()
    return True


def test_the_turn_has_passed_on_before_what_follows_the_commit() -> None:
    seen: list[bool] = []
    with turns.writing():
        transaction.on_commit(lambda: seen.append(free()))
    assert seen == [True]


def test_a_failed_write_passes_its_turn_on() -> None:
    with pytest.raises(LookupError), turns.writing():
        raise LookupError
    assert free()


def test_a_write_within_a_write_needs_no_second_turn() -> None:
    with turns.writing(), turns.writing():
        pass
    assert free()


class Clock:
    """Time that passes when it is slept, or by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="other databases have who waits stand in a row")
def test_who_gives_way_leaves_the_others_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(turns, "time", clock)
    monkeypatch.setattr(turns, "_mine", turns._Manners())

    def write(seconds: float) -> None:
        with turns.writing():
            clock.now += seconds

    def elsewhere() -> None:
        write(2.0)
        write(2.0)
        connection.close()

    write(2.0)
    write(2.0)
    assert clock.slept == [], "somebody waits for an ordinary one"
    turns.give_way()
    clock.now += 10
    for _ in range(6):
        write(turns.LONG_SECONDS * 0.3)
    assert clock.slept == [turns.PAUSE_SECONDS], "after four writes"
    clock.now += 10
    write(turns.LONG_SECONDS / 2)
    clock.now += turns.LONG_SECONDS / 2.5
    write(turns.LONG_SECONDS / 2)
    write(turns.LONG_SECONDS / 2)
    clock.now += 0.02
    write(0.0)
    assert clock.slept == [turns.PAUSE_SECONDS, round(turns.PAUSE_SECONDS - 0.02, 3)], "what was left to others counts"
    another = threading.Thread(target=elsewhere)
    another.start()
    another.join()
    assert len(clock.slept) == 2, "another thread does not give way"


def test_the_worker_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_mine", turns._Manners())
    ended = threading.Event()
    ended.set()
    Worker(stop=ended).run_forever()
    assert turns._mine.gives_way
