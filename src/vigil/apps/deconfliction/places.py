"""Where a typed place lies: coordinates in any notation, a ZIP code, a town or an address (specification, section 3).

Promise: `read_place` is decided by the text, the node's region and the streets that it is handed, and needs no other
machine. It never guesses: what can be read in two ways comes back as `Choices`, each with a text that reads as that
place and nothing else. Angles are decimal degrees on WGS 84, lengths metres.

Coordinates and shapes (WKT, GeoJSON) are exact (uncertainty 0); a grid reference (USNG, MGRS) is as wide as its cell;
an address is as uncertain as `platform.gazetteer.finding` says.
For ZIP codes and towns the package `zipcodes` gives one point and no extent, so
their uncertainty is an *estimate*, never under 2 km: it reaches as far as the sixth nearest other ZIP point, since
a cell of a plane tiling has six neighbours on average. It is far over 250 m, so the page asks for a pin.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from importlib.abc import MetaPathFinder
from itertools import groupby
from threading import get_ident
from typing import Any, NamedTuple

from vigil.apps.deconfliction.plan import PlaceSource
from vigil.engine.formats.shape_files import is_shape, read_shape
from vigil.engine.geometry import Box, GeometryError, distance_m, to_wkt, validate
from vigil.engine.operation import Geometry, Line, Point, Polygon, Vertex
from vigil.engine.shapes import area_and_outline
from vigil.platform.gazetteer.finding import Found, Spot
from vigil.texts import gettext as _
from vigil.texts import gettext_noop, ngettext

LEAST_TOWN_UNCERTAINTY_M = 2_000.0
NEIGHBOURS = 6
METRES_PER_MILE = 1609.344
MOST_CHOICES = 8
LONGEST_PLACE_TEXT = 200


@dataclass(frozen=True, slots=True)
class Place:
    """One place. `text` reads back to exactly this place; `label` is for people, in English (see `said`).

    A line or an area stands in `drawn`, checked; longitude and latitude are then its first vertex.
    """

    longitude: float
    latitude: float
    source: PlaceSource
    uncertainty_m: float
    text: str
    label: str
    drawn: Line | Polygon | None = None

    @property
    def geometry(self) -> Geometry:
        """The shape of a site here."""
        return self.drawn or Point(self.longitude, self.latitude)


@dataclass(frozen=True, slots=True)
class Choices:
    """The text can mean several places (or hardly the one it names): a person picks one."""

    sentence: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The text names no place that can be found here; the sentence says what to give instead."""

    sentence: str


Reading = Place | Choices | Unreadable
Regions = Sequence[Box]
Streets = Callable[[str], Found | None]
"""Where an address is; None where the node has no streets (`platform.gazetteer.finding.find`)."""

EMPTY = gettext_noop("Give a place: a pin or a drawing on the map, coordinates, a ZIP code or a town.")
NOT_A_PLACE = gettext_noop(
    "This place was not recognised. Set a pin on the map, or give coordinates such as 39.2904, -76.6122, "
    "a five-digit ZIP code, or a town with its state such as Baltimore MD."
)
STREET = gettext_noop(
    "This looks like a street address, and this node has no street directory. Set a pin on the map, or give "
    "coordinates, a ZIP code or a town."
)
GRID = gettext_noop(
    "This USNG or MGRS grid reference names no place: check its zone, its letters and that it has an even number of "
    "digits, at most ten, as in 18S UJ 23483 06479."
)


def read_place(text: str, region: Regions = (), streets: Streets | None = None) -> Reading:
    """The place that a person typed; without `streets` an address asks for a pin.

    `region` are the boxes that the node serves; with the United States they are where operations are expected.
    Coordinates elsewhere are taken as typed unless a swap or a forgotten minus would bring them home: then both are
    offered.
    """
    text = " ".join(text.split())
    if not text:
        return Unreadable(_(EMPTY))
    if is_shape(text):
        return _shape_place(text, region)
    if len(text) > LONGEST_PLACE_TEXT:
        sentence = _("This place text is too long: at most {most} characters are read.")
        return Unreadable(sentence.format(most=LONGEST_PLACE_TEXT))
    if zip_code := re.fullmatch(r"(\d{5})(?:-\d{4})?", text):
        return _zip_place(zip_code[1])
    if (angles := _read_angles(text)) is not None:
        return angles if isinstance(angles, Unreadable) else _judge(angles, region)
    if grid := re.fullmatch(r"([0-9]{1,2}\s?[C-HJ-NP-X]\s?[A-HJ-NP-Z]{2})\s?([0-9 ]{2,})", text, re.IGNORECASE):
        return _grid_place(grid[1], grid[2])
    return _named_place(text, streets) if streets else _town_place(text)


