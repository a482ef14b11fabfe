"""The search: what it finds for whom, that nothing typed is kept or shown to others, and that it is recorded."""

from __future__ import annotations

import importlib
import json
import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test.utils import CaptureQueriesContext
from tests.apps.deconfliction.plans import phone, plan, site
from tests.apps.deconfliction.test_actions import register, supervises

from vigil.apps.deconfliction import actions, finding
from vigil.apps.deconfliction.models import Conflict, Look, OperationWord
from vigil.apps.deconfliction.plan import Contact, Disclosure, PlannedSubject
from vigil.apps.deconfliction.subjects import interests
from vigil.config.logs import JsonLines
from vigil.platform.audit.models import AuditRecord
from vigil.platform.audit.trail import digest_of

pytestmark = [pytest.mark.db, pytest.mark.django_db]
AWAY = (-77.5, 38.0)
HIT = re.compile(r'<li data-row>.*?<a href="([^"]+)">([^<]+)</a>', re.S)

Find = Callable[[str, str], dict[str, str]]


@pytest.fixture
def find(login: Callable[[str], Any], now: datetime) -> Find:
    """`find("alice", "C26-000123")`: address to title of everything found."""

    def of(name: str, text: str) -> dict[str, str]:
        answer = login(name).post("/find/", {"text": text})
        if answer.status_code == 302:
            return {answer["Location"]: "opened"}
        assert answer.status_code == 200
        return dict(HIT.findall(answer.content.decode()))

    return of


def path(operation: Any) -> str:
    return f"/operations/{operation.pk}/"


