"""Nothing that the pages show together tells a small number: tried against every possible world."""

from __future__ import annotations

from collections import Counter
from datetime import date
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
    Board,
    Told,
    board,
    counted_until,
    few,
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


def worlds(total: int) -> np.ndarray:
    """Every way to lay so many lessons into the sorts, a way a row."""
    cells = len(SORTS)
    bars = np.array(list(combinations(range(total + cells - 1), cells - 1)), dtype=np.int16)
    edges = np.hstack([np.full((len(bars), 1), -1), bars, np.full((len(bars), 1), total + cells - 1)])
    return (np.diff(edges) - 1).astype(np.int8)


WORLDS = {n: worlds(n) for n in range(K, MOST + 1)}


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


@settings(max_examples=40, deadline=None)
@given(some.lists(some.sampled_from(SORTS), min_size=K, max_size=MOST))
def test_no_choice_on_the_page_and_no_two_together_tell_a_small_number(sorts: list[Sort]) -> None:
    truth = Counter(sorts)
    shown = board([lesson(*sort) for sort in sorts], TODAY, K)
    assert shown.total == len(sorts)
    every, real = WORLDS[len(sorts)], np.array([truth[sort] for sort in SORTS])
    agree = np.ones(len(every), dtype=bool)
    # The reader has counted the library by kind of call as well: that is known of every world.
    for kind in KINDS:
        inside = np.array([sort[0] == kind for sort in SORTS])
        agree &= every[:, inside].sum(1) == real[inside].sum()
    hidden = []
    for key, sorts_inside in asked(shown):
        inside = np.array(sorts_inside)
        number, counted = shown.number(*key), int(real[inside].sum())
        if number is None:
            hidden.append((key, inside, counted))
        else:
            assert number == counted, key
            assert not 0 < counted < K, key
            agree &= every[:, inside].sum(1) == number
    for key, inside, counted in hidden:
        if 0 < counted < K:
            assert int(every[agree][:, inside].sum(1).max()) >= K, key


def test_only_quarters_that_are_over_and_bring_enough_are_counted() -> None:
    days = [date(2026, 2, 1)] * 5 + [date(2026, 4, 1)] * 3 + [date(2026, 8, 31)] * 2 + [date(2026, 11, 1)] * 9
    assert counted_until(days, TODAY) == date(2026, 9, 30)  # three of spring and two of summer are five
    assert counted_until(days[:-10], TODAY) == date(2026, 3, 31)
    assert counted_until(days, date(2026, 3, 31)) is None
    assert board([lesson(month=11)] * 9, TODAY) == Board()


def test_kinds_of_call_with_few_lessons_are_one_row_and_take_another_in_where_they_are_few_together() -> None:
    assert few({"traffic": 9, "alarm": 5}) == frozenset()
    assert few({"traffic": 9, "alarm": 3, "ambush": 2}) == {"alarm", "ambush"}
    assert few({"traffic": 9, "alarm": 6, "ambush": 2}) == {"alarm", "ambush"}
    shown = board([lesson()] * 6 + [lesson("alarm")] * 3 + [lesson("")] * 2, TODAY)
    assert (shown.groups, shown.together) == ({"traffic": 6, OTHERS: 5}, ("alarm", UNSAID))
    assert shown.number("worst", "fatal", OTHERS) == 5


def test_what_nobody_said_is_nothing_and_quarters_have_no_gaps() -> None:
    shown = board([lesson(month=2)] * 5 + [lesson(month=8)] * 7, TODAY)
    assert shown.quarters == ("2026-Q1", "2026-Q2", "2026-Q3")
    assert [shown.number(QUARTER, one) for one in shown.quarters] == [5, 0, 7]
    assert shown.number("subject", "armed") == shown.number(FACTOR, "animals") == 0
    old = [Told(date(2020, 1, 1), "traffic")] * 6
    shown = board([*old, *[lesson(month=8)] * 7], TODAY)
    assert (len(shown.quarters), shown.quarters[0], shown.number(QUARTER, EARLIER)) == (QUARTERS_SHOWN + 1, EARLIER, 6)


def test_a_title_does_not_claim_the_most_where_what_is_hidden_may_be_more() -> None:
    stops = [Told(date(2026, 5, 1), "traffic", ("light", *(["staffing"] if n < 20 else []))) for n in range(38)]
    stops += [Told(date(2026, 5, 1), "traffic", ("staffing",))] * 2
    shown = board(stops, date(2026, 10, 2))
    assert (shown.number("factor", "light"), shown.number("factor", "staffing")) == (None, 22)
    assert "named by 22 of 40 lessons, the most of what is shown" in queries.finding(shown, ALL)
