"""Whom to call, in the menu."""

from django.utils.translation import gettext_lazy as _

from vigil.web.navigation import Entry, register

register(
    Entry(
        _("Whom to call"),
        _("Call"),
        "whom_to_call:directory",
        "phone",
        55,
        "whom_to_call.entry.read",
        prefixes=("/whom-to-call/",),
        on_phone=False,
    )
)
