"""Typed places: every notation people use reads as the one place, and what is doubtful is asked."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigil.apps.deconfliction.places import Choices, Place, Unreadable, coordinates, read_place, towns, zone_of
from vigil.apps.deconfliction.plan import PlaceSource
from vigil.engine.geometry import Box, distance_m
from vigil.engine.operation import Point


@pytest.mark.parametrize(
    "text",
    [
        "39.29, -76.61",
        "39.29 -76.61",
        "39.29,-76.61",
        "+39.29; -76.61",
        "geo:39.29,-76.61",
        "39.29N 76.61W",
        "76.61 W, 39.29 N",
        "N39.29 W76.61",
        "39.29N, -76.61W",
        "lat 39.29 lon -76.61",
        "Latitude: 39.29, Longitude: -76.61",
        "39.29° -76.61°",
        "39°17'24\"N 76°36'36\"W",
        "39°17′24″N, 76°36′36″W",
        "39° 17' 24\" N 76° 36' 36\" W",
        "39 17 24 N 76 36 36 W",
        "N39 17 24 W076 36 36",
        "39 17 24, -76 36 36",
        "39:17:24N 76:36:36W",
        "39° 17.4' N, 76° 36.6' W",
        "39 17.4 N 76 36.6 W",
        "39deg 17min 24sec N 76deg 36min 36sec W",
        "  39.29 ,  \u221276.61 ",
    ],
)
def test_every_notation_of_one_place_reads_as_that_place(text: str) -> None:
    place = read_place(text)
    assert isinstance(place, Place), place
    assert (place.latitude, place.longitude) == pytest.approx((39.29, -76.61), abs=1e-9)
    assert (place.source, place.uncertainty_m) == (PlaceSource.COORDINATES, 0.0)


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_the_text_of_a_place_reads_back_to_exactly_that_place(latitude: float, longitude: float) -> None:
    found = coordinates(latitude, longitude)
    assert not isinstance(found, Unreadable)
    typed = found.places[-1] if isinstance(found, Choices) else found
    assert read_place(typed.text) == typed
    assert (typed.latitude, typed.longitude) == pytest.approx((latitude, longitude), abs=1e-9)


@pytest.mark.parametrize(
    ("text", "slip"),
    [
        ("-76.61, 39.29", "swapped"),
        ("-100.5, 39.29", "swapped"),
        ("39.29, 76.61", "minus"),
        ("76.61, 39.29", "swapped, and a minus"),
    ],
)
def test_a_slip_is_noticed_and_the_place_meant_is_offered_first(text: str, slip: str) -> None:
    found = read_place(text)
    assert isinstance(found, Choices)
    assert slip in found.sentence
    assert found.places[0].latitude == 39.29
    assert found.places[0].longitude in (-76.61, -100.5)


def test_two_numbers_in_fields_of_their_own_are_judged_alike() -> None:
    assert coordinates(-76.61, 39.29) == read_place("-76.61, 39.29")


def test_letters_say_which_is_which_so_nothing_is_asked() -> None:
    place = read_place("76.61S 39.29E")
    assert isinstance(place, Place)
    assert (place.latitude, place.longitude) == (-76.61, 39.29)


@pytest.mark.parametrize("text", ["51.5, -0.12", "35.7, 139.7", "-33.9, 151.2"])
def test_a_place_abroad_that_no_slip_explains_is_taken_as_typed(text: str) -> None:
    assert isinstance(read_place(text), Place)


def test_the_region_of_the_node_is_home_too() -> None:
    assert isinstance(read_place("39.29, 76.61"), Choices)
    assert isinstance(read_place("39.29, 76.61", [Box(75, 38, 78, 41)]), Place)


def test_a_zip_code_has_an_honest_uncertainty() -> None:
    city, desert = read_place("21201"), read_place("89049-0001")
    assert isinstance(city, Place)
    assert isinstance(desert, Place)
    assert (city.source, city.label) == (PlaceSource.ZIP, "ZIP 21201, Baltimore MD")
    assert (city.latitude, city.longitude) == pytest.approx((39.2946, -76.6252))
    assert 2_000 <= city.uncertainty_m < 5_000
    assert desert.uncertainty_m > 20_000


@pytest.mark.parametrize("text", ["Baltimore MD", "baltimore, md", "Baltimore, Maryland", "BALTIMORE MARYLAND"])
def test_a_town_with_its_state_is_one_place(text: str) -> None:
    town = read_place(text)
    assert isinstance(town, Place)
    assert (town.source, town.label) == (PlaceSource.TOWN, "Baltimore MD")
    assert town.uncertainty_m > 5_000


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("New York, New York", "New York NY"),
        ("St. Michaels MD", "Saint Michaels MD"),
        ("O'Fallon, MO", "O Fallon MO"),
        ("McLean VA", "Mc Lean VA"),
        ("Winston-Salem, North Carolina", "Winston Salem NC"),
    ],
)
def test_towns_are_found_however_they_are_spelled(text: str, label: str) -> None:
    town = read_place(text)
    assert isinstance(town, Place)
    assert town.label == label


def test_a_town_without_its_state_offers_choices_that_read_as_one_town() -> None:
    found = read_place("Salisbury")
    assert isinstance(found, Choices)
    assert found.places[0].label == "Salisbury MD"
    assert read_place(found.places[0].text) == found.places[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Give a place"),
        ("x" * 201, "too long"),
        ("99999", "no ZIP code 99999"),
        ("09001", "military"),
        ("120, 200", "no place at latitude 120"),
        ("91N 10E", "latitude lies outside"),
        ("39.29N 40N", "same kind"),
        ("39.29", "not recognised"),
        ("39 61 00 N 76 36 36 W", "not recognised"),
        ("1200 N Charles St, Baltimore MD", "street address"),
        ("Charles & Lombard", "street address"),
        ("18S UJ 123 45", "grid reference names no place"),
        ("18S UJ 123456 123456", "grid reference names no place"),
        ("18S ZZ 23483 06479", "grid reference names no place"),
        ("61S UJ 23483 06479", "grid reference names no place"),
        ("Nowhereville MD", "No town of this name is known in MD"),
        ("hello there", "not recognised"),
    ],
)
def test_what_is_no_place_gets_a_sentence_that_says_what_to_give(text: str, words: str) -> None:
    found = read_place(text)
    assert isinstance(found, Unreadable), found
    assert words in found.sentence


@pytest.mark.parametrize(
    ("text", "side_m"),
    [("18SUJ2348306479", 1), ("18s uj 2348 0647", 10), ("18S UJ 234 064", 100), ("18S UJ 23 06", 1000)],
)
def test_a_grid_reference_reaches_over_its_whole_cell_and_reads_back(text: str, side_m: int) -> None:
    found = read_place(text)
    assert isinstance(found, Place)
    assert side_m * 0.7 < found.uncertainty_m < side_m * 1.5
    corner = Point(-77.03523639, 38.889467394)
    assert distance_m(corner, Point(found.longitude, found.latitude)) <= found.uncertainty_m
    assert read_place(found.text) == found


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("text", ["18R UJ 23483 06479", "18T UJ 2 0"])
def test_a_band_letter_that_does_not_fit_the_square_is_refused(text: str) -> None:
    assert isinstance(read_place(text), Unreadable)
    assert isinstance(read_place("18S" + text[3:]), Place)


@settings(deadline=None)  # the first text loads the tables of places
@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    assert isinstance(read_place(text), Place | Choices | Unreadable)


def test_zones_by_place_also_at_sea_and_in_arizona() -> None:
    assert zone_of(-76.61, 39.29) == "America/New_York"
    assert zone_of(-112.07, 33.45) == "America/Phoenix"
    assert zone_of(-40.0, 30.0).startswith("Etc/GMT")


@pytest.mark.slow
def test_zones_load_no_numba_and_leave_it_to_others() -> None:
    code = (
        "import django, sys; django.setup(); from vigil.apps.deconfliction.places import zone_of\n"
        "print(zone_of(-76.61, 39.29), 'numba' in sys.modules); import numba; print(numba.__name__)"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "vigil.config.settings"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["America/New_York", "False", "numba"]


def test_towns_for_the_map_come_with_the_largest_first() -> None:
    found = towns()
    ranks = [town.rank for town in found]
    assert len(found) > 20_000
    assert ranks == sorted(ranks, reverse=True)
    assert "Baltimore" in {town.name for town in found[:60]}
