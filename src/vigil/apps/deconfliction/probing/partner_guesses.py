"""Which partner seems to guess in what is compared blind, put before the watch desks and the node's administrators.

Each reason is told once a day: in a notice, in the audit trail and in the log. Nothing is refused.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vigil.apps.deconfliction.models import ConflictSide, MaskedOperation, PartnerDay
from vigil.apps.deconfliction.plan_rows import instant
from vigil.core.actor import Actor
from vigil.core.permissions import Role
from vigil.engine.operation import Mode
from vigil.platform.accounts.models import Membership
from vigil.platform.actions import action, concerns, detail
from vigil.platform.notices.board import notify
from vigil.protocol.budget import Guess, Hit, guesses

log = logging.getLogger("vigil.partners")

READERS = frozenset({Role.WATCH_DESK, Role.NODE_ADMIN})
KIND = "partners.guessing"
TOLD = gettext_noop("A partner node asks as if it were guessing what is planned here. Open Vigil, Partners.")


SENTENCES: Mapping[Guess, str] = {
    Guess.MANY_POINTS: gettext_noop("It compared far more than its operations need."),
    Guess.NOT_FOLLOWED: gettext_noop("It met operations of this node and did not ask exactly about them."),
    Guess.MEETS_NOTHING: gettext_noop("Almost nothing of what it then asked exactly met anything."),
}
LATELY = timedelta(days=30)
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Guessing:
    """A partner, by its node id, and the reasons that nobody has been told of today."""

    partner: str
    reasons: tuple[Guess, ...]


def unnoted(now: datetime) -> Sequence[Guessing]:
    """Partners that seem to guess, with what is not noted yet today."""
    days = {one.node: one for one in PartnerDay.objects.filter(day=now.date())}
    hits = _hits()
    found = []
    for partner in sorted({*days, *hits}):
        day = days.get(partner)
        seen = guesses(day.points if day else 0, hits.get(partner, ()), instant(now))
        if left := seen.difference(day.guesses if day else ()):
            found.append(Guessing(partner, tuple(sorted(left))))
    return found


def _hits() -> dict[str, list[Hit]]:
    met = ConflictSide.objects.filter(node=OuterRef("node"), operation_id=OuterRef("operation_id"))
    rows = MaskedOperation.objects.filter(wanted_at__isnull=False, mode=Mode.LIVE.value, registered=True)
    hits: defaultdict[str, list[Hit]] = defaultdict(list)
    for row in rows.annotate(met=Exists(met)):
        hits[row.node].append(Hit(row.wanted_at or 0, row.followed, row.met))
    return hits


@action("partners.guessing.note")
def note(actor: Actor, guessing: Guessing, now: datetime) -> None:
    """Tell the watch desks and the node's administrators, once a reason and day."""
    day, _is_new = PartnerDay.objects.get_or_create(node=guessing.partner, day=now.date())
    day.guesses = sorted({*day.guesses, *guessing.reasons})
    day.save(update_fields=["guesses"])
    concerns(partner=guessing.partner)
    detail(reasons=list(guessing.reasons), points=day.points)
    for reason in guessing.reasons:
        log.warning("partner guesses", extra={"partner": guessing.partner, "code": reason.value})
    key = f"{KIND}:{guessing.partner}:{now.date()}:{'+'.join(guessing.reasons)}"
    notify(_told(), KIND, TOLD, objects={"partner": guessing.partner}, key=key, at=now)


@dataclass(frozen=True, slots=True)
class Noted:
    """One reason of one day, for its readers."""

    day: date
    sentence: str


def told_lately(actor: Actor, partner_id: UUID, now: datetime) -> list[Noted]:
    """What was told of the partner in the last 30 days, newest first; nothing for whoever is not told."""
    if actor.roles.isdisjoint(READERS):
        return []
    days = PartnerDay.objects.filter(node=str(partner_id), day__gt=(now - LATELY).date()).order_by("-day")
    noted = [Noted(one.day, _(SENTENCES[Guess(guess)])) for one in days for guess in one.guesses]
    return noted[:SHOWN]


def _told() -> list[UUID]:
    held = Membership.objects.filter(role__in=[role.value for role in READERS], active=True, user__is_active=True)
    return sorted(set(held.values_list("user_id", flat=True)))
