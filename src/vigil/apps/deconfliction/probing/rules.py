"""What a revision asks, and when a person's probes look like fishing (specification, section 7). Pure.

A probe is what one revision newly asks of everybody else: its zones, over its windows, and its subjects. Whoever is not
counted here is decided by `probes`: extensions and operations that are not live.

Nothing here refuses anything. A flag is a reason to look, in words and figures; all figures are ours.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from vigil.engine import geometry as shapes
from vigil.engine.geometry import Box
from vigil.engine.operation import Point, Site
from vigil.engine.types import Flag as PlanFlag
from vigil.texts import gettext as _
from vigil.texts import gettext_noop, ngettext

PERIOD = timedelta(days=7)
"""Budgets roll over a week, the rhythm in which an agency plans."""
LEAST_KM2 = math.pi * 0.3**2
LEAST_HOURS = 4.0
"""No question counts less than a point with the usual 300 m, over four hours: a zone of one metre for one minute still
finds what lies around it and lasts for an evening."""

UNUSED = 4
UNUSED_SHARE = 1 / 3
"""So many operations dropped before they began, and at least this share of all that were registered."""
HASTY = timedelta(minutes=15)
HASTILY_DROPPED = 3
"""So many operations over within a quarter of an hour of their answer."""
STEPS_OF_ONE = 3
STEPS_OF_ALL = 8
"""So many edits that shifted or resized the place of one operation, or of several together."""
TILES = 6
TILED_BY = 3
TILES_OF_FEW = 16
"""So many different places whose zones adjoin, of at least so many operations; or so many of fewer."""
GAP_M = 300.0
"""Two zones adjoin when no circle of twice this width fits between them: what lies there is still found."""
SAME_PLACE = 0.25
"""Two middles closer than this part of a zone's reach are one place."""
OVERSIZED = 2
OVERSIZED_RADIUS = 3.0
"""So many operations beyond their type: over its span, over 5 km, over 2,500 km², over so many times its radius."""
MANY = 30
MANY_WITHIN = timedelta(days=1)
MANY_IN_ALL = 60
"""More operations than that within a day, or within the period. The nation's 3,500 agencies register some 100 a year
each.
"""
SILENT_SUBJECTS = 5
"""Subjects asked in silence, of which the other side is not told (specification, section 7)."""


class Kind(StrEnum):
    """What looks like fishing; the gravest first."""

    DROPPED_AFTER_ANSWER = "dropped_after_answer"
    STEPWISE = "stepwise"
    UNUSED = "unused"
    CLUSTER = "cluster"
    AREA_TIME = "area_time"
    SUBJECTS = "subjects"
    BEYOND_TYPE = "beyond_type"
    VOLUME = "volume"


NAMES: Mapping[Kind, str] = {
    Kind.DROPPED_AFTER_ANSWER: gettext_noop("Dropped right after the answer"),
    Kind.STEPWISE: gettext_noop("Moved step by step"),
    Kind.UNUSED: gettext_noop("Ended unused"),
    Kind.CLUSTER: gettext_noop("Side by side"),
    Kind.AREA_TIME: gettext_noop("Much area and time"),
    Kind.SUBJECTS: gettext_noop("Many subjects"),
    Kind.BEYOND_TYPE: gettext_noop("Beyond the type"),
    Kind.VOLUME: gettext_noop("Many operations"),
}


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be asked in seven days before it is put before the watch desk: km² × hours, and subjects."""

    person_km2h: float = 2_000
    agency_km2h: float = 20_000
    person_subjects: int = 50
    agency_subjects: int = 500


@dataclass(frozen=True, slots=True)
class Spot:
    """One zone, as a circle around it: its middle, and how far it reaches from there, in metres."""

    longitude: float
    latitude: float
    reach_m: float


@dataclass(frozen=True, slots=True)
class Probe:
    """One stored probe. `closed_at` is when its operation was dropped or ended by a person; `unused`: before it had
    begun; `after_answer`: how long after the answer. `step_m` is how far an edit shifted the place, 0 for a change of
    size, None where it did neither.
    """

    operation_id: UUID
    at: datetime
    km2h: float = 0.0
    subjects: int = 0
    step_m: float | None = None
    beyond: bool = False
    closed_at: datetime | None = None
    unused: bool = False
    after_answer: timedelta | None = None
    spots: tuple[Spot, ...] = ()


@dataclass(frozen=True, slots=True)
class Flag:
    """One reason to look, with the figures of its sentence."""

    kind: Kind
    figures: Mapping[str, float] = field(default_factory=dict)


# --- what one revision asks ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What a revision newly asks; `step_m` as in `Probe`."""

    km2: float = 0.0
    hours: float = 0.0
    km2h: float = 0.0
    subjects: int = 0
    step_m: float | None = None

    @property
    def is_something(self) -> bool:
        """Whether it asks at all: an edit of a telephone number does not."""
        return self.km2h > 0 or self.subjects > 0


