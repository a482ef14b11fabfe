"""Pages of a coordinator: the agency's encounters, the form in three panels, consents and holds, for paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_http_methods

from vigil.apps.near_miss.encounters import consents, encounters, rules
from vigil.apps.near_miss.encounters.rules import ANSWERS, HOWS, PANELS, PERSONS, WHY_NOT_NEEDED, Answer, How, Person
from vigil.apps.near_miss.models import Encounter
from vigil.core.actor import Actor
from vigil.core.errors import Conflict, Invalid, NotFound
from vigil.platform import clock
from vigil.platform.accounts.people_views import problems_at
from vigil.platform.doors import actor_of, page

READ = "near_miss.encounter.read"
DONE = {
    "save": gettext_noop("Saved. Nobody outside your agency reads a draft."),
    "submit": gettext_noop("Submitted. Its text is sealed to the reviewers; your agency no longer has it here."),
    "consent": gettext_noop("Written down. A consent counts once its witness has confirmed it."),
    "hold": gettext_noop("Held."),
    "lift": gettext_noop("Lifted."),
    "discard": gettext_noop("The draft is destroyed."),
    "take_back": gettext_noop("Taken back. Its text is destroyed."),
}


@page(READ)
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The agency's encounters with their state."""
    lines = encounters.listing(actor_of(request), clock.now().date(), request.GET.get("page", ""))
    return render(request, "near_miss/encounters.html", {"lines": lines})


@page(READ)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """An empty form; posting saves a draft or submits."""
    return _form(request, None)


@page(READ)
@require_http_methods(["GET", "POST"])
def encounter(request: HttpRequest, encounter: UUID) -> HttpResponse:
    """A draft to go on with, or where a submitted one is; posting does what `go` names."""
    actor, go = actor_of(request), request.POST.get("go", "")
    row = encounters.own_one(actor, encounter)
    if go in ACTS:
        try:
            ACTS[go](actor, row.pk, request.POST, clock.now().date())
        except Invalid as refused:
            return _refused(request, row, go, problems_at(refused))
        messages.success(request, _(DONE[go]))
        return redirect("near_miss:encounters") if go == "discard" else redirect("near_miss:encounter", row.pk)
    return _form(request, row) if row.report is None else _submitted(request, row)


@page(READ)
@require_GET
def sheet(request: HttpRequest, encounter: UUID) -> HttpResponse:
    """A draft for paper, to be read over and signed; of a submitted one what the node still has."""
    row = encounters.own_one(actor_of(request), encounter)
    draft = encounters.read_draft(row)
    panels = [
        (
            _(panel.title),
            encounters.answer_words(draft.answers, [field.name for field in panel.fields]),
            [(_(one.label), draft.texts[one.name]) for one in panel.prompts if draft.texts.get(one.name)],
        )
        for panel in PANELS
    ]
    context = {"row": row, "panels": panels, "learned": draft.texts.get(rules.LEARNED.name, "")}
    return render(request, "near_miss/encounter_sheet.html", context | _beside(request, row, draft.met))


Act = Callable[[Actor, UUID, QueryDict, date], object]
ACTS: dict[str, Act] = {
    "consent": lambda a, e, p, t: consents.record_consent(
        a, e, rules.Said(*(p.get(name, "").strip() for name in ("person", "answer", "how", "got_on", "witness"))), t
    ),
    "hold": lambda a, e, p, t: encounters.hold(a, e, p.get("reason", ""), p.get("until", ""), t),
    "lift": lambda a, e, p, t: encounters.lift(a, e, _uuid(p.get("hold", "")), t),
    "discard": lambda a, e, p, t: encounters.discard(a, e, t),
    "take_back": lambda a, e, p, t: encounters.take_back(a, e, t),
}
"""What is done beside the form: actor, encounter, what was posted, today."""


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


# --- the form --------------------------------------------------------------------------------------------------------


def _form(request: HttpRequest, row: Encounter | None) -> HttpResponse:
    go, problems = request.POST.get("go", ""), {}
    draft = encounters.read_draft(row) if row else rules.Encounter("", {}, {}, (), "")
    if request.method == "POST" and go in ("save", "submit"):
        draft, actor, today = _typed(request.POST), actor_of(request), clock.now().date()
        do = encounters.submit if go == "submit" else encounters.save
        try:
            saved = do(actor, row.pk if row else None, _revision(request.POST), draft, today)
        except Invalid as refused:
            problems = {".".join(map(str, one.path)): {"sentence": one.sentence} for one in refused.problems}
        except Conflict:
            if row is None or encounters.own_one(actor, row.pk).report is not None:
                raise
            said = _("Somebody else saved this draft meanwhile. What you typed is below: save again to replace theirs.")
            problems = {"": {"sentence": said}}
        else:
            messages.success(request, _(DONE[go]))
            return redirect("near_miss:encounter", saved.pk)
    return _form_page(request, row, draft, problems)


def _form_page(
    request: HttpRequest,
    row: Encounter | None,
    draft: rules.Encounter,
    problems: dict[str, Any],
    beside: dict[str, Any] | None = None,
) -> HttpResponse:
    context = {
        "row": row,
        "draft": draft,
        "panels": [_panel(one, draft, problems) for one in PANELS],
        "toolkit": [(code, _(words), code in draft.met, problems.get(code)) for code, words in rules.TOOLKIT.items()],
        "ours": [(code, _(words), code in draft.met) for code, words in rules.OURS.items()],
        "at": problems | (beside or {}),
        "summary": _summary(problems),
        "typed_hold": request.POST if beside else {},
    }
    if row is not None:
        context |= _beside(request, row, draft.met, beside)
    return render(request, "near_miss/encounter_form.html", context, status=422 if problems or beside else 200)


