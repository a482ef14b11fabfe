"""An agency's own lead time, radii and buffers as typed on a page: texts in, columns out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vigil.core.errors import Invalid, Problem
from vigil.engine.types import MAX_RADIUS_M, OPERATION_TYPES

LONGEST_BUFFER_MIN = 24 * 60
LONGEST_LEAD_MIN = 7 * 24 * 60
COLUMNS = {
    "radius_m": ("radius", 1, int(MAX_RADIUS_M), "metres"),
    "buffer_before_min": ("minutes before", 0, LONGEST_BUFFER_MIN, "minutes"),
    "buffer_after_min": ("minutes after", 0, LONGEST_BUFFER_MIN, "minutes"),
}


def read_agency_rules(typed: Mapping[str, str], own: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """Lead time in minutes, and the agency's `rules` with only those values that differ from the shipped ones.

    Raises:
        Invalid: with every fault at its field, `lead_time_minutes` or `raid.radius_m`.
    """
    problems: list[Problem] = []

    def number(name: str, least: int, most: int, unit: str) -> int:
        text = typed.get(name, "").strip()
        if text.isascii() and text.isdigit() and len(text) < 7 and least <= int(text) <= most:
            return int(text)
        problems.append(Problem((name,), f"Give whole {unit} from {least} to {most}."))
        return least

    lead = number("lead_time_minutes", 0, LONGEST_LEAD_MIN, "minutes")
    types: dict[str, dict[str, int]] = {}
    for code, kind in OPERATION_TYPES.items():
        if not kind.takes_place:
            continue
        read = {name: number(f"{code}.{name}", *limits[1:]) for name, limits in COLUMNS.items()}
        changed = {name: value for name, value in read.items() if value != getattr(kind, name)}
        if changed:
            types[code] = changed
    if problems:
        raise Invalid(problems)
    return lead, {**own, "types": types}
