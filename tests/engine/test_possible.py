"""Possible matches: what is close, why, and that order does not matter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.engine import possible

CASES = [
    ("person", "SMITH,JOHN,1980-01-31", "Smyth, Jon, 1980-01-31", "close in spelling; the birth date is the same"),
    ("person", "Smith, John", "SMITH,JOHN,1980-01-31", "The name is the same; one side does not know"),
    ("person", "Garcia,Ana,1990-02-03", "Garzia,Anna,1990-03-02", "the birth date is close"),
    ("person", "Müller,Jörg", "Muller,Jorg", "both sides do not know the birth date"),
    ("person", "Smith,Mary,1980-01-31", "SMITH,JOHN,1980-01-31", ""),
    ("person", "Smith,John,1975-06-02", "Smyth,John,1980-01-31", ""),
    ("person", "SMITH,JOHN,1980-01-31", "smith,john,1980-01-31", ""),
    ("plate", "7AB-1234", "MD/7ab 1234", "one side does not know its state"),
    ("plate", "VA/7AB1234", "MD/7AB1234", ""),
    ("plate", "ABC", "MD/ABC", ""),
    ("phone", "410-555-0142", "555-0142", ""),
]


@pytest.mark.parametrize(("kind", "a", "b", "said"), CASES)
def test_the_reason(kind: str, a: str, b: str, said: str) -> None:
    reason = possible.reason(kind, a, b)
    assert said in reason
    assert bool(reason) is bool(said)


NAMES = st.text(alphabet="ABCKSMTHINY", min_size=1, max_size=6)
PEOPLE = st.builds("{},{},{}".format, NAMES, NAMES, st.sampled_from(("", "1980-01-31", "1980-01-30")))


@given(PEOPLE, PEOPLE)
def test_both_sides_are_told_the_same_and_the_key_loses_none(a: str, b: str) -> None:
    assert possible.reason("person", a, b) == possible.reason("person", b, a)
    if possible.reason("person", a, b):
        assert possible.key("person", a) == possible.key("person", b)
