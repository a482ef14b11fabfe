"""The auditor's pages: who reads what, what is unusual first, and that reading leaves a record."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError
from tests.conftest import make_user

from vigil.core.actor import Actor, system
from vigil.core.errors import Invalid, Refused
from vigil.core.permissions import PERMISSIONS, Role, clash
from vigil.platform.accounts import actions as accounts
from vigil.platform.accounts.models import Membership, User
from vigil.platform.agencies import actions as agencies
from vigil.platform.audit import actions, append_only, heads, queries, sealer, trail
from vigil.platform.audit.models import AuditRecord, AuditReview
from vigil.platform.audit.trail import record

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture
def auditors(people: Any) -> Any:
    """Gus audits Port Calvert, Nell the node, Hal the county."""
    people.users.update(
        gus=make_user("gus", "Gus Grant", people.port_calvert, "agency_auditor"),
        nell=make_user("nell", "Nell North", people.bay_county, "node_auditor"),
        hal=make_user("hal", "Hal Hook", people.bay_county, "agency_auditor"),
    )
    return people


def guessed(actor: Actor, times: int) -> None:
    for _ in range(times):
        record(actor, "deconfliction.operation.read", outcome="not_found")


def test_the_review_lists_what_is_unusual_of_the_own_agency(auditors: Any, login: Any, now: datetime) -> None:
    guessed(auditors.actor("alice"), 10)
    guessed(auditors.actor("dave"), 10)
    page = login("gus").get("/audit/").content.decode()
    assert "Asked for what is not there" in page
    assert "Alice Arden" in page
    assert "Dave Dunn" not in page
    page = login("nell").get("/audit/").content.decode()
    assert "Alice Arden" in page
    assert "Dave Dunn" in page


def test_a_quiet_week_says_so_and_a_signed_review_is_due_again_in_seven_days(
    auditors: Any, login: Any, now: datetime
) -> None:
    client = login("gus")
    assert "Nothing unusual in seven days." in client.get("/audit/").content.decode()
    assert queries.review(auditors.actor("gus"), now).is_due
    assert client.post("/audit/sign/", follow=True).status_code == 200
    assert not queries.review(auditors.actor("gus"), now + queries.WEEK).is_due
    assert queries.review(auditors.actor("gus"), now + queries.WEEK * 1.01).is_due
    assert queries.review(auditors.actor("hal"), now).is_due, "another agency's review is another one"
    assert AuditRecord.objects.filter(verb="audit.review.sign", outcome="done").count() == 1


def test_a_review_once_signed_stays(auditors: Any, now: datetime) -> None:
    actions.sign_review(auditors.actor("gus"), now)
    with pytest.raises(DatabaseError, match="append-only"):
        AuditReview.objects.update(pattern_count=7)


def test_records_are_found_by_name_act_outcome_and_day(auditors: Any, login: Any, now: datetime) -> None:
    guessed(auditors.actor("alice"), 2)
    record(auditors.actor("bob"), "deconfliction.operation.export", size=4711)
    client = login("gus")

    def total(**asked: str) -> int:
        return queries.records(auditors.actor("gus"), queries.Filters.read(asked)).total

    assert total(person="arden") == 2
    assert total(verb="deconfliction.operation.export") == 1
    assert total(outcome="not_found") == 2
    assert (total(first="2026-11-24"), total(first="2026-11-25"), total(last="2026-11-23")) == (3, 0, 0)
    assert total(first="tomorrow", outcome="odd\x00", person="\x00") == 3, "what cannot be read is not looked for"
    page = client.post("/audit/records/", {"verb": "deconfliction.operation.export"}).content.decode()
    assert "4711" in page
    assert "Bob Barrow" in page
    assert "Alice Arden" not in page


def test_reading_and_taking_out_the_trail_is_in_the_trail(auditors: Any, login: Any, now: datetime) -> None:
    client = login("gus")
    record(auditors.actor("alice"), "deconfliction.operation.read")
    client.get("/audit/")
    client.post("/audit/records/", {"person": "Arden"})
    answer = client.post("/audit/records/csv/", {"person": "Arden"})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [(row["actor_name"], row["verb"]) for row in rows] == [("Alice Arden", "deconfliction.operation.read")]
    own = AuditRecord.objects.filter(actor_id=auditors.user("gus").pk).order_by("pk")
    assert [one.verb for one in own] == ["audit.record.read", "audit.record.read", "audit.record.export"]
    assert own[2].size == len(answer.content)
    assert own[2].source == "127.0.0.1"


def test_a_name_that_a_spreadsheet_would_run_is_made_inert(auditors: Any, now: datetime) -> None:
    record(system("=1+1"), "agencies.agency.edit")
    text = actions.export_records(auditors.actor("nell"), queries.Filters()).decode()
    assert "'=1+1" in text
    assert ",=1+1" not in text


def test_the_other_agencys_records_are_not_found(auditors: Any, now: datetime) -> None:
    record(auditors.actor("alice"), "deconfliction.operation.read")
    assert queries.records(auditors.actor("hal"), queries.Filters()).total == 0
    assert queries.records(auditors.actor("gus"), queries.Filters()).total == 1


@pytest.mark.parametrize("name", ["erin", "carol", "alice", "bob"])
def test_nobody_else_reads_the_trail(auditors: Any, name: str, now: datetime) -> None:
    for act in (lambda actor: actions.read_review(actor, now), lambda actor: actions.export_head(actor, now)):
        with pytest.raises(Refused):
            act(auditors.actor(name))
    with pytest.raises(Refused):
        queries.visible_records(auditors.actor(name))


# --- access and audit in different hands -----------------------------------------------------------------------------


def test_no_role_administers_both_access_and_audit() -> None:
    for role in Role:
        held = {code for code, roles in PERMISSIONS.items() if role in roles}
        gives_access = held & {"accounts.user.create", "accounts.user.edit", "agencies.agency.create"}
        audits = held & {"audit.record.read", "audit.record.export", "audit.review.sign"}
        assert not (gives_access and audits), role
    assert clash({Role.OFFICER, Role.AGENCY_ADMIN, Role.NODE_AUDITOR})
    assert not clash({Role.OFFICER, Role.NODE_ADMIN, Role.AGENCY_ADMIN})


def test_an_administrator_makes_nobody_both(auditors: Any, now: datetime) -> None:
    erin = auditors.actor("erin")
    for user, roles in (("gus", {Role.AGENCY_ADMIN}), ("erin", {Role.NODE_ADMIN, Role.AGENCY_AUDITOR})):
        person = auditors.user(user)
        with pytest.raises(Invalid, match="both gives access and audits"):
            accounts.set_roles(erin, person.pk, auditors.port_calvert.pk, frozenset(roles) | {Role.AGENCY_AUDITOR})
    with pytest.raises(Invalid, match="both gives access and audits"):
        accounts.set_roles(erin, auditors.user("gus").pk, auditors.bay_county.pk, frozenset({Role.AGENCY_ADMIN}))
    wanted = accounts.NewUser(
        "both.hands", "Both Hands", "harbor-lantern-43", auditors.port_calvert.pk, frozenset({Role.NODE_AUDITOR})
    )
    assert accounts.create_user(erin, wanted).memberships.get().role == "node_auditor"


def test_an_agencys_administrator_neither_gives_nor_takes_the_nodes_auditor(auditors: Any, now: datetime) -> None:
    ann = make_user("ann", "Ann Admin", auditors.bay_county, "agency_admin")
    auditors.users["ann"] = ann
    actor, nell = auditors.actor("ann"), auditors.user("nell")
    accounts.set_roles(actor, nell.pk, auditors.bay_county.pk, frozenset({Role.OFFICER}))
    assert set(Membership.objects.filter(user=nell, active=True).values_list("role", flat=True)) == {
        "officer",
        "node_auditor",
    }
    with pytest.raises(Refused):
        accounts.set_active(actor, nell.pk, False)
    with pytest.raises(Refused):
        accounts.set_roles(actor, auditors.user("dave").pk, auditors.bay_county.pk, frozenset({Role.NODE_AUDITOR}))
    assert User.objects.get(pk=nell.pk).is_active


# --- the signed head -------------------------------------------------------------------------------------------------


def test_a_signed_head_is_read_again_and_a_forged_one_is_not(auditors: Any, login: Any, now: datetime) -> None:
    record(system("test"), "agencies.agency.edit")
    sealer.seal_new(now)
    line = login("nell").post("/audit/head/").content.decode()
    assert heads.read_signed(line + "\n\n") == [sealer.head()]
    told = json.loads(line)
    assert (told["node"], told["position"]) == ("BAY", 1)
    for change in ({"position": 2}, {"digest": "0" * 64}, {"at": "2027-01-01T00:00:00+00:00"}, {"node": "SEA"}):
        with pytest.raises(Invalid, match="Line 2 is not signed by this node's key"):
            heads.read_signed("\n" + json.dumps(told | change))
    for text in ("{}", "head", json.dumps(told | {"signature": "zz"})):
        with pytest.raises(Invalid, match="Line 1 is no head"):
            heads.read_signed(text)


# --- what leaves a record, and what does not happen without one ------------------------------------------------------


def test_a_refusal_at_the_door_is_recorded_once_with_where_it_came_from(
    auditors: Any, login: Any, now: datetime
) -> None:
    assert login("alice").get("/setup/people/").status_code == 403
    (one,) = AuditRecord.objects.all()
    assert (one.actor_name, one.verb, one.outcome) == ("Alice Arden", "accounts.user.read", "refused")
    assert (one.source, one.at, one.via) == ("127.0.0.1", now, "page")


def test_asking_for_what_is_not_there_is_recorded_with_the_id_asked_for(auditors: Any, login: Any, token: Any) -> None:
    path = "/operations/00000000-0000-0000-0000-000000000007/"
    assert login("alice").get(path).status_code == 404
    headers = {"Authorization": f"Bearer {token('alice', 'deconfliction')}"}
    assert login("alice").get(f"/api/v1/deconfliction{path[:-1]}", headers=headers).status_code == 404
    first, second = AuditRecord.objects.all()
    assert first.object_ids == second.object_ids == {"operation_id": path.split("/")[2]}
    assert {first.outcome, second.outcome} == {"not_found"}
    assert (first.via, second.via) == ("page", "api")


def test_the_address_is_the_proxys_word_only_where_there_is_a_proxy(login: Any, auditors: Any, settings: Any) -> None:
    client = login("alice")
    client.get("/setup/people/", headers={"X-Forwarded-For": "192.0.2.7"})
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    client.get("/setup/people/", headers={"X-Forwarded-For": "198.51.100.1, 192.0.2.7"})
    client.get("/setup/people/", headers={"X-Forwarded-For": "nonsense"})
    assert [one.source for one in AuditRecord.objects.order_by("pk")] == ["127.0.0.1", "192.0.2.7", ""]


@pytest.fixture
def no_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trail cannot be written."""

    def broken(rows: Any) -> None:
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(trail, "insert", broken)


