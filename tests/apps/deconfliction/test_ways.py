"""Every way that a page offers leads on for its reader: no link into "you may not", no home that is somebody else's."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve
from tests.apps.deconfliction.test_actions import register
from tests.apps.deconfliction.test_visibility import cast, world
from tests.permissions.world import QuickClient

from vigil.platform.doors import PUBLIC

__all__ = ("cast", "world")

pytestmark = pytest.mark.django_db

LINK = re.compile(r'<(?:a|form|button)\b[^>]*?\b(?:href|action|formaction)="(/[^"]*)"')
EVERYONE = ("alice", "bob", "carol", "ann", "erin", "sid", "ada")
"""Officer, supervisor, watch desk, administrators of agency and node; and two who have nothing yet."""


def ways(content: str) -> Iterator[str]:
    """Where links and forms lead, without what is asked or pointed at there."""
    for address in LINK.findall(content):
        yield re.split("[?#]", html.unescape(address))[0]


@functools.cache  # the menu's addresses stand on every page
def permission_of(address: str) -> str:
    permission: str = getattr(resolve(address).func, "vigil_permission", PUBLIC)
    return permission


def refused(browser: Client, may: Any) -> set[tuple[str, str]]:
    """Pages with ways that their reader may not go, from the first page on."""
    seen, open_pages, bad = {"/"}, ["/"], set()
    while open_pages:
        page = open_pages.pop()
        answer = browser.get(page, follow=True)
        if answer.status_code != 200:
            bad.add((page, str(answer.status_code)))
            continue
        if answer.streaming or not answer.headers["Content-Type"].startswith("text/html"):
            continue
        content = answer.content.decode()
        for address in set(ways(content)):
            if address.startswith(("/static/", "/logout/")):
                continue
            permission = permission_of(address)
            if permission != PUBLIC and not may(permission):
                bad.add((page, address))
            elif address not in seen and f'href="{address}' in content:
                seen.add(address)
                open_pages.append(address)
    return bad


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERYONE)
def test_no_way_ends_at_you_may_not(world: Any, name: str) -> None:
    browser = QuickClient()
    browser.force_login(world.people.user(name))
    assert refused(browser, world.people.actor(name).can) == set()


@pytest.mark.parametrize(("name", "first"), [("alice", "/"), ("ann", "/import/"), ("erin", "/whom-to-call/")])
def test_home_is_the_first_page_of_the_readers_own_menu(cast: Any, name: str, first: str) -> None:
    browser = Client()
    browser.force_login(cast.user(name))
    assert browser.get("/", follow=True).request["PATH_INFO"] == first
    assert browser.get("/login/", follow=True).request["PATH_INFO"] == first
    lost = browser.get("/operations/00000000-0000-0000-0000-000000000007/").content.decode()
    assert f'<a class="button primary" href="{first}">Go to the first page' in lost


def test_the_desk_beside_a_telephone_is_the_one_that_answers_it(people: Any, now: datetime) -> None:
    register(people, "alice", now)
    browser = Client()
    browser.force_login(people.user("alice"))
    own = browser.get("/").content.decode()
    assert "Port Calvert PD watch desk" in own
    assert "Bay Watch Desk" not in own
    people.port_calvert.watch_desk_phone = ""
    people.port_calvert.save()
    assert "Bay Watch Desk" in browser.get("/").content.decode()
