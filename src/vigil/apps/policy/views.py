"""Pages of the policy."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigil.apps.policy import actions, queries
from vigil.core.errors import Invalid
from vigil.platform import clock
from vigil.platform.doors import actor_of, page
from vigil.web.downloads import PDF, download


@page("policy.adoption.read")
@require_http_methods(["GET", "POST"])
def policy(request: HttpRequest) -> HttpResponse:
    """The policy, whether it still says what the settings say, and who has read it; posting adopts it."""
    actor = actor_of(request)
    context: dict[str, Any] = {"signed_by": request.POST.get("signed_by", "")}
    if request.method == "POST":
        try:
            actions.adopt(actor, context["signed_by"], clock.now())
        except Invalid as refused:
            context["problem"] = {"sentence": refused.problems[0].sentence}
        else:
            messages.success(request, _("Adopted. Everybody of the agency is to read it."))
            return redirect("policy:policy")
    context |= {"policy": queries.policy(actor), "may_sign": actor.can("policy.adoption.sign")}
    return render(request, "policy/policy.html", context, status=422 if "problem" in context else 200)


@page("policy.adoption.acknowledge")
@require_POST
def acknowledge(request: HttpRequest) -> HttpResponse:
    """ "I have read it"."""
    actions.acknowledge(actor_of(request), clock.now())
    messages.success(request, _("Thank you. It is recorded."))
    return redirect("policy:policy")


@page("policy.adoption.give")
@require_GET
def pdf(request: HttpRequest) -> HttpResponse:
    """The policy as PDF."""
    return download(actions.give_pdf(actor_of(request)), PDF, "deconfliction-policy.pdf")
