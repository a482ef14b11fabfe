"""The kernel of the join: every pair of sites of a large table whose windows overlap and whose zones may touch.

How it works. Each site becomes a ball in earth-centred coordinates (metres): its centre, and how far its zone
reaches, so the pole and the antimeridian are no special places. Two sites can only match when the chord between
the centres is at most the sum of the reaches. Balls are sorted into cubic cells and within a cell by the start
of the window; two cells whose bounding boxes are within reach are merged by a pointer that only moves forward
in time, which meets every overlapping pair exactly once.

The kernel is one set of plain Python functions in numba's subset. Small tables run it as it is (numba takes
half a second to import and five seconds to compile the first time); large ones run it compiled. It may collect
too much and never too little; `join` marks the pairs that are certain, the caller decides the others exactly.
"""

from __future__ import annotations

import hashlib
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock, Thread
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Progress = Callable[[float], None]

EQUATORIAL_RADIUS_M = 6_378_137.0
ECCENTRICITY_SQUARED = 0.0066943799901413165
SMALLEST_CURVATURE_M = EQUATORIAL_RADIUS_M * (1 - ECCENTRICITY_SQUARED)
"""For a chord c and a geodesic s between two points: c <= s <= 2R asin(c / 2R) with this R."""
SHORT_M = 20_000.0
"""Up to this chord the kernel tells the distance: a geodesic follows its normal section to 1e-7 m (a test binds it)."""
POLAR_SQUARED = EQUATORIAL_RADIUS_M**2 * (1 - ECCENTRICITY_SQUARED)
LARGEST_CERTAIN_M = 9_500_000.0
"""Up to this threshold the upper bound above holds; beyond it only the exact geodesic decides."""
SLACK_M = 1e-6
"""Rounding of coordinates and chords stays far below this."""

GRID_SLACK_M = 1e-3
"""Which cell a place on a cell's face falls into is a matter of rounding; looking this much further loses none."""

SMALLEST_CELL_REACH_M = 50.0
CELLS_PER_REACH = 6.0
"""A cell's side in reaches of its class: three times the largest reach of a pair was fastest."""
THREADED_FROM = 100_000
"""Columns shorter than this are not worth handing to threads."""
PIECE = 50_000
"""Rows of a column that are worked on together."""
CLASS_FACTOR = 4.0
CHUNKS = 32
COMPILED_FROM = 20_000
"""Tables below this never ask for the compiled kernel at once."""
COMPILE_SECONDS = 8.0
LOAD_SECONDS = 0.8


@dataclass(frozen=True, slots=True)
class Balls:
    """One row a site: a ball that holds its zone, its window, and what never matches with what.

    `x`, `y`, `z`: centre in metres. `reach`: radius of the ball in metres, every allowance included.
    `start`, `end`: half-open window in microseconds. `group`: rows of different groups never meet (modes).
    `owner`: rows of one owner never meet (sites of one operation).
    `exact`: where true for both, the zones touch exactly when the geodesic is at most the sum of the reaches.
    """

    x: Floats
    y: Floats
    z: Floats
    reach: Floats
    start: Integers
    end: Integers
    group: NDArray[np.int8]
    owner: NDArray[np.int32]
    exact: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of rows of `Balls`. `certain` tells the pairs that need no further decision about the place.

    `distance_m`: between points up to `SHORT_M` apart their geodesic to 1e-7 m, else not a number.
    """

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    certain: NDArray[np.bool_]
    distance_m: Floats


def earth_centred(longitude: Floats, latitude: Floats) -> tuple[Floats, Floats, Floats]:
    """Coordinates in metres of points on the WGS 84 ellipsoid, given in decimal degrees."""

    def centred(piece: slice) -> tuple[Floats, Floats, Floats]:
        lam, phi = np.radians(longitude[piece]), np.radians(latitude[piece])
        sine, cosine = np.sin(phi), np.cos(phi)
        normal = EQUATORIAL_RADIUS_M / np.sqrt(1 - ECCENTRICITY_SQUARED * sine * sine)
        across = normal * cosine
        return across * np.cos(lam), across * np.sin(lam), normal * (1 - ECCENTRICITY_SQUARED) * sine

    x, y, z = _columns(len(longitude), (np.float64,) * 3, centred)
    return x, y, z


def _columns(
    length: int, kinds: Sequence[Any], make: Callable[[slice], Sequence[NDArray[Any]]]
) -> Sequence[NDArray[Any]]:
    """Columns of these dtypes, made piece by piece, the pieces of long ones side by side.

    What a piece needs on its way stays in the cache and is used again by the next. Whole columns for each step would be
    fresh memory from the system each time, whose cost alone grew eightyfold from one million rows to ten.
    """
    whole = [np.empty(length, kind) for kind in kinds]

    def fill(piece: slice) -> None:
        for column, part in zip(whole, make(piece), strict=True):
            column[piece] = part

    _in_threads(fill, [slice(n, n + PIECE) for n in range(0, length, PIECE)], length >= THREADED_FROM)
    return whole


def _in_threads(function: Callable[[Any], Any], items: Sequence[Any], long: bool = True) -> list[Any]:
    """The function's result for each item; numpy lets go of the interpreter, so long ones go side by side."""
    if not long:
        return [function(item) for item in items]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(function, items))


