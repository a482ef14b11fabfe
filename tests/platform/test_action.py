"""Actions: permission, transaction and audit together."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from vigil.core.actor import Actor
from vigil.core.errors import Conflict, Refused
from vigil.platform.actions import action, concerns, detail
from vigil.platform.agencies.models import Agency
from vigil.platform.audit.models import AuditRecord

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@action("agencies.agency.edit")
def rename(actor: Actor, agency: Agency, name: str, fail: Exception | None = None) -> Agency:
    concerns(agency=agency.pk)
    detail(name=name)
    agency.name = name
    agency.save()
    if fail:
        raise fail
    return agency


def test_an_act_leaves_one_record_with_ids_and_no_contents(people: Any) -> None:
    rename(people.actor("erin"), people.bay_county, "Bay County Sheriff")
    record = AuditRecord.objects.get()
    assert (record.verb, record.outcome, record.actor_name) == ("agencies.agency.edit", "done", "Erin Eads")
    assert record.object_ids == {"agency": str(people.bay_county.pk)}
    assert len(record.details_digest) == 64


def test_without_the_role_nothing_is_done_and_the_refusal_is_recorded(people: Any) -> None:
    with pytest.raises(Refused):
        rename(people.actor("alice"), people.bay_county, "Mine")
    people.bay_county.refresh_from_db()
    assert people.bay_county.name == "Bay County Sheriff's Office"
    assert AuditRecord.objects.get().outcome == "refused"


def test_a_failing_act_is_rolled_back_and_a_stale_one_recorded(people: Any) -> None:
    for failure, outcomes in ((ValueError("x"), []), (Conflict(), ["stale"])):
        with pytest.raises(type(failure)):
            rename(people.actor("erin"), people.bay_county, "Half", fail=failure)
        people.bay_county.refresh_from_db()
        assert people.bay_county.name == "Bay County Sheriff's Office"
        assert list(AuditRecord.objects.values_list("outcome", flat=True)) == outcomes


def test_an_unknown_permission_is_refused_when_the_action_is_written() -> None:
    with pytest.raises(LookupError, match=r"no\.such\.verb"):
        action("no.such.verb")


@pytest.mark.parametrize("statement", ["UPDATE audit_auditrecord SET verb = 'x'", "DELETE FROM audit_auditrecord"])
def test_the_database_refuses_to_change_the_trail(people: Any, statement: str) -> None:
    rename(people.actor("erin"), people.bay_county, "Bay County Sheriff")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
