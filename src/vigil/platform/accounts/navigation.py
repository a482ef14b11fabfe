"""Accounts in the menu of administrators, locked logins in that of who may release them."""

from django.utils.translation import gettext_lazy as _

from vigil.core.actor import Actor
from vigil.platform import clock
from vigil.platform.accounts import asking, reviews
from vigil.web.navigation import Entry, register


def _waiting(actor: Actor) -> int:
    """Requests to decide, and accounts to confirm."""
    return asking.waiting_count(actor) + reviews.open_count(actor, clock.now())


register(
    Entry(
        _("Accounts"),
        _("Accounts"),
        "accounts",
        "people",
        63,
        "accounts.user.read",
        prefixes=("/accounts/",),
        badge=_waiting,
        on_phone=False,
    ),
    Entry(
        _("Locked logins"),
        _("Locks"),
        "locks",
        "lock",
        64,
        "accounts.lock.release",
        prefixes=("/locks/",),
        on_phone=False,
    ),
)
