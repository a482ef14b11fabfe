"""Where a typed address lies, by the imported streets, and how far off that may be.

Promise: `find` never guesses. One spot without a sentence is the one place that the text names; everything else is
offered for a person to pick, each with a text that reads as that spot and no other.

Every uncertainty is a bound that the true place keeps if the imported data is right, and holds:

- an address point: `POINT_M`;
- a number on a block: the block's farther end, for nothing says that houses are spread evenly, and `SETBACK_M`;
- a block: half its extent, and `SETBACK_M`; a crossing: half its extent, and `CROSSING_M`; a street: half its extent;
- for each the lines' own accuracy and the datum, `MISPLACED_M`.
"""

from __future__ import annotations

import difflib
import math
import string
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import shapely
from django.db.models import Q
from django.utils.translation import gettext, ngettext

from vigil.platform.gazetteer.addresses import LIGHT, Address, Number, core_of, key_of, read_address, words_of
from vigil.platform.gazetteer.full_text import streets_with
from vigil.platform.gazetteer.lines import METRES_PER_DEGREE, Vertex, along, farthest, metres, middle, part, unpack
from vigil.platform.gazetteer.models import AddressPoint, Segment, Source, Street

DATUM_M = 4.0
"""NAD 83 taken as WGS 84: the stated accuracy of that transformation in North America (EPSG:1188)."""
LINE_M = 7.6
"""How far TIGER/Line's streets may be off: the Census Bureau's goal for them, at 95 % confidence (MAF/TIGER accuracy
improvement; the technical documentation promises nothing). Taken for other files too."""
MISPLACED_M = LINE_M + DATUM_M
SETBACK_M = 30.0
"""From a street's centre line to a house: an estimate; a long drive leads farther."""
POINT_M = 50.0
"""From an address point to the door: an estimate, half the diagonal of a half-hectare lot and the datum; files set
their points on the building, the entrance or the lot's middle."""
CROSSING_M = 15.0
"""From where two centre lines meet to the corner of the pavements: an estimate."""

MOST_ROWS = 20_000
MOST_LIKE = 2_000
MOST_NAMES = 8
MOST_WORDS = 10
"""Of a name that is looked for by its likeness: each costs a question."""
MOST_SPOTS = 8
SIMILAR = 0.72
"""Share of equal letters from which on a name is offered for another (`difflib`)."""
NEAR_M = 1_000.0
"""So far the place behind "near" may lie from the address: newer files move it a little."""
ONE_STREET_M, ONE_BLOCK_M, ONE_CROSSING_M = 500.0, 150.0, 60.0
"""Parts of a street, of a block, lanes of a crossing that lie within this belong together."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One place in degrees; `text` reads back to it, `label` is for people."""

    longitude: float
    latitude: float
    uncertainty_m: float
    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Found:
    """What an address can mean. With a `sentence` a person has to pick one of the spots, or there is none."""

    spots: tuple[Spot, ...]
    sentence: str = ""
    is_named: bool = True
    """False where no street is called so, and the spots are of similar names."""


@dataclass(frozen=True, slots=True)
class _Hit:
    place: Vertex
    uncertainty_m: float
    name: str
    zips: frozenset[str] = frozenset()
    town: str = ""
    is_whole: bool = False
    """A street without a number: its name alone may be a town's as well."""


class _Where(NamedTuple):
    """What else was typed to tell places of one name apart; `tail` is town and state as comparable words."""

    zip_code: str
    tail: tuple[str, ...]


def find(text: str) -> Found | None:
    """Where the address is; None where no streets are imported."""
    if not Source.objects.filter(state=Source.State.READY).exists():
        return None
    address = read_address(text)
    names = [words_of(name) for name in address.streets]
    if not all(names):
        return Found((), _otherwise(gettext("This names no street.")), is_named=False)
    *first, (last, rest) = [_exact(words, is_last=words is names[-1]) for words in names]
    streets = [*(rows for rows, _ in first), last]
    if not all(streets):
        return _similar(address, names)
    where = _Where(address.zip_code, tuple(rest) + tuple(words_of(address.tail)))
    hits = _hits(address, streets)
    if not hits:
        return _unknown_number(address, streets, where)
    fitting = [hit for hit in hits if _fits(hit, where)]
    if address.near:
        fitting = _closest(fitting, address.near)
    spots = tuple(spot for hit, spot in zip(hits, _spots(hits), strict=True) if hit in fitting)
    if len(spots) == 1:
        return Found(spots)
    if spots:
        sentence = ngettext("There is {n} place of this address.", "There are {n} places of this address.", len(spots))
        return Found(spots[:MOST_SPOTS], _pick(sentence.format(n=len(spots))))
    if rest and (similar := _similar(address, names)).spots:
        return similar
    sentence = gettext("{address} is known elsewhere only.").format(address=_spoken(address))
    return Found(_spots(hits)[:MOST_SPOTS], _pick(sentence))


