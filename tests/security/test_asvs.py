"""The table of ASVS requirements: none is forgotten, what is met names what shows it, and that is there."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from tests.security import documents

from vigil.config.folders import BASE_DIR

DOCUMENT = "docs/security/asvs.md"
HEADS = ("Id", "In our words", "Status", "Shown by, or why")
STATES = {"met", "open", "operator", "n/a"}
DATA = BASE_DIR.parent / "shared" / "data" / "asvs" / "asvs-5.0.0-en.csv"
"""The standard itself, where it lies beside the project; it is not part of it."""
LEVEL_3 = {"V6", "V7", "V8", "V11", "V12", "V14", "V16"}
COUNT = 290
"""Of levels 1 and 2, and of level 3 in those chapters."""


def rows() -> list[list[str]]:
    return list(documents.rows(documents.text_of(DOCUMENT), HEADS))


def test_what_the_table_names_is_there() -> None:
    assert documents.missing(DOCUMENT) == []


def test_each_row_has_a_state_and_what_shows_it_or_why(record_property: Callable[[str, Any], None]) -> None:
    assert [row for row in rows() if len(row) != len(HEADS)] == []
    for name, words, state, shown in rows():
        assert re.fullmatch(r"V\d+\.\d+\.\d+", name), name
        assert words, name
        assert state in STATES, name
        assert documents.named(shown) if state == "met" else shown, f"{name}: nothing shows it, and nothing says why"
    states = Counter(row[2] for row in rows())
    said = ", ".join(f"{count} {state}" for state, count in states.most_common())
    record_property("counted", f"{states.total()} ASVS requirements ({said})")


def test_no_requirement_stands_twice_or_is_missing() -> None:
    names = [row[0] for row in rows()]
    assert len(set(names)) == len(names) == COUNT


@pytest.mark.real_data
def test_the_ids_are_those_of_the_standard() -> None:
    if not DATA.exists():
        pytest.skip(f"the standard is not at {DATA}: the ids are only counted")
    with DATA.open(encoding="utf-8", newline="") as file:
        wanted = {
            row["req_id"]
            for row in csv.DictReader(file)
            if row["L"] in ("1", "2") or (row["L"] == "3" and row["chapter_id"] in LEVEL_3)
        }
    assert {row[0] for row in rows()} == wanted
