"""An agency's own lead time, radii and buffers as typed on a page: texts in, columns out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from vigil.core.errors import Invalid, Problem
from vigil.engine.types import MAX_RADIUS_M, OPERATION_TYPES

LONGEST_BUFFER_MIN = 24 * 60
LONGEST_LEAD_MIN = 7 * 24 * 60
METRES = gettext_lazy("Give whole metres from {least} to {most}.")
MINUTES = gettext_lazy("Give whole minutes from {least} to {most}.")
COLUMNS: Mapping[str, tuple[Any, int, int, Any]] = {
    "radius_m": (gettext_lazy("{type}, radius"), 1, int(MAX_RADIUS_M), METRES),
    "buffer_before_min": (gettext_lazy("{type}, minutes before"), 0, LONGEST_BUFFER_MIN, MINUTES),
    "buffer_after_min": (gettext_lazy("{type}, minutes after"), 0, LONGEST_BUFFER_MIN, MINUTES),
}
"""Of each column: how its field is called, the least and the most, and what is said of anything else."""


def read_agency_rules(typed: Mapping[str, str], own: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """Lead time in minutes, and the agency's `rules` with only those values that differ from the shipped ones.

    Raises:
        Invalid: with every fault at its field, `lead_time_minutes` or `raid.radius_m`.
    """
    problems: list[Problem] = []

    def number(name: str, least: int, most: int, otherwise: Any) -> int:
        text = typed.get(name, "").strip()
        if text.isascii() and text.isdigit() and len(text) < 7 and least <= int(text) <= most:
            return int(text)
        problems.append(Problem((name,), otherwise.format(least=least, most=most)))
        return least

    lead = number("lead_time_minutes", 0, LONGEST_LEAD_MIN, MINUTES)
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
