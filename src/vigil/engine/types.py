"""The table of operation types with their defaults, and the flags that go with them (specification 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from vigil.texts import gettext_noop as _

MAX_RADIUS_M = 5_000.0
"""A radius over this is flagged, never refused."""
MAX_AREA_KM2 = 2_500.0
"""A zone over this area is flagged, never refused."""
TENTATIVE_SPAN = timedelta(days=14)
"""A tentative window may be this long whatever the type."""
REGISTERED_INTEREST_SPAN = timedelta(days=180)
"""A registered interest (a subjects-only operation kept as one) may stand this long."""


LARGEST_LENGTH = 5e7
"""A larger radius, uncertainty or buffer is refused: no place is farther than 20,000 km; 5e7 minutes are 95 years."""


@dataclass(frozen=True, slots=True)
class OperationType:
    """One row of the table. Radii in metres, buffers in minutes. `label` is English; a page says it with `gettext`.

    `takes_place` is False for the type that has subjects and a span only, never a site.
    """

    code: str
    label: str
    radius_m: float
    buffer_before_min: int
    buffer_after_min: int
    longest_span: timedelta
    takes_place: bool = True


_HOURS_12, _HOURS_24, _HOURS_72 = timedelta(hours=12), timedelta(hours=24), timedelta(hours=72)
_DAYS_7 = timedelta(days=7)

OPERATION_TYPES: Mapping[str, OperationType] = MappingProxyType(
    {
        kind.code: kind
        for kind in (
            OperationType("search_warrant", _("Search warrant"), 300, 60, 60, _HOURS_24),
            OperationType("arrest_warrant", _("Arrest warrant"), 300, 60, 60, _HOURS_24),
            OperationType("raid", _("Raid"), 300, 60, 60, _HOURS_24),
            OperationType("knock_and_talk", _("Knock and talk"), 300, 30, 30, _HOURS_12),
            OperationType(
                "supervision_search", _("Supervision search (parole, probation, consent)"), 300, 30, 30, _HOURS_12
            ),
            OperationType("controlled_buy", _("Controlled buy"), 500, 60, 60, _HOURS_12),
            OperationType("buy_bust", _("Buy-bust"), 500, 60, 60, _HOURS_12),
            OperationType("reverse_sting", _("Reverse sting"), 500, 60, 60, _HOURS_12),
            OperationType("money_flash", _("Money flash"), 500, 60, 60, _HOURS_12),
            OperationType("undercover_meet", _("Undercover meet"), 500, 60, 60, _HOURS_12),
            OperationType("fixed_surveillance", _("Fixed surveillance"), 500, 0, 30, _DAYS_7),
            OperationType("technical_install", _("Technical installation"), 500, 0, 30, _DAYS_7),
            OperationType("mobile_surveillance", _("Mobile surveillance"), 800, 0, 30, _HOURS_24),
            OperationType("controlled_delivery", _("Controlled delivery"), 800, 0, 30, _HOURS_24),
            OperationType("saturation", _("Saturation patrol"), 300, 60, 60, _HOURS_72),
            OperationType("interdiction", _("Interdiction"), 300, 60, 60, _HOURS_72),
            OperationType("area_sweep", _("Area sweep"), 300, 60, 60, _HOURS_72),
            OperationType("dignitary", _("Dignitary protection"), 800, 120, 60, _HOURS_72),
            OperationType("special_event", _("Special event"), 800, 120, 60, _HOURS_72),
            OperationType("online_only", _("Online only"), 0, 0, 0, timedelta(days=90), takes_place=False),
            OperationType("training", _("Training"), 300, 30, 30, _HOURS_24),
        )
    }
)


class Flag(StrEnum):
    """Warnings to the submitter, seen by the watch desk; never a refusal."""

    RADIUS = "radius"
    SPAN = "span"
    AREA = "area"


def flags(
    kind: OperationType,
    *,
    span: timedelta,
    radii_m: Iterable[float] = (),
    areas_km2: Iterable[float] = (),
    tentative: bool = False,
    registered_interest: bool = False,
) -> frozenset[Flag]:
    """The flags of an operation (specification 3).

    `span` runs from the first start to the last end, without buffers; `areas_km2` are those of the zones
    (`geometry.area_km2`). Whether a place lies outside the node's region, and unusual volume, are the server's to say.
    """
    longest = kind.longest_span
    if tentative:
        longest = max(longest, TENTATIVE_SPAN)
    if registered_interest and not kind.takes_place:
        longest = max(longest, REGISTERED_INTEREST_SPAN)
    found = {
        Flag.RADIUS: any(radius > MAX_RADIUS_M for radius in radii_m),
        Flag.SPAN: span > longest,
        Flag.AREA: any(area > MAX_AREA_KM2 for area in areas_km2),
    }
    return frozenset(flag for flag, raised in found.items() if raised)