def coordinates(latitude: float, longitude: float, region: Regions = ()) -> Reading:
    """Like `read_place` for two numbers that came in fields of their own."""
    return _judge(_Angles(latitude, longitude, explicit=False), region)


# --- shapes: WKT and GeoJSON ------------------------------------------------------------------------------------------

EXPLICIT = "SRID=4326;"
"""Before a WKT text: longitude stands first, whatever it looks like (so that a choice reads as that place alone)."""


def _shape_place(text: str, region: Regions) -> Reading:
    try:
        typed = read_shape(text)
    except GeometryError as error:
        return Unreadable(error.reason)
    fault, as_typed = _checked(typed)
    if as_typed and (text.upper().startswith(EXPLICIT) or _all_home(as_typed, region)):
        return _drawn(as_typed)
    for slip, sentence in _SLIPS:
        meant = _checked(_turned(typed, slip))[1]
        if meant and _all_home(meant, region):
            others = (_drawn(as_typed, EXPLICIT),) if as_typed else ()
            return Choices(_(sentence), (_drawn(meant), *others))
    return _drawn(as_typed) if as_typed else Unreadable(fault)


_SLIPS: tuple[tuple[Callable[[Vertex], Vertex], str], ...] = (
    (
        lambda vertex: (vertex[1], vertex[0]),
        gettext_noop(
            "Latitude and longitude look swapped: WKT and GeoJSON have longitude first. Pick the place meant."
        ),
    ),
    (
        lambda vertex: (-abs(vertex[0]), vertex[1]),
        gettext_noop(
            "A minus sign seems to be missing before the longitudes: WKT and GeoJSON have longitude first. "
            "Pick the place meant."
        ),
    ),
    (
        lambda vertex: (-abs(vertex[1]), vertex[0]),
        gettext_noop(
            "Latitude and longitude look swapped, and a minus sign seems to be missing: WKT and GeoJSON have "
            "longitude first. Pick the place meant."
        ),
    ),
)


def _checked(geometry: Geometry) -> tuple[str, Geometry | None]:
    try:
        return "", validate(geometry)
    except GeometryError as error:
        return error.reason, None


def _turned(geometry: Geometry, slip: Callable[[Vertex], Vertex]) -> Geometry:
    if isinstance(geometry, Point):
        return Point(*slip((geometry.longitude, geometry.latitude)))
    if isinstance(geometry, Line):
        return Line(tuple(map(slip, geometry.vertices)))
    return Polygon(tuple(map(slip, geometry.exterior)), tuple(tuple(map(slip, hole)) for hole in geometry.holes))


def vertices_of(geometry: Geometry) -> tuple[Vertex, ...]:
    """A point's place, a line's vertices, the outline of an area."""
    if isinstance(geometry, Point):
        return ((geometry.longitude, geometry.latitude),)
    return geometry.vertices if isinstance(geometry, Line) else geometry.exterior


def _all_home(geometry: Geometry, region: Regions) -> bool:
    return all(_is_home(latitude, longitude, region) for longitude, latitude in vertices_of(geometry))


def _drawn(geometry: Geometry, before: str = "") -> Place:
    if isinstance(geometry, Point):
        return _at(geometry.latitude, geometry.longitude)
    longitude, latitude = vertices_of(geometry)[0]
    text = before + to_wkt(geometry)
    return Place(longitude, latitude, PlaceSource.DRAWN, 0.0, text, _size(geometry), geometry)


LINE, AREA = "Line of {n} points, {size} long", "Area with {n} corners, {size}"
_LINE, _AREA = (re.compile(one.format(n=r"(\d+)", size="(.+)")) for one in (LINE, AREA))


