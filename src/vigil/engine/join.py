"""The sweep: every conflicting pair among many operations (many against many).

Promise: the result holds exactly the pairs that `predicate.match` matches, with its distance, band, overlap and shared
subjects. Three steps: `join` collects pairs of sites that may meet and never loses one; the ellipsoid decides each
(vectorised between points; the scalar predicate for shapes and for whatever lies within a micrometre of a threshold);
site pairs become pairs of operations. Subjects join by dictionary.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vigil.engine.kernel import EQUATORIAL_RADIUS_M, Balls, earth_centred, join, order_by
from vigil.engine.operation import Band, Basis, Operation, Point, Window
from vigil.engine.predicate import EPSILON_POINT_M, EPSILON_SHAPE_M, intersection, site_match
from vigil.engine.table import NO_REFERENCE, OperationTable, table_of

if TYPE_CHECKING:
    from vigil.engine.formats.mapping import Mapping as FieldMapping
    from vigil.engine.formats.operations_csv import BadRow, Rules

Progress = Callable[[str, float], None]
"""Called with the step's name (`reading`, `joining`) and its share done, 0 to 1."""

BASES = (Basis.PLACE, Basis.SUBJECT, Basis.BOTH)
BANDS = (Band.DIRECT, Band.NEAR)
NO_BAND = -1
NO_SITE = -1
DOUBT_M = 1e-6
"""Within this of a threshold the scalar predicate decides, so that both ways give the same answer."""
TOLD_FROM = 20_000
"""Fewer pairs are all measured by the solver, which takes 0.4 microseconds a pair."""
LARGEST_BALL_M = 3_000_000.0
"""Shapes wider than this get a ball around the whole Earth: their interior may bulge out of a smaller one."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One conflicting pair, ids in code-point order. Band and distance are None where only subjects are shared."""

    operation_a: str
    operation_b: str
    basis: Basis
    band: Band | None
    distance_m: float | None
    overlap: Window
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Conflicting pairs as columns, sorted by the ids; iterating gives `Conflict` rows.

    `a`, `b`: positions in `table`. `basis`, `band`: positions in `BASES` and `BANDS` (`NO_BAND`). `distance_m` is not
    a number where there is no band. `site_a`, `site_b`: the sites of the smallest distance (`NO_SITE`).
    `subjects` by row.
    """

    table: OperationTable
    a: NDArray[np.int32]
    b: NDArray[np.int32]
    basis: NDArray[np.int8]
    band: NDArray[np.int8]
    distance_m: NDArray[np.float64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    site_a: NDArray[np.int32]
    site_b: NDArray[np.int32]
    subjects: Mapping[int, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.a)

    def __iter__(self) -> Iterator[Conflict]:
        return (self.row(n) for n in range(len(self)))

    def row(self, n: int) -> Conflict:
        """The pair at one position."""
        place = self.band[n] != NO_BAND
        return Conflict(
            self.table.id(int(self.a[n])),
            self.table.id(int(self.b[n])),
            BASES[self.basis[n]],
            BANDS[self.band[n]] if place else None,
            float(self.distance_m[n]) if place else None,
            Window(int(self.start[n]), int(self.end[n])),
            self.subjects.get(n, ()),
        )


@dataclass(frozen=True, slots=True)
class SweepResult:
    """The conflicts, and what could not be judged.

    `bad_rows`: every row that was refused, with line, column and reason; `excluded`: the ids of their operations.
    `flags`: how many operations carry each flag. `complete` is False where anything was left out.
    """

    conflicts: Conflicts
    operations: int
    rows: int
    bad_rows: tuple[BadRow, ...] = ()
    excluded: tuple[str, ...] = ()
    flags: Mapping[str, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every row of the input was judged."""
        return not self.bad_rows

    def counts(self) -> dict[str, int]:
        """Conflicts in all, by band and by basis."""
        found = {"conflicts": len(self.conflicts)}
        for n, band in enumerate(BANDS):
            found[band.value] = int((self.conflicts.band == n).sum())
        for n, basis in enumerate(BASES):
            found[f"basis_{basis.value}"] = int((self.conflicts.basis == n).sum())
        return found


