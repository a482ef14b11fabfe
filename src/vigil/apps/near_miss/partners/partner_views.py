"""The page on which a node's administrator says which partner nodes are sent lessons, and whose are shown."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vigil.apps.near_miss.partners import partner_lessons
from vigil.core.errors import NotFound
from vigil.platform.doors import actor_of, page


@page("near_miss.partner.choose", fresh=True)
@require_http_methods(["GET", "POST"])
def partners(request: HttpRequest) -> HttpResponse:
    """Every partner with its two choices; posting saves those of one."""
    actor = actor_of(request)
    if request.method == "POST":
        try:
            partner_id = UUID(request.POST.get("partner", ""))
        except ValueError:
            raise NotFound from None
        partner_lessons.choose(actor, partner_id, "sends" in request.POST, "shows" in request.POST)
        messages.success(request, _("Saved. The partner is told within a minute."))
        return redirect("near_miss:partners")
    return render(request, "near_miss/partners.html", {"lines": partner_lessons.chosen(actor)})
