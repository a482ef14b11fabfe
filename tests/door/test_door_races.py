"""What comes at the same moment: nothing is lost, nothing is done twice. A real door, threads, and a barrier."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest
from tests.door.served import Pairs, Served, heading, receipt_on, served

Answer = tuple[int, str]
STORIES = tuple(f"Story {number}: it was dark, and raining." for number in range(4))


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("races")) as running:
        yield running


@pytest.fixture(scope="module")
def sent(door: Served) -> list[list[Answer]]:
    """Four reports, each posted by three at the same moment with one ticket, until they were ripe."""
    filled = [door.filled(story) for story in STORIES]
    return [_until_ripe(door, fields) for fields in filled]


def _until_ripe(door: Served, fields: Pairs) -> list[Answer]:
    # The last of a round may be ripe when the first was not yet: whatever was taken counts.
    taken: list[Answer] = []
    while len(taken) < 3:
        taken += [answer for answer in together(*[lambda: door.post("/report/", fields)] * 3) if answer[0] != 429]
    return taken


def together(*calls: Callable[[], Answer]) -> list[Answer]:
    """All at the same moment."""
    gate = Barrier(len(calls))

    def one(call: Callable[[], Answer]) -> Answer:
        gate.wait(60)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def rows(door: Served, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{door.folder}/door.sqlite3?mode=ro", uri=True, timeout=60)) as drop:
        return drop.execute(sql).fetchall()


def use(door: Served, receipt: str, go: str = "open", text: str = "") -> Callable[[], Answer]:
    return lambda: door.post("/receipt/", [("receipt", receipt), ("go", go), ("text", text)])


def test_one_ticket_posted_by_several_is_one_report_with_one_receipt(door: Served, sent: list[list[Answer]]) -> None:
    shown = [{receipt_on(page) for _, page in answers} for answers in sent]
    assert [len(receipts) for receipts in shown] == [1, 1, 1, 1]
    assert len(set().union(*shown)) == 4
    for answers in sent:
        assert [heading(page) for _, page in answers].count("It is sent. Write this down.") == 1
    assert rows(door, "SELECT count(*) FROM door_report") == [(4,)]
    twice = "SELECT report_id FROM door_letter WHERE kind = 'report' GROUP BY report_id HAVING count(*) > 1"
    assert rows(door, twice) == []


@pytest.mark.slow
def test_readers_and_writers_of_one_receipt_lose_nothing(door: Served, sent: list[list[Answer]]) -> None:
    receipt = receipt_on(sent[0][0][1])
    said = [f"More, part {number}." for number in range(3)]
    answers = together(
        *[use(door, receipt)] * 2,
        *[use(door, receipt, "as-typed", text) for text in said],
        *[use(door, receipt, "as-typed", "The same, pressed twice.")] * 2,
    )
    assert {status for status, _ in answers} == {200}
    assert all(STORIES[0] in page for _, page in answers)
    _, page = use(door, receipt)()
    for text in (*said, "The same, pressed twice."):
        assert page.count(text) == 1, text
    numbers = "SELECT number FROM door_letter GROUP BY report_id, number HAVING count(*) > 1"
    assert rows(door, numbers) == []


@pytest.mark.slow
def test_what_is_answered_while_it_is_taken_back_is_destroyed_or_was_never_written(
    door: Served, sent: list[list[Answer]]
) -> None:
    for answers in sent[1:]:
        receipt = receipt_on(answers[0][1])
        said = [f"Late, part {number}." for number in range(3)]
        pages = together(use(door, receipt, "withdraw-now"), *[use(door, receipt, "as-typed", text) for text in said])
        for text, (_, page) in zip(said, pages[1:], strict=True):
            assert text in page, "it stands among the letters, or to be copied"
        assert heading(use(door, receipt)()[1]) == "Your report"
    left = "FROM door_letter JOIN door_report ON report_id = door_report.id WHERE stage = 'withdrawn'"
    assert rows(door, f"SELECT count(*) {left}") == [(0,)]
    assert rows(door, "SELECT count(*) FROM door_report WHERE stage = 'withdrawn'") == [(3,)]
    assert rows(door, "SELECT count(*) FROM door_letterkey WHERE letter_id NOT IN (SELECT id FROM door_letter)") == [
        (0,)
    ]
