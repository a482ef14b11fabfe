"""What is unusual in a week of the trail. Pure: acts in, patterns out.

A pattern accuses nobody. It says where an auditor looks first: a busy desk reads much, a night shift works at night.
The figures are ours; CJIS 5.9.5 (AU-6) asks for a weekly review, not for these.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

PROBES = 3
"""Operations that the same person registered and cancelled within `PROBE_LASTS`."""
PROBE_LASTS = timedelta(hours=1)
GUESSES = 10
"""Answers that there is nothing there that the person may see."""
REFUSALS = 10
READS_IN_AN_HOUR = 40
"""Different objects read within one hour of the clock."""
EXPORTS = 5
NIGHT_ACTS = 5
NIGHT = frozenset({23, 0, 1, 2, 3, 4})
"""Hours of the agency's clock, for whoever did nothing in them in the weeks before."""
FAILED_LOGINS = 5

LOGIN = "accounts.session.begin"


class Kind(StrEnum):
    """What is unusual; the gravest first."""

    PROBES = "probes"
    MASS_READS = "mass_reads"
    GUESSES = "guesses"
    EXPORTS = "exports"
    ODD_HOURS = "odd_hours"
    FAILED_LOGINS = "failed_logins"
    REFUSALS = "refusals"


@dataclass(frozen=True, slots=True)
class Act:
    """One record, as far as it is looked at."""

    at: datetime
    actor_id: UUID | None
    agency_id: UUID | None
    verb: str
    outcome: str
    objects: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Something unusual of one person: how often, from when to when."""

    kind: Kind
    person: UUID
    agency_id: UUID | None
    count: int
    first: datetime
    last: datetime


def patterns(acts: Iterable[Act], at_night_before: frozenset[UUID], zones: Mapping[UUID, str]) -> list[Pattern]:
    """The patterns of these acts, which come in the order of time.

    `at_night_before`: people who acted at night in the weeks before. `zones`: the time zone of each agency.
    """
    found: dict[tuple[Kind, UUID, UUID | None], list[datetime]] = defaultdict(list)
    registered: dict[tuple[UUID, object], datetime] = {}
    read: set[tuple[UUID, datetime, object]] = set()
    for act in acts:
        person = act.actor_id or _account(act)
        if person is None:
            continue
        for kind in _kinds(act, person, registered, read):
            found[kind, person, act.agency_id].append(act.at)
        zone = zones.get(act.agency_id) if act.agency_id else None
        if zone and person not in at_night_before and is_night(act.at, zone):
            found[Kind.ODD_HOURS, person, act.agency_id].append(act.at)
    seen = (_judged(kind, person, agency, times) for (kind, person, agency), times in found.items())
    order = list(Kind)
    return sorted((one for one in seen if one), key=lambda one: (order.index(one.kind), -one.count, one.first))


def is_night(at: datetime, zone: str) -> bool:
    """Whether the agency's clock showed an hour of the night."""
    return at.astimezone(ZoneInfo(zone)).hour in NIGHT


def _account(act: Act) -> UUID | None:
    """Whose login failed: nobody acted, the account is what the record is about."""
    user = act.objects.get("user")
    return UUID(str(user)) if act.verb == LOGIN and user else None


def _kinds(
    act: Act,
    person: UUID,
    registered: dict[tuple[UUID, object], datetime],
    read: set[tuple[UUID, datetime, object]],
) -> Iterable[Kind]:
    if act.outcome == "not_found":
        yield Kind.GUESSES
    if act.outcome == "refused":
        yield Kind.FAILED_LOGINS if act.verb == LOGIN else Kind.REFUSALS
    if act.outcome != "done":
        return
    noun, verb = act.verb.split(".")[-2:]
    about = act.objects.get(noun)
    if verb == "register" and about:
        registered[person, about] = act.at
    if verb == "cancel" and act.at - registered.get((person, about), datetime.min.replace(tzinfo=act.at.tzinfo)) <= (
        PROBE_LASTS
    ):
        yield Kind.PROBES
    if verb == "export":
        yield Kind.EXPORTS
    if verb == "read" and about:
        look = person, act.at.replace(minute=0, second=0, microsecond=0), about
        if look not in read:
            read.add(look)
            yield Kind.MASS_READS


LEAST = {
    Kind.PROBES: PROBES,
    Kind.GUESSES: GUESSES,
    Kind.REFUSALS: REFUSALS,
    Kind.EXPORTS: EXPORTS,
    Kind.ODD_HOURS: NIGHT_ACTS,
    Kind.FAILED_LOGINS: FAILED_LOGINS,
}


def _judged(kind: Kind, person: UUID, agency_id: UUID | None, times: list[datetime]) -> Pattern | None:
    if kind is Kind.MASS_READS:
        (hour, count), *_ = Counter(at.replace(minute=0, second=0, microsecond=0) for at in times).most_common(1)
        times = [at for at in times if at.replace(minute=0, second=0, microsecond=0) == hour]
        if count < READS_IN_AN_HOUR:
            return None
    elif len(times) < LEAST[kind]:
        return None
    return Pattern(kind, person, agency_id, len(times), times[0], times[-1])
