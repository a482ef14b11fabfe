"""Bringing files of streets in: read one after the other, written in pieces, found only once everything is there.

Each piece is a transaction of its own that lasts some hundredths of a second, so that operations are registered
meanwhile. An import that breaks leaves what was there before, untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.db import connection

from vigil.core.actor import Actor
from vigil.core.errors import Unavailable
from vigil.engine.formats.tabular import BadRow, UnusableInput
from vigil.platform.gazetteer import tiles
from vigil.platform.gazetteer.actions import Counts, begin_import, finish_import
from vigil.platform.gazetteer.addresses import key_of
from vigil.platform.gazetteer.formats import House, Line, Side, Streets, open_streets
from vigil.platform.gazetteer.lines import Vertex, pack
from vigil.platform.gazetteer.models import AddressPoint, Segment, Source, Street
from vigil.platform.turns import writing

PIECE = 500
KEPT_BAD_ROWS = 20

Progress = Callable[[str, int, int | None], None]
"""Called now and then with a file's name, the features read of it, and how many it has where that is known."""


@dataclass(slots=True)
class Outcome:
    """What the files brought, or would bring; `layer` says why the map layer was left out, empty where it was made."""

    segments: int = 0
    points: int = 0
    streets: int = 0
    left_out: int = 0
    refused: int = 0
    bad_rows: list[tuple[str, BadRow]] = field(default_factory=list)
    """The first of them, each with its file's name."""
    bounds: tuple[float, float, float, float] | None = None
    layer: str = ""

    def take(self, name: str, row: Line | House | BadRow) -> None:
        """Count a row."""
        if isinstance(row, BadRow):
            self.refused += 1
            if len(self.bad_rows) < KEPT_BAD_ROWS:
                self.bad_rows.append((name, row))
            return
        if isinstance(row, Line):
            self.segments += 1
            vertices = row.vertices
        else:
            self.points += 1
            vertices = [row.place]
        self._widen(vertices)

    def _widen(self, vertices: Sequence[Vertex]) -> None:
        west, south, east, north = self.bounds or (180.0, 90.0, -180.0, -90.0)
        for longitude, latitude in vertices:
            west, east = min(west, longitude), max(east, longitude)
            south, north = min(south, latitude), max(north, latitude)
        self.bounds = (west, south, east, north)


def look(files: Sequence[Path], progress: Progress) -> Outcome:
    """Read everything and write nothing.

    Raises:
        Unavailable: a file cannot be read.
    """
    outcome = Outcome()
    for _ in _pieces(files, outcome, progress):
        pass
    return outcome


def load(actor: Actor, name: str, files: Sequence[Path], now: datetime, progress: Progress) -> Outcome:
    """Import the files as the source of this name, in place of an earlier one.

    Raises:
        Unavailable: a file cannot be read, or none has a usable row; what was there before stays.
    """
    source = begin_import(actor, name, [file.name for file in files], now)
    outcome = Outcome()
    try:
        for rows in _pieces(files, outcome, progress):
            with writing():
                _write(source, rows)
        if outcome.bounds is None:
            raise Unavailable("No street or address was found in this. What was imported before stays as it is.")
        outcome.streets = Street.objects.filter(source=source).count()
        progress("map layer", 0, None)
        outcome.layer = tiles.make(source)
        counts = Counts(outcome.segments, outcome.points, outcome.streets, outcome.refused, outcome.bounds)
        finish_import(actor, source, counts, has_tiles=not outcome.layer)
        _refresh_statistics()
    except BaseException:
        Source.objects.filter(pk=source.pk, state=Source.State.LOADING).update(state=Source.State.REMOVED)
        raise
    finally:
        purge()
    return outcome


def _refresh_statistics() -> None:
    # Without them the database may not know yet that a street has few segments.
    with connection.cursor() as cursor:
        for model in (Street, Segment, AddressPoint):
            cursor.execute(f"ANALYZE {model._meta.db_table}")


def _pieces(files: Sequence[Path], outcome: Outcome, progress: Progress) -> Iterator[list[Line | House]]:
    for file in files:
        try:
            with open_streets(file) as opened:
                yield from _pieces_of(file.name, opened, outcome, progress)
                outcome.left_out += opened.left_out
        except UnusableInput as error:
            raise Unavailable(str(error)) from None


def _pieces_of(name: str, opened: Streets, outcome: Outcome, progress: Progress) -> Iterator[list[Line | House]]:
    read = 0
    while rows := list(islice(opened.rows, PIECE)):
        for row in rows:
            outcome.take(name, row)
        read += len(rows)
        yield [row for row in rows if not isinstance(row, BadRow)]
        progress(name, read + opened.left_out, opened.total)


def _write(source: Source, rows: Sequence[Line | House]) -> None:
    names = {key_of(row.name): row.name for row in rows}
    Street.objects.bulk_create(
        [Street(source=source, key=key, name=name) for key, name in names.items()], ignore_conflicts=True
    )
    streets = dict(Street.objects.filter(source=source, key__in=names).values_list("key", "pk"))
    lines = [row for row in rows if isinstance(row, Line)]
    Segment.objects.bulk_create([_segment(streets[key_of(row.name)], row) for row in lines])
    houses = [row for row in rows if isinstance(row, House)]
    AddressPoint.objects.bulk_create([_point(streets[key_of(row.name)], row) for row in houses])


def _segment(street_id: int, row: Line) -> Segment:
    return Segment(
        street_id=street_id,
        line=pack(row.vertices),
        rank=row.rank,
        town=row.town,
        **_columns("left", row.left),
        **_columns("right", row.right),
    )


def _columns(name: str, side: Side) -> dict[str, str | int | None]:
    first, last, zip_code = side
    return {
        f"{name}_prefix": first.prefix if first else "",
        f"{name}_from": first.value if first else None,
        f"{name}_to": last.value if last else None,
        f"{name}_zip": zip_code,
    }


def _point(street_id: int, row: House) -> AddressPoint:
    return AddressPoint(
        street_id=street_id,
        number=row.number.text,
        prefix=row.number.prefix,
        value=row.number.value,
        longitude=row.place[0],
        latitude=row.place[1],
        town=row.town,
        zip_code=row.zip_code,
    )


def purge() -> None:
    """Take out the rows and map layers of removed sources, in pieces. Harmless to repeat or to interrupt."""
    for source in Source.objects.filter(state=Source.State.REMOVED):
        tiles.file_of(source).unlink(missing_ok=True)
        while streets := list(Street.objects.filter(source=source).values_list("pk", flat=True)[: PIECE // 10]):
            with writing():
                Segment.objects.filter(street__in=streets).delete()
                AddressPoint.objects.filter(street__in=streets).delete()
                Street.objects.filter(pk__in=streets).delete()
        source.delete()
