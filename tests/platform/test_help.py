"""Help: each page of the menu has one, and it speaks of nothing that is not there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import get_resolver, reverse

from vigil.core.permissions import EVERYONE
from vigil.platform.accounts.models import Membership
from vigil.platform.doors import addresses
from vigil.platform.help.texts import FAQ, TOPICS, topic_of_page
from vigil.platform.readiness.views import PAGES
from vigil.web.navigation import _entries


def names(resolver: Any = None, prefix: str = "") -> set[str]:
    """Every URL name of the site."""
    found = set()
    for pattern in (resolver or get_resolver()).url_patterns:
        if hasattr(pattern, "url_patterns"):
            found |= names(pattern, f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix)
        else:
            found.add(f"{prefix}{pattern.name}")
    return found


def test_each_page_of_the_menu_and_of_set_up_has_help() -> None:
    pages = {entry.url_name for entry in _entries} | {url_name for _, url_name, _, _ in PAGES}
    assert len(pages) > 15
    assert {page for page in pages if topic_of_page(page) is None} == set()


@pytest.mark.slow
@pytest.mark.django_db
def test_each_page_that_opens_by_its_address_leads_to_help_of_its_own(login: Any, people: Any, now: Any) -> None:
    for role in ("officer", "supervisor", "watch_desk", "agency_admin"):
        Membership.objects.create(user=people.user("erin"), agency=people.port_calvert, role=role)
    client, opened, without = login("erin"), 0, set()
    for address, _ in addresses():
        if "<" in address or address.startswith(("api/", "live/", "logout/", "login/")):
            continue
        answer = client.get(f"/{address}")
        if answer.status_code != 200 or not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        shown = re.search(r'class="help" href="([^"]*)"', answer.content.decode())
        if shown:
            opened += 1
            without |= {address} if shown[1] == "/help/" and address != "help/" else set()
    assert opened > 20
    assert without == set()


def test_help_is_only_for_pages_that_exist_and_no_page_has_two() -> None:
    pages = [page for topic in TOPICS for page in topic.pages]
    assert set(pages) <= names()
    assert len(pages) == len(set(pages))
    assert len({topic.slug for topic in TOPICS}) == len(TOPICS)


def test_the_texts_keep_the_house_words() -> None:
    texts = [text for topic in TOPICS for text in (topic.title, topic.what, *topic.how, *topic.limits)]
    texts += [text for pair in FAQ for text in pair]
    for text in texts:
        assert not re.search(r"\bclear\b|\binvalid\b|\bplease\b", text, re.IGNORECASE), text
        assert len(text) <= 260, text
    assert any("not mean that nobody is there" in text for text in texts)


@pytest.mark.django_db
def test_the_question_mark_leads_to_the_pages_own_help(login: Any, people: Any) -> None:
    client = login("alice")
    page = client.get("/operations/register/").content.decode()
    assert 'href="/help/register/"' in page
    helped = client.get("/help/register/").content.decode()
    assert "What it does not prove" in helped
    assert "NOT REGISTERED" in helped
    index = client.get("/help/").content.decode()
    for topic in TOPICS:
        assert reverse("help_topic", args=[topic.slug]) in index
    assert FAQ[0][0] in index
    assert client.get("/help/nothing-of-the-kind/").status_code == 404
    assert client.get("/help/").content.decode().count('href="/help/"') == 1


def test_everybody_may_read_it() -> None:
    from vigil.core.permissions import PERMISSIONS
    from vigil.platform.help import views

    for view in (views.index, views.topic):
        assert PERMISSIONS[view.vigil_permission] == EVERYONE  # type: ignore[attr-defined]
