"""The doors of the lists beside showing them: saved views."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from vigil.apps.deconfliction import saved_views
from vigil.apps.deconfliction.list_filters import cleaned, described
from vigil.core.errors import Invalid, NotFound
from vigil.platform import clock
from vigil.platform.doors import actor_of, page


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
        for one in saved_views.views_of(actor, table).rows
    ]
    wanted = cleaned(table, request.POST or request.GET)
    context: dict[str, Any] = {
        "table": table,
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
        view = saved_views.save_view(
            actor, table, name, cleaned(table, request.POST), clock.now(), is_default=bool(request.POST.get("default"))
        )
        return f"Saved as {view.name}."
    if do == "open_with_none":
        saved_views.open_with(actor, table, None)
        return "The list opens as it always did."
    chosen = _uuid(request.POST.get("view", ""))
    if do == "rename":
        return f"It is called {saved_views.rename_view(actor, table, chosen, name).name} now."
    if do == "open_with":
        saved_views.open_with(actor, table, chosen)
        return "The list opens with it from now on."
    if do == "remove":
        return f"{saved_views.remove_view(actor, table, chosen)} is gone. What it showed is not."
    raise NotFound


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
