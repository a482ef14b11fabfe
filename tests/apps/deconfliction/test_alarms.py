"""Alarms over the rows: who is reached when, what stops them, and what becomes of a conflict that nobody answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from tests.apps.deconfliction.plans import HARBOR, plan, site
from tests.apps.deconfliction.test_actions import FAR, register, spoke, supervises, told
from tests.conftest import make_user

from vigil.apps.deconfliction import actions, jobs
from vigil.apps.deconfliction.alarms import climbing, lifecycle, queue, way
from vigil.apps.deconfliction.models import Conflict, ConflictEvent, ConflictSide, OnCall, Operation
from vigil.apps.deconfliction.plan import Contact, Disclosure
from vigil.apps.deconfliction.plans import planning
from vigil.core.errors import Invalid, NotFound
from vigil.engine.operation import Mode
from vigil.platform import keys, points
from vigil.platform.audit.models import AuditRecord
from vigil.platform.delivery import addresses, outbox, personal
from vigil.platform.delivery.kinds import handlers_of
from vigil.platform.delivery.models import Delivery, DeliveryEvent, PersonalWay
from vigil.platform.notices.models import Notice

pytestmark = [pytest.mark.db, pytest.mark.django_db]

MINUTE = timedelta(minutes=1)
SECOND = Contact("Sam Second", "+14105550112")
HIDDEN = Contact("Una Cover", "+14105550113", relay=True)


@pytest.fixture(autouse=True)
def channels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every channel is set up; nothing is handed over."""
    monkeypatch.setattr(outbox, "is_set_up", lambda channel: True)


def side_of(people: Any, name: str) -> ConflictSide:
    return ConflictSide.objects.get(agency_id=people.actor(name).agency_id)


def sent(people: Any, name: str) -> list[tuple[str, str]]:
    """Channel and name of what was sent for the ladders of that person's agency, in order."""
    ladders = ConflictSide.objects.filter(agency_id=people.actor(name).agency_id).values("ladder_id")
    rows = Delivery.objects.filter(about__in=ladders).order_by("created_at", "pk")
    return [(one.channel, addresses.opened(one)[1]) for one in rows]


def test_each_step_reaches_further_until_a_known_person_acknowledges(people: Any, now: datetime) -> None:
    supervisor = Contact("Bob Barrow", "+14105550102")
    register(people, "alice", now, second_contact=SECOND, supervisor=supervisor)
    register(people, "dave", now)
    assert sent(people, "alice") == [("sms", "Lou Lead")]
    for minute in (1, 2, 3, 5, 10):
        jobs.tell_again(now + minute * MINUTE)
    expected = [[], ["Sam Second"], ["Sam Second", "Bob Barrow"], ["Sam Second", "Bob Barrow"]]
    texts = [("sms", name) for names in expected for name in ("Lou Lead", *names)]
    assert sorted(one for one in sent(people, "alice") if one[0] == "sms") == sorted(texts)
    calls = [name for channel, name in sent(people, "alice") if channel == "voice"]
    assert sorted(calls) == ["Bob Barrow", "Lou Lead", "Port Calvert PD", "Sam Second"]
    assert told(people, "bob").count("Nobody of your side has acknowledged a conflict yet. Open Vigil.") == 2
    assert any("A side has not answered" in one for one in told(people, "carol"))
    assert Conflict.objects.get().events.filter(kind="stepped").count() == 6
    assert AuditRecord.objects.filter(verb="deconfliction.conflict.escalate").count() == 6

    [conflict] = Conflict.objects.all()
    lifecycle.acknowledge_conflict(people.actor("alice"), conflict.pk, now + 11 * MINUTE)
    before = len(sent(people, "dave"))
    jobs.tell_again(now + 75 * MINUTE)
    assert (len(sent(people, "alice")), len(sent(people, "dave"))) == (len(texts) + 4, before + 3)
    waiting = Delivery.objects.filter(about=side_of(people, "alice").ladder_id, state="waiting")
    assert not waiting.exists()


