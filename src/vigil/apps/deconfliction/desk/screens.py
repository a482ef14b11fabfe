"""Heartbeats of desk screens, who is on duty, and the alarm when nobody watches (specification, section 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Max, Q
from django.utils.translation import gettext_noop

from vigil.apps.deconfliction import access, notices
from vigil.apps.deconfliction.alarms import modes
from vigil.apps.deconfliction.deliveries import DESK_UNATTENDED
from vigil.apps.deconfliction.desk import rules
from vigil.apps.deconfliction.desk.rules import Silence, Watch
from vigil.apps.deconfliction.models import ConflictState, DeskScreen, DeskSilence, Standing
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.core.permissions import Role
from vigil.platform.accounts.models import Membership
from vigil.platform.actions import action, concerns
from vigil.platform.agencies.desk import is_staffed
from vigil.platform.agencies.models import Agency, this_node
from vigil.platform.delivery import outbox
from vigil.platform.delivery.addresses import Address
from vigil.platform.delivery.models import Channel
from vigil.platform.delivery.personal import personal_ways
from vigil.platform.notices.board import changed, notify

WATCH = "deconfliction.operation.watch"
UNATTENDED = gettext_noop("Nobody watches the desk's screen. Open the watch desk, or see that somebody does.")
KEEP = timedelta(days=1)
LONGEST = timedelta(hours=12)
"""How long a message about the silence is worth bringing."""


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody whose desk screen is open, with the last heartbeat of any of their screens."""

    user_id: UUID
    name: str
    seen_at: datetime


def beat(actor: Actor, screen_id: UUID, now: datetime) -> None:
    """A desk screen is seen and connected. No act: it is not audited, and changes nothing that anybody reads later."""
    actor.require(WATCH)
    if actor.user_id is None:
        raise NotFound
    kept = DeskScreen.objects.filter(pk=screen_id, user_id=actor.user_id).update(seen_at=now)
    if not kept:
        defaults = {"user_id": actor.user_id, "opened_at": now, "seen_at": now}
        screen, _ = DeskScreen.objects.get_or_create(pk=screen_id, defaults=defaults)
        if screen.user_id != actor.user_id:
            raise NotFound
        changed("conflicts", roles=(Role.WATCH_DESK,), at=now)


def on_duty(now: datetime) -> tuple[OnDuty, ...]:
    """Whose screens are open now, by name."""
    seen = DeskScreen.objects.filter(seen_at__gt=now - rules.SILENCE).order_by("user__full_name")
    rows = seen.values("user_id", "user__full_name").annotate(last=Max("seen_at"))
    return tuple(OnDuty(row["user_id"], row["user__full_name"], row["last"]) for row in rows)


def watched(waiting: int, now: datetime) -> Watch:
    """How the desk is watched now."""
    last = DeskScreen.objects.aggregate(last=Max("seen_at"))["last"]
    return rules.watch(last, _is_staffed(now), waiting, now)


def look_after_desk(actor: Actor, now: datetime) -> Watch:
    """What the worker does every few seconds: tell when nobody watches though somebody should."""
    waiting = _waiting(actor, now)
    state = watched(waiting, now)
    row = DeskSilence.objects.first()
    before = Silence(row.since, row.told_at) if row else Silence()
    after, tell = rules.heard(before, state, waiting, now)
    if tell:
        tell_silence(actor, after, now)
    elif after.since is None and row is not None:
        row.delete()
    return state


@action("deconfliction.desk.escalate")
def tell_silence(actor: Actor, silence: Silence, now: datetime) -> None:
    """Tell the desk's people, the administrators of the node, and the line that answers outside the desk's hours."""
    assert silence.since is not None
    concerns(desk="node")
    DeskSilence.objects.update_or_create(slot=1, defaults={"since": silence.since, "told_at": now})
    people = sorted({*notices.watch_desk(), *_administrators()})
    key = f"deconfliction.desk:{silence.since:%Y%m%d%H%M%S}:{now:%Y%m%d%H%M%S}"
    notify(people, "deconfliction.desk", UNATTENDED, objects={}, key=key, urgent=True, at=now)
    addresses = [address for one in people for address in personal_ways(one, urgent=True)]
    outside = this_node().outside_phone
    if outside:
        addresses += [Address(Channel.VOICE, outside), Address(Channel.SMS, outside)]
    outbox.send(addresses, DESK_UNATTENDED, key=key, about=_DESK, at=now, until=now + LONGEST, urgent=True)


def forget_screens(now: datetime) -> None:
    """Drop screens that were closed long ago."""
    DeskScreen.objects.filter(seen_at__lt=now - KEEP).delete()


_DESK = UUID("00000000-0000-7000-8000-00000000de5c")
"""What deliveries about the desk itself are about."""


def _waiting(actor: Actor, now: datetime) -> int:
    """Live incidents that a desk would have to work on: neither settled nor tentative."""
    going = Q(standing=Standing.OPEN, outcome="", tentative=False, owner_only=False, overlap_end__gt=now)
    found = modes.live(access.visible_conflicts(actor)).filter(going | Q(state=ConflictState.EXPIRED))
    return found.values("incident_id").distinct().count()


def _administrators() -> list[UUID]:
    held = Membership.objects.filter(role=Role.NODE_ADMIN.value, active=True, user__is_active=True)
    return list(held.values_list("user_id", flat=True))


def _is_staffed(now: datetime) -> bool:
    node = this_node()
    zone = (
        Agency.objects.filter(is_served=True, is_active=True).exclude(time_zone="").values_list("time_zone", flat=True)
    )
    return is_staffed(node.desk_week, now.astimezone(ZoneInfo(zone.first() or "UTC")))
