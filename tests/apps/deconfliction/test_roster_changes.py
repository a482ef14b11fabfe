"""With many active operations the roster changes a portion at a time, and never promises more than was answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.apps.deconfliction.elm_node import AtOnce, ElmNode
from tests.apps.deconfliction.plans import plan, site

from vigil.apps.deconfliction import actions, jobs
from vigil.apps.deconfliction.federation import pairing, partner_states, roster_changes
from vigil.apps.deconfliction.federation.asking import ask_now
from vigil.apps.deconfliction.models import Receipt, SearchDue, Verdict
from vigil.core.errors import Invalid
from vigil.platform.jobs import queue
from vigil.platform.partners.models import Partner, current_roster
from vigil.protocol.envelope import SPOKEN
from vigil.protocol.pairing import Pairing, groups, write_file
from vigil.protocol.signing import Signer

pytestmark = pytest.mark.django_db
PINE = Signer.from_seed(bytes(range(32)))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster_changes, "PORTION", 2)


def registered(people: Any, now: datetime, count: int) -> list[UUID]:
    """So many operations, searched for, that meet nothing."""
    ids = []
    for number in range(count):
        place = (-76.6 + 0.1 * number, 39.3 + count)
        ids.append(actions.register_operation(people.actor("alice"), plan(now, site(now, place)), now).pk)
        actions.run_due_search(people.actor("alice"), ids[-1], now)
    return ids


def heard(people: Any, now: datetime, name: str = "Pine Region", node_id: str = "") -> Partner:
    """Another node's file was taken in, and its fingerprint heard."""
    told = Pairing(
        node_id or str(uuid4()), name, "https://pine.example", PINE.public_key, "Pine desk", "+14105550377", "", (), (),
        SPOKEN, ("p1",), int(now.timestamp() * 1e6),
    )  # fmt: skip
    row = pairing.take_in(people.actor("erin"), write_file(told, PINE), "live", now)
    return pairing.add(people.actor("erin"), row.pk, " ".join(groups(told.fingerprint)), now)


def step(now: datetime) -> bool:
    """What the worker does next of it; whether there was anything."""
    claimed = queue.claim(now, (roster_changes.JOINS, roster_changes.SAID))
    if claimed is not None:
        queue.run(claimed, now)
    return claimed is not None


def said() -> set[tuple[str, int, tuple[str, ...]]]:
    rows = Verdict.objects.filter(revision__gte=1)
    return {(row.determination, row.roster_number, tuple(row.not_answered)) for row in rows}


@pytest.mark.db
def test_who_joins_is_a_partner_once_everything_active_says_that_it_has_not_answered(
    login: Any, people: Any, now: datetime
) -> None:
    registered(people, now, 5)
    before = current_roster().number
    row = heard(people, now)
    assert (row.state, current_roster().members) == ("joining", [])
    assert said() == {("no_known_conflict", before, ())}
    page = login("erin").get(f"/partners/{row.pk}/").content.decode()
    assert "5 operations are still to be asked" in page
    with pytest.raises(Invalid, match="Another partner is just being let in"):
        heard(people, now, "Oak Region")
    step(now)
    assert (partner_states.one(people.actor("erin"), row.pk, now).unasked, current_roster().members) == (3, [])
    late = registered(people, now, 1)[0]  # asks the roster that is, and joins the others in the end
    while current_roster().number == before:
        assert step(now)
    assert current_roster().members == [str(row.pk)]
    assert said() == {("incomplete", before + 1, (str(row.pk),))}, "at the instant that it is a partner"
    assert SearchDue.objects.filter(target=str(row.pk)).count() == 6
    assert SearchDue.objects.filter(target=str(row.pk), operation_id=late).exists()
    assert not step(now)
    assert partner_states.one(people.actor("erin"), row.pk, now).is_member


def test_who_is_not_let_in_after_all_leaves_nothing_behind(login: Any, people: Any, now: datetime) -> None:
    registered(people, now, 5)
    before = current_roster().number
    row = heard(people, now)
    step(now)
    login("erin").post(f"/partners/{row.pk}/", {"do": "withdraw"})
    while step(now):
        pass
    assert not Partner.objects.filter(pk=row.pk).exists()
    assert said() == {("no_known_conflict", before, ())}
    assert not SearchDue.objects.exists()


def test_who_leaves_is_named_until_it_is_said_anew_and_not_covered_from_then_on(people: Any, now: datetime) -> None:
    elm, erin = ElmNode(now), people.actor("erin")
    ids = registered(people, now, 5)
    ask_now(ids[0], send=elm.send, threads=AtOnce())
    pairing.propose_removal(erin, UUID(elm.id), "dissolved", now)
    pairing.remove(erin, UUID(elm.id), now)
    assert (current_roster().members, SearchDue.objects.exists()) == ([], False)
    assert {row[0] for row in said()} == {"incomplete", "no_known_conflict"}
    issued = Receipt.objects.count()
    steps = 0
    while step(now):
        steps += 1
    assert steps == 4
    assert said() == {("no_known_conflict", current_roster().number, ())}
    fresh = Receipt.objects.order_by("number")[issued:]
    assert len(fresh) == 5
    assert all(b"Elm Region" in bytes(one.body or b"") for one in fresh), "not covered"


def test_who_is_asked_blind_from_now_on_is_asked_everything_portion_by_portion(people: Any, now: datetime) -> None:
    elm, erin = ElmNode(now), people.actor("erin")
    ids = registered(people, now, 3)
    for one in ids:
        ask_now(one, send=elm.send, threads=AtOnce())
    assert not SearchDue.objects.exists()
    pairing.set_blind(erin, UUID(elm.id), True, now)
    assert not SearchDue.objects.exists()
    jobs.say_anew(queue.claim(now, (roster_changes.SAID,)).payload, now)  # type: ignore[union-attr]
    assert SearchDue.objects.count() == 2
    while step(now):
        pass
    assert SearchDue.objects.count() == 3
    assert said() == {("incomplete", current_roster().number, (elm.id,))}


def test_who_comes_with_another_key_stays_a_partner_and_is_asked_everything_portion_by_portion(
    people: Any, now: datetime
) -> None:
    elm = ElmNode(now)
    for one in registered(people, now, 3):
        ask_now(one, send=elm.send, threads=AtOnce())
    before = current_roster().number
    row = heard(people, now, "Elm Region", elm.id)
    assert (row.state, current_roster().members) == ("active", [elm.id])
    late = registered(people, now, 1)[0]
    assert SearchDue.objects.get().operation_id == late, "what is registered next asks it at once"
    while step(now):
        pass
    assert SearchDue.objects.filter(target=elm.id).count() == 4
    assert said() == {("incomplete", before + 2, (elm.id,))}