def test_a_reply_code_acknowledges_for_exactly_the_side_that_it_was_sent_to(people: Any, now: datetime) -> None:
    register(people, "alice", now)
    register(people, "dave", now)
    [text] = Delivery.objects.filter(about=side_of(people, "dave").ladder_id)
    for handler in handlers_of(text.kind):
        handler(text, now + MINUTE)
    dave, alice = side_of(people, "dave"), side_of(people, "alice")
    assert (dave.acknowledged_name, dave.next_alarm_at is None) == ("Lou Lead", False)
    assert (alice.acknowledged_at, alice.next_alarm_at) == (None, now + 2 * MINUTE)
    assert dave.next_alarm_at == dave.conflict.overlap_start - timedelta(minutes=30)
    event = ConflictEvent.objects.get(kind="acknowledged")
    assert (event.how, event.author_name) == ("reply", "Lou Lead")


def test_an_acknowledgement_is_called_back_in_time_unless_somebody_talked(people: Any, now: datetime) -> None:
    register(people, "alice", now)
    register(people, "dave", now)
    conflict = Conflict.objects.get()
    for name in ("alice", "dave"):
        lifecycle.acknowledge_conflict(people.actor(name), conflict.pk, now + MINUTE)
    back = conflict.overlap_start - timedelta(minutes=30)
    jobs.tell_again(back - MINUTE)
    assert len(sent(people, "alice")) == 1
    jobs.tell_again(back)
    again = [("sms", "Lou Lead"), ("voice", "Lou Lead"), ("voice", "Port Calvert PD")]
    assert sorted(sent(people, "alice")[1:]) == again
    assert "Nobody has talked about a conflict yet" in told(people, "alice")[-1]
    lifecycle.log_contact(people.actor("carol"), conflict.pk, spoke(), back + MINUTE)
    assert not ConflictSide.objects.exclude(next_alarm_at=None).exists()
    jobs.tell_again(back + 10 * MINUTE)
    assert len(sent(people, "alice")) == 4


def test_who_is_reached_through_the_desk_gets_nothing_and_the_desk_is_told_to_connect(
    people: Any, now: datetime
) -> None:
    register(people, "alice", now, lead_contact=HIDDEN)
    register(people, "dave", now)
    assert sent(people, "alice") == []
    assert any("reached through the watch desk alone" in one for one in told(people, "carol"))
    jobs.tell_again(now + 10 * MINUTE)
    assert "Una Cover" not in [name for _, name in sent(people, "alice")]


def test_an_account_is_reached_in_its_own_ways_unless_the_desk_hides_it(people: Any, now: datetime) -> None:
    for name, to in (("alice", "+14105550171"), ("dave", "+14105550172")):
        PersonalWay.objects.create(
            user=people.user(name),
            channel="sms",
            address=keys.encrypt(to, personal.WAY),
            same=name,
            for_urgent=True,
            confirmed_at=now,
            created_at=now,
        )
    register(people, "alice", now, lead_contact=Contact("Alice Arden", "+14105550101"))
    register(people, "dave", now, lead_contact=Contact("Dave Dunn", "+14105550201", relay=True))
    ways = [addresses.opened(one) for one in Delivery.objects.all()]
    assert ways == [("+14105550171", "Alice Arden")]


def test_an_exercise_says_so_and_rings_no_real_telephone(people: Any, now: datetime) -> None:
    for name in ("alice", "dave"):
        register(people, name, now, mode=Mode.EXERCISE)
    jobs.tell_again(now + 10 * MINUTE)
    assert not Delivery.objects.exists()
    bodies = told(people, "alice") + told(people, "carol") + told(people, "dave")
    assert len(bodies) >= 6
    assert all(body.startswith("EXERCISE: ") for body in bodies)


def test_a_silent_place_match_reaches_the_deconflictor_and_nobody_of_the_plan(people: Any, now: datetime) -> None:
    supervises(people, "alice")
    register(people, "alice", now, disclosure=Disclosure.SILENT)
    register(people, "dave", now)
    jobs.tell_again(now + 10 * MINUTE)
    assert {name for _, name in sent(people, "alice")} == {"Bay Watch Desk"}
    assert told(people, "alice") == []
    assert all("call the watch desk" in one for one in told(people, "dave"))


