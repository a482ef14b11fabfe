"""Pages of series: the days looked at before they are registered, what came of each, cancelled and moved together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigil.apps.deconfliction import queries, views, words
from vigil.apps.deconfliction.plans import planning_views, repeat, series
from vigil.apps.deconfliction.posted import uuid_of, whole
from vigil.core.errors import Conflict as Stale
from vigil.core.errors import Invalid, NotFound, Problem
from vigil.platform import clock
from vigil.platform.doors import actor_of, page

HOWS = (
    (repeat.How.NIGHTLY, gettext_lazy("Each day or night")),
    (repeat.How.WEEKDAYS, gettext_lazy("On these days of the week")),
    (repeat.How.EVERY, gettext_lazy("Every so many days")),
)
READINGS = (
    (repeat.Reading.EARLIER, gettext_lazy("The earlier reading")),
    (repeat.Reading.LATER, gettext_lazy("The later reading")),
    (repeat.Reading.LEAVE_OUT, gettext_lazy("Leave that day out")),
)
ANSWERS = {
    "conflict": pgettext_lazy("how many of a series", "{n} conflict"),
    "checking": pgettext_lazy("how many of a series", "{n} checking"),
    "incomplete": pgettext_lazy("how many of a series", "{n} incomplete"),
    "no_known_conflict": pgettext_lazy("how many of a series", "{n} no known conflict"),
    "cancelled": pgettext_lazy("how many of a series", "{n} cancelled"),
}
"""How many of a series have which answer."""
RANKS = {"conflict": 0, "checking": 1, "incomplete": 2}
"""What needs somebody stands first."""


# --- repeat -----------------------------------------------------------------------------------------------------------


@page("deconfliction.series.create")
@require_http_methods(["GET", "POST"])
def repeat_operation(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """On which days, then every day with what is worth a look, then registered: nothing before it was looked at."""
    actor, now = actor_of(request), clock.now()
    detail = queries.operation_detail(actor, operation_id, now)
    known = series.place_in_series(actor, operation_id)
    if known is not None:
        return redirect("deconfliction:series", known.series_id)
    if request.method == "GET":
        return _repeat_page(request, detail, {"how": repeat.How.NIGHTLY})
    typed = _typed(request)
    try:
        pattern = repeat.read_pattern(typed)
        days = series.preview(actor, operation_id, pattern, _reading(typed), now)
        if typed["do"] != "register" or typed["shown"] != _shown(days):
            return _repeat_page(request, detail, typed, days)
        made = series.plan_series(actor, operation_id, whole(typed["revision"]), pattern, _reading(typed), now)
    except Invalid as refused:
        return _repeat_page(request, detail, typed, problems=refused.problems, status=refused.status)
    except Stale as overtaken:
        sentence = _("Somebody changed this operation meanwhile. Look at the days again: they follow it as it is now.")
        return _repeat_page(request, detail, typed, problems=[Problem((), sentence)], status=overtaken.status)
    return _registered(request, made.pk)


def _typed(request: HttpRequest) -> dict[str, Any]:
    names = ("do", "how", "every", "until", "count", "reading", "shown", "revision")
    return {name: request.POST.get(name, "").strip() for name in names} | {"weekdays": request.POST.getlist("weekdays")}


def _reading(typed: dict[str, Any]) -> repeat.Reading | None:
    return repeat.Reading(typed["reading"]) if typed["reading"] in list(repeat.Reading) else None


def _shown(days: tuple[series.Day, ...]) -> str:
    """What was looked at: sent back with the button, so that nothing else is registered."""
    return ",".join(f"{day.days}{'-' if day.left_out else ''}" for day in days)


def _repeat_page(
    request: HttpRequest,
    detail: queries.OperationDetail,
    typed: dict[str, Any],
    days: tuple[series.Day, ...] = (),
    problems: tuple[Problem, ...] | list[Problem] = (),
    status: int = 200,
) -> HttpResponse:
    now, taken = clock.now(), [day for day in days if not day.left_out]
    doubt = any(day.problem for day in days) or bool(typed.get("reading")) or _is_at(problems, "reading")
    context = {
        "operation": detail.row,
        "typed": typed,
        "hows": HOWS,
        "readings": READINGS if doubt else (),
        "weekdays": [
            (str(index), _(name), str(index) in typed.get("weekdays", ())) for index, name in enumerate(repeat.WEEKDAYS)
        ],
        "most": repeat.MOST,
        "days": [_day_words(day, now) for day in days],
        "count": len(taken),
        "shown": _shown(days) if taken and not any(day.problem for day in taken) else "",
        "at": {str(one.path[0]): {"sentence": one.sentence} for one in problems if one.path},
        "summary": [{"field": str(one.path[0]) if one.path else "", "sentence": one.sentence} for one in problems],
    }
    return render(request, "deconfliction/repeat.html", context, status=status)


def _is_at(problems: tuple[Problem, ...] | list[Problem], name: str) -> bool:
    return any(one.path[:1] == (name,) for one in problems)


def _day_words(day: series.Day, now: datetime) -> dict[str, Any]:
    said = day.problem or day.left_out
    return {
        "day": words.day(day.starts_at, day.zone),
        "span": words.span(day.starts_at, day.ends_at, day.zone),
        "is_out": bool(day.left_out),
        "in_doubt": bool(day.problem),
        "notes": [said] if said else words.flag_notes(day.flags),
    }


# --- one series -------------------------------------------------------------------------------------------------------


@page("deconfliction.operation.read")
@require_GET
def one_series(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """Its operations with each one's answer, conflicts first."""
    return _series_page(request, series_id)


