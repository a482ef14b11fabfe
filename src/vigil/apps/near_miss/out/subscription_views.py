"""Pages of what one is told: the choice of topics, the digests."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_http_methods

from vigil.apps.near_miss.out import digest, subscriptions
from vigil.apps.near_miss.out.subscriptions import Topic
from vigil.platform import clock
from vigil.platform.delivery.personal import personal_ways
from vigil.platform.doors import actor_of, page

TOPICS = {
    Topic.ALERTS: gettext_noop("Alerts: at 0, 6, 12 or 18 h UTC, whichever comes next"),
    Topic.LESSONS: gettext_noop("New lessons: at noon UTC on the day after"),
    Topic.DIGEST: gettext_noop("The digest of a month: on the first of the next"),
}


@page("near_miss.subscription.edit")
@require_http_methods(["GET", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """What the reader is told of."""
    actor = actor_of(request)
    if request.method == "POST":
        ticked = request.POST.getlist("topic")
        subscriptions.choose(actor, frozenset(topic for topic in Topic if topic.value in ticked))
        messages.success(request, _("Saved."))
        return redirect("near_miss:subscription")
    chosen = subscriptions.chosen(actor)
    context = {
        "topics": [(topic.value, _(words), topic in chosen) for topic, words in TOPICS.items()],
        "has_way": actor.user_id is not None and bool(personal_ways(actor.user_id, urgent=False)),
    }
    return render(request, "near_miss/subscription.html", context)


@page("near_miss.lesson.read")
@require_GET
def digests(request: HttpRequest) -> HttpResponse:
    """The months that have a digest."""
    return render(request, "near_miss/digests.html", {"months": digest.months(actor_of(request), clock.now())})


@page("near_miss.lesson.read")
@require_GET
def one_digest(request: HttpRequest, month: str) -> HttpResponse:
    """The digest of one month."""
    return render(request, "near_miss/digest.html", {"digest": digest.read(actor_of(request), month, clock.now())})
