"""What the search finds of the directory."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from vigil.apps.whom_to_call import queries
from vigil.core.actor import Actor
from vigil.web.finding import MOST, Asked, Group, Hit, matches, register
from vigil.web.templatetags.vigil import phone


def groups(actor: Actor, asked: Asked) -> Sequence[Group]:
    """Entries by name, system or place."""
    if not actor.can(queries.READ):
        return ()
    directory = reverse("whom_to_call:directory")
    lines = queries.entries(actor, asked.now.date())
    named = [line for line in lines if matches(asked.text, line.name, line.system, line.area)]
    hits = [Hit(line.name, directory, f"{phone(line.phone) or _('No telephone')}, {line.checked}") for line in named]
    return (Group(_("Whom to call"), hits[:MOST], len(hits) > MOST),)


register(30, groups)
