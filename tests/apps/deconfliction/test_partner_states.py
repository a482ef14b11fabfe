"""How partners stand is seen by whoever is asked about it: on the page, at the desk, by the administrators' notices."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.apps.deconfliction.elm_node import AtOnce, ElmNode
from tests.apps.deconfliction.plans import plan

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.federation import partner_states, watching
from vigil.apps.deconfliction.federation.asking import ask_now
from vigil.apps.deconfliction.federation.lanes import Lane
from vigil.apps.deconfliction.plan_rows import instant
from vigil.platform import clock
from vigil.platform.notices.models import Change, Notice
from vigil.platform.partners.models import Contact, Partner
from vigil.protocol.signing import Signer

pytestmark = pytest.mark.django_db


def test_a_silent_partner_is_named_with_its_telephone_until_it_is_back(login: Any, people: Any, now: datetime) -> None:
    elm = ElmNode(now)
    alice = people.actor("alice")
    operation = actions.register_operation(alice, plan(now), now)
    actions.run_due_search(alice, operation.pk, now)
    elm.down = "no_connection"
    ask_now(operation.pk, send=elm.send, threads=AtOnce())

    page = login("alice").get(f"/operations/{operation.pk}/").content.decode()
    assert "Incomplete: Elm Region has not answered" in page
    assert 'href="tel:+14105550399"' in page
    assert "Asked 1 time without an answer." in page
    assert "Elm Region" not in login("carol").get("/desk/").content.decode(), "a hiccup is no news"

    later = now + timedelta(seconds=31)
    with clock.fixed(later):
        watching.look_at_lines(later)
        assert Change.objects.filter(topic="conflicts", role="watch_desk").exists()
        desk = login("carol").get("/desk/").content.decode()
        assert "has not answered since" in desk
        assert "(410) 555-0399" in desk
        state = login("alice").get(f"/partners/{elm.id}/").content.decode()
        assert "Down" in state
        assert "1 try (no_connection)" in state
        assert "1, the oldest of" in state
    watching.look_after(later)
    assert not Notice.objects.filter(kind="partners.trouble").exists(), "the desk's strip is enough at first"
    for at in (now + timedelta(minutes=10), now + timedelta(minutes=11)):
        watching.look_after(at)
    assert [notice.recipient.username for notice in Notice.objects.filter(kind="partners.trouble")] == ["erin"]

    elm.down = ""
    with clock.fixed(now + timedelta(minutes=12)):
        while Lane(UUID(elm.id), elm.send, clock.now, AtOnce()).round():
            pass
    assert "No known conflict" in login("alice").get(f"/operations/{operation.pk}/").content.decode()
    assert "Elm Region" not in login("carol").get("/desk/").content.decode()


def test_a_partner_that_refuses_or_shares_no_version_is_told_to_administrators_once(people: Any, now: datetime) -> None:
    elm = ElmNode(now)
    watching.look_after(now)
    assert not Notice.objects.exists()
    Contact.objects.create(partner_id=elm.id, failing_since=now, code="status_401")
    watching.look_after(now)
    watching.look_after(now)
    Partner.objects.update(predicate_versions=["p9"])
    watching.look_after(now)
    assert [notice.body.split(":")[0] for notice in Notice.objects.order_by("created_at", "body")] == [
        "A partner node refuses this node's questions",
        "A partner node shares no version with this node",
    ]


def test_a_node_that_was_removed_learns_it_without_asking_anything(login: Any, people: Any, now: datetime) -> None:
    elm = ElmNode(now)
    lane = Lane(UUID(elm.id), elm.send, clock.now, AtOnce())
    lane.round()
    assert [state.word for state in partner_states.members(now)] == ["Up"]
    ours = elm.store.rows.roster.members
    elm.node.change_roster([], instant(now))
    with clock.fixed(now + timedelta(minutes=1)):
        lane.round()
        assert [state.word for state in partner_states.members(clock.now())] == ["Refuses"]
        alice = people.actor("alice")
        operation = actions.register_operation(alice, plan(now), clock.now())
        actions.run_due_search(alice, operation.pk, clock.now())
        said = ask_now(operation.pk, send=elm.send, threads=AtOnce())
        assert said is not None
        assert said.refused == (elm.id,), "who refuses is asked like everybody, and said to refuse"
        page = login("alice").get(f"/operations/{operation.pk}/").content.decode()
        assert "Incomplete: Elm Region refused" in page
        assert "It is there and yet does not compare" in page
    key, elm.exchange.signer = elm.exchange.signer, Signer.from_seed(bytes(32))
    with clock.fixed(now + timedelta(minutes=2)):
        lane.round()
        [state] = partner_states.silent(clock.now())
        assert state.word == "Answers with another key"
        page = login("alice").get(f"/partners/{elm.id}/").content.decode()
        assert "does not sign with the key that this node knows" in page
        watching.look_after(clock.now())
        assert Notice.objects.filter(body__startswith="A partner node answers with another key").count() == 1
    elm.exchange.signer = key
    elm.node.change_roster(ours, instant(now))
    with clock.fixed(now + timedelta(minutes=4)):
        lane.round()
        assert [state.word for state in partner_states.members(clock.now())] == ["Up"]


def test_whoever_needs_somebody_stands_first(people: Any, now: datetime) -> None:
    names = {"down": "Zion", "refuses": "Yew", "waits": "Oak", "up": "Ash"}
    partners = {how: ElmNode(now, name=name) for how, name in names.items()}
    Contact.objects.create(partner_id=partners["down"].id, failing_since=now - timedelta(minutes=1), code="timeout")
    Contact.objects.create(partner_id=partners["refuses"].id, failing_since=now, code="refused")
    Contact.objects.create(partner_id=partners["up"].id, answered_at=now)
    Partner.objects.filter(pk=partners["waits"].id).update(state="invited", proposed="pairing")
    stand = [state.row.name for state in partner_states.known(people.actor("erin"), now)]
    assert stand == ["Zion", "Yew", "Oak", "Ash"]
