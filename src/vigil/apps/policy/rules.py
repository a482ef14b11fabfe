"""The text of the policy from the settings, and what differs between two texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vigil.engine.types import OPERATION_TYPES

Section = tuple[str, Sequence[str]]
"""Heading and sentences."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the policy takes from the node. `rules` are the agency's own radii and buffers as stored."""

    agency: str
    lead_time_minutes: int
    rules: Mapping[str, Any]
    desk_name: str
    desk_phone: str
    desk_hours: str
    deconflictor: str


def sections(given: Settings) -> list[Section]:
    """The whole policy."""
    desk = ", ".join(filter(None, (given.desk_name, given.desk_phone, given.desk_hours))) or "none is named yet"
    return [
        (
            "Which operations",
            ["These operations are registered before they start:", *(_type(code, given) for code in OPERATION_TYPES)],
        ),
        (
            "How early",
            [
                f"At least {given.lead_time_minutes} minutes before the start.",
                "A change of place, time or people is registered as soon as it is known.",
            ],
        ),
        (
            "By whom",
            [
                f"The lead of the operation at {given.agency}, or somebody the lead names.",
                f"Who cannot use the system calls the watch desk: {desk}.",
            ],
        ),
        (
            "What on a conflict",
            [
                "Each side calls the other before the start. No operation goes on until both have spoken.",
                "What was agreed is recorded: proceed, run together, delay, move, stand down or cancel.",
                "Whoever cannot reach the other side calls the watch desk.",
                f"Where an operation is silent, both call the named deconflictor: {given.deconflictor or desk}.",
            ],
        ),
        (
            "When there is no time",
            [
                f"An operation that starts within {given.lead_time_minutes} minutes of its registration is exigent. "
                "It is registered all the same, before the start where possible.",
                "The reason and who approved it are recorded.",
            ],
        ),
        (
            "What an answer does not prove",
            [
                "No known conflict means that nothing registered, on the nodes that were asked, meets the operation.",
                "It does not mean that nobody is there: others may not have registered, or may be on no node.",
                "A receipt proves that the agency asked, when, and whom. It is no approval.",
            ],
        ),
    ]


def _type(code: str, given: Settings) -> str:
    kind = OPERATION_TYPES[code]
    own = given.rules.get("types", {}).get(code, {})
    if not kind.takes_place:
        return f"{kind.label}: subjects only."
    radius = own.get("radius_m", kind.radius_m)
    before = own.get("buffer_before_min", kind.buffer_before_min)
    after = own.get("buffer_after_min", kind.buffer_after_min)
    return f"{kind.label}: {radius:g} m around the place, {before:g} minutes before and {after:g} after."


def differences(adopted: Sequence[Section], now: Sequence[Section]) -> list[str]:
    """What differs, in words; empty where nothing does."""
    before, after = ({heading: list(lines) for heading, lines in one} for one in (adopted, now))
    said = []
    for heading in dict.fromkeys([*before, *after]):
        old, new = before.get(heading, []), after.get(heading, [])
        said += [f"{heading}: the policy says “{line}”, the settings no longer do." for line in old if line not in new]
        said += [f"{heading}: the settings now say “{line}”." for line in new if line not in old]
    return said
