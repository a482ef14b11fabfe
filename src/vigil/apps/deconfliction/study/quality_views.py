"""The page of alarm quality: twelve months in figures, each chart with its table, each share with its interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from vigil.apps.deconfliction import words
from vigil.apps.deconfliction.access import WATCH
from vigil.apps.deconfliction.cards import type_label
from vigil.apps.deconfliction.study import quality
from vigil.apps.deconfliction.study.quality import Figure, Key
from vigil.apps.deconfliction.views import csv_file
from vigil.core.measures import Share
from vigil.platform import clock
from vigil.platform.doors import actor_of, page
from vigil.web import charts

MONTHS = 12
FEW = 20
"""With fewer the title gives the counts, not the share: ours."""
ENOUGH_FOR_NO_WARNING = 100

BASES = {"direct": gettext_lazy("Direct"), "near": gettext_lazy("Near"), "subject": gettext_lazy("Shared subject")}
ORIGINS = {
    "own_agency": gettext_lazy("Within the agency"),
    "other_agency": gettext_lazy("Another agency of this node"),
    "other_node": gettext_lazy("Another node"),
}
MARGINS = {
    "in_time": gettext_lazy("30 minutes or more before the start"),
    "late": gettext_lazy("Later than that"),
    "never": gettext_lazy("Nobody logged a call"),
    "too_short": gettext_lazy("Told less than 30 minutes before the start"),
}
OUTCOMES = {
    **dict(words.OUTCOMES),
    "withdrawn": gettext_lazy("Withdrawn"),
    "none": gettext_lazy("Nothing recorded"),
}
MONTH_HEAD = (
    gettext_lazy("Month"),
    gettext_lazy("Sides"),
    gettext_lazy("Direct"),
    gettext_lazy("Near"),
    gettext_lazy("Shared subject"),
    gettext_lazy("Seen within 5 min"),
    gettext_lazy("Talked 30 min before"),
    gettext_lazy("Late entries"),
    gettext_lazy("Began unacknowledged"),
)


CSV_HEAD = (
    "month",
    "sides",
    "direct",
    "near",
    "subject",
    "seen_within_5_min",
    "seen_of",
    "talked_in_time",
    "talked_of",
    "talked_share",
    "talked_low",
    "talked_high",
    "late_entries",
    "began_unacknowledged",
)


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One month. `seen` within five minutes, `in_time` of those that could have been."""

    first: date
    sides: int
    bases: Counter[str]
    seen: Share
    in_time: Share
    late_entries: int
    expired: int


@page(quality.READ)
@require_GET
def quality_page(request: HttpRequest) -> HttpResponse:
    """Does an alarm lead to a call in time?"""
    found, rows = _read(request)
    total = _in_time(quality.summed(found, Figure.MARGIN))
    context = {
        "finding": _finding(rows, total),
        "of_node": actor_of(request).can(WATCH),
        "rows": [_cells(row) for row in rows],
        "head": MONTH_HEAD,
        "bars": charts.bars((_month(row.first), str(row.sides), _margin_parts(found, row.first)) for row in rows),
        "margins": MARGINS,
        "sides": sum(row.sides for row in rows),
        "small": total.whole < ENOUGH_FOR_NO_WARNING,
        "n": total.whole,
        "distributions": [
            _distribution(found, Figure.SEEN, _("From being told to “I have seen this”"), quality.SEEN_WITHIN),
            _distribution(found, Figure.TALKED, _("From being told to the call"), quality.TALKED_WITHIN),
        ],
        "crossed": [
            _named(found, Figure.ORIGIN, _("Whose the other operation was"), ORIGINS),
            _named(found, Figure.OUTCOME, _("What came of it"), OUTCOMES),
            _named(found, Figure.MARGIN, _("The call"), MARGINS),
        ],
        "types": _types(found),
    }
    return render(request, "deconfliction/quality.html", context)


@page(quality.READ)
@require_GET
def quality_csv(request: HttpRequest) -> HttpResponse:
    """The months of the page as CSV, shares with both ends of their interval."""
    _found, rows = _read(request)
    response = csv_file("alarm-quality", CSV_HEAD, map(_csv_line, rows))
    quality.record_csv(actor_of(request), len(response.content))
    return response


def _csv_line(row: MonthRow) -> list[Any]:
    low, high = row.in_time.interval
    shares = [f"{one:.4f}" for one in (row.in_time.value, low, high)] if row.in_time.whole else ["", "", ""]
    bases = [row.bases[basis] for basis in BASES]
    counts = [row.sides, *bases, row.seen.part, row.seen.whole, row.in_time.part, row.in_time.whole]
    return [f"{row.first:%Y-%m}", *counts, *shares, row.late_entries, row.expired]


