"""Tokens that stand for where and when: operations that match in place share one, and so do those that share a subject.

Promise: if `p1` matches two operations by place, their `place_tokens` have a text in common; if it matches them by a
subject, their `subject_tokens` have. Never the other way round: a shared token only says that an exact look is due.
The nodes put the tokens to each other as blinded points (`blinding`), never as texts.

A token is a cell of the Earth in a span of time. Zones that touch share a point and windows that overlap an instant, so
covers that hold every cell and span of their own zone and window meet. What is large or long is covered on a coarser
level; so every operation also names, on each level coarser than its own, where it lies. Lest two small operations in
one large cell meet there, such a token says whose operation is the finer: of the two nodes, the one whose id sorts
first by code point is the *first*. `docs/protocol/blind.md` writes this down for other implementations.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from math import inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vigil.engine.geometry import EPSILON_SHAPE_M, SMALLEST_RADIUS_M, Box, zone_boxes
from vigil.engine.operation import Mode, Operation, Polygon, Site, Window
from vigil.engine.predicate import PREDICATE
from vigil.engine.shapes import Pieces, contains, earth_centred, skeleton

HOUR_US = 3_600_000_000
ALL_TIME_H = 10**9
MOST_TOKENS = 1024
"""So many place tokens, and so many subject tokens, has an operation at most: what has more goes to a coarser level."""
LEAST_PADDED = 32
MOST_LOOKED_AT = 16 * MOST_TOKENS
"""Cells times spans, and"""
MOST_WORK = 500_000
"""cells times edges that are looked at for one site on one level; beyond, a coarser one: bounds time and memory."""
REMEMBERED = 600
"""Covers of so many sites and levels are kept in memory: a hundred sites, the same for every partner."""
GROWTH_M = 2 * EPSILON_SHAPE_M
"""Zones match at up to 2 ε apart (specification 4.2): each is grown by half of that, and as much again for rounding."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Level(NamedTuple):
    """So many bands of latitude in each hemisphere, and spans of so many hours."""

    bands: int
    hours: int


PLACE_LEVELS = (
    Level(20_000, 1),
    Level(20_000, 8),
    Level(10_000, 24),
    Level(2_500, 96),
    Level(250, 768),
    Level(1, ALL_TIME_H),
)
"""Cells of 0.5, 0.5, 1, 4 and 40 km, then half the Earth. Finest first."""
SUBJECT_HOURS = (24, 192, 1536, ALL_TIME_H)
"""A UTC day, 8 days, 64 days, all time."""

_Listed = Sequence[str] | None
"""What one site or subject is on one level; None: too much to be listed there."""


def is_first(own: str, partner: str) -> bool:
    """Whether the own node is the first of the two."""
    return own < partner


def place_tokens(operation: Operation, first: bool) -> frozenset[str]:
    """The cover of all sites' zones in their windows; empty without a site, and for a draft or a cancelled operation.

    `first` says whether the operation's node is the first of the two.
    """
    if not operation.registered:
        return frozenset()
    sites = [[_site_texts(site, level) for level in PLACE_LEVELS] for site in operation.sites]
    return _tokens(f"place|{PREDICATE}|{operation.mode}", sites, first)


def subject_tokens(subjects: Iterable[str], window: Window | None, mode: Mode, first: bool) -> frozenset[str]:
    """The canonical subjects in the spans of their operation's subject window (None: no window, no token)."""
    if window is None:
        return frozenset()
    spans = [list(_spans(window, hours)) for hours in SUBJECT_HOURS]
    texts = [[[f"{span}|{subject}" for span in level] for level in spans] for subject in sorted(subjects)]
    return _tokens(f"subject|{PREDICATE}|{mode}", texts, first)


def subject_of(token: str) -> str:
    """The canonical subject of one of the own `subject_tokens`."""
    return token.split("|", 5)[5]


def padded(tokens: Collection[str], salt: bytes) -> list[str]:
    """The tokens filled up to 32, 64, 128, … in an order that follows from the salt and tells nothing of them.

    To be blinded as they are: a filling text becomes a point like any other, and no token equals it, nor the filling of
    other tokens with the same salt. The salt is secret and belongs to one revision: a repeated query is the same.
    """
    size = LEAST_PADDED
    while size < len(tokens):
        size *= 2
    name = sha256(b"\n".join((salt, *sorted(token.encode() for token in tokens)))).hexdigest()
    filling = (f"filling|{name}|{number}" for number in range(size - len(tokens)))
    return sorted([*tokens, *filling], key=lambda text: sha256(salt + text.encode()).digest())


# --- levels ----------------------------------------------------------------------------------------------------------


def _tokens(name: str, things: Sequence[Sequence[_Listed]], first: bool) -> frozenset[str]:
    """Each thing's texts on its own level and on all coarser ones, with the mark of whose operation is the finer."""
    both, other_finer, own_finer = ("=", ">", "<") if first else ("=", "<", ">")
    tokens: set[str] = set()
    for thing, own in zip(things, _own_levels(things), strict=True):
        for level in range(own, len(thing)):
            marks = (own_finer,) if level > own else (both, other_finer) if level else (both,)
            tokens.update(f"{name}|{level}{mark}|{text}" for mark in marks for text in thing[level] or ())
    return frozenset(tokens)


def _own_levels(things: Sequence[Sequence[_Listed]]) -> list[int]:
    """The finest level for each thing at which all together have at most `MOST_TOKENS`: the largest gives way first.

    Any choice finds every match: a pair meets on the coarser one of its two levels.
    """
    sizes = [list(_sizes(thing)) for thing in things]
    levels = [0] * len(things)
    while sum(size[level] for size, level in zip(sizes, levels, strict=True)) > MOST_TOKENS:
        finer = [number for number, level in enumerate(levels) if level + 1 < len(sizes[number])]
        if not finer:
            break
        levels[max(finer, key=lambda number: sizes[number][levels[number]])] += 1
    return levels


