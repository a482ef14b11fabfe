"""What an auditor reads: the trail of the own agency, or, as the node's auditor, all of it."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Min, QuerySet
from django.utils.dateparse import parse_date

from vigil.core.actor import Actor
from vigil.core.permissions import Role
from vigil.platform.accounts.models import ApiToken, User
from vigil.platform.agencies.models import Agency
from vigil.platform.audit import sealer, wrong_tokens
from vigil.platform.audit.models import AuditRecord, AuditReview, AuditSeal
from vigil.platform.audit.patterns import Act, Pattern, is_night, patterns
from vigil.platform.glass.access import USED, visible_accesses
from vigil.platform.glass.queries import Access, told_of

READ = "audit.record.read"
WEEK = timedelta(days=7)
BEFORE = timedelta(days=28)
"""So far back it is looked who works at night."""
PER_PAGE = 100
KEPT = timedelta(days=365)
"""The trail is kept at least so long (CJIS 5.9.5, AU-11); nothing in the product removes a record."""
BYTES_A_RECORD = 1_000
"""Of disk for one record with its link and its indexes, rounded up from 633 measured on SQLite."""


def visible_records(actor: Actor) -> QuerySet[AuditRecord]:
    """The records that the auditor may read."""
    actor.require(READ)
    if Role.NODE_AUDITOR in actor.roles:
        return AuditRecord.objects.all()
    return AuditRecord.objects.filter(agency_id__in=[actor.agency_id])


# --- the week --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unusual:
    """One pattern with the names of person and agency as they are now."""

    pattern: Pattern
    person: str
    agency: str


@dataclass(frozen=True, slots=True)
class WrongTokens:
    """Wrong API tokens of one source in the week; `token` names the one they began like, where there is one."""

    source: str
    token: str
    count: int
    hours: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Room:
    """How much the trail holds, on the disk too, and how long that lasts; `years` None where nothing is added."""

    records: int
    bytes_held: int
    waiting: int
    since: datetime | None
    a_day: float
    free_bytes: int
    years: float | None

    @property
    def is_enough(self) -> bool:
        """Whether the disk lasts for the time that records are kept."""
        return self.years is None or self.years * 365 >= KEPT.days


@dataclass(frozen=True, slots=True)
class Review:
    """The last seven days for the auditor."""

    since: datetime
    until: datetime
    emergencies: Sequence[Access]
    unusual: Sequence[Unusual]
    wrong_tokens: Sequence[WrongTokens]
    acts: int
    people: int
    reviewed: AuditReview | None
    room: Room

    @property
    def is_due(self) -> bool:
        """Whether nobody has signed a review within the week."""
        return self.reviewed is None or self.reviewed.at < self.since


def review(actor: Actor, now: datetime) -> Review:
    """What the weekly review shows."""
    records, since = visible_records(actor), now - WEEK
    columns = ("at", "actor_id", "agency_id", "verb", "outcome", "object_ids")
    acts = [Act(*row) for row in records.filter(at__gte=since, at__lte=now).order_by("at", "pk").values_list(*columns)]
    found = patterns(acts, _at_night(records, since), _zones())
    return Review(
        since,
        now,
        _emergencies(actor, acts, since, now),
        _named(found),
        _wrong_tokens(records.filter(verb=wrong_tokens.VERB, at__gte=since, at__lte=now)),
        len(acts),
        len({act.actor_id for act in acts if act.actor_id}),
        _reviews(actor).order_by("-at").first(),
        room(now),
    )


def _emergencies(actor: Actor, acts: Sequence[Act], since: datetime, now: datetime) -> list[Access]:
    pages = Counter(str(act.objects.get("glass")) for act in acts if act.verb == USED)
    return told_of(actor, visible_accesses(actor).filter(ends_at__gt=since), now, pages)


def _wrong_tokens(found: QuerySet[AuditRecord]) -> list[WrongTokens]:
    hours: dict[tuple[str, str], list[tuple[int, datetime]]] = defaultdict(list)
    for one in found.order_by("pk"):
        key = one.source, one.object_ids.get("token", "")
        hours[key].append((int(one.object_ids["times"]), datetime.fromisoformat(one.object_ids["hour"])))
    names = dict(ApiToken.objects.filter(pk__in={token for _, token in hours if token}).values_list("pk", "name"))
    rows = [
        WrongTokens(
            source, names.get(UUID(token), "") if token else "", sum(n for n, _ in seen), len(seen), seen[-1][1]
        )
        for (source, token), seen in hours.items()
    ]
    return sorted(rows, key=lambda row: -row.count)


def _zones() -> dict[UUID, str]:
    return {key: zone for key, zone in Agency.objects.values_list("pk", "time_zone") if zone}


def _at_night(records: QuerySet[AuditRecord], since: datetime) -> frozenset[UUID]:
    zones = _zones()
    before = records.filter(at__gte=since - BEFORE, at__lt=since)
    return frozenset(
        person
        for person, agency, at in before.values_list("actor_id", "agency_id", "at").iterator()
        if person and agency in zones and is_night(at, zones[agency])
    )


def _named(found: Sequence[Pattern]) -> list[Unusual]:
    people = {user.pk: str(user) for user in User.objects.filter(pk__in={one.person for one in found})}
    agencies = {agency.pk: agency.label for agency in Agency.objects.filter(pk__in={one.agency_id for one in found})}
    return [
        Unusual(one, people.get(one.person, str(one.person)), agencies.get(one.agency_id, "") if one.agency_id else "")
        for one in found
    ]


def _reviews(actor: Actor) -> QuerySet[AuditReview]:
    return AuditReview.objects.filter(agency_id=scope_of(actor))


def scope_of(actor: Actor) -> UUID | None:
    """The agency whose trail the auditor reviews; None: the node's."""
    return None if Role.NODE_AUDITOR in actor.roles else actor.agency_id