def asked(
    sites: Sequence[Site],
    subjects: Collection[bytes],
    old_sites: Sequence[Site] = (),
    old_subjects: Collection[bytes] = (),
) -> Asked:
    """What is new of a revision against the one before, which is empty for a first one and for an undone cancel.

    A site counts whole unless it stands as before within the time of before: growing, moving and shrinking an area are
    new questions alike, or halving it again and again would cost nothing. A subject counts where it was not there.
    """
    new = [site for site in sites if not any(_stands(site, old) for old in old_sites)]
    measured = [(max(_km2(site), LEAST_KM2), max(_hours(site), LEAST_HOURS)) for site in new]
    return Asked(
        km2=sum(area for area, _ in measured),
        hours=max((hours for _, hours in measured), default=0.0),
        km2h=sum(area * hours for area, hours in measured),
        subjects=len(set(subjects) - set(old_subjects)),
        step_m=_step(new, old_sites),
    )


def _stands(site: Site, old: Site) -> bool:
    return _same_zone(site, old) and old.window.start <= site.window.start and site.window.end <= old.window.end


def _same_zone(site: Site, old: Site) -> bool:
    return (site.geometry, site.radius_m, site.uncertainty_m) == (old.geometry, old.radius_m, old.uncertainty_m)


def _km2(site: Site) -> float:
    return shapes.area_km2(site.geometry, site.reach_m)


def _hours(site: Site) -> float:
    return (site.window.end - site.window.start) / 3.6e9


def _step(new: Sequence[Site], old: Sequence[Site]) -> float | None:
    """How far the farthest new zone lies from the nearest old one."""
    moved = [site for site in new if not any(_same_zone(site, before) for before in old)]
    if not moved or not old:
        return None
    before = [spot(site) for site in old]
    return max(min(_apart(spot(site), other) for other in before) for site in moved)


def spot(site: Site) -> Spot:
    """The zone as a circle around it."""
    if isinstance(site.geometry, Point):
        return Spot(site.geometry.longitude, site.geometry.latitude, site.reach_m)
    # Across the antimeridian there are two: the wider one stands for both.
    box = max(shapes.zone_boxes(site), key=lambda one: one.max_lon - one.min_lon)
    middle = ((box.min_lon + box.max_lon) / 2, (box.min_lat + box.max_lat) / 2)
    corner = Spot(box.max_lon, box.max_lat, 0.0)
    return Spot(*middle, _apart(Spot(*middle, 0.0), corner))


def is_beyond(type_radius_m: float, radii_m: Iterable[float], flags: Iterable[str]) -> bool:
    """Whether a plan goes beyond its type: flagged at entry for it, or a radius of many times the type's."""
    flagged = not {PlanFlag.RADIUS.value, PlanFlag.SPAN.value, PlanFlag.AREA.value}.isdisjoint(flags)
    return flagged or any(radius > OVERSIZED_RADIUS * type_radius_m for radius in radii_m)


# --- what looks like fishing -----------------------------------------------------------------------------------------


def of_person(probes: Sequence[Probe], budget: Budget, now: datetime) -> list[Flag]:
    """The flags of one person's probes, the gravest first. What was asked and dropped before the period is past."""
    since = now - PERIOD
    recent = [probe for probe in probes if probe.at > since]
    found = (
        _dropped_after_answer(probes, since),
        _stepwise(recent),
        _unused(probes, since),
        _cluster(recent),
        _area_time(recent, budget.person_km2h),
        _subjects(recent, budget.person_subjects),
        _beyond_type(recent),
        _volume(recent),
    )
    return [flag for flag in found if flag is not None]


def of_agency(probes: Sequence[Probe], budget: Budget, now: datetime) -> list[Flag]:
    """The flags of all an agency's probes together: its budgets."""
    recent = [probe for probe in probes if probe.at > now - PERIOD]
    found = (_area_time(recent, budget.agency_km2h), _subjects(recent, budget.agency_subjects))
    return [flag for flag in found if flag is not None]


def _area_time(probes: Iterable[Probe], budget: float) -> Flag | None:
    total = sum(probe.km2h for probe in probes)
    return Flag(Kind.AREA_TIME, {"asked": round(total), "budget": budget}) if total > budget else None


