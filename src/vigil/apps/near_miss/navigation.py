"""Near misses, in the menu; the badge counts notices since the library was last opened."""

from django.utils.translation import gettext_lazy as _

from vigil.apps.near_miss.out.subscriptions import unseen
from vigil.web.navigation import Entry, register

register(
    Entry(
        _("Near misses"),
        _("Near"),
        "near_miss:library",
        "local_library",
        56,
        "near_miss.lesson.read",
        ("/near-miss/",),
        badge=unseen,
        on_phone=False,
    )
)
