"""The second factor after the password; one's own passkeys, code app and recovery codes; the first enrolment."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import login as begin_session
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigil.core.actor import Actor
from vigil.core.errors import Invalid, Locked, TooMany
from vigil.platform import clock
from vigil.platform.accounts import factors, lockout, queries, way_back
from vigil.platform.accounts.access import PROVED, Owed, Proof, actor_of_session, actor_of_user, is_fresh, owed
from vigil.platform.accounts.login import BACKEND, WRONG, record_confirmed, refuse
from vigil.platform.accounts.models import User
from vigil.platform.accounts.sessions import seen, sessions_of
from vigil.platform.accounts.steps import complete, factor_context, go_on, safe, second_page
from vigil.platform.doors import actor_of, page, public
from vigil.web import held


@public
@sensitive_post_parameters("passkey")
@require_http_methods(["GET", "POST"])
def passkey_login(request: HttpRequest) -> HttpResponse:
    """Log in with a passkey alone, or with one after the password: GET asks, POST brings the browser's answer."""
    half = request.user if owed(request) is Owed.SECOND and isinstance(request.user, User) else None
    if request.method == "GET":
        return JsonResponse(dict(factors.options_to_log_in(half)))
    after, kept = safe(request, request.POST.get("next", "")), request.POST.get(held.FIELD, "")
    now = clock.now()
    try:
        with transaction.atomic():
            user = factors.user_of_passkey(request.POST.get("passkey", ""), half)
    except Invalid as refused:
        refuse(half)
        if half:
            return second_page(request, after, kept, refused.sentence, refused.status)
        messages.error(request, refused.sentence)
        return redirect("login")
    if actor_of_user(user) is None:
        refuse(user)
        messages.error(request, str(WRONG))
        return redirect("login")
    if not half:
        begin_session(request, user, backend=BACKEND)
    complete(request, user, Proof.PASSKEY, now)
    return lockout.remember_browser(request, go_on(request, after, kept))


@public
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def second(request: HttpRequest) -> HttpResponse:
    """After the password: a passkey, a code of the app, or a recovery code."""
    after = safe(request, request.POST.get("next", "") or request.GET.get("next", ""))
    user, kept = request.user, request.POST.get(held.FIELD, "")
    if owed(request) is not Owed.SECOND or not isinstance(user, User):
        return go_on(request, after, kept)
    if request.method == "GET":
        return second_page(request, after, kept)
    try:
        by = checked_code(request, user)
    except (Invalid, Locked, TooMany) as refused:
        return second_page(request, after, kept, refused.sentence, refused.status)
    complete(request, user, by, clock.now())
    if by is Proof.WAY_BACK:
        messages.warning(
            request,
            _("That way back counted once. Before you leave: add a passkey or code app, and remove what is lost."),
        )
    if by is Proof.RECOVERY:
        left = factors.codes_left(user)
        messages.warning(
            request, _("You have {left} recovery codes left. Draw new ones if you need them.").format(left=left)
        )
    return lockout.remember_browser(request, go_on(request, after, kept))


@page("accounts.profile.edit")
@sensitive_post_parameters("code", "passkey")
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Show once more who one is, before a sensitive act; what was sent for it is kept and sent afterwards."""
    actor, user = actor_of(request), request.user
    after = safe(request, request.POST.get("next", "") or request.GET.get("next", ""))
    kept = held.held_of(request) if request.method == "POST" else ""
    assert isinstance(user, User)
    if request.method == "GET" or "confirm" not in request.POST:
        return _confirm_page(request, user, after, kept)
    kept = request.POST.get(held.FIELD, "")
    try:
        by = _proved_again(request, user)
    except (Invalid, Locked, TooMany) as refused:
        return _confirm_page(request, user, after, kept, refused.sentence)
    request.session[PROVED] = {"at": clock.now().timestamp(), "by": by.value}
    record_confirmed(actor, by)
    return held.send_again(request, kept, after, confirmed=True) if kept else redirect(after)


def _proved_again(request: HttpRequest, user: User) -> Proof:
    if not request.POST.get("passkey"):
        return checked_code(request, user)
    with transaction.atomic():
        factors.user_of_passkey(request.POST["passkey"], user)
    return Proof.PASSKEY


@page("accounts.profile.edit")
@require_GET
def confirm_passkey(request: HttpRequest) -> HttpResponse:
    """The question for one of one's own passkeys."""
    user = request.user
    return JsonResponse(dict(factors.options_to_log_in(user if isinstance(user, User) else None)))


def _confirm_page(request: HttpRequest, user: User, after: str, kept: str, error: str = "") -> HttpResponse:
    context = factor_context(user, after, kept, error)
    return render(request, "accounts/confirm.html", context, status=422 if error else 200)


def checked_code(request: HttpRequest, user: User) -> Proof:
    """By what the code that was sent shows who the person is; a wrong one counts like a failed login.

    Raises:
        Invalid: it shows nothing.
        Locked, TooMany: it is not looked at.
    """
    source, now = lockout.source_of(request), clock.now()
    attempt = lockout.attempt(user.username, user, source, now)
    by = _proof_of_code(user, request.POST.get("code", ""))
    if by is None:
        lockout.failed(attempt, source, now)
        refuse(user)
        raise Invalid.at(
            "code", sentence=_("This code does not count. A code of the app counts once; wait for the next one.")
        )
    attempt.delete()
    return by


