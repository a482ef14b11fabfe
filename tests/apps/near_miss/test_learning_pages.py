"""The patterns as pages: what is counted, what is narrowed to, what stands nowhere."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from vigil.apps.near_miss.learning import batches
from vigil.apps.near_miss.models import Lesson
from vigil.platform.audit.models import AuditRecord

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
    publish(4, "robbery", published_on=date(2026, 8, 9))
    assert "As soon as a quarter is over" in page(), "nothing is counted that was not counted in a batch"
    batches.count_new(now.date())
    batches.count_new(now.date())
    whole = page()
    assert "All kinds of call: 26 lessons published up to 2026-09-30. 2 lessons are not counted yet:" in whole
    assert "Contributing factors: most often Search missed something, 19 of 26" in whole
    assert "<h1>Patterns of near misses</h1>" in whole  # light and search, named by as many
    assert "<h1>Animals: named most often" not in page("alarm")
    for told in ("2026-Q2", "Other kinds of call, few each (7)", "Ambush; Robbery in progress", "Lasting injury"):
        assert told in whole, told
    assert '19</td><td class="number">[11.4, 29.7]' in whole  # the trend, with its interval
    lines = reader.get("/near-miss/patterns/csv/").content.decode().splitlines()
    told = {tuple(line.split(",")[:3]): line.split(",")[3:] for line in lines}
    assert told["traffic", "worst", "fatal"][:3] == ["yes", "12", "12"]
    assert told["all", "quarter", "2026-Q3"] == ["yes", "19", "26", "11.4392", "29.6709"]
    assert told["others", "worst", "lasting"] == ["no", "", "7", "", ""]
    assert told["all", "subject", "armed"][:2] == ["yes", "12"]
    assert page("traffic").count("12</td><td") >= 3
    assert "Training" not in page("traffic")
    assert page("training") == page("ambush") == ""  # hidden and missing look the same

    # New ones change what is shown once enough of their kind are there, and then as one; what is gone takes its batch.
    publish(4, "traffic", published_on=date(2026, 11, 3))
    later = date(2027, 1, 2)
    batches.count_new(later)
    assert "26 lessons published up to 2026-09-30. 6 lessons are not counted yet" in page()
    publish(1, "traffic", published_on=date(2026, 12, 30))
    batches.count_new(later)
    assert "31 lessons published up to 2026-12-31. 2 lessons are not counted yet" in page()
    assert AuditRecord.objects.filter(verb="near_miss.batch.count").count() == 2
    Lesson.objects.filter(published_on=date(2026, 12, 30)).delete()
    assert "26 lessons published up to 2026-09-30." in page()
    batches.count_new(later)
    assert "26 lessons published up to 2026-09-30." in page()
