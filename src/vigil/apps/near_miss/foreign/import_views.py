"""The page on which exports of other services are brought in: send a file, see what a check finds, take it in or not;
which sources are in the library, and taking one out.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from vigil.apps.near_miss.foreign import importing, lessons
from vigil.apps.near_miss.foreign.lessons import Checked
from vigil.apps.near_miss.foreign.mapping import SOURCES
from vigil.core.errors import Invalid
from vigil.platform import clock, kept_files
from vigil.platform.doors import actor_of, page

SHOWN = 100
"""Lines of a table (ours)."""


@page(importing.IMPORT)
@require_http_methods(["GET", "POST"])
def bring(request: HttpRequest) -> HttpResponse:
    """Send a file: it is checked, and kept where no row is bad."""
    if request.method == "GET":
        return _page(request, {})
    sent, source = request.FILES.get("file"), request.POST.get("source", "")
    if sent is None:
        return _page(request, {"file": _("Choose a file.")}, source)
    content = b"".join(sent.chunks())
    try:
        kept, checked = importing.keep(actor_of(request), source, content, clock.now().date())
    except Invalid as refused:
        return _page(request, {str(one.path[0]): one.sentence for one in refused.problems}, source)
    if kept is None:
        return _page(request, {}, source, checked)
    return redirect("near_miss:foreign_check", kept)


def _page(
    request: HttpRequest, problems: dict[str, str], source: str = "", checked: Checked | None = None
) -> HttpResponse:
    bad = checked.bad_rows if checked else []
    context: dict[str, Any] = {
        "sources": lessons.counts(actor_of(request)),
        "offered": [SOURCES[code] for code in importing.OFFERED],
        "source": source,
        "at": {field: {"sentence": said} for field, said in problems.items()},
        "bad_rows": bad[:SHOWN],
        "bad_total": len(bad),
    }
    return render(request, "near_miss/foreign_import.html", context, status=422 if problems or bad else 200)


@page(importing.IMPORT)
@require_http_methods(["GET", "POST"])
def checked(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """What the kept file would do; posting takes it in or lets it go."""
    actor, today = actor_of(request), clock.now().date()
    if request.POST.get("go") == "import":
        done = importing.take_in(actor, upload_id, today)
        said = ngettext("{n} report imported, {m} changed.", "{n} reports imported, {m} changed.", len(done.new))
        messages.success(request, said.format(n=len(done.new), m=len(done.changed)))
        return redirect("near_miss:foreign_import")
    found, _size = importing.kept(actor, upload_id, today)
    if request.method == "POST":
        kept_files.forget(upload_id)
        messages.success(request, _("Not imported. The file is no longer here."))
        return redirect("near_miss:foreign_import")
    marked = [one for one in (*found.new, *found.changed) if one.flags]
    context = {
        "found": found,
        "is_news": bool(found.new or found.changed),
        "marked": [(one.number, one.title, sum(one.flags.values())) for one in marked[:SHOWN]],
        "marked_total": len(marked),
        "unmapped": found.unmapped.most_common(SHOWN),
    }
    return render(request, "near_miss/foreign_check.html", context)


@page("near_miss.foreign.remove")
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Take every report of a source out."""
    gone = lessons.remove(actor_of(request), request.POST.get("source", ""))
    said = ngettext("{n} report is taken out.", "{n} reports are taken out.", gone)
    messages.success(request, said.format(n=gone))
    return redirect("near_miss:foreign_import")