def sweep(
    source: Iterable[Operation] | str | os.PathLike[str] | IO[bytes] | Any,
    rules: Rules | None = None,
    mapping: FieldMapping | None = None,
    progress: Progress | None = None,
) -> SweepResult:
    """Every conflicting pair of `source`.

    `source`: an iterable of `Operation`, the path of an operations file (CSV or Excel), an open binary file, or a
    DataFrame (pandas, polars or pyarrow) with the columns of `operations.csv` or those that `mapping` names.
    `rules` gives other radii and buffers per type, `mapping` other column names (specification, section 9).

    Raises:
        UnusableInput: the file cannot be read at all. Single bad rows are listed in the result instead.
        ValueError: two operations of an iterable have the same id.
    """
    report = progress or (lambda step, share: None)
    if isinstance(source, str | os.PathLike) or hasattr(source, "read") or hasattr(source, "columns"):
        from vigil.engine.formats.operations_csv import read_table

        path = Path(source) if isinstance(source, str | os.PathLike) else source
        read = read_table(path, mapping=mapping, rules=rules, progress=lambda share: report("reading", share))
        conflicts = sweep_table(read.table, report)
        return SweepResult(conflicts, len(read.table), read.rows, read.bad_rows, read.excluded, read.flags)
    table = table_of(source)
    return SweepResult(sweep_table(table, report), len(table), len(table))


def sweep_table(table: OperationTable, report: Progress = lambda step, share: None) -> Conflicts:
    """Every conflicting pair of a table, sorted by ids."""
    pairs = _place_pairs(table, report)
    pairs = _per_operation(table, pairs)
    return _sorted_conflicts(table, pairs, subject_pairs(table))


# --- places -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Matching pairs of sites, later of operations (`band` as in `Conflicts`)."""

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    distance_m: NDArray[np.float64]
    band: NDArray[np.int8]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    site_first: NDArray[np.int32]
    site_second: NDArray[np.int32]

    def take(self, chosen: NDArray[Any]) -> _Pairs:
        """The chosen pairs."""
        return _Pairs(*(getattr(self, name)[chosen] for name in self.__slots__))


def balls_of(table: OperationTable) -> Balls:
    """The sites as balls for the join: a point by its reach, a shape by a ball around it."""
    x, y, z = earth_centred(table.longitude, table.latitude)
    reach = table.radius_m + table.uncertainty_m
    reach += EPSILON_POINT_M / 2
    exact = np.ones(len(x), np.bool_)
    for site, shape in table.shapes.items():
        vertices = np.array(getattr(shape, "vertices", None) or getattr(shape, "exterior"))  # noqa: B009
        (x[site], y[site], z[site]), ball = _ball(vertices)
        reach[site] += ball + EPSILON_SHAPE_M
        exact[site] = False
    return Balls(
        x, y, z, reach, table.start, table.end, table.mode[table.operation], table.operation, exact
    )  # fmt: skip


