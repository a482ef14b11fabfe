"""Importing as an agency does it: once, again, changed, with bad rows, of the past, in the background, stopped."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from vigil.apps.deconfliction import actions, queries
from vigil.apps.deconfliction.imports import importing
from vigil.apps.deconfliction.models import Alarm, Conflict, ImportBatch, Operation, Revision, SearchDue
from vigil.core.actor import system
from vigil.core.errors import Invalid, NotFound, Refused
from vigil.engine import sweep
from vigil.engine.formats.mapping import Mapping
from vigil.platform.audit.models import AuditRecord
from vigil.platform.jobs import queue
from vigil.platform.jobs.worker import Worker

pytestmark = pytest.mark.django_db

HEADER = (
    "operation_id,agency_ori,operation_type,starts_at,ends_at,latitude,longitude,geometry_wkt,radius_m,"
    "buffer_before_min,buffer_after_min,uncertainty_m,subjects,mode,joint_reference,case_number,contact_name,contact_phone"
)
PORT, BAY = "MD0000100", "MD0000200"
REAL = Path(__file__).parents[4] / "shared" / "data" / "operations_real"
MAPS = Path(__file__).parents[3] / "docs" / "guide" / "maps"


def row(operation_id: str = "A-1", **changes: str) -> str:
    """A warrant of Port Calvert tomorrow morning."""
    values = {
        "operation_id": operation_id,
        "agency_ori": PORT,
        "operation_type": "search_warrant",
        "starts_at": "2026-11-25T09:30:00Z",
        "ends_at": "2026-11-25T13:00:00Z",
        "latitude": "38.9784",
        "longitude": "-76.4922",
        "case_number": "26-0042",
        "contact_name": "Alice Arden",
        "contact_phone": "410-555-0101",
        **changes,
    }
    return ",".join(values.get(name, "") for name in HEADER.split(","))


def file(*rows: str, header: str = HEADER) -> bytes:
    return ("\n".join((header, *rows)) + "\n").encode()


@pytest.fixture
def bob(now: datetime, people: Any) -> Any:
    """A supervisor of Port Calvert, who may import."""
    return people.actor("bob")


def test_a_file_becomes_operations_that_are_searched_and_listed(bob: Any, now: datetime) -> None:
    near = row("A-2", latitude="38.9790", subjects="phone:410-555-0171")
    outcome = importing.import_file(bob, file(row(), near), now)
    assert {name: outcome.counts[name] for name in ("rows", "created", "bad_rows")} == {
        "rows": 2,
        "created": 2,
        "bad_rows": 0,
    }
    listed = queries.operation_list(bob, queries.OperationFilter(), now).rows
    assert {(one.external_id, one.determination) for one in listed} == {("A-1", "conflict"), ("A-2", "conflict")}
    (first,) = (one.id for one in listed if one.external_id == "A-1")
    plan = queries.operation_detail(bob, first, now).plan
    assert (plan.case_number, plan.lead_contact.phone) == ("26-0042", "(410) 555-0101")
    assert (plan.sites[0].zone, plan.sites[0].starts_wall) == ("America/New_York", "2026-11-25T04:30")
    assert len(queries.map_operations(bob, now, now + timedelta(days=2), now).rows) == 2
    assert SearchDue.objects.count() == 0
    assert Alarm.objects.count() == 2


def test_importing_again_doubles_nothing_and_an_unchanged_row_makes_no_revision(bob: Any, now: datetime) -> None:
    data = file(row(), row("A-2", longitude="-76.6"))
    importing.import_file(bob, data, now)
    again = importing.import_file(bob, data, now + timedelta(hours=1))
    assert (again.counts["created"], again.counts["updated"], again.counts["unchanged"]) == (0, 0, 2)
    assert (Operation.objects.count(), Revision.objects.count()) == (2, 2)


def test_a_changed_row_is_a_revision_that_asks_again(bob: Any, now: datetime) -> None:
    importing.import_file(bob, file(row(), row("A-2")), now)
    moved = importing.import_file(bob, file(row(), row("A-2", latitude="39.5")), now)
    assert (moved.counts["updated"], moved.counts["unchanged"]) == (1, 1)
    assert Conflict.objects.get().standing == "withdrawn"
    assert [one.revision for one in Operation.objects.order_by("external_id")] == [1, 2]


def test_what_people_did_meanwhile_is_not_undone_by_the_same_file(bob: Any, now: datetime) -> None:
    data = file(row())
    importing.import_file(bob, data, now)
    operation = Operation.objects.get()
    actions.cancel_operation(bob, operation.id, 1, now)
    outcome = importing.import_file(bob, data, now)
    assert (outcome.counts["unchanged"], outcome.counts["left"]) == (1, ["A-1"])
    assert Operation.objects.get().status == "cancelled"
    outcome = importing.import_file(bob, file(row(latitude="39.5")), now)
    assert (outcome.counts["updated"], outcome.counts["revived"]) == (1, ["A-1"])
    assert "left" not in outcome.counts
    assert Operation.objects.get().status == "registered"
    assert ImportBatch.objects.order_by("-created_at", "-id").first().counts["revived"] == ["A-1"]


def test_rows_that_vanished_are_listed_and_kept(bob: Any, now: datetime) -> None:
    importing.import_file(bob, file(row(), row("A-2", longitude="-76.6")), now)
    outcome = importing.import_file(bob, file(row()), now)
    assert outcome.checked.vanished == ("A-2",)
    assert Operation.objects.filter(status="registered").count() == 2


def test_a_bad_row_is_named_and_excludes_its_whole_operation(bob: Any, now: datetime) -> None:
    data = file(
        row(),
        row("A-2"),
        row("A-2", ends_at="2026-11-25T09:00:00Z"),
        row("A-3", latitude="north"),
        row("A-4", contact_phone="ask the desk"),
        row("A-5", contact_name=""),
        row("A-6", agency_ori=BAY),
    )
    outcome = importing.import_file(bob, data, now)
    assert [(bad.line, bad.column) for bad in outcome.checked.bad_rows] == [
        (4, "ends_at"), (5, "latitude"), (6, "contact_phone"), (7, "contact_name"), (8, "agency_ori"),
    ]  # fmt: skip
    assert outcome.checked.excluded == ("A-2", "A-3", "A-4", "A-5", "A-6")
    assert [one.external_id for one in Operation.objects.all()] == ["A-1"]
    kept = ImportBatch.objects.get()
    assert (kept.counts["bad_rows"], kept.problems[0]["line"]) == (5, 4)


def test_strict_stores_nothing_where_a_row_is_bad(bob: Any, now: datetime) -> None:
    with pytest.raises(Invalid) as caught:
        importing.import_file(bob, file(row(), row("A-2", latitude="north")), now, strict=True)
    assert caught.value.problems[0].path == ("line 3", "latitude")
    assert not Operation.objects.exists()


def test_a_dry_run_stores_nothing_and_searches_nothing(bob: Any, now: datetime) -> None:
    importing.import_file(bob, file(row()), now)
    before = (Operation.objects.count(), ImportBatch.objects.count(), AuditRecord.objects.count())
    checked = importing.check_file(bob, file(row(), row("A-2"), row("A-3", radius_m="9000")), now)
    assert (len(checked.entries), checked.known, checked.over) == (3, 1, 0)
    assert checked.flags == {"radius": 1}
    assert (Operation.objects.count(), ImportBatch.objects.count(), AuditRecord.objects.count()) == before


def test_what_is_over_is_stored_as_ended_alarms_nobody_and_is_never_extended(bob: Any, now: datetime) -> None:
    past = {"starts_at": "2026-11-20T09:30:00Z", "ends_at": "2026-11-20T13:00:00Z"}
    outcome = importing.import_file(bob, file(row("P-1", **past), row("P-2", **past)), now)
    assert outcome.counts["ended"] == 2
    assert {one.status for one in Operation.objects.all()} == {"ended"}
    assert (Conflict.objects.get().standing, Alarm.objects.count()) == ("past", 0)
    assert actions.extend_overdue(system("worker"), now) == []


def test_a_joint_reference_counts_within_one_agency_and_is_an_offer_between_two(people: Any, now: datetime) -> None:
    joint = {"joint_reference": "J-1"}
    data = file(row("A-1", **joint), row("A-2", **joint), row("B-1", agency_ori=BAY, **joint))
    outcome = importing.import_file(system("console"), data, now)
    assert [offer.operation_ids for offer in outcome.checked.offers] == [("A-1", "A-2", "B-1")]
    names = {one.id: one.external_id for one in Operation.objects.all()}
    met = {frozenset((names[one.operation_a], names[one.operation_b])) for one in Conflict.objects.all()}
    assert met == {frozenset(("A-1", "B-1")), frozenset(("A-2", "B-1"))}


def test_several_rows_of_one_id_are_sites_of_one_operation(bob: Any, now: datetime) -> None:
    importing.import_file(bob, file(row(), row(latitude="39.2"), row(latitude="39.4")), now)
    assert queries.operation_list(bob, queries.OperationFilter(), now).rows[0].site_count == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (file(row()).decode().encode("utf-16"), "UTF-16"),
        (file("A-1,MD0000100", header="operation_id,agency_ori"), "missing"),
        (b"x" * 10_000_000, "longer than"),
        (file(row()).replace(b"Alice", b"Al\x00ce"), "NUL"),
        (file(row()).replace(b"Alice", b"Al\xffce"), "UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(bob: Any, now: datetime, data: bytes, words: str) -> None:
    for attempt in (importing.check_file, importing.import_file):
        with pytest.raises(Invalid) as caught:
            attempt(bob, data, now)
        assert words in caught.value.problems[0].sentence
        assert caught.value.problems[0].pointer == "/file"


def test_who_may_not_import_and_for_whom(people: Any, now: datetime) -> None:
    with pytest.raises(Refused):
        importing.import_file(people.actor("alice"), file(row()), now)
    batch = actions.start_import(people.actor("bob"), people.port_calvert.pk, "x", now)
    checked = importing.check_file(system("console"), file(row(agency_ori=BAY)), now)
    with pytest.raises(NotFound):
        importing.store_checked(people.actor("bob"), batch, checked, now, lambda done, total: True)


def test_an_import_that_is_stopped_has_stored_whole_chunks_and_may_be_run_again(
    bob: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 2)
    data = file(*(row(f"A-{number}", latitude=str(30 + number)) for number in range(5)))
    stopped = importing.import_file(bob, data, now, progress=lambda done, total: done < 4)
    assert (stopped.cancelled, Operation.objects.count(), SearchDue.objects.count()) == (True, 4, 0)
    again = importing.import_file(bob, data, now)
    assert (again.counts["created"], again.counts["unchanged"]) == (1, 4)


@pytest.mark.slow
def test_chunks_find_each_other(bob: Any, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(f"A-{number}", latitude=f"{38.9 + number % 3 / 10}") for number in range(12)]
    monkeypatch.setattr(importing, "CHUNK", 5)
    importing.import_file(bob, file(*rows), now)
    assert Conflict.objects.count() == 3 * (4 * 3 // 2)
    assert set(Operation.objects.values_list("determination", flat=True)) == {"conflict"}
    assert Alarm.objects.count() == 2 * Conflict.objects.count()


def test_the_page_leaves_a_file_to_the_worker(bob: Any, now: datetime, settings: Any, tmp_path: Path) -> None:
    settings.VIGIL_DATA_DIR = tmp_path
    batch = importing.begin_import(bob, file(row()), "", now)
    (waiting,) = (tmp_path / "imports").iterdir()
    assert b"Alice" not in waiting.read_bytes()
    assert batch.counts == {"state": "waiting"}
    Worker(lambda: now).run_until_idle()
    done = ImportBatch.objects.get(pk=batch.pk)
    assert (done.counts["state"], done.counts["created"]) == ("done", 1)
    assert not waiting.exists()


def test_the_worker_does_its_periodic_work_while_it_imports(
    bob: Any, now: datetime, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No alarm waits for the end of a long file."""
    settings.VIGIL_DATA_DIR = tmp_path
    stored: list[int] = []
    every = queue.Periodic(lambda at: stored.append(Operation.objects.count()), timedelta(0))
    monkeypatch.setattr(queue, "PERIODIC", {"test": every})
    monkeypatch.setattr(importing, "CHUNK", 1)
    importing.begin_import(bob, file(*(row(f"A-{number}") for number in range(3))), "", now)
    Worker(lambda: now).run_until_idle()
    assert {0, 1, 2, 3} <= set(stored)


