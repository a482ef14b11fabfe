"""Who was asked, who answered: whom the operation touches first and loud, far ones quietly, nobody left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.apps.deconfliction.federation.coverage_view import Near
from vigil.apps.deconfliction.federation.coverage_words import coverage_lines, silence_of
from vigil.apps.deconfliction.federation.rules import Line, Standing, metres_to, standing
from vigil.apps.deconfliction.queries import CoverageRow
from vigil.engine.geometry import distance_m
from vigil.engine.operation import Point, Site

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
TOUCHING = Near(0.0, "Elm desk", "+14105550177", "around the clock")
FAR, NEXT, UNKNOWN = (
    replace(TOUCHING, metres=400_000.0),
    replace(TOUCHING, metres=12_000.0),
    replace(TOUCHING, metres=None),
)


def detail(*rows: tuple[str, str], sites: tuple[str, ...] = ("a site",)) -> Any:
    coverage = tuple(CoverageRow(name, state, NOON if state == "answered" else None) for name, state in rows)
    return SimpleNamespace(coverage=coverage, determined_at=NOON, plan=SimpleNamespace(sites=sites))


def test_by_relevance_and_nobody_left_out() -> None:
    seen = detail(
        ("Mill Harbor Police", "not_covered"),
        ("Far and silent", "not_answered"),
        ("Next and answered", "answered"),
        ("Old version", "no_shared_predicate"),
        ("Touched and answered", "answered"),
        ("Nobody knows where", "refused"),
    )
    near = {
        "Far and silent": FAR,
        "Next and answered": NEXT,
        "Touched and answered": TOUCHING,
        "Old version": TOUCHING,
        "Nobody knows where": UNKNOWN,
    }
    lines = coverage_lines(seen, "Bay", near)
    assert [(line.name, line.is_loud) for line in lines] == [
        ("Old version", True),
        ("Nobody knows where", True),
        ("This node, Bay", False),
        ("Touched and answered", False),
        ("Next and answered", False),
        ("Far and silent", False),
        ("Mill Harbor Police", False),
    ]
    assert [line.what for line in lines[3:6]] == ["Touches your place", "12 km (7 mi) away", "Far from your place"]
    assert lines[0].desk_phone == "+14105550177"


@pytest.mark.parametrize(
    ("rows", "near", "sentence", "meaning"),
    [
        ([("Elm", "not_answered")], {"Elm": TOUCHING}, "{who} has not answered", "touches your place"),
        ([("Elm", "not_answered")], {}, "{who} has not answered", "One may be there"),
        ([("Elm", "refused")], {"Elm": TOUCHING}, "{who} refused", "touches your place"),
        ([("Oak", "not_answered")], {"Oak": FAR}, "{who} has not answered", "far from your place"),
        (
            [("Oak", "not_answered"), ("Elm", "not_answered")],
            {"Elm": TOUCHING, "Oak": FAR},
            "{who} has not answered",
            "1 partner far away has not answered either",
        ),
    ],
)
def test_the_answer_names_whom_it_concerns(
    rows: list[tuple[str, str]], near: dict[str, Near], sentence: str, meaning: str
) -> None:
    silence = silence_of(detail(*rows), near)
    assert sentence in silence.sentence
    assert meaning in silence.detail
    assert silence.names == [rows[-1][0]]


pins = st.tuples(st.floats(-180, 180), st.floats(-80, 80))
offsets = st.tuples(st.floats(-1, 1), st.floats(-1, 1))


@given(pins, offsets, st.floats(0, 5), st.floats(0.001, 5))
def test_a_partner_is_never_further_than_its_area_is(
    pin: tuple[float, float], offset: tuple[float, float], width: float, height: float
) -> None:
    site = Site(Point(*pin), 300.0, 0, 1)
    corner = _round(pin[0] + offset[0]), pin[1] + offset[1]
    area = [corner[0], corner[1], _round(corner[0] + width), corner[1] + height]
    told = metres_to([site], [area])
    assert told is not None
    true = distance_m(Point(*pin), Point(*corner))
    assert told <= true * 1.01 + 1, "the corner is a part of the area"
    assert metres_to([site], [[pin[0] - 0.1, pin[1] - 0.1, pin[0] + 0.1, pin[1] + 0.1]]) == 0
    assert metres_to([], [area]) is None
    assert metres_to([site], []) is None


def _round(longitude: float) -> float:
    return (longitude + 180) % 360 - 180


def test_how_a_partner_stands() -> None:
    up = Line(answered_at=NOON)
    for line, expected in (
        (Line(), Standing.NEW),
        (up, Standing.UP),
        (replace(up, late=True), Standing.LATE),
        (replace(up, refusing=True), Standing.REFUSING),
        (replace(up, failing_since=NOON - timedelta(seconds=29)), Standing.LATE),
        (replace(up, failing_since=NOON - timedelta(seconds=30), refusing=True), Standing.DOWN),
        (Line(failing_since=NOON - timedelta(hours=1)), Standing.DOWN),
        (Line(failing_since=NOON, unknown=True), Standing.REFUSING),
        (replace(up, unknown=True), Standing.UP),
    ):
        assert standing(line, NOON) is expected
