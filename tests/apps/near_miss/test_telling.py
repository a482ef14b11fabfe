"""Alerts, and subscribers told at fixed hours that there is something to read, and of nothing in it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from tests.apps.near_miss.test_leaving import lesson
from tests.apps.near_miss.test_review import Reviewing, at_work, everything, quick
from tests.platform import carriers

from vigil.apps.near_miss import jobs
from vigil.apps.near_miss.models import Alert, AlertDraft, Announcement, Lesson, Recommendation, Review, Seat
from vigil.apps.near_miss.review import alerts
from vigil.platform import clock, keys
from vigil.platform.accounts.models import Membership
from vigil.platform.audit.models import AuditRecord
from vigil.platform.delivery import addresses
from vigil.platform.delivery.models import Channel, Delivery, PersonalWay
from vigil.platform.delivery.personal import WAY
from vigil.platform.notices.models import Notice

__all__ = ["at_work", "quick"]
DRAFT = "A charger of radios burns. Quillfeather would know."
TEXT = "Two chargers of portable radios caught fire this month. Do not charge one on cloth."
SUBSCRIPTION = "/near-miss/subscription/"


def told(name: str, people: Any) -> list[str]:
    return list(
        Notice.objects.filter(recipient=people.user(name)).order_by("created_at").values_list("body", flat=True)
    )


def waiting(people: Any) -> dict[str, list[str]]:
    """Whom notices told, and what, that an alert waits."""
    every = {name: told(name, people) for name in ("alice", "bob", "carol", "dave")}
    found = {name: [one for one in said if "alert" in one] for name, said in every.items()}
    return {name: said for name, said in found.items() if said}


@pytest.mark.slow
@pytest.mark.db
@pytest.mark.django_db(databases=["default", "door"])
def test_an_alert_is_released_by_another_and_goes_out_at_a_fixed_hour(at_work: Reviewing, now: Any) -> None:
    dave = at_work.browser("dave")
    assert at_work.do("alice", "alert", text=TEXT) == 409  # nothing before triage
    assert at_work.do("alice", "triage", alert="yes", reason="It burns again.") == 302
    waits = "An alert of the near misses waits for another reviewer. Open Review."
    assert waiting(at_work.people) == {"bob": [waits], "carol": [waits]}, "at once, and not who triaged it"
    assert at_work.do("alice", "alert", revision=0, text=" ") == 422
    assert at_work.do("alice", "alert", revision=0, text=DRAFT) == 302
    assert waiting(at_work.people) == {"bob": [waits] * 2, "carol": [waits] * 2}
    assert {one.object_ids["page"] for one in Notice.objects.filter(kind="near_miss.alert_waits")} == {
        "near_miss:queue"
    }
    assert "This may still point at somebody" in at_work.page("bob")
    assert at_work.do("bob", "alert", revision=1, text=TEXT) == 302
    assert at_work.do("alice", "release", revision=1) == 409  # what Alice saw is not what stands there now
    assert at_work.do("bob", "release", revision=2) == 422
    with pytest.raises(IntegrityError), transaction.atomic():
        AlertDraft.objects.update(released_by=AlertDraft.objects.get().written_by)
    assert TEXT not in everything()  # sealed until it is released
    assert at_work.do("alice", "release", revision=2) == 302
    assert at_work.do("bob", "alert", revision=2, text="One more.") == 409

    alert = Alert.objects.get()
    assert (alert.text, alert.goes_out_at) == (TEXT, datetime(2026, 11, 24, 18, tzinfo=UTC))
    assert str(alert.pk) not in str(list(AuditRecord.objects.values()))
    assert TEXT not in dave.get("/near-miss/").content.decode()
    with clock.fixed(alert.goes_out_at):
        assert TEXT in at_work.browser("dave").get("/near-miss/").content.decode()
    at_work.to("triaged")
    at_work.do("alice", "close", reason="The alert says it.")
    jobs.purge(now + timedelta(days=31))
    assert not AlertDraft.objects.exists()
    assert Review.objects.get().is_alert


@pytest.mark.db
@pytest.mark.django_db
def test_subscribers_are_told_once_at_fixed_hours_and_of_nothing_in_it(
    people: Any, login: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    carriers.install(monkeypatch, Channel.EMAIL)
    for name, topics in (("alice", ["alerts", "lessons", "digest"]), ("bob", ["lessons"]), ("carol", ["digest"])):
        assert login(name).post(SUBSCRIPTION, {"topic": topics}).status_code == 302
    assert login("bob").post(SUBSCRIPTION, {"topic": ["lessons", "no such"]}).status_code == 302
    assert 'value="lessons" checked' in login("bob").get(SUBSCRIPTION).content.decode()
    PersonalWay.objects.create(
        user=people.user("alice"),
        channel=Channel.EMAIL,
        address=keys.encrypt("alice@agency.gov", WAY),
        same="x",
        for_other=True,
        created_at=clock.now(),
        confirmed_at=clock.now(),
    )
    Membership.objects.filter(user=people.user("carol")).update(active=False)
    Alert.objects.create(text=TEXT, goes_out_at=datetime(2026, 11, 30, 18, tzinfo=UTC))
    Lesson.objects.filter(pk=lesson("Doors", "alarm").pk).update(published_on=date(2026, 11, 30))

    jobs.tell(datetime(2026, 11, 30, 17, 59, tzinfo=UTC))
    assert told("alice", people) == []
    for minutes in (0, 5):
        jobs.tell(datetime(2026, 11, 30, 18, minutes, tzinfo=UTC))
    assert told("alice", people) == ["An alert of the near misses is out. Open Near misses."]
    jobs.tell(datetime(2026, 12, 1, 11, 59, tzinfo=UTC))
    assert told("bob", people) == []
    for minutes in (0, 5):
        jobs.tell(datetime(2026, 12, 1, 12, minutes, tzinfo=UTC))
    assert told("bob", people) == ["A new lesson is in the library of near misses."]
    assert len(told("alice", people)) == Delivery.objects.count() == Announcement.objects.count() == 3
    assert told("carol", people) == told("dave", people) == []
    assert {addresses.opened(one)[0] for one in Delivery.objects.all()} == {"alice@agency.gov"}
    jobs.tell(datetime(2027, 1, 1, 12, tzinfo=UTC))
    assert Announcement.objects.filter(key="near_miss.digest:2026-12").count() == 0  # nothing to read


@pytest.mark.db
@pytest.mark.django_db
def test_owners_are_told_what_is_overdue_reviewers_what_to_tell_and_the_menu_counts(people: Any, login: Any) -> None:
    about, day = lesson("Doors", "alarm"), date(2026, 11, 26)
    for owner, office in ((people.user("alice"), ""), (None, "Fleet")):
        Recommendation.objects.create(
            lesson=about, agency=people.port_calvert, text="Lamps", owner=owner, office=office, due_on=day
        )
    Recommendation.objects.create(
        lesson=about, agency=people.port_calvert, text="Locks", office="Fleet", due_on=day, outcome="done", ended_on=day
    )
    Seat.objects.create(user=people.user("dave"), number=7)
    jobs.tell(datetime(2026, 11, 27, 11, 59, tzinfo=UTC))
    assert Notice.objects.count() == 0
    jobs.tell(datetime(2026, 11, 27, 12, tzinfo=UTC))
    overdue = ["A recommendation about a near miss is overdue. Open Recommendations."]
    assert told("alice", people) == told("bob", people) == told("carol", people) == overdue
    assert told("dave", people) == ["An outcome waits to be told to a reporter. Open Review."]
    dave, badge = login("dave"), '<span class="badge"'
    assert badge in dave.get("/near-miss/digest/").content.decode()
    dave.get("/near-miss/")
    assert badge not in dave.get("/near-miss/digest/").content.decode()


@pytest.mark.db
@pytest.mark.django_db
def test_a_digest_is_of_a_month_that_is_over(people: Any, login: Any) -> None:
    lesson("Doors at night", "alarm")
    Alert.objects.create(text=TEXT, goes_out_at=datetime(2026, 11, 30, 18, tzinfo=UTC))
    with clock.fixed(datetime(2026, 11, 30, 23, tzinfo=UTC)):
        dave = login("dave")
        assert "2026-11" not in dave.get("/near-miss/digest/").content.decode()
        assert dave.get("/near-miss/digest/2026-11/").status_code == 404
    with clock.fixed(datetime(2026, 12, 1, 0, tzinfo=UTC)):
        dave = login("dave")
        assert "/near-miss/digest/2026-11/" in dave.get("/near-miss/digest/").content.decode()
        page = dave.get("/near-miss/digest/2026-11/").content.decode()
        for said in ("Doors at night", "Say where you stand.", TEXT):
            assert said in page
        for month in ("2026-12", "2026-10", "2026-13", "x"):
            assert dave.get(f"/near-miss/digest/{month}/").status_code == 404


def test_the_next_fixed_hour_is_one_of_four() -> None:
    day = datetime(2026, 11, 24, tzinfo=UTC)
    for hour, minute, after in ((0, 0, 6), (5, 59, 6), (6, 0, 12), (17, 0, 18), (23, 59, 24)):
        assert alerts.next_hour(day.replace(hour=hour, minute=minute)) == day + timedelta(hours=after)
