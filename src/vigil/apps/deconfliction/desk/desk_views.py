"""The screen of a shift: the queue by time left, one incident in hand, what was tried; and the wall without details."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigil.apps.deconfliction import queries, words
from vigil.apps.deconfliction.alarms import climbing, lifecycle
from vigil.apps.deconfliction.alarms import words as talk_words
from vigil.apps.deconfliction.alarms.lifecycle import Talk
from vigil.apps.deconfliction.alarms.queue import Act, Incident, Place, acts_of, places, queue, rehearsed
from vigil.apps.deconfliction.cards import ConflictPerson, mode_word
from vigil.apps.deconfliction.desk import papers, screens
from vigil.apps.deconfliction.desk.rules import Watch
from vigil.apps.deconfliction.exercises import practice_views, practices
from vigil.apps.deconfliction.federation import partner_states
from vigil.apps.deconfliction.models import ConflictState
from vigil.apps.deconfliction.posted import uuid_of
from vigil.apps.deconfliction.subjects import looks
from vigil.apps.deconfliction.views import reader_zone
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.platform import clock
from vigil.platform.accounts.frame import show_mode
from vigil.platform.agencies.models import this_node
from vigil.platform.doors import actor_of, page
from vigil.web.downloads import CSV, PDF, download
from vigil.web.templatetags.vigil import phone

READ = "deconfliction.desk.read"
ACT = "deconfliction.conflict.own"
SHOWN = 50
SOON_SECONDS = 30 * 60
RESULTS = {
    "answered": gettext_lazy("They will call"),
    "no_answer": gettext_lazy("No answer"),
    "message": gettext_lazy("Left a message"),
    "wrong_number": gettext_lazy("Wrong person"),
    "connected": gettext_lazy("Connected both"),
}
"""How a call went; the first says that this side knows, the last that both have talked."""
SHIFTS = ("8", "10", "12", "24")
"""Hours that a report reaches back."""
CHECKED = ("answered", "connected")
LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the queue in words. `since`: seconds left to talk, negative where the time has gone."""

    incident: Incident
    shape: str
    between: str
    state: str
    seconds_left: float
    current: bool
    owner: str


@page(READ)
@require_http_methods(["GET"])
def desk(request: HttpRequest, conflict_id: UUID | None = None) -> HttpResponse:
    """The desk with one incident in hand: the one asked for, else the first that nobody has talked about."""
    return _desk_page(request, conflict_id)


def _desk_page(request: HttpRequest, conflict_id: UUID | None, status: int = 200, **more: Any) -> HttpResponse:
    actor, zone, now = actor_of(request), reader_zone(request), clock.now()
    open_ones = places(actor, now)
    chosen = conflict_id or next((one.conflict_id for one in open_ones if not one.tentative), None)
    node = this_node()
    context = {
        "heading": _heading(open_ones),
        "rows": [_row(one, chosen) for one in queue(actor, now, open_ones[:SHOWN])],
        "left_out": max(0, len(open_ones) - SHOWN),
        "total": len(open_ones),
        "rehearsed": [_row(one, chosen) for one in rehearsed(actor, now)],
        "duty": screens.on_duty(now),
        "attended": screens.watched(len(open_ones), now) is Watch.ATTENDED,
        "silent_partners": partner_states.silent(now),
        "hours": node.desk_hours,
        "outside": node.outside,
        "page_url": reverse("deconfliction:desk_conflict", args=[chosen]) if chosen else reverse("deconfliction:desk"),
        "hand": _in_hand(request, actor, chosen, zone, now) if chosen else None,
        "results": RESULTS.items(),
        "shifts": SHIFTS,
        "checks": talk_words.CHECKS,
        "typed": {},
        "at": {},
    }
    return render(request, "deconfliction/desk.html", context | more, status=status)


@page(READ)
@require_GET
def wall(request: HttpRequest) -> HttpResponse:
    """For a screen that visitors see: how many, how long, how far; no name, agency or telephone."""
    actor, now = actor_of(request), clock.now()
    open_ones = places(actor, now)
    context = {
        "heading": _heading(open_ones),
        "rows": [_row(one, None) for one in queue(actor, now, open_ones[:SHOWN])],
        "left_out": max(0, len(open_ones) - SHOWN),
        "attended": screens.watched(len(open_ones), now) is Watch.ATTENDED,
        "duty": len(screens.on_duty(now)),
        "page_url": reverse("deconfliction:desk_wall"),
    }
    return render(request, "deconfliction/desk_wall.html", context)


@page(READ)
@require_GET
def paper_form(request: HttpRequest) -> HttpResponse:
    """The blank form for when the network is down: print some before it is."""
    return download(papers.blank_form(), PDF, "operation-by-hand.pdf")