def test_a_tentative_match_is_a_notice_without_a_ladder(people: Any, now: datetime) -> None:
    register(people, "alice", now, tentative=True)
    register(people, "dave", now)
    jobs.tell_again(now + timedelta(days=1))
    assert not Delivery.objects.exists()
    assert Conflict.objects.get().state == "notified"


def test_nobody_answers_and_the_desk_alone_closes_the_incident(people: Any, now: datetime, login: Any) -> None:
    register(people, "alice", now)
    register(people, "dave", now)
    conflict = Conflict.objects.get()
    begins = conflict.overlap_start + timedelta(hours=1)
    jobs.tell_again(begins - MINUTE)
    conflict.refresh_from_db()
    assert conflict.state == "notified"
    jobs.tell_again(begins)
    conflict.refresh_from_db()
    assert conflict.state == "expired_unacknowledged"
    assert any("never acknowledged it" in one for one in told(people, "carol"))
    assert not ConflictSide.objects.exclude(next_alarm_at=None).exists()
    page = login("alice").get(f"/conflicts/{conflict.pk}/").content.decode()
    assert "Nobody acknowledged this in time" in page
    assert "Log and settle" not in page
    with pytest.raises(Invalid, match="watch desk closes it"):
        lifecycle.resolve_conflict(people.actor("alice"), conflict.pk, "proceed", begins)
    with pytest.raises(Invalid, match="Say why"):
        lifecycle.resolve_conflict(people.actor("carol"), conflict.pk, "proceed", begins)
    closed = lifecycle.resolve_conflict(people.actor("carol"), conflict.pk, "proceed", begins, "phones were off")
    assert (closed.state, closed.outcome) == ("resolved", "proceed")


def split_in_two(people: Any, now: datetime) -> tuple[Operation, Operation]:
    """Two parts of one plan of alice's, which meet the same operation of dave's."""
    near = (HARBOR[0] + 0.002, HARBOR[1])
    whole = actions.register_operation(people.actor("alice"), plan(now, site(now), site(now, near)), now)
    one, other = planning.split_operation(people.actor("alice"), whole.pk, 1, [1], now)
    for part in (one, other):
        actions.run_due_search(people.actor("alice"), part.pk, now)
    register(people, "dave", now)
    return one, other


def test_lines_of_two_plans_are_one_alarm_and_one_answer(people: Any, now: datetime) -> None:
    """Split in two, both parts meet the same other operation: one incident with two lines."""
    split_in_two(people, now)
    lines = Conflict.objects.filter(sides__agency_id=people.actor("dave").agency_id)
    assert lines.count() == 2
    assert len(set(lines.values_list("incident_id", flat=True))) == 1
    assert told(people, "dave").count("An operation of yours has a conflict. Open Vigil.") == 1
    assert sent(people, "dave") == [("sms", "Lou Lead")]
    jobs.tell_again(now + 2 * MINUTE)
    assert sent(people, "dave") == [("sms", "Lou Lead")] * 2
    lifecycle.acknowledge_conflict(people.actor("dave"), lines[0].pk, now + 3 * MINUTE)
    assert not ConflictSide.objects.filter(agency_id=people.actor("dave").agency_id, acknowledged_at=None).exists()
    lifecycle.log_contact(people.actor("carol"), lines[0].pk, spoke(), now + 4 * MINUTE)
    lifecycle.resolve_conflict(people.actor("carol"), lines[0].pk, "joint", now + 5 * MINUTE)
    assert set(lines.values_list("state", "outcome")) == {("resolved", "joint")}


