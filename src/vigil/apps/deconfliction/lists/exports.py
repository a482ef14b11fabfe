"""Own operations taken out as map files: an act with a permission and an audit record, from the filter of the list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from vigil.apps.deconfliction import access, plan_rows, queries
from vigil.apps.deconfliction.models import Site
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.engine.formats import kml
from vigil.platform.actions import action, concerns, detail

FORMATS = {
    "kml": ("application/vnd.google-earth.kml+xml", kml.kml),
    "geojson": ("application/geo+json", kml.geojson),
}
"""Each with its media type and its writer."""
AT_ONCE = 500


@action("deconfliction.operation.export")
def export_operations(actor: Actor, kind: str, wanted: queries.OperationFilter, now: datetime) -> bytes:
    """The sites of every operation that the filter gives the actor, `kml` or `geojson`. Never another agency's."""
    if kind not in FORMATS:
        raise NotFound
    rows = {row.id: row for row in _every(actor, wanted, now)}
    return _written(actor, kind, rows)


@action("deconfliction.operation.export")
def export_chosen(actor: Actor, kind: str, ids: Sequence[UUID], now: datetime) -> bytes:
    """As `export_operations`, of single operations; those that the actor does not see are left out."""
    if kind not in FORMATS:
        raise NotFound
    rows = {row.id: row for row in queries.rows_of(actor, ids, now)}
    return _written(actor, kind, rows)


def _written(actor: Actor, kind: str, rows: dict[UUID, queries.OperationRow]) -> bytes:
    content = FORMATS[kind][1](list(_sites(actor, rows)))
    concerns(operations=list(rows))
    detail(kind=kind, count=len(rows), size=len(content))
    return content


@action("deconfliction.operation.export")
def export_table(
    actor: Actor, ids: Sequence[UUID], now: datetime, write: Callable[[Iterable[queries.OperationRow]], bytes]
) -> bytes:
    """The lines of single operations as `write` puts them; those that the actor does not see are left out."""
    rows = queries.rows_of(actor, ids, now)
    content = write(rows)
    concerns(operations=[row.id for row in rows])
    detail(kind="csv", count=len(rows), size=len(content))
    return content


@action("deconfliction.operation.export")
def record_table(actor: Actor, table: str, wanted: str, size: int) -> None:
    """A list is taken out as CSV of so many bytes: which one, and by which filter, stands in the record's digest."""
    detail(kind="csv", table=table, filter=wanted, size=size)


def _every(actor: Actor, wanted: queries.OperationFilter, now: datetime) -> Iterator[queries.OperationRow]:
    wanted = replace(wanted, limit=AT_ONCE, cursor="")
    while True:
        found = queries.operation_list(actor, wanted, now)
        yield from found.rows
        if not found.next_cursor:
            return
        wanted = replace(wanted, cursor=found.next_cursor)


def _sites(actor: Actor, rows: dict[UUID, queries.OperationRow]) -> Iterator[kml.ExportedSite]:
    ids = list(rows)
    for begin in range(0, len(ids), AT_ONCE):
        seen = access.visible_operations(actor).filter(pk__in=ids[begin : begin + AT_ONCE]).values_list("pk", flat=True)
        stored = Site.objects.filter(revision__operation_id__in=list(seen)).select_related("revision")
        for site in stored.order_by("revision__operation_id", "ordinal"):
            row = rows[site.revision.operation_id]
            if site.revision.number == row.revision:
                yield kml.ExportedSite(
                    row.reference, row.operation_type, row.status, plan_rows.place_of(site), plan_rows.stored_site(site)
                )
