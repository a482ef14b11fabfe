"""The workload of the benches: N operations around US ZIP points over thirty days, dense enough to meet once each.

Deterministic for one N and seed (and versions of numpy and zipcodes): 30 % of the operations lie around 300 hot ZIP
codes, each is jittered by a normal of 50 km; radius 0.4 to 8 km, span 0.5 to 24 hours, whole seconds, no buffers, no
uncertainty. What the predicate finds in it is known: 115 pairs in 10,000 operations of seed 1, 11,080 in 100,000,
1,109,802 in 1,000,000.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FIRST_START = 1_798_761_600
"""2027-01-01T00:00:00Z."""
DAYS = 30
HOT_ZIPS, HOT_SHARE = 300, 0.3
JITTER_KM = 50.0

Columns = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]


def columns(count: int, seed: int = 1) -> Columns:
    """Latitude and longitude (degrees), radius (m), start and end (whole seconds UTC)."""
    points = _zip_points()
    draw = np.random.default_rng(seed)
    hot = draw.choice(len(points), HOT_ZIPS, replace=False)
    at_hot = draw.random(count) < HOT_SHARE
    chosen = np.where(at_hot, hot[draw.integers(0, HOT_ZIPS, count)], draw.integers(0, len(points), count))
    latitude = points[chosen, 0] + draw.normal(0, JITTER_KM / 110.57, count)
    longitude = points[chosen, 1] + draw.normal(0, JITTER_KM / 111.32, count) / np.cos(np.radians(points[chosen, 0]))
    longitude = (longitude + 180) % 360 - 180
    start = FIRST_START + (draw.random(count) * DAYS * 86400).astype(np.int64)
    span = (draw.uniform(0.5, 24, count) * 3600).astype(np.int64)
    radius = np.round(draw.uniform(400, 8000, count), 1)
    return np.round(latitude, 7), np.round(longitude, 7), radius, start, start + span


def _zip_points() -> NDArray[np.float64]:
    import zipcodes

    rows = zipcodes.list_all()
    points = {row["zip_code"]: (float(row["lat"]), float(row["long"])) for row in rows if row["lat"] and row["long"]}
    return np.array([point for _, point in sorted(points.items()) if abs(point[0]) > 1e-9 or abs(point[1]) > 1e-9])
