"""Locked logins in the menu of who may release them."""

from django.utils.translation import gettext_lazy as _

from vigil.web.navigation import Entry, register

register(
    Entry(
        _("Locked logins"),
        _("Locks"),
        "locks",
        "lock",
        64,
        "accounts.lock.release",
        prefixes=("/locks/",),
        on_phone=False,
    )
)
