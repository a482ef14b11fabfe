"""Pages of what the lessons teach together."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from vigil.apps.near_miss.learning import files, queries
from vigil.apps.near_miss.learning.rules import ALL
from vigil.core.errors import NotFound
from vigil.core.privacy.suppression import K
from vigil.platform.doors import actor_of, page
from vigil.web.downloads import CSV, download


@page("near_miss.lesson.read")
@require_GET
def patterns(request: HttpRequest) -> HttpResponse:
    """The dashboards: all lessons, or those of one kind of call (`?group=`)."""
    board = queries.board(actor_of(request))
    group = request.GET.get("group", ALL)
    if group != ALL and group not in board.groups:
        raise NotFound
    context = {
        "board": board,
        "finding": queries.finding(board, group),
        "group": group,
        "group_words": queries.group_words(group),
        "size": board.size(group),
        "k": K,
        "few": K - 1,
        "groups": queries.groups(board),
        "together": [queries.group_words(one) for one in board.together],
    }
    if board.total:
        context |= {
            "trend": queries.trend(board, group),
            "panels": queries.panels(board, group),
            "charts": [queries.by_question(board, name, group) for name in queries.CROSSED],
            "crossed": queries.crossed(board) if group == ALL else [],
        }
    return render(request, "near_miss/patterns.html", context)


@page("near_miss.lesson.export")
@require_GET
def as_csv(request: HttpRequest) -> HttpResponse:
    """The numbers of every choice on the page."""
    content = files.give_csv(actor_of(request))
    return download(content, CSV, "near-miss-patterns.csv")