def _proof_of_code(user: User, code: str) -> Proof | None:
    with transaction.atomic():
        if factors.takes_app_code(user, code, clock.now()):
            return Proof.APP
        if factors.takes_recovery_code(user, code, clock.now()):
            return Proof.RECOVERY
        return Proof.WAY_BACK if way_back.takes(user, code, clock.now()) else None


def _enrolling(request: HttpRequest, *, fresh: bool = True) -> tuple[User, Actor] | HttpResponse:
    """The person with an open session, or one that owes nothing but its first factor; others go where they must.

    With `fresh`, who has an open session shows who they are once more where that was long ago.
    """
    owes, user = owed(request), request.user
    if owes not in (Owed.NOTHING, Owed.ENROL):
        return redirect(owes.value)
    actor = actor_of_session(request)
    if actor is None and isinstance(user, User):
        actor = actor_of_user(user)
    if actor is None or not isinstance(user, User):
        return redirect("login")
    if owes is Owed.NOTHING:
        seen(request, clock.now())
        request.actor = actor  # type: ignore[attr-defined]
        if fresh and not is_fresh(request, clock.now()):
            return redirect(f"{reverse('confirm')}?{urlencode({'next': reverse('factors')})}")
    return user, actor


@public
@require_GET
def own(request: HttpRequest) -> HttpResponse:
    """One's own ways to log in; without any, the page on which the first one is chosen."""
    known = _enrolling(request, fresh=False)
    return known if isinstance(known, HttpResponse) else _own_page(request, known[0])


def _own_page(request: HttpRequest, user: User, problem: str = "") -> HttpResponse:
    own_factors = factors.own_factors(user)
    context: dict[str, Any] = {
        "factors": own_factors,
        "has_app": not all(one.is_passkey for one in own_factors),
        "codes_left": factors.codes_left(user),
        "problem": problem,
        "first": owed(request) is Owed.ENROL,
        "provider": queries.identity_provider(),
        "is_bound": queries.is_bound(user),
        "sessions": sessions_of(user.pk, request.session.session_key, clock.now()),
    }
    return render(request, "accounts/factors.html", context, status=422 if problem else 200)


@public
@sensitive_post_parameters("passkey")
@require_http_methods(["GET", "POST"])
def passkey(request: HttpRequest) -> HttpResponse:
    """Add a passkey: GET asks the browser for one, POST brings it."""
    known = _enrolling(request)
    if isinstance(known, HttpResponse):
        asks = request.method == "GET" and request.user.is_authenticated
        return JsonResponse({"first": known["Location"]}, status=403) if asks else known
    user, actor = known
    if request.method == "GET":
        return JsonResponse(dict(factors.options_to_add(user)))
    try:
        factors.add_passkey(actor, request.POST.get("name", ""), request.POST.get("passkey", ""))
    except Invalid as refused:
        return _own_page(request, user, refused.sentence)
    return _added(request, user, actor, Proof.PASSKEY, _("The passkey is added."))


@public
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def app(request: HttpRequest) -> HttpResponse:
    """Set up a code app: its secret as a picture and as text, then its first code."""
    known = _enrolling(request)
    if isinstance(known, HttpResponse):
        return known
    user, actor = known
    secret, problem = factors.new_app_secret(request), ""
    if request.method == "POST":
        try:
            factors.add_app(actor, secret, request.POST.get("code", ""), clock.now())
        except Invalid as refused:
            problem = refused.sentence
        else:
            del request.session[factors.NEW_SECRET]
            return _added(request, user, actor, Proof.APP, _("The code app is added."))
    picture = base64.b64encode(factors.app_picture(user, secret).encode()).decode()
    spaced = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    context = {"picture": picture, "secret": spaced, "problem": {"sentence": problem} if problem else None}
    return render(request, "accounts/app.html", context, status=422 if problem else 200)


def _added(request: HttpRequest, user: User, actor: Actor, by: Proof, said: str) -> HttpResponse:
    """The first factor completes the login and comes with recovery codes; a further one is only told."""
    if owed(request) is not Owed.ENROL and factors.codes_left(user):
        messages.success(request, said)
        return redirect("factors")
    if not actor_of_session(request):
        complete(request, user, by, clock.now())
    return lockout.remember_browser(request, _codes_page(request, actor))


@public
@require_POST
def codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes, shown this once."""
    known = _enrolling(request)
    if isinstance(known, HttpResponse):
        return known
    if not factors.own_factors(known[0]):
        return redirect("factors")
    return _codes_page(request, known[1])


def _codes_page(request: HttpRequest, actor: Actor) -> HttpResponse:
    return render(request, "accounts/codes.html", {"codes": factors.draw_codes(actor, clock.now())})


@public
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Take a passkey or the code app away."""
    known = _enrolling(request)
    if isinstance(known, HttpResponse):
        return known
    number = request.POST.get("factor", "")
    try:
        factors.remove_factor(known[1], int(number) if number.isdecimal() and len(number) < 19 else 0)
    except Invalid as refused:
        return _own_page(request, known[0], refused.sentence)
    messages.success(request, _("Removed: it opens nothing any more."))
    return redirect("factors")
