"""The policy study on its pages, and the past pairs that outlive a purge without naming anybody."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.apps.deconfliction.plans import phone, plan, site

from vigil.apps.deconfliction import actions, jobs, plan_rows
from vigil.apps.deconfliction.alarms import lifecycle
from vigil.apps.deconfliction.models import Conflict, PastPair, Revision, StudyRun
from vigil.apps.deconfliction.past import purge
from vigil.apps.deconfliction.study import past_pairs, studies
from vigil.core.actor import system
from vigil.core.errors import Invalid, NotFound
from vigil.engine.study import settings_of, study
from vigil.engine.table import table_of
from vigil.platform import keys
from vigil.platform.jobs.worker import Worker
from vigil.web import charts

pytestmark = [pytest.mark.db, pytest.mark.django_db]
HEAD = "operation_id,agency_ori,operation_type,starts_at,ends_at,latitude,longitude\n"
ROWS = (
    "A-1,MD0000100,raid,2026-09-05T10:00:00Z,2026-09-05T12:00:00Z,39.29,-76.6122\n"
    "B-1,MD0000200,raid,2026-09-05T11:00:00Z,2026-09-05T13:00:00Z,39.2963,-76.6122\n"
    "B-2,MD0000200,knock_and_talk,2026-09-05T11:00:00Z,2026-09-05T13:00:00Z,39.291,-76.6122\n"
)
"""A-1 and B-1 are 699 m apart: they meet from a radius of 350 m on. The two other pairs meet at the 300 m they have."""
SETTINGS = ([150.0, 300.0, 500.0, 800.0], [])


def upload(text: str = HEAD + ROWS) -> SimpleUploadedFile:
    return SimpleUploadedFile("operations.csv", text.encode())


def work(now: datetime) -> None:
    Worker(lambda: now).run_until_idle()


@pytest.fixture
def begin(people: Any, now: datetime) -> Callable[..., StudyRun]:
    """A study of a file, asked for by the supervisor."""

    def one(text: str = HEAD + ROWS, mapping: str = "") -> StudyRun:
        wanted = studies.read_numbers({"radii": "500", "buffers": ""}, of_history=False)
        return studies.begin_study(people.actor("bob"), wanted, text.encode(), mapping, now)

    return one


# --- the pages ---


def test_a_file_is_counted_and_shown_with_its_finding(login: Any, people: Any, now: datetime) -> None:
    client = login("bob")
    asked = client.post("/study/", {"radii": "150, 500", "buffers": "", "source": "file", "file": upload()})
    run = StudyRun.objects.get()
    assert asked["Location"] == f"/study/{run.pk}/"
    assert "Waits for its turn" in client.get(asked["Location"]).content.decode()
    work(now)
    page = client.get(asked["Location"])
    assert page.context["finding"] == "With 500 m: 1.5 times the alarms"
    assert [row[:4] for row in page.context["table"]] == [
        ("as registered", "as registered", "2", "1"),
        ("150 m", "as registered", "1", "1"),
        ("500 m", "as registered", "3", "1"),
    ]
    assert page.context["months"]["table"] == [("Sep 2026", "2", "3")]
    assert not list(studies._folder().glob(f"{run.pk}*")), "the file is deleted once counted"


def test_the_counts_are_those_of_the_engine(begin: Any, people: Any, now: datetime) -> None:
    from vigil.engine.formats.operations_csv import read_table

    run = begin()
    work(now)
    run.refresh_from_db()
    read = read_table(io.BytesIO((HEAD + ROWS).encode()))
    assert studies.counts_told(run.result) == study(read.table, settings_of([500.0], []))


def test_the_csv_has_the_figures_of_the_page(login: Any, begin: Any, now: datetime) -> None:
    run = begin()
    work(now)
    rows = list(csv.reader(io.StringIO(login("bob").post(f"/study/{run.pk}/csv/").content.decode())))
    assert rows[0] == ["Radius", "Buffers", "Pairs", "Direct", "Near", "Subject only", "Operations", "Times today"]
    assert [row[0] for row in rows[1:]] == ["as registered", "500 m"]
    assert rows[2][-1] == "1.5"


def test_bad_rows_are_told_as_incomplete(login: Any, begin: Any, now: datetime) -> None:
    run = begin(HEAD + ROWS + "C-1,MD0000200,raid,never,2026-09-05T13:00:00Z,39,-76\n")
    work(now)
    assert "INCOMPLETE" in login("bob").get(f"/study/{run.pk}/").content.decode()


def test_a_file_whose_columns_are_missing_ends_as_failed_with_the_reason(login: Any, begin: Any, now: datetime) -> None:
    run = begin("a,b\n1,2\n")
    work(now)
    run.refresh_from_db()
    assert run.state == "failed"
    assert run.reason
    assert run.reason in login("bob").get(f"/study/{run.pk}/").content.decode().replace("&#x27;", "'")


def test_a_stopped_study_stays_stopped(login: Any, begin: Any, people: Any, now: datetime) -> None:
    run = begin()
    assert login("bob").post(f"/study/{run.pk}/stop/").status_code == 302
    work(now)
    run.refresh_from_db()
    assert (run.state, run.result) == ("stopped", None)
    assert "was stopped" in login("bob").get(f"/study/{run.pk}/").content.decode()


def test_a_study_that_is_stopped_while_it_counts_ends(begin: Any, people: Any, monkeypatch: Any) -> None:
    run = begin()
    monkeypatch.setattr(studies, "NOTE_SECONDS", 0.0)
    seen = []
    note = studies._note

    def stopping(one: StudyRun, **columns: Any) -> None:
        seen.append(columns.get("step"))
        if len(seen) == 2:
            studies.stop_study(people.actor("bob"), one.pk)
        note(one, **columns)

    monkeypatch.setattr(studies, "_note", stopping)
    studies.run_waiting(run.pk)
    run.refresh_from_db()
    assert run.state == "stopped"
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({}, "radii"),
        ({"radii": "many"}, "radii"),
        ({"radii": "-1"}, "radii"),
        ({"radii": "nan"}, "radii"),
        ({"radii": "1e9"}, "radii"),
        ({"radii": "1" * 40}, "radii"),
        ({"buffers": "60; x"}, "buffers"),
        ({"radii": ",".join(map(str, range(25)))}, "radii"),
    ],
)
def test_a_wrong_number_starts_nothing_and_stays_typed(
    login: Any, people: Any, typed: dict[str, str], field: str
) -> None:
    answer = login("bob").post("/study/", {"source": "file", "file": upload(), **typed})
    assert answer.status_code == 422
    assert list(answer.context["wrong"]) == [field]
    assert typed.get(field, "")[:20] in answer.content.decode()
    assert not StudyRun.objects.exists()


def test_the_history_goes_no_wider_than_its_pairs(people: Any) -> None:
    with pytest.raises(Invalid):
        studies.read_numbers({"radii": str(past_pairs.WIDEST_M + 1)}, of_history=True)
    assert studies.read_numbers({"radii": str(past_pairs.WIDEST_M)}, of_history=True)["radii_m"] == [1000]


def test_without_a_file_the_page_says_so(login: Any, people: Any) -> None:
    answer = login("bob").post("/study/", {"radii": "500", "source": "file"})
    assert "Choose a file" in answer.content.decode()
    wrong = login("bob").post("/study/", {"radii": "500", "source": "file", "file": upload("\x00")})
    assert (answer.status_code, wrong.status_code) == (422, 422)


def test_another_agency_sees_no_such_study(login: Any, begin: Any, people: Any) -> None:
    from tests.conftest import make_user

    run = begin()
    people.users["sue"] = make_user("sue", "Sue Stone", people.bay_county, "supervisor")
    assert login("sue").get(f"/study/{run.pk}/").status_code == 404
    assert login("sue").post(f"/study/{run.pk}/stop/").status_code == 404
    assert login("alice").get("/study/").status_code == 403
    assert login("sue").get("/study/numbers/").status_code == 200


def test_an_old_study_and_a_forgotten_file_go(begin: Any, people: Any, now: datetime) -> None:
    run = begin()
    jobs.forget_leftovers(now + timedelta(days=89))
    assert StudyRun.objects.exists()
    jobs.forget_leftovers(now + timedelta(days=90))
    assert not StudyRun.objects.exists()
    assert not studies._waiting(run.pk).exists()


# --- past pairs ---


def opt_in(*agencies: Any) -> None:
    for agency in agencies:
        agency.rules = {"retention": {"keeps_history": True}}
        agency.save()


def past(people: Any, now: datetime, name: str, *sites: Any, **fields: Any) -> None:
    actor, over = people.actor(name), now + timedelta(hours=6)
    operation = actions.register_operation(actor, plan(now, *sites, **fields), now)
    actions.run_due_search(actor, operation.pk, now)
    actions.end_operation(actor, operation.pk, 1, over)
    actions.run_due_search(actor, operation.pk, over)


def purged(people: Any, now: datetime) -> None:
    for conflict in Conflict.objects.all():
        lifecycle.resolve_conflict(people.actor("carol"), conflict.pk, "delay", now)
    purge.purge(system("worker"), now + timedelta(days=10))


def crowd(people: Any, now: datetime) -> None:
    """Six teams, some near each other, one with two sites, two with one telephone."""
    past(people, now, "alice", site(now))
    past(people, now, "dave", site(now, (-76.6122, 39.2944)), operation_type="raid")
    past(people, now, "alice", site(now, (-76.6122, 39.2985), uncertainty_m=40.0), subjects=(phone(),))
    past(people, now, "alice", site(now, (-76.6022, 39.2904)), site(now, (-76.6122, 39.2964), radius_m=500.0))
    past(people, now, "alice", site(now, (-80.0, 35.0)), subjects=(phone(),))
    past(people, now, "alice", site(now, (-76.6122, 39.2904), starts_in=timedelta(hours=5), lasts=timedelta(hours=1)))


@pytest.mark.slow
@pytest.mark.parametrize("wanted", [SETTINGS, ([300.0], [0.0, 120.0])])
def test_the_history_counts_what_the_operations_themselves_would_have(
    people: Any, now: datetime, wanted: tuple[list[float], list[float]]
) -> None:
    opt_in(people.port_calvert, people.bay_county)
    crowd(people, now)
    rows = Revision.objects.filter(status="ended").prefetch_related("sites", "subjects").select_related("operation")
    kinds = [row.operation_type for row in rows]
    table = table_of([plan_rows.stored_operation(row) for row in rows], kinds=kinds)
    expected = study(table, settings_of(*wanted))
    assert len({one.pairs for one in expected}) > 2, "the crowd tells the settings apart"
    purged(people, now)
    found = past_pairs.close_pairs(people.actor("bob"))
    from vigil.engine.study import counts_of

    counted = counts_of(found, settings_of(*wanted))
    numbers = [(one.direct, one.near, one.subject_only, one.by_type, one.by_month) for one in counted]
    assert numbers == [(one.direct, one.near, one.subject_only, one.by_type, one.by_month) for one in expected]


def test_only_what_both_agencies_opted_in_for_is_kept(people: Any, now: datetime) -> None:
    opt_in(people.port_calvert)
    past(people, now, "alice")
    past(people, now, "dave")
    past(people, now, "alice", site(now, (-76.6122, 39.2964)))
    purged(people, now)
    pairs = PastPair.objects.all()
    assert [(pair.agency_a, pair.agency_b) for pair in pairs] == [(people.port_calvert, people.port_calvert)]


def test_a_past_pair_names_no_place_person_day_or_number(people: Any, now: datetime) -> None:
    opt_in(people.port_calvert, people.bay_county)
    past(people, now, "alice", subjects=(phone(),))
    past(people, now, "dave", subjects=(phone(),))
    purged(people, now)
    (pair,) = PastPair.objects.all()
    told = json.loads(keys.decrypt(pair.sealed, past_pairs.PURPOSE))
    assert told == {
        "month": "2026-11",
        "types": ["search_warrant", "search_warrant"],
        "subject": True,
        "outcome": "delay",
        "sites": [[0, 0.01, 300.0, 300.0, 0, 120, 120, 60, 60, 60, 60]],
    }


def test_leaving_the_study_removes_the_pairs(people: Any, now: datetime) -> None:
    opt_in(people.port_calvert, people.bay_county)
    past(people, now, "alice")
    past(people, now, "dave")
    purged(people, now)
    jobs.forget_leftovers(now)
    assert PastPair.objects.count() == 1
    people.bay_county.rules = {}
    people.bay_county.save()
    jobs.forget_leftovers(now)
    assert PastPair.objects.count() == 0


@pytest.mark.slow
def test_a_study_of_the_history_is_shown(login: Any, people: Any, now: datetime) -> None:
    opt_in(people.port_calvert, people.bay_county)
    crowd(people, now)
    purged(people, now)
    answer = login("bob").post("/study/", {"radii": "500", "source": "history"})
    work(now)
    page = login("bob").get(answer["Location"])
    assert "past pairs of the agency" in page.context["about"]
    assert {row[6] for row in page.context["table"]} == {"not kept"}
    assert page.context["outcomes"][0][0] == "One side waits"
    assert sum(count for _, count in page.context["outcomes"]) == PastPair.objects.count()


def test_bars_share_one_scale() -> None:
    one, other = charts.bars([("a", "4", (("direct", 1), ("near", 3))), ("b", "1", (("direct", 0), ("near", 1)))])
    assert [(part.kind, part.x, part.width) for part in one.segments] == [("direct", 0, 25), ("near", 25, 75)]
    assert [(part.kind, part.x, part.width) for part in other.segments] == [("near", 0, 25)]
    assert charts.bars([("none", "0", (("direct", 0),))])[0].segments == ()


def test_a_missing_study_is_not_found(people: Any) -> None:
    with pytest.raises(NotFound):
        studies.get_study(people.actor("bob"), people.port_calvert.pk)
