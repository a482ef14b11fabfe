"""What stands in the left rail and the phone's bottom bar. An app adds its own entries in its `navigation.py`.

Only what works is listed: an entry without its permission is not shown.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise

from vigil.core.actor import Actor


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `url_name` is its page, `prefixes` are the paths that belong to it, `icon` a name of the sprite.

    `badge` counts what waits for the reader; 0 shows nothing. `on_phone` entries stand in the bottom bar,
    `on_rail` ones in the rail.
    """

    label: str | Promise
    short: str | Promise
    url_name: str
    icon: str
    order: int
    permission: str
    prefixes: tuple[str, ...] = ()
    badge: Callable[[Actor], int] | None = None
    on_phone: bool = True
    on_rail: bool = True


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as one reader sees it on one page."""

    label: str
    short: str
    url: str
    icon: str
    current: bool
    badge: int
    on_phone: bool
    on_rail: bool


ON_BAR = 5
"""So many have room in the bottom bar of a phone."""
_entries: list[Entry] = []


def register(*entries: Entry) -> None:
    """Add entries; they are sorted by `order`."""
    _entries.extend(entries)
    _entries.sort(key=lambda entry: entry.order)


def links(request: HttpRequest, actor: Actor) -> list[Link]:
    """The entries that the actor may use; where few of them belong to a phone's bottom bar, others fill it."""
    found = [_link(entry, request.path, actor) for entry in _entries if actor.can(entry.permission)]
    room = ON_BAR - sum(link.on_phone for link in found)
    promoted = [link for link in found if not link.on_phone][: max(0, room)]
    return [replace(link, on_phone=True) if link in promoted else link for link in found]


@functools.cache
def _address(url_name: str) -> str:
    """Of an entry's page, which moves for nobody."""
    return reverse(url_name)


def _link(entry: Entry, path: str, actor: Actor) -> Link:
    url = _address(entry.url_name)
    current = path == url or any(path.startswith(prefix) for prefix in entry.prefixes)
    badge = entry.badge(actor) if entry.badge else 0
    return Link(str(entry.label), str(entry.short), url, entry.icon, current, badge, entry.on_phone, entry.on_rail)
