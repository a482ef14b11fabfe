"""Locked logins: who is locked out from where, released by somebody else."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vigil.platform.accounts import lockout
from vigil.platform.doors import actor_of, page


@page("accounts.lock.release", fresh=True)
@require_http_methods(["GET", "POST"])
def locks(request: HttpRequest) -> HttpResponse:
    """Those that the reader may release; posting releases one."""
    actor = actor_of(request)
    if request.method == "POST":
        try:
            lock_id = UUID(request.POST.get("lock", ""))
        except ValueError:
            return redirect("locks")
        user = lockout.release(actor, lock_id)
        messages.success(request, _("{name} can try again from there.").format(name=user))
        return redirect("locks")
    return render(request, "accounts/locks.html", {"locks": lockout.locks(actor)})
