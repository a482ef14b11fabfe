"""The pages of help."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from vigil.core.errors import NotFound
from vigil.platform.doors import page
from vigil.platform.help.texts import FAQ, TOPICS, topic_of_slug


@page("accounts.profile.edit")
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every topic, and the frequent questions with their answers."""
    return render(request, "help/index.html", {"topics": TOPICS, "faq": FAQ})


@page("accounts.profile.edit")
@require_GET
def topic(request: HttpRequest, topic: str) -> HttpResponse:
    """The help for one kind of page."""
    found = topic_of_slug(topic)
    if found is None:
        raise NotFound
    return render(request, "help/topic.html", {"topic": found})
