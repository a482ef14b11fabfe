"""Set-up in the menu."""

from django.utils.translation import gettext_lazy as _

from vigil.web.navigation import Entry, register

register(
    Entry(
        _("Set-up"),
        _("Set-up"),
        "setup",
        "settings",
        65,
        "agencies.agency.edit",
        prefixes=("/setup/", "/agency/rules/", "/node/deconflictor/", "/agency/deconflictor/", "/agency/on-call/"),
        on_phone=False,
    )
)
