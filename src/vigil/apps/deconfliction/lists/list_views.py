"""The doors of the lists beside showing them: saved views, and acts on ticked operations."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from vigil.apps.deconfliction import words
from vigil.apps.deconfliction.lists import exports, saved
from vigil.apps.deconfliction.lists.list_filters import cleaned, described
from vigil.apps.deconfliction.plans import bulk
from vigil.apps.deconfliction.posted import uuid_of, whole
from vigil.apps.deconfliction.views import operation_table, reader_zone
from vigil.core.errors import Invalid, NotFound
from vigil.platform import clock
from vigil.platform.doors import actor_of, asked_again, page
from vigil.web.downloads import CSV, download


@page("deconfliction.view.edit")
@require_http_methods(["GET", "POST"])
def view_page(request: HttpRequest, table: str) -> HttpResponse:
    """One's own views of a list: saved, renamed, removed, and with which one it opens."""
    actor, problem = actor_of(request), None
    if request.method == "POST":
        try:
            said = _change(request, table)
        except Invalid as refused:
            problem = refused.problems[0].sentence
        else:
            messages.success(request, said)
            return redirect(f"deconfliction:{table}_views")
    view, typed = request.POST.get("view", ""), request.POST.get("name", "")
    rows = [
        {
            "view": one,
            "words": described(table, dict(parse_qsl(one.filters))),
            "name": typed if problem and str(one.pk) == view else one.name,
            "problem": problem if str(one.pk) == view else None,
        }
        for one in saved.views_of(actor, table).rows
    ]
    wanted = cleaned(table, request.POST or request.GET)
    context: dict[str, Any] = {
        "table": table,
        "heading": _("Saved views of operations") if table == "operations" else _("Saved views of conflicts"),
        "rows": rows,
        "filters": wanted,
        "words": described(table, wanted),
        "name": "" if view else typed,
        "problem": {"sentence": problem} if problem and not view else None,
        "list_url": f"deconfliction:{table}",
    }
    return render(request, "deconfliction/saved_views.html", context, status=422 if problem else 200)


def _change(request: HttpRequest, table: str) -> str:
    actor, do, name = actor_of(request), request.POST.get("do", "save"), request.POST.get("name", "")
    if do == "save":
        view = saved.save_view(
            actor, table, name, cleaned(table, request.POST), clock.now(), is_default=bool(request.POST.get("default"))
        )
        return _("Saved as {name}.").format(name=view.name)
    if do == "open_with_none":
        saved.open_with(actor, table, None)
        return _("The list opens as it always did.")
    chosen = _uuid(request.POST.get("view", ""))
    if do == "rename":
        return _("It is called {name} now.").format(name=saved.rename_view(actor, table, chosen, name).name)
    if do == "open_with":
        saved.open_with(actor, table, chosen)
        return _("The list opens with it from now on.")
    if do == "remove":
        return _("{name} is gone. What it showed is not.").format(name=saved.remove_view(actor, table, chosen))
    raise NotFound


def _uuid(text: str) -> UUID:
    found = uuid_of(text)
    if found is None:
        raise NotFound
    return found


# --- acts on ticked operations ----------------------------------------------------------------------------------------

DONE = {
    "cancel": ngettext_lazy("{n} operation cancelled", "{n} operations cancelled", "n"),
    "end": ngettext_lazy("{n} operation ended", "{n} operations ended", "n"),
    "move": ngettext_lazy("{n} operation moved", "{n} operations moved", "n"),
    "restore": ngettext_lazy("{n} operation registered again", "{n} operations registered again", "n"),
    "export": ngettext_lazy("{n} operation taken out", "{n} operations taken out", "n"),
}
ASKED = {
    "cancel": ngettext_lazy("Cancel {n} operation?", "Cancel {n} operations?", "n"),
    "end": ngettext_lazy("End {n} operation?", "End {n} operations?", "n"),
    "move": ngettext_lazy("Move {n} operation?", "Move {n} operations?", "n"),
    "restore": ngettext_lazy("Register again {n} operation?", "Register again {n} operations?", "n"),
    "export": ngettext_lazy("Take out {n} operation?", "Take out {n} operations?", "n"),
}
VERBS = {
    "cancel": gettext_lazy("Cancel"),
    "end": gettext_lazy("End"),
    "move": gettext_lazy("Move"),
    "restore": gettext_lazy("Register again"),
    "export": gettext_lazy("Take out"),
}
"""The acts: what was done with so many, what is asked before, the button."""
FARTHEST = 366


