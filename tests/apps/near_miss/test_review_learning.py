"""In the review: lessons like the report and links to them, too few that say the same, a reviewer of the own agency."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.apps.near_miss.test_learning_pages import publish
from tests.apps.near_miss.test_review import CANARY, Reviewing, everything, quick

from vigil.apps.near_miss import jobs
from vigil.apps.near_miss.learning import likeness
from vigil.apps.near_miss.models import Lesson, Review
from vigil.apps.near_miss.review import actions
from vigil.core.errors import Invalid
from vigil.door import drop
from vigil.door.founding import found
from vigil.platform.accounts.models import Membership
from vigil.platform.audit.models import AuditRecord

pytestmark = [pytest.mark.db, pytest.mark.django_db(databases=["default", "door"])]
__all__ = ["quick"]
SIZE = "10-49"


@pytest.mark.slow
def test_a_report_is_linked_to_lessons_like_it_and_says_no_more_than_enough_others(people: Any, now: Any) -> None:
    (knife,) = publish(
        1, title="A blade by the seat", text="The driver had a knife. We stopped a car.", month="2026-05"
    )
    (other,) = publish(1, "alarm", title="Ice on the bridge", text="The cruiser slid.", time_band="1801-2400")
    at_work = Reviewing(people, worst="fatal", hazard="knife", role="patrol")
    page = at_work.page("alice")
    assert "Published lessons like this one" in page
    assert ("A blade by the seat" in page, "Ice on the bridge" in page) == (True, False)
    assert "both say: car, driver, knife, seat, stopped" in page
    assert CANARY.lower() not in repr(vars(likeness._index)).lower()  # the report asked, and is not in the index
    at_work.to("agreed")
    coded = {"title": "Knife under the seat", "lessons": "Look.", "factor": ["light"], "primary": "light"}
    for link, wrong in (("nonsense", "no address of a lesson"), (str(UUID(int=7)), "no lesson at this address")):
        posted = {"go": "code", "revision": 3, "linked": [str(knife.pk)], "link": link} | coded
        answer = at_work.clients["alice"].post(at_work.address, posted)
        assert answer.status_code == 422
        assert wrong in answer.content.decode()
        assert f'value="{knife.pk}" checked' in answer.content.decode()
    link = f"https://vigil.example/near-miss/lessons/{other.pk}/"
    assert at_work.do("alice", "code", linked=[str(knife.pk)], link=link, **coded) == 302

    page = at_work.page("bob")
    assert "With this one, 1 lesson says: Traffic stop or pursuit, Evening, 18:01 to 24:00, 2026-11." in page
    assert "Month: without it 1 lesson says the same" in page
    assert at_work.do("bob", "publish") == 422
    publish(4, month="2026-10", time_band="1801-2400")
    assert "Month: without it 5 lessons say the same" in at_work.page("bob")
    assert at_work.do("bob", "publish", leave_out=["month"]) == 302  # five: no reason needed
    lesson = Lesson.objects.get(title="Knife under the seat")
    assert (lesson.month, lesson.call_type, lesson.time_band) == ("", "traffic", "1801-2400")
    assert lesson.scene == {"worst": ["fatal"], "hazard": ["knife"]}  # the event; nothing of the reporter
    reader = at_work.browser("dave")
    linked = reader.get(f"/near-miss/lessons/{lesson.pk}/").content.decode().split("Linked by the reviewers")[1]
    assert "Ice on the bridge" in linked
    assert "Knife under the seat" in reader.get(f"/near-miss/lessons/{other.pk}/").content.decode()
    assert CANARY not in everything()


def test_the_door_is_told_how_many_lessons_say_the_same_and_of_none_that_are_few(now: Any) -> None:
    jobs.count(now)  # without a door nothing is told
    found("Bay region near miss", "Bay", ["Port Calvert Police"])
    night, morning, evening = "0001-0600", "0601-1200", "1801-2400"
    told = {("traffic", night): 12, ("traffic", evening): 6, ("alarm", night): 8, ("alarm", morning): 7}
    for (call, band), n in told.items():
        publish(n, call, time_band=band)
    publish(3, "robbery", time_band=evening)
    publish(2, "custody", time_band=evening)
    publish(9, "training", published_on=date(2026, 11, 3))  # of a quarter that is not over
    jobs.count(now)
    jobs.count(now)
    assert drop.sharing() == told
    assert AuditRecord.objects.filter(verb="near_miss.sharing.write").count() == 1
    publish(3, "alarm", time_band=evening)
    jobs.count(now)
    assert drop.sharing() == told  # three are too few to be counted
    publish(2, "alarm", time_band=morning)
    jobs.count(now)
    shown = drop.sharing()
    assert ("alarm", evening) not in shown  # the 3, and by what it could be worked out
    assert {said for said in shown if said[0] == "alarm"} < {("alarm", night), ("alarm", morning)}
    Lesson.objects.all().delete()
    jobs.count(now)
    assert drop.sharing() == {}


@pytest.mark.slow
def test_a_reviewer_of_an_agency_of_the_size_keeps_away_while_two_others_are_there(people: Any, now: Any) -> None:
    at_work = Reviewing(people, agency_size=SIZE)
    admin, port, bay = at_work.clients["erin"], people.port_calvert, people.bay_county

    def told(name: str) -> str:
        assert at_work.page(name) == ""
        return at_work.clients[name].get("/near-miss/review/").content.decode()

    def say(agency: Any, band: str) -> int:
        return admin.post("/near-miss/reviewers/", {"agency": agency.pk, "band": band}).status_code

    assert "nobody has said it of yours" in told("alice"), "what is missing is no yes"
    assert "size not said" in at_work.clients["bob"].get("/near-miss/review/who/").content.decode()
    assert say(bay, SIZE) == 404, "no reviewer serves there"
    assert say(port, "a few") == 404
    assert say(port, SIZE) == 302
    assert CANARY in at_work.page("alice"), "all are of such an agency: better read than lost"
    for name in ("bob", "carol"):
        people.user(name).memberships.update(agency=bay)
    assert "nobody has said it of yours" in told("bob")
    own = "This may come from your own agency: other reviewers take it."
    assert own in told("alice"), "it can be said, and then they take it"
    assert say(bay, SIZE) == 302
    assert CANARY in at_work.page("alice")
    assert say(bay, "50-249") == 302
    assert own in told("alice")
    assert CANARY in at_work.page("bob")
    # Who is lent to an agency of the size as well keeps away too; then a review takes those of the agency.
    for name in ("bob", "carol"):
        Membership.objects.create(user=people.user(name), agency=port, role="officer", ends_at=now + timedelta(days=9))
    assert CANARY in at_work.page("alice")
    Membership.objects.filter(ends_at__isnull=False).update(ends_at=now)
    assert own in told("alice")

    alice, report, key = people.actor("alice"), UUID(int=at_work.report.pk), at_work.reader("alice")
    before = AuditRecord.objects.count()
    with pytest.raises(Invalid):
        actions.triage(alice, report, 0, key, False, "Known.")
    with pytest.raises(Invalid):
        actions.tell(alice, report, key, "Done.", now.date())
    assert at_work.do("alice", "triage", alert="no", reason="Known.") == 302
    assert not Review.objects.exists()
    # What is refused says the band: the trail has nothing of it.
    assert AuditRecord.objects.count() == before
    assert at_work.do("bob", "triage", alert="no", reason="Known.") == 302
    assert SIZE not in json.dumps(list(AuditRecord.objects.values_list("object_ids", flat=True)))
