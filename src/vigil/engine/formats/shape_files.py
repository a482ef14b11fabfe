"""Shapes as people paste and other programs write them: WKT and GeoJSON texts; KML, GeoJSON and WKT files.

Promise: nothing in a text or a file is believed or fetched: XML with a document type or entities is refused, sizes and
vertices are counted before anything is built, and every refusal is a sentence that says what is wrong and how to mend
it. Coordinates are longitude then latitude in decimal degrees on WGS 84, as all three formats have them.

Sources: OGC 06-103r4 (WKT), RFC 7946 (GeoJSON), OGC 12-007r2 (KML 2.3; altitudes are left out, because a site lies on
the ground). What a shape may be: specification, sections 3 and 4.1.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from vigil.engine.geometry import MAX_VERTICES, GeometryError, parse_wkt, refuse_count, validate, zone_polygon
from vigil.engine.operation import Geometry, Line, Point, Polygon, Site, Vertex
from vigil.texts import gettext as _
from vigil.texts import gettext_noop

LARGEST_FILE_BYTES = 5_000_000
MOST_SHAPES = 50
"""Specification 3: an operation has at most 50 sites."""
LONGEST_NAME = 100
DECIMALS = 7
"""Of a zone that is drawn: a centimetre."""
MOST_DEPTH = 20
TOO_DEEP = gettext_noop("The file nests its shapes too deeply.")

_SHAPE = re.compile(r"(?:SRID\s*=\s*\d+\s*;\s*)?[A-Z]+\s*(?:ZM|Z|M)?\s*(?:\(|EMPTY\b)", re.IGNORECASE)
_CRS84 = re.compile(r"(?:CRS84|4326|WGS ?84)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NamedShape:
    """One checked shape of a file, with the name that the file gives it; "" where it has none."""

    geometry: Geometry
    name: str = ""


def is_shape(text: str) -> bool:
    """Whether a typed text is meant as WKT or GeoJSON, well-formed or not; "Point Pleasant NJ" is not."""
    text = text.lstrip()
    return text.startswith(("{", "[", "<")) or _SHAPE.match(text) is not None


def read_shape(text: str) -> Geometry:
    """The one shape of a WKT or GeoJSON text, normalised but not yet checked: pass it to `validate`.

    Raises:
        GeometryError: neither of the two, not readable, or a shape that is not taken (`parse_wkt`, `from_geojson`).
    """
    text = text.strip()
    if text.startswith("<"):
        raise GeometryError(_("This looks like KML. Save it as a file and read the file instead."))
    if text.startswith("{"):
        return from_geojson(_json(text))
    if text.startswith("["):
        raise GeometryError(_('This is only a part of GeoJSON. Paste the whole of it, from {"type": on.'))
    return parse_wkt(re.sub(r"^SRID\s*=\s*4326\s*;", "", text, flags=re.IGNORECASE))


def from_geojson(value: Any) -> Geometry:
    """The one shape of a decoded GeoJSON Point, LineString or Polygon, or of a Feature of one; not yet checked.

    Raises:
        GeometryError: any other value, a third coordinate, too many vertices.
    """
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind == "Feature" and not _is_feature(value.get("geometry")):
        return from_geojson(value.get("geometry"))
    coordinates = value.get("coordinates") if isinstance(value, Mapping) else None
    if kind == "Point":
        return Point(*_vertex(coordinates))
    if kind == "LineString":
        return Line(_chain(coordinates, []))
    if kind == "Polygon" and isinstance(coordinates, list) and coordinates:
        count: list[int] = []
        rings = [_chain(ring, count) for ring in coordinates]
        return Polygon(rings[0], tuple(rings[1:]))
    sentence = _("The shape must be WKT, or a GeoJSON Point, LineString or Polygon.")
    if isinstance(kind, str) and kind.startswith("Multi"):
        sentence += " " + _("Give each part as a site of its own.")
    raise GeometryError(sentence)


def read_shapes(data: bytes) -> tuple[NamedShape, ...]:
    """Every shape of a KML, GeoJSON or WKT file, checked, in the file's order; parts of a MULTI shape one by one.

    Raises:
        GeometryError: a file of another kind, an unreadable one, one without a shape or with more than 50, or a shape
            that `validate` refuses; the sentence counts the shapes from 1.
    """
    _refuse_foreign(data)
    text = _text(data)
    start = text.lstrip()[:1]
    if not start:
        raise GeometryError(_("The file is empty."))
    found: list[NamedShape] = []
    for name, geometry in _of_kml(data) if start == "<" else _of_json(text) if start in "{[" else _of_wkt(text):
        if len(found) == MOST_SHAPES:
            raise GeometryError(
                _("The file has more than {n} shapes, and an operation at most as many sites.").format(n=MOST_SHAPES)
            )
        try:
            found.append(NamedShape(validate(geometry()), name))
        except GeometryError as error:
            raise GeometryError(
                _("Shape {n} of the file: {reason}").format(n=len(found) + 1, reason=error.reason)
            ) from None
    if not found:
        raise GeometryError(_("The file holds no point, line or area."))
    return tuple(found)


# --- writing -------------------------------------------------------------------------------------------------------


def to_geojson(shape: Geometry) -> dict[str, Any]:
    """The shape itself as a GeoJSON geometry, with all its digits."""
    if isinstance(shape, Point):
        return {"type": "Point", "coordinates": [shape.longitude, shape.latitude]}
    if isinstance(shape, Line):
        return {"type": "LineString", "coordinates": [list(vertex) for vertex in shape.vertices]}
    return {"type": "Polygon", "coordinates": [[list(v) for v in ring] for ring in (shape.exterior, *shape.holes)]}


def zone_geojson(site: Site, segments: int = 72) -> dict[str, Any]:
    """The outline of the site's zone as a GeoJSON geometry; a point or a line without reach stays what it is."""
    if isinstance(site.geometry, Point) and site.reach_m <= 0:
        return to_geojson(site.geometry)
    rings = zone_polygon(site, segments)
    outline = [[[round(lon, DECIMALS), round(lat, DECIMALS)] for lon, lat in ring] for ring in rings]
    if len(rings) == 1 and rings[0][0] != rings[0][-1]:
        return {"type": "LineString", "coordinates": outline[0]}
    return {"type": "Polygon", "coordinates": outline}


