"""The values that the engine compares: operations, sites, shapes and windows.

Promise: every value is immutable and carries everything the predicate needs (specification, section 4):
no clock, no configuration, no look-up. Lengths are metres on WGS 84, angles are decimal degrees,
instants are whole microseconds since 1970-01-01T00:00:00Z (UTC), so that windows compare exactly.

Checking that a shape or a window is *valid* is the work of `geometry.validate` and `windows`, which refuse
with a sentence; the classes here only hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

Vertex = tuple[float, float]
"""(longitude, latitude) in decimal degrees, in that order, as in WKT and GeoJSON."""

MICROSECONDS_PER_MINUTE = 60_000_000
SUBJECT_MARGIN_US = 72 * 60 * MICROSECONDS_PER_MINUTE
"""Specification 4.3: subject windows reach 72 hours beyond the first start and the last end."""


class Mode(StrEnum):
    """Operations of different modes never match (specification, section 2)."""

    LIVE = "live"
    EXERCISE = "exercise"
    TEST = "test"


class Band(StrEnum):
    """`direct`: one site lies inside the other's zone; `near`: the zones touch (specification 4.2)."""

    DIRECT = "direct"
    NEAR = "near"


class Basis(StrEnum):
    """What two operations share."""

    PLACE = "place"
    SUBJECT = "subject"
    BOTH = "both"


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A half-open span `[start, end)` in microseconds UTC."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Point:
    """One place."""

    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Line:
    """A corridor's centre line; edges are geodesics that go the short way round."""

    vertices: tuple[Vertex, ...]


@dataclass(frozen=True, slots=True)
class Polygon:
    """An area, interior included; each ring's first vertex is repeated as its last, as in WKT."""

    exterior: tuple[Vertex, ...]
    holes: tuple[tuple[Vertex, ...], ...] = ()


Geometry = Point | Line | Polygon


@dataclass(frozen=True)
class Site:
    """One place of an operation with its own window.

    `window` is the span grown by its buffers; `starts_at`/`ends_at` are without buffers
    (the subject window is built from those).
    """

    geometry: Geometry
    radius_m: float
    starts_at: int
    ends_at: int
    buffer_before: int = 0
    buffer_after: int = 0
    uncertainty_m: float = 0.0

    @cached_property
    def window(self) -> Window:
        """The span that must overlap another site's: `[starts_at - before, ends_at + after)`."""
        return Window(self.starts_at - self.buffer_before, self.ends_at + self.buffer_after)

    @property
    def reach_m(self) -> float:
        """How far the zone reaches beyond the shape: radius plus uncertainty."""
        return self.radius_m + self.uncertainty_m


@dataclass(frozen=True)
class Operation:
    """One revision of a planned operation, as far as the predicate looks at it.

    `span` is the window of its own that a subjects-only operation has; others leave it None.
    `subjects` are canonical (`kind:value`). `registered` is False for a draft or a cancelled operation,
    which never match. `joint_with` names other operations; two are joint only when each names the other.
    """

    operation_id: str
    sites: tuple[Site, ...] = ()
    subjects: frozenset[str] = frozenset()
    span: Window | None = None
    mode: Mode = Mode.LIVE
    joint_with: frozenset[str] = frozenset()
    tentative: bool = False
    registered: bool = True

    @cached_property
    def subject_window(self) -> Window | None:
        """`[first start - 72 h, last end + 72 h)` without buffers; None where there is neither site nor span."""
        starts = [site.starts_at for site in self.sites]
        ends = [site.ends_at for site in self.sites]
        if self.span is not None:
            starts.append(self.span.start)
            ends.append(self.span.end)
        if not starts:
            return None
        return Window(min(starts) - SUBJECT_MARGIN_US, max(ends) + SUBJECT_MARGIN_US)


@dataclass(frozen=True, slots=True)
class Match:
    """What the predicate says of one pair (specification 4.2 and 4.3).

    `band` and `distance_m` are None where the pair shares only subjects.
    `subjects` are the shared canonical subjects, sorted.
    """

    basis: Basis
    overlap: Window
    band: Band | None = None
    distance_m: float | None = None
    subjects: tuple[str, ...] = ()
