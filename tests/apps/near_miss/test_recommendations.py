"""What an agency does about a lesson, and how its outcome comes back to the reporter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.apps.near_miss.test_review import Reviewing, at_work, quick

from vigil.apps.near_miss import jobs
from vigil.apps.near_miss.models import Lesson, Origin, Recommendation, Seat
from vigil.door import drop
from vigil.door.models import Kind
from vigil.platform import clock
from vigil.platform.audit.models import AuditRecord
from vigil.platform.notices.models import Notice

__all__ = ["at_work", "quick"]
pytestmark = [pytest.mark.db, pytest.mark.django_db(databases=["default", "door"])]
WORDS = "Buy lamps for the search of cars."
OUTCOMES = "/near-miss/review/outcomes/"


def test_from_the_recommendation_to_the_reporter(at_work: Reviewing, now: Any) -> None:
    at_work.to("published")
    lesson, alice, bob = Lesson.objects.get(), at_work.people.user("alice"), at_work.clients["bob"]
    address = f"/near-miss/lessons/{lesson.pk}/"
    refused = bob.post(f"{address}recommend/", {"text": WORDS, "office": "Fleet", "owner": alice.pk, "due_on": "soon"})
    assert refused.status_code == 422
    for said in (WORDS, "one of the two", "Give the day"):
        assert said in refused.content.decode()
    fields = {"text": WORDS, "owner": alice.pk, "due_on": (now + timedelta(days=7)).date().isoformat()}
    stranger = {"owner": at_work.people.user("dave").pk}
    assert bob.post(f"{address}recommend/", fields | stranger).status_code == 422
    assert bob.post(f"{address}recommend/", fields).status_code == 302
    row = Recommendation.objects.get()
    told = Notice.objects.get(recipient=alice, kind="near_miss.recommendation")
    assert told.object_ids == {"page": "near_miss:recommendations"}

    # Its agency reads it, in the lesson and in the list; others know of nothing.
    own, dave = f"/near-miss/recommendations/{row.pk}/", at_work.browser("dave")
    for page in (address, "/near-miss/recommendations/", own):
        assert WORDS in at_work.clients["alice"].get(page).content.decode()
        assert WORDS not in dave.get(page).content.decode()
    assert dave.get(own).status_code == dave.post(own, {"outcome": "done"}).status_code == 404
    assert "Overdue" not in bob.get("/near-miss/recommendations/").content.decode()
    with clock.fixed(now + timedelta(days=8)):
        assert "Overdue" in at_work.browser("carol").get("/near-miss/recommendations/").content.decode()
    at_work.browser("carol")

    assert "Nothing waits" in at_work.clients["alice"].get(OUTCOMES).content.decode()
    assert at_work.clients["alice"].post(own, {"outcome": "in_part"}).status_code == 422
    half = {"outcome": "in_part", "reason": "Half of the cars have one."}
    assert at_work.clients["alice"].post(own, half).status_code == 302
    assert bob.post(own, {"outcome": "done"}).status_code == 409
    assert "Done in part" in bob.get(address).content.decode()

    waiting = bob.get(OUTCOMES).content.decode()
    assert f"It was recommended: {WORDS}\nIt was done in part.\nHalf of the cars have one." in waiting
    carol, passphrase = at_work.clients["carol"], "lamp heron gravel tide"
    carol.post("/near-miss/review/key/", {"new": passphrase, "again": passphrase})
    at_work.confirm("carol", "alice")
    at_work.unlock("carol", passphrase)
    assert "Nothing waits" in carol.get(OUTCOMES).content.decode()
    bob.post(f"/near-miss/review/let-read/{Seat.objects.get(user=at_work.people.user('carol')).pk}/")
    assert WORDS in carol.get(OUTCOMES).content.decode()
    told = {"report": UUID(int=at_work.report.pk), "recommendation": row.pk}
    assert bob.post(OUTCOMES, told | {"text": " "}).status_code == 422
    assert bob.post(OUTCOMES, told | {"text": "Half of the cars have lamps now."}).status_code == 302
    assert at_work.told()[-1] == (Kind.DONE, "Half of the cars have lamps now.")
    assert bob.post(OUTCOMES, told | {"text": "Again."}).status_code == 409
    assert "Nothing waits" in at_work.clients["alice"].get(OUTCOMES).content.decode()

    # Rows and trail lead from the lesson to no report.
    assert str(lesson.pk).encode() not in bytes(Origin.objects.get().content)
    telling = AuditRecord.objects.filter(verb="near_miss.report.tell", outcome="done").get()
    assert telling.object_ids == {"report": str(UUID(int=at_work.report.pk))}

    drop.withdraw(at_work.report)
    jobs.purge(now)
    assert not Origin.objects.exists()
