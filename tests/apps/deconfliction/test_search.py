"""The search never loses a pair: against the predicate asked of every operation, in hard places and sizes."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from tests.apps.deconfliction.plans import plan, site

from vigil.apps.deconfliction import actions, search
from vigil.apps.deconfliction.models import ActiveSite, Site
from vigil.engine import predicate
from vigil.engine.geometry import Box, zone_boxes
from vigil.engine.operation import MICROSECONDS_PER_MINUTE, Line, Mode, Operation, Point, Polygon, Window
from vigil.engine.operation import Site as EngineSite
from vigil.protocol.store import SearchFailed

CASES = int(os.environ.get("VIGIL_TEST_CASES", "1000"))
START = 1_798_761_600_000_000
HOUR = 60 * MICROSECONDS_PER_MINUTE

PLACES = ((-76.6122, 39.2904), (179.9995, 51.9), (-179.9995, 51.9), (0.0, 89.9999), (10.0, -89.99), (0.0, 0.0))
"""A city, both sides of the antimeridian, both poles, the equator."""


def random_site(draw: random.Random) -> EngineSite:
    longitude, latitude = draw.choice(PLACES)
    longitude += draw.choice((0.0, 0.0001, 0.003, 0.05, 3.0)) * draw.uniform(-1, 1)
    latitude = max(-90.0, min(90.0, latitude + draw.choice((0.0, 0.0001, 0.003, 0.05, 3.0)) * draw.uniform(-1, 1)))
    longitude = (longitude + 180.0) % 360.0 - 180.0
    start = START + draw.choice((0, 1, HOUR, 24 * HOUR, 24 * 20 * HOUR))
    size = draw.choice((0.0, 0.001, 0.3))
    ring = tuple((longitude + dx, max(-89.9, min(89.9, latitude + dy))) for dx, dy in _square(size))
    shapes = [Point(longitude, latitude)]
    if size and abs(latitude) < 80 and abs(longitude) < 179:
        shapes += [Line(ring[:3]), Polygon(ring)]
    return EngineSite(
        draw.choice(shapes),
        radius_m=draw.choice((0.0, 0.0, 50.0, 300.0, 8_000.0, 300_000.0)),
        starts_at=start,
        ends_at=start + draw.choice((1, HOUR, 30 * HOUR, 24 * 40 * HOUR, 24 * 400 * HOUR)),
        buffer_before=draw.choice((0, HOUR)),
        buffer_after=draw.choice((0, HOUR)),
        uncertainty_m=draw.choice((0.0, 250.0, 40_000.0)),
    )


def _square(size: float) -> Sequence[tuple[float, float]]:
    return ((0, 0), (size, 0), (size, size), (0, size), (0, 0))


def test_boxes_that_touch_are_looked_at() -> None:
    """Whatever two zones may touch, the grid reaches the cell where the other is filed, and its window is in range."""
    touching = 0
    for seed in range(CASES):
        draw = random.Random(seed)
        stored, asking = random_site(draw), random_site(draw)
        if not predicate.intersection(asking.window, stored.window):
            continue
        for box in zone_boxes(asking):
            for other in zone_boxes(stored):
                if box.touches(other):
                    touching += 1
                    assert _is_reached(stored, other, asking, box), f"seed {seed}"
    assert touching > CASES / 20


def _is_reached(stored: EngineSite, filed: Box, asking: EngineSite, box: Box) -> bool:
    [cell] = [place.cell for place in search.file_under(stored) if place.box == filed]
    level = search.Level(cell >> search.LEVEL_BITS)
    rows, columns = level.reached(box)
    row = (cell >> search.ROW_BITS) & (2 ** (search.LEVEL_BITS - search.ROW_BITS) - 1)
    in_time = level.longest is None or stored.window.start >= asking.window.start - level.longest
    return row in rows and cell & (2**search.ROW_BITS - 1) in columns and in_time


@pytest.fixture
def stored_rows(people: Any, now: Any) -> list[Site]:
    """Rows that the index can point at, with the operation they belong to."""
    operation = actions.register_operation(people.actor("alice"), plan(now, *(site(now) for _ in range(3))), now)
    return list(Site.objects.filter(revision__operation=operation).order_by("ordinal"))


@pytest.mark.slow
@pytest.mark.db
@pytest.mark.django_db
def test_it_finds_what_the_predicate_finds(people: Any, now: Any) -> None:
    """Through the tables: random operations, several sites each, subjects, joint ones, every mode."""
    from vigil.apps.deconfliction import plan_rows
    from vigil.apps.deconfliction.store import DatabaseStore
    from vigil.protocol.store import Revision

    draw = random.Random(4)
    tokens = [plan_rows.token_of(f"phone:+1410555010{n}") for n in range(6)]
    ids = [str(UUID(int=draw.getrandbits(128), version=4)) for _ in range(160)]
    operations = [
        Operation(
            one,
            sites=tuple(random_site(draw) for _ in range(draw.choice((0, 1, 1, 2, 3)))),
            subjects=frozenset(draw.sample(tokens, draw.choice((0, 0, 1, 2)))),
            span=Window(START, START + 48 * HOUR),
            mode=draw.choice((Mode.LIVE, Mode.LIVE, Mode.TEST)),
            joint_with=frozenset(draw.sample(ids, 30)) if draw.random() < 0.3 else frozenset(),
        )
        for one in ids
    ]
    store = DatabaseStore()
    with store.transaction() as tx:
        for operation in operations:
            tx.put_revision(Revision(operation, 1, agency_id=str(people.port_calvert.id), digest="0" * 64))
    found = 0
    for operation in operations:
        expected = [(other.operation_id, predicate.match(operation, other)) for other in operations]
        wanted = sorted((one, match) for one, match in expected if match is not None)
        assert [(one.operation_id, one.match) for one in search.matching(operation)] == wanted
        found += len(wanted)
    assert found > 500


@pytest.mark.slow
@pytest.mark.db
@pytest.mark.django_db
def test_more_matches_than_any_page_are_all_found(people: Any, now: Any) -> None:
    operation = actions.register_operation(people.actor("alice"), plan(now), now)
    [row] = ActiveSite.objects.all()
    others = [actions.register_operation(people.actor("alice"), plan(now), now) for _ in range(2)]
    for other in others:
        filed = ActiveSite.objects.get(operation=other)
        assert filed.cell == row.cell
    copies = [
        ActiveSite(**{f.attname: getattr(row, f.attname) for f in ActiveSite._meta.fields if f.attname != "id"})
        for _ in range(3_000)
    ]
    for number, copy in enumerate(copies):
        copy.operation_id = others[number % 2].id
    ActiveSite.objects.bulk_create(copies)
    asked = plan_operation(now)
    assert [one.operation_id for one in search.matching(asked)] == sorted(str(one.id) for one in (operation, *others))


def plan_operation(now: Any) -> Operation:
    from vigil.apps.deconfliction.plan_rows import engine_operation

    return engine_operation(str(UUID(int=1)), plan(now), registered=True)


@pytest.mark.db
@pytest.mark.django_db
def test_a_giant_zone_is_found_by_a_small_one_and_finds_it(people: Any, now: Any) -> None:
    big = actions.register_operation(people.actor("alice"), plan(now, site(now, radius_m=9_000_000.0)), now)
    small = actions.register_operation(people.actor("dave"), plan(now, site(now, (-122.4, 37.8))), now)
    from vigil.apps.deconfliction.store import DatabaseStore

    with DatabaseStore().transaction() as tx:
        for one, other in ((big, small), (small, big)):
            current = tx.current(str(one.id))
            assert current is not None
            assert [found.operation_id for found in tx.matching(current.operation)] == [str(other.id)]


@pytest.mark.db
@pytest.mark.django_db
def test_a_record_that_cannot_be_read_fails_loudly(stored_rows: list[Site], people: Any, now: Any) -> None:
    shape = stored_rows[0]
    ActiveSite.objects.filter(site=shape).update(is_point=False)
    Site.objects.filter(pk=shape.pk).update(geometry_wkt="POINT(")
    with pytest.raises(SearchFailed):
        search.matching(plan_operation(now))
    operation = actions.register_operation(people.actor("dave"), plan(now), now)
    assert actions.run_due_search(people.actor("dave"), operation.id, now) is None
    operation.refresh_from_db()
    assert operation.determination == "checking"
    assert operation.searches.get().attempts == 1
