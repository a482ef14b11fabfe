"""The sender under faults, with the clock passed in: nothing is lost, nothing is another message, somebody is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, transaction
from tests.platform.carriers import Fake, install

from vigil.platform import keys, points
from vigil.platform.delivery import outbox, personal, sender
from vigil.platform.delivery.addresses import Address
from vigil.platform.delivery.carrier import NotTaken
from vigil.platform.delivery.kinds import kind
from vigil.platform.delivery.models import Channel, Delivery, DeliveryEvent, LaneHealth, PersonalWay
from vigil.platform.delivery.sender import AtOnce, Sender
from vigil.platform.notices.models import Notice

KIND = kind("test.alarm", "Open Vigil now.")
SMS, EMAIL = Channel.SMS, Channel.EMAIL
HOUR = timedelta(hours=1)


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> dict[Channel, Fake]:
    return install(monkeypatch)


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


def send(clock: Clock, channel: Channel = SMS, count: int = 1, hours: float = 3, **options: Any) -> list[Delivery]:
    if channel is SMS:
        people = [Address(SMS, f"+1410555{number:04}") for number in range(count)]
    else:
        people = [Address(channel, f"p{number}@bay.example") for number in range(count)]
    until = clock.at + hours * HOUR
    values = {"key": str(uuid4()), "about": uuid4(), "urgent": True, "at": clock.at, "until": until}
    with transaction.atomic():
        return outbox.send(people, KIND, **(values | options))


def steps(delivery: Delivery) -> list[str]:
    return list(DeliveryEvent.objects.filter(delivery=delivery).values_list("step", flat=True))


def state(delivery: Delivery) -> str:
    delivery.refresh_from_db()
    return delivery.state


@pytest.mark.slow
@pytest.mark.db
@pytest.mark.django_db(transaction=True)
def test_a_provider_that_is_down_for_an_hour_loses_nothing_and_somebody_is_told_within_a_minute(
    people: Any, fakes: dict[Channel, Fake], clock: Clock
) -> None:
    began, tried = clock.at, []
    for channel in (SMS, EMAIL):
        own_way(people.user("erin"), channel, clock.at)
    one, two = *send(clock), *send(clock, hours=0.5)
    (mail,) = send(clock, EMAIL)
    fakes[SMS].failing = NotTaken("http_503")
    fakes[SMS].before = lambda message: tried.append((message.id, (clock.at - began).total_seconds()))
    run = Sender(clock, executor=AtOnce())
    told: float | None = None
    while clock.at < began + HOUR:
        run.run_until_idle()
        if told is None and Notice.objects.filter(kind="delivery.failing").exists():
            told = (clock.at - began).total_seconds()
        waiting = Delivery.objects.filter(state="waiting").order_by("next_attempt_at")
        clock.at = waiting.values_list("next_attempt_at", flat=True)[0]
    assert told is not None
    assert 0 < told <= 60
    (notice,) = Notice.objects.filter(kind__startswith="delivery.")
    assert notice.recipient_id == people.user("erin").pk, "the node's administrator, once"
    assert state(mail) == "handed_over", "the other channel never noticed"
    assert [message.kind for message in fakes[EMAIL].taken] == ["test.alarm", "delivery.failing"], "by what still works"
    assert [at for which, at in tried if which == one.pk][:7] == [0, 5, 15, 35, 75, 135, 195]
    assert state(two) == "gave_up", "its time is over, and a try after that failed"
    run.run_until_idle()
    (three,) = send(clock)
    assert Delivery.objects.get(pk=one.pk).next_attempt_at > clock.at

    fakes[SMS].failing = None
    run.run_until_idle()
    taken = [message.id for message in fakes[SMS].taken]
    assert sorted(taken) == sorted([one.pk, three.pk]), "the first that is taken calls the others"
    assert LaneHealth.objects.get(lane="sms").failing_since is None
    assert Notice.objects.filter(kind="delivery.failing").count() == 1


def own_way(user: Any, channel: Channel, at: datetime) -> None:
    address = {SMS: "+14105550999", EMAIL: "erin@bay.example"}[channel]
    PersonalWay.objects.create(
        user=user, channel=channel, address=keys.encrypt(address, personal.WAY), created_at=at, confirmed_at=at
    )


class Slow(Executor):
    """Places are taken, and nothing is ever answered."""

    def __init__(self) -> None:
        self.held: list[Delivery] = []

    def submit(self, work: Any, /, *args: Any, **kwargs: Any) -> Future[None]:  # type: ignore[override]
        self.held.append(args[0])
        return Future()


@pytest.mark.django_db(transaction=True)
def test_a_slow_channel_holds_its_own_places_and_urgent_ones_go_first(fakes: dict[Channel, Fake], clock: Clock) -> None:
    send(clock, count=9, urgent=False, at=clock.at - timedelta(minutes=1))
    slow = Slow()
    run = Sender(clock, executor=slow)
    assert run.run_once()
    assert not run.run_once()
    assert [one.urgent for one in slow.held] == [False] * 2, "what is not urgent may hold half"
    send(clock, count=9)
    assert run.run_once()
    assert [one.urgent for one in slow.held] == [False] * 2 + [True] * 2
    send(clock, EMAIL)
    assert run.run_once()
    assert slow.held[-1].lane == "email", "the others wait for nobody"
    LaneHealth.objects.create(lane="email", failing_since=clock.at)
    send(clock, EMAIL, count=3)
    assert not run.run_once(), "a lane that fails has one place, and it is taken"


@pytest.mark.django_db(transaction=True)
def test_two_senders_bring_each_message_once(fakes: dict[Channel, Fake], clock: Clock) -> None:
    send(clock, count=4)
    first, second = Slow(), Slow()
    Sender(clock, executor=first).run_once()
    Sender(clock, executor=second).run_once()
    assert (len(first.held), second.held) == (4, [])
    # The first one stalls past its lease; what it says while a third has them, or afterwards, changes nothing.
    clock.forward(91)
    third = Slow()
    Sender(clock, executor=third).run_once()
    fakes[SMS].failing = NotTaken("http_500", for_good=True)
    for stalled in first.held:
        sender.bring(stalled, clock)
    assert not Sender(clock, executor=AtOnce()).run_once(), "they are still the third one's"
    fakes[SMS].failing = None
    for leased in third.held:
        sender.bring(leased, clock)
    assert len(fakes[SMS].taken) == 4
    fakes[SMS].failing = NotTaken("http_500", for_good=True)
    for stalled in first.held:
        sender.bring(stalled, clock)
    assert {one.state for one in Delivery.objects.all()} == {"handed_over"}


@pytest.mark.django_db(transaction=True)
def test_one_that_will_never_be_taken_is_given_up_and_the_channel_does_well(
    people: Any, fakes: dict[Channel, Fake], clock: Clock
) -> None:
    from vigil.platform.delivery.jobs import tell_given_up

    (gone,) = send(clock)
    fakes[SMS].failing = NotTaken("http_422", for_good=True)
    Sender(clock, executor=AtOnce()).run_until_idle()
    assert (state(gone), steps(gone)) == ("gave_up", ["queued", "tried", "failed", "gave_up"])
    assert not LaneHealth.objects.exclude(failing_since=None).exists()
    tell_given_up(clock.at)
    tell_given_up(clock.at)
    assert [notice.kind for notice in Notice.objects.all()] == ["delivery.given_up"]


class Killed(BaseException):
    """As SIGKILL: nothing of ours catches it."""


@pytest.fixture
def at_point() -> Iterator[Callable[[str, BaseException], None]]:
    """`at_point(name, error)`: the next passing of the point raises it."""
    armed: dict[str, BaseException] = {}

    def listen(name: str) -> None:
        if name in armed:
            raise armed.pop(name)

    points.listeners.append(listen)
    yield armed.__setitem__
    points.listeners.remove(listen)


@pytest.mark.db
@pytest.mark.parametrize("error", [Killed(), OperationalError("database or disk is full")], ids=["killed", "disk full"])
@pytest.mark.django_db(transaction=True)
def test_whatever_ends_an_attempt_the_same_message_arrives(
    fakes: dict[Channel, Fake], clock: Clock, at_point: Callable[[str, BaseException], None], error: BaseException
) -> None:
    for point in sender.POINTS:
        fakes[SMS].taken.clear()
        (one,) = send(clock)
        at_point(point, error)
        run = Sender(clock, executor=AtOnce())
        with suppress(Killed, OperationalError):
            run.run_once()
        clock.forward(91)
        Sender(clock, executor=AtOnce()).run_until_idle()
        assert state(one) == "handed_over", point
        arrived = {message.id for message in fakes[SMS].taken}
        assert arrived == {one.pk}, point
        twice = point in ("after_hand_over", "before_outcome_commit")
        assert len(fakes[SMS].taken) == (2 if twice else 1), f"{point}: a repeat has the same id"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("hours", [-5, 5], ids=["back", "forward"])
def test_a_clock_that_was_set_changes_nothing(fakes: dict[Channel, Fake], clock: Clock, hours: int) -> None:
    waiting = [*send(clock), *send(clock, EMAIL, urgent=False)]
    leased, held = send(clock, count=2, key="leased"), Slow()
    for fake in fakes.values():
        fake.failing = TimeoutError()
    Sender(clock, executor=held).run_once()
    assert held.held, "leased by one that never says what came of it"
    more = send(clock, key="more")
    run = Sender(clock, executor=AtOnce())
    run.run_until_idle()
    clock.at += hours * HOUR
    for fake in fakes.values():
        fake.failing = None
    run.run_until_idle()
    assert {state(one) for one in [*waiting, *leased, *more]} == {"handed_over"}


@pytest.mark.django_db(transaction=True)
def test_what_was_stopped_is_brought_no_more(fakes: dict[Channel, Fake], clock: Clock) -> None:
    about = UUID(int=9)
    one, two = send(clock, count=2, about=about)
    slow = Slow()
    run = Sender(clock, executor=slow)
    fakes[SMS].failing = TimeoutError()
    run.run_once()
    sender.bring(one := slow.held[0], clock)
    outbox.stop(about, clock.at)
    fakes[SMS].failing = None
    sender.bring(slow.held[1], clock)
    clock.forward(100)
    Sender(clock, executor=AtOnce()).run_until_idle()
    assert [message.id for message in fakes[SMS].taken] == [slow.held[1].pk], "it was on its way already"
    assert {state(one), state(two)} == {"stopped"}
