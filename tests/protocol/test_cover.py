"""The cover never loses a pair: whatever p1 matches shares a token (specification 4.2: a prefilter)."""

from __future__ import annotations

import os
import random
from itertools import combinations

import pytest
from tests.engine.cases import FAMILIES, POINT_FAMILIES, random_operations

from vigil.engine.operation import Operation
from vigil.engine.predicate import match
from vigil.protocol.cover import (
    MOST_TOKENS,
    place_tokens,
    subject_tokens,
)

CASES = int(os.environ.get("VIGIL_TEST_CASES", "1000"))


class Covered:
    """An operation with its tokens as either node would put them."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.places = {first: place_tokens(operation, first) for first in (True, False)}
        self.subjects = {
            first: subject_tokens(operation.subjects, operation.subject_window, operation.mode, first)
            for first in (True, False)
        }
        assert max(map(len, (*self.places.values(), *self.subjects.values()))) <= MOST_TOKENS

    def meets(self, other: Covered) -> bool:
        """Whether the two share a place token: the same whichever node is the first."""
        one, two = (not self.places[first].isdisjoint(other.places[not first]) for first in (True, False))
        assert one == two
        return one

    def meets_by_subject(self, other: Covered) -> bool:
        return not self.subjects[True].isdisjoint(other.subjects[False])


@pytest.mark.parametrize("family", FAMILIES)
def test_every_match_of_the_property_tests_shares_a_token(family: str) -> None:
    matched = apart = 0
    for seed in range(max(2, CASES // (100 if family in POINT_FAMILIES else 400))):
        operations = random_operations(random.Random(f"cover-{family}-{seed}"), family, 8)
        for one, two in combinations(map(Covered, operations), 2):
            found = match(one.operation, two.operation)
            matched += found is not None
            apart += not one.meets(two)
            if found is not None:
                where = f"{family} seed {seed}: {found}\n{one.operation}\n{two.operation}"
                assert found.band is None or one.meets(two), where
                assert not found.subjects or one.meets_by_subject(two), where
    assert matched
    assert apart or family == "near_antipodal", "a cover that everything meets proves nothing"
