"""Pages of the review: the key, the queue, a report and its steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigil.apps.near_miss import access, queries
from vigil.apps.near_miss.encounters import encounters
from vigil.apps.near_miss.followup import origins
from vigil.apps.near_miss.learning.likeness import Alike, like_text
from vigil.apps.near_miss.learning.queries import sharing
from vigil.apps.near_miss.review import actions, alerts, masking, seats, unlocking
from vigil.apps.near_miss.review.seats import Key
from vigil.apps.near_miss.review.working import Reader
from vigil.apps.near_miss.rules import OPEN, State
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, Problem
from vigil.core.privacy import KEEP, REPLACE, Choice
from vigil.core.privacy.suppression import K
from vigil.door import LEAST_REVIEWERS, sealing
from vigil.door.fields import FACTORS
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


@page(READ)
@require_http_methods(["GET", "POST"])
@with_key
def report(request: HttpRequest, reader: Reader, report: UUID) -> HttpResponse:
    """A report and the step it waits for; posting takes the step named `go`."""
    access.report_of(report)
    try:
        return _report(request, actor_of(request), report, reader)
    except sealing.Unreadable:
        messages.info(request, _("This was not sealed to your key. Ask another reviewer to let you read it."))
        return redirect("near_miss:queue")


def _report(request: HttpRequest, actor: Actor, report: UUID, reader: Reader) -> HttpResponse:
    go, problems = request.POST.get("go", ""), {}
    if go in DONE:
        try:
            DONE[go](actor, report, _revision(request.POST), reader, request.POST)
            messages.success(request, _("Done."))
            return redirect("near_miss:queue" if go in ("publish", "close") else request.path)
        except Invalid as refused:
            problems = {str(one.path[0]) if one.path else "go": one for one in refused.problems}
    try:
        opened = actions.opened(actor, report, reader)
    except Invalid as refused:
        messages.info(request, refused.problems[0].sentence)
        return redirect("near_miss:queue")
    draft = alerts.draft_of(actor, report, reader) if opened.is_alert else None
    return _page(request, opened, draft, go, problems)


def _page(
    request: HttpRequest, opened: queries.Opened, draft: alerts.Draft | None, go: str, problems: dict[str, Any]
) -> HttpResponse:
    posted, work = request.POST, opened.work
    choices = _choices(posted)
    looked = _looked(opened)
    text = work.text
    if looked and opened.state == State.TRIAGED and (go == "propose" or not text):
        text = looked.masked(choices)
    factors = tuple(posted.getlist("factor")) if go == "code" else work.factors or opened.factors
    encounter = encounters.standing(actor_of(request), opened.address.int, clock.now().date())
    lessons = work.lessons or (encounters.proposed_lessons(work.text) if encounter else "")
    values = {"text": text, "title": work.title, "lessons": lessons, "primary": work.primary or opened.primary}
    # What was typed into the form that was refused stays in it.
    values |= {name: posted[name] for name in values if problems and go in ("mask", "code") and name in posted}
    context = {
        "opened": opened,
        "draft": draft,
        "draft_left": masking.look(draft.text).things if draft else [],
        "at": {go: problems} if problems else {},
        "typed": {go: posted} if problems else {},
        "values": values,
        "looked": looked,
        "things": [(one, choices.get(one.words, REPLACE)) for one in looked.things] if looked else [],
        "groups": queries.factor_groups(factors),
        "factors": [(code, _(words)) for code, words in FACTORS.items()],
        "is_over": opened.state not in OPEN,
        "may_close": opened.state in OPEN and opened.state != State.RECEIVED,
        "may_send_back": opened.state in (State.MASKED, State.AGREED, State.CODED),
        "is_own": _is_own(request, opened),
        "encounter": encounter,
        "alike": _alike(request, opened) if opened.state in OPEN and not encounter else [],
        "linked": access.lessons(actor_of(request)).filter(pk__in=work.links),
        "few": sharing(actor_of(request), opened.said) if opened.state == State.CODED and not encounter else None,
        "left_out": posted.getlist("leave_out"),
        "k": K,
    }
    return render(request, "near_miss/report.html", context, status=422 if problems else 200)


def _looked(opened: queries.Opened) -> masking.Look | None:
    """What points at somebody in the text that waits to be masked, or to be agreed with."""
    work = opened.work
    texts = {
        State.TRIAGED: [opened.raw],
        State.MASKED: [work.text],
        State.CODED: [work.title, work.text, work.lessons],
    }.get(opened.state)
    return masking.look("\n\n".join(texts)) if texts else None


def _alike(request: HttpRequest, opened: queries.Opened) -> list[tuple[Alike, bool]]:
    """Lessons like the report, and whether they are linked to it."""
    linked = request.POST.getlist("linked") if request.POST.get("go") == "code" else opened.work.links
    found = like_text(actor_of(request), opened.work.text or opened.raw, opened.said["call_type"], opened.factors)
    return [(one, str(one.lesson.pk) in linked) for one in found]


def _is_own(request: HttpRequest, opened: queries.Opened) -> bool:
    """Whether the step that waits must be taken by another reviewer."""
    before = {State.MASKED: "mask", State.CODED: "code"}.get(opened.state)
    return before is not None and opened.done_by[before] == access.seat_of(actor_of(request)).pk


def _revision(posted: QueryDict) -> int:
    digits = posted.get("revision", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < len("1000000000") else -1


def _choices(posted: QueryDict) -> dict[str, Choice]:
    """The decisions on what points at somebody, by its words; the three lists have one entry for each thing."""
    found = {}
    for words, way, own in zip(posted.getlist("thing"), posted.getlist("way"), posted.getlist("own"), strict=False):
        found[words] = {"keep": KEEP, "own": Choice("own", own.strip())}.get(way, REPLACE)
    return found


def _links(posted: QueryDict) -> tuple[UUID, ...]:
    """The ticked lessons, and one more by the address of its page; `Invalid` where that names none."""
    try:
        other = [UUID(part) for part in posted.get("link", "").rstrip("/").split("/")[-1:] if part.strip()]
        return (*map(UUID, posted.getlist("linked")), *other)
    except ValueError:
        sentence = _("This is no address of a lesson. Copy it from the lesson's page.")
        raise Invalid.at("link", sentence=sentence) from None


def _alert(posted: QueryDict) -> bool | None:
    return {"yes": True, "no": False}.get(posted.get("alert", ""))


Do = Callable[[Actor, UUID, int, Reader, QueryDict], object]
DONE: dict[str, Do] = {
    "triage": lambda a, r, n, k, p: actions.triage(a, r, n, k, _alert(p), p.get("reason", "")),
    "mask": lambda a, r, n, k, p: actions.mask(a, r, n, k, p.get("text", "")),
    "agree": lambda a, r, n, k, p: actions.agree(a, r, n, k),
    "send_back": lambda a, r, n, k, p: actions.send_back(a, r, n, k, p.get("reason", "")),
    "code": lambda a, r, n, k, p: actions.code(
        a,
        r,
        n,
        k,
        p.get("title", ""),
        p.get("lessons", ""),
        tuple(p.getlist("factor")),
        p.get("primary", ""),
        _links(p),
    ),
    "publish": lambda a, r, n, k, p: actions.publish(
        a, r, n, k, clock.now().date(), tuple(p.getlist("leave_out")), p.get("few_reason", "")
    ),
    "close": lambda a, r, n, k, p: actions.close(a, r, n, k, p.get("reason", ""), clock.now().date()),
    "alert": lambda a, r, n, k, p: alerts.write(a, r, n, k, p.get("text", "")),
    "release": lambda a, r, n, k, p: alerts.release(a, r, n, k, clock.now()),
    "ask": lambda a, r, n, k, p: actions.ask(a, r, k, p.get("text", ""), clock.now().date()),
    "tell": lambda a, r, n, k, p: actions.tell(a, r, k, p.get("text", ""), clock.now().date()),
}
"""The steps of a report's page: actor, report, revision, key, what was posted."""
