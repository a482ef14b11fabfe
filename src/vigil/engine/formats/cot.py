"""Cursor on Target events for TAK: a zone as a circle or an outline, and its deletion. XML as a TAK server streams it.

Promise: coordinates are WGS 84 degrees, lengths metres, times UTC; every text is escaped; an event says when it grows
stale, so that a zone that nobody renews vanishes by itself; nothing is marked to be kept by the device (no `archive`).
Types: `u-d-c-c` a drawn circle, `u-d-f` a drawn outline, `t-x-d-d` the deletion of another event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from vigil.engine.formats.xml_text import printable
from vigil.engine.geometry import Ring, zone_polygon
from vigil.engine.operation import Point, Site

UNKNOWN = "9999999.0"
"""Height and errors that are not known, as Cursor on Target writes them."""
OUTLINE_SEGMENTS = 24
"""Of a half circle at a corner of an outline: a phone draws hundreds of corners slowly."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


Circle = tuple[float, float, float]
"""Longitude, latitude, radius in metres."""


@dataclass(frozen=True, slots=True)
class Zone:
    """What is drawn. `uid` stays the same as long as it is the same zone; colours are signed 32-bit ARGB numbers."""

    uid: str
    callsign: str
    remarks: str
    stroke: int
    fill: int
    circle: Circle | None = None
    outline: Ring = ()
    """Closed, longitude before latitude; used where there is no circle."""


def shape_of(site: Site) -> tuple[Circle | None, Ring]:
    """`circle` and `outline` of a site's zone, for `Zone`: one of them."""
    if isinstance(site.geometry, Point):
        return (site.geometry.longitude, site.geometry.latitude, site.reach_m), ()
    return None, zone_polygon(site, OUTLINE_SEGMENTS)[0]


def draw(zone: Zone, now: int, stale: int) -> bytes:
    """The event that draws the zone, or renews it, until `stale`. Times are microseconds UTC."""
    longitude, latitude = zone.circle[:2] if zone.circle else _middle(zone.outline)
    event = _event("u-d-c-c" if zone.circle else "u-d-f", zone.uid, now, stale, longitude, latitude)
    detail = ElementTree.SubElement(event, "detail")
    if zone.circle:
        shape = ElementTree.SubElement(detail, "shape")
        radius = f"{zone.circle[2]:.1f}"
        ElementTree.SubElement(shape, "ellipse", major=radius, minor=radius, angle="360")
    for corner in zone.outline if not zone.circle else ():
        ElementTree.SubElement(detail, "link", point=f"{corner[1]:.7f},{_within(corner[0]):.7f}")
    ElementTree.SubElement(detail, "contact", callsign=printable(zone.callsign))
    ElementTree.SubElement(detail, "remarks").text = printable(zone.remarks)
    ElementTree.SubElement(detail, "strokeColor", value=str(zone.stroke))
    ElementTree.SubElement(detail, "strokeWeight", value="3.0")
    ElementTree.SubElement(detail, "fillColor", value=str(zone.fill))
    ElementTree.SubElement(detail, "labels_on", value="true")
    return _bytes(event)


def delete(uid: str, now: int, stale: int) -> bytes:
    """The event that takes a drawn zone off every device that is connected."""
    event = _event("t-x-d-d", f"{uid}.delete", now, stale, 0.0, 0.0)
    detail = ElementTree.SubElement(event, "detail")
    ElementTree.SubElement(detail, "link", uid=uid, relation="none", type="none")
    ElementTree.SubElement(detail, "__forcedelete")
    return _bytes(event)


def argb(alpha: int, rgb: int) -> int:
    """A colour as TAK writes it: 0xAARRGGBB as a signed number."""
    value = (alpha << 24) | rgb
    return value - (1 << 32) if value >= 1 << 31 else value


def _event(kind: str, uid: str, now: int, stale: int, longitude: float, latitude: float) -> ElementTree.Element:
    if stale <= now:
        raise ValueError("An event that is stale at its start is dropped by TAK.")
    stamp = _time(now)
    event = ElementTree.Element(
        "event", version="2.0", uid=uid, type=kind, how="m-g", time=stamp, start=stamp, stale=_time(stale)
    )
    place = {"lat": f"{latitude:.7f}", "lon": f"{_within(longitude):.7f}", "hae": UNKNOWN, "ce": UNKNOWN, "le": UNKNOWN}
    ElementTree.SubElement(event, "point", place)
    return event


def _bytes(event: ElementTree.Element) -> bytes:
    # Nothing after the end of an event, where readers of the stream cut: the next begins with its XML declaration.
    made: bytes = ElementTree.tostring(event, encoding="utf-8", xml_declaration=True)
    return made


def _middle(outline: Ring) -> tuple[float, float]:
    longitudes, latitudes = [corner[0] for corner in outline], [corner[1] for corner in outline]
    return (min(longitudes) + max(longitudes)) / 2, (min(latitudes) + max(latitudes)) / 2


def _within(longitude: float) -> float:
    return (longitude + 180.0) % 360.0 - 180.0


def _time(instant: int) -> str:
    return f"{_EPOCH + timedelta(microseconds=instant):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