@pytest.mark.slow
def test_what_stands_no_longer_is_told_to_whom_it_reached_and_in_person_to_who_spoke(
    people: Any, now: datetime, login: Any
) -> None:
    first = register(people, "alice", now)
    register(people, "dave", now)
    conflict = Conflict.objects.get()
    [text] = Delivery.objects.filter(about=side_of(people, "dave").ladder_id)
    DeliveryEvent.objects.create(delivery=text, step="handed_over", at=now)
    lifecycle.log_contact(people.actor("dave"), conflict.pk, spoke(), now + MINUTE)
    assert "Log and settle" in login("dave").get(f"/conflicts/{conflict.pk}/").content.decode()
    actions.cancel_operation(people.actor("alice"), first.pk, 1, now + 2 * MINUTE)
    actions.run_due_search(people.actor("alice"), first.pk, now + 2 * MINUTE)
    bodies = told(people, "dave")
    assert "A conflict that you spoke about stands no longer. Tell whom you spoke with. Open Vigil." in bodies
    last = Delivery.objects.filter(about=side_of(people, "dave").ladder_id).order_by("created_at").last()
    assert last is not None
    assert (last.kind, addresses.opened(last)[1]) == ("deconfliction.withdrawn", "Lou Lead")
    ways = way.ways_of(people.actor("carol"), conflict.pk, "America/New_York", now + 60 * MINUTE)
    assert ways is not None
    assert "has not answered" not in ways.title
    assert conflict.events.filter(kind="tell_by_name").count() == 1
    assert not ConflictSide.objects.exclude(next_alarm_at=None).exists()
    assert "Log and settle" not in login("dave").get(f"/conflicts/{conflict.pk}/").content.decode()


def test_an_alarm_is_over_when_its_last_line_is(people: Any, now: datetime) -> None:
    one, other = split_in_two(people, now)
    [ladder] = {side.ladder_id for side in ConflictSide.objects.filter(agency_id=people.actor("dave").agency_id)}
    [text] = Delivery.objects.filter(about=ladder)
    DeliveryEvent.objects.create(delivery=text, step="handed_over", at=now)
    over = Delivery.objects.filter(about=ladder, kind="deconfliction.withdrawn")
    for part, told_of in ((one, 0), (other, 1)):
        part.refresh_from_db()
        actions.cancel_operation(people.actor("alice"), part.pk, part.revision, now + 2 * MINUTE)
        actions.run_due_search(people.actor("alice"), part.pk, now + 2 * MINUTE)
        assert over.count() == told_of


def test_a_leap_of_the_clock_takes_one_step_and_a_step_back_none(people: Any, now: datetime) -> None:
    register(people, "alice", now)
    register(people, "dave", now)
    before = Notice.objects.count()
    jobs.tell_again(now + 40 * MINUTE)
    leapt = len(sent(people, "alice"))
    assert leapt == 4  # the first text; then text, call and the agency's line, once
    for minute in (0, 2, 5, 10, 39, 40):
        jobs.tell_again(now + minute * MINUTE)
    assert len(sent(people, "alice")) == leapt
    assert Notice.objects.count() == before + 3 + 2  # the owners' people, and the desk for each side


def test_the_desk_acknowledges_for_a_person_it_knows(people: Any, now: datetime) -> None:
    first = register(people, "alice", now)
    register(people, "dave", now)
    conflict, carol = Conflict.objects.get(), people.actor("carol")
    for name, check, field in (("", "pin", "name"), ("Lou Lead", "", "identity_check")):
        with pytest.raises(Invalid) as refused:
            lifecycle.acknowledge_by_telephone(carol, conflict.pk, first.pk, name, check, now)
        assert refused.value.problems[0].path == (field,)
    with pytest.raises(NotFound):
        lifecycle.acknowledge_by_telephone(carol, conflict.pk, conflict.pk, "Lou Lead", "pin", now)
    lifecycle.acknowledge_by_telephone(carol, conflict.pk, first.pk, "Lou Lead", "called_back", now)
    side = side_of(people, "alice")
    assert (side.acknowledged_name, side_of(people, "dave").acknowledged_at) == ("Lou Lead", None)
    event = ConflictEvent.objects.get(kind="acknowledged")
    assert (event.how, event.identity_check, event.author_name) == ("telephone", "called_back", "Carol Cole")


