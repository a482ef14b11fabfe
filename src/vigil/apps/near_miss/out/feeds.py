"""The lessons as an Atom feed (RFC 4287), behind a secret address of the reader's own (`platform.accounts.feeds`).

In it: title, lessons learned, primary factor and a link to the library, where a login is needed. Never: what happened,
when, or at what kind of call.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from uuid import UUID
from xml.etree import ElementTree

from django.utils.translation import gettext as _

from vigil.apps.near_miss import access
from vigil.apps.near_miss.models import Lesson, LessonFeed
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.platform.accounts.feeds import LASTS, actor_behind, digest_of, drawn, end, hour_of, own, whose
from vigil.platform.accounts.login import count_wrong_guess
from vigil.platform.actions import action, concerns, detail
from vigil.platform.agencies.models import this_node
from vigil.platform.turns import writing

PREFIX = "vgl_"
READ = "near_miss.feed.read"
SCOPES = frozenset({READ, "near_miss.lesson.read"})
"""A feed reads; it can do nothing else in its person's name."""
GUESSES = "lesson feed"
MOST = 100
"""Entries, the newest (ours)."""
ATOM = "http://www.w3.org/2005/Atom"
NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""What XML 1.0 cannot hold."""

Address = Callable[[Lesson], str]


@action("near_miss.feed.create")
def create_feed(actor: Actor, now: datetime) -> str:
    """A new secret for the actor, in place of the one before; its text is returned this once."""
    person, agency = whose(actor)
    end(LessonFeed.objects.all(), actor, now)
    text = drawn(PREFIX)
    feed = LessonFeed.objects.create(
        user_id=person,
        agency_id=agency,
        digest=digest_of(text),
        created_at=now,
        expires_at=now + LASTS,
    )
    concerns(feed=feed.pk)
    return text


@action("near_miss.feed.revoke")
def revoke_feed(actor: Actor, now: datetime) -> None:
    """The address stops working for good; the row stays as evidence."""
    concerns(feeds=end(LessonFeed.objects.all(), actor, now))


def own_feed(actor: Actor) -> LessonFeed | None:
    """The actor's feed at the present agency, expired or not; None where there is none or it was revoked."""
    return own(LessonFeed.objects.all(), actor).first()


def read_feed(token: str, source: str, address: Address, now: datetime) -> bytes:
    """The lessons behind a secret as Atom; its use is recorded once an hour. `address` gives a lesson's page.

    `NotFound` for an unknown, revoked or expired one and for a person who may no longer act: all look alike. Wrong
    guesses from one `source` are slowed down like failed logins (`TooMany`).
    """
    feed = LessonFeed.objects.filter(digest=digest_of(token)).select_related("user").first()
    actor = actor_behind(feed, READ, SCOPES, now) if feed is not None else None
    if feed is None or actor is None:
        count_wrong_guess(GUESSES, source, now)
        raise NotFound
    content = as_atom(list(access.lessons(actor)[:MOST]), address)
    if feed.last_used_at is None or hour_of(feed.last_used_at) != hour_of(now):
        _record_read(actor, feed, len(content))
        with writing():
            LessonFeed.objects.filter(pk=feed.pk).update(last_used_at=now)
    return content


@action(READ)
def _record_read(actor: Actor, feed: LessonFeed, size: int) -> None:
    concerns(feed=feed.pk)
    detail(size=size)


def as_atom(lessons: list[Lesson], address: Address) -> bytes:
    """The same bytes while nothing was published; days alone, never an hour."""
    node = this_node()
    root = ElementTree.Element("feed", xmlns=ATOM)
    _add(root, "id", node.pk.urn)
    _add(root, "title", _("Near misses, {node}").format(node=node.name))
    _add(_add(root, "author"), "name", node.name)
    _add(root, "updated", _instant(max((one.published_on for one in lessons), default=date(2026, 1, 1))))
    for one in lessons:
        entry = _add(root, "entry")
        _add(entry, "id", UUID(str(one.pk)).urn)
        _add(entry, "title", one.title)
        _add(entry, "updated", _instant(one.published_on))
        _add(entry, "link", rel="alternate", href=address(one))
        _add(entry, "category", term=one.primary)
        _add(entry, "summary", one.lessons)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _add(to: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(to, name, attributes)
    element.text = NOT_XML.sub("", text) or None
    return element


def _instant(day: date) -> str:
    return datetime.combine(day, time(), UTC).isoformat()
