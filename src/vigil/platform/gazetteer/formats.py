"""Files of streets and address points: TIGER/Line and other shapefiles, GeoJSON, CSV; packed as .zip or not.

Promise: `open_streets` gives every feature as a `Line`, a `House` or a `BadRow` with its number and reason, one after
the other, whatever the file's size; features that are no street of a name count as `left_out`. A file that is no such
file, is cut off or has other coordinates than longitude and latitude is refused as a whole with a sentence.

Column names are those of the Census Bureau's TIGER/Line technical documentation (ADDRFEAT, EDGES, ROADS), of
OpenAddresses, and common others.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from vigil.engine.formats.tabular import BadRow, UnusableInput, open_sheet
from vigil.platform.gazetteer.addresses import Number, key_of, read_number
from vigil.platform.gazetteer.lines import Vertex

COLUMNS: dict[str, tuple[str, ...]] = {
    "number": ("number", "housenumber", "addrhousenumber", "housenum", "addnumber", "addrnum", "streetnumber", "hno"),
    "street": ("street", "addrstreet", "fullname", "streetname", "fullstreet", "stname", "roadname", "name"),
    "town": ("city", "addrcity", "town", "municipality", "placename", "postcomm"),
    "zip": ("postcode", "addrpostcode", "zip", "zipcode", "postalcode", "zip5"),
    "longitude": ("lon", "longitude", "lng", "long", "x"),
    "latitude": ("lat", "latitude", "y"),
    "left_from": ("lfromhn", "lfromadd", "fromaddrl", "leftfrom", "lfadd"),
    "left_to": ("ltohn", "ltoadd", "toaddrl", "leftto", "ltadd"),
    "right_from": ("rfromhn", "rfromadd", "fromaddrr", "rightfrom", "rfadd"),
    "right_to": ("rtohn", "rtoadd", "toaddrr", "rightto", "rtadd"),
    "left_zip": ("zipl", "leftzip", "zipleft"),
    "right_zip": ("zipr", "rightzip", "zipright"),
    "class": ("roadmtfcc", "edgemtfcc", "mtfcc", "highway"),
    "is_road": ("roadflg",),
}
"""Our field, and the names that mean it, letters and digits only; the first one present counts."""

RANKS = {"S1100": 1, "motorway": 1, "trunk": 1, "S1200": 2, "primary": 2, "secondary": 2}
"""MAF/TIGER feature class codes, and OpenStreetMap's words, of the roads that a map shows early."""

LONGEST_NAME = 120
CHUNK = 1 << 20
LARGEST_FEATURE = 16_000_000
MOST_UNPACKED = 20_000_000_000
MOST_RATIO = 200
"""A member of an archive that unpacks to more bytes, or to more times its size, is taken for an attack."""


class Side(NamedTuple):
    """House numbers along one side of a line, in its direction; None where there are none."""

    first: Number | None
    last: Number | None
    zip_code: str


class Line(NamedTuple):
    """A piece of a street."""

    name: str
    vertices: list[Vertex]
    rank: int
    town: str
    left: Side
    right: Side


class House(NamedTuple):
    """A house number with its place."""

    name: str
    number: Number
    place: Vertex
    town: str
    zip_code: str


Row = Line | House | BadRow


@dataclass
class Streets:
    """An opened file: `rows` can be read once; `total` features where known; `left_out` grows while reading."""

    rows: Iterator[Row] = field(default_factory=lambda: iter(()))
    total: int | None = None
    left_out: int = 0


@contextmanager
def open_streets(path: Path) -> Iterator[Streets]:
    """Open a file by its ending.

    Raises:
        UnusableInput: not there, of no known kind, damaged, or not in degrees. Reading on can raise it too.
    """
    with tempfile.TemporaryDirectory(prefix="vigil-places-") as scratch:
        opened = Streets()
        file = _unpacked(path, Path(scratch)) if path.suffix.lower() == ".zip" else path
        reader = _READERS.get(file.suffix.lower())
        if reader is None:
            raise UnusableInput(f"{path.name} is none of .shp, .geojson, .json, .geojsonl, .csv or a .zip with one.")
        if not file.is_file():
            raise UnusableInput(f"There is no file {path}.")
        opened.rows = reader(file, opened)
        yield opened


# --- archives ------------------------------------------------------------------------------------------------------


