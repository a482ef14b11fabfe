"""Set-up in the menu."""

from vigil.web.navigation import Entry, register

register(
    Entry(
        "Set-up",
        "Set-up",
        "setup",
        "settings",
        65,
        "agencies.agency.edit",
        prefixes=("/setup/", "/agency/rules/", "/node/deconflictor/"),
        on_phone=False,
    )
)
