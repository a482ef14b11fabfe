"""Both directions of the gateway over real sockets: what is taken, what comes back, and the codes that do not count."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from vigil.cli.gateway import TestGateway
from vigil.core.identifiers import uuid7
from vigil.platform import clock
from vigil.platform.audit.models import AuditRecord
from vigil.platform.delivery import addresses as reading
from vigil.platform.delivery import kinds, outbox, posting, signing
from vigil.platform.delivery.addresses import Address, reply_code
from vigil.platform.delivery.kinds import kind
from vigil.platform.delivery.models import Channel, Delivery, DeliveryEvent, Reply
from vigil.platform.delivery.sender import AtOnce, Sender

KIND = kind("test.alarm", "Open Vigil now.")
SECRET = "a secret of the tests, long enough"
NUMBER, OTHER = "+14105550811", "+14105550812"


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Delivery]:
    """What the handler of replies was given."""
    replies: list[Delivery] = []
    monkeypatch.setitem(kinds.REPLY_HANDLERS, "test.", lambda delivery, at: replies.append(delivery))
    return replies


@pytest.fixture
def gateway(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestGateway]:
    """A listening gateway; what it tells of its own accord is kept until `tell_all`."""
    monkeypatch.setattr(TestGateway, "_deliver", lambda self, message_id: None)
    running = TestGateway(SECRET, to_the_node).start()
    settings.VIGIL_GATEWAY_URL, settings.VIGIL_GATEWAY_SECRET = f"{running.url}/send", SECRET
    yield running
    running.close()


def to_the_node(headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """The gateway's way to the node: Django's client, with its strict look at forms."""
    answer = Client(enforce_csrf_checks=True).post("/delivery/callback/", body, "application/json", headers=headers)
    return {"status": answer.status_code, **answer.json()}


def send(at: datetime, to: str = NUMBER, channel: Channel = Channel.SMS, **options: Any) -> Delivery:
    values = {"key": str(uuid4()), "about": uuid4(), "at": at, "until": at + timedelta(hours=2), "urgent": True}
    (sent,) = outbox.send([Address(channel, to)], KIND, with_reply_code=True, **(values | options))
    return sent


def bring() -> None:
    Sender(executor=AtOnce()).run_until_idle()


def steps(delivery: Delivery) -> list[str]:
    return list(DeliveryEvent.objects.filter(delivery=delivery).values_list("step", flat=True))


TAKEN, NOT = {"status": 200, "taken": True}, {"status": 200, "taken": False}


@pytest.mark.db
@pytest.mark.django_db(transaction=True)
def test_a_message_is_taken_and_its_code_counts_once_and_from_its_number_alone(
    gateway: TestGateway, heard: list[Delivery]
) -> None:
    at = clock.now()
    one, call = send(at), send(at, channel=Channel.VOICE, exercise=True)
    bring()
    got = gateway.got[str(one.pk)]
    assert got.message["text"] == f"Open Vigil now. If you are on it, reply {reply_code(one.pk)}."
    assert gateway.got[str(call.pk)].message["text"].startswith("EXERCISE: ")
    assert gateway.tell({"event": "delivered", "id": str(one.pk)}) == TAKEN
    assert gateway.tell({"event": "not_answered", "id": str(call.pk)}) == TAKEN
    assert gateway.tell({"event": "delivered", "id": str(uuid7())}) == NOT

    assert gateway.reply(str(one.pk), number=OTHER) == NOT
    assert gateway.reply(str(one.pk), text="What is this?") == NOT
    assert gateway.reply(str(one.pk), text=f"{reply_code(one.pk)} or {reply_code(call.pk)}") == NOT
    assert heard == []
    gateway.behaviour = "twice"
    assert gateway.reply(str(one.pk), text=f"ok {reply_code(one.pk)}!") == TAKEN
    assert [delivery.pk for delivery in heard] == [one.pk], "told twice, taken once"
    gateway.behaviour = "take"
    assert gateway.reply(str(one.pk)) == NOT

    refusals = list(Reply.objects.order_by("id").values_list("refused", flat=True))
    assert refusals == ["unknown", "no_code", "no_code", "", "used"]
    assert steps(one) == ["queued", "tried", "handed_over", "delivered", "replied"]
    assert steps(call) == ["queued", "tried", "handed_over", "not_answered"]
    one.refresh_from_db()
    assert (one.state, one.replied_at is not None) == ("answered", True)
    recorded = AuditRecord.objects.filter(verb="delivery.callback.receive", object_ids__delivery=str(one.pk))
    assert recorded.count() == 3, "delivered, replied, and the used code"
    assert NUMBER[2:] not in repr([list(Reply.objects.values()), list(AuditRecord.objects.values())])


@pytest.mark.django_db(transaction=True)
def test_an_old_code_and_one_guessed_too_often_count_for_nothing(gateway: TestGateway, heard: list[Delivery]) -> None:
    at, about = clock.now(), uuid4()
    past, ended, live = send(at, until=at - timedelta(seconds=1)), send(at, about=about), send(at)
    bring()
    outbox.stop(about, at)
    for old in (past, ended):
        assert gateway.reply(str(old.pk)) == NOT
    for _ in range(3):
        assert gateway.reply(str(live.pk), text="000000") == NOT
    assert gateway.reply(str(live.pk)) == NOT
    assert list(Reply.objects.values_list("refused", flat=True)) == ["old"] * 2 + ["unknown"] * 3 + ["too_many"]
    with clock.fixed(at + timedelta(minutes=16)):
        answer = receive_at(clock.now(), gateway, live)
    assert answer == TAKEN
    assert [one.pk for one in heard] == [live.pk]


def receive_at(at: datetime, gateway: TestGateway, delivery: Delivery) -> dict[str, Any]:
    said = {"event": "reply", "from": NUMBER, "text": reply_code(delivery.pk)}
    body = json.dumps(said).encode()
    return to_the_node(signing.sign(SECRET, str(uuid7()), body, at), body)


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_fails_leaves_the_code_unused(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch, heard: list[Delivery]
) -> None:
    sent = send(clock.now())
    bring()

    def broken(delivery: Delivery, at: datetime) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setitem(kinds.REPLY_HANDLERS, "test.", broken)
        with pytest.raises(ZeroDivisionError):
            gateway.reply(str(sent.pk))
    assert not Reply.objects.exists()
    assert gateway.reply(str(sent.pk)) == TAKEN, "the gateway's next try"


@pytest.mark.django_db(transaction=True)
def test_what_the_gateway_does_to_a_message(gateway: TestGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = {"refuse": "http_422", "down": "http_503", "garbage": "no_receipt", "slow": "TimeoutError"}
    gateway.seconds = 5.0
    for behaviour, code in codes.items():
        gateway.behaviour = behaviour
        monkeypatch.setattr(posting, "TIMEOUT_SECONDS", 0.2 if behaviour == "slow" else 60.0)
        sent = send(clock.now())
        bring()
        failed = DeliveryEvent.objects.get(delivery=sent, step="failed")
        assert failed.code == code, behaviour
        assert Delivery.objects.get(pk=sent.pk).state == ("gave_up" if behaviour == "refuse" else "waiting")
    gateway.behaviour = "take"
    monkeypatch.setattr(posting, "TIMEOUT_SECONDS", 60.0)
    later = clock.now() + timedelta(minutes=2)
    Sender(lambda: later, executor=AtOnce()).run_until_idle()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"gave_up", "handed_over"}
    garbage = Delivery.objects.get(events__code="no_receipt")
    assert gateway.got[str(garbage.pk)].times == 2, "it came again under its id, and is shown once"


BAD = [
    ({}, "unsigned"),
    ({"secret": "another secret, as long as the one"}, "signature"),
    ({"minutes": -6}, "timestamp"),
    ({"minutes": 6}, "timestamp"),
]


@pytest.mark.django_db
def test_only_the_gateway_of_now_is_heard(gateway: TestGateway) -> None:
    body = b'{"event": "delivered", "id": "x"}'
    for how, word in BAD:
        at = clock.now() + timedelta(minutes=int(how.get("minutes", 0)))
        headers = signing.sign(str(how.get("secret", SECRET)), "m1", body, at) if how else {}
        with pytest.raises(signing.BadSignature, match=word):
            signing.verified(SECRET, headers, body, clock.now())
        assert to_the_node(headers, body)["status"] == 401
    good = signing.sign(SECRET, "m1", body, clock.now())
    assert to_the_node(good | {signing.ID: "m2"}, body)["status"] == 401, "the id is signed too"
    assert to_the_node(good, body + b" ")["status"] == 401
    for wrong in (b"[]", b"{", b'{"event": "exploded"}'):
        assert to_the_node(signing.sign(SECRET, "m3", wrong, clock.now()), wrong)["status"] == 422
    assert to_the_node(good, body) == NOT


def test_the_signature_is_that_of_standard_webhooks() -> None:
    # The example of the scheme's own libraries.
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    at = datetime.fromtimestamp(1614265330).astimezone()
    signed = signing.sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", body, at)
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.django_db
def test_a_number_never_gets_a_code_that_it_had(gateway: TestGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [uuid7(), uuid7()]
    drawn = iter([ids[0], ids[0], ids[0], ids[1]])
    monkeypatch.setattr(outbox, "uuid7", lambda: next(drawn))
    one = send(clock.now())
    monkeypatch.setattr(reading, "reply_code", lambda delivery_id: "111111" if delivery_id == ids[1] else "222222")
    Delivery.objects.update(reply_token=reading.reply_token(NUMBER, "222222"))
    two = send(clock.now())
    assert [one.pk, two.pk] == ids
