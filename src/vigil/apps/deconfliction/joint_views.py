"""Pages of what is planned together: offers to run two operations jointly, the card's preview, the deconflictor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from vigil.apps.deconfliction import actions, cards, forms, joint, rules, words
from vigil.apps.deconfliction.models import Operation
from vigil.apps.deconfliction.plan import Contact, Disclosure, Plan
from vigil.core.errors import Invalid
from vigil.engine.operation import Mode
from vigil.platform import clock
from vigil.platform.agencies.actions import name_deconflictor
from vigil.platform.agencies.models import agency_of, this_node
from vigil.platform.doors import actor_of, page


def _done(request: HttpRequest, change: Callable[[], Operation], said: str, otherwise: str, key: UUID) -> HttpResponse:
    """Make the revision, search again, show the operation; a refusal is said on the page it came from."""
    try:
        changed = change()
    except Invalid as refused:
        messages.error(request, refused.sentence)
        return redirect(otherwise, key)
    actions.run_due_search(actor_of(request), changed.id, clock.now())
    messages.info(request, said)
    return redirect("deconfliction:operation", changed.id)


@page("deconfliction.joint_offer.create")
@require_POST
def offer(request: HttpRequest, conflict_id: UUID) -> HttpResponse:
    """ "Run together": ask the other side of a conflict."""
    actor = actor_of(request)
    return _done(
        request,
        lambda: joint.offer_joint(actor, conflict_id, clock.now()),
        "Asked. Both keep their alarm until the other side accepts. Call them.",
        "deconfliction:conflict",
        conflict_id,
    )


@page("deconfliction.joint_offer.answer")
@require_POST
def answer(request: HttpRequest, operation_id: UUID, offer_id: UUID) -> HttpResponse:
    """Accept or refuse what was offered."""
    actor = actor_of(request)
    if request.POST.get("do") != "accept":
        try:
            joint.refuse_joint(actor, offer_id, clock.now())
            messages.info(request, "Refused. The other side is told.")
        except Invalid as refused:
            messages.error(request, refused.sentence)
        return redirect("deconfliction:operation", operation_id)
    return _done(
        request,
        lambda: joint.accept_joint(actor, offer_id, clock.now()),
        "Accepted. Your operation names theirs now, and we asked everyone again.",
        "deconfliction:operation",
        operation_id,
    )


@page("deconfliction.joint_offer.answer")
@require_POST
def leave(request: HttpRequest, operation_id: UUID, other_id: UUID) -> HttpResponse:
    """No longer together, or take an offer back."""
    actor = actor_of(request)
    return _done(
        request,
        lambda: joint.leave_joint(actor, operation_id, other_id, clock.now()),
        "Your operation no longer names theirs. We asked everyone again.",
        "deconfliction:operation",
        operation_id,
    )


# --- what the other side will read -----------------------------------------------------------------------------------


def preview_card(request: HttpRequest, typed: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The card that the other side would read of what is typed so far, as names and values."""
    agency_id = actor_of(request).agency_id
    plan = _as_typed(typed)
    card = cards.others_card(plan, agency_of(agency_id) if agency_id else None, this_node())
    return list(words.card_facts(card))


def _as_typed(typed: Mapping[str, Any]) -> Plan:
    """As much of a plan as the card needs; what is not typed yet stays empty."""
    level = str(typed.get("disclosure", ""))
    return Plan(
        operation_type=str(typed.get("operation_type", "")),
        mode=Mode.LIVE,
        sites=(),
        lead_contact=_typed_contact(typed.get("lead_contact")) or Contact("", ""),
        second_contact=_typed_contact(typed.get("second_contact")),
        supervisor=_typed_contact(typed.get("supervisor")),
        disclosure=Disclosure(level) if level in list(Disclosure) else Disclosure.CONTACT_ONLY,
        plain_clothes=bool(typed.get("plain_clothes")),
        armed_and_dangerous=bool(typed.get("armed_and_dangerous")),
        share_plain_clothes=not typed.get("withhold_plain_clothes"),
        share_armed_and_dangerous=not typed.get("withhold_armed_and_dangerous"),
    )


def _typed_contact(given: Any) -> Contact | None:
    if not isinstance(given, Mapping) or not (given.get("name") or given.get("phone")):
        return None
    phone = str(given.get("phone", ""))
    return Contact(str(given.get("name", "")), rules.read_phone(phone) or phone, bool(given.get("relay")))


@page("deconfliction.operation.register")
@require_POST
def read_card(request: HttpRequest) -> JsonResponse:
    """The preview for the script: the form as it stands in, the card's lines out."""
    typed = forms.nest((name, str(value)) for name, value in request.POST.items())
    return JsonResponse({"lines": preview_card(request, typed)})


# --- the node's named deconflictor -----------------------------------------------------------------------------------


@page("agencies.node.edit")
@require_http_methods(["GET", "POST"])
def deconflictor(request: HttpRequest) -> HttpResponse:
    """Who speaks with both sides where a silent operation meets another one."""
    node = this_node()
    context: dict[str, Any] = {"name": node.deconflictor_name, "phone": node.deconflictor_phone, "at": {}}
    if request.method == "POST":
        context |= {"name": request.POST.get("name", "").strip(), "phone": request.POST.get("phone", "").strip()}
        phone = rules.read_phone(context["phone"]) or ""
        if context["phone"] and not phone:
            context["at"] = {"phone": {"sentence": "This is not a telephone number: give ten digits."}}
        elif bool(context["name"]) != bool(phone):
            missing = "phone" if context["name"] else "name"
            context["at"] = {missing: {"sentence": "Give a name and a telephone number, or neither."}}
        else:
            name_deconflictor(actor_of(request), context["name"], phone)
            messages.info(request, "Saved. It stands on cards, notices and conflict pages from now on.")
            return redirect("deconfliction:deconflictor")
    shown_name, shown_phone = node.deconflictor
    context |= {"shown": ", ".join(filter(None, (shown_name, shown_phone)))}
    return render(request, "deconfliction/deconflictor.html", context, status=422 if context["at"] else 200)
