"""Purge: each clock, what holds, what is left, and that nothing of place or person is left in the database."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import BinaryField
from tests.apps.deconfliction.plans import HARBOR, phone, plan, site

from vigil.apps.deconfliction import access, actions
from vigil.apps.deconfliction.alarms import lifecycle
from vigil.apps.deconfliction.models import (
    ActiveSite,
    ActiveSubject,
    Conflict,
    Operation,
    PurgedConflicts,
    PurgedOperations,
    PurgeRun,
    Receipt,
    Revision,
    SearchDue,
    Site,
    Subject,
)
from vigil.apps.deconfliction.past import purge, purge_overview
from vigil.apps.deconfliction.past.purge import Step, Why
from vigil.apps.deconfliction.plan import Contact, Disclosure, PlannedSubject
from vigil.apps.deconfliction.receipts import chain as receipt_chain
from vigil.apps.deconfliction.together import joint
from vigil.core.actor import system
from vigil.core.errors import NotFound
from vigil.platform.audit import sealer

pytestmark = [pytest.mark.db]
DAY = timedelta(days=1)
WORKER = system("worker")
CANARIES = ("Zebra Alley", "Quagga Quentin", "+14105559137", "C26-OKAPI", "find the okapi", "the okapi says so")


@pytest.fixture
def register(people: Any, now: datetime) -> Callable[..., Any]:
    """`register("alice", ...)`: registered and searched, at noon; ended and left two hours after its start."""

    def one(name: str, *sites: Any, ended: bool = True, **fields: Any) -> Any:
        actor = people.actor(name)
        operation = actions.register_operation(actor, plan(now, *sites, **fields), now)
        actions.run_due_search(actor, operation.pk, now)
        if ended:
            over = now + timedelta(hours=5)
            operation = actions.end_operation(actor, operation.pk, 1, over)
            actions.run_due_search(actor, operation.pk, over)
        return operation

    return one


def go_on(now: datetime, days: float = 10) -> PurgeRun | None:
    """A purge so many days later."""
    return purge.purge(WORKER, now + days * DAY)


def settle(people: Any, now: datetime) -> None:
    """Every conflict is settled by the desk."""
    for conflict in Conflict.objects.all():
        lifecycle.resolve_conflict(people.actor("carol"), conflict.pk, "proceed", now, "the okapi says so")


def reasons(now: datetime, days: float = 10) -> set[Why]:
    return {reason for held in purge.plan(now + days * DAY).held for reason in held.reasons}


# --- the clocks ---


@pytest.mark.django_db
def test_places_go_a_day_after_the_window_and_subjects_a_day_after_theirs(
    register: Any, login: Any, now: datetime
) -> None:
    operation = register("alice", subjects=(phone(),))
    ended, window = operation.ends_at, operation.window_end
    purge.purge(WORKER, window + DAY - timedelta(seconds=1))
    assert Site.objects.count() == 2
    purge.purge(WORKER, window + DAY)
    assert "Its places were removed" in login("alice").get(f"/operations/{operation.pk}/").content.decode()
    assert (Site.objects.count(), ActiveSite.objects.count(), ActiveSubject.objects.count()) == (0, 0, 1)
    assert set(Revision.objects.values_list("objective", "case_number")) == {(None, None)}
    purge.purge(WORKER, ended + 4 * DAY - timedelta(seconds=1))
    assert Subject.objects.count() == 2
    purge.purge(WORKER, ended + 4 * DAY)
    assert not Subject.objects.exists()
    assert not Operation.objects.exists()


@pytest.mark.django_db
def test_a_subject_is_still_met_after_the_places_are_gone(register: Any, people: Any, now: datetime) -> None:
    first = register("alice", subjects=(phone(),))
    go_on(now, 2)
    assert not Site.objects.exists()
    later = now + 2 * DAY
    second = actions.register_operation(
        people.actor("dave"), plan(later, site(later, (-80.0, 35.0)), subjects=(phone(),)), later
    )
    verdict = actions.run_due_search(people.actor("dave"), second.pk, later)
    assert verdict is not None
    assert verdict.determination == "conflict"
    found = Conflict.objects.get()
    assert {found.operation_a, found.operation_b} == {first.pk, second.pk}
    assert found.overlap_end == first.ends_at + timedelta(hours=72)


@pytest.mark.django_db
def test_whom_an_alarm_was_for_is_forgotten_with_the_operation(register: Any, people: Any, now: datetime) -> None:
    from vigil.platform.delivery.models import Delivery

    register("alice", ended=False)
    register("dave", ended=False)
    assert Delivery.objects.exclude(address=b"").count() == 2
    for name in ("alice", "dave"):
        operation = Operation.objects.get(agency_id=people.actor(name).agency_id)
        actions.end_operation(people.actor(name), operation.pk, operation.revision, now + timedelta(hours=5))
        actions.run_due_search(people.actor(name), operation.pk, now + timedelta(hours=5))
    settle(people, now)
    go_on(now)
    assert not Operation.objects.exists()
    assert Delivery.objects.exclude(address=b"").count() == 0


@pytest.mark.django_db
def test_each_agency_keeps_by_its_own_setting(register: Any, people: Any, now: datetime) -> None:
    people.bay_county.rules = {"retention": {"place_days": 30}}
    people.bay_county.save()
    register("alice")
    register("dave", site(now, (-80.0, 35.0)))
    go_on(now)
    assert list(Operation.objects.values_list("agency__ori", flat=True)) == ["MD0000200"]
    go_on(now, 32)
    assert not Operation.objects.exists()


@pytest.mark.django_db
def test_the_grace_of_an_import_that_was_over_runs_from_the_import(people: Any, now: datetime) -> None:
    from vigil.apps.deconfliction.imports.importing import import_file

    row = "X-1,MD0000100,raid,2026-01-05T10:00:00Z,2026-01-05T12:00:00Z,39.29,-76.61,Ann Ash,4105550111\n"
    head = "operation_id,agency_ori,operation_type,starts_at,ends_at,latitude,longitude,contact_name,contact_phone\n"
    import_file(people.actor("bob"), (head + row).encode(), now)
    go_on(now, 0.9)
    assert Site.objects.count() == 1
    go_on(now, 1)
    assert not Site.objects.exists()


# --- what is held ---


@pytest.mark.slow
@pytest.mark.django_db
def test_an_open_conflict_holds_both_sides(register: Any, people: Any, now: datetime) -> None:
    register("alice")
    register("dave")
    held = purge.plan(now + 10 * DAY).held
    assert {one.conflicts for one in held} == {(Conflict.objects.get().reference,)}
    assert reasons(now) == {Why.OPEN_CONFLICT}
    assert go_on(now) is None
    assert Site.objects.count() == 4
    settle(people, now)
    go_on(now)
    assert not Operation.objects.exists()


@pytest.mark.django_db
def test_the_other_side_that_still_runs_holds(register: Any, people: Any, now: datetime) -> None:
    register("alice")
    register("dave", site(now, lasts=timedelta(days=6)), ended=False)
    settle(people, now)
    assert reasons(now, 5) == {Why.OTHER_SIDE}
    assert go_on(now, 5) is None


@pytest.mark.django_db
def test_who_was_not_told_of_a_conflict_is_not_held_by_it(register: Any, people: Any, now: datetime) -> None:
    secret = plan(now, site(now, (-80.0, 35.0)), subjects=(phone(),), disclosure=Disclosure.SILENT)
    silent = actions.register_operation(people.actor("bob"), secret, now)
    register("dave", subjects=(phone(),))
    silent.refresh_from_db()
    actions.end_operation(people.actor("bob"), silent.pk, silent.revision, now + timedelta(hours=5))
    actions.run_due_search(people.actor("bob"), silent.pk, now + timedelta(hours=5))
    assert Conflict.objects.get().owner_only
    assert [held.operation_id for held in purge.plan(now + 10 * DAY).held] == [silent.pk]
    go_on(now)
    assert access.visible_operations(people.actor("dave")).count() == 0


@pytest.mark.django_db
def test_a_search_that_is_due_holds(register: Any, now: datetime) -> None:
    operation = register("alice")
    SearchDue.objects.create(operation=operation, revision=2, run_after=now)
    assert reasons(now) == {Why.UNANSWERED}
    assert go_on(now) is None


@pytest.mark.django_db
def test_what_nobody_has_ended_is_held(register: Any, now: datetime) -> None:
    register("alice", ended=False)
    assert reasons(now) == {Why.NOT_OVER}
    assert go_on(now) is None


@pytest.mark.django_db
def test_a_legal_hold_holds_until_it_is_lifted(register: Any, people: Any, now: datetime) -> None:
    operation = register("alice")
    purge.set_legal_hold(people.actor("erin"), operation.reference, True)
    assert reasons(now) == {Why.LEGAL_HOLD}
    assert go_on(now) is None
    with pytest.raises(NotFound):
        purge.set_legal_hold(people.actor("erin"), "BAY-26-999999", True)
    purge.set_legal_hold(people.actor("erin"), operation.reference, False)
    go_on(now)
    assert not Operation.objects.exists()


@pytest.mark.django_db
def test_who_runs_it_together_and_goes_on_holds(register: Any, people: Any, now: datetime) -> None:
    one = register("alice", ended=False)
    other = register("dave", site(now, lasts=timedelta(days=6)), ended=False)
    joint.offer_joint(people.actor("alice"), Conflict.objects.get().pk, now)
    actions.end_operation(people.actor("alice"), one.pk, 2, now + timedelta(hours=5))
    SearchDue.objects.all().delete()
    settle(people, now)
    assert Why.OFFER in reasons(now, 5)
    actions.run_together(people.actor("dave"), other.pk, frozenset({str(one.pk)}), now)
    assert Why.JOINT in reasons(now, 5)


# --- what is left ---


@pytest.mark.django_db
def test_counts_receipts_and_audit_are_left(register: Any, people: Any, now: datetime) -> None:
    register("alice")
    register("dave")
    settle(people, now)
    before = list(Receipt.objects.values_list("number", "digest", "previous_digest"))
    run = go_on(now)
    assert run is not None
    calvert, county = str(people.port_calvert.pk), str(people.bay_county.pk)
    assert run.by_agency == {
        calvert: {"places": 1, "record": 1},
        county: {"places": 1, "record": 1},
    }
    counted = PurgedOperations.objects.order_by("agency__ori").values_list(
        "agency__ori", "month", "operation_type", "status", "determination", "count"
    )
    month = now.date().replace(day=1)
    assert list(counted) == [
        (ori, month, "search_warrant", "ended", "conflict", 1) for ori in ("MD0000100", "MD0000200")
    ]
    assert sorted(PurgedConflicts.objects.values_list("band", "outcome", "count")) == [("direct", "proceed", 1)] * 2
    assert list(Receipt.objects.values_list("number", "digest", "previous_digest")) == before
    report = receipt_chain.verify()
    assert (report.finding, report.count, report.purged) == ("sound", len(before), len(before))
    while sealer.seal_new(now):
        pass
    assert list(sealer.verify([], now)) == []
    Receipt.objects.filter(number=2).update(digest="0" * 64)
    assert receipt_chain.verify().finding == "a receipt is missing or out of order"


@pytest.mark.django_db
def test_the_chain_goes_on_after_its_end_was_purged(register: Any, people: Any, now: datetime) -> None:
    register("alice")
    go_on(now)
    register("dave", site(now, (-80.0, 35.0)), ended=False)
    assert receipt_chain.verify().finding == "sound"


@pytest.mark.slow
@pytest.mark.django_db
def test_an_emptied_record_waits_for_the_other_sides_clock(
    register: Any, people: Any, login: Any, now: datetime
) -> None:
    people.bay_county.rules = {"retention": {"place_days": 30}}
    people.bay_county.save()
    mine, theirs = register("alice"), register("dave")
    settle(people, now)
    go_on(now)
    emptied = Operation.objects.get(pk=mine.pk)
    assert emptied.purged_at is not None
    from vigil.apps.deconfliction import plan_rows, queries

    assert plan_rows.contacts_of(emptied.revisions.last())["lead"] == Contact("", "")
    conflict = Conflict.objects.get()
    assert queries.conflict_detail(people.actor("dave"), conflict.pk, now + 10 * DAY).other[0].agency
    assert login("alice").get(f"/operations/{mine.pk}/").status_code == 404
    assert login("alice").get(f"/conflicts/{conflict.pk}/").status_code == 404
    assert login("dave").get(f"/conflicts/{conflict.pk}/").status_code == 200
    assert go_on(now, 11) is None
    go_on(now, 32)
    go_on(now, 33)
    assert not Operation.objects.filter(pk__in=[mine.pk, theirs.pk]).exists()
    assert not Conflict.objects.exists()


@pytest.mark.django_db
def test_what_was_purged_looks_like_what_never_was(register: Any, people: Any, login: Any, now: datetime) -> None:
    operation = register("alice")
    go_on(now)
    with pytest.raises(NotFound):
        access.get_operation(people.actor("alice"), operation.pk)
    gone = login("alice").get(f"/operations/{operation.pk}/")
    never = login("alice").get("/operations/00000000-0000-7000-8000-000000000000/")
    assert (gone.status_code, never.status_code) == (404, 404)


@pytest.mark.django_db
def test_an_old_draft_goes(people: Any, now: datetime) -> None:
    actions.save_draft(people.actor("alice"), {"objective": CANARIES[0]}, now)
    assert go_on(now, 29) is None
    assert go_on(now, 30) is not None
    assert go_on(now, 30) is None


@pytest.mark.django_db
def test_what_the_api_would_repeat_goes_with_the_places(
    register: Any, people: Any, token: Any, client: Any, now: datetime
) -> None:
    from vigil.platform.accounts.models import ApiToken, IdempotentReply

    operation = register("alice")
    token("alice", "deconfliction")
    IdempotentReply.objects.create(
        token=ApiToken.objects.get(),
        key="k",
        request_digest="0" * 64,
        object_ids={"operation": str(operation.pk)},
        body=b"sealed",
        created_at=now + DAY,
    )
    go_on(now, 2)
    assert not IdempotentReply.objects.exists()


@pytest.mark.django_db
def test_a_file_that_nobody_imported_is_dropped_after_a_day(people: Any, now: datetime) -> None:
    import os

    from vigil.apps.deconfliction import jobs
    from vigil.apps.deconfliction.imports import uploads
    from vigil.platform import kept_files

    kept = uploads.keep_upload(people.actor("bob"), b"a,b\n1,2\n")
    jobs.forget_leftovers(now)
    assert uploads.get_upload(people.actor("bob"), kept.id)
    path = kept_files.path_of(kept.id)
    os.utime(path, (0, path.stat().st_mtime - kept_files.KEPT_SECONDS - 60))
    jobs.forget_leftovers(now)
    assert not path.exists()


# --- nothing of it is in the database ---


def contents(models: Any = None) -> Iterator[Any]:
    """Every value of every row."""
    for model in models or apps.get_models():
        for row in model._default_manager.values_list():
            yield from row


def prints() -> set[bytes]:
    """What would give it away, as bytes: each sealed text and token that is stored, each place in figures."""
    found: set[bytes] = {text.encode() for text in CANARIES}
    for model in apps.get_app_config("deconfliction").get_models():
        names = [field.name for field in model._meta.fields if isinstance(field, BinaryField)]
        for row in model.objects.values_list(*names) if names and model is not Receipt else ():
            found |= {bytes(value) for value in row if value}
    for place in ActiveSite.objects.all():
        found |= {struct.pack(">d", value) for value in (place.min_lat, place.min_lon, place.longitude)}
    found |= {wkt.encode() for wkt in Site.objects.values_list("geometry_wkt", flat=True)}
    found |= {token.hex().encode() for token in Subject.objects.values_list("token", flat=True) if token}
    return found


def files() -> bytes:
    """The database file and its log."""
    base = Path(connection.settings_dict["NAME"])
    return b"".join(path.read_bytes() for path in base.parent.glob(base.name + "*"))


@pytest.mark.django_db(transaction=True, databases=["default", "door"])
def test_nothing_of_place_or_person_is_left_in_the_database(register: Any, people: Any, now: datetime) -> None:
    where = site(now, HARBOR, typed=CANARIES[0], label=CANARIES[0])
    fields = {
        "lead_contact": Contact(CANARIES[1], CANARIES[2]),
        "subjects": (phone(CANARIES[2]), PlannedSubject("person", CANARIES[1], "person:QUENTIN,QUAGGA,1980-01-31")),
        "case_number": CANARIES[3],
        "objective": CANARIES[4],
        "external_id": CANARIES[3],
    }
    mine = register("alice", where, **fields)
    register("dave", replace(where, label="the yard"), **fields | {"external_id": ""})
    actions.save_draft(people.actor("alice"), {"place": CANARIES[0]}, now, operation_id=mine.pk)
    settle(people, now)
    telltale = prints()
    assert len(telltale) > 30
    stored = files() if connection.vendor == "sqlite" else b""
    assert not stored or sum(one in stored for one in telltale) > len(telltale) // 2
    go_on(now)
    assert not Operation.objects.exists()
    left = [bytes(one) if isinstance(one, bytes | memoryview) else str(one).encode() for one in contents()]
    assert not [one for one in telltale if any(one in value for value in left)]
    if connection.vendor == "sqlite":
        stored = files()
        assert not [one for one in telltale if one in stored]


def test_the_page_has_a_column_for_each_step() -> None:
    assert purge_overview.COLUMNS[:3] == tuple(step.value for step in Step)
