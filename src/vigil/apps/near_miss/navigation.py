"""Near misses, in the menu."""

from django.utils.translation import gettext_lazy as _

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
        on_phone=False,
    )
)
