"""Beginning, finishing and removing an import. The rows between are written by `loading`, in pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from vigil.core.actor import Actor
from vigil.core.errors import Conflict, Invalid, NotFound
from vigil.platform.actions import action, concerns, detail
from vigil.platform.gazetteer.models import Source
from vigil.platform.jobs.queue import enqueue

LONGEST_SOURCE = 100


@dataclass(frozen=True, slots=True)
class Counts:
    """What an import brought; bounds are west, south, east, north in degrees."""

    segments: int
    points: int
    streets: int
    refused: int
    bounds: tuple[float, float, float, float]


@action("gazetteer.source.edit")
def begin_import(actor: Actor, name: str, files: Sequence[str], now: datetime) -> Source:
    """A source to load into; nobody finds its streets yet. What a broken import of this name left is given up."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_SOURCE:
        sentence = _("Name the source in at most {n} characters, e.g. TIGER 2025.").format(n=LONGEST_SOURCE)
        raise Invalid.at("source", sentence=sentence)
    Source.objects.filter(name=name, state=Source.State.LOADING).update(state=Source.State.REMOVED)
    source = Source.objects.create(name=name, files=list(files), imported_at=now)
    concerns(source=source.pk)
    return source


@action("gazetteer.source.edit")
def finish_import(actor: Actor, source: Source, counts: Counts, has_tiles: bool) -> None:
    """Let the loaded streets be found, in place of those that were imported under the same name before."""
    if not Source.objects.filter(pk=source.pk, state=Source.State.LOADING).exists():
        raise Conflict(_("Another import of {name} began meanwhile and counts instead.").format(name=source.name))
    Source.objects.filter(name=source.name, state=Source.State.READY).update(state=Source.State.REMOVED)
    source.state = Source.State.READY
    source.segment_count, source.point_count, source.street_count = counts.segments, counts.points, counts.streets
    source.refused_count, source.bounds, source.has_tiles = counts.refused, list(counts.bounds), has_tiles
    source.save()
    concerns(source=source.pk)
    detail(name=source.name, segments=counts.segments, points=counts.points)
    enqueue("gazetteer.purge")


@action("gazetteer.source.edit")
def remove_source(actor: Actor, name: str) -> None:
    """No longer find a source's streets; its rows and its map layer are taken out by the worker."""
    source = Source.objects.filter(name=name, state=Source.State.READY).first()
    if source is None:
        raise NotFound(_("There is no source of streets named {name}.").format(name=name))
    source.state = Source.State.REMOVED
    source.save(update_fields=["state"])
    concerns(source=source.pk)
    enqueue("gazetteer.purge")