# --- the kernel: plain Python, and numba's subset ---------------------------------------------------------------


class Members(NamedTuple):
    """Balls of one class, sorted by cell and coarse start; a column is an array, or a list in the plain run.

    `row` is the position in `Balls`. `open` and `shut` are the window coarsened outwards, which orders the merge.
    """

    x: Any
    y: Any
    z: Any
    reach: Any
    start: Any
    end: Any
    owner: Any
    exact: Any
    row: Any
    open: Any
    shut: Any


class Cells(NamedTuple):
    """Cells that hold members, sorted by key. `begin` has one entry more than there are cells."""

    begin: Any
    key: Any
    low_x: Any
    low_y: Any
    low_z: Any
    high_x: Any
    high_y: Any
    high_z: Any
    reach: Any
    start: Any
    end: Any


class Grid(NamedTuple):
    """Where the cells lie: key = (ix * count_y + iy) * count_z + iz. `reach` is the largest of all members."""

    x: float
    y: float
    z: float
    side: float
    count_x: int
    count_y: int
    count_z: int
    reach: float


class Found(NamedTuple):
    """Room for the pairs of one run: rows, whether the place is certain, and the distance."""

    first: Any
    second: Any
    certain: Any
    distance_m: Any


def _lower_bound(values: Any, low: int, high: int, wanted: int) -> int:
    """First position in values[low:high], sorted, whose value is at least `wanted`."""
    while low < high:
        middle = (low + high) // 2
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def _short_geodesic(dx: float, dy: float, dz: float, sx: float, sy: float, sz: float) -> float:
    """The geodesic between two points from the difference and the sum of their coordinates; nan where it is long.

    A chord c subtends an arc of c (1 + c^2 k^2 / 24), where k is the curvature of the normal section at the middle:
    for the surface F = (x^2 + y^2) / a^2 + z^2 / b^2 along the unit vector t it is t F'' t / |F'|.
    """
    chord2 = dx * dx + dy * dy + dz * dz
    if chord2 < 1e-12:  # below a micrometre the arc is its chord, and what follows would divide by nothing
        return math.sqrt(chord2)
    if chord2 > SHORT_M * SHORT_M:
        return math.nan
    a2, b2 = EQUATORIAL_RADIUS_M * EQUATORIAL_RADIUS_M, POLAR_SQUARED
    bend = (dx * dx + dy * dy) / a2 + dz * dz / b2
    slope2 = ((sx * sx + sy * sy) / (a2 * a2) + sz * sz / (b2 * b2)) / 4.0
    return math.sqrt(chord2) * (1.0 + bend * bend / (slope2 * chord2 * 24.0))


