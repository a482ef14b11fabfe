"""GeoJSON (RFC 7946) of a sweep: every operation's zones true to scale, and a line for every conflict."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import IO, Any

from vigil.engine.formats.shape_files import zone_geojson
from vigil.engine.join import NO_SITE, Conflicts
from vigil.engine.windows import format_instant


def write_geojson(conflicts: Conflicts, stream: IO[bytes], progress: Callable[[float], None] | None = None) -> None:
    """Write one FeatureCollection: features of `kind` `zone`, then of `kind` `conflict`.

    A conflict by place is the line between the representative places of the two nearest sites; one by subjects only
    has no geometry.
    """
    total = max(1, len(conflicts.table.operation) + len(conflicts))
    stream.write(b'{"type":"FeatureCollection","features":[')
    for n, feature in enumerate(_features(conflicts)):
        stream.write(b",\n" if n else b"\n")
        stream.write(json.dumps(feature, ensure_ascii=False, separators=(",", ":")).encode())
        if progress is not None and n % 1000 == 0:
            progress(n / total)
    stream.write(b"\n]}\n")


def _features(conflicts: Conflicts) -> Iterator[dict[str, Any]]:
    table = conflicts.table
    for site in range(len(table.operation)):
        yield _feature(
            zone_geojson(conflicts.table.site(site)),
            kind="zone",
            operation_id=table.id(int(table.operation[site])),
            window_starts_at=format_instant(int(table.start[site])),
            window_ends_at=format_instant(int(table.end[site])),
            radius_m=float(table.radius_m[site]),
            uncertainty_m=float(table.uncertainty_m[site]),
        )
    for n, row in enumerate(conflicts):
        yield _feature(
            _link(conflicts, n),
            kind="conflict",
            operation_a=row.operation_a,
            operation_b=row.operation_b,
            basis=row.basis.value,
            band=row.band.value if row.band is not None else None,
            distance_m=round(row.distance_m, 2) if row.distance_m is not None else None,
            overlap_starts_at=format_instant(row.overlap.start),
            overlap_ends_at=format_instant(row.overlap.end),
            matched_subjects=list(row.subjects),
        )


def _feature(geometry: dict[str, Any] | None, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _link(conflicts: Conflicts, row: int) -> dict[str, Any] | None:
    table = conflicts.table
    a, b = int(conflicts.site_a[row]), int(conflicts.site_b[row])
    if NO_SITE in (a, b):
        return None
    start, end = ([float(table.longitude[n]), float(table.latitude[n])] for n in (a, b))
    if abs(end[0] - start[0]) > 180:  # the short way round, so that no map draws it across the world
        end[0] += 360 if start[0] > 0 else -360
    return {"type": "LineString", "coordinates": [start, end]}
