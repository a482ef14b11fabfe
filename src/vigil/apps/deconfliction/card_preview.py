"""What the other side would read of a plan while it is typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from vigil.apps.deconfliction import cards, forms, rules, words
from vigil.apps.deconfliction.plan import Contact, Disclosure, Plan
from vigil.engine.operation import Mode
from vigil.platform.agencies.models import agency_of, this_node
from vigil.platform.doors import actor_of, page


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
