"""Acts on ticked operations: said beforehand line by line, done line by line, and never by way of a stale look."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.apps.deconfliction.plans import site
from tests.apps.deconfliction.test_actions import register, supervises

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.models import Operation
from vigil.apps.deconfliction.plan import Disclosure
from vigil.apps.deconfliction.plans import bulk
from vigil.apps.deconfliction.plans.bulk import Act, Ticked
from vigil.core.errors import Invalid, NotFound
from vigil.platform.audit.models import AuditRecord

pytestmark = [pytest.mark.db, pytest.mark.django_db]
AWAY = (-77.5, 38.0)
ADDRESS = "/operations/selected/"

Login = Callable[[str], Any]


def mark(operation: Any) -> str:
    return f"{operation.pk}:{operation.revision}"


def post(browser: Any, do: str, *operations: Any, **more: Any) -> Any:
    return browser.post(ADDRESS, {"do": do, "ticked": [mark(one) for one in operations], "list": "when=all", **more})


def part(answer: Any, title: str) -> str:
    """The section of the page under a heading that begins so."""
    assert answer.status_code == 200
    found = re.search(rf"<h2[^>]*>{title}.*?</section>", answer.content.decode(), re.S)
    return found[0] if found else ""


@pytest.fixture
def three(people: Any, now: datetime) -> list[Any]:
    """Alice's: one ahead, one under way, one cancelled."""
    ahead = register(people, "alice", now)
    running = register(people, "alice", now, site(now, AWAY, timedelta(hours=-1)))
    over = register(people, "alice", now, site(now, (-78.5, 38.0)))
    actions.cancel_operation(people.actor("alice"), over.pk, 1, now)
    for one in (ahead, running, over):
        one.refresh_from_db()
    return [ahead, running, over]


def test_what_would_happen_is_said_and_nothing_is_done(login: Login, three: list[Any]) -> None:
    ahead, running, over = three
    asked = post(login("alice"), "cancel", *three)
    going, left = part(asked, "Will be cancelled"), part(asked, "Left out: 1")
    assert ahead.reference in going
    assert running.reference in going
    assert over.reference in left
    assert "It is cancelled already." in left
    assert "Cancel these 2" in going
    asked = post(login("alice"), "end", *three)
    assert running.reference in part(asked, "Will be ended now")
    assert "It has not begun: cancel it instead." in part(asked, "Left out: 2")
    assert [one.revision for one in Operation.objects.order_by("reference")] == [1, 1, 2]


def test_confirmed_each_is_done_by_itself_and_can_be_undone(people: Any, login: Login, three: list[Any]) -> None:
    ahead, running, over = three
    alice = login("alice")
    before = AuditRecord.objects.count()
    done = post(alice, "cancel", *three, confirmed="yes")
    assert "2 operations cancelled, 1 left out" in done.content.decode()
    assert {one.status for one in Operation.objects.all()} == {"cancelled"}
    verbs = list(AuditRecord.objects.order_by("id").values_list("verb", flat=True))[before:]
    assert verbs == ["deconfliction.operation.cancel", "deconfliction.search.run"] * 2
    undo = re.findall(r'name="ticked" value="([^"]+)"', part(done, "Done"))
    assert sorted(undo) == sorted([f"{ahead.pk}:2", f"{running.pk}:2"])
    undone = alice.post(ADDRESS, {"do": "restore", "confirmed": "yes", "ticked": undo})
    assert "2 operations registered again" in undone.content.decode()
    statuses = dict(Operation.objects.values_list("reference", "status"))
    assert statuses == {ahead.reference: "registered", running.reference: "registered", over.reference: "cancelled"}


def test_what_changed_after_it_was_ticked_is_left_out(people: Any, now: datetime, login: Login, three: Any) -> None:
    ahead, running, _ = three
    actions.still_on_scene(people.actor("bob"), running.pk, now)
    actions.cancel_operation(people.actor("bob"), ahead.pk, 1, now)
    actions.undo_cancel(people.actor("bob"), ahead.pk, 2, now)
    for answer in (post(login("alice"), "cancel", ahead), post(login("alice"), "cancel", ahead, confirmed="yes")):
        assert bulk.STALE in part(answer, "Left out: 1")
    assert Operation.objects.get(pk=ahead.pk).status == "registered"


def test_sent_twice_nothing_is_done_twice(login: Login, three: list[Any]) -> None:
    ahead = three[0]
    for _ in range(2):
        answer = post(login("alice"), "move", ahead, confirmed="yes", by="1", way="later")
    assert "0 operations moved, 1 left out" in answer.content.decode()
    assert Operation.objects.get(pk=ahead.pk).starts_at == ahead.starts_at + timedelta(days=1)


@pytest.mark.slow
def test_a_move_shows_the_new_times_and_refuses_a_local_time_in_doubt(people: Any, now: datetime, login: Login) -> None:
    # The clocks of New York go forward at 2 o'clock on 14 March 2027: half past two does not exist.
    night = datetime(2027, 3, 13, 7, 30, tzinfo=UTC)
    doubtful = register(people, "alice", now, site(now, starts_in=night - now))
    plain = register(people, "alice", now, site(now, AWAY, starts_in=night + timedelta(hours=6) - now))
    asked = post(login("alice"), "move", doubtful, plain, by="1")
    going, left = part(asked, "Will be moved"), part(asked, "Left out: 1")
    assert "Sat Mar 13, 08:30 to 10:30 EST becomes <strong>Sun Mar 14, 08:30 to 10:30 EDT" in going
    assert doubtful.reference in left
    assert 'name="by" value="1"' in going
    back = post(login("alice"), "move", plain, by="2", way="earlier")
    assert "becomes <strong>Thu Mar 11, 08:30 to 10:30 EST" in part(back, "Will be moved")
    done = post(login("alice"), "move", doubtful, plain, by="2", way="earlier", confirmed="yes")
    assert "2 operations moved" in done.content.decode()
    began = plain.starts_at
    plain.refresh_from_db()
    assert plain.starts_at == began - timedelta(days=2)
    for typed in ("0", "", "x", "9999999", "367"):
        assert "at most 366 days" in part(post(login("alice"), "move", plain, by=typed), "Left out: 1")


