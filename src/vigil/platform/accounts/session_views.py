"""One's own open logins, and what the screen lock asks."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from vigil.platform import clock
from vigil.platform.accounts import actions
from vigil.platform.accounts.sessions import handle_of, left
from vigil.platform.doors import actor_of, page


@page("accounts.profile.edit")
@require_GET
def session(request: HttpRequest) -> HttpResponse:
    """How many seconds this login has left unless somebody uses it, and whose it is.

    Asking counts as use, unless the page says that it asks by itself (`X-Requested-With: live`).
    """
    whose = handle_of(str(actor_of(request).user_id))
    return JsonResponse({"seconds": left(request, clock.now()), "whose": whose})


@page("accounts.session.end")
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End one of one's other logins, or all of them."""
    handle = request.POST.get("session", "")
    if actions.end_own_sessions(
        actor_of(request), request.session.session_key, "" if handle == "all" else handle or "-"
    ):
        messages.success(request, _("Ended: it opens nothing any more."))
    return redirect("factors")
