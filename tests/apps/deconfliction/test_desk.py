"""The watch desk: who watches, when its silence is told, and the acts of a shift on its screen."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from tests.apps.deconfliction.plans import site
from tests.apps.deconfliction.test_actions import register
from tests.conftest import make_user

from vigil.apps.deconfliction.desk import rules, screens
from vigil.apps.deconfliction.desk.rules import REPEAT, SILENCE, Silence, Watch
from vigil.apps.deconfliction.models import Conflict, ConflictEvent, DeskScreen, DeskSilence
from vigil.core.actor import system
from vigil.platform.agencies.models import Node
from vigil.platform.audit.models import AuditRecord
from vigil.platform.delivery.models import Delivery
from vigil.platform.notices.models import Notice

WORKER = system("worker")
START = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("beat", "staffed", "waiting", "watch"),
    [
        (59, True, 1, Watch.ATTENDED),
        (60, True, 0, Watch.UNATTENDED),
        (None, False, 1, Watch.UNATTENDED),
        (60, False, 0, Watch.CLOSED),
        (-30, True, 0, Watch.ATTENDED),
        (-90, True, 0, Watch.UNATTENDED),
    ],
)
def test_a_desk_is_watched_while_a_screen_is_heard(beat: int | None, staffed: bool, waiting: int, watch: Watch) -> None:
    """`beat`: seconds since the last heartbeat; a beat of the future (a clock set back) counts for a minute at most."""
    last = None if beat is None else START - beat * SECOND
    assert rules.watch(last, staffed, waiting, START) is watch


@given(st.lists(st.tuples(st.integers(1, 400), st.sampled_from(Watch), st.integers(0, 2)), max_size=20))
def test_a_silence_is_told_at_its_beginning_and_then_no_more_often_than_every_ten_minutes(
    looks: list[tuple[int, Watch, int]],
) -> None:
    now, silence, told = START, Silence(), []
    for seconds, state, waiting in looks:
        now += seconds * SECOND
        before = silence
        silence, tell = rules.heard(silence, state, waiting, now)
        if state is not Watch.UNATTENDED:
            assert (silence, tell) == (Silence(), False)
            told = []
        elif before.since is None:
            assert tell, "the beginning of a silence is told"
        elif tell:
            assert waiting
            assert now - told[-1] >= REPEAT
        if tell:
            told.append(now)


@pytest.mark.django_db
def test_nobody_at_the_desk_is_told_to_its_people_and_to_the_line_outside_its_hours(people: Any, now: datetime) -> None:
    week = {str(day): ["00:00", "24:00"] for day in range(7)}
    Node.objects.update(desk_week=week, outside_phone="+14105550188")
    screen = uuid4()
    screens.beat(people.actor("carol"), screen, now)
    assert screens.look_after_desk(WORKER, now + 30 * SECOND) is Watch.ATTENDED
    later = now + SILENCE
    assert screens.look_after_desk(WORKER, later) is Watch.UNATTENDED
    told = Notice.objects.filter(kind="deconfliction.desk")
    assert sorted(told.values_list("recipient__username", flat=True)) == ["carol", "erin"]
    assert set(Delivery.objects.filter(kind="deconfliction.desk").values_list("channel", flat=True)) == {"sms", "voice"}
    screens.look_after_desk(WORKER, later + REPEAT)
    assert told.count() == 2, "nothing waits: told once"
    screens.beat(people.actor("carol"), screen, later + REPEAT)
    screens.look_after_desk(WORKER, later + REPEAT)
    assert not DeskSilence.objects.exists()
    screens.forget_screens(later + timedelta(days=2))
    assert not DeskScreen.objects.exists()


@pytest.mark.django_db
def test_what_waits_is_told_again_also_outside_the_hours(people: Any, now: datetime) -> None:
    register(people, "alice", now)
    assert screens.look_after_desk(WORKER, now) is Watch.CLOSED
    register(people, "dave", now)
    assert screens.look_after_desk(WORKER, now) is Watch.UNATTENDED
    screens.look_after_desk(WORKER, now + REPEAT - SECOND)
    screens.look_after_desk(WORKER, now + REPEAT)
    assert Notice.objects.filter(kind="deconfliction.desk", recipient__username="carol").count() == 2


@pytest.fixture
def conflict(people: Any, now: datetime) -> Conflict:
    register(people, "alice", now)
    register(people, "dave", now)
    return Conflict.objects.get()


@pytest.mark.django_db
def test_a_shift_takes_calls_connects_and_hands_over(
    people: Any, conflict: Conflict, login: Any, now: datetime
) -> None:
    other = make_user("cleo", "Cleo Cross", people.bay_county, "watch_desk")
    carol, address = login("carol"), f"/desk/{conflict.id}/"
    page = carol.get("/desk/").content.decode()
    assert "1 conflict is open" in page
    assert "Please call Lou Lead" in page
    carol.post(f"{address}take/")
    side = conflict.sides.get(agency=people.bay_county)
    call = {"side": str(side.operation_id), "name": "Dee Dunn", "result": "no_answer"}
    assert carol.post(f"{address}called/", call).status_code == 302
    unchecked = carol.post(f"{address}called/", call | {"result": "answered"})
    assert (unchecked.status_code, 'value="Dee Dunn"' in unchecked.content.decode()) == (422, True)
    side.refresh_from_db()
    assert side.acknowledged_at is None
    carol.post(f"{address}called/", call | {"result": "answered", "identity_check": "called_back"})
    side.refresh_from_db()
    assert side.acknowledged_name == "Dee Dunn"
    carol.post(f"{address}called/", call | {"result": "connected", "identity_check": "pin", "other": "Lou Lead"})
    carol.post(f"{address}note/", {"note": "They meet at the corner."})
    assert carol.post(f"{address}hand-over/", {"to": ""}).status_code == 422
    assert carol.post(f"{address}hand-over/", {"to": str(people.user("dave").pk)}).status_code == 404
    carol.post(f"{address}hand-over/", {"to": str(other.pk)})
    conflict.refresh_from_db()
    assert (conflict.state, conflict.desk_owner) == ("contacted", other)
    kinds = list(ConflictEvent.objects.filter(author_id=people.user("carol").pk).values_list("kind", flat=True))
    desk = [one for one in kinds if one in ("taken", "called", "noted", "handed_over")]
    assert desk == ["taken", "called", "called", "noted", "handed_over"]


@pytest.mark.slow
@pytest.mark.django_db
def test_no_number_of_conflicts_is_too_many_for_a_statement(people: Any, login: Any, now: datetime) -> None:
    """Ids in a list may be a chain of ORs, for SQLite as deep as the list is long: a thousand end it. Here 40 do."""
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite limits it")
    for number in range(25):
        place = (-77.0 + number * 0.02, 38.0)
        for name in ("alice", "dave"):
            register(people, name, now, site(now, place))
    carol = login("carol")
    usual = connection.connection.setlimit(sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 40)
    try:
        for address in ("/desk/", "/desk/wall/", "/conflicts/", "/history/", "/alarm-quality/", "/"):
            assert carol.get(address).status_code == 200, address
    finally:
        connection.connection.setlimit(sqlite3.SQLITE_LIMIT_EXPR_DEPTH, usual)


@pytest.mark.django_db
def test_the_wall_names_nobody(people: Any, conflict: Conflict, login: Any) -> None:
    page = login("carol").get("/desk/wall/").content.decode()
    main = page[page.index('<main id="main"') : page.index("</main>")]
    assert "left to talk" in main or "data-until" in main
    shown = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", main)  # a drawn id may hold any three digits
    for name in ("Port Calvert", "Bay County", "Lead", "555", conflict.reference):
        assert name not in shown


@pytest.mark.django_db
def test_the_desk_on_paper_one_blank_sheet_and_the_report_of_a_shift(
    people: Any, conflict: Conflict, login: Any, now: datetime
) -> None:
    carol = login("carol")
    sheet = carol.get("/desk/form/")
    assert len(re.findall(rb"/Type\s*/Page\b", sheet.content)) == 1
    side = conflict.sides.get(agency=people.bay_county)
    call = {"side": str(side.operation_id), "name": "Dee Dunn", "result": "no_answer", "note": "left the shift"}
    carol.post(f"/desk/{conflict.id}/called/", call)
    (row,) = csv.DictReader(io.StringIO(carol.post("/desk/report/", {"hours": "8", "kind": "csv"}).content.decode()))
    assert (row["conflict"], row["by"], row["with"], row["note"]) == (
        conflict.reference, "Carol Cole", "Dee Dunn", "left the shift"
    )  # fmt: skip
    assert carol.post("/desk/report/", {"hours": "12", "kind": "pdf"}).content.startswith(b"%PDF")
    given = AuditRecord.objects.filter(verb="deconfliction.desk.report")
    assert [one.size > 50 for one in given] == [True, True]
    assert carol.post("/desk/report/", {"hours": "9"}).status_code == 404


@pytest.mark.django_db
def test_a_heartbeat_is_of_whoever_opened_the_screen(people: Any, login: Any, now: datetime) -> None:
    screen = str(uuid4())
    carol = login("carol")
    assert carol.post("/desk/heartbeat/", {"screen": screen}).status_code == 204
    assert carol.post("/desk/heartbeat/", {"screen": "x"}).status_code == 422
    make_user("cleo", "Cleo Cross", people.bay_county, "watch_desk")
    people.users["cleo"] = make_user("cleo2", "Cleo Two", people.bay_county, "watch_desk")
    assert login("cleo").post("/desk/heartbeat/", {"screen": screen}).status_code == 404
    assert [one.name for one in screens.on_duty(now)] == ["Carol Cole"]
