"""Task forces: the matrix of who sees what, and whom one acts for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from tests.apps.deconfliction.plans import phone
from tests.apps.deconfliction.test_actions import register, supervises
from tests.apps.deconfliction.test_together_pages import client, text_of
from tests.conftest import make_agency, make_user

from vigil.apps.deconfliction import access, actions, queries
from vigil.apps.deconfliction.models import Operation, TaskForce
from vigil.apps.deconfliction.plan import Contact, Disclosure
from vigil.apps.deconfliction.together import task_forces
from vigil.core.errors import Invalid, NotFound, Refused
from vigil.platform.accounts.access import actor_of_user
from vigil.platform.accounts.models import Membership

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture
def force(people: Any, now: datetime) -> TaskForce:
    """Harbor Group of both agencies: alice of one, dave of the other; fay belongs to a third agency."""
    third = make_agency("MD0000300", "Third Police", "Third PD")
    people.users.update(
        ann=make_user("ann", "Ann Admin", people.port_calvert, "agency_admin"),
        abe=make_user("abe", "Abe Admin", people.bay_county, "agency_admin"),
        ada=make_user("ada", "Ada Admin", third, "agency_admin"),
        dora=make_user("dora", "Dora Day", people.bay_county, "supervisor", "watch_desk"),
        fay=make_user("fay", "Fay Fox", third, "officer"),
    )
    founded = task_forces.found_task_force(people.actor("ann"), "Harbor Group", [people.bay_county.pk], now)
    task_forces.name_members(people.actor("ann"), founded.pk, [people.user("alice").pk], now)
    task_forces.name_members(people.actor("abe"), founded.pk, [people.user("dave").pk], now)
    return founded


def shared(people: Any, force: TaskForce, now: datetime, **fields: Any) -> Operation:
    operation = register(people, "alice", now, **fields)
    return task_forces.register_for(people.actor("alice"), operation.pk, force.pk, now)


def readers(people: Any) -> set[str]:
    return {name for name in people.users if access.shared_operations(people.actor(name)).exists()}


def test_who_reads_what_is_registered_for_a_task_force(people: Any, force: TaskForce, now: datetime) -> None:
    register(people, "alice", now)
    assert readers(people) == set()
    operation = shared(people, force, now)
    assert readers(people) == {"dave"}
    assert [one.pk for one in access.shared_operations(people.actor("dave"))] == [operation.pk]
    task_forces.register_for(people.actor("bob"), operation.pk, None, now)
    assert readers(people) == set()


@pytest.mark.parametrize("ended", ["member", "agency", "owner", "cancelled", "silent", "membership"])
def test_what_ends_the_reading(people: Any, force: TaskForce, now: datetime, ended: str) -> None:
    operation = shared(people, force, now)
    assert readers(people) == {"dave"}
    if ended == "member":
        task_forces.name_members(people.actor("abe"), force.pk, [], now)
    elif ended == "agency":
        task_forces.leave_task_force(people.actor("abe"), force.pk)
    elif ended == "owner":
        task_forces.leave_task_force(people.actor("ann"), force.pk)
    elif ended == "cancelled":
        actions.cancel_operation(people.actor("alice"), operation.pk, 1, now)
    elif ended == "silent":
        Operation.objects.filter(pk=operation.pk).update(disclosure="silent")
    else:
        Membership.objects.filter(user=people.user("dave")).update(role="agency_admin")
    assert readers(people) == set()
    with pytest.raises(NotFound):
        task_forces.shared_operation(people.actor("dave"), operation.pk, now)


def test_a_member_reads_a_part_and_reaches_nothing_else(people: Any, force: TaskForce, now: datetime) -> None:
    lead = Contact("Uma Cover", "+14105550177", relay=True)
    operation = shared(people, force, now, lead_contact=lead, subjects=(phone(),))
    dave = people.actor("dave")
    said = repr(task_forces.shared_operation(dave, operation.pk, now))
    assert "1200 Harbor Street" in said
    assert "Uma Cover" in said
    for secret in ("C26-000123", "ledger", "4105550142", "4105550177"):
        assert secret not in said
    with pytest.raises(NotFound):
        access.get_operation(dave, operation.pk)
    with pytest.raises(NotFound):
        actions.cancel_operation(dave, operation.pk, 1, now)
    assert not access.visible_receipts(dave).exists()
    assert queries.operation_list(dave, queries.OperationFilter(), now).rows == ()
    browser = client(people, "dave")
    page = text_of(browser.get(f"/task-forces/operations/{operation.pk}/"))
    assert "1200 Harbor Street" in page
    assert "Search warrant" in text_of(browser.get("/task-forces/"))
    assert browser.get(f"/operations/{operation.pk}/").status_code == 404
    for name in ("dora", "fay", "abe"):
        hidden = client(people, name).get(f"/task-forces/operations/{operation.pk}/")
        assert hidden.status_code in (403, 404)


def test_a_silent_operation_is_registered_for_none_and_a_foreign_task_force_is_missing(
    people: Any, force: TaskForce, now: datetime
) -> None:
    supervises(people, "alice")
    silent = register(people, "alice", now, disclosure=Disclosure.SILENT)
    with pytest.raises(Invalid, match="silent"):
        task_forces.register_for(people.actor("alice"), silent.pk, force.pk, now)
    other = register(people, "fay", now)
    with pytest.raises(NotFound):
        task_forces.register_for(people.actor("fay"), other.pk, force.pk, now)


def test_an_administrator_names_own_people_of_own_task_forces_only(
    people: Any, force: TaskForce, now: datetime
) -> None:
    with pytest.raises(NotFound):
        task_forces.name_members(people.actor("ada"), force.pk, [people.user("fay").pk], now)
    with pytest.raises(NotFound):
        task_forces.name_members(people.actor("abe"), force.pk, [people.user("alice").pk], now)
    with pytest.raises(Refused):
        task_forces.found_task_force(people.actor("alice"), "Mine", [people.bay_county.pk], now)
    assert task_forces.task_force_list(people.actor("ada"), now) == ()
    [seen] = task_forces.task_force_list(people.actor("abe"), now)
    assert (seen.rows, seen.is_member) == ((), False)


def test_an_administrator_founds_one_on_the_page(people: Any, force: TaskForce, now: datetime) -> None:
    ann = client(people, "ann")
    assert ann.post("/task-forces/found/", {"name": "", "agencies": str(people.bay_county.pk)}).status_code == 422
    assert "at least one other agency" in text_of(ann.post("/task-forces/found/", {"name": "Gun Run"}))
    ann.post("/task-forces/found/", {"name": "Gun Run", "agencies": str(people.bay_county.pk)})
    founded = TaskForce.objects.get(name="Gun Run")
    ann.post(f"/task-forces/{founded.pk}/members/", {"members": str(people.user("alice").pk), "do": "save"})
    assert [str(one.user) for one in founded.members.all()] == ["Alice Arden"]
    operation = register(people, "alice", now)
    alice = client(people, "alice")
    alice.post(f"/operations/{operation.pk}/task-force/", {"task_force": str(founded.pk)})
    operation.refresh_from_db()
    assert operation.task_force == founded


def test_a_person_of_two_agencies_chooses_whom_to_act_for(people: Any, force: TaskForce, now: datetime) -> None:
    dave = people.user("dave")
    assert "Act for another" not in text_of(client(people, "dave").get("/"))
    Membership.objects.create(user=dave, agency=people.port_calvert, role="officer")
    operation = shared(people, force, now)
    browser: Client = client(people, "dave")
    assert "Act for another" in text_of(browser.get("/"))
    answer = browser.post("/account/", {"do": "agency", "agency": str(people.port_calvert.pk), "next": "home"})
    assert answer["Location"] == "/"
    assert browser.get(f"/operations/{operation.pk}/").status_code == 200
    # The place in the task force is held for the agency that named the person.
    acting = actor_of_user(dave, people.port_calvert.pk)
    assert acting is not None
    assert not access.shared_operations(acting).exists()
    acting = actor_of_user(dave, people.bay_county.pk)
    assert acting is not None
    assert access.shared_operations(acting).exists()