def _size(shape: Line | Polygon) -> str:
    """What a shape is called in lists: its kind and how large it is. Stored with the site, so in English."""
    area_m2, outline_m = area_and_outline(shape)
    if isinstance(shape, Line):
        return LINE.format(n=len(shape.vertices), size=_metres(outline_m / 2))
    return AREA.format(n=len(shape.exterior) - 1, size=_square(area_m2))


def said(label: str) -> str:
    """A place's label in the reader's language: what a shape is called; names of places stay as they are."""
    if line := _LINE.fullmatch(label):
        many = ngettext("Line of {n} point, {size} long", "Line of {n} points, {size} long", int(line[1]))
        return many.format(n=line[1], size=line[2])
    if area := _AREA.fullmatch(label):
        many = ngettext("Area with {n} corner, {size}", "Area with {n} corners, {size}", int(area[1]))
        return many.format(n=area[1], size=area[2])
    return label


def _metres(length: float) -> str:
    return f"{length:,.0f} m" if length < 10_000 else f"{length / 1000:,.0f} km"


def _square(area_m2: float) -> str:
    return f"{area_m2:,.0f} m²" if area_m2 < 100_000 else f"{area_m2 / 1e6:,.2f} km²"


# --- coordinates ---------------------------------------------------------------------------------------------------


class _Angles(NamedTuple):
    """`explicit`: hemisphere letters or names said which is which, so nothing is second-guessed."""

    latitude: float
    longitude: float
    explicit: bool


_PLAIN = str.maketrans(
    {"−": "-", "–": "-", "º": "°", "˚": "°", "′": "'", "’": "'", "‘": "'", "`": "'", "″": '"', "”": '"', "“": '"'}
)
_UNITS = (("degrees?|deg", "°"), ("minutes?|min", "'"), ("seconds?|sec", '"'))
_WHOLE, _DECIMAL, _SIXTIETHS, _WHOLE_SIXTIETHS = r"\d+", r"\d+(?:\.\d*)?|\.\d+", r"[0-5]?\d(?:\.\d*)?", r"[0-5]?\d"
_PARTS = (
    rf"({_DECIMAL})\s*°?",
    rf"({_WHOLE})\s*[°d:\s]\s*({_SIXTIETHS})\s*'?",
    rf"({_WHOLE})\s*[°d:\s]\s*({_WHOLE_SIXTIETHS})\s*[':m\s]\s*({_SIXTIETHS})\s*(?:\"|''|s)?",
)


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """Pairs of angles with as many parts on both sides, the letters before, behind or absent."""
    patterns = []
    for parts in _PARTS:
        for angle, gap in (
            (rf"([+-]?)\s*{parts}()", r"(?:\s*[,;/]\s*|\s+)"),
            (rf"([+-]?)\s*{parts}\s*([NSEW])", r"[\s,;/]*"),
            (rf"([NSEW])\s*([+-]?)\s*{parts}", r"[\s,;/]*"),
        ):
            patterns.append(re.compile(f"{angle}{gap}{angle}", re.IGNORECASE))
    return tuple(patterns)


def _read_angles(text: str) -> _Angles | Unreadable | None:
    """None where the text is no pair of coordinates at all."""
    text = text.removeprefix("geo:").translate(_PLAIN)
    for words, sign in _UNITS:
        text = re.sub(rf"(?<=[\d.\s])(?:{words})\b\.?", sign, text, flags=re.IGNORECASE)
    named = re.fullmatch(
        r"lat(?:itude)?\s*[:=]?\s*([+-]?[\d.]+)°?[\s,;]*(?:lon|lng|long|longitude)\s*[:=]?\s*([+-]?[\d.]+)°?",
        text,
        re.IGNORECASE,
    )
    if named:
        return _within_range(_Angles(_number(named[1]), _number(named[2]), explicit=True))
    for pattern in _patterns():
        if found := pattern.fullmatch(text):
            half = len(found.groups()) // 2
            return _pair(_angle(found.groups()[:half]), _angle(found.groups()[half:]))
    return None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _angle(groups: tuple[str | None, ...]) -> tuple[float, str]:
    """Degrees and the hemisphere letter ("" where none was typed); "-76.61 W" is a common slip for 76.61 W."""
    found = [group.upper() for group in groups if group]
    letter = next((part for part in found if part in "NSEW"), "")
    numbers = [float(part) for part in found if part not in ("+", "-", letter)]
    degrees = sum(number / 60**power for power, number in enumerate(numbers))
    if letter:
        return (-degrees if letter in "SW" else degrees), letter
    return (-degrees if "-" in found else degrees), ""


