"""The predicate `p1` for one pair of operations: the readable reference (specification 4).

Promise: `match(a, b) == match(b, a)`, from nothing but the two operations: no clock, no configuration.
Faster ways to ask (index, sweep) only choose which pairs to put to this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from vigil.engine.geometry import EPSILON_POINT_M, EPSILON_SHAPE_M, distance_within
from vigil.engine.operation import Band, Basis, Match, Operation, Point, Site, Window

__all__ = ["EPSILON_POINT_M", "EPSILON_SHAPE_M", "PREDICATE", "SiteMatch", "comparable", "match", "site_match"]

PREDICATE = "p1"
"""The version that is sent with every query between nodes."""


class SiteMatch(NamedTuple):
    """What the predicate says of one pair of sites: distance in metres, band and the windows' overlap."""

    distance_m: float
    band: Band
    overlap: Window


def match(a: Operation, b: Operation) -> Match | None:
    """Whether the two operations meet, and how (specification 4); None where they do not."""
    if not comparable(a, b):
        return None
    places = list(_site_matches(a, b))
    subjects, subject_overlap = _shared_subjects(a, b)
    if places:
        return Match(
            basis=Basis.BOTH if subjects else Basis.PLACE,
            overlap=min(place.overlap for place in places),
            band=Band.DIRECT if any(place.band is Band.DIRECT for place in places) else Band.NEAR,
            distance_m=min(place.distance_m for place in places),
            subjects=subjects,
        )
    if subject_overlap is not None:
        return Match(basis=Basis.SUBJECT, overlap=subject_overlap, subjects=subjects)
    return None


def comparable(a: Operation, b: Operation) -> bool:
    """False for pairs that never match: the same operation, different modes, a draft or cancelled one, a joint pair."""
    return (
        a.operation_id != b.operation_id
        and a.mode == b.mode
        and a.registered
        and b.registered
        and not (b.operation_id in a.joint_with and a.operation_id in b.joint_with)
    )


def site_match(a: Site, b: Site) -> SiteMatch | None:
    """The place test for two sites (specification 4.2): windows overlap and zones touch."""
    overlap = intersection(a.window, b.window)
    if overlap is None:
        return None
    points = isinstance(a.geometry, Point) and isinstance(b.geometry, Point)
    # Sums of two in each bracket: the same to the last bit whichever site comes first.
    slack = (a.uncertainty_m + b.uncertainty_m) + (EPSILON_POINT_M if points else EPSILON_SHAPE_M)
    distance = distance_within(a.geometry, b.geometry, (a.radius_m + b.radius_m) + slack)
    if distance is None:
        return None
    band = Band.DIRECT if distance <= max(a.radius_m, b.radius_m) + slack else Band.NEAR
    return SiteMatch(distance, band, overlap)


def intersection(a: Window, b: Window) -> Window | None:
    """The common part of two half-open windows; None where they only touch or lie apart."""
    start, end = max(a.start, b.start), min(a.end, b.end)
    return Window(start, end) if start < end else None


def _site_matches(a: Operation, b: Operation) -> Iterator[SiteMatch]:
    for site_a in a.sites:
        for site_b in b.sites:
            found = site_match(site_a, site_b)
            if found is not None:
                yield found


def _shared_subjects(a: Operation, b: Operation) -> tuple[tuple[str, ...], Window | None]:
    """The shared canonical subjects, sorted, with the overlap of the subject windows (specification 4.3)."""
    shared = a.subjects & b.subjects
    if not shared or a.subject_window is None or b.subject_window is None:
        return (), None
    overlap = intersection(a.subject_window, b.subject_window)
    return (tuple(sorted(shared)), overlap) if overlap is not None else ((), None)
