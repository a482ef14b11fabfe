"""The administrators' page of what waits, the yearly review, roles that are lent, and invitations from a file."""

from __future__ import annotations

import base64
import binascii
import io
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigil.core.errors import Invalid
from vigil.core.permissions import Role
from vigil.engine.formats.tabular import UnusableInput
from vigil.platform import clock
from vigil.platform.accounts import asking, ending, invitations, life, queries, reviews, way_back
from vigil.platform.accounts.access import is_fresh
from vigil.platform.accounts.people_views import problems_at
from vigil.platform.doors import actor_of, first, page
from vigil.web.downloads import CSV, download

LARGEST = 1_000_000
"""Bytes of an invitation file."""


@page("accounts.user.read")
@require_GET
def accounts(request: HttpRequest) -> HttpResponse:
    """What waits for the administrator: requests, the review, accounts that end or ended by themselves."""
    actor, now = actor_of(request), clock.now()
    context = {
        "requests": asking.to_decide(actor),
        "open": reviews.open_count(actor, now),
        "watched": queries.watched(actor, now),
        "ways_back": way_back.lately(actor, now),
    }
    return render(request, "accounts/accounts.html", context)


@page("accounts.review.sign", fresh=True)
@require_http_methods(["GET", "POST"])
def review(request: HttpRequest) -> HttpResponse:
    """Each account with its roles: still needed, or not."""
    actor, now = actor_of(request), clock.now()
    if request.method == "POST":
        prefix = "decide-"
        decided = {name.removeprefix(prefix): request.POST[name] for name in request.POST if name.startswith(prefix)}
        try:
            kept, ended = reviews.sign(actor, decided, now)
        except Invalid as refused:
            messages.error(request, refused.sentence)
        else:
            said = ngettext("{n} account confirmed", "{n} accounts confirmed", kept).format(n=kept)
            ends = ngettext("{n} ended", "{n} ended", ended).format(n=ended)
            messages.success(request, f"{said}, {ends}.")
        return redirect("account_review")
    return render(request, "accounts/review.html", {"progress": reviews.progress(actor, now)})


@page("accounts.review.export", fresh=True)
@require_POST
def review_csv(request: HttpRequest) -> HttpResponse:
    """The same as CSV."""
    return download(reviews.export(actor_of(request), clock.now()), CSV, "account-review.csv")


@page("accounts.user.edit", fresh=True)
@require_http_methods(["GET", "POST"])
def lend(request: HttpRequest) -> HttpResponse:
    """A role for some days for somebody of another agency."""
    actor, names = actor_of(request), ("username", "role", "days")
    context: dict[str, Any] = {"values": {"role": Role.OFFICER.value, "days": "14"}}
    if request.method == "POST":
        context = {"values": {name: request.POST.get(name, "") for name in names}}
        days, role = context["values"]["days"], context["values"]["role"]
        try:
            user = ending.lend(
                actor,
                context["values"]["username"],
                Role(role) if role in ending.LENT_ROLES else Role.SYSTEM,
                int(days) if days.isdecimal() and len(days) < 4 else 0,
            )
        except Invalid as refused:
            context["at"] = problems_at(refused)
        else:
            messages.success(request, _("{name} serves here until then, and was told.").format(name=user))
            return redirect("accounts")
    context |= {
        "roles": [(role.value, queries.role_words(role.value)) for role in ending.LENT_ROLES],
        "most": life.LONGEST_LOAN.days,
        "lent": queries.lent(actor, clock.now()),
    }
    return render(request, "accounts/lend.html", context, status=422 if "at" in context else 200)


@page("accounts.user.create")
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Many people from a file: looked at first, then added; the first passwords come out once, as a sheet or as CSV."""
    actor, context = actor_of(request), {"columns": ", ".join(invitations.COLUMNS), "most": invitations.MOST}
    if request.method != "POST":
        return render(request, "accounts/invite.html", context)
    adds = request.POST.get("do") in ("sheet", "csv")
    if adds and not is_fresh(request, clock.now()):
        return first(request, reverse("confirm"))
    try:
        content = _content(request, adds)
        invitation = invitations.read(actor, io.BytesIO(content), invitations.MOST)
    except UnusableInput as refused:
        context["problem"] = str(refused)
        return render(request, "accounts/invite.html", context, status=422)
    if not adds:
        context |= {"invitation": invitation, "content": base64.b64encode(content).decode()}
        return render(request, "accounts/invite.html", context)
    added, bad = invitations.invite(actor, invitation)
    if request.POST["do"] == "csv" and added:
        return download(invitations.sheet_csv(added), CSV, "first-passwords.csv")
    context = {"added": added, "bad": bad, "there": invitation.there, "node": request.get_host()}
    return render(request, "accounts/invited.html", context)


def _content(request: HttpRequest, adds: bool) -> bytes:
    """The file, or, once it was looked at, its bytes as the page kept them."""
    if adds:
        try:
            content = base64.b64decode(request.POST.get("content", ""), validate=True)
        except (binascii.Error, ValueError):
            content = b""
    else:
        file = request.FILES.get("file")
        if file is not None and (file.size or 0) > LARGEST:
            raise UnusableInput(_("Larger than 1 MB. Split the file."))
        content = file.read() if file is not None else b""
    if not content:
        raise UnusableInput(_("Choose a file: CSV or Excel."))
    return content