def _pair(first: tuple[float, str], second: tuple[float, str]) -> _Angles | Unreadable:
    letters = first[1] + second[1]
    if not letters:
        return _Angles(first[0], second[0], explicit=False)
    if len({letter in "NS" for letter in letters}) == 1:
        return Unreadable(
            _("Both coordinates carry a letter of the same kind: give one with N or S and one with E or W.")
        )
    north, east = (first, second) if first[1] in "NS" else (second, first)
    return _within_range(_Angles(north[0], east[0], explicit=True))


def _within_range(angles: _Angles) -> _Angles | Unreadable:
    if not abs(angles.latitude) <= 90:
        return Unreadable(_("The latitude lies outside -90 to 90 degrees."))
    if not abs(angles.longitude) <= 180:
        return Unreadable(_("The longitude lies outside -180 to 180 degrees."))
    return angles


UNITED_STATES = (
    Box(-125.0, 24.3, -66.8, 49.5),
    Box(-180.0, 51.0, -129.9, 71.6),
    Box(172.0, 51.0, 180.0, 53.5),
    Box(-160.6, 18.8, -154.7, 22.4),
    Box(-67.4, 17.6, -64.5, 18.6),
    Box(144.5, 13.1, 146.2, 20.6),
    Box(-171.2, -14.7, -168.0, -11.0),
)
"""The states, and the territories that have ZIP codes, in generous boxes: to notice slips, never to refuse."""


def _is_home(latitude: float, longitude: float, region: Regions) -> bool:
    here = Box(longitude, latitude, longitude, latitude)
    return any(box.touches(here) for box in (*UNITED_STATES, *region))


def _judge(angles: _Angles, region: Regions) -> Reading:
    latitude, longitude, explicit = angles
    possible = abs(latitude) <= 90 and abs(longitude) <= 180
    if possible and (explicit or _is_home(latitude, longitude, region)):
        return _at(latitude, longitude)
    slips = {
        (longitude, latitude): _("Latitude and longitude look swapped: {as_typed} Pick the place meant."),
        (latitude, -abs(longitude)): _("A minus sign seems to be missing: {as_typed} Pick the place meant."),
        (longitude, -abs(latitude)): _(
            "Latitude and longitude look swapped, and a minus sign seems to be missing: {as_typed} Pick the place "
            "meant."
        ),
    }
    slips[longitude, latitude] = _("Latitude and longitude look swapped: {as_typed} Pick the place meant.")
    typed = {"latitude": f"{latitude:g}", "longitude": f"{longitude:g}"}
    meant = next((pair for pair in slips if _is_home(*pair, region)), None)
    if meant:
        outside = _("as typed this is latitude {latitude}, longitude {longitude}, which lies outside the area served.")
        beyond = _(
            "as typed this is latitude {latitude}, longitude {longitude}, and no latitude goes beyond 90 degrees."
        )
        as_typed = (outside if possible else beyond).format(**typed)
        places = (_at(*meant), _at(latitude, longitude)) if possible else (_at(*meant),)
        return Choices(slips[meant].format(as_typed=as_typed), places)
    if not possible:
        sentence = _(
            "There is no place at latitude {latitude}, longitude {longitude}: latitude goes from -90 to 90, longitude "
            "from -180 to 180."
        )
        return Unreadable(sentence.format(**typed))
    return _at(latitude, longitude)


