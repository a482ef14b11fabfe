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


def it_is_changed_until_it_ends(at_work: Reviewing, own: str, fields: dict[str, Any], now: Any) -> None:
    """Text, owner and day; by who may recommend; who was overtaken sees both and saves one; the trail has each."""
    bob, edit = at_work.clients["bob"], f"{own}edit/"
    assert at_work.clients["alice"].get(edit).status_code == 403
    assert edit in bob.get(own).content.decode()
    assert edit not in at_work.clients["alice"].get(own).content.decode()
    page = bob.get(edit).content.decode()
    for stands in (f"{WORDS}</textarea>", fields["due_on"], f'value="{fields["owner"]}" selected'):
        assert stands in page
    carol = at_work.people.user("carol")
    later = fields | {"owner": carol.pk, "due_on": (now + timedelta(days=7)).date().isoformat(), "revision": 0}
    refused = bob.post(edit, later | {"text": "", "due_on": "2020-01-01"})
    assert refused.status_code == 422
    assert "This day is over" in refused.content.decode()
    assert bob.post(edit, later | {"text": f"{WORDS} Soon."}).status_code == 302
    assert Notice.objects.filter(recipient=carol, kind="near_miss.recommendation").count() == 1
    overtaken = bob.post(edit, fields | {"text": "Other words.", "revision": 0})
    assert overtaken.status_code == 409
    page = overtaken.content.decode()
    for said in (f"{WORDS} Soon.", "Other words.</textarea>", 'name="revision" value="1"', "Save mine over theirs"):
        assert said in page
    with clock.fixed(now + timedelta(days=8)):
        again = at_work.browser("bob").post(edit, fields | {"revision": 1})
        assert again.status_code == 302, "a day that is over stays"
    at_work.browser("bob")
    changes = AuditRecord.objects.filter(verb="near_miss.recommendation.edit", outcome="done").order_by("pk")
    assert [one.object_ids["owner"] for one in changes] == [str(carol.pk), str(fields["owner"])]
    assert WORDS not in str(list(changes.values()))


@pytest.mark.slow
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
    it_is_changed_until_it_ends(at_work, own, fields, now)
    assert "Overdue" not in bob.get("/near-miss/recommendations/").content.decode()
    with clock.fixed(now + timedelta(days=8)):
        assert "Overdue" in at_work.browser("carol").get("/near-miss/recommendations/").content.decode()
    at_work.browser("carol")

    assert "Nothing waits" in at_work.clients["alice"].get(OUTCOMES).content.decode()
    assert at_work.clients["alice"].post(own, {"outcome": "in_part"}).status_code == 422
    half = {"outcome": "in_part", "reason": "Half of the cars have one."}
    assert at_work.clients["alice"].post(own, half).status_code == 302
    late = bob.post(own, {"outcome": "done", "reason": "I saw them all."})
    assert late.status_code == 409
    for said in ("I saw them all.</textarea>", "Half of the cars have one."):
        assert said in late.content.decode()
    late = bob.post(f"{own}edit/", fields | {"revision": 2})
    assert late.status_code == 409
    assert "Copy what you need" in late.content.decode()
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
    again = bob.post(OUTCOMES, told | {"text": "Told again."})
    assert again.status_code == 409
    assert "Told again.</textarea>" in again.content.decode(), "nothing typed is lost"
    assert "Nothing waits" in at_work.clients["alice"].get(OUTCOMES).content.decode()

    # Rows and trail lead from the lesson to no report.
    assert str(lesson.pk).encode() not in bytes(Origin.objects.get().content)
    telling = AuditRecord.objects.filter(verb="near_miss.report.tell", outcome="done").get()
    assert telling.object_ids == {"report": str(UUID(int=at_work.report.pk))}

    drop.withdraw(at_work.report)
    jobs.purge(now)
    assert not Origin.objects.exists()
