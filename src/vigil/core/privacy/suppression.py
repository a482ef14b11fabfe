"""Small counts hidden so that nobody can work them out again from totals or from another table.

Promise: a number from 1 to k - 1 is never shown, and for each one there is another possible world that agrees with
every number shown and in which it is at least k. So nobody who subtracts, or solves all the equations, can tell that a
group is small, let alone how small. Nothing (0) is shown as 0: it is nobody's group. Source: cell suppression of
official statistics; the bounds an attacker reaches in a table with totals are flows in a network (Castro 2012).

It does not protect against who compares what was shown before and after one report came in: count several at once.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

K = 5
"""Groups of so many are shown."""

Cell = tuple[str, str]
Counts = Mapping[Cell, int]
"""Reports by row and column; each report stands in one cell. What is missing is 0."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A table as it may be shown; None is hidden."""

    cells: dict[Cell, int | None]
    rows: dict[str, int | None]
    columns: dict[str, int | None]
    total: int | None


def suppressed_line(counts: Mapping[str, int], k: int = K) -> tuple[dict[str, int | None], int | None]:
    """One row of counts and its total."""
    hidden = _hidden_line(counts, k)
    if hidden is None:
        return dict.fromkeys(counts), None
    return {name: None if name in hidden else count for name, count in counts.items()}, sum(counts.values())


def suppressed(counts: Counts, k: int = K) -> Shown:
    """One table with the totals of its rows, of its columns, and of all."""
    return suppressed_together({"": counts}, k)[""]


def suppressed_together(tables: Mapping[str, Counts], k: int = K) -> dict[str, Shown]:
    """Several tables of the same reports by the same rows (months, say) and different columns.

    All of them may be shown side by side. A choice of several (contributing factors) is a table for each, with the
    columns yes and no. ValueError where the sums of the rows differ.
    """
    rows = {name: _sums(counts, 0) for name, counts in tables.items()}
    names = sorted({row for sums in rows.values() for row in sums})
    of_rows = {row: max((sums.get(row, 0) for sums in rows.values()), default=0) for row in names}
    if any(sums.get(row, 0) != of_rows[row] for sums in rows.values() for row in names):
        raise ValueError("The tables do not count the same reports: their rows have different sums.")
    hidden = _hidden_line(of_rows, k)
    return {name: _shown(counts, of_rows, hidden, k) for name, counts in tables.items()}