def test_a_step_that_fails_is_not_taken_by_halves_and_holds_up_no_other(
    people: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, or whatever else: nothing of the step is kept, and it is due again."""
    register(people, "alice", now)
    register(people, "dave", now)
    before = Notice.objects.count(), Delivery.objects.count()
    broken, send = side_of(people, "alice").ladder_id, outbox.send

    def fails(*arguments: Any, about: Any, **more: Any) -> Any:
        if about == broken:
            raise OSError(28, "No space left on device")
        return send(*arguments, about=about, **more)

    monkeypatch.setattr(outbox, "send", fails)
    jobs.tell_again(now + 2 * MINUTE)
    assert (Notice.objects.count(), Delivery.objects.count()) == (before[0] + 1, before[1] + 1)
    assert side_of(people, "alice").next_alarm_at == now + 2 * MINUTE
    monkeypatch.setattr(outbox, "send", send)
    jobs.tell_again(now + 2 * MINUTE)
    assert Delivery.objects.count() == before[1] + 2


def test_each_side_reads_its_own_way_and_the_desk_reads_both(people: Any, now: datetime, login: Any) -> None:
    first = register(people, "alice", now, lead_contact=Contact("Ana Alpha", "+14105550111"))
    register(people, "dave", now, lead_contact=Contact("Ben Bravo", "+14105550112"))
    conflict = Conflict.objects.get()
    jobs.tell_again(now + 2 * MINUTE)
    carol = people.actor("carol")
    lifecycle.log_call(carol, conflict.pk, first.pk, "Ana Alpha", "no_answer", now + 3 * MINUTE)
    lifecycle.acknowledge_conflict(people.actor("alice"), conflict.pk, now + 4 * MINUTE)
    lifecycle.own_conflict(carol, conflict.pk, now + 5 * MINUTE)
    seen = {}
    for name in ("alice", "dave", "carol"):
        ways = way.ways_of(people.actor(name), conflict.pk, "America/New_York", now + 6 * MINUTE)
        assert ways is not None
        assert all(0 <= mark.x <= 100 for mark, _, _ in ways.rows)
        seen[name] = {(lane.name, lane.channel, mark.sign) for mark, _, lane in ways.rows}
    assert {("Ana Alpha", "sms", "stopped"), ("Alice Arden", "app", "acknowledged")} <= seen["alice"]
    assert ("Ana Alpha", "voice", "missed") in seen["alice"]
    assert {("Ben Bravo", "sms", "sent"), ("Dave Dunn", "app", "sent")} <= seen["dave"]
    assert not any("Ana" in lane or "Alice" in lane or "Carol" in lane for lane, _, _ in seen["dave"])
    assert seen["carol"] >= seen["alice"] | {("Carol Cole", "desk", "taken")}
    page = login("dave").get(f"/conflicts/{conflict.pk}/").content.decode()
    assert "Your side has not answered its alarm for" in page
    assert "Ana Alpha" in page  # whom to call, and nothing of when she was told
    assert page.count("Alice Arden") == 0


def place_of(one: queue.Place | queue.Incident) -> tuple[Any, ...]:
    return one.incident_id, one.conflict_id, one.reference, one.left, one.state, one.tentative


def test_the_desks_queue_is_by_the_time_that_is_left(people: Any, now: datetime) -> None:
    register(people, "alice", now, site(now, FAR, timedelta(hours=9)))
    register(people, "dave", now, site(now, FAR, timedelta(hours=9)))
    first = register(people, "alice", now)
    register(people, "dave", now)
    carol = people.actor("carol")
    rows = queue.queue(carol, now)
    assert [row.left for row in rows] == sorted(row.left for row in rows)
    assert (len(rows), rows[0].loud, len(rows[0].waiting)) == (2, False, 2)
    assert queue.queue(people.actor("alice"), now) == ()
    seen = queue.places(carol, now)
    assert [place_of(place) for place in seen] == [place_of(row) for row in rows]
    assert queue.queue(carol, now, seen[1:]) == rows[1:]
    climbing.call_everyone(carol, rows[0].conflict_id, first.pk, now + MINUTE)
    assert ("voice", "Port Calvert PD") in sent(people, "alice")
    jobs.tell_again(now + 10 * MINUTE)
    assert queue.queue(carol, now + 10 * MINUTE)[0].loud
    lifecycle.log_call(
        carol, rows[0].conflict_id, first.pk, "Lou Lead", "answered", now + 11 * MINUTE, "will call back"
    )
    acts = queue.acts_of(carol, rows[0].conflict_id)
    assert [(one.kind, one.result, one.people, one.note) for one in acts] == [
        ("called", "answered", {"name": "Lou Lead"}, "will call back")
    ]


def test_the_duty_list_stands_in_in_its_order_and_at_its_hours(people: Any, now: datetime, login: Any) -> None:
    people.users["ann"] = make_user("ann", "Ann Admin", people.port_calvert, "agency_admin")
    ann = login("ann")
    people.port_calvert.time_zone = "America/New_York"
    people.port_calvert.save()
    for name, phone, hours in (
        ("Nora Night", "410-555-0121", "Mon-Sun 22:00-06:00"),
        ("Cy Day", "410-555-0122", "Tue 08:00-17:00"),
        ("Di All", "410-555-0123", "always"),
    ):
        typed = {"do": "add", "name": name, "phone": phone, "hours": hours, "channels": ["sms"]}
        assert ann.post("/agency/on-call/", typed).status_code == 302
    wrong = ann.post("/agency/on-call/", {"do": "add", "name": "", "phone": "12", "hours": "sometimes"})
    page = wrong.content.decode()
    assert wrong.status_code == 422
    assert all(one in page for one in ("4 things to mend", "Give a telephone number", "Choose at least one way"))
    assert 'value="sometimes"' in page
    rows = {row.name: row for row in OnCall.objects.all()}
    assert b"0121" not in bytes(rows["Nora Night"].sealed)
    ann.post("/agency/on-call/", {"do": f"up:{rows['Di All'].pk}"})
    register(people, "alice", now)
    register(people, "dave", now)
    jobs.tell_again(now + 10 * MINUTE)
    names = [name for channel, name in sent(people, "alice") if channel == "sms"]
    assert sorted(names) == ["Cy Day", "Di All", "Lou Lead", "Lou Lead"]
    assert ann.post("/agency/on-call/", {"do": f"remove:{rows['Cy Day'].pk}"}).status_code == 302
    assert OnCall.objects.count() == 2
    people.users["ben"] = make_user("ben", "Ben Admin", people.bay_county, "agency_admin")
    assert login("ben").post("/agency/on-call/", {"do": f"remove:{rows['Di All'].pk}"}).status_code == 404


@pytest.fixture
def pass_points() -> Iterator[list[Any]]:
    """Listeners at named points, taken away afterwards."""
    kept = list(points.listeners)
    yield points.listeners
    points.listeners[:] = kept


@pytest.mark.django_db(transaction=True)
def test_an_acknowledgement_at_the_very_moment_of_the_next_step(
    people: Any, now: datetime, pass_points: list[Any]
) -> None:
    """The worker is held between its notices and its deliveries: whichever commits first, nothing follows an answer."""
    register(people, "alice", now)
    register(people, "dave", now)
    conflict, ladder_id = Conflict.objects.get(), side_of(people, "alice").ladder_id
    alice = people.actor("alice")
    in_step, asked, failed = threading.Event(), threading.Event(), []

    def hold(name: str) -> None:
        if name == "after_step_notices" and threading.current_thread() is worker:
            in_step.set()
            asked.wait(60)

    def climb() -> None:
        try:
            climbing.climb(jobs.WORKER, ladder_id, now + 2 * MINUTE)
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            connection.close()

    worker = threading.Thread(target=climb)
    pass_points.append(hold)
    worker.start()
    assert in_step.wait(60)
    threading.Timer(0, asked.set).start()
    lifecycle.acknowledge_conflict(alice, conflict.pk, now + 2 * MINUTE)
    worker.join(60)
    assert not failed
    assert side_of(people, "alice").acknowledged_at is not None
    assert not Delivery.objects.filter(about=ladder_id, state="waiting").exists()
    assert climbing.climb(jobs.WORKER, ladder_id, now + 10 * MINUTE) is None
