"""The pages of alarms' ways: one's own, confirmed by a code; the channels, a test, what was given up; webhooks."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from tests.platform.carriers import Fake, install

from vigil.platform import clock
from vigil.platform.delivery import outbox
from vigil.platform.delivery.addresses import Address
from vigil.platform.delivery.carrier import NotTaken
from vigil.platform.delivery.kinds import kind
from vigil.platform.delivery.models import Channel, Delivery, LaneHealth, PersonalWay, Webhook
from vigil.platform.delivery.personal import personal_ways
from vigil.platform.delivery.sender import AtOnce, Sender
from vigil.platform.delivery.webhooks import webhooks_of

KIND = kind("test.alarm", "Open Vigil now.")
WAYS, CHANNELS, WEBHOOKS = "/account/ways/", "/channels/", "/setup/webhooks/"


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> dict[Channel, Fake]:
    return install(monkeypatch)


def bring() -> None:
    Sender(executor=AtOnce()).run_until_idle()


def way() -> PersonalWay:
    return PersonalWay.objects.get()


@pytest.mark.slow
@pytest.mark.django_db
def test_a_way_of_ones_own_counts_once_its_code_was_entered(
    login: Any, people: Any, now: Any, fakes: dict[Channel, Fake]
) -> None:
    client, alice = login("alice"), people.user("alice").pk
    with clock.fixed(now):
        wrong = client.post(WAYS, {"do": "add", "channel": "sms", "to": "555-0811"})
        assert wrong.status_code == 422
        assert "ten digits" in wrong.content.decode()
        assert 'value="555-0811"' in wrong.content.decode(), "nothing typed is lost"
        assert client.post(WAYS, {"do": "add", "channel": "sms", "to": "410 555 0811"}).status_code == 302
        again = client.post(WAYS, {"do": "add", "channel": "sms", "to": "+1 410-555-0811"})
        assert "You have this one already" in again.content.decode()
        bring()
        (message,) = fakes[Channel.SMS].taken
        (code,) = re.findall(r"\d{6}", message.text)
        wrongs = [f"{(int(code) + 1) % 10**6:06}"] * 5
        for typed in [*wrongs, code]:
            client.post(WAYS, {"do": "confirm", "way": way().pk, "code": typed})
        assert way().confirmed_at is None, "five tries a code"
        client.post(WAYS, {"do": "code", "way": way().pk})
        assert len(fakes[Channel.SMS].taken) == 1, "one a minute"
    with clock.fixed(now + timedelta(minutes=2)):
        client.post(WAYS, {"do": "code", "way": way().pk})
        bring()
        (code,) = re.findall(r"\d{6}", fakes[Channel.SMS].taken[1].text)
    with clock.fixed(now + timedelta(minutes=13)):
        client.post(WAYS, {"do": "confirm", "way": way().pk, "code": code})
        assert way().confirmed_at is None, "ten minutes a code"
        client.post(WAYS, {"do": "code", "way": way().pk})
        bring()
        (code,) = re.findall(r"\d{6}", fakes[Channel.SMS].taken[2].text)
        assert personal_ways(alice, urgent=True) == []
        client.post(WAYS, {"do": "confirm", "way": way().pk, "code": f" {code[:3]} {code[3:]} "})
    assert personal_ways(alice, urgent=True) == [Address(Channel.SMS, "+14105550811", "Alice Arden", alice)]
    assert personal_ways(alice, urgent=False) == []
    client.post(WAYS, {"do": "choose", "way": way().pk, "for_other": "yes"})
    assert (len(personal_ways(alice, urgent=True)), len(personal_ways(alice, urgent=False))) == (0, 1)
    assert "(410) 555-0811" in client.get(WAYS).content.decode()
    assert "0811" not in repr(list(PersonalWay.objects.values()))

    theirs = {"way": way().pk, "for_urgent": "yes"}
    assert login("bob").post(WAYS, {"do": "choose", **theirs}).status_code == 404
    login("alice").post(WAYS, {"do": "remove", **theirs})
    assert not PersonalWay.objects.exists()


@pytest.mark.django_db
def test_the_operator_sees_what_fails_tests_it_and_sends_again_what_was_given_up(
    login: Any, people: Any, now: Any, fakes: dict[Channel, Fake]
) -> None:
    client = login("erin")
    with clock.fixed(now):
        fakes[Channel.SMS].failing = NotTaken("http_422", for_good=True)
        with transaction.atomic():
            (lost,) = outbox.send(
                [Address(Channel.SMS, "+14105550811", "Lena Kanary")],
                KIND,
                key="k",
                about=uuid4(),
                at=now,
                until=now,
                urgent=True,
                with_reply_code=True,
            )
        bring()
        page = client.get(CHANNELS).content.decode()
        assert "http_422" in page
        assert "0811" not in page, "to whom it was is not the operator's to see"
        assert "Kanary" not in page
        fakes[Channel.SMS].failing = None
        assert client.post(CHANNELS, {"do": "retry", "delivery": lost.pk}).status_code == 302
        assert client.post(CHANNELS, {"do": "retry", "delivery": lost.pk}).status_code == 404
        bring()
        (message,) = fakes[Channel.SMS].taken
        assert (message.to, message.id != lost.pk) == ("+14105550811", True)
        assert re.search(r"\d{6}", message.text)

        assert client.post(CHANNELS, {"do": "test", "channel": "email", "to": "nobody"}).status_code == 422
        assert client.post(CHANNELS, {"do": "test", "channel": "email", "to": "erin@bay.example"}).status_code == 302
        bring()
        assert fakes[Channel.EMAIL].taken[0].text.startswith("TEST")
        LaneHealth.objects.create(lane="voice", failing_since=now, code="TimeoutError")
        page = client.get(CHANNELS).content.decode()
        assert "TimeoutError" in page
        assert "handed over" in page
    late = outbox.send(
        [Address(Channel.SMS, "+14105550811")], KIND, key="l", about=uuid4(), at=now, until=now, urgent=True
    )
    with clock.fixed(now + timedelta(seconds=61)):
        assert "is the worker running?" in client.get(CHANNELS).content.decode()
    assert late
    assert login("alice").get(CHANNELS).status_code == 403


@pytest.mark.django_db
def test_an_agency_names_its_webhooks(login: Any, people: Any, now: Any) -> None:
    client, agency = login("erin"), people.port_calvert.pk
    for url in ("http://hooks.example/", "https://", "ftp://x", "https://user:pass@hooks.example/", "https://[::1"):
        answer = client.post(WEBHOOKS, {"do": "add", "name": "CAD", "url": url})
        assert answer.status_code == 422, url
    page = client.post(WEBHOOKS, {"do": "add", "name": "CAD", "url": "https://hooks.example/t?key=kanary"})
    assert "whsec_" in page.content.decode()
    listed = client.get(WEBHOOKS).content.decode()
    assert "hooks.example" in listed
    assert "kanary" not in listed
    assert "whsec_" not in listed
    assert "kanary" not in repr(list(Webhook.objects.values()))
    hook = Webhook.objects.get()
    assert webhooks_of(agency) == [Address(Channel.WEBHOOK, str(hook.pk))]
    assert webhooks_of(people.bay_county.pk) == []
    client.post(WEBHOOKS, {"do": "remove", "webhook": hook.pk})
    assert webhooks_of(agency) == []
    assert client.post(WEBHOOKS, {"do": "remove", "webhook": hook.pk}).status_code == 404
    assert not Delivery.objects.exists()