def _otherwise(sentence: str) -> str:
    return f"{sentence} {gettext('Set a pin on the map, or give coordinates.')}"


def _pick(sentence: str) -> str:
    return f"{sentence} {gettext('Pick the one meant, or set a pin on the map.')}"


def _spoken(address: Address) -> str:
    spoken = _streets_spoken(address)
    if address.block is not None:
        spoken = gettext("{number} block of {street}").format(number=address.block, street=spoken)
    return f"{address.number.text} {spoken}" if address.number else spoken


def _streets_spoken(address: Address) -> str:
    return string.capwords(" & ".join(address.streets))


# --- names ---------------------------------------------------------------------------------------------------------


def _exact(words: Sequence[str], is_last: bool) -> tuple[list[Street], Sequence[str]]:
    """The streets of exactly this name, and the words behind it: with "Main St Springfield" the longest name counts."""
    shortest = 1 if is_last else len(words)
    keys = {" ".join(words[:length]): length for length in range(shortest, min(len(words), 3 * MOST_WORDS) + 1)}
    rows = list(Street.objects.filter(key__in=keys, source__state=Source.State.READY)[:MOST_ROWS])
    if not rows:
        return [], ()
    longest = max(keys[row.key] for row in rows)
    return [row for row in rows if keys[row.key] == longest], words[longest:]


def _similar(address: Address, names: Sequence[list[str]]) -> Found:
    """Streets whose names have the same words and more, or are spelled nearly so; a person picks."""
    found = [_like(words, is_last=words is names[-1]) for words in names]
    spoken = _streets_spoken(address)
    if not all(streets for streets, _ in found):
        sentence = gettext("No street called {street} is known here.").format(street=spoken)
        return Found((), _otherwise(sentence), is_named=False)
    where = _Where(address.zip_code, (*found[-1][1], *words_of(address.tail)))
    if spots := _fitting(_hits(address, [streets for streets, _ in found]), where):
        sentence = gettext("No street is called exactly {street}.").format(street=spoken)
        return Found(spots[:MOST_SPOTS], _pick(sentence), is_named=False)
    near = ", ".join(dict.fromkeys(street.name for streets, _ in found for street in streets))
    sentence = gettext("No street called {street} is known here with this number. Similar: {names}.")
    return Found((), _otherwise(sentence.format(street=spoken, names=near)), is_named=False)


def _like(words: Sequence[str], is_last: bool) -> tuple[list[Street], Sequence[str]]:
    """Streets of at most `MOST_NAMES` similar names, the most similar first, and the words taken for a town."""
    core = core_of(list(words))
    lengths = range(min(len(words), MOST_WORDS), 0 if is_last else len(words) - 1, -1)
    for length in lengths:
        if set(core) & set(words[:length]) and (rows := list(streets_with(words[:length])[:MOST_LIKE])):
            # A suffix that the street does not have is no town.
            rest = [word for word in words[length:] if word not in LIGHT]
            return _closest_named(rows, words, least=0.0), rest
    strongest = max(core, key=len)
    rows = list(streets_with([strongest[: 3 if len(strongest) > 4 else 2]])[:MOST_LIKE])
    for length in lengths:
        if named := _closest_named(rows, words[:length], least=SIMILAR):
            return named, words[length:]
    return [], ()


def _closest_named(rows: Sequence[Street], words: Sequence[str], least: float) -> list[Street]:
    keys = {row.key for row in rows}
    closest = difflib.get_close_matches(" ".join(words[:MOST_WORDS]), sorted(keys), MOST_NAMES, least)
    return sorted((row for row in rows if row.key in closest), key=lambda row: closest.index(row.key))


# --- towns and ZIP codes ---------------------------------------------------------------------------------------------


STATES = frozenset(
    "AL AK AS AZ AR CA CO CT DE DC FL GA GU HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MP "  # noqa: SIM905 - legible
    "MT NE NV NH NJ NM NY NC ND OH OK OR PA PR RI SC SD TN TX UT VT VA VI WA WV WI WY".split()
)


