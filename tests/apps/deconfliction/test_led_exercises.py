"""Led exercises: one from its plan to its report through the pages, what it never touches, and who may do what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import DEFAULT, Mock
from uuid import UUID

import pytest
from django.test import Client
from tests.apps.deconfliction.test_actions import register
from tests.conftest import make_user

from vigil.apps.deconfliction import queries
from vigil.apps.deconfliction.alarms import queue
from vigil.apps.deconfliction.desk import papers
from vigil.apps.deconfliction.led import planning, rules, running
from vigil.apps.deconfliction.models import Conflict, Exercise, ExercisePerson, Inject, Operation, Standing
from vigil.apps.deconfliction.past import purge
from vigil.core.actor import system
from vigil.core.errors import Invalid, NotFound, Refused
from vigil.platform import clock
from vigil.platform.delivery.models import Delivery
from vigil.platform.notices.models import Notice

MINUTE = timedelta(minutes=1)
WORKER = system("worker")
Login = Callable[[str], Client]


@pytest.fixture
def cast(people: Any) -> Any:
    """Carol controls, Sam evaluates, Cleo of the other agency's desk plays; Desmond of that desk is not in it."""
    for name, full, agency, role in (
        ("cleo", "Cleo Cross", people.bay_county, "watch_desk"),
        ("desmond", "Desmond Day", people.bay_county, "watch_desk"),
        ("sam", "Sam Stone", people.port_calvert, "supervisor"),
        ("ada", "Ada Ames", people.port_calvert, "agency_admin"),
        ("max", "Max Moss", people.bay_county, "agency_admin"),
    ):
        people.users[name] = make_user(name, full, agency, role)
    return people


@pytest.fixture
def login(cast: Any) -> Login:
    """Each at a browser of their own."""

    def own_browser(name: str) -> Client:
        client = Client()
        client.force_login(cast.user(name))
        return client

    return own_browser


def planned(cast: Any, now: datetime) -> Exercise:
    carol = cast.actor("carol")
    exercise = planning.plan_exercise(carol, "friday", now)
    planning.name_person(carol, exercise.pk, cast.user("cleo").pk, "player")
    planning.name_person(carol, exercise.pk, cast.user("sam").pk, "evaluator")
    return exercise


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content.decode()[:2000]
    said: str = answer.content.decode()
    return said


