"""The cover never loses a pair: whatever p1 matches shares a token (specification 4.2: a prefilter)."""

from __future__ import annotations

import json
import os
import random
from fractions import Fraction
from itertools import combinations
from math import floor
from pathlib import Path

import numpy as np
import pytest
from tests.engine.cases import DAY, FAMILIES, HOUR, NOON, POINT_FAMILIES, random_operations

from vigil.engine.geometry import geod
from vigil.engine.operation import Line, Mode, Operation, Point, Site, Window
from vigil.engine.predicate import match
from vigil.protocol.cover import (
    LEAST_PADDED,
    MOST_TOKENS,
    PLACE_LEVELS,
    columns,
    is_first,
    padded,
    place_tokens,
    subject_of,
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


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_every_match_of_the_property_tests_shares_a_token(family: str) -> None:
    matched = apart = 0
    for seed in range(max(6, CASES // (400 if family in POINT_FAMILIES else 1600))):
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


@pytest.mark.slow
def test_zones_that_only_just_touch_share_a_token_wherever_they_lie() -> None:
    """Their one common place lies anywhere in a cell, at its edge, at a pole; the windows share a microsecond."""
    rng = random.Random(11)
    for _ in range(CASES // 8):
        centre = Point(rng.uniform(-180, 180), rng.choice((rng.uniform(-90, 90), 0.0, 90.0, -90.0, 89.9999, 0.0045)))
        radii = [rng.choice((0.0, 1.0, 300.0, 800.0, 5e3, 2e5)) + rng.random() for _ in range(2)]
        apart = sum(radii) * (1 - 1e-9)
        longitude, latitude, _ = geod().fwd(centre.longitude, centre.latitude, rng.uniform(0, 360), apart)
        end = NOON + rng.choice((0, 1, rng.randrange(30 * DAY)))
        long = rng.choice((HOUR, DAY, 14 * DAY, 90 * DAY))
        one = Operation("a", (Site(centre, radii[0], end - long, end + 1),))
        two = Operation("b", (Site(Point(longitude, latitude), radii[1], end, end + HOUR),))
        assert match(one, two) is not None
        assert Covered(one).meets(Covered(two)), f"{one}\n{two}"


def test_a_long_edge_is_covered_where_it_bulges_above_its_chord() -> None:
    """In the middle of 80 km the ground lies 125 m above the straight line through the Earth: corners that it cuts."""
    start, azimuth, length = (9.0, 44.0), 45.0, 80_000.0
    end = geod().fwd(*start, azimuth, length)[:2]
    route = Covered(Operation("a", (Site(Line((start, end)), 0.0, NOON, NOON + 1),)))
    along = np.linspace(0.4 * length, 0.6 * length, 5_000)
    longitude, latitude, _ = geod().fwd(*(np.full(5_000, part) for part in (*start, azimuth)), along)
    row = np.floor(latitude * 20_000 / 90)
    round_the_earth = columns(20_000, row.astype(np.int64))
    column = np.floor((longitude + 180) * round_the_earth / 360)
    off_middle = np.hypot(row + 0.5 - latitude * 20_000 / 90, column + 0.5 - (longitude + 180) * round_the_earth / 360)
    for number in np.argsort(-off_middle)[:20].tolist():
        place = Point(float(longitude[number]), float(latitude[number]))
        assert Covered(Operation("b", (Site(place, 0.0, NOON, NOON + 1),))).meets(route), place


def test_a_token_tells_neighbours_apart() -> None:
    """Two operations of 300 m at 2 km, or at one place half a day apart, share nothing on any level."""
    here = Site(Point(-93.2650, 44.9780), 300.0, NOON, NOON + HOUR)
    there, later = (
        Site(Point(-93.2396, 44.9780), 300.0, NOON, NOON + HOUR),
        Site(here.geometry, 300.0, NOON + DAY // 2, NOON + DAY // 2 + HOUR),
    )
    one = Covered(Operation("a", (here,)))
    assert not one.meets(Covered(Operation("b", (there,))))
    assert not one.meets(Covered(Operation("b", (later,))))
    assert one.meets(Covered(Operation("b", (here,))))


def test_other_modes_drafts_and_operations_without_a_place_share_nothing() -> None:
    site = Site(Point(-93.2650, 44.9780), 300.0, NOON, NOON + HOUR)
    live = Covered(Operation("a", (site,), frozenset({"plate:MN/ABC1"})))
    other = Covered(Operation("b", (site,), frozenset({"plate:MN/ABC1"}), mode=Mode.EXERCISE))
    assert not live.meets(other)
    assert not live.meets_by_subject(other)
    assert place_tokens(Operation("c", (site,), registered=False), True) == frozenset()
    assert place_tokens(Operation("d", (), span=Window(NOON, NOON + DAY)), True) == frozenset()


def test_the_largest_operation_has_a_cover_within_the_limit() -> None:
    """50 sites of 20 km for 90 days, and 200 subjects: still met by the smallest operation in the middle of one."""
    sites = [Site(Point(-120.0 + number, 40.0), 20_000.0, NOON, NOON + 90 * DAY) for number in range(50)]
    subjects = frozenset(f"phone:+1202555{number:04}" for number in range(200))
    largest = Covered(Operation("a", tuple(sites), subjects))
    small = Site(Point(-95.0, 40.1), 0.0, NOON + 89 * DAY, NOON + 89 * DAY + 1)
    smallest = Covered(Operation("b", (small,), frozenset({"phone:+12025550007"})))
    assert largest.meets(smallest)
    assert largest.meets_by_subject(smallest)
    assert max(map(len, (*largest.places.values(), *largest.subjects.values()))) <= MOST_TOKENS


def test_subjects_share_a_token_when_their_windows_do_and_can_be_told_from_it() -> None:
    day = Window(NOON - NOON % DAY, NOON - NOON % DAY + DAY)
    tokens = subject_tokens({"handle:a/b|c", "plate:MN/ABC1"}, day, Mode.LIVE, True)
    assert {subject_of(token) for token in tokens} == {"handle:a/b|c", "plate:MN/ABC1"}
    for window, meets in ((Window(day.end - 1, day.end + 1), True), (Window(day.end, day.end + DAY), False)):
        other = subject_tokens({"plate:MN/ABC1"}, window, Mode.LIVE, False)
        assert tokens.isdisjoint(other) is not meets
    assert tokens.isdisjoint(subject_tokens({"plate:MN/ABC2"}, day, Mode.LIVE, False))


def test_cells_go_round_the_earth_and_are_about_as_wide_as_high() -> None:
    for level in PLACE_LEVELS[:-1]:
        rows = np.arange(-level.bands, level.bands)
        count = columns(level.bands, rows)
        assert (count == columns(level.bands, -1 - rows)).all()
        edge_m = 40_008_000 * np.cos(np.radians(np.maximum(np.abs(rows), np.abs(rows + 1)) * 90.0 / level.bands))
        inner = (np.abs(rows) < level.bands - 2) & (np.abs(rows + 1) < level.bands - 2)
        shares = edge_m[inner] / count[inner] / (40_008_000 / 4 / level.bands)
        assert shares.min() > 0.98
        assert shares.max() < 1.3
    assert columns(20_000, np.array([0, 9_000, 13_333, 19_998, 19_999])).tolist() == [79999, 60721, 39996, 6, 1]


def test_padding_tells_nothing_but_a_power_of_two() -> None:
    tokens = [f"place|{number}" for number in range(70)]
    filled = padded(tokens, b"salt")
    assert len(filled) == len(set(filled)) == 128
    assert filled == padded(list(reversed(tokens)), b"salt")
    assert set(tokens) < set(filled)
    assert [text for text in filled if text in tokens] != tokens
    assert filled != padded(tokens, b"other")
    assert len(padded([], b"salt")) == len(padded(tokens[:32], b"salt")) == LEAST_PADDED
    assert set(padded([], b"salt")).isdisjoint(filled)


def test_the_first_node_is_the_one_whose_id_sorts_first() -> None:
    assert is_first("a", "b")
    assert not is_first("b", "a")


# --- vectors ---------------------------------------------------------------------------------------------------------

VECTORS = Path(__file__).parents[2] / "docs" / "protocol" / "vectors" / "blind" / "cover.json"
PLACES = (
    ("-77.0365", "38.8977", 1_798_761_600_000_000),
    ("0", "0", 0),
    ("-0.0045", "-0.0045", -1),
    ("180", "51.8", 1_798_761_599_999_999),
    ("-180", "-16.5", 1_798_761_600_000_000),
    ("12.5", "89.9999", 1_798_761_600_000_000),
    ("-110", "-90", 1_798_761_600_000_000),
)


def slow_tokens(longitude: str, latitude: str, instant: int) -> list[str]:
    """What the cover of a place and an instant must hold on every level, in whole numbers and fractions alone."""
    tokens = []
    for level, (bands, hours) in enumerate(
        ((20_000, 1), (20_000, 8), (10_000, 24), (2_500, 96), (250, 768), (1, 10**9))
    ):
        row = min(floor(Fraction(latitude) * bands / 90), bands - 1)
        edge = max(row + 1, -row)
        count = max(16 * bands * (bands**2 - edge**2) // (4 * bands**2 + edge**2), 1)
        column = floor((Fraction(longitude) + 180) * count / 360) % count
        mark = "<" if level else "="
        tokens.append(f"place|p1|live|{level}{mark}|{row}|{column}|{instant // (hours * 3_600_000_000)}")
    return tokens


def test_the_vectors_of_the_cover_are_what_whole_numbers_say_and_the_product_covers_them() -> None:
    cases = [
        {"longitude": one, "latitude": two, "instant": at, "tokens": slow_tokens(one, two, at)}
        for one, two, at in PLACES
    ]
    about = "What the first node's cover of a place and a microsecond must hold; see docs/protocol/blind.md."
    made = json.dumps({"topic": "cover", "about": about, "cases": cases}, indent=1) + "\n"
    if os.environ.get("VIGIL_WRITE_VECTORS"):
        VECTORS.write_text(made, encoding="utf-8")
    assert VECTORS.read_text(encoding="utf-8") == made
    for one, two, at in PLACES:
        site = Site(Point(float(one), float(two)), 0.0, at, at + 1)
        assert set(slow_tokens(one, two, at)) <= place_tokens(Operation("a", (site,)), True)
