"""Pages of what is planned and known together: offers, the card's preview, the deconflictor, subjects, interests,
looks."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.apps.deconfliction.plans import plan, site
from tests.apps.deconfliction.test_actions import register, supervises, told

from vigil.apps.deconfliction import actions, jobs, queries
from vigil.apps.deconfliction.models import Conflict, Look, Operation, Subject
from vigil.apps.deconfliction.plan import Contact, Disclosure, PlannedSubject
from vigil.apps.deconfliction.subjects import interests, possible_matches
from vigil.apps.deconfliction.together import joint
from vigil.core.errors import Invalid, NotFound
from vigil.engine import subjects
from vigil.platform import clock
from vigil.platform.audit.models import AuditRecord

pytestmark = [pytest.mark.db, pytest.mark.django_db]
FAR = (-77.5, 38.0)


def client(people: Any, name: str) -> Client:
    browser = Client()
    browser.force_login(people.user(name))
    return browser


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def subject(kind: str, value: str) -> PlannedSubject:
    read = subjects.canonical(kind, value)
    return PlannedSubject(kind, value, read.text, read.hint or "")


# --- joint on pages ---


@pytest.mark.slow
def test_from_the_conflict_page_to_together_and_apart_again(people: Any, now: datetime) -> None:
    first, second = register(people, "alice", now), register(people, "dave", now)
    conflict = Conflict.objects.get()
    alice, dave = client(people, "alice"), client(people, "dave")
    assert "Offer to run together" in text_of(dave.get(f"/conflicts/{conflict.id}/"))
    dave.post(f"/conflicts/{conflict.id}/run-together/")
    assert "Offer to run together" not in text_of(dave.get(f"/conflicts/{conflict.id}/"))
    assert "Run together? BAY-26-000001" in text_of(alice.get("/"))
    page = text_of(alice.get(f"/operations/{first.id}/"))
    assert "Bay County SO asks to run it together" in page
    [(_, row)] = joint.open_offers(people.actor("alice"))
    alice.post(f"/operations/{first.id}/offers/{row.offer_id}/", {"do": "accept"})
    first.refresh_from_db()
    assert first.determination == "no_known_conflict"
    assert "Run together with Bay County SO" in text_of(alice.get(f"/operations/{first.id}/"))
    dave.post(f"/operations/{second.id}/joint/{first.id}/leave/")
    second.refresh_from_db()
    assert second.determination == "conflict"


# --- disclosure ---


def test_a_relayed_phone_is_on_no_page_answer_notice_receipt_or_file_of_the_other_side(
    people: Any, now: datetime
) -> None:
    from vigil.apps.deconfliction.models import Receipt
    from vigil.apps.deconfliction.store import DatabaseStore
    from vigil.platform.notices.models import Notice

    own = register(people, "alice", now, lead_contact=Contact("Uma Cover", "+14105550177", relay=True))
    register(people, "dave", now)
    conflict, dave = Conflict.objects.get(), client(people, "dave")
    pages = [dave.get(path) for path in ("/", "/conflicts/", f"/conflicts/{conflict.id}/")]
    pages.append(dave.post("/conflicts/csv/"))
    said = " ".join(page.content.decode() for page in pages)
    said += repr(queries.conflict_detail(people.actor("dave"), conflict.id, now))
    said += " ".join(one.body for one in Notice.objects.all())
    said += " ".join(bytes(one.body or b"").decode() for one in Receipt.objects.all())
    with DatabaseStore().transaction() as tx:
        card = tx.card(str(own.id))
    said += repr(card)
    assert not re.search(r"555.?0177", said)
    assert card.contact_phone == "+14105550100"
    assert "Ask the watch desk for their lead contact" in text_of(pages[2])
    assert re.search(r"555.?0177", client(people, "alice").get(f"/operations/{own.id}/").content.decode())


def test_a_relay_without_a_desk_of_the_agency_goes_to_the_nodes(people: Any, now: datetime) -> None:
    people.port_calvert.watch_desk_phone = ""
    people.port_calvert.save()
    register(people, "alice", now, lead_contact=Contact("Uma Cover", "+14105550177", relay=True))
    register(people, "dave", now)
    [other] = queries.conflict_detail(people.actor("dave"), Conflict.objects.get().id, now).other
    assert [one.phone for one in other.people] == ["+14105550199"]


def test_the_named_deconflictor_stands_on_card_notice_and_page(people: Any, now: datetime) -> None:
    erin = client(people, "erin")
    assert erin.post("/node/deconflictor/", {"name": "Nora Night", "phone": "123"}).status_code == 422
    assert erin.post("/node/deconflictor/", {"name": "", "phone": "410-555-0166"}).status_code == 422
    assert erin.post("/node/deconflictor/", {"name": "Nora Night", "phone": "410-555-0166"}).status_code == 302
    register(people, "bob", now, disclosure=Disclosure.SILENT)
    register(people, "dave", now)
    assert told(people, "dave") == ["Conflict: call the watch desk at (410) 555-0166."]
    page = text_of(client(people, "dave").get(f"/conflicts/{Conflict.objects.get().id}/"))
    assert "Nora Night" in page
    assert "Port Calvert" not in page
    assert client(people, "alice").get("/node/deconflictor/").status_code == 403


def test_only_a_supervisor_or_the_desk_makes_an_operation_silent(people: Any, now: datetime) -> None:
    with pytest.raises(Invalid, match="Only a supervisor"):
        actions.register_operation(people.actor("alice"), plan(now, disclosure=Disclosure.SILENT), now)
    operation = register(people, "alice", now)
    with pytest.raises(Invalid, match="Only a supervisor"):
        actions.revise_operation(people.actor("alice"), operation.id, 1, plan(now, disclosure=Disclosure.SILENT), now)
    assert 'value="silent"' not in client(people, "alice").get("/operations/register/").content.decode()
    assert 'value="silent"' in client(people, "bob").get("/operations/register/").content.decode()
    actions.revise_operation(people.actor("bob"), operation.id, 1, plan(now, disclosure=Disclosure.SILENT), now)
    kept = plan(now, tentative=True, disclosure=Disclosure.SILENT)
    assert actions.revise_operation(people.actor("alice"), operation.id, 2, kept, now).revision == 3


FORM = {
    "operation_type": "raid",
    "disclosure": "type_and_contact",
    "lead_contact-name": "Uma Cover",
    "lead_contact-phone": "410-555-0177",
    "lead_contact-relay": "yes",
    "plain_clothes": "yes",
    "armed_and_dangerous": "yes",
    "withhold_armed_and_dangerous": "yes",
}


def test_the_preview_is_the_card_that_the_other_side_reads(people: Any, now: datetime) -> None:
    lines = client(people, "alice").post("/operations/read-card/", FORM).json()["lines"]
    assert ["Operation", "Raid"] in lines
    assert ["On scene", "Plain clothes"] in lines
    assert not re.search(r"555.?0177", json.dumps(lines))
    without_script = client(people, "alice").post("/operations/register/", FORM | {"do": "preview"})
    assert without_script.status_code == 200
    assert "Uma Cover, through the watch desk" in text_of(without_script)
    assert not Operation.objects.exists()


def test_participating_agencies_are_kept_shown_and_edited(people: Any, now: datetime) -> None:
    alice = client(people, "alice")
    times = {"starts_at": "2026-11-25 06:00", "ends_at": "+2h", "sites-0-place": "39.29, -76.61"}
    answer = alice.post("/operations/register/", FORM | times | {"participants": "Bay County SO, K9 unit"})
    operation = Operation.objects.get()
    assert answer.status_code == 302
    assert "Bay County SO, K9 unit" in text_of(alice.get(f"/operations/{operation.id}/"))
    edited = FORM | times | {"participants": "K9 unit", "revision": "1"}
    alice.post(f"/operations/{operation.id}/edit/", edited)
    assert operation.revisions.get(number=2).participants == ["K9 unit"]


# --- subjects ---


@pytest.mark.parametrize(
    ("kind", "value", "compared", "said"),
    [
        ("phone", "(410) 555-0142", True, "+14105550142"),
        ("plate", "7AB1234", False, "state"),
        ("person", "Smith, John", False, "birth date"),
        ("vin", "1M8GDM9AXKP042789", True, "check digit is wrong"),
        ("shoe", "44", False, "no kind of subject"),
    ],
)
def test_how_a_subject_is_read_is_said_while_typing(
    people: Any, kind: str, value: str, compared: bool, said: str
) -> None:
    body = json.dumps({"kind": kind, "value": value})
    answer = client(people, "alice").post("/operations/read-subject/", body, content_type="application/json")
    assert answer.json()["compared"] is compared
    assert said in answer.json()["sentence"]


def test_a_possible_match_is_advice_with_its_reason_and_no_conflict(people: Any, now: datetime) -> None:
    mine = register(people, "alice", now, subjects=(subject("person", "Smith, John, 1980-01-31"),))
    theirs = register(people, "dave", now, site(now, FAR), subjects=(subject("person", "Smyth, Jon, 1980-01-31"),))
    assert (theirs.determination, Conflict.objects.count()) == ("no_known_conflict", 0)
    [match] = possible_matches.possible_matches(people.actor("alice"), mine.id)
    assert (match.subject, match.card.agency) == ("Smith, John, 1980-01-31", "Bay County SO")
    assert match.reason == "The name is close in spelling; the birth date is the same."
    assert "Smyth" not in repr(match)
    for name in ("alice", "dave"):
        assert told(people, name) == [possible_matches.TEXT]
    actions.run_due_search(people.actor("dave"), theirs.id, now)
    assert told(people, "dave") == [possible_matches.TEXT]
    assert "close in spelling" in text_of(client(people, "dave").get(f"/operations/{theirs.id}/"))
    assert Subject.objects.filter(near_token=None).count() == 0
    assert b"Smith" not in b"".join(bytes(one.near_token or b"") + bytes(one.sealed) for one in Subject.objects.all())


@pytest.mark.parametrize("change", ["silent", "cancelled", "long ago", "equal", "exercise"])
def test_what_is_no_possible_match(people: Any, now: datetime, change: str) -> None:
    supervises(people, "alice")
    given: dict[str, Any] = {"subjects": (subject("plate", "7AB1234"),)}
    when = site(now, FAR)
    if change == "silent":
        given["disclosure"] = Disclosure.SILENT
    if change == "long ago":
        when = site(now, FAR, starts_in=timedelta(days=9))
    if change == "exercise":
        given["mode"] = plan(now).mode.__class__("exercise")
    theirs = "7AB1234" if change == "equal" else "MD/7AB1234"
    other = register(people, "dave", now, subjects=(subject("plate", theirs),))
    operation = register(people, "alice", now, when, **given)
    if change == "cancelled":
        assert possible_matches.possible_matches(people.actor("dave"), other.id)
        actions.cancel_operation(people.actor("alice"), operation.id, 1, now)
    found = possible_matches.possible_matches(people.actor("dave"), other.id)
    # Two plates without a state are not equal for p1 either: the advice says that both lack it.
    assert [one.reason for one in found] == (
        ["The plate number 7AB1234 is the same; both sides do not know its state."] if change == "equal" else []
    )
    assert possible_matches.possible_matches(people.actor("alice"), operation.id) == found or change == "equal"


# --- interests ---

INTEREST = {
    "subjects-0-kind": "phone",
    "subjects-0-value": "410-555-0142",
    "lead_contact-name": "Alice Arden",
    "lead_contact-phone": "410-555-0101",
}


def test_an_interest_is_registered_met_reminded_of_and_renewed(people: Any, now: datetime) -> None:
    alice = client(people, "alice")
    assert "None yet" in text_of(alice.get("/interests/"))
    assert alice.post("/interests/register/", INTEREST).status_code == 302
    operation = Operation.objects.get()
    assert (operation.operation_type, operation.ends_at) == ("online_only", now + timedelta(days=180))
    assert (operation.determination, operation.reason_due) == ("no_known_conflict", False)
    assert "span" not in operation.revisions.get().flags
    register(people, "dave", now, subjects=(subject("phone", "410-555-0142"),))
    operation.refresh_from_db()
    assert operation.determination == "conflict"
    jobs.remind_interests(now)
    assert not any("ends soon" in body for body in told(people, "alice"))
    later = operation.ends_at - timedelta(days=10)
    with clock.fixed(later):
        jobs.remind_interests(later)
        jobs.remind_interests(later)
        assert sum("ends soon" in body for body in told(people, "alice")) == 1
        alice = client(people, "alice")  # the login of half a year ago has ended
        assert "Ends soon" in text_of(alice.get("/interests/"))
        alice.post(f"/interests/{operation.id}/renew/", {"revision": "1"})
    operation.refresh_from_db()
    assert (operation.revision, operation.ends_at) == (2, later + timedelta(days=180))
    assert interests.interest_list(people.actor("dave"), later) == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"days": "181"}, "from 1 to 180"),
        ({"days": "0"}, "from 1 to 180"),
        ({"days": "ten"}, "from 1 to 180"),
        ({"subjects-0-value": ""}, "at least one subject"),
        ({"subjects-0-kind": "plate", "subjects-0-value": "7AB1234"}, "state"),
        ({"lead_contact-phone": ""}, "telephone"),
    ],
)
def test_what_is_no_interest_is_said_at_its_field(people: Any, now: datetime, changes: Any, said: str) -> None:
    answer = client(people, "alice").post("/interests/register/", INTEREST | changes)
    assert (answer.status_code, Operation.objects.count()) == (422, 0)
    assert said in text_of(answer)


def test_an_operation_that_is_no_interest_is_not_renewed(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now)
    with pytest.raises(NotFound):
        interests.renew_interest(people.actor("alice"), operation.id, 1, now)


# --- looks ---


@pytest.mark.slow
def test_every_look_is_audited_once_a_person_and_hour(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now)
    register(people, "dave", now)
    conflict = Conflict.objects.get()
    for _ in range(3):
        client(people, "alice").get(f"/operations/{operation.id}/")
        client(people, "bob").get(f"/conflicts/{conflict.id}/")
    looked = AuditRecord.objects.filter(verb__in=("deconfliction.operation.read", "deconfliction.conflict.read"))
    assert sorted((one.actor_name, one.verb) for one in looked) == [
        ("Alice Arden", "deconfliction.operation.read"),
        ("Bob Barrow", "deconfliction.conflict.read"),
    ]
    with clock.fixed(now + timedelta(hours=1)):
        client(people, "alice").get(f"/operations/{operation.id}/")
    assert (looked.all().count(), Look.objects.count()) == (3, 3)
    client(people, "dave").get(f"/operations/{operation.id}/")
    assert Look.objects.count() == 3


def test_an_administrator_sees_who_looked_and_never_the_operation(people: Any, now: datetime) -> None:
    from tests.conftest import make_user

    people.users["ann"] = make_user("ann", "Ann Admin", people.port_calvert, "agency_admin")
    people.users["abe"] = make_user("abe", "Abe Admin", people.bay_county, "agency_admin")
    operation = register(people, "alice", now)
    client(people, "bob").get(f"/operations/{operation.id}/")
    page = client(people, "ann").get("/looks/", {"reference": "bay-26-000001"})
    assert "Bob Barrow" in text_of(page)
    assert "Harbor" not in text_of(page)
    missing = client(people, "ann").get("/looks/", {"reference": "BAY-26-000099"})
    other = client(people, "abe").get("/looks/", {"reference": "BAY-26-000001"})
    assert (missing.status_code, other.status_code) == (404, 404)
    actions.revise_operation(people.actor("bob"), operation.id, 1, plan(now, disclosure=Disclosure.SILENT), now)
    assert client(people, "ann").get("/looks/", {"reference": "BAY-26-000001"}).status_code == 404
    assert client(people, "alice").get("/looks/").status_code == 403
