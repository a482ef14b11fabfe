"""The page of an agency's TAK server."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from vigil.apps.deconfliction.field_tools import tak_servers
from vigil.apps.deconfliction.models import TakServer
from vigil.core.errors import Invalid
from vigil.platform import clock
from vigil.platform.doors import actor_of, page

TEXTS = ("host", "port", "server_name", "hours_ahead")
FLAGS = ("masked_areas", "enabled")
NEW = {"port": "8089", "hours_ahead": "12", "enabled": True, "masked_areas": False}


@page(tak_servers.EDIT, fresh=True)
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def tak_server(request: HttpRequest) -> HttpResponse:
    """Which TAK server the agency's own zones go to, and whether it is connected."""
    actor = actor_of(request)
    server = tak_servers.tak_server_of(actor)
    typed: dict[str, Any] = _stored(server) if server else dict(NEW)
    at: dict[str, Any] = {}
    if request.method == "POST":
        texts = {name: request.POST.get(name, "").strip() for name in TEXTS}
        flags = {name: name in request.POST for name in FLAGS}
        typed = texts | flags
        try:
            given = tak_servers.Given(
                texts["host"],
                texts["port"],
                texts["server_name"],
                texts["hours_ahead"],
                flags["masked_areas"],
                flags["enabled"],
                request.POST.get("password", ""),
                _file(request, "client_file"),
                _file(request, "authority_file"),
            )
            tak_servers.set_tak_server(actor, given, clock.now())
        except Invalid as refused:
            at = {str(problem.path[0]): {"sentence": problem.sentence} for problem in refused.problems}
        else:
            messages.success(request, _("Saved. The line is tried within seconds: reload to see whether it stands."))
            return redirect("deconfliction:tak_server")
    summary = [{"field": name, "sentence": problem["sentence"]} for name, problem in at.items()]
    context = {"server": server, "typed": typed, "at": at, "summary": summary}
    return render(request, "deconfliction/tak_server.html", context, status=422 if at else 200)


@page(tak_servers.EDIT, fresh=True)
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Forget the server and the key."""
    tak_servers.remove_tak_server(actor_of(request))
    messages.success(request, _("Removed. What stands on the devices vanishes within two minutes."))
    return redirect("deconfliction:tak_server")


def _stored(server: TakServer) -> dict[str, Any]:
    return {name: str(getattr(server, name)) for name in TEXTS} | {name: getattr(server, name) for name in FLAGS}


def _file(request: HttpRequest, name: str) -> bytes | None:
    sent = request.FILES.get(name)
    if sent is None:
        return None
    if (sent.size or 0) > tak_servers.MOST_BYTES:
        raise Invalid.at(name, sentence=_("This file is too large for a certificate."))
    content: bytes = sent.read()
    return content