@page("deconfliction.desk.report", fresh=True)
@require_POST
def shift_report(request: HttpRequest) -> HttpResponse:
    """The last hours of the desk as PDF or CSV."""
    hours, kind = request.POST.get("hours", ""), request.POST.get("kind", "pdf")
    if hours not in SHIFTS or kind not in ("pdf", "csv"):
        raise NotFound
    now = clock.now()
    since = now - timedelta(hours=int(hours))
    content = papers.give_report(actor_of(request), kind, since, now, reader_zone(request))
    return download(content, PDF if kind == "pdf" else CSV, f"shift-report.{kind}")


@page(READ)
@require_POST
def heartbeat(request: HttpRequest) -> HttpResponse:
    """A desk screen is seen and connected; `screen` is the id that it drew itself."""
    screen = uuid_of(request.POST.get("screen"))
    if screen is None:
        raise Invalid.at("screen", sentence=_("The screen's id is no id: reload the page."))
    screens.beat(actor_of(request), screen, clock.now())
    return HttpResponse(status=204)


@page(ACT)
@require_POST
def take(request: HttpRequest, conflict_id: UUID) -> HttpResponse:
    """ "I take this"."""
    lifecycle.own_conflict(actor_of(request), conflict_id, clock.now())
    return redirect("deconfliction:desk_conflict", conflict_id)


@page(ACT)
@require_POST
def hand_over(request: HttpRequest, conflict_id: UUID) -> HttpResponse:
    """To somebody else on duty."""
    to = uuid_of(request.POST.get("to"))
    if to is None:
        return _desk_page(request, conflict_id, 422, at={"to": {"sentence": _("Choose who takes it.")}})
    lifecycle.hand_over(actor_of(request), conflict_id, to, clock.now())
    messages.info(request, _("Handed over."))
    return redirect("deconfliction:desk_conflict", conflict_id)


@page(ACT)
@require_POST
def called(request: HttpRequest, conflict_id: UUID) -> HttpResponse:
    """How a call to one side went. Who answered and who was connected must have been known for who they are."""
    actor, now = actor_of(request), clock.now()
    typed = {
        name: request.POST.get(name, "").strip()[:LONGEST_NOTE] for name in ("name", "side", "identity_check", "note")
    }
    result = request.POST.get("result", "")
    try:
        side = uuid_of(typed["side"])
        if side is None:
            raise NotFound
        if result in CHECKED and typed["identity_check"] not in lifecycle.CHECKS:
            raise Invalid.at("identity_check", sentence=_("Say how you know who it is."))
        if result == "connected":
            other = request.POST.get("other", "")
            talk = Talk(typed["name"], other, "telephone", typed["identity_check"], typed["note"])
            lifecycle.log_contact(actor, conflict_id, talk, now)
        else:
            lifecycle.log_call(actor, conflict_id, side, typed["name"], result, now, typed["note"])
            if result == "answered":
                check = typed["identity_check"]
                lifecycle.acknowledge_by_telephone(actor, conflict_id, side, typed["name"], check, now)
    except Invalid as refused:
        at = {str(one.path[0]): {"sentence": one.sentence} for one in refused.problems if one.path}
        if not at:
            messages.error(request, refused.sentence)
        return _desk_page(request, conflict_id, 422, at=at, typed=typed)
    messages.info(request, _("Logged."))
    return redirect("deconfliction:desk_conflict", conflict_id)


@page(ACT)
@require_POST
def note(request: HttpRequest, conflict_id: UUID) -> HttpResponse:
    """A line in the log."""
    try:
        lifecycle.note(actor_of(request), conflict_id, request.POST.get("note", "")[:LONGEST_NOTE], clock.now())
    except Invalid as refused:
        return _desk_page(request, conflict_id, 422, at={"note": {"sentence": refused.sentence}})
    return redirect("deconfliction:desk_conflict", conflict_id)


@page("deconfliction.conflict.escalate")
@require_POST
def tell_everyone(request: HttpRequest, conflict_id: UUID, operation_id: UUID) -> HttpResponse:
    """Everyone of one side is told at once."""
    try:
        climbing.call_everyone(actor_of(request), conflict_id, operation_id, clock.now())
    except Invalid as refused:
        messages.error(request, refused.sentence)
    else:
        messages.info(request, _("Everyone of that side is told now."))
    return redirect("deconfliction:desk_conflict", conflict_id)


def _row(incident: Incident, chosen: UUID | None) -> Row:
    return Row(
        incident=incident,
        shape=words.shape_of(incident.band),
        between=words.listed([name for name in incident.agencies if name]) or _("A silent operation"),
        state=_state(incident),
        seconds_left=incident.left.total_seconds(),
        current=incident.conflict_id == chosen,
        owner=incident.owner,
    )