def _unpacked(path: Path, scratch: Path) -> Path:
    """The one file of streets in an archive, unpacked under names of our own: none of the archive's paths is used."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist() if not info.is_dir()}
            main = _main_member(path, list(members))
            stem, ending = main[: -len(Path(main).suffix)].lower(), Path(main).suffix.lower()
            wanted = {ending, ".dbf", ".prj", ".cpg"} if ending == ".shp" else {ending}
            for name, info in members.items():
                if name.lower().removesuffix(Path(name).suffix.lower()) == stem and Path(name).suffix.lower() in wanted:
                    _unpack(archive, info, scratch / f"streets{Path(name).suffix.lower()}", path)
    except FileNotFoundError:
        raise UnusableInput(f"There is no file {path}.") from None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UnusableInput(f"{path.name} is no readable ZIP archive: {error}. Download it again.") from None
    return scratch / f"streets{ending}"


def _main_member(path: Path, names: list[str]) -> str:
    for endings in ((".shp",), (".geojson", ".json", ".geojsonl"), (".csv",)):
        found = [name for name in names if Path(name).suffix.lower() in endings and "__MACOSX" not in name]
        if len(found) > 1:
            raise UnusableInput(f"{path.name} holds {len(found)} files of streets. Unpack it and name those wanted.")
        if found:
            return found[0]
    raise UnusableInput(f"{path.name} holds no .shp, .geojson or .csv.")


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, path: Path) -> None:
    if info.file_size > MOST_UNPACKED or info.file_size > MOST_RATIO * max(info.compress_size, 1_000):
        raise UnusableInput(f"{path.name} unpacks to {info.file_size:,} bytes, which no file of streets does.")
    # The library stops at the size that the archive states.
    with archive.open(info) as packed, target.open("wb") as plain:
        shutil.copyfileobj(packed, plain, 1 << 20)


# --- shapefiles ----------------------------------------------------------------------------------------------------


def _shapefile(path: Path, opened: Streets) -> Iterator[Row]:
    import shapefile

    dbf = _sidecar(path, ".dbf")
    if dbf is None:
        raise UnusableInput(f"{path.name} has no .dbf beside it, so its streets have no names. Bring all its files.")
    _check_degrees(path)
    count = _check_whole(path, dbf)
    cpg = _sidecar(path, ".cpg")
    encoding = "latin-1" if cpg and "8859" in cpg.read_text("latin-1") else "utf-8"
    try:
        with (
            path.open("rb") as shp,
            dbf.open("rb") as table,
            shapefile.Reader(shp=shp, dbf=table, encoding=encoding, encodingErrors="replace") as reader,
        ):
            names = [description[0] for description in reader.fields if description[0] != "DeletionFlag"]
            fields = _known(names)
            opened.total = count
            seen = 0
            for seen, one in enumerate(reader.iterShapeRecords(fields=list(set(fields.values()))), 1):
                record = one.record.as_dict()
                values = {ours: _text(record[theirs]) for ours, theirs in fields.items()}
                yield from _feature(seen, values, one.shape, opened)
    except (shapefile.ShapefileException, struct.error, ValueError, IndexError, EOFError, AssertionError) as error:
        if isinstance(error, UnusableInput):
            raise
        raise UnusableInput(f"{path.name} is damaged: it cannot be read to its end. Download it again.") from None
    if seen != count:
        raise UnusableInput(f"{path.name} is damaged: {count:,} records in the table, {seen:,} shapes.")


def _sidecar(path: Path, ending: str) -> Path | None:
    return next((file for file in (path.with_suffix(ending), path.with_suffix(ending.upper())) if file.is_file()), None)


def _check_degrees(path: Path) -> None:
    """Longitude and latitude on NAD 83 or WGS 84, or refused: feet read as degrees would put a house anywhere."""
    prj = _sidecar(path, ".prj")
    if prj is None:
        raise UnusableInput(f"{path.name} has no .prj beside it, which says what its coordinates mean. Bring it too.")
    system = prj.read_text("utf-8", errors="replace")[:20_000].strip()
    mend = "Convert it first: ogr2ogr -t_srs EPSG:4326 converted.shp " + path.name
    name = (re.search(r'"([^"]{1,80})"', system) or ["", "an unknown system"])[1]
    if not system.upper().startswith(("GEOGCS", "GEOGCRS")):
        raise UnusableInput(f"The coordinates of {path.name} are in {name}, not in degrees. {mend}")
    if not re.search(r"NORTH_AMERICAN_(DATUM_)?1983|NAD83|NAD_1983|WGS_?_?(19)?84|WGS 84", system.upper()):
        raise UnusableInput(f"The coordinates of {path.name} are on {name}, neither NAD 83 nor WGS 84. {mend}")


def _check_whole(shp: Path, dbf: Path) -> int:
    """The number of records, once both files are as long as their headers say."""
    with shp.open("rb") as file:
        head = file.read(100)
    with dbf.open("rb") as file:
        table = file.read(12)
    if len(head) < 100 or head[:4] != b"\x00\x00\x27\x0a" or len(table) < 12:
        raise UnusableInput(f"{shp.name} is no shapefile, or empty.")
    count, header, width = struct.unpack("<4xIHH", table)
    if shp.stat().st_size < 2 * struct.unpack(">24xI", head[:28])[0] or dbf.stat().st_size < header + count * width:
        raise UnusableInput(f"{shp.name} is cut off: it is shorter than it says. Download it again.")
    return int(count)


# --- GeoJSON -------------------------------------------------------------------------------------------------------


def _geojson(path: Path, opened: Streets) -> Iterator[Row]:
    """A FeatureCollection, or one feature a line as OpenAddresses gives them."""
    seen = 0
    for seen, feature in enumerate(_objects(path), 1):
        if not isinstance(feature, dict):
            yield BadRow(seen, "", "This is no GeoJSON feature.")
            continue
        properties = feature.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        fields = _known(list(map(str, properties)))
        values = {ours: _text(properties.get(theirs)) for ours, theirs in fields.items()}
        yield from _feature(seen, values, feature.get("geometry"), opened)
    if not seen:
        raise UnusableInput(f"{path.name} holds no feature.")


_SYSTEM = re.compile(r'"crs"\s*:\s*\{[^}]*\{[^}]*"name"\s*:\s*"([^"]+)"')
_DEGREES = re.compile(r"CRS:?84|EPSG:+(4326|4269)$")


def _objects(path: Path) -> Iterator[Any]:
    """The features one after the other; never more of the file in memory than a feature and a megabyte."""
    decoder, buffer = json.JSONDecoder(), ""
    try:
        with path.open(encoding="utf-8-sig") as file:
            buffer = file.read(CHUNK)
            head = re.match(r'\s*\{(?:[^\[\]]|\[[^\[\]]*\])*?"features"\s*:\s*\[', buffer[:100_000])
            if (system := _SYSTEM.search(buffer)) and not _DEGREES.search(system[1]):
                raise UnusableInput(f"The coordinates of {path.name} are in {system[1]}, not in degrees of WGS 84.")
            buffer = buffer[head.end() :] if head else buffer
            while True:
                buffer = buffer.lstrip(" \t\r\n,\x1e")
                if head and buffer.startswith("]"):
                    return
                try:
                    if not buffer:
                        raise json.JSONDecodeError("more is needed", "", 0)
                    found, end = decoder.raw_decode(buffer)
                except json.JSONDecodeError:
                    more = file.read(CHUNK)
                    if not more and (buffer or head):
                        raise UnusableInput(f"{path.name} is cut off, or no GeoJSON.") from None
                    if not more:
                        return
                    buffer += more
                    if len(buffer) > LARGEST_FEATURE:
                        raise UnusableInput(f"{path.name} is no GeoJSON, or has a feature without end.") from None
                    continue
                buffer = buffer[end:]
                yield found
    except (UnicodeDecodeError, RecursionError):
        raise UnusableInput(f"{path.name} is no GeoJSON in UTF-8.") from None


# --- CSV -----------------------------------------------------------------------------------------------------------


def _csv(path: Path, opened: Streets) -> Iterator[Row]:
    sheet = open_sheet(path)
    fields = _known(list(sheet.header))
    missing = [name for name in ("number", "street", "longitude", "latitude") if name not in fields]
    if missing:
        sheet.close()
        raise UnusableInput(f"{path.name} has no column for {', '.join(missing)}. Address points need all four.")
    places = {ours: sheet.header.index(theirs) for ours, theirs in fields.items()}
    for line, cells in sheet.rows:
        values = {ours: cells[at].strip() if at < len(cells) else "" for ours, at in places.items()}
        try:
            place = [float(values["longitude"]), float(values["latitude"])]
        except ValueError:
            yield BadRow(line, "longitude", "Longitude or latitude is no number.")
            continue
        yield from _feature(line, values, {"type": "Point", "coordinates": place}, opened)


_READERS: Mapping[str, Callable[[Path, Streets], Iterator[Row]]] = {
    ".shp": _shapefile,
    ".geojson": _geojson,
    ".geojsonl": _geojson,
    ".json": _geojson,
    ".csv": _csv,
}


# --- features ------------------------------------------------------------------------------------------------------


def _known(names: list[str]) -> dict[str, str]:
    """Our fields, each with the file's name for it."""
    plain = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in reversed(names)}
    found = {ours: next((plain[name] for name in names if name in plain), None) for ours, names in COLUMNS.items()}
    return {ours: theirs for ours, theirs in found.items() if theirs is not None}


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


