"""Ways of alarms: one's own, the node's channels, an agency's webhooks; and the door of the gateway."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from vigil.core.actor import Actor, Via, system
from vigil.core.errors import Invalid, NotFound, TooMany
from vigil.platform import clock
from vigil.platform.delivery import operating, personal, signing, webhooks
from vigil.platform.delivery.callbacks import receive
from vigil.platform.delivery.channels import is_set_up
from vigil.platform.delivery.models import Channel, PersonalWay
from vigil.platform.delivery.outbox import Way
from vigil.platform.delivery.push import application_key
from vigil.platform.delivery.words import CHANNELS, STEPS
from vigil.platform.doors import actor_of, declared, page

log = logging.getLogger("vigil.delivery")

LARGEST_BYTES = 16_384


@csrf_exempt
@declared("delivery.callback.receive")
@require_POST
def callback(request: HttpRequest) -> JsonResponse:
    """A signed message of the gateway; 401 for one that is not."""
    body = request.body
    try:
        message_id = signing.verified(settings.VIGIL_GATEWAY_SECRET, request.headers, body, clock.now())
    except signing.BadSignature as bad:
        log.warning("callback refused", extra={"code": str(bad)})
        return JsonResponse({"error": _("Not signed with the gateway's secret, or not now.")}, status=401)
    try:
        said = json.loads(body)
        if not isinstance(said, dict) or len(body) > LARGEST_BYTES:
            raise ValueError
        return JsonResponse(receive(system("gateway", Via.API), message_id, said, clock.now()))
    except Invalid as wrong:
        return JsonResponse({"error": wrong.sentence}, status=422)
    except ValueError:
        return JsonResponse({"error": _("Send one JSON object.")}, status=422)


def _id(request: HttpRequest, name: str) -> UUID:
    try:
        return UUID(request.POST.get(name, ""))
    except ValueError:
        raise NotFound from None


def _at(refused: Invalid) -> dict[str, dict[str, Any]]:
    return {str(problem.path[0]): {"sentence": problem.sentence} for problem in refused.problems}


def _choices(channels: list[Channel]) -> list[tuple[str, Any]]:
    return [(channel.value, CHANNELS[channel]) for channel in channels]


@page("delivery.way.edit")
@require_http_methods(["GET", "POST"])
def ways(request: HttpRequest) -> HttpResponse:
    """How one wants to be reached oneself."""
    actor, context = actor_of(request), dict[str, Any]()
    if request.method == "POST":
        act = WAY_ACTS.get(request.POST.get("do", ""))
        try:
            if act:
                act(request, actor)
        except Invalid as refused:
            context = {"at": _at(refused), "typed": request.POST}
        except TooMany as refused:
            messages.warning(request, refused.sentence)
        if "at" not in context:
            return redirect("delivery:ways")
    context |= {
        "ways": [
            {"way": way, "to": _shown(way), "channel": CHANNELS[Channel(way.channel)]} for way in personal.own(actor)
        ],
        "channels": _choices(personal.usable()),
        "push_key": application_key() if is_set_up(Channel.PUSH) else "",
    }
    return render(request, "delivery/ways.html", context, status=422 if "at" in context else 200)


def _shown(way: PersonalWay) -> str:
    """An address as its owner reads it; of a device the name of its push service."""
    to = personal.address_of(way)
    return urlsplit(json.loads(to)["endpoint"]).hostname or "" if way.channel == Channel.PUSH else to


def _add_device(request: HttpRequest, actor: Actor) -> None:
    personal.add_device(actor, request.POST.get("subscription", ""), clock.now())
    messages.success(request, _("Notes come to this device from now on."))


def _add(request: HttpRequest, actor: Actor) -> None:
    personal.add_way(actor, request.POST.get("channel", ""), request.POST.get("to", ""), clock.now())
    messages.success(request, _("A code is on its way there. Enter it below."))


def _send_code(request: HttpRequest, actor: Actor) -> None:
    personal.send_code_again(actor, _id(request, "way"), clock.now())
    messages.success(request, _("Another code is on its way."))


def _confirm(request: HttpRequest, actor: Actor) -> None:
    if personal.confirm_way(actor, _id(request, "way"), request.POST.get("code", ""), clock.now()):
        messages.success(request, _("It is yours. Alarms go there from now on."))
    else:
        messages.error(request, _("That is not the code, or it is older than ten minutes. Send another one."))


def _choose(request: HttpRequest, actor: Actor) -> None:
    wants = {name: bool(request.POST.get(name)) for name in ("for_urgent", "for_other")}
    personal.choose_way(actor, _id(request, "way"), **wants)
    messages.success(request, _("Saved."))


def _remove(request: HttpRequest, actor: Actor) -> None:
    personal.remove_way(actor, _id(request, "way"))
    messages.success(request, _("Removed. Nothing goes there any more."))


WAY_ACTS: dict[str, Callable[[HttpRequest, Actor], None]] = {
    "add": _add,
    "device": _add_device,
    "code": _send_code,
    "confirm": _confirm,
    "choose": _choose,
    "remove": _remove,
}


@page("delivery.channel.read")
@require_http_methods(["GET", "POST"])
def channels(request: HttpRequest) -> HttpResponse:
    """The channels of the node: their state, a test message, what was given up."""
    actor, now, context = actor_of(request), clock.now(), dict[str, Any]()
    if request.method == "POST":
        try:
            if request.POST.get("do") == "retry":
                operating.retry(actor, _id(request, "delivery"), now)
                messages.success(request, _("It is on its way again, as a new message."))
            else:
                operating.send_test(actor, request.POST.get("channel", ""), request.POST.get("to", ""), now)
                messages.success(request, _("The test message is on its way. Reload this page to see how far it came."))
            return redirect("delivery:channels")
        except Invalid as refused:
            context = {"at": _at(refused), "typed": request.POST}
    context |= {
        "states": [(CHANNELS[state.channel], state) for state in operating.states(actor, now)],
        "channels": _choices(personal.usable()),
        "tests": _said(operating.test_ways(actor)),
        "given_up": _said(operating.given_up_ways(actor)),
    }
    return render(request, "delivery/channels.html", context, status=422 if "at" in context else 200)


def _said(ways: list[Way]) -> list[dict[str, Any]]:
    return [
        {
            "delivery": way.delivery,
            "channel": CHANNELS[Channel(way.delivery.channel)],
            "steps": [(event.at, STEPS[event.step], event.code) for event in way.events[-4:]],
        }
        for way in ways
    ]


@page("delivery.webhook.read")
@require_http_methods(["GET", "POST"])
def agency_webhooks(request: HttpRequest) -> HttpResponse:
    """Where the agency's own programs are told."""
    actor, now, context = actor_of(request), clock.now(), dict[str, Any]()
    if request.method == "POST" and request.POST.get("do") == "remove":
        webhooks.remove_webhook(actor, _id(request, "webhook"), now)
        messages.success(request, _("Removed. Nothing goes there any more."))
        return redirect("delivery:webhooks")
    if request.method == "POST":
        try:
            secret = webhooks.add_webhook(actor, request.POST.get("name", ""), request.POST.get("url", ""), now)[1]
            context = {"secret": secret}
        except Invalid as refused:
            context = {"at": _at(refused), "typed": request.POST}
    context["webhooks"] = [(webhook, webhooks.host_of(webhook)) for webhook in webhooks.own_webhooks(actor)]
    return render(request, "delivery/webhooks.html", context, status=422 if "at" in context else 200)
