"""Entry for somebody on the telephone: one short form, then the answer to read out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from vigil.apps.deconfliction import forms, queries, rules, words
from vigil.apps.deconfliction.alarms import words as talk_words
from vigil.apps.deconfliction.cards import ConflictPerson, mode_word, named
from vigil.apps.deconfliction.contexts import plan_context
from vigil.apps.deconfliction.desk import entry
from vigil.apps.deconfliction.federation.asking import ask_now
from vigil.apps.deconfliction.led import calls
from vigil.apps.deconfliction.plan import Plan
from vigil.apps.deconfliction.posted import uuid_of
from vigil.apps.deconfliction.subjects import looks
from vigil.apps.deconfliction.views import changed_form, reader_zone
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, Problem
from vigil.engine.operation import Mode
from vigil.platform import clock
from vigil.platform.accounts import pins
from vigil.platform.accounts.frame import show_mode
from vigil.platform.doors import actor_of, page
from vigil.web.templatetags.vigil import phone

PROOF_COUNTS = timedelta(minutes=10)
"""A PIN that was right is not asked for again while the rest of the form is mended."""
SALT = "vigil.desk-pin"
MODES = {
    Mode.LIVE.value: gettext_lazy("Real: it is registered live"),
    Mode.EXERCISE.value: gettext_lazy("EXERCISE: it belongs to the exercise"),
}
"""What a call is, asked while the desk plays in an exercise; nothing is chosen beforehand."""


@page(entry.PERMISSION)
@sensitive_post_parameters("caller-pin")
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Who calls and how the desk knows, then the short part of the registration form."""
    actor, now = actor_of(request), clock.now()
    if request.method == "GET":
        return _form_page(request, forms.RegisterForm({}))
    texts = ((name, str(value)) for name, value in request.POST.items() if name not in ("caller-pin", "proof"))
    typed = forms.nest(texts)
    if not isinstance(typed.get("caller"), dict):
        typed["caller"] = {}
    if "choose" in request.POST:
        return _form_page(request, forms.RegisterForm(changed_form(typed, "", request.POST["choose"])))
    known, problems = _known(request, actor, typed["caller"])
    if request.POST.get("do") == "check_pin":
        return _form_page(request, forms.RegisterForm(typed, problems), known, 422 if problems else 200)
    try:
        caller, plan = _read(typed, actor, reader_zone(request), now)
    except Invalid as refused:
        problems = [*refused.problems, *problems]
    if problems:
        return _form_page(request, forms.RegisterForm(typed, problems), known, 422)
    operation = entry.register_for(actor, plan, caller, now, known)
    verdict = entry.search_entered(actor, operation.pk, clock.now())
    if verdict is not None and verdict.not_answered:
        ask_now(operation.pk)
    return redirect("deconfliction:desk_entered", operation.pk)


def _read(typed: dict[str, Any], actor: Actor, zone: str, now: datetime) -> tuple[entry.Caller, Plan]:
    """The caller and the plan, or every problem of both at once."""
    problems: list[Problem] = []
    told = typed["caller"]
    caller = plan = None
    try:
        caller = entry.read_caller(told, zone, now)
    except Invalid as refused:
        problems += refused.problems
    raw = forms.plan_input({name: value for name, value in typed.items() if name != "caller"})
    if not any(text.strip() for _name, text in forms.flat(raw.get("lead_contact"))):
        raw["lead_contact"] = {"name": str(told.get("name", "")), "phone": str(told.get("phone", ""))}
    if calls.played(actor) is not None:
        raw["mode"] = told.get("mode", "")
        if raw["mode"] not in MODES:
            problems.append(Problem(("caller", "mode"), _("Say whether this call is real or belongs to the exercise.")))
            raw["mode"] = Mode.LIVE.value
    if caller and caller.unit:
        raw["participants"] = caller.unit
    try:
        plan = rules.read_plan(raw, plan_context((caller.agency_id if caller else None) or actor.agency_id, now))
    except Invalid as refused:
        by_caller = {problem.path[-1] for problem in problems}
        # What the caller's own lines lack is said there, once.
        problems += [one for one in refused.problems if one.path[0] != "lead_contact" or one.path[-1] not in by_caller]
    if problems or caller is None or plan is None:
        raise Invalid(problems)
    return caller, plan


