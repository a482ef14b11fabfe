"""Pages of what is planned together: offers to run two operations jointly, the deconflictors."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from vigil.apps.deconfliction import rules, views
from vigil.apps.deconfliction.posted import uuid_of
from vigil.apps.deconfliction.together import deconflictors, joint
from vigil.core.errors import Invalid, NotFound
from vigil.platform import clock
from vigil.platform.agencies.actions import name_deconflictor
from vigil.platform.agencies.models import this_node
from vigil.platform.doors import actor_of, page


@page("deconfliction.joint_offer.create")
@require_POST
def offer(request: HttpRequest, conflict_id: UUID) -> HttpResponse:
    """ "Run together": ask the other side of a conflict."""
    actor = actor_of(request)
    return views.change_operation(
        request,
        lambda: joint.offer_joint(actor, conflict_id, clock.now()),
        _("Asked. Both keep their alarm until the other side accepts. Call them."),
        otherwise=lambda status: views.conflict_page(request, conflict_id, status=status),
    )


@page("deconfliction.joint_offer.answer")
@require_POST
def answer(request: HttpRequest, operation_id: UUID, offer_id: UUID) -> HttpResponse:
    """Accept or refuse what was offered."""
    actor = actor_of(request)
    if request.POST.get("do") != "accept":
        try:
            joint.refuse_joint(actor, offer_id, clock.now())
            messages.info(request, _("Refused. The other side is told."))
        except Invalid as refused:
            messages.error(request, refused.sentence)
        return redirect("deconfliction:operation", operation_id)
    return views.change_operation(
        request,
        lambda: joint.accept_joint(actor, offer_id, clock.now()),
        _("Accepted. Your operation names theirs now, and we asked everyone again."),
        otherwise=lambda status: views.operation_page(request, operation_id, status),
    )


@page("deconfliction.joint_offer.answer")
@require_POST
def leave(request: HttpRequest, operation_id: UUID, other_id: UUID) -> HttpResponse:
    """No longer together, or take an offer back."""
    actor = actor_of(request)
    return views.change_operation(
        request,
        lambda: joint.leave_joint(actor, operation_id, other_id, clock.now()),
        _("Your operation no longer names theirs. We asked everyone again."),
        otherwise=lambda status: views.operation_page(request, operation_id, status),
    )


# --- deconflictors: the agency's account, and whom others telephone --------------------------------------------------


@page("deconfliction.deconflictor.name")
@require_http_methods(["GET", "POST"])
def agency_deconflictor(request: HttpRequest) -> HttpResponse:
    """Which account of one's own agency sees its silent operations."""
    actor = actor_of(request)
    if request.method == "POST":
        chosen = request.POST.get("account")
        account = uuid_of(chosen)
        if chosen is None or (chosen and account is None):
            raise NotFound
        deconflictors.name_account(actor, account, clock.now())
        messages.info(request, _("Saved. It counts from now on."))
        return redirect("deconfliction:agency_deconflictor")
    present, choices = deconflictors.named(actor), deconflictors.candidates(actor)
    context = {"choices": choices, "present": present, "lost": present is not None and present not in choices}
    return render(request, "deconfliction/agency_deconflictor.html", context)


@page("agencies.node.edit")
@require_http_methods(["GET", "POST"])
def deconflictor(request: HttpRequest) -> HttpResponse:
    """Who speaks with both sides where a silent operation meets another one."""
    node = this_node()
    context: dict[str, Any] = {"name": node.deconflictor_name, "phone": node.deconflictor_phone, "at": {}}
    if request.method == "POST":
        context |= {"name": request.POST.get("name", "").strip(), "phone": request.POST.get("phone", "").strip()}
        phone = rules.read_phone(context["phone"]) or ""
        if context["phone"] and not phone:
            context["at"] = {"phone": {"sentence": _("This is not a telephone number: give ten digits.")}}
        elif bool(context["name"]) != bool(phone):
            missing = "phone" if context["name"] else "name"
            context["at"] = {missing: {"sentence": _("Give a name and a telephone number, or neither.")}}
        else:
            name_deconflictor(actor_of(request), context["name"], phone)
            messages.info(request, _("Saved. It stands on cards, notices and conflict pages from now on."))
            return redirect("deconfliction:deconflictor")
    shown_name, shown_phone = node.deconflictor
    context |= {"shown": ", ".join(filter(None, (shown_name, shown_phone)))}
    return render(request, "deconfliction/deconflictor.html", context, status=422 if context["at"] else 200)