class _Bad(ValueError):
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def _feature(number: int, values: Mapping[str, str], shape: Any, opened: Streets) -> Iterator[Row]:
    """The row of one feature; `shape` is a GeoJSON geometry or a shape of the shapefile library."""
    name = " ".join(values.get("street", "").split())
    if not key_of(name) or values.get("is_road") == "N":
        opened.left_out += 1
        return
    try:
        if len(name) > LONGEST_NAME:
            raise _Bad("street", f"The street's name is longer than {LONGEST_NAME} characters.")
        kind, parts = _parts(shape)
        if kind == "Point":
            yield _house(name, values, parts[0][0])
        else:
            yield from _lines(name, values, parts)
    except _Bad as bad:
        yield BadRow(number, bad.column, bad.reason)


def _parts(shape: Any) -> tuple[str, list[list[Vertex]]]:
    many: Any
    if isinstance(shape, dict):
        kind, coordinates = shape.get("type"), shape.get("coordinates")
        many = {"Point": [[coordinates]], "LineString": [coordinates], "MultiLineString": coordinates}.get(str(kind))
    else:
        kind = {1: "Point", 11: "Point", 21: "Point", 3: "Line", 13: "Line", 23: "Line"}.get(
            getattr(shape, "shapeType", 0)
        )
        points, starts = getattr(shape, "points", []), [*getattr(shape, "parts", [0])]
        many = [points[a:b] for a, b in zip(starts, [*starts[1:], len(points)], strict=True)] if kind else None
    if many is None:
        raise _Bad("geometry", "There is no place: only points and lines are read.")
    try:
        parts = [[_vertex(place) for place in part] for part in many]
    except (TypeError, ValueError, IndexError, OverflowError):
        raise _Bad("geometry", "A coordinate is no number of degrees, longitude before latitude.") from None
    if not parts or not all(parts):
        raise _Bad("geometry", "The shape is empty.")
    return str(kind), parts


