"""Lines of streets as small as they can be stored, and measured in metres. Pure.

A plane through the middle of a street is true to a thousandth within 50 km: lengths here decide where along a
block a house is guessed, and enter the uncertainty; what the predicate measures is the engine's.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise

Vertex = tuple[float, float]
"""Longitude and latitude in degrees."""

_SCALE = 10_000_000
"""Stored as whole ten-millionths of a degree: a centimetre."""
METRES_PER_DEGREE = 111_320.0
"""Of latitude, and of longitude at the equator; the larger of the meridian's values on WGS 84, rounded up to be on the
safe side of every uncertainty but for 0.4 % near the poles."""


def pack(vertices: Iterable[Vertex]) -> bytes:
    """Little-endian 32-bit numbers, longitude and latitude in turn."""
    numbers = array("i", (round(angle * _SCALE) for vertex in vertices for angle in vertex))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def unpack(packed: bytes | memoryview) -> list[Vertex]:
    """What `pack` was given, to a centimetre."""
    numbers = array("i", bytes(packed))
    if sys.byteorder == "big":
        numbers.byteswap()
    return [(numbers[at] / _SCALE, numbers[at + 1] / _SCALE) for at in range(0, len(numbers), 2)]


def metres(a: Vertex, b: Vertex) -> float:
    """How far two near places lie apart."""
    across = math.cos(math.radians((a[1] + b[1]) / 2))
    return math.hypot((a[0] - b[0]) * across, a[1] - b[1]) * METRES_PER_DEGREE


def farthest(centre: Vertex, places: Iterable[Vertex]) -> float:
    """The largest distance in metres from the centre; 0 without places."""
    return max((metres(centre, place) for place in places), default=0.0)


def part(line: Sequence[Vertex], start: float, end: float) -> list[Vertex]:
    """The piece of a line between two fractions of its length, 0 <= start <= end <= 1; its ends included."""
    lengths = [metres(a, b) for a, b in pairwise(line)]
    whole, piece, behind = sum(lengths), [along(line, start)], 0.0
    for vertex, length in zip(line[1:], lengths, strict=True):
        behind += length
        if whole and start < behind / whole < end:
            piece.append(vertex)
    return [*piece, along(line, end)]


def along(line: Sequence[Vertex], fraction: float) -> Vertex:
    """The place on a line after this fraction of its length."""
    lengths = [metres(a, b) for a, b in pairwise(line)]
    left = fraction * sum(lengths)
    for (start, end), length in zip(pairwise(line), lengths, strict=True):
        if left <= length:
            share = left / length if length else 0.0
            return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
        left -= length
    return line[-1]


def middle(places: Sequence[Vertex]) -> Vertex:
    """The middle of the box around places."""
    longitudes, latitudes = [place[0] for place in places], [place[1] for place in places]
    return (min(longitudes) + max(longitudes)) / 2, (min(latitudes) + max(latitudes)) / 2
