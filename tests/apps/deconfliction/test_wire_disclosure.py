"""Every byte that a node sends to a partner, with marked values planted in everything it stores (invariant I7)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.apps.deconfliction.elm_node import AtOnce, ElmNode
from tests.apps.deconfliction.plans import HARBOR, phone
from tests.apps.deconfliction.test_actions import register, supervises

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.actions import node as own_node
from vigil.apps.deconfliction.alarms import lifecycle
from vigil.apps.deconfliction.federation.asking import ask_now
from vigil.apps.deconfliction.federation.lanes import Lane
from vigil.apps.deconfliction.models import Conflict, Operation, Outgoing
from vigil.apps.deconfliction.plan import Contact, Disclosure, PlannedSubject
from vigil.apps.deconfliction.plan_rows import instant
from vigil.apps.deconfliction.store import DatabaseStore, partner_of
from vigil.platform import clock
from vigil.platform.partners.client import JOSE
from vigil.platform.partners.models import Partner

pytestmark = [pytest.mark.db, pytest.mark.django_db]
FAR = (-80.0, 40.0)
SUBJECT = "+14105550142"
SUBJECTS = (
    phone(SUBJECT),
    PlannedSubject("person", "Mark, Vera 1980-01-31", "person:MARK,VERA,1980-01-31"),
    PlannedSubject("plate", "MD XMARK77", "plate:MD/XMARK77"),
)
NEVER = (
    "1200 Harbor",
    "C26-",
    "ledger",
    "BAY-26",
    "4105550142",
    "Vera",
    "VERA",
    "XMARK77",
    "Alice",
    "Arden",
    "Sam Second",
    "4105550112",
    "Sue Super",
    "4105550113",
    "distance",
    "objective",
    "case",
)
"""What no message may hold: label, case, objective, reference, subjects, submitter, second contact and supervisor."""
PLACE = ("39.29", "76.61", "POINT", "America/New_York")
"""What the plain question may hold, and nothing else."""
CARD = ("Lou Lead", "4105550111", "Port Calvert")
"""What the other side of a conflict may see; what a blind question and a message about the nodes may not hold."""
MEMBERS = {
    *("kind", "version", "id", "from", "to", "issued_at", "expires_at", "epoch", "sequence", "in_reply_to", "content"),
    *(
        "operation",
        "revision",
        "commitment",
        "mode",
        "registered",
        "predicates",
        "points",
        "subjects",
        "cells",
        "plain",
    ),
    *("tentative", "joint_with", "span", "sites", "silent", "card"),
    *("geometry", "radius_m", "uncertainty_m", "starts_at", "ends_at", "buffer_before", "buffer_after"),
    *("agency", "contact_name", "contact_phone", "operation_type", "plain_clothes", "armed_and_dangerous"),
    *("evaluated_at", "outcome", "complete", "raised", "sightings", "band", "overlap", "sighting"),
    *("other", "step", "at", "code", "now", "speaks"),
    *("versions", "modes", "blind", "most_bytes", "life_us"),
}
"""Every member's name that crosses: a new one is a decision, to be made here too."""


class Wire:
    """The partner and everything that this node sent it, opened."""

    def __init__(self, elm: ElmNode, client: Any, now: datetime) -> None:
        self.elm, self.client, self.now = elm, client, now
        self.said: list[bytes] = []

    def answered(self, token: bytes) -> bytes:
        """What the node answers to a message of the partner; kept with its headers."""
        answer = self.client.post("/federation/v1/queries", token, content_type=JOSE)
        headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        assert not any(mark in headers for mark in (*NEVER, *PLACE, *CARD))
        self.said.append(answer.content)
        return bytes(answer.content)

    def ask(self, operation: Operation) -> str:
        """Put the operation to the partner, with what its lane has to tell; the determination after it."""
        ask_now(operation.pk, send=self.elm.send, threads=AtOnce())
        with clock.fixed(self.now + timedelta(seconds=3)):
            while Lane(UUID(self.elm.id), self.elm.send, clock.now, AtOnce()).round():
                pass
        return Operation.objects.get(pk=operation.pk).determination

    def messages(self) -> Iterator[dict[str, Any]]:
        for token in [*(token for _, token in self.elm.heard), *self.said]:
            head, body, _signature = token.split(b".")
            assert set(json.loads(_decoded(head))) == {"alg", "kid", "typ"}
            yield json.loads(_decoded(body))


