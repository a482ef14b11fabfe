"""Led exercises: one from its plan to its report through the pages, what it never touches, and who may do what."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.apps.deconfliction.test_actions import register
from tests.conftest import make_user

from vigil.apps.deconfliction import queries
from vigil.apps.deconfliction.alarms import lifecycle, queue
from vigil.apps.deconfliction.alarms.lifecycle import Talk
from vigil.apps.deconfliction.led import evaluating, planning, rules, running
from vigil.apps.deconfliction.models import Conflict, Exercise, Inject, Operation
from vigil.apps.deconfliction.past import purge
from vigil.core.actor import system
from vigil.core.errors import Invalid, NotFound, Refused
from vigil.platform import clock
from vigil.platform.delivery.models import Delivery
from vigil.platform.notices.models import Notice

MINUTE = timedelta(minutes=1)
WORKER = system("worker")


@pytest.fixture
def cast(people: Any) -> Any:
    """Carol controls, Sam evaluates, Cleo plays, Desmond of the desk has nothing to do with it."""
    for name, full, role in (("cleo", "Cleo Cross", "watch_desk"), ("desmond", "Desmond Day", "watch_desk")):
        people.users[name] = make_user(name, full, people.bay_county, role)
    people.users["sam"] = make_user("sam", "Sam Stone", people.port_calvert, "supervisor")
    return people


def planned(cast: Any, now: datetime) -> Exercise:
    carol = cast.actor("carol")
    exercise = planning.plan_exercise(carol, "friday", now)
    planning.name_person(carol, exercise.pk, cast.user("cleo").pk, "player")
    planning.name_person(carol, exercise.pk, cast.user("sam").pk, "evaluator")
    return exercise


@pytest.mark.django_db
def test_one_exercise_from_its_plan_to_its_report(cast: Any, login: Any, now: datetime, settings: Any) -> None:
    carol, cleo, sam = login("carol"), login("cleo"), login("sam")
    address = carol.post("/exercises/new/", {"scenario": "friday"})["Location"]
    page = carol.get(address).content.decode()
    assert "<title>EXERCISE" in page
    assert "Nobody plays yet" in page
