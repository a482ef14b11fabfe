"""The search: which operations of this node does one operation meet (specification 4, condition 5 of section 8).

Promise: every match of the predicate over the rows that are committed, on SQLite and PostgreSQL alike; no row limit, no
record skipped, no extension of the database. A search that cannot finish raises `SearchFailed`.

How: a site's zone lies in one or two boxes (`geometry.zone_boxes`). Boxes of like size and duration share a grid whose
cells are a few times as large as they; a box is filed once, under the cell that holds its middle. Whoever asks looks,
in each grid that has rows, at the cells its own box reaches when grown by the largest half box of that grid, and there
only at windows that can still overlap: a handful of ranges of one ordinary index. The predicate decides on what they
hold.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db import DatabaseError, connection
from django.db.models import F

from vigil.apps.deconfliction.models import ActiveSite, ActiveSubject, Revision, Site
from vigil.engine import geometry, predicate
from vigil.engine import operation as engine
from vigil.engine.geometry import Box, GeometryError
from vigil.platform.prepared import insert, new
from vigil.protocol.store import Found, SearchFailed

SMALLEST_HALF_DEGREES = 0.0125
"""Half a box of the finest grid: a zone of about 1 km; each grid is eight times as coarse as the one before."""
SIZE_STEP = 8.0
SIZES = 6
CELL_SIDES = 4.0
"""A cell's side over half the largest box of its grid: few cells to look at, few strangers in them (measured)."""
SLACK_DEGREES = 1e-9
"""Grows what is looked at, so that rounding of the middle of a box can lose nothing."""

DAY = 24 * 60 * engine.MICROSECONDS_PER_MINUTE
LONGEST = (2 * DAY, 16 * DAY, 128 * DAY)
"""The longest window in each class of durations; beyond the last there is one more class without a limit."""

LEVEL_BITS = 32
ROW_BITS = 16
MOST_CELLS = 4_000
"""A giant reaches more cells than this in a fine grid: reading that whole grid is then the faster way."""
EARLIEST = -(2**62)
MOST_PARAMETERS = 10_000
"""Rows read by number are read in parts of this size, all of them."""


class Place(NamedTuple):
    """A row of the index: what is stored with one box."""

    cell: int
    box: Box


