"""One's own telephone PIN."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from vigil.core.errors import Invalid
from vigil.platform import clock
from vigil.platform.accounts import pins
from vigil.platform.doors import actor_of, page


@page("accounts.pin.edit", fresh=True)
@sensitive_post_parameters("pin", "again")
@require_http_methods(["GET", "POST"])
def pin(request: HttpRequest) -> HttpResponse:
    """Set it, or take it away."""
    actor, at = actor_of(request), {}
    if request.method == "POST":
        try:
            if request.POST.get("do") == "remove":
                pins.remove_pin(actor)
                messages.info(request, _("You have no telephone PIN any more."))
            else:
                pins.set_pin(actor, request.POST.get("pin", ""), request.POST.get("again", ""), clock.now())
                messages.success(request, _("Your telephone PIN counts from now on."))
            return redirect("account")
        except Invalid as refused:
            at = {str(problem.path[0]): problem for problem in refused.problems}
    own = pins.own_pin(actor)
    context = {"own": own, "locked": own is not None and own.failures >= pins.MOST_WRONG, "at": at}
    return render(request, "accounts/pin.html", context, status=422 if at else 200)