@lru_cache(maxsize=10_000)
def _post_office(zip_code: str) -> tuple[str, str, tuple[tuple[str, ...], ...]]:
    """The town and state of a ZIP code, and each of its towns as comparable words."""
    import zipcodes

    rows: list[dict[str, Any]] = zipcodes.matching(zip_code) if zip_code else []  # type: ignore[no-untyped-call]
    if not rows:
        return "", "", ()
    towns = [rows[0]["city"], *rows[0].get("acceptable_cities", [])]
    return rows[0]["city"], rows[0]["state"], tuple(tuple(words_of(town)) for town in towns)


def _fitting(hits: Sequence[_Hit], where: _Where) -> tuple[Spot, ...]:
    return tuple(spot for hit, spot in zip(hits, _spots(hits), strict=True) if _fits(hit, where))


def _fits(hit: _Hit, where: _Where) -> bool:
    """Whether ZIP code, town and state as typed are the hit's; what a hit does not say contradicts nothing."""
    if where.zip_code and hit.zips and where.zip_code not in hit.zips:
        return False
    if not where.tail or not (hit.town or hit.zips):
        return True
    offices = [_post_office(code) for code in hit.zips]
    towns = {town for _, _, known in offices for town in known} | {tuple(words_of(hit.town))} - {()}
    states = {state for _, state, _ in offices}
    *front, last = where.tail
    if last in STATES:
        return (not states or last in states) and (not front or tuple(front) in towns)
    # A state's whole name may stand behind the town.
    return any(where.tail[: len(town)] == town for town in towns)


def _closest(hits: Sequence[_Hit], near: tuple[float, float]) -> list[_Hit]:
    """The hit that is meant by "near"; none where the streets of then are gone and others of the name are elsewhere."""
    place = near[1], near[0]
    there = [hit for hit in hits if metres(hit.place, place) <= max(NEAR_M, hit.uncertainty_m)]
    return [min(there, key=lambda hit: metres(hit.place, place))] if there else []


def _spots(hits: Sequence[_Hit]) -> tuple[Spot, ...]:
    """A spot for each hit, in order. All that share a name are needed to know which text names only one of them."""
    return tuple(
        _spot(hit, [other for other in hits if other is not hit and _meet(other.name, hit.name)]) for hit in hits
    )


def _meet(a: str, b: str) -> bool:
    return key_of(a) == key_of(b)


def _spot(hit: _Hit, others: Sequence[_Hit]) -> Spot:
    code = next(iter(hit.zips)) if len(hit.zips) == 1 else ""
    text = f"{hit.name}, {code}" if code else hit.name
    town, state, _ = _post_office(code)
    label = ", ".join(filter(None, (hit.name, " ".join(filter(None, (hit.town or town, state, code))))))
    rivals = [other for other in others if not code or not other.zips or code in other.zips]
    longitude, latitude = round(hit.place[0], 7), round(hit.place[1], 7)
    near = f" near {latitude:.5f}, {longitude:.5f}"
    if rivals:
        label += near
    if rivals or hit.is_whole:
        text = hit.name + near
    return Spot(longitude, latitude, math.ceil(hit.uncertainty_m * 10) / 10, text, label)


# --- places --------------------------------------------------------------------------------------------------------


def _hits(address: Address, streets: Sequence[list[Street]]) -> list[_Hit]:
    """Every place that the address can mean on these streets."""
    if len(streets) == 2:
        return _crossings(streets[0], streets[1])
    by_key: dict[str, list[Street]] = {}
    for street in streets[0]:
        by_key.setdefault(street.key, []).append(street)
    found: list[_Hit] = []
    for group in by_key.values():
        if address.number:
            found += _houses(group, address.number)
        elif address.block is not None:
            found += _block(group, address.block)
        else:
            found += _whole(group)
    return found


def _segments(streets: Collection[Street], *conditions: Q) -> list[Segment]:
    rows = Segment.objects.filter(*conditions, street__in=[street.pk for street in streets])
    return list(rows.select_related("street")[:MOST_ROWS])


class _Range(NamedTuple):
    """The numbers of one side of a segment, in the line's direction."""

    prefix: str
    first: int
    last: int
    zip_code: str

    def holds(self, value: int) -> bool:
        """Whether the number may be here: within the ends, and odd or even like both where both are alike."""
        low, high = sorted((self.first, self.last))
        return low <= value <= high and ((low ^ high) & 1 == 1 or (value ^ low) & 1 == 0)

    def share(self, value: int) -> float:
        """How far along the line the number is, from 0 to 1."""
        return (value - self.first) / (self.last - self.first) if self.last != self.first else 0.5

    def closest(self, value: int) -> int:
        """The number of this side that is nearest to the given one."""
        low, high = sorted((self.first, self.last))
        clamped = min(max(value, low), high)
        return clamped if self.holds(clamped) else clamped + (1 if clamped < high else -1)