@pytest.mark.slow
@pytest.mark.django_db
def test_one_exercise_from_its_plan_to_its_report(cast: Any, login: Login, now: datetime) -> None:
    carol, cleo, sam = login("carol"), login("cleo"), login("sam")
    address = carol.post("/exercises/new/", {"scenario": "friday"})["Location"]
    page = text(carol.get(address))
    assert "<title>EXERCISE" in page
    assert "Nobody plays yet" in page
    assert "Nobody plays yet" in text(carol.post(f"{address}run/", {"do": "start"}), 422)
    # The plan is changed; what is wrong is said at its field and nothing typed is lost.
    for user, part in (("cleo", "player"), ("sam", "evaluator"), ("alice", "player")):
        carol.post(f"{address}people/", {"user": str(cast.user(user).pk), "part": part})
    refused = text(carol.post(f"{address}people/", {"user": str(cast.user("alice").pk), "part": "controller"}), 422)
    assert "A controller is a supervisor or of a watch desk." in refused
    mine = {"user": str(cast.user("carol").pk), "do": "remove"}
    assert "name another one first" in text(carol.post(f"{address}people/", mine), 422)
    inject = {"inject_minute": "7", "inject_within": "0", "inject_kind": "move", "inject_text": "It moves off."}
    refused = text(carol.post(f"{address}injects/", inject), 422)
    assert "Give a whole number from 1 to 120." in refused
    assert "It moves off." in refused
    fixed = inject | {
        "inject_within": "4",
        "inject_role": "pine_ridge",
        "inject_place": "here",
        "inject_starts_in": "9",
    }
    carol.post(f"{address}injects/", fixed)
    added = Inject.objects.get(minute=7)
    carol.post(f"{address}injects/", fixed | {"inject": str(added.pk), "inject_minute": "4"})
    assert "Minute 4: moves an operation that no earlier inject registers." in text(carol.get(address))
    carol.post(f"{address}injects/", {"inject": str(added.pk), "do": "remove"})
    carol.post(f"{address}objectives/", {"objective_text": "Keep calm", "objective_measure": ""})
    details = {"title": "Winter exercise", "planned_at": "2026-11-25 18:00", "minutes": "60", "scope": "An hour."}
    assert "At most 120 letters." in text(carol.post(f"{address}details/", details | {"title": "x" * 121}), 422)
    carol.post(f"{address}details/", details)
    # Who plays does not know what comes; who is not in it knows nothing.
    assert cleo.get(address).status_code == 404
    assert "An hour. Who plays does not read the plan." in text(cleo.get("/exercises/"))
    assert login("desmond").get(address).status_code == 404
    assert "Winter exercise" not in text(login("desmond").get("/exercises/"))
    assert "Add an inject" not in text(sam.get(address))
    assert sam.post(f"{address}run/", {"do": "start"}).status_code == 404

    exercise = Exercise.objects.get()
    carol.post(f"{address}run/", {"do": "start"})
    told = Notice.objects.filter(kind="deconfliction.exercise")
    assert set(told.values_list("recipient__username", flat=True)) == {"carol", "cleo", "sam", "alice"}
    assert "The exercise has started: its plan stands." in text(carol.post(f"{address}details/", details), 422)
    first = exercise.injects.get(minute=0)
    assert "Due now" in text(carol.get(address))
    carol.post(f"{address}release/", {"inject": str(first.pk), "note": "All here."})
    sam.post(f"{address}release/", {"inject": str(first.pk), "do": "seen", "note": "Cleo has it."})

    def work(minute: float) -> None:
        running.release_due(WORKER, now + minute * MINUTE)

    work(1.9)
    assert not Operation.objects.exists()
    work(2)
    work(5)
    conflict = Conflict.objects.get()
    # Nobody but the desk that plays is told, by no telephone; nothing counts as live.
    alarms = Notice.objects.filter(kind__startswith="deconfliction.conflict")
    assert set(alarms.values_list("recipient__username", flat=True)) == {"cleo"}
    assert all(one.body.startswith("EXERCISE: ") for one in Notice.objects.all())
    assert [len(queue.rehearsed(cast.actor(one), now)) for one in ("carol", "cleo", "desmond")] == [1, 1, 0]
    assert (queue.queue(cast.actor("cleo"), now), queries.waiting_conflicts(cast.actor("cleo"), now)) == ((), 0)

    with clock.fixed(now + 8 * MINUTE):
        desk, (a, b) = f"/desk/{conflict.pk}/", (str(one.operation_id) for one in conflict.sides.order_by("pk"))
        cleo.post(f"{desk}take/")
        call = {"name": "Det. Robin Example", "side": a, "identity_check": "called_back", "result": "answered"}
        cleo.post(f"{desk}called/", call)
        cleo.post(f"{desk}called/", call | {"name": "Dep. Alex Specimen", "side": b})
    with clock.fixed(now + 10 * MINUTE):
        carol.post(f"{address}run/", {"do": "pause"})
    work(45)
    assert not Inject.objects.filter(minute=28, released_at__isnull=False).exists(), "a pause releases nothing"
    with clock.fixed(now + 15 * MINUTE):
        carol.post(f"{address}run/", {"do": "resume"})
        cleo.post(f"{desk}called/", call | {"result": "connected", "other": "Dep. Alex Specimen"})
        cleo.post(f"/conflicts/{conflict.pk}/resolve/", {"outcome": "delay"})

    # A call: the desk says itself that it belongs to the exercise; nothing is entered before.
    with clock.fixed(now + 26 * MINUTE):
        carol.post(f"{address}release/", {"inject": str(exercise.injects.get(kind="telephone").pk)})
        typed = {
            "caller-name": "Agent Lee Sampleton",
            "caller-phone": "202-555-0171",
            "caller-agency": "none",
            "caller-unit": "Visitors",
            "caller-identity_check": "called_back",
            "operation_type": "knock_and_talk",
            "sites-0-place": "{1:.4f}, {0:.4f}".format(*planning.place_of(Exercise.objects.get(), "across_town") or ()),
            "starts_at": "+0",
            "ends_at": "+1h",
        } | {"starts_at": "2026-11-24T20:00:00Z", "ends_at": "2026-11-24T21:00:00Z"}
        refused = text(cleo.post("/desk/enter/", typed), 422)
        assert "Say whether this call is real or belongs to the exercise." in refused
        answer = text(cleo.post("/desk/enter/", typed | {"caller-mode": "exercise"}, follow=True))
        assert "<title>EXERCISE" in answer
    entered = Operation.objects.latest("id")
    assert (entered.mode, entered.agency.ori) == ("exercise", "EXERCISE4")
    assert exercise.injects.get(kind="telephone").operation_id == entered.pk
    assert "caller-mode" not in text(login("desmond").get("/desk/enter/"))

    work(33)
    assert Conflict.objects.count() == 1
    work(37)
    assert Conflict.objects.count() == 3, "the warrant has moved into the street of both"
    assert not Delivery.objects.exists()
    # The evaluator's sheet, with what Vigil measured beside it.
    with clock.fixed(now + 45 * MINUTE):
        sam, cleo = login("sam"), login("cleo")
        sheet = text(sam.get(f"{address}sheet/"))
        assert "Reached in 1 of 3 conflicts, missed in 2." in sheet
        objective = str(exercise.objectives.first().pk)  # type: ignore[union-attr]
        assert "Choose P, S, M or U." in text(
            sam.post(f"{address}sheet/", {"do": "rate", "objective": objective, "rating": "A"}), 422
        )
        sam.post(f"{address}sheet/", {"do": "rate", "objective": objective, "rating": "S"})
        assert "Write down what you saw" in text(sam.post(f"{address}sheet/", {"kind": "strength", "text": " "}), 422)
        for kind, said in (("strength", "The script was read out."), ("improvement", "Nobody had the list at hand.")):
            sam.post(f"{address}sheet/", {"kind": kind, "text": said, "objective": objective})
        assert cleo.get(f"{address}sheet/").status_code == 404
        assert cleo.get(f"{address}report/").status_code == 404

    with clock.fixed(now + 50 * MINUTE):
        carol = login("carol")
        there = [str(cast.user(one).pk) for one in ("carol", "cleo", "sam")]
        report = text(carol.post(f"{address}run/", {"do": "end", "there": there}, follow=True))
        ended(cast, login, address, report)
    assert papers.shift_report(cast.actor("cleo"), now, now + 60 * MINUTE).lines == (), "the live report counts none"


