"""The page of a witness: what they are to confirm."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vigil.apps.near_miss.encounters import consents
from vigil.apps.near_miss.encounters.rules import ANSWERS, HOWS, PERSONS, Answer, How, Person
from vigil.core.errors import NotFound
from vigil.platform import clock
from vigil.platform.doors import actor_of, page


@page(consents.CONFIRM)
@require_http_methods(["GET", "POST"])
def waiting(request: HttpRequest) -> HttpResponse:
    """The consents that name the reader as witness; posting confirms one."""
    actor = actor_of(request)
    if request.method == "POST":
        try:
            consents.confirm_consent(actor, UUID(request.POST.get("consent", "")), clock.now().date())
        except ValueError:
            raise NotFound from None
        messages.success(request, _("Confirmed."))
        return redirect("near_miss:consents")
    lines = [
        (one, _(PERSONS[Person(one.person)]), _(ANSWERS[Answer(one.answer)]), _(HOWS[How(one.how)]) if one.how else "")
        for one in consents.waiting_for(actor)
    ]
    return render(request, "near_miss/consents.html", {"lines": lines})