def test_an_import_that_waits_can_be_cancelled(bob: Any, now: datetime, settings: Any, tmp_path: Path) -> None:
    settings.VIGIL_DATA_DIR = tmp_path
    batch = importing.begin_import(bob, file(row()), "", now)
    importing.cancel_import(bob, batch.id)
    Worker(lambda: now).run_until_idle()
    assert ImportBatch.objects.get(pk=batch.pk).counts["state"] == "cancelled"
    assert not Operation.objects.exists()


def test_a_file_that_cannot_be_read_ends_as_failed(bob: Any, now: datetime, settings: Any, tmp_path: Path) -> None:
    settings.VIGIL_DATA_DIR = tmp_path
    batch = importing.begin_import(bob, b"", "", now)
    Worker(lambda: now).run_until_idle()
    assert ImportBatch.objects.get(pk=batch.pk).counts == {"state": "failed", "reason": "The file is empty."}


def _real(name: str, ori: str, rows: int) -> tuple[bytes, Mapping]:
    source = REAL / f"{name}.csv"
    if not source.exists():
        pytest.skip(f"{source.name} is not beside the project: the real data sets were not imported")
    mapping = Mapping.from_toml((MAPS / f"{name}.toml").read_text()).with_doubled("earlier")
    constants = {**mapping.constants, "agency_ori": ori, "contact_name": "Desk", "contact_phone": "212-555-0100"}
    return b"\n".join(source.read_bytes().split(b"\n")[: rows + 1]), replace(mapping, constants=constants)


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize(("name", "imported"), [("nypd_stops", 588), ("chicago_search_warrants", 595)])
def test_real_operations_import_and_are_seen(bob: Any, now: datetime, name: str, imported: int) -> None:
    data, mapping = _real(name, PORT, 600)
    outcome = importing.import_file(bob, data, now, mapping)
    assert (outcome.counts["created"], len(outcome.checked.bad_rows)) == (imported, 600 - imported)
    swept = sweep(io.BytesIO(data), mapping=mapping).counts()
    assert Conflict.objects.count() == swept["conflicts"] > 0
    assert Conflict.objects.filter(band="direct").count() == swept["direct"]
    first = Operation.objects.order_by("starts_at")[0]
    seen = queries.operation_list(bob, queries.OperationFilter(limit=50), now)
    assert (seen.rows[0].starts_at, len(seen.rows)) == (first.starts_at, 50)
    on_map = queries.map_operations(bob, first.starts_at, first.starts_at + timedelta(days=1), now)
    assert first.id in {site.operation_id for site in on_map.rows}