def ended(cast: Any, login: Login, address: str, report: str) -> None:
    """What stands in the report, who reads it, what is mended, what the files hold; and all of it after the purge."""
    assert set(Operation.objects.values_list("status", flat=True)) == {"cancelled"}
    assert not Conflict.objects.filter(standing=Standing.OPEN).exists()
    for said in (
        "minute 45 of 60",
        "Performed with some challenges",
        "Nobody had the list at hand.",
        "All here. Cleo has it.",
        "Reached in 1 of 3 conflicts, missed in 2.",
        "Alice Arden",
        "was not there",
    ):
        assert said in report, said
    sam, carol, now = login("sam"), login("carol"), clock.now()
    line = {"action": "Print the list", "owner": "Sam Stone", "due_on": "2026-12-24"}
    assert "Give a day such as" in text(sam.post(f"{address}improvement/", line | {"due_on": "soon"}), 422)
    sam.post(f"{address}improvement/", line)
    key = str(Exercise.objects.get().corrective_actions.get().pk)
    sam.post(f"{address}improvement/", {"line": key, "do": "done"})
    sam.post(f"{address}report/", {"summary": "It went well."})
    files = {kind: carol.post(f"{address}file/", {"kind": kind}).content for kind in ("sheet", "report", "timeline")}
    assert files["sheet"].startswith(b"%PDF-")
    assert files["report"].startswith(b"%PDF-")
    rows = files["timeline"].decode().splitlines()
    assert rows[0] == "time,minute,planned_minute,kind,what,who,more"
    assert (sum(",inject," in row for row in rows), sum("Not released." in row for row in rows)) == (11, 5)
    assert any(",10,,desk," in row and "Talked" in row for row in rows), "the pause counts in no minute"
    purge.purge(WORKER, now + timedelta(days=800))
    assert not Operation.objects.filter(purged_at=None).exists()
    assert carol.post(f"{address}file/", {"kind": "timeline"}).content == files["timeline"]
    for name, status in (("cleo", 200), ("ada", 200), ("max", 404), ("desmond", 404)):
        assert login(name).get(f"{address}report/").status_code == status, name
    assert "Save the summary" not in text(login("cleo").get(f"{address}report/"))
    done = ExercisePerson.objects.filter(completed_at__isnull=False).values_list("user__username", flat=True)
    assert set(done) == {"carol", "cleo", "sam"}
    assert "Who has completed a led exercise" in text(login("cleo").get("/practice/"))
    again = text(carol.post("/exercises/new/", {"copy": address.split("/")[2]}, follow=True))
    assert "11 injects" in again
    assert "Cleo has it." not in again
    assert "is kept elsewhere." in text(carol.post(f"{address}details/", {"do": "discard"}), 422)
    carol.post(f"{address}details/", {"do": "discard", "sure": "yes"})
    assert carol.get(f"{address}report/").status_code == 404
    assert Exercise.objects.get().title == "Winter exercise"


