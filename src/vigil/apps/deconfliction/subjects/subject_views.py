"""Pages of subjects: how one is read while it is typed, and registered interests."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigil.apps.deconfliction import forms, queries, views
from vigil.apps.deconfliction.federation.asking import search_and_ask
from vigil.apps.deconfliction.posted import posted_json, whole
from vigil.apps.deconfliction.subjects import interests, looks
from vigil.core.errors import Invalid, NotFound
from vigil.engine import subjects
from vigil.platform import clock
from vigil.platform.doors import actor_of, page


@page("deconfliction.operation.register")
@require_POST
def read_subject(request: HttpRequest) -> JsonResponse:
    """How a typed subject is read: the line under the field. POST, so that no subject stands in an address or log."""
    asked = posted_json(request)
    value = str(asked.get("value", ""))[:200]
    try:
        found = subjects.canonical(str(asked.get("kind", "")), value)
    except subjects.SubjectError as error:
        return JsonResponse({"compared": False, "sentence": str(error)})
    hint = _(found.hint) if found.hint else ""
    if found.text is None:
        return JsonResponse({"compared": False, "sentence": f"{_('Kept, but not compared.')} {hint}".strip()})
    read = _("Compared as {what}.").format(what=found.text.partition(":")[2])
    return JsonResponse({"compared": True, "sentence": f"{read} {hint}".strip()})


@page("deconfliction.operation.read")
@require_GET
def interest_list(request: HttpRequest) -> HttpResponse:
    """The agency's registered interests: until when, and what was found."""
    return _interests_page(request)


def _interests_page(request: HttpRequest, status: int = 200) -> HttpResponse:
    rows = interests.interest_list(actor_of(request), clock.now())
    context = {"rows": rows, "longest": interests.LONGEST_DAYS, "page_url": reverse("deconfliction:interests")}
    return render(request, "deconfliction/interests.html", context, status=status)


@page("deconfliction.operation.register")
@require_http_methods(["GET", "POST"])
def register_interest(request: HttpRequest) -> HttpResponse:
    """The short form: subjects, how long, whom to call."""
    actor = actor_of(request)
    if request.method == "GET":
        known = queries.remembered_contacts(actor).get("lead")
        lead = {"name": known.name, "phone": known.phone} if known else forms.own_contact(actor)
        return _interest_form(request, forms.RegisterForm({"lead_contact": lead}))
    typed = forms.nest((name, str(value)) for name, value in request.POST.items())
    if request.POST.get("do") == "add_subject":
        return _interest_form(request, forms.RegisterForm(typed | {"subjects": [*(typed.get("subjects") or []), {}]}))
    try:
        raw = {name: value for name, value in forms.plan_input(typed).items() if not name.startswith("share_")}
        operation = interests.register_interest(actor, raw, clock.now())
    except Invalid as refused:
        return _interest_form(request, forms.RegisterForm(typed, refused.problems), status=422)
    search_and_ask(actor, operation.id)
    return redirect("deconfliction:operation", operation.id)


def _interest_form(request: HttpRequest, form: forms.RegisterForm, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "subject_kinds": forms.SUBJECT_KINDS,
        "disclosures": forms.disclosures_for(actor_of(request)),
        "longest": interests.LONGEST_DAYS,
    }
    return render(request, "deconfliction/interest_form.html", context, status=status)


@page("deconfliction.operation.edit")
@require_POST
def renew_interest(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """180 days from now: a revision that asks again."""
    actor, revision = actor_of(request), whole(request.POST.get("revision", ""))
    return views.change_operation(
        request,
        lambda: interests.renew_interest(actor, operation_id, revision, clock.now()),
        _("Renewed for {n} days. We asked everyone again.").format(n=interests.LONGEST_DAYS),
        to="deconfliction:interests",
        otherwise=lambda status: _interests_page(request, status),
    )


@page("deconfliction.look.read")
@require_GET
def who_looked(request: HttpRequest) -> HttpResponse:
    """For an administrator: who looked at an operation of the agency, by its number; never the operation itself."""
    reference = request.GET.get("reference", "").strip()[:24]
    context: dict[str, Any] = {"reference": reference, "found": None, "problem": None, "most": looks.MOST_SHOWN}
    status = 200
    if reference:
        try:
            context["found"] = looks.looks_of(actor_of(request), reference)
        except NotFound as missing:
            context["problem"], status = {"sentence": missing.sentence}, 404
    return render(request, "deconfliction/looks.html", context, status=status)
