"""Pages of the auditor: the weekly review, the records, and what is taken out of them.

What is searched for is posted: no address carries a name.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigil.core.errors import Invalid
from vigil.platform import clock
from vigil.platform.audit import actions, patterns, queries
from vigil.platform.audit.patterns import Kind
from vigil.platform.doors import actor_of, page
from vigil.web.downloads import CSV, download

KIND_WORDS = {
    Kind.PROBES: (gettext_lazy("Registered, then cancelled within the hour"), gettext_lazy("operations")),
    Kind.MASS_READS: (gettext_lazy("Read much in one hour"), gettext_lazy("operations and conflicts")),
    Kind.GUESSES: (gettext_lazy("Asked for what is not there"), gettext_lazy("times")),
    Kind.EXPORTS: (gettext_lazy("Took files out"), gettext_lazy("files")),
    Kind.ODD_HOURS: (gettext_lazy("Worked at night, unlike before"), gettext_lazy("acts")),
    Kind.FAILED_LOGINS: (gettext_lazy("Failed logins"), gettext_lazy("times")),
    Kind.REFUSALS: (gettext_lazy("Refused by role"), gettext_lazy("times")),
}
OUTCOME_WORDS = {
    "done": gettext_lazy("Done"),
    "refused": gettext_lazy("Refused"),
    "not_found": gettext_lazy("Nothing there"),
    "stale": gettext_lazy("Overtaken"),
}
READ = "audit.record.read"


@page(READ)
@require_GET
def review(request: HttpRequest) -> HttpResponse:
    """The last seven days: what is unusual first, then how much there is."""
    seen = actions.read_review(actor_of(request), clock.now())
    context = {
        "seen": seen,
        "rows": [(one, *KIND_WORDS[one.pattern.kind]) for one in seen.unusual],
        "is_node": queries.scope_of(actor_of(request)) is None,
        "may_take_head": actor_of(request).can("audit.head.export"),
        "least": _least(),
    }
    return render(request, "audit/review.html", context)


def _least() -> list[tuple[Any, int, Any]]:
    """From how many on each pattern is listed."""
    least = patterns.LEAST | {Kind.MASS_READS: patterns.READS_IN_AN_HOUR}
    return [(KIND_WORDS[kind][0], least[kind], KIND_WORDS[kind][1]) for kind in Kind]


@page("audit.review.sign")
@require_POST
def sign(request: HttpRequest) -> HttpResponse:
    """ "I have looked through the week"."""
    actions.sign_review(actor_of(request), clock.now())
    messages.success(request, _("Signed. The next review is due in seven days."))
    return redirect("audit:review")


@page(READ)
@require_http_methods(["GET", "POST"])
def records(request: HttpRequest) -> HttpResponse:
    """The trail, newest first, as asked for."""
    return _records_page(request)


@page("audit.record.export", fresh=True)
@require_POST
def records_csv(request: HttpRequest) -> HttpResponse:
    """The records asked for as CSV."""
    try:
        content = actions.export_records(actor_of(request), queries.Filters.read(request.POST))
    except Invalid as refused:
        return _records_page(request, refused)
    return download(content, CSV, "audit.csv")


@page("audit.head.export", fresh=True)
@require_POST
def head(request: HttpRequest) -> HttpResponse:
    """The end of the chain, signed by the node, as a file."""
    line = actions.export_head(actor_of(request), clock.now())
    return download(line + "\n", "application/json", "audit-head.json")


def _records_page(request: HttpRequest, refused: Invalid | None = None) -> HttpResponse:
    number = request.POST.get("page", "1")
    filters = queries.Filters.read(request.POST)
    found = actions.read_records(
        actor_of(request), filters, int(number) if number.isdecimal() and len(number) < 8 else 1
    )
    context = {
        "found": found,
        "typed": {name: request.POST.get(name, "") for name in ("person", "verb", "outcome", "first", "last")},
        "outcomes": OUTCOME_WORDS.items(),
        "words": OUTCOME_WORDS,
        "problem": {"sentence": refused.sentence} if refused else None,
    }
    return render(request, "audit/records.html", context, status=422 if refused else 200)
