"""The page of the past, its CSV (through `export_views`), and the monthly counts of what was purged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from vigil.apps.deconfliction import queries, views, words
from vigil.apps.deconfliction.cards import named
from vigil.apps.deconfliction.past import history
from vigil.apps.deconfliction.views import address_without, next_url, operation_line, reader_zone
from vigil.core.actor import Actor
from vigil.engine.types import OPERATION_TYPES
from vigil.platform import clock
from vigil.platform.doors import actor_of, page
from vigil.web.templatetags.vigil import word

WHEN = (
    ("30", gettext_lazy("Last 30 days")),
    ("7", gettext_lazy("Last 7 days")),
    ("90", gettext_lazy("Last 90 days")),
    ("366", gettext_lazy("Last year")),
    ("all", gettext_lazy("All")),
)
ANSWERS = (
    ("conflict", gettext_lazy("Conflict")),
    ("no_known_conflict", gettext_lazy("No known conflict")),
    ("incomplete", gettext_lazy("Incomplete")),
)
UNSETTLED = (
    (history.NOT_RECORDED, gettext_lazy("Nobody recorded it")),
    (history.WITHDRAWN, gettext_lazy("No longer met")),
)
OUTCOMES = (*words.OUTCOMES, *UNSETTLED, (history.NO_CONFLICT, gettext_lazy("Had no conflict")))
OUTCOME_WORDS = dict(OUTCOMES)


def _filter(request: HttpRequest, now: datetime) -> tuple[dict[str, str], history.HistoryFilter]:
    typed = {name: request.GET.get(name, "").strip() for name in ("when", "type", "state", "outcome", "met", "after")}
    typed["when"] = typed["when"] if typed["when"] in dict(WHEN) else "30"
    typed["outcome"] = typed["outcome"] if typed["outcome"] in history.OUTCOMES else ""
    since = None if typed["when"] == "all" else now - timedelta(days=int(typed["when"]))
    is_status = typed["state"] in ("ended", "cancelled")
    operations = queries.OperationFilter(
        period=(since, None),
        operation_type=typed["type"],
        status=typed["state"] if is_status else "",
        determination="" if is_status else typed["state"],
        newest_first=True,
        cursor=typed["after"],
    )
    return typed, history.HistoryFilter(operations, typed["outcome"], _uuid(typed["met"]))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@page("deconfliction.operation.read")
@require_GET
def past(request: HttpRequest) -> HttpResponse:
    """What is over, what was answered, whom it met and what came of it."""
    actor, zone, now = actor_of(request), reader_zone(request), clock.now()
    typed, wanted = _filter(request, now)
    found = history.history(actor, wanted, now)
    context = {
        "filters": typed,
        "rows": [_line(row, zone, now) for row in found.rows],
        "months": history.purged_months(actor),
        "types": named(OPERATION_TYPES.values()),
        "when_choices": WHEN,
        "state_choices": (*ANSWERS, ("ended", _("Ended")), ("cancelled", _("Cancelled"))),
        "outcome_choices": OUTCOMES,
        "met_choices": history.agencies_met(actor),
        "has_filters": any(typed[name] for name in ("type", "state", "outcome", "met")) or typed["when"] != "30",
        "next_url": next_url(request, found.next_cursor),
        "csv_url": f"{reverse('deconfliction:history_csv')}?{address_without(request.GET, 'after')}",
        "may_export": actor.can("deconfliction.operation.export"),
    }
    return render(request, "deconfliction/history.html", context)


def _line(row: history.HistoryRow, zone: str, now: datetime) -> dict[str, Any]:
    line = operation_line(row.operation, zone, now)
    # The present answer of what is over: a conflict that is settled was one all the same.
    line["state"] = "cancelled" if row.operation.status == "cancelled" else row.operation.determination
    line["conflicts"] = [
        {
            "id": one.conflict_id,
            "reference": one.reference,
            "other": one.other_agency or _("through the watch desk"),
            "band": word(one.band or "subject"),
            "outcome": str(OUTCOME_WORDS[one.outcome]),
        }
        for one in row.conflicts
    ]
    return line


def history_csv(request: HttpRequest) -> HttpResponse:
    """The same table, every page of it; never a place."""
    actor, zone, now = actor_of(request), reader_zone(request), clock.now()
    head = (*views.first_columns(), _("Conflicts and what came of them"))
    return views.csv_file("history", head, _csv_lines(actor, _filter(request, now)[1], zone, now))


def _csv_lines(actor: Actor, wanted: history.HistoryFilter, zone: str, now: datetime) -> Iterator[tuple[Any, ...]]:
    def read(part: queries.OperationFilter) -> queries.Page[history.HistoryRow]:
        return history.history(actor, history.HistoryFilter(part, wanted.outcome, wanted.met), now)

    for row in views.every_row(read, wanted.operations):
        line = _line(row, zone, now)
        yield *views.first_cells(line), "; ".join(_conflict_text(one) for one in line["conflicts"])


def _conflict_text(one: dict[str, Any]) -> str:
    return f"{one['reference']} {one['other']}: {one['band']}, {one['outcome']}"
