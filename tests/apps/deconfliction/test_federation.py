"""This node and a partner find each other's conflicts, whoever comes first; what is not answered stays due."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.apps.deconfliction.elm_node import CARD, HOUR, AtOnce, ElmNode, Never
from tests.apps.deconfliction.plans import HARBOR, plan, site

from vigil.apps.deconfliction import actions, jobs
from vigil.apps.deconfliction.alarms import lifecycle
from vigil.apps.deconfliction.federation.answering import answer
from vigil.apps.deconfliction.federation.asking import ask_now
from vigil.apps.deconfliction.federation.lanes import Lane
from vigil.apps.deconfliction.models import (
    Alarm,
    Conflict,
    ConflictSide,
    Operation,
    Outgoing,
    SearchDue,
    TakenMessage,
    Verdict,
)
from vigil.apps.deconfliction.plan_rows import instant
from vigil.engine.operation import Mode, Point, Site
from vigil.engine.operation import Operation as EngineOperation
from vigil.platform import clock
from vigil.platform.audit.models import AuditRecord
from vigil.platform.partners.client import JOSE, Unreached
from vigil.platform.partners.models import Contact, Partner
from vigil.protocol.exchange import Exchange, NotAnAnswer
from vigil.protocol.messages import Acknowledgement, Withdrawal
from vigil.protocol.testing import Action, TestOrder, TestState

pytestmark = pytest.mark.django_db
FAR = (-80.0, 40.0)


@pytest.fixture
def elm(people: Any, now: datetime) -> ElmNode:
    return ElmNode(now)


@pytest.fixture
def asked(elm: ElmNode, people: Any, now: datetime) -> Callable[[], Operation]:
    """Alice registers at the harbor, and the partner is asked."""

    def register() -> Operation:
        operation = actions.register_operation(people.actor("alice"), plan(now), now)
        actions.run_due_search(people.actor("alice"), operation.pk, now)
        ask_now(operation.pk, send=elm.send, threads=AtOnce())
        return Operation.objects.get(pk=operation.pk)

    return register


def lane_of(partner: ElmNode) -> Lane:
    return Lane(UUID(partner.id), partner.send, clock.now, AtOnce())


@pytest.fixture
def door(client: Any) -> Callable[..., Any]:
    """`door(token)`: what the node answers to a message."""

    def post(token: bytes, kind: str = "queries") -> Any:
        return client.post(f"/federation/v1/{kind}", token, content_type=JOSE)

    return post


@pytest.mark.db
def test_a_partner_without_a_match_completes_the_answer(asked: Any, elm: ElmNode) -> None:
    elm_far = elm.registers(clock.now(), FAR)
    operation = asked()
    assert (operation.determination, [kind for kind, _ in elm.heard]) == ("no_known_conflict", ["queries"])
    assert not SearchDue.objects.filter(operation=operation).exists()
    assert elm.node.verdict(elm_far) is not None
    record = AuditRecord.objects.get(verb="partners.message.send")
    assert record.object_ids["operation"] == str(operation.pk)
    assert record.size > 100


@pytest.mark.db
def test_whoever_comes_second_finds_it_and_both_sides_are_alarmed(asked: Any, elm: ElmNode, now: datetime) -> None:
    theirs = elm.registers(now, HARBOR)
    operation = asked()
    assert operation.determination == "conflict"
    side = ConflictSide.objects.get(operation_id=theirs)
    assert (side.node, side.foreign_agency) == (elm.id, "Elm County SO")
    assert Alarm.objects.filter(operation_id=operation.pk).count() == 1
    assert len(elm.store.rows.alarms) == 1, "the partner's own side, before it answered"


@pytest.mark.db
def test_a_partner_that_comes_second_is_answered(asked: Any, elm: ElmNode, now: datetime, door: Any) -> None:
    operation = asked()
    assert operation.determination == "no_known_conflict"
    theirs = elm.registers(now, HARBOR)
    elm.asks(now, lambda token: door(token).content)
    operation.refresh_from_db()
    assert operation.determination == "conflict"
    assert elm.node.verdict(theirs).determination == "conflict"
    assert Conflict.objects.get().standing == "open"
    assert AuditRecord.objects.filter(verb="partners.message.receive").count() == 1


def test_a_message_is_taken_once(elm: ElmNode, now: datetime, door: Any) -> None:
    elm.registers(now, HARBOR)
    (question,) = elm.exchange.questions(0 + 10**18)
    token = elm.exchange.asked(question, int(now.timestamp() * 1_000_000)).token
    assert door(token)["Content-Type"] == JOSE
    again = door(token)
    with pytest.raises(Exception, match="replayed"):
        elm.exchange.accept_answer(elm.exchange.asked(question, int(now.timestamp() * 1_000_000)), again.content, 0)


def test_whoever_is_no_partner_learns_nothing(
    elm: ElmNode, people: Any, now: datetime, door: Any, caplog: pytest.LogCaptureFixture
) -> None:
    token = elm.letter("health", now).token
    assert door(token, "health").status_code == 200
    head, body, signature = token.split(b".")
    others = [
        b"",
        b"a.b.c",
        b"x" * 10,
        head + b"." + body + b"." + signature[:-4] + b"AAAA",
        head + b"." + body[:-4] + b"AAAA." + signature,
    ]
    stranger = ElmNode(now, name="Stranger")
    others.append(stranger.letter("health", now).token)
    Partner.objects.filter(pk=stranger.id).update(public_key=b"0" * 32)
    answers = [door(one, "health") for one in others]
    assert {(answer.status_code, answer.content, answer["Content-Type"]) for answer in answers} == {
        (401, answers[0].content, "application/problem+json")
    }
    door(b"x", "words-of-a-stranger")
    assert {record.kind for record in caplog.records if record.message == "message refused"} == {"health", "unknown"}
    assert AuditRecord.objects.filter(verb="partners.message.receive").count() == 1


def test_silence_stays_due_and_nobody_waits_for_it_twice(asked: Any, elm: ElmNode, now: datetime) -> None:
    elm.down = "no_connection"
    operation = asked()
    assert operation.determination == "incomplete"
    assert Verdict.objects.get(operation=operation).not_answered == [elm.id]
    contact = Contact.objects.get()
    assert (contact.code, contact.failures, contact.failing_since) == ("no_connection", 1, now)
    elm.down = ""
    asked()
    assert elm.heard == [], "the page does not ask a partner that fails"


def test_a_partner_that_is_not_done_in_time_is_left_to_the_worker(elm: ElmNode, people: Any, now: datetime) -> None:
    operation = actions.register_operation(people.actor("alice"), plan(now), now)
    actions.run_due_search(people.actor("alice"), operation.pk, now)
    assert ask_now(operation.pk, seconds=0, send=elm.send, threads=Never()) is None
    due = SearchDue.objects.get(operation=operation)
    assert (due.target, due.attempts) == (elm.id, 0)
    assert Contact.objects.get().milliseconds == 1_500
    with clock.fixed(now + timedelta(seconds=3)):
        while lane_of(elm).round():
            pass
    assert Operation.objects.get().determination == "no_known_conflict"
    assert Contact.objects.get().milliseconds < 1_500


@pytest.mark.slow
def test_a_lane_tries_a_silent_partner_singly_and_calls_all_that_waits_once_it_is_back(
    elm: ElmNode, people: Any, now: datetime
) -> None:
    for _ in range(3):
        operation = actions.register_operation(people.actor("alice"), plan(now), now)
        actions.run_due_search(people.actor("alice"), operation.pk, now)
    elm.down = "timeout"
    lane = lane_of(elm)
    with clock.fixed(now + timedelta(seconds=3)):
        assert not lane.round()
        assert not lane.round(), "not before its time"
    failing = Contact.objects.get()
    assert failing.failures == 1, "what was on its way together fails once"
    assert failing.retry_at == now + timedelta(seconds=8)
    elm.down = ""
    with clock.fixed(now + timedelta(seconds=60)):
        rounds = 0
        while lane.round():
            rounds += 1
        assert rounds
    assert not SearchDue.objects.exists()
    assert set(Operation.objects.values_list("determination", flat=True)) == {"conflict"}
    contact = Contact.objects.get()
    assert (contact.failing_since, contact.code, contact.failures) == (None, "", 0)


@pytest.mark.parametrize(("code", "rounds"), [("status_404", 1), ("not_signed", 1), ("timeout", 2)])
def test_a_kind_of_message_that_a_partner_takes_badly_holds_up_no_question(
    asked: Any, elm: ElmNode, people: Any, now: datetime, code: str, rounds: int
) -> None:
    elm.registers(now, HARBOR)
    asked()
    lifecycle.acknowledge_conflict(people.actor("alice"), Conflict.objects.get().pk, now)
    second = actions.register_operation(people.actor("alice"), plan(now), now)
    actions.run_due_search(people.actor("alice"), second.pk, now)

    def send(url: str, token: bytes, seconds: float) -> bytes:
        if url.endswith("acknowledgements"):
            raise Unreached(code)
        return elm.send(url, token, seconds)

    lane = Lane(UUID(elm.id), send, clock.now, AtOnce())
    for minute in range(1, rounds + 1):
        with clock.fixed(now + timedelta(minutes=minute)):
            lane.round()
    assert not SearchDue.objects.filter(target=elm.id).exists()
    assert Outgoing.objects.get().attempts == 1
    assert Contact.objects.get().failing_since is None, "nobody waits for a partner that fails"


@pytest.mark.slow
def test_both_sides_learn_how_far_the_other_has_come(
    asked: Any, elm: ElmNode, people: Any, now: datetime, door: Any, login: Any
) -> None:
    theirs = elm.registers(now, HARBOR)
    operation = asked()
    conflict = Conflict.objects.get()
    alice = people.actor("alice")
    lifecycle.acknowledge_conflict(alice, conflict.pk, now)
    lifecycle.log_contact(alice, conflict.pk, lifecycle.Talk("Alice", "Pat Elm", "telephone"), now)
    lifecycle.resolve_conflict(alice, conflict.pk, "delay", now)
    while lane_of(elm).round():
        pass
    steps = elm.store.rows.acknowledged.values()
    assert {(one.step, one.outcome) for one in steps} == {
        ("acknowledged", ""),
        ("contacted", ""),
        ("resolved", "delay"),
    }
    assert {(one.operation_id, one.other) for one in steps} == {(theirs, str(operation.pk))}
    assert not Outgoing.objects.exists()

    for step, outcome in (("acknowledged", ""), ("resolved", "delay")):
        content = Acknowledgement(str(operation.pk), theirs, step, instant(now), outcome).content()
        letter = elm.exchange.letter(str(people.node.pk), "acknowledgement", content, instant(now))
        assert elm.exchange.taken(letter, door(letter.token, "acknowledgements").content, instant(now)) == {}
        if step == "acknowledged":
            desk = login("carol").get(f"/desk/{conflict.pk}/").content.decode()
            assert re.search(r"<strong>Seen \d\d:\d\d</strong>", desk), "a partner does not tell who has seen it"
    page = login("alice").get(f"/conflicts/{conflict.pk}/")
    assert b"They settled it at" in page.content
    assert b"One side waits" in page.content


def test_a_partner_for_tests_alone_plans_and_meets_operations_of_tests_alone(people: Any, now: datetime) -> None:
    suite = ElmNode(now, purpose="test", name="Suite")
    operation = actions.register_operation(people.actor("alice"), plan(now), now)
    verdict = actions.run_due_search(people.actor("alice"), operation.pk, now)
    assert verdict is not None
    assert verdict.determination == "no_known_conflict", "live operations are none of its business"
    key = str(uuid4())
    start = instant(now) + 3 * HOUR
    wanted = of_tests(key, start)

    def ordered(action: Action, operation: Any = None, key: str = key) -> Any:
        order = TestOrder(action, key, operation, card=CARD)
        letter = suite.exchange.letter(str(people.node.pk), "test-operations", order.content(), instant(now))
        return suite.exchange.taken(letter, answer(letter.token, now), instant(now))

    assert ordered(Action.REGISTER, wanted)["determination"] == "checking"
    jobs.run_due_searches(now)
    assert TestState.from_content(ordered(Action.STATE)).not_answered == (suite.id,)
    stored = Operation.objects.get(pk=key)
    assert (stored.mode, stored.agency) == ("test", people.bay_county)
    ask_now(stored.pk, send=suite.send, threads=AtOnce())
    assert ordered(Action.STATE)["determination"] == "no_known_conflict"
    assert ordered(Action.CANCEL)["status"] == "cancelled"
    with pytest.raises(NotAnAnswer, match="malformed"):
        ordered(Action.CANCEL, key=str(operation.pk))
    elm = ElmNode(now)
    letter = elm.exchange.letter(
        str(people.node.pk), "test-operations", TestOrder(Action.STATE, key).content(), instant(now)
    )
    with pytest.raises(NotAnAnswer, match="malformed"):
        elm.exchange.taken(letter, answer(letter.token, now), instant(now))


def of_tests(key: str, start: int) -> EngineOperation:
    site = Site(Point(*HARBOR), 300.0, start, start + 2 * HOUR)
    return EngineOperation(key, (site,), frozenset({"phone:+14105550142"}), mode=Mode.TEST)


def test_what_is_over_is_asked_no_more_of_a_partner_that_stays_away(asked: Any, elm: ElmNode, now: datetime) -> None:
    elm.down = "timeout"
    operation = asked()
    lane = lane_of(elm)
    with clock.fixed(now + timedelta(minutes=5)):
        lane.round()
        assert SearchDue.objects.filter(operation=operation).exists()
    with clock.fixed(operation.window_end + timedelta(minutes=5)):
        lane.round()
    assert not SearchDue.objects.filter(operation=operation).exists(), "the purge would wait for ever"


def test_a_question_that_cannot_be_written_holds_up_no_other(
    elm: ElmNode, people: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = actions.register_operation(people.actor("alice"), plan(now), now)
    second = actions.register_operation(people.actor("alice"), plan(now, site(now, FAR)), now)
    whole = Exchange.asked

    def fails(self: Exchange, question: Any, at: int) -> Any:
        if question.due.operation_id == str(first.pk):
            raise RuntimeError
        return whole(self, question, at)

    monkeypatch.setattr(Exchange, "asked", fails)
    with clock.fixed(now + timedelta(seconds=3)):
        lane_of(elm).round()
    (left,) = SearchDue.objects.exclude(target="")
    assert (left.operation_id, left.attempts) == (first.pk, 1)
    assert not SearchDue.objects.filter(operation=second).exclude(target="").exists()


def test_a_message_that_no_node_writes_changes_nothing(elm: ElmNode, people: Any, now: datetime, door: Any) -> None:
    content = Withdrawal("no-id", 1, "none-either", 1).content()
    letter = elm.exchange.letter(str(people.node.pk), "withdrawal", content, instant(now))
    answer = door(letter.token, "withdrawals")
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert not TakenMessage.objects.exists()