def _known(request: HttpRequest, actor: Actor, told: dict[str, Any]) -> tuple[UUID | None, list[Problem]]:
    """Whose PIN was given, now or a moment ago; what is wrong, where a PIN is the way and there is none."""
    asked = request.POST.get("do") == "check_pin"
    if told.get("identity_check") != "pin" and not asked:
        return None, []
    account, pin = str(told.get("account", "")).strip(), request.POST.get("caller-pin", "").strip()
    known = _proved(request.POST.get("proof", ""), actor, account)
    if known is not None and not pin:
        return known, []
    if not account or not pin:
        name = "pin" if account else "account"
        return None, [Problem(("caller", name), _("Ask for the user name or listed telephone, and the PIN."))]
    user = pins.check_pin(actor, account, pin)
    if user is None:
        return None, [Problem(("caller", "pin"), _("Wrong. Ask again, or know the caller in another way."))]
    return user.pk, []


def _proof(actor: Actor, account: str, known: UUID) -> str:
    return signing.TimestampSigner(salt=SALT).sign_object([str(actor.user_id), account, str(known)])


def _proved(proof: str, actor: Actor, account: str) -> UUID | None:
    """The account of a proof that this desk got for this very text."""
    try:
        desk, said, known = signing.TimestampSigner(salt=SALT).unsign_object(proof, max_age=PROOF_COUNTS)
    except signing.BadSignature:
        return None
    return uuid_of(known) if (desk, said) == (str(actor.user_id), account) else None


def _form_page(
    request: HttpRequest, form: forms.RegisterForm, known: UUID | None = None, status: int = 200
) -> HttpResponse:
    actor, told = actor_of(request), form.typed.get("caller") or {}
    context = {
        "form": form,
        "caller": told,
        "proof": _proof(actor, str(told.get("account", "")).strip(), known) if known else "",
        "agencies": entry.agencies(),
        "none": entry.NONE_OF_THESE,
        "checks": talk_words.CHECKS,
        "modes": MODES.items() if calls.played(actor) else (),
        "types": named(plan_context(actor.agency_id, clock.now()).types.values()),
    }
    return render(request, "deconfliction/desk_enter.html", context, status=status)


@dataclass(frozen=True, slots=True)
class Met:
    """One conflict as it is told to the caller: `say` is read out, `people` are whom to call on the other side."""

    line: words.ConflictLine
    say: str
    people: tuple[ConflictPerson, ...]


@page(entry.PERMISSION)
@require_GET
def entered(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """The answer in words, with what to tell the caller."""
    actor, zone, now = actor_of(request), reader_zone(request), clock.now()
    found = entry.answer(actor, operation_id, now)
    for one in found.conflicts:
        looks.note_conflict(actor, one.row.id, now)
    show_mode(request, found.operation.mode, mode_word(found.operation.mode))
    heading, say = _answer_words(found, zone, now)
    context = {
        "answer": found,
        "heading": heading,
        "sign": "no_known_conflict" if found.operation.determination == "no_known_conflict" else "incomplete",
        "say": say,
        "met": [_met(one, operation_id, zone, now) for one in found.conflicts],
    }
    return render(request, "deconfliction/desk_entered.html", context)


def _answer_words(found: entry.Answer, zone: str, now: datetime) -> tuple[str, str]:
    """The answer as a heading, and what to say of the operation as a whole."""
    number = found.operation.reference
    if found.conflicts:
        return _("Conflict"), _("Your operation is registered. Its number is {reference}. There is a conflict.").format(
            reference=number
        )
    if found.operation.determination == "no_known_conflict":
        said = _(
            "Your operation is registered. Its number is {reference}. There is no known conflict as of {time}. Whoever "
            "registered nowhere is not found. Call us again before you go."
        )
        return _("No known conflict"), said.format(reference=number, time=words.hm(now, zone))
    said = _("Your operation is registered. Its number is {reference}. Not everybody has answered: we call you back.")
    return _("Not everybody has answered"), said.format(reference=number)


def _met(detail: queries.ConflictDetail, operation_id: UUID, zone: str, now: datetime) -> Met:
    others = [side for side in (*detail.own, *detail.other) if side.side_of != operation_id]
    line = words.conflict_line(detail.row, zone, now, detail)
    if not others or any(side.silent for side in others):
        return Met(line, _("Another operation is near yours. Do not go on yet: the deconflictor calls you."), ())
    other = others[0]
    people = tuple(person for person in other.people if person.phone)
    if not people or people[0].relay:
        said = _("You meet an operation of {agency}. Stay on the line: we connect you.")
        return Met(line, said.format(agency=other.agency), people)
    said = _("You meet an operation of {agency}. Call {name} at {phone} before {by}.")
    if line.seconds_left <= 0:
        said = _("You meet an operation of {agency}. Call {name} at {phone} now.")
    by = words.hm(line.call_before, zone)
    said = said.format(agency=other.agency, name=people[0].name, phone=phone(people[0].phone), by=by)
    return Met(line, said, people)
