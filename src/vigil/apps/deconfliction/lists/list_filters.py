"""What the lists may be narrowed to in their addresses: names and the values of each, never a typed text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from vigil.engine.types import OPERATION_TYPES

WHEN = (
    ("ahead", gettext_lazy("Now and ahead")),
    ("today", gettext_lazy("Today")),
    ("week", gettext_lazy("Next 7 days")),
    ("past", gettext_lazy("Past")),
    ("all", gettext_lazy("All")),
)
DETERMINATIONS = (
    ("conflict", gettext_lazy("Conflict")),
    ("no_known_conflict", gettext_lazy("No known conflict")),
    ("incomplete", gettext_lazy("Incomplete")),
    ("checking", gettext_lazy("Checking")),
    ("under_way", gettext_lazy("Under way")),
    ("ended", gettext_lazy("Ended")),
    ("cancelled", gettext_lazy("Cancelled")),
)
CONFLICT_STATES = (
    ("open", gettext_lazy("Open")),
    ("all", gettext_lazy("All")),
    ("contacted", gettext_lazy("Talked")),
    ("resolved", gettext_lazy("Settled")),
    ("expired_unacknowledged", gettext_lazy("Nobody acknowledged")),
)
TYPES = tuple((kind.code, gettext_lazy(kind.label)) for kind in OPERATION_TYPES.values())

FILTERS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "operations": {
        "when": dict(WHEN),
        "type": dict(TYPES),
        "state": dict(DETERMINATIONS),
        "mine": {"yes": gettext_lazy("Only mine")},
        "each": {"yes": gettext_lazy("Each of a series")},
        "sort": {"newest": gettext_lazy("Newest first"), "oldest": gettext_lazy("Oldest first")},
    },
    "conflicts": {
        "state": dict(CONFLICT_STATES),
        "band": {"direct": gettext_lazy("Direct"), "near": gettext_lazy("Near")},
    },
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
    return ", ".join(str(FILTERS[table][key][value]) for key, value in cleaned(table, filters).items())