def _sums(counts: Counts, axis: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for cell, count in counts.items():
        found[cell[axis]] = found.get(cell[axis], 0) + count
    return found


def _hidden_line(counts: Mapping[str, int], k: int) -> frozenset[str] | None:
    """The names to hide so that each small one could be k with the total as it is; None if nothing can be shown."""
    by_size = sorted((name for name, count in counts.items() if count), key=lambda name: (counts[name], name))
    hidden = [name for name in by_size if counts[name] < k]
    rest = by_size[len(hidden) :]
    if hidden and sum(counts.values()) < k:
        return None
    while hidden and sum(counts[name] for name in hidden) < k:
        hidden.append(rest.pop(0))
    return frozenset(hidden)


def _shown(counts: Counts, of_rows: Mapping[str, int], hidden_rows: frozenset[str] | None, k: int) -> Shown:
    of_columns = _sums(counts, 1)
    every = [(row, column) for row in of_rows for column in of_columns]
    if hidden_rows is None:
        return Shown(dict.fromkeys(every), dict.fromkeys(of_rows), dict.fromkeys(of_columns), None)
    table = _Table({cell: counts.get(cell, 0) for cell in every}, of_rows, of_columns, hidden_rows)
    table.hide_small(k)
    return Shown(
        {cell: None if cell in table.hidden else table.values[cell] for cell in every},
        {row: None if row in hidden_rows else count for row, count in of_rows.items()},
        {column: None if (TOTAL, column) in table.hidden else count for column, count in of_columns.items()},
        sum(of_rows.values()),
    )


TOTAL = "\0"
"""The row of column totals, the column of row totals. With them every line adds up to zero if a total counts negative,
which makes the table a network: lines are its nodes, entries its edges."""

Node = tuple[int, str]
"""0 and a row, or 1 and a column."""


class _Table:
    """One table with its totals, and what of it is hidden. Totals of rows are hidden for all tables alike."""

    def __init__(
        self, cells: dict[Cell, int], rows: Mapping[str, int], columns: Mapping[str, int], hidden_rows: Iterable[str]
    ) -> None:
        self.values = dict(cells)
        self.values.update({(row, TOTAL): count for row, count in rows.items()})
        self.values.update({(TOTAL, column): count for column, count in columns.items()})
        self.fixed = {(row, TOTAL) for row in rows}
        self.hidden = {(row, TOTAL) for row in hidden_rows}
        # A report may move between hidden months with all that it says, whatever another table shows of it.
        self.hidden |= {cell for cell in cells if (cell[0], TOTAL) in self.hidden}
        self.fixed -= self.hidden
        self.lines: dict[Node, list[Cell]] = {}
        for cell in self.values:
            for side in (0, 1):
                self.lines.setdefault((side, cell[side]), []).append(cell)

    def hide_small(self, k: int) -> None:
        """Hide small entries, and with each what keeps it from being worked out."""
        small = sorted(
            (cell for cell, count in self.values.items() if 0 < count < k), key=lambda cell: self.values[cell]
        )
        self.hidden.update(small)
        for cell in small:
            if not self._protected(cell, k):
                self.hidden.update(other for other in self.values if other not in self.fixed)
                return

    def _protected(self, cell: Cell, k: int) -> bool:
        """Whether the cell can grow to k in another world; hides whatever that world must change, the least first."""
        changed = dict(self.values)
        while changed[cell] < k:
            path = self._cheapest_world(cell, changed)
            if path is None:
                return False
            changed[cell] += 1
            for other, by in path:
                changed[other] += by
                self.hidden.add(other)
        return True

    def _cheapest_world(self, cell: Cell, changed: Mapping[Cell, int]) -> list[tuple[Cell, int]] | None:
        """One report more in `cell`: which entries change by one so that all lines still add up (Dijkstra)."""
        # One more in an entry is one too many in its column and in its row; in a total, one too few.
        start: Node
        end: Node
        start, end = ((0, cell[0]), (1, cell[1])) if TOTAL in cell else ((1, cell[1]), (0, cell[0]))
        best: dict[Node, int] = {start: 0}
        came: dict[Node, tuple[Node, Cell, int]] = {}
        queue = [(0, start)]
        while queue:
            cost, node = heapq.heappop(queue)
            if node == end:
                return self._path(came, start, end)
            if cost > best[node]:
                continue
            for other, entry, by in self._edges(node, cell, changed):
                price = cost + (0 if entry in self.hidden else 1 + self.values[entry])
                if price < best.get(other, price + 1):
                    best[other], came[other] = price, (node, entry, by)
                    heapq.heappush(queue, (price, other))
        return None

    @staticmethod
    def _path(came: Mapping[Node, tuple[Node, Cell, int]], start: Node, end: Node) -> list[tuple[Cell, int]]:
        path, node = [], end
        while node != start:
            node, entry, by = came[node]
            path.append((entry, by))
        return path

    def _edges(self, node: Node, cell: Cell, changed: Mapping[Cell, int]) -> Iterable[tuple[Node, Cell, int]]:
        """Where one too many in this line can go: which entry changes by one, and whose line then has the trouble."""
        side = node[0]
        for entry in self.lines[node]:
            # In a column an ordinary entry shrinks and a total grows; in a row an ordinary entry grows again.
            by = -1 if (side == 1) != (TOTAL in entry) else 1
            if entry != cell and entry not in self.fixed and changed[entry] + by >= 0:
                yield (1 - side, entry[1 - side]), entry, by
