"""Each alarm's way, minute by minute: who was told over which channel, and what came of it. Rows read, nothing kept.

A side reads its own way alone; the watch desk reads both (specification, section 7). What is shown is what is stored:
notices and when they were seen, deliveries with their steps, and the conflict's log.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from vigil.apps.deconfliction import access, notices
from vigil.apps.deconfliction.alarms import ladder
from vigil.apps.deconfliction.alarms.rules import TALK_BEFORE
from vigil.apps.deconfliction.models import ConflictEvent, ConflictSide
from vigil.apps.deconfliction.plan_rows import names_in
from vigil.core.actor import Actor
from vigil.platform.delivery import outbox
from vigil.platform.delivery.models import Delivery, DeliveryEvent
from vigil.platform.delivery.outbox import Way
from vigil.platform.notices.models import Notice

SIGNS = {
    "sent": gettext_lazy("Sent"),
    "delivered": gettext_lazy("Delivered"),
    "missed": gettext_lazy("Not answered or not delivered"),
    "no_way": gettext_lazy("This node has no such way"),
    "answered": gettext_lazy("Answered"),
    "stopped": gettext_lazy("Stopped before it went out"),
    "acknowledged": gettext_lazy("Acknowledged"),
    "taken": gettext_lazy("The desk took it on"),
    "talked": gettext_lazy("Both talked"),
    "expired": gettext_lazy("Nobody acknowledged in time"),
}
"""What a mark says; in the order of the key."""
CHANNELS = {
    "app": gettext_lazy("app"),
    "sms": gettext_lazy("text"),
    "voice": gettext_lazy("voice"),
    "email": gettext_lazy("e-mail"),
    "webhook": gettext_lazy("webhook"),
    "desk": gettext_lazy("acts"),
}
_STATE = Delivery.State
_OF_STATE = {
    _STATE.WAITING: "sent",
    _STATE.HANDED_OVER: "sent",
    _STATE.DELIVERED: "delivered",
    _STATE.ANSWERED: "answered",
    _STATE.GAVE_UP: "missed",
    _STATE.NO_WAY: "no_way",
    _STATE.STOPPED: "stopped",
}
_MISSED = (DeliveryEvent.Step.NOT_ANSWERED, DeliveryEvent.Step.UNDELIVERABLE)
_OF_EVENT = {
    "acknowledged": "acknowledged",
    "contacted": "talked",
    "taken": "taken",
    "expired": "expired",
}
_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440, 2880)
MOST_TICKS = 6


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that happened; `x` in percent of the track."""

    at: datetime
    sign: str
    x: float = 0.0

    @property
    def words(self) -> str:
        """What it says."""
        return str(SIGNS[self.sign])


@dataclass(frozen=True, slots=True)
class Lane:
    """One person and channel."""

    name: str
    channel: str
    marks: tuple[Mark, ...]

    @property
    def channel_words(self) -> str:
        """The channel in the reader's language."""
        return str(CHANNELS[self.channel])


@dataclass(frozen=True, slots=True)
class Group:
    """The lanes of one side, or of the watch desk."""

    title: str
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """The whole figure. `ticks` are labels with their place in percent; `now_x` None where it is over."""

    title: str
    zone: str
    groups: tuple[Group, ...]
    ticks: tuple[tuple[str, float], ...]
    now_x: float | None
    signs: tuple[tuple[str, str], ...]

    @property
    def rows(self) -> list[tuple[Mark, str, Lane]]:
        """The same as a table, in the order of time."""
        rows = [(mark, group.title, lane) for group in self.groups for lane in group.lanes for mark in lane.marks]
        return sorted(rows, key=lambda row: row[0].at)


