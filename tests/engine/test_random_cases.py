"""Predicate, index and sweep against the brute force: no pair lost, none invented (specification 4.2; property tests).

Each random case is judged once by the brute force, and all three are held against that.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import pytest
from brute_force import expected
from cases import DAY, FAMILIES, POINT_FAMILIES, random_operations

from vigil.engine import sweep
from vigil.engine.index import Index
from vigil.engine.join import Conflict
from vigil.engine.operation import Match, Operation, Window
from vigil.engine.predicate import match

CASES = int(os.environ.get("VIGIL_TEST_CASES", "1000"))
SHARE_OF_SHAPES = 0.15
"""Shapes are slow to judge by brute force: this part of the cases has them."""
ALONE, TOGETHER = 20, 20
"""So many cases of a family are swept each by itself; then so many in one sweep, which costs little more than one."""
APART = 30 * DAY
"""Between the cases of one sweep: farther than the windows of any of them reach."""


def cases_of(family: str) -> int:
    points = family in POINT_FAMILIES
    families = len(POINT_FAMILIES) if points else len(FAMILIES) - len(POINT_FAMILIES)
    share = 1 - SHARE_OF_SHAPES if points else SHARE_OF_SHAPES
    return max(2, -int(-CASES * share // families))


def companies(count: int) -> Iterator[range]:
    """The seeds of the cases that are swept together."""
    alone = min(ALONE, count)
    yield from (range(seed, seed + 1) for seed in range(alone))
    yield from (range(first, min(first + TOGETHER, count)) for first in range(alone, count, TOGETHER))


def case(family: str, seed: int) -> list[Operation]:
    """Operations of a time and with ids of their own."""
    rng = random.Random(f"{family}-{seed}")
    operations = random_operations(rng, family, rng.randint(2, 5 if family in POINT_FAMILIES else 3))
    return [_later(one, f"{seed:05d}-", seed % TOGETHER * APART) for one in operations]


def _later(one: Operation, name: str, by: int) -> Operation:
    return replace(
        one,
        operation_id=name + one.operation_id,
        sites=tuple(replace(site, starts_at=site.starts_at + by, ends_at=site.ends_at + by) for site in one.sites),
        span=one.span and Window(one.span.start + by, one.span.end + by),
        joint_with=frozenset(name + other for other in one.joint_with),
    )


def as_match(row: Conflict) -> Match:
    return Match(row.basis, row.overlap, row.band, row.distance_m, row.subjects)


def alike(found: Match | None, wanted: Match | None) -> bool:
    """The same answer; distances may differ by the rounding of the solver's direction."""
    if found is None or wanted is None:
        return found is wanted
    same = (found.basis, found.overlap, found.band, found.subjects) == (
        wanted.basis,
        wanted.overlap,
        wanted.band,
        wanted.subjects,
    )
    return same and found.distance_m == pytest.approx(wanted.distance_m, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_predicate_index_and_sweep_agree_with_the_brute_force(family: str) -> None:
    for seeds in companies(cases_of(family)):
        cases = [case(family, seed) for seed in seeds]
        operations = [one for operations in cases for one in operations]
        random.Random(f"{family}-{seeds}").shuffle(operations)
        swept = {(row.operation_a, row.operation_b): as_match(row) for row in sweep(operations).conflicts}
        assert list(swept) == sorted(swept)
        index = Index(operations)
        found = {(one.operation_id, other): how for one in operations for other, how in index.search(one)}
        for a, b in (pair for operations in cases for pair in combinations(operations, 2)):
            given = match(a, b)
            assert given == match(b, a), f"{family}: not symmetric\n{a}\n{b}"
            one = swept.pop((a.operation_id, b.operation_id), None)
            wanted = expected(a, b)
            faults = [fault for answer in (given, one) if (fault := wanted.fault(answer))]
            assert not faults, f"{family}: {faults}\n{a}\n{b}"
            assert alike(one, given), f"{family}: {one} is not {given}\n{a}\n{b}"
            assert found.pop((a.operation_id, b.operation_id), None) == given
            assert found.pop((b.operation_id, a.operation_id), None) == given
        assert not swept
        assert not found


@pytest.mark.parametrize("family", FAMILIES)
def test_families_hold_both_matches_and_misses(family: str) -> None:
    """A family in which everything or nothing matches would prove nothing."""
    seen = set()
    for seed in range(60):
        operations = random_operations(random.Random(seed), family, 4)
        seen |= {match(a, b) is not None for a, b in combinations(operations, 2)}
        if len(seen) == 2:
            return
    assert seen == {True, False}


@pytest.mark.slow
def test_sweep_of_all_families_together_agrees_with_the_predicate() -> None:
    rng = random.Random(5)
    operations = []
    for number, family in enumerate(FAMILIES):
        operations += [
            Operation(f"{number:02d}-{one.operation_id}", one.sites, one.subjects, one.span, one.mode)
            for one in random_operations(rng, family, 12 if family in POINT_FAMILIES else 5)
        ]
    found = {(row.operation_a, row.operation_b): as_match(row) for row in sweep(operations).conflicts}
    wanted = {
        (a.operation_id, b.operation_id): how
        for a, b in combinations(operations, 2)
        if (how := match(a, b)) is not None
    }
    assert found.keys() == wanted.keys()
    assert all(alike(found[pair], wanted[pair]) for pair in wanted)
