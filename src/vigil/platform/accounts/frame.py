"""What the frame of every page shows about its reader: agency, node, mode, watch desk, the way around."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vigil.core.actor import Actor
from vigil.platform import clock
from vigil.platform.accounts.access import actor_of_session
from vigil.platform.accounts.queries import agencies_of
from vigil.platform.accounts.sessions import handle_of, idle
from vigil.platform.agencies.demonstration import is_demonstration
from vigil.platform.agencies.models import Agency, Node, agency_of, node_if_set_up
from vigil.platform.glass.queries import end_of
from vigil.platform.help.texts import topic_of_page
from vigil.platform.notices.board import cursor
from vigil.platform.requests import request_id
from vigil.web.navigation import Link, links
from vigil.web.templatetags.vigil import initials

THEMES = (("", _("As the device")), ("light", _("Light")), ("dark", _("Dark")), ("night", _("Night")))
"""Looks that a reader can pick, kept in the cookie `theme`; the first follows the device's own setting."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame for one reader; without a person only node and mode are known."""

    node: str
    is_demo: bool
    mode: str
    mode_label: str
    now: datetime
    reference: str
    theme: str = ""
    """One of `THEMES`."""
    person: str = ""
    initials: str = ""
    agency: str = ""
    agencies: Sequence[tuple[str, str, bool]] = ()
    """Those that the reader may act for, where there are several: id, label, whether it is the present one."""
    zone: str = "UTC"
    desk_name: str = ""
    desk_phone: str = ""
    desk_hours: str = ""
    outside: str = ""
    outside_phone: str = ""
    """Who answers outside the hours of the node's desk; all three empty where the agency has a desk of its own."""
    links: Sequence[Link] = ()
    more: Sequence[Link] = ()
    """Those that a phone's bottom bar has no room for."""
    rail_narrow: bool = False
    themes: Sequence[tuple[str, str | Promise]] = THEMES
    theme_url: str = ""
    path: str = "/"
    """This page's own address, to come back to; the first page where this one answers a form or is none."""
    account_url: str = ""
    session_url: str = ""
    idle_seconds: int = 0
    """After so many without use the page hides itself."""
    whose: str = ""
    """Says, without saying who, that a page and a login belong together."""
    glass: UUID | None = None
    """The emergency access that is open in this session, and when it ends by itself."""
    glass_until: datetime | None = None
    help_url: str = ""
    search_url: str = ""
    cursor: int = 0
    notice_url: str = ""
    home: str = "/"
    """The first page of the menu: not everyone may read operations."""


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `frame` in every template."""
    return {"frame": frame_of(request)}


def frame_of(request: HttpRequest) -> Frame:
    """The frame of this request, read once."""
    known: Frame | None = getattr(request, "_frame", None)
    if known is None:
        known = _read(request)
        request._frame = known  # type: ignore[attr-defined]
    return known


def show_mode(request: HttpRequest, mode: str, label: str) -> None:
    """The page is about something of this mode: the frame says `label` and is tinted; empty: live."""
    if label:
        request._frame = replace(frame_of(request), mode=mode, mode_label=label)  # type: ignore[attr-defined]


def theme_of(text: str | None) -> str:
    """A theme as chosen; the device's own where none of ours is named."""
    return text if text in dict(THEMES) else ""


def _read(request: HttpRequest) -> Frame:
    node = node_if_set_up()
    is_demo = bool(node and node.is_demo and is_demonstration())
    known: dict[str, Any] = {
        "node": node.name if node else "Vigil",
        "is_demo": is_demo,
        "mode": "live",
        "mode_label": gettext("Demo") if is_demo else gettext("Live"),
        "now": clock.now(),
        "reference": request_id.get(),
        "theme": theme_of(request.COOKIES.get(f"{settings.VIGIL_COOKIE_PREFIX}theme")),
    }
    actor = getattr(request, "actor", None) or (actor_of_session(request) if hasattr(request, "user") else None)
    if actor is None:
        return Frame(**known)
    return Frame(**known, **_reader(request, actor, node))


def _reader(request: HttpRequest, actor: Actor, node: Node | None) -> dict[str, Any]:
    agency = agency_of(actor.agency_id) if actor.agency_id else None
    entries = links(request, actor)
    return {
        "person": actor.name,
        "initials": initials(actor.name),
        "agency": agency.label if agency else "",
        "agencies": agencies_of(actor),
        "zone": (agency.time_zone if agency else "") or "UTC",
        "desk_name": _desk_name(agency, node),
        "desk_phone": (agency.watch_desk_phone if agency else "") or (node.watch_desk_phone if node else ""),
        **_hours(agency, node),
        "links": entries,
        "more": [link for link in entries if not link.on_phone],
        "home": entries[0].url if entries else "/",
        "rail_narrow": request.COOKIES.get(f"{settings.VIGIL_COOKIE_PREFIX}rail") == "narrow",
        "theme_url": reverse("theme"),
        "path": request.get_full_path() if request.method == "GET" and request.resolver_match else "/",
        "account_url": reverse("account"),
        "session_url": reverse("session"),
        "whose": handle_of(str(actor.user_id)),
        "idle_seconds": int(idle().total_seconds()),
        "glass": actor.glass,
        "glass_until": end_of(actor.glass) if actor.glass else None,
        "help_url": _help_url(request),
        "search_url": reverse("find"),
        "cursor": cursor(),
        "notice_url": reverse("deconfliction:notice", args=[UUID(int=0)]),
    }


def _desk_name(agency: Agency | None, node: Node | None) -> str:
    """Whose telephone `desk_phone` is: an agency's own desk answers as that agency's."""
    if agency and agency.watch_desk_phone:
        return gettext("{agency} watch desk").format(agency=agency.label)
    return node.watch_desk_name if node else ""


def _hours(agency: Agency | None, node: Node | None) -> dict[str, str]:
    if node is None or (agency and agency.watch_desk_phone):
        return {}
    return {"desk_hours": node.desk_hours, "outside": node.outside_name, "outside_phone": node.outside_phone}


def _help_url(request: HttpRequest) -> str:
    """The help for this page; where it has none, the whole of it."""
    topic = topic_of_page(request.resolver_match.view_name) if request.resolver_match else None
    return reverse("help_topic", args=[topic.slug]) if topic else reverse("help")
