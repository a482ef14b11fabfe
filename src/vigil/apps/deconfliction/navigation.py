"""Deconfliction in the menu."""

from django.utils.translation import gettext_lazy as _

from vigil.apps.deconfliction import queries
from vigil.apps.deconfliction.probing import cases
from vigil.core.actor import Actor
from vigil.platform import clock
from vigil.web.navigation import Entry, register


def waiting_conflicts(actor: Actor) -> int:
    """Open conflicts that nobody of the reader's side has acknowledged."""
    return queries.waiting_conflicts(actor, clock.now())


READ = "deconfliction.operation.read"

register(
    Entry(_("Today"), _("Today"), "deconfliction:today", "home", 10, READ),
    Entry(
        _("Operations"),
        _("Ops"),
        "deconfliction:operations",
        "list",
        20,
        READ,
        prefixes=("/operations/", "/series/"),
    ),
    Entry(
        _("Timeline"),
        _("Time"),
        "deconfliction:timeline",
        "schedule",
        25,
        READ,
        prefixes=("/timeline/",),
        on_phone=False,
    ),
    Entry(_("Map"), _("Map"), "deconfliction:map", "map", 30, READ, prefixes=("/map/",)),
    Entry(
        _("Conflicts"),
        _("Conflicts"),
        "deconfliction:conflicts",
        "report",
        40,
        "deconfliction.conflict.read",
        prefixes=("/conflicts/",),
        badge=waiting_conflicts,
    ),
    Entry(
        _("Watch desk"),
        _("Desk"),
        "deconfliction:desk",
        "support_agent",
        41,
        "deconfliction.desk.read",
        prefixes=("/desk/",),
    ),
    Entry(
        _("Practise"),
        _("Practise"),
        "deconfliction:practice",
        "school",
        63,
        "deconfliction.practice.read",
        prefixes=("/practice/",),
        on_phone=False,
    ),
    Entry(
        _("Exercises"),
        _("Exercises"),
        "deconfliction:exercises",
        "groups",
        63,
        "deconfliction.exercise.plan",
        prefixes=("/exercises/",),
        on_phone=False,
    ),
    Entry(
        _("History"),
        _("History"),
        "deconfliction:history",
        "history",
        42,
        READ,
        prefixes=("/history/",),
        on_phone=False,
    ),
    Entry(
        _("Import"),
        _("Import"),
        "deconfliction:import",
        "upload_file",
        45,
        "deconfliction.operation.import",
        prefixes=("/import/",),
        on_phone=False,
    ),
    Entry(
        _("Interests"),
        _("Interests"),
        "deconfliction:interests",
        "people",
        50,
        READ,
        prefixes=("/interests/",),
        on_phone=False,
    ),
    Entry(
        _("Task forces"),
        _("Forces"),
        "deconfliction:task_forces",
        "groups",
        55,
        "deconfliction.task_force.read",
        prefixes=("/task-forces/",),
        on_phone=False,
    ),
    Entry(
        _("Who looked"),
        _("Looks"),
        "deconfliction:looks",
        "visibility",
        60,
        "deconfliction.look.read",
        on_phone=False,
    ),
    Entry(
        _("Fishing"),
        _("Fishing"),
        "deconfliction:fishing",
        "visibility",
        59,
        cases.READ,
        prefixes=("/fishing/",),
        badge=cases.waiting,
        on_phone=False,
    ),
    Entry(
        _("Partners"),
        _("Partners"),
        "deconfliction:partners",
        "link",
        58,
        "partners.partner.read",
        prefixes=("/partners/",),
        on_phone=False,
    ),
    Entry(
        _("Alarm quality"),
        _("Quality"),
        "deconfliction:quality",
        "insights",
        61,
        "deconfliction.quality.read",
        prefixes=("/alarm-quality/",),
        on_phone=False,
    ),
    Entry(
        _("Policy study"),
        _("Study"),
        "deconfliction:studies",
        "insights",
        61,
        "deconfliction.study.run",
        prefixes=("/study/",),
        on_phone=False,
    ),
    Entry(
        _("Purge"),
        _("Purge"),
        "deconfliction:purges",
        "delete",
        62,
        "deconfliction.purge.read",
        prefixes=("/purge/",),
        on_phone=False,
    ),
    Entry(
        _("Account"),
        _("More"),
        "account",
        "account_circle",
        90,
        "accounts.profile.edit",
        on_rail=False,
    ),
)
