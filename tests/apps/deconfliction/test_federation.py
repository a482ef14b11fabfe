"""This node and a partner find each other's conflicts, whoever comes first; what is not answered stays due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.apps.deconfliction.elm_node import AtOnce, ElmNode, Never
from tests.apps.deconfliction.plans import HARBOR, plan

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.federation.asking import ask_now
from vigil.apps.deconfliction.federation.lanes import Lane
from vigil.apps.deconfliction.models import Alarm, Conflict, ConflictSide, Operation, SearchDue, Verdict
from vigil.platform import clock
from vigil.platform.audit.models import AuditRecord
from vigil.platform.partners.client import JOSE
from vigil.platform.partners.models import Contact

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


def test_whoever_is_no_partner_learns_nothing(elm: ElmNode, people: Any, now: datetime, door: Any) -> None:
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
    from vigil.platform.partners.models import Partner

    others.append(stranger.letter("health", now).token)
    Partner.objects.filter(pk=stranger.id).update(public_key=b"0" * 32)
    answers = [door(one, "health") for one in others]
    assert {(answer.status_code, answer.content, answer["Content-Type"]) for answer in answers} == {
        (401, answers[0].content, "application/problem+json")
    }
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
        while Lane(Contact.objects.get().partner_id, elm.send, clock.now, AtOnce()).round():
            pass
    assert Operation.objects.get().determination == "no_known_conflict"
    assert Contact.objects.get().milliseconds < 1_500


def test_a_lane_tries_a_silent_partner_singly_and_calls_all_that_waits_once_it_is_back(
    elm: ElmNode, people: Any, now: datetime
) -> None:
    for _ in range(3):
        operation = actions.register_operation(people.actor("alice"), plan(now), now)
        actions.run_due_search(people.actor("alice"), operation.pk, now)
    elm.down = "timeout"
    lane = Lane(Contact(partner_id=elm.id).partner_id, elm.send, clock.now, AtOnce())
    with clock.fixed(now + timedelta(seconds=3)):
        assert not lane.round()
        assert not lane.round(), "not before its time"
    failing = Contact.objects.get()
    assert failing.failures == 3
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