def ways_of(actor: Actor, conflict_id: UUID, zone: str, now: datetime) -> Ways | None:
    """The ways of a conflict's alarms that the actor may read, with every line of its incident; None: there is none."""
    conflict = access.get_conflict(actor, conflict_id)
    desk = actor.can(access.WATCH)
    mine = set(access.visible_sides(actor).filter(conflict=conflict).values_list("pk", flat=True))
    sides = conflict.sides.filter(told=True, own_operation__isnull=False).select_related("agency").order_by("pk")
    shown = sorted((side for side in sides if desk or side.pk in mine), key=lambda side: side.pk not in mine)
    lines = access.visible_conflicts(actor).filter(incident_id=conflict.incident_id).values("pk")
    events = list(ConflictEvent.objects.filter(conflict__in=lines).order_by("id"))
    groups = [_side_group(side, side.pk in mine, events, len(shown) > 1) for side in shown]
    if desk:
        groups.append(_desk_group(events))
    groups = [group for group in groups if group.lanes]
    if not groups:
        return None
    stands = conflict.withdrawn_at is None
    return _drawn(
        groups, _title(shown, mine, now, stands), zone, now if stands and conflict.resolved_at is None else None
    )


def comes_back(actor: Actor, conflict_id: UUID) -> datetime | None:
    """When the alarm of the actor's side comes back if nobody talks; None where it has no ladder."""
    sides = access.visible_sides(actor).filter(conflict_id=conflict_id)
    lines = ladder.lines_of(set(sides.values_list("ladder_id", flat=True)))
    return min((ladder.start_of(line) - TALK_BEFORE for line in lines if line.alarmed_at), default=None)


# --- what is shown ----------------------------------------------------------------------------------------------------


def _side_group(side: ConflictSide, own: bool, events: Sequence[ConflictEvent], several: bool) -> Group:
    lanes: defaultdict[tuple[str, str], list[Mark]] = defaultdict(list)
    ours = [event for event in events if event.operation_id in _operations(side)]
    desk = set(notices.watch_desk())
    for notice in _notices(ours):
        if notice.recipient_id not in desk:
            sign = "delivered" if notice.seen_at else "sent"
            lanes[str(notice.recipient), "app"].append(Mark(notice.created_at, sign))
    for way in outbox.ways(side.ladder_id):
        lanes[way.name, way.delivery.channel] += _marks(way)
    for event in ours:
        if event.kind == "acknowledged":
            channel = {"reply": "sms", "telephone": "voice"}.get(event.how, "app")
            name = names_in(event.people).get("name", event.author_name)
            lanes[name, channel].append(Mark(event.at, "acknowledged"))
        elif event.kind == "called":
            sign = "answered" if event.result == "answered" else "missed"
            lanes[names_in(event.people).get("name", ""), "voice"].append(Mark(event.at, sign))
    agency = side.agency.label if side.agency else side.foreign_agency
    title = _("{agency} (you)").format(agency=agency) if own and several else agency
    return Group(title, tuple(_lanes(lanes)))


def _operations(side: ConflictSide) -> set[UUID]:
    """The operations of this side's plan in all lines of the incident."""
    return set(ConflictSide.objects.filter(ladder_id=side.ladder_id).values_list("operation_id", flat=True))


def _desk_group(events: Sequence[ConflictEvent]) -> Group:
    lanes: defaultdict[tuple[str, str], list[Mark]] = defaultdict(list)
    desk = set(notices.watch_desk())
    for notice in _notices(events):
        if notice.recipient_id in desk:
            sign = "delivered" if notice.seen_at else "sent"
            lanes[str(notice.recipient), "app"].append(Mark(notice.created_at, sign))
    seen: set[tuple[str, datetime]] = set()
    for event in events:
        sign = _OF_EVENT.get(event.kind, "")
        if sign in ("talked", "taken", "expired") and (sign, event.at) not in seen:
            # One act is logged at each line and side that it counts for.
            seen.add((sign, event.at))
            lanes[event.author_name or _("Vigil"), "desk"].append(Mark(event.at, sign))
    return Group(_("Desk"), tuple(_lanes(lanes)))