@pytest.mark.slow
@pytest.mark.parametrize("few", [0, 1, 500])
def test_words_of_few_and_of_many_operations_find_the_same(
    find: Find, people: Any, now: datetime, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(finding, "FEW", few)
    named = [register(people, "alice", now, lead_contact=Contact("Lou Lead", "+14105550111")) for _ in range(3)]
    other = register(people, "alice", now, lead_contact=Contact("Lou Lane", "+14105550122"))
    assert set(find("alice", "lead lou")) == {path(one) for one in named}
    assert {path(other)} <= set(find("alice", "lou"))
    assert set(find("alice", "(410) 555-0122")) == {path(other)}
    assert find("alice", "lou nobody") == {}


PLATE = PlannedSubject("plate", "MD 7AB1234", "plate:MD/7AB1234")


@pytest.mark.parametrize(
    "text",
    [
        "bay-26-000001",
        "C26-000123",
        "c26 000123",
        "lou LEAD",
        "Léad",
        "410 555 0111",
        "phone:410-555-0142",
        "(410) 555-0142",
        "MD/7ab1234",
    ],
)
def test_an_operation_is_found_by_what_its_people_know_of_it(people: Any, now: datetime, find: Find, text: str) -> None:
    mine = register(people, "alice", now, subjects=(phone(), PLATE))
    other = {"case_number": "C26-9", "lead_contact": Contact("Max Marsh", "+14105550999")}
    register(people, "bob", now, site(now, AWAY), **other)
    assert find("alice", text) == {path(mine): f"Search warrant {mine.reference}"}
    assert find("dave", text) == {}


@pytest.mark.parametrize("text", ["C26-00012", "Lou Marsh", "Loux", "410-555-0143", "MD/7AB123", "Harbor", "ledger"])
def test_what_is_not_named_whole_is_not_found(people: Any, now: datetime, find: Find, text: str) -> None:
    register(people, "alice", now, subjects=(phone(), PLATE))
    assert find("alice", text) == {}


def test_a_number_opens_its_operation(people: Any, now: datetime, find: Find) -> None:
    mine = register(people, "alice", now)
    assert find("alice", "1") == {path(mine): "opened"}
    assert find("alice", "000001") == {path(mine): "opened"}
    assert find("dave", "1") == {}


def test_words_are_those_of_the_current_revision(people: Any, now: datetime, find: Find) -> None:
    mine = register(people, "alice", now)
    alice = people.actor("alice")
    changed = plan(now, case_number="C26-777", lead_contact=Contact("Mia Moss", "+14105550112"))
    actions.revise_operation(alice, mine.pk, 1, changed, now)
    actions.cancel_operation(alice, mine.pk, 2, now)
    assert path(mine) in find("alice", "C26-777")
    assert path(mine) in find("alice", "Mia Moss")
    for old in ("C26-000123", "Lou"):
        assert find("alice", old) == {}


@pytest.mark.slow
def test_a_silent_operation_is_missing_for_those_it_is_hidden_from(people: Any, now: datetime, find: Find) -> None:
    supervises(people, "alice")
    silent = register(people, "alice", now, disclosure=Disclosure.SILENT, subjects=(phone(),))
    for text in (silent.reference, "C26-000123", "Lou Lead", "410-555-0142"):
        assert path(silent) in find("alice", text)
        assert find("bob", text) == {}
        assert path(silent) in find("carol", text)
    bobs = AuditRecord.objects.filter(verb="deconfliction.operation.find", actor_id=people.user("bob").pk)
    assert [record.object_ids for record in bobs] == [{"operations": []}] * 4


@pytest.mark.slow
def test_conflicts_by_number_and_by_the_other_agency_where_it_is_told(people: Any, now: datetime, find: Find) -> None:
    register(people, "alice", now)
    register(people, "dave", now)
    conflict = Conflict.objects.get()
    where = f"/conflicts/{conflict.pk}/"
    assert where in find("alice", conflict.reference)
    assert where in find("alice", "sheriff")
    assert where not in find("alice", "calvert")
    assert where in find("dave", "calvert")


@pytest.mark.slow
def test_a_silent_sides_agency_is_no_way_to_find_it(people: Any, now: datetime, find: Find) -> None:
    supervises(people, "dave")
    register(people, "alice", now)
    register(people, "dave", now, disclosure=Disclosure.SILENT)
    assert Conflict.objects.count() == 1
    assert find("alice", "sheriff") == {}
    assert find("dave", "calvert") != {}


def test_interests_types_pages_and_whom_to_call(people: Any, now: datetime, find: Find, login: Any) -> None:
    lead = {"name": "Lou Lead", "phone": "410-555-0111"}
    raw = {"subjects": [{"kind": "phone", "value": "410-555-0142"}], "lead_contact": lead}
    interest = interests.register_interest(people.actor("alice"), raw, now)
    actions.run_due_search(people.actor("alice"), interest.pk, now)
    page = login("alice").post("/find/", {"text": "410-555-0142"}).content.decode()
    assert re.search(r">Interests</h2>.*?" + path(interest), page, re.S)
    assert "/operations/?when=all&amp;type=search_warrant" in find("alice", "warrant search")
    assert find("alice", "conflicts") == {"/conflicts/": "Conflicts", "/help/conflicts/": "Conflicts"}
    assert find("erin", "conflicts") == {"/help/conflicts/": "Conflicts"}
    assert find("erin", "whom to") == {"/whom-to-call/": "Whom to call", "/help/whom-to-call/": "Whom to call"}


def test_a_search_by_subject_is_a_look_and_every_search_is_recorded(people: Any, now: datetime, find: Find) -> None:
    mine = register(people, "bob", now, subjects=(phone(),))
    find("alice", mine.reference)
    assert Look.objects.count() == 0
    find("alice", "410-555-0142")
    (look,) = Look.objects.all()
    assert (look.object_id, look.user_id) == (mine.pk, people.user("alice").pk)
    records = AuditRecord.objects.filter(verb="deconfliction.operation.find")
    assert [record.object_ids for record in records] == [{"operations": [str(mine.pk)]}] * 2
    find("dave", "410-555-0142")
    assert records.filter(actor_id=people.user("dave").pk).get().object_ids == {"operations": []}
    # A plain digest of a telephone number could be guessed.
    told = json.dumps(list(AuditRecord.objects.values()), default=str)
    assert "5550142" not in told
    for guess in ("410-555-0142", "+14105550142", "phone:+14105550142"):
        assert digest_of({"asked": guess, "by_subject": 1}) not in told


def test_nothing_typed_stands_in_an_address_or_a_log(
    people: Any, now: datetime, login: Any, caplog: pytest.LogCaptureFixture
) -> None:
    register(people, "alice", now, subjects=(phone(),))
    alice = login("alice")
    with caplog.at_level(logging.DEBUG):
        page = alice.post("/find/", {"text": "Lou Lead"})
    lines = "".join(JsonLines().format(record) for record in caplog.records)
    assert '"route": "find/"' in lines
    assert "Lou" not in lines
    assert not re.search(r'(href|action)="[^"]*Lou', page.content.decode())
    assert "Lou" not in re.sub("<.*?>", "", alice.get("/find/?text=Lou").content.decode())
    form = re.search(r'<form class="search".*?</form>', alice.get("/operations/").content.decode(), re.S)
    assert form is not None
    assert 'method="post"' in form[0]
    assert 'action="/find/"' in form[0]


def test_the_words_are_stored_as_keyed_tokens_alone(people: Any, now: datetime) -> None:
    register(people, "alice", now)
    tokens = [bytes(token) for token in OperationWord.objects.values_list("token", flat=True)]
    # Case number, two words of the name, telephone.
    assert len(tokens) == 4
    assert {len(token) for token in tokens} == {32}


def test_what_was_registered_before_words_were_filed_is_filed_by_the_migration(
    people: Any, now: datetime, find: Find
) -> None:
    mine = register(people, "alice", now)
    before = set(OperationWord.objects.values_list("operation_id", "token"))
    OperationWord.objects.all().delete()
    assert find("alice", "C26-000123") == {}
    migration = importlib.import_module("vigil.apps.deconfliction.migrations.0011_file_words")
    migration.file_words(apps, None)
    assert {(one, bytes(token)) for one, token in OperationWord.objects.values_list("operation_id", "token")} == {
        (one, bytes(token)) for one, token in before
    }
    assert path(mine) in find("alice", "C26-000123")


@pytest.mark.slow
def test_more_than_a_page_of_hits_is_said_and_costs_no_more_questions(
    people: Any, now: datetime, login: Any, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection

    alice = login("alice")
    register(people, "alice", now, site(now, AWAY))
    with CaptureQueriesContext(connection) as one:
        alice.post("/find/", {"text": "Lou Lead"})
    for hour in range(22):
        register(people, "alice", now, site(now, (-77.5 + hour / 10, 38.0), timedelta(days=1)))
    with CaptureQueriesContext(connection) as many:
        page = alice.post("/find/", {"text": "Lou Lead"}).content.decode()
    assert len(HIT.findall(page)) == 20
    assert "There are more." in page
    assert len(many) <= len(one) + 2


def test_an_empty_search_asks_for_a_text_and_the_page_lists_the_keys(login: Any) -> None:
    alice = login("alice")
    assert "Type what to search for." in alice.post("/find/", {"text": "  "}).content.decode()
    page = alice.get("/find/").content.decode()
    assert "Search, from any page" in page
    assert "Type what to search for." not in page
    assert alice.post("/find/", {"text": "x" * 5000}).status_code == 200
