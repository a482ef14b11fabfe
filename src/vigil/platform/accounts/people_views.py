"""Set-up pages of people: find, add, change, switch off and on. Nobody is ever deleted.

What is searched for is posted: no address carries a name. A first password is shown on the answer to the post that
made it, once, and kept nowhere.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.core.permissions import Role
from vigil.platform.accounts import actions, queries
from vigil.platform.accounts.models import User
from vigil.platform.doors import actor_of, page

READ, EDIT, CREATE = "accounts.user.read", "accounts.user.edit", "accounts.user.create"
FIELDS = ("full_name", "username", "phone", "unit", "agency", "temporary")


@page(READ)
@require_http_methods(["GET", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """Everybody whom the administrator sees, with search and paging."""
    text, number = request.POST.get("q", "")[:100], request.POST.get("page", "1")
    found = queries.people(actor_of(request), text, int(number) if number.isdecimal() and len(number) < 6 else 1)
    return render(request, "accounts/people.html", {"found": found, "q": text})


@page(CREATE, fresh=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Add a person; the answer shows their first password once."""
    actor = actor_of(request)
    context: dict[str, Any] = {"values": {"agency": str(actor.agency_id)}, "chosen": [Role.OFFICER]}
    if request.method == "POST":
        context = {"values": {name: request.POST.get(name, "") for name in FIELDS}, "chosen": chosen_roles(request)}
        try:
            user, password = _create(actor, context["values"], frozenset(context["chosen"]))
        except Invalid as refused:
            context["at"] = problems_at(refused)
        else:
            return first_password_page(request, user.pk, user.full_name, user.username, password)
    shown = {"agencies": queries.agencies_to_choose(actor), "roles": role_choices(actor, context["chosen"])}
    return render(request, "accounts/new_person.html", shown | context, status=422 if "at" in context else 200)


def _create(actor: Actor, values: dict[str, str], roles: frozenset[Role]) -> tuple[User, str]:
    password = actions.first_password()
    wanted = actions.NewUser(
        username=values["username"].strip(),
        full_name=values["full_name"],
        password=password,
        agency_id=_agency(values["agency"]),
        roles=roles,
        phone=values["phone"],
        unit=values["unit"],
        must_change_password=True,
        is_temporary=bool(values["temporary"]),
    )
    return actions.create_user(actor, wanted), password


@page(EDIT, fresh=True)
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """One person: name, telephone and unit, roles, first password, on and off."""
    actor = actor_of(request)
    context: dict[str, Any] = {}
    if request.method == "POST":
        do = request.POST.get("do", "")
        try:
            if do == "reset" or (do == "again" and user_id != actor.user_id):
                shown = queries.person(actor, user_id)
                password = (actions.reset_password if do == "reset" else actions.reset_login)(actor, user_id)
                return first_password_page(request, user_id, shown.full_name, shown.username, password)
            said = _change(request, actor, user_id, do)
        except Invalid as refused:
            context = {"at": problems_at(refused), "did": do, "typed": request.POST, "chosen": chosen_roles(request)}
        else:
            messages.success(request, said)
            return redirect("person", user_id)
    return _person_page(request, actor, user_id, context)


def _change(request: HttpRequest, actor: Actor, user_id: UUID, do: str) -> str:
    if do == "roles":
        actions.set_roles(actor, user_id, _agency(request.POST.get("agency", "")), frozenset(chosen_roles(request)))
        return _("Saved. The roles count from the next click on.")
    if do in ("off", "on"):
        actions.set_active(actor, user_id, do == "on")
        return (
            _("The account is on again.") if do == "on" else _("The account is off: sessions and tokens have stopped.")
        )
    if do == "lasting":
        actions.make_lasting(actor, user_id)
        return _("The account does not end by itself any more.")
    actions.edit_person(actor, user_id, *(request.POST.get(name, "") for name in ("full_name", "phone", "unit")))
    return _("Saved.")


def _person_page(request: HttpRequest, actor: Actor, user_id: UUID, context: dict[str, Any]) -> HttpResponse:
    shown = queries.person(actor, user_id)
    typed = context.get("typed", {}) if context.get("did") == "details" else {}
    values = {name: typed.get(name, getattr(shown, name)) for name in ("full_name", "phone", "unit")}
    served = {str(one.agency_id) for one in shown.services}
    context |= {
        "person": shown,
        "values": values,
        "is_self": shown.id == actor.user_id,
        "services": [(one, role_choices(actor, one.roles)) for one in shown.services],
        "more_agencies": [choice for choice in queries.agencies_to_choose(actor) if choice[0] not in served],
        "roles": role_choices(actor, []),
    }
    return render(request, "accounts/person.html", context, status=422 if "at" in context else 200)


def first_password_page(
    request: HttpRequest, user_id: UUID | None, name: str, username: str, password: str
) -> HttpResponse:
    """A first password, shown this once; with the way to the person where the reader sees them."""
    context = {"user_id": user_id, "name": name, "username": username, "password": password}
    return render(request, "accounts/first_password.html", context)


def role_choices(actor: Actor, chosen: Any) -> list[tuple[str, str, bool]]:
    """The roles that the actor may give, in words, and which are chosen."""
    return [(role.value, queries.role_words(role.value), role in chosen) for role in queries.roles_to_choose(actor)]


def chosen_roles(request: HttpRequest) -> list[Role]:
    """The roles that were ticked."""
    given = request.POST.getlist("roles")
    return [role for role in Role if role.value in given and role != Role.SYSTEM]


def _agency(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def problems_at(refused: Invalid) -> dict[str, dict[str, Any]]:
    """The problems by field, as the components take them."""
    return {
        str(problem.path[0]): {"sentence": problem.sentence, "choices": problem.choices} for problem in refused.problems
    }