def _forward(
    a: Members, begin_a: int, end_a: int, b: Members, others: Cells, d: int, step: int, found: Found, count: int
) -> int:
    """Pairs of a run of members with cell d of `b` in which the member of `b` opens no earlier.

    A pointer only moves forward in time. Where `step` is 1, a member of `b` that opens at the same time is left to
    the call with the sides exchanged; where it is 2, the run is the cell itself and a member meets the later ones.
    """
    j, end_b = others.begin[d], others.begin[d + 1]
    for i in range(begin_a, end_a):
        x, y, z, reach, opens, shuts = a.x[i], a.y[i], a.z[i], a.reach[i], a.open[i], a.shut[i]
        if step == 2:
            j = i + 1
        else:
            while j < end_b and b.open[j] < opens + step:
                j += 1
            if j == end_b:
                break
            # Members far from the other cell's box need no look inside.
            dx = max(others.low_x[d] - x, x - others.high_x[d], 0.0)
            dy = max(others.low_y[d] - y, y - others.high_y[d], 0.0)
            dz = max(others.low_z[d] - z, z - others.high_z[d], 0.0)
            limit = reach + others.reach[d] + SLACK_M
            if dx * dx + dy * dy + dz * dz > limit * limit:
                continue
        for k in range(j, end_b):
            if b.open[k] >= shuts:
                break
            dx = x - b.x[k]
            dy = y - b.y[k]
            dz = z - b.z[k]
            chord2 = dx * dx + dy * dy + dz * dz
            both = reach + b.reach[k]
            if chord2 > (both + SLACK_M) * (both + SLACK_M):
                continue
            if a.start[i] >= b.end[k] or b.start[k] >= a.end[i] or a.owner[i] == b.owner[k]:
                continue
            if count < len(found.first):
                # The geodesic is at most 2R asin(c/2R), and both - both^3/24R^2 <= 2R sin(both/2R).
                bound = both - both * both * both / (24.0 * SMALLEST_CURVATURE_M * SMALLEST_CURVATURE_M) - SLACK_M
                near = both < LARGEST_CERTAIN_M and bound > 0.0 and chord2 <= bound * bound
                found.first[count] = a.row[i]
                found.second[count] = b.row[k]
                found.certain[count] = near and a.exact[i] and b.exact[k]
                found.distance_m[count] = _short_geodesic(dx, dy, dz, x + b.x[k], y + b.y[k], z + b.z[k])
            count += 1
    return count


def _gap(low_a: float, high_a: float, low_b: float, high_b: float) -> float:
    """How far two intervals are apart; 0 where they touch."""
    return max(low_b - high_a, low_a - high_b, 0.0)


def _join_cells(
    a: Members, cells: Cells, c: int, b: Members, others: Cells, d: int, same: bool, found: Found, count: int
) -> int:
    """Every pair of members of cell c and cell d; none when their boxes are apart in space or in time."""
    if same and c == d:
        return _forward(a, cells.begin[c], cells.begin[c + 1], b, others, d, 2, found, count)
    if cells.start[c] >= others.end[d] or others.start[d] >= cells.end[c]:
        return count
    x = _gap(cells.low_x[c], cells.high_x[c], others.low_x[d], others.high_x[d])
    y = _gap(cells.low_y[c], cells.high_y[c], others.low_y[d], others.high_y[d])
    z = _gap(cells.low_z[c], cells.high_z[c], others.low_z[d], others.high_z[d])
    reach = cells.reach[c] + others.reach[d] + SLACK_M
    if x * x + y * y + z * z > reach * reach:
        return count
    count = _forward(a, cells.begin[c], cells.begin[c + 1], b, others, d, 0, found, count)
    return _forward(b, others.begin[d], others.begin[d + 1], a, cells, c, 1, found, count)


