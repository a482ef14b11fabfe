"""What the page of the purge shows an administrator: what was removed when, what is due next, what is held and why.

An agency's administrator reads of their own agency, without its silent operations; the node's reads of all. Numbers
and references, never a place, a person or a case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef

from vigil.apps.deconfliction.models import Operation, PurgeRun, Site, Subject
from vigil.apps.deconfliction.past import purge
from vigil.apps.deconfliction.plan import Disclosure
from vigil.core.actor import Actor
from vigil.core.permissions import Role
from vigil.platform.agencies.models import Agency
from vigil.platform.agencies.retention import Retention, retention_of

DAYS_AHEAD = 14
MOST_SHOWN = 100
COLUMNS = ("places", "subjects", "record", "drafts", "imports")


@dataclass(frozen=True, slots=True)
class Run:
    """One purge: of how many operations what was removed, of the reader's agency or agencies."""

    started_at: datetime
    finished_at: datetime | None
    by: str
    counts: Mapping[str, int]

    @property
    def cells(self) -> tuple[int, ...]:
        """The counts in the order of the table."""
        return tuple(self.counts.get(name, 0) for name in COLUMNS)


@dataclass(frozen=True, slots=True)
class Overview:
    """`due_next` has a line a day that has anything: the day, operations whose places, and whose subjects, are due."""

    kept: tuple[tuple[str, Retention], ...]
    runs: tuple[Run, ...]
    due_next: tuple[tuple[date, int, int], ...]
    held: tuple[purge.Held, ...]
    legal_holds: tuple[str, ...]


def overview(actor: Actor, zone: str, now: datetime) -> Overview:
    """Everything of the page; days are those of the zone."""
    actor.require("deconfliction.purge.read")
    agencies = _agencies(actor)
    keys = {agency.pk for agency in agencies}
    return Overview(
        kept=tuple((agency.label, retention_of(agency.rules)) for agency in agencies),
        runs=tuple(_runs(actor, keys)),
        due_next=_due_next(actor, agencies, zone, now),
        held=tuple(held for held in purge.plan(now).held if _may_see(actor, held, keys)),
        legal_holds=tuple(
            purge.holdable(actor).filter(legal_hold=True).order_by("reference").values_list("reference", flat=True)
        ),
    )


def _agencies(actor: Actor) -> list[Agency]:
    served = Agency.objects.filter(is_served=True)
    return list(served if Role.NODE_ADMIN in actor.roles else served.filter(pk__in=[actor.agency_id]))


def _sees_silent(actor: Actor) -> bool:
    return Role.NODE_ADMIN in actor.roles


def _may_see(actor: Actor, held: purge.Held, agencies: set[UUID]) -> bool:
    return held.agency_id in agencies and (held.disclosure != Disclosure.SILENT.value or _sees_silent(actor))


def _runs(actor: Actor, agencies: Iterable[UUID]) -> Iterable[Run]:
    kinds = ("", purge.SILENT) if _sees_silent(actor) else ("",)
    wanted = {f"{key}{kind}" for key in agencies for kind in kinds}
    shown = 0
    for row in PurgeRun.objects.order_by("-started_at").iterator():
        own = [counts for key, counts in row.by_agency.items() if key in wanted]
        if own and shown < MOST_SHOWN:
            shown += 1
            counts: Counter[str] = Counter()
            for one in own:
                counts.update(one)
            yield Run(row.started_at, row.finished_at, row.actor_name, counts)


def _due_next(actor: Actor, agencies: Iterable[Agency], zone: str, now: datetime) -> tuple[tuple[date, int, int], ...]:
    places: Counter[date] = Counter()
    subjects: Counter[date] = Counter()
    for agency in agencies:
        kept = retention_of(agency.rules)
        own = Operation.objects.filter(agency=agency)
        if not _sees_silent(actor):
            own = own.exclude(disclosure=Disclosure.SILENT.value)
        for model, column, days, counted in (
            (Site, "window_end", kept.places, places),
            (Subject, "ends_at", kept.subjects + purge.SUBJECT_MARGIN, subjects),
        ):
            rows: Any = own.filter(Exists(model._default_manager.filter(revision__operation=OuterRef("pk"))))
            ahead = {f"{column}__gt": now - days, f"{column}__lte": now - days + timedelta(days=DAYS_AHEAD)}
            for end in rows.filter(**ahead).values_list(column, flat=True):
                counted[(end + days).astimezone(ZoneInfo(zone)).date()] += 1
    return tuple((day, places[day], subjects[day]) for day in sorted({*places, *subjects}))
