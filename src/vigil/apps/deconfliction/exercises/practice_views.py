"""Practising alone: start, the checklist that fills by itself, what the other side says, and who has done it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from vigil.apps.deconfliction import words
from vigil.apps.deconfliction.cards import mode_word
from vigil.apps.deconfliction.exercises import practices, rules
from vigil.apps.deconfliction.exercises.practices import Course
from vigil.apps.deconfliction.exercises.rules import Fact, Step
from vigil.apps.deconfliction.led import planning
from vigil.apps.deconfliction.models import Practice
from vigil.apps.deconfliction.views import reader_zone
from vigil.core.errors import Invalid, NotFound
from vigil.engine.operation import Mode
from vigil.platform import clock
from vigil.platform.accounts.frame import show_mode
from vigil.platform.doors import actor_of, page


@dataclass(frozen=True, slots=True)
class Tick:
    """One step of the checklist; `at` is empty until it was reached."""

    sentence: str
    at: str


@dataclass(frozen=True, slots=True)
class Saying:
    """What was heard after a call: `who` is the other side's lead."""

    at: str
    who: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A running practice in words. `minutes` have passed; `says` is the last that was heard first."""

    title: str
    situation: str
    ticks: Sequence[Tick]
    says: Sequence[Saying]
    minutes: int
    planned: int
    left: int
    address: str
    """The desk with its conflict in hand; empty until the search has found it."""


@dataclass(frozen=True, slots=True)
class Done:
    """One practice that has ended."""

    who: str
    at: datetime
    minutes: int
    complete: bool
    reached: int
    total: int
    steps: Sequence[Tick]


@page(practices.READ)
@require_GET
def practice(request: HttpRequest) -> HttpResponse:
    """The practice of the reader, or how to start one; and those that have ended."""
    return _page(request)


@page("deconfliction.practice.start")
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Start one."""
    try:
        practices.begin(actor_of(request), clock.now())
    except Invalid as refused:
        return _page(request, 422, refused.sentence)
    return redirect("deconfliction:practice")


@page("deconfliction.practice.end")
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End the running one, finished or not."""
    actor = actor_of(request)
    running = practices.running_of(actor)
    if running is None:
        raise NotFound
    ended = practices.finish(actor, running.pk, clock.now())
    said = _("EXERCISE finished: every step was reached.") if ended.is_complete else _("EXERCISE stopped.")
    messages.info(request, said)
    return redirect("deconfliction:practice")


def panel_of(course: Course | None, zone: str, now: datetime) -> Panel | None:
    """The practice as the desk and its own page show it."""
    if course is None:
        return None
    scenario, reached = course.scenario, course.reached
    return Panel(
        title=_(scenario.title),
        situation=_(scenario.situation),
        ticks=_ticks(reached, zone),
        says=tuple(filter(None, (_saying(fact, course, zone) for fact in reversed(course.facts)))),
        minutes=_minutes(course.practice.started_at, now),
        planned=_minutes(now, now + rules.PLANNED),
        left=len(Step) - len(reached),
        address=reverse("deconfliction:desk_conflict", args=[course.conflict_id]) if course.conflict_id else "",
    )


def _page(request: HttpRequest, status: int = 200, refused: str = "") -> HttpResponse:
    show_mode(request, Mode.EXERCISE.value, mode_word(Mode.EXERCISE))
    actor, zone, now = actor_of(request), reader_zone(request), clock.now()
    running = practices.running_of(actor)
    context = {
        "practice": panel_of(practices.course_of(running) if running else None, zone, now),
        "may_start": actor.can("deconfliction.practice.start"),
        "done": [_done(one, zone) for one in practices.practised(actor)],
        "led": planning.completed(actor),
        "refused": refused,
        "page_url": reverse("deconfliction:practice"),
    }
    return render(request, "deconfliction/practice.html", context, status=status)


def _ticks(reached: Mapping[Step, datetime], zone: str) -> tuple[Tick, ...]:
    return tuple(
        Tick(_(sentence), words.hm(reached[step], zone) if step in reached else "")
        for step, sentence in rules.STEPS.items()
    )


def _saying(fact: Fact, course: Course, zone: str) -> Saying | None:
    """What is heard after a logged call or talk; a side that nobody named says nothing."""
    scenario = course.scenario
    if fact.kind == "contacted" and fact.side == "A" and fact.checked:
        return Saying(words.hm(fact.at, zone), scenario.sides[0].lead[0], _(scenario.talked))
    if fact.kind != "called" or not fact.side:
        return None
    side = scenario.sides["AB".index(fact.side)]
    said = side.says.get(fact.result)
    return Saying(words.hm(fact.at, zone), side.lead[0], _(said)) if said else None


def _done(one: Practice, zone: str) -> Done:
    assert one.ended_at is not None
    reached = {Step(key): datetime.fromisoformat(at) for key, at in one.steps.items()}
    return Done(
        who=str(one.user),
        at=one.started_at,
        minutes=_minutes(one.started_at, one.ended_at),
        complete=one.is_complete,
        reached=len(reached),
        total=len(Step),
        steps=_ticks(reached, zone),
    )


def _minutes(start: datetime, until: datetime) -> int:
    return int((until - start).total_seconds() // 60)
