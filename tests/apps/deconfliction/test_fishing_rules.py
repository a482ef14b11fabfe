"""What a revision asks, and from which figures on a person's probes are put before somebody. No database."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from vigil.apps.deconfliction.probing import rules
from vigil.apps.deconfliction.probing.budgets import MOST, SHIPPED, budget_of, least_of, read_budget
from vigil.apps.deconfliction.probing.rules import Budget, Flag, Kind, Probe, Spot
from vigil.core.errors import Invalid
from vigil.engine.geometry import Box
from vigil.engine.operation import Point, Polygon, Site

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
HOUR_US = 3_600_000_000
DEGREE_M = 111_195.0


def site(east_m: float = 0, radius_m: float = 300, hours: float = 6, starts: float = 0) -> Site:
    """A point east of the harbor on the equator's scale, without buffers."""
    start = int(starts * HOUR_US)
    return Site(Point(east_m / DEGREE_M, 0.0), radius_m, start, start + int(hours * HOUR_US))


def kinds(flags: list[Flag]) -> set[Kind]:
    return {flag.kind for flag in flags}


def judged(*probes: Probe, budget: Budget | None = None) -> set[Kind]:
    return kinds(rules.of_person(probes, budget or Budget(), NOW))


def probe(number: int = 0, hours_ago: float = 1, **fields: object) -> Probe:
    return Probe(UUID(int=number), NOW - timedelta(hours=hours_ago), **fields)  # type: ignore[arg-type]


# --- what is asked ---


def test_a_first_revision_asks_its_zones_over_its_windows_and_its_subjects() -> None:
    asked = rules.asked([site(), site(5_000, 500)], {b"one", b"two"})
    assert asked.km2h == pytest.approx(math.pi * (0.3**2 + 0.5**2) * 6)
    assert (asked.subjects, asked.step_m) == (2, None)


def test_a_question_counts_at_least_300_m_and_four_hours() -> None:
    assert rules.asked([site(radius_m=1, hours=1 / 60)], ()).km2h == pytest.approx(math.pi * 0.3**2 * 4)


def test_an_edit_asks_again_where_it_moves_grows_shrinks_or_retimes_and_nowhere_else() -> None:
    old = [site(), site(9_000)]
    same = rules.asked(old, {b"one"}, old, {b"one"})
    assert not same.is_something
    for changed, step in (
        (site(1_000), 1_000),
        (site(radius_m=600), 0),
        (site(radius_m=150), 0),
        (site(hours=9), None),
    ):
        asked = rules.asked([changed, old[1]], (), old)
        assert asked.km2h > 0, "only what changed, whole"
        assert asked.km2h == pytest.approx(rules.asked([changed], ()).km2h)
        assert asked.step_m == (None if step is None else pytest.approx(step, rel=0.01))
    assert not rules.asked([site(hours=3), old[1]], (), old).is_something, "less of the same time was answered already"
    assert rules.asked(old, {b"one", b"new"}, old, {b"one"}).subjects == 1


def test_the_half_of_an_area_is_a_new_question() -> None:
    whole = Polygon(((0, 0), (0.2, 0), (0.2, 0.2), (0, 0.2), (0, 0)))
    half = Polygon(((0, 0), (0.1, 0), (0.1, 0.2), (0, 0.2), (0, 0)))
    first, second = (Site(shape, 300, 0, 6 * HOUR_US) for shape in (whole, half))
    asked = rules.asked([second], (), [first])
    assert asked.km2h == pytest.approx(rules.asked([first], ()).km2h / 2, rel=0.1)
    assert asked.step_m is not None


# --- what is flagged ---


def test_an_ordinary_week_is_not_flagged() -> None:
    week = [
        probe(number, hours_ago=12 * number + 1, km2h=1.7, subjects=3, spots=(Spot(number / 50, 0, 300),))
        for number in range(12)
    ]
    week[3] = replace(week[3], step_m=80.0)
    week[5] = replace(week[5], closed_at=NOW, unused=True, after_answer=timedelta(hours=5))
    week[7] = replace(week[7], closed_at=NOW, after_answer=timedelta(minutes=9))
    assert judged(*week) == set()


def test_the_budget_is_a_sum_over_seven_days() -> None:
    used = [probe(1, hours_ago=24 * 6, km2h=1_500), probe(2, km2h=500)]
    assert judged(*used) == set(), "the budget itself is not over it"
    assert judged(*used, probe(3, km2h=0.5)) == {Kind.AREA_TIME}
    assert judged(replace(used[0], at=NOW - rules.PERIOD), used[1], probe(3, km2h=900)) == set()
    assert judged(probe(subjects=51)) == {Kind.SUBJECTS}
    flags = rules.of_agency([probe(n, km2h=2_500, subjects=60) for n in range(9)], Budget(), NOW)
    assert kinds(flags) == {Kind.AREA_TIME, Kind.SUBJECTS}


def test_operations_dropped_before_they_began() -> None:
    def dropped(count: int, of: int) -> set[Kind]:
        return judged(*(probe(n, closed_at=NOW if n < count else None, unused=n < count, km2h=1) for n in range(of)))

    assert dropped(3, 3) == set()
    assert dropped(4, 12) == {Kind.UNUSED}
    assert dropped(4, 13) == set(), "less than a third of what a busy person registered"
    assert judged(*(probe(9, closed_at=NOW, unused=True) for _ in range(9))) == set(), "one operation, edited often"


