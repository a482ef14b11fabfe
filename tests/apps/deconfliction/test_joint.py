"""Joint groups: offered, accepted, refused, left; nothing follows from one side alone (specification, section 3)."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.apps.deconfliction.plans import plan, site
from tests.apps.deconfliction.test_actions import register, told

from vigil.apps.deconfliction import actions, queries
from vigil.apps.deconfliction.imports import importing
from vigil.apps.deconfliction.models import Conflict, JointOffer, Operation
from vigil.apps.deconfliction.plan import Contact, Disclosure
from vigil.apps.deconfliction.together import joint
from vigil.core.actor import system
from vigil.core.errors import Invalid, NotFound

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def search(people: Any, operation: Operation, now: datetime) -> Operation:
    actions.run_due_search(system("test"), operation.id, now)
    operation.refresh_from_db()
    return operation


def pair(people: Any, now: datetime) -> tuple[Operation, Operation, Conflict]:
    first, second = register(people, "alice", now), register(people, "dave", now)
    return first, second, Conflict.objects.get()


def states(people: Any, name: str, operation: Operation) -> list[str]:
    return [row.state for row in joint.joint_rows(people.actor(name), operation.id)]


@pytest.mark.slow
def test_an_offer_is_a_revision_and_changes_nothing_until_the_other_names_it_too(people: Any, now: datetime) -> None:
    first, second, conflict = pair(people, now)
    offered = joint.offer_joint(people.actor("dave"), conflict.id, now)
    assert (offered.id, offered.revision, offered.revisions.get(number=2).kind) == (second.id, 2, "join")
    assert search(people, second, now).determination == "conflict"
    assert states(people, "dave", second) == ["asked"]
    assert any(body.startswith("Another team asks") for body in told(people, "alice"))
    [row] = joint.joint_rows(people.actor("alice"), first.id)
    assert (row.state, row.card and row.card.agency) == ("offered", "Bay County SO")
    assert "Harbor" not in repr(row)
    accepted = joint.accept_joint(people.actor("bob"), row.offer_id, now)
    assert (accepted.id, accepted.revision) == (first.id, 2)
    assert search(people, first, now).determination == "no_known_conflict"
    second.refresh_from_db()
    conflict.refresh_from_db()
    assert (second.determination, conflict.standing) == ("no_known_conflict", "withdrawn")
    assert (states(people, "alice", first), states(people, "dave", second)) == (["joint"], ["joint"])
    assert any(body.startswith("The other team accepted") for body in told(people, "dave"))


def test_leaving_is_a_revision_and_both_are_alarmed_again(people: Any, now: datetime) -> None:
    first, second, conflict = pair(people, now)
    joint.offer_joint(people.actor("dave"), conflict.id, now)
    joint.accept_joint(people.actor("alice"), JointOffer.objects.get().id, now)
    search(people, first, now)
    left = joint.leave_joint(people.actor("dave"), second.id, first.id, now)
    assert left.revisions.get(number=3).kind == "join"
    assert search(people, second, now).determination == "conflict"
    assert "The other team no longer runs" in " ".join(told(people, "alice"))
    assert told(people, "alice")[-1] == "An operation of yours has a conflict. Open Vigil."
    assert states(people, "alice", first) == ["asked"]
    with pytest.raises(Invalid):
        joint.leave_joint(people.actor("dave"), second.id, first.id, now)


def test_both_offering_is_agreement(people: Any, now: datetime) -> None:
    first, second, conflict = pair(people, now)
    joint.offer_joint(people.actor("dave"), conflict.id, now)
    joint.offer_joint(people.actor("alice"), conflict.id, now)
    search(people, first, now)
    assert (states(people, "alice", first), states(people, "dave", second)) == (["joint"], ["joint"])
    assert JointOffer.objects.get().state == "accepted"


def test_a_refusal_is_told_and_leaves_the_conflict(people: Any, now: datetime) -> None:
    first, second, conflict = pair(people, now)
    joint.offer_joint(people.actor("dave"), conflict.id, now)
    joint.refuse_joint(people.actor("alice"), JointOffer.objects.get().id, now)
    first.refresh_from_db()
    assert (first.revision, states(people, "alice", first)) == (1, [])
    assert told(people, "dave")[-1].startswith("The other team does not want")
    assert search(people, second, now).determination == "conflict"
    with pytest.raises(Invalid, match="no longer stands"):
        joint.accept_joint(people.actor("alice"), JointOffer.objects.get().id, now)


def test_an_offer_taken_back_cannot_be_accepted(people: Any, now: datetime) -> None:
    first, second, conflict = pair(people, now)
    joint.offer_joint(people.actor("dave"), conflict.id, now)
    joint.leave_joint(people.actor("dave"), second.id, first.id, now)
    assert joint.open_offers(people.actor("alice")) == ()
    with pytest.raises(Invalid):
        joint.accept_joint(people.actor("alice"), JointOffer.objects.get().id, now)


def test_nobody_else_answers_an_offer(people: Any, now: datetime) -> None:
    _, _, conflict = pair(people, now)
    joint.offer_joint(people.actor("dave"), conflict.id, now)
    offer = JointOffer.objects.get()
    for name in ("dave", "erin"):
        with pytest.raises((NotFound, Exception)) as refused:
            joint.accept_joint(people.actor(name), offer.id, now)
        assert refused.value.code in ("not_found", "refused")  # type: ignore[attr-defined]
    with pytest.raises(NotFound):
        joint.offer_joint(people.actor("dave"), uuid4(), now)


def test_an_id_that_was_typed_shows_nothing_of_the_other_operation(people: Any, now: datetime) -> None:
    far = site(now, (-77.5, 38.0))
    hidden = register(people, "alice", now)
    for name in (str(hidden.id), str(uuid4())):
        own = register(people, "dave", now, far, joint_with=frozenset({name}))
        [row] = joint.joint_rows(people.actor("dave"), own.id)
        assert (row.state, row.card, row.offer_id, row.offered_at) == ("asked", None, None, None)
    assert states(people, "alice", hidden) == []


def test_a_silent_operation_is_never_offered(people: Any, now: datetime) -> None:
    register(people, "bob", now, disclosure=Disclosure.SILENT)
    register(people, "dave", now)
    conflict = Conflict.objects.get()
    assert not joint.may_offer(people.actor("dave"), conflict.id)
    with pytest.raises(Invalid, match="watch desk"):
        joint.offer_joint(people.actor("dave"), conflict.id, now)


def test_a_relayed_phone_stands_on_no_card_of_an_offer(people: Any, now: datetime) -> None:
    register(people, "alice", now)
    register(people, "dave", now, lead_contact=Contact("Uma Cover", "+14105550177", relay=True))
    joint.offer_joint(people.actor("dave"), Conflict.objects.get().id, now)
    [(_, row)] = joint.open_offers(people.actor("alice"))
    assert "+14105550177" not in repr(row)
    assert row.card is not None
    assert ("Uma Cover", "+14105550100") in [(one.name, one.phone) for one in row.card.people]


HEAD = (
    "operation_id,agency_ori,operation_type,starts_at,ends_at,latitude,longitude,joint_reference,contact_name,"
    "contact_phone"
)


def file(radius: str = "") -> bytes:
    rows = [
        f"{key},{ori},raid,2026-11-25T10:00:00Z,2026-11-25T12:00:00Z,39.29,-76.61,{reference},Lou Lead,410-555-0111"
        for key, ori, reference in (("A1", "MD0000100", "J"), ("B1", "MD0000200", "J"), ("C1", "MD0000200", ""))
    ]
    return "\n".join((HEAD, *rows, "")).replace("39.29", f"39.29{radius}").encode()


@pytest.mark.slow
def test_a_joint_reference_over_two_agencies_is_offered_to_both_and_named_by_nobody(people: Any, now: datetime) -> None:
    outcome = importing.import_file(system("import"), io.BytesIO(file()), now)
    assert outcome.counts["offers"] == 1
    a, b = Operation.objects.get(external_id="A1"), Operation.objects.get(external_id="B1")
    assert (a.determination, b.determination) == ("conflict", "conflict")
    assert (states(people, "alice", a), states(people, "dave", b)) == (["offered"], ["offered"])
    [row] = joint.joint_rows(people.actor("alice"), a.id)
    joint.accept_joint(people.actor("alice"), row.offer_id, now)
    assert search(people, a, now).determination == "conflict"
    assert (states(people, "alice", a), states(people, "dave", b)) == (["asked"], ["offered"])
    joint.accept_joint(people.actor("dave"), joint.joint_rows(people.actor("dave"), b.id)[0].offer_id, now)
    assert states(people, "alice", a) == ["joint"]
    # The same file again asks nobody again; a changed row keeps what the owners agreed on.
    later = now + timedelta(minutes=5)
    importing.import_file(system("import"), io.BytesIO(file()), later)
    importing.import_file(system("import"), io.BytesIO(file("01")), later)
    assert states(people, "alice", a) == ["joint"]
    assert JointOffer.objects.filter(state="open").count() == 0


def test_the_conflict_page_reads_the_offer_from_the_rows_not_from_one_side(people: Any, now: datetime) -> None:
    first, _, conflict = pair(people, now)
    assert joint.may_offer(people.actor("alice"), conflict.id)
    joint.offer_joint(people.actor("alice"), conflict.id, now)
    assert not joint.may_offer(people.actor("alice"), conflict.id)
    assert queries.operation_detail(people.actor("alice"), first.id, now).plan.joint_with
    moved = actions.revise_operation(people.actor("alice"), first.id, 2, plan(now, site(now, (-77.5, 38.0))), now)
    assert moved.revisions.get(number=3).joint_with == []