def test_without_its_record_a_change_does_not_happen(auditors: Any, now: datetime, no_audit: None) -> None:
    erin, alice = auditors.actor("erin"), auditors.user("alice")
    with pytest.raises(DatabaseError):
        accounts.set_active(erin, alice.pk, False)
    with pytest.raises(DatabaseError):
        agencies.create_agency(erin, agencies.NewAgency(ori="MD0000900", name="New Police", state="MD", county=""))
    alice.refresh_from_db()
    assert alice.is_active
    assert not queries.Agency.objects.filter(ori="MD0000900").exists()


def test_without_its_record_nobody_logs_in_reads_or_takes_out(
    auditors: Any, client: Any, now: datetime, no_audit: None
) -> None:
    client.raise_request_exception = False
    answer = client.post("/login/", {"username": "alice", "password": "harbor-lantern-42"})
    assert answer.status_code == 500
    assert "_auth_user_id" not in client.session
    client.force_login(auditors.user("gus"))
    for verb, path in (("get", "/audit/"), ("post", "/audit/records/"), ("post", "/audit/records/csv/")):
        answer = getattr(client, verb)(path)
        assert answer.status_code == 500
        assert "Gus" not in answer.content.decode()


def test_a_refusal_that_cannot_be_recorded_is_no_answer_either(auditors: Any, now: datetime, no_audit: None) -> None:
    with pytest.raises(DatabaseError):
        accounts.set_active(auditors.actor("erin"), UUID(int=7), False)
    with pytest.raises(DatabaseError):
        accounts.set_active(auditors.actor("alice"), auditors.user("dave").pk, False)


def test_the_trail_refuses_change_on_every_table_of_it(auditors: Any, now: datetime) -> None:
    from django.db import connection, transaction

    record(system("test"), "agencies.agency.edit")
    sealer.seal_new(now)
    actions.sign_review(auditors.actor("gus"), now)
    for table in append_only.TABLES:
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {_column(table)} = NULL"):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)


def _column(table: str) -> str:
    return {"audit_auditrecord": "actor_id", "audit_auditseal": "sealed_at", "audit_auditreview": "agency_id"}[table]
