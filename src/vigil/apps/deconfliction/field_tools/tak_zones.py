"""What stands on an agency's TAK server now: its own operations' zones, and masked areas of the other side.

Own operations alone, never a silent one, from some hours before the window begins to its end. Of the other side of a
conflict, where its owner discloses type and contact, the masked area (`engine.masking`, specification 7). No subject,
case, address or objective.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, QuerySet

from vigil.apps.deconfliction import access, cards
from vigil.apps.deconfliction.models import (
    ConflictSide,
    Operation,
    Revision,
    Site,
    Standing,
    Status,
    TakServer,
)
from vigil.apps.deconfliction.plan import Disclosure
from vigil.apps.deconfliction.plan_rows import contacts_of, stored_site
from vigil.core.actor import system
from vigil.engine.formats.cot import Zone, argb, shape_of
from vigil.engine.masking import masked_area
from vigil.engine.operation import Mode
from vigil.platform.agencies.models import this_node

TAK = system("tak")
LAPSED = (Status.DRAFT, Status.CANCELLED)
OWN, OTHER, EXERCISE = 0x0050D8, 0xC05600, 0x54278F
"""The colours of the map's own zones and of what needs a call (interface, *Colour roles*); violet for an exercise."""


def zones(server: TakServer, now: datetime) -> dict[str, Zone]:
    """By their uid, which stays the same as long as the site is the same one of the same operation."""
    soon = now + timedelta(hours=server.hours_ahead)
    shown = access.visible_operations(TAK).filter(
        agency_id=server.agency_id, window_start__lte=soon, window_end__gt=now, purged_at__isnull=True
    )
    shown = shown.exclude(status__in=LAPSED).exclude(disclosure=Disclosure.SILENT.value)
    drawn = {zone.uid: zone for zone in _own(shown, now)}
    if server.masked_areas:
        drawn |= {zone.uid: zone for zone in _masked(shown, now)}
    return drawn


def _own(shown: Iterable[Operation], now: datetime) -> Iterator[Zone]:
    operations = {one.pk: one for one in shown}
    for site in _current_sites(list(operations)):
        if site.ends_at + timedelta(minutes=site.buffer_after_min) <= now:
            continue
        operation = operations[site.revision.operation_id]
        circle, outline = shape_of(stored_site(site))
        yield Zone(
            uid=f"vigil.{operation.pk}.{site.ordinal}",
            callsign=_marked(operation, operation.reference),
            remarks=f"{cards.type_label(operation.operation_type, operation.mode)}, {_times(site)}.",
            circle=circle,
            outline=outline,
            **_colours(operation, OWN, 40),
        )


def _masked(shown: Iterable[Operation], now: datetime) -> Iterator[Zone]:
    own = [one.pk for one in shown]
    stands = {"conflict__standing": Standing.OPEN, "conflict__overlap_end__gt": now, "conflict__owner_only": False}
    ours = ConflictSide.objects.filter(own_operation_id__in=own, told=True, **stands).exclude(conflict__band="")
    others = ConflictSide.objects.filter(
        conflict__in=ours.values("conflict_id"),
        own_operation__disclosure=Disclosure.TYPE_AND_CONTACT.value,
        own_operation__purged_at__isnull=True,
    ).exclude(own_operation_id__in=own)
    sides = {side.own_operation_id: side for side in others.select_related("own_operation__agency")}
    for site in _current_sites(list(sides)):
        side = sides[site.revision.operation_id]
        other = side.own_operation
        assert other is not None
        yield Zone(
            uid=f"vigil.{side.conflict_id}.{side.pk}.{site.ordinal}",
            callsign=_marked(other, f"Call {other.agency.label}"),
            remarks=_whom_to_call(other, site.revision),
            circle=None,
            outline=masked_area(stored_site(site).geometry),
            **_colours(other, OTHER, 20),
        )


def _current_sites(operations: Sequence[UUID | None]) -> QuerySet[Site]:
    current = {"revision__operation_id__in": operations, "revision__number": F("revision__operation__revision")}
    return Site.objects.filter(**current).select_related("revision")


def _colours(operation: Operation, live: int, alpha: int) -> dict[str, int]:
    colour = live if operation.mode == Mode.LIVE else EXERCISE
    return {"stroke": argb(255, colour), "fill": argb(alpha, colour)}


def _whom_to_call(other: Operation, revision: Revision) -> str:
    people = cards.people(contacts_of(revision), other.agency, this_node())
    called = "; ".join(f"{one.name} {one.phone}".strip() for one in people if one.phone)
    return f"{cards.type_label(other.operation_type, other.mode)}. Somewhere in this area, not its middle. {called}"


def _marked(operation: Operation, text: str) -> str:
    """What is no live operation says so first, on every device."""
    word = cards.mode_word(operation.mode).upper()
    return f"{word} {text}" if word else text


def _times(site: Site) -> str:
    return f"{site.starts_wall[:16]} to {site.ends_wall[:16]} {site.zone}"
