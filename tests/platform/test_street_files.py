"""Reading files of streets: what they hold, and each way in which they can be wrong."""

from __future__ import annotations

import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.platform import made_streets as made

from vigil.engine.formats.tabular import BadRow, UnusableInput
from vigil.platform.gazetteer import formats
from vigil.platform.gazetteer.addresses import Number
from vigil.platform.gazetteer.formats import House, Line, Side, open_streets


def read(path: Path) -> tuple[list[Any], int]:
    """All rows, and how many features were left out."""
    with open_streets(path) as opened:
        return list(opened.rows), opened.left_out


def refusal(path: Path) -> str:
    """The sentence that a file is refused with."""
    with pytest.raises(UnusableInput) as raised:
        read(path)
    return str(raised.value)


ALDER = made.feature(1, "E Alder St", [(-76.60, 39.28), (-76.599, 39.28)], 100, "21202", "S1200")


def test_a_shapefile_of_address_ranges(tmp_path: Path) -> None:
    (line,), _ = read(made.write_shapefile(tmp_path, [ALDER]))
    assert isinstance(line, Line)
    assert (line.name, line.vertices, line.rank) == ("E Alder St", [(-76.60, 39.28), (-76.599, 39.28)], 2)
    assert line.left == Side(Number("101", "", 101), Number("199", "", 199), "21202")
    assert line.right == Side(Number("100", "", 100), Number("198", "", 198), "21202")


@pytest.mark.parametrize("folder", ["", "county/", "../../etc/", "/absolute/"])
def test_the_archive_as_downloaded_and_none_of_its_paths(tmp_path: Path, folder: str) -> None:
    rows, _ = read(made.zipped(made.write_shapefile(tmp_path, made.grid()), folder=folder))
    assert len(rows) == 49
    assert not (tmp_path.parent / "etc").exists()


def test_edges_are_roads_by_their_flag_and_roads_need_no_numbers(tmp_path: Path) -> None:
    columns = ("FULLNAME", "LFROMADD", "LTOADD", "RFROMADD", "RTOADD", "ZIPL", "ZIPR", "ROADFLG", "MTFCC")
    line = [(-76.6, 39.28), (-76.599, 39.28)]
    features = [
        (line, ("Main St", "1", "99", "2", "98", "21202", "21201", "Y", "S1400")),
        (line, ("Amtrak", "", "", "", "", "", "", "N", "R1011")),
        (line, ("", "", "", "", "", "", "", "Y", "S1400")),
    ]
    (main,), left_out = read(made.write_shapefile(tmp_path, features, columns=columns))
    assert (main.name, main.left.zip_code, main.right.zip_code, left_out) == ("Main St", "21202", "21201", 2)
    (road,), _ = read(made.write_shapefile(tmp_path, [(line, ("US Hwy 40", "S1100"))], columns=("FULLNAME", "MTFCC")))
    assert (road.left.first, road.right.first, road.rank) == (None, None, 1)


POINT = {"type": "Point", "coordinates": [-76.6, 39.28]}


@pytest.mark.parametrize("lines", [False, True])
def test_geojson_as_a_collection_and_one_feature_a_line(tmp_path: Path, lines: bool) -> None:
    features: Any = [
        (POINT, {"number": "12", "street": "Elm St", "city": "Elm", "postcode": "21202"}),
        ({"type": "LineString", "coordinates": [[-76.6, 39.28, 4.0], [-76.59, 39.28, 4.0]]}, {"name": "Oak St"}),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}, {"name": "Elm Park"}),
        (POINT, {"number": "none", "street": "Elm St"}),
        (None, {"name": "Elm St"}),
    ]
    rows, _ = read(made.geojson(tmp_path / "elm.geojson", features, lines=lines))
    house, line, *bad = rows
    assert isinstance(house, House)
    assert (house.name, house.number.value, house.place, house.zip_code) == ("Elm St", 12, (-76.6, 39.28), "21202")
    assert isinstance(line, Line)
    assert line.vertices == [(-76.6, 39.28), (-76.59, 39.28)]
    assert [(row.line, row.column) for row in bad] == [(3, "geometry"), (4, "number"), (5, "geometry")]


def test_openaddresses_as_csv(tmp_path: Path) -> None:
    rows = [
        (-76.6, 39.28, "100", "E ALDER ST", "BALTIMORE", "21202"),
        ("", "", "101", "E ALDER ST", "", ""),
        ("nan", "39", "102", "E ALDER ST", "", ""),
        (-76.6, 399, "103", "E ALDER ST", "", ""),
        (-76.6, 39.28, "", "E ALDER ST", "", ""),
    ]
    (house, *bad), _ = read(made.write_points(tmp_path / "points.csv", rows))  # type: ignore[arg-type]
    assert (house.name, house.number.text, house.town, house.zip_code) == ("E ALDER ST", "100", "BALTIMORE", "21202")
    assert [(row.line, row.column) for row in bad] == [
        (3, "longitude"), (4, "geometry"), (5, "geometry"), (6, "number")
    ]  # fmt: skip


