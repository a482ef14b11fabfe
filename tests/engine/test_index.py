"""Predicate and index against the brute force: no pair lost, none invented (specification 4.2; property tests)."""

from __future__ import annotations

import os
import random
from itertools import combinations

import pytest
from brute_force import expected
from cases import FAMILIES, POINT_FAMILIES, random_operations

from vigil.engine.index import Index
from vigil.engine.predicate import match

CASES = int(os.environ.get("VIGIL_TEST_CASES", "1000"))
SHARE_OF_SHAPES = 0.15
"""Shapes are slow to judge by brute force: this part of the cases has them."""


def cases_of(family: str) -> int:
    points = family in POINT_FAMILIES
    families = len(POINT_FAMILIES) if points else len(FAMILIES) - len(POINT_FAMILIES)
    share = 1 - SHARE_OF_SHAPES if points else SHARE_OF_SHAPES
    return max(2, -int(-CASES * share // families))


@pytest.mark.parametrize("family", FAMILIES)
def test_predicate_and_index_agree_with_the_brute_force(family: str) -> None:
    for seed in range(cases_of(family)):
        rng = random.Random(f"{family}-{seed}")
        operations = random_operations(rng, family, rng.randint(2, 5 if family in POINT_FAMILIES else 3))
        index = Index(operations)
        found = {(one.operation_id, other): how for one in operations for other, how in index.search(one)}
        for a, b in combinations(operations, 2):
            given = match(a, b)
            assert given == match(b, a), f"{family} seed {seed}: not symmetric"
            fault = expected(a, b).fault(given)
            assert fault is None, f"{family} seed {seed}: {fault}\n{a}\n{b}"
            assert found.get((a.operation_id, b.operation_id)) == given
            assert found.get((b.operation_id, a.operation_id)) == given


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
