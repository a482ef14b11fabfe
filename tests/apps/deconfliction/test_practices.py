"""Practising alone: what counts as a step, what it never touches, and one practice from its start to its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.apps.deconfliction.test_actions import register
from tests.conftest import make_user

from vigil.apps.deconfliction import queries
from vigil.apps.deconfliction.alarms import queue
from vigil.apps.deconfliction.desk import papers, screens
from vigil.apps.deconfliction.desk.rules import Watch
from vigil.apps.deconfliction.exercises import practices, rules
from vigil.apps.deconfliction.exercises.rules import Fact, Step
from vigil.apps.deconfliction.models import Conflict, Operation, Practice
from vigil.apps.deconfliction.past import purge
from vigil.core.actor import system
from vigil.core.errors import Invalid, NotFound, Refused
from vigil.engine.geometry import Box
from vigil.platform import clock
from vigil.platform.delivery.models import Delivery
from vigil.platform.notices.models import Notice

START = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WORKER = system("worker")


def facts(*acts: tuple[str, str, bool]) -> list[Fact]:
    return [Fact(START + n * MINUTE, kind, side, checked=checked) for n, (kind, side, checked) in enumerate(acts)]


WHOLE = (
    ("taken", "", False),
    ("called", "A", False),
    ("acknowledged", "A", True),
    ("called", "B", False),
    ("contacted", "A", True),
    ("contacted", "B", True),
    ("noted", "", False),
    ("resolved", "A", False),
)


def test_every_step_is_reached_by_what_was_done_and_at_its_first_time() -> None:
    found = rules.reached(facts(*WHOLE, ("taken", "", False)))
    assert rules.is_complete(found)
    assert found[Step.TAKEN] == START
    assert found[Step.CHECKED] == START + 5 * MINUTE
    assert found[Step.CALLED_B] == START + 3 * MINUTE


@pytest.mark.parametrize("left_out", [kind for kind in {act[0] for act in WHOLE} if kind != "acknowledged"])
def test_nothing_counts_that_was_not_done(left_out: str) -> None:
    assert not rules.is_complete(rules.reached(facts(*(act for act in WHOLE if act[0] != left_out))))


def test_settling_or_talking_without_a_check_of_who_speaks_is_neither_talk_nor_check() -> None:
    unchecked = rules.reached(facts(*((kind, side, False) for kind, side, _ in WHOLE)))
    assert set(Step) - set(unchecked) == {Step.CHECKED, Step.CONNECTED}


@given(st.integers(0, 60))
def test_practices_lie_apart_within_the_region_until_there_is_no_room(many: int) -> None:
    region, taken = (Box(-77.6, 37.8, -74.9, 39.8),), []
    for _ in range(many):
        place = rules.free_place(region, taken)
        if place is None:
            assert len(taken) >= 40
            return
        assert all(max(abs(place[0] - x), abs(place[1] - y)) >= rules.APART for x, y in taken)
        assert region[0].min_lon < place[0] < region[0].max_lon
        taken.append(place)


@pytest.mark.slow
@pytest.mark.django_db
def test_one_practice_from_its_start_to_its_end(people: Any, login: Any, now: datetime) -> None:
    carol, cleo = login("carol"), make_user("cleo", "Cleo Cross", people.bay_county, "watch_desk")
    assert "Practise" in carol.get("/desk/").content.decode()
    page = carol.post("/practice/start/", follow=True).content.decode()
    assert "<title>EXERCISE" in page
    assert "0 of 15 min" in page
    conflict = Conflict.objects.get()
    # Nobody but the player is told, by no telephone, and the desk's screen counts nothing of it.
    assert set(Notice.objects.values_list("recipient__username", flat=True)) == {"carol"}
    assert all(one.body.startswith("EXERCISE: ") for one in Notice.objects.all())
    assert not Delivery.objects.exists()
    actor = people.actor("carol")
    assert (queue.queue(actor, now), queries.waiting_conflicts(actor, now)) == ((), 0)
    assert screens.look_after_desk(WORKER, now) is Watch.CLOSED
    assert len(queue.rehearsed(actor, now)) == 1
    people.users["cleo"] = cleo
    assert queue.rehearsed(people.actor("cleo"), now) == ()
    assert "No conflict is open" in (desk := carol.get("/desk/").content.decode())
    assert "EXERCISE, not live" in desk
    conflicts = carol.get("/conflicts/").content.decode()
    assert "None waits for a call." in conflicts
    assert "EXERCISE Harbor Falls" in conflicts

    address, (a, b) = f"/desk/{conflict.pk}/", Practice.objects.values_list("operation_a", "operation_b").get()
    carol.post(f"{address}take/")
    call = {"name": "Det. Robin Example", "side": str(a), "identity_check": "called_back", "result": "answered"}
    desk = carol.post(f"{address}called/", call, follow=True).content.decode()
    assert "Det. Robin Example: “Yes, that is ours." in desk
    carol.post(f"{address}called/", call | {"name": "Dep. Alex Specimen", "side": str(b)})
    carol.post(f"{address}called/", call | {"result": "connected", "other": "Dep. Alex Specimen"})
    carol.post(f"{address}note/", {"note": "Pine Ridge waits."})
    assert "Stop here" in carol.get("/practice/").content.decode()
    settled = carol.post(f"/conflicts/{conflict.pk}/resolve/", {"outcome": "delay"}, follow=True).content.decode()
    assert "EXERCISE: back to the practice" in settled
    assert ">Finish<" in carol.get("/practice/").content.decode()
    assert papers.shift_report(actor, now - MINUTE, clock.now() + MINUTE).lines == ()
    done = carol.post("/practice/end/", follow=True).content.decode()
    assert "Completed" in done
    practice = Practice.objects.get()
    assert (practice.is_complete, set(practice.steps)) == (True, set(Step))
    assert set(Operation.objects.values_list("status", flat=True)) == {"cancelled"}
    assert carol.post("/practice/end/").status_code == 404
    # An administrator of the agency reads who has practised; the other agency's does not.
    for name, agency in (("ada", people.port_calvert), ("max", people.bay_county)):
        people.users[name] = make_user(name, name.title(), agency, "agency_admin")
    assert "Carol Cole" in login("ada").get("/practice/").content.decode()
    assert "Carol Cole" not in login("max").get("/practice/").content.decode()
    assert Delivery.objects.count() == 0


@pytest.mark.db
@pytest.mark.django_db
def test_several_practise_apart_and_what_is_left_is_ended_and_purged(people: Any, now: datetime) -> None:
    carol = people.actor("carol")
    people.users["cleo"] = make_user("cleo", "Cleo Cross", people.bay_county, "watch_desk")
    first, second = practices.begin(carol, now), practices.begin(people.actor("cleo"), now)
    assert Conflict.objects.count() == 2, "each meets its own and nobody else's"
    register(people, "alice", now)
    assert Conflict.objects.count() == 2
    with pytest.raises(Invalid):
        practices.begin(carol, now)
    with pytest.raises(Refused):
        practices.begin(people.actor("alice"), now)
    with pytest.raises(NotFound):
        practices.finish(people.actor("cleo"), first.pk, now)
    practices.end_forgotten(WORKER, now + rules.LONGEST - MINUTE)
    assert not Practice.objects.exclude(ended_at=None).exists()
    practices.end_forgotten(WORKER, now + rules.LONGEST)
    assert not Practice.objects.filter(ended_at=None).exists()
    second.refresh_from_db()
    assert (second.is_complete, second.steps) == (False, {})
    purge.purge(WORKER, now + timedelta(days=800))
    assert not Operation.objects.filter(mode="exercise").exists()
    assert Practice.objects.count() == 2
