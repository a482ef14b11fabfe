"""The outbox: written with what it tells of, never twice, ended in one statement, and silent about whom it tells."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction
from tests.platform import carriers

from vigil.platform.delivery import outbox
from vigil.platform.delivery.addresses import Address, canonical, reply_code
from vigil.platform.delivery.kinds import KINDS, kind, said, subject
from vigil.platform.delivery.models import Channel, Delivery, DeliveryEvent

ABOUT = UUID(int=7)
LENA = Address(Channel.SMS, "410-555-0811", "Lena Kanary")
SEPP = Address(Channel.EMAIL, "sepp@kanary.example", "Sepp Kanary")
KIND = kind("test.alarm", "Open Vigil now.")


def send(*addresses: Address, key: str = "side:1", at: datetime, **options: object) -> list[Delivery]:
    values: dict[str, object] = {"urgent": True, "until": at + timedelta(hours=2), "with_reply_code": True} | options
    return outbox.send(addresses, KIND, key=key, about=ABOUT, at=at, **values)  # type: ignore[arg-type]


@pytest.mark.db
@pytest.mark.django_db(transaction=True)
def test_a_delivery_comes_and_goes_with_its_transaction_and_never_twice(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    carriers.install(monkeypatch)
    with transaction.atomic():
        send(LENA, at=now)
        transaction.set_rollback(True)
    assert not Delivery.objects.exists()

    with transaction.atomic():
        sms, mail = send(LENA, SEPP, at=now)
        same = Address(Channel.SMS, "(410) 555 0811", "Somebody")
        assert send(same, SEPP, at=now) == []
        assert len(send(LENA, key="side:2", at=now)) == 1
    assert sms.reply_token
    assert mail.reply_token is None, "an e-mail asks for no code"
    assert (sms.next_attempt_at, sms.state) == (now, "waiting")

    (later,) = send(SEPP, key="routine", at=now, urgent=False)
    assert now <= later.next_attempt_at <= now + timedelta(seconds=30)

    with transaction.atomic():
        assert outbox.stop(ABOUT, now) == 4
        assert outbox.stop(ABOUT, now) == 0
    found = outbox.ways(ABOUT)
    (way,) = (one for one in found if one.delivery == sms)
    assert (way.to, way.name) == ("+14105550811", "Lena Kanary")
    assert [event.step for event in way.events] == ["queued", "stopped"]
    assert len(found) == 4

    assert outbox.forget([ABOUT]) == 4
    assert [(way.to, way.name, len(way.events)) for way in outbox.ways(ABOUT)] == [("", "", 2)] * 4
    assert all(way.delivery.dedupe_key.replace("-", "") == way.delivery.pk.hex for way in outbox.ways(ABOUT))


@pytest.mark.django_db
def test_what_has_no_way_is_said_at_once(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    carriers.install(monkeypatch, Channel.SMS)
    sent = send(LENA, SEPP, Address(Channel.SMS, "555-0811"), at=now)
    assert [one.state for one in sent] == ["waiting", "no_way", "no_way"]
    steps = DeliveryEvent.objects.values_list("step", "code")
    assert list(steps) == [("queued", ""), ("no_way", "not_set_up"), ("no_way", "no_address")]
    with pytest.raises(LookupError):
        outbox.send([LENA], "test.unknown", key="k", about=ABOUT, at=now, until=now)


@pytest.mark.django_db
def test_rows_hold_neither_address_nor_name_nor_code(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    carriers.install(monkeypatch)
    sms, _ = send(LENA, SEPP, at=now)
    stored = repr([list(Delivery.objects.values()), list(DeliveryEvent.objects.values())]).casefold()
    for marked in ("0811", "kanary", "lena", f"'{reply_code(sms.pk)}'"):
        assert marked not in stored


def test_texts_are_constants_and_an_exercise_says_so_first() -> None:
    texts = {code: said(code, exercise=False) for code in KINDS}
    for code, text in texts.items():
        exercise = said(code, exercise=True)
        assert exercise.startswith("EXERCISE")
        assert exercise.endswith("EXERCISE.")
        assert "EXERCISE" not in text
        assert not re.search(r"[{}%]|\d", text), f"{code} has a gap for a value"
        coded = {len(said(code, exercise=False, reply_code=reply_code(UUID(int=number)))) for number in range(300)}
        assert len(coded) == 1, "one length for every code"
    assert subject(exercise=True).startswith("EXERCISE")
    assert "EXERCISE" not in subject(exercise=False)


def test_addresses_are_read_as_their_channel_uses_them() -> None:
    assert canonical(Channel.VOICE, "(410) 555-0142") == "+14105550142"
    assert canonical(Channel.SMS, "+49 30 901820") == "+4930901820"
    for channel, text in ((Channel.SMS, "555-0142"), (Channel.VOICE, "nobody"), (Channel.EMAIL, "nobody")):
        assert canonical(channel, text) is None
    assert canonical(Channel.EMAIL, "a@b.example\nBcc: c@d.example") is None