def _at(latitude: float, longitude: float) -> Place:
    # A tenth of a millimetre: finer digits mean nothing and would make texts without end.
    latitude, longitude = round(latitude, 9) + 0.0, round(longitude, 9) + 0.0
    text = f"{_decimals(latitude)}{'S' if latitude < 0 else 'N'} {_decimals(longitude)}{'W' if longitude < 0 else 'E'}"
    label = f"{round(latitude, 5) + 0.0:.5f}, {round(longitude, 5) + 0.0:.5f}"
    return Place(longitude, latitude, PlaceSource.COORDINATES, 0.0, text, label)


def _decimals(angle: float) -> str:
    return format(Decimal(repr(abs(angle))), "f")


# --- USNG and MGRS ---------------------------------------------------------------------------------------------------


BANDS = "CDEFGHJKLMNPQRSTUVWX"
"""Bands of latitude from 80 degrees south, each of 8 degrees, the last of 12."""


def _grid_place(square: str, digits: str) -> Place | Unreadable:
    """The middle of the cell that the reference names; the uncertainty reaches to the cell's corners.

    The library gives a cell's south-west corner and reads no finer than a metre: at full length that corner stands.
    """
    import mgrs

    square, digits = "".join(square.split()).upper(), "".join(digits.split())
    half = len(digits) // 2
    if len(digits) % 2 or half > 5:
        return Unreadable(_(GRID))
    east, north = digits[:half], digits[half:]
    middle = "5" if half < 5 else ""
    try:
        latitude, longitude = mgrs.MGRS().toLatLon(f"{square}{east}{middle}{north}{middle}")
    except (mgrs.core.MGRSError, RuntimeWarning):
        return Unreadable(_(GRID))
    side = 10.0 ** (5 - half)
    # The library reads a wrong band letter as a place far away, and only warns.
    south = -80.0 + 8.0 * BANDS.index(square[-3])
    if not -side / 110_000 <= latitude - south <= (12.0 if square[-3] == "X" else 8.0) + side / 110_000:
        return Unreadable(_(GRID))
    reach = side * (0.71 if middle else 1.42)
    text = f"{square[:-2]} {square[-2:]} {east} {north}"
    return Place(round(longitude, 9), round(latitude, 9), PlaceSource.COORDINATES, round(reach, 2), text, text)


# --- ZIP codes and towns -------------------------------------------------------------------------------------------

Row = dict[str, Any]


def _directory() -> Any:
    import zipcodes

    return zipcodes


def _placed(rows: Iterable[Row]) -> list[Row]:
    """Rows with a place: military post offices stand at 0, 0."""
    return [row for row in rows if float(row["lat"]) or float(row["long"])]


def _point(row: Row) -> Point:
    return Point(float(row["long"]), float(row["lat"]))


def _zip_place(code: str) -> Place | Unreadable:
    rows = _directory().matching(code)
    if not rows:
        sentence = _("There is no ZIP code {code}. Check its five digits, or set a pin on the map.")
        return Unreadable(sentence.format(code=code))
    if not _placed(rows):
        sentence = _("ZIP code {code} is a military or diplomatic post office without a place. Set a pin on the map.")
        return Unreadable(sentence.format(code=code))
    point = _point(rows[0])
    label = f"ZIP {code}, {rows[0]['city']} {rows[0]['state']}"
    return Place(point.longitude, point.latitude, PlaceSource.ZIP, _reach_m(point), code, label)


@lru_cache(maxsize=4096)
def _reach_m(point: Point) -> float:
    """How far the area around a ZIP point may reach: to its sixth neighbour, at least 2 km. An estimate."""
    miles = 5
    while miles < 3_000:
        rows = _placed(_directory().filter_by_coordinates(point.latitude, point.longitude, miles))
        distances = sorted(distance_m(point, other) for other in {_point(row) for row in rows} if other != point)
        if len(distances) >= NEIGHBOURS:
            return max(LEAST_TOWN_UNCERTAINTY_M, float(round(distances[NEIGHBOURS - 1])))
        miles *= 3
    return miles * METRES_PER_MILE


# --- addresses -----------------------------------------------------------------------------------------------------


_ADDRESS = re.compile(
    r"\d+[\w-]*(\s\d/\d)?\s+\S|.*(&|@|/|\b(and|at)\b|\b(block|blk)\b|,\s*\d{5}(-\d{4})?$|\bnear\s+-?\d+\.)",
    re.IGNORECASE,
)


