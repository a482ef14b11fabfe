"""The page of streets, and the ranges of the map layer's files."""

from __future__ import annotations

import re

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from vigil.core.errors import NotFound
from vigil.platform.doors import actor_of, page
from vigil.platform.gazetteer import queries, tiles
from vigil.platform.gazetteer.actions import remove_source

LONGEST_RANGE = 4_000_000
"""Bytes that are answered at once. A tile has 500,000 at most; the library asks for less."""


@page("gazetteer.source.read")
@require_GET
def streets(request: HttpRequest) -> HttpResponse:
    """What is imported, how to bring more, and taking an import out."""
    rows = [(source, queries.area(source)) for source in queries.sources()]
    may_edit = actor_of(request).can("gazetteer.source.edit")
    return render(request, "gazetteer/streets.html", {"rows": rows, "may_edit": may_edit})


@page("gazetteer.source.edit")
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Take an import out."""
    name = request.POST.get("source", "")
    remove_source(actor_of(request), name)
    messages.success(request, _("{name} is removed. Its addresses are no longer found.").format(name=name))
    return redirect("gazetteer:streets")


@page("gazetteer.tile.read")
@require_GET
def layers(request: HttpRequest) -> JsonResponse:
    """The map layers there are, as addresses for the library `pmtiles`."""
    found = [reverse("gazetteer:layer", args=[source.pk]) for source in queries.sources() if source.has_tiles]
    return JsonResponse({"layers": found})


@page("gazetteer.tile.read")
@require_GET
def layer(request: HttpRequest, source_id: int) -> HttpResponse:
    """A piece of a layer's file, asked for as `Range: bytes=FIRST-LAST`; the whole is not given at once."""
    source = next((source for source in queries.sources() if source.pk == source_id and source.has_tiles), None)
    file = tiles.file_of(source) if source else None
    if source is None or file is None or not file.exists():
        raise NotFound
    size = file.stat().st_size
    asked = re.fullmatch(r"bytes=(\d{1,15})-(\d{1,15})", request.headers.get("Range", ""))
    first, last = (int(asked[1]), min(int(asked[2]), size - 1)) if asked else (0, -1)
    if not 0 <= first <= last or last - first >= LONGEST_RANGE:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    with file.open("rb") as opened:
        opened.seek(first)
        piece = opened.read(last - first + 1)
    headers = {"Content-Range": f"bytes {first}-{last}/{size}", "Accept-Ranges": "bytes", "ETag": f'"{source_id}"'}
    return HttpResponse(piece, status=206, content_type="application/octet-stream", headers=headers)