def _series_page(request: HttpRequest, series_id: UUID, status: int = 200) -> HttpResponse:
    actor, zone, now = actor_of(request), views.reader_zone(request), clock.now()
    detail = series.series_detail(actor, series_id, now)
    lines = [views.operation_line(row, zone, now) | {"number": at} for at, row in enumerate(detail.rows, 1)]
    lines.sort(key=_rank)
    ahead = [line for line in lines if line["row"].status not in ("ended", "cancelled")]
    context = {
        "series": detail,
        "heading": ngettext("A series of {n} operation", "A series of {n} operations", len(lines)).format(n=len(lines)),
        "answers": _answers(detail.rows),
        "lines": lines,
        "ahead": sorted(ahead, key=lambda line: line["starts_at"]),
        "refused": [day for day in detail.waiting if day.problem],
        "may_edit": actor.can("deconfliction.series.edit") and bool(ahead),
        "may_register": actor.can("deconfliction.series.create") and bool(detail.waiting),
        "first": request.POST.get("first") or request.GET.get("first", ""),
        "typed": request.POST,
        "mark": request.POST.get("mark") or str(uuid4()),
        "page_url": reverse("deconfliction:series", args=[series_id]),
    }
    return render(request, "deconfliction/series.html", context, status=status)


def _rank(line: dict[str, Any]) -> tuple[bool, int, datetime]:
    row = line["row"]
    return row.status in ("ended", "cancelled"), RANKS.get(row.determination, 3), row.starts_at


def _answers(rows: tuple[queries.OperationRow, ...]) -> str:
    """Such as "2 conflict, 27 no known conflict, 1 cancelled"."""
    found = ["cancelled" if row.status == "cancelled" else row.determination for row in rows]
    counted = ((found.count(one), said) for one, said in ANSWERS.items())
    return ", ".join(said.format(n=count) for count, said in counted if count)


@page("deconfliction.series.create")
@require_POST
def go_on(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """Register what is not registered yet."""
    return _registered(request, series_id)


def _registered(request: HttpRequest, series_id: UUID) -> HttpResponse:
    made = series.go_on(actor_of(request), series_id, clock.now())
    said = ngettext(
        "{n} operation registered, and everyone asked for each.",
        "{n} operations registered, and everyone asked for each.",
        made,
    )
    messages.info(request, said.format(n=made))
    return redirect("deconfliction:series", series_id)


@page("deconfliction.series.edit")
@require_POST
def cancel(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """Cancel from one operation on, or all."""
    actor, first = actor_of(request), _first(request)
    return _changed(request, series_id, lambda: series.cancel(actor, series_id, first, clock.now()), _cancelled)


@page("deconfliction.series.edit")
@require_POST
def move(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """Move from one operation on, or all, by days at the same local time or by hours."""
    actor, first = actor_of(request), _first(request)
    mark = uuid_of(request.POST.get("mark")) or uuid4()
    days, minutes = planning_views.typed_move(request)
    return _changed(
        request,
        series_id,
        lambda: series.move(actor, series_id, first, mark, clock.now(), days=days, minutes=minutes),
        _moved,
    )


def _first(request: HttpRequest) -> UUID | None:
    """From which operation on; None is all, which a slip of the hand never means."""
    text = request.POST.get("first", "")
    first = uuid_of(text)
    if text and first is None:
        raise NotFound
    return first


def _cancelled(done: int) -> tuple[str, str, str]:
    """What is said of so many that were cancelled, of one that was not, and where nothing was left."""
    many = ngettext(
        "{n} operation cancelled. We asked everyone again for each.",
        "{n} operations cancelled. We asked everyone again for each.",
        done,
    )
    return many.format(n=done), _("Not cancelled: {why}"), _("Nothing is left to be cancelled.")


def _moved(done: int) -> tuple[str, str, str]:
    many = ngettext(
        "{n} operation moved. We asked everyone again for each.",
        "{n} operations moved. We asked everyone again for each.",
        done,
    )
    return many.format(n=done), _("Not moved: {why}"), _("Nothing is left to be moved.")


def _changed(
    request: HttpRequest,
    series_id: UUID,
    change: Callable[[], series.Done],
    words_of: Callable[[int], tuple[str, str, str]],
) -> HttpResponse:
    try:
        done = change()
    except Invalid as refused:
        messages.error(request, refused.sentence)
        return _series_page(request, series_id, refused.status)
    changed, not_changed, nothing_left = words_of(done.changed)
    if done.changed:
        messages.info(request, changed)
    for sentence in done.refused:
        messages.error(request, not_changed.format(why=sentence))
    if not done.changed and done.refused:
        return _series_page(request, series_id, Invalid.status)
    if not done.changed:
        messages.info(request, nothing_left)
    return redirect("deconfliction:series", series_id)