@dataclass(frozen=True, slots=True)
class Level:
    """One grid: boxes of one class of sizes whose windows are of one class of durations."""

    number: int

    @property
    def half(self) -> float:
        """The largest half width or height of a box in this grid, in degrees."""
        return SMALLEST_HALF_DEGREES * SIZE_STEP ** (self.number // (len(LONGEST) + 1))

    @property
    def side(self) -> float:
        return self.half * CELL_SIDES

    @property
    def longest(self) -> int | None:
        """The longest window in this grid, microseconds; None: without limit."""
        duration = self.number % (len(LONGEST) + 1)
        return LONGEST[duration] if duration < len(LONGEST) else None

    @classmethod
    def of(cls, box: Box, window: engine.Window) -> Level:
        half = max(box.max_lon - box.min_lon, box.max_lat - box.min_lat) / 2
        size = next((size for size in range(SIZES) if half <= SMALLEST_HALF_DEGREES * SIZE_STEP**size), SIZES - 1)
        span = window.end - window.start
        duration = next((number for number, longest in enumerate(LONGEST) if span <= longest), len(LONGEST))
        return cls(size * (len(LONGEST) + 1) + duration)

    def cell(self, longitude: float, latitude: float) -> int:
        return (self.number << LEVEL_BITS) + (self._row(latitude) << ROW_BITS) + self._column(longitude)

    def _row(self, latitude: float) -> int:
        return math.floor((min(max(latitude, -90.0), 90.0) + 90.0) / self.side)

    def _column(self, longitude: float) -> int:
        return math.floor((min(max(longitude, -180.0), 180.0) + 180.0) / self.side)

    def reached(self, box: Box) -> tuple[range, range]:
        """Rows and columns whose boxes may touch the given one."""
        more = self.half + SLACK_DEGREES
        rows = range(self._row(box.min_lat - more), self._row(box.max_lat + more) + 1)
        columns = range(self._column(box.min_lon - more), self._column(box.max_lon + more) + 1)
        return rows, columns


def file_under(site: engine.Site) -> list[Place]:
    """The one or two boxes of a site's zone, each with the cell it is filed under."""
    return [
        Place(Level.of(box, site.window).cell((box.min_lon + box.max_lon) / 2, (box.min_lat + box.max_lat) / 2), box)
        for box in geometry.zone_boxes(site)
    ]


# --- keeping the index -----------------------------------------------------------------------------------------------


def put(operation: engine.Operation, revision: int, sites: Sequence[Site]) -> None:
    """File the current revision in place of the one before; an operation that is not registered leaves the index.

    `sites` are the stored rows of `operation.sites`, in the same order; subjects are tokens in hexadecimal.
    """
    remove(UUID(operation.operation_id))
    places, subjects = index_rows(operation, revision, sites)
    insert(places)
    insert(subjects)


def index_rows(
    operation: engine.Operation, revision: int, sites: Sequence[Site]
) -> tuple[list[ActiveSite], list[ActiveSubject]]:
    """The rows that file a revision; none for an operation that is not registered."""
    if not operation.registered:
        return [], []
    key = UUID(operation.operation_id)
    places = [row for site, stored in zip(operation.sites, sites, strict=True) for row in _rows(key, site, stored)]
    for place in places:
        place.revision, place.mode = revision, operation.mode.value
    window = operation.subject_window
    subjects = (
        []
        if window is None
        else [
            new(
                ActiveSubject,
                token=bytes.fromhex(token),
                operation_id=key,
                revision=revision,
                mode=operation.mode.value,
                starts_at=window.start + engine.SUBJECT_MARGIN_US,
                ends_at=window.end - engine.SUBJECT_MARGIN_US,
            )
            for token in sorted(operation.subjects)
        ]
    )
    return places, subjects


def remove(operation_id: UUID) -> None:
    """Take an operation out of the index."""
    ActiveSite.objects.filter(operation_id=operation_id).delete()
    ActiveSubject.objects.filter(operation_id=operation_id).delete()


def _rows(operation_id: UUID, site: engine.Site, stored: Site) -> Iterator[ActiveSite]:
    point = site.geometry if isinstance(site.geometry, engine.Point) else None
    for place in file_under(site):
        yield new(
            ActiveSite,
            cell=place.cell,
            window_start=site.window.start,
            window_end=site.window.end,
            **place.box._asdict(),
            operation_id=operation_id,
            site_id=stored.id,
            is_point=point is not None,
            longitude=point.longitude if point else 0.0,
            latitude=point.latitude if point else 0.0,
            radius_m=site.radius_m,
            uncertainty_m=site.uncertainty_m,
            starts_at=site.starts_at,
            ends_at=site.ends_at,
        )


# --- asking ----------------------------------------------------------------------------------------------------------

_LEVELS = f"""
WITH RECURSIVE filled(cell) AS (
    SELECT MIN(cell) FROM deconfliction_activesite
    UNION ALL
    SELECT (SELECT MIN(cell) FROM deconfliction_activesite
            WHERE cell >= (((filled.cell >> {LEVEL_BITS}) + 1) << {LEVEL_BITS}))
    FROM filled WHERE filled.cell IS NOT NULL
)
SELECT cell >> {LEVEL_BITS} FROM filled WHERE cell IS NOT NULL
"""  # noqa: S608 - no outside text in it

# A list of pairs as one JSON parameter keeps the statement the same, so that the database prepares it once.
_PROBES = {
    "sqlite": "(SELECT json_extract(value, '$[0]') AS cell, json_extract(value, '$[1]') AS earliest "
    "FROM json_each(%s))",
    "postgresql": "(SELECT (value->>0)::bigint AS cell, (value->>1)::bigint AS earliest "
    "FROM json_array_elements(%s::json))",
}
_COLUMNS = (
    "site.operation_id, site.revision, site.site_id, site.is_point, site.longitude, site.latitude, site.radius_m, "
    "site.uncertainty_m, site.starts_at, site.ends_at, site.window_start, site.window_end"
)
_OVERLAP = (
    "site.window_end > %s AND site.min_lat <= %s AND site.max_lat >= %s AND site.min_lon <= %s AND site.max_lon >= %s "
    "AND site.mode = %s"
)


@dataclass(slots=True)
class Candidate:
    """What the index knows of one operation that the searched one may meet."""

    revision: int
    sites: dict[int, engine.Site]
    subjects: set[str]
    span: engine.Window | None = None


def matching(operation: engine.Operation) -> list[Found]:
    """Every other operation whose current revision the predicate matches, sorted by id.

    Raises:
        SearchFailed: the database or a stored record could not be read; nothing may be concluded.
    """
    try:
        return list(_matching(operation))
    except (DatabaseError, GeometryError, KeyError, ValueError) as error:
        raise SearchFailed("The search of this node could not finish.") from error


def _matching(operation: engine.Operation) -> Iterator[Found]:
    found: defaultdict[str, Candidate] = defaultdict(lambda: Candidate(0, {}, set()))
    if not operation.registered:
        return
    if operation.sites:
        _find_places(operation, found)
    if operation.subjects:
        _find_subjects(operation, found)
    found.pop(operation.operation_id, None)
    joint = _joint_of(operation, found)
    for operation_id in sorted(found):
        candidate = found[operation_id]
        other = engine.Operation(
            operation_id,
            # Sites that are not here were ruled out by the index: they meet none of ours.
            sites=tuple(candidate.sites[site] for site in sorted(candidate.sites)),
            subjects=frozenset(candidate.subjects),
            span=candidate.span,
            mode=operation.mode,
            joint_with=joint.get(operation_id, frozenset()),
        )
        match = predicate.match(operation, other)
        if match is not None:
            yield Found(operation_id, candidate.revision, match)


def _find_places(operation: engine.Operation, found: dict[str, Candidate]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LEVELS)
        levels = [Level(number) for (number,) in cursor.fetchall()]
        shapes: list[tuple[str, int, tuple[Any, ...]]] = []
        for site in operation.sites:
            for box in geometry.zone_boxes(site):
                for row in _rows_touching(cursor, levels, box, site.window, operation.mode.value):
                    _take(row, found, shapes)
    _take_shapes(shapes, found)


def _rows_touching(
    cursor: Any, levels: Iterable[Level], box: Box, window: engine.Window, mode: str
) -> Iterator[tuple[Any, ...]]:
    overlap = (window.start, box.max_lat, box.min_lat, box.max_lon, box.min_lon, mode)
    probes: list[tuple[int, int]] = []
    for level in levels:
        earliest = EARLIEST if level.longest is None else window.start - level.longest
        rows, columns = level.reached(box)
        if len(rows) * len(columns) > MOST_CELLS:
            low = level.number << LEVEL_BITS
            cursor.execute(
                f"SELECT {_COLUMNS} FROM deconfliction_activesite site WHERE site.cell >= %s AND site.cell < %s "  # noqa: S608
                f"AND site.window_start < %s AND {_OVERLAP}",
                (low, low + (1 << LEVEL_BITS), window.end, *overlap),
            )
            yield from cursor.fetchall()
            continue
        base = level.number << LEVEL_BITS
        probes += [(base + (row << ROW_BITS) + column, earliest) for row in rows for column in columns]
    if probes:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM {_PROBES[connection.vendor]} probe CROSS JOIN deconfliction_activesite site "  # noqa: S608
            f"WHERE site.cell = probe.cell AND site.window_start >= probe.earliest AND site.window_start < %s "
            f"AND {_OVERLAP}",
            (json.dumps(probes), window.end, *overlap),
        )
        yield from cursor.fetchall()


