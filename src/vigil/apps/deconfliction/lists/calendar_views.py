"""The calendar page, where one's own address is made and revoked, and the feed itself."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from vigil.api import conditions
from vigil.apps.deconfliction.lists import calendar_feed
from vigil.platform import clock
from vigil.platform.doors import actor_of, asked_again, declared, page
from vigil.platform.requests import source


@page("deconfliction.feed.create")
@require_http_methods(["GET", "POST"])
def calendar_page(request: HttpRequest) -> HttpResponse:
    """One's own calendar address: made, shown once, revoked."""
    actor, now, address = actor_of(request), clock.now(), ""
    if request.POST.get("do") == "revoke":
        calendar_feed.revoke_feed(actor, now)
        messages.success(request, _("The address no longer works. Calendars that had it keep what they last read."))
        return redirect("deconfliction:calendar")
    if request.POST.get("do") == "create":
        again = asked_again(request)
        if again is not None:
            return again
        token = calendar_feed.create_feed(actor, request.POST.get("which") == "mine", now)[1]
        address = request.build_absolute_uri(reverse("deconfliction:calendar_feed", args=[token]))
    own = calendar_feed.own_feed(actor)
    context = {"feed": own, "is_over": own is not None and own.expires_at <= now, "address": address}
    return render(request, "deconfliction/calendar.html", context)


@declared("deconfliction.feed.read")
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The operations of the token's person as iCalendar; 304 while nothing has changed."""
    content = calendar_feed.read_calendar(token, source.get(), clock.now())
    return conditions.feed(request, content, "text/calendar; charset=utf-8")