def _subjects(probes: Iterable[Probe], budget: int) -> Flag | None:
    total = sum(probe.subjects for probe in probes)
    return Flag(Kind.SUBJECTS, {"asked": total, "budget": budget}) if total > budget else None


def _unused(probes: Iterable[Probe], since: datetime) -> Flag | None:
    of_all = {probe.operation_id for probe in probes}
    unused = {one.operation_id for one in probes if one.unused and one.closed_at is not None and one.closed_at > since}
    if len(unused) < UNUSED or len(unused) < UNUSED_SHARE * len(of_all):
        return None
    return Flag(Kind.UNUSED, {"n": len(unused), "of": len(of_all)})


def _dropped_after_answer(probes: Iterable[Probe], since: datetime) -> Flag | None:
    waits: dict[UUID, timedelta] = {}
    for one in probes:
        if one.closed_at is not None and one.closed_at > since and one.after_answer is not None:
            waits[one.operation_id] = one.after_answer
    hasty = [wait for wait in waits.values() if wait <= HASTY]
    if len(hasty) < HASTILY_DROPPED:
        return None
    return Flag(Kind.DROPPED_AFTER_ANSWER, {"n": len(hasty), "minutes": _minutes(max(hasty))})


def _minutes(wait: timedelta) -> int:
    return math.ceil(wait / timedelta(minutes=1))


def _stepwise(probes: Iterable[Probe]) -> Flag | None:
    steps = [(probe.operation_id, probe.step_m) for probe in probes if probe.step_m is not None]
    of_one = Counter(operation for operation, _ in steps)
    most = max(of_one.values(), default=0)
    if most < STEPS_OF_ONE and len(steps) < STEPS_OF_ALL:
        return None
    lengths = [step for _, step in steps if step is not None]
    figures = {"n": len(steps), "operations": len(of_one), "least_m": min(lengths), "most_m": max(lengths)}
    return Flag(Kind.STEPWISE, figures)


def _beyond_type(probes: Iterable[Probe]) -> Flag | None:
    beyond = {probe.operation_id for probe in probes if probe.beyond}
    return Flag(Kind.BEYOND_TYPE, {"n": len(beyond)}) if len(beyond) >= OVERSIZED else None


def _volume(probes: Iterable[Probe]) -> Flag | None:
    first: dict[UUID, datetime] = {}
    for probe in probes:
        first[probe.operation_id] = min(probe.at, first.get(probe.operation_id, probe.at))
    times = sorted(first.values())
    most, start = 0, 0
    for end, at in enumerate(times):
        while at - times[start] >= MANY_WITHIN:
            start += 1
        most = max(most, end - start + 1)
    if most > MANY:
        return Flag(Kind.VOLUME, {"n": most, "days": MANY_WITHIN.days})
    return Flag(Kind.VOLUME, {"n": len(times), "days": PERIOD.days}) if len(times) > MANY_IN_ALL else None


def _cluster(probes: Sequence[Probe]) -> Flag | None:
    """The largest group of different places whose zones adjoin."""
    placed = [(one, probe.operation_id) for probe in probes for one in probe.spots]
    groups = [
        (_different([one for one, _id in group]), len({operation for _one, operation in group}))
        for group in _adjoining(placed)
    ]
    tiled = [found for found in groups if found[0] >= (TILES if found[1] >= TILED_BY else TILES_OF_FEW)]
    if not tiled:
        return None
    places, operations = max(tiled)
    return Flag(Kind.CLUSTER, {"n": places, "operations": operations})


