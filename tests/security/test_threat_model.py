"""The threat model names what is there: each test it counts on exists, and no threat stands without an answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.security import documents

DOCUMENT = "THREAT_MODEL.md"
THREAT = re.compile(r"^### (T\d+) · ([STRIDE]+) · (.+)$", re.MULTILINE)
ANSWER = re.compile(r"^- \*\*(Met|Open|Operator|Not built)\*\*: ", re.MULTILINE)
STRIDE = {
    "Spoofing": "S",
    "Tampering": "T",
    "Repudiation": "R",
    "Disclosure": "I",
    "Denial": "D",
    "Elevation": "E",
}
FACTS = 30
"""Threats the model began with; later ones follow them."""


def threats() -> dict[str, tuple[str, str]]:
    """Letters and body of each threat."""
    text = documents.text_of(DOCUMENT)
    found = list(THREAT.finditer(text))
    ends = [one.start() for one in found[1:]] + [text.index("\n## ", found[-1].start())]
    return {one[1]: (one[2], text[one.end() : end]) for one, end in zip(found, ends, strict=True)}


def answers(body: str) -> list[tuple[str, str]]:
    """Kind and text of each answer to a threat."""
    parts = ANSWER.split(body)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def test_what_the_threat_model_names_is_there(record_property: Callable[[str, Any], None]) -> None:
    assert documents.missing(DOCUMENT) == []
    tests = documents.tests_in(documents.text_of(DOCUMENT))
    record_property("counted", f"{len(threats())} threats, answered by {len(set(tests))} tests")


def test_threats_are_numbered_without_a_gap() -> None:
    assert [int(name[1:]) for name in threats()] == list(range(1, len(threats()) + 1))
    assert len(threats()) >= FACTS


def test_each_threat_has_an_answer_and_what_is_met_names_its_test() -> None:
    for name, (_, body) in threats().items():
        assert answers(body), f"{name} has no answer"
        for kind, text in answers(body):
            assert len(text.split()) > 3, f"{name}: {kind} says nothing"
            assert kind != "Met" or documents.tests_in(text), f"{name} counts on something that no test shows: {text}"


@pytest.mark.parametrize("column", STRIDE)
def test_the_elements_have_every_threat_of_a_letter_and_no_other(column: str) -> None:
    heads = ("Element", *STRIDE)
    elements = list(documents.rows(documents.text_of(DOCUMENT), heads))
    assert len(elements) >= 12
    placed = {name for name, (letters, _) in threats().items() if STRIDE[column] in letters}
    seen = set()
    for cells in elements:
        cell = cells[heads.index(column)]
        of_cell = set(re.findall(r"T\d+", cell))
        assert of_cell or cell == "–", f"{cells[0]}, {column}: neither a threat nor a dash"
        assert of_cell <= placed, f"{cells[0]}, {column}: threats without that letter"
        seen |= of_cell
    assert seen == placed, "threats of that letter that no element has"
