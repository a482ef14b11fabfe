"""The timeline: own operations and their conflicts over a day or a week, as lanes with the table beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from vigil.apps.deconfliction import queries, views, words
from vigil.apps.deconfliction.plans import lanes, series
from vigil.platform import clock
from vigil.platform.doors import actor_of, page

MOST = 120
"""Ours: so many operations are drawn at once."""
SPANS = {"day": (gettext_noop("Day"), 1), "week": (gettext_noop("Week"), 7)}
"""What may be looked at: its name, and how many days it is."""


@page("deconfliction.operation.read")
@require_GET
def timeline(request: HttpRequest) -> HttpResponse:
    """Days across, a lane for each operation or series; every bar is a link, and the table holds the same."""
    actor, zone, now = actor_of(request), views.reader_zone(request), clock.now()
    span = request.GET.get("span", "week")
    span = span if span in SPANS else "week"
    first = _first_day(request.GET.get("day", ""), zone, now)
    long = SPANS[span][1]
    days = [first + timedelta(days=offset) for offset in range(long + 1)]
    axis = lanes.Axis(_midnight(days[0], zone), _midnight(days[-1], zone), zone)
    mine = bool(request.GET.get("mine"))
    wanted = queries.OperationFilter(period=(axis.start, axis.end), mine=mine, limit=MOST)
    found = queries.operation_list(actor, wanted, now)
    rows = [row for row in found.rows if row.status != "cancelled"]
    conflicts = _conflicts(actor, rows, axis, now)
    # A shared subject counts for days around both plans: only where places meet are both teams active.
    overlaps = {
        key: [(one.overlap_start, one.overlap_end) for one in ones if one.band] for key, ones in conflicts.items()
    }
    context = {
        "heading": _heading(len(rows), sum(map(len, conflicts.values()))),
        "span": span,
        "day": first.isoformat(),
        "mine": mine,
        "zone_name": words.zone_name(axis.start, zone),
        "picture": _picture(rows, axis, days, overlaps, now),
        "rows": [_line(row, conflicts.get(row.id, ()), zone, now) for row in rows],
        "more": MOST if found.next_cursor else 0,
        "before": _address(days[0] - timedelta(days=long), span, mine),
        "after": _address(days[-1], span, mine),
        "present": _address(_first_day("", zone, now), span, mine),
        "spans": [(name, _(label), _address(first, name, mine)) for name, (label, _days) in SPANS.items()],
    }
    return render(request, "deconfliction/timeline.html", context)


def _first_day(text: str, zone: str, now: datetime) -> date:
    """The day asked for; today where none is, or one that no zone can show."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    return day if 1970 < day.year < 2199 else now.astimezone(ZoneInfo(zone)).date()


def _midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))


def _address(day: date, span: str, mine: bool) -> str:
    return f"{reverse('deconfliction:timeline')}?day={day.isoformat()}&span={span}{'&mine=yes' if mine else ''}"


def _conflicts(
    actor: Any, rows: Sequence[queries.OperationRow], axis: lanes.Axis, now: datetime
) -> dict[UUID, list[queries.ConflictRow]]:
    """Open conflicts by the own operation that is drawn."""
    drawn = {row.id for row in rows if row.conflicts}
    if not drawn:
        return {}
    wanted = queries.ConflictFilter(period=(axis.start, axis.end), open_only=True, limit=500)
    found: dict[UUID, list[queries.ConflictRow]] = defaultdict(list)
    for row in queries.conflict_list(actor, wanted, now).rows:
        if row.own_operation_id in drawn and row.own_operation_id is not None:
            found[row.own_operation_id].append(row)
    return found


def _picture(
    rows: Sequence[queries.OperationRow],
    axis: lanes.Axis,
    days: Sequence[date],
    overlaps: Mapping[UUID, Sequence[lanes.Span]],
    now: datetime,
) -> lanes.Lanes:
    if len(days) > 2:
        begun = [(_midnight(day, axis.zone), f"{dateformat.format(day, 'D')} {day.day}") for day in days[:-1]]
        return lanes.picture(_groups(rows), axis, begun, now, overlaps, whole_days=True)
    hours = [axis.start.replace(hour=hour) for hour in range(0, 24, 4)]
    marks = [*((at, f"{at:%H:%M}") for at in hours), (axis.end, "24:00")]
    return lanes.picture(_groups(rows), axis, marks, now, overlaps)


def _groups(rows: Iterable[queries.OperationRow]) -> list[list[queries.OperationRow]]:
    """A lane for each operation; one for those of a series."""
    rows = list(rows)
    known = series.series_of(row.id for row in rows)
    groups: dict[UUID, list[queries.OperationRow]] = {}
    for row in rows:
        groups.setdefault(known.get(row.id, row.id), []).append(row)
    return list(groups.values())


def _heading(count: int, conflicts: int) -> str:
    operations = words.operations_counted(count)
    if not conflicts:
        return operations
    found = words.conflicts_counted(conflicts)
    return _("{operations}, {conflicts}").format(operations=operations, conflicts=found)


def _line(
    row: queries.OperationRow, conflicts: Sequence[queries.ConflictRow], zone: str, now: datetime
) -> dict[str, Any]:
    shown = [(one.id, words.conflict_line(one, zone, now), words.overlap(one, zone)) for one in conflicts]
    return views.operation_line(row, zone, now) | {"meets": shown}