@pytest.mark.parametrize("angle", [float("nan"), float("inf"), -200.0])
def test_a_coordinate_that_is_none_refuses_its_feature_only(tmp_path: Path, angle: float) -> None:
    features = [made.feature(1, "Elm St", [(angle, 39.28), (-76.59, 39.28)], 100, "21202"), ALDER]
    bad, line = read(made.write_shapefile(tmp_path, features))[0]
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.column) == (1, "geometry")
    assert line.name == "E Alder St"


def test_a_line_without_length_is_refused(tmp_path: Path) -> None:
    (bad,), _ = read(made.write_shapefile(tmp_path, [made.feature(1, "Elm St", [(-76.6, 39.2)] * 2, 100, "21202")]))
    assert "no length" in bad.reason


# --- files that are refused as a whole ------------------------------------------------------------------------------


def test_coordinates_in_feet_are_refused_with_their_name_and_the_remedy(tmp_path: Path) -> None:
    sentence = refusal(made.write_shapefile(tmp_path, [ALDER], prj=made.PLANE))
    assert "NAD_1983_StatePlane_Maryland_FIPS_1900_Feet" in sentence
    assert "ogr2ogr" in sentence


def test_an_old_datum_is_refused(tmp_path: Path) -> None:
    old = made.NAD83.replace("1983", "1927").replace("GRS_1980", "Clarke_1866")
    assert "neither NAD 83 nor WGS 84" in refusal(made.write_shapefile(tmp_path, [ALDER], prj=old))


@pytest.mark.parametrize(("missing", "said"), [(".dbf", "no .dbf"), (".prj", "no .prj")])
def test_a_missing_companion_is_named(tmp_path: Path, missing: str, said: str) -> None:
    shp = made.write_shapefile(tmp_path, [ALDER])
    shp.with_suffix(missing).unlink()
    assert said in refusal(shp)
    assert said in refusal(made.zipped(shp))


@pytest.mark.parametrize("ending", [".shp", ".dbf"])
@pytest.mark.parametrize("keep", [0.0, 0.4, 0.97])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, ending: str, keep: float) -> None:
    file = made.write_shapefile(tmp_path, made.grid()).with_suffix(ending)
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * keep)])
    assert "Download it again" in refusal(file.with_suffix(".shp")) or keep == 0.0
    assert refusal(file.with_suffix(".shp"))


def test_a_damaged_record_is_no_crash(tmp_path: Path) -> None:
    shp = made.write_shapefile(tmp_path, made.grid())
    content = bytearray(shp.read_bytes())
    content[100 + 8 + 36 : 100 + 8 + 40] = struct.pack("<i", 2_000_000_000)
    shp.write_bytes(content)
    assert "damaged" in refusal(shp)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("county.shp", bytes(30_000_000))
    assert "30,000,000 bytes" in refusal(bomb)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.zip", b"", "no readable ZIP"),
        ("text.zip", b"this is no archive", "no readable ZIP"),
        ("empty.geojson", b"", "no feature"),
        ("empty.csv", b"", "empty"),
        ("other.csv", b"a,b\n1,2\n", "no column for number, street, longitude, latitude"),
        ("cut.geojson", b'{"type": "FeatureCollection", "features": [{"type": "Fea', "cut off"),
        ("binary.geojson", b"\xff\xfe\x00", "no GeoJSON"),
        ("deep.geojson", b'{"type": "FeatureCollection", "features": [' + b"[" * 200_000, "GeoJSON"),
        (
            "feet.geojson",
            b'{"type": "FeatureCollection", "crs": {"properties": {"name": "EPSG:2248"}}, "features": []}',
            "EPSG:2248",
        ),
        ("streets.xyz", b"", "none of .shp"),
        ("empty.shp", b"", "no .dbf"),
    ],
)
def test_what_is_no_file_of_streets(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert said in refusal(tmp_path / name)


def test_an_archive_with_nothing_or_too_much_in_it(tmp_path: Path) -> None:
    for names, said in (((), "holds no"), (("readme.txt",), "holds no"), (("a.shp", "b.shp"), "holds 2 files")):
        archive = tmp_path / "some.zip"
        with zipfile.ZipFile(archive, "w") as made_archive:
            for name in names:
                made_archive.writestr(name, "x")
        assert said in refusal(archive)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for name in ("gone.shp", "gone.zip", "gone.geojson", "gone.csv"):
        assert "gone" in refusal(tmp_path / name)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "CHUNK", 10_000)

    def peak(copies: int) -> int:
        path = made.geojson(tmp_path / "many.geojson", [(POINT, {"number": "1", "street": "Elm St"})] * copies)
        tracemalloc.start()
        with open_streets(path) as opened:
            assert sum(1 for _ in opened.rows) == copies
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10)  # what is loaded once
    assert peak(4_000) < 1.5 * peak(1_000)


def test_the_largest_feature_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "LARGEST_FEATURE", 1_000)
    path = tmp_path / "endless.geojson"
    path.write_text('{"type": "FeatureCollection", "features": [{"name": "' + "x" * 3_000_000)
    assert "without end" in refusal(path)