def _read(request: HttpRequest) -> tuple[Mapping[Key, int], list[MonthRow]]:
    now = clock.now()
    months = [_back(now.date().replace(day=1), back) for back in range(MONTHS)]
    found = quality.counts(actor_of(request), months[-1], now)
    rows = [_row(found, first) for first in months]
    return found, [row for row in rows if row.sides or row.first == months[0]]


def _back(first: date, months: int) -> date:
    years, month = divmod(first.year * 12 + first.month - 1 - months, 12)
    return date(years, month + 1, 1)


def _row(found: Mapping[Key, int], month: date) -> MonthRow:
    bases = quality.summed(found, Figure.BASIS, month=month)
    seen = quality.summed(found, Figure.SEEN, month=month)
    return MonthRow(
        first=month,
        sides=bases.total(),
        bases=bases,
        seen=Share(seen["2"] + seen["5"], seen.total()),
        in_time=_in_time(quality.summed(found, Figure.MARGIN, month=month)),
        late_entries=quality.summed(found, Figure.ENTRY, month=month)["late"],
        expired=quality.summed(found, Figure.EXPIRED, month=month)["yes"],
    )


def _in_time(margins: Counter[str]) -> Share:
    """Of those where a call in time was possible at all."""
    return Share(margins["in_time"], margins["in_time"] + margins["late"] + margins["never"])


def _finding(rows: Sequence[MonthRow], total: Share) -> str:
    if not any(row.sides for row in rows):
        return _("No conflict in the last twelve months")
    if not total.whole:
        return _("No call could have come 30 minutes before a start yet")
    if total.whole < FEW:
        return ngettext(
            "{part} of {n} call came 30 minutes or more before the start",
            "{part} of {n} calls came 30 minutes or more before the start",
            total.whole,
        ).format(part=total.part, n=total.whole)
    return _("{share} of the calls came 30 minutes or more before the start").format(share=f"{total.value:.0%}")


def _cells(row: MonthRow) -> list[str]:
    counts = [str(row.sides), *(str(row.bases[basis]) for basis in BASES)]
    return [_month(row.first), *counts, _said(row.seen), _said(row.in_time), str(row.late_entries), str(row.expired)]


def _said(share: Share) -> str:
    """`73% [54, 86], 19 of 26`; a dash where there is nothing."""
    if not share.whole:
        return "–"
    low, high = share.interval
    words_of_counts = _("{part} of {n}").format(part=share.part, n=share.whole)
    return f"{share.value:.0%} [{low * 100:.0f}, {high * 100:.0f}], {words_of_counts}"


def _margin_parts(found: Mapping[Key, int], month: date) -> list[tuple[str, float]]:
    margins = quality.summed(found, Figure.MARGIN, month=month)
    rest = quality.summed(found, Figure.BASIS, month=month).total() - margins.total()
    kinds = {"in_time": "chosen", "late": "near", "never": "direct", "too_short": "subject"}
    return [*((kind, margins[bucket]) for bucket, kind in kinds.items()), ("rest", rest)]


def _distribution(found: Mapping[Key, int], figure: Figure, title: str, bounds: Sequence[int]) -> dict[str, Any]:
    counted = quality.summed(found, figure)
    labels = {str(bound): _("within {n} min").format(n=bound) for bound in bounds}
    labels |= {quality.LATER: _("later"), quality.NEVER: _("never, and it began")}
    return _chart(title, labels, counted)


def _named(found: Mapping[Key, int], figure: Figure, title: str, labels: Mapping[str, Any]) -> dict[str, Any]:
    return _chart(title, labels, quality.summed(found, figure))


def _chart(title: str, labels: Mapping[str, Any], counted: Counter[str]) -> dict[str, Any]:
    total = counted.total()
    rows = [(str(label), counted[bucket]) for bucket, label in labels.items() if counted[bucket] or total]
    return {
        "title": title,
        "n": total,
        "bars": charts.bars((label, str(count), [("today", float(count))]) for label, count in rows),
        "rows": [(label, count, _said(Share(count, total))) for label, count in rows],
    }


def _types(found: Mapping[Key, int]) -> list[tuple[str, int, str]]:
    kinds = Counter({key.operation_type: 0 for key in found})
    for key, count in found.items():
        if key.figure == Figure.BASIS:
            kinds[key.operation_type] += count
    return [
        (type_label(kind), count, _said(_in_time(quality.summed(found, Figure.MARGIN, operation_type=kind))))
        for kind, count in kinds.most_common()
    ]


def _month(first: date) -> str:
    return _("{month} {year}").format(month=dateformat.format(first, "M"), year=first.year)
