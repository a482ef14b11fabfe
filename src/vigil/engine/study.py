"""The policy study: how many alarms the same operations would have raised with other radii and buffers.

Promise: for every setting the counts are exactly those of a sweep of the same operations under that setting (a test
compares them). One join with the widest radius and buffers of all settings finds every pair of sites that any of them
may match; the geodesic distance of a pair and its spans do not depend on the setting, so each setting only compares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vigil.engine.geometry import distance_within
from vigil.engine.join import DOUBT_M, Progress, balls_of, distances, joint_pairs, subject_pairs
from vigil.engine.kernel import join
from vigil.engine.operation import MICROSECONDS_PER_MINUTE
from vigil.engine.predicate import EPSILON_POINT_M, EPSILON_SHAPE_M
from vigil.engine.table import KINDS, OperationTable

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Positions = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Setting:
    """Every site's radius (corridor half-width, margin) in metres, and its buffers before and after in minutes.

    None leaves what the operations were registered with; a setting of two Nones is today's.
    """

    radius_m: float | None = None
    buffer_min: float | None = None


TODAY = Setting()


@dataclass(frozen=True, slots=True)
class Counts:
    """What one setting would have raised. A pair is counted once, whatever number of its sites match.

    `direct` and `near` are its pairs by place, `subject_only` those that share a subject and no place, which no
    setting changes. `operations`: how many operations have at least one pair. `by_type` counts a pair at each of its
    two types (once where they are the same), `by_month` at the month (UTC) in which its overlap starts.
    """

    setting: Setting
    direct: int
    near: int
    subject_only: int
    operations: int
    by_type: Mapping[str, int]
    by_month: Mapping[str, int]

    @property
    def pairs(self) -> int:
        """All pairs of operations that would have met."""
        return self.direct + self.near + self.subject_only

    def ratio(self, today: Counts) -> float | None:
        """So many times today's pairs; None where there are none today."""
        return self.pairs / today.pairs if today.pairs else None


@dataclass(frozen=True, slots=True)
class Sites:
    """One row a site: its operation, radius in metres, span and buffers in microseconds (the span without them)."""

    operation: Positions
    radius_m: Floats
    start: Integers
    end: Integers
    before: Integers
    after: Integers


@dataclass(frozen=True, slots=True)
class ClosePairs:
    """Pairs of sites near enough in place and time for the widest setting, and pairs that share a subject.

    `kind`: each operation's type (position in `KINDS`). `first`, `second`: positions in `sites`; `slack_m`: both
    uncertainties and the predicate's epsilon. `subjects`: two positions of operations and the overlap's start a row.
    """

    kind: NDArray[np.int8]
    sites: Sites
    first: Positions
    second: Positions
    distance_m: Floats
    slack_m: Floats
    subjects: Integers = field(default_factory=lambda: np.empty((0, 3), np.int64))


def settings_of(radii_m: Sequence[float], buffers_min: Sequence[float]) -> tuple[Setting, ...]:
    """Today's setting first, then every radius with every buffer; an empty list leaves that one as registered."""
    wanted = [Setting(radius, buffer) for buffer in (buffers_min or (None,)) for radius in (radii_m or (None,))]
    return tuple(dict.fromkeys((TODAY, *wanted)))


def study(
    table: OperationTable, settings: Sequence[Setting], progress: Progress = lambda step, share: None
) -> tuple[Counts, ...]:
    """The counts of each setting, in their order. `progress` may raise to stop it.

    Raises:
        ValueError: the table does not tell its types and buffers.
    """
    return counts_of(close_pairs(table, settings, progress), settings, progress)


def close_pairs(
    table: OperationTable, settings: Sequence[Setting], progress: Progress = lambda step, share: None
) -> ClosePairs:
    """Every pair that any of the settings may match, measured once."""
    if table.kind is None or table.before is None or table.after is None:
        raise ValueError("A study needs the operations' types and buffers.")
    sites = Sites(
        table.operation,
        table.radius_m,
        table.start + table.before,
        table.end - table.after,
        table.before,
        table.after,
    )
    windows = [_windows(sites, setting.buffer_min) for setting in settings]
    widest = replace(
        table,
        radius_m=np.maximum.reduce([np.broadcast_to(_radius(sites, one), sites.radius_m.shape) for one in settings]),
        start=np.minimum.reduce([start for start, _ in windows]),
        end=np.maximum.reduce([end for _, end in windows]),
    )
    found = join(balls_of(widest), lambda share: progress("joining", share))
    keep = ~joint_pairs(table, table.operation[found.first], table.operation[found.second])
    first, second, told = found.first[keep], found.second[keep], found.distance_m[keep]
    distance = distances(table, first, second, told) if len(first) else told
    slack = table.uncertainty_m[first] + table.uncertainty_m[second] + EPSILON_POINT_M
    exact = _in_doubt(sites, settings, first, second, distance, slack)
    if table.shapes:
        shaped = np.zeros(len(table.operation), np.bool_)
        shaped[list(table.shapes)] = True
        either = shaped[first] | shaped[second]
        slack = slack + either * (EPSILON_SHAPE_M - EPSILON_POINT_M)
        exact |= either
    reach = widest.radius_m[first] + widest.radius_m[second] + slack
    for n in np.flatnonzero(exact).tolist():
        measured = distance_within(table.geometry(int(first[n])), table.geometry(int(second[n])), float(reach[n]))
        distance[n] = np.inf if measured is None else measured
    shared = [(a, b, window.start) for (a, b), (window, _) in subject_pairs(table).items()]
    return ClosePairs(
        table.kind, sites, first, second, distance, slack, np.array(shared, np.int64).reshape(len(shared), 3)
    )


