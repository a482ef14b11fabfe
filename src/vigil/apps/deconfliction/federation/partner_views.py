"""Pages of partner nodes: how they stand, for everybody; pairing and removal, for node administrators."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import segno
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from vigil.apps.deconfliction.federation import pairing as actions
from vigil.apps.deconfliction.federation import partner_states
from vigil.apps.deconfliction.federation.pairing import may_confirm
from vigil.apps.deconfliction.probing import partner_guesses
from vigil.core.actor import Actor
from vigil.core.errors import Conflict, Invalid, NotFound
from vigil.platform import clock
from vigil.platform.agencies.models import this_node
from vigil.platform.doors import actor_of, page
from vigil.platform.partners import roster
from vigil.platform.partners.client import LOOPBACK
from vigil.platform.partners.models import Partner
from vigil.protocol import pairing
from vigil.protocol.pairing import MOST_BYTES
from vigil.web.downloads import download

PAIR, GIVE = "partners.partner.propose", "partners.pairing.give"
FIELD = "file"


@page("partners.partner.read", fresh=True)
@require_http_methods(["GET", "POST"])
def partners(request: HttpRequest) -> HttpResponse:
    """Every partner; for node administrators how to pair, and the door for the other node's file."""
    actor = actor_of(request)
    context: dict[str, Any] = {"values": {"purpose": "live", "address": roster.own_address(this_node())}}
    if request.method == "POST":
        actor.require(PAIR)
        context["values"] |= {
            name: request.POST[name] for name in ("purpose", "code", "address") if name in request.POST
        }
        try:
            if request.POST.get("do") == "address":
                actions.name_address(actor, context["values"]["address"])
                messages.success(request, _("Saved. The pairing file names it, and partners are told within a minute."))
                return redirect("deconfliction:partners")
            row = actions.take_in(actor, _sent(request), context["values"]["purpose"], clock.now())
        except Invalid as refused:
            context["at"] = _at(refused)
        else:
            messages.success(request, _after(row))
            return redirect("deconfliction:partner", row.pk)
    context |= {"partners": partner_states.known(actor, clock.now()), "may_pair": actor.can(PAIR)}
    address = roster.own_address(this_node())
    context["leads_nowhere"] = address if urlsplit(address).hostname in LOOPBACK else ""
    if context["may_pair"]:
        context |= {"groups": pairing.groups(roster.signer().fingerprint), "has_code": _code() is not None}
    return render(request, "deconfliction/partners.html", context, status=422 if "at" in context else 200)


def _after(row: Partner) -> str:
    if row.proposed == Partner.Proposed.PAIRING:
        return _("The file is whole. Now telephone its administrator.")
    return _("Taken over: {name} is a partner already, and its file is signed by the key that is known.").format(
        name=row.name
    )


def _sent(request: HttpRequest) -> bytes:
    sent = request.FILES.get(FIELD)
    if sent is not None:
        return bytes(sent.read(MOST_BYTES + 1))
    data = request.POST.get("code", "").encode()
    if not data.strip():
        raise Invalid.at(FIELD, sentence=_("Choose the other node's pairing file, or paste the text of its code."))
    return data


def _at(refused: Invalid) -> dict[str, dict[str, str]]:
    return {
        str(problem.path[0] if problem.path else "whole"): {"sentence": problem.sentence}
        for problem in refused.problems
    }


@page(GIVE)
@require_GET
def pairing_file(request: HttpRequest) -> HttpResponse:
    """This node's pairing file, to be brought to the other node."""
    return download(actions.give_own_file(actor_of(request), clock.now()), "application/json", "pairing.json")


@page(GIVE)
@require_GET
def pairing_code(request: HttpRequest) -> HttpResponse:
    """The same as a QR code."""
    code = _code()
    if code is None:
        raise Http404
    return HttpResponse(code, content_type="image/svg+xml")


def _code() -> bytes | None:
    """None where the node serves so many agencies that no code holds them."""
    out = io.BytesIO()
    try:
        made = segno.make(roster.own_code(clock.now()), micro=False, error="l", boost_error=False)
    except segno.DataOverflowError:
        return None
    made.save(out, kind="svg", border=4, light="#fff")
    return out.getvalue()


@page("partners.partner.read", fresh=True)
@require_http_methods(["GET", "POST"])
def partner(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """One partner: how it stands, what is proposed, and what an administrator can do."""
    actor = actor_of(request)
    if request.method == "POST":
        actor.require(PAIR)
    state = partner_states.one(actor, partner_id, clock.now())
    row = state.row
    context: dict[str, Any] = {"values": {"address": row.base_url}}
    if request.method == "POST":
        what = request.POST.get("do", "")
        context["values"] |= {name: request.POST.get(name, "") for name in ("heard", "reason", "address")}
        try:
            messages.success(request, _do(actor, row, what, context["values"]))
        except Invalid as refused:
            context["at"] = _at(refused)
        except Conflict as refused:
            messages.error(request, refused.sentence)
            return redirect("deconfliction:partner", row.pk)
        else:
            proposed = what == "propose_removal"  # goes on at the proposal
            return redirect("deconfliction:partner", row.pk) if proposed else redirect("deconfliction:partners")
    context |= _about(actor, row) | {"state": state, "oldest": partner_states.oldest_question(row.pk)}
    return render(request, "deconfliction/partner.html", context, status=422 if "at" in context else 200)


def _do(actor: Actor, row: Partner, what: str, typed: dict[str, str]) -> str:
    """What was done, in a sentence."""
    now = clock.now()
    if what == "add":
        added = actions.add(actor, row.pk, typed["heard"], now)
        if added.state == Partner.State.JOINING:
            return _("{name} is being let in: it is a partner as soon as everything active has its question.").format(
                name=row.name
            )
        return _("{name} is a partner now. Everything active is being asked of it.").format(name=row.name)
    if what == "propose_removal":
        actions.propose_removal(actor, row.pk, typed["reason"], now)
        return _("Proposed. Until it is confirmed nothing changes.")
    if what == "remove":
        actions.remove(actor, row.pk, now)
        return _("{name} is no partner any more. Receipts name it as not covered.").format(name=row.name)
    if what == "withdraw":
        actions.withdraw(actor, row.pk)
        return _("Taken back. Nothing has changed.")
    if what in ("blind", "plain"):
        actions.set_blind(actor, row.pk, what == "blind", now)
        return _("Saved. Everything active is being asked of {name} again.").format(name=row.name)
    if what == "move":
        moved = actions.move(actor, row.pk, typed["address"])
        return _("{name} is reached at {address} from now on.").format(name=row.name, address=moved.base_url)
    raise NotFound


def _about(actor: Actor, row: Partner) -> dict[str, Any]:
    told = pairing.read(row.file.encode()) if row.file else None
    proposes_pairing = row.proposed == Partner.Proposed.PAIRING
    return {
        "partner": row,
        "told": told if proposes_pairing else None,
        "its_groups": pairing.groups(roster.mark_of(row)),
        "own_groups": pairing.groups(roster.signer().fingerprint),
        "may": actor.can(PAIR),
        "may_confirm": bool(row.proposed) and actor.can("partners.partner.add") and may_confirm(actor, row),
        "is_removal": row.proposed == Partner.Proposed.REMOVAL,
        "other_key": proposes_pairing and row.state == Partner.State.ACTIVE,
        "guessing": partner_guesses.told_lately(actor, row.pk, clock.now()),
    }