# --- files of the wrong kind ---------------------------------------------------------------------------------------


def _refuse_foreign(data: bytes) -> None:
    if len(data) > LARGEST_FILE_BYTES:
        raise GeometryError(
            _("The file is larger than {n} MB: simplify its shapes.").format(n=LARGEST_FILE_BYTES // 1_000_000)
        )
    if data.startswith(b"PK\x03\x04"):
        raise GeometryError(_("This is a KMZ or ZIP file. Save it as KML, without the Z, and read that."))
    if data.startswith(b"\x00\x00\x27\x0a"):
        raise GeometryError(_("This is a shapefile. Save it as GeoJSON or KML and read that."))


def _refuse_depth(depth: int) -> None:
    if depth > MOST_DEPTH:
        raise GeometryError(_(TOO_DEEP))


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        # An XML file may name an encoding of its own, which its reader knows.
        if data.lstrip().startswith(b"<?xml"):
            return "<"
    raise GeometryError(_("The file is not text: give KML, GeoJSON or WKT."))


# --- GeoJSON -------------------------------------------------------------------------------------------------------

Found = Iterator[tuple[str, Any]]
"""Name and a function that builds the geometry, so that a fault is told with the shape's number."""


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise GeometryError(_("The shape is not readable as GeoJSON. Check its brackets and commas.")) from None


def _of_json(text: str) -> Found:
    read = _json(text)
    crs = read.get("crs") if isinstance(read, Mapping) else None
    named = crs.get("properties") if isinstance(crs, Mapping) else None
    system = str(named.get("name", "")) if isinstance(named, Mapping) else ""
    if system and not _CRS84.search(system):
        raise GeometryError(
            _("The file counts in {system}, not in degrees on WGS 84: save it in WGS 84.").format(system=system[:40])
        )
    yield from _members(read, "", 0)


def _members(value: Any, name: str, depth: int) -> Found:
    _refuse_depth(depth)
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind in ("FeatureCollection", "GeometryCollection"):
        inner = value.get("features" if kind == "FeatureCollection" else "geometries")
        if not isinstance(inner, list):
            raise GeometryError(_("The {kind} holds no list of shapes.").format(kind=kind))
        for one in inner:
            yield from _members(one, name, depth + 1)
    elif kind == "Feature":
        properties = value.get("properties")
        given = properties.get("name") or properties.get("label") if isinstance(properties, Mapping) else None
        if value.get("geometry") is not None:
            yield from _members(value["geometry"], _name(given), depth + 1)
    elif kind in ("MultiPoint", "MultiLineString", "MultiPolygon") and isinstance(value.get("coordinates"), list):
        for part in value["coordinates"]:
            yield name, _deferred(from_geojson, {"type": kind.removeprefix("Multi"), "coordinates": part})
    else:
        yield name, _deferred(from_geojson, value)


def _deferred(read: Any, *given: Any) -> Any:
    return lambda: read(*given)


def _is_feature(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("type") == "Feature"


def _chain(value: Any, counted: list[int]) -> tuple[Vertex, ...]:
    if not isinstance(value, list):
        raise GeometryError(_("The coordinates of the shape must be a list of [longitude, latitude] pairs."))
    counted.append(len(value))
    if sum(counted) > MAX_VERTICES:
        most = f"{MAX_VERTICES:,}"
        raise GeometryError(_("The shape has over {n} vertices; at most {n} are taken: simplify it.").format(n=most))
    return tuple(_vertex(pair) for pair in value)


def _vertex(value: Any) -> Vertex:
    pair = value if isinstance(value, list | tuple) else ()
    if len(pair) == 3:
        raise GeometryError(_("The shape has a third coordinate: give longitude and latitude only."))
    if len(pair) != 2 or any(isinstance(part, bool) or not isinstance(part, int | float) for part in pair):
        raise GeometryError(_("Each place of the shape must be a pair [longitude, latitude] of numbers."))
    return _finite(pair[0]), _finite(pair[1])


def _finite(number: float) -> float:
    """JSON has whole numbers that no float holds."""
    return float(number) if abs(number) < 1e300 else math.inf


# --- WKT -----------------------------------------------------------------------------------------------------------


def _of_wkt(text: str) -> Found:
    if not is_shape(text):
        raise GeometryError(_("The file is neither KML nor GeoJSON nor WKT."))
    for one in _wkt_texts(text):
        if re.match(r"\s*(?:MULTI|GEOMETRYCOLLECTION)", one, re.IGNORECASE):
            for part in _wkt_parts(one):
                yield "", _deferred(parse_wkt, part)
        else:
            yield "", _deferred(read_shape, one)


def _wkt_texts(text: str) -> Iterator[str]:
    """The file's texts: each ends where its brackets close and its line ends."""
    if text.count(",") > MAX_VERTICES * MOST_SHAPES:
        raise GeometryError(_("The file has too many vertices: simplify its shapes."))
    lines: list[str] = []
    open_brackets = 0
    for line in text.splitlines():
        lines.append(line)
        open_brackets += line.count("(") - line.count(")")
        if open_brackets <= 0 and line.strip():
            yield " ".join(lines)
            lines, open_brackets = [], 0
    if any(line.strip() for line in lines):
        yield " ".join(lines)


def _wkt_parts(text: str) -> Iterator[str]:
    import shapely

    try:
        whole = shapely.from_wkt(text)
    except shapely.errors.GEOSException as error:
        detail = str(error).removeprefix("ParseException: ")
        raise GeometryError(_("The shape is not readable as WKT: {detail}.").format(detail=detail)) from None
    for part in shapely.get_parts(whole):
        if part.geom_type.startswith(("Multi", "GeometryCollection")):
            raise GeometryError(_(TOO_DEEP))
        yield shapely.to_wkt(part, rounding_precision=-1)


# --- KML -----------------------------------------------------------------------------------------------------------

_KML_SHAPES = ("Point", "LineString", "LinearRing", "Polygon")
_KML_OTHERS = ("Track", "MultiTrack", "Model")
_OWN_MARK = "window_starts_at"
"""What this project's own files say about a site; there the zone is drawn beside its shape, and is no shape itself."""


def _of_kml(data: bytes) -> Found:
    root = _xml(data)
    if _tag(root) != "kml":
        raise GeometryError(_("This is XML but not KML: it begins with <{tag}>.").format(tag=_tag(root)[:40]))
    for placemark in _placemarks(root, 0):
        shapes = list(_shapes(placemark, 0))
        if any(one.get("name") == _OWN_MARK for data in _below(placemark, "ExtendedData") for one in data):
            shapes = shapes[:1]
        name = _name(_child_text(placemark, "name"))
        for shape in shapes:
            yield name, _deferred(_kml_shape, shape)


def _placemarks(element: Element, depth: int) -> Iterator[Element]:
    _refuse_depth(depth)
    for child in element:
        if _tag(child) == "Placemark":
            yield child
        else:
            yield from _placemarks(child, depth + 1)


def _shapes(element: Element, depth: int) -> Iterator[Element]:
    """The shapes of a placemark, those within a MultiGeometry too."""
    _refuse_depth(depth)
    for child in element:
        if _tag(child) in _KML_SHAPES:
            yield child
        elif _tag(child) == "MultiGeometry":
            yield from _shapes(child, depth + 1)
        elif _tag(child) in _KML_OTHERS:
            raise GeometryError(
                _("The file holds a {kind}, which is no point, line or area: leave it out.").format(kind=_tag(child))
            )


def _xml(data: bytes) -> Element:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        raise GeometryError(
            _(
                "The file declares a document type or entities, which KML does not need and which can "
                "harm. Save it anew."
            )
        ) from None
    except (ParseError, ValueError, LookupError) as error:
        raise GeometryError(_("The file is not readable as XML: {error}.").format(error=error)) from None
    return root


def _kml_shape(shape: Element) -> Geometry:
    kind = _tag(shape)
    if kind == "Polygon":
        exterior = [ring for bound in _below(shape, "outerBoundaryIs") for ring in _rings(bound)]
        holes = [ring for bound in _below(shape, "innerBoundaryIs") for ring in _rings(bound)]
        if len(exterior) != 1:
            raise GeometryError(_("The polygon has no outline, or several: give one outerBoundaryIs."))
        refuse_count(sum(map(len, (exterior[0], *holes))))
        return Polygon(exterior[0], tuple(holes))
    vertices = _coordinates(shape)
    if kind == "Point":
        if len(vertices) != 1:
            raise GeometryError(_("The point has {n} places: give one.").format(n=len(vertices)))
        return Point(*vertices[0])
    return Line(vertices)


def _rings(bound: Element) -> Iterator[tuple[Vertex, ...]]:
    return (_coordinates(ring) for ring in _below(bound, "LinearRing"))


def _coordinates(shape: Element) -> tuple[Vertex, ...]:
    text = _child_text(shape, "coordinates")
    # Some programs put blanks around the commas.
    places = re.sub(r"\s*,\s*", ",", text).split()
    refuse_count(len(places))
    if not places:
        raise GeometryError(_("The shape has no coordinates."))
    return tuple(_kml_vertex(place) for place in places)


def _kml_vertex(place: str) -> Vertex:
    parts = place.split(",")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if not 2 <= len(numbers) <= 3:
        raise GeometryError(_('"{text}" is no longitude,latitude in degrees.').format(text=place[:40]))
    return numbers[0], numbers[1]


def _below(element: Element, tag: str) -> Iterable[Element]:
    return (child for child in element if _tag(child) == tag)


def _child_text(element: Element, tag: str) -> str:
    return "".join((child.text or "") for child in _below(element, tag))


def _tag(element: Element) -> str:
    """The element's name without its namespace; comments and the like have none."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _name(given: Any) -> str:
    return " ".join(given.split())[:LONGEST_NAME] if isinstance(given, str) else ""
