"""Nothing that the pages show together, on a day or over years, tells a small number: tried against every world."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import combinations, product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some

from vigil.apps.near_miss.learning import queries
from vigil.apps.near_miss.learning.rules import (
    ALL,
    EARLIER,
    FACTOR,
    OTHERS,
    QUARTER,
    QUARTERS_SHOWN,
    UNSAID,
    Batch,
    Board,
    Told,
    board,
    new_batches,
)

K = 3
"""The same rules with smaller numbers, so that every possible world can be tried."""
TODAY = date(2026, 11, 24)
KINDS, WORSTS, FACTORS = ("alarm", "traffic"), ("fatal", "minor"), (("light",), ("skill",), ("light", "skill"))
Sort = tuple[str, str, tuple[str, ...]]
SORTS: list[Sort] = list(product(KINDS, WORSTS, FACTORS))
"""Every sort of lesson there is in these worlds."""
MOST = 9


def lesson(kind: str = "traffic", worst: str = "fatal", factors: tuple[str, ...] = ("light",), month: int = 2) -> Told:
    return Told(date(2026, month, 1), kind, factors, {"worst": (worst,)})


@cache
def worlds(total: int) -> np.ndarray:
    """Every way to lay so many lessons into the sorts, a way a row."""
    cells = len(SORTS)
    bars = np.array(list(combinations(range(total + cells - 1), cells - 1)), dtype=np.int16)
    edges = np.hstack([np.full((len(bars), 1), -1), bars, np.full((len(bars), 1), total + cells - 1)])
    return (np.diff(edges) - 1).astype(np.int8)


def asked(shown: Board) -> list[tuple[tuple[str, str, str], list[bool]]]:
    """Everything that any choice on the page shows or hides: question, answer, group, and the sorts inside it."""
    found = []
    for group in (ALL, *shown.groups):
        kinds = {ALL: KINDS, OTHERS: shown.together}.get(group, (group,))
        for worst in WORSTS:
            inside = [sort[0] in kinds and sort[1] == worst for sort in SORTS]
            found.append((("worst", worst, group), inside))
        for factor in ("light", "skill"):
            inside = [sort[0] in kinds and factor in sort[2] for sort in SORTS]
            found.append(((FACTOR, factor, group), inside))
    return found


def counted(lessons: Iterable[Told], k: int = K, today: date = TODAY) -> list[Batch]:
    """The batches in which a library of only these is counted for the first time."""
    return new_batches(lessons, (), today, k)


@settings(max_examples=40, deadline=None)
@given(some.lists(some.sampled_from(SORTS), min_size=K, max_size=MOST))
def test_no_choice_on_the_page_and_no_two_together_tell_a_small_number(sorts: list[Sort]) -> None:
    batches = counted(lesson(*sort) for sort in sorts)
    sorts = [(one.call_type, one.scene["worst"][0], one.factors) for batch in batches for one in batch.lessons]
    shown = board(batches, 0, K)
    assert shown.total == len(sorts)
    if not sorts:
        return
    truth = Counter(sorts)
    every, real = worlds(len(sorts)), np.array([truth[sort] for sort in SORTS])
    agree = np.ones(len(every), dtype=bool)
    # The reader has counted the library by kind of call as well: that is known of every world.
    for kind in KINDS:
        inside = np.array([sort[0] == kind for sort in SORTS])
        agree &= every[:, inside].sum(1) == real[inside].sum()
    hidden = []
    for key, sorts_inside in asked(shown):
        inside = np.array(sorts_inside)
        number, there = shown.number(*key), int(real[inside].sum())
        if number is None:
            hidden.append((key, inside, there))
        else:
            assert number == there, key
            assert not 0 < there < K, key
            agree &= every[:, inside].sum(1) == number
    for key, inside, there in hidden:
        if 0 < there < K:
            assert int(every[agree][:, inside].sum(1).max()) >= K, key


class Library:
    """Lessons over quarters, and everything that anybody could have kept of its patterns."""

    def __init__(self) -> None:
        self.quarter, self.published, self.batches = 0, list[Told](), list[Batch]()
        self.kept: set[tuple[int, ...]] = set()
        """Of each number ever shown which lessons it counted, a place for each published one."""

    def do(self, what: str) -> None:
        """Publish a lesson of that kind, let a quarter pass, or take a lesson back (by a place such as `3`)."""
        if what == "quarter":
            self.quarter += 1
        elif what.isdigit():
            gone = str(int(what) % len(self.published)) if self.published else ""
            self.published = [replace(one, number="") if one.number == gone else one for one in self.published]
            self.batches = [
                replace(batch, lessons=tuple(one for one in batch.lessons if one.number != gone))
                for batch in self.batches
            ]
        else:
            number = str(len(self.published))
            said = {"worst": (f"answer {number}",)}
            self.published.append(Told(self.day(15), what, ("light",), said, number))
        self.look()

    def day(self, day: int) -> date:
        return date(2026 + self.quarter // 4, self.quarter % 4 * 3 + 2, day)

    def look(self) -> None:
        """Count what there is enough of, and read every choice; with k = 1 nothing is hidden, so that each lesson's own
        answer shows whether it was counted.
        """
        inside = {one.number for batch in self.batches for one in batch.lessons}
        waiting = [one for one in self.published if one.number and one.number not in inside]
        lost = {one.number for batch in self.batches for one in batch.lessons if len(batch.lessons) < batch.size}
        assert not lost & {one.number for one in waiting}
        rows = {batch.row for batch in self.batches}
        self.batches += new_batches(waiting, rows, self.day(20), K)
        shown = board(self.batches, 0, 1)
        for group in (ALL, *shown.groups):
            counts = [shown.number("worst", f"answer {n}", group) or 0 for n in range(len(self.published))]
            self.kept.add(tuple(counts))

    def equations(self) -> np.ndarray:
        """A line each."""
        width = len(self.published)
        return np.array([[*one, *[0] * (width - len(one))] for one in self.kept])


@settings(max_examples=150, deadline=None)
@given(
    some.lists(
        some.one_of(some.sampled_from((*KINDS, "ambush", "quarter", "quarter")), some.integers(0, 9).map(str)),
        max_size=24,
    )
)
def test_who_keeps_every_page_ever_shown_finds_no_number_of_fewer_lessons(events: list[str]) -> None:
    library = Library()
    for one in events:
        library.do(one)
    width = len(library.published)
    if not width:
        return
    known = library.equations()
    rank = np.linalg.matrix_rank(known)
    for size in range(1, K):
        for few in combinations(range(width), size):
            wanted = np.zeros(width)
            wanted[list(few)] = 1
            assert np.linalg.matrix_rank(np.vstack([known, wanted])) > rank, (few, library.kept)


def test_the_keeper_of_pages_counts_what_is_there() -> None:
    library = Library()
    for one in [*["traffic"] * 4, "alarm", "quarter", *["traffic"] * 2, "alarm", "alarm", "quarter", "1", "quarter"]:
        library.do(one)
    # Four stops; then three alarms of two quarters; two stops wait. One of the four is taken back: none counts.
    assert [(one.row, one.size, len(one.lessons)) for one in library.batches] == [("traffic", 4, 3), ("alarm", 3, 3)]
    stops, alarms = (1, 1, 1, 1, 0), (0, 0, 0, 0, 1, 0, 0, 1, 1)
    both = tuple(map(sum, zip(alarms, (*stops, 0, 0, 0, 0), strict=True)))
    published = [(*stops, *[0] * more) for more in range(5)]
    assert {one for one in library.kept if any(one)} == {*published, alarms, both}


def test_lessons_are_counted_when_their_quarter_is_over_and_enough_of_a_kind_are_there() -> None:
    days = [date(2026, 2, 1)] * 3 + [date(2026, 4, 1)] * 3 + [date(2026, 11, 1)] * 9
    stops = [Told(day, "traffic") for day in days]
    (batch,) = counted(stops, 5)
    assert (batch.row, batch.until, batch.size) == ("traffic", date(2026, 9, 30), 6)
    assert counted(stops, 5, date(2026, 3, 31)) == counted(stops, 5, date(2026, 6, 30)) == []
    assert counted(stops, 5, date(2026, 7, 1))[0].until == date(2026, 6, 30)
    assert board([], 9) == Board(waiting=9)


def test_kinds_of_call_with_few_lessons_are_one_row_and_wait_where_they_are_few_together() -> None:
    lessons = [lesson()] * 6 + [lesson("alarm")] * 3 + [lesson("")] * 2
    batches = counted(lessons, 5)
    assert [(one.row, one.size) for one in batches] == [(OTHERS, 5), ("traffic", 6)]
    assert [one.row for one in counted(lessons[:-1], 5)] == ["traffic"]
    # Who has a row of their own waits for more of their own.
    assert new_batches(lessons[:4] + lessons[6:8], {"traffic"}, TODAY, 5) == []
    assert [one.size for one in new_batches(lessons[:4] + lessons[6:], {"traffic"}, TODAY, 5)] == [5]
    shown = board(batches)
    assert (shown.groups, shown.together) == ({"traffic": 6, OTHERS: 5}, ("alarm", UNSAID))
    assert shown.number("worst", "fatal", OTHERS) == 5


def test_what_nobody_said_is_nothing_and_quarters_have_no_gaps() -> None:
    shown = board(counted([lesson(month=2)] * 5 + [lesson(month=8)] * 7, 5))
    assert shown.quarters == ("2026-Q1", "2026-Q2", "2026-Q3")
    assert [shown.number(QUARTER, one) for one in shown.quarters] == [5, 0, 7]
    assert shown.number("subject", "armed") == shown.number(FACTOR, "animals") == 0
    old = [Told(date(2020, 1, 1), "traffic")] * 6
    shown = board(counted([*old, *[lesson(month=8)] * 7], 5))
    assert (len(shown.quarters), shown.quarters[0], shown.number(QUARTER, EARLIER)) == (QUARTERS_SHOWN + 1, EARLIER, 6)


def test_a_title_does_not_claim_the_most_where_what_is_hidden_may_be_more() -> None:
    stops = [Told(date(2026, 5, 1), "traffic", ("light", *(["staffing"] if n < 20 else []))) for n in range(38)]
    stops += [Told(date(2026, 5, 1), "traffic", ("staffing",))] * 2
    shown = board(counted(stops, 5, date(2026, 10, 2)))
    assert (shown.number("factor", "light"), shown.number("factor", "staffing")) == (None, 22)
    assert "named by 22 of 40 lessons, the most of what is shown" in queries.finding(shown, ALL)
