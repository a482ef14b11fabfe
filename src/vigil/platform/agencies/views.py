"""Set-up pages of agency and node. A view parses, calls, renders."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.platform.agencies import actions
from vigil.platform.agencies.models import Agency, agency_of, served_agencies, served_agency, this_node
from vigil.platform.agencies.notice import notice_of
from vigil.platform.agencies.reading import ZONES, read_agency, read_desk, read_node
from vigil.platform.agencies.retention import KINDS, read_retention, retention_of, stored
from vigil.platform.doors import actor_of, page

AGENCY_FIELDS = ("name", "short_name", "state", "county", "time_zone", "watch_desk_phone")


def _own_agency(actor: Actor) -> Agency:
    agency = agency_of(actor.agency_id) if actor.agency_id else None
    if agency is None:
        raise NotFound
    return agency


def _at(refused: Invalid) -> dict[str, dict[str, Any]]:
    """The problems by field, as the components take them."""
    return {
        str(problem.path[0]): {"sentence": problem.sentence, "choices": problem.choices} for problem in refused.problems
    }


@page("agencies.agency.edit", fresh=True)
@require_http_methods(["GET", "POST"])
def retention(request: HttpRequest) -> HttpResponse:
    """How long the agency keeps what it registered."""
    actor = actor_of(request)
    typed: dict[str, Any] = stored(retention_of(_own_agency(actor).rules))
    wrong: dict[str, dict[str, Any]] = {}
    if request.method == "POST":
        typed = {name: request.POST.get(name, "") for name in typed}
        try:
            actions.set_retention(actor, read_retention(typed))
        except Invalid as refused:
            wrong = _at(refused)
        else:
            messages.success(request, _("Saved. The next purge goes by it."))
            return redirect("agencies:retention")
    rows = [{"kind": kind, "value": typed[kind.code], "problem": wrong.get(kind.code)} for kind in KINDS]
    context = {"rows": rows, "keeps_history": typed["keeps_history"], "wrong": bool(wrong)}
    return render(request, "agencies/retention.html", context, status=422 if wrong else 200)


@page("agencies.agency.edit")
@require_http_methods(["GET", "POST"])
def agency(request: HttpRequest) -> HttpResponse:
    """The agency's own name, county, time zone and desk."""
    return _agency_page(request, _own_agency(actor_of(request)), "setup")


@page("agencies.agency.create")
@require_http_methods(["GET", "POST"])
def one_agency(request: HttpRequest, agency_id: UUID) -> HttpResponse:
    """The same for any agency of the node."""
    return _agency_page(request, served_agency(agency_id), "agencies:agencies")


def _agency_page(request: HttpRequest, known: Agency, back: str) -> HttpResponse:
    context: dict[str, Any] = {
        "values": {name: getattr(known, name) for name in AGENCY_FIELDS},
        "ori": known.ori,
        "zones": ZONES,
        "back": back,
    }
    if request.method == "POST":
        context["values"] = {name: request.POST.get(name, "") for name in AGENCY_FIELDS}
        try:
            actions.edit_agency(actor_of(request), known, read_agency(context["values"]))
        except Invalid as refused:
            context["at"] = _at(refused)
        else:
            messages.success(request, _("Saved."))
            return redirect(back)
    return render(request, "agencies/agency.html", context, status=422 if "at" in context else 200)


@page("agencies.agency.create")
@require_http_methods(["GET", "POST"])
def agencies(request: HttpRequest) -> HttpResponse:
    """The agencies that the node serves; posting adds one."""
    context: dict[str, Any] = {"values": {}}
    if request.method == "POST":
        context["values"] = {name: request.POST.get(name, "") for name in ("ori", *AGENCY_FIELDS)}
        try:
            read = read_agency(context["values"])
            wanted = actions.NewAgency(ori=context["values"]["ori"].strip().upper(), **read)
            added = actions.create_agency(actor_of(request), wanted)
        except Invalid as refused:
            context["at"] = _at(refused)
        else:
            messages.success(
                request,
                _("{agency} is served now. Add its people next, an administrator first.").format(agency=added.label),
            )
            return redirect("agencies:agencies")
    context |= {"agencies": served_agencies(), "zones": ZONES}
    return render(request, "agencies/agencies.html", context, status=422 if "at" in context else 200)


@page("agencies.node.edit")
@require_http_methods(["GET", "POST"])
def node(request: HttpRequest) -> HttpResponse:
    """The node's name, region and notice."""
    known = this_node()
    region = known.place or _numbers(known.region)
    context: dict[str, Any] = {"values": {"name": known.name, "region": region, "notice": notice_of(known)}}
    if request.method == "POST":
        context["values"] = {name: request.POST.get(name, "") for name in ("name", "region", "notice")}
        try:
            actions.edit_node(actor_of(request), read_node(context["values"]))
        except Invalid as refused:
            context["at"] = _at(refused)
        else:
            messages.success(request, _("Saved. Maps open there, and a place outside is flagged."))
            return redirect("setup")
    context |= {"code": known.code, "box": _numbers(known.region)}
    return render(request, "agencies/node.html", context, status=422 if "at" in context else 200)


def _numbers(region: list[list[float]] | None) -> str:
    return ", ".join(f"{number:g}" for number in region[0]) if region else ""


@page("agencies.node.edit")
@require_http_methods(["GET", "POST"])
def watch_desk(request: HttpRequest) -> HttpResponse:
    """The desk's name, telephone and hours, and who answers outside them."""
    known = this_node()
    names = ("watch_desk_name", "watch_desk_phone", "desk_holidays", "outside_name", "outside_phone")
    values = {name: getattr(known, name) for name in names}
    for number, (opens, closes) in known.desk_week.items():
        values |= {f"open_{number}": opens, f"close_{number}": closes}
    context: dict[str, Any] = {"values": values}
    if request.method == "POST":
        context["values"] = request.POST.dict()
        try:
            actions.edit_node(actor_of(request), read_desk(context["values"]))
        except Invalid as refused:
            context["at"] = _at(refused)
        else:
            messages.success(request, _("Saved. It stands on Today, on Whom to call and in the policy."))
            return redirect("setup")
    context["days"] = [_day(number, day, context) for number, day in WEEKDAYS.items()]
    return render(request, "agencies/desk.html", context, status=422 if "at" in context else 200)


def _day(number: int, day: str, context: dict[str, Any]) -> dict[str, Any]:
    values = context["values"]
    return {
        "number": number,
        "label": day,
        "opens": values.get(f"open_{number}", ""),
        "closes": values.get(f"close_{number}", ""),
        "problem": context.get("at", {}).get(f"open_{number}"),
    }
