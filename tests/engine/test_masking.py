"""Masked areas: large enough everywhere, hold the shape, and tell nothing finer than their cell."""

from __future__ import annotations

from geographiclib.geodesic import Geodesic
from hypothesis import given
from hypothesis import strategies as st

from vigil.engine.masking import masked_area
from vigil.engine.operation import Line, Point

LONGITUDES, LATITUDES = st.floats(-180, 180, exclude_max=True), st.floats(-89, 89)


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    found: float = Geodesic.WGS84.Inverse(a[1], a[0], b[1], b[0])["s12"]
    return found


@given(LONGITUDES, LATITUDES)
def test_a_cell_is_two_kilometres_at_least_and_holds_the_place(longitude: float, latitude: float) -> None:
    south_west, south_east, north_east, north_west, again = masked_area(Point(longitude, latitude))
    assert again == south_west
    assert south_west[0] - 1e-9 <= longitude <= south_east[0] + 1e-9
    assert south_west[1] - 1e-9 <= latitude <= north_west[1] + 1e-9
    sides = ((south_west, south_east), (south_east, north_east), (north_east, north_west), (north_west, south_west))
    for one, two in sides:
        assert metres(one, two) >= 2_000


@given(LONGITUDES, LATITUDES, st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_all_places_of_a_cell_have_the_same_area(longitude: float, latitude: float, x: float, y: float) -> None:
    cell = masked_area(Point(longitude, latitude))
    (west, south), (east, north) = cell[0], cell[2]
    other = Point(west + x * (east - west), south + y * (north - south))
    assert masked_area(other) == cell


def test_a_long_shape_is_a_block_of_cells_also_across_180_degrees() -> None:
    west, east = masked_area(Line(((179.99, 10.0), (-179.99, 10.0))))[0:2]
    assert west[0] <= 179.99
    assert east[0] >= 180.01
    assert east[0] - west[0] < 0.1
