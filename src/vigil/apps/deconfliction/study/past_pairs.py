"""Past pairs: what an agency that opted in keeps for the policy study when places are purged (specification 7).

Of two operations that were near enough for any setting the study may try: both types, the month, per pair of sites the
distance to the metre and how the two spans lay to each other to the minute, radii and buffers as registered, and what
came of their conflict. No place, person, day, number or agency's name is in it, and it is ciphertext. A pair is kept
only where both agencies opted in; whoever leaves takes all pairs of theirs along at the next purge.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import F, Q

from vigil.apps.deconfliction import plan_rows, search
from vigil.apps.deconfliction.models import Conflict, PastPair, Revision, Standing, Status
from vigil.core.actor import Actor
from vigil.engine import operation as engine
from vigil.engine.geometry import distance_within
from vigil.engine.predicate import EPSILON_POINT_M, EPSILON_SHAPE_M
from vigil.engine.study import ClosePairs, Sites
from vigil.engine.table import KINDS
from vigil.engine.types import OPERATION_TYPES
from vigil.platform import keys
from vigil.platform.agencies.models import Agency
from vigil.platform.agencies.retention import retention_of
from vigil.platform.sealed import purpose_of
from vigil.protocol.store import SearchFailed

WIDEST_M = 1_000
LONGEST_MIN = 240
"""Ours: the widest radius and longest buffer that a study of past pairs may try; what was farther apart is not kept."""
PURPOSE = purpose_of(PastPair, "sealed")
MINUTE = engine.MICROSECONDS_PER_MINUTE


# --- keeping ---------------------------------------------------------------------------------------------------------


def keep(operation_ids: Sequence[UUID]) -> int:
    """Keep the pairs of these operations whose places are about to go, in the caller's transaction; how many."""
    opted_in = {
        agency.pk for agency in Agency.objects.filter(is_served=True) if retention_of(agency.rules).keeps_history
    }
    if not opted_in:
        return 0
    rows = []
    done: set[UUID] = set()
    for revision in _current(operation_ids).filter(operation__agency__in=opted_in):
        done.add(revision.operation_id)
        others = _current(_near(revision)).exclude(operation__in=done).filter(operation__agency__in=opted_in)
        rows += [row for other in others if not _is_kept(other) and (row := _pair(revision, other)) is not None]
    PastPair.objects.bulk_create(rows)
    return len(rows)


def forget_left() -> None:
    """Drop the pairs of agencies that are no longer opted in."""
    kept = _opted_in()
    PastPair.objects.exclude(agency_a__in=kept, agency_b__in=kept).delete()


def _opted_in() -> list[UUID]:
    served = Agency.objects.filter(is_served=True)
    return [agency.pk for agency in served if retention_of(agency.rules).keeps_history]


def _is_kept(other: Revision) -> bool:
    """Whether its places have gone already, and its pairs were kept then."""
    kind = OPERATION_TYPES.get(other.operation_type)
    return not other.sites.all() and kind is not None and kind.takes_place


def _current(operation_ids: Collection[UUID]) -> Any:
    rows = Revision.objects.filter(operation__in=operation_ids, number=F("operation__revision"), mode=engine.Mode.LIVE)
    rows = rows.exclude(status=Status.CANCELLED)
    return rows.select_related("operation").prefetch_related("sites", "subjects").order_by("operation_id")


def _near(revision: Revision) -> list[UUID]:
    """Other operations that the widest setting may match: the search, asked with this operation grown enough."""
    operation = plan_rows.stored_operation(revision)
    grown = replace(operation, sites=tuple(_grown(site) for site in operation.sites))
    try:
        return [UUID(found.operation_id) for found in search.matching(grown)]
    except SearchFailed:
        # A record that cannot be read is told by the searches; it must not keep places from going.
        return []


def _grown(site: engine.Site) -> engine.Site:
    most = 2 * LONGEST_MIN * MINUTE
    return replace(site, radius_m=site.radius_m + 2.0 * WIDEST_M, buffer_before=most, buffer_after=most)


def _pair(one: Revision, other: Revision) -> PastPair | None:
    a, b = plan_rows.stored_operation(one), plan_rows.stored_operation(other)
    sites = [found for x in a.sites for y in b.sites if (found := _site_pair(x, y)) is not None]
    shared = bool(a.subjects & b.subjects)
    if not (sites or shared) or one.operation_type not in KINDS or other.operation_type not in KINDS:
        return None
    told: dict[str, Any] = {
        "month": f"{max(one.operation.starts_at, other.operation.starts_at):%Y-%m}",
        "types": [one.operation_type, other.operation_type],
        "subject": shared,
        "outcome": _outcome(one.operation_id, other.operation_id),
        "sites": sites,
    }
    sealed = keys.encrypt(json.dumps(told), PURPOSE)
    return PastPair(agency_a_id=one.operation.agency_id, agency_b_id=other.operation.agency_id, sealed=sealed)