def _take(row: tuple[Any, ...], found: dict[str, Candidate], shapes: list[tuple[str, int, tuple[Any, ...]]]) -> None:
    operation_id = str(UUID(row[0])) if isinstance(row[0], str) else str(row[0])
    candidate = found[operation_id]
    candidate.revision = row[1]
    if row[2] in candidate.sites:
        return
    if row[3]:
        candidate.sites[row[2]] = _site(engine.Point(row[4], row[5]), row)
    else:
        shapes.append((operation_id, row[2], row))


def _take_shapes(shapes: Sequence[tuple[str, int, tuple[Any, ...]]], found: dict[str, Candidate]) -> None:
    if not shapes:
        return
    wanted = sorted({site for _, site, _ in shapes})
    texts: dict[int, str] = {}
    for start in range(0, len(wanted), MOST_PARAMETERS):
        batch = wanted[start : start + MOST_PARAMETERS]
        texts.update(Site.objects.filter(id__in=batch).values_list("id", "geometry_wkt"))
    for operation_id, site, row in shapes:
        found[operation_id].sites[site] = _site(geometry.parse_wkt(texts[site]), row)


def _site(shape: engine.Geometry, row: tuple[Any, ...]) -> engine.Site:
    radius, uncertainty, starts_at, ends_at, start, end = row[6:12]
    return engine.Site(shape, radius, starts_at, ends_at, starts_at - start, end - ends_at, uncertainty)


def _find_subjects(operation: engine.Operation, found: dict[str, Candidate]) -> None:
    rows = ActiveSubject.objects.filter(
        token__in=[bytes.fromhex(token) for token in operation.subjects], mode=operation.mode.value
    ).values_list("token", "operation_id", "revision", "starts_at", "ends_at")
    for token, operation_id, revision, starts_at, ends_at in rows:
        candidate = found[str(operation_id)]
        candidate.revision = revision
        candidate.subjects.add(bytes(token).hex())
        candidate.span = engine.Window(starts_at, ends_at)


def _joint_of(operation: engine.Operation, found: Iterable[str]) -> dict[str, frozenset[str]]:
    """Whom those name as joint that the operation names: it takes both (specification, section 3)."""
    named = operation.joint_with & set(found)
    if not named:
        return {}
    rows = Revision.objects.filter(operation_id__in=named, number=F("operation__revision")).values_list(
        "operation_id", "joint_with"
    )
    return {str(operation_id): frozenset(joint_with) for operation_id, joint_with in rows}
