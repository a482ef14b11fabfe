"""The map of the states as a picture that is clicked without a script: drawn by the server, read by pixel.

The 48 states and DC fill it; Alaska, Hawaii and Puerto Rico stand in boxes of their own at its foot, each with its own
scale, as on printed maps. Degrees are those of the packaged 2023 outlines.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import zipcodes
from django.contrib.staticfiles import finders

from vigil.apps.whom_to_call.models import Entry
from vigil.apps.whom_to_call.queries import READ, code_of
from vigil.apps.whom_to_call.rules import STATES, Place
from vigil.core.actor import Actor
from vigil.platform.agencies.models import Agency

WIDTH, HEIGHT = 640, 380
FARTHEST_DEGREES = 1.0
"""A click farther than this from every ZIP code is on no place."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the picture: where it stands in pixels, and the degrees at its left upper corner.

    `scale` is pixels a degree of latitude; `squeeze` is how much shorter a degree of longitude is drawn, the cosine of
    the latitude in the middle.
    """

    left: float
    top: float
    width: float
    height: float
    west: float
    north: float
    scale: float
    squeeze: float

    def pixel(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Where a place is drawn."""
        return (
            self.left + (longitude - self.west) * self.scale * self.squeeze,
            self.top + (self.north - latitude) * self.scale,
        )

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Longitude and latitude under a pixel."""
        return self.west + (x - self.left) / self.scale / self.squeeze, self.north - (y - self.top) / self.scale

    def holds(self, x: float, y: float) -> bool:
        """Whether the pixel is in this part."""
        return self.left <= x < self.left + self.width and self.top <= y < self.top + self.height


MAINLAND = Panel(0, 0, WIDTH, HEIGHT, west=-125.5, north=50.2, scale=13.6, squeeze=0.79)
APART = {
    "AK": Panel(4, 268, 132, 108, west=-180.0, north=72.0, scale=5.0, squeeze=0.5),
    "HI": Panel(144, 306, 96, 70, west=-160.8, north=22.8, scale=15.0, squeeze=0.93),
    "PR": Panel(560, 338, 76, 38, west=-67.6, north=18.9, scale=26.0, squeeze=0.95),
}


def place_of_click(x: float, y: float, width: int = WIDTH) -> Place | None:
    """The place under a pixel of the picture drawn `width` wide: state and county of the nearest ZIP code."""
    x, y = x * WIDTH / width, y * WIDTH / width
    state, panel = next(((code, one) for code, one in APART.items() if one.holds(x, y)), ("", MAINLAND))
    longitude, latitude = panel.place(x, y)
    shrink = math.cos(math.radians(latitude))

    def away(code: tuple[float, float, Place]) -> float:
        return math.hypot((code[0] - longitude) * shrink, code[1] - latitude)

    here = [code for code in _codes() if (code[2].state in APART) == bool(state) and state in ("", code[2].state)]
    nearest = min(here, key=away)
    return nearest[2] if away(nearest) <= FARTHEST_DEGREES else None


@cache
def _codes() -> tuple[tuple[float, float, Place], ...]:
    every: Any = zipcodes.list_all()  # type: ignore[no-untyped-call]
    return tuple(
        (float(code["long"]), float(code["lat"]), Place(code["state"], code["county"]))
        for code in every
        if code["state"] in STATES and float(code["lat"] or 0)
    )


def map_svg(actor: Actor) -> str:
    """The states as a picture; a state is hatched where no telephone of a watch desk or system is known."""
    actor.require(READ)
    known = {state for entry in Entry.objects.exclude(phone="") for state in entry.states.split()}
    known |= set(Agency.objects.filter(is_served=True, is_active=True).values_list("state", flat=True))
    shapes = "".join(
        f'<path d="{path}" fill="{"#b8d4ea" if code in known else "url(#gap)"}"/>' for code, path in _outlines()
    )
    boxes = "".join(
        f'<rect x="{one.left}" y="{one.top}" width="{one.width}" height="{one.height}"/>' for one in APART.values()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        '<defs><pattern id="gap" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="8" height="8" fill="#f5f5f2"/><rect width="2" height="8" fill="#a7a7a0"/></pattern></defs>'
        f'<rect width="100%" height="100%" fill="#fff"/><g fill="none" stroke="#a9aeb1">{boxes}</g>'
        f'<g stroke="#3d4551" stroke-width=".7">{shapes}</g></svg>'
    )


@cache
def _outlines() -> tuple[tuple[str, str], ...]:
    """Code and SVG path of each state, from the packaged TopoJSON."""
    file = finders.find("vendor/atlas/states-10m.json")
    if not isinstance(file, str):
        return ()
    with open(file, encoding="utf-8") as opened:
        topology = json.load(opened)
    (kx, ky), (dx, dy) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for step in arc:
            x, y = x + step[0], y + step[1]
            points.append((x * kx + dx, y * ky + dy))
        arcs.append(points)
    states = topology["objects"]["states"]["geometries"]
    codes = [code_of(state["properties"]["name"]) for state in states]
    return tuple(
        (code, _path(state, arcs, APART.get(code, MAINLAND))) for code, state in zip(codes, states, strict=True)
    )


Chain = list[tuple[float, float]]


def _path(state: dict[str, Any], arcs: list[Chain], panel: Panel) -> str:
    polygons = state["arcs"] if state["type"] == "MultiPolygon" else [state["arcs"]]
    return "".join(_ring(ring, arcs, panel) for polygon in polygons for ring in polygon)


def _ring(ring: list[int], arcs: list[Chain], panel: Panel) -> str:
    points = [panel.pixel(*point) for at in ring for point in (arcs[at] if at >= 0 else reversed(arcs[~at]))]
    if not all(panel.holds(x, y) for x, y in points):
        return ""  # the islands beyond the antimeridian, Guam and others far away
    texts = dict.fromkeys(f"{x:.0f},{y:.0f}" for x, y in points)
    return f"M{'L'.join(texts)}Z" if len(texts) > 2 else ""
