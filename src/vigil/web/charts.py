"""Charts of counts, drawn by the server as bars whose words and numbers stay text: no script, no library.

Each bar is an SVG of 100 units that the page stretches; its segments differ by pattern as well as by colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar, in units of 100; `kind` is its class."""

    kind: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is of, its number as told, and what it is drawn of."""

    label: str
    number: str
    segments: tuple[Segment, ...]


def bars(rows: Iterable[tuple[str, str, Sequence[tuple[str, float]]]]) -> tuple[Bar, ...]:
    """Bars on one scale, the longest 100: rows of a label, a number as told, and parts of a class and a value."""
    rows = list(rows)
    most = max((sum(value for _, value in parts) for _, _, parts in rows), default=0)
    return tuple(Bar(label, number, _segments(parts, most)) for label, number, parts in rows)


def _segments(parts: Sequence[tuple[str, float]], most: float) -> tuple[Segment, ...]:
    found, x = [], 0.0
    for kind, value in parts:
        width = 100 * value / most if most else 0.0
        if width:
            found.append(Segment(kind, round(x, 3), round(width, 3)))
        x += width
    return tuple(found)
