"""The sweep and its kernel: no pair lost, none invented, compiled and plain alike (specification 4.2)."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyproj import Geod

from vigil.engine import kernel, sweep
from vigil.engine.join import TOLD_FROM, sweep_table
from vigil.engine.operation import Line, Operation, Point, Polygon, Site
from vigil.engine.predicate import match
from vigil.engine.table import table_of

HOUR = 3_600_000_000


# --- the kernel -------------------------------------------------------------------------------------------------


def random_balls(seed: int, n: int) -> kernel.Balls:
    """Places around the world in clusters, radii over four orders of size, windows over a month and very long ones."""
    rng = np.random.default_rng(seed)
    centres = np.array([(180.0, 0.0), (0.0, 90.0), (0.0, -90.0), (-93.0, 45.0), (-92.9, 45.2)])
    centre = centres[rng.integers(0, len(centres), n)]
    latitude = np.clip(centre[:, 1] + rng.normal(0, 0.8, n), -90, 90)
    longitude = centre[:, 0] + rng.normal(0, 0.8, n) / np.maximum(0.02, np.cos(np.radians(latitude)))
    reach = 10 ** rng.uniform(1.5, 3.8, n)
    reach[rng.random(n) < 0.005] = 10 ** rng.uniform(5, 7)
    start = rng.integers(0, 30 * 24 * HOUR, n)
    span = rng.integers(1, 24 * HOUR, n)
    span[rng.random(n) < 0.01] = 40 * 24 * HOUR
    x, y, z = kernel.earth_centred(longitude, latitude)
    group = rng.integers(0, 2, n).astype(np.int8)
    owner = rng.integers(0, n, n).astype(np.int32)
    return kernel.Balls(x, y, z, reach, start, start + span, group, owner, np.ones(n, np.bool_))


def slow_pairs(balls: kernel.Balls) -> set[tuple[int, int]]:
    """Every pair by trying all of them."""
    found: set[tuple[int, int]] = set()
    place = np.column_stack((balls.x, balls.y, balls.z))
    for i in range(len(place) - 1):
        rest = slice(i + 1, None)
        chord = np.sqrt(((place[rest] - place[i]) ** 2).sum(axis=1))
        hit = (
            (chord <= balls.reach[rest] + balls.reach[i])
            & (balls.start[rest] < balls.end[i])
            & (balls.end[rest] > balls.start[i])
            & (balls.group[rest] == balls.group[i])
            & (balls.owner[rest] != balls.owner[i])
        )
        found.update((i, i + 1 + int(j)) for j in np.flatnonzero(hit))
    return found


def pairs_of(candidates: kernel.Candidates) -> list[tuple[int, int, bool]]:
    low = np.minimum(candidates.first, candidates.second).tolist()
    high = np.maximum(candidates.first, candidates.second).tolist()
    return sorted(zip(low, high, candidates.certain.tolist(), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_compiled_and_plain_kernel_find_the_same_and_lose_nothing(seed: int) -> None:
    balls = random_balls(seed, 3000)
    plain = pairs_of(kernel.join(balls, compiled=False))
    compiled = pairs_of(kernel.join(balls, compiled=True))
    assert plain == compiled
    found = [(a, b) for a, b, _ in plain]
    assert len(found) == len(set(found)), "a pair was found twice"
    wanted = slow_pairs(balls)
    assert len(wanted) > 500
    assert set(found) >= wanted
    assert len(set(found) - wanted) <= 2, "only pairs within a micrometre may be too many"
    certain = {(a, b) for a, b, sure in plain if sure}
    assert certain
    assert certain <= wanted


def test_a_pair_at_the_very_reach_is_found_and_not_certain() -> None:
    places = kernel.earth_centred(np.array([10.0, 10.001]), np.array([0.0, 0.0]))
    chord = float(np.hypot(places[0][1] - places[0][0], places[1][1] - places[1][0]))
    times = np.array([0, 0]), np.array([10, 10])
    for reach, found, sure in ((chord / 2, 1, False), (chord / 2 + 0.01, 1, True), (chord / 2 - 0.01, 0, False)):
        balls = kernel.Balls(
            *places,
            np.array([reach, reach]),
            *times,
            np.zeros(2, np.int8),
            np.arange(2, dtype=np.int32),
            np.ones(2, bool),
        )
        candidates = kernel.join(balls, compiled=False)
        assert len(candidates.first) == found
        assert candidates.certain.tolist() == [sure] * found


def ball_pairs(longitude: kernel.Floats, latitude: kernel.Floats, reach: float) -> kernel.Balls:
    """Balls that all meet in time; one owner each."""
    n = len(longitude)
    return kernel.Balls(
        *kernel.earth_centred(longitude, latitude),
        np.full(n, reach),
        np.zeros(n, np.int64),
        np.full(n, HOUR),
        np.zeros(n, np.int8),
        np.arange(n, dtype=np.int32),
        np.ones(n, np.bool_),
    )


@given(
    longitude=st.floats(-180, 180),
    latitude=st.floats(-90, 90),
    azimuth=st.floats(0, 360),
    metres=st.floats(0, 1.5 * kernel.SHORT_M),
)
@example(0.0, 90.0, 0.0, kernel.SHORT_M - 1)
@example(180.0, -89.999, 90.0, 19_000.0)
@example(0.0, 0.0, 45.0, kernel.SHORT_M - 1)
@example(0.0, 0.0, 0.0, 0.0)
@example(0.0, 7.443208338513159e-165, 0.0, 0.0)
def test_the_kernel_tells_short_distances_to_a_tenth_of_a_micrometre(
    longitude: float, latitude: float, azimuth: float, metres: float
) -> None:
    solver = Geod(ellps="WGS84")
    there = solver.fwd(longitude, latitude, azimuth, metres)
    balls = ball_pairs(np.array([longitude, there[0]]), np.array([latitude, there[1]]), 50_000.0)
    (told,) = kernel.join(balls, compiled=False).distance_m
    if np.isnan(told):
        assert metres > kernel.SHORT_M - 1
    else:
        assert told == pytest.approx(solver.inv(longitude, latitude, *there[:2])[2], abs=1e-7)
        assert metres < kernel.SHORT_M + 1


@pytest.mark.parametrize("latitude", [-89.95, -33.0, 0.0, 47.0])
def test_many_distances_are_those_of_the_solver_to_both_decimals(latitude: float) -> None:
    rng = np.random.default_rng(11)
    operations = [
        Operation(f"op-{n:03d}", (Site(Point(lon, lat), 9_990.0, 0, HOUR),))
        for n, (lon, lat) in enumerate(zip(rng.normal(0, 0.05, 300), latitude + rng.normal(0, 0.015, 300), strict=True))
    ]
    found = sweep_table(table_of(operations))
    assert len(found) >= TOLD_FROM
    table = found.table
    lon, lat = table.longitude, table.latitude
    exact = Geod(ellps="WGS84").inv(lon[found.a], lat[found.a], lon[found.b], lat[found.b])[2]
    assert np.abs(found.distance_m - exact).max() < 1e-6
    assert (np.floor(found.distance_m * 100 + 0.5) == np.floor(exact * 100 + 0.5)).all()


def test_results_that_outgrow_their_room_are_run_again() -> None:
    n = 400
    x, y, z = kernel.earth_centred(np.full(n, 5.0), np.full(n, 50.0))
    same = np.zeros(n, np.int64)
    balls = kernel.Balls(
        x, y, z, np.full(n, 10.0), same, same + 1, np.zeros(n, np.int8), np.arange(n, dtype=np.int32), np.ones(n, bool)
    )
    assert len(pairs_of(kernel.join(balls, compiled=False))) == n * (n - 1) // 2


def test_a_long_plain_run_hands_over_to_the_compiled_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    balls = random_balls(7, 2000)
    whole = pairs_of(kernel.join(balls, compiled=False))
    monkeypatch.setattr(kernel, "LOAD_SECONDS", 0.0)
    monkeypatch.setattr(kernel, "COMPILE_SECONDS", 0.0)
    shares: list[float] = []
    assert pairs_of(kernel.join(balls, shares.append)) == whole
    assert shares[-1] == 1.0


def test_columns_too_wide_for_one_integer_are_sorted_by_two_and_made_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    balls = random_balls(8, 2000)
    whole = pairs_of(kernel.join(balls, compiled=False))
    assert whole
    monkeypatch.setattr(kernel, "PIECE", 700)
    monkeypatch.setattr(kernel, "THREADED_FROM", 1000)
    assert pairs_of(kernel.join(balls, compiled=False)) == whole
    monkeypatch.setattr(kernel, "_coarsening", lambda balls, grids: None)
    assert pairs_of(kernel.join(balls, compiled=False)) == whole


def test_small_tables_never_import_numba() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests/engine'); import random; from cases import random_operations\n"
        "from vigil.engine import sweep\n"
        "print(len(sweep(random_operations(random.Random(1), 'city', 200)).conflicts) > 0)\n"
        "print(sorted({'numba', 'pyarrow', 'django', 'shapely', 'phonenumbers'} & set(sys.modules)))"
    )
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.split("\n")[:2] == ["True", "[]"]


def test_a_cache_folder_that_cannot_be_written_costs_only_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/dev/null")
    assert kernel._cache_folder() is None


# --- operations -------------------------------------------------------------------------------------------------


def operation(name: str, longitude: float = 0.0, **changes: object) -> Operation:
    return Operation(name, (Site(Point(longitude, 45.0), 300.0, 0, HOUR),), **changes)  # type: ignore[arg-type]


def test_two_operations_of_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="Two operations have the id 'same'"):
        sweep([operation("same"), operation("same")])


def test_nothing_sweeps_to_nothing() -> None:
    result = sweep([])
    assert (len(result.conflicts), result.complete, list(result.conflicts)) == (0, True, [])


def test_drafts_and_cancelled_operations_are_left_out() -> None:
    assert len(sweep([operation("a"), operation("b", registered=False)]).conflicts) == 0
    assert len(sweep([operation("a"), operation("b")]).conflicts) == 1


def test_joint_only_when_each_names_the_other() -> None:
    ours = operation("a", joint_with=frozenset({"b"}))
    assert len(sweep([ours, operation("b")]).conflicts) == 1
    assert len(sweep([ours, operation("b", joint_with=frozenset({"a"}))]).conflicts) == 0


@pytest.mark.parametrize(
    "shape",
    [
        Line(((-170.0, 10.0), (170.0, 10.0))),
        Polygon(((-60.0, 20.0), (60.0, 20.0), (60.0, 70.0), (-60.0, 70.0), (-60.0, 20.0))),
        Polygon(((0.0, 80.0), (120.0, 80.0), (-120.0, 80.0), (0.0, 80.0))),
    ],
)
def test_wide_shapes_meet_points_far_inside_them(shape: Line | Polygon) -> None:
    places = [Point(-180.0, 10.152), Point(0.0, 50.0), Point(0.0, 90.0), Point(100.0, -40.0)]
    operations = [Operation("shape", (Site(shape, 300.0, 0, HOUR),))]
    operations += [Operation(f"point-{n}", (Site(place, 300.0, 0, HOUR),)) for n, place in enumerate(places)]
    found = {row.operation_a for row in sweep_table(table_of(operations))}
    assert found == {one.operation_id for one in operations[1:] if match(one, operations[0])}
    assert found
