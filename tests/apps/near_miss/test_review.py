"""From the door to the published lesson and the reporter's answer; who reads, who may not, and what is left behind."""

from __future__ import annotations

import html
import json
import re
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.apps import apps
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from vigil.apps.near_miss import jobs
from vigil.apps.near_miss.models import Destruction, Lesson, Review, Seat
from vigil.apps.near_miss.review import actions, masking
from vigil.apps.near_miss.review.unlocking import OPEN_FOR
from vigil.apps.near_miss.review.working import Reader
from vigil.core.errors import Conflict, Invalid, NotFound
from vigil.core.privacy.spans import Find
from vigil.core.privacy.spans import Kind as Mention
from vigil.door import drop, sealing
from vigil.door.founding import found
from vigil.door.models import Kind, Report, Reviewer, Stage
from vigil.platform import clock, keys
from vigil.platform.audit.models import AuditRecord
from vigil.platform.notices.models import Notice

pytestmark = [pytest.mark.db, pytest.mark.django_db(databases=["default", "door"])]
CANARY = "Quillfeather"
PASSPHRASE = "heron gravel lantern tide"
TODAY = date(2026, 11, 24)
STORY = {
    "texts": {"happened": f"Officer {CANARY} and I stopped a car. The driver had a knife under the seat."},
    "answers": {"call_type": ["traffic"], "month": ["2026-11"], "time_band": ["1801-2400"]},
    "factors": ["search_missed"],
    "primary": "search_missed",
}
CODED = {"title": "Knife under the seat", "lessons": "Have the driver step out first.", "primary": "search_missed"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "spacy_model", lambda: None)  # installed or not, the pages are the same
    monkeypatch.setattr(sealing, "WRAP_MEMORY", 64)
    monkeypatch.setattr(sealing, "WRAP_PASSES", 1)


def stand_in(text: str) -> list[Find]:
    """A model that knows one place which no rule knows."""
    return [Find(one.start(), one.end(), Mention.PLACE) for one in re.finditer("under the seat", text)]


class Reviewing:
    """Three named reviewers, each with a browser and a key, and one report at the door."""

    def __init__(self, people: Any, **answers: str) -> None:
        found("Bay region near miss", "Bay", ["Port Calvert Police"])
        self.people, self.clients = people, {}
        admin = self.browser("erin")
        for name in ("alice", "bob", "carol"):
            assert admin.post("/near-miss/reviewers/", {"user": people.user(name).pk}).status_code == 302
            mine = self.browser(name)
            made = mine.post("/near-miss/review/key/", {"new": PASSPHRASE, "again": PASSPHRASE})
            assert made.status_code == 302
        for name, by in (("alice", "bob"), ("bob", "carol"), ("carol", "alice")):
            assert self.confirm(name, by) == 302
            self.unlock(name)
        self.key = drop.Key(b"n" * 32, sealing.draw_pair()[0])
        told = STORY["answers"] | {name: [code] for name, code in answers.items()}
        assert drop.take(self.key, json.dumps(STORY | {"answers": told}), TODAY)
        self.report = Report.objects.get()
        self.address = f"/near-miss/review/{UUID(int=self.report.pk)}/"

    def browser(self, name: str) -> Client:
        self.clients[name] = Client()
        self.clients[name].force_login(self.people.user(name))
        return self.clients[name]

    def unlock(self, name: str, passphrase: str = PASSPHRASE) -> int:
        return self.clients[name].post("/near-miss/review/unlock/", {"passphrase": passphrase}).status_code

    def confirm(self, name: str, by: str, **posted: str) -> int:
        """One confirms the key of another."""
        seat = self.seat(name)
        posted = {"fingerprint": sealing.fingerprint(bytes(seat.waiting)), "passphrase": PASSPHRASE} | posted
        return self.clients[by].post(f"/near-miss/review/who/{seat.pk}/", posted).status_code

    def seat(self, name: str) -> Seat:
        return Seat.objects.get(user=self.people.user(name))

    def reader(self, name: str) -> Reader:
        """The person's open key."""
        number = self.seat(name).number
        assert number is not None
        return Reader(number, actions.unwrap(self.people.actor(name), PASSPHRASE))

    def page(self, name: str) -> str:
        answer = self.clients[name].get(self.address)
        return answer.content.decode() if answer.status_code == 200 else ""

    def do(self, name: str, go: str, **fields: Any) -> int:
        review = Review.objects.filter(report=self.report.pk).first()
        posted = {"go": go, "revision": review.revision if review else 0} | fields
        return self.clients[name].post(self.address, posted).status_code

    def to(self, state: str) -> None:
        """Alice as far as she may, Bob where another must."""
        way: dict[str, tuple[str, str, dict[str, Any]]] = {
            "received": ("alice", "triage", {"alert": "no", "reason": "Known hazard."}),
            "triaged": ("alice", "mask", {"text": "A colleague and I stopped a car. The driver had a knife."}),
            "masked": ("bob", "agree", {}),
            "agreed": ("alice", "code", CODED | {"factor": ["search_missed", "light"]}),
            "coded": ("bob", "publish", {"few_reason": "A stop like many."}),
        }
        for _ in way:
            if self.state() == state:
                return
            name, go, fields = way[self.state()]
            assert self.do(name, go, **fields) == 302, go
        assert self.state() == state

    def state(self) -> str:
        review = Review.objects.filter(report=self.report.pk).first()
        return review.state if review else "received"

    def told(self) -> list[tuple[str, str | None]]:
        self.report.refresh_from_db()
        return [(one.kind, one.text) for one in drop.read(self.report, self.key)]


