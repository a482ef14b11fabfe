"""Emergency access in the menu of who may begin one or is told of one; the badge counts open ones of others."""

from django.utils.translation import gettext_lazy as _

from vigil.core.actor import Actor
from vigil.platform import clock
from vigil.platform.glass.queries import open_count
from vigil.web.navigation import Entry, register


def _open(actor: Actor) -> int:
    return open_count(actor, clock.now())


register(
    Entry(
        _("Emergency access"),
        _("Emergency"),
        "glass:accesses",
        "lock_open",
        65,
        "glass.access.read",
        prefixes=("/emergency/",),
        badge=_open,
        on_phone=False,
    )
)
