"""The day as lanes: one bar an operation, its buffers paler, a line for now. Numbers for an SVG; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from vigil.apps.deconfliction.queries import OperationRow

WIDTH, TOP, LANE = 346, 26, 41
MOST = 7


@dataclass(frozen=True, slots=True)
class Mark:
    """A grid line with its hour."""

    x: float
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One operation's bar; `label_x` with `anchor` keeps the name inside the picture."""

    type_label: str
    reference: str
    state: str
    x: float
    width: float
    window_x: float
    window_width: float
    bar_y: int
    label_y: int
    label_x: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Lanes:
    """The picture: its size, its grid, its bars."""

    width: int
    height: int
    bottom: int
    now_x: float
    marks: tuple[Mark, ...]
    rows: tuple[Lane, ...]
    words: str


def lanes(rows: Sequence[OperationRow], zone: str, now: datetime) -> Lanes:
    """The next twenty hours from the even hour before now."""
    local = now.astimezone(ZoneInfo(zone))
    start = local.replace(hour=local.hour - local.hour % 2, minute=0, second=0, microsecond=0)
    end = start + timedelta(hours=20)
    shown = [row for row in rows if row.window_end > start and row.window_start < end][:MOST]

    def x(at: datetime) -> float:
        return round(min(1.0, max(0.0, (at - start) / (end - start))) * WIDTH, 1)

    bars = []
    for index, row in enumerate(shown):
        left = x(row.window_start)
        at_right = left > WIDTH * 0.45
        bars.append(
            Lane(
                type_label=row.type_label.split(" (")[0],
                reference=row.reference,
                state=row.band or "own",
                x=x(row.starts_at),
                width=max(2.0, x(row.ends_at) - x(row.starts_at)),
                window_x=left,
                window_width=max(2.0, x(row.window_end) - left),
                bar_y=TOP + 18 + index * LANE,
                label_y=TOP + 12 + index * LANE,
                label_x=x(row.window_end) if at_right else left,
                anchor="end" if at_right else "start",
            )
        )
    marks = [start + timedelta(hours=hours) for hours in range(0, 21, 4)]
    bottom = TOP + len(bars) * LANE
    words = f"{len(bars)} operations between {start:%H:%M} and {end:%H:%M}; the table of operations lists them."
    return Lanes(WIDTH, bottom + 4, bottom, x(now), tuple(_mark(at, x(at)) for at in marks), tuple(bars), words)


def _mark(at: datetime, x: float) -> Mark:
    return Mark(x, f"{at:%H:%M}", "start" if x == 0 else "end" if x == WIDTH else "middle")