def test_operations_over_right_after_their_answer() -> None:
    def hasty(wait: timedelta) -> set[Kind]:
        return judged(*(probe(n, closed_at=NOW, after_answer=wait) for n in range(3)))

    assert hasty(timedelta(minutes=15)) == {Kind.DROPPED_AFTER_ANSWER}
    assert hasty(timedelta(minutes=16)) == set()


def test_a_place_that_moves_step_by_step() -> None:
    def steps(*operations: int) -> set[Kind]:
        return judged(*(probe(number, step_m=200.0 * at) for at, number in enumerate(operations)))

    assert steps(1, 1) == set()
    assert steps(1, 1, 1) == {Kind.STEPWISE}
    assert steps(1, 1, 2, 2, 3, 3, 4) == set()
    assert steps(1, 1, 2, 2, 3, 3, 4, 4) == {Kind.STEPWISE}


def test_places_that_lie_side_by_side() -> None:
    def tiles(places: int, operations: int, apart_m: float) -> set[Kind]:
        rows = [
            probe(n % operations, spots=(Spot(-76 + (n % 3) * apart_m / DEGREE_M, n // 3 * apart_m / DEGREE_M, 300),))
            for n in range(places)
        ]
        return judged(*rows)

    assert tiles(6, 3, 900) == {Kind.CLUSTER}
    assert tiles(5, 3, 900) == set()
    assert tiles(9, 3, 1_300) == set(), "a gap in which the usual zone fits unfound"
    assert tiles(15, 1, 900) == set(), "one operation with many addresses in one street"
    assert tiles(16, 1, 900) == {Kind.CLUSTER}
    assert tiles(12, 12, 20) == set(), "one place, again and again"


def test_beyond_the_type_and_too_many() -> None:
    assert judged(probe(1, beyond=True), probe(1, beyond=True)) == set()
    assert judged(probe(1, beyond=True), probe(2, beyond=True)) == {Kind.BEYOND_TYPE}
    assert rules.is_beyond(300, [901], ())
    assert not rules.is_beyond(300, [900], ("exigent",))
    assert rules.is_beyond(300, [300], ("span",))
    assert judged(*(probe(n) for n in range(30))) == set()
    assert judged(*(probe(n) for n in range(31))) == {Kind.VOLUME}
    assert judged(*(probe(n, hours_ago=n) for n in range(40))) == set(), "40 in two days are not 31 in one"
    slow = [probe(n, hours_ago=2.5 * n) for n in range(61)]
    assert judged(*slow[:60]) == set()
    assert judged(*slow) == {Kind.VOLUME}
    assert rules.reason(rules.of_person(slow, Budget(), NOW)[0]) == "61 operations were registered within 7 days."


def test_each_reason_is_a_sentence_with_its_figures() -> None:
    probes = [
        probe(n, km2h=200, subjects=9, beyond=True, step_m=1_500.0, closed_at=NOW, unused=True,
              after_answer=timedelta(seconds=200), spots=(Spot(0, n * 600 / DEGREE_M, 300),))
        for n in range(40)
    ]  # fmt: skip
    flags = rules.of_person(probes, Budget(), NOW)
    assert [flag.kind for flag in flags] == list(Kind), "the gravest first"
    assert [rules.reason(flag) for flag in flags] == [
        "40 operations were cancelled or ended within 4 min of their answer.",
        "40 edits moved or resized the places of 40 operations, by up to 1.5 km.",
        "40 of 40 operations were cancelled or ended before they had begun.",
        "40 places of 40 operations lie side by side, like tiles.",
        "8,000 km² × hours were asked in seven days; the budget is 2,000.",
        "360 subjects were asked in seven days; the budget is 50.",
        "40 operations were longer, wider or larger than their type.",
        "40 operations were registered within a day.",
    ]


# --- the map of another agency's desk, and budgets ---


@pytest.mark.parametrize("latitude", [0.001, 39.29, 61.2, -33.9])
def test_a_masked_place_is_a_cell_of_a_fixed_grid_of_two_kilometres(latitude: float) -> None:
    a, b = (rules.masked(Box(lon, latitude, lon, latitude)) for lon in (-76.612, -76.6121))
    assert a == b or a.max_lon != b.max_lon, "the grid does not follow the place"
    east_m = (a.max_lon - a.min_lon) * DEGREE_M * math.cos(math.radians(latitude))
    assert east_m > 2_000
    assert (a.max_lat - a.min_lat) * DEGREE_M > 2_000
    assert a.min_lon <= -76.612 <= a.max_lon
    assert a.min_lat <= latitude <= a.max_lat


def test_budgets_are_read_with_every_fault_at_its_field() -> None:
    typed = {name: str(value) for name, value in SHIPPED.items()}
    assert read_budget(typed) == {}
    assert read_budget(typed | {"person_km2h": "3,000"}) == {"person_km2h": 3_000}
    with pytest.raises(Invalid) as caught:
        read_budget({"person_km2h": str(MOST * 2_000 + 1), "agency_km2h": "0", "person_subjects": "x"})
    assert [one.path[0] for one in caught.value.problems] == list(SHIPPED)
    strict, lax = budget_of({"budgets": {"person_subjects": 5}}), budget_of({"budgets": {"person_km2h": 9_999}})
    assert least_of([strict, lax]) == Budget(person_subjects=5)
