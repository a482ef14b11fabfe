"""Records given out one by one: what few say is cut, and what is left is said by k at least."""

from __future__ import annotations

import random
from collections import Counter

from vigil.core.privacy import generalised


def test_what_few_say_is_cut_from_the_right() -> None:
    night, day = ("traffic", "night", "2026-10"), ("traffic", "day", "2026-10")
    found = generalised([night] * 5 + [day] * 3 + [("alarm", "day", "2026-10")] + [("traffic", "night", "2026-11")] * 2)
    assert found[:5] == [night] * 5
    assert found[5:8] == [("traffic", "", "")] * 3
    assert found[8] == ("", "", "")
    assert found[9:] == [("traffic", "", "")] * 2
    assert generalised([]) == []


def test_whatever_is_left_is_said_by_k_or_by_nobody() -> None:
    draw = random.Random(7)
    for k in (2, 5):
        records = [(draw.choice("ab"), draw.choice("cde"), draw.choice("fghi")) for _ in range(60)]
        found = generalised(records, k)
        for record, count in Counter(found).items():
            assert count >= k or not any(record)
        for given, kept in zip(records, found, strict=True):
            assert all(not new or new == old for new, old in zip(kept, given, strict=True))
        assert any(all(kept) for kept in found)
