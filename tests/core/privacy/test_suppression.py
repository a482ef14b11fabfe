"""An attacker who tries every table that agrees with what is shown never learns that a number is small."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from vigil.core.privacy.suppression import Shown, suppressed, suppressed_line, suppressed_together

SMALL_K = 3
"""The same rule with smaller numbers, so that every possible table can be tried."""


@cache
def worlds(cells: int, total: int) -> np.ndarray:
    """Every way to lay so many reports into so many cells, a way a row."""
    bars = np.array(list(combinations(range(total + cells - 1), cells - 1)), dtype=np.int16)
    edges = np.hstack([np.full((len(bars), 1), -1), bars, np.full((len(bars), 1), total + cells - 1)])
    return (np.diff(edges) - 1).astype(np.int16)


def sums(world: Mapping[tuple[str, ...], int], *axes: int) -> dict[tuple[str, ...], int]:
    found: dict[tuple[str, ...], int] = {}
    for cell, count in world.items():
        key = tuple(cell[axis] for axis in axes)
        found[key] = found.get(key, 0) + count
    return found


Entry = tuple[tuple[int, ...], tuple[str, ...]]
"""Which axes of the world are kept, and their values: a cell, a total of a row or of a column, or the total of all."""


def entries(shown: Shown, axis: int) -> dict[Entry, int | None]:
    """Everything a table shows or hides."""
    return {
        **{((0, axis), cell): count for cell, count in shown.cells.items()},
        **{((0,), (row,)): count for row, count in shown.rows.items()},
        **{((axis,), (column,)): count for column, count in shown.columns.items()},
        ((), ()): shown.total,
    }


def attacked(shown: list[Shown], truth: Mapping[tuple[str, ...], int]) -> dict[Entry, int]:
    """For each hidden number the most it can be, over every world that agrees with what all the tables show."""
    every = worlds(len(truth), sum(truth.values()))
    seen: dict[Entry, np.ndarray] = {}
    agree = np.ones(len(every), dtype=bool)
    for axis, one in enumerate(shown, 1):
        for (axes, key), count in entries(one, axis).items():
            inside = np.array([tuple(cell[a] for a in axes) == key for cell in truth], dtype=np.int16)
            if count is None:
                seen[axes, key] = every @ inside
            else:
                agree &= every @ inside == count
    return {entry: int(values[agree].max()) for entry, values in seen.items()}


def assert_nothing_small_is_told(shown: list[Shown], truth: Mapping[tuple[str, ...], int]) -> None:
    for axis, one in enumerate(shown, 1):
        for (axes, key), count in entries(one, axis).items():
            real = sums(truth, *axes).get(key, 0)
            assert count is None or count == real
            assert count is None or not 0 < count < SMALL_K
    if all(one.total is not None for one in shown):
        most = attacked(shown, truth)
        for (axes, key), reached in most.items():
            if 0 < sums(truth, *axes).get(key, 0) < SMALL_K:
                assert reached >= SMALL_K, (axes, key)
    else:  # then nothing at all is shown
        assert all(count is None for one in shown for count in (*one.cells.values(), *one.rows.values()))


def at_most(most: int, counts: list[int]) -> list[int]:
    """The counts cut where they would exceed so many together."""
    cut = []
    for count in counts:
        cut.append(min(count, most - sum(cut)))
    return cut


@settings(max_examples=60, deadline=None)
@given(some.lists(some.integers(0, 5), min_size=6, max_size=6).map(lambda counts: at_most(12, counts)))
def test_no_table_tells_a_small_number(counts: list[int]) -> None:
    truth = dict(zip(product("ab", "xyz"), counts, strict=True))
    assert_nothing_small_is_told([suppressed(truth, SMALL_K)], truth)


@settings(max_examples=60, deadline=None)
@given(some.lists(some.integers(0, 4), min_size=8, max_size=8).map(lambda counts: at_most(9, counts)))
def test_no_two_tables_together_tell_one(counts: list[int]) -> None:
    truth = dict(zip(product("ab", "xy", "pq"), counts, strict=True))
    tables = {"one": sums(truth, 0, 1), "other": sums(truth, 0, 2)}
    shown = suppressed_together(tables, SMALL_K)  # type: ignore[arg-type]
    assert_nothing_small_is_told([shown["one"], shown["other"]], truth)


@settings(max_examples=60, deadline=None)
@given(some.dictionaries(some.sampled_from("abcdef"), some.integers(0, 9), min_size=1))
def test_no_line_tells_a_small_number(counts: dict[str, int]) -> None:
    shown, total = suppressed_line(counts)
    hidden = [name for name, count in shown.items() if count is None]
    assert all(counts[name] >= 5 or counts[name] == 0 for name in counts if name not in hidden)
    assert total is None or total == sum(counts.values())
    if total is not None and hidden:
        together = total - sum(count for count in shown.values() if count is not None)
        assert together >= 5  # all of it could be in any of the hidden ones
        assert len(hidden) > 1


def test_a_month_that_would_be_told_by_its_factors_is_hidden_with_another_one() -> None:
    shown = suppressed({("May", "fatigue"): 12, ("May", "light"): 9, ("June", "fatigue"): 3, ("June", "light"): 20})
    assert shown.cells == dict.fromkeys(product(("May", "June"), ("fatigue", "light")))
    assert shown.rows == {"May": 21, "June": 23}
    assert shown.columns == {"fatigue": 15, "light": 29}


def test_large_groups_and_empty_ones_are_shown() -> None:
    counts = {("May", "fatigue"): 12, ("May", "light"): 0, ("June", "fatigue"): 7, ("June", "light"): 20}
    assert suppressed(counts).cells == counts


def test_fewer_than_k_in_all_show_nothing() -> None:
    shown = suppressed({("May", "fatigue"): 2, ("June", "light"): 2})
    assert {*shown.cells.values(), *shown.rows.values(), *shown.columns.values(), shown.total} == {None}


def test_tables_of_different_reports_are_refused() -> None:
    with pytest.raises(ValueError, match="same reports"):
        suppressed_together({"one": {("May", "x"): 5}, "other": {("May", "y"): 6}})
