"""From a coordinator's draft to the published study: eligibility, review by others, consents, holds."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from tests.apps.near_miss.test_review import CANARY, Reviewing, at_work, everything, quick

from vigil.apps.near_miss import jobs
from vigil.apps.near_miss.encounters import encounters, rules
from vigil.apps.near_miss.models import Alert, CaseStudy, Consent, Encounter, LegalHold, Lesson, Review
from vigil.core.permissions import Role
from vigil.door.models import Letter, Report
from vigil.platform import clock
from vigil.platform.audit.models import AuditRecord
from vigil.platform.notices.models import Notice

__all__ = ["at_work", "quick"]
pytestmark = [pytest.mark.db, pytest.mark.django_db(databases=["default", "door"])]
NEW = "/near-miss/encounters/new/"
FORM = {
    "title": "The stairwell",
    "year": "2019",
    "officer_about": f"Officer {CANARY} had six years of service.",
    "offender_about": "He had sworn not to go back to jail.",
    "circumstance_about": "A warrant for a missed court date.",
    "learned": "Call him down instead of going up.",
    "call_type": "arrest",
    "service": "5-9",
    "met": list(rules.TOOLKIT),
}
MASKED = (
    "## The officer\n\nAn officer.\n\n## The offender\n\nHe had sworn it.\n\n"
    "## The circumstances\n\nA warrant.\n\n## Lessons\n\nCall."
)
CODED = {"title": "Up the stairs", "lessons": "Call him down.", "factor": ["positioning"], "primary": "positioning"}


class Coordinating:
    """Bob, supervisor and reviewer of Port Calvert, and the other two reviewers."""

    def __init__(self, at_work: Reviewing) -> None:
        self.at_work, self.bob = at_work, at_work.clients["bob"]

    def submitted(self) -> Encounter:
        answer = self.bob.post(NEW, FORM | {"go": "submit"})
        assert answer.status_code == 302, answer.content.decode()
        row = Encounter.objects.get()
        self.address = answer["Location"]
        self.at_work.report = Report.objects.get(pk=row.report)
        self.at_work.address = f"/near-miss/review/{UUID(int=self.at_work.report.pk)}/"
        return row

    def go(self, **posted: Any) -> Any:
        return self.bob.post(self.address, posted)

    def consent(self, person: str, answer: str = "given", **said: str) -> Any:
        """Bob writes it down, with Alice as the witness."""
        witness = str(self.at_work.people.user("alice").pk)
        said = {"how": "paper", "got_on": "2026-11-20", "witness": witness} | said
        return self.go(go="consent", person=person, answer=answer, **said)

    def confirmed(self) -> None:
        """Alice confirms what waits for her."""
        alice = self.at_work.clients["alice"]
        for one in re.findall(r'name="consent" value="([^"]+)"', text(alice.get("/near-miss/consents/"))):
            assert alice.post("/near-miss/consents/", {"consent": one}).status_code == 302

    def reviewed(self) -> None:
        for name, step, fields in (
            ("alice", "triage", {"alert": "no", "reason": "Long over."}),
            ("alice", "mask", {"text": MASKED}),
            ("carol", "agree", {}),
            ("alice", "code", CODED),
        ):
            if step == "code":
                assert re.search(r'<textarea[^>]*name="lessons"[^>]*>\s*Call\.</textarea>', self.at_work.page(name))
            assert self.at_work.do(name, step, **fields) == 302, step


@pytest.fixture
def coordinating(at_work: Reviewing) -> Coordinating:
    return Coordinating(at_work)


def text(answer: Any) -> str:
    content: str = answer.content.decode()
    return content


@pytest.mark.slow
def test_from_the_draft_to_the_published_study(coordinating: Coordinating, now: Any) -> None:
    at_work, bob = coordinating.at_work, coordinating.bob
    assert "No encounter yet" in text(bob.get("/near-miss/encounters/"))
    assert "No case study yet" in text(bob.get("/near-miss/cases/"))
    form = text(bob.get(NEW))
    assert form.index("all of them</legend>") < form.index("beyond them</legend>") < form.index('value="no_open_case"')

    # A draft is saved as it is, and nothing typed is lost where a submission is refused.
    assert bob.post(NEW, FORM | {"go": "save", "met": ["interacted"]}).status_code == 302
    row = Encounter.objects.get()
    coordinating.address = f"/near-miss/encounters/{row.pk}/"
    page = text(bob.get(coordinating.address))
    assert CANARY in page
    assert '<option value="5-9" selected>' in page
    refused = coordinating.go(**FORM | {"go": "submit", "met": ["interacted"], "revision": 1, "title": ""})
    assert refused.status_code == 422
    assert text(refused).count("not eligible") == 4, "each of two, in the summary and at its field"
    assert "Call him down instead of going up." in text(refused)
    assert CANARY in text(bob.get(coordinating.address + "print/"))
    overtaken = coordinating.go(**FORM | {"go": "save", "revision": 0, "title": "Mine"})
    assert overtaken.status_code == 422
    assert "Somebody else saved this draft" in text(overtaken)
    assert 'value="Mine"' in text(overtaken)
    Encounter.objects.all().delete()

    row = coordinating.submitted()
    assert CANARY not in everything(), "sealed to the reviewers from here on"
    assert "Encounter of an agency" in text(at_work.clients["alice"].get("/near-miss/review/"))
    seen = at_work.page("alice")
    assert CANARY in seen
    assert "Submitted by Bob Barrow, Port Calvert Police" in seen
    assert "Consent is missing: The head of the agency." in seen
    assert rules.OURS["complete"] in seen
    assert at_work.do("bob", "triage", alert="no", reason="Mine.") == 422, "not by who submitted it"
    assert at_work.do("alice", "ask", text="Who?") == 422
    assert at_work.do("alice", "triage", alert="no", reason="Long over.") == 302
    assert at_work.do("alice", "mask", text="The panels are gone.") == 422
    Review.objects.all().delete()
    coordinating.reviewed()

    # Neither without consent nor while it is held, nor as a near miss where the agency's row is missing.
    Encounter.objects.update(report=None)
    assert at_work.do("carol", "publish", few_reason="Many.") == 422
    Encounter.objects.update(report=at_work.report.pk)
    assert at_work.do("carol", "publish") == 422
    for person, answer in (("officer", "given"), ("agency_head", "given"), ("offender", "not_needed")):
        assert coordinating.consent(person, answer).status_code == 302
    assert coordinating.consent("agency_head", "not_needed").status_code == 422
    assert "Consent is missing: The officer." in at_work.page("carol"), "one alone wrote it down"
    coordinating.confirmed()
    assert "Consent is missing" not in at_work.page("carol")
    assert coordinating.go(go="hold", reason="", until="2020-01-01").status_code == 422
    day = (now + timedelta(days=30)).date()
    assert coordinating.go(go="hold", reason="Civil case.", until=day.isoformat()).status_code == 302
    held = f"Held by Bob Barrow until {day.isoformat()}."
    assert held in at_work.page("carol")
    assert "Set by Bob Barrow" in text(bob.get(coordinating.address))
    assert at_work.do("carol", "publish") == 422
    assert CaseStudy.objects.count() == 0
    assert "What is held is not destroyed." in text(coordinating.go(go="take_back"))
    hold = LegalHold.objects.get()
    assert coordinating.go(go="lift", hold=str(hold.pk)).status_code == 302
    assert at_work.do("carol", "publish") == 302

    study = CaseStudy.objects.get()
    assert (study.title, study.offender, study.year) == ("Up the stairs", "He had sworn it.", "2019")
    assert study.answers == {"call_type": ["arrest"]}, "the years of service stay with the reviewers"
    assert Lesson.objects.count() == 0, "no near miss"
    reader = at_work.browser("dave")
    for address in ("/near-miss/cases/", f"/near-miss/cases/{study.pk}/", f"/near-miss/cases/{study.pk}/print/"):
        assert "Up the stairs" in text(reader.get(address))
    assert encounters.listed(row, now.date()).state == "published"
    ids = [one.object_ids for one in AuditRecord.objects.filter(verb="near_miss.report.publish", outcome="done")]
    assert str(study.pk) not in str(ids)
    assert CANARY not in everything()


def test_a_hold_keeps_the_text_after_the_review_and_ends_on_its_day(coordinating: Coordinating, now: Any) -> None:
    row = coordinating.submitted()
    today = now.date()
    assert coordinating.at_work.do("alice", "triage", alert="no", reason="Long over.") == 302
    assert coordinating.at_work.do("alice", "close", reason="Too little.") == 302
    assert (
        coordinating.go(go="hold", reason="Civil case.", until=(today + timedelta(days=40)).isoformat()).status_code
        == 302
    )

    def left() -> int:
        return Letter.objects.filter(report=row.report).exclude(content=b"").count()

    jobs.purge(now + timedelta(days=40))
    assert left() == 1
    jobs.purge(now + timedelta(days=41))
    assert left() == 0


def test_what_is_taken_back_is_destroyed_and_a_draft_too(coordinating: Coordinating) -> None:
    row = coordinating.submitted()
    assert coordinating.go(go="take_back").status_code == 302
    assert coordinating.go(go="take_back").status_code == 409
    assert coordinating.at_work.clients["alice"].get(coordinating.at_work.address).status_code == 404
    assert not Letter.objects.filter(report=row.report).exists()
    assert "Taken back" in text(coordinating.bob.get(coordinating.address))
    coordinating.bob.post(NEW, FORM | {"go": "save"})
    draft = Encounter.objects.get(report__isnull=True)
    coordinating.address = f"/near-miss/encounters/{draft.pk}/"
    coordinating.consent("officer")
    coordinating.go(go="hold", reason="Civil case.")
    assert coordinating.go(go="discard").status_code == 422
    coordinating.go(go="lift", hold=str(LegalHold.objects.get().pk))
    assert coordinating.go(go="discard").status_code == 302
    assert not Encounter.objects.filter(pk=draft.pk).exists()
    assert not Consent.objects.exists()


def test_it_is_the_agencys_own_and_waits_for_reviewers(people: Any, now: Any) -> None:
    bob, officer, other = Client(), Client(), Client()
    bob.force_login(people.user("bob"))
    officer.force_login(people.user("alice"))
    supervisor = people.user("dave")
    supervisor.memberships.update(role=Role.SUPERVISOR.value)
    other.force_login(supervisor)
    refused = bob.post(NEW, FORM | {"go": "submit"})
    assert refused.status_code == 422
    assert "the door needs 3 reviewers with keys" in text(refused)
    assert bob.post(NEW, FORM | {"go": "save"}).status_code == 302
    row = Encounter.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT content, title FROM near_miss_encounter")
        assert not any(CANARY.encode() in bytes(one) for one in cursor.fetchone()), "a draft is encrypted"
    for address in (f"/near-miss/encounters/{row.pk}/", f"/near-miss/encounters/{row.pk}/print/"):
        assert officer.get(address).status_code == 403
        assert other.get(address).status_code == 404
        assert bob.get(address).status_code == 200
    assert "No encounter yet" in text(other.get("/near-miss/encounters/"))
    with clock.fixed(now):
        assert other.post(f"/near-miss/encounters/{row.pk}/", {"go": "discard"}).status_code == 404


@pytest.mark.slow
def test_nothing_of_it_goes_out_as_an_alert_without_consent_or_by_its_author(coordinating: Coordinating) -> None:
    at_work = coordinating.at_work
    coordinating.submitted()
    assert at_work.do("alice", "triage", alert="yes", reason="It is still so.") == 302
    assert at_work.do("bob", "alert", revision=0, text="Call them down.") == 422, "not by who submitted it"
    assert at_work.do("alice", "alert", revision=0, text="Call them down.") == 302
    assert at_work.do("bob", "release", revision=1) == 422
    assert at_work.do("carol", "release", revision=1) == 422, "no consent"
    for person in ("officer", "agency_head", "offender"):
        coordinating.consent(person)
    coordinating.confirmed()
    coordinating.go(go="hold", reason="Civil case.")
    assert at_work.do("carol", "release", revision=1) == 422, "held"
    assert not Alert.objects.exists()
    coordinating.go(go="lift", hold=str(LegalHold.objects.get().pk))
    known = Encounter.objects.get().report
    Encounter.objects.update(report=None)
    assert at_work.do("carol", "release", revision=1) == 422, "its consents are not known"
    Encounter.objects.update(report=known)
    assert at_work.do("carol", "release", revision=1) == 302


def test_who_wrote_any_part_of_it_takes_none_of_its_steps(coordinating: Coordinating) -> None:
    alice = coordinating.at_work.people.user("alice")
    alice.memberships.update(role=Role.SUPERVISOR.value)
    assert coordinating.bob.post(NEW, FORM | {"go": "save"}).status_code == 302
    coordinating.address = f"/near-miss/encounters/{Encounter.objects.get().pk}/"
    submitted = coordinating.at_work.clients["alice"].post(coordinating.address, FORM | {"go": "submit", "revision": 1})
    assert submitted.status_code == 302
    coordinating.at_work.address = f"/near-miss/review/{UUID(int=Encounter.objects.get().report)}/"
    coordinating.at_work.report = Report.objects.get(pk=Encounter.objects.get().report)
    assert "It is yours" in coordinating.at_work.page("alice")
    said = "Begun by Bob Barrow, submitted by Alice"
    assert said in text(coordinating.bob.get(coordinating.address)), "each under what they did"
    assert "Submitted by Alice" in coordinating.at_work.page("carol")
    for name, status in (("alice", 422), ("bob", 422), ("carol", 302)):
        assert coordinating.at_work.do(name, "triage", alert="no", reason="Long over.") == status, name


def test_a_consent_counts_once_its_witness_has_confirmed_it(coordinating: Coordinating, now: Any) -> None:
    people, clients = coordinating.at_work.people, coordinating.at_work.clients
    assert coordinating.bob.post(NEW, FORM | {"go": "save"}).status_code == 302
    coordinating.address = f"/near-miss/encounters/{Encounter.objects.get().pk}/"

    def answers() -> dict[Any, Any]:
        return encounters.consents_of(Encounter.objects.get())

    for said, wrong in (
        ({"how": "hearsay"}, "Choose how you got it."),
        ({"got_on": "2026-11-25"}, "Give the day on which you got it"),
        ({"witness": ""}, "Choose somebody of your agency"),
        ({"witness": str(people.user("bob").pk)}, "cannot be the witness"),
        ({"witness": str(people.user("dave").pk)}, "cannot be the witness"),
    ):
        refused = coordinating.consent("officer", **said)
        assert refused.status_code == 422
        assert wrong in text(refused)
        assert ('value="2026-11-20"' in text(refused)) is ("got_on" not in said), "what was typed stays"
    assert coordinating.consent("officer").status_code == 302
    assert Notice.objects.get(kind="near_miss.consent").recipient == people.user("alice")
    assert "waits for Alice Arden to confirm it" in text(coordinating.bob.get(coordinating.address))
    assert answers() == {}
    waiting = Consent.objects.get()
    for other in ("bob", "carol"):
        assert "Nothing waits for you" in text(clients[other].get("/near-miss/consents/"))
        assert clients[other].post("/near-miss/consents/", {"consent": waiting.pk}).status_code == 404
    assert "signed on paper, 2026-11-20" in text(clients["alice"].get("/near-miss/consents/"))
    assert "Consents to confirm (1)" in text(clients["alice"].get("/near-miss/"))
    assert coordinating.consent("officer", how="letter").status_code == 302, "written down anew"
    assert clients["alice"].post("/near-miss/consents/", {"consent": waiting.pk}).status_code == 404
    coordinating.confirmed()
    assert answers() == {"officer": "given"}
    assert "confirmed by Alice Arden on 2026-11-24" in text(coordinating.bob.get(coordinating.address))
    assert coordinating.consent("officer", "refused", witness="").status_code == 302
    assert answers() == {"officer": "refused"}, "a refusal needs nobody else"
    coordinating.consent("officer")
    assert answers() == {}, "and one alone does not undo it"
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.update(witness=people.user("bob"))