def _adjoining(placed: list[tuple[Spot, UUID]]) -> Iterable[list[tuple[Spot, UUID]]]:
    """Groups in which each zone adjoins another; found by walking north, so that far ones are never compared."""
    placed = sorted(placed, key=lambda one: one[0].latitude)
    widest = max((one.reach_m for one, _ in placed), default=0.0)
    leader = list(range(len(placed)))

    def lead(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    for index, (one, _operation) in enumerate(placed):
        for later in range(index + 1, len(placed)):
            other = placed[later][0]
            north_m = math.radians(other.latitude - one.latitude) * shapes.SMALLEST_RADIUS_M
            if north_m > one.reach_m + widest + 2 * GAP_M:
                break
            if lead(index) != lead(later) and _apart(one, other) <= one.reach_m + other.reach_m + 2 * GAP_M:
                leader[lead(later)] = lead(index)
    groups: defaultdict[int, list[tuple[Spot, UUID]]] = defaultdict(list)
    for index, found in enumerate(placed):
        groups[lead(index)].append(found)
    return groups.values()


def _different(spots: Sequence[Spot]) -> int:
    """How many places these are: many operations at one address are one."""
    kept: list[Spot] = []
    for one in spots:
        if not any(_apart(one, other) <= SAME_PLACE * min(one.reach_m, other.reach_m) for other in kept):
            kept.append(one)
            if len(kept) == TILES_COUNTED:
                break
    return len(kept)


TILES_COUNTED = 200
"""A group is not counted further than this."""


def _apart(one: Spot, other: Spot) -> float:
    """Metres on a sphere: half a percent off is nothing here, and it is asked very often."""
    south, north = math.radians(one.latitude), math.radians(other.latitude)
    east = math.radians(other.longitude - one.longitude)
    half = math.sin((north - south) / 2) ** 2 + math.cos(south) * math.cos(north) * math.sin(east / 2) ** 2
    return 2 * shapes.SMALLEST_RADIUS_M * math.asin(math.sqrt(min(1.0, half)))


# --- in words --------------------------------------------------------------------------------------------------------


def reason(flag: Flag) -> str:
    """The flag in one plain sentence with its figures."""
    return _SENTENCES[flag.kind](flag.figures)


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _dropped_words(figures: Mapping[str, Any]) -> str:
    said = _("{n} operations were cancelled or ended within {minutes} min of their answer.")
    return said.format(n=figures["n"], minutes=figures["minutes"])


def _stepwise_words(figures: Mapping[str, Any]) -> str:
    said = ngettext(
        "{n} edits moved or resized the place of {operations} operation, by up to {most} km.",
        "{n} edits moved or resized the places of {operations} operations, by up to {most} km.",
        figures["operations"],
    )
    return said.format(n=figures["n"], operations=figures["operations"], most=f"{figures['most_m'] / 1000:.1f}")


def _unused_words(figures: Mapping[str, Any]) -> str:
    said = _("{n} of {of} operations were cancelled or ended before they had begun.")
    return said.format(n=figures["n"], of=figures["of"])


def _cluster_words(figures: Mapping[str, Any]) -> str:
    said = ngettext(
        "{n} places of {operations} operation lie side by side, like tiles.",
        "{n} places of {operations} operations lie side by side, like tiles.",
        figures["operations"],
    )
    return said.format(n=figures["n"], operations=figures["operations"])


def _area_words(figures: Mapping[str, Any]) -> str:
    said = _("{asked} km² × hours were asked in seven days; the budget is {budget}.")
    return said.format(asked=_number(figures["asked"]), budget=_number(figures["budget"]))


def _subject_words(figures: Mapping[str, Any]) -> str:
    said = _("{asked} subjects were asked in seven days; the budget is {budget}.")
    return said.format(asked=_number(figures["asked"]), budget=_number(figures["budget"]))


def _beyond_words(figures: Mapping[str, Any]) -> str:
    said = _("{n} operations were longer, wider or larger than their type.")
    return said.format(n=figures["n"])


def _volume_words(figures: Mapping[str, Any]) -> str:
    said = ngettext(
        "{n} operations were registered within a day.",
        "{n} operations were registered within {days} days.",
        figures["days"],
    )
    return said.format(n=figures["n"], days=figures["days"])


_SENTENCES = {
    Kind.DROPPED_AFTER_ANSWER: _dropped_words,
    Kind.STEPWISE: _stepwise_words,
    Kind.UNUSED: _unused_words,
    Kind.CLUSTER: _cluster_words,
    Kind.AREA_TIME: _area_words,
    Kind.SUBJECTS: _subject_words,
    Kind.BEYOND_TYPE: _beyond_words,
    Kind.VOLUME: _volume_words,
}


# --- a map for another agency's desk ---------------------------------------------------------------------------------

CELL_DEGREES = 0.02
"""Of latitude: 2.2 km."""


def masked(box: Box) -> Box:
    """The cells of a fixed grid that hold the box: at least 2 km each way, wherever its middle lies (section 7)."""
    south = math.floor(box.min_lat / CELL_DEGREES) * CELL_DEGREES
    north = (math.floor(box.max_lat / CELL_DEGREES) + 1) * CELL_DEGREES
    pole = min(max(abs(south), abs(north)), 89.0)
    # One width for a band of five degrees, so that the grid does not follow the place.
    band = min(5 * math.ceil(pole / 5), 89)
    width = CELL_DEGREES / math.cos(math.radians(band))
    west = math.floor(box.min_lon / width) * width
    east = (math.floor(box.max_lon / width) + 1) * width
    return Box(west, south, east, north)
