"""A made-up town of streets, written as the files that people bring. Nothing in it is a real street."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import shapefile

NAD83 = (
    'GEOGCS["GCS_North_American_1983",DATUM["D_North_American_1983",SPHEROID["GRS_1980",6378137.0,298.257222101]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)
PLANE = 'PROJCS["NAD_1983_StatePlane_Maryland_FIPS_1900_Feet",' + NAD83 + ',PROJECTION["Lambert_Conformal_Conic"]]'

WEST, SOUTH = -76.60, 39.28
STEP = 0.001
"""A block: 86 m to the east, 111 m to the north."""
ACROSS = ("E Alder St", "E Birch St", "E Cedar St", "W Dogwood Ave", "Old Mill Rd")
UP = ("N Amber St", "N Basalt St", "Coral Ln", "Diamond Way", "Emerald Ct", "Flint St")

COLUMNS = ("TLID", "FULLNAME", "LFROMHN", "LTOHN", "RFROMHN", "RTOHN", "ZIPL", "ZIPR", "ROAD_MTFCC")
Feature = tuple[list[tuple[float, float]], tuple[str, ...]]


def grid(zip_code: str = "21202") -> list[Feature]:
    """Blocks as ADDRFEAT has them: odd numbers left, even ones right, a hundred a block."""
    features: list[Feature] = []
    for row, name in enumerate(ACROSS):
        for block in range(len(UP) - 1):
            ends = [(WEST + STEP * at, SOUTH + STEP * row) for at in (block, block + 1)]
            features.append(feature(len(features), name, ends, 100 * (block + 1), zip_code))
    for column, name in enumerate(UP):
        for block in range(len(ACROSS) - 1):
            ends = [(WEST + STEP * column, SOUTH + STEP * at) for at in (block, block + 1)]
            features.append(feature(len(features), name, ends, 100 * (block + 1), zip_code))
    return features


def feature(
    number: int, name: str, line: Sequence[tuple[float, float]], first: int, zip_code: str, rank: str = "S1400"
) -> Feature:
    """One block with the numbers first to first + 99."""
    numbers = (str(first + 1), str(first + 99), str(first), str(first + 98))
    return list(line), (str(number), name, *numbers, zip_code, zip_code, rank)


def write_shapefile(
    folder: Path, features: Iterable[Feature], *, prj: str = NAD83, columns: Sequence[str] = COLUMNS
) -> Path:
    """A TIGER-like shapefile; the path of its .shp."""
    target = folder / "made_addrfeat"
    with shapefile.Writer(str(target), shapeType=shapefile.POLYLINE) as writer:
        for column in columns:
            writer.field(column, "C", 60)
        for line, values in features:
            writer.line([line])
            writer.record(*values)
    target.with_suffix(".prj").write_text(prj)
    return target.with_suffix(".shp")


def zipped(shp: Path, *, folder: str = "") -> Path:
    """The shapefile as it is downloaded."""
    target = shp.with_suffix(".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(shp.parent.glob(shp.stem + ".*")):
            if part != target:
                archive.write(part, folder + part.name)
    return target


def write_points(path: Path, rows: Iterable[tuple[float, float, str, str, str, str]]) -> Path:
    """Address points as OpenAddresses has them: lon, lat, number, street, city, postcode."""
    text = io.StringIO()
    text.write("LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE\n")
    for lon, lat, number, street, city, postcode in rows:
        text.write(f"{lon},{lat},{number},{street},,{city},,MD,{postcode}\n")
    path.write_text(text.getvalue())
    return path


def geojson(
    path: Path, features: Iterable[tuple[dict[str, object], dict[str, object]]], *, lines: bool = False
) -> Path:
    """Features of geometry and properties, as a collection or one a line."""
    made = [{"type": "Feature", "properties": properties, "geometry": shape} for shape, properties in features]
    text = "\n".join(map(json.dumps, made)) if lines else json.dumps({"type": "FeatureCollection", "features": made})
    path.write_text(text)
    return path