def room(now: datetime) -> Room:
    """How much there is, and how long it goes on like the last four weeks."""
    records, lately = AuditRecord.objects.count(), AuditRecord.objects.filter(at__gte=now - BEFORE).count()
    since = AuditRecord.objects.aggregate(first=Min("at"))["first"]
    days = max(1.0, min(BEFORE, now - since) / timedelta(days=1)) if since else 1.0
    free = shutil.disk_usage(Path(settings.VIGIL_DATA_DIR)).free
    years = free / (lately / days * BYTES_A_RECORD) / 365 if lately else None
    return Room(records, _bytes_held(records), sealer.unsealed().count(), since, lately / days, free, years)


def _bytes_held(records: int) -> int:
    """What records and links take on the disk with their indexes: as PostgreSQL says, else by `BYTES_A_RECORD`."""
    if connection.vendor != "postgresql":
        return records * BYTES_A_RECORD
    tables = [model._meta.db_table for model in (AuditRecord, AuditSeal)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(%s) + pg_total_relation_size(%s)", tables)
        held: int = cursor.fetchone()[0]
    return held


# --- the records -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filters:
    """What is looked for: words of the person's name, a leading part of the act, an outcome, days (UTC)."""

    person: str = ""
    verb: str = ""
    outcome: str = ""
    first: date | None = None
    last: date | None = None

    @classmethod
    def read(cls, raw: Mapping[str, str]) -> Filters:
        """From a form; what cannot be read is not looked for."""
        return cls(
            raw.get("person", "").replace("\x00", "").strip()[:100],
            raw.get("verb", "").replace("\x00", "").strip()[:80],
            raw.get("outcome", "") if raw.get("outcome", "") in OUTCOMES else "",
            _day(raw.get("first", "")),
            _day(raw.get("last", "")),
        )


OUTCOMES = ("done", "refused", "not_found", "stale")


def _day(text: str) -> date | None:
    try:
        return parse_date(text.strip())
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Records:
    """One page of the trail, newest first; `page` from 1."""

    rows: Sequence[AuditRecord]
    total: int
    page: int
    pages: int


def records(actor: Actor, filters: Filters, page: int = 1) -> Records:
    """The records that the auditor may read and asked for."""
    found = filtered(visible_records(actor), filters)
    total = found.count()
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(page, 1), pages)
    start = (page - 1) * PER_PAGE
    return Records(list(found.order_by("-pk")[start : start + PER_PAGE]), total, page, pages)


def filtered(found: QuerySet[AuditRecord], filters: Filters) -> QuerySet[AuditRecord]:
    """Of these records those that are asked for."""
    midnight = time(tzinfo=UTC)
    if filters.person:
        found = found.filter(actor_name__icontains=filters.person)
    if filters.verb:
        found = found.filter(verb__startswith=filters.verb)
    if filters.outcome:
        found = found.filter(outcome=filters.outcome)
    if filters.first:
        found = found.filter(at__gte=datetime.combine(filters.first, midnight))
    if filters.last:
        found = found.filter(at__lt=datetime.combine(filters.last + timedelta(days=1), midnight))
    return found