@pytest.fixture
def at_work(people: Any, now: Any) -> Reviewing:
    return Reviewing(people)


def everything() -> str:
    """Every row of the node's database as text, its binary columns too."""
    rows = [
        repr([bytes(v) if isinstance(v, memoryview) else v for v in row])
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label != "door" and model._meta.managed and not model._meta.proxy
        for row in model._base_manager.values_list()
    ]
    assert len(rows) > 20
    return "\n".join(rows)


@pytest.mark.slow
def test_from_the_door_to_the_library_and_back_to_the_reporter(at_work: Reviewing, now: Any) -> None:
    assert CANARY in at_work.page("alice")
    assert "Received: triage first" in at_work.clients["alice"].get("/near-miss/review/").content.decode()
    assert at_work.do("alice", "mask", text="Skipped.") == 409
    assert at_work.do("alice", "triage", reason="Known hazard.") == 422
    at_work.to("triaged")
    page = at_work.page("alice")
    assert f'name="thing" value="Officer {CANARY}"' in page
    assert "My partner and I stopped a car." in page  # the proposal, in the text to be saved
    posted = {"thing": f"Officer {CANARY}", "way": "own", "own": "a colleague", "go": "propose", "revision": 1}
    assert "a colleague and I stopped" in at_work.clients["alice"].post(at_work.address, posted).content.decode()
    the_hand_is_not_written_over(at_work, page, posted)
    assert "no language model is installed. They miss what no rule knows. Read every sentence." in page
    with pytest.MonkeyPatch.context() as installed:
        installed.setattr(masking, "spacy_model", lambda: stand_in)
        page = at_work.page("alice")
        assert "rules, word lists and the language model. They miss" in page
        assert 'name="thing" value="under the seat"' in page
        assert "The driver had a knife ZZZ." in page

    assert at_work.do("bob", "ask", text="Was it your first look under the seat?") == 302
    assert at_work.told()[-1] == (Kind.QUESTION, "Was it your first look under the seat?")
    drop.reporter_writes(at_work.report, at_work.key, f"Yes. {CANARY} had not looked.", TODAY)
    assert f"Yes. {CANARY} had not looked." in at_work.page("carol")

    at_work.to("masked")
    assert at_work.do("alice", "agree") == 422
    assert at_work.do("bob", "send_back", reason="Say what kind of stop.") == 302
    assert "Sent back: Say what kind of stop." in at_work.page("alice")
    at_work.to("coded")
    assert at_work.do("alice", "publish", few_reason="A stop like many.") == 422
    at_work.to("published")
    assert at_work.do("bob", "tell", text="Searches are trained anew.") == 302
    assert at_work.told()[-1] == (Kind.DONE, "Searches are trained anew.")
    assert at_work.report.stage == Stage.PUBLISHED
    assert "A colleague and I" not in at_work.page("alice")  # what was worked on is in the lesson alone

    lesson = Lesson.objects.get()
    assert (lesson.call_type, lesson.month, lesson.time_band) == ("traffic", "2026-11", "1801-2400")
    reader = at_work.browser("dave")
    assert "Knife under the seat" in reader.post("/near-miss/", {"words": "KNIFE driver"}).content.decode()
    for narrowed in ({"words": "trench"}, {"factor": "traffic"}, {"call_type": "alarm"}, {"words": CANARY}):
        assert "Knife under the seat" not in reader.post("/near-miss/", narrowed).content.decode(), narrowed
    for address in (f"/near-miss/lessons/{lesson.pk}/", f"/near-miss/lessons/{lesson.pk}/print/"):
        assert "Have the driver step out first." in reader.get(address).content.decode()
    assert json.loads(reader.get("/near-miss/lessons/json/").content)["lessons"][0]["primary"] == "search_missed"

    # The name is nowhere in what the node stores, searches, records or backs up; only sealed in the drop.
    left = everything()
    assert CANARY not in left
    assert "Known hazard." not in left
    verbs = set(AuditRecord.objects.filter(verb__startswith="near_miss.").values_list("verb", flat=True))
    assert {"near_miss.report.open", "near_miss.report.publish", "near_miss.report.tell"} <= verbs
    published = AuditRecord.objects.get(verb="near_miss.report.publish", outcome="done")
    assert str(lesson.pk) not in json.dumps(published.object_ids)


