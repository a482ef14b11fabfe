"""The patterns as pages: what is counted, what is narrowed to, what stands nowhere."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from vigil.apps.near_miss.models import Lesson

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def publish(n: int, call_type: str = "traffic", **fields: Any) -> list[Lesson]:
    fields = {"title": "A stop", "text": "A stop.", "lessons": "Wait.", "published_on": date(2026, 8, 3)} | fields
    fields = {"factors": ["light", "search_missed"], "primary": "light", "time_band": "0001-0600"} | fields
    return Lesson.objects.bulk_create(Lesson(call_type=call_type, **fields) for _ in range(n))


def test_the_patterns_of_lessons(people: Any, now: Any) -> None:
    reader = Client()
    reader.force_login(people.user("dave"))

    def page(group: str = "") -> str:
        answer = reader.get("/near-miss/patterns/", {"group": group})
        return " ".join(answer.content.decode().split()) if answer.status_code == 200 else ""

    assert "As soon as a quarter is over" in page()
    publish(12, scene={"worst": ["fatal"], "subject": ["armed"]})
    publish(7, "alarm", scene={"worst": ["minor"]}, published_on=date(2026, 5, 3), factors=["animals", "skill"])
    publish(3, "ambush", scene={"worst": ["lasting"]})
    publish(2, "training", published_on=date(2026, 11, 3))  # of a quarter that is not over
    whole = page()
    assert "All kinds of call: 22 lessons published up to 2026-09-30." in whole
    assert "Contributing factors: most often Search missed something, 15 of 22" in whole
    assert "<h1>Patterns of near misses</h1>" in whole  # light and search, named by as many
    assert "<h1>Animals: named most often" not in page("alarm")
    for told in ("2026-Q2", "Other kinds of call, few each (10)", "Alarm call; Ambush", "Lasting injury"):
        assert told in whole, told
    assert '15</td><td class="number">[8.4, 24.7]' in whole  # the trend, with its interval
    lines = reader.get("/near-miss/patterns/csv/").content.decode().splitlines()
    told = {tuple(line.split(",")[:3]): line.split(",")[3:] for line in lines}
    assert told["traffic", "worst", "fatal"][:3] == ["yes", "12", "12"]
    assert told["all", "quarter", "2026-Q3"] == ["yes", "15", "22", "8.3954", "24.7402"]
    assert told["others", "worst", "lasting"] == ["no", "", "10", "", ""]
    assert told["all", "subject", "armed"][:2] == ["yes", "12"]
    assert page("traffic").count("12</td><td") >= 3
    assert "Training" not in page("traffic")
    assert page("training") == page("ambush") == ""  # hidden and missing look the same
