"""The page of set-up: what is missing, and the way to every set-up page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from vigil.platform import clock
from vigil.platform.doors import actor_of, page
from vigil.platform.readiness.judgement import missing
from vigil.platform.readiness.queries import readiness

PAGES = (
    ("People", "people", "accounts.user.read", "add, change roles, switch off"),
    ("Your agency", "agencies:agency", "agencies.agency.edit", "name, county, time zone, own desk"),
    ("Agencies of this node", "agencies:agencies", "agencies.agency.create", "add one, change its name or desk"),
    ("Node and region", "agencies:node", "agencies.node.edit", "name, and where maps open"),
    ("Watch desk", "agencies:watch_desk", "agencies.node.edit", "telephone, hours, who answers outside them"),
    ("Deconflictor", "deconfliction:deconflictor", "agencies.node.edit", "who speaks with both sides of a silent one"),
    ("Lead time and types", "deconfliction:agency_rules", "agencies.agency.edit", "own radii and buffers"),
    ("Retention", "agencies:retention", "agencies.agency.edit", "how long data are kept"),
    ("Policy", "policy:policy", "policy.adoption.sign", "adopt it, and see who has read it"),
    ("Streets", "gazetteer:streets", "gazetteer.source.read", "what is imported, and how to bring more"),
    ("Whom to call", "whom_to_call:directory", "whom_to_call.entry.edit", "telephones of other desks"),
)
"""Label, address, what it needs, and what is done there."""


@page("agencies.agency.edit")
@require_GET
def setup(request: HttpRequest) -> HttpResponse:
    """What is done and what is missing before the node is ready."""
    actor = actor_of(request)
    items = [(item, bool(item.url_name) and actor.can(item.permission)) for item in readiness(actor, clock.now())]
    lacking = missing([item for item, _ in items])
    context = {
        "needed": [(item, link) for item, link in items if item.needed],
        "helpful": [(item, link) for item, link in items if not item.needed],
        "lacking": len(lacking),
        "pages": [(label, url, words) for label, url, permission, words in PAGES if actor.can(permission)],
    }
    return render(request, "readiness/setup.html", context)
