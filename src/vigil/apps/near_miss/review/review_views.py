"""Pages of the review: the key and the queue."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from vigil.apps.near_miss import access, queries
from vigil.apps.near_miss.followup import origins
from vigil.apps.near_miss.review import actions, seats, unlocking
from vigil.apps.near_miss.review.seats import Key
from vigil.apps.near_miss.review.working import Reader
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, Problem
from vigil.door import LEAST_REVIEWERS
from vigil.platform import clock
from vigil.platform.doors import actor_of, page

READ = "near_miss.report.read"


@page(READ)
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """What waits, the reviewer's key, and the other reviewers."""
    return _queue(request)


@page("near_miss.key.make")
@require_POST
def make_key(request: HttpRequest) -> HttpResponse:
    """A first key, or a new one."""
    try:
        seats.make_key(actor_of(request), request.POST.get("new", ""), request.POST.get("again", ""))
    except Invalid as refused:
        return _queue(request, {"new": refused.problems[0]})
    messages.success(request, _("Your key is made. Nobody else knows the passphrase, and nobody can reset it."))
    return redirect("near_miss:who")


@page("near_miss.key.unlock")
@require_POST
def unlock(request: HttpRequest) -> HttpResponse:
    """Open the key for half an hour."""
    actor = actor_of(request)
    try:
        private = actions.unwrap(actor, request.POST.get("passphrase", ""))
    except Invalid as refused:
        return _queue(request, {"passphrase": refused.problems[0]})
    response = redirect("near_miss:queue")
    unlocking.unlock(request, response, access.seat_of(actor), private, clock.now())
    return response


@page(READ)
@require_POST
def lock(request: HttpRequest) -> HttpResponse:
    """Close it."""
    access.seat_of(actor_of(request))
    response = redirect("near_miss:queue")
    unlocking.lock(request, response)
    return response


def with_key(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Hands a view the reviewer's open key. Who posts when it has closed meanwhile is asked for the passphrase on a
    page that keeps what was typed; everybody else is led to where keys are opened.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, **named: UUID) -> HttpResponse:
        actor = actor_of(request)
        seat, reader = access.seat_of(actor), _reader(request, actor)
        if reader is not None:
            return view(request, reader, **named)
        if request.method != "POST" or seat.number is None:
            messages.info(request, _("Open your key first: reports are readable for half an hour at a time."))
            return redirect("near_miss:queue")
        if "passphrase" not in request.POST:
            return _ask_again(request)
        try:
            private = actions.unwrap(actor, request.POST["passphrase"])
        except Invalid as refused:
            return _ask_again(request, refused.problems[0])
        response = view(request, Reader(seat.number, private), **named)
        unlocking.unlock(request, response, seat, private, clock.now())
        return response

    return wrapped


def _ask_again(request: HttpRequest, problem: Problem | None = None) -> HttpResponse:
    left_out = ("csrfmiddlewaretoken", "passphrase")
    typed = [(name, value) for name, values in request.POST.lists() if name not in left_out for value in values]
    context = {"typed": typed, "problem": problem}
    return render(request, "near_miss/reopen.html", context, status=422 if problem else 200)


@page("near_miss.key.hand_over")
@require_POST
@with_key
def let_read(request: HttpRequest, reader: Reader, seat: UUID) -> HttpResponse:
    """Let another reviewer read what was sealed before they had their key."""
    actions.let_read(actor_of(request), seat, reader)
    messages.success(request, _("They can read now what you can read."))
    return redirect("near_miss:queue")


def _queue(request: HttpRequest, at: dict[str, Any] | None = None) -> HttpResponse:
    actor = actor_of(request)
    seat = access.seat_of(actor)
    named, reader = seats.who(actor), _reader(request, actor)
    sealed_to = [one for one in named if one.key == Key.SEALED_TO]
    context = {
        "lines": queries.queue(actor, request.GET.get("page", "")),
        "seat": seat,
        "is_open": reader is not None,
        "untold": len(origins.untold(actor, reader)) if reader else 0,
        "with_key": sealed_to,
        "others": [one.seat for one in sealed_to if one.seat.pk != seat.pk],
        "wait": sum(one.key == Key.WAITS for one in named),
        "missing": max(0, LEAST_REVIEWERS - len(sealed_to)),
        "at": at or {},
    }
    return render(request, "near_miss/queue.html", context, status=422 if at else 200)


def _reader(request: HttpRequest, actor: Actor) -> Reader | None:
    return unlocking.reader(request, access.seat_of(actor), clock.now())
