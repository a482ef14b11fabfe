"""Who reviews: whom an administrator names alone reads nothing, and whose account is cut off reads nothing new."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.apps.near_miss.test_review import PASSPHRASE, STORY, TODAY, Reviewing, at_work, quick
from tests.conftest import make_user

from vigil.apps.near_miss import access, jobs
from vigil.apps.near_miss.models import Review, Seat
from vigil.apps.near_miss.review import seats
from vigil.apps.near_miss.rules import apart_from
from vigil.door import drop, sealing
from vigil.door.founding import found
from vigil.door.models import LetterKey, Report, Reviewer
from vigil.platform import clock
from vigil.platform.accounts.models import User
from vigil.platform.agencies.models import Agency
from vigil.platform.audit.models import AuditRecord
from vigil.platform.notices.models import Notice

pytestmark = [pytest.mark.db, pytest.mark.django_db(databases=["default", "door"])]
__all__ = ["at_work", "quick"]
OTHERS_SAY = "This is for others to say"


def name(at_work: Reviewing, person: str) -> Any:
    """The administrator names somebody, who makes a key at once."""
    named = at_work.clients["erin"].post("/near-miss/reviewers/", {"user": at_work.people.user(person).pk})
    assert named.status_code == 302
    browser = at_work.browser(person)
    assert browser.post("/near-miss/review/key/", {"new": PASSPHRASE, "again": PASSPHRASE}).status_code == 302
    return browser


def readers(report: Report) -> set[int | None]:
    return set(LetterKey.objects.filter(letter__report=report).values_list("reviewer_id", flat=True)) - {None}


def another(number: int) -> Report:
    key = drop.Key(bytes([number]) * 32, sealing.draw_pair()[0])
    assert drop.take(key, json.dumps(STORY), TODAY)
    return Report.objects.get(name=key.name)


def said(person: User) -> list[str]:
    return list(Notice.objects.filter(recipient_id=person.pk).order_by("pk").values_list("body", flat=True))


def test_whom_an_administrator_names_reads_nothing_until_a_reviewer_has_confirmed(at_work: Reviewing) -> None:
    alice, people = at_work.clients["alice"], at_work.people
    dave = name(at_work, "dave")
    three = {at_work.seat(one).number for one in ("alice", "bob", "carol")}
    before = another(2)
    at_work.to("triaged")  # what reviewers write, too, is for three
    assert readers(before) == three == set(map(int, Review.objects.get().keys))
    assert at_work.unlock("dave") == 422
    page = alice.get("/near-miss/review/who/").content.decode()
    waits = sealing.fingerprint(bytes(at_work.seat("dave").waiting))
    for told in (waits, "Bay County SO", "named by Erin Eads", "Confirm or reject Dave Dunn"):
        assert told in page, told
    own = dave.get("/near-miss/review/who/").content.decode()
    assert ("This is you." in own, "Confirm or reject" in own) == (True, False)

    assert at_work.confirm("dave", "dave") == 404
    assert at_work.confirm("dave", "alice", passphrase="the administrator's guess") == 422
    assert at_work.clients["erin"].post(f"/near-miss/review/who/{at_work.seat('dave').pk}/", {}).status_code == 403
    dave.post("/near-miss/review/key/", {"new": PASSPHRASE, "again": PASSPHRASE})
    assert at_work.confirm("dave", "alice", fingerprint=waits) == 409, "another key than the one that was read aloud"
    assert not at_work.seat("dave").number
    assert at_work.confirm("dave", "alice") == 302
    assert readers(another(3)) == three | {at_work.seat("dave").number}
    assert at_work.unlock("dave") == 302
    assert at_work.page("dave") == "", "what came before is handed over by hand alone"
    assert seats.CONFIRMED in said(people.user("bob"))

    # Everybody but Dave serves where the administrator does: only he may say whether her next one is true.
    people.users["frank"] = make_user("frank", "Frank Fell", people.port_calvert, "officer")
    name(at_work, "frank")
    assert at_work.confirm("frank", "alice") == 422
    assert at_work.seat("frank").number is None
    assert at_work.confirm("frank", "dave", go="reject", passphrase="not it at all") == 422
    assert at_work.confirm("frank", "dave", go="reject") == 302
    seat = at_work.seat("frank")
    assert (seat.is_active, bytes(seat.waiting), bytes(seat.wrapped)) == (False, b"", b"")
    assert seats.REJECTED in said(people.user("erin"))
    assert at_work.clients["frank"].get("/near-miss/review/").status_code == 404
    verbs = ("near_miss.reviewer.confirm", "near_miss.reviewer.reject")
    done = AuditRecord.objects.filter(verb__in=verbs, outcome="done").values_list("verb", flat=True)
    assert sorted(done)[-2:] == list(verbs)


def test_founders_confirm_one_another_and_no_administrator_founds_a_second_time(people: Any, now: Any) -> None:
    at_work = Reviewing(people)
    assert "The door was never open" not in at_work.clients["alice"].get("/near-miss/review/who/").content.decode()
    assert at_work.seat("alice").confirmed_by == at_work.seat("bob")
    for one in ("alice", "bob", "carol"):
        at_work.clients["erin"].post(f"/near-miss/reviewers/{at_work.seat(one).pk}/end/")
    assert seats.TOO_FEW in said(people.user("erin"))
    assert seats.TOO_FEW not in said(people.user("alice")), "who has gone is not told"
    for one in ("alice", "dave"):
        name(at_work, one)
    page = at_work.clients["dave"].get("/near-miss/review/who/").content.decode()
    assert "Confirm or reject" not in page
    assert at_work.confirm("alice", "dave") == 422
    assert at_work.confirm("dave", "alice") == 422
    assert not Reviewer.objects.filter(is_active=True).exists()


def test_at_a_founding_nobody_alone_opens_the_door(people: Any, now: Any) -> None:
    at_work = Reviewing.__new__(Reviewing)  # before anybody was named
    at_work.people, at_work.clients = people, {}
    found("Bay region near miss", "Bay", [])
    at_work.browser("erin")
    for one in ("alice", "bob", "dave"):
        name(at_work, one)
        assert not Reviewer.objects.exists(), "a founder's own key opens nothing either"
    assert at_work.confirm("alice", "bob") == 422, "Dave serves elsewhere than the administrator"
    for one, by in (("alice", "dave"), ("bob", "dave")):
        assert at_work.confirm(one, by) == 302
    assert not drop.is_open()
    assert at_work.confirm("dave", "bob") == 302
    assert drop.is_open()


@pytest.mark.parametrize("how", ["off", "at its end", "no role", "another role", "agency gone", "unconfirmed"])
def test_whose_account_is_cut_off_sits_no_longer(people: Any, how: str, now: Any) -> None:
    carol, held = people.user("carol"), people.user("carol").memberships
    seat = Seat.objects.create(user=carol, number=7, named_by=people.user("erin"))
    assert access.sitting() == [seat]
    cut: dict[str, Any] = {
        "off": lambda: User.objects.filter(pk=carol.pk).update(is_active=False),
        "at its end": lambda: User.objects.filter(pk=carol.pk).update(ends_at=now),
        "no role": lambda: held.update(active=False),
        "another role": lambda: held.update(role="agency_admin"),
        "agency gone": lambda: Agency.objects.update(is_active=False),
        "unconfirmed": lambda: held.update(reviewed_at=now - timedelta(days=800)),
    }
    assert cut[how]()
    assert access.sitting() == []


def test_who_sits_no_longer_is_sealed_to_no_longer_and_the_others_are_told(at_work: Reviewing, now: Any) -> None:
    people, carol, number = at_work.people, at_work.people.user("carol"), at_work.seat("carol").number
    Reviewer.objects.create(public=sealing.draw_pair()[1])  # a crash between the two databases
    jobs.follow(now)
    assert readers(another(2)) == {at_work.seat(one).number for one in ("alice", "bob", "carol")}
    assert seats.ENDED not in said(people.user("alice"))
    held = carol.memberships.all()
    held.update(active=False)
    jobs.follow(now)
    jobs.follow(now)
    assert AuditRecord.objects.filter(verb="near_miss.reviewer.follow").count() == 2
    assert not drop.is_open()
    assert number not in readers(another(3))
    at_work.to("triaged")
    assert str(number) not in Review.objects.get().keys
    assert not at_work.page("carol")
    for one in ("alice", "bob", "erin"):
        assert said(people.user(one)).count(seats.TOO_FEW) == 1, one
    alice = at_work.clients["alice"]
    assert "their account may not review" in alice.get("/near-miss/review/who/").content.decode()
    assert "The door is closed until one more" in alice.get("/near-miss/review/").content.decode()
    assert alice.post(f"/near-miss/review/let-read/{at_work.seat('carol').pk}/").status_code == 404

    held.update(active=True)  # and back again: what comes from then on
    later = now + timedelta(minutes=1)
    with clock.fixed(later):
        jobs.follow(later)
    assert drop.is_open()
    assert number in readers(another(4))
    assert seats.RESUMED in said(people.user("bob"))


def test_those_who_serve_elsewhere_confirm_where_there_are_any() -> None:
    here, there = frozenset({UUID(int=1)}), frozenset({UUID(int=2)})
    assert apart_from(here, {"ann": here, "ben": there, "cy": here | there}) == ["ben"]
    assert apart_from(here, {"ann": here, "cy": here | there}) == ["ann", "cy"]
    assert apart_from(frozenset(), {"ann": here}) == ["ann"]