def _scan(
    from_cell: int,
    to_cell: int,
    same: bool,
    a: Members,
    cells: Cells,
    b: Members,
    others: Cells,
    grid: Grid,
    found: Found,
) -> int:
    """Join cells [from_cell, to_cell) of one side with the other side's cells on its grid; returns the count.

    Where both sides are the `same`, each two cells meet once. Pairs beyond the room are counted and not kept.
    """
    count = 0
    total = len(others.key)
    slab_keys = grid.count_y * grid.count_z
    for c in range(from_cell, to_cell):
        reach = cells.reach[c] + grid.reach + GRID_SLACK_M
        low_x = max(0, int((cells.low_x[c] - reach - grid.x) // grid.side))
        high_x = int((cells.high_x[c] + reach - grid.x) // grid.side)
        low_y = max(0, int((cells.low_y[c] - reach - grid.y) // grid.side))
        high_y = min(grid.count_y - 1, int((cells.high_y[c] + reach - grid.y) // grid.side))
        low_z = max(0, int((cells.low_z[c] - reach - grid.z) // grid.side))
        high_z = min(grid.count_z - 1, int((cells.high_z[c] + reach - grid.z) // grid.side))
        if high_x < 0 or high_y < low_y or high_z < low_z:
            continue
        slab = _lower_bound(others.key, c if same else 0, total, low_x * slab_keys)
        slab_end = _lower_bound(others.key, slab, total, (high_x + 1) * slab_keys)
        if slab_end - slab <= 4 * (high_x - low_x + 1) * (high_y - low_y + 1):
            for d in range(slab, slab_end):
                count = _join_cells(a, cells, c, b, others, d, same, found, count)
            continue
        for x in range(low_x, high_x + 1):
            for y in range(low_y, high_y + 1):
                column = (x * grid.count_y + y) * grid.count_z
                d = _lower_bound(others.key, slab, slab_end, column + low_z)
                while d < slab_end and others.key[d] <= column + high_z:
                    count = _join_cells(a, cells, c, b, others, d, same, found, count)
                    d += 1
    return count


# --- compiled or plain ------------------------------------------------------------------------------------------


def _cache_folder() -> Path | None:
    """A private, writable folder for the compiled kernel; None where there is none."""
    root = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    from importlib.metadata import version

    identity = f"{Path(__file__).read_text('utf-8')}{sys.version}{version('numba')}{os.uname().machine}"
    folder = Path(root) / "vigil" / hashlib.sha256(identity.encode()).hexdigest()[:16]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return folder if os.access(folder, os.W_OK) else None


_loading = Lock()


def _compiled_scan() -> Any:
    """The compiled kernel, loaded once whichever thread asks first."""
    with _loading:
        return _loaded_scan()


def is_compiled() -> bool:
    """Whether a compiled kernel is at hand, in this process or in the user's cache folder."""
    if _loaded_scan.cache_info().currsize:
        return True
    folder = _cache_folder()
    return folder is not None and any(folder.rglob("*.nbc"))


def prepare() -> None:
    """Load the compiled kernel, where one is at hand, while something else (reading a file) is under way."""
    if is_compiled():
        Thread(target=_first_run, daemon=True).start()


def _first_run() -> None:
    """Two balls through the compiled kernel: machine code is loaded when it first runs."""
    nowhere, now = np.zeros(2), np.zeros(2, np.int64)
    join(Balls(*(nowhere,) * 4, now, now, now.astype(np.int8), now.astype(np.int32), now == 0), compiled=True)


@cache
def _loaded_scan() -> Any:
    """The kernel compiled by numba, from the cache folder when it is there."""
    import numba.core.config
    from numba import njit
    from numba.extending import register_jitable

    for function in (_lower_bound, _short_geodesic, _forward, _gap, _join_cells):
        register_jitable(function)
    folder = _cache_folder()
    config: Any = numba.core.config
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder or "")
    try:
        return njit(nogil=True, cache=folder is not None)(_scan)
    finally:
        config.CACHE_DIR = before


# --- preparing the sides ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Side:
    """The balls of one class in the kernel's order, its cells and its grid."""

    group: int
    members: Members
    cells: Cells
    grid: Grid

    def plain(self) -> _Side:
        """The same with lists instead of arrays, which plain Python indexes faster."""
        return _Side(
            self.group,
            Members(*(a.tolist() for a in self.members)),
            Cells(*(a.tolist() for a in self.cells)),
            self.grid,
        )


def _sample(column: NDArray[Any]) -> NDArray[Any]:
    """About a thousand values of a column, for estimates that decide speed and never results."""
    return column[:: 1 + len(column) // 1000]


def _classes(balls: Balls) -> Iterator[NDArray[np.int32]]:
    """Rows by group and size: a class holds reaches up to four times its median, so no giant sets the cells of all."""
    for group in np.unique(balls.group):
        rows = np.flatnonzero(balls.group == group).astype(np.int32)
        while len(rows):
            reach = _of(balls.reach, rows)
            small = reach <= CLASS_FACTOR * max(float(np.median(_sample(reach))), SMALLEST_CELL_REACH_M)
            yield rows if small.all() else rows[small]
            rows = rows[~small]


def _of(column: NDArray[Any], rows: NDArray[np.int32]) -> NDArray[Any]:
    """The rows of a class, which are in order and each once: all of them are the column itself."""
    return column if len(rows) == len(column) else column[rows]


def _grid(balls: Balls, rows: NDArray[np.int32]) -> Grid:
    """Cubic cells around the balls of one class; their side follows the largest reach."""
    columns = [_of(column, rows) for column in (balls.x, balls.y, balls.z)]
    reach = float(_of(balls.reach, rows).max())
    side = CELLS_PER_REACH * max(reach, SMALLEST_CELL_REACH_M)
    origin = [float(column.min()) for column in columns]
    count = [int((float(column.max()) - low) / side) + 1 for column, low in zip(columns, origin, strict=True)]
    return Grid(origin[0], origin[1], origin[2], side, count[0], count[1], count[2], reach)


def _coarsening(balls: Balls, grids: list[Grid]) -> int | None:
    """By how many bits to coarsen every time, so that cell, start and row fit one integer; None where they cannot.

    All classes share it, since their members are compared with each other. Coarse windows only let more pairs reach
    the exact test; a unit longer than a sixteenth of the usual window would let in too many.
    """
    cell_bits = max((grid.count_x * grid.count_y * grid.count_z).bit_length() for grid in grids)
    time_bits = 63 - len(balls.x).bit_length() - cell_bits
    shift = max(0, int(balls.start.max() - balls.start.min()).bit_length() - time_bits)
    window = int(np.median(_sample(balls.end) - _sample(balls.start)))
    return shift if time_bits > 0 and (shift == 0 or 1 << shift <= window // 16) else None


def order_by(first: Integers, then: Integers) -> Integers:
    """Positions in the order of two columns that are not negative.

    One sort of packed integers, where they fit, is faster than sorting positions by two keys.
    """
    then_bits, row_bits = int(then.max()).bit_length(), len(then).bit_length()
    if int(first.max()).bit_length() + then_bits + row_bits > 63:
        return np.lexsort((then, first))
    packed = (((first << then_bits) | then) << row_bits) | np.arange(len(then))
    _sort(packed)
    packed &= (1 << row_bits) - 1
    return packed


def _sort(packed: Integers) -> None:
    if len(packed) >= THREADED_FROM:
        # Two halves sorted side by side; the stable sort then only merges the two runs.
        half = len(packed) // 2
        _in_threads(np.ndarray.sort, (packed[:half], packed[half:]))
        packed.sort(kind="stable")
    else:
        packed.sort()


def _filed(balls: Balls, rows: NDArray[np.int32], grid: Grid, shift: int | None) -> tuple[Integers, Integers]:
    """The cells of a class in order, within a cell by coarse start; and which of `rows` stands where."""
    earliest = int(balls.start.min())

    def keys(piece: slice) -> tuple[Integers, Integers]:
        chosen = rows[piece]
        key = np.zeros(len(chosen), np.int64)
        for column, low, count in (
            (balls.x, grid.x, grid.count_x),
            (balls.y, grid.y, grid.count_y),
            (balls.z, grid.z, grid.count_z),
        ):
            key *= count
            key += np.minimum((column[chosen] - low) * (1 / grid.side), count - 1).astype(np.int64)
        return key, (balls.start[chosen] - earliest) >> (shift or 0)

    if shift is None:
        key, opens = _columns(len(rows), (np.int64, np.int64), keys)
        order = order_by(key, opens)
        return key[order], order
    time_bits = ((int(balls.start.max()) - earliest) >> shift).bit_length()
    row_bits = len(rows).bit_length()

    def packed(piece: slice) -> tuple[Integers]:
        key, opens = keys(piece)
        return ((((key << time_bits) | opens) << row_bits) | np.arange(piece.start, piece.start + len(key)),)

    (order,) = _columns(len(rows), (np.int64,), packed)
    _sort(order)
    key = order >> (time_bits + row_bits)
    order &= (1 << row_bits) - 1
    return key, order


def _side(balls: Balls, rows: NDArray[np.int32], grid: Grid, shift: int | None) -> _Side:
    key, order = _filed(balls, rows, grid, shift)
    earliest = int(balls.start.min())
    columns: Sequence[NDArray[Any]] = (
        balls.x, balls.y, balls.z, balls.reach, balls.start, balls.end, balls.owner, balls.exact
    )  # fmt: skip

    def in_order(piece: slice) -> Sequence[NDArray[Any]]:
        row = rows[order[piece]]
        place = row.astype(np.intp)  # else every column would convert it anew
        taken = [column.take(place, mode="clip") for column in columns]
        opens, shuts = taken[4] - earliest, taken[5] - earliest
        if shift:
            opens, shuts = opens >> shift, (shuts >> shift) + 1
        return *taken, row, opens, shuts

    kinds = (*(column.dtype for column in columns), np.int32, np.int64, np.int64)
    members = Members(*_columns(len(rows), kinds, in_order))
    x, y, z, reach, start, end = members[:6]
    begin = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    least, most = np.minimum.reduceat, np.maximum.reduceat
    cells = Cells(
        begin=np.append(begin, len(key)),
        key=key[begin],
        low_x=least(x, begin),
        low_y=least(y, begin),
        low_z=least(z, begin),
        high_x=most(x, begin),
        high_y=most(y, begin),
        high_z=most(z, begin),
        reach=most(reach, begin),
        start=least(start, begin),
        end=most(end, begin),
    )
    return _Side(int(balls.group[rows[0]]), members, cells, grid)


def _sides(balls: Balls) -> list[_Side]:
    """Every class prepared for the kernel, the smallest reaches of a group first."""
    classes = list(_classes(balls))
    grids = [_grid(balls, rows) for rows in classes]
    shift = _coarsening(balls, grids)
    return [_side(balls, rows, grid, shift) for rows, grid in zip(classes, grids, strict=True)]


# --- running ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Task:
    """Cells [begin, end) of `side` against `other`; `cost` estimates the work."""

    side: _Side
    other: _Side
    begin: int
    end: int
    cost: float


def _tasks(sides: Sequence[_Side]) -> list[_Task]:
    """Chunks of about equal work of every class with itself and with every smaller one."""
    tasks = []
    for n, side in enumerate(sides):
        size = np.diff(side.cells.begin).astype(np.float64)
        for other in (other for other in sides[: n + 1] if other.group == side.group):
            share = len(other.members.x) / max(1, len(other.cells.key))
            cost = np.cumsum(size * (size if other is side else share) + size)
            bounds = np.searchsorted(cost, np.linspace(0, cost[-1], CHUNKS + 1)[1:-1]) + 1
            edges = np.unique(np.concatenate(([0], bounds, [len(size)])))
            for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
                done = float(cost[begin - 1]) if begin else 0.0
                tasks.append(_Task(side, other, begin, end, float(cost[end - 1]) - done))
    return tasks


def _run(scan: Any, task: _Task, room: int) -> Candidates:
    """One chunk; runs again with more room when the pairs did not fit."""
    same = task.side is task.other
    while True:
        found = Found(np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.bool_), np.empty(room))
        side, other = task.side, task.other
        count = scan(
            task.begin, task.end, same, side.members, side.cells, other.members, other.cells, other.grid, found
        )  # fmt: skip
        if count <= room:
            return Candidates(*(column[:count].copy() for column in found))
        room = count


def _run_plain(tasks: list[_Task], budget_s: float, progress: Progress) -> list[Candidates]:
    """Chunks in plain Python until all are done or the rest would take longer than `budget_s`."""
    plain = {}
    done: list[Candidates] = []
    total, finished, began = sum(task.cost for task in tasks), 0.0, time.perf_counter()
    for task in tasks:
        for side in (task.side, task.other):
            if id(side) not in plain:
                plain[id(side)] = side.plain()
        ours = _Task(plain[id(task.side)], plain[id(task.other)], task.begin, task.end, task.cost)
        done.append(_run(_scan, ours, 1024))
        finished += task.cost
        progress(finished / total)
        remaining = (time.perf_counter() - began) * (total - finished) / finished
        if remaining > budget_s:
            break
    return done


def _run_compiled(tasks: list[_Task], rows: int, progress: Progress) -> Iterator[Candidates]:
    scan = _compiled_scan()
    room = 1024 + 2 * rows // max(1, len(tasks))
    if not scan.signatures and tasks:
        yield _run(scan, tasks[0], room)  # compiles (or loads) once, before the threads ask for it
        tasks = tasks[1:]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for n, part in enumerate(pool.map(lambda task: _run(scan, task, room), tasks)):
            yield part
            progress((n + 1) / len(tasks))


def join(balls: Balls, progress: Progress | None = None, compiled: bool | None = None) -> Candidates:
    """Every pair of rows that may match, each once, in no order.

    Promise: a pair of one group and of different owners whose windows overlap, and whose centres are within the
    sum of their reaches (+ 1e-6 m), is always among them. `certain` marks pairs whose geodesic is surely at most
    that sum. `compiled` forces the compiled (True) or the plain run (False); None chooses whichever is sooner.
    """
    if len(balls.x) < 2:
        return Candidates(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.bool_), np.empty(0))
    report = progress or (lambda share: None)
    tasks = _tasks(_sides(balls))
    parts: list[Candidates] = []
    at_hand = compiled is None and len(balls.x) >= COMPILED_FROM and is_compiled()
    if not compiled and not at_hand:
        budget_s = float("inf") if compiled is False else LOAD_SECONDS if is_compiled() else COMPILE_SECONDS
        parts = _run_plain(tasks, budget_s, report)
    parts.extend(_run_compiled(tasks[len(parts) :], len(balls.x), report) if len(parts) < len(tasks) else ())
    return Candidates(
        np.concatenate([part.first for part in parts]),
        np.concatenate([part.second for part in parts]),
        np.concatenate([part.certain for part in parts]),
        np.concatenate([part.distance_m for part in parts]),
    )
