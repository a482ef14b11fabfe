"""The page where one's own address of the feed is made and revoked, and the feed itself."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from vigil.api import conditions
from vigil.apps.near_miss.models import Lesson
from vigil.apps.near_miss.out import feeds
from vigil.platform import clock
from vigil.platform.doors import actor_of, asked_again, declared, page
from vigil.platform.requests import source


@page("near_miss.feed.create")
@require_http_methods(["GET", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """One's own address of the feed: made, shown once, revoked."""
    actor, now, address = actor_of(request), clock.now(), ""
    if request.POST.get("do") == "revoke":
        feeds.revoke_feed(actor, now)
        messages.success(request, _("The address no longer works. Readers that had it keep what they last read."))
        return redirect("near_miss:feed")
    if request.POST.get("do") == "create":
        again = asked_again(request)
        if again is not None:
            return again
        address = request.build_absolute_uri(reverse("near_miss:atom", args=[feeds.create_feed(actor, now)]))
    row = feeds.own_feed(actor)
    context = {"feed": row, "is_over": row is not None and row.expires_at <= now, "address": address}
    return render(request, "near_miss/feed.html", context)


@declared(feeds.READ)
@require_safe
def atom(request: HttpRequest, token: str) -> HttpResponse:
    """The lessons as Atom for the token's person; 304 while nothing has changed."""

    def address(lesson: Lesson) -> str:
        return request.build_absolute_uri(reverse("near_miss:lesson", args=[lesson.pk]))

    content = feeds.read_feed(token, source.get(), address, clock.now())
    return conditions.feed(request, content, "application/atom+xml; charset=utf-8")
