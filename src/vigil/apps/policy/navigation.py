"""The policy in the menu."""

from django.utils.translation import gettext_lazy as _

from vigil.web.navigation import Entry, register

register(
    Entry(
        _("Policy"), _("Policy"), "policy:policy", "verified", 57, "policy.adoption.read", ("/policy/",), on_phone=False
    )
)
