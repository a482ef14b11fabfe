"""Registering, changing, searching, acknowledging: what is stored, who is told, who sees what."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.apps.deconfliction.plans import HARBOR, phone, plan, site
from tests.conftest import make_user

from vigil.apps.deconfliction import access, actions, jobs, queries
from vigil.apps.deconfliction.alarms import lifecycle
from vigil.apps.deconfliction.alarms.lifecycle import Talk
from vigil.apps.deconfliction.models import ActiveSite, Conflict, Operation, Receipt, Revision, SearchDue
from vigil.apps.deconfliction.plan import Contact, Disclosure
from vigil.core.errors import Conflict as Stale
from vigil.core.errors import Invalid, NotFound, Refused
from vigil.platform import clock
from vigil.platform.accounts.models import Membership
from vigil.platform.notices.models import Change, Notice

pytestmark = [pytest.mark.db, pytest.mark.django_db]

FAR = (-77.5, 38.0)
SECRETS = ("Harbor", "Lou Lead", "4105550111", "C26-000123", "ledger", "39.29", "76.61", "4105550142")


def register(people: Any, name: str, now: datetime, *sites: Any, **fields: Any) -> Operation:
    """Register and search, as a page does; the row as it stands then."""
    actor = people.actor(name)
    operation = actions.register_operation(actor, plan(now, *sites, **fields), now)
    actions.run_due_search(actor, operation.id, now)
    operation.refresh_from_db()
    return operation


def supervises(people: Any, name: str) -> None:
    """Give the person the role that may make an operation silent."""
    user = people.user(name)
    Membership.objects.create(user=user, agency=user.memberships.first().agency, role="supervisor")


def spoke(note: str = "") -> Talk:
    """What is logged of a telephone call."""
    return Talk("Alice Arden", "Dave Dunn", "telephone", note=note)


def told(people: Any, name: str) -> list[str]:
    return [one.body for one in Notice.objects.filter(recipient=people.user(name)).order_by("created_at", "id")]


# --- registering and searching ---


def test_an_operation_alone_has_no_known_conflict_and_a_receipt(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now)
    detail = queries.operation_detail(people.actor("alice"), operation.id, now)
    assert (operation.reference, operation.determination) == ("BAY-26-000001", "no_known_conflict")
    assert detail.receipt is not None
    assert (detail.receipt.number, detail.receipt.determination) == (1, "no_known_conflict")
    assert "asked: this node only" in detail.notes
    assert detail.plan == plan(now)


def test_before_the_search_it_is_checking_and_the_search_is_due(people: Any, now: datetime) -> None:
    operation = actions.register_operation(people.actor("alice"), plan(now), now)
    assert operation.determination == "checking"
    assert SearchDue.objects.filter(operation=operation, target="").count() == 1
    assert Receipt.objects.count() == 0
    jobs.run_due_searches(now)
    operation.refresh_from_db()
    assert operation.determination == "no_known_conflict"
    assert not SearchDue.objects.exists()


def test_two_that_meet_are_a_conflict_on_both_sides_and_everyone_is_told_once(people: Any, now: datetime) -> None:
    first = register(people, "alice", now)
    second = register(people, "dave", now)
    first.refresh_from_db()
    assert (first.determination, second.determination) == ("conflict", "conflict")
    assert told(people, "alice") == told(people, "dave") == ["An operation of yours has a conflict. Open Vigil."]
    assert told(people, "bob") == ["An operation of yours has a conflict. Open Vigil."]
    assert told(people, "carol") == ["A conflict was found. Open Vigil."]
    assert told(people, "erin") == []
    actions.run_due_search(people.actor("dave"), second.id, now)
    assert Notice.objects.count() == 4
    topics = {(one.topic, one.agency_id) for one in Change.objects.all()}
    assert ("conflicts", people.port_calvert.id) in topics
    assert ("operations", people.bay_county.id) in topics


def test_two_of_one_unit_meet_too(people: Any, now: datetime) -> None:
    register(people, "alice", now)
    second = register(people, "alice", now)
    assert second.determination == "conflict"
    assert len(told(people, "alice")) == 1


def test_shared_subjects_meet_without_a_place(people: Any, now: datetime) -> None:
    register(people, "alice", now, subjects=(phone(),))
    operation = register(people, "dave", now, site(now, FAR), subjects=(phone(),))
    [row] = queries.conflict_list(people.actor("dave"), queries.ConflictFilter(), now).rows
    assert (operation.determination, row.basis, row.band) == ("conflict", "subject", "")


def test_a_subject_is_stored_as_token_and_ciphertext_only(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now, subjects=(phone(),))
    row = operation.revisions.get()
    everything = [getattr(row, field.attname) for field in Revision._meta.fields]
    for stored in (*row.sites.all(), *row.subjects.all()):
        everything += [getattr(stored, field.attname) for field in stored._meta.fields]
    text = b" ".join(bytes(one) if isinstance(one, bytes | memoryview) else str(one).encode() for one in everything)
    for secret in ("Harbor", "Lou Lead", "4105550111", "C26-000123", "ledger", "4105550142"):
        assert secret.encode() not in text


def test_neither_notices_nor_logs_nor_audit_name_place_person_or_case(
    people: Any, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    from vigil.platform.audit.models import AuditRecord

    with caplog.at_level(logging.DEBUG, "vigil"):
        register(people, "alice", now, subjects=(phone(),))
        register(people, "dave", now, subjects=(phone(),))
    told_all = " ".join(f"{one.body} {json.dumps(one.object_ids)} {one.dedupe_key}" for one in Notice.objects.all())
    kept = " ".join(json.dumps(one.object_ids) for one in AuditRecord.objects.all())
    assert Notice.objects.exists()
    for secret in SECRETS:
        assert secret not in told_all + kept + caplog.text


# --- changing ---


def test_an_edit_away_withdraws_the_conflict_and_tells_who_was_alarmed(people: Any, now: datetime) -> None:
    first = register(people, "alice", now)
    second = register(people, "dave", now)
    moved = actions.revise_operation(people.actor("dave"), second.id, 1, plan(now, site(now, FAR)), now)
    assert (moved.revision, moved.determination) == (2, "checking")
    actions.run_due_search(people.actor("dave"), second.id, now)
    first.refresh_from_db()
    moved.refresh_from_db()
    assert (first.determination, moved.determination) == ("no_known_conflict", "no_known_conflict")
    assert told(people, "alice")[-1] == "A conflict of an operation of yours stands no longer. Open Vigil."
    assert Conflict.objects.get().standing == "withdrawn"


def test_a_stale_edit_is_refused_and_changes_nothing(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now)
    actions.revise_operation(people.actor("alice"), operation.id, 1, plan(now, tentative=True), now)
    with pytest.raises(Stale):
        actions.revise_operation(people.actor("bob"), operation.id, 1, plan(now, site(now, FAR)), now)
    operation.refresh_from_db()
    assert operation.revision == 2


def test_a_cancel_leaves_the_search_and_undoing_it_asks_again(people: Any, now: datetime) -> None:
    first = register(people, "alice", now)
    register(people, "dave", now)
    actions.cancel_operation(people.actor("alice"), first.id, 1, now)
    actions.run_due_search(people.actor("alice"), first.id, now)
    assert not ActiveSite.objects.filter(operation=first).exists()
    assert told(people, "dave")[-1] == "A conflict of an operation of yours stands no longer. Open Vigil."
    actions.undo_cancel(people.actor("alice"), first.id, 2, now)
    actions.run_due_search(people.actor("alice"), first.id, now)
    first.refresh_from_db()
    assert (first.status, first.determination) == ("registered", "conflict")
    assert told(people, "dave")[-1] == "An operation of yours has a conflict. Open Vigil."


def test_ending_sets_the_end_to_now_and_drops_what_has_not_begun(people: Any, now: datetime) -> None:
    begun = site(now, starts_in=timedelta(hours=-1), lasts=timedelta(hours=4))
    operation = register(people, "alice", now, begun, site(now, FAR, timedelta(hours=2)))
    ended = actions.end_operation(people.actor("alice"), operation.id, 1, now)
    assert (ended.status, ended.ends_at, ended.next_end_at) == ("ended", now, now)
    assert ended.window_end == now + timedelta(hours=1)
    assert ActiveSite.objects.filter(operation=operation).count() == 1
    with pytest.raises(Invalid):
        actions.end_operation(people.actor("alice"), operation.id, 2, now)


def test_what_has_not_begun_is_cancelled_not_ended(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now)
    with pytest.raises(Invalid, match="cancel it"):
        actions.end_operation(people.actor("alice"), operation.id, 1, now)


def test_nobody_ended_it_so_it_is_extended_before_its_end_and_its_owners_are_asked(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now, site(now, starts_in=timedelta(hours=-1), lasts=timedelta(hours=2)))
    end = operation.ends_at
    jobs.extend_overdue(end - timedelta(minutes=3))
    operation.refresh_from_db()
    assert operation.revision == 1
    with clock.fixed(end - timedelta(minutes=1)):
        jobs.extend_overdue(clock.now())
    operation.refresh_from_db()
    assert (operation.revision, operation.ends_at) == (2, end + timedelta(minutes=30))
    assert operation.determination == "checking"
    revision = operation.revisions.get(number=2)
    assert (revision.kind, revision.extension_count) == ("extend", 1)
    assert revision.sites.get().ends_wall == "2026-11-24T13:30"
    assert told(people, "alice")[-1].startswith("Still on scene?")
    assert queries.operation_detail(people.actor("alice"), operation.id, end).plan.objective == "seize the ledger"


def test_after_four_extensions_the_watch_desk_owns_the_question(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now, site(now, starts_in=timedelta(hours=-1), lasts=timedelta(hours=2)))
    for _ in range(4):
        assert not any("extended again" in body for body in told(people, "carol"))
        operation.refresh_from_db()
        jobs.extend_overdue(operation.ends_at)
    assert any("extended again" in body for body in told(people, "carol"))


def test_still_on_scene_gives_half_an_hour_from_now(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now, site(now, starts_in=timedelta(hours=-1), lasts=timedelta(minutes=70)))
    extended = actions.still_on_scene(people.actor("alice"), operation.id, now)
    assert (extended.revision, extended.ends_at) == (2, now + timedelta(minutes=30))


def test_a_shift_moves_the_whole_operation_and_asks_again(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now)
    shifted = actions.shift_operation(people.actor("alice"), operation.id, timedelta(days=1), now)
    assert (shifted.starts_at, shifted.determination) == (operation.starts_at + timedelta(days=1), "checking")


def test_an_exigent_operation_is_taken_at_once_and_its_reason_asked_for(people: Any, now: datetime) -> None:
    late = register(people, "alice", now, site(now, starts_in=timedelta(minutes=30)))
    early = register(people, "alice", now, site(now, starts_in=timedelta(hours=5)))
    assert (late.reason_due, early.reason_due) == (True, False)
    given = replace(plan(now, site(now, starts_in=timedelta(minutes=30))), exigent_reason="hostage")
    assert not actions.revise_operation(people.actor("alice"), late.id, 1, given, now).reason_due


def test_only_two_that_name_each_other_are_joint(people: Any, now: datetime) -> None:
    first = register(people, "alice", now)
    second = register(people, "dave", now, joint_with=frozenset({str(first.id)}))
    assert second.determination == "conflict"
    actions.revise_operation(people.actor("alice"), first.id, 1, plan(now, joint_with=frozenset({str(second.id)})), now)
    actions.run_due_search(people.actor("alice"), first.id, now)
    second.refresh_from_db()
    assert second.determination == "no_known_conflict"


# --- who sees what ---


def test_own_agency_sees_it_and_hidden_looks_like_absent(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now)
    for name in ("alice", "bob", "carol"):
        assert access.get_operation(people.actor(name), operation.id) == operation
    texts = set()
    for name, wanted in (("dave", operation.id), ("erin", operation.id), ("dave", UUID(int=7))):
        with pytest.raises(NotFound) as refusal:
            queries.operation_detail(people.actor(name), wanted, now)
        texts.add(refusal.value.sentence)
        assert queries.operation_list(people.actor(name), queries.OperationFilter(), now).rows == ()
        assert queries.map_operations(people.actor(name), now, now + timedelta(days=1), now).rows == ()
    assert len(texts) == 1


def test_hidden_and_absent_take_the_same_queries(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now)
    dave = people.actor("dave")
    asked = []
    for wanted in (operation.id, UUID(int=7)):
        with CaptureQueriesContext(connection) as queried, pytest.raises(NotFound):
            queries.operation_detail(dave, wanted, now)
        asked.append([one["sql"].replace(wanted.hex, "?").replace(str(wanted), "?") for one in queried])
    assert asked[0] == asked[1]


def test_a_silent_operation_is_seen_by_submitter_named_supervisor_and_desk_only(people: Any, now: datetime) -> None:
    supervises(people, "alice")
    eve = make_user("eve", "Eve Ellis", people.port_calvert, "officer")
    sam = make_user("sam", "Sam Stone", people.port_calvert, "supervisor")
    people.users.update(eve=eve, sam=sam)
    operation = register(
        people, "alice", now, disclosure=Disclosure.SILENT, supervisor=Contact("Bob Barrow", "+14105550999")
    )
    for name, sees in (("alice", True), ("bob", True), ("carol", True), ("eve", False), ("sam", False)):
        assert access.visible_operations(people.actor(name)).filter(pk=operation.id).exists() is sees, name


def test_the_other_side_of_a_conflict_is_told_whom_to_phone_and_nothing_else(people: Any, now: datetime) -> None:
    register(people, "alice", now, armed_and_dangerous=True, plain_clothes=True, share_plain_clothes=False)
    register(people, "dave", now)
    conflict = Conflict.objects.get()
    detail = queries.conflict_detail(people.actor("dave"), conflict.id, now)
    [other] = detail.other
    assert other.agency == "Port Calvert PD"
    assert ("Lou Lead", "+14105550111") in [(one.name, one.phone) for one in other.people]
    assert (other.armed_and_dangerous, other.plain_clothes, other.type_label) == (True, False, "")
    assert (other.operation_id, other.reference) == (None, "")
    said = repr(detail)
    for secret in ("Harbor", "39.29", "76.61", "C26-000123", "ledger", "distance", "BAY-26-000001"):
        assert secret not in said
    with pytest.raises(NotFound):
        queries.conflict_detail(people.actor("erin"), conflict.id, now)


def test_the_type_is_told_where_the_owner_discloses_it_and_a_relayed_phone_never(people: Any, now: datetime) -> None:
    register(
        people,
        "alice",
        now,
        disclosure=Disclosure.TYPE_AND_CONTACT,
        lead_contact=Contact("Lou Lead", "+14105550111", relay=True),
    )
    register(people, "dave", now)
    [other] = queries.conflict_detail(people.actor("dave"), Conflict.objects.get().id, now).other
    assert other.type_label == "Search warrant"
    assert [(one.name, one.phone) for one in other.people if one.relay] == [("Lou Lead", "+14105550100")]
    assert "+14105550111" not in repr(other)


def test_a_silent_place_match_goes_through_the_deconflictor(people: Any, now: datetime) -> None:
    supervises(people, "alice")
    register(people, "alice", now, disclosure=Disclosure.SILENT, armed_and_dangerous=True)
    operation = register(people, "dave", now)
    assert operation.determination == "conflict"
    assert told(people, "alice") == told(people, "bob") == []
    assert told(people, "carol") == ["A conflict was found. Open Vigil."]
    assert told(people, "dave") == ["Conflict: call the watch desk at +14105550199."]
    detail = queries.conflict_detail(people.actor("dave"), Conflict.objects.get().id, now)
    [other] = detail.other
    assert (other.agency, other.armed_and_dangerous) == ("", False)
    assert [(one.role, one.phone) for one in other.people] == [("watch desk", "+14105550199")]
    assert "Port Calvert" not in repr(detail)


def test_a_silent_subject_match_is_the_owners_alone(people: Any, now: datetime) -> None:
    supervises(people, "alice")
    silent = register(people, "alice", now, disclosure=Disclosure.SILENT, subjects=(phone(),))
    other = register(people, "dave", now, site(now, FAR), subjects=(phone(),))
    silent.refresh_from_db()
    assert (silent.determination, other.determination) == ("conflict", "no_known_conflict")
    assert told(people, "alice") == ["An operation of yours has a conflict. Open Vigil."]
    assert told(people, "dave") == told(people, "carol") == told(people, "bob") == []
    conflict = Conflict.objects.get()
    assert access.get_conflict(people.actor("alice"), conflict.id) == conflict
    for name in ("dave", "carol", "bob"):
        with pytest.raises(NotFound):
            access.get_conflict(people.actor(name), conflict.id)


def test_a_silent_subject_match_stays_hidden_where_the_places_meet_too(people: Any, now: datetime) -> None:
    supervises(people, "alice")
    register(people, "alice", now, disclosure=Disclosure.SILENT, subjects=(phone(),))
    register(people, "dave", now, subjects=(phone(),))
    [row] = queries.conflict_list(people.actor("dave"), queries.ConflictFilter(), now).rows
    assert row.basis == "place"


def test_the_watch_desk_sees_every_conflict_but_no_place_of_another_agency(people: Any, now: datetime) -> None:
    cara = make_user("cara", "Cara Cross", people.bay_county, "watch_desk")
    people.users["cara"] = cara
    register(people, "alice", now)
    operation = register(people, "bob", now)
    [row] = queries.conflict_list(people.actor("cara"), queries.ConflictFilter(), now).rows
    detail = queries.conflict_detail(people.actor("cara"), row.id, now)
    assert len(detail.other) == 2
    assert all("Lou Lead" in [one.name for one in side.people] for side in detail.other)
    assert "Harbor" not in repr(detail)
    assert queries.waiting_conflicts(people.actor("cara"), now) == 1
    with pytest.raises(NotFound):
        access.get_operation(people.actor("cara"), operation.id)


# --- talking ---


def test_each_side_acknowledges_for_itself_and_contact_and_outcome_are_kept(people: Any, now: datetime) -> None:
    register(people, "alice", now)
    register(people, "dave", now)
    conflict_id = Conflict.objects.get().id
    assert lifecycle.acknowledge_conflict(people.actor("alice"), conflict_id, now).state == "notified"
    assert queries.waiting_conflicts(people.actor("alice"), now) == 0
    assert queries.waiting_conflicts(people.actor("dave"), now) == 1
    assert lifecycle.acknowledge_conflict(people.actor("dave"), conflict_id, now).state == "acknowledged"
    lifecycle.log_contact(people.actor("alice"), conflict_id, spoke("spoke with Dave about the pier"), now)
    resolved = lifecycle.resolve_conflict(people.actor("carol"), conflict_id, "delay", now)
    assert (resolved.state, resolved.outcome) == ("resolved", "delay")
    notes = {
        name: [one.note for one in queries.conflict_detail(people.actor(name), conflict_id, now).log if one.note]
        for name in ("alice", "carol", "dave")
    }
    assert notes == {"alice": ["spoke with Dave about the pier"], "carol": notes["alice"], "dave": []}


def test_one_side_cannot_settle_it_for_the_other(people: Any, now: datetime) -> None:
    """Alarms stop per side (specification, section 6): the side that has not seen it keeps alarm, line and badge."""
    register(people, "alice", now)
    register(people, "dave", now)
    conflict_id = Conflict.objects.get().id
    lifecycle.resolve_conflict(people.actor("alice"), conflict_id, "false_alarm", now)
    open_ones = queries.ConflictFilter(open_only=True)
    assert queries.conflict_list(people.actor("alice"), open_ones, now).rows == ()
    assert [row.id for row in queries.conflict_list(people.actor("dave"), open_ones, now).rows] == [conflict_id]
    assert queries.waiting_conflicts(people.actor("dave"), now) == 1
    ringing = Conflict.objects.get().sides.exclude(next_alarm_at=None)
    assert [side.agency_id for side in ringing] == [people.actor("dave").agency_id]
    lifecycle.acknowledge_conflict(people.actor("dave"), conflict_id, now)
    assert queries.conflict_list(people.actor("dave"), open_ones, now).rows == ()
    assert Conflict.objects.get().state == "resolved"


def test_a_conflict_that_becomes_worse_ends_already_spoke(people: Any, now: datetime) -> None:
    near = (HARBOR[0] + 0.0055, HARBOR[1])
    first = register(people, "alice", now)
    register(people, "dave", now, site(now, near))
    conflict = Conflict.objects.get()
    assert conflict.band == "near"
    lifecycle.acknowledge_conflict(people.actor("alice"), conflict.id, now)
    lifecycle.log_contact(people.actor("alice"), conflict.id, spoke(), now)
    actions.revise_operation(people.actor("alice"), first.id, 1, plan(now, site(now, near)), now)
    actions.run_due_search(people.actor("alice"), first.id, now)
    conflict.refresh_from_db()
    assert (conflict.band, conflict.state) == ("direct", "notified")
    assert not conflict.sides.exclude(acknowledged_at=None, contacted_at=None).exists()
    assert told(people, "dave")[-1].startswith("A conflict of an operation of yours has become more serious")


def test_who_has_no_role_for_it_is_refused(people: Any, now: datetime) -> None:
    with pytest.raises(Refused):
        actions.register_operation(people.actor("erin"), plan(now), now)
    register(people, "alice", now)
    register(people, "dave", now)
    with pytest.raises(Refused):
        lifecycle.own_conflict(people.actor("alice"), Conflict.objects.get().id, now)


# --- drafts ---


def test_a_draft_is_its_writers_alone_and_is_never_searched(people: Any, now: datetime) -> None:
    draft = actions.save_draft(people.actor("alice"), {"case_number": "C26-000123"}, now)
    assert b"C26" not in bytes(draft.payload)
    actions.save_draft(people.actor("alice"), {"case_number": "C26-000124"}, now, draft_id=draft.id)
    [kept] = queries.drafts(people.actor("alice"))
    assert kept.typed == {"case_number": "C26-000124"}
    with pytest.raises(NotFound):
        queries.draft_detail(people.actor("bob"), draft.id)
    actions.discard_draft(people.actor("alice"), draft.id)
    assert queries.drafts(people.actor("alice")) == ()
    assert not Operation.objects.exists()
