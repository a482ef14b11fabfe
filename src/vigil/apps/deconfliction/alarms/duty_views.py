"""The page of an agency's on-call list."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vigil.apps.deconfliction.alarms import duty
from vigil.apps.deconfliction.posted import uuid_of
from vigil.core.errors import Invalid, NotFound
from vigil.platform.doors import actor_of, page

FIELDS = ("name", "phone", "email", "hours")


@page(duty.EDIT)
@require_http_methods(["GET", "POST"])
def on_call(request: HttpRequest) -> HttpResponse:
    """Who is on call for this agency: add, remove, put first."""
    actor = actor_of(request)
    typed: dict[str, str] = {}
    channels, wrong = ["sms"], {}
    if request.method == "POST":
        do, _colon, key = request.POST.get("do", "").partition(":")
        chosen = uuid_of(key)
        if do in ("remove", "up"):
            if chosen is None:
                raise NotFound
            (duty.remove if do == "remove" else duty.move_up)(actor, chosen)
            messages.info(request, _("Saved. It counts from now on."))
            return redirect("deconfliction:on_call")
        typed = {name: request.POST.get(name, "") for name in FIELDS}
        channels = request.POST.getlist("channels")
        try:
            duty.add(actor, typed, channels)
        except Invalid as refused:
            wrong = {str(one.path[0]) if one.path else "": {"sentence": one.sentence} for one in refused.problems}
        else:
            messages.info(request, _("Added. It counts from now on."))
            return redirect("deconfliction:on_call")
    context = {
        "people": duty.listed(actor),
        "typed": typed,
        "at": wrong,
        "summary": [{"field": field, "sentence": one["sentence"]} for field, one in wrong.items()],
        "channels": [(code, label, code in channels) for code, label in duty.CHANNELS],
    }
    return render(request, "deconfliction/on_call.html", context, status=422 if wrong else 200)
