"""What counts as a step of a practice, and where one may lie. Pure: the clock and what happened are passed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vigil.engine.geometry import Box
from vigil.texts import gettext_noop

PLANNED = timedelta(minutes=15)
"""How long a practice is meant to take (ours)."""
LONGEST = timedelta(hours=1)
"""After so long a practice that nobody has ended is ended for them (ours)."""
APART = 0.15
"""Degrees between the places of two practices, more than any radius reaches at the latitudes of the fifty states."""
ANYWHERE = Box(-99.0, 38.0, -94.0, 41.0)
"""Where a node without a region practises."""
ALONG = 8
"""Places tried along each edge of a region."""


class Step(StrEnum):
    """What is to be done, in the order in which it is shown; any order counts."""

    TAKEN = "taken"
    CALLED_A = "called_a"
    CALLED_B = "called_b"
    CHECKED = "checked"
    CONNECTED = "connected"
    NOTED = "noted"
    SETTLED = "settled"


STEPS = {
    Step.TAKEN: gettext_noop("Take it: press “I take this”"),
    Step.CALLED_A: gettext_noop("Call side A and log how it went"),
    Step.CALLED_B: gettext_noop("Call side B and log how it went"),
    Step.CHECKED: gettext_noop("Make sure of who is on the line, on both sides"),
    Step.CONNECTED: gettext_noop("Connect both"),
    Step.NOTED: gettext_noop("Add a note to the log"),
    Step.SETTLED: gettext_noop("Open the conflict and log what they agreed"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the conflict's log: `side` is A or B, or empty; `checked`: it says how the speaker was known."""

    at: datetime
    kind: str
    side: str = ""
    result: str = ""
    checked: bool = False


def reached(facts: Iterable[Fact]) -> dict[Step, datetime]:
    """When each step was reached first, by what the player did; what was not reached is missing.

    `facts` are the player's own, oldest first. Settling without a talk that was checked is no talk.
    """
    found: dict[Step, datetime] = {}
    known: set[str] = set()
    for fact in facts:
        if fact.checked and fact.side:
            known.add(fact.side)
        for step in _steps_of(fact):
            found.setdefault(step, fact.at)
        if known == {"A", "B"}:
            found.setdefault(Step.CHECKED, fact.at)
    return found


def _steps_of(fact: Fact) -> tuple[Step, ...]:
    if fact.kind == "called":
        return ({"A": Step.CALLED_A, "B": Step.CALLED_B}[fact.side],) if fact.side else ()
    if fact.kind == "contacted":
        return (Step.CONNECTED,) if fact.checked else ()
    simple = {"taken": Step.TAKEN, "noted": Step.NOTED, "resolved": Step.SETTLED}
    return (simple[fact.kind],) if fact.kind in simple else ()


def is_complete(found: Mapping[Step, datetime]) -> bool:
    """Whether nothing is left to do."""
    return set(found) == set(Step)


def free_place(region: Sequence[Box], taken: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """Longitude and latitude within the region that are `APART` from all that is taken; None where there is no room."""
    for box in region or (ANYWHERE,):
        for row in range(1, ALONG):
            for column in range(1, ALONG):
                longitude = round(box.min_lon + (box.max_lon - box.min_lon) * column / ALONG, 4)
                latitude = round(box.min_lat + (box.max_lat - box.min_lat) * row / ALONG, 4)
                if all(abs(longitude - x) >= APART or abs(latitude - y) >= APART for x, y in taken):
                    return longitude, latitude
    return None
