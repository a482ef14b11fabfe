"""One operation against many, in memory.

Promise: `Index.search(operation)` gives exactly the operations that `predicate.match` matches: the cells below only
choose whom to ask, and never lose a pair (specification 4.2).

Each site is filed by size class: by the level at which a cell is at least as wide as its zone and a bucket at least as
long as its window, so that it fills at most a few cells there. A search visits every level in use; a giant site or a
long window lies alone on a coarse level and slows nobody.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from vigil.engine.geometry import Box, zone_boxes
from vigil.engine.operation import Match, Operation, Window
from vigil.engine.predicate import match

FINEST_CELL_DEGREES = 360.0 / 2**17
"""About 300 m; each level doubles it."""
FINEST_BUCKET_US = 3_600_000_000
"""One hour; each level doubles it."""


class _Level(NamedTuple):
    cell: int
    bucket: int


class _Entry(NamedTuple):
    operation_id: str
    box: Box
    window: Window


_Place = tuple[int, int, int]
"""Column, row and bucket within a level."""


class Index:
    """Operations by id, ready to be searched. `add` replaces an operation of the same id."""

    def __init__(self, operations: Iterable[Operation] = ()) -> None:
        self._operations: dict[str, Operation] = {}
        self._levels: dict[_Level, dict[_Place, list[_Entry]]] = {}
        self._by_subject: defaultdict[str, set[str]] = defaultdict(set)
        for operation in operations:
            self.add(operation)

    def __len__(self) -> int:
        return len(self._operations)

    def __contains__(self, operation_id: object) -> bool:
        return operation_id in self._operations

    def add(self, operation: Operation) -> None:
        """File an operation; one of the same id is replaced (a revision)."""
        self.remove(operation.operation_id)
        self._operations[operation.operation_id] = operation
        for level, place, entry in _filed(operation):
            self._levels.setdefault(level, {}).setdefault(place, []).append(entry)
        for subject in operation.subjects:
            self._by_subject[subject].add(operation.operation_id)

    def remove(self, operation_id: str) -> None:
        """Forget an operation; an unknown id changes nothing."""
        operation = self._operations.pop(operation_id, None)
        if operation is None:
            return
        for level, place, _ in _filed(operation):
            cells = self._levels.get(level, {})  # Gone when the operation filled it alone, with more than one cell.
            entries = [entry for entry in cells.get(place, ()) if entry.operation_id != operation_id]
            if entries:
                cells[place] = entries
            else:
                cells.pop(place, None)
                if not cells:
                    self._levels.pop(level, None)
        for subject in operation.subjects:
            self._by_subject[subject].discard(operation_id)
            if not self._by_subject[subject]:
                del self._by_subject[subject]

    def search(self, operation: Operation) -> list[tuple[str, Match]]:
        """Every operation filed here that matches, with how, sorted by id. The operation itself is never among them."""
        found = []
        for operation_id in sorted(self._candidates(operation)):
            matched = match(operation, self._operations[operation_id])
            if matched is not None:
                found.append((operation_id, matched))
        return found

    def _candidates(self, operation: Operation) -> set[str]:
        candidates: set[str] = set()
        for subject in operation.subjects:
            candidates.update(self._by_subject.get(subject, ()))
        for box, window in _extents(operation):
            for level, cells in self._levels.items():
                for entries in _touched(cells, level, box, window):
                    candidates.update(
                        entry.operation_id
                        for entry in entries
                        if entry.window.start < window.end
                        and window.start < entry.window.end
                        and entry.box.touches(box)
                    )
        return candidates


def _extents(operation: Operation) -> Iterator[tuple[Box, Window]]:
    for site in operation.sites:
        for box in zone_boxes(site):
            yield box, site.window


def _filed(operation: Operation) -> Iterator[tuple[_Level, _Place, _Entry]]:
    """Where an operation lies: every cell and bucket that its zones fill, on the level of their size."""
    if not operation.registered:
        return
    for box, window in _extents(operation):
        entry = _Entry(operation.operation_id, box, window)
        size = max(box.max_lon - box.min_lon, box.max_lat - box.min_lat)
        level = _Level(
            _class_of(size, FINEST_CELL_DEGREES),
            _class_of(window.end - window.start, FINEST_BUCKET_US),
        )
        columns, rows, buckets = _ranges(level, box, window)
        for column in columns:
            for row in rows:
                for bucket in buckets:
                    yield level, (column, row, bucket), entry


def _class_of(size: float, finest: float) -> int:
    """The first level whose cells are at least so large."""
    return max(0, math.ceil(math.log2(size / finest))) if size > finest else 0


def _ranges(level: _Level, box: Box, window: Window) -> tuple[range, range, range]:
    cell = FINEST_CELL_DEGREES * 2**level.cell
    bucket = FINEST_BUCKET_US * 2**level.bucket
    return (
        range(math.floor(box.min_lon / cell), math.floor(box.max_lon / cell) + 1),
        range(math.floor(box.min_lat / cell), math.floor(box.max_lat / cell) + 1),
        range(window.start // bucket, window.end // bucket + 1),
    )


def _touched(cells: dict[_Place, list[_Entry]], level: _Level, box: Box, window: Window) -> Iterator[list[_Entry]]:
    """The filled cells of a level that the box and window touch, by whichever way visits fewer."""
    columns, rows, buckets = _ranges(level, box, window)
    if len(columns) * len(rows) * len(buckets) > len(cells):
        for (column, row, bucket), entries in cells.items():
            if column in columns and row in rows and bucket in buckets:
                yield entries
        return
    for column in columns:
        for row in rows:
            for bucket in buckets:
                if found := cells.get((column, row, bucket)):
                    yield found