def _panel(panel: rules.Panel, draft: rules.Encounter, problems: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": panel.name,
        "title": _(panel.title),
        "fields": [
            {
                "name": field.name,
                "label": _(field.label),
                "is_many": field.is_many,
                "choices": [
                    (code, _(words), code in draft.answers.get(field.name, ())) for code, words in field.choices.items()
                ],
            }
            for field in panel.fields
        ],
        "prompts": [
            (one.name, _(one.label), _(one.hint), draft.texts.get(one.name, ""), problems.get(one.name))
            for one in panel.prompts
        ],
    }


def _summary(problems: dict[str, Any]) -> list[dict[str, str]]:
    labels = {one.name: _(one.label) for one in rules.PROMPTS} | {"title": _("Title"), "year": _("Year")}
    labels |= {code: _(words) for code, words in rules.TOOLKIT.items()}
    return [
        {"field": field, "label": labels.get(field, ""), "sentence": problem["sentence"]}
        for field, problem in problems.items()
    ]


def _typed(posted: QueryDict) -> rules.Encounter:
    answers = {
        one.name: tuple(code for code in posted.getlist(one.name) if code in one.choices) for one in rules.FIELDS
    }
    return rules.Encounter(
        title=_plain(posted.get("title", "")),
        texts={one.name: text for one in rules.PROMPTS if (text := _plain(posted.get(one.name, "")))},
        answers={name: codes for name, codes in answers.items() if codes},
        met=tuple(code for code in posted.getlist("met") if code in rules.TOOLKIT | rules.OURS),
        year=_plain(posted.get("year", "")),
    )


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\x00", "").strip()


def _revision(posted: QueryDict) -> int:
    digits = posted.get("revision", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < len("1000000000") else 0


# --- consents, holds, and where it is --------------------------------------------------------------------------------


def _submitted(request: HttpRequest, row: Encounter, problems: dict[str, Any] | None = None) -> HttpResponse:
    context = _beside(request, row, tuple(row.met), problems) | {
        "row": row,
        "at": problems or {},
        "typed_hold": request.POST if problems else {},
    }
    return render(request, "near_miss/encounter.html", context, status=422 if problems else 200)


def _refused(request: HttpRequest, row: Encounter, go: str, problems: dict[str, Any]) -> HttpResponse:
    """The page again with what was wrong beside the small form that was posted."""
    at = {go: problems}
    if row.report is None:
        return _form_page(request, row, encounters.read_draft(row), {}, at)
    return _submitted(request, row, at)


def _consent_fields(
    posted: QueryDict, person: Person, witnesses: list[tuple[str, str]], problems: dict[str, Any]
) -> list[dict[str, Any]]:
    answers = [
        (one.value, _(WHY_NOT_NEEDED[person]) if one == Answer.NOT_NEEDED else _(ANSWERS[one]))
        for one in Answer
        if one != Answer.NOT_NEEDED or person in WHY_NOT_NEEDED
    ]
    fields: list[dict[str, Any]] = [
        {"name": "answer", "label": _("What the person said"), "choices": answers},
        {"name": "how", "label": _("How you got it"), "choices": [(one.value, _(said)) for one, said in HOWS.items()]},
        {"name": "got_on", "label": _("On which day")},
        {"name": "witness", "label": _("Who confirms it"), "choices": witnesses or [("", _("nobody else is here"))]},
    ]
    # What was refused keeps what was typed, beside what is wrong.
    is_posted = bool(problems) and posted.get("person") == person
    for field in fields:
        field["value"] = posted.get(field["name"], "") if is_posted else ""
        field["problem"] = problems.get(field["name"]) if is_posted else None
    return fields


def _beside(
    request: HttpRequest, row: Encounter, met: tuple[str, ...], at: dict[str, Any] | None = None
) -> dict[str, Any]:
    problems = (at or {}).get("consent", {})
    today = clock.now().date()
    listed = encounters.listed(row, today)
    witnesses = [(str(one.pk), one.full_name) for one in consents.witnesses(actor_of(request))]
    newest = {Person(one.person): one for one in row.consents.select_related("recorded_by", "witness")}
    return {
        "listed": listed,
        "consents": [
            {
                "code": person.value,
                "words": _(words),
                "answer": _(ANSWERS[Answer(newest[person].answer)]) if person in newest else _("not asked yet"),
                "how": _(HOWS[How(newest[person].how)]) if person in newest and newest[person].how else "",
                "suffices": person not in listed.lacking,
                "row": newest.get(person),
                "fields": _consent_fields(request.POST, person, witnesses, problems),
            }
            for person, words in PERSONS.items()
        ],
        "holds": [(one, one in listed.holds) for one in row.holds.select_related("set_by", "lifted_by")],
        "criteria": [(_(words), code in met) for code, words in rules.TOOLKIT.items()],
        "own_criteria": [(_(words), code in met) for code, words in rules.OURS.items()],
        "is_open": listed.state in (encounters.DRAFT, encounters.IN_REVIEW),
    }