def _vertex(place: Any) -> Vertex:
    longitude, latitude = float(place[0]), float(place[1])
    if not (math.isfinite(longitude) and abs(longitude) <= 180 and abs(latitude) <= 90):
        raise ValueError
    return longitude, latitude


def _house(name: str, values: Mapping[str, str], place: Vertex) -> House:
    number = read_number(values.get("number", ""))
    if number is None:
        raise _Bad("number", "This is no house number.")
    return House(name, number, place, values.get("town", "")[:60], _zip(values.get("zip", "")))


def _lines(name: str, values: Mapping[str, str], parts: Iterable[list[Vertex]]) -> Iterator[Line]:
    parts = [part for part in parts if len(set(part)) > 1]
    if not parts:
        raise _Bad("geometry", "The line has no length.")
    left, right = _side(values, "left"), _side(values, "right")
    if len(parts) > 1 and (left.first or right.first):
        raise _Bad("geometry", f"A line with house numbers in {len(parts)} parts: its numbers have no place.")
    rank = RANKS.get(values.get("class", ""), 3)
    for part in parts:
        yield Line(name, part, rank, values.get("town", "")[:60], left, right)


def _side(values: Mapping[str, str], side: str) -> Side:
    zip_code = _zip(values.get(f"{side}_zip", "") or values.get("zip", ""))
    first, last = (read_number(values.get(f"{side}_{end}", "")) for end in ("from", "to"))
    if first is None or last is None or first.prefix != last.prefix or not (first.value or last.value):
        return Side(None, None, zip_code)
    return Side(first, last, zip_code)


def _zip(text: str) -> str:
    found = re.match(r"\d{5}(?!\d)", text)
    return found[0] if found else ""
