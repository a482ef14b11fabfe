"""The channels in the menu of who runs the node; the badge counts those that fail."""

from django.utils.translation import gettext_lazy as _

from vigil.platform.delivery.operating import failing_count
from vigil.web.navigation import Entry, register

register(
    Entry(
        _("Channels"),
        _("Channels"),
        "delivery:channels",
        "campaign",
        65,
        "delivery.channel.read",
        badge=failing_count,
        on_phone=False,
    )
)