@pytest.mark.slow
@pytest.mark.db
@pytest.mark.django_db
def test_exercises_stay_apart_what_fails_holds_nothing_up_and_what_is_left_is_ended(
    cast: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_side = running.invented.register
    first, second = planned(cast, now), planned(cast, now)
    carol, actors = cast.actor("carol"), {name: cast.actor(name) for name in ("cleo", "sam", "alice", "desmond")}
    with pytest.raises(Refused):
        planning.plan_exercise(actors["alice"], "friday", now)
    with pytest.raises(NotFound):
        running.start_exercise(actors["sam"], first.pk, now)
    with pytest.raises(NotFound):
        planning.plan_exercise(carol, "no such", now)
    for one in (first, second):
        running.start_exercise(carol, one.pk, now)
    with monkeypatch.context() as broken:
        broken.setattr(
            running.invented, "register", Mock(side_effect=[OSError("disk full"), *([DEFAULT] * 3)], wraps=one_side)
        )
        running.release_due(WORKER, now + 5 * MINUTE)
    assert Conflict.objects.count() == 1, "one inject's trouble holds up no other"
    running.release_due(WORKER, now + 5 * MINUTE)
    assert Conflict.objects.count() == 2, "each meets its own"
    register(cast, "alice", now)
    assert Conflict.objects.count() == 2, "and nothing live"
    # An operation that is gone when it is to move is noted, and the rest goes on.
    warrant = Inject.objects.get(exercise=first, minute=28)
    running.release(carol, first.pk, warrant.pk, "", now + 6 * MINUTE)
    again = running.release(carol, first.pk, warrant.pk, "", now + 7 * MINUTE)
    assert again.released_minute == 6, "released once"
    running.invented.cancel([UUID(str(again.operation_id))], now + 8 * MINUTE)
    running.release_due(WORKER, now + 33 * MINUTE)
    assert Inject.objects.get(exercise=first, minute=32).is_failed
    assert not Inject.objects.get(exercise=second, minute=32).is_failed
    with pytest.raises(Invalid):
        running.start_exercise(carol, first.pk, now)
    with pytest.raises(Invalid):
        planning.discard_exercise(carol, first.pk)
    running.pause_exercise(carol, second.pk, now + 40 * MINUTE)
    running.release_due(WORKER, now + rules.LONGEST)
    assert set(Exercise.objects.values_list("state", flat=True)) == {"ended"}
    assert not Operation.objects.filter(mode="exercise").exclude(status="cancelled").exists()
    assert Exercise.objects.get(pk=first.pk).kept_log
