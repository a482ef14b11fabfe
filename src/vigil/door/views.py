"""The pages that tell, what every page has in common, and the files of this host."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from vigil.door import drop, troubles
from vigil.door.models import Door
from vigil.door.settings import FONTS as FONT_FOLDER

FORM = "application/x-www-form-urlencoded"
HASHING = threading.BoundedSemaphore(4)
"""Each slow hash takes 8 MiB while it runs."""
Page = Callable[[HttpRequest], HttpResponseBase]


def today() -> date:
    """The day; of it only month and week are ever used."""
    return timezone.now().date()


def show(request: HttpRequest, template: str, door: Door | None, status: int = 200, **context: Any) -> HttpResponse:
    """A page of the door."""
    return render(request, f"door/{template}", {"door": door, **context}, status=status)


def page(*, needs_reviewers: bool = False) -> Callable[[Callable[..., HttpResponseBase]], Page]:
    """Hands a view the door, and answers what no view can use: no door yet, a file, too much."""

    def decorator(view: Callable[..., HttpResponseBase]) -> Page:
        def wrapped(request: HttpRequest) -> HttpResponseBase:
            door = drop.the_door()
            if door is None or (needs_reviewers and not drop.is_open()):
                return show(request, "closed.html", door, status=503)
            if request.method not in ("GET", "HEAD", "POST"):
                return show(request, "wrong.html", door, status=405)
            if request.method == "POST" and request.content_type != FORM:
                return show(request, "no_files.html", door, status=415)
            try:
                return view(request, door)
            except (RequestDataTooBig, TooManyFieldsSent):
                return show(request, "too_much.html", door, status=413)

        return wrapped

    return decorator


@page()
def start(request: HttpRequest, door: Door) -> HttpResponse:
    """What this is, and the way in."""
    return show(request, "start.html", door, is_open=drop.is_open())


@page()
def protects(request: HttpRequest, door: Door) -> HttpResponse:
    """What protects the reporter and what does not."""
    return show(request, "protects.html", door)


@page()
def help_page(request: HttpRequest, door: Door) -> HttpResponse:
    """A crime, a real injury, a crisis: whom to turn to. Nothing of the visit is recorded."""
    return show(request, "help.html", door)


@cache
def _css() -> str:
    """The roles and colours of the node's pages, then the door's own rules: one file, of this host."""
    web, own = files("vigil.web") / "static" / "web", files("vigil.door") / "static" / "door"

    def roles(name: str) -> str:
        text = (web / name).read_text(encoding="utf-8")
        begin = text.index(":root {")
        return text[begin : text.index("}", begin) + 1]

    dark = f"@media screen and (prefers-color-scheme: dark) {{\n{roles('dark.css')}\n}}\n"
    return f"{roles('vigil.css')}\n{dark}{(own / 'door.css').read_text(encoding='utf-8')}"


def style(request: HttpRequest) -> HttpResponse:
    """The one stylesheet."""
    return HttpResponse(_css(), content_type="text/css; charset=utf-8")


@cache
def _js(name: str) -> str:
    return (files("vigil.door") / "static" / "door" / f"{name}.js").read_text(encoding="utf-8")


def script(request: HttpRequest, name: str) -> HttpResponse:
    """One of the two scripts, which nobody needs."""
    return HttpResponse(_js(name), content_type="text/javascript; charset=utf-8")


TYPEFACES = {
    "regular.woff2": "public-sans/PublicSans-Regular.woff2",
    "bold.woff2": "public-sans/PublicSans-Bold.woff2",
    "story.woff2": "merriweather/Latin-Merriweather-Regular.woff2",
}


def font(request: HttpRequest, name: str) -> HttpResponseBase:
    """A typeface of the node's pages, where it is installed."""
    file = FONT_FOLDER / TYPEFACES.get(name, "none")
    if not file.is_file():
        raise Http404
    return FileResponse(file.open("rb"), content_type="font/woff2")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A request that no page of ours makes."""
    return show(request, "wrong.html", None, status=400)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """An address that is none."""
    return show(request, "wrong.html", None, status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """A fault of ours: counted, without what was asked."""
    troubles.count()
    return show(request, "failed.html", None, status=500)
