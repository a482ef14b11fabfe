"""Many operations as columns: what the sweep reads, a million at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vigil.engine.operation import Geometry, Mode, Operation, Point, Site, Window
from vigil.engine.types import OPERATION_TYPES
from vigil.texts import gettext as _

MODES = tuple(Mode)
KINDS = tuple(OPERATION_TYPES)
NO_REFERENCE = -1


@dataclass(frozen=True, slots=True)
class SubjectEntry:
    """The canonical subjects of one operation (by its position) and its subject window."""

    operation: int
    subjects: tuple[str, ...]
    window: Window


@dataclass(frozen=True, slots=True)
class OperationTable:
    """Registered operations with their sites; plain columns, no row objects.

    One entry an operation: `ids` (a list, or a pyarrow string array), `mode` (position in `MODES`) and `reference`
    (operations with the same number, other than `NO_REFERENCE`, are joint). One entry a site: `operation` (position of
    its operation), place, radius and uncertainty in metres, and the window with buffers in microseconds.
    `shapes` holds the sites that are no points; their longitude and latitude are those of the first vertex.
    `joint` are pairs of positions (lower first) that name each other.

    What only a study of other settings asks (None where it is not known): `kind`, an operation's type (position in
    `KINDS`), and `before` and `after`, the buffers that a site's window includes, in microseconds.
    """

    ids: Any
    mode: NDArray[np.int8]
    reference: NDArray[np.int32]
    operation: NDArray[np.int32]
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]
    radius_m: NDArray[np.float64]
    uncertainty_m: NDArray[np.float64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    shapes: Mapping[int, Geometry] = field(default_factory=dict)
    subjects: Sequence[SubjectEntry] = ()
    joint: frozenset[tuple[int, int]] = frozenset()
    kind: NDArray[np.int8] | None = None
    before: NDArray[np.int64] | None = None
    after: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def id(self, position: int) -> str:
        """The id of one operation."""
        value = self.ids[position]
        return value if isinstance(value, str) else str(value.as_py())

    def geometry(self, site: int) -> Geometry:
        """The shape of one site."""
        return self.shapes.get(site) or Point(float(self.longitude[site]), float(self.latitude[site]))

    def site(self, position: int) -> Site:
        """One site as the predicate takes it: its window already includes the buffers."""
        return Site(
            self.geometry(position),
            float(self.radius_m[position]),
            int(self.start[position]),
            int(self.end[position]),
            uncertainty_m=float(self.uncertainty_m[position]),
        )


def table_of(
    operations: Iterable[Operation],
    references: Iterable[int] | None = None,
    kinds: Sequence[str] | None = None,
) -> OperationTable:
    """Columns of operations. Drafts and cancelled operations, which match nothing, are left out.

    `references` gives each operation's joint reference by number; None where operations name each other themselves.
    `kinds` gives each operation's type, where none of the operations is left out.

    Raises:
        ValueError: two operations have the same id.
    """
    kept: list[Operation] = []
    numbers: list[int] = []
    for operation, number in zip(operations, references if references is not None else _none_forever(), strict=False):
        if operation.registered:
            kept.append(operation)
            numbers.append(number)
    position = {operation.operation_id: n for n, operation in enumerate(kept)}
    if len(position) < len(kept):
        seen: set[str] = set()
        twice = next(o.operation_id for o in kept if o.operation_id in seen or seen.add(o.operation_id))  # type: ignore[func-returns-value]
        raise ValueError(
            _("Two operations have the id {twice!r}: give several sites as one operation.").format(twice=twice)
        )
    owners = [n for n, operation in enumerate(kept) for _ in operation.sites]
    sites = [site for operation in kept for site in operation.sites]
    places = [_representative(site.geometry) for site in sites]
    return OperationTable(
        ids=[operation.operation_id for operation in kept],
        mode=np.array([MODES.index(operation.mode) for operation in kept], np.int8),
        reference=np.array(numbers, np.int32),
        operation=np.array(owners, np.int32),
        longitude=np.array([longitude for longitude, _ in places], np.float64),
        latitude=np.array([latitude for _, latitude in places], np.float64),
        radius_m=np.array([site.radius_m for site in sites], np.float64),
        uncertainty_m=np.array([site.uncertainty_m for site in sites], np.float64),
        start=np.array([site.window.start for site in sites], np.int64),
        end=np.array([site.window.end for site in sites], np.int64),
        shapes={n: site.geometry for n, site in enumerate(sites) if not isinstance(site.geometry, Point)},
        subjects=[
            SubjectEntry(n, tuple(sorted(operation.subjects)), operation.subject_window)
            for n, operation in enumerate(kept)
            if operation.subjects and operation.subject_window is not None
        ],
        joint=frozenset(_joint_pairs(kept, position)),
        kind=np.array([KINDS.index(kind) for kind in kinds], np.int8) if kinds is not None else None,
        before=np.array([site.buffer_before for site in sites], np.int64),
        after=np.array([site.buffer_after for site in sites], np.int64),
    )


def _none_forever() -> Iterable[int]:
    return (NO_REFERENCE for _ in count())


def _joint_pairs(operations: Sequence[Operation], position: Mapping[str, int]) -> Iterable[tuple[int, int]]:
    """Pairs of operations of which each names the other (specification, section 3)."""
    for n, operation in enumerate(operations):
        for other_id in operation.joint_with:
            other = position.get(other_id, n)
            if n < other and operation.operation_id in operations[other].joint_with:
                yield n, other


def _representative(geometry: Geometry) -> tuple[float, float]:
    if isinstance(geometry, Point):
        return geometry.longitude, geometry.latitude
    return geometry.vertices[0] if not hasattr(geometry, "exterior") else geometry.exterior[0]


def joined(tables: Sequence[OperationTable]) -> OperationTable:
    """Several tables of different operations as one; ids stay a pyarrow array where one of them is."""
    if len(tables) == 1:
        return tables[0]
    shapes: dict[int, Geometry] = {}
    subjects: list[SubjectEntry] = []
    joint: set[tuple[int, int]] = set()
    owners = []
    operations = sites = 0
    for table in tables:
        owners.append(table.operation + np.int32(operations))
        shapes.update((site + sites, shape) for site, shape in table.shapes.items())
        subjects.extend(SubjectEntry(e.operation + operations, e.subjects, e.window) for e in table.subjects)
        joint.update((a + operations, b + operations) for a, b in table.joint)
        operations += len(table)
        sites += len(table.operation)

    def column(name: str) -> Any:
        parts = [getattr(table, name) for table in tables]
        return None if any(part is None for part in parts) else np.concatenate(parts)

    return OperationTable(
        ids=_joined_ids([table.ids for table in tables]),
        mode=column("mode"),
        reference=column("reference"),
        operation=np.concatenate(owners),
        longitude=column("longitude"),
        latitude=column("latitude"),
        radius_m=column("radius_m"),
        uncertainty_m=column("uncertainty_m"),
        start=column("start"),
        end=column("end"),
        shapes=shapes,
        subjects=subjects,
        joint=frozenset(joint),
        kind=column("kind"),
        before=column("before"),
        after=column("after"),
    )


def _joined_ids(parts: Sequence[Any]) -> Any:
    if all(isinstance(part, list) for part in parts):
        return [operation_id for part in parts for operation_id in part]
    import pyarrow

    from vigil.engine.formats.arrow import texts

    return pyarrow.concat_arrays([texts(part) if isinstance(part, list) else part for part in parts])
