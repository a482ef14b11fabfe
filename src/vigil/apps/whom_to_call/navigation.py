"""Whom to call, in the menu."""

from vigil.web.navigation import Entry, register

register(
    Entry(
        "Whom to call",
        "Call",
        "whom_to_call:directory",
        "phone",
        55,
        "whom_to_call.entry.read",
        prefixes=("/whom-to-call/",),
        on_phone=False,
    )
)
