"""KML 2.2 and GeoJSON (RFC 7946) of an agency's own sites: each with its shape, its zone and its window.

Promise: every text is escaped and stripped of characters that XML cannot carry, so what a person typed can never become
markup; coordinates are longitude then latitude in decimal degrees, lengths metres, times RFC 3339 in UTC.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from vigil.engine.formats.shape_files import to_geojson
from vigil.engine.formats.xml_text import printable
from vigil.engine.geometry import zone_polygon
from vigil.engine.operation import Geometry, Line, Point, Polygon, Site
from vigil.engine.windows import format_instant


@dataclass(frozen=True, slots=True)
class ExportedSite:
    """One own site under its operation's reference; `label` is what its owner calls the place."""

    reference: str
    operation_type: str
    status: str
    label: str
    site: Site


def kml(sites: Iterable[ExportedSite]) -> bytes:
    """One Placemark a site: its shape and the zone around it, with the window as its time span."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
        + "".join(_placemark(one) for one in sites)
        + "</Document></kml>\n"
    ).encode()


def geojson(sites: Iterable[ExportedSite]) -> bytes:
    """One Feature a site with its shape; the zone's reach stands in `radius_m` and `uncertainty_m`."""
    features = [
        {"type": "Feature", "geometry": to_geojson(one.site.geometry), "properties": _properties(one)} for one in sites
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def _properties(one: ExportedSite) -> dict[str, Any]:
    return {
        "reference": one.reference,
        "operation_type": one.operation_type,
        "status": one.status,
        "label": one.label,
        "radius_m": one.site.radius_m,
        "uncertainty_m": one.site.uncertainty_m,
        "starts_at": format_instant(one.site.starts_at),
        "ends_at": format_instant(one.site.ends_at),
        "window_starts_at": format_instant(one.site.window.start),
        "window_ends_at": format_instant(one.site.window.end),
    }


def _placemark(one: ExportedSite) -> str:
    properties = _properties(one)
    data = "".join(f'<Data name="{name}"><value>{_text(value)}</value></Data>' for name, value in properties.items())
    zone = ""
    if one.site.reach_m > 0:
        exterior, *holes = zone_polygon(one.site)
        zone = _shape(Polygon(tuple(exterior), tuple(tuple(ring) for ring in holes)))
    return (
        f"<Placemark><name>{_text(one.reference)}</name>"
        f"<TimeSpan><begin>{properties['window_starts_at']}</begin><end>{properties['window_ends_at']}</end></TimeSpan>"
        f"<ExtendedData>{data}</ExtendedData>"
        f"<MultiGeometry>{_shape(one.site.geometry)}{zone}</MultiGeometry></Placemark>\n"
    )


def _shape(shape: Geometry) -> str:
    if isinstance(shape, Point):
        return f"<Point>{_coordinates([(shape.longitude, shape.latitude)])}</Point>"
    if isinstance(shape, Line):
        return f"<LineString><tessellate>1</tessellate>{_coordinates(shape.vertices)}</LineString>"
    rings = [("outerBoundaryIs", shape.exterior), *(("innerBoundaryIs", hole) for hole in shape.holes)]
    bounds = "".join(f"<{name}><LinearRing>{_coordinates(ring)}</LinearRing></{name}>" for name, ring in rings)
    return f"<Polygon><tessellate>1</tessellate>{bounds}</Polygon>"


def _coordinates(vertices: Iterable[tuple[float, float]]) -> str:
    return f"<coordinates>{' '.join(f'{lon!r},{lat!r}' for lon, lat in vertices)}</coordinates>"


def _text(value: object) -> str:
    return escape(printable(str(value)))
