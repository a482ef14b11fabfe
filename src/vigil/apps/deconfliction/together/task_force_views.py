"""Pages of task forces: for members what others registered for it, for administrators who takes part."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from vigil.apps.deconfliction import forms, places, words
from vigil.apps.deconfliction.subjects import looks
from vigil.apps.deconfliction.together import task_forces
from vigil.core.errors import Invalid
from vigil.platform import clock
from vigil.platform.accounts.frame import frame_of
from vigil.platform.doors import actor_of, page


@page("deconfliction.task_force.read")
@require_GET
def task_force_list(request: HttpRequest) -> HttpResponse:
    """One's task forces."""
    return _list(request)


def _list(request: HttpRequest, problem: Invalid | None = None) -> HttpResponse:
    actor = actor_of(request)
    may_edit = actor.can("deconfliction.task_force.edit")
    context = {
        "task_forces": task_forces.task_force_list(actor, clock.now()),
        "may_edit": may_edit,
        "agencies": task_forces.other_agencies(actor) if may_edit else [],
        "name": request.POST.get("name", "") if problem else "",
        "at": {one.path[0]: {"sentence": one.sentence} for one in problem.problems} if problem else {},
    }
    return render(request, "deconfliction/task_forces.html", context, status=422 if problem else 200)


@page("deconfliction.task_force.edit")
@require_POST
def found(request: HttpRequest) -> HttpResponse:
    """A new task force."""
    try:
        task_forces.found_task_force(
            actor_of(request), request.POST.get("name", ""), _ids(request, "agencies"), clock.now()
        )
    except Invalid as refused:
        return _list(request, refused)
    messages.info(request, _("Founded. Now name your members; the other agencies name theirs."))
    return redirect("deconfliction:task_forces")


@page("deconfliction.task_force.edit")
@require_POST
def members(request: HttpRequest, task_force_id: UUID) -> HttpResponse:
    """One's own agency's members, or out of it."""
    actor = actor_of(request)
    if request.POST.get("do") == "leave":
        task_forces.leave_task_force(actor, task_force_id)
        messages.info(request, _("Your agency takes part no more."))
    else:
        task_forces.name_members(actor, task_force_id, _ids(request, "members"), clock.now())
        messages.info(request, _("Saved."))
    return redirect("deconfliction:task_forces")


@page("deconfliction.operation.share")
@require_POST
def share(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """Register one's operation for a task force, or for none."""
    chosen = next(iter(_ids(request, "task_force")), None)
    try:
        task_forces.register_for(actor_of(request), operation_id, chosen, clock.now())
        messages.info(request, _("Its members may read it now.") if chosen else _("Only your agency reads it now."))
    except Invalid as refused:
        messages.error(request, refused.sentence)
    return redirect("deconfliction:operation", operation_id)


@page("deconfliction.operation.read")
@require_GET
def shared(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """An operation of another agency, for a member: to be read, not changed."""
    actor, now = actor_of(request), clock.now()
    found_one = task_forces.shared_operation(actor, operation_id, now)
    looks.note_operation(actor, operation_id, now)
    sites = [
        (
            places.said(site.label) or site.typed,
            words.length(site.radius_m),
            words.span(forms.datetime_of(site.starts_at), forms.datetime_of(site.ends_at), site.zone),
        )
        for site in found_one.sites
    ]
    context = {
        "shared": found_one,
        "sites": sites,
        "flags": [
            *([_("Plain clothes")] if found_one.plain_clothes else []),
            *([_("Armed and dangerous person")] if found_one.armed_and_dangerous else []),
        ],
        "when": words.span(found_one.row.starts_at, found_one.row.ends_at, frame_of(request).zone),
    }
    return render(request, "deconfliction/shared_operation.html", context)


def _ids(request: HttpRequest, name: str) -> list[UUID]:
    found = []
    for text in request.POST.getlist(name):
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
