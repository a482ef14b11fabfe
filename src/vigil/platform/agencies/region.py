"""Where a node is: a state, a county or four numbers as a box in degrees, from the packaged list of ZIP codes."""

from __future__ import annotations

import re
from typing import Any

import zipcodes
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vigil.core.errors import Invalid

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

MARGIN_DEGREES = 0.2
"""Around the points of the ZIP codes, which lie inside the area."""
SENTENCE = gettext_lazy("Give a state (MD), a county with its state (Elm, MD), or west,south,east,north in degrees.")


def read_region(text: str) -> tuple[Box, ...]:
    """The region that the text names; empty text: no region, so no place is outside it.

    Raises:
        Invalid: at `region`, with what would be understood.
    """
    text = text.strip()
    if not text:
        return ()
    if re.fullmatch(r"[-+0-9., ]+", text):
        return (_box_of_numbers(text),)
    county, _comma, state = text.rpartition(",")
    if not re.fullmatch(r"[A-Za-z]{2}", state.strip()) or len(text) > 100:
        raise Invalid.at("region", sentence=str(SENTENCE))
    return (_box_of_codes(state.strip().upper(), county.strip()),)


def state_of(text: str) -> str:
    """The two letters of the state that the text names; empty for numbers."""
    state = text.rpartition(",")[2].strip()
    return state.upper() if re.fullmatch(r"[A-Za-z]{2}", state) else ""


def county_of(text: str) -> str:
    """The county that the text names; empty where it names only a state, or numbers."""
    return text.rpartition(",")[0].strip() if state_of(text) else ""


def _box_of_numbers(text: str) -> Box:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise Invalid.at("region", sentence=str(SENTENCE)) from None
    if not (-180 <= west <= 180 and -180 <= east <= 180 and west != east and -90 <= south < north <= 90):
        sentence = _("The four numbers are west, south, east and north: south below north, in degrees.")
        raise Invalid.at("region", sentence=sentence)
    return (west, south, east, north)


def _box_of_codes(state: str, county: str) -> Box:
    found: Any = zipcodes.filter_by(state=state)  # type: ignore[no-untyped-call]
    if not found:
        raise Invalid.at("region", sentence=_("There is no state {state}.").format(state=state))
    if county:
        found = [code for code in found if _plain(code["county"]) == _plain(county)]
    places = [(float(code["long"]), float(code["lat"])) for code in found if code["lat"]]
    places = [(x, y) for x, y in places if x or y]
    if not places:
        sentence = _("There is no county {county} in {state}. Is it spelled as on a map?")
        raise Invalid.at("region", sentence=sentence.format(county=county, state=state))
    xs, ys = zip(*places, strict=True)
    return (min(xs) - MARGIN_DEGREES, min(ys) - MARGIN_DEGREES, max(xs) + MARGIN_DEGREES, max(ys) + MARGIN_DEGREES)


def _plain(county: str) -> str:
    return re.sub(r"\s+(county|parish|borough|census area)$", "", county.strip().casefold().replace(".", ""))