def _ranges(segment: Segment) -> Iterator[_Range]:
    if segment.left_from is not None and segment.left_to is not None:
        yield _Range(segment.left_prefix, segment.left_from, segment.left_to, segment.left_zip)
    if segment.right_from is not None and segment.right_to is not None:
        yield _Range(segment.right_prefix, segment.right_from, segment.right_to, segment.right_zip)


def _around(low: int, high: int) -> Q:
    """Segments with a side whose numbers reach into low to high; either end of a side may be the lower one."""
    asked = Q()
    for side in ("left", "right"):
        for lower, upper in ((f"{side}_from", f"{side}_to"), (f"{side}_to", f"{side}_from")):
            asked |= Q(**{f"{lower}__lte": high, f"{upper}__gte": low})
    return asked


def _houses(streets: Sequence[Street], number: Number) -> list[_Hit]:
    points = list(
        AddressPoint.objects.filter(
            street__in=[street.pk for street in streets], value=number.value, prefix=number.prefix
        ).select_related("street")[:MOST_ROWS]
    )
    written = [point for point in points if point.number == number.text]
    hits = [_at_point(point) for point in written or points]
    for segment in _segments(streets, _around(number.value, number.value)):
        for side in _ranges(segment):
            if side.prefix == number.prefix and side.holds(number.value):
                hits.append(_on_block(segment, side, number.value, number.text))  # noqa: PERF401
    return _merged(hits)


def _at_point(point: AddressPoint) -> _Hit:
    place = (point.longitude, point.latitude)
    return _Hit(place, POINT_M, f"{point.number} {point.street.name}", _zips(point.zip_code), point.town)


def _on_block(segment: Segment, side: _Range, value: int, text: str) -> _Hit:
    line = unpack(segment.line)
    place = along(line, side.share(value))
    off = farthest(place, line) + SETBACK_M + MISPLACED_M
    return _Hit(place, off, f"{text} {segment.street.name}", _zips(side.zip_code), segment.town)


def _zips(*codes: str) -> frozenset[str]:
    return frozenset(code for code in codes if code)


def _merged(hits: Iterable[_Hit]) -> list[_Hit]:
    """Without what says the same less surely: a point and the block that it stands on, two files of one street."""
    kept: list[_Hit] = []
    for hit in sorted(hits, key=lambda hit: hit.uncertainty_m):
        for at, better in enumerate(kept):
            together = metres(hit.place, better.place) <= max(hit.uncertainty_m, better.uncertainty_m)
            if together and (not hit.zips or not better.zips or hit.zips & better.zips):
                kept[at] = replace(better, zips=better.zips or hit.zips, town=better.town or hit.town)
                break
        else:
            kept.append(hit)
    return kept


class _Piece(NamedTuple):
    places: list[Vertex]
    zips: frozenset[str]
    town: str
    name: str


def _block(streets: Sequence[Street], block: int) -> list[_Hit]:
    low, high = block, block + 99
    pieces: list[_Piece] = []
    for segment in _segments(streets, _around(low, high)):
        line = unpack(segment.line)
        for side in _ranges(segment):
            least, most = sorted((side.first, side.last))
            if side.prefix or least > high or most < low:
                continue
            start, end = sorted(side.share(min(max(number, least), most)) for number in (low, high))
            if side.first == side.last:
                start, end = 0.0, 1.0
            pieces.append(_Piece(part(line, start, end), _zips(side.zip_code), segment.town, segment.street.name))
    pieces += _points(streets, value__gte=low, value__lte=high, prefix="")
    return _extents(pieces, f"{block} block of ", ONE_BLOCK_M, SETBACK_M + MISPLACED_M)


def _whole(streets: Sequence[Street]) -> list[_Hit]:
    pieces = [
        _Piece(unpack(segment.line), _zips(segment.left_zip, segment.right_zip), segment.town, segment.street.name)
        for segment in _segments(streets)
    ]
    hits = _extents(pieces or _points(streets), "", ONE_STREET_M, SETBACK_M + MISPLACED_M)
    return [replace(hit, is_whole=True) for hit in hits]


