"""Long lists of near misses are read page by page, with as many queries as short ones."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from tests.apps.near_miss.test_review import Reviewing, at_work, quick

from vigil.apps.near_miss import leaves
from vigil.apps.near_miss.models import CaseStudy, Encounter, Lesson, Recommendation, Review
from vigil.platform.accounts.models import Membership

__all__ = ["at_work", "quick"]
pytestmark = [pytest.mark.db, pytest.mark.django_db(databases=["default", "door"])]
DAY = date(2026, 11, 20)
LISTS = (
    ("/near-miss/cases/", "page"),
    ("/near-miss/encounters/", "page"),
    ("/near-miss/recommendations/", "open"),
    ("/near-miss/recommendations/", "ended"),
)


@pytest.mark.slow
def test_every_list_has_pages(at_work: Reviewing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaves, "A_PAGE", 4)
    bob, user = at_work.clients["bob"], at_work.people.user("bob")
    agency = Membership.objects.filter(user=user).values_list("agency_id", flat=True)[0]
    lesson = Lesson.objects.create(
        title="Lamps", text="Dark.", lessons="Light.", factors=[], primary="", published_on=DAY
    )

    def fill(numbers: range) -> None:
        for n in numbers:
            name = f"Number {n:02}"
            about = {"agency_id": agency, "text": name, "lesson": lesson, "due_on": DAY, "office": "Fleet"}
            Recommendation.objects.create(**about)
            Recommendation.objects.create(**about, outcome="done", ended_on=DAY)
            Encounter.objects.create(
                agency_id=agency, author=user, title=name, saved_on=DAY, report=n if n % 2 else None
            )
            CaseStudy.objects.create(title=name, primary="light", published_on=DAY)

    def seen(address: str, field: str, number: str) -> tuple[str, int]:
        with (
            CaptureQueriesContext(connections["default"]) as asked,
            CaptureQueriesContext(connections["door"]) as at_door,
        ):
            page = bob.get(address, {field: number}).content.decode()
        return page, len(asked) + len(at_door)

    fill(range(1, 2))
    seen("/near-miss/cases/", "page", "1")  # the first request of all asks for what is remembered then
    few = {(address, field): seen(address, field, "1")[1] for address, field in LISTS}
    fill(range(2, 10))
    Review.objects.create(report=9, state="published")
    for address, field in LISTS:
        pages = [seen(address, field, number) for number in ("1", "2", "99")]
        assert [f"Page {number} of 3" in page for number, (page, _) in enumerate(pages, 1)] == [True] * 3, address
        assert pages[0][1] == few[address, field], address
        names = [set(re.findall(r"Number \d\d", page)) for page, _ in pages]
        assert set.union(*names) == {f"Number {n:02}" for n in range(1, 10)}, address
    states = seen("/near-miss/encounters/", "page", "1")[0]
    assert ("Published" in states, "In review" in states, "Draft" in states) == (True, True, True)
