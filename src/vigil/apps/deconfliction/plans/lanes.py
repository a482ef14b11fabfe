"""Operations along time as lanes: a bar each, its buffers paler, a line for now. Numbers for an SVG; pure.

Across, everything is a percentage of the picture's width, so that it fits every screen while its words keep their size;
down, it is pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vigil.apps.deconfliction.queries import OperationRow

TOP, LANE = 26, 41
MOST = 7
NARROWEST = 0.6
"""A bar is at least so wide that it can be seen."""
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Mark:
    """A grid line with its hour or day."""

    x: float
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One operation; `overlaps` are the times in which it and another one are both active, as left edge and width."""

    id: UUID
    reference: str
    type_label: str
    state: str
    starts_at: datetime
    ends_at: datetime
    x: float
    width: float
    window_x: float
    window_width: float
    overlaps: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """One operation's bar, or those of a series; `label_x` with `anchor` keeps the name inside the picture."""

    type_label: str
    reference: str
    bars: tuple[Bar, ...]
    bar_y: int
    label_y: int
    overlap_y: int
    label_x: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Lanes:
    """The picture: its height, its grid, its lanes; `now_x` is None where now lies outside."""

    height: int
    bottom: int
    now_x: float | None
    marks: tuple[Mark, ...]
    rows: tuple[Lane, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Axis:
    """The time that a picture shows, in a zone."""

    start: datetime
    end: datetime
    zone: str

    def x(self, at: datetime) -> float:
        """Where an instant lies, in percent; what is outside lies on the edge."""
        # In seconds: two times of one zone differ by what its clocks show, which is not what passes when they change.
        begun, end = self.start.timestamp(), self.end.timestamp()
        return round(min(1.0, max(0.0, (at.timestamp() - begun) / (end - begun))) * 100, 2)

    def span(self, start: datetime, end: datetime) -> tuple[float, float]:
        """Left edge and width."""
        left = self.x(start)
        return left, round(max(NARROWEST, self.x(end) - left), 2)


def lanes(rows: Sequence[OperationRow], zone: str, now: datetime) -> Lanes:
    """The next twenty hours from the even hour before now, a lane for each of the first operations."""
    local = now.astimezone(ZoneInfo(zone))
    start = local.replace(hour=local.hour - local.hour % 2, minute=0, second=0, microsecond=0)
    axis = Axis(start, start + timedelta(hours=20), zone)
    shown = [[row] for row in rows if row.window_end > axis.start and row.window_start < axis.end][:MOST]
    marks = [start + timedelta(hours=hours) for hours in range(0, 21, 4)]
    return picture(shown, axis, [(at, f"{at:%H:%M}") for at in marks], now)


def picture(
    groups: Sequence[Sequence[OperationRow]],
    axis: Axis,
    marks: Sequence[tuple[datetime, str]],
    now: datetime,
    overlaps: Mapping[UUID, Sequence[Span]] | None = None,
    *,
    whole_days: bool = False,
) -> Lanes:
    """A lane for each group, its operations sorted by start; `overlaps` by operation, where they are drawn.

    A mark's words stand over its line; of `whole_days`, over the day that begins there.
    """
    found = tuple(_lane(index, group, axis, overlaps or {}) for index, group in enumerate(groups))
    bottom = TOP + len(found) * LANE
    count = sum(len(lane.bars) for lane in found)
    zone = ZoneInfo(axis.zone)
    start, end = (at.astimezone(zone) for at in (axis.start, axis.end))
    words = ngettext("{n} operation from {start} to {end}.", "{n} operations from {start} to {end}.", count)
    words = words.format(n=count, start=_when(start), end=_when(end))
    now_x = axis.x(now) if axis.start <= now < axis.end else None
    grid = tuple(_mark(axis.x(at), text, whole_days) for at, text in marks)
    return Lanes(bottom + 4, bottom, now_x, grid, found, words)


def _when(local: datetime) -> str:
    return _("{month} {day} {time}").format(month=dateformat.format(local, "M"), day=local.day, time=f"{local:%H:%M}")


def _lane(index: int, group: Sequence[OperationRow], axis: Axis, overlaps: Mapping[UUID, Sequence[Span]]) -> Lane:
    bars = tuple(_bar(row, axis, overlaps.get(row.id, ())) for row in group)
    first = bars[0]
    at_right = first.window_x > 45
    top = TOP + index * LANE
    return Lane(
        type_label=first.type_label,
        reference=first.reference,
        bars=bars,
        bar_y=top + 18,
        label_y=top + 12,
        overlap_y=top + 32,
        label_x=round(first.window_x + first.window_width, 2) if at_right else first.window_x,
        anchor="end" if at_right else "start",
    )


def _bar(row: OperationRow, axis: Axis, overlaps: Sequence[Span]) -> Bar:
    x, width = axis.span(row.starts_at, row.ends_at)
    window_x, window_width = axis.span(row.window_start, row.window_end)
    return Bar(
        id=row.id,
        reference=row.reference,
        type_label=row.type_label.split(" (")[0],
        state=row.band or "own",
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        x=x,
        width=width,
        window_x=window_x,
        window_width=window_width,
        overlaps=tuple(axis.span(*one) for one in overlaps),
    )


def _mark(x: float, label: str, whole_days: bool) -> Mark:
    return Mark(x, label, "start" if x == 0 or whole_days else "end" if x == 100 else "middle")
