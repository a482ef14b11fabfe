"""The calendar feed: a person's operations as iCalendar (RFC 5545), behind a secret address of their own.

In it: times, type, reference number, whether it is cancelled or tentative. Never: place, subject, objective, case
number, contacts. Calendar programs cannot log in, so the address itself is the key; it is shown once, kept as a hash,
ends after a year, and stops with its person's role. What it gives is what that person may see, no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F
from icalendar import Calendar, Event

from vigil.apps.deconfliction import access, cards
from vigil.apps.deconfliction.models import CalendarFeed, Operation, Revision, Status
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.platform.accounts.feeds import LASTS, actor_behind, digest_of, drawn, end, hour_of, own, whose
from vigil.platform.accounts.login import count_wrong_guess
from vigil.platform.actions import action, concerns, detail
from vigil.platform.agencies.models import this_node
from vigil.platform.turns import writing

PREFIX = "vgc_"
KEPT_BACK = timedelta(days=30)
"""Ours: so long ended operations stay in the calendar."""
GUESSES = "calendar feed"
READ = "deconfliction.feed.read"
SCOPES = frozenset({READ, access.READ, access.WATCH})
"""A feed reads; it can do nothing else in its person's name."""
PRODUCT = "-//Vigil//Operations//EN"


@action("deconfliction.feed.create")
def create_feed(actor: Actor, only_mine: bool, now: datetime) -> tuple[CalendarFeed, str]:
    """A new secret for the actor's calendar, in place of the one before; its text is returned this once."""
    person, agency = whose(actor)
    end(CalendarFeed.objects.all(), actor, now)
    text = drawn(PREFIX)
    feed = CalendarFeed.objects.create(
        user_id=person,
        agency_id=agency,
        digest=digest_of(text),
        only_mine=only_mine,
        created_at=now,
        expires_at=now + LASTS,
    )
    concerns(feed=feed.pk)
    return feed, text


@action("deconfliction.feed.revoke")
def revoke_feed(actor: Actor, now: datetime) -> None:
    """The address stops working for good; the row stays as evidence."""
    concerns(feeds=end(CalendarFeed.objects.all(), actor, now))


def own_feed(actor: Actor) -> CalendarFeed | None:
    """The actor's feed at the present agency, expired or not; None where there is none or it was revoked."""
    return own(CalendarFeed.objects.all(), actor).first()


def read_calendar(token: str, address: str, now: datetime) -> bytes:
    """The operations behind a secret as iCalendar; its use is counted, and recorded once an hour.

    `NotFound` for an unknown, revoked or expired one and for a person who may no longer act: all look alike. Wrong
    guesses from one address are slowed down like failed logins (`TooMany`); the right secret, which nobody guesses,
    never is, so that an old calendar entry locks out no colleague behind the same address.
    """
    feed = CalendarFeed.objects.filter(digest=digest_of(token)).select_related("user").first()
    actor = actor_behind(feed, READ, SCOPES, now) if feed is not None else None
    if feed is None or actor is None:
        count_wrong_guess(GUESSES, address, now)
        raise NotFound
    content = _calendar_of(actor, feed, now)
    if feed.last_used_at is None or hour_of(feed.last_used_at) != hour_of(now):
        record_read(actor, feed, len(content))
    with writing():
        CalendarFeed.objects.filter(pk=feed.pk).update(uses=F("uses") + 1, last_used_at=now)
    return content


@action(READ)
def record_read(actor: Actor, feed: CalendarFeed, size: int) -> None:
    """Record that so many bytes are read. Programs ask every few minutes: one record an hour tells as much."""
    concerns(feed=feed.pk)
    detail(size=size)


def _calendar_of(actor: Actor, feed: CalendarFeed, now: datetime) -> bytes:
    """The same bytes while nothing has changed."""
    found = access.visible_operations(actor).filter(ends_at__gt=now - KEPT_BACK, interest__isnull=True)
    if feed.only_mine:
        found = found.filter(submitter_id=actor.user_id)
    operations = list(found.order_by("starts_at", "id"))
    revisions = Revision.objects.filter(operation__in=found, number=F("operation__revision"))
    changed = dict(revisions.values_list("operation_id", "created_at"))
    return _calendar(this_node().name, ((one, changed[one.pk]) for one in operations))


def _calendar(name: str, operations: Iterable[tuple[Operation, datetime]]) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", ", ".join(("Vigil", name)))
    calendar.add("refresh-interval", timedelta(minutes=30), parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", timedelta(minutes=30))
    for operation, changed in operations:
        calendar.add_component(_event(operation, changed))
    return bytes(calendar.to_ical())


def _event(operation: Operation, changed: datetime) -> Event:
    event = Event()
    event.add("uid", str(operation.pk))
    event.add("sequence", operation.revision)
    event.add("dtstamp", _whole(changed))
    event.add("last-modified", _whole(changed))
    # Instants in UTC: the same moment for every reader, whatever the clocks do.
    event.add("dtstart", _whole(operation.starts_at))
    event.add("dtend", _whole(operation.ends_at))
    event.add("summary", _summary(operation))
    event.add("status", _status(operation))
    event.add("class", "CONFIDENTIAL")
    return event


def _status(operation: Operation) -> str:
    if operation.status == Status.CANCELLED:
        return "CANCELLED"
    return "TENTATIVE" if operation.tentative else "CONFIRMED"


def _summary(operation: Operation) -> str:
    return f"{cards.type_label(operation.operation_type, operation.mode)} {operation.reference}"


def _whole(at: datetime) -> datetime:
    """iCalendar knows whole seconds."""
    return at.replace(microsecond=0)
