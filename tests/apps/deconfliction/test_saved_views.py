"""Views of the lists: saved under a name, per person, opened with; and that addresses hold choices alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from tests.apps.deconfliction.plans import site
from tests.apps.deconfliction.test_actions import register

from vigil.apps.deconfliction.lists import saved
from vigil.apps.deconfliction.models import SavedView
from vigil.core.errors import Invalid, NotFound, Refused
from vigil.platform.audit.models import AuditRecord

pytestmark = [pytest.mark.db, pytest.mark.django_db]
AWAY = (-77.5, 38.0)
RAIDS = {"do": "save", "name": "My raids", "when": "all", "type": "raid", "mine": "yes"}

Login = Callable[[str], Any]


def shown(browser: Any, address: str = "/operations/") -> str:
    answer = browser.get(address, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def links(page: str) -> dict[str, str]:
    """Name to address of the views above the list."""
    found = re.search(r'<nav class="saved-views".*?</nav>', page, re.S)
    assert found is not None
    return {name: address for address, name in re.findall(r'<li><a[^>]*href="([^"]*)"[^>]*>([^<]*)<', found[0])}


def test_a_view_is_saved_from_the_address_and_shown_above_the_list(people: Any, now: datetime, login: Login) -> None:
    raid = register(people, "alice", now, operation_type="raid")
    warrant = register(people, "alice", now, site(now, AWAY))
    alice = login("alice")
    page = shown(alice, "/operations/?when=all&type=raid&mine=yes&after=&state=")
    assert 'href="/operations/views/?when=all&amp;type=raid&amp;mine=yes"' in page
    offered = shown(alice, "/operations/views/?when=all&type=raid&mine=yes")
    assert "All, Raid, Only mine" in offered
    assert alice.post("/operations/views/", RAIDS).status_code == 302
    view = SavedView.objects.get()
    assert (view.filters, view.is_default) == ("mine=yes&type=raid&when=all", False)
    (name, address), *rest = links(shown(alice)).items()
    assert (name, rest) == ("My raids", [])
    page = shown(alice, f"/operations/{address.replace('&amp;', '&')}")
    assert raid.reference in page
    assert warrant.reference not in page
    assert re.search(r'<a[^>]*aria-current="true">My raids', page)
    assert AuditRecord.objects.filter(verb="deconfliction.view.edit").count() == 1


def test_views_are_ones_own_and_of_one_list(people: Any, now: datetime, login: Login) -> None:
    register(people, "alice", now)
    login("alice").post("/operations/views/", RAIDS)
    view = SavedView.objects.get()
    assert links(shown(login("bob"))) == {}
    assert links(shown(login("alice"), "/conflicts/")) == {}
    for do in ("rename", "open_with", "remove"):
        answer = login("bob").post("/operations/views/", {"do": do, "view": str(view.pk), "name": "Mine now"})
        assert answer.status_code == 404
        assert login("alice").post("/conflicts/views/", {"do": do, "view": str(view.pk)}).status_code == 404
    assert SavedView.objects.get().name == "My raids"
    assert login("erin").get("/operations/views/").status_code == 403


def test_the_list_opens_with_the_default_and_show_all_leaves_it(people: Any, now: datetime, login: Login) -> None:
    register(people, "alice", now)
    alice = login("alice")
    alice.post("/operations/views/", RAIDS | {"default": "yes"})
    alice.post("/operations/views/", {"do": "save", "name": "Past", "when": "past", "default": "yes"})
    assert SavedView.objects.filter(is_default=True).get().name == "Past"
    opened = alice.get("/operations/")
    assert (opened.status_code, opened["Location"]) == (302, "/operations/?when=past")
    assert 'href="?when=ahead">Show all' in shown(alice)
    assert alice.get("/operations/?when=ahead").status_code == 200
    raids = SavedView.objects.get(name="My raids")
    alice.post("/operations/views/", {"do": "open_with", "view": str(raids.pk)})
    assert alice.get("/operations/")["Location"] == "/operations/?mine=yes&type=raid&when=all"
    alice.post("/operations/views/", {"do": "open_with_none"})
    assert alice.get("/operations/").status_code == 200


def test_views_of_conflicts(login: Login) -> None:
    alice = login("alice")
    alice.post("/conflicts/views/", {"do": "save", "name": "Direct", "state": "all", "band": "direct", "default": "1"})
    assert alice.get("/conflicts/")["Location"] == "/conflicts/?band=direct&state=all"
    assert "Direct" in links(shown(alice, "/conflicts/"))


def test_a_view_is_renamed_and_removed(login: Login) -> None:
    alice = login("alice")
    alice.post("/operations/views/", RAIDS)
    view = str(SavedView.objects.get().pk)
    alice.post("/operations/views/", {"do": "rename", "view": view, "name": "  Raids \t of  mine "})
    assert SavedView.objects.get().name == "Raids of mine"
    alice.post("/operations/views/", {"do": "rename", "view": view, "name": "RAIDS OF MINE"})
    assert SavedView.objects.get().name == "RAIDS OF MINE"
    page = alice.post("/operations/views/", {"do": "remove", "view": view}, follow=True).content.decode()
    assert "RAIDS OF MINE is gone." in page
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Give the view a name"),
        ("  \u2028 ", "Give the view a name"),
        ("x" * 61, "has 61 characters"),
        ("a\u202eb", "cannot be read"),
        ("a\x00b", "cannot be read"),
        ("my RAIDS", "already"),
    ],
)
def test_a_bad_name_is_refused_with_what_was_typed(login: Login, name: str, sentence: str) -> None:
    alice = login("alice")
    alice.post("/operations/views/", RAIDS)
    answer = alice.post("/operations/views/", {**RAIDS, "name": name, "when": "week"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert 'name="when" value="week"' in page
    assert SavedView.objects.count() == 1
    view = SavedView.objects.create(
        **{field: getattr(SavedView.objects.get(), field) for field in ("user_id", "agency_id", "table", "created_at")},
        name="Other",
    )
    answer = alice.post("/operations/views/", {"do": "rename", "view": str(view.pk), "name": name})
    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)


def test_names_that_differ_in_case_alone_are_one_in_the_database_too(people: Any, now: datetime) -> None:
    from django.db import IntegrityError

    view = saved.save_view(people.actor("alice"), "operations", "Raids", {}, now)
    with pytest.raises(IntegrityError):
        SavedView.objects.create(
            user_id=view.user_id, agency_id=view.agency_id, table="operations", name="RAIDS", created_at=now
        )


def test_only_known_choices_are_kept_and_there_is_an_end_to_views(people: Any, now: datetime, login: Login) -> None:
    alice = login("alice")
    alice.post("/operations/views/", {"do": "save", "name": "x", "when": "all", "type": "John Smith", "q": "26-77"})
    assert SavedView.objects.get().filters == "when=all"
    actor = people.actor("alice")
    for number in range(saved.MOST - 1):
        saved.save_view(actor, "operations", f"View {number}", {}, now)
    with pytest.raises(Invalid, match="Remove one first"):
        saved.save_view(actor, "operations", "One more", {}, now)
    with pytest.raises(NotFound):
        saved.save_view(actor, "people", "One more", {}, now)
    with pytest.raises(Refused):
        saved.save_view(people.actor("erin"), "operations", "Erin's", {}, now)