def _ball(vertices: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Centre and radius in metres of a ball that holds the geodesic shape with these vertices.

    A geodesic of length s rises above its chord by less than s^2/8R. A ball cuts the Earth in a cap; one smaller than
    a hemisphere holds every shortest path between its points, and the interior of what they enclose.
    """
    corners = np.column_stack(earth_centred(vertices[:, 0], vertices[:, 1]))
    centre = (corners.min(axis=0) + corners.max(axis=0)) / 2
    radius = float(np.sqrt(((corners - centre) ** 2).sum(axis=1).max()))
    if radius > LARGEST_BALL_M:
        return np.zeros(3), EQUATORIAL_RADIUS_M + 1.0
    longest = float(np.sqrt((np.diff(corners, axis=0) ** 2).sum(axis=1).max()))
    # The interior of a wide area bulges above the plane of its outline by about radius^2/2R.
    return centre, radius + (longest**2 + 4 * radius**2) / (7 * EQUATORIAL_RADIUS_M) + 0.01 * radius + 1.0


def _place_pairs(table: OperationTable, report: Progress) -> _Pairs:
    """Pairs of sites that match by place (specification 4.2), decided on the ellipsoid."""
    candidates = join(balls_of(table), lambda share: report("joining", share))
    first, second, certain, told = candidates.first, candidates.second, candidates.certain, candidates.distance_m
    if not len(first):
        return _no_pairs()
    keep = ~joint_pairs(table, table.operation[first], table.operation[second])
    first, second, certain, told = first[keep], second[keep], certain[keep], told[keep]
    distance = distances(table, first, second, told)
    slack = (table.uncertainty_m[first] + table.uncertainty_m[second]) + EPSILON_POINT_M
    touch = (table.radius_m[first] + table.radius_m[second]) + slack
    inside = np.maximum(table.radius_m[first], table.radius_m[second]) + slack
    matched = certain | (distance <= touch)
    band = np.where(distance <= inside, 0, 1).astype(np.int8)
    doubtful = (np.abs(distance - touch) <= DOUBT_M) | (np.abs(distance - inside) <= DOUBT_M)
    if table.shapes:
        shaped = np.zeros(len(table.operation), np.bool_)
        shaped[list(table.shapes)] = True
        doubtful |= shaped[first] | shaped[second]
    for n in np.flatnonzero(doubtful).tolist():
        decided = site_match(table.site(int(first[n])), table.site(int(second[n])))
        matched[n] = decided is not None
        if decided is not None:
            distance[n], band[n] = decided.distance_m, BANDS.index(decided.band)
    start = np.maximum(table.start[first], table.start[second])
    end = np.minimum(table.end[first], table.end[second])
    pairs = _Pairs(table.operation[first], table.operation[second], distance, band, start, end, first, second)
    return pairs if matched.all() else pairs.take(matched)


def _no_pairs() -> _Pairs:
    rows, times = np.empty(0, np.int32), np.empty(0, np.int64)
    return _Pairs(rows, rows, np.empty(0), np.empty(0, np.int8), times, times, rows, rows)


def joint_pairs(table: OperationTable, a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which pairs of operations are joint and so never match."""
    joint = (table.reference[a] == table.reference[b]) & (table.reference[a] != NO_REFERENCE)
    if table.joint:
        keys = np.array([low * len(table) + high for low, high in table.joint], np.int64)
        low, high = np.minimum(a, b).astype(np.int64), np.maximum(a, b)
        joint |= np.isin(low * len(table) + high, keys)
    return np.asarray(joint)


def distances(
    table: OperationTable, first: NDArray[np.int32], second: NDArray[np.int32], told: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Geodesic distances in metres between the places of site pairs.

    Many pairs keep what the kernel told, except where a micrometre could change the two decimals of `conflicts.csv`.
    """
    from pyproj import Geod

    distance = told.copy()
    cents = told * 100.0
    tie = np.abs(cents - np.floor(cents) - 0.5) <= DOUBT_M * 100.0
    left = np.flatnonzero(tie | np.isnan(told)) if len(told) >= TOLD_FROM else np.arange(len(told))
    i, j = first[left], second[left]
    lon, lat = table.longitude, table.latitude
    distance[left] = Geod(ellps="WGS84").inv(lon[i], lat[i], lon[j], lat[j])[2]
    return distance


def _per_operation(table: OperationTable, pairs: _Pairs) -> _Pairs:
    """Site pairs as operation pairs: smallest distance, strongest band, earliest overlap (specification 4.2)."""
    swap = pairs.first > pairs.second
    if swap.any():
        pairs = _Pairs(
            np.where(swap, pairs.second, pairs.first),
            np.where(swap, pairs.first, pairs.second),
            pairs.distance_m,
            pairs.band,
            pairs.start,
            pairs.end,
            np.where(swap, pairs.site_second, pairs.site_first),
            np.where(swap, pairs.site_first, pairs.site_second),
        )
    if len(table) == len(table.operation) or not len(pairs.first):
        return pairs
    key = pairs.first.astype(np.int64) * len(table) + pairs.second
    by_overlap = np.lexsort((pairs.end, pairs.start, key))
    head = np.flatnonzero(np.concatenate(([True], np.diff(key[by_overlap]) != 0)))
    earliest = by_overlap[head]
    nearest = np.lexsort((pairs.distance_m, key))[head]
    return _Pairs(
        pairs.first[earliest],
        pairs.second[earliest],
        pairs.distance_m[nearest],
        np.minimum.reduceat(pairs.band[by_overlap], head),
        pairs.start[earliest],
        pairs.end[earliest],
        pairs.site_first[nearest],
        pairs.site_second[nearest],
    )


# --- subjects ---------------------------------------------------------------------------------------------------


def subject_pairs(table: OperationTable) -> dict[tuple[int, int], tuple[Window, tuple[str, ...]]]:
    """Pairs of operations that share a canonical subject while their subject windows overlap (specification 4.3)."""
    holders: dict[tuple[int, str], list[int]] = {}
    for n, entry in enumerate(table.subjects):
        for subject in entry.subjects:
            holders.setdefault((int(table.mode[entry.operation]), subject), []).append(n)
    shared: dict[tuple[int, int], list[str]] = {}
    overlaps: dict[tuple[int, int], Window] = {}
    for (_, subject), entries in holders.items():
        entries.sort(key=lambda n: table.subjects[n].window.start)
        for at, n in enumerate(entries):
            for m in entries[at + 1 :]:
                overlap = intersection(table.subjects[n].window, table.subjects[m].window)
                if overlap is None:
                    break  # the others start later still
                low, high = sorted((table.subjects[n].operation, table.subjects[m].operation))
                shared.setdefault((low, high), []).append(subject)
                overlaps[low, high] = overlap
    if shared:
        keys = np.array(list(shared), np.int32)
        joint = joint_pairs(table, keys[:, 0], keys[:, 1])
        for a, b in keys[joint].tolist():
            del shared[a, b]
    return {pair: (overlaps[pair], tuple(sorted(subjects))) for pair, subjects in shared.items()}


# --- together ---------------------------------------------------------------------------------------------------


def _ranks(table: OperationTable) -> NDArray[np.int64] | None:
    """Each operation's place in the code-point order of ids; None where the table is in that order."""
    ids = table.ids
    if isinstance(ids, list):
        if all(a < b for a, b in pairwise(ids)):
            return None
        order = np.array(sorted(range(len(ids)), key=ids.__getitem__), np.int64)
    else:
        import pyarrow.compute

        from vigil.engine.formats.arrow import column

        # UTF-8 sorts as its code points do.
        if pyarrow.compute.all(pyarrow.compute.less(ids[:-1], ids[1:])).as_py():
            return None
        order = column(pyarrow.compute.sort_indices(ids)).astype(np.int64)
    ranks = np.empty(len(ids), np.int64)
    ranks[order] = np.arange(len(ids))
    return ranks


def _sorted_conflicts(
    table: OperationTable, pairs: _Pairs, subjects: dict[tuple[int, int], tuple[Window, tuple[str, ...]]]
) -> Conflicts:
    """Place and subject pairs as one sorted list; a pair with both keeps the overlap of the place match."""
    basis = np.zeros(len(pairs.first), np.int8)
    shared: dict[int, tuple[str, ...]] = {}
    extra: list[tuple[int, int, Window, tuple[str, ...]]] = []
    if subjects:
        place_key = pairs.first.astype(np.int64) * len(table) + pairs.second
        by_key = np.argsort(place_key)
        for (a, b), (window, names) in subjects.items():
            at = int(np.searchsorted(place_key, a * len(table) + b, sorter=by_key))
            row = int(by_key[at]) if at < len(by_key) else -1
            if row >= 0 and place_key[row] == a * len(table) + b:
                basis[row], shared[row] = BASES.index(Basis.BOTH), names
            else:
                shared[len(basis) + len(extra)] = names
                extra.append((a, b, window, names))
    if extra:
        more = len(extra)
        pairs = _Pairs(
            np.append(pairs.first, np.array([e[0] for e in extra], np.int32)),
            np.append(pairs.second, np.array([e[1] for e in extra], np.int32)),
            np.append(pairs.distance_m, np.full(more, np.nan)),
            np.append(pairs.band, np.full(more, NO_BAND, np.int8)),
            np.append(pairs.start, np.array([e[2].start for e in extra], np.int64)),
            np.append(pairs.end, np.array([e[2].end for e in extra], np.int64)),
            np.append(pairs.site_first, np.full(more, NO_SITE, np.int32)),
            np.append(pairs.site_second, np.full(more, NO_SITE, np.int32)),
        )
        basis = np.append(basis, np.full(more, BASES.index(Basis.SUBJECT), np.int8))
    ranks = _ranks(table)
    low: NDArray[Any] = pairs.first if ranks is None else ranks[pairs.first]
    high: NDArray[Any] = pairs.second if ranks is None else ranks[pairs.second]
    swap = low > high
    smaller, larger = (np.where(swap, one, other).astype(np.int64) for one, other in ((high, low), (low, high)))
    order = order_by(smaller, larger) if len(swap) else np.zeros(0, np.int64)
    swap, pairs = swap[order], pairs.take(order)
    position = {int(row): n for n, row in enumerate(order)} if shared else {}
    return Conflicts(
        table,
        np.where(swap, pairs.second, pairs.first),
        np.where(swap, pairs.first, pairs.second),
        basis[order],
        pairs.band,
        pairs.distance_m,
        pairs.start,
        pairs.end,
        np.where(swap, pairs.site_second, pairs.site_first),
        np.where(swap, pairs.site_first, pairs.site_second),
        {position[row]: names for row, names in shared.items()},
    )


__all__ = ["Conflict", "Conflicts", "Point", "SweepResult", "sweep", "sweep_table"]