def counts_of(
    pairs: ClosePairs, settings: Sequence[Setting], progress: Progress = lambda step, share: None
) -> tuple[Counts, ...]:
    """What each setting matches among pairs that were measured once."""
    done: dict[Setting, Counts] = {}
    for buffer in dict.fromkeys(setting.buffer_min for setting in settings):
        start, end = _windows(pairs.sites, buffer)
        opens = np.maximum(start[pairs.first], start[pairs.second])
        meets = opens < np.minimum(end[pairs.first], end[pairs.second])
        for setting in settings:
            if setting.buffer_min == buffer:
                done[setting] = _counts(pairs, setting, opens, meets)
                progress("comparing", len(done) / len(settings))
    return tuple(done[setting] for setting in settings)


def _radius(sites: Sites, setting: Setting) -> Any:
    return sites.radius_m if setting.radius_m is None else np.float64(setting.radius_m)


def _windows(sites: Sites, buffer_min: float | None) -> tuple[Integers, Integers]:
    if buffer_min is None:
        return sites.start - sites.before, sites.end + sites.after
    buffer = round(buffer_min * MICROSECONDS_PER_MINUTE)
    return sites.start - buffer, sites.end + buffer


def _thresholds(sites: Sites, setting: Setting, first: Positions, second: Positions, slack: Floats) -> Any:
    """The largest distance of a match, and of a direct one."""
    if setting.radius_m is not None:
        return 2 * setting.radius_m + slack, setting.radius_m + slack
    a, b = sites.radius_m[first], sites.radius_m[second]
    return (a + b) + slack, np.maximum(a, b) + slack


def _in_doubt(
    sites: Sites, settings: Sequence[Setting], first: Positions, second: Positions, distance: Floats, slack: Floats
) -> NDArray[np.bool_]:
    """Pairs within rounding of a threshold: the predicate's own measurement decides them, as in the sweep."""
    doubt = np.zeros(len(first), np.bool_)
    for setting in dict.fromkeys(Setting(setting.radius_m) for setting in settings):
        for threshold in _thresholds(sites, setting, first, second, slack):
            doubt |= np.abs(distance - threshold) <= DOUBT_M
    return doubt


def _counts(pairs: ClosePairs, setting: Setting, opens: Integers, meets: NDArray[np.bool_]) -> Counts:
    touch, inside = _thresholds(pairs.sites, setting, pairs.first, pairs.second, pairs.slack_m)
    matched = np.flatnonzero(meets & (pairs.distance_m <= touch))
    direct = (pairs.distance_m <= inside)[matched]
    operation, count = pairs.sites.operation, len(pairs.kind)
    one, other = operation[pairs.first[matched]], operation[pairs.second[matched]]
    low, high, opened = np.minimum(one, other), np.maximum(one, other), opens[matched]
    key = low.astype(np.int64) * count + high
    if len(key) and np.bincount(operation, minlength=1).max() > 1:
        order = np.argsort(key, kind="stable")
        head = np.flatnonzero(np.concatenate(([True], np.diff(key[order]) != 0)))
        direct, opened = np.logical_or.reduceat(direct[order], head), np.minimum.reduceat(opened[order], head)
        low, high, key = low[order][head], high[order][head], key[order][head]
    a, b, began = pairs.subjects.T
    smaller, larger = np.minimum(a, b), np.maximum(a, b)
    alone = ~np.isin(smaller * count + larger, key) if len(a) else np.zeros(0, np.bool_)
    low, high = np.append(low, smaller[alone]), np.append(high, larger[alone])
    met = np.zeros(count, np.bool_)
    met[low] = met[high] = True
    return Counts(
        setting,
        direct=int(direct.sum()),
        near=int((~direct).sum()),
        subject_only=int(alone.sum()),
        operations=int(met.sum()),
        by_type=_by_type(pairs.kind[low], pairs.kind[high]),
        by_month=_by_month(np.append(opened, began[alone])),
    )


def _by_type(a: NDArray[np.int8], b: NDArray[np.int8]) -> dict[str, int]:
    count = np.bincount(a, minlength=len(KINDS)) + np.bincount(b[a != b], minlength=len(KINDS))
    return {KINDS[n]: int(count[n]) for n in np.flatnonzero(count)}


def _by_month(starts: Integers) -> dict[str, int]:
    if not len(starts):
        return {}
    month = starts.astype("datetime64[us]").astype("datetime64[M]")
    first = month.min()
    count = np.bincount((month - first).astype(np.int64))
    return {str(first + n): int(count[n]) for n in np.flatnonzero(count)}