@pytest.mark.slow
def test_what_may_not_be_seen_looks_like_what_does_not_exist(people: Any, now: datetime, login: Login) -> None:
    supervises(people, "alice")
    silent = register(people, "alice", now, disclosure=Disclosure.SILENT)
    theirs = register(people, "dave", now, site(now, AWAY))
    nothing = Operation(revision=1)
    pages = set()
    for one in (silent, theirs, nothing):
        for do in ("cancel", "end", "move", "restore", "export"):
            for more in ({}, {"confirmed": "yes"}):
                text = post(login("bob"), do, one, **more).content.decode()
                assert bulk.UNSEEN in text
                assert one.reference not in text or not one.reference
                text = text.replace(str(one.pk), "?")
                kept = re.sub(r'value="[^"]*"|data-since="\d+"|<code>\w+</code>|datetime="[^"]*"', "", text)
                pages.add((do, bool(more), re.sub(r"\s+", " ", kept)))
    assert len(pages) == 10
    assert {one.status for one in Operation.objects.all()} == {"registered"}


def test_ticked_ones_are_taken_out_and_recorded(people: Any, now: datetime, login: Login, three: list[Any]) -> None:
    ahead, running, over = three
    theirs = register(people, "dave", now, site(now, AWAY))
    alice = login("alice")
    assert ahead.reference in part(post(alice, "export", ahead), "In the file")
    geojson = post(alice, "export", ahead, over, theirs, kind="geojson")
    assert geojson["Content-Type"] == "application/geo+json"
    found = {one["properties"]["reference"] for one in json.loads(geojson.content)["features"]}
    assert found == {ahead.reference, over.reference}
    table = post(alice, "export", ahead, theirs, kind="csv").content.decode()
    assert ahead.reference in table
    assert running.reference not in table
    assert theirs.reference not in table
    assert post(alice, "export", ahead, kind="exe").status_code == 404
    records = AuditRecord.objects.filter(verb="deconfliction.operation.export", outcome="done").order_by("id")
    assert [set(record.object_ids["operations"]) for record in records] == [
        {str(ahead.pk), str(over.pk)},
        {str(ahead.pk)},
    ]


def test_all_on_the_page_works_without_a_script(login: Login, three: list[Any]) -> None:
    alice = login("alice")
    page = alice.get("/operations/?when=all").content.decode()
    shown = re.findall(r'name="shown" value="([^"]+)" form="selected"', page)
    assert sorted(shown) == sorted(mark(one) for one in three)
    assert len(re.findall(r'type="checkbox" name="ticked"', page)) == 3
    asked = alice.post(ADDRESS, {"do": "cancel", "all": "yes", "shown": shown, "ticked": shown[:1]})
    assert "Cancel 2 operations?" in asked.content.decode()


def test_nothing_ticked_nonsense_and_too_many_are_answered_in_words(
    people: Any, now: datetime, login: Login, three: list[Any]
) -> None:
    alice = login("alice")
    for ticked in ([], ["x"], ["x:y"], [":1"]):
        answer = alice.post(ADDRESS, {"do": "cancel", "ticked": ticked, "list": "when=past&q=Smith"}, follow=True)
        assert answer.redirect_chain[0][0] == "/operations/?when=past"
        assert "Tick at least one operation" in answer.content.decode()
    ahead = three[0]
    for wrong in (f"{ahead.pk}:99999999999", f"{ahead.pk}:-1", f"{ahead.pk}"):
        assert bulk.STALE in alice.post(ADDRESS, {"do": "cancel", "ticked": [wrong]}).content.decode()
    assert alice.post(ADDRESS, {"do": "burn", "ticked": [mark(ahead)]}).status_code == 404
    many = [f"{Operation().pk}:1" for _ in range(bulk.MOST + 1)]
    assert "Tick at most 50" in alice.post(ADDRESS, {"do": "cancel", "ticked": many}, follow=True).content.decode()
    assert alice.get(ADDRESS).status_code == 405
    with pytest.raises(Invalid):
        bulk.foresee(people.actor("alice"), Act("cancel"), [Ticked(Operation().pk, 1) for _ in range(51)], now)
    with pytest.raises(NotFound):
        bulk.foresee(people.actor("alice"), Act("burn"), [], now)


def test_a_permission_that_is_missing_leaves_the_line_out(people: Any, now: datetime, three: list[Any]) -> None:
    from dataclasses import replace

    reader = replace(people.actor("alice"), scopes=frozenset({"deconfliction.operation.read"}))
    for name in bulk.PERMISSIONS:
        lines = bulk.carry_out(reader, Act(name, 1), [Ticked(three[0].pk, 1)], now)
        assert [line.left_out for line in lines] == [bulk.REFUSED]


@pytest.mark.parametrize("do", ["cancel", "move"])
def test_what_is_said_of_many_takes_no_more_questions_than_of_few(
    people: Any, now: datetime, login: Login, do: str
) -> None:
    alice = login("alice")
    several = [register(people, "alice", now, site(now, (-77.5 + step / 5, 38.0))) for step in range(12)]
    with CaptureQueriesContext(connection) as few:
        post(alice, do, *several[:2])
    with CaptureQueriesContext(connection) as many:
        post(alice, do, *several)
    assert len(many) == len(few)