@page("deconfliction.operation.read")
@require_POST
def selected(request: HttpRequest) -> HttpResponse:
    """What is to be done with the ticked operations: first said line by line, then, confirmed, done line by line."""
    actor, now, back = actor_of(request), clock.now(), _list_address(request)
    ticked = _ticked(request)
    if not ticked:
        messages.error(request, _("Tick at least one operation, or all on this page."))
        return redirect(back)
    act = bulk.Act(request.POST.get("do", ""), _days(request))
    try:
        if act.name == "export" and request.POST.get("kind"):
            return asked_again(request) or _taken_out(request, ticked, now)
        if request.POST.get("confirmed"):
            return _done_page(request, act, bulk.carry_out(actor, act, ticked, now), back)
        lines = bulk.foresee(actor, act, ticked, now)
    except Invalid as refused:
        messages.error(request, refused.sentence)
        return redirect(back)
    going = [line for line in lines if not line.left_out]
    context = {
        "act": act,
        "verb": VERBS[act.name],
        "heading": ASKED[act.name].format(n=len(going)),
        "going": [_shown(line, reader_zone(request), now) for line in going],
        "left": [_shown(line, reader_zone(request), now) for line in lines if line.left_out],
        "list_query": back.partition("?")[2],
        "back": back,
        "by": abs(act.days),
        "earlier": act.days < 0,
        "ticked": [_mark(one) for one in ticked],
    }
    return render(request, "deconfliction/selected.html", context)


def _done_page(request: HttpRequest, act: bulk.Act, lines: tuple[bulk.Line, ...], back: str) -> HttpResponse:
    done, zone, now = [line for line in lines if not line.left_out], reader_zone(request), clock.now()
    left = len(lines) - len(done)
    heading = DONE[act.name].format(n=len(done))
    if left:
        left_out = ngettext("{n} left out", "{n} left out", left).format(n=left)
        heading = _("{done}, {left_out}").format(done=heading, left_out=left_out)
    context = {
        "act": act,
        "heading": heading,
        "done": [_shown(line, zone, now) for line in done],
        "left": [_shown(line, zone, now) for line in lines if line.left_out],
        "undo": [_mark(line.ticked) for line in done] if act.name == "cancel" else [],
        "list_query": back.partition("?")[2],
        "back": back,
    }
    return render(request, "deconfliction/selected_done.html", context)


def _taken_out(request: HttpRequest, ticked: list[bulk.Ticked], now: datetime) -> HttpResponse:
    actor, kind, ids = actor_of(request), request.POST["kind"], [one.operation_id for one in ticked[: bulk.MOST]]
    if kind == "csv":
        zone, media_type = reader_zone(request), CSV
        content = exports.export_table(actor, ids, now, lambda rows: operation_table(rows, zone, now).content)
    else:
        content = exports.export_chosen(actor, kind, ids, now)
        media_type = exports.FORMATS[kind][0]
    return download(content, media_type, f"operations.{kind}")


def _ticked(request: HttpRequest) -> list[bulk.Ticked]:
    """What was ticked, or all that was shown; what is no operation's mark is none."""
    marks = request.POST.getlist("shown" if request.POST.get("all") else "ticked")
    read = [mark.partition(":") for mark in marks]
    known = [(uuid_of(text), whole(revision)) for text, _, revision in read]
    return list(dict.fromkeys(bulk.Ticked(key, revision) for key, revision in known if key is not None))


def _mark(ticked: bulk.Ticked) -> str:
    return f"{ticked.operation_id}:{ticked.revision}"


def _days(request: HttpRequest) -> int:
    """By how many days a move goes; a day later where nothing was typed."""
    days = min(whole(request.POST.get("by", "1")), FARTHEST + 1)
    return -days if request.POST.get("way") == "earlier" else days


def _list_address(request: HttpRequest) -> str:
    """The list as it was left."""
    filters = cleaned("operations", dict(parse_qsl(request.POST.get("list", "")[:300])))
    return f"{reverse('deconfliction:operations')}?{urlencode(filters)}"


def _shown(line: bulk.Line, zone: str, now: datetime) -> dict[str, Any]:
    row = line.row
    if row is None:
        return {"row": None, "left_out": line.left_out}
    local = row.zone or zone
    state = "cancelled" if row.status == "cancelled" else row.band or row.determination
    times = words.span(*line.times, local) if line.times else ""
    return {
        "row": row,
        "left_out": line.left_out,
        "state": state,
        "times": words.span(row.starts_at, row.ends_at, local),
        "new_times": times,
        "mark": _mark(line.ticked),
    }
