"""Reporting: five steps at one address, everything in hidden fields, nothing stored before it is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict

from vigil.core.privacy import KEEP, REPLACE, Choice
from vigil.core.privacy.suppression import K
from vigil.door import drop, receipts
from vigil.door.checking import Checked, check
from vigil.door.fields import EVENT, FACTORS, FAMILIES, PROMPTS, REPORTER, SCENE, Field, months
from vigil.door.models import Door
from vigil.door.story import Story, text_fault
from vigil.door.tickets import Tickets
from vigil.door.views import HASHING, page, show, today
from vigil.texts import gettext as _

STEPS = ("what", "scene", "why", "check", "send")
tickets = Tickets()
Asked = tuple[str, str, list[tuple[str, str, bool]], bool]
"""A field as the page shows it: name, label, choices (code, words, chosen), whether several may be ticked."""


@page(needs_reviewers=True)
def report(request: HttpRequest, door: Door) -> HttpResponse:
    """The five steps, all at this address."""
    if request.method != "POST":
        return _step(request, door, "what", Story.of(QueryDict(), today()), tickets.draw())
    posted = request.POST
    story, step = Story.of(posted, today()), posted.get("step", "what")
    step = step if step in STEPS else "what"
    ticket = posted.get("ticket", "")
    ticket = ticket if tickets.wait(ticket) is not None else tickets.draw()
    act, _colon, number = posted.get("go", "next").partition(":")
    if step in ("check", "send") and act != "edit" and (faults := story.faults()):
        # Only a form that was changed says this here; what is too long is not looked through.
        return _step(request, door, "what", replace(story, final={}), ticket, faults)
    if act == "send" and step == "send":
        return _send(request, door, story, ticket)
    if step == "check" and act in ("replace", "keep", "own", "use", "undo", "all"):
        return _decide(request, door, story, ticket, act, number)
    return _turn(request, door, story, ticket, step, act)


def _turn(request: HttpRequest, door: Door, story: Story, ticket: str, step: str, act: str) -> HttpResponse:
    """On, back, or to the text."""
    at = STEPS.index(step)
    if act == "edit":
        return _step(request, door, "what", replace(story, final={}), ticket)
    if act == "back":
        return _step(request, door, STEPS[max(at - 1, 0)], replace(story, final={}), ticket)
    if faults := story.faults():
        return _step(request, door, "what", story, ticket, faults)
    return _step(request, door, STEPS[min(at + 1, len(STEPS) - 1)], story, ticket)


def _decide(request: HttpRequest, door: Door, story: Story, ticket: str, act: str, number: str) -> HttpResponse:
    """One decision at the check, or all that are left."""
    seen = check(story)
    if act == "all":
        for left in seen.undecided:
            story = story.with_choice(left.words, REPLACE)
        return _step(request, door, "check", story, ticket)
    one = next((one for one in seen.findings if str(one.number) == number), None)
    if one is None:
        return _step(request, door, "check", story, ticket)
    if act == "own":
        return _step(request, door, "check", story, ticket, writing=one.number, own_words=one.proposal)
    own = request.POST.get("own_words", "").strip()
    if act == "use" and (fault := text_fault(own)):
        return _step(
            request, door, "check", story, ticket, status=422, writing=one.number, own_words=own, own_fault=fault
        )
    choice = {"replace": REPLACE, "keep": KEEP, "use": Choice("own", own)}.get(act)
    return _step(request, door, "check", story.with_choice(one.words, choice), ticket)


def _step(
    request: HttpRequest,
    door: Door,
    step: str,
    story: Story,
    ticket: str,
    faults: dict[str, str] | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    shown = {
        "what": tuple(prompt.name for prompt in PROMPTS),
        "scene": ("month", *(one.name for one in SCENE)),
        "why": ("factor",),
    }.get(step, ())
    if step in ("check", "send"):
        seen = check(story)
        story = replace(story, final=seen.final if step == "send" else {})
        more |= {"checked": seen, "sharing": _sharing(story), "k": K, "texts": _texts(seen, story)}
    context = {
        "step": step,
        "at": STEPS.index(step) + 1,
        "steps": _progress(step),
        "hidden": [*story.hidden(shown), ("ticket", ticket)],
        "faults": [(name, said) for name, said in (faults or {}).items()],
        "prompts": [(prompt, story.texts[prompt.name], (faults or {}).get(prompt.name)) for prompt in PROMPTS],
        "parts": [
            (_("The event"), [_month_field(story), *_filled(EVENT, story)]),
            (_("You, in bands"), _filled(REPORTER, story)),
        ],
        "families": [
            (_(family), [(code, _(words), code in story.factors) for code, words in codes.items()])
            for family, codes in FAMILIES
        ],
        "factors": [(code, _(words)) for code, words in FACTORS.items()],
        "primary": story.primary,
    }
    return show(request, f"{step}.html", door, status=422 if faults else status, **context, **more)


def _texts(seen: Checked, story: Story) -> list[tuple[str, Any]]:
    """Each told prompt's label and its text in pieces."""
    return [(_(prompt.label), seen.pieces[prompt.name]) for prompt in PROMPTS if prompt.name in seen.pieces]


def _progress(step: str) -> list[tuple[str, str]]:
    words = (_("What happened"), _("The scene"), _("Why"), _("Check"), _("Send"))
    at = STEPS.index(step)
    return [(word, "done" if n < at else "here" if n == at else "") for n, word in enumerate(words)]


def _filled(fields: tuple[Field, ...], story: Story) -> list[Asked]:
    return [
        (
            one.name,
            _(one.label),
            [(code, _(words), code in story.answers.get(one.name, ())) for code, words in one.choices.items()],
            one.is_many,
        )
        for one in fields
    ]


def _month_field(story: Story) -> Asked:
    chosen = story.answers.get("month", ())
    listed = [(month, month, month in chosen) for month in months(today())]
    return ("month", _("Month; the day is not asked"), listed, False)


def _sharing(story: Story) -> int | None:
    """How many published lessons say the same call and time of day; 0: too few to say. None: it does not say both."""
    call, band = ((story.answers.get(name) or ("",))[0] for name in ("call_type", "time_band"))
    return drop.sharing().get((call, band), 0) if call and band else None


def _send(request: HttpRequest, door: Door, story: Story, ticket: str) -> HttpResponse:
    faults = {name: said for name, text in story.final.items() if (said := text_fault(text))}
    if faults:
        return _step(request, door, "what", replace(story, final={}), ticket, faults)
    if wait := tickets.wait(ticket, is_proven=tickets.is_proven(ticket, request.POST.get("proof", ""))):
        work = {"ticket": ticket, "bits": tickets.bits(), "seconds": tickets.wait(ticket, is_proven=True)}
        return _step(request, door, "send", story, ticket, status=429, wait=int(wait) + 1, work=work)
    receipt = receipts.written(tickets.number(ticket))
    with HASHING:
        key = drop.key_of(receipt, door)
    is_new = drop.take(key, story.as_text(), today())
    if is_new:
        tickets.used()
    typed = [] if is_new else [(_(one.label), story.final[one.name]) for one in PROMPTS if story.final.get(one.name)]
    return show(request, "sent.html", door, receipt=receipts.grouped(receipt), is_new=is_new, typed=typed)
