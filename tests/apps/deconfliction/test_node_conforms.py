"""This node over its database against the conformance suite: no socket, the clock moved on by the test.

A choice of the requirements; all of them, over HTTP: `vigil conformance` (docs/protocol/conformance.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha512
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from tests.apps.deconfliction.elm_node import AtOnce

from vigil.apps.deconfliction import jobs
from vigil.apps.deconfliction.actions import node as own_node
from vigil.apps.deconfliction.federation.answering import answer
from vigil.apps.deconfliction.federation.lanes import Lane
from vigil.apps.deconfliction.plan_rows import instant
from vigil.apps.deconfliction.store import DatabaseStore, partner_of
from vigil.conformance import report
from vigil.conformance.identity import introduce, read
from vigil.conformance.suite import Suite
from vigil.conformance.wire import Loop, NoAnswer, Response, token_of
from vigil.platform import clock
from vigil.platform.partners import roster
from vigil.platform.partners.client import Unreached
from vigil.platform.partners.models import Partner
from vigil.protocol.envelope import Malformed

CHOSEN = (101, 106, 109, 121, 110, 113, 114, 115, 201, 202, 204, 211, 222, 228, 230, 240, 242, 243)
BLIND = (101, 106, 111, 114, 121, 204, 241)
"""Those that hold whichever way is asked; 202 and 240 look into a plain query."""
ALONE = (9, 20, 250, 252, 254, 260)
STEP = timedelta(seconds=6)


class OwnNode:
    """The node of the test, with the suite as its partner for tests."""

    def __init__(self, now: datetime) -> None:
        self.at, numbers = now, count(1)
        self.clock = ExitStack()
        self.move(timedelta(0))
        secret = introduce(
            "Suite",
            "https://suite.example",
            lambda size: sha512(b"%d" % next(numbers)).digest()[:size],
            instant(now),
            roster.own_file(now),
        )
        own = read(secret)
        row = Partner.objects.create(
            pk=UUID(own.own.node_id),
            name="Suite",
            base_url=own.own.address,
            public_key=own.own.key,
            predicate_versions=["p1"],
            purpose="test",
            state=Partner.State.ACTIVE,
        )
        own_node(DatabaseStore()).change_roster([partner_of(row)], instant(now))
        self.lane = Lane(row.pk, self.send, clock.now, AtOnce())
        self.suite = Suite(
            own,
            Loop(self.receive),
            lambda: instant(clock.now()),
            lambda: str(UUID(int=next(numbers))),
            self.pause,
            epoch=5,
            many=5,
            patience=60,
        )

    def move(self, step: timedelta) -> None:
        self.at += step
        self.clock.close()
        self.clock.enter_context(clock.fixed(self.at))

    def receive(self, path: str, token: bytes) -> Response:
        try:
            return Response(answer(token, clock.now()))
        except Malformed:
            return Response(b"", 401, "application/problem+json")

    def send(self, url: str, token: bytes, seconds: float) -> bytes:
        try:
            return token_of(Loop(self.suite.receive).post(url.rpartition("/")[2], token, seconds))
        except NoAnswer as error:
            raise Unreached("no_answer") from error

    def pause(self) -> None:
        self.move(STEP)
        jobs.run_due_searches(clock.now())
        while self.lane.round():
            pass


@pytest.fixture
def ours(people: Any, now: datetime) -> Iterator[OwnNode]:
    node = OwnNode(now)
    with node.clock:
        yield node


@pytest.mark.slow
@pytest.mark.django_db
def test_this_node_keeps_the_requirements(ours: OwnNode) -> None:
    results = report.run(ours.suite, {f"FED-{number:03}" for number in (*CHOSEN, *ALONE)})
    assert [report.as_text(one) for one in results if one.outcome is not report.Outcome.PASSED] == []
    assert len(results) == len(CHOSEN) + len(ALONE)


@pytest.mark.slow
@pytest.mark.django_db
def test_this_node_keeps_them_towards_a_partner_that_it_asks_blind(ours: OwnNode) -> None:
    members = [replace(partner_of(one), blind=True) for one in Partner.objects.all()]
    own_node(DatabaseStore()).change_roster(members, instant(ours.at))
    results = report.run(ours.suite, {f"FED-{number:03}" for number in BLIND})
    assert [report.as_text(one) for one in results if one.outcome is not report.Outcome.PASSED] == []
    assert len(results) == len(BLIND)