def field(page: str, name: str) -> str:
    """What stands in a field of that name."""
    area = re.search(rf'<textarea[^>]* name="{name}"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    hidden = re.search(rf'name="{name}" value="([^"]*)"', page)
    found = area or hidden
    assert found is not None, name
    return html.unescape(found[1])


def the_hand_is_not_written_over(at_work: Reviewing, page: str, decided: dict[str, Any]) -> None:
    """What the decisions write over comes back; what only they wrote is not kept."""

    def post(page: str, **fields: Any) -> str:
        said = {"text": field(page, "text").replace("\n", "\r\n"), "written": field(page, "written")}
        before = [html.unescape(one) for one in re.findall('name="before" value="([^"]*)"', page)]
        posted = decided | said | {"before": before} | fields
        answer: str = at_work.clients["alice"].post(at_work.address, posted).content.decode()
        return answer

    anew = post(page)
    assert 'name="before"' not in anew, "nobody had changed it"
    mine = "By hand.\nIn two lines."
    anew = post(anew, text=mine)
    assert "a colleague and I stopped" in field(anew, "text")
    assert "stands below the text" in anew
    assert field(anew, "before") == mine
    anew = post(post(anew), text="By hand again.", go="bring:0")
    assert field(anew, "text") == mine
    assert field(anew, "before") == "By hand again.", "and nothing is lost on the way back"


def test_what_is_typed_while_another_was_quicker_stands_beside_it_and_may_be_saved_over_it(at_work: Reviewing) -> None:
    def overtaken(name: str, go: str, **typed: Any) -> str:
        answer = at_work.clients[name].post(at_work.address, {"go": go, "revision": 0} | typed)
        assert answer.status_code == 409
        page: str = answer.content.decode()
        assert "Changed meanwhile" in page
        return page

    at_work.to("triaged")
    page = overtaken("bob", "triage", alert="yes", reason="Mine.")
    assert "Known hazard." in page
    assert field(page, "reason") == "Mine."
    assert at_work.do("bob", "triage", alert="no", reason="Mine.") == 302
    at_work.to("masked")
    page = overtaken("bob", "mask", text="My text.")
    assert "A colleague and I stopped a car." in page
    assert (field(page, "text"), field(page, "revision")) == ("My text.", "3")
    assert "Save mine over theirs" in page
    assert page.count('href="#mine"') == page.count('id="mine"') == 1
    assert at_work.do("bob", "mask", text="My text.") == 302
    assert at_work.do("bob", "agree") == 422, "it is Bob's now"
    assert at_work.do("alice", "agree") == 302
    at_work.to("coded")
    page = overtaken("bob", "code", title="My title", lessons="My lessons.", factor=["traffic"], primary="traffic")
    assert field(page, "lessons") == "My lessons."
    for theirs_or_mine in ("Knife under the seat", "Have the driver step out first.", 'value="My title"'):
        assert theirs_or_mine in page
    assert re.findall("<li>(.*?)</li>", page.partition("Have the driver")[2])[:2] == [
        "Search missed something (primary)",
        "Light or sight",
    ]
    assert at_work.do("bob", "code", **CODED | {"title": "My title", "factor": ["search_missed"]}) == 302
    assert at_work.do("bob", "publish", few_reason="Many.") == 422
    page = overtaken("bob", "close", reason="Nothing new.")
    assert re.search('id="close-reason"[^>]*>\nNothing new.</textarea>', page)
    assert at_work.do("alice", "publish", few_reason="A stop like many.") == 302
    assert Lesson.objects.get().title == "My title"
    page = overtaken("carol", "code", title="Third title", lessons="Third lessons.")
    for kept in ("Third title", "Third lessons.", "Copy what you need", "readonly"):
        assert kept in page
    assert "<form method" not in page.partition('id="overtaken"')[2].partition("</section>")[0]


