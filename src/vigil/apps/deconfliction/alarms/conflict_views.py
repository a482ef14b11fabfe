"""What a conflict's page does: seen, talked, agreed. Each act counts for the whole incident."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vigil.apps.deconfliction.alarms import lifecycle
from vigil.apps.deconfliction.alarms.lifecycle import Talk
from vigil.apps.deconfliction.views import conflict_page
from vigil.core.errors import Invalid
from vigil.platform import clock
from vigil.platform.doors import actor_of, page

LONGEST_NOTE = 300


@page("deconfliction.conflict.acknowledge")
@require_POST
def acknowledge(request: HttpRequest, conflict_id: UUID) -> HttpResponse:
    """ "I have seen this": this side's alarm stops."""
    try:
        lifecycle.acknowledge_conflict(actor_of(request), conflict_id, clock.now())
    except Invalid as refused:
        messages.error(request, refused.sentence)
    else:
        messages.info(request, _("Your alarm stops. Now call them."))
    return redirect("deconfliction:conflict", conflict_id)


@page("deconfliction.conflict.contact")
@require_POST
def contact(request: HttpRequest, conflict_id: UUID) -> HttpResponse:
    """Log who has talked with whom."""
    names = ("who", "whom", "how", "identity_check", "note")
    typed = {name: request.POST.get(name, "").strip()[:LONGEST_NOTE] for name in names}
    try:
        lifecycle.log_contact(actor_of(request), conflict_id, Talk(**typed), clock.now())
    except Invalid as refused:
        return _refused(request, conflict_id, refused, typed)
    messages.info(request, _("Logged. Now log what you agreed."))
    return redirect("deconfliction:conflict", conflict_id)


@page("deconfliction.conflict.resolve")
@require_POST
def resolve(request: HttpRequest, conflict_id: UUID) -> HttpResponse:
    """Log what was agreed; nothing is ever preselected."""
    outcome, note = request.POST.get("outcome", ""), request.POST.get("reason", "").strip()[:LONGEST_NOTE]
    try:
        lifecycle.resolve_conflict(actor_of(request), conflict_id, outcome, clock.now(), note)
    except Invalid as refused:
        return _refused(request, conflict_id, refused, {"outcome": outcome, "reason": note})
    messages.info(request, _("Settled. If a plan changes and they meet again, you are alarmed again."))
    return redirect("deconfliction:conflict", conflict_id)


def _refused(request: HttpRequest, conflict_id: UUID, refused: Invalid, typed: dict[str, str]) -> HttpResponse:
    """The page again with what is wrong at its field and what was typed; a state that forbids it is said on top."""
    wrong = {str(one.path[0]): one.sentence for one in refused.problems if one.path}
    if not wrong:
        messages.error(request, refused.sentence)
    return conflict_page(request, conflict_id, refused.status, wrong=wrong, typed=typed)