def _state(incident: Incident) -> str:
    if incident.state == ConflictState.EXPIRED:
        return _("Began unacknowledged. Close it with your reason.")
    if incident.state == ConflictState.CONTACTED:
        return _("Talked. Outcome not logged.")
    if not incident.waiting:
        return _("Both have seen it. Not talked yet.")
    if incident.owner_id is None:
        return _("Nobody owns this.")
    return ngettext("{n} side silent", "{n} sides silent", len(incident.waiting)).format(n=len(incident.waiting))


def _heading(open_ones: Sequence[Place]) -> str:
    """What the desk has to do, in one sentence."""
    pressing = [one for one in open_ones if not one.tentative and one.state != ConflictState.CONTACTED]
    soon = sum(one.left.total_seconds() < SOON_SECONDS for one in pressing)
    if soon:
        return ngettext(
            "{n} conflict has under 30 min left to talk", "{n} conflicts have under 30 min left to talk", soon
        ).format(n=soon)
    if pressing:
        return ngettext("{n} conflict is open", "{n} conflicts are open", len(pressing)).format(n=len(pressing))
    if open_ones:
        return _("All have talked. Log what they agreed.")
    return _("No conflict is open")


@dataclass(frozen=True, slots=True)
class Side:
    """One side as the desk works on it: `letter` A or B; `first` is whom to call, `more` who comes after."""

    letter: str
    view: queries.ConflictSideView
    first: ConflictPerson | None
    more: Sequence[ConflictPerson]
    silent_to: bool


def _in_hand(request: HttpRequest, actor: Actor, conflict_id: UUID, zone: str, now: datetime) -> dict[str, Any]:
    detail = queries.conflict_detail(actor, conflict_id, now)
    show_mode(request, detail.row.mode, mode_word(detail.row.mode))
    looks.note_conflict(actor, conflict_id, now)
    line = words.conflict_line(detail.row, zone, now, detail)
    sides = [_desk_side(letter, view) for letter, view in zip("AB", (*detail.own, *detail.other), strict=False)]
    waiting = next((side for side in sides if side.silent_to), None)
    return {
        "line": line,
        "detail": detail,
        "sides": sides,
        "task": _task(detail, sides),
        "both_active": words.span(detail.row.overlap_start, detail.row.overlap_end, zone),
        "first_start": words.when(detail.row.starts_at, zone, now),
        "by": words.hm(line.call_before, zone),
        "script": _script(request, sides, waiting, line, zone),
        "to_call": waiting or (sides[0] if sides else None),
        "flags": words.flag_words((*detail.own, *detail.other)),
        "acts": [(act, _act_words(act)) for act in reversed(acts_of(actor, conflict_id))],
        "is_mine": detail.desk_owner == actor.name,
        "practice": practice_views.panel_of(practices.course_in(actor, conflict_id), zone, now),
        "others": [one for one in screens.on_duty(now) if one.user_id != actor.user_id],
    }


def _desk_side(letter: str, view: queries.ConflictSideView) -> Side:
    people = [person for person in view.people if person.phone]
    return Side(
        letter=letter,
        view=view,
        first=people[0] if people else None,
        more=people[1:],
        silent_to=view.acknowledged_at is None,
    )


def _task(detail: queries.ConflictDetail, sides: Sequence[Side]) -> str:
    """What is to be done next about this one."""
    state = detail.row.state
    if state == ConflictState.EXPIRED:
        return _("It began and a side never acknowledged")
    if state == ConflictState.CONTACTED:
        return _("Log what they agreed")
    silent = [side.letter for side in sides if side.silent_to]
    if len(silent) == 1:
        return _("Get side {letter} on the phone").format(letter=silent[0])
    return _("Get both sides on the phone") if silent else _("Both know. Connect them.")


def _script(
    request: HttpRequest, sides: Sequence[Side], waiting: Side | None, line: words.ConflictLine, zone: str
) -> str:
    """What to read out to one side: whom to call, until when; never where or what the other's is."""
    if len(sides) < 2 or line.row.silent or any(side.view.silent for side in sides):
        return ""
    asked = waiting or sides[0]
    other = next(side for side in sides if side is not asked)
    if other.first is None:
        return ""
    node = this_node()
    return _(
        "This is {desk}, {me} speaking. Your operation meets another agency's in place and time. I can't tell you "
        "where or what theirs is. Please call {person}, {phone}, before {time}. Will you call now?"
    ).format(
        desk=node.watch_desk_name or node.name,
        me=actor_of(request).name,
        person=other.first.name,
        phone=phone(other.first.phone),
        time=words.hm(line.call_before, zone),
    )


def _act_words(act: Act) -> str:
    said = words.event_words(act.kind, own_only=False)
    names = [name for name in act.people.values() if name]
    result = dict(talk_words.RESULTS).get(act.result)
    return ". ".join(filter(None, (f"{said} {words.listed(names)}".strip(), str(result or ""), act.note)))