def test_only_an_open_key_reads(at_work: Reviewing, now: Any) -> None:
    outsider = at_work.browser("dave")
    assert outsider.get(at_work.address).status_code == outsider.get("/near-miss/review/").status_code == 404
    assert at_work.clients["erin"].get(at_work.address).status_code == 403
    assert at_work.unlock("alice", "another passphrase altogether") == 422
    with clock.fixed(now + OPEN_FOR - timedelta(minutes=1)):
        assert CANARY in at_work.page("alice")
    with clock.fixed(now + OPEN_FOR):
        assert at_work.clients["alice"].get(at_work.address)["Location"] == "/near-miss/review/"
    del at_work.clients["bob"].cookies["vigil_review"]  # the session alone opens nothing
    assert at_work.page("bob") == ""
    at_work.clients["carol"].post("/near-miss/review/lock/")
    assert at_work.page("carol") == ""
    at_work.people.user("dave").memberships.update(role="officer")
    Seat.objects.create(user=at_work.people.user("dave"))
    assert at_work.unlock("dave") == 422, "who has no key yet opens none"


def test_what_is_typed_when_the_key_closes_goes_on_after_the_passphrase(at_work: Reviewing) -> None:
    carol = at_work.clients["carol"]
    carol.post("/near-miss/review/lock/")
    typed = {"go": "triage", "revision": 0, "alert": "no", "reason": "Two lines\nof typing."}
    for answer, status in (
        (carol.post(at_work.address, typed), 200),
        (carol.post(at_work.address, typed | {"passphrase": "another passphrase altogether"}), 422),
    ):
        assert answer.status_code == status
        assert '<input type="hidden" name="reason" value="Two lines\nof typing.">' in answer.content.decode()
    assert at_work.state() == "received"
    assert carol.post(at_work.address, typed | {"passphrase": PASSPHRASE}).status_code == 302
    assert at_work.state() == "triaged"
    assert "Two lines" in at_work.page("carol"), "the key is open again"


def test_a_new_key_reads_what_came_before_only_when_another_reviewer_lets_it(at_work: Reviewing) -> None:
    at_work.to("triaged")
    carol = at_work.clients["carol"]
    carol.post("/near-miss/review/key/", {"new": PASSPHRASE, "again": PASSPHRASE})
    assert Reviewer.objects.filter(is_active=True).count() == 2
    waits = sealing.fingerprint(bytes(at_work.seat("carol").waiting))
    told = Notice.objects.filter(dedupe_key__startswith=f"near_miss.reviewer:waits:{waits}:")
    assert {one.recipient_id for one in told} == {at_work.people.user(name).pk for name in ("alice", "bob")}
    assert waits in at_work.clients["alice"].get("/near-miss/review/who/").content.decode()
    assert at_work.unlock("carol") == 422
    assert at_work.confirm("carol", "alice") == 302
    assert "<li>Carol" in at_work.clients["alice"].get("/near-miss/review/").content.decode()
    at_work.unlock("carol")
    assert at_work.page("carol") == ""
    seat = Seat.objects.get(user=at_work.people.user("carol"))
    assert at_work.clients["alice"].post(f"/near-miss/review/let-read/{seat.pk}/").status_code == 302
    assert CANARY in at_work.page("carol")
    assert "Known hazard." in at_work.page("carol")
    at_work.clients["erin"].post(f"/near-miss/reviewers/{seat.pk}/end/")
    assert carol.get("/near-miss/review/").status_code == 404
    assert not drop.is_open()


