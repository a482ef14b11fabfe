"""Pages of the directory: parse, call, render."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigil.apps.whom_to_call import actions, picture, queries
from vigil.apps.whom_to_call.rules import COLUMNS, STATES, Place
from vigil.core.errors import Invalid
from vigil.platform import clock
from vigil.platform.doors import actor_of, page
from vigil.web.downloads import CSV, download

MOST_BYTES = 1_000_000
PICTURES = tuple(
    (name, width, width * picture.HEIGHT // picture.WIDTH) for name, width in (("wide", 640), ("narrow", 288))
)
"""Name and size of the map as shown: a browser tells a click in pixels of what it shows."""
READ, EDIT = "whom_to_call.entry.read", "whom_to_call.entry.edit"


def _today() -> date:
    return clock.now().date()


@page(READ)
@require_http_methods(["GET", "POST"])
def directory(request: HttpRequest) -> HttpResponse:
    """The map, the question, the answer, and everything known."""
    actor = actor_of(request)
    context: dict[str, Any] = {"where": request.POST.get("where", "").strip()}
    if request.method == "POST":
        place = _asked(request)
        if place is None:
            context["problem"] = {"sentence": _("Give a ZIP code, a state, or a county with its state: Elm, MD.")}
        else:
            context["place"] = ", ".join(filter(None, (place.county, STATES[place.state])))
            context["groups"] = queries.serving(actor, place, _today())
    return _page(request, context)


def _page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    actor = actor_of(request)
    lines = queries.entries(actor, _today())
    shown = {
        "pictures": PICTURES,
        "lines": lines,
        "phones": sum(bool(line.phone) for line in lines),
        "may_edit": actor.can(EDIT),
    }
    bad = "problem" in context or "file_problems" in context
    return render(request, "whom_to_call/directory.html", shown | context, status=422 if bad else 200)


def _asked(request: HttpRequest) -> Place | None:
    for name, width, _height in PICTURES:
        x, y = request.POST.get(f"{name}.x", ""), request.POST.get(f"{name}.y", "")
        if x.isascii() and y.isascii() and x.isdigit() and y.isdigit() and len(x + y) < 9 and (x, y) != ("0", "0"):
            return picture.place_of_click(int(x), int(y), width)
    return queries.place_of_text(request.POST.get("where", "")[:200])


@page(READ)
@require_GET
def map_picture(request: HttpRequest) -> HttpResponse:
    """The map as a picture."""
    return HttpResponse(picture.map_svg(actor_of(request)), content_type="image/svg+xml")


@page("whom_to_call.entry.give")
@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The directory as CSV."""
    return download(actions.give_directory(actor_of(request)), CSV, "whom-to-call.csv")


@page(EDIT)
@require_POST
def take_file(request: HttpRequest) -> HttpResponse:
    """Import a CSV file."""
    file = request.FILES.get("file")
    try:
        if file is None or file.size is None or file.size > MOST_BYTES:
            raise Invalid.at("file", sentence=_("Choose a CSV file of at most 1 MB."))
        count = actions.import_entries(actor_of(request), file.read().decode("utf-8"), _today())
    except UnicodeDecodeError:
        return _page(request, {"file_problems": [_("The file is not UTF-8 text.")]})
    except Invalid as refused:
        return _page(request, {"file_problems": [problem.sentence for problem in refused.problems][:20]})
    messages.success(request, ngettext("{n} row taken.", "{n} rows taken.", count).format(n=count))
    return redirect("whom_to_call:directory")


@page(EDIT)
@require_POST
def shipped(request: HttpRequest) -> HttpResponse:
    """Add the shipped names and regions."""
    count = actions.take_shipped(actor_of(request), _today())
    messages.success(
        request, _("{n} added: names and regions only. Add the telephones that you have checked.").format(n=count)
    )
    return redirect("whom_to_call:directory")


@page(EDIT)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, entry_id: UUID | None = None) -> HttpResponse:
    """One entry, new or known."""
    actor = actor_of(request)
    entry = queries.entry_of(actor, entry_id) if entry_id else None
    values = {name: getattr(entry, name) if entry else "" for name in COLUMNS}
    if entry and entry.checked_on:
        values["checked_on"] = entry.checked_on.isoformat()
    context: dict[str, Any] = {"entry_id": entry_id, "values": values}
    if request.method == "POST":
        context["values"] = {name: request.POST.get(name, "") for name in COLUMNS}
        try:
            actions.save_entry(actor, context["values"], _today(), entry_id)
        except Invalid as refused:
            context["at"] = {str(problem.path[0]): problem for problem in refused.problems}
        else:
            messages.success(request, _("Saved."))
            return redirect("whom_to_call:directory")
    return render(request, "whom_to_call/entry.html", context, status=422 if "at" in context else 200)


@page(EDIT)
@require_POST
def remove(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Take an entry out."""
    actions.remove_entry(actor_of(request), entry_id)
    messages.success(request, _("Removed."))
    return redirect("whom_to_call:directory")
