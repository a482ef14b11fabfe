"""The doors to `exports`: by POST, from somebody who has just shown who they are; each is recorded."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from vigil.apps.deconfliction import views
from vigil.apps.deconfliction.lists import exports
from vigil.apps.deconfliction.past import history_views
from vigil.apps.deconfliction.views import operation_filter, reader_zone
from vigil.core.errors import NotFound
from vigil.platform import clock
from vigil.platform.doors import actor_of, page
from vigil.web.downloads import download


@page("deconfliction.operation.export", fresh=True)
@require_POST
def export(request: HttpRequest, kind: str) -> HttpResponse:
    """The list's operations, with the filter that stands in its address, as a file for a map program."""
    if kind not in exports.FORMATS:
        raise NotFound
    now = clock.now()
    _, wanted = operation_filter(request, reader_zone(request), now)
    content = exports.export_operations(actor_of(request), kind, wanted, now)
    return download(content, exports.FORMATS[kind][0], f"operations.{kind}")


TABLES = {
    "operations": views.operations_csv,
    "conflicts": views.conflicts_csv,
    "history": history_views.history_csv,
}


@page("deconfliction.operation.export", fresh=True)
@require_POST
def table_csv(request: HttpRequest, table: str) -> HttpResponse:
    """One of the lists as CSV, with the filter that stands in its address, recorded before it is given."""
    response = TABLES[table](request)
    exports.record_table(actor_of(request), table, request.GET.urlencode(), len(response.content))
    return response