def _notices(events: Iterable[ConflictEvent]) -> list[Notice]:
    keys = [key for event in events for key in event.notices]
    return list(Notice.objects.filter(pk__in=keys).select_related("recipient").order_by("created_at", "pk"))


def _marks(way: Way) -> Iterator[Mark]:
    """One mark a delivery, at the moment that it went out, and what came back."""
    went = [event.at for event in way.events if event.step == DeliveryEvent.Step.HANDED_OVER]
    missed = any(event.step in _MISSED for event in way.events)
    sign = "missed" if missed else _OF_STATE[Delivery.State(way.delivery.state)]
    yield Mark(went[0] if went else way.delivery.created_at, sign)


def _lanes(lanes: Mapping[tuple[str, str], list[Mark]]) -> list[Lane]:
    """By the first that was reached; a person's channels one below the other."""
    first: dict[str, datetime] = {}
    for (name, _channel), marks in lanes.items():
        at = min(mark.at for mark in marks)
        first[name] = min(first.get(name, at), at)
    order = list(CHANNELS)
    keys = sorted(lanes, key=lambda key: (first[key[0]], key[0], order.index(key[1])))
    return [Lane(name, channel, tuple(sorted(lanes[name, channel], key=lambda one: one.at))) for name, channel in keys]


def _title(sides: Sequence[ConflictSide], mine: set[int], now: datetime, stands: bool) -> str:
    """The finding: who took how long, or has not answered yet; nobody has to where the two no longer meet."""
    alarmed = [side for side in sides if side.notified_at is not None and (stands or side.acknowledged_at)]
    waiting = [side for side in alarmed if side.acknowledged_at is None]
    if not alarmed:
        return _("The way of this alarm")
    side = max(waiting or alarmed, key=lambda one: (one.acknowledged_at or now) - (one.notified_at or now))
    assert side.notified_at is not None
    minutes = int(((side.acknowledged_at or now) - side.notified_at) / timedelta(minutes=1))
    taken = ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)
    who = _("Your side") if side.pk in mine else side.agency.label if side.agency else side.foreign_agency
    if side in waiting:
        return _("{who} has not answered its alarm for {minutes}").format(who=who, minutes=taken)
    return _("{who} took {minutes} to answer its alarm").format(who=who, minutes=taken)


# --- how it is drawn --------------------------------------------------------------------------------------------------


def _drawn(groups: Sequence[Group], title: str, zone: str, now: datetime | None) -> Ways:
    instants = [mark.at for group in groups for lane in group.lanes for mark in lane.marks]
    begins, ends = min(instants), max([*instants, *([now] if now else [])])
    span = max(ends - begins, timedelta(minutes=5))
    begins, span = begins - span / 25, span + span / 10

    def place(at: datetime) -> float:
        return round((at - begins) / span * 100, 2)

    placed = [
        Group(
            group.title,
            tuple(
                Lane(lane.name, lane.channel, tuple(Mark(one.at, one.sign, place(one.at)) for one in lane.marks))
                for lane in group.lanes
            ),
        )
        for group in groups
    ]
    used = {mark.sign for group in groups for lane in group.lanes for mark in lane.marks}
    return Ways(
        title=title,
        zone=f"{begins.astimezone(ZoneInfo(zone)):%Z}",
        groups=tuple(placed),
        ticks=tuple((f"{at:%H:%M}", place(at)) for at in _ticks(begins, span, zone)),
        now_x=place(now) if now else None,
        signs=tuple((sign, str(words)) for sign, words in SIGNS.items() if sign in used),
    )


def _ticks(begins: datetime, span: timedelta, zone: str) -> Iterator[datetime]:
    minutes = next((one for one in _TICKS if span / timedelta(minutes=one) <= MOST_TICKS), _TICKS[-1])
    local = begins.astimezone(ZoneInfo(zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    step = timedelta(minutes=minutes)
    at = midnight + ((local - midnight) // step + 1) * step
    while at < begins + span:
        yield at
        at += step
