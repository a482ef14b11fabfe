"""The table of CJIS controls: what is met names what shows it, and that is there; the rest says why, or whose it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.security import documents

DOCUMENT = "docs/security/cjis.md"
HEADS = ("Control", "Figure", "State", "How, and what shows it", "Only the operator")
STATES = {"met", "open", "operator", "n/a"}
FAMILIES = {"AC", "IA", "AU", "SC", "MP", "SI", "CP", "IR", "SA", "5"}
NOTHING = "–"


def rows() -> list[list[str]]:
    return list(documents.rows(documents.text_of(DOCUMENT), HEADS))


def test_what_the_table_names_is_there() -> None:
    assert documents.missing(DOCUMENT) == []


def test_each_control_has_a_state_and_what_shows_it_or_why(record_property: Callable[[str, Any], None]) -> None:
    assert [row for row in rows() if len(row) != len(HEADS) or not all(row)] == []
    for control, figure, state, shown, operator in rows():
        assert figure != NOTHING, control
        assert state in STATES, control
        assert state != "met" or documents.named(shown), f"{control}: nothing shows it"
        assert state not in ("open", "n/a") or shown != NOTHING, f"{control}: nothing says why"
        assert state != "operator" or (shown, operator) != (NOTHING, NOTHING), f"{control}: nothing says what to do"
    states = Counter(row[2] for row in rows())
    said = ", ".join(f"{count} {state}" for state, count in states.most_common())
    record_property("counted", f"{states.total()} CJIS controls ({said})")


def test_every_family_is_there_and_no_control_twice() -> None:
    names = [row[0] for row in rows()]
    assert len(set(names)) == len(names)
    assert {name.split("-")[0].split(".")[0] for name in names} == FAMILIES
