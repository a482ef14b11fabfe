"""What can be done with a plan on its operation's page: move, split, copy, renew, give the reason for haste."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vigil.apps.deconfliction import views
from vigil.apps.deconfliction.federation.asking import search_and_ask
from vigil.apps.deconfliction.models import Operation
from vigil.apps.deconfliction.plans import planning, reminders
from vigil.apps.deconfliction.posted import whole
from vigil.core.actor import Actor
from vigil.platform import clock
from vigil.platform.doors import actor_of, page


def _changed(
    request: HttpRequest, operation_id: UUID, change: Callable[[Actor, int], Operation], said: str
) -> HttpResponse:
    actor, revision = actor_of(request), whole(request.POST.get("revision", ""))
    return views.change_operation(
        request,
        lambda: change(actor, revision),
        said,
        otherwise=lambda status: views.operation_page(request, operation_id, status),
    )


def typed_move(request: HttpRequest) -> tuple[int, int]:
    """By how many days and minutes something is to be moved; nothing where no number was typed."""
    text, unit = request.POST.get("by", ""), request.POST.get("unit", "")
    number = int(text) if text.isdecimal() and len(text) < 6 else 0
    number = -number if request.POST.get("way") == "earlier" else number
    return (number, 0) if unit == "days" else (0, number * (60 if unit == "hours" else 1))


@page("deconfliction.operation.edit")
@require_POST
def move(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """Move it by so many days, hours or minutes, later or earlier."""
    days, minutes = typed_move(request)
    return _changed(
        request,
        operation_id,
        lambda actor, revision: planning.move_operation(
            actor, operation_id, revision, clock.now(), days=days, minutes=minutes
        ),
        _("Moved. We asked everyone again for the new time."),
    )


@page("deconfliction.operation.edit")
@require_POST
def fix_time(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """Give a tentative operation its time."""
    given = request.POST.get("fix_starts", ""), request.POST.get("fix_ends", "")
    return _changed(
        request,
        operation_id,
        lambda actor, revision: planning.fix_time(actor, operation_id, revision, *given, clock.now()),
        _("The time is fixed. We asked everyone again."),
    )


@page("deconfliction.operation.edit")
@require_POST
def split(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """Put the ticked sites into an operation of their own, and show that one."""
    chosen = {int(text) for text in request.POST.getlist("site") if text.isdecimal() and len(text) < 4}

    def change(actor: Actor, revision: int) -> Operation:
        rest, new = planning.split_operation(actor, operation_id, revision, chosen, clock.now())
        search_and_ask(actor, rest.pk)
        return new

    return _changed(
        request, operation_id, change, _("Split. This is the new operation; we asked everyone again for both.")
    )


@page("deconfliction.operation.register")
@require_POST
def copy(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """Open a draft that says the same, without times."""
    draft = planning.copy_operation(actor_of(request), operation_id, clock.now())
    messages.info(request, _("A copy, NOT REGISTERED. Give it its time and register it."))
    return redirect(f"{reverse('deconfliction:register')}?draft={draft.pk}")


@page("deconfliction.operation.edit")
@require_POST
def renew(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """Let a long surveillance go on."""
    return _changed(
        request,
        operation_id,
        lambda actor, revision: planning.renew_operation(actor, operation_id, revision, clock.now()),
        _("Renewed. We asked everyone again."),
    )


@page("deconfliction.operation.edit")
@require_POST
def reason(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """Reason and approver of an exigent operation, given afterwards."""
    given = request.POST.get("exigent_reason", ""), request.POST.get("exigent_approver", "")
    return _changed(
        request,
        operation_id,
        lambda actor, revision: planning.give_reason(actor, operation_id, *given, clock.now()),
        _("Noted. You are not reminded any more."),
    )


@page("deconfliction.operation.edit")
@require_POST
def still_going(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """ "Yes, as planned": the question is answered for this revision."""
    reminders.confirm_start(actor_of(request), operation_id, clock.now())
    messages.info(request, _("Noted: it goes ahead as planned."))
    return redirect("deconfliction:operation", operation_id)