def test_two_people_even_in_a_race(at_work: Reviewing) -> None:
    at_work.to("masked")
    review, alice, bob = Review.objects.get(), at_work.people.actor("alice"), at_work.people.actor("bob")
    report, key = UUID(int=at_work.report.pk), at_work.reader("bob")
    with pytest.raises(Conflict):  # what Bob saw is not what stands there now
        actions.agree(bob, report, review.revision - 1, key)
    with pytest.raises(Invalid):
        actions.agree(alice, report, review.revision, at_work.reader("alice"))
    with pytest.raises(NotFound):
        actions.agree(at_work.people.actor("dave"), report, review.revision, key)
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.update(agreed_by=review.masked_by)
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.update(published_by=review.masked_by, coded_by=review.masked_by)


def test_the_raw_text_is_destroyed_thirty_days_after_the_end_with_a_signed_proof(at_work: Reviewing, now: Any) -> None:
    at_work.to("triaged")
    assert at_work.do("alice", "close", reason="Nothing to learn that is not known.") == 302
    at_work.do("alice", "tell", text="It was known.")
    jobs.purge(now + timedelta(days=29))
    assert CANARY in str(at_work.told())
    jobs.purge(now + timedelta(days=30))
    jobs.purge(now + timedelta(days=31))
    assert at_work.told() == [(Kind.REPORT, None), (Kind.DONE, "It was known.")]
    assert not Review.objects.get().content
    # What the reporter adds later is read before it goes.
    assert drop.reporter_writes(at_work.report, at_work.key, "One thing more.", (now + timedelta(days=40)).date())
    jobs.purge(now + timedelta(days=60))
    assert at_work.told()[-1] == (Kind.ANSWER, "One thing more.")
    assert Destruction.objects.count() == 1
    jobs.purge(now + timedelta(days=77))
    assert at_work.told()[-1] == (Kind.ANSWER, None)
    proof = Destruction.objects.get(destroyed_on="2026-12-24")
    Ed25519PublicKey.from_public_bytes(keys.public_key()).verify(bytes(proof.signature), bytes(proof.body))
    said = json.loads(bytes(proof.body))
    assert (said["week"], said["reviewers"], said["on"]) == ("2026-W48", 3, "2026-12-24")


def test_what_was_taken_back_is_gone_from_the_review_too(at_work: Reviewing, now: Any) -> None:
    at_work.to("masked")
    drop.withdraw(at_work.report)
    assert at_work.clients["alice"].get(at_work.address).status_code == 404
    jobs.purge(now)
    assert not Review.objects.get().content
    assert Destruction.objects.count() == 0


def test_a_long_queue_is_read_page_by_page_with_as_many_queries(at_work: Reviewing) -> None:
    bob = at_work.clients["bob"]
    seen = re.compile("/near-miss/review/[0-9a-f-]{36}/")

    def page(number: str) -> tuple[str, int]:
        with (
            CaptureQueriesContext(connections["default"]) as asked,
            CaptureQueriesContext(connections["door"]) as at_door,
        ):
            said = bob.get("/near-miss/review/", {"page": number}).content.decode()
        return said, len(asked) + len(at_door)

    page("1")
    alone, few = page("1")
    assert "Page 1" not in alone
    Report.objects.bulk_create(
        Report(pk=n, name=bytes([n]) * 32, week="2026-W40", reporter_public=b"p") for n in range(1, 101)
    )
    Review.objects.bulk_create([Review(report=100, state="triaged", is_alert=True), Review(report=99, state="closed")])
    first, many = page("1")
    assert many == few
    assert "Page 1 of 2" in first
    assert "Alert now" in first, "the last in its week, and to be told of now"
    last, _n = page("99")
    assert "Page 2 of 2" in last
    shown = [seen.findall(said) for said in (first, last)]
    assert list(map(len, shown)) == [50, 50]
    assert at_work.address == shown[1][-1], "the latest week last"
    assert len({*shown[0], *shown[1]}) == 100
    assert f"/near-miss/review/{UUID(int=99)}/" not in {*shown[0], *shown[1]}, "its review is over"
