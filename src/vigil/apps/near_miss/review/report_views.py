"""The page of a report: what was written, the step that it waits for, what somebody else did meanwhile.

Nothing that is typed here is lost: what is refused stays in its field, and where another reviewer was quicker it stands
beside what they wrote, to be saved over it or let go. What the masking decisions write over stands below, to be brought
back.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods

from vigil.apps.near_miss import access, queries
from vigil.apps.near_miss.encounters import encounters
from vigil.apps.near_miss.learning.likeness import Alike, like_text
from vigil.apps.near_miss.learning.queries import sharing
from vigil.apps.near_miss.review import actions, alerts, masking
from vigil.apps.near_miss.review.review_views import READ, with_key
from vigil.apps.near_miss.review.working import Reader
from vigil.apps.near_miss.rules import ANEW, OPEN, State, Step
from vigil.core.actor import Actor
from vigil.core.errors import Conflict, Invalid
from vigil.core.privacy import KEEP, REPLACE, Choice
from vigil.core.privacy.suppression import K
from vigil.door import sealing
from vigil.door.fields import FACTORS
from vigil.platform import clock
from vigil.platform.doors import actor_of, page

FORMS = {State.RECEIVED: Step.TRIAGE, State.TRIAGED: Step.MASK, State.AGREED: Step.CODE}
"""The step whose form stands on the page, by the state."""
TYPED = {
    "triage": (("reason", gettext_noop("Why")),),
    "mask": (("text", gettext_noop("Masked text")),),
    "send_back": (("reason", gettext_noop("What is to be mended")),),
    "code": (("title", gettext_noop("Title")), ("lessons", gettext_noop("Lessons learned"))),
    "publish": (("few_reason", gettext_noop("Why it may be published so")),),
    "close": (("reason", gettext_noop("Why")),),
    "alert": (("text", gettext_noop("What others must hear of now")),),
}
"""What is typed into each step's form, with its label."""


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
    go, problems, is_overtaken = request.POST.get("go", ""), {}, False
    if go in DONE:
        try:
            DONE[go](actor, report, _revision(request.POST), reader, request.POST)
            messages.success(request, _("Done."))
            return redirect("near_miss:queue" if go in ("publish", "close") else request.path)
        except Invalid as refused:
            problems = {str(one.path[0]) if one.path else "go": one for one in refused.problems}
        except Conflict:
            is_overtaken = True
    try:
        opened = actions.opened(actor, report, reader)
    except Invalid as refused:
        messages.info(request, refused.problems[0].sentence)
        return redirect("near_miss:queue")
    draft = alerts.draft_of(actor, report, reader) if opened.is_alert else None
    at = (draft.revision if draft else 0) if go == "alert" else opened.revision
    # What lacks something is refused before anybody looks whether it is late.
    is_overtaken = is_overtaken or (bool(problems) and go in TYPED and _revision(request.POST) != at)
    context = _page(request, opened, draft, go, problems) | _writing(request.POST, opened, go)
    if is_overtaken:
        context |= _overtaken(request.POST, context, go)
    status = 409 if is_overtaken else 422 if problems else 200
    return render(request, "near_miss/report.html", context, status=status)


def _page(
    request: HttpRequest, opened: queries.Opened, draft: alerts.Draft | None, go: str, problems: dict[str, Any]
) -> dict[str, Any]:
    """What stands on the page, with what was typed into the form named `go`."""
    posted, work = request.POST, opened.work
    choices, looked = _choices(posted), _looked(opened)
    factors = tuple(posted.getlist("factor")) if go == "code" else work.factors or opened.factors
    encounter = encounters.standing(actor_of(request), opened.address.int, clock.now().date())
    lessons = work.lessons or (encounters.proposed_lessons(work.text) if encounter else "")
    values = {"title": work.title, "lessons": lessons, "primary": work.primary or opened.primary}
    values |= {name: posted[name] for name in values if go == "code" and name in posted}
    return {
        "opened": opened,
        "form": FORMS.get(opened.state, ""),
        "draft": draft,
        "draft_left": masking.look(draft.text).things if draft else [],
        "at": {go: problems} if problems else {},
        "typed": {go: posted},
        "values": values,
        "looked": looked,
        "things": [(one, choices.get(one.words, REPLACE)) for one in looked.things] if looked else [],
        "groups": queries.factor_groups(factors),
        "factors": [(code, _(words)) for code, words in FACTORS.items()],
        "coded": [(_(FACTORS[code]), code == work.primary) for code in work.factors],
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


def _writing(posted: QueryDict, opened: queries.Opened, go: str) -> dict[str, Any]:
    """The text in the masking form. `written` is the digest of what the decisions made, as long as nobody changed it;
    `before` are texts by hand that the decisions have written over, the latest last.
    """
    mine, written = _plain(posted.get("text", "")), posted.get("written", "")
    before = [_plain(one) for one in posted.getlist("before")]
    looked, text = _looked(opened), opened.work.text
    proposed = looked.masked(_choices(posted)) if looked and opened.state == State.TRIAGED else ""
    brings, _colon, number = go.partition(":")
    is_anew = go == "propose"
    if is_anew or brings == "bring":
        if mine and _digest(mine) != written:
            before.append(mine)
        text, written = proposed, _digest(proposed)
        if brings == "bring" and number.isdecimal() and int(number) < len(before):
            text, written = before.pop(int(number)), ""
    elif go == "mask":
        text = mine
    elif text:
        written = ""
    else:
        text, written = proposed, _digest(proposed)
    return {"text": text, "written": written, "before": before, "is_kept": is_anew and bool(before)}


def _overtaken(posted: QueryDict, shown: dict[str, Any], go: str) -> dict[str, Any]:
    """What was typed while somebody else was quicker: in a form that saves it over theirs, or to be copied."""
    opened, draft = shown["opened"], shown["draft"]
    form = go if ANEW.get(opened.state) == go else shown["form"]
    stands = {
        form: True,
        "send_back": shown["may_send_back"],
        "close": shown["may_close"],
        "publish": bool(shown["few"]) and shown["few"].number < K and not shown["is_own"],
        "alert": bool(opened.is_alert) and not shown["is_over"] and not (draft and draft.is_released),
    }
    mine = [(_(label), posted[name]) for name, label in TYPED.get(go, ()) if posted.get(name)]
    kept = [] if stands.get(go) else mine
    return {
        "is_overtaken": True,
        "form": form,
        "is_anew": form != FORMS.get(opened.state, ""),
        "mine": mine,
        "kept": kept,
    }


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _digest(text: str) -> str:
    return sha256(_plain(text).encode()).hexdigest()


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