def _points(streets: Sequence[Street], **conditions: Any) -> list[_Piece]:
    rows = AddressPoint.objects.filter(street__in=[street.pk for street in streets], **conditions)
    return [
        _Piece([(point.longitude, point.latitude)], _zips(point.zip_code), point.town, point.street.name)
        for point in rows.select_related("street")[:MOST_ROWS]
    ]


def _crossings(first: Sequence[Street], second: Sequence[Street]) -> list[_Hit]:
    a, b = _segments(first), _segments(second)
    lines = [[shapely.LineString(unpack(segment.line)) for segment in segments] for segments in (a, b)]
    pieces = []
    pairs = shapely.STRtree(lines[1]).query(lines[0], predicate="intersects")
    for one, other in pairs.T.tolist():
        places = [
            tuple(place) for place in shapely.get_coordinates(lines[0][one].intersection(lines[1][other])).tolist()
        ]
        zips = _zips(a[one].left_zip, a[one].right_zip, b[other].left_zip, b[other].right_zip)
        name = f"{a[one].street.name} & {b[other].street.name}"
        pieces.append(_Piece(places, zips, a[one].town or b[other].town, name))
    return _merged(_extents(pieces, "", ONE_CROSSING_M, CROSSING_M + MISPLACED_M))


def _extents(pieces: Sequence[_Piece], prefix: str, gap_m: float, more_m: float) -> list[_Hit]:
    """A hit for each group of pieces that lie together: its middle, and as far as it reaches."""
    hits = []
    for group in _together(pieces, gap_m):
        places = [place for piece in group for place in piece.places]
        centre = middle(places)
        zips = frozenset(code for piece in group for code in piece.zips)
        off = farthest(centre, places) + more_m
        hits.append(
            _Hit(centre, off, prefix + group[0].name, zips, next((piece.town for piece in group if piece.town), ""))
        )
    return hits


def _together(pieces: Sequence[_Piece], gap_m: float) -> list[list[_Piece]]:
    """Pieces grouped: those with places in the same or neighbouring squares of this side belong together."""
    if not pieces:
        return []
    root = list(range(len(pieces)))

    def top(at: int) -> int:
        while root[at] != at:
            root[at] = root[root[at]]
            at = root[at]
        return at

    tall = gap_m / METRES_PER_DEGREE
    wide = tall / max(0.05, math.cos(math.radians(pieces[0].places[0][1])))
    squares: dict[tuple[int, int], int] = {}
    for at, piece in enumerate(pieces):
        for longitude, latitude in piece.places:
            column, row = int(longitude // wide), int(latitude // tall)
            for neighbour in ((column + x, row + y) for x in (-1, 0, 1) for y in (-1, 0, 1)):
                if neighbour in squares:
                    root[top(at)] = top(squares[neighbour])
            squares[column, row] = at
    groups: dict[int, list[_Piece]] = {}
    for at, piece in enumerate(pieces):
        groups.setdefault(top(at), []).append(piece)
    return list(groups.values())


# --- unknown numbers -----------------------------------------------------------------------------------------------


def _unknown_number(address: Address, streets: Sequence[list[Street]], where: _Where) -> Found:
    spoken = _streets_spoken(address)
    if len(streets) == 2:
        sentence = gettext("{streets}: both streets are known, but they do not cross.").format(streets=spoken)
        return Found((), _otherwise(sentence))
    if address.number is None:
        sentence = gettext("The {number} block of {street} is not known.")
        return Found((), _otherwise(sentence.format(number=address.block, street=spoken)))
    sentence = gettext("No number {number} is known on {street}.")
    sentence = sentence.format(number=address.number.text, street=spoken)
    spots: tuple[Spot, ...] = ()
    for value in _numbers_near(streets[0], address.number):
        known = Number(f"{address.number.prefix}{value}", address.number.prefix, value)
        spots += _fitting(_houses(streets[0], known), where)
    return Found(spots[:MOST_SPOTS], _pick(sentence) if spots else _otherwise(sentence))


def _numbers_near(streets: Sequence[Street], number: Number) -> list[int]:
    """The known numbers that are nearest to one that is not, four at most."""
    known = {
        side.closest(number.value)
        for segment in _segments(streets)
        for side in _ranges(segment)
        if side.prefix == number.prefix
    }
    points = AddressPoint.objects.filter(street__in=[street.pk for street in streets], prefix=number.prefix)
    known.update(points.values_list("value", flat=True)[:MOST_ROWS])
    return sorted(known, key=lambda value: (abs(value - number.value), value))[:4]