def _decoded(part: bytes) -> bytes:
    return urlsafe_b64decode(part + b"=" * (-len(part) % 4))


def _members(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _members(one)


MARKED: dict[str, Any] = {
    "lead_contact": Contact("Lou Lead", "+14105550111"),
    "second_contact": Contact("Sam Second", "+14105550112"),
    "supervisor": Contact("Sue Super", "+14105550113"),
    "subjects": SUBJECTS,
}
"""Beside the label, the case number and the objective that every plan of the tests has."""


@pytest.fixture
def wire(people: Any, now: datetime, client: Any, request: Any) -> Wire:
    """The partner, set to the mode of the test on both sides."""
    elm = ElmNode(now)
    Partner.objects.filter(pk=elm.id).update(is_blind=request.param)
    own_node(DatabaseStore()).change_roster([partner_of(Partner.objects.get())], instant(now))
    us = elm.store.rows.roster.members[0]
    elm.node.change_roster([replace(us, blind=request.param)], instant(now))
    return Wire(elm, client, now)


@pytest.mark.slow
@pytest.mark.parametrize("wire", [False, True], ids=["plain", "blind"], indirect=True)
def test_no_message_holds_more_than_section_7_allows(wire: Wire, people: Any, now: datetime, request: Any) -> None:
    blind = request.node.callspec.id == "blind"
    elm = wire.elm
    elm.registers(now, FAR)
    elm.asks(now, wire.answered)
    operation = register(people, "alice", now, **MARKED)
    assert wire.ask(operation) == "no_known_conflict"

    subject_alone = elm.registers(now, (-81.0, 41.0), subjects=frozenset({f"phone:{SUBJECT}"}))
    both = elm.registers(now, HARBOR, subjects=frozenset({f"phone:{SUBJECT}"}))
    for _ in range(2):  # a blind question, then the exact one
        elm.asks(now, wire.answered)
    assert {elm.node.verdict(one).determination for one in (subject_alone, both)} == {"conflict"}
    conflict = Conflict.objects.filter(operation_a=operation.pk, operation_b=both).get()
    lifecycle.acknowledge_conflict(people.actor("alice"), conflict.pk, now)
    wire.ask(operation)
    assert not Outgoing.objects.exists()

    supervises(people, "alice")
    silent = register(people, "alice", now, disclosure=Disclosure.SILENT, **MARKED)
    assert wire.ask(silent) == "conflict"
    cancelled = Operation.objects.get(pk=operation.pk)
    actions.cancel_operation(people.actor("alice"), operation.pk, cancelled.revision, now)
    actions.run_due_search(people.actor("alice"), operation.pk, now)
    wire.ask(cancelled)

    messages = list(wire.messages())
    kinds = {message["kind"] for message in messages}
    assert kinds >= {"query", "reply", "acknowledgement", "capabilities"}
    assert set(_members(messages)) <= MEMBERS
    for message in messages:
        check(message, blind)
    assert any(mark in json.dumps(messages) for mark in CARD), "a test that sees no card would see no leak either"
    assert [m["content"]["plain"] is None for m in messages if m["kind"] == "query"].count(True) >= (3 if blind else 1)


def check(message: dict[str, Any], blind: bool) -> None:
    """One message against what its kind may hold."""
    text = json.dumps(message)
    assert [mark for mark in NEVER if mark in text] == []
    if message["kind"] != "query" or message["content"]["plain"] is None:
        assert [mark for mark in PLACE if mark in text] == []
    if message["kind"] == "query" and message["content"]["plain"] is None:
        assert [mark for mark in CARD if mark in text] == []
    if message["kind"] in ("acknowledgement", "capabilities", "health", "taken"):
        assert [mark for mark in CARD if mark in text] == []