def _named_place(text: str, streets: Streets) -> Reading:
    """A town or an address; where the text can be both, a person picks."""
    town = _town_place(text)
    has_state = bool(next(_town_readings(text))[1])
    if not isinstance(town, Unreadable) and (has_state or _ADDRESS.match(text)):
        return town
    found = streets(text)
    if found is None:
        return town
    known = tuple(_street(spot) for spot in found.spots)
    if isinstance(town, Unreadable):
        return _address(found, known) if found.is_named or _looks_like_a_street(text) else town
    if not known or not found.is_named:
        return town
    towns = (town,) if isinstance(town, Place) else town.places
    sentence = _("This is the name of a town and of a street. Pick the one meant.")
    return Choices(sentence, (*known, *towns)[:MOST_CHOICES])


def _address(found: Found, known: tuple[Place, ...]) -> Reading:
    if known and not found.sentence:
        return known[0]
    return Choices(found.sentence, known) if known else Unreadable(found.sentence)


def _street(spot: Spot) -> Place:
    return Place(spot.longitude, spot.latitude, PlaceSource.ADDRESS, spot.uncertainty_m, spot.text, spot.label)


# --- towns ---------------------------------------------------------------------------------------------------------


class Town(NamedTuple):
    """A town for map labels and look-up; `rank` is its number of ZIP codes, the bigger the larger the town."""

    name: str
    state: str
    longitude: float
    latitude: float
    rank: int


class _Gazetteer(NamedTuple):
    by_name: dict[str, tuple[Town, ...]]
    points: dict[Town, frozenset[Point]]


@cache
def _gazetteer() -> _Gazetteer:
    """Towns made from the ZIP codes' city names. Takes about half a second, once a process."""

    def town_of(row: Row) -> tuple[str, str]:
        return row["state"], _key(row["city"])

    points: dict[Town, frozenset[Point]] = {}
    by_name: dict[str, list[Town]] = {}
    rows = sorted(_placed(_directory().filter_by()), key=town_of)
    for (state, key), group in groupby(rows, key=town_of):
        members = list(group)
        places = [_point(row) for row in members]
        longitude = sum(place.longitude for place in places) / len(places)
        latitude = sum(place.latitude for place in places) / len(places)
        town = Town(members[0]["city"], state, round(longitude, 4), round(latitude, 4), len(places))
        points[town] = frozenset(places)
        by_name.setdefault(key, []).append(town)
    ranked = {name: tuple(sorted(found, key=lambda town: -town.rank)) for name, found in by_name.items()}
    return _Gazetteer(ranked, points)


@cache
def towns() -> tuple[Town, ...]:
    """Every town with a ZIP code, the largest first; sorted once, for each map asks."""
    return tuple(sorted(_gazetteer().points, key=lambda town: (-town.rank, town.name, town.state)))


_SAINTS = (("st", "saint"), ("ste", "sainte"), ("mt", "mount"), ("ft", "fort"), ("pt", "point"))


def _key(name: str) -> str:
    """A town's name without the differences of spelling: St. Mary's and Saint Marys, McLean and Mc Lean."""
    words = re.sub(r"[^a-z0-9 ]", "", name.casefold().replace("-", " ")).split()
    if words:
        words[0] = dict(_SAINTS).get(words[0], words[0])
    return "".join(words)


def _town_place(text: str) -> Reading:
    readings = list(_town_readings(text))
    for name, state in readings:
        found = [town for town in _gazetteer().by_name.get(_key(name), ()) if state in ("", town.state)]
        if len(found) == 1:
            return _town(found[0])
        if found:
            sentence = ngettext(
                "There is {n} town of this name. Pick it, or add the state.",
                "There are {n} towns of this name. Pick one, or add the state.",
                len(found),
            ).format(n=len(found))
            return Choices(sentence, tuple(_town(town) for town in found[:MOST_CHOICES]))
    if _looks_like_a_street(text):
        return Unreadable(_(STREET))
    if readings[0][1]:
        sentence = _("No town of this name is known in {state}. Check the spelling, or set a pin on the map.")
        return Unreadable(sentence.format(state=readings[0][1]))
    return Unreadable(_(NOT_A_PLACE))


