"""The past and what came of it, its CSV, the counts of what was purged, and the administrators' page of the purge."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.apps.deconfliction.plans import plan, site

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.alarms import lifecycle
from vigil.apps.deconfliction.models import Conflict, Operation, PurgeRun
from vigil.apps.deconfliction.past import purge
from vigil.apps.deconfliction.plan import Disclosure
from vigil.core.actor import system
from vigil.platform import clock
from vigil.platform.audit.models import AuditRecord

pytestmark = [pytest.mark.db, pytest.mark.django_db]
FAR = (-80.0, 35.0)


def past(people: Any, now: datetime, name: str, *sites: Any, **fields: Any) -> Operation:
    """Registered at noon, ended at five."""
    actor, over = people.actor(name), now + timedelta(hours=5)
    operation = actions.register_operation(actor, plan(now, *sites, **fields), now)
    actions.run_due_search(actor, operation.pk, now)
    actions.end_operation(actor, operation.pk, 1, over)
    actions.run_due_search(actor, operation.pk, over)
    return operation


@pytest.fixture
def met(people: Any, now: datetime) -> list[Operation]:
    """Two of Port Calvert, the first of which met one of Bay County and was settled; a cancelled third."""
    first = past(people, now, "alice")
    past(people, now, "dave")
    lifecycle.resolve_conflict(people.actor("alice"), Conflict.objects.get().pk, "delay", now)
    second = past(people, now, "alice", site(now, FAR), operation_type="raid")
    third = actions.register_operation(people.actor("alice"), plan(now, site(now, (-90.0, 40.0))), now)
    actions.run_due_search(people.actor("alice"), third.pk, now)
    actions.cancel_operation(people.actor("alice"), third.pk, 1, now)
    actions.run_due_search(people.actor("alice"), third.pk, now)
    return [first, second, third]


def references(page: Any) -> set[str]:
    return {row["reference"] for row in page.context["rows"]}


def test_each_past_operation_stands_with_what_came_of_it(login: Any, met: list[Operation], now: datetime) -> None:
    with clock.fixed(now + timedelta(hours=6)):
        page = login("alice").get("/history/")
    assert references(page) == {one.reference for one in met}
    first = next(row for row in page.context["rows"] if row["reference"] == met[0].reference)
    assert [(one["other"], one["band"], one["outcome"]) for one in first["conflicts"]] == [
        ("Bay County SO", "Direct conflict", "One side waits")
    ]


FILTERS: dict[str, set[int]] = {
    "outcome=delay": {0},
    "outcome=proceed": set(),
    "outcome=no_conflict": {1, 2},
    "type=raid": {1},
    "state=cancelled": {2},
    "state=no_known_conflict": {1},
    "when=7": {0, 1, 2},
    "met=nonsense&outcome=nonsense&when=nonsense": {0, 1, 2},
}


def test_the_filters(login: Any, met: list[Operation], now: datetime) -> None:
    with clock.fixed(now + timedelta(hours=6)):
        browser = login("alice")
        found = {asked: references(browser.get(f"/history/?{asked}")) for asked in FILTERS}
    assert found == {asked: {met[one].reference for one in expected} for asked, expected in FILTERS.items()}


def test_the_other_agency_is_a_filter(login: Any, people: Any, met: list[Operation], now: datetime) -> None:
    with clock.fixed(now + timedelta(hours=6)):
        page = login("alice").get(f"/history/?met={people.bay_county.pk}")
        assert references(page) == {met[0].reference}
        assert page.context["met_choices"] == [(str(people.bay_county.pk), "Bay County SO")]


def test_a_silent_side_is_named_by_no_filter_and_no_line(login: Any, people: Any, now: datetime) -> None:
    past(people, now, "alice")
    sup = people.actor("bob")
    silent = actions.register_operation(sup, plan(now, disclosure=Disclosure.SILENT), now)
    actions.run_due_search(sup, silent.pk, now)
    with clock.fixed(now + timedelta(hours=6)):
        page = login("alice").get("/history/")
    assert page.context["met_choices"] == []
    assert [one["other"] for row in page.context["rows"] for one in row["conflicts"]] == ["through the watch desk"]
    assert silent.reference not in page.content.decode()


def test_another_agency_reads_its_own_past_alone(login: Any, met: list[Operation], now: datetime) -> None:
    with clock.fixed(now + timedelta(hours=6)):
        assert not references(login("dave").get("/history/")) & {one.reference for one in met}


def test_the_csv_has_the_rows_of_the_page_and_is_recorded(login: Any, met: list[Operation], now: datetime) -> None:
    with clock.fixed(now + timedelta(hours=6)):
        answer = login("alice").post("/history/csv/?outcome=delay")
    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    assert [row[1] for row in rows[1:]] == [met[0].reference]
    assert "Bay County SO: Direct conflict, One side waits" in rows[1][-1]
    assert AuditRecord.objects.filter(verb="deconfliction.operation.export").exists()


def test_of_what_was_purged_the_page_has_counts_alone(login: Any, met: list[Operation], now: datetime) -> None:
    later = now + timedelta(days=10)
    purge.purge(system("worker"), later)
    with clock.fixed(later):
        page = login("alice").get("/history/?when=all")
    assert page.context["rows"] == []
    (month,) = page.context["months"]
    assert (month.operations, month.answers, month.conflicts, month.settled) == (3, (1, 1, 0, 1), (1, 0, 0), 1)
    assert not [one for one in met if one.reference in page.content.decode()]


# --- the page of the purge ---


def test_the_purge_is_shown_to_administrators(login: Any, people: Any, now: datetime) -> None:
    assert login("alice").get("/purge/").status_code == 403
    past(people, now, "alice")
    past(people, now, "dave", site(now, FAR))
    with clock.fixed(now):
        found = login("erin").get("/purge/").context["found"]
    assert [(places, subjects) for _, places, subjects in found.due_next] == [(2, 0)]
    purge.purge(system("worker"), now + timedelta(days=10))
    found = login("erin").get("/purge/").context["found"]
    assert [run.cells for run in found.runs] == [(2, 0, 2, 0, 0)]


def test_an_agencys_administrator_reads_of_the_own_agency(login: Any, people: Any, now: datetime) -> None:
    from tests.conftest import make_user

    people.users["paul"] = make_user("paul", "Paul Price", people.port_calvert, "agency_admin")
    past(people, now, "dave", site(now, FAR))
    purge.purge(system("worker"), now + timedelta(days=10))
    assert PurgeRun.objects.count() == 1
    assert login("paul").get("/purge/").context["found"].runs == ()


def test_what_is_held_is_named_with_its_reason(login: Any, people: Any, now: datetime) -> None:
    first = past(people, now, "alice")
    past(people, now, "dave")
    with clock.fixed(now + timedelta(days=10)):
        text = login("erin").get("/purge/").content.decode()
    assert first.reference in text
    assert "A conflict is open" in text
    assert Conflict.objects.get().reference in text


def test_a_legal_hold_is_set_and_lifted_by_number(login: Any, people: Any, now: datetime) -> None:
    operation = past(people, now, "alice")
    client = login("erin")
    assert client.post("/purge/hold/", {"reference": operation.reference.lower()}).status_code == 302
    operation.refresh_from_db()
    assert operation.legal_hold
    assert operation.reference in client.get("/purge/").context["found"].legal_holds
    assert client.post("/purge/hold/", {"reference": operation.reference, "do": "lift"}).status_code == 302
    operation.refresh_from_db()
    assert not operation.legal_hold
    wrong = client.post("/purge/hold/", {"reference": "BAY-26-9\x00"})
    assert wrong.status_code == 404
    assert "Check the number" in wrong.content.decode()
    assert AuditRecord.objects.filter(verb="deconfliction.purge.hold", outcome="done").count() == 2
