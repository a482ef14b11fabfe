"""The search page: what was asked for in groups, or the empty box with the keys that work everywhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from vigil.core.actor import Actor
from vigil.platform import clock
from vigil.platform.accounts.frame import frame_of
from vigil.platform.doors import actor_of, page
from vigil.platform.help.texts import TOPICS
from vigil.web import finding
from vigil.web.navigation import links

KEYS = (
    (("/",), _("Search, from any page, unless you are typing in a field")),
    (("?",), _("This list")),
    (("↑", "↓"), _("The line above or below, in lists and tables")),
    (("Tab",), _("The next thing that can be used")),
    (("Enter",), _("Open or send")),
    (("Space",), _("Tick; with Shift held and a click, every line between")),
)


@page("web.page.find")
@require_http_methods(["GET", "POST"])
def find_page(request: HttpRequest) -> HttpResponse:
    """Everything that the reader may see and the text names; a single operation asked for by its number opens."""
    actor = actor_of(request)
    # No stored text holds a NUL, and PostgreSQL refuses even to compare with one.
    text = request.POST.get("text", "").replace("\x00", "").strip()[: finding.LONGEST]
    groups = _groups(request, actor, text) if text else []
    if len(groups) == 1 and groups[0].sure:
        return HttpResponseRedirect(groups[0].hits[0].url)
    context = {"text": text, "groups": groups, "is_asked": request.method == "POST", "keys": KEYS}
    return render(request, "web/found.html", context)


def _groups(request: HttpRequest, actor: Actor, text: str) -> list[finding.Group]:
    pages = [finding.Hit(link.label, link.url) for link in links(request, actor) if finding.matches(text, link.label)]
    helps = [
        finding.Hit(gettext(topic.title), reverse("help_topic", args=[topic.slug]), gettext(topic.what))
        for topic in TOPICS
        if finding.matches(text, gettext(topic.title))
    ]
    asked = finding.Asked(text, clock.now(), frame_of(request).zone)
    rest = [finding.Group(gettext("Pages"), pages), finding.Group(gettext("Help"), helps)]
    return [*finding.find(actor, asked), *(group for group in rest if group.hits)]
