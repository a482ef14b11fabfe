"""Canonical bytes: one value, one text, on every machine."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.engine.operation import Line, Mode, Operation, Point, Polygon, Site, Window
from vigil.protocol.canonical import (
    canonical_bytes,
    number_text,
    operation_content,
    operation_from_content,
    place_digests,
    predicate_digest,
)

texts = st.text(st.characters(codec="utf-8"), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
degrees = st.floats(-89, 89, allow_nan=False)
instants = st.integers(0, 4_000_000_000_000_000)
metres = st.floats(0, 1e6, allow_nan=False)
points = st.builds(Point, degrees, degrees)
shapes = points | st.sampled_from(
    [
        Line(((-77.0, 38.9), (-77.01, 38.91))),
        Polygon(((0.0, 0.0), (0.1, 0.0), (0.1, 0.1), (0.0, 0.0))),
    ]
)
spans = st.tuples(instants, instants).filter(lambda span: span[0] != span[1]).map(sorted)
sites = st.builds(
    lambda shape, radius, span, *more: Site(shape, radius, *span, *more),
    *(shapes, metres, spans, st.integers(0, 10**10), st.integers(0, 10**10), metres),
)
operations = st.builds(
    Operation,
    operation_id=texts,
    sites=st.lists(sites, max_size=3).map(tuple),
    subjects=st.frozensets(texts, max_size=3),
    span=st.none() | spans.map(lambda span: Window(*span)),
    mode=st.sampled_from(Mode),
    joint_with=st.frozensets(texts, max_size=2),
    tentative=st.booleans(),
    registered=st.booleans(),
)


@pytest.mark.slow
@given(st.dictionaries(texts, values, max_size=5))
def test_the_order_of_keys_does_not_show(value: dict[str, object]) -> None:
    assert canonical_bytes(value) == canonical_bytes(dict(reversed(value.items())))


@pytest.mark.parametrize("value", [1.0, [1, 2.5], {"a": {"b": 0.1}}, {1: "a"}])
def test_floats_and_keys_that_are_no_text_are_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_bytes(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_to_the_same(number: float) -> None:
    assert float(number_text(number)) == number


def test_equal_numbers_have_one_text() -> None:
    assert number_text(300) == number_text(300.0) == "300"
    assert number_text(-0.0) == "0"
    with pytest.raises(ValueError, match="not finite"):
        number_text(math.inf)


@given(operations)
def test_an_operation_reads_back_with_the_same_digest(operation: Operation) -> None:
    again = operation_from_content(operation_content(operation))
    assert predicate_digest(again) == predicate_digest(operation)


WHOLE = operation_content(
    Operation("a", (Site(Point(-77.0, 38.9), 300.0, 1000, 2000),), frozenset({"ip:::1"}), Window(1, 2))
)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sites": WHOLE["sites"] * 51},
        {"subjects": ["ip:::1"] * 201},
        {"subjects": [7]},
        {"subjects": "ip"},
        {"joint_with": [None]},
        {"tentative": 0},
        {"registered": "yes"},
        {"mode": "real"},
        {"span": [2, 1]},
        {"span": [1]},
        {"span": [1.0, 2.0]},
        {"place": "here"},
        *(
            {"sites": [{**WHOLE["sites"][0], **site}]}
            for site in (
                {"geometry": "POINT(-77 95)"},
                {"geometry": "POLYGON((0 0,1 1,1 0,0 1,0 0))"},
                {"geometry": "here"},
                {"radius_m": 300},
                {"radius_m": "300.0"},
                {"radius_m": "3e2"},
                {"radius_m": "-1"},
                {"radius_m": "nan"},
                {"uncertainty_m": "inf"},
                {"ends_at": 1000},
                {"starts_at": "1000"},
                {"starts_at": True},
                {"ends_at": 1 << 62},
                {"buffer_before": -1},
                {"name": "front door"},
            )
        ),
    ],
)
def test_content_that_is_not_whole_or_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    assert operation_from_content(WHOLE).operation_id == "a"
    with pytest.raises((KeyError, TypeError, ValueError)):
        operation_from_content({**WHOLE, **wrong})


def test_the_digest_tells_every_difference_that_the_predicate_sees() -> None:
    site = Site(Point(-77.0, 38.9), 300.0, 1000, 2000)
    one = Operation("a", sites=(site,), subjects=frozenset({"ip:::1"}))
    others = [
        Operation("b", sites=(site,), subjects=one.subjects),
        Operation("a", sites=(site,)),
        Operation("a", sites=(site, site), subjects=one.subjects),
        Operation("a", sites=(Site(Point(-77.0, 38.9), 300.1, 1000, 2000),), subjects=one.subjects),
        Operation("a", sites=(Site(Point(-77.0, 38.9), 300.0, 1000, 2001),), subjects=one.subjects),
        Operation("a", sites=(Site(Point(-77.0, 38.9), 300.0, 1000, 2000, 1),), subjects=one.subjects),
        Operation("a", sites=(Site(Point(-77.0, 38.9), 300.0, 1000, 2000, 0, 1),), subjects=one.subjects),
        Operation("a", sites=(Site(Point(-77.0, 38.9), 300.0, 1000, 2000, 0, 0, 1.0),), subjects=one.subjects),
        Operation("a", sites=(site,), subjects=one.subjects, mode=Mode.EXERCISE),
        Operation("a", sites=(site,), subjects=one.subjects, tentative=True),
        Operation("a", sites=(site,), subjects=one.subjects, registered=False),
        Operation("a", sites=(site,), subjects=one.subjects, joint_with=frozenset({"b"})),
        Operation("a", sites=(site,), subjects=one.subjects, span=Window(1, 2)),
    ]
    digests = {predicate_digest(operation) for operation in (one, *others)}
    assert len(digests) == len(others) + 1


def test_place_digests_know_a_moved_site_from_one_that_only_grew() -> None:
    here, grown = Site(Point(-77.0, 38.9), 300.0, 1000, 2000), Site(Point(-77.0, 38.9), 500.0, 1000, 9000)
    moved = Site(Point(-77.0, 38.9001), 300.0, 1000, 2000)
    assert place_digests(Operation("a", (here,))) == place_digests(Operation("a", (grown,)))
    assert place_digests(Operation("a", (here,))) != place_digests(Operation("a", (moved,)))
