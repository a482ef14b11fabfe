"""The predicate in examples, and the types' table (specification 3 and 4). The hard cases stand in the vectors."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from vigil.engine.operation import Band, Basis, Match, Mode, Operation, Point, Site, Window
from vigil.engine.predicate import EPSILON_POINT_M, EPSILON_SHAPE_M, PREDICATE, match, site_match
from vigil.engine.types import OPERATION_TYPES, Flag, flags
from vigil.engine.windows import minutes

HOUR = minutes(60)
HERE, THERE = Point(-93.265, 44.978), Point(-93.26, 44.978)
APART = 394.3
A = Operation("A", (Site(HERE, 300.0, 0, HOUR),))
B = Operation("B", (Site(THERE, 300.0, HOUR // 2, 2 * HOUR),))


def test_constants_are_the_specifications() -> None:
    assert (PREDICATE, EPSILON_POINT_M, EPSILON_SHAPE_M) == ("p1", 0.01, 1.0)


def test_two_operations_that_meet() -> None:
    found = match(A, B)
    assert found == match(B, A)
    assert found == Match(Basis.PLACE, Window(HOUR // 2, HOUR), Band.NEAR, pytest.approx(APART, abs=1.0), ())


def test_one_inside_the_others_zone_is_direct() -> None:
    wide = replace(B, sites=(replace(B.sites[0], radius_m=400.0),))
    found = match(A, wide)
    assert found is not None
    assert found.band is Band.DIRECT


def test_uncertainty_widens_both_thresholds() -> None:
    unsure = replace(B, sites=(replace(B.sites[0], uncertainty_m=100.0),))
    found = match(A, unsure)
    assert found is not None
    assert found.band is Band.DIRECT


def test_windows_that_touch_do_not_match() -> None:
    touching = replace(B.sites[0], starts_at=HOUR, ends_at=2 * HOUR)
    assert site_match(A.sites[0], touching) is None
    assert site_match(A.sites[0], replace(touching, buffer_before=1)) is not None


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (A, replace(B, operation_id="A")),
        (A, replace(B, mode=Mode.TEST)),
        (A, replace(B, registered=False)),
        (replace(A, joint_with=frozenset("B")), replace(B, joint_with=frozenset("A"))),
    ],
    ids=["same", "mode", "draft", "joint"],
)
def test_never_matches(a: Operation, b: Operation) -> None:
    assert match(A, B) is not None
    assert match(a, b) is None
    assert match(b, a) is None


def test_joint_by_one_side_or_through_a_third_still_matches() -> None:
    assert match(replace(A, joint_with=frozenset("B")), B) is not None
    assert match(replace(A, joint_with=frozenset("C")), replace(B, joint_with=frozenset("C"))) is not None


def test_the_table_of_types() -> None:
    assert len(OPERATION_TYPES) == 21
    warrant, meet = OPERATION_TYPES["search_warrant"], OPERATION_TYPES["undercover_meet"]
    assert (warrant.radius_m, warrant.buffer_before_min, warrant.buffer_after_min) == (300, 60, 60)
    assert (meet.radius_m, meet.longest_span) == (500, timedelta(hours=12))
    assert OPERATION_TYPES["dignitary"].buffer_before_min == 120
    assert [code for code, kind in OPERATION_TYPES.items() if not kind.takes_place] == ["online_only"]
    assert all(code == kind.code and kind.label for code, kind in OPERATION_TYPES.items())


def test_flags() -> None:
    warrant, online = OPERATION_TYPES["search_warrant"], OPERATION_TYPES["online_only"]
    day = timedelta(days=1)
    assert flags(warrant, span=day, radii_m=[5_000.0], areas_km2=[2_500.0]) == frozenset()
    assert flags(warrant, span=day + timedelta.resolution) == {Flag.SPAN}
    assert flags(warrant, span=day, radii_m=[300.0, 5_000.1]) == {Flag.RADIUS}
    assert flags(warrant, span=day, areas_km2=[2_500.1]) == {Flag.AREA}
    assert flags(warrant, span=14 * day, tentative=True) == frozenset()
    assert flags(warrant, span=15 * day, tentative=True) == {Flag.SPAN}
    assert flags(online, span=180 * day, registered_interest=True) == frozenset()
    assert flags(online, span=180 * day) == {Flag.SPAN}
    assert flags(warrant, span=180 * day, registered_interest=True) == {Flag.SPAN}
