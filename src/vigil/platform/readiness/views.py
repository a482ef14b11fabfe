"""The page of set-up: what is missing, and the way to every set-up page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from vigil.platform import clock
from vigil.platform.doors import actor_of, page
from vigil.platform.readiness.judgement import missing
from vigil.platform.readiness.queries import readiness

PAGES = (
    (_("People"), "people", "accounts.user.read", _("add, change roles, switch off")),
    (_("Accounts"), "accounts", "accounts.user.read", _("requests, yearly review, lent officers, invitations")),
    (_("Your agency"), "agencies:agency", "agencies.agency.edit", _("name, county, time zone, own desk")),
    (_("Agencies of this node"), "agencies:agencies", "agencies.agency.create", _("add one, change its name or desk")),
    (_("Node and region"), "agencies:node", "agencies.node.edit", _("name, and where maps open")),
    (_("Watch desk"), "agencies:watch_desk", "agencies.node.edit", _("telephone, hours, who answers outside them")),
    (_("Partners"), "deconfliction:partners", "partners.partner.propose", _("other nodes: pair, see how they stand")),
    (_("Channels"), "delivery:channels", "delivery.channel.read", _("how alarms leave the node, tests, what failed")),
    (_("Webhooks"), "delivery:webhooks", "delivery.webhook.read", _("programs of yours that are told of alarms")),
    (
        _("Deconflictor"),
        "deconfliction:deconflictor",
        "agencies.node.edit",
        _("who speaks with both sides of a silent one"),
    ),
    (
        _("Deconflictor's account"),
        "deconfliction:agency_deconflictor",
        "deconfliction.deconflictor.name",
        _("who of your agency sees its silent operations"),
    ),
    (
        _("On call"),
        "deconfliction:on_call",
        "deconfliction.on_call.edit",
        _("whom of your agency an alarm reaches, and when"),
    ),
    (
        _("TAK server"),
        "deconfliction:tak_server",
        "deconfliction.tak_server.edit",
        _("your own zones on your officers' devices"),
    ),
    (_("Lead time and types"), "deconfliction:agency_rules", "agencies.agency.edit", _("own radii and buffers")),
    (_("Budgets of questions"), "deconfliction:agency_budgets", "agencies.agency.edit", _("how much before one looks")),
    (_("Retention"), "agencies:retention", "agencies.agency.edit", _("how long data are kept")),
    (_("Policy"), "policy:policy", "policy.adoption.sign", _("adopt it, and see who has read it")),
    (_("Streets"), "gazetteer:streets", "gazetteer.source.read", _("what is imported, and how to bring more")),
    (_("Whom to call"), "whom_to_call:directory", "whom_to_call.entry.edit", _("telephones of other desks")),
)
"""Label, address, what it needs, and what is done there."""


@page("agencies.agency.edit")
@require_GET
def setup(request: HttpRequest) -> HttpResponse:
    """What is done and what is missing before the node is ready."""
    actor = actor_of(request)
    items = [(item, bool(item.url_name) and actor.can(item.permission)) for item in readiness(actor, clock.now())]
    lacking = missing([item for item, link in items])
    context = {
        "needed": [(item, link) for item, link in items if item.needed],
        "helpful": [(item, link) for item, link in items if not item.needed],
        "lacking": len(lacking),
        "pages": [(label, url, words) for label, url, permission, words in PAGES if actor.can(permission)],
    }
    return render(request, "readiness/setup.html", context)