def _sizes(thing: Sequence[_Listed]) -> Iterator[float]:
    """How many tokens the thing has when this level is its own."""
    counts = [inf if texts is None else len(texts) for texts in thing]
    for level, count in enumerate(counts):
        yield count * (2 if level else 1) + sum(counts[level + 1 :])


def _spans(window: Window, hours: int) -> range:
    """Numbers of the spans that the half-open window touches, counted from 1970."""
    length = hours * HOUR_US
    return range(window.start // length, (window.end - 1) // length + 1)


# --- cells -----------------------------------------------------------------------------------------------------------


def columns(bands: int, row: Integers) -> Integers:
    """How many cells go round the Earth in a row, about as wide as high; whole numbers, the same on every node.

    Rows are counted from the equator, southward from -1. 4 (1 - f²) / (4 + f²), with f the edge nearer the pole as
    a share of 90°, is the cosine of the latitude to within 0.002 (Bhaskara's formula).
    """
    edge = np.where(row < 0, -row, row + 1)
    round_the_earth = 16 * bands * (bands**2 - edge**2) // (4 * bands**2 + edge**2)
    return np.asarray(np.maximum(round_the_earth, 1), dtype=np.int64)


@lru_cache(maxsize=REMEMBERED)
def _site_texts(site: Site, level: Level) -> _Listed:
    spans = _spans(site.window, level.hours)
    cells = _cells(site, level.bands, MOST_LOOKED_AT // max(len(spans), 1))
    if cells is None or len(cells) * len(spans) > MOST_TOKENS:
        return None
    return [f"{row}|{column}|{span}" for row, column in cells for span in spans]


def _cells(site: Site, bands: int, most: int) -> list[tuple[int, int]] | None:
    """Every cell that the zone touches, and a few beside it; None where more than `most` are to be looked at."""
    pieces = skeleton(site.geometry).pieces
    most = min(most, MOST_WORK // len(pieces.lon))
    rows: list[Integers] = []
    cells: list[Integers] = []
    for box in zone_boxes(site):
        row, first, last = _ranges(box, bands)
        count = last - first + 1
        if (total := int(count.sum())) > most:
            return None
        rows.append(np.repeat(row, count))
        cells.append(np.arange(total) - np.repeat(np.cumsum(count) - count - first, count))
    row, column = np.concatenate(rows), np.concatenate(cells)
    kept = _near(row, column, bands, site.reach_m + GROWTH_M, pieces)
    if isinstance(site.geometry, Polygon):
        kept |= _inside(row, column, bands, kept, site.geometry)
    return list(dict.fromkeys(zip(row[kept].tolist(), column[kept].tolist(), strict=True)))


def _ranges(box: Box, bands: int) -> tuple[Integers, Integers, Integers]:
    """The rows that a box touches, with the first and last column of each."""
    low, high = (int(np.floor(latitude * bands / 90.0)) for latitude in (box.min_lat, box.max_lat))
    row = np.arange(max(low, -bands), min(high, bands - 1) + 1)
    count = columns(bands, row)
    west, east = ((longitude + 180.0) / 360.0 * count for longitude in (box.min_lon, box.max_lon))
    return row, np.floor(west).astype(np.int64), np.minimum(np.floor(east).astype(np.int64), count - 1)


def _middles(row: Integers, column: Integers, bands: int) -> tuple[Floats, Floats, Floats]:
    """Longitude and latitude of the cells' middles, and half their widths, in degrees."""
    width = 360.0 / columns(bands, row)
    return (column + 0.5) * width - 180.0, (row + 0.5) * 90.0 / bands, width / 2


def _near(row: Integers, column: Integers, bands: int, reach_m: float, pieces: Pieces) -> npt.NDArray[np.bool_]:
    """Whether a place of the cell may lie within reach of one of the edges.

    Measured straight through the Earth: no way over the ground is shorter. A cell lies in the ball about its middle
    that reaches its corners; a piece leaves its chord by at most length²/8R.
    """
    longitude, latitude, half_width = _middles(row, column, bands)
    middle = earth_centred(longitude, latitude)
    corners = (earth_centred(longitude + half_width, (row + edge) * 90.0 / bands) for edge in (0, 1))
    ball = np.maximum(*(np.linalg.norm(corner - middle, axis=1) for corner in corners))
    along = pieces.end - pieces.start
    offset = middle[:, None, :] - pieces.start
    square = np.maximum(np.einsum("pk,pk->p", along, along), 1e-9)
    share = np.clip(np.einsum("cpk,pk->cp", offset, along) / square, 0.0, 1.0)
    apart = np.linalg.norm(offset - share[:, :, None] * along, axis=2) - pieces.length**2 / (8 * SMALLEST_RADIUS_M)
    return np.asarray(apart.min(axis=1) <= reach_m + ball)


def _inside(
    row: Integers, column: Integers, bands: int, near: npt.NDArray[np.bool_], polygon: Polygon
) -> npt.NDArray[np.bool_]:
    """Whether the cell lies in the polygon, for cells away from its edges: the same for all of a run without a gap."""
    away = np.flatnonzero(~near)
    beside = (np.diff(row[away]) == 0) & (np.diff(column[away]) == 1)
    begins = np.concatenate(([True], ~beside))[: len(away)]
    longitude, latitude, _ = _middles(row, column, bands)
    answers = [contains(polygon, float(longitude[cell]), float(latitude[cell])) for cell in away[begins]]
    inside = np.zeros(len(row), dtype=np.bool_)
    if len(away):
        inside[away] = np.array(answers)[np.cumsum(begins) - 1]
    return inside