def _town_readings(text: str) -> Iterator[tuple[str, str]]:
    """The ways to split a text into town and state, those with a state first ("New York, New York")."""
    words = text.replace(",", " ").split()
    for length in range(min(3, len(words) - 1), 0, -1):
        tail = " ".join(words[-length:]).replace(".", "").casefold()
        state = STATES.get(tail, tail.upper() if length == 1 and tail.upper() in STATES.values() else "")
        if state:
            yield " ".join(words[:-length]), state
    yield text, ""


def _town(town: Town) -> Place:
    centre = Point(town.longitude, town.latitude)
    farthest = max(_gazetteer().points[town], key=lambda point: distance_m(centre, point))
    reach = distance_m(centre, farthest) + _reach_m(farthest)
    name = f"{town.name} {town.state}"
    return Place(town.longitude, town.latitude, PlaceSource.TOWN, float(round(reach)), name, name)


_STREET_WORD = (
    r"\b(?:st|street|ave?|avenue|rd|road|blvd|boulevard|dr|drive|ln|lane|ct|court|pl|place|hwy|highway|pike|pkwy|"
    r"parkway|way|ter|terrace|cir|circle|sq|square|apt|unit|suite|block|route|rte)\b"
)


def _looks_like_a_street(text: str) -> bool:
    lower = text.casefold().replace(".", "")
    return bool(
        re.match(r"\d+[a-z]?\s+[a-z]", lower) or re.search(_STREET_WORD, lower) or "&" in lower or " and " in lower
    )


STATES = {
    "alabama": "AL", "alaska": "AK", "american samoa": "AS", "arizona": "AZ", "arkansas": "AR", "california": "CA",
    "colorado": "CO", "connecticut": "CT", "delaware": "DE", "district of columbia": "DC", "florida": "FL",
    "georgia": "GA", "guam": "GU", "hawaii": "HI", "idaho": "ID", "illinois": "IL", "indiana": "IN", "iowa": "IA",
    "kansas": "KS", "kentucky": "KY", "louisiana": "LA", "maine": "ME", "marshall islands": "MH", "maryland": "MD",
    "massachusetts": "MA", "michigan": "MI", "micronesia": "FM", "minnesota": "MN", "mississippi": "MS",
    "missouri": "MO", "montana": "MT", "nebraska": "NE", "nevada": "NV", "new hampshire": "NH", "new jersey": "NJ",
    "new mexico": "NM", "new york": "NY", "north carolina": "NC", "north dakota": "ND",
    "northern mariana islands": "MP", "ohio": "OH", "oklahoma": "OK", "oregon": "OR", "palau": "PW",
    "pennsylvania": "PA", "puerto rico": "PR", "rhode island": "RI", "south carolina": "SC", "south dakota": "SD",
    "tennessee": "TN", "texas": "TX", "utah": "UT", "vermont": "VT", "virgin islands": "VI", "virginia": "VA",
    "washington": "WA", "west virginia": "WV", "wisconsin": "WI", "wyoming": "WY",
}  # fmt: skip


# --- time zones ----------------------------------------------------------------------------------------------------


class _NoNumba(MetaPathFinder):
    """While it is in force, the thread that made it finds no numba."""

    def __init__(self) -> None:
        self.thread = get_ident()

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        """Refuse numba; leave all else to the finders that follow."""
        if fullname == "numba" and get_ident() == self.thread:
            raise ModuleNotFoundError(name=fullname)


@cache
def _finder() -> Any:
    # Without numba it uses C code of its own, which is four times as fast; numba takes a third of a second and 100 MB.
    hide = _NoNumba()
    sys.meta_path.insert(0, hide)
    try:
        from timezonefinder import TimezoneFinder
    finally:
        sys.meta_path.remove(hide)
    return TimezoneFinder()


@lru_cache(maxsize=100_000)
def zone_of(longitude: float, latitude: float) -> str:
    """The IANA zone that a place keeps, at sea the nautical one; `UTC` where none is known. Degrees."""
    return _finder().timezone_at(lng=longitude, lat=latitude) or "UTC"
