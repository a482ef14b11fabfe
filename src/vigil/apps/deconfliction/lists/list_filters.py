"""What the lists may be narrowed to in their addresses: names and the values of each, never a typed text."""

from __future__ import annotations

from collections.abc import Mapping

from vigil.engine.types import OPERATION_TYPES

WHEN = (("ahead", "Now and ahead"), ("today", "Today"), ("week", "Next 7 days"), ("past", "Past"), ("all", "All"))
DETERMINATIONS = (
    ("conflict", "Conflict"),
    ("no_known_conflict", "No known conflict"),
    ("incomplete", "Incomplete"),
    ("checking", "Checking"),
    ("under_way", "Under way"),
    ("ended", "Ended"),
    ("cancelled", "Cancelled"),
)
CONFLICT_STATES = (
    ("open", "Open"),
    ("all", "All"),
    ("contacted", "Talked"),
    ("resolved", "Settled"),
    ("expired_unacknowledged", "Nobody acknowledged"),
)
TYPES = tuple((kind.code, kind.label) for kind in OPERATION_TYPES.values())

FILTERS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "operations": {
        "when": dict(WHEN),
        "type": dict(TYPES),
        "state": dict(DETERMINATIONS),
        "mine": {"yes": "Only mine"},
        "each": {"yes": "Each of a series"},
        "sort": {"newest": "Newest first", "oldest": "Oldest first"},
    },
    "conflicts": {"state": dict(CONFLICT_STATES), "band": {"direct": "Direct", "near": "Near"}},
}
"""Of each list, its filters with their values in words."""
ALWAYS = {"operations": ("when", "ahead"), "conflicts": ("state", "open")}
"""The filter that a list always has, and what it is where nobody chose."""


def cleaned(table: str, asked: Mapping[str, str]) -> dict[str, str]:
    """The filters of a list with values that there are; whatever else stood in the address is left out."""
    name, otherwise = ALWAYS[table]
    found = {key: asked.get(key, "").strip() for key in FILTERS[table]}
    return {name: otherwise} | {key: value for key, value in found.items() if value in FILTERS[table][key]}


def described(table: str, filters: Mapping[str, str]) -> str:
    """The filters in words: `Next 7 days, Raid, Only mine`."""
    return ", ".join(FILTERS[table][key][value] for key, value in cleaned(table, filters).items())