def _site_pair(a: engine.Site, b: engine.Site) -> list[float] | None:
    """Distance and slack in metres; the later start after the earlier, spans and buffers in minutes; None: too far."""
    both_points = isinstance(a.geometry, engine.Point) and isinstance(b.geometry, engine.Point)
    slack = a.uncertainty_m + b.uncertainty_m + (EPSILON_POINT_M if both_points else EPSILON_SHAPE_M)
    distance = distance_within(a.geometry, b.geometry, max(2.0 * WIDEST_M, a.radius_m + b.radius_m) + slack)
    if distance is None or _apart(a, b) or _apart(b, a):
        return None
    times = (b.starts_at - a.starts_at, a.ends_at - a.starts_at, b.ends_at - b.starts_at)
    buffers = (a.buffer_before, a.buffer_after, b.buffer_before, b.buffer_after)
    minutes = [round(value / MINUTE) for value in (*times, *buffers)]
    return [round(distance), round(slack, 2), a.radius_m, b.radius_m, *minutes]


def _apart(a: engine.Site, b: engine.Site) -> bool:
    """Whether a ends before b starts even with the longest buffers."""
    most = LONGEST_MIN * MINUTE
    return a.ends_at + max(a.buffer_after, most) <= b.starts_at - max(b.buffer_before, most)


def _outcome(one: UUID, other: UUID) -> str:
    a, b = sorted((one, other))
    row = Conflict.objects.filter(operation_a=a, operation_b=b, node_a="", node_b="").first()
    if row is None:
        return "never_met"
    return row.standing if row.standing == Standing.WITHDRAWN else row.outcome or "not_recorded"


# --- reading ---------------------------------------------------------------------------------------------------------


def visible_pairs(actor: Actor) -> Any:
    """The pairs that the actor's agency was a side of."""
    actor.require("deconfliction.study.run")
    return PastPair.objects.filter(Q(agency_a_id=actor.agency_id) | Q(agency_b_id=actor.agency_id))


def close_pairs(actor: Actor) -> ClosePairs:
    """The agency's past pairs as the study takes them. Each pair stands for two operations of its own: how many
    operations meet cannot be told from pairs that name none.
    """
    kinds: list[int] = []
    columns: list[tuple[float, ...]] = []
    measured: list[tuple[float, float]] = []
    subjects: list[tuple[int, int, int]] = []
    for pair in visible_pairs(actor).iterator(chunk_size=1000):
        told = json.loads(keys.decrypt(pair.sealed, PURPOSE))
        first = len(kinds)
        kinds += [KINDS.index(code) for code in told["types"]]
        base = _middle(told["month"])
        if told["subject"]:
            subjects.append((first, first + 1, base))
        for found in told["sites"]:
            columns += _columns(found, first, base)
            measured.append((found[0], found[1]))
    table = np.array(columns, np.float64).reshape(len(columns), 6)
    whole = table.astype(np.int64)
    sites = Sites(table[:, 0].astype(np.int32), table[:, 1], whole[:, 2], whole[:, 3], whole[:, 4], whole[:, 5])
    first_sites = np.arange(0, len(columns), 2, dtype=np.int32)
    distances = np.array(measured, np.float64).reshape(len(measured), 2)
    return ClosePairs(
        np.array(kinds, np.int8),
        sites,
        first_sites,
        first_sites + np.int32(1),
        distances[:, 0],
        distances[:, 1],
        np.array(subjects, np.int64).reshape(len(subjects), 3),
    )


def outcomes(actor: Actor) -> dict[str, int]:
    """How many of the agency's past pairs came to what: an `Outcome`, `withdrawn`, `not_recorded` or `never_met`."""
    sealed = visible_pairs(actor).values_list("sealed", flat=True)
    return dict(Counter(json.loads(keys.decrypt(one, PURPOSE))["outcome"] for one in sealed.iterator(chunk_size=1000)))


def _columns(found: Sequence[float], first: int, base: int) -> Iterator[tuple[float, ...]]:
    _, _, radius_a, radius_b, offset, span_a, span_b, *buffers = found
    starts = (base - max(offset, 0) * MINUTE, base + min(offset, 0) * MINUTE)
    for place, (radius, start, span) in enumerate(zip((radius_a, radius_b), starts, (span_a, span_b), strict=True)):
        before, after = buffers[2 * place], buffers[2 * place + 1]
        yield first + place, radius, start, start + span * MINUTE, before * MINUTE, after * MINUTE


def _middle(month: str) -> int:
    """The later start of every pair is put here: within its month whatever the buffers."""
    return plan_rows.instant(datetime.strptime(month, "%Y-%m").replace(day=15, hour=12, tzinfo=UTC))
