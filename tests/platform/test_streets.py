"""Streets from the file to the answer: imported, found, replaced, removed, drawn."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from tests.platform import made_streets as made

from vigil.core.actor import Via, system
from vigil.core.errors import Conflict, NotFound, Refused, Unavailable
from vigil.engine.geometry import distance_m
from vigil.engine.operation import Point
from vigil.platform.gazetteer import finding, full_text, lines, loading, queries, tiles
from vigil.platform.gazetteer.actions import begin_import, remove_source
from vigil.platform.gazetteer.addresses import Number
from vigil.platform.gazetteer.finding import Found, Spot, find
from vigil.platform.gazetteer.models import AddressPoint, Segment, Source, Street

CONSOLE = system("console", Via.CLI)


def silent(name: str, read: int, total: int | None) -> None:
    """Progress that nobody watches."""


Load = Callable[..., loading.Outcome]


@pytest.fixture
def load(people: Any, now: datetime, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Load:
    """`load(file, ..., name="Made")`, without a map layer unless `drawn`."""
    settings.VIGIL_DATA_DIR = tmp_path / "node"

    def load(*files: Path, name: str = "Made", drawn: bool = False) -> loading.Outcome:
        with monkeypatch.context() as patched:
            if not drawn:
                patched.setattr(tiles, "make", lambda source: "left out by the test")
            return loading.load(CONSOLE, name, files, now, silent)

    return load


@pytest.fixture
def town(load: Load, tmp_path: Path) -> None:
    """The made-up town, as streets with address ranges."""
    load(made.zipped(made.write_shapefile(tmp_path, made.grid())))


def found(text: str) -> Found:
    """What the streets say."""
    answer = find(text)
    assert answer is not None
    return answer


def the_spot(text: str) -> Spot:
    """The one place that the text names."""
    answer = found(text)
    assert answer.sentence == "", answer
    (spot,) = answer.spots
    return spot


def off_m(spot: Spot, longitude: float, latitude: float) -> float:
    return distance_m(Point(spot.longitude, spot.latitude), Point(longitude, latitude))


# --- addresses -----------------------------------------------------------------------------------------------------


@pytest.mark.db
def test_without_streets_nothing_is_said(people: Any) -> None:
    assert find("200 E Alder St") is None


@pytest.mark.db
@pytest.mark.parametrize(
    "text",
    [
        "250 E Alder St",
        "250 E Alder St, 21202",
        "250 East Alder Street, Baltimore MD",
        "250 east alder street baltimore maryland 21202",
        "250 E. Alder St. Apt 4, Baltimore, MD 21202",
    ],
)
def test_a_number_is_found_on_its_block(town: None, text: str) -> None:
    spot = the_spot(text)
    share = (250 - 200) / 98
    assert off_m(spot, made.WEST + made.STEP * (1 + share), made.SOUTH) < 0.1
    farther_end = off_m(spot, made.WEST + made.STEP, made.SOUTH)
    assert spot.uncertainty_m == pytest.approx(farther_end + finding.SETBACK_M + finding.MISPLACED_M, abs=1)
    assert spot.label == "250 E Alder St, Baltimore MD 21202"
    assert the_spot(spot.text) == spot


@pytest.mark.db
def test_odd_and_even_numbers_lie_on_their_own_sides(load: Load, tmp_path: Path) -> None:
    line = [(-76.6, 39.28), (-76.599, 39.28)]
    values = ("1", "Elm St", "101", "199", "298", "200", "21202", "21201", "S1400")
    load(made.write_shapefile(tmp_path, [(line, values)]))
    assert the_spot("101 Elm St").longitude == -76.6
    assert the_spot("298 Elm St").longitude == -76.6, "right side counts down"
    assert the_spot("200 Elm St").text == "200 Elm St, 21201"
    assert "No number 150" in found("150 Elm St").sentence
    assert "No number 251" in found("251 Elm St").sentence


@pytest.mark.db
def test_a_crossing(town: None) -> None:
    spot = the_spot("E Cedar St & Coral Lane")
    assert off_m(spot, made.WEST + 2 * made.STEP, made.SOUTH + 2 * made.STEP) < 0.1
    assert spot.uncertainty_m == pytest.approx(finding.CROSSING_M + finding.MISPLACED_M, abs=0.1)
    assert the_spot(spot.text) == spot
    assert "do not cross" in found("E Alder St & E Cedar St").sentence


@pytest.mark.db
def test_a_block_reaches_half_its_length(town: None) -> None:
    spot = the_spot("300 block of Coral Ln, 21202")
    assert off_m(spot, made.WEST + 2 * made.STEP, made.SOUTH + 2.5 * made.STEP) < 1
    assert spot.uncertainty_m == pytest.approx(55.6 + finding.SETBACK_M + finding.MISPLACED_M, abs=1)
    assert the_spot(spot.text) == spot
    assert found("900 block of Coral Ln").spots == ()


@pytest.mark.db
def test_a_street_without_number_reaches_to_its_ends(town: None) -> None:
    spot = the_spot("E Alder St")
    assert spot.uncertainty_m >= off_m(spot, made.WEST, made.SOUTH)
    assert spot.uncertainty_m > 250
    assert the_spot(spot.text) == spot


@pytest.mark.db
@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("250 Alder St", "250 E Alder St, 21202"),
        ("250 Alder", "250 E Alder St, 21202"),
        ("250 E Aldr St", "250 E Alder St, 21202"),
        ("250 E Alder Ave", "250 E Alder St, 21202"),
        ("Alder & Basalt", "E Alder St & N Basalt St, 21202"),
        ("250 E Alder St, Towson MD", "250 E Alder St, 21202"),
        ("250 E Alder St, 21286", "250 E Alder St, 21202"),
        ("250 E Alder St, Baltimore VA", "250 E Alder St, 21202"),
        ("620 E Alder St", "598 E Alder St, 21202"),
    ],
)
def test_what_is_nearly_right_is_offered_and_never_taken(town: None, text: str, offered: str) -> None:
    answer = found(text)
    assert answer.sentence
    assert offered in [spot.text for spot in answer.spots]
    for spot in answer.spots:
        assert the_spot(spot.text) == spot


@pytest.mark.db
@pytest.mark.parametrize(
    "text", ["12 Nowhere Blvd", "&&&", "12 ---", "Elm & & Oak", "x" * 200, "12 " + "a " * 90, "'; --"]
)
def test_what_is_unknown_asks_for_a_pin(town: None, text: str) -> None:
    answer = found(text)
    assert answer.spots == ()
    assert "pin" in answer.sentence


@pytest.mark.db
def test_a_text_of_many_words_costs_few_questions(town: None, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(20):
        assert found("12 " + "al " * 60).spots == ()


@pytest.mark.db
def test_one_name_in_two_towns_is_a_choice_whose_texts_hold(load: Load, tmp_path: Path) -> None:
    far = [([(x + 0.2, y) for x, y in line], values) for line, values in made.grid("21286")]
    unnamed = [([(x + 0.4, y) for x, y in line], values) for line, values in made.grid("")]
    load(made.write_shapefile(tmp_path, made.grid() + far + unnamed))
    for text in ("250 E Alder St", "E Alder St", "200 block of E Alder St", "E Alder St & Coral Ln"):
        answer = found(text)
        assert len({spot.label for spot in answer.spots}) == 3, text
        assert "3 places" in answer.sentence
        for spot in answer.spots:
            assert the_spot(spot.text) == spot


@pytest.mark.db
def test_a_place_told_by_what_it_is_near_is_not_taken_for_another_one(town: None) -> None:
    assert the_spot("250 E Alder St near 39.28100, -76.59850").text == "250 E Alder St, 21202"
    moved = found("250 E Alder St near 39.48000, -76.59850")
    assert "elsewhere" in moved.sentence
    assert [spot.text for spot in moved.spots] == ["250 E Alder St, 21202"]


@pytest.mark.db
def test_an_address_point_is_surer_than_its_block(load: Load, town: None, tmp_path: Path) -> None:
    rows = [
        (made.WEST + 1.6 * made.STEP, made.SOUTH + 0.0002, "250", "E ALDER ST", "Baltimore", "21202"),
        (made.WEST + 1.7 * made.STEP, made.SOUTH + 0.0002, "250 1/2", "E ALDER ST", "Baltimore", "21202"),
        (made.WEST + 0.5 * made.STEP, made.SOUTH + 0.3, "7", "E ALDER ST", "Towson", ""),
    ]
    load(made.write_points(tmp_path / "points.csv", rows), name="Points")
    spot = the_spot("250 E Alder St")
    assert (spot.longitude, spot.uncertainty_m) == (round(rows[0][0], 7), finding.POINT_M)
    assert the_spot("250 1/2 E Alder St").longitude == round(rows[1][0], 7)
    assert the_spot("7 E Alder St, Towson").latitude == round(rows[2][1], 7)


@pytest.mark.db
def test_the_database_finds_names_by_the_beginnings_of_their_words(town: None) -> None:
    def names(*beginnings: str) -> list[str]:
        return sorted(street.name for street in full_text.streets_with(beginnings))

    assert names("ALD") == ["E Alder St"]
    assert names("E", "ST") == ["E Alder St", "E Birch St", "E Cedar St"]
    assert names("LDER") == []
    Street.objects.filter(key="E ALDER ST").delete()
    assert names("ALD") == [], "the index follows the table"


# --- the uncertainty is honest -------------------------------------------------------------------------------------


@given(
    first=st.integers(0, 5_000),
    houses=st.integers(1, 60),
    backwards=st.booleans(),
    seed=st.integers(0, 2**32),
    corners=st.integers(1, 5),
    bearing=st.floats(0, 6.28),
)
def test_a_guessed_house_is_on_its_block_in_order_and_within_what_is_said(
    first: int, houses: int, backwards: bool, seed: int, corners: int, bearing: float
) -> None:
    dice = random.Random(seed)  # houses stand as unevenly as they like, in order, at most so far off the street
    line = [(-76.6, 39.28)]
    for _ in range(corners):
        east, north = dice.uniform(-0.002, 0.002), dice.uniform(-0.002, 0.002)
        line.append((line[-1][0] + east + 1e-6, line[-1][1] + north))
    last = first + 2 * houses
    ends = (last, first) if backwards else (first, last)
    segment = Segment(street=Street(name="Elm St"), line=lines.pack(line), left_from=ends[0], left_to=ends[1])
    (side,) = finding._ranges(segment)
    true_shares = dict(zip(range(first, last + 1, 2), sorted(dice.random() for _ in range(houses + 1)), strict=True))
    vertices = lines.unpack(segment.line)
    earlier = 0.0
    for number in sorted(true_shares, reverse=backwards):
        hit = finding._on_block(segment, side, number, str(number))
        share = side.share(number)
        assert 0 <= share <= 1
        assert share > earlier or number in ends
        assert lines.metres(hit.place, lines.along(vertices, share)) == 0
        assert min(_to_piece(hit.place, a, b) for a, b in itertools.pairwise(vertices)) < 0.01
        earlier = share
        true = true_shares[number]
        stand = lines.along(vertices, 1 - true if backwards else true)
        house = _moved(stand, finding.SETBACK_M, bearing)
        assert distance_m(Point(*hit.place), Point(*house)) <= hit.uncertainty_m


def _to_piece(place: lines.Vertex, a: lines.Vertex, b: lines.Vertex) -> float:
    """How much longer the way from a to b is by this place, in metres: 0 on the line."""
    return lines.metres(a, place) + lines.metres(place, b) - lines.metres(a, b)


def _moved(place: lines.Vertex, metres: float, bearing: float) -> lines.Vertex:
    from geographiclib.geodesic import Geodesic

    moved = Geodesic.WGS84.Direct(place[1], place[0], bearing * 57.29577951308232, metres)
    return moved["lon2"], moved["lat2"]


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=20))
def test_a_stored_line_is_true_to_a_centimetre(line: list[lines.Vertex]) -> None:
    for given_vertex, kept in zip(line, lines.unpack(lines.pack(line)), strict=True):
        assert lines.metres(given_vertex, kept) < 0.02


def test_numbers_of_one_side() -> None:
    odd = finding._Range("", 199, 101, "")
    assert odd.holds(150) is False
    assert odd.holds(151)
    assert (odd.closest(150), odd.closest(10), odd.closest(1_000)) == (151, 101, 199)
    mixed = finding._Range("", 1, 10, "")
    assert [mixed.holds(number) for number in (0, 1, 2, 10, 11)] == [False, True, True, True, False]
    assert finding._Range("", 7, 7, "").share(7) == 0.5
    assert finding._around(1, 2)
    assert Number("7", "", 7).value == 7


# --- imports -------------------------------------------------------------------------------------------------------


@pytest.mark.db
def test_an_import_is_told_in_full_and_replaces_the_one_of_its_name(load: Load, tmp_path: Path) -> None:
    bad = made.feature(1, "Elm St", [(float("nan"), 39.28), (-76.59, 39.28)], 100, "21202")
    first = load(made.write_shapefile(tmp_path, [*made.grid(), bad]))
    assert (first.segments, first.streets, first.refused) == (49, 11, 1)
    assert first.bad_rows[0][1].line == 50
    second = load(made.write_shapefile(tmp_path, made.grid()[:5]))
    assert (second.segments, second.streets) == (5, 1)
    (source,) = queries.sources()
    assert (source.segment_count, source.refused_count, source.files) == (5, 0, ["made_addrfeat.shp"])
    assert queries.area(source) == "39.28° N to 39.28° N, 76.60° W to 76.59° W"
    assert (Segment.objects.count(), Street.objects.count(), Source.objects.count()) == (5, 1, 1)


@pytest.mark.db
@pytest.mark.django_db(transaction=True)
def test_others_may_write_while_an_import_runs(
    people: Any, now: datetime, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VIGIL_DATA_DIR = tmp_path
    monkeypatch.setattr(loading, "PIECE", 20)
    seen: list[tuple[int, bool]] = []

    def progress(name: str, read: int, total: int | None) -> None:
        seen.append((Segment.objects.count(), connection.in_atomic_block))

    loading.load(CONSOLE, "Made", [made.write_shapefile(tmp_path, made.grid())], now, progress)
    assert seen == [(20, False), (40, False), (49, False), (49, False)], (
        "each piece is committed, the last is the layer"
    )


@pytest.mark.db
def test_a_broken_import_leaves_what_was_there(load: Load, town: None, tmp_path: Path) -> None:
    whole = made.geojson(
        tmp_path / "one.geojson", [({"type": "LineString", "coordinates": [[1, 1], [2, 2]]}, {"name": "A"})]
    )
    cut = tmp_path / "cut.geojson"
    cut.write_text('{"type": "FeatureCollection", "features": [{"type"')
    empty = made.geojson(tmp_path / "empty.geojson", [({"type": "Point", "coordinates": [1, 1]}, {"x": 1})])
    for files in ((whole, cut), (empty,)):
        with pytest.raises(Unavailable):
            load(*files)
        assert (Segment.objects.count(), Source.objects.count()) == (49, 1)
        assert the_spot("250 E Alder St")


@pytest.mark.db
def test_a_dry_run_writes_nothing(people: Any, tmp_path: Path) -> None:
    outcome = loading.look([made.write_shapefile(tmp_path, made.grid())], silent)
    assert (outcome.segments, Source.objects.count()) == (49, 0)
    assert outcome.bounds == pytest.approx((made.WEST, made.SOUTH, made.WEST + 0.005, made.SOUTH + 0.004))


@pytest.mark.db
def test_what_is_still_loading_is_not_found_and_the_newer_import_counts(people: Any, now: datetime) -> None:
    old = begin_import(CONSOLE, "Made", ["a.zip"], now)
    Street.objects.create(source=old, key="ELM ST", name="Elm St")
    assert find("1 Elm St") is None
    begin_import(CONSOLE, "Made", ["b.zip"], now)
    from vigil.platform.gazetteer.actions import Counts, finish_import

    with pytest.raises(Conflict):
        finish_import(CONSOLE, old, Counts(1, 0, 1, 0, (0, 0, 1, 1)), False)


@pytest.mark.db
def test_a_source_is_removed_with_everything_of_it(load: Load, town: None, tmp_path: Path) -> None:
    load(made.write_points(tmp_path / "p.csv", [(1.0, 1.0, "1", "Elm St", "", "")]), name="Points")
    remove_source(CONSOLE, "Made")
    assert [source.name for source in queries.sources()] == ["Points"]
    loading.purge()
    assert (Segment.objects.count(), AddressPoint.objects.count(), Source.objects.count()) == (0, 1, 1)
    with pytest.raises(NotFound):
        remove_source(CONSOLE, "Made")


@pytest.mark.db
def test_streets_are_the_node_administrators(people: Any, town: None, now: datetime) -> None:
    for name in ("alice", "bob", "carol"):
        with pytest.raises(Refused):
            remove_source(people.actor(name), "Made")
    remove_source(people.actor("erin"), "Made")
    assert queries.sources() == []


# --- the map layer -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.db
def test_the_map_layer_is_made_replaced_and_removed(load: Load, tmp_path: Path, settings: Any) -> None:
    assert load(made.write_shapefile(tmp_path, made.grid()), drawn=True).layer == ""
    (source,) = queries.sources()
    file = tiles.file_of(source)
    content = file.read_bytes()
    assert content[:8] == b"PMTiles\x03"
    assert source.has_tiles
    assert file.stat().st_mode & 0o077 == 0
    load(made.write_shapefile(tmp_path, made.grid()), drawn=True)
    assert [left.name for left in file.parent.iterdir()] == [tiles.file_of(queries.sources()[0]).name]
    remove_source(CONSOLE, "Made")
    loading.purge()
    assert list(file.parent.iterdir()) == []


@pytest.mark.db
def test_without_the_tile_maker_addresses_are_read_all_the_same(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "which", lambda name, path=None: None)
    outcome = load(made.write_shapefile(tmp_path, made.grid()), drawn=True)
    assert "tippecanoe is not installed" in outcome.layer
    assert not queries.sources()[0].has_tiles
    assert the_spot("250 E Alder St")
