"""Node administrators are told when a partner refuses, shares no version or stays down: answers are incomplete until
somebody does something about it (specification 5). Once for each time that it begins, and once a day while it lasts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_noop

from vigil.apps.deconfliction.deliveries import PARTNER_TROUBLE
from vigil.apps.deconfliction.federation.partner_states import PartnerState, members
from vigil.apps.deconfliction.federation.rules import SILENT_AFTER, Standing
from vigil.core.permissions import Role
from vigil.platform.accounts.administrators import others_of_node
from vigil.platform.delivery.outbox import send
from vigil.platform.delivery.personal import personal_ways
from vigil.platform.notices.board import changed, notify
from vigil.platform.partners.models import Contact
from vigil.platform.turns import writing

EVERY = timedelta(seconds=10)
"""How often the lines are looked at."""
OUTSIDE_LASTS = timedelta(hours=1)
DOWN_TOLD_AFTER = timedelta(minutes=10)
"""So long the watch desk's strip is enough (ours)."""
REFUSES = gettext_noop("A partner node refuses this node's questions: answers are incomplete. Open Partners.")
OTHER_KEY = gettext_noop("A partner node answers with another key: answers are incomplete. Open Partners.")
NO_VERSION = gettext_noop("A partner node shares no version with this node: answers are incomplete. Open Partners.")
DOWN = gettext_noop("A partner node has been down for ten minutes: answers are incomplete. Open Partners.")


def look_after(now: datetime) -> None:
    """Tell what was not told yet, on the pages and by whatever way of their own. Safe to repeat."""
    for state in members(now):
        sentence = _trouble(state, now)
        if sentence:
            with writing():
                _tell(state.row.pk, sentence, now)


def _tell(partner_id: UUID, sentence: str, now: datetime) -> None:
    key = f"{PARTNER_TROUBLE}:{partner_id}:{sentence[:40]}:{now:%Y%m%d}"
    people = others_of_node(None)
    told = notify(people, PARTNER_TROUBLE, sentence, objects={"partner": partner_id}, key=key, urgent=True, at=now)
    ways = [way for notice in told for way in personal_ways(notice.recipient_id, urgent=True)]
    send(ways, PARTNER_TROUBLE, key=key, about=partner_id, at=now, until=now + OUTSIDE_LASTS, urgent=True)


def _trouble(state: PartnerState, now: datetime) -> str:
    if not state.shares_version:
        return NO_VERSION
    if state.standing is Standing.REFUSING:
        return REFUSES
    if state.standing is Standing.OTHER_KEY:
        return OTHER_KEY
    since = state.contact.failing_since
    return DOWN if since is not None and now - since >= DOWN_TOLD_AFTER else ""


def look_at_lines(now: datetime) -> None:
    """Let the screens of the watch desk look again when a partner has just come to be down."""
    since = now - SILENT_AFTER
    if Contact.objects.filter(failing_since__gt=since - EVERY, failing_since__lte=since).exists():
        with writing():
            changed("conflicts", roles=(Role.WATCH_DESK,), at=now)
